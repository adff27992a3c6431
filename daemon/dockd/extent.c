#include "extent.h"

#include <errno.h>

int extent_find(const struct listing_file *f, struct extent_cursor *c, uint64_t at,
		uint64_t *ret_offset, uint64_t *ret_len)
{
	const struct listing_extent *x;

	for (; c->index < f->n_extents; c->index++) {
		x = &f->extents[c->index];
		if (at < c->before)
			return -ERANGE;
		if (at - c->before < x->len) {
			*ret_offset = x->offset + (at - c->before);
			*ret_len = x->len - (at - c->before);
			return 0;
		}
		c->before += x->len;
	}
	return -ERANGE;
}
