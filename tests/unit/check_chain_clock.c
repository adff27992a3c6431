/* What the times say that a recorder's manifests claim: holes, steps, lateness (rules/chain.h). */
#include "base/util.h"
#include "unit/chain_rig.h"
#include "unit/suite.h"

/* ------ what can be done to a clean life ------ */

/* Move the clocks from item 6 (the third of the second recording) on. */
static void later(struct life *l, int64_t ms)
{
	size_t i;

	for (i = 6; i < l->n; i++) {
		l->items[i].start_ms += ms;
		l->items[i].end_ms += ms;
		l->items[i].mono_start_ms += (uint64_t)ms;
		l->items[i].mono_end_ms += (uint64_t)ms;
	}
}

static void step_from(struct life *l, size_t from, int64_t ms)
{
	size_t i;

	for (i = from; i < l->n; i++) {
		l->items[i].start_ms += ms;
		l->items[i].end_ms += ms;
	}
}

static void step_between(struct life *l, int64_t ms)
{
	step_from(l, 6, ms);
}

static void step_between_recordings(struct life *l, int64_t ms)
{
	step_from(l, 8, ms);
}

static void step_within(struct life *l, int64_t ms)
{
	step_from(l, 6, ms);
	l->items[6].start_ms -= ms;
}

static void restart(struct life *l, int64_t ms)
{
	size_t i;

	step_from(l, 6, ms);
	for (i = 6; i < l->n; i++) {
		l->items[i].boot++;
		l->items[i].mono_start_ms -= l->items[5].mono_end_ms - 100;
		l->items[i].mono_end_ms -= l->items[5].mono_end_ms - 100;
	}
}

static void boots_swapped(struct life *l, int64_t arg)
{
	restart(l, arg);
	l->items[5].boot = 9;
	l->items[4].boot = 9;
}

static void ends_before_start(struct life *l, int64_t ms)
{
	l->items[6].end_ms = l->items[6].start_ms - ms;
}

static void monotonic_backwards(struct life *l, int64_t ms)
{
	l->items[6].mono_end_ms = l->items[6].mono_start_ms - (uint64_t)ms;
}

static void stored_after(struct life *l, int64_t ms)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		l->items[i].stored_ms = l->items[11].end_ms + LIFE_PAUSE;
	/* Of the last recording one segment came later than the others. */
	l->items[9].stored_ms = l->items[11].end_ms + ms;
}

/* All of the last recording, before it ended by its own clock. */
static void stored_before(struct life *l, int64_t ms)
{
	size_t i;

	for (i = 8; i < l->n; i++)
		l->items[i].stored_ms = l->items[11].end_ms - ms;
}

/* The first recording under a clock that was never set, the second under one that was set then. */
static void never_set(struct life *l, int64_t years)
{
	size_t i;

	for (i = 0; i < 4; i++) {
		l->items[i].clock_unset = true;
		l->items[i].start_ms -= years * 365 * 86400000;
		l->items[i].end_ms -= years * 365 * 86400000;
	}
}

static void never_set_and_restart(struct life *l, int64_t years)
{
	size_t i;

	never_set(l, years);
	for (i = 0; i < 2; i++)
		l->items[i].boot--;
}

static void nothing_signed(struct life *l, int64_t ms)
{
	size_t i;

	stored_after(l, ms);
	for (i = 0; i < l->n; i++)
		l->items[i].valid = false;
}

static void plain_after(struct life *l, int64_t ms)
{
	life_rec(l->plain.recording, 77);
	l->plain.end_ms = LIFE_T0;
	l->plain.stored_ms = LIFE_T0 + ms;
	l->plain.path = "DCIM/PLAIN.MP4";
}

static void plain_without_time(struct life *l, int64_t ms)
{
	plain_after(l, ms);
	l->plain.end_ms = 0;
}

static void interrupted_late(struct life *l, int64_t ms)
{
	stored_after(l, ms);
	l->interrupted = true;
	life_drop(l, 11);
}

static void interrupted_clock(struct life *l, int64_t ms)
{
	step_between(l, ms);
	life_drop(l, 5);
	l->interrupted = true;
}

static void untouched_step(struct life *l, int64_t ms)
{
	life_untouch(l);
	step_between(l, ms);
}

static void untouched_step_within(struct life *l, int64_t ms)
{
	life_untouch(l);
	step_within(l, ms);
}

