/* A disk: files are extents of a unit, and the lister reads sectors. */
#include <errno.h>
#include <stdlib.h>

#include "base/util.h"
#include "medium_impl.h"

struct medium_disk {
	struct medium medium;
	struct disk *disk;
	struct disk_unit units[DISK_UNITS_MAX];
};

_Static_assert((int)DISK_UNITS_MAX == (int)LISTING_UNITS_MAX, "a lister can be told of every unit");

static struct medium_disk *of(struct medium *m)
{
	return (struct medium_disk *)m;
}

static uint32_t grain(const struct medium *m, const struct listing_file *f)
{
	return ((const struct medium_disk *)m)->units[f->unit].block_size;
}

/* ------ content ------ */

static void on_piece(struct disk_read *piece, int r)
{
	struct medium_read *read = piece->data;

	read->hung = piece->hung;
	medium_read_went_on(read, piece->len, r);
}

static int read_piece(struct medium *m, struct medium_read *r, size_t want)
{
	const uint32_t block = grain(m, r->file);
	uint64_t offset, there;
	size_t len;
	int result;

	result = extent_find(r->file, &r->cursor, r->at + r->filled, &offset, &there);
	if (result < 0)
		return result;
	len = want + (block - want % block) % block;
	r->piece.disk = (struct disk_read){
		.unit = r->file->unit, .offset = offset,
		.len = (uint32_t)MIN(MIN(len, there), (uint64_t)DISK_READ_MAX),
		.buf = r->buf + r->filled, .cb = on_piece, .data = r,
	};
	return disk_read(of(m)->disk, &r->piece.disk);
}

/* ------ the lister's half ------ */

static void on_served(struct disk_read *request, int r)
{
	struct medium_serving *s = request->data;

	s->cb(s, r);
}

static int serve(struct medium *m, struct medium_serving *s)
{
	if (s->want.what != LISTING_WANT_READ)
		return -EPROTO;
	s->request.disk = (struct disk_read){
		.unit = s->want.unit, .offset = s->want.offset, .len = s->want.len,
		.buf = s->buf, .cb = on_served, .data = s,
	};
	return disk_read(of(m)->disk, &s->request.disk);
}

/* ------ open and close ------ */

static void on_closed(void *data)
{
	medium_closed(data);
}

static void close_disk(struct medium *m)
{
	disk_close(of(m)->disk, on_closed, m);
}

static const struct medium_ops ops = {
	.read = read_piece, .serve = serve, .grain = grain, .close = close_disk,
};

static void on_open(void *data, int r, struct disk *d, const struct disk_info *disk,
		    const struct err *e)
{
	struct medium_disk *m = data;
	struct medium_info info = {
		.listing = { .kind = LISTING_BLOCKS, .encoding = LISTING_GB18030 },
	};
	unsigned i;

	(void)d;
	if (r == 0) {
		info.disk = *disk;
		info.listing.n_units = disk->n_units;
		for (i = 0; i < disk->n_units; i++) {
			m->units[i] = disk->units[i];
			info.listing.units[i].size = disk->units[i].size;
			info.listing.units[i].block_size = disk->units[i].block_size;
		}
	}
	m->medium.events.opened(m->medium.events.data, r, r == 0 ? &info : NULL, e);
}

int medium_disk_open(uv_loop_t *loop, struct usb_io *io, const struct medium_events *events,
		     struct medium **ret)
{
	struct medium_disk *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return -ENOMEM;
	medium_init(&m->medium, loop, &ops, events);
	if (disk_open(loop, io, on_open, m, &m->disk) < 0) {
		medium_drop(&m->medium);
		return -ENOMEM;
	}
	*ret = &m->medium;
	return 0;
}
