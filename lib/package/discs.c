#include "package/discs.h"

#include <errno.h>
#include <inttypes.h>

uint64_t package_image_bytes(uint64_t size)
{
	return (size + PACKAGE_SECTOR - 1) / PACKAGE_SECTOR * PACKAGE_SECTOR + PACKAGE_IMAGE_NAMES;
}

int package_discs(const uint64_t *sizes, size_t n, uint64_t common, uint64_t media_size,
		  unsigned *ret_disc, unsigned *ret_discs, struct err *e)
{
	uint64_t room = media_size > common ? media_size - common : 0, left = room;
	unsigned disc = 1;
	size_t i;

	for (i = 0; i < n; i++) {
		if (sizes[i] > room)
			return err_set(e, -EFBIG,
				       "object %zu takes %" PRIu64
				       " bytes, and of a disc of %" PRIu64 " bytes %" PRIu64
				       " are left for it: larger discs are needed, or a tar",
				       i + 1, sizes[i], media_size, room);
		if (sizes[i] > left) {
			disc++;
			left = room;
		}
		if (disc > PACKAGE_DISCS_MAX)
			return err_set(e, -EFBIG,
				       "more than %d discs of %" PRIu64 " bytes: larger discs"
				       " are needed, or fewer objects",
				       PACKAGE_DISCS_MAX, media_size);
		left -= sizes[i];
		ret_disc[i] = disc;
	}
	*ret_discs = disc;
	return 0;
}
