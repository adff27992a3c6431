#include <string.h>

#include "base/util.h"
#include "unit/suite.h"
#include "vaultctl/progress.h"

#define MIB (1024ull * 1024)

static const struct {
	uint64_t done, total;
	int64_t ms;
	const char *line;
} lines[] = {
	{ 0, 100 * MIB, 0, "w [........................]   0 %  0 B / 100.0 MiB  0 B/s  -" },
	{ 50 * MIB, 100 * MIB, 1000, "w [############............]  50 %  50.0 MiB / 100.0 MiB  50.0 MiB/s  0:00:01" },
	{ 100 * MIB, 100 * MIB, 2000, "w [########################] 100 %  100.0 MiB / 100.0 MiB  50.0 MiB/s  0:00:00" },
	{ 0, 0, 0, "w [########################] 100 %  0 B / 0 B  0 B/s  -" },
	/* Sidecars are no part of the total. */
	{ 101 * MIB, 100 * MIB, 1000, "w [########################] 100 %  101.0 MiB / 100.0 MiB  101.0 MiB/s  -" },
};

START_TEST(shows_bar_bytes_rate_and_what_remains)
{
	char line[PROGRESS_SIZE];

	ck_assert_str_eq(progress_line("w", lines[_i].done, lines[_i].total, lines[_i].ms, line),
			 lines[_i].line);
}
END_TEST

START_TEST(is_quiet_when_it_is_off)
{
	struct progress p = { .on = false };

	progress_show(&p, "w", 1, 2, 0);
	ck_assert_ptr_null(p.what);
	progress_end(&p);
}
END_TEST

START_TEST(begins_anew_with_each_phase)
{
	static const char one[] = "one", two[] = "two";
	struct progress p = { .on = true };

	progress_show(&p, one, 1, 100, 1000);
	ck_assert_int_eq(p.begun_ms, 1000);
	progress_show(&p, one, 2, 100, 1000 + PROGRESS_EVERY_MS - 1);
	ck_assert_int_eq(p.shown_ms, 1000);
	progress_show(&p, one, 3, 100, 1000 + PROGRESS_EVERY_MS);
	ck_assert_int_eq(p.shown_ms, 1000 + PROGRESS_EVERY_MS);
	progress_show(&p, one, 100, 100, 1001 + PROGRESS_EVERY_MS);
	ck_assert_int_eq(p.shown_ms, 1001 + PROGRESS_EVERY_MS);
	progress_show(&p, two, 0, 100, 2000);
	ck_assert_int_eq(p.begun_ms, 2000);
	progress_end(&p);
	ck_assert_ptr_null(p.what);
}
END_TEST

/* Standard error of a test may be a terminal: what is not one gets nothing. */
START_TEST(counts_where_nobody_watches)
{
	struct steps s = { .on = false };

	steps_add(&s, 3);
	steps_add(&s, 4);
	steps_clear(&s);
	ck_assert_uint_eq(s.done, 7);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, shows_bar_bytes_rate_and_what_remains, 0, (int)COUNT(lines));
	tcase_add_test(tc, is_quiet_when_it_is_off);
	tcase_add_test(tc, begins_anew_with_each_phase);
	tcase_add_test(tc, counts_where_nobody_watches);
}

int main(void)
{
	return suite_main("progress", fill);
}