static const struct life_case cases[] = {
	/* times between segments, by the monotonic clock */
	{ "2.0 s are continuous", later, 2000, "" },
	{ "2.1 s are a notice", later, 2100, "gap time seq 1-2 !notice" },
	{ "5.0 s are a notice", later, 5000, "gap time seq 1-2 !notice" },
	{ "5.1 s are a violation", later, 5100, "gap time seq 1-2" },
	{ "2.001 s, to the millisecond", later, 2001, "gap time seq 1-2 !notice" },
	{ "5.001 s, to the millisecond", later, 5001, "gap time seq 1-2" },
	{ "2.0 s overlap", later, -2000, "" },
	{ "2.1 s overlap", later, -2100, "overlap time seq 1-2" },
	{ "started together", later, -LIFE_MINUTE, "overlap time seq 1-2" },
	{ "started earlier", later, -LIFE_MINUTE - 1, "reordered seq 1-2" },

	/* over a restart, by UTC */
	{ "restart within 2.0 s", restart, 2000, "" },
	{ "restart in 2.1 s", restart, 2100, "gap time seq 1-2 !notice" },
	{ "restart in 5.0 s", restart, 5000, "gap time seq 1-2 !notice" },
	{ "restart in 30 s", restart, 30000, "gap time seq 1-2" },
	{ "back by 2.0 s over a restart", restart, -2000, "" },
	{ "back by 2.1 s over a restart", restart, -2100, "clock_jump dseq 48218-48219" },
	{ "an earlier boot continues it", boots_swapped, 0, "reordered seq 1-2" },

	/* clocks */
	{ "stepped by 2.0 s", step_between, 2000, "" },
	{ "stepped by 2.1 s", step_between, 2100, "clock_jump dseq 48218-48219" },
	{ "back by 2.0 s", step_between, -2000, "" },
	{ "back by 2.1 s", step_between, -2100, "clock_jump dseq 48218-48219" },
	{ "stepped by 25 years, past the day of docking", step_between, INT64_C(800000000000),
	  "clock_drift !violation; clock_drift !violation; clock_jump dseq 48218-48219" },
	{ "stepped by 2.0 s within a segment", step_within, 2000, "" },
	{ "stepped by 2.1 s within a segment", step_within, 2100, "clock_jump dseq 48219" },
	{ "back by 2.1 s within a segment", step_within, -2100, "clock_jump dseq 48219" },
	{ "back by an hour within a segment", step_within, -3600000, "clock_jump dseq 48219" },
	{ "stepped by 2.0 s between recordings", step_between_recordings, 2000, "" },
	{ "stepped by 2.1 s between recordings", step_between_recordings, 2100,
	  "clock_jump dseq 48220-48221" },
	{ "ends before it starts", ends_before_start, 1, "clock_jump dseq 48219" },
	{ "its monotonic clock ran backwards", monotonic_backwards, 1, "clock_jump dseq 48219" },

	/* lateness */
	{ "24 h 0 s", stored_after, LIFE_DAY, "" },
	{ "24 h 1 s", stored_after, LIFE_DAY + 1000, "late_upload" },
	{ "24 h and a millisecond", stored_after, LIFE_DAY + 1, "late_upload" },
	{ "nothing signed, 24 h 0 s", nothing_signed, LIFE_DAY, "" },
	{ "nothing signed, 24 h 1 s", nothing_signed, LIFE_DAY + 1000, "late_upload" },
	{ "without sidecar, 24 h 0 s", plain_after, LIFE_DAY, "" },
	{ "without sidecar, 24 h 1 s", plain_after, LIFE_DAY + 1000, "late_upload" },
	{ "without sidecar or time", plain_without_time, LIFE_DAY + 1000, "" },
	{ "under a clock that was never set", never_set, 20, "" },
	{ "the same over a restart", never_set_and_restart, 20, "" },

	/* ended after it was stored */
	{ "30 s ahead", stored_before, 30000, "" },
	{ "30.1 s ahead", stored_before, 30100, "clock_drift" },
	{ "5 min ahead", stored_before, 300000, "clock_drift" },
	{ "5 min 1 s ahead", stored_before, 301000, "clock_drift !violation" },
	{ "without sidecar, 30 s ahead", plain_after, -30000, "" },
	{ "without sidecar, an hour ahead", plain_after, -3600000, "clock_drift" },

	/* what a session may say */
	{ "interrupted, but late all the same", interrupted_late, LIFE_DAY + LIFE_MINUTE + 1000,
	  "late_upload" },
	{ "interrupted: where the clock jumped may come", interrupted_clock, 2100, "" },
	{ "a stepped clock between neighbours", untouched_step, 2100, "" },
	{ "a stepped clock within a neighbour", untouched_step_within, 2100, "" },
};

