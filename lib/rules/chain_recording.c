#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "rules/chain_parts.h"

/* A walk along the segments of one recording. */
struct walk {
	struct chain *c;
	const char *rec;
	struct link **from, **to;	/* its segments by seq, valid before invalid */
	uint64_t highest_valid;		/* seq */
	bool any_valid;
	bool disordered;		/* then nothing is next to anything, and no time is compared */

	struct link *before;		/* the last valid one passed */
	const struct chain_item *last;	/* the last one passed, valid or not */
	uint64_t next;			/* the seq that should follow */
	struct link **since;		/* what was passed behind `before` */
};

static int by_rec(const void *pa, const void *pb)
{
	const struct link *const *a = pa, *const *b = pb;
	const struct chain_item *x = (*a)->item, *y = (*b)->item;
	int c;

	if (x->kind != y->kind)		/* segments first: nothing else has a recording */
		return x->kind < y->kind ? -1 : 1;
	c = strcmp(x->rec, y->rec);
	if (c != 0)
		return c;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	if (x->valid != y->valid)
		return x->valid ? -1 : 1;
	return (*a > *b) - (*a < *b);	/* links lie by dseq */
}

/* ------ numbers ------ */

static void missing_numbers(const struct walk *w, const struct chain_item *behind, uint64_t from,
			    uint64_t to)
{
	const struct chain_item *known = w->last != NULL && w->last->valid ? w->last : behind;
	struct finding f = chain_finding(w->c, FINDING_GAP, w->rec, known == behind ?
					 behind->start_ms : w->last->end_ms);

	snprintf(f.fact, sizeof(f.fact), "seq %" PRIu64 "-%" PRIu64, from, to);
	chain_put(&f, "what", json_string("segments"));
	chain_put(&f, "path", finding_text(known->path));
	chain_put(&f, "missing_from_seq", finding_number(from));
	chain_put(&f, "missing_to_seq", finding_number(to));
	chain_put(&f, "missing", finding_number(to - from + 1));
	chain_classify(w->c, &f, GAP_IS_NUMBERS, 0, w->last, behind);
	if (w->last != NULL)
		chain_put_item(&f, "after", w->last);
	chain_put_item(&f, "before", behind);
	if (w->last != NULL && w->last->valid && behind->valid) {
		bool mono = chain_same_clock(w->last, behind);

		chain_put(&f, "missing_ms", json_integer(mono ?
			  chain_minus_u(behind->mono_start_ms, w->last->mono_end_ms) :
			  chain_minus(behind->start_ms, w->last->end_ms)));
		chain_put(&f, "measured_by", json_string(mono ? "monotonic" : "utc"));
	}
	findings_add(w->c->out, &f);
}

/* The hole right before this valid segment, as the lifetime counter should show it. */
static void note_missing(struct walk *w, struct link *l)
{
	uint64_t missing = w->before == NULL ? l->item->seq :
			   l->item->seq - w->before->item->seq - 1;
	struct link **i;

	/* Links lie by dseq; one written out of order says nothing about the counter. */
	if (w->before != NULL && w->before > l)
		return;
	/* A forged one fills its place in the counter too, if it claims to be there. */
	for (i = w->since; *i != l; i++)
		if (!(*i)->item->valid && *i < l && (w->before == NULL || *i > w->before))
			missing -= missing > 0;
	l->missing_before = missing;
	l->head = w->before == NULL;
	if (w->before != NULL)
		w->before->missing_behind = missing;
}

static void missing_media(const struct walk *w, const struct chain_item *x)
{
	struct finding f = chain_finding(w->c, FINDING_GAP, w->rec, x->start_ms);

	snprintf(f.fact, sizeof(f.fact), "media seq %" PRIu64, x->seq);
	chain_put(&f, "what", json_string("media"));
	chain_put(&f, "path", finding_text(x->path));
	chain_put(&f, "missing_from_seq", finding_number(x->seq));
	chain_put(&f, "missing_to_seq", finding_number(x->seq));
	chain_put(&f, "missing", json_integer(1));
	chain_classify(w->c, &f, GAP_IS_MEDIA, 0, x, NULL);
	chain_put_item(&f, "manifest_of", x);
	findings_add(w->c->out, &f);
}

/* ------ times ------ */

