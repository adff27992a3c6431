/*
 * What a recorder's clock says, as a moment, and how far it is off.
 *
 * A claim is the text "2026-11-23T20:42:58" by a clock in some zone, given in
 * minutes east of UTC.  Pure; any thread.
 */
#ifndef RULES_CLOCK_H
#define RULES_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * 0; -EINVAL: no such moment; -ERANGE: before 2000 or after 2100, which a clock
 * says that was never set.
 */
int clock_claim(const char *claim, int zone_min, int64_t *ret_ms);

struct clock_reading {
	const char *claim;		/* what the device answered */
	uint16_t ms;			/* and the milliseconds of it, 0 where it has none */
	int zone_min;			/* its own where it said one, else its model's */
	uint32_t resolution_ms;		/* 1000 for a clock that has no milliseconds */
	int64_t asked_ms, answered_ms;	/* by our clock; 0: not asked */
};

struct clock_offset {
	int64_t offset_ms;		/* device - dock */
	int64_t uncertainty_ms;		/* the truth is within offset_ms +- this */
};

/* False when there is nothing to compare.  A clock that was reset has an offset, too: a large one. */
bool clock_compare(const struct clock_reading *r, struct clock_offset *ret);

#endif
