#include "tlog/courier.h"

#include <limits.h>

#include "base/util.h"

static const char *const outcomes[] = {
	[COURIER_DONE] = "done",
	[COURIER_NOTHING] = "nothing",
	[COURIER_LATER] = "later",
	[COURIER_REFUSED] = "refused",
};

const char *courier_outcome_text(enum courier_outcome o)
{
	if ((size_t)o >= COUNT(outcomes))
		BUG("outcome %d of an errand", (int)o);
	return outcomes[o];
}

/* A quarter of the wait is left to chance. */
static int64_t retry_ms(unsigned failures, uint8_t jitter)
{
	int64_t ms = COURIER_RETRY_MIN_MS;

	while (--failures > 0 && ms < COURIER_RETRY_MAX_MS)
		ms *= 2;
	ms = MIN(ms, COURIER_RETRY_MAX_MS);
	return ms - ms / 4 * jitter / UINT8_MAX;
}

int64_t courier_next(const struct courier_peer *p, uint64_t size)
{
	if (size <= p->size)
		return COURIER_NEVER;
	if (!p->asked)
		return INT64_MIN;
	if (p->failures > 0)
		return p->asked_ms + retry_ms(p->failures, p->jitter);
	return p->asked_ms + p->interval_ms;
}

void courier_remember(struct courier_peer *p, const struct courier_result *r, int64_t now_ms,
		      uint8_t jitter)
{
	p->asked = true;
	p->asked_ms = now_ms;
	p->jitter = jitter;
	if (r->outcome == COURIER_DONE || r->outcome == COURIER_NOTHING) {
		p->failures = 0;
		p->size = r->size;
	} else if (p->failures < UINT_MAX) {
		p->failures++;
	}
}
