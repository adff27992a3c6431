/* Coverage of an action by recordings (rules/coverage.h); the examples of docs/COVERAGE.md are rows. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "rules/coverage.h"
#include "unit/suite.h"

/* The action lasts ten minutes from T0; all below is in seconds from there. */
#define T0		INT64_C(1795437778123)
#define MS(s)		((int64_t)((s) * 1000))
enum { ACTION_S = 600, SEGMENTS = 6 };

/* Signed, under a clock that agreed with the dock's to the millisecond, docked just then. */
#define OF(r, rec, n)		.recorder = r, .recording = rec, .seq = n, .dseq = n
#define TIMES(from, to)		.start_ms = T0 + MS(from), .end_ms = T0 + MS(to)
#define BY_RECORDER		.source = COVERAGE_TIME_MANIFEST, .is_signed = true
#define DOCKED(at)		.clock_known = true, .docked_ms = T0 + MS(at)
#define LOG(battery, free, fault)	.log = { battery, free, fault }
#define NO_LOG			.log = GAP_LOG_UNKNOWN
#define SIGNED(r, rec, n, from, to) \
	OF(r, rec, n), TIMES(from, to), BY_RECORDER, DOCKED(to), NO_LOG
#define CLAIM(r, rec, n, from, to) \
	OF(r, rec, n), TIMES(from, to), .source = COVERAGE_TIME_DIRECTORY, .officer = -1
#define MONO(b, from, to)	.has_mono = true, .boot = b, .mono_start_ms = MS(from), .mono_end_ms = MS(to)
/* Off by o seconds, known to u, docked at d. */
#define CLOCK(o, u)	.clock_offset_ms = MS(o), .clock_uncertainty_ms = MS(u)

