/* Where on our clock each segment lies, and how sure that is. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "rules/coverage_parts.h"

int64_t cover_plus(int64_t a, int64_t b)
{
	int64_t r;

	if (!__builtin_add_overflow(a, b, &r))
		return r;
	return b < 0 ? INT64_MIN : INT64_MAX;
}

int64_t cover_minus(int64_t a, int64_t b)
{
	int64_t r;

	if (!__builtin_sub_overflow(a, b, &r))
		return r;
	return a < b ? INT64_MIN : INT64_MAX;
}

/* Not negative, whatever comes. */
static int64_t distance(int64_t a, int64_t b)
{
	return a < b ? cover_minus(b, a) : cover_minus(a, b);
}

static int64_t mono_between(uint64_t early, uint64_t late)
{
	return (int64_t)MIN(late - early, (uint64_t)INT64_MAX);
}

int64_t cover_doubt(const struct span *s)
{
	return cover_plus(s->clock_ms, s->own_ms);
}

/* Both were read off one clock, which was compared with ours once: what it was off cancels. */
static bool same_clock(const struct span *a, const struct span *b)
{
	return a->s->docked_ms == b->s->docked_ms && strcmp(a->s->recorder, b->s->recorder) == 0;
}

int64_t cover_doubt_between(const struct span *a, const struct span *b)
{
	if (a != NULL && b != NULL && same_clock(a, b))
		return cover_plus(a->own_ms, b->own_ms);
	return cover_plus(a == NULL ? 0 : cover_doubt(a), b == NULL ? 0 : cover_doubt(b));
}

int cover_by_recorder(const struct span *a, const struct span *b)
{
	int c = strcmp(a->s->recorder, b->s->recorder);

	if (c != 0)
		return c;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (a->to != b->to)
		return a->to < b->to ? -1 : 1;
	return (a > b) - (a < b);
}

/* The monotonic clock ran forwards, and the recorder signed that. */
static bool has_mono(const struct coverage_segment *s)
{
	return s->is_signed && !s->forged && s->has_mono && s->source == COVERAGE_TIME_MANIFEST &&
	       s->mono_start_ms <= s->mono_end_ms;
}

static enum coverage_trust trust(const struct coverage_segment *s)
{
	if (s->forged)
		return COVERAGE_FORGED;
	if (!s->is_signed || s->source != COVERAGE_TIME_MANIFEST)
		return COVERAGE_CLAIMED;
	return s->clock_known ? COVERAGE_PROVEN : COVERAGE_UNCHECKED;
}

/* By how much a clock may have gone wrong in so long a time. */
static int64_t drift(const struct coverage_limits *limits, int64_t ms)
{
	return ms <= 0 ? 0 : (int64_t)((double)ms * (double)limits->drift_ppm / 1e6);
}

static void place(const struct cover *c, struct span *p)
{
	const struct coverage_segment *s = p->s;
	int64_t from = s->start_ms, to = s->end_ms, offset = s->clock_known ? s->clock_offset_ms : 0;
	int64_t mono;

	p->trust = trust(s);
	p->from = INT64_MAX;
	p->to = INT64_MIN;
	p->timeless = s->source == COVERAGE_TIME_NONE || s->clock_unset;
	if (p->timeless) {
		c->ret->timeless++;
		return;
	}
	/* The dock met the clock as it was at the end: the start is as long before as it ran. */
	if (has_mono(s)) {
		mono = mono_between(s->mono_start_ms, s->mono_end_ms);
		p->stepped = distance(cover_minus(to, from), mono) > c->limits->step_ms;
		if (p->stepped)
			from = cover_minus(to, mono);
	}
	if (to < from) {
		c->ret->backwards++;
		return;
	}
	if (cover_minus(to, from) > COVERAGE_SEGMENT_MAX_MS) {
		c->ret->unbelievable++;
		return;
	}
	if (to == from) {
		c->ret->empty++;
		return;
	}
	p->from = cover_minus(from, offset);
	p->to = cover_minus(to, offset);
	p->clock_ms = s->clock_known ?
		cover_plus(MAX(s->clock_uncertainty_ms, INT64_C(0)),
			   drift(c->limits, cover_minus(s->docked_ms, p->to))) :
		c->limits->unchecked_ms;
	p->own_ms = s->jump_ms < 0 ? cover_minus(0, s->jump_ms) : s->jump_ms;
	if (s->source == COVERAGE_TIME_DIRECTORY)
		p->own_ms = cover_plus(p->own_ms, c->limits->directory_ms);
}

/* ------ a clock that was set while it recorded ------ */

static int by_run(const void *pa, const void *pb)
{
	const struct span *a = *(struct span *const *)pa, *b = *(struct span *const *)pb;
	int c = strcmp(a->s->recorder, b->s->recorder);

	if (c != 0)
		return c;
	if (a->s->boot != b->s->boot)
		return a->s->boot < b->s->boot ? -1 : 1;
	if (a->s->mono_end_ms != b->s->mono_end_ms)
		return a->s->mono_end_ms < b->s->mono_end_ms ? -1 : 1;
	return (a > b) - (a < b);
}

static bool same_run(const struct span *a, const struct span *b)
{
	return a->s->boot == b->s->boot && strcmp(a->s->recorder, b->s->recorder) == 0;
}

/*
 * The last segment of a run of the monotonic clock is the nearest to the docking
 * that compared the wall clock; the others lie as long before it as that ran.
 */
static void hang(const struct cover *c, struct span *p, const struct span *last)
{
	int64_t behind = mono_between(p->s->mono_end_ms, last->s->mono_end_ms);
	int64_t to = cover_minus(last->to, behind), allowed = c->limits->step_ms;

	if (!same_clock(p, last))
		allowed = cover_plus(allowed, cover_doubt_between(p, last));
	if (distance(to, p->to) <= allowed)
		return;
	p->to = to;
	p->from = cover_minus(to, mono_between(p->s->mono_start_ms, p->s->mono_end_ms));
	p->stepped = true;
	p->clock_ms = cover_plus(last->clock_ms, drift(c->limits, behind));
	p->own_ms = last->own_ms;
}

static void straighten(struct cover *c)
{
	size_t i, j, end;

	c->n_order = 0;
	for (i = 0; i < c->n; i++)
		if (c->spans[i].from < c->spans[i].to && has_mono(c->spans[i].s))
			c->order[c->n_order++] = &c->spans[i];
	qsort(c->order, c->n_order, sizeof(struct span *), by_run);
	for (i = 0; i < c->n_order; i = end) {
		end = i + 1;
		while (end < c->n_order && same_run(c->order[i], c->order[end]))
			end++;
		for (j = i; j + 1 < end; j++)
			hang(c, c->order[j], c->order[end - 1]);
	}
}

void cover_place(struct cover *c)
{
	const struct coverage_facts *f = c->f;
	struct span *p;
	size_t i;

	for (i = 0; i < c->n; i++) {
		c->spans[i].s = &f->segments[i];
		place(c, &c->spans[i]);
	}
	straighten(c);
	c->n_order = 0;
	for (i = 0; i < c->n; i++) {
		p = &c->spans[i];
		if (p->from >= p->to)
			continue;
		p->inside = p->from < f->end_ms && p->to > f->start_ms;
		c->near |= !p->inside && cover_minus(p->from, cover_doubt(p)) < f->end_ms &&
			   cover_plus(p->to, cover_doubt(p)) > f->start_ms;
		if (p->inside)
			c->order[c->n_order++] = p;
	}
}
