/*
 * dockd as the lister's parts see it: bytes of a disk, or datasets of an MTP
 * device, for the asking, and somewhere to say what was found.  In the program that is a socket (link.h),
 * in fuzzers and tests an image in memory.
 */
#ifndef LISTER_PEER_H
#define LISTER_PEER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "format/listing.h"

struct peer {
	struct listing_medium medium;

	/*
	 * Blocks: len bytes at offset, both multiples of the unit's block size, inside
	 * it, len at most LISTING_READ_MAX.  0; -EIO: these bytes cannot be read;
	 * anything else: dockd is gone, or the time is up, and no read will succeed
	 * again.
	 */
	int (*read)(struct peer *p, unsigned unit, uint64_t offset, uint32_t len, uint8_t *buf);

	/*
	 * MTP: carry out an operation of listing_is_mtp_read().  What it returns comes
	 * to take() in pieces, at most LISTING_DATASET_MAX bytes in all, then *ret has
	 * the response, whatever its code.  0; -EIO: it could not be carried out, also
	 * when part of a dataset came; anything else as above.
	 */
	int (*operation)(struct peer *p, const struct listing_operation *op,
			 void (*take)(void *data, const uint8_t *bytes, size_t len), void *data,
			 struct listing_operation *ret);

	/* Whole messages of format/listing.h.  0, or as above. */
	int (*send)(struct peer *p, const struct buf *messages);
};

#endif