static const struct {
	const char *what;
	struct coverage_segment segments[SEGMENTS];
	uint64_t not_docked;
	const char *found;
} cases[] = {
	/* ------ docs/COVERAGE.md, "Examples" ------ */
	{ "1: covered, by one that began before and ended after",
	  { { SIGNED("A", "a", 0, -5, 610) } }, 0,
	  "covered 600000/600000 proven 600000 1.000\n" },
	{ "2: ninety seconds short, stopped by the button",
	  { { SIGNED("A", "a", 0, 0, 510), .end = MANIFEST_END_BUTTON } }, 0,
	  "short 510000/600000 proven 510000 1.000\n"
	  "510000-600000 +-0 unexplained stopped 1.000 finding\n" },
	{ "3: nothing",
	  { { .recorder = NULL } }, 0,
	  "missing 0/600000 proven 0 1.000\n"
	  "0-600000 +-0 unexplained nothing 1.000 finding\n" },
	{ "4: the battery was empty, and the recorder signed that",
	  { { SIGNED("A", "a", 0, 0, 300), .end = MANIFEST_END_BATTERY },
	    { SIGNED("A", "b", 0, 420, 600) } }, 0,
	  "short 480000/600000 proven 480000 0.900\n"
	  "300000-420000 +-0 technical battery 0.900 finding\n" },
	{ "5: two officers together",
	  { { SIGNED("A", "a", 0, 0, 320), .end = MANIFEST_END_BUTTON },
	    { SIGNED("B", "b", 0, 300, 600), .officer = 1 } }, 0,
	  "covered 600000/600000 proven 600000 1.000\n" },
	{ "6: four seconds between two files of one take",
	  { { SIGNED("A", "a", 0, 0, 300) }, { SIGNED("A", "a", 1, 304, 600) } }, 0,
	  "short 596000/600000 proven 596000 1.000\n"
	  "300000-304000 +-0 split file_boundary 1.000 notice\n" },
	{ "7: a clock a minute ahead, known to a second: begun at -3 by ours, not at 57",
	  { { SIGNED("A", "a", 0, 57, 658), CLOCK(60, 1) } }, 0,
	  "covered 598000/600000 proven 598000 1.000\n"
	  "598000-600000 +-1001 continuous jitter 1.000 tolerated\n" },
	{ "8: twenty seconds late, under a clock that is known to ten: twice the doubt, less the tolerance",
	  { { SIGNED("A", "a", 0, 20, 600), CLOCK(0, 10) } }, 0,
	  "short 580000/600000 proven 580000 0.900\n"
	  "0-20000 +-10000 unexplained late_start 0.900 finding\n" },
	{ "9: the directory's times alone",
	  { { CLAIM("A", "a", 0, 0, 600), NO_LOG } }, 0,
	  "covered 600000/600000 proven 0 0.500\n" },
	{ "10: the clock was set back by an hour at 300, of which the monotonic clock knows nothing",
	  { { SIGNED("A", "a", 0, 3600, 3900), MONO(4, 1000, 1300), },
	    { SIGNED("A", "a", 1, 300, 600), MONO(4, 1300, 1600) } }, 0,
	  "covered 600000/600000 proven 600000 1.000\n" },
	{ "11: a recorder of one who was there has not come back",
	  { { SIGNED("A", "a", 0, 0, 510), .end = MANIFEST_END_BUTTON } }, 1,
	  "short 510000/600000 proven 510000 0.700\n"
	  "510000-600000 +-0 unexplained stopped 0.700 finding\n" },
	{ "12: two recordings of one recorder at one time: neither is believed",
	  { { SIGNED("A", "a", 0, 0, 400) }, { SIGNED("A", "b", 0, 300, 600) } }, 0,
	  "covered 600000/600000 proven 0 0.500\n"
	  "300000-400000 +-0 overlap double 1.000 notice\n" },
	/* ------ borders ------ */
	{ "two seconds are continuous", { { SIGNED("A", "a", 0, 2, 600) } }, 0,
	  "covered 598000/600000 proven 598000 1.000\n"
	  "0-2000 +-0 continuous jitter 1.000 tolerated\n" },
	{ "a millisecond more is not", { { SIGNED("A", "a", 0, 2.001, 600) } }, 0,
	  "short 597999/600000 proven 597999 1.000\n"
	  "0-2001 +-0 unexplained late_start 1.000 notice\n" },
	{ "more than five is a finding", { { SIGNED("A", "a", 0, 0, 594.999) } }, 0,
	  "short 594999/600000 proven 594999 0.800\n"
	  "594999-600000 +-0 unexplained early_end 0.800 finding\n" },
	{ "within the doubt of the border there is no hole",
	  { { SIGNED("A", "a", 0, 12, 600), CLOCK(0, 10) } }, 0,
	  "covered 588000/600000 proven 588000 1.000\n"
	  "0-12000 +-10000 unexplained late_start 0.500 tolerated\n" },
	{ "it ended as the action began: touches nothing", { { SIGNED("A", "a", 0, -60, 0) } }, 0,
	  "missing 0/600000 proven 0 1.000\n"
	  "0-600000 +-0 unexplained nothing 1.000 finding\n" },
	{ "it ended so, as far as its clock is known",
	  { { SIGNED("A", "a", 0, -60, -1), CLOCK(0, 2) } }, 0,
	  "missing 0/600000 proven 0 0.500\n"
	  "0-600000 +-0 unexplained nothing 0.500 finding\n" },
	/* ------ doubt ------ */
	{ "of one clock, compared once, the doubt cancels",
	  { { OF("A", "a", 0), TIMES(0, 300), BY_RECORDER, DOCKED(600), NO_LOG, CLOCK(0, 20) },
	    { OF("A", "b", 0), TIMES(310, 600), BY_RECORDER, DOCKED(600), NO_LOG, CLOCK(0, 20) } }, 0,
	  "short 590000/600000 proven 590000 0.800\n"
	  "300000-310000 +-0 unexplained paused 0.800 finding\n" },
	{ "of two clocks it adds up: shorter than that is a notice",
	  { { SIGNED("A", "a", 0, 0, 300), CLOCK(0, 8) },
	    { SIGNED("B", "b", 0, 310, 600), CLOCK(0, 8) } }, 0,
	  "short 590000/600000 proven 590000 0.200\n"
	  "300000-310000 +-16000 unexplained paused 0.200 notice\n" },
	{ "a clock that nobody compared is thirty seconds of doubt",
	  { { OF("A", "a", 0), TIMES(25, 600), BY_RECORDER, NO_LOG } }, 0,
	  "covered 575000/600000 proven 0 0.800\n"
	  "0-25000 +-30000 unexplained late_start 0.307 tolerated\n" },
	{ "drift: ten days before the docking are 17.28 s at 20 ppm",
	  { { OF("A", "a", 0), TIMES(19, 600), BY_RECORDER, DOCKED(600 + 864000), NO_LOG } }, 0,
	  "covered 581000/600000 proven 581000 1.000\n"
	  "0-19000 +-17280 unexplained late_start 0.492 tolerated\n" },
	{ "a clock that jumped over a restart",
	  { { SIGNED("A", "a", 0, 100, 600), .jump_ms = -MS(100) } }, 0,
	  "covered 500000/600000 proven 500000 1.000\n"
	  "0-100000 +-100000 unexplained late_start 0.490 tolerated\n" },
	/* ------ why ------ */
	{ "full", { { SIGNED("A", "a", 0, 0, 300), .end = MANIFEST_END_FULL } }, 0,
	  "short 300000/600000 proven 300000 0.900\n"
	  "300000-600000 +-0 technical full 0.900 finding\n" },
	{ "what nobody signed excuses half as surely",
	  { { CLAIM("A", "a", 0, 0, 300), LOG(-1, -1, true), .end = MANIFEST_END_BATTERY } }, 0,
	  "short 300000/600000 proven 0 0.250\n"
	  "300000-600000 +-32000 technical log_fault 0.250 notice\n" },
	{ "the log, where the button was not pressed",
	  { { OF("A", "a", 0), TIMES(0, 300), BY_RECORDER, DOCKED(300), LOG(3, 50, false) } }, 0,
	  "short 300000/600000 proven 300000 0.500\n"
	  "300000-600000 +-0 technical log_battery 0.500 finding\n" },
	{ "and where it was", { { OF("A", "a", 0), TIMES(0, 300), BY_RECORDER, DOCKED(300), LOG(3, 0, true),
			     .end = MANIFEST_END_BUTTON } }, 0,
	  "short 300000/600000 proven 300000 1.000\n"
	  "300000-600000 +-0 unexplained stopped 1.000 finding\n" },
	{ "numbers are missing", { { SIGNED("A", "a", 0, 0, 300) }, { SIGNED("A", "a", 3, 400, 600) } }, 0,
	  "short 500000/600000 proven 500000 1.000\n"
	  "300000-400000 +-0 unexplained numbers_missing 1.000 finding\n" },
	{ "the recorder went on under another recording",
	  { { SIGNED("A", "a", 7, 0, 300) }, { SIGNED("A", "b", 8, 303, 600) } }, 0,
	  "short 597000/600000 proven 597000 0.800\n"
	  "300000-303000 +-0 split next_recording 0.800 notice\n" },
	{ "not after the button",
	  { { SIGNED("A", "a", 7, 0, 300), .end = MANIFEST_END_BUTTON },
	    { SIGNED("A", "b", 8, 303, 600) } }, 0,
	  "short 597000/600000 proven 597000 1.000\n"
	  "300000-303000 +-0 unexplained stopped 1.000 notice\n" },
	/* ------ what cannot count ------ */
	{ "no time", { { OF("A", "a", 0), TIMES(0, 600), .is_signed = true, NO_LOG } }, 0,
	  "missing 0/600000 proven 0 0.500 timeless 1\n"
	  "0-600000 +-0 unexplained nothing 0.500 finding\n" },
	{ "a clock that was never set", { { SIGNED("A", "a", 0, 0, 600), .clock_unset = true } }, 0,
	  "missing 0/600000 proven 0 0.500 timeless 1\n"
	  "0-600000 +-0 unexplained nothing 0.500 finding\n" },
	{ "backwards, empty, longer than a day",
	  { { SIGNED("A", "a", 0, 600, 0) }, { SIGNED("A", "b", 0, 5, 5) },
	    { SIGNED("A", "c", 0, -86400, 1) } }, 0,
	  "missing 0/600000 proven 0 1.000 backwards 1 empty 1 unbelievable 1\n"
	  "0-600000 +-0 unexplained nothing 1.000 finding\n" },
	{ "a day is believed", { { SIGNED("A", "a", 0, -85800, 600) } }, 0,
	  "covered 600000/600000 proven 600000 1.000\n" },
	{ "backwards by the clock, and forwards by the monotonic one",
	  { { SIGNED("A", "a", 0, 3600, 600), MONO(1, 0, 600) } }, 0,
	  "covered 600000/600000 proven 600000 1.000\n" },
	{ "forged covers, and is worth little", { { SIGNED("A", "a", 0, 0, 600), .forged = true } }, 0,
	  "covered 600000/600000 proven 0 0.200\n" },
	{ "the same times twice, by two recorders",
	  { { SIGNED("A", "a", 0, 0, 600) }, { SIGNED("B", "b", 0, 0, 600), .officer = 1 } }, 0,
	  "covered 600000/600000 proven 600000 1.000\n" },
	{ "the ends of the world",
	  { { OF("A", "a", 0), BY_RECORDER, .start_ms = INT64_MIN, .end_ms = INT64_MAX },
	    { OF("A", "b", 0), BY_RECORDER, .start_ms = INT64_MAX - 5, .end_ms = INT64_MAX,
	      .clock_known = true, .clock_offset_ms = INT64_MIN,
	      .clock_uncertainty_ms = INT64_MAX, .docked_ms = INT64_MIN },
	    { OF("A", "c", UINT64_MAX), BY_RECORDER, .start_ms = INT64_MIN,
	      .end_ms = INT64_MIN + 5, .clock_known = true, .clock_offset_ms = INT64_MAX,
	      .clock_uncertainty_ms = INT64_MIN, .docked_ms = INT64_MAX, .jump_ms = INT64_MIN },
	    { OF("A", "d", 0), BY_RECORDER, TIMES(0, 600), .has_mono = true, .boot = UINT64_MAX,
	      .mono_end_ms = UINT64_MAX } }, 0, NULL },
};

