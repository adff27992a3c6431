#include "rules/plan.h"

#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/utc.h"
#include "base/util.h"
#include "rules/card.h"
#include "rules/siblings.h"

/*
 * Marked important first, then the one whose 24 hours end first: what claims no
 * time may be the oldest.
 */
static int item_cmp(const void *pa, const void *pb)
{
	const struct plan_item *a = pa, *b = pb;

	if (a->important != b->important)
		return a->important ? -1 : 1;
	if (a->due_ms != b->due_ms)
		return a->due_ms < b->due_ms ? -1 : 1;
	return strcmp(a->media->path, b->media->path);
}

static uint64_t add_capped(uint64_t a, uint64_t b)
{
	return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

static struct plan_item item_of(const struct plan *p, const struct listing *l,
				const struct naming *naming, const struct listing_file *media)
{
	const struct named *named = &p->names[media - l->files];
	int64_t end_ms = naming_end(naming, named, media);

	return (struct plan_item){
		.media = media, .important = named->important,
		.start_ms = named->start_ms, .end_ms = named->end_ms,
		.due_ms = end_ms == NAMING_UNKNOWN ? NAMING_UNKNOWN : end_ms + UTC_DAY_MS,
	};
}

static const struct listing_file *take(struct sibling *s)
{
	if (s == NULL)
		return NULL;
	s->used = true;
	return s->file;
}

/* One item per media file, with the sidecar of its name; several may share one. */
static void plan_media(struct plan *p, const struct listing *l, const struct naming *naming,
		       struct siblings *s)
{
	struct plan_item item;
	size_t i;

	for (i = s->n_sidecars; i < s->n; i++) {
		item = item_of(p, l, naming, s->all[i].file);
		item.bwm = take(sibling_find(s->all, s->n_sidecars, &s->all[i], SIBLING_BWM));
		item.minisig = take(sibling_find(s->all, s->n_sidecars, &s->all[i],
						 SIBLING_MINISIG));
		p->items[p->n++] = item;
		p->bytes = add_capped(p->bytes, item.media->size);
	}
	if (p->n > 0)
		qsort(p->items, p->n, sizeof(*p->items), item_cmp);
}

/* The next unused one of this part among s[i..end). */
static const struct listing_file *next_unused(struct sibling *s, size_t *i, size_t end,
					      enum sibling_part part)
{
	for (; *i < end; (*i)++)
		if (s[*i].part == part && !s[*i].used)
			return take(&s[(*i)++]);
	return NULL;
}

/* Sidecars that no media took: manifests and signatures of one name side by side. */
static void plan_orphans(struct plan *p, struct sibling *s, size_t n)
{
	size_t from, to, b, m;
	struct plan_item item;

	for (from = 0; from < n; from = to) {
		to = from + 1;
		while (to < n && sibling_same(&s[from], &s[to]))
			to++;
		b = m = from;
		for (;;) {
			item = (struct plan_item){
				.bwm = next_unused(s, &b, to, SIBLING_BWM),
				.minisig = next_unused(s, &m, to, SIBLING_MINISIG),
				.start_ms = NAMING_UNKNOWN, .end_ms = NAMING_UNKNOWN,
				.due_ms = NAMING_UNKNOWN,
			};
			if (item.bwm == NULL && item.minisig == NULL)
				break;
			p->items[p->n++] = item;
		}
	}
}

int plan_make(const struct listing *l, const struct naming *naming, struct plan *ret)
{
	struct siblings s = { .all = NULL };
	struct plan p = { .names = naming_read(naming, l) };

	if (p.names == NULL || siblings_of(l, false, &s) < 0)
		goto fail;
	p.items = calloc(MAX(s.n, (size_t)1), sizeof(*p.items));
	if (p.items == NULL)
		goto fail;
	plan_media(&p, l, naming, &s);
	plan_orphans(&p, s.all, s.n_sidecars);
	siblings_clear(&s);
	*ret = p;
	return 0;
fail:
	siblings_clear(&s);
	plan_clear(&p);
	return -ENOMEM;
}

void plan_clear(struct plan *p)
{
	free(p->items);
	free(p->names);
	*p = (struct plan){ 0 };
}

void plan_unreadable(const struct listing_file *file, const char *recorder, int64_t docked_ms,
		     const char *why, struct findings *out)
{
	struct finding f = card_finding(recorder, FINDING_UNREADABLE_FILE, docked_ms);

	card_file_fact(file, f.fact);
	f.detail = card_file_detail(file);
	json_object_set_new(f.detail, "why", finding_text(why));
	findings_add(out, &f);
}

void plan_holes(const struct listing_file *file, const char *recorder, int64_t docked_ms,
		size_t holes, uint64_t bytes, struct findings *out)
{
	struct finding f = card_finding(recorder, FINDING_UNREADABLE_FILE, docked_ms);

	card_file_fact(file, f.fact);
	f.detail = card_file_detail(file);
	json_object_set_new(f.detail, "holes", json_integer((json_int_t)holes));
	json_object_set_new(f.detail, "bytes", json_integer((json_int_t)bytes));
	json_object_set_new(f.detail, "why", finding_text("the card returns a read error"));
	findings_add(out, &f);
}

static void unreadable_findings(const struct listing *l, const char *recorder, int64_t docked_ms,
				struct findings *out)
{
	size_t i;

	for (i = 0; i < l->n_files; i++)
		if (!l->files[i].deleted && l->files[i].trouble[0] != '\0')
			plan_unreadable(&l->files[i], recorder, docked_ms, l->files[i].trouble, out);
}

static void trouble_findings(const struct listing *l, const char *recorder, const char *session,
			     int64_t docked_ms, enum finding_code code, struct findings *out)
{
	const struct listing_trouble *t;
	crypto_generichash_state st;
	char hex[DIGEST_HEX_SIZE];
	struct digest d;
	struct finding f;

	for (t = l->troubles; t < l->troubles + l->n_troubles; t++) {
		f = card_finding(recorder, code, docked_ms);
		f.subject_kind = SUBJECT_SESSION;
		snprintf(f.subject, sizeof(f.subject), "%s", session);
		/* Of one place, the card itself for one, there may be several. */
		crypto_generichash_init(&st, NULL, 0, sizeof(d.b));
		crypto_generichash_update(&st, (const uint8_t *)t->path, strlen(t->path) + 1);
		crypto_generichash_update(&st, (const uint8_t *)t->text, strlen(t->text));
		crypto_generichash_final(&st, d.b, sizeof(d.b));
		snprintf(f.fact, sizeof(f.fact), "listing %s", digest_hex(&d, hex));
		f.detail = json_object();
		json_object_set_new(f.detail, "path", finding_text(t->path));
		json_object_set_new(f.detail, "why", finding_text(t->text));
		findings_add(out, &f);
	}
}

void plan_findings(const struct listing *l, const char *recorder, const char *session,
		   int64_t docked_ms, enum finding_code trouble, struct findings *out)
{
	unreadable_findings(l, recorder, docked_ms, out);
	trouble_findings(l, recorder, session, docked_ms, trouble, out);
}
