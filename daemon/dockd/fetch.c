#include "fetch.h"

#include <errno.h>

#include "base/util.h"

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

static void on_read(struct disk_read *read, int r);

/* Ask for the next piece. */
static int advance(struct fetch *f)
{
	uint64_t offset, there;
	size_t len;
	int r;

	r = extent_find(f->file, &f->cursor, f->at + f->filled, &offset, &there);
	if (r < 0)
		return r;
	len = f->len - f->filled;
	len += (f->block_size - len % f->block_size) % f->block_size;
	f->read = (struct disk_read){
		.offset = offset,
		.len = (uint32_t)MIN(MIN(len, there), (uint64_t)DISK_READ_MAX),
		.buf = f->buf + f->filled,
		.cb = on_read,
		.data = f,
	};
	return disk_read(f->disk, &f->read);
}

static void on_read(struct disk_read *read, int r)
{
	struct fetch *f = read->data;

	if (r == 0) {
		f->filled += read->len;
		if (f->filled < f->len) {
			r = advance(f);
			if (r == 0)
				return;
		}
	}
	f->cb(f, r);
}

int fetch_start(struct fetch *f)
{
	f->filled = 0;
	return advance(f);
}

bool fetch_is_local(int r)
{
	return r == -EIO || r == -ERANGE;
}
