#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "unit/suite.h"
#include "vaultctl/ctl.h"

/* Cells of 2026-11-23 in Shanghai, which begins at 16:00 UTC the day before. */
#define AT(time)	"2026-11-2" time "Z"
#define SEGMENT(from, to)	"{\"start_at\": \"" AT(from) "\", \"end_at\": \"" AT(to) "\"}"
#define FINDING(code, at)	"{\"code\": \"" code "\", \"at\": \"" AT(at) "\"}"

static const struct { const char *what, *segments, *findings, *begins, *ends; } bars[] = {
	{ "nothing", "", "", "....", "...." },
	{ "one cell, to its very end", SEGMENT("2T16:00:00.000", "2T16:15:00.000"), "", "#...", "...." },
	{ "and a millisecond more", SEGMENT("2T16:00:00.000", "2T16:15:00.001"), "", "##..", "...." },
	{ "a millisecond before a border", SEGMENT("2T16:14:59.999", "2T16:15:00.000"), "", "#...", "...." },
	{ "from a border", SEGMENT("2T16:15:00.000", "2T16:16:00.000"), "", ".#..", "...." },
	{ "from the day before", SEGMENT("2T15:00:00.000", "2T16:00:00.001"), "", "#...", "...." },
	{ "until this day begins", SEGMENT("2T15:00:00.000", "2T16:00:00.000"), "", "....", "...." },
	{ "into the next day", SEGMENT("3T15:59:00.000", "3T16:30:00.000"), "", "....", "...#" },
	{ "all day and more", SEGMENT("1T00:00:00.000", "5T00:00:00.000"), "", "####", "####" },
	{ "ends before it starts", SEGMENT("2T16:40:00.000", "2T16:00:00.001"), "", "....", "...." },
	{ "no length", SEGMENT("2T16:00:00.000", "2T16:00:00.000"), "", "....", "...." },
	{ "two", SEGMENT("2T16:00:00.000", "2T16:01:00.000") ", " SEGMENT("2T16:31:00.000", "2T16:32:00.000"),
	  "", "#.#.", "...." },
	{ "no times", "{\"start_at\": null, \"end_at\": null}", "", "....", "...." },
	{ "times that are none", "{\"start_at\": \"x\", \"end_at\": \"y\"}", "", "....", "...." },
	{ "a gap over what is around it", SEGMENT("2T16:00:00.000", "2T17:00:00.000"),
	  FINDING("gap", "2T16:20:00.000"), "#x##", "...." },
	{ "the first and the last moment", "",
	  FINDING("gap", "2T16:00:00.000") ", " FINDING("gap", "3T15:59:59.999"), "x...", "...x" },
	{ "gaps of other days", "",
	  FINDING("gap", "2T15:59:59.999") ", " FINDING("gap", "3T16:00:00.000"), "....", "...." },
	{ "no gap", "", FINDING("late_upload", "2T16:00:00.000"), "....", "...." },
};

START_TEST(a_day_is_a_bar)
{
	char text[512], cells[BAR_CELLS + 1], want[BAR_CELLS + 1];
	json_t *segments, *findings;
	int64_t midnight;

	snprintf(text, sizeof(text), "[%s]", bars[_i].segments);
	segments = json_loads(text, 0, NULL);
	snprintf(text, sizeof(text), "[%s]", bars[_i].findings);
	findings = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(segments);
	ck_assert_ptr_nonnull(findings);
	ck_assert_int_eq(utc_parse(AT("2T16:00:00.000"), UTC_TEXT_LEN, &midnight), 0);

	timeline_bar(segments, findings, midnight, cells);
	/* Between its first and last four cells a bar here is of one kind. */
	memset(want, strcmp(bars[_i].begins, "####") == 0 ? '#' : '.', BAR_CELLS);
	memcpy(want, bars[_i].begins, 4);
	memcpy(want + BAR_CELLS - 4, bars[_i].ends, 4);
	want[BAR_CELLS] = '\0';
	ck_assert_msg(strcmp(cells, want) == 0, "%s: %s", bars[_i].what, cells);
	json_decref(segments);
	json_decref(findings);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, a_day_is_a_bar, 0, (int)COUNT(bars));
}

int main(void)
{
	return suite_main("timeline", fill);
}
