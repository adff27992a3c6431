#include "rules/coverage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "rules/coverage_parts.h"

const double coverage_trusts[COVERAGE_TRUSTS] = {
	[COVERAGE_FORGED] = 0.2, [COVERAGE_CLAIMED] = 0.5, [COVERAGE_UNCHECKED] = 0.8,
	[COVERAGE_PROVEN] = 1.0,
};

/* What a hole is worth while something may yet turn up that fills it. */
static const double NOT_DOCKED = 0.7, TIMELESS = 0.5, LEFT_OUT = 0.5, NEAR = 0.5;
/* Less likely than this, it is a notice. */
static const double LIKELY = 0.5;

const struct coverage_limits coverage_limits_default = {
	.gap = { .continuous_ms = 2000, .notice_ms = 5000 },
	.overlap_ms = 2000,
	.clock_off_ms = 30 * 1000,
	.unchecked_ms = 30 * 1000,
	.directory_ms = 2000,
	.step_ms = 2000,
	.drift_ppm = 20,
};

const char *coverage_verdict_name(enum coverage_verdict v)
{
	static const char *const names[] = {
		[COVERAGE_COVERED] = "covered", [COVERAGE_SHORT] = "short",
		[COVERAGE_MISSING] = "missing",
	};

	if ((unsigned)v >= COUNT(names))
		BUG("coverage: verdict %d", (int)v);
	return names[v];
}

const char *coverage_grade_name(enum coverage_grade g)
{
	static const char *const names[] = {
		[COVERAGE_TOLERATED] = "tolerated", [COVERAGE_NOTICE] = "notice",
		[COVERAGE_FINDING] = "finding",
	};

	if ((unsigned)g >= COUNT(names))
		BUG("coverage: grade %d", (int)g);
	return names[g];
}

/* ------ holes ------ */

/* What is tolerated gives way to what is not: half of the places are kept for that. */
static struct coverage_hole *room(struct coverage *ret, bool tolerated)
{
	if (ret->n_holes < (tolerated ? COVERAGE_HOLES_MAX / 2 : COVERAGE_HOLES_MAX))
		return &ret->holes[ret->n_holes++];
	ret->holes_left_out++;
	return NULL;
}

static double doubts(const struct cover *c)
{
	double d = 1;

	d *= c->f->not_docked > 0 ? NOT_DOCKED : 1;
	d *= c->ret->timeless > 0 ? TIMELESS : 1;
	d *= c->ret->left_out > 0 ? LEFT_OUT : 1;
	return d;
}

static void classify(const struct cover *c, struct coverage_hole *h, const struct span *before,
		     const struct span *behind)
{
	struct gap_facts g = {
		.what = GAP_IS_TIME,
		.length_ms = h->to_ms - h->from_ms,
		.uncertainty_ms = h->uncertainty_ms,
		.before = before != NULL, .behind = behind != NULL,
		.trust_before = before == NULL ? 1 : coverage_trusts[before->trust],
		.trust_behind = behind == NULL ? 1 : coverage_trusts[behind->trust],
		.log = GAP_LOG_UNKNOWN,
	};
	const struct coverage_segment *x, *y;

	if (before != NULL) {
		g.end = before->s->end;
		g.signed_end = before->trust >= COVERAGE_UNCHECKED;
		g.log = before->s->log;
	}
	if (before != NULL && behind != NULL) {
		x = before->s, y = behind->s;
		g.same_recorder = strcmp(x->recorder, y->recorder) == 0;
		if (strcmp(x->recording, y->recording) == 0) {
			g.next_number = y->seq > x->seq && y->seq - x->seq == 1;
			g.numbers_missing = y->seq > x->seq && y->seq - x->seq > 1;
		} else {
			g.next_counter = x->is_signed && y->is_signed && y->dseq > x->dseq &&
					 y->dseq - x->dseq == 1;
			g.next_counter |= x->has_mono && y->has_mono && x->boot == y->boot;
		}
	}
	gap_classify(&g, &c->limits->gap, &h->gap);
	if (h->gap.class != GAP_CONTINUOUS)
		h->gap.confidence *= doubts(c);
}

static enum coverage_grade grade(const struct cover *c, const struct coverage_hole *h)
{
	int64_t length = h->to_ms - h->from_ms;
	bool border = (h->before == NULL) != (h->behind == NULL);

	if (h->gap.class == GAP_CONTINUOUS)
		return COVERAGE_TOLERATED;
	if (border && length <= cover_plus(c->limits->gap.continuous_ms, h->uncertainty_ms))
		return COVERAGE_TOLERATED;
	if (length <= c->limits->gap.notice_ms || h->gap.confidence < LIKELY)
		return COVERAGE_NOTICE;
	return COVERAGE_FINDING;
}

struct coverage_hole *cover_hole(struct cover *c, int64_t from_ms, int64_t to_ms,
				 const struct span *before, const struct span *behind)
{
	struct coverage *ret = c->ret;
	struct coverage_hole h = { .from_ms = from_ms, .to_ms = to_ms }, *kept;

	h.before = before == NULL ? NULL : before->s;
	h.behind = behind == NULL ? NULL : behind->s;
	h.uncertainty_ms = cover_doubt_between(before, behind);
	classify(c, &h, before, behind);
	h.grade = grade(c, &h);
	if (h.grade != COVERAGE_TOLERATED) {
		ret->longest_ms = MAX(ret->longest_ms, to_ms - from_ms);
		ret->grade = MAX(ret->grade, h.grade);
		ret->confidence = MAX(ret->confidence, h.gap.confidence);
	}
	kept = room(ret, h.grade == COVERAGE_TOLERATED);
	if (kept != NULL)
		*kept = h;
	return kept;
}