START_TEST(finds_exactly_this)
{
	life_finds(&cases[_i]);
}
END_TEST

static const struct life_telling tellings[] = {
	{ later, 5100, FINDING_GAP, "REC-000123/6f1c8e5e-0000-4000-8000-000000000001", 0.8,
	  LIFE_T0 + 5000 + 6 * LIFE_MINUTE + LIFE_PAUSE, "missing_ms", 5100 },
	{ step_between, -2100, FINDING_CLOCK_JUMP,
	  "REC-000123/6f1c8e5e-0000-4000-8000-000000000001", -1,
	  LIFE_T0 + 5000 + 6 * LIFE_MINUTE + LIFE_PAUSE - 2100, "jump_ms", -2100 },
	{ stored_after, LIFE_DAY + 1000, FINDING_LATE_UPLOAD,
	  "REC-000123/6f1c8e5e-0000-4000-8000-000000000002", -1,
	  LIFE_T0 + 5000 + 12 * LIFE_MINUTE + 2 * LIFE_PAUSE + LIFE_DAY, "after_ms",
	  LIFE_DAY + 1000 },
	{ plain_after, LIFE_DAY + 1, FINDING_LATE_UPLOAD,
	  "REC-000123/6f1c8e5e-0000-4000-8000-00000000004d", 0.5, LIFE_T0 + LIFE_DAY,
	  "after_ms", LIFE_DAY + 1 },
	{ nothing_signed, LIFE_DAY + 1, FINDING_LATE_UPLOAD,
	  "REC-000123/6f1c8e5e-0000-4000-8000-000000000002", 0.5,
	  LIFE_T0 + 5000 + 12 * LIFE_MINUTE + 2 * LIFE_PAUSE + LIFE_DAY, "after_ms", LIFE_DAY + 1 },
	{ stored_before, 40000, FINDING_CLOCK_DRIFT,
	  "REC-000123/6f1c8e5e-0000-4000-8000-000000000002", -1,
	  LIFE_T0 + 5000 + 12 * LIFE_MINUTE + 2 * LIFE_PAUSE - 40000, "ahead_ms", 40000 },
};

START_TEST(tells_whose_and_how_much)
{
	life_tells(&tellings[_i]);
}
END_TEST

/* ------ of which class a hole is ------ */

static void battery_before(struct life *l, int64_t ms)
{
	later(l, ms);
	l->items[5].end = MANIFEST_END_BATTERY;
}

static void button_before(struct life *l, int64_t ms)
{
	later(l, ms);
	l->items[5].end = MANIFEST_END_BUTTON;
}

static void without_media(struct life *l, int64_t i)
{
	l->items[i].has_media = false;
}

static void without_end(struct life *l, int64_t i)
{
	l->items[i].last = false;
	l->items[i].end = MANIFEST_END_NONE;
}

static const struct {
	void (*change)(struct life *l, int64_t arg);
	int64_t arg;
	const char *class, *reason;
	double confidence;
} classes[] = {
	{ later, 4000, "split", "file_boundary", 1 },
	{ later, 60000, "unexplained", "paused", 0.8 },
	{ battery_before, 60000, "technical", "battery", 0.9 },
	{ button_before, 60000, "unexplained", "stopped", 1 },
	{ life_drop, 5, "unexplained", "numbers_missing", 1 },
	{ without_media, 5, "unexplained", "media_missing", 1 },
	{ without_end, 7, "unexplained", "no_end", 0.8 },
};

START_TEST(a_hole_has_a_class)
{
	struct findings out = { 0 };
	struct life l;
	size_t i;

	life_make(&l);
	classes[_i].change(&l, classes[_i].arg);
	life_judge(&l, &out);
	for (i = 0; i < out.n && out.items[i].code != FINDING_GAP &&
	     out.items[i].code != FINDING_UNFINISHED; i++)
		;
	ck_assert_uint_lt(i, out.n);
	ck_assert_str_eq(json_string_value(json_object_get(out.items[i].detail, "class")),
			 classes[_i].class);
	ck_assert_str_eq(json_string_value(json_object_get(out.items[i].detail, "reason")),
			 classes[_i].reason);
	ck_assert_double_eq(out.items[i].confidence, classes[_i].confidence);
	findings_clear(&out);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, a_hole_has_a_class, 0, (int)COUNT(classes));
	tcase_add_loop_test(tc, finds_exactly_this, 0, (int)COUNT(cases));
	tcase_add_loop_test(tc, tells_whose_and_how_much, 0, (int)COUNT(tellings));
}

int main(void)
{
	return suite_main("chain_clock", fill);
}
