#include <errno.h>
#include <time.h>

#include "base/util.h"
#include "unit/suite.h"
#include "vaultctl/scrub_pace.h"

#define S	INT64_C(1000000000)
enum { MIB = 1024 * 1024 };

static const struct {
	const char *what;
	int64_t now, free_ns;
	size_t len;
	uint64_t rate;
	int64_t at, then;
} turns[] = {
	{ "no limit",				5 * S, 9 * S, MIB, 0,		5 * S, 5 * S },
	{ "the first",				5 * S, 0, MIB, MIB,		5 * S, 6 * S },
	{ "one after the other",		5 * S, 6 * S, MIB, 2 * MIB,	6 * S, 6 * S + S / 2 },
	{ "a pause is not made up for",		9 * S, 6 * S, MIB, MIB,		9 * S, 10 * S },
	{ "nothing",				5 * S, 6 * S, 0, MIB,		6 * S, 6 * S },
};

START_TEST(follows_the_table)
{
	int64_t then;

	ck_assert_msg(pace_next(turns[_i].now, turns[_i].free_ns, turns[_i].len, turns[_i].rate, &then) ==
		      turns[_i].at && then == turns[_i].then, "%s", turns[_i].what);
}
END_TEST

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * S + t.tv_nsec;
}

static bool is_busy(void *data)
{
	(*(int *)data)++;
	return true;
}

/* It waits at least as long as it has to; and it asks the dock once a second, not each time. */
START_TEST(holds_the_rate)
{
	int asked = 0, i;
	struct pace p;
	int64_t begun;

	pace_init(&p, 100 * (uint64_t)MIB, NULL, NULL);
	begun = now();
	for (i = 0; i < 11; i++)
		ck_assert_int_eq(pace_wait(&p, MIB), 0);
	ck_assert_int_ge(now() - begun, S / 10);
	pace_init(&p, 0, is_busy, &asked);
	begun = now();
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(pace_wait(&p, MIB), 0);
	ck_assert_int_ge(now() - begun, 2 * S / PACE_BUSY_MIB);
	ck_assert_int_ge(asked, 1);
	ck_assert_int_le(asked, (int)((now() - begun) / S) + 1);
}
END_TEST

START_TEST(ends_at_once)
{
	struct pace p;
	int64_t begun = now();

	pace_init(&p, 1, NULL, NULL);
	ck_assert_int_eq(pace_wait(&p, 3600), 0);	/* the first does not wait, the next an hour */
	pace_stop();
	ck_assert(pace_stopped());
	ck_assert_int_eq(pace_wait(&p, 3600), -ECANCELED);
	ck_assert_int_lt(now() - begun, 60 * S);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, follows_the_table, 0, (int)COUNT(turns));
	tcase_add_test(tc, holds_the_rate);
}

static void fill_alone(TCase *tc)
{
	tcase_add_test(tc, ends_at_once);
}

int main(void)
{
	return suite_main_with("scrub_pace", fill, fill_alone);
}
