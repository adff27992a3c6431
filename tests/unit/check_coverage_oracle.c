/*
 * Coverage (rules/coverage.h) against a judge that is slow and plain: one look at every segment for
 * every millisecond of the action.  Random segments, from a seed that a failure tells.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "rules/coverage.h"
#include "unit/suite.h"

enum { ROUNDS = 3000, SEGMENTS_MOST = 24, ACTION_MOST_MS = 400, OFFICERS = 3, RECORDERS = 4 };

static const char *const recorders[RECORDERS] = { "A", "B", "C", "D" };
/* One of a recorder's own: two would be believed less, which is a row of check_coverage. */
static const char *const recordings[RECORDERS] = { "a", "b", "c", "d" };

struct scene {
	struct coverage_segment segments[SEGMENTS_MOST];
	struct coverage_facts f;
	struct coverage_limits limits;
};

static uint64_t state;

/* xorshift64*: below n. */
static int64_t below(int64_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (int64_t)((state * UINT64_C(2685821657736338717)) >> 33) % n;
}

static void make_scene(struct scene *x, uint64_t seed)
{
	struct coverage_segment *s;
	size_t i;
	int64_t r;

	memset(x, 0, sizeof(*x));
	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	x->limits = coverage_limits_default;
	x->limits.gap.continuous_ms = below(8);
	x->limits.gap.notice_ms = x->limits.gap.continuous_ms + below(12);
	x->limits.unchecked_ms = below(10);
	x->limits.directory_ms = below(3);
	x->f.start_ms = 100;
	x->f.end_ms = 101 + below(ACTION_MOST_MS);
	x->f.officers = OFFICERS;
	x->f.segments = x->segments;
	x->f.n = (size_t)below(SEGMENTS_MOST + 1);
	for (i = 0; i < x->f.n; i++) {
		s = &x->segments[i];
		r = below(RECORDERS);
		s->recorder = recorders[r];
		s->recording = recordings[r];
		s->seq = i;
		s->source = below(10) == 0 ? COVERAGE_TIME_NONE : below(3) == 0 ?
			    COVERAGE_TIME_DIRECTORY : COVERAGE_TIME_MANIFEST;
		s->is_signed = below(4) != 0;
		s->forged = below(12) == 0;
		s->clock_known = r != 0;
		s->clock_offset_ms = r * 7 - 10;
		s->clock_uncertainty_ms = r;
		s->start_ms = below(ACTION_MOST_MS + 200);
		s->end_ms = s->start_ms + below(60) - 3;
		s->officer = (int)below(OFFICERS + 1) - 1;
		s->log = (struct gap_log)GAP_LOG_UNKNOWN;
	}
}

/* ------ the slow judge ------ */

static bool covers(const struct coverage_segment *s, int64_t ms)
{
	int64_t offset = s->clock_known ? s->clock_offset_ms : 0;

	return s->source != COVERAGE_TIME_NONE && s->start_ms - offset <= ms && ms < s->end_ms - offset;
}

static int level(const struct coverage_segment *s)
{
	return s->forged ? COVERAGE_FORGED :
	       !s->is_signed || s->source == COVERAGE_TIME_DIRECTORY ? COVERAGE_CLAIMED :
	       s->clock_known ? COVERAGE_PROVEN : COVERAGE_UNCHECKED;
}

struct slow {
	int64_t covered, at[COVERAGE_TRUSTS], officers[OFFICERS];
	int64_t from[ACTION_MOST_MS + 1], to[ACTION_MOST_MS + 1];	/* holes */
	size_t holes;
};

static void look(const struct scene *x, int64_t ms, struct slow *ret)
{
	int best = -1;
	size_t i;
	int o;

	for (i = 0; i < x->f.n; i++)
		if (covers(&x->segments[i], ms))
			best = MAX(best, level(&x->segments[i]));
	for (o = 0; o < OFFICERS; o++) {
		for (i = 0; i < x->f.n; i++) {
			if (x->segments[i].officer == o && covers(&x->segments[i], ms)) {
				ret->officers[o]++;
				break;
			}
		}
	}
	if (best >= 0) {
		ret->covered++;
		ret->at[best]++;
	} else if (ret->holes > 0 && ret->to[ret->holes - 1] == ms) {
		ret->to[ret->holes - 1]++;
	} else {
		ret->from[ret->holes] = ms;
		ret->to[ret->holes++] = ms + 1;
	}
}

/* Holes that no tolerance and no doubt about a border can excuse, and whether all are excused. */
static bool all_continuous(const struct scene *x, const struct slow *s)
{
	size_t i;

	for (i = 0; i < s->holes; i++)
		if (s->to[i] - s->from[i] > x->limits.gap.continuous_ms)
			return false;
	return true;
}

static bool inner_hole(const struct scene *x, const struct slow *s)
{
	size_t i;

	for (i = 0; i < s->holes; i++)
		if (s->from[i] > x->f.start_ms && s->to[i] < x->f.end_ms &&
		    s->to[i] - s->from[i] > x->limits.gap.continuous_ms)
			return true;
	return false;
}