/* ------ one pass over time ------ */

/* How far a union has come, and how long it is. */
struct reach {
	int64_t to, length;
};

static void advance(struct reach *r, int64_t from, int64_t to)
{
	if (to <= r->to)
		return;
	r->length += to - MAX(from, r->to);
	r->to = to;
}

static int by_time(const void *pa, const void *pb)
{
	const struct span *a = *(struct span *const *)pa, *b = *(struct span *const *)pb;

	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (cover_doubt(a) != cover_doubt(b))
		return cover_doubt(a) < cover_doubt(b) ? -1 : 1;
	return (a > b) - (a < b);
}

static void add_up(struct cover *c, const struct reach levels[COVERAGE_TRUSTS])
{
	struct coverage *ret = c->ret;
	double sum = 0;
	int k;

	ret->covered_ms = levels[0].length;
	ret->proven_ms = levels[COVERAGE_PROVEN].length;
	for (k = 0; k < COVERAGE_TRUSTS; k++)
		sum += coverage_trusts[k] * (double)(levels[k].length -
			(k + 1 < COVERAGE_TRUSTS ? levels[k + 1].length : 0));
	if (ret->covered_ms == 0) {
		ret->verdict = COVERAGE_MISSING;
	} else if (ret->grade != COVERAGE_TOLERATED) {
		ret->verdict = COVERAGE_SHORT;
	} else {
		ret->verdict = COVERAGE_COVERED;
		ret->confidence = sum / (double)ret->covered_ms;
	}
}

static void pass(struct cover *c)
{
	const struct coverage_facts *f = c->f;
	struct reach all[COVERAGE_TRUSTS], each[COVERAGE_OFFICERS_MAX];
	const struct span *p, *last = NULL;
	int64_t from, to;
	size_t i;
	int k;

	for (k = 0; k < COVERAGE_TRUSTS; k++)
		all[k] = (struct reach){ f->start_ms, 0 };
	for (i = 0; i < COVERAGE_OFFICERS_MAX; i++)
		each[i] = all[0];
	qsort(c->order, c->n_order, sizeof(struct span *), by_time);
	for (i = 0; i < c->n_order; i++) {
		p = c->order[i];
		from = MAX(p->from, f->start_ms);
		to = MIN(p->to, f->end_ms);
		if (from > all[0].to)
			cover_hole(c, all[0].to, from, last, p);
		if (to > all[0].to || (to == all[0].to && cover_doubt(p) < cover_doubt(last)))
			last = p;
		for (k = 0; k <= (int)p->trust; k++)
			advance(&all[k], from, to);
		if (p->s->officer >= 0 && (size_t)p->s->officer < f->officers) {
			advance(&each[p->s->officer], from, to);
			c->ret->officers[p->s->officer].segments++;
		}
		c->ret->uncertainty_ms = MAX(c->ret->uncertainty_ms, cover_doubt(p));
	}
	for (i = 0; i < f->officers; i++)
		c->ret->officers[i].covered_ms = each[i].length;
	if (c->n_order > 0 && all[0].to < f->end_ms)
		cover_hole(c, all[0].to, f->end_ms, last, NULL);
	add_up(c, all);
}

/* All of it is one hole, however short the action was. */
static void nothing(struct cover *c)
{
	struct coverage *ret = c->ret;
	struct coverage_hole *h = &ret->holes[ret->n_holes++];

	h->from_ms = c->f->start_ms;
	h->to_ms = c->f->end_ms;
	h->gap = (struct gap_verdict){ GAP_UNEXPLAINED, GAP_NOTHING, doubts(c) };
	if (c->near)
		h->gap.confidence *= NEAR;
	h->grade = COVERAGE_FINDING;
	ret->longest_ms = ret->wanted_ms;
	ret->grade = h->grade;
	ret->confidence = h->gap.confidence;
	ret->verdict = COVERAGE_MISSING;
}

int coverage_judge(const struct coverage_facts *f, const struct coverage_limits *limits,
		   struct coverage *ret)
{
	struct cover c = { .f = f, .limits = limits, .ret = ret };
	int64_t wanted;

	if (f->end_ms <= f->start_ms || f->officers > COVERAGE_OFFICERS_MAX)
		return -EINVAL;
	wanted = cover_minus(f->end_ms, f->start_ms);
	if (wanted > COVERAGE_ACTION_MAX_MS)
		return -EINVAL;
	c.n = MIN(f->n, (size_t)COVERAGE_SEGMENTS_MAX);
	c.spans = calloc(c.n + 1, sizeof(*c.spans) + sizeof(*c.order));
	if (c.spans == NULL)
		return -ENOMEM;
	c.order = (struct span **)(void *)(c.spans + c.n + 1);
	memset(ret, 0, sizeof(*ret));
	ret->wanted_ms = wanted;
	ret->left_out = f->left_out + (f->n - c.n);
	cover_place(&c);
	cover_doubles(&c, false);
	if (c.n_order > 0)
		pass(&c);
	else
		nothing(&c);
	cover_doubles(&c, true);
	cover_used(&c);
	free(c.spans);
	return 0;
}
