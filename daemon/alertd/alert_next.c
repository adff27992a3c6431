#include "alert_next.h"

#include <stddef.h>

#include "base/util.h"

static const char *const step_names[ALERT_STEPS] = {
	[ALERT_CONNECT] = "connect", [ALERT_LOCK] = "lock", [ALERT_WORK] = "work",
	[ALERT_WAIT] = "wait", [ALERT_END] = "end",
};

const char *alert_step_name(enum alert_step s)
{
	return step_names[s];
}

/*
 * When the next round is.  One that found nothing to do is not followed by another at once, or what
 * somebody holds for a while would keep both from resting.
 */
static int64_t next_round(const struct alert_state *s)
{
	int64_t at = s->worked_ms + MAX(MIN(s->ahead_ms, (int64_t)ALERT_BELT_MS), (int64_t)0);

	if (s->wanted)
		at = s->worked_ms;
	return s->idle ? MAX(at, s->worked_ms + ALERT_IDLE_MS) : at;
}

enum alert_step alert_next(const struct alert_state *s, int64_t *ret_wait_ms)
{
	int64_t at;

	if (s->stopping)
		return ALERT_END;
	if (s->now_ms < s->retry_ms) {
		*ret_wait_ms = s->retry_ms - s->now_ms;
		return ALERT_WAIT;
	}
	if (!s->connected)
		return ALERT_CONNECT;
	if (!s->locked)
		return ALERT_LOCK;
	at = next_round(s);
	if (s->now_ms >= at)
		return ALERT_WORK;
	*ret_wait_ms = at - s->now_ms;
	return ALERT_WAIT;
}

int64_t alert_backoff_ms(unsigned failures)
{
	int64_t ms = ALERT_RETRY_MIN_MS;

	while (--failures > 0 && ms < ALERT_RETRY_MAX_MS)
		ms *= 2;
	return MIN(ms, (int64_t)ALERT_RETRY_MAX_MS);
}
