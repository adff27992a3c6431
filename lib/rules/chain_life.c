#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "rules/chain_parts.h"

/* All manifests of one dseq: links [from, to), the valid ones first. */
struct place {
	const struct link *from, *to;
};

static struct place place_of(const struct chain *c, const struct link *from)
{
	struct place p = { .from = from, .to = from + 1 };

	while (p.to < c->links + c->n && p.to->item->dseq == from->item->dseq)
		p.to++;
	return p;
}

static size_t valid_ones(const struct place *p)
{
	const struct link *l = p->from;

	while (l < p->to && l->item->valid)
		l++;
	return (size_t)(l - p->from);
}

static bool touched(const struct place *p)
{
	const struct link *l;

	for (l = p->from; l < p->to; l++)
		if (l->item->touched)
			return true;
	return false;
}

/* ------ one number, and the one before ------ */

static void judge_fork(const struct chain *c, const struct place *p)
{
	const struct chain_item *x = p->from[0].item, *y;
	struct finding f;

	if (valid_ones(p) < 2 || !touched(p))
		return;
	y = p->from[1].item;
	f = chain_finding(c, FINDING_FORK, NULL, MAX(x->end_ms, y->end_ms));
	snprintf(f.fact, sizeof(f.fact), "dseq %" PRIu64, x->dseq);
	chain_put(&f, "path", finding_text(y->path));
	chain_put(&f, "dseq", finding_number(x->dseq));
	chain_put(&f, "manifests", finding_number(valid_ones(p)));
	chain_put_item(&f, "first", x);
	chain_put_item(&f, "second", y);
	findings_add(c->out, &f);
}

static int by_address(const void *key, const void *pl)
{
	const struct link *l = pl;

	return memcmp(key, &l->item->manifest, sizeof(struct digest));
}

/* Does any valid manifest at p name any at the number before as its own predecessor? */
static bool linked(const struct place *before, const struct place *p)
{
	size_t i, n = valid_ones(p), n_before = valid_ones(before);

	for (i = 0; i < n; i++)
		if (bsearch(&p->from[i].item->prev, before->from, n_before, sizeof(struct link),
			    by_address) != NULL)
			return true;
	return false;
}

static void judge_link(const struct chain *c, const struct place *before, const struct place *p)
{
	const struct chain_item *x = before->from->item, *y = p->from->item;
	char hex[DIGEST_HEX_SIZE];
	struct finding f;

	if (y->dseq - x->dseq != 1 || valid_ones(before) == 0 || valid_ones(p) == 0)
		return;
	if ((!touched(before) && !touched(p)) || linked(before, p))
		return;
	f = chain_finding(c, FINDING_CHAIN_BREAK, NULL, y->start_ms != 0 ? y->start_ms :
			  x->end_ms);
	snprintf(f.fact, sizeof(f.fact), "dseq %" PRIu64, y->dseq);
	chain_put(&f, "path", finding_text(y->path));
	chain_put(&f, "claimed_prev", json_string(digest_hex(&y->prev, hex)));
	chain_put(&f, "actual_prev", json_string(digest_hex(&x->manifest, hex)));
	chain_put_item(&f, "after", x);
	chain_put_item(&f, "before", y);
	findings_add(c->out, &f);
}

/* ------ the clocks ------ */

static void clock_jump(const struct chain *c, const struct chain_item *x,
		       const struct chain_item *y, int64_t utc_ms, int64_t mono_ms,
		       const char *why)
{
	struct finding f = chain_finding(c, FINDING_CLOCK_JUMP, y->rec, y->start_ms);

	if (x == y)
		snprintf(f.fact, sizeof(f.fact), "dseq %" PRIu64, y->dseq);
	else
		snprintf(f.fact, sizeof(f.fact), "dseq %" PRIu64 "-%" PRIu64, x->dseq, y->dseq);
	chain_put(&f, "path", finding_text(y->path));
	chain_put(&f, "why", json_string(why));
	chain_put(&f, "utc_ms", json_integer(utc_ms));
	if (x->boot == y->boot) {
		chain_put(&f, "monotonic_ms", json_integer(mono_ms));
		chain_put(&f, "jump_ms", json_integer(chain_minus(utc_ms, mono_ms)));
	}
	chain_put(&f, "allowed_ms", json_integer(c->limits->clock_jump_ms));
	if (x != y)
		chain_put_item(&f, "after", x);
	chain_put_item(&f, x == y ? "segment" : "before", y);
	findings_add(c->out, &f);
}

static bool differ(const struct chain *c, int64_t utc_ms, int64_t mono_ms)
{
	int64_t d = chain_minus(utc_ms, mono_ms);

	return d > c->limits->clock_jump_ms || d < -c->limits->clock_jump_ms;
}

/* Within one segment. */
static void judge_clock(const struct chain *c, const struct chain_item *x)
{
	int64_t utc_ms = chain_minus(x->end_ms, x->start_ms);
	int64_t mono_ms = chain_minus_u(x->mono_end_ms, x->mono_start_ms);

	if (!x->touched)
		return;
	if (utc_ms < 0 || mono_ms < 0)
		clock_jump(c, x, x, utc_ms, mono_ms, "the segment ends before it starts");
	else if (differ(c, utc_ms, mono_ms))
		clock_jump(c, x, x, utc_ms, mono_ms,
			   "the wall clock was stepped within the segment");
}

