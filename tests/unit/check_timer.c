#include "base/util.h"
#include "dockd/timer.h"
#include "unit/suite.h"

static const struct { unsigned tries, ms; } waits[] = {
	{ 0, 1000 }, { 1, 2000 }, { 2, 4000 }, { 5, 32000 }, { 6, 60000 }, { 7, 60000 },
	{ 1000000, 60000 },
};

START_TEST(waits_grow_and_stop_growing)
{
	ck_assert_uint_eq(backoff_ms(waits[_i].tries), waits[_i].ms);
}
END_TEST

static void never(uv_timer_t *t)
{
	(void)t;
	ck_abort_msg("a wait that was cut short came all the same");
}

START_TEST(a_wait_can_be_cut_short)
{
	struct backoff b;
	uv_loop_t loop;

	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(backoff_init(&b, &loop, NULL), 0);
	ck_assert(!backoff_stop(&b));
	backoff_wait(&b, never);
	ck_assert_uint_eq(b.tries, 1);
	ck_assert(backoff_stop(&b));
	ck_assert(!backoff_stop(&b));
	backoff_reset(&b);
	ck_assert_uint_eq(b.tries, 0);
	backoff_fini(&b);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, waits_grow_and_stop_growing, 0, (int)COUNT(waits));
	tcase_add_test(tc, a_wait_can_be_cut_short);
}

int main(void)
{
	return suite_main("timer", fill);
}