static size_t count(const struct coverage_segment *s)
{
	size_t n = 0;

	while (n < SEGMENTS && s[n].recorder != NULL)
		n++;
	return n;
}

static void counted(struct buf *b, const char *what, uint64_t n)
{
	if (n > 0)
		buf_addf(b, " %s %" PRIu64, what, n);
}

static void text(const struct coverage *c, struct buf *b)
{
	size_t i;

	buf_addf(b, "%s %" PRId64 "/%" PRId64 " proven %" PRId64 " %.3f",
		   coverage_verdict_name(c->verdict), c->covered_ms, c->wanted_ms, c->proven_ms,
		   c->confidence);
	counted(b, "timeless", c->timeless);
	counted(b, "backwards", c->backwards);
	counted(b, "empty", c->empty);
	counted(b, "unbelievable", c->unbelievable);
	counted(b, "left_out", c->left_out);
	buf_addf(b, "\n");
	for (i = 0; i < c->n_holes; i++)
		buf_addf(b, "%" PRId64 "-%" PRId64 " +-%" PRId64 " %s %s %.3f %s\n",
			   c->holes[i].from_ms - T0, c->holes[i].to_ms - T0, c->holes[i].uncertainty_ms,
			   gap_class_name(c->holes[i].gap.class), gap_reason_name(c->holes[i].gap.reason),
			   c->holes[i].gap.confidence, coverage_grade_name(c->holes[i].grade));
}

