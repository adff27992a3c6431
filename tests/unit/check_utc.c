#include <errno.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "unit/suite.h"

static const struct { const char *text; int r; int64_t ms; } times[] = {
	{ "2000-01-01T00:00:00.000Z", 0, INT64_C(946684800000) },
	{ "2026-11-23T12:42:58.123Z", 0, INT64_C(1795437778123) },
	{ "2024-02-29T23:59:59.999Z", 0, INT64_C(1709251199999) },
	{ "2100-12-31T23:59:59.999Z", 0, INT64_C(4133980799999) },
	{ "2023-02-29T00:00:00.000Z", -EINVAL, 0 },
	{ "1999-12-31T23:59:59.999Z", -ERANGE, 0 },
	{ "2101-01-01T00:00:00.000Z", -ERANGE, 0 },
	{ "2026-13-01T00:00:00.000Z", -EINVAL, 0 },
	{ "2026-00-01T00:00:00.000Z", -EINVAL, 0 },
	{ "2026-11-23T24:00:00.000Z", -EINVAL, 0 },
	{ "2026-11-23T12:42:60.000Z", -EINVAL, 0 },
	{ "2026-11-23 12:42:58.123Z", -EINVAL, 0 },
	{ "2026-11-23T12:42:58.123+", -EINVAL, 0 },
	{ "2026-11-23T12:42:58Z", -EINVAL, 0 },
	{ "-026-11-23T12:42:58.123Z", -EINVAL, 0 },
};

START_TEST(parses_one_shape_only)
{
	int64_t ms = 42;
	char back[UTC_TEXT_SIZE];

	ck_assert_int_eq(utc_parse(times[_i].text, strlen(times[_i].text), &ms), times[_i].r);
	ck_assert_int_eq(ms, times[_i].r == 0 ? times[_i].ms : 42);
	if (times[_i].r < 0)
		return;
	utc_format(ms, back);
	ck_assert_str_eq(back, times[_i].text);
}
END_TEST

static const struct { const char *utc; const char *shanghai; } days[] = {
	{ "2026-11-22T15:59:59.999Z", "2026-11-22 23:59:59" },
	{ "2026-11-22T16:00:00.000Z", "2026-11-23 00:00:00" },
};

START_TEST(days_are_cut_in_shanghai)
{
	int64_t ms;
	char text[20];

	ck_assert_int_eq(utc_parse(days[_i].utc, UTC_TEXT_LEN, &ms), 0);
	utc_format_shanghai(ms, text);
	ck_assert_str_eq(text, days[_i].shanghai);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, parses_one_shape_only, 0, (int)COUNT(times));
	tcase_add_loop_test(tc, days_are_cut_in_shanghai, 0, (int)COUNT(days));
}

int main(void)
{
	return suite_main("utc", fill);
}
