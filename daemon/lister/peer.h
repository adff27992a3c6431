/*
 * dockd as the lister's parts see it: bytes of the disk for the asking, and
 * somewhere to say what was found.  In the program that is a socket (link.h),
 * in fuzzers and tests an image in memory.
 */
#ifndef LISTER_PEER_H
#define LISTER_PEER_H

#include <stdint.h>

#include "base/buf.h"

struct peer {
	uint64_t disk_size;
	uint32_t block_size;

	/*
	 * len bytes at offset, both multiples of block_size, inside the disk, len at
	 * most LISTING_READ_MAX.  0; -EIO: these bytes cannot be read; anything else:
	 * dockd is gone, or the time is up, and no read will succeed again.
	 */
	int (*read)(struct peer *p, uint64_t offset, uint32_t len, uint8_t *buf);

	/* Whole messages of format/listing.h.  0, or as above. */
	int (*send)(struct peer *p, const struct buf *messages);
};

#endif