static struct coverage_facts action(const struct coverage_segment *segments, size_t n)
{
	return (struct coverage_facts){ .start_ms = T0, .end_ms = T0 + MS(ACTION_S), .officers = 2,
					.segments = segments, .n = n };
}

START_TEST(an_action_is_judged)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(65536);
	struct coverage_facts f = action(cases[_i].segments, count(cases[_i].segments));
	static struct coverage c;

	f.not_docked = cases[_i].not_docked;
	ck_assert_int_eq(coverage_judge(&f, &coverage_limits_default, &c), 0);
	text(&c, &b);
	ck_assert(!b.failed);
	if (cases[_i].found != NULL)
		ck_assert_msg(b.len == strlen(cases[_i].found) && memcmp(b.p, cases[_i].found, b.len) == 0,
			      "%s:\n%.*s", cases[_i].what, (int)b.len, (const char *)b.p);
	ck_assert_int_ge(c.covered_ms, c.proven_ms);
	ck_assert_int_le(c.covered_ms, c.wanted_ms);
	ck_assert(c.confidence >= 0 && c.confidence <= 1);
}
END_TEST

/* ------ what is refused ------ */

static const struct {
	int64_t from_ms, to_ms;
	size_t officers;
	int r;
} actions[] = {
	{ T0, T0 + 1, 0, 0 },
	{ T0, T0, 1, -EINVAL },
	{ T0 + 1, T0, 1, -EINVAL },
	{ INT64_MIN, INT64_MAX, 1, -EINVAL },
	{ INT64_MAX, INT64_MIN, 1, -EINVAL },
	{ T0, T0 + COVERAGE_ACTION_MAX_MS, COVERAGE_OFFICERS_MAX, 0 },
	{ T0, T0 + COVERAGE_ACTION_MAX_MS + 1, 1, -EINVAL },
	{ T0, T0 + 1, COVERAGE_OFFICERS_MAX + 1, -EINVAL },
};