START_TEST(agrees_with_the_slow_judge)
{
	static struct coverage fast;
	uint64_t seed = (uint64_t)_i + 1;
	struct slow slow = { .covered = 0 };
	double worth = 0;
	struct scene x;
	size_t i, n = 0;
	int64_t ms;
	int k;

	make_scene(&x, seed);
	for (ms = x.f.start_ms; ms < x.f.end_ms; ms++)
		look(&x, ms, &slow);
	ck_assert_int_eq(coverage_judge(&x.f, &x.limits, &fast), 0);
	ck_assert_msg(fast.covered_ms == slow.covered, "seed %d: covered", _i);
	ck_assert_msg(fast.proven_ms == slow.at[COVERAGE_PROVEN], "seed %d: proven", _i);
	for (k = 0; k < OFFICERS; k++)
		ck_assert_msg(fast.officers[k].covered_ms == slow.officers[k], "seed %d: officer %d", _i, k);
	for (i = 0; i < fast.n_holes; i++) {
		if (fast.holes[i].gap.class == GAP_OVERLAP)
			continue;
		ck_assert_msg(n < slow.holes && fast.holes[i].from_ms == slow.from[n] &&
			      fast.holes[i].to_ms == slow.to[n], "seed %d: hole %zu", _i, n);
		n++;
	}
	ck_assert_msg(n == slow.holes, "seed %d: holes", _i);
	ck_assert_msg((fast.verdict == COVERAGE_MISSING) == (slow.covered == 0), "seed %d: missing", _i);
	if (slow.covered > 0 && all_continuous(&x, &slow))
		ck_assert_msg(fast.verdict == COVERAGE_COVERED, "seed %d: not covered", _i);
	if (slow.covered > 0 && inner_hole(&x, &slow))
		ck_assert_msg(fast.verdict == COVERAGE_SHORT, "seed %d: not short", _i);
	for (k = 0; k < COVERAGE_TRUSTS; k++)
		worth += coverage_trusts[k] * (double)slow.at[k];
	if (fast.verdict == COVERAGE_COVERED) {
		worth -= fast.confidence * (double)slow.covered;
		ck_assert_msg(worth < 1e-6 && worth > -1e-6, "seed %d: confidence", _i);
	}
}
END_TEST

/* In whatever order they come. */
START_TEST(order_is_of_no_matter)
{
	static struct coverage a, b;
	struct coverage_segment t;
	struct scene x;
	size_t i, j;

	make_scene(&x, (uint64_t)_i + 1);
	ck_assert_int_eq(coverage_judge(&x.f, &x.limits, &a), 0);
	for (i = x.f.n; i > 1; i--) {
		j = (size_t)below((int64_t)i);
		t = x.segments[i - 1];
		x.segments[i - 1] = x.segments[j];
		x.segments[j] = t;
	}
	ck_assert_int_eq(coverage_judge(&x.f, &x.limits, &b), 0);
	ck_assert_int_eq(a.verdict, b.verdict);
	ck_assert_int_eq(a.covered_ms, b.covered_ms);
	ck_assert_int_eq(a.proven_ms, b.proven_ms);
	ck_assert_int_eq((int64_t)a.n_holes, (int64_t)b.n_holes);
	for (i = 0; i < a.n_holes; i++)
		ck_assert_int_eq(a.holes[i].from_ms, b.holes[i].from_ms);
}
END_TEST

/* ------ thousands ------ */

enum { MANY = COVERAGE_SEGMENTS_MAX + 100 };

/* Contiguous seconds, then one each two: all count, as many as are told. */
START_TEST(what_is_beyond_is_counted)
{
	struct coverage_segment *s = calloc(MANY, sizeof(*s));
	struct coverage_facts f = { .start_ms = 0, .officers = 1, .segments = s, .n = MANY };
	struct coverage_limits limits = coverage_limits_default;
	static struct coverage c;
	size_t i;

	ck_assert_ptr_nonnull(s);
	for (i = 0; i < MANY; i++) {
		s[i] = (struct coverage_segment){ .recorder = "A", .recording = "a", .seq = i,
			.source = COVERAGE_TIME_MANIFEST, .is_signed = true, .clock_known = true,
			.log = GAP_LOG_UNKNOWN };
		s[i].start_ms = (int64_t)(MANY - i) * 4000;	/* sorted the wrong way round */
		s[i].end_ms = s[i].start_ms + (_i == 0 ? 4000 : 1000);
	}
	f.start_ms = 4000;
	f.end_ms = (int64_t)(MANY + 1) * 4000;
	limits.drift_ppm = 0;
	ck_assert_int_eq(coverage_judge(&f, &limits, &c), 0);
	ck_assert_int_eq((int64_t)c.left_out, MANY - COVERAGE_SEGMENTS_MAX);
	ck_assert_int_eq(c.covered_ms, (int64_t)COVERAGE_SEGMENTS_MAX * (_i == 0 ? 4000 : 1000));
	ck_assert_int_eq(c.verdict, COVERAGE_SHORT);
	ck_assert_int_eq((int64_t)(c.n_holes + c.holes_left_out), _i == 0 ? 1 : COVERAGE_SEGMENTS_MAX + 1);
	ck_assert(c.n_holes <= COVERAGE_HOLES_MAX && c.n_used == 1);
	ck_assert_int_eq((int64_t)c.used[0].segments, COVERAGE_SEGMENTS_MAX);
	free(s);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, agrees_with_the_slow_judge, 0, ROUNDS);
	tcase_add_loop_test(tc, order_is_of_no_matter, 0, 300);
	tcase_add_loop_test(tc, what_is_beyond_is_counted, 0, 2);
}

int main(void)
{
	return suite_main("coverage_oracle", fill);
}
