#include "rules/clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"

enum { CLAIM_LEN = 19, MINUTE_MS = 60000 };

static int digits(const char *p, int n)
{
	int v = 0;

	while (n-- > 0)
		v = v * 10 + (*p++ - '0');
	return v;
}

/* Of any year that can be written; by UTC as if there were no zone. */
static int civil_ms(const char *claim, int64_t *ret_ms)
{
	char t[UTC_TEXT_SIZE];

	if (strlen(claim) != CLAIM_LEN)
		return -EINVAL;
	snprintf(t, sizeof(t), "%.19s.000Z", claim);
	if (utc_parse(t, UTC_TEXT_LEN, ret_ms) == -EINVAL)
		return -EINVAL;
	*ret_ms = utc_from_civil(digits(claim, 4), digits(claim + 5, 2), digits(claim + 8, 2),
				 digits(claim + 11, 2), digits(claim + 14, 2), digits(claim + 17, 2));
	return 0;
}

int clock_claim(const char *claim, int zone_min, int64_t *ret_ms)
{
	const int64_t from = utc_from_civil(2000, 1, 1, 0, 0, 0),
		      to = utc_from_civil(2101, 1, 1, 0, 0, 0);
	int64_t ms;
	int r;

	r = civil_ms(claim, &ms);
	if (r < 0)
		return r;
	ms -= (int64_t)zone_min * MINUTE_MS;
	if (ms < from || ms >= to)
		return -ERANGE;
	*ret_ms = ms;
	return 0;
}

bool clock_compare(const struct clock_reading *r, struct clock_offset *ret)
{
	int64_t claim, trip;

	if (r->asked_ms <= 0 || r->answered_ms < r->asked_ms || civil_ms(r->claim, &claim) < 0)
		return false;
	trip = r->answered_ms - r->asked_ms;
	claim += MIN(r->ms, 999) - (int64_t)r->zone_min * MINUTE_MS;
	/* It was read at some moment of the round trip, and had gone on for less than a tick. */
	ret->offset_ms = claim - (r->asked_ms + trip / 2);
	ret->uncertainty_ms = (trip + 1) / 2 + r->resolution_ms;
	return true;
}