/* From one segment to the next of the recorder's life.  Only steps: a jump is found once. */
static void judge_clocks(const struct chain *c, const struct chain_item *x,
			 const struct chain_item *y)
{
	int64_t utc_ms = chain_minus(y->start_ms, x->end_ms);
	int64_t mono_ms = chain_minus_u(y->mono_start_ms, x->mono_end_ms);

	if (!x->touched && !y->touched)
		return;
	/* A clock that was not set has to jump when it is. */
	if (x->clock_unset || y->clock_unset)
		return;
	/* Between which a segment that ends before it starts has no place: it has its finding. */
	if (x->end_ms < x->start_ms || y->end_ms < y->start_ms)
		return;
	if (chain_same_clock(x, y)) {
		if (differ(c, utc_ms, mono_ms))
			clock_jump(c, x, y, utc_ms, mono_ms,
				   "the wall clock was stepped between the segments");
	} else if (y->boot > x->boot && utc_ms < -c->limits->clock_jump_ms) {
		clock_jump(c, x, y, utc_ms, 0, "the wall clock went back over a restart");
	}
}

/* ------ numbers that are not there ------ */

/*
 * A walk down the counter.  A hole in it that a recording has claimed already,
 * by its own numbers, must not be claimed again: `claimed` is how many of the
 * numbers below may still be such ones, `open` how many belong to holes of
 * recordings that the walk is inside of.  A recording's missing head has no
 * lower end; it is taken to end at the end of another recording.
 */
struct descent {
	struct chain *c;
	uint64_t claimed, open, claimed_heads;
	const char *head_rec;		/* of the last head; NULL: none */
	const struct chain_item *above, *segment_above;	/* the nearest valid, judged segment */
};

static uint64_t add(uint64_t a, uint64_t b)
{
	return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

static void pass(struct descent *d, const struct link *l)
{
	const struct chain_item *x = l->item;

	if (!x->valid)
		return;
	d->above = x;
	if (x->kind != MANIFEST_SEGMENT)
		return;
	d->segment_above = x;
	d->open -= MIN(d->open, l->missing_behind);
	d->claimed = MIN(d->claimed, d->open);
	if (x->last && d->head_rec != NULL && strcmp(x->rec, d->head_rec) != 0)
		d->claimed_heads = 0;
	if (l->head && l->missing_before > 0) {
		d->claimed_heads = add(d->claimed_heads, l->missing_before);
		d->head_rec = x->rec;
	} else {
		d->open = add(d->open, l->missing_before);
		d->claimed = add(d->claimed, l->missing_before);
	}
}

/* How many of the missing ones no recording has claimed. */
static uint64_t unclaimed(struct descent *d, uint64_t missing)
{
	uint64_t n = MIN(missing, d->claimed);

	d->claimed -= n;
	missing -= n;
	n = MIN(missing, d->claimed_heads);
	d->claimed_heads -= n;
	return missing - n;
}

static int64_t hole_time(const struct descent *d, const struct link *below)
{
	if (below->item->kind == MANIFEST_SEGMENT && below->item->valid)
		return below->item->end_ms;
	if (d->segment_above != NULL)
		return d->segment_above->start_ms;
	return below->segment_below != NULL ? below->segment_below->end_ms : d->c->newest_ms;
}

static void judge_hole(struct descent *d, const struct place *below, const struct place *above)
{
	uint64_t first = below->from->item->dseq + 1, missing = above->from->item->dseq - first, n;
	const struct link *at = below->from;
	struct finding f;

	if (missing == 0 || d->above == NULL)
		return;
	n = unclaimed(d, missing);
	/* With nothing valid below, life before the first docking is not ours to judge. */
	if (n == 0 || at->below == NULL)
		return;
	if (!d->above->touched && !at->below->touched && !touched(below) && !touched(above))
		return;
	f = chain_finding(d->c, FINDING_GAP, NULL, hole_time(d, at));
	snprintf(f.fact, sizeof(f.fact), "dseq %" PRIu64 "-%" PRIu64, first, first + n - 1);
	chain_put(&f, "what", json_string("manifests"));
	chain_put(&f, "path", finding_text(above->from->item->path));
	chain_put(&f, "missing_from_dseq", finding_number(first));
	chain_put(&f, "missing_to_dseq", finding_number(first + n - 1));
	chain_put(&f, "missing", finding_number(n));
	chain_classify(d->c, &f, GAP_IS_NUMBERS, 0, below->from->item, above->from->item);
	chain_put_item(&f, "after", below->from->item);
	chain_put_item(&f, "before", above->from->item);
	findings_add(d->c->out, &f);
}

static void judge_holes(struct chain *c)
{
	struct descent d = { .c = c };
	struct place above = { 0 }, p;
	const struct link *l;
	size_t i = c->n;

	while (i > 0) {
		p.to = c->links + i;
		while (i > 0 && c->links[i - 1].item->dseq == p.to[-1].item->dseq)
			i--;
		p.from = c->links + i;
		if (above.from != NULL)
			judge_hole(&d, &p, &above);
		for (l = p.to; l > p.from; l--)
			pass(&d, l - 1);
		above = p;
	}
}

/* ------ upwards ------ */

void chain_life(struct chain *c)
{
	const struct chain_item *valid = NULL, *segment = NULL, *x;
	struct place p, before = { 0 };
	size_t i, from;

	for (from = 0; from < c->n; from += (size_t)(p.to - p.from)) {
		p = place_of(c, c->links + from);
		judge_fork(c, &p);
		if (before.from != NULL)
			judge_link(c, &before, &p);
		before = p;

		x = p.from->item;
		if (x->valid && x->kind == MANIFEST_SEGMENT) {
			judge_clock(c, x);
			if (segment != NULL && (c->complete || x->dseq - segment->dseq == 1))
				judge_clocks(c, segment, x);
			segment = x;
		}
		if (x->valid)
			valid = x;
		for (i = from; i < from + (size_t)(p.to - p.from); i++) {
			c->links[i].below = valid;
			c->links[i].segment_below = segment;
		}
	}
	if (c->complete)
		judge_holes(c);
}
