/*
 * One stretch of a file on the card, read into memory: the pieces of its
 * extents, one after the other.  What reads ahead (pump.h) has several fetches
 * at once; the disk queues them.
 *
 * Errors   see recorder/disk.h; -ERANGE also when the extents end before the
 *          stretch does.
 * Threads  the thread that runs the loop, and no other.
 */
#ifndef DOCKD_FETCH_H
#define DOCKD_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "format/listing.h"
#include "recorder/disk.h"

/* Where in a file we are, so that nobody searches all extents for every block. */
struct extent_cursor {
	uint32_t index;		/* of the extent */
	uint64_t before;	/* bytes of the file in the extents before it */
};

/*
 * Where the bytes of f from offset `at` lie: *ret_offset on the disk, and how
 * many lie there together, at least 1.  c is 0 at first and only moves forward.
 * -ERANGE: nowhere.  Pure.
 */
int extent_find(const struct listing_file *f, struct extent_cursor *c, uint64_t at,
		uint64_t *ret_offset, uint64_t *ret_len);

/* The caller's; the fields above `cb` and itself are set by the caller, all 0 otherwise. */
struct fetch {
	struct disk *disk;
	uint32_t block_size;		/* of the disk */
	const struct listing_file *file;
	struct extent_cursor cursor;
	uint64_t at;			/* in the file, a multiple of block_size */
	size_t len;			/* bytes wanted */
	uint8_t *buf;			/* room for len rounded up to a block */
	void (*cb)(struct fetch *f, int r);
	void *data;

	size_t filled;
	struct disk_read read;
};

/*
 * < 0: not started.  0: cb comes once, later; until then f and its memory are
 * in use.  A read cannot be taken back, but disk_close ends it.
 */
int fetch_start(struct fetch *f);

/* Is this about the one place that was read, not about the device? */
bool fetch_is_local(int r);

#endif
