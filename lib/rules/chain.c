#include "rules/chain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "rules/chain_parts.h"

enum { HOUR_MS = 60 * 60 * 1000 };

/* A time that only a directory or an unproven manifest claims. */
static const double CLAIM = 0.5;

const struct chain_limits chain_limits_default = {
	.late_ms = INT64_C(24) * HOUR_MS,
	.gap_continuous_ms = 2000,
	.gap_notice_ms = 5000,
	.overlap_ms = 2000,
	.clock_jump_ms = 2000,
	.drift_ms = 30 * 1000,
	.drift_warning_ms = 5 * 60 * 1000,
};

/* ------ what the parts share ------ */

int64_t chain_minus(int64_t a, int64_t b)
{
	int64_t d;

	if (!__builtin_sub_overflow(a, b, &d))
		return d;
	return a < b ? INT64_MIN : INT64_MAX;
}

int64_t chain_minus_u(uint64_t a, uint64_t b)
{
	if (a >= b)
		return (int64_t)MIN(a - b, (uint64_t)INT64_MAX);
	return -(int64_t)MIN(b - a, (uint64_t)INT64_MAX);
}

bool chain_same_clock(const struct chain_item *a, const struct chain_item *b)
{
	return a->boot == b->boot && a->mono_start_ms <= a->mono_end_ms &&
	       b->mono_start_ms <= b->mono_end_ms;
}

struct finding chain_finding(const struct chain *c, enum finding_code code, const char *rec,
			     int64_t at_ms)
{
	struct finding f = { .code = code, .at_ms = at_ms, .confidence = -1 };

	f.subject_kind = rec == NULL ? SUBJECT_RECORDER : SUBJECT_RECORDING;
	snprintf(f.recorder, sizeof(f.recorder), "%s", c->recorder);
	if (rec == NULL)
		snprintf(f.subject, sizeof(f.subject), "%s", c->recorder);
	else
		snprintf(f.subject, sizeof(f.subject), "%s/%s", c->recorder, rec);
	f.detail = json_object();
	return f;
}

void chain_put(struct finding *f, const char *key, json_t *value)
{
	json_object_set_new(f->detail, key, value);
}

void chain_put_item(struct finding *f, const char *key, const struct chain_item *item)
{
	json_t *o = json_object();
	char hex[DIGEST_HEX_SIZE];

	json_object_set_new(o, "path", finding_text(item->path));
	json_object_set_new(o, "manifest", json_string(digest_hex(&item->manifest, hex)));
	json_object_set_new(o, "dseq", finding_number(item->dseq));
	if (item->kind == MANIFEST_SEGMENT) {
		json_object_set_new(o, "recording", finding_text(item->rec));
		json_object_set_new(o, "seq", finding_number(item->seq));
		json_object_set_new(o, "start", finding_time(item->start_ms));
		json_object_set_new(o, "end", finding_time(item->end_ms));
	}
	chain_put(f, key, o);
}

/* A neighbour with a signature is the recorder's word; another is a claim. */
static double trust(const struct chain_item *x)
{
	return x == NULL || x->valid ? 1 : CLAIM;
}

void chain_classify(const struct chain *c, struct finding *f, enum gap_what what, int64_t length_ms,
		    const struct chain_item *x, const struct chain_item *y)
{
	struct gap_limits limits = { .continuous_ms = c->limits->gap_continuous_ms,
				     .notice_ms = c->limits->gap_notice_ms };
	struct gap_facts g = {
		.what = what, .length_ms = length_ms, .before = x != NULL, .behind = y != NULL,
		.same_recorder = true, .trust_before = trust(x), .trust_behind = trust(y),
		.signed_end = x != NULL && x->valid, .end = x == NULL ? MANIFEST_END_NONE : x->end,
		.log = GAP_LOG_UNKNOWN,
	};
	struct gap_verdict v;

	if (x != NULL && y != NULL && x->kind == MANIFEST_SEGMENT && y->kind == MANIFEST_SEGMENT &&
	    strcmp(x->rec, y->rec) == 0) {
		g.next_number = y->seq > x->seq && y->seq - x->seq == 1;
		g.numbers_missing = y->seq > x->seq && y->seq - x->seq > 1;
	}
	gap_classify(&g, &limits, &v);
	f->confidence = v.confidence;
	chain_put(f, "class", json_string(gap_class_name(v.class)));
	chain_put(f, "reason", json_string(gap_reason_name(v.reason)));
}

/* What was stored before it ended was recorded under a clock that is ahead, by that much or more. */
static void ahead(const struct chain *c, const char *rec, const char *path, int64_t end_ms,
		  int64_t stored_ms, bool is_signed)
{
	struct finding f = chain_finding(c, FINDING_CLOCK_DRIFT, rec, stored_ms);
	int64_t ahead_ms = chain_minus(end_ms, stored_ms);

	f.confidence = is_signed ? -1 : CLAIM;
	if (is_signed && ahead_ms > c->limits->drift_warning_ms)
		f.severity = SEVERITY_VIOLATION;
	chain_put(&f, "path", finding_text(path));
	chain_put(&f, "end", finding_time(end_ms));
	chain_put(&f, "stored", finding_time(stored_ms));
	chain_put(&f, "ahead_ms", json_integer(ahead_ms));
	chain_put(&f, "allowed_ms", json_integer(c->limits->drift_ms));
	findings_add(c->out, &f);
}

