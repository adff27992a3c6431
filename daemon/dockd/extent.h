/* Where the bytes of a file lie on a medium of blocks.  Pure; any thread. */
#ifndef DOCKD_EXTENT_H
#define DOCKD_EXTENT_H

#include <stdint.h>

#include "format/listing.h"

/* Where in a file we are, so that nobody searches all extents for every block. */
struct extent_cursor {
	uint32_t index;		/* of the extent */
	uint64_t before;	/* bytes of the file in the extents before it */
};

/*
 * Where the bytes of f from offset `at` lie: *ret_offset in its unit, and how
 * many lie there together, at least 1.  c is 0 at first and only moves forward.
 * -ERANGE: nowhere.
 */
int extent_find(const struct listing_file *f, struct extent_cursor *c, uint64_t at,
		uint64_t *ret_offset, uint64_t *ret_len);

#endif
