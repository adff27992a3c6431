/* What is said of recordings beside the holes: two at one time, and whose clock was how far off. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "rules/coverage_parts.h"

/* ------ two recordings of one recorder at one time ------ */

static int by_recorder(const void *pa, const void *pb)
{
	return cover_by_recorder(*(struct span *const *)pa, *(struct span *const *)pb);
}

static bool same_recording(const struct coverage_segment *a, const struct coverage_segment *b)
{
	return strcmp(a->recording, b->recording) == 0 && strcmp(a->recorder, b->recorder) == 0;
}

/* Tell it; the next of the same two only makes it longer. */
static void tell(struct cover *c, const struct span *a, const struct span *b, int64_t to)
{
	struct coverage *ret = c->ret;
	struct coverage_hole *h = ret->n_holes == 0 ? NULL : &ret->holes[ret->n_holes - 1];
	int64_t from = MAX(b->from, c->f->start_ms);

	to = MIN(to, c->f->end_ms);
	if (from >= to)
		return;
	if (h != NULL && h->gap.class == GAP_OVERLAP && same_recording(h->before, a->s) &&
	    same_recording(h->behind, b->s)) {
		h->to_ms = MAX(h->to_ms, to);
		return;
	}
	if (ret->n_holes == COVERAGE_HOLES_MAX) {
		ret->holes_left_out++;
		return;
	}
	ret->holes[ret->n_holes++] = (struct coverage_hole){
		.from_ms = from, .to_ms = to, .uncertainty_ms = cover_doubt_between(a, b),
		.gap = { GAP_OVERLAP, GAP_DOUBLE, gap_exists(to - from, c->limits->overlap_ms,
							      cover_doubt_between(a, b)) },
		.grade = COVERAGE_NOTICE, .before = a->s, .behind = b->s,
	};
}

static void compare(struct cover *c, struct span *a, struct span *b, bool list)
{
	int64_t to = MIN(a->to, b->to), allowed = c->limits->overlap_ms;

	allowed = cover_plus(allowed, cover_doubt_between(a, b));
	if (cover_minus(to, b->from) <= allowed)
		return;
	a->doubled = b->doubled = true;
	a->trust = MIN(a->trust, COVERAGE_CLAIMED);
	b->trust = MIN(b->trust, COVERAGE_CLAIMED);
	if (list)
		tell(c, a, b, to);
}

void cover_doubles(struct cover *c, bool list)
{
	/* Of the recorder at hand: what reaches furthest, and what does of another recording than that. */
	struct span *far = NULL, *other = NULL, *p, *against;
	size_t i;

	qsort(c->order, c->n_order, sizeof(struct span *), by_recorder);
	for (i = 0; i < c->n_order; i++) {
		p = c->order[i];
		if (far != NULL && strcmp(far->s->recorder, p->s->recorder) != 0)
			far = other = NULL;
		against = far != NULL && same_recording(far->s, p->s) ? other : far;
		if (against != NULL)
			compare(c, against, p, list);
		if (far == NULL || same_recording(far->s, p->s)) {
			if (far == NULL || p->to > far->to)
				far = p;
		} else if (p->to > far->to) {
			other = far;
			far = p;
		} else if (other == NULL || p->to > other->to) {
			other = p;
		}
	}
}

/* ------ recordings ------ */

static int by_recording(const void *pa, const void *pb)
{
	const struct span *a = *(struct span *const *)pa, *b = *(struct span *const *)pb;
	int c = strcmp(a->s->recorder, b->s->recorder);

	if (c == 0)
		c = strcmp(a->s->recording, b->s->recording);
	return c != 0 ? c : (a > b) - (a < b);
}

static void use(const struct cover *c, struct coverage_used *u, const struct span *p)
{
	const struct coverage_segment *s = p->s;
	int64_t offset = s->clock_known ? s->clock_offset_ms : 0;

	if (u->segments++ == 0) {
		u->first = s;
		u->from_ms = INT64_MAX;
		u->to_ms = INT64_MIN;
		u->outside = true;
		u->offset_ms = offset;
	}
	u->from_ms = MIN(u->from_ms, p->from);
	u->to_ms = MAX(u->to_ms, p->to);
	u->uncertainty_ms = MAX(u->uncertainty_ms, cover_doubt(p));
	u->clock_off |= offset > c->limits->clock_off_ms || offset < -c->limits->clock_off_ms;
	u->clock_unknown |= !s->clock_known;
	u->stepped |= p->stepped;
	u->doubled |= p->doubled;
	u->timeless |= p->from >= p->to;
	u->outside &= !p->inside;
}

void cover_used(struct cover *c)
{
	struct coverage *ret = c->ret;
	size_t i, n = 0;

	for (i = 0; i < c->n; i++)
		if (c->spans[i].inside || c->spans[i].s->linked)
			c->order[n++] = &c->spans[i];
	qsort(c->order, n, sizeof(struct span *), by_recording);
	for (i = 0; i < n; i++) {
		bool again = i > 0 && same_recording(c->order[i - 1]->s, c->order[i]->s);

		if (!again && ret->n_used < COVERAGE_USED_MAX)
			ret->n_used++;
		else if (!again)
			ret->used_left_out++;
		if (ret->used_left_out == 0)
			use(c, &ret->used[ret->n_used - 1], c->order[i]);
	}
}
