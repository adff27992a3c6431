#include "rules/card_deleted.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "format/name.h"
#include "rules/siblings.h"

enum cause { CAUSE_CLEARED, CAUSE_STORED, CAUSE_RENAMED, CAUSE_TEMPORARY, CAUSE_LOOP,
	     CAUSE_LOOP_PERHAPS, CAUSE_EMPTY, CAUSE_OLDEST, CAUSE_UNCLEAR, CAUSE_SELECTIVE,
	     CAUSE_ALL, CAUSE_UNORDERED };

/* How sure the entry is evidence that somebody removed a recording. */
static const struct { const char *name; double confidence; } causes[] = {
	[CAUSE_CLEARED] = { NULL, 0 },
	[CAUSE_STORED] = { "stored", 0.1 },
	[CAUSE_RENAMED] = { "renamed", 0.3 },
	[CAUSE_TEMPORARY] = { "temporary", 0.3 },
	[CAUSE_LOOP] = { "loop", 0.2 },
	[CAUSE_LOOP_PERHAPS] = { "loop", 0.4 },
	[CAUSE_EMPTY] = { "empty", 0.5 },
	[CAUSE_OLDEST] = { "oldest", 0.7 },
	[CAUSE_UNCLEAR] = { "unclear", 0.7 },
	[CAUSE_SELECTIVE] = { "selective", 0.9 },
	[CAUSE_ALL] = { "all", 0.9 },
	[CAUSE_UNORDERED] = { "unordered", 0.9 },
};

static const double SURE = 0.9, LIKELY = 0.6;

/* What the judgement of one entry needs of all others. */
struct judge {
	const struct card *c;
	struct card_stored *stored;	/* sorted */
	struct siblings gone;
	const struct listing_file **there;	/* files with content, by size and times */
	size_t n_there;
	const struct listing_file **numbered;	/* by series and number */
	size_t n_numbered;
	bool any;			/* a recording is there */
	int64_t oldest_ms;		/* of those that claim a time; NAMING_UNKNOWN: none */
};

static bool looks_temporary(const char *path)
{
	const char *base = name_last(path), *dot = strrchr(base, '.');

	return base[0] == '.' || base[0] == '~' || (dot != NULL && strcasecmp(dot, ".tmp") == 0) ||
	       strncasecmp(base, "tmp", 3) == 0;
}

static const struct named *named_of(const struct card *c, const struct listing_file *f)
{
	return &c->names[f - c->listing->files];
}

static int64_t start_of(const struct card *c, const struct listing_file *f)
{
	return naming_start(c->naming, named_of(c, f), f);
}

/* ------ what is there ------ */

static int likeness(const void *pa, const void *pb)
{
	const struct listing_file *const *a = pa, *const *b = pb;
	int c;

	if ((*a)->size != (*b)->size)
		return (*a)->size < (*b)->size ? -1 : 1;
	c = strcmp((*a)->modified, (*b)->modified);
	return c != 0 ? c : strcmp((*a)->created, (*b)->created);
}

/* Its entry as it would look under another name: the file was not removed, but renamed. */
static bool is_there_as_another(const struct judge *j, const struct listing_file *f)
{
	return f->size > 0 && f->modified[0] != '\0' && j->n_there > 0 &&
	       bsearch(&f, j->there, j->n_there, sizeof(const void *), likeness) != NULL;
}

static int series_cmp(const struct card *c, const struct listing_file *a,
		      const struct listing_file *b)
{
	return naming_series_cmp(named_of(c, a), a->path, named_of(c, b), b->path);
}

static int by_number(const void *pa, const void *pb, void *data)
{
	const struct listing_file *a = *(const struct listing_file *const *)pa;
	const struct listing_file *b = *(const struct listing_file *const *)pb;
	const struct card *c = data;
	uint64_t x = named_of(c, a)->sequence, y = named_of(c, b)->sequence;
	int order = series_cmp(c, a, b);

	return order != 0 ? order : (x > y) - (x < y);
}

static void look_at(struct judge *j, const struct listing_file *f)
{
	const struct named *named = named_of(j->c, f);
	int64_t ms = start_of(j->c, f);

	if (f->size > 0)
		j->there[j->n_there++] = f;
	if (j->c->naming->certain && named->pattern == NAMED_NOT)
		return;
	j->any = true;
	if (ms != NAMING_UNKNOWN && (j->oldest_ms == NAMING_UNKNOWN || ms < j->oldest_ms))
		j->oldest_ms = ms;
	if (named->has_sequence)
		j->numbered[j->n_numbered++] = f;
}

static int look_at_the_rest(struct judge *j)
{
	const struct card *c = j->c;
	struct siblings rest;
	size_t i, n;

	if (siblings_of(c->listing, false, &rest) < 0)
		return -ENOMEM;
	n = MAX(rest.n - rest.n_sidecars, (size_t)1);
	j->there = calloc(n, sizeof(const void *));
	j->numbered = calloc(n, sizeof(const void *));
	if (j->there == NULL || j->numbered == NULL) {
		siblings_clear(&rest);
		return -ENOMEM;
	}
	for (i = rest.n_sidecars; i < rest.n; i++)
		look_at(j, rest.all[i].file);
	siblings_clear(&rest);
	qsort(j->there, j->n_there, sizeof(const void *), likeness);
	qsort_r(j->numbered, j->n_numbered, sizeof(const void *), by_number,
		(void *)(uintptr_t)c);
	return 0;
}

