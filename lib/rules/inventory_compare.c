/* What happened to a card between two dockings. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "rules/card_names.h"
#include "rules/clock.h"
#include "rules/inventory.h"

enum kind { KIND_NONE, KIND_VANISHED, KIND_VANISHED_STORED, KIND_VANISHED_LOOP, KIND_RENAMED,
	    KIND_ALTERED, KIND_GROWN, KIND_BACKDATED, KIND_BACKDATED_PERHAPS, KINDS };

static const struct { const char *name; double confidence; } kinds[KINDS] = {
	[KIND_VANISHED] = { "vanished", 0.8 },
	[KIND_VANISHED_STORED] = { "vanished_stored", 0.3 },
	[KIND_VANISHED_LOOP] = { "vanished_loop", 0.2 },
	[KIND_RENAMED] = { "renamed", 0.6 },
	[KIND_ALTERED] = { "altered", 0.8 },
	[KIND_GROWN] = { "grown", 0.3 },
	[KIND_BACKDATED] = { "backdated", 0.8 },
	[KIND_BACKDATED_PERHAPS] = { "backdated", 0.4 },
};

static const double LIKELY = 0.6;

/* FAT keeps two seconds; a recorder may close a file a while after it was asked to. */
enum { SLACK_MS = 10 * 60 * 1000 };

struct group {
	uint64_t count;
	json_t *samples;
};

struct came {
	const struct inventory_entry *entry;
	bool renamed;			/* one that is gone looked the same */
};

struct comparison {
	const struct inventory *before;
	const struct inventory_context *c;
	struct inventory now;
	struct card_stored *stored;	/* sorted */
	const struct inventory_entry **gone;	/* their names are not there any more */
	size_t n_gone;
	struct came *came;		/* new names, by size and time */
	size_t n_came;
	int64_t oldest_ms;		/* recording that is there; NAMING_UNKNOWN: none claims it */
	struct group groups[KINDS];
};

/* ------ groups ------ */

static json_t *entry_json(const struct inventory_entry *e)
{
	return json_pack("{s:o, s:o, s:o}", "path", finding_text(e->path), "size",
			 finding_number(e->size), "modified", finding_text(e->modified));
}

/* Either may be NULL. */
static void put(struct comparison *c, enum kind kind, const struct inventory_entry *was,
		const struct inventory_entry *is)
{
	struct group *g = &c->groups[kind];

	if (kind == KIND_NONE || g->count++ >= CARD_SAMPLES_MAX)
		return;
	if (g->samples == NULL)
		g->samples = json_array();
	json_array_append_new(g->samples, json_pack("{s:o, s:o}",
			      "was", was != NULL ? entry_json(was) : json_null(),
			      "is", is != NULL ? entry_json(is) : json_null()));
}

static void add_finding(const struct comparison *c, enum kind kind, struct findings *out)
{
	const struct card *card = c->c->card;
	struct finding f = card_finding(card->recorder, FINDING_CARD_CHANGED, card->docked_ms);
	const struct group *g = &c->groups[kind];

	snprintf(f.fact, sizeof(f.fact), "%s since %s", kinds[kind].name, c->before->session);
	f.confidence = kinds[kind].confidence;
	if (f.confidence < LIKELY)
		f.severity = SEVERITY_NOTICE;
	f.detail = json_pack("{s:s, s:o, s:O, s:s, s:o}", "kind", kinds[kind].name, "files",
			     finding_number(g->count), "samples", g->samples, "session",
			     c->before->session, "since", finding_time(c->before->at_ms));
	findings_add(out, &f);
}

/* ------ one file ------ */

static int64_t start_of(const struct comparison *c, const struct inventory_entry *e)
{
	const struct naming *n = c->c->card->naming;
	struct named named = naming_of(n, e->path);
	int64_t ms = named.start_ms;

	if (ms == NAMING_UNKNOWN && clock_claim(e->modified, n->zone_min, &ms) < 0)
		return NAMING_UNKNOWN;
	return ms;
}

