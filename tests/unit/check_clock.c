#include <errno.h>

#include "base/utc.h"
#include "base/util.h"
#include "rules/clock.h"
#include "unit/suite.h"

static const struct {
	const char *claim;
	int zone_min, r;
	const char *utc;
} claims[] = {
	{ "2026-08-04T10:00:00", 480, 0, "2026-08-04T02:00:00.000Z" },
	{ "2026-08-04T10:00:00", -210, 0, "2026-08-04T13:30:00.000Z" },
	{ "2000-01-01T00:00:00", 0, 0, "2000-01-01T00:00:00.000Z" },
	{ "2000-01-01T07:59:59", 480, -ERANGE, NULL },
	{ "1970-01-01T00:00:00", 480, -ERANGE, NULL },
	{ "2100-12-31T23:59:59", 0, 0, "2100-12-31T23:59:59.000Z" },
	{ "2101-01-01T00:00:00", 0, -ERANGE, NULL },
	{ "2026-02-30T00:00:00", 480, -EINVAL, NULL },
	{ "2026-08-04 10:00:00", 480, -EINVAL, NULL },
	{ "", 480, -EINVAL, NULL },
};

START_TEST(a_claim_is_a_moment)
{
	char text[UTC_TEXT_SIZE];
	int64_t ms = -1;

	ck_assert_int_eq(clock_claim(claims[_i].claim, claims[_i].zone_min, &ms), claims[_i].r);
	if (claims[_i].utc == NULL) {
		ck_assert_int_eq(ms, -1);
		return;
	}
	utc_format(ms, text);
	ck_assert_str_eq(text, claims[_i].utc);
}
END_TEST

#define ASKED	INT64_C(1785808800000)	/* 2026-08-04T02:00:00Z */
static const struct {
	struct clock_reading r;
	bool known;
	int64_t offset_ms, uncertainty_ms;
} readings[] = {
	{ { "2026-08-04T10:00:00", 0, 480, 1000, ASKED, ASKED }, true, 0, 1000 },
	{ { "2026-08-04T10:00:00", 250, 480, 1, ASKED, ASKED + 101 }, true, 200, 52 },
	{ { "2026-08-04T02:00:00", 0, 480, 1000, ASKED, ASKED + 10 }, true, -28800005, 1005 },
	{ { "2026-08-04T10:01:00", 0, 480, 1000, ASKED, ASKED + 4000 }, true, 58000, 3000 },
	{ { "1970-01-01T08:00:00", 0, 480, 1000, ASKED, ASKED }, true, -ASKED, 1000 },
	{ { "2026-08-04T10:00:00", 65535, 480, 1, ASKED, ASKED }, true, 999, 1 },
	{ { "", 0, 480, 1000, ASKED, ASKED }, false, 0, 0 },
	{ { "2026-08-04T10:00:00", 0, 480, 1000, 0, 0 }, false, 0, 0 },
	{ { "2026-08-04T10:00:00", 0, 480, 1000, ASKED, ASKED - 1 }, false, 0, 0 },
};

START_TEST(an_offset_and_its_bounds)
{
	struct clock_offset o = { 0, 0 };

	ck_assert_int_eq(clock_compare(&readings[_i].r, &o), readings[_i].known);
	ck_assert_int_eq(o.offset_ms, readings[_i].offset_ms);
	ck_assert_int_eq(o.uncertainty_ms, readings[_i].uncertainty_ms);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, a_claim_is_a_moment, 0, (int)COUNT(claims));
	tcase_add_loop_test(tc, an_offset_and_its_bounds, 0, (int)COUNT(readings));
}

int main(void)
{
	return suite_main("clock", fill);
}
