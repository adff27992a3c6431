/*
 * How fast reading may be: what is asked for in one second, a slot and all
 * slots together.  Who asks is told how long to wait first, in the order in
 * which they ask; since each slot asks for one block at a time, all get the
 * same of what they share.
 *
 * Pure; any thread.
 */
#ifndef DOCKD_RATE_H
#define DOCKD_RATE_H

#include <stdint.h>

enum { RATE_BURST_MS = 100 };	/* what was not used that long ago may be made up for */

struct rate {
	uint64_t bytes_per_s;		/* 0: as fast as can be */
	uint64_t free_us;		/* from when on more may be asked for, the caller's clock */
};

/* mib_per_s 0: no limit. */
struct rate rate_of(uint32_t mib_per_s);

/*
 * Take len bytes at now_us, a clock that only goes forward, from both buckets,
 * of which either may be NULL: how many microseconds to wait before using them.
 */
uint64_t rate_take(struct rate *slot, struct rate *total, uint64_t now_us, uint64_t len);

#endif