static int likeness(const void *pa, const void *pb)
{
	const struct inventory_entry *a = ((const struct came *)pa)->entry;
	const struct inventory_entry *b = ((const struct came *)pb)->entry;

	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return strcmp(a->modified, b->modified);
}

/* NULL: nothing that came looks the same. */
static struct came *renamed_to(const struct comparison *c, const struct inventory_entry *was)
{
	const struct came key = { .entry = was };

	if (was->size == 0 || was->modified[0] == '\0' || c->n_came == 0)
		return NULL;
	return bsearch(&key, c->came, c->n_came, sizeof(key), likeness);
}

static bool ends_with(const char *s, size_t len, const char *suffix)
{
	const size_t n = strlen(suffix);

	return len > n && strncasecmp(s + len - n, suffix, n) == 0;
}

/* Where a sidecar's name without its suffixes ends; 0: it is none. */
static size_t sidecar_key(const char *path)
{
	const size_t len = strlen(path);

	if (ends_with(path, len, ".bwm"))
		return len - strlen(".bwm");
	return ends_with(path, len, ".bwm.minisig") ? len - strlen(".bwm.minisig") : 0;
}

/* The first entry whose path is not below the len bytes of path. */
static size_t lower_bound(const struct inventory *v, const char *path, size_t len)
{
	size_t lo = 0, hi = v->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (strncmp(v->entries[mid].path, path, len) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The media that a sidecar was beside of; NULL: it is no sidecar, or was alone. */
static const struct inventory_entry *media_of(const struct inventory *v, const char *path)
{
	const size_t len = sidecar_key(path);
	size_t i;

	if (len == 0)
		return NULL;
	for (i = lower_bound(v, path, len); i < v->n; i++) {
		if (strncmp(v->entries[i].path, path, len) != 0)
			break;
		if (v->entries[i].path[len] == '.' && strchr(v->entries[i].path + len, '/') == NULL &&
		    sidecar_key(v->entries[i].path) == 0)
			return &v->entries[i];
	}
	return NULL;
}

static bool is_there(const struct comparison *c, const char *path)
{
	const size_t len = strlen(path) + 1, i = lower_bound(&c->now, path, len);

	return i < c->now.n && strcmp(c->now.entries[i].path, path) == 0;
}

static void judge_vanished(struct comparison *c, const struct inventory_entry *was)
{
	const struct inventory_entry *media = media_of(c->before, was->path);
	const struct card *card = c->c->card;
	const struct card_stored *s = card_stored_find(c->stored, card->n_stored, was->path,
						       was->size, was->modified);
	struct came *is = renamed_to(c, was);
	int64_t ms = start_of(c, was);

	if (s != NULL && s->cleared)
		return;
	/* What is missing in a listing with troubles may be on the card all the same. */
	if (is == NULL && card->listing->n_troubles > 0)
		return;
	/* Of a recording with its sidecars the media tells: the dock has these when it has that. */
	if (media != NULL && is == NULL && !is_there(c, media->path))
		return;
	if (media != NULL)
		s = card_stored_find(c->stored, card->n_stored, media->path, media->size,
				     media->modified);
	if (is != NULL) {
		is->renamed = true;
		put(c, KIND_RENAMED, was, is->entry);
	} else if (card_is_full(card) && ms != NAMING_UNKNOWN && c->oldest_ms != NAMING_UNKNOWN &&
		 ms <= c->oldest_ms) {
		put(c, KIND_VANISHED_LOOP, was, NULL);
	} else {
		put(c, s != NULL ? KIND_VANISHED_STORED : KIND_VANISHED, was, NULL);
	}
}

static void judge_same_name(struct comparison *c, const struct inventory_entry *was,
			    const struct inventory_entry *is)
{
	if (was->size == is->size && strcmp(was->modified, is->modified) == 0)
		return;
	put(c, is->size > was->size && strcmp(is->modified, was->modified) >= 0 ? KIND_GROWN :
	    KIND_ALTERED, was, is);
}

/* New, though it claims to have been there when the card was last looked at. */
static enum kind backdated(const struct comparison *c, const struct inventory_entry *is)
{
	const struct inventory_context *x = c->c;
	int64_t ms, error;

	/* A clock that was never set says nothing. */
	if (clock_claim(is->modified, x->card->naming->zone_min, &ms) < 0 ||
	    ms >= c->before->at_ms - SLACK_MS)
		return KIND_NONE;
	if (!x->has_clock_error)
		return KIND_BACKDATED_PERHAPS;
	error = x->clock_error_ms < 0 ? -x->clock_error_ms : x->clock_error_ms;
	return c->before->at_ms - SLACK_MS - ms <= error ? KIND_NONE : KIND_BACKDATED;
}

/* ------ both lists ------ */

/* In step: both are in the order of their paths. */
static void walk(struct comparison *c)
{
	const struct inventory *b = c->before, *n = &c->now;
	size_t i = 0, k = 0;
	int order;

	while (i < b->n || k < n->n) {
		order = i == b->n ? 1 : k == n->n ? -1 : strcmp(b->entries[i].path,
								n->entries[k].path);
		if (order < 0)
			c->gone[c->n_gone++] = &b->entries[i++];
		else if (order > 0)
			c->came[c->n_came++].entry = &n->entries[k++];
		else
			judge_same_name(c, &b->entries[i++], &n->entries[k++]);
	}
	qsort(c->came, c->n_came, sizeof(*c->came), likeness);
}

static void find_oldest(struct comparison *c)
{
	const struct naming *n = c->c->card->naming;
	int64_t ms;
	size_t i;

	c->oldest_ms = NAMING_UNKNOWN;
	for (i = 0; i < c->now.n; i++) {
		if (n->certain && naming_of(n, c->now.entries[i].path).pattern == NAMED_NOT)
			continue;
		ms = start_of(c, &c->now.entries[i]);
		if (ms != NAMING_UNKNOWN && (c->oldest_ms == NAMING_UNKNOWN || ms < c->oldest_ms))
			c->oldest_ms = ms;
	}
}

static int comparison_new(struct comparison *c)
{
	const struct card *card = c->c->card;

	c->stored = card_stored_sort(card->stored, card->n_stored);
	if (c->stored == NULL || inventory_of(card->listing, &c->now) < 0)
		return -ENOMEM;
	c->gone = calloc(MAX(c->before->n, (size_t)1), sizeof(const void *));
	c->came = calloc(MAX(c->now.n, (size_t)1), sizeof(*c->came));
	return c->gone != NULL && c->came != NULL ? 0 : -ENOMEM;
}

static void comparison_free(struct comparison *c)
{
	size_t kind;

	free(c->stored);
	inventory_clear(&c->now);
	free(c->gone);
	free(c->came);
	for (kind = 0; kind < KINDS; kind++)
		json_decref(c->groups[kind].samples);
}

int inventory_compare(const struct inventory *before, const struct inventory_context *x,
		      struct findings *out)
{
	struct comparison c = { .before = before, .c = x };
	int r = comparison_new(&c), kind;
	size_t i;

	if (r == 0) {
		find_oldest(&c);
		walk(&c);
	}
	for (i = 0; i < c.n_gone; i++)
		judge_vanished(&c, c.gone[i]);
	for (i = 0; i < c.n_came; i++)
		if (!c.came[i].renamed)
			put(&c, backdated(&c, c.came[i].entry), NULL, c.came[i].entry);
	for (kind = KIND_NONE + 1; kind < KINDS; kind++)
		if (c.groups[kind].count > 0)
			add_finding(&c, (enum kind)kind, out);
	comparison_free(&c);
	return r;
}
