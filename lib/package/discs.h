/*
 * Which object goes on which disc of a set.
 *
 * Objects stay in their order, so that a recording lies together: a disc is
 * closed when the next object does not fit on it any more.  An object is never cut.
 *
 * Sizes are of the image: package_image_bytes() says what a file takes at most, with its
 * names in both directories (Rock Ridge, Joliet).
 *
 * Pure; any thread.
 */
#ifndef PACKAGE_DISCS_H
#define PACKAGE_DISCS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	PACKAGE_DISCS_MAX = 99,
	PACKAGE_SECTOR = 2048,
	/* Volume descriptors, path tables, directories that are there once, padding behind. */
	PACKAGE_IMAGE_FIXED = 512 * 1024,
	/* A record of at most 255 bytes in one directory, of 33 + 2 * 64 in the other, and what
	 * each wastes at the end of a sector. */
	PACKAGE_IMAGE_NAMES = 1024,
};

/* What a file of so many bytes takes of an image. */
uint64_t package_image_bytes(uint64_t size);

/*
 * sizes[i]: of object i with all its files; common: of what every disc has, PACKAGE_IMAGE_FIXED
 * included.  ret_disc[i]: from 1.  *ret_discs: how many.  0, or -EFBIG and a sentence with the
 * sizes: an object is larger than a disc, or there would be more than PACKAGE_DISCS_MAX.
 */
int package_discs(const uint64_t *sizes, size_t n, uint64_t common, uint64_t media_size,
		  unsigned *ret_disc, unsigned *ret_discs, struct err *e);

#endif