static void reordered(const struct walk *w, const struct chain_item *x, const struct chain_item *y,
		      const char *why)
{
	struct finding f = chain_finding(w->c, FINDING_REORDERED, w->rec, y->start_ms);

	snprintf(f.fact, sizeof(f.fact), "seq %" PRIu64 "-%" PRIu64, x->seq, y->seq);
	chain_put(&f, "path", finding_text(y->path));
	chain_put(&f, "why", json_string(why));
	chain_put_item(&f, "after", x);
	chain_put_item(&f, "before", y);
	findings_add(w->c->out, &f);
}

static void off_by(const struct walk *w, enum finding_code code, const struct chain_item *x,
		   const struct chain_item *y, int64_t ms, int64_t allowed_ms, const char *by)
{
	struct finding f = chain_finding(w->c, code, w->rec, code == FINDING_GAP ? x->end_ms :
					 y->start_ms);

	snprintf(f.fact, sizeof(f.fact), "time seq %" PRIu64 "-%" PRIu64, x->seq, y->seq);
	if (code == FINDING_GAP) {
		f.severity = ms <= w->c->limits->gap_notice_ms ? SEVERITY_NOTICE :
			     SEVERITY_DEFAULT;
		chain_put(&f, "what", json_string("time"));
		chain_classify(w->c, &f, GAP_IS_TIME, ms, x, y);
	} else {
		f.confidence = 1;	/* one clock, and it says so */
		chain_put(&f, "class", json_string(gap_class_name(GAP_OVERLAP)));
	}
	chain_put(&f, "path", finding_text(y->path));
	chain_put(&f, code == FINDING_GAP ? "missing_ms" : "overlap_ms", json_integer(ms));
	chain_put(&f, "allowed_ms", json_integer(allowed_ms));
	chain_put(&f, "measured_by", json_string(by));
	chain_put_item(&f, "after", x);
	chain_put_item(&f, "before", y);
	findings_add(w->c->out, &f);
}

/* What contradicts the order of two numbers of a recording; NULL: nothing does. */
static const char *disorder(const struct chain_item *x, const struct chain_item *y)
{
	if (y->dseq < x->dseq)
		return "the lifetime counter says the other order";
	if (y->boot < x->boot || (chain_same_clock(x, y) && y->mono_start_ms < x->mono_start_ms))
		return "the later segment started earlier";
	return NULL;
}

/* Two valid segments, y next after x of those that are valid. */
static void judge_pair(const struct walk *w, const struct chain_item *x,
		       const struct chain_item *y)
{
	const struct chain_limits *limits = w->c->limits;
	const char *why = disorder(x, y);
	bool mono = chain_same_clock(x, y);
	int64_t idle_ms;

	if (why != NULL)
		reordered(w, x, y, why);
	/* A monotonic clock that ran backwards measures nothing; its own finding says so. */
	if (w->disordered || (x->boot == y->boot && !mono))
		return;
	/* Nor does, over a restart, a wall clock that was not set. */
	if (!mono && (x->clock_unset || y->clock_unset))
		return;
	idle_ms = mono ? chain_minus_u(y->mono_start_ms, x->mono_end_ms) :
		  chain_minus(y->start_ms, x->end_ms);
	/* Segments of two boots cannot overlap: that is a clock, and chain_life judges it. */
	if (mono && chain_minus(0, idle_ms) > limits->overlap_ms)
		off_by(w, FINDING_OVERLAP, x, y, chain_minus(0, idle_ms), limits->overlap_ms,
		       "monotonic");
	else if (y->seq - x->seq == 1 && idle_ms > limits->gap_continuous_ms)
		off_by(w, FINDING_GAP, x, y, idle_ms, limits->gap_continuous_ms,
		       mono ? "monotonic" : "utc");
}

/* ------ the recording as a whole ------ */

/* Two signed contents for one place.  Of one dseq, chain_life says it. */
static void judge_doubles(const struct walk *w, struct link *const *i, struct link *const *end)
{
	const struct chain_item *first = (*i)->item;
	struct finding f;

	for (i++; i < end && (*i)->item->valid; i++) {
		if ((*i)->item->dseq == first->dseq ||
		    digest_equal(&(*i)->item->media, &first->media))
			continue;
		f = chain_finding(w->c, FINDING_FORK, w->rec, (*i)->item->start_ms);
		snprintf(f.fact, sizeof(f.fact), "seq %" PRIu64, first->seq);
		chain_put(&f, "path", finding_text((*i)->item->path));
		chain_put_item(&f, "first", first);
		chain_put_item(&f, "again", (*i)->item);
		findings_add(w->c->out, &f);
		return;
	}
}

