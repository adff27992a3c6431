#include "alertd/alert_next.h"
#include "base/util.h"
#include "unit/suite.h"

#define NOW 1000000
/* It leads, did something just now, and nothing is due. */
#define LEADS .connected = true, .locked = true, .now_ms = NOW, .worked_ms = NOW, .ahead_ms = ALERT_NEVER
#define MOVE(what_, step_, wait_, ...) \
	{ .what = (what_), .step = (step_), .wait_ms = (wait_), .s = { __VA_ARGS__ } }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct {
	const char *what;
	struct alert_state s;
	enum alert_step step;
	int64_t wait_ms;
} moves[] = {
	MOVE("at the start", ALERT_CONNECT, 0, .now_ms = NOW),
	MOVE("the catalog is away", ALERT_WAIT, 250, .now_ms = NOW, .retry_ms = NOW + 250),
	MOVE("and is asked again", ALERT_CONNECT, 0, .now_ms = NOW, .retry_ms = NOW),
	MOVE("connected", ALERT_LOCK, 0, .connected = true, .now_ms = NOW),
	MOVE("another leads", ALERT_WAIT, 500, .connected = true, .now_ms = NOW, .retry_ms = NOW + 500),
	MOVE("another leads: nothing is done, whatever is heard", ALERT_LOCK, 0, .connected = true,
	     .now_ms = NOW, .wanted = true),
	MOVE("it leads", ALERT_WORK, 0, LEADS, .wanted = true),
	MOVE("nothing is due: the belt", ALERT_WAIT, 60000, LEADS),
	MOVE("a minute later", ALERT_WORK, 0, LEADS, .worked_ms = NOW - 60000),
	MOVE("something in two minutes: the belt", ALERT_WAIT, 60000, LEADS, .ahead_ms = 120000),
	MOVE("something in seven seconds", ALERT_WAIT, 7000, LEADS, .ahead_ms = 7000),
	MOVE("of which five passed", ALERT_WAIT, 2000, LEADS, .ahead_ms = 7000, .worked_ms = NOW - 5000),
	MOVE("one millisecond before", ALERT_WAIT, 1, LEADS, .ahead_ms = 7000, .worked_ms = NOW - 6999),
	MOVE("at that moment", ALERT_WORK, 0, LEADS, .ahead_ms = 7000, .worked_ms = NOW - 7000),
	MOVE("due for a year", ALERT_WORK, 0, LEADS, .ahead_ms = -INT64_C(31536000000)),
	MOVE("told of something", ALERT_WORK, 0, LEADS, .ahead_ms = 7000, .wanted = true),
	MOVE("the round left something", ALERT_WORK, 0, LEADS, .wanted = true),
	MOVE("due, but the last round could do nothing", ALERT_WAIT, 250, LEADS, .ahead_ms = -1, .idle = true),
	MOVE("told of something, and so", ALERT_WAIT, 250, LEADS, .wanted = true, .idle = true),
	MOVE("a while later", ALERT_WORK, 0, LEADS, .ahead_ms = -1, .idle = true, .worked_ms = NOW - 250),
	MOVE("rest does not make it late", ALERT_WAIT, 7000, LEADS, .ahead_ms = 7000, .idle = true),
	MOVE("a round failed", ALERT_WAIT, 1000, LEADS, .wanted = true, .retry_ms = NOW + 1000),
	MOVE("SIGTERM with something due", ALERT_END, 0, LEADS, .ahead_ms = -1, .stopping = true),
	MOVE("SIGTERM without a catalog", ALERT_END, 0, .stopping = true, .retry_ms = NOW),
};
#pragma GCC diagnostic pop

START_TEST(next_follows_the_table)
{
	int64_t wait = 0;
	enum alert_step step = alert_next(&moves[_i].s, &wait);

	ck_assert_msg(step == moves[_i].step, "%s: %s, not %s", moves[_i].what, alert_step_name(step),
		      alert_step_name(moves[_i].step));
	ck_assert_msg(wait == moves[_i].wait_ms, "%s: %lld ms, not %lld", moves[_i].what, (long long)wait,
		      (long long)moves[_i].wait_ms);
}
END_TEST

START_TEST(backs_off_to_a_limit)
{
	ck_assert_int_eq(alert_backoff_ms(1), 250);
	ck_assert_int_eq(alert_backoff_ms(2), 500);
	ck_assert_int_eq(alert_backoff_ms(5), 4000);
	ck_assert_int_eq(alert_backoff_ms(6), 5000);
	ck_assert_int_eq(alert_backoff_ms(1000000), 5000);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, next_follows_the_table, 0, (int)COUNT(moves));
	tcase_add_test(tc, backs_off_to_a_limit);
}

int main(void)
{
	return suite_main("alertd_next", fill);
}