START_TEST(an_action_has_an_interval)
{
	struct coverage_facts f = { .start_ms = actions[_i].from_ms, .end_ms = actions[_i].to_ms,
				    .officers = actions[_i].officers };
	static struct coverage c;

	c.wanted_ms = -1;
	ck_assert_int_eq(coverage_judge(&f, &coverage_limits_default, &c), actions[_i].r);
	ck_assert_int_eq(c.wanted_ms == -1, actions[_i].r != 0);
	/* However short it was, nothing is not continuous. */
	if (actions[_i].r == 0)
		ck_assert_int_eq(c.verdict, COVERAGE_MISSING);
}
END_TEST

/* ------ what is said of the recordings ------ */

START_TEST(each_recording_says_how_far_its_clock_was_off)
{
	static const struct coverage_segment segments[] = {
		/* Linked by hand: an hour and a minute off, which is taken off. */
		{ SIGNED("A", "a", 0, 3660, 3960), CLOCK(3660, 1), .linked = true },
		{ SIGNED("A", "a", 1, 3960, 4260), CLOCK(3660, 1), .linked = true },
		/* Linked, and of another day. */
		{ SIGNED("B", "b", 0, 86400, 86700), .linked = true },
		/* Nobody knows when. */
		{ OF("C", "c", 0), BY_RECORDER, TIMES(0, 600), .clock_unset = true, .linked = true },
		/* Set while it ran. */
		{ SIGNED("D", "d", 0, 3600, 3900), MONO(4, 1000, 1300) },
		{ SIGNED("D", "d", 1, 300, 600), MONO(4, 1300, 1600) },
		/* Neither linked nor of this time. */
		{ SIGNED("E", "e", 0, 86400, 86700) },
	};
	struct coverage_facts f = action(segments, COUNT(segments));
	static struct coverage c;

	ck_assert_int_eq(coverage_judge(&f, &coverage_limits_default, &c), 0);
	ck_assert_uint_eq(c.n_used, 4);
	ck_assert(c.used[0].clock_off && !c.used[0].outside && c.used[0].segments == 2 &&
		  c.used[0].offset_ms == MS(3660) && c.used[0].from_ms == T0 && !c.used[0].stepped);
	ck_assert(c.used[1].outside && !c.used[1].clock_off && !c.used[1].timeless);
	ck_assert(c.used[2].outside && c.used[2].timeless && c.used[2].clock_unknown);
	ck_assert(c.used[3].stepped && !c.used[3].outside && c.used[3].from_ms == T0);
	ck_assert_int_eq(c.verdict, COVERAGE_COVERED);
	ck_assert_int_eq(c.uncertainty_ms, MS(1) + 73);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, an_action_has_an_interval, 0, (int)COUNT(actions));
	tcase_add_test(tc, each_recording_says_how_far_its_clock_was_off);
	tcase_add_loop_test(tc, an_action_is_judged, 0, (int)COUNT(cases));
}

int main(void)
{
	return suite_main("coverage", fill);
}