static bool any_media(struct link *const *i, struct link *const *end)
{
	for (; i < end; i++)
		if ((*i)->item->has_media)
			return true;
	return false;
}

/* All manifests [i, end) of one seq. */
static void step(struct walk *w, struct link **i, struct link **end)
{
	struct link *l = *i;
	uint64_t seq = l->item->seq;

	if (w->any_valid && seq <= w->highest_valid && seq > w->next && w->c->complete)
		missing_numbers(w, l->item, w->next, seq - 1);
	if (l->item->valid) {
		note_missing(w, l);
		if (w->before != NULL)
			judge_pair(w, w->before->item, l->item);
		judge_doubles(w, i, end);
		if (w->c->complete && !any_media(i, end))
			missing_media(w, l->item);
		w->before = l;
		w->since = end;
	}
	w->last = l->item;
	w->next = seq == UINT64_MAX ? seq : seq + 1;
}

static void judge_end(const struct walk *w)
{
	const struct chain_item *x = w->before->item;
	struct finding f;

	/* Behind the last valid one a forged one claims to be: its finding says it. */
	if (w->last->seq > x->seq || (x->last && x->end != MANIFEST_END_NONE))
		return;
	f = chain_finding(w->c, FINDING_UNFINISHED, w->rec, x->end_ms);
	chain_put(&f, "path", finding_text(x->path));
	chain_put(&f, "last", json_boolean(x->last));
	chain_put(&f, "end_reason", json_string(manifest_end_name(x->end)));
	chain_classify(w->c, &f, GAP_IS_END, 0, x, NULL);
	chain_put_item(&f, "highest", x);
	findings_add(w->c->out, &f);
}

/* Stored is a recording when its last part is; a forged part's times count for nothing. */
static void judge_late(const struct walk *w)
{
	int64_t end_ms = INT64_MIN, stored_ms = 0;
	const char *path = "";
	struct link **i;

	for (i = w->from; i < w->to; i++) {
		const struct chain_item *x = (*i)->item;

		if (x->valid != w->any_valid)
			continue;
		if (!x->clock_unset && x->end_ms > end_ms) {
			end_ms = x->end_ms;
			path = x->path;
		}
		if (x->has_media)
			stored_ms = MAX(stored_ms, x->stored_ms);
	}
	if (stored_ms != 0 && end_ms != INT64_MIN)
		chain_late(w->c, w->rec, path, end_ms, stored_ms, w->any_valid);
}

/* Look at all of it once; false: nothing of it was touched. */
static bool survey(struct walk *w)
{
	const struct chain_item *before = NULL, *x;
	bool touched = false;
	struct link **i;

	for (i = w->from; i < w->to; i++) {
		x = (*i)->item;
		touched |= x->touched;
		if (!x->valid)
			continue;
		w->any_valid = true;
		w->highest_valid = x->seq;
		if (before != NULL && before->seq == x->seq)
			continue;
		w->disordered |= before != NULL && disorder(before, x) != NULL;
		before = x;
	}
	return touched;
}

static void judge_recording(struct chain *c, struct link **from, struct link **to)
{
	struct walk w = { .c = c, .rec = (*from)->item->rec, .from = from, .to = to,
			  .since = from };
	struct link **i, **end;

	if (!survey(&w))
		return;
	for (i = from; i < to; i = end) {
		end = i + 1;
		while (end < to && (*end)->item->seq == (*i)->item->seq)
			end++;
		step(&w, i, end);
	}
	if (w.any_valid && c->complete)
		judge_end(&w);
	judge_late(&w);
}

void chain_recordings(struct chain *c)
{
	struct link **i, **next, **end = c->order + c->n;

	qsort(c->order, c->n, sizeof(struct link *), by_rec);
	for (i = c->order; i < end && (*i)->item->kind == MANIFEST_SEGMENT; i = next) {
		next = i + 1;
		while (next < end && (*next)->item->kind == MANIFEST_SEGMENT &&
		       strcmp((*next)->item->rec, (*i)->item->rec) == 0)
			next++;
		judge_recording(c, i, next);
	}
}