void chain_late(const struct chain *c, const char *rec, const char *path, int64_t end_ms,
		int64_t stored_ms, bool is_signed)
{
	int64_t after_ms = chain_minus(stored_ms, end_ms);
	struct finding f;

	if (after_ms < -c->limits->drift_ms)
		ahead(c, rec, path, end_ms, stored_ms, is_signed);
	if (after_ms <= c->limits->late_ms)
		return;
	/* It became late when the time was over, not when somebody docked. */
	f = chain_finding(c, FINDING_LATE_UPLOAD, rec, end_ms + c->limits->late_ms);
	f.confidence = is_signed ? -1 : CLAIM;
	chain_put(&f, "path", finding_text(path));
	chain_put(&f, "end", finding_time(end_ms));
	chain_put(&f, "stored", finding_time(stored_ms));
	chain_put(&f, "after_ms", json_integer(after_ms));
	chain_put(&f, "after_hours", json_real((double)(after_ms / (HOUR_MS / 10)) / 10));
	chain_put(&f, "allowed_ms", json_integer(c->limits->late_ms));
	findings_add(c->out, &f);
}

/* ------ the same content twice ------ */

static int by_media(const void *pa, const void *pb)
{
	const struct link *const *a = pa, *const *b = pb;
	int c = memcmp(&(*a)->item->media, &(*b)->item->media, sizeof(struct digest));

	/* links lie by dseq. */
	return c != 0 ? c : (*a > *b) - (*a < *b);
}

static void replayed(struct chain *c, const struct chain_item *first,
		     const struct chain_item *again)
{
	struct finding f = chain_finding(c, FINDING_REPLAYED, again->rec, again->start_ms);
	char hex[DIGEST_HEX_SIZE];

	snprintf(f.fact, sizeof(f.fact), "media %s dseq %" PRIu64,
		 digest_hex(&again->media, hex), again->dseq);
	chain_put(&f, "path", finding_text(again->path));
	chain_put(&f, "media", json_string(hex));
	chain_put_item(&f, "first", first);
	chain_put_item(&f, "again", again);
	findings_add(c->out, &f);
}

static void chain_media(struct chain *c)
{
	const struct digest empty = digest_of("", 0);
	const struct chain_item *first = NULL, *last = NULL, *item;
	struct link *first_link = NULL;
	size_t i;

	qsort(c->order, c->n, sizeof(struct link *), by_media);
	for (i = 0; i < c->n; i++) {
		item = c->order[i]->item;
		/* Two files without content are not one film shown twice. */
		if (!item->valid || item->kind != MANIFEST_SEGMENT ||
		    digest_equal(&item->media, &empty))
			continue;
		if (first == NULL || !digest_equal(&first->media, &item->media)) {
			first = item;
			first_link = c->order[i];
		} else if (item->dseq != last->dseq) {	/* of one dseq it is a fork */
			first_link->doubled = c->order[i]->doubled = true;
			if (first->touched || item->touched)
				replayed(c, first, item);
		}
		last = item;
	}
}

/* ------ everything ------ */

static int by_dseq(const void *pa, const void *pb)
{
	const struct chain_item *a = pa, *b = pb;

	if (a->dseq != b->dseq)
		return a->dseq < b->dseq ? -1 : 1;
	if (a->valid != b->valid)
		return a->valid ? -1 : 1;
	return memcmp(&a->manifest, &b->manifest, sizeof(a->manifest));
}

/* Link the items by dseq, each manifest once. */
static int chain_open(struct chain *c, struct chain_item *items, size_t n)
{
	size_t i;

	c->links = calloc(n, sizeof(*c->links));
	c->order = calloc(n, sizeof(struct link *));
	c->sides = calloc(n, sizeof(*c->sides));
	if (c->links == NULL || c->order == NULL || c->sides == NULL)
		return -ENOMEM;
	qsort(items, n, sizeof(*items), by_dseq);
	for (i = 0; i < n; i++) {
		if (i > 0 && by_dseq(&items[i - 1], &items[i]) == 0)
			continue;
		c->newest_ms = MAX(c->newest_ms, MAX(items[i].end_ms, items[i].stored_ms));
		c->links[c->n].item = &items[i];
		c->order[c->n] = &c->links[c->n];
		c->n++;
	}
	return 0;
}

static void chain_close(struct chain *c)
{
	free(c->sides);
	free(c->order);
	free(c->links);
}

int chain_judge(const char *recorder, bool complete, struct chain_item *items, size_t n,
		const struct chain_unsigned *plain, size_t n_plain,
		const struct chain_limits *limits, struct findings *out)
{
	struct chain c = {
		.recorder = recorder, .complete = complete, .limits = limits, .out = out,
	};
	size_t i;

	if (n > 0) {
		if (chain_open(&c, items, n) < 0) {
			chain_close(&c);
			return -ENOMEM;
		}
		chain_recordings(&c);
		chain_life(&c);
		chain_media(&c);
		chain_inserted(&c);
		chain_close(&c);
	}
	for (i = 0; i < n_plain; i++)
		if (plain[i].end_ms > 0)	/* otherwise nobody claims a time */
			chain_late(&c, plain[i].recording, plain[i].path, plain[i].end_ms,
				   plain[i].stored_ms, false);
	return 0;
}
