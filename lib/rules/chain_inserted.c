/*
 * What was put into a recording that has no room for it.
 *
 * A recorder writes one manifest after the other, so within a run of its monotonic clock their numbers
 * are in the order in which their files ended.  A file that lies inside another recording by the one and
 * not by the other has no place in it.  A picture that was taken during a recording has one, by both.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "rules/chain_parts.h"

/* Ends that are closer than that may have been written in either order. */
enum { SLACK_MS = 2000 };

/* How sure: numbers and clocks of a recorder with its key in somebody's hands, or with a fault. */
static const double BY_END = 0.9, BY_BOOT = 0.9, BY_ORDER = 0.8;

static void inserted(const struct chain *c, const struct chain_item *x, const struct chain_item *p,
		     const struct chain_item *n, const char *rec, double confidence, const char *why)
{
	struct finding f = chain_finding(c, FINDING_INSERTED, rec, x->start_ms);

	snprintf(f.fact, sizeof(f.fact), "dseq %" PRIu64, x->dseq);
	f.confidence = confidence;
	chain_put(&f, "path", finding_text(x->path));
	chain_put(&f, "why", json_string(why));
	chain_put_item(&f, "inserted", x);
	if (p != NULL)
		chain_put_item(&f, "after", p);
	if (n != NULL)
		chain_put_item(&f, "before", n);
	findings_add(c->out, &f);
}

/* ------ behind its end ------ */

static bool is_segment(const struct link *l)
{
	return l->item->valid && l->item->kind == MANIFEST_SEGMENT;
}

/* What another finding says of already: its content, or its number, is there twice. */
static bool is_told(const struct chain *c, const struct link *l)
{
	const struct link *end = c->links + c->n;

	return l->doubled || (l > c->links && l[-1].item->valid && l[-1].item->dseq == l->item->dseq) ||
	       (l + 1 < end && l[1].item->valid && l[1].item->dseq == l->item->dseq);
}

static int by_rec_and_dseq(const void *pa, const void *pb)
{
	const struct link *const *a = pa, *const *b = pb;
	int c = strcmp((*a)->item->rec, (*b)->item->rec);

	return c != 0 ? c : (*a > *b) - (*a < *b);	/* links lie by dseq */
}

static void judge_ends(struct chain *c, size_t n)
{
	const struct chain_item *last = NULL, *x;
	size_t i;

	qsort(c->order, n, sizeof(struct link *), by_rec_and_dseq);
	for (i = 0; i < n; i++) {
		x = c->order[i]->item;
		if (last != NULL && strcmp(last->rec, x->rec) != 0)
			last = NULL;
		/* A number below it is out of order, which is told. */
		if (last != NULL && x->seq > last->seq && (x->touched || last->touched) &&
		    !is_told(c, c->order[i]))
			inserted(c, x, last, NULL, x->rec, BY_END, "it lies behind the end of its recording");
		if (last == NULL && x->last)
			last = x;
	}
}

/* ------ inside another ------ */

/* The nearest of other recordings, on either side of order[i]: the same for all of a run of its own. */
static void find_sides(struct chain *c, size_t n)
{
	struct link *const *order = c->order;
	struct chain_sides *s = c->sides;
	size_t i;

	s[0].below = s[n - 1].above = NULL;
	for (i = 1; i < n; i++)
		s[i].below = strcmp(order[i - 1]->item->rec, order[i]->item->rec) == 0 ? s[i - 1].below :
			     order[i - 1]->item;
	for (i = n - 1; i > 0; i--)
		s[i - 1].above = strcmp(order[i]->item->rec, order[i - 1]->item->rec) == 0 ? s[i].above :
				 order[i]->item;
}

static bool of_one(const struct chain_sides *s)
{
	return s->below != NULL && s->above != NULL && strcmp(s->below->rec, s->above->rec) == 0;
}

/* Certainly, by a clock that ran through both. */
static bool ended_before(const struct chain_item *a, const struct chain_item *b)
{
	return chain_same_clock(a, b) && chain_minus_u(b->mono_end_ms, a->mono_end_ms) >= SLACK_MS;
}

/* Between two that are next to each other in number, and of another time. */
static bool judge_number(const struct chain *c, const struct chain_item *x, const struct chain_sides *s)
{
	const struct chain_item *p = s->below, *n = s->above;

	if (!of_one(s) || !chain_same_clock(p, n) || n->seq - p->seq != 1)
		return false;
	if (!x->touched && !p->touched && !n->touched)
		return false;
	if (x->boot != p->boot)
		inserted(c, x, p, n, p->rec, BY_BOOT,
			 "by its number it lies inside a recording, and was made after another start of the recorder");
	else if (ended_before(x, p) || ended_before(n, x))
		inserted(c, x, p, n, p->rec, BY_ORDER,
			 "by its number it lies inside a recording, by its time it does not");
	else
		return false;
	return true;
}

/* Inside a recording in time, and of another number. */
static void judge_time(const struct chain *c, const struct chain_item *x, const struct chain_sides *s)
{
	const struct chain_item *p = of_one(s) ? s->below : NULL, *n = s->above;

	if (n == NULL || !ended_before(x, n) || (p != NULL && !ended_before(p, x)))
		return;
	/* Inside the very file, or between two files of one recording. */
	if (x->mono_start_ms < (p != NULL ? p->mono_start_ms : n->mono_start_ms))
		return;
	if (x->dseq < n->dseq && (p == NULL || x->dseq > p->dseq))
		return;
	if (x->touched || n->touched || (p != NULL && p->touched))
		inserted(c, x, p, n, n->rec, BY_ORDER,
			 "by its time it lies inside a recording, by its number it does not");
}

static int by_number(const void *pa, const void *pb)
{
	const struct link *const *a = pa, *const *b = pb;

	return (*a > *b) - (*a < *b);
}

static int by_time(const void *pa, const void *pb)
{
	const struct link *const *a = pa, *const *b = pb;
	const struct chain_item *x = (*a)->item, *y = (*b)->item;

	if (x->boot != y->boot)
		return x->boot < y->boot ? -1 : 1;
	if (x->mono_end_ms != y->mono_end_ms)
		return x->mono_end_ms < y->mono_end_ms ? -1 : 1;
	return by_number(pa, pb);
}

static void judge_order(struct chain *c, size_t n)
{
	size_t i;

	qsort(c->order, n, sizeof(struct link *), by_number);
	find_sides(c, n);
	for (i = 0; i < n; i++)
		c->order[i]->inserted = !is_told(c, c->order[i]) &&
					judge_number(c, c->order[i]->item, &c->sides[i]);
	qsort(c->order, n, sizeof(struct link *), by_time);
	find_sides(c, n);
	for (i = 0; i < n; i++)
		if (!c->order[i]->inserted && !is_told(c, c->order[i]))
			judge_time(c, c->order[i]->item, &c->sides[i]);
}

void chain_inserted(struct chain *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->n; i++)
		if (is_segment(&c->links[i]))
			c->order[n++] = &c->links[i];
	if (n < 2)
		return;
	judge_ends(c, n);
	judge_order(c, n);
}
