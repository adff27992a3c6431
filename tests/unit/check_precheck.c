#include <string.h>

#include "base/util.h"
#include "rules/precheck.h"
#include "unit/suite.h"

#define GB		UINT64_C(1000000000)
#define UNKNOWN		UINT64_MAX

static const struct {
	const char *what;
	enum precheck_phase phase;
	uint8_t battery;
	uint64_t free, capacity;
	int64_t offset_ms, uncertainty_ms;	/* uncertainty < 0: no clock */
	const char *found;			/* the code, or "" */
	enum finding_severity severity;
} checks[] = {
	{ "nothing known", PRECHECK_UNDOCK, 255, UNKNOWN, UNKNOWN, 0, -1, "", 0 },
	{ "all well", PRECHECK_UNDOCK, 80, 64 * GB, 128 * GB, 30000, 0, "", 0 },
	{ "low at the dock", PRECHECK_DOCK, 19, 0, 128 * GB, 0, -1, "battery_low", SEVERITY_WARNING },
	{ "enough for the dock", PRECHECK_DOCK, 20, 0, 128 * GB, 0, -1, "", 0 },
	{ "still charging", PRECHECK_READY, 5, 0, 128 * GB, 0, -1, "", 0 },
	{ "not charged", PRECHECK_UNDOCK, 79, UNKNOWN, UNKNOWN, 0, -1, "battery_low", SEVERITY_WARNING },
	{ "a battery that lies", PRECHECK_UNDOCK, 101, UNKNOWN, UNKNOWN, 0, -1, "", 0 },
	{ "not emptied", PRECHECK_UNDOCK, 255, 63 * GB, 128 * GB, 0, -1, "storage_low", SEVERITY_WARNING },
	{ "a small card", PRECHECK_UNDOCK, 255, 28 * GB, 32 * GB, 0, -1, "storage_low", SEVERITY_WARNING },
	{ "eight hours", PRECHECK_UNDOCK, 255, 29 * GB, 32 * GB, 0, -1, "", 0 },
	{ "of a size nobody knows", PRECHECK_UNDOCK, 255, 29 * GB, UNKNOWN, 0, -1, "", 0 },
	{ "no size at all", PRECHECK_UNDOCK, 255, 29 * GB, 0, 0, -1, "", 0 },
	{ "the largest", PRECHECK_UNDOCK, 255, UINT64_MAX / 2, UINT64_MAX - 1, 0, -1, "", 0 },
	{ "30 s and less is no drift", PRECHECK_DOCK, 255, UNKNOWN, UNKNOWN, -31000, 1000, "", 0 },
	{ "ahead", PRECHECK_READY, 255, UNKNOWN, UNKNOWN, 31001, 1000, "clock_drift", SEVERITY_WARNING },
	{ "behind", PRECHECK_DOCK, 255, UNKNOWN, UNKNOWN, -31001, 1000, "clock_drift", SEVERITY_WARNING },
	{ "five minutes", PRECHECK_DOCK, 255, UNKNOWN, UNKNOWN, 301000, 1000, "clock_drift", SEVERITY_WARNING },
	{ "more", PRECHECK_DOCK, 255, UNKNOWN, UNKNOWN, -301001, 1000, "clock_drift", SEVERITY_VIOLATION },
};

START_TEST(judges_what_it_knows)
{
	struct clock_offset clock = { checks[_i].offset_ms, checks[_i].uncertainty_ms };
	struct precheck p = {
		.phase = checks[_i].phase, .recorder = "REC-1", .session = "s", .at_ms = 7,
		.battery = checks[_i].battery, .free = checks[_i].free,
		.capacity = checks[_i].capacity, .megabytes_per_hour = 3600,
		.clock = clock.uncertainty_ms < 0 ? NULL : &clock,
	};
	struct findings l = { 0 };

	precheck_judge(&p, &precheck_limits_default, &l);
	ck_assert_msg(l.n == (checks[_i].found[0] != '\0'), "%s: %zu", checks[_i].what, l.n);
	if (l.n > 0) {
		ck_assert_str_eq(finding_code_name(l.items[0].code), checks[_i].found);
		ck_assert_int_eq(l.items[0].severity, checks[_i].severity);
		ck_assert_str_eq(l.items[0].subject, "REC-1");
		ck_assert_int_eq(l.items[0].at_ms, 7);
	}
	findings_clear(&l);
}
END_TEST

START_TEST(one_fact_a_session_phase_and_fault)
{
	static const char *const faults[] = { "no card", "it is hot" };
	struct precheck p = {
		.phase = PRECHECK_DOCK, .recorder = "REC-1",
		.session = "0f8a0f8a-0f8a-4f8a-8f8a-0f8a0f8a0f8a", .battery = 3,
		.free = UNKNOWN, .capacity = UNKNOWN, .faults = faults, .n_faults = 2,
	};
	struct findings l = { 0 };

	precheck_judge(&p, &precheck_limits_default, &l);
	precheck_judge(&p, &precheck_limits_default, &l);
	p.phase = PRECHECK_UNDOCK;
	precheck_judge(&p, &precheck_limits_default, &l);
	ck_assert_uint_eq(l.n, 9);
	ck_assert_str_eq(l.items[0].fact, "0f8a0f8a-0f8a-4f8a-8f8a-0f8a0f8a0f8a dock");
	ck_assert_str_eq(l.items[0].fact, l.items[3].fact);
	ck_assert_str_ne(l.items[1].fact, l.items[2].fact);
	ck_assert_str_eq(l.items[1].fact, l.items[4].fact);
	ck_assert_str_ne(l.items[0].fact, l.items[6].fact);
	ck_assert_uint_lt(strlen(l.items[7].fact), FINDING_FACT_MAX);	/* not cut */
	ck_assert_str_eq(json_string_value(json_object_get(l.items[1].detail, "why")), "no card");
	findings_clear(&l);
}
END_TEST

START_TEST(one_drift_a_session)
{
	const struct clock_offset off = { .offset_ms = 400000, .uncertainty_ms = 1000 };
	struct precheck p = {
		.recorder = "REC-1", .session = "0f8a0f8a-0f8a-4f8a-8f8a-0f8a0f8a0f8a",
		.battery = PRECHECK_BATTERY_UNKNOWN, .free = UNKNOWN, .capacity = UNKNOWN,
		.clock = &off,
	};
	struct findings l = { 0 };

	for (p.phase = PRECHECK_DOCK; p.phase <= PRECHECK_UNDOCK; p.phase++)
		precheck_judge(&p, &precheck_limits_default, &l);
	ck_assert_uint_eq(l.n, 3);
	ck_assert_str_eq(l.items[0].fact, l.items[1].fact);
	ck_assert_str_eq(l.items[0].fact, l.items[2].fact);
	findings_clear(&l);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, judges_what_it_knows, 0, (int)COUNT(checks));
	tcase_add_test(tc, one_fact_a_session_phase_and_fault);
	tcase_add_test(tc, one_drift_a_session);
}

int main(void)
{
	return suite_main("precheck", fill);
}
