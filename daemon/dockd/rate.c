#include "rate.h"

#include <stddef.h>

#include "base/util.h"

#define S_US	UINT64_C(1000000)

struct rate rate_of(uint32_t mib_per_s)
{
	return (struct rate){ .bytes_per_s = (uint64_t)mib_per_s << 20 };
}

/* When these bytes are due. */
static uint64_t take(struct rate *r, uint64_t now_us, uint64_t len)
{
	const uint64_t burst = RATE_BURST_MS * UINT64_C(1000);
	uint64_t due;

	if (r == NULL || r->bytes_per_s == 0)
		return now_us;
	due = MAX(r->free_us, now_us > burst ? now_us - burst : 0);
	r->free_us = due + len / r->bytes_per_s * S_US +
		     len % r->bytes_per_s * S_US / r->bytes_per_s;
	return MAX(due, now_us);
}

uint64_t rate_take(struct rate *slot, struct rate *total, uint64_t now_us, uint64_t len)
{
	const uint64_t own = take(slot, now_us, len), shared = take(total, now_us, len);

	return MAX(own, shared) - now_us;
}