/* The lowest number of its series that is there; NULL: none. */
static const struct listing_file *lowest(const struct judge *j, const struct listing_file *f)
{
	size_t lo = 0, hi = j->n_numbered, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (series_cmp(j->c, j->numbered[mid], f) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < j->n_numbered && series_cmp(j->c, j->numbered[lo], f) == 0 ? j->numbered[lo] :
	       NULL;
}

/* ------ one entry ------ */

enum order { ORDER_UNKNOWN, ORDER_OLDER, ORDER_YOUNGER };	/* than what is there */

static enum order order_of_number(const struct judge *j, const struct listing_file *f)
{
	const struct named *named = named_of(j->c, f);
	const struct listing_file *low = named->has_sequence ? lowest(j, f) : NULL;

	if (low == NULL)
		return ORDER_UNKNOWN;
	return named->sequence <= named_of(j->c, low)->sequence ? ORDER_OLDER : ORDER_YOUNGER;
}

static enum order order_of_time(const struct judge *j, const struct listing_file *f)
{
	int64_t ms = start_of(j->c, f);

	if (ms == NAMING_UNKNOWN || j->oldest_ms == NAMING_UNKNOWN)
		return ORDER_UNKNOWN;
	return ms <= j->oldest_ms ? ORDER_OLDER : ORDER_YOUNGER;
}

static enum cause cause_by_order(const struct judge *j, const struct listing_file *f)
{
	enum order number = order_of_number(j, f), by_time = order_of_time(j, f);

	if (!j->any)
		return CAUSE_ALL;
	if (number == ORDER_UNKNOWN)
		number = by_time;
	if (by_time != ORDER_UNKNOWN && by_time != number)
		return CAUSE_UNCLEAR;
	switch (number) {
	case ORDER_YOUNGER:
		return CAUSE_SELECTIVE;
	case ORDER_OLDER:
		if (card_is_full(j->c))
			return CAUSE_LOOP;
		return j->c->free == UINT64_MAX ? CAUSE_LOOP_PERHAPS : CAUSE_OLDEST;
	case ORDER_UNKNOWN:
		break;
	}
	return CAUSE_UNORDERED;
}

static enum cause cause_of(const struct judge *j, const struct listing_file *f)
{
	const struct card_stored *s = card_stored_find(j->stored, j->c->n_stored, f->path, f->size,
						       f->modified);

	if (s != NULL)
		return s->cleared ? CAUSE_CLEARED : CAUSE_STORED;
	if (is_there_as_another(j, f))
		return CAUSE_RENAMED;
	if (looks_temporary(f->path))
		return CAUSE_TEMPORARY;
	return f->size == 0 ? CAUSE_EMPTY : cause_by_order(j, f);
}

static void add_finding(const struct judge *j, const struct sibling *s, struct findings *out)
{
	static const char *const orders[] = { "unknown", "older", "younger" };
	const struct card *c = j->c;
	enum cause cause = cause_of(j, s->file);
	struct finding f;

	if (cause == CAUSE_CLEARED)
		return;
	f = card_finding(c->recorder, FINDING_DELETED_ON_RECORDER, c->docked_ms);
	card_file_fact(s->file, f.fact);
	f.confidence = causes[cause].confidence;
	f.severity = f.confidence < LIKELY ? SEVERITY_NOTICE :
		     f.confidence < SURE ? SEVERITY_WARNING : SEVERITY_DEFAULT;
	f.detail = card_file_detail(s->file);
	json_object_set_new(f.detail, "was", json_string(cause == CAUSE_TEMPORARY ? "temporary" :
			    s->part == SIBLING_MEDIA ? "file" : "sidecar"));
	json_object_set_new(f.detail, "cause", json_string(causes[cause].name));
	json_object_set_new(f.detail, "by_number",
			    json_string(orders[order_of_number(j, s->file)]));
	json_object_set_new(f.detail, "by_time", json_string(orders[order_of_time(j, s->file)]));
	json_object_set_new(f.detail, "oldest_there", j->oldest_ms == NAMING_UNKNOWN ?
			    json_null() : finding_time(j->oldest_ms));
	json_object_set_new(f.detail, "free", c->free == UINT64_MAX ? json_null() :
			    finding_number(c->free));
	findings_add(out, &f);
}

static int judge_new(struct judge *j)
{
	j->stored = card_stored_sort(j->c->stored, j->c->n_stored);
	if (j->stored == NULL || siblings_of(j->c->listing, true, &j->gone) < 0)
		return -ENOMEM;
	return look_at_the_rest(j);
}

static void judge_free(struct judge *j)
{
	free(j->stored);
	siblings_clear(&j->gone);
	free(j->there);
	free(j->numbered);
}

int card_deleted(const struct card *c, struct findings *out)
{
	struct judge j = { .c = c, .oldest_ms = NAMING_UNKNOWN };
	const struct siblings *gone = &j.gone;
	int r = judge_new(&j);
	size_t i;

	if (r == 0)
		siblings_sort(j.gone.all + j.gone.n_sidecars, j.gone.n - j.gone.n_sidecars);
	for (i = 0; r == 0 && i < gone->n; i++)
		if (i >= gone->n_sidecars ||
		    sibling_find(gone->all + gone->n_sidecars, gone->n - gone->n_sidecars,
				 &gone->all[i], SIBLING_MEDIA) == NULL)
			add_finding(&j, &gone->all[i], out);
	judge_free(&j);
	return r;
}
