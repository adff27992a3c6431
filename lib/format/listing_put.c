/* The writing side of the listing protocol, both directions. */
#include "format/listing.h"

#include <endian.h>
#include <string.h>

#include "base/util.h"

static void put_number(struct buf *b, uint64_t n, size_t len)
{
	n = htole64(n);
	buf_add(b, &n, len);		/* the low bytes come first */
}

static void put_text(struct buf *b, const void *p, size_t len)
{
	if (len > UINT16_MAX)
		BUG("a text of %zu bytes", len);
	put_number(b, len, 2);
	buf_add(b, p, len);
}

static void put_string(struct buf *b, const char *s)
{
	put_text(b, s, strlen(s));
}

static void put_head(struct buf *b, enum listing_type type, uint32_t len)
{
	put_number(b, type, 4);		/* the type and three zeros */
	put_number(b, len, 4);
}

/* A message whose length is known at its end: start, add the body, finish. */
static size_t put_start(struct buf *b, enum listing_type type)
{
	put_head(b, type, 0);
	return b->len;
}

static void put_finish(struct buf *b, size_t start)
{
	uint32_t len;

	if (b->failed)
		return;
	len = htole32((uint32_t)(b->len - start));
	memcpy(b->p + start - sizeof(len), &len, sizeof(len));
}

void listing_put_medium(struct buf *b, const struct listing_medium *m)
{
	size_t start = put_start(b, LISTING_MEDIUM);

	put_number(b, m->kind, 1);
	put_number(b, m->encoding, 1);
	put_number(b, m->n_units, 2);	/* and the zero */
	for (unsigned i = 0; i < m->n_units; i++) {
		put_number(b, m->units[i].size, 8);
		put_number(b, m->units[i].block_size, 4);
	}
	put_finish(b, start);
}

void listing_put_data(struct buf *b, const uint8_t *p, uint32_t len)
{
	put_head(b, LISTING_DATA, len);
	buf_add(b, p, len);
}

void listing_put_dataset(struct buf *b, const uint8_t *p, uint32_t len)
{
	put_head(b, LISTING_DATASET, len);
	buf_add(b, p, len);
}

static void put_operation(struct buf *b, enum listing_type type, const struct listing_operation *op)
{
	if (op->n_params > LISTING_PARAMS_MAX)
		BUG("an operation of %d parameters", op->n_params);
	put_head(b, type, 4 + 4U * op->n_params);
	put_number(b, op->code, 2);
	put_number(b, op->n_params, 2);
	for (unsigned i = 0; i < op->n_params; i++)
		put_number(b, op->params[i], 4);
}

void listing_put_response(struct buf *b, const struct listing_operation *response)
{
	put_operation(b, LISTING_RESPONSE, response);
}

void listing_put_operation(struct buf *b, const struct listing_operation *op)
{
	put_operation(b, LISTING_OPERATION, op);
}

void listing_put_failed(struct buf *b, uint32_t err)
{
	put_head(b, LISTING_FAILED, 4);
	put_number(b, err, 4);
}

void listing_put_read(struct buf *b, unsigned unit, uint64_t offset, uint32_t len)
{
	put_head(b, LISTING_READ, 16);
	put_number(b, unit, 4);
	put_number(b, offset, 8);
	put_number(b, len, 4);
}

void listing_put_device(struct buf *b, const struct listing_device *d)
{
	size_t start = put_start(b, LISTING_DEVICE);

	put_number(b, d->can, 4);
	put_number(b, d->battery, 1);
	put_string(b, d->clock);
	put_number(b, d->clock_ms, 2);
	put_number(b, (uint16_t)d->zone_min, 2);
	put_string(b, d->manufacturer);
	put_string(b, d->model);
	put_string(b, d->version);
	put_string(b, d->serial);
	put_finish(b, start);
}

void listing_put_volume(struct buf *b, const struct listing_volume *v)
{
	size_t start = put_start(b, LISTING_VOLUME);

	put_number(b, v->unit, 4);
	put_number(b, v->size, 8);
	put_number(b, v->free, 8);
	put_string(b, v->filesystem);
	put_string(b, v->label);
	put_finish(b, start);
}

void listing_put_file(struct buf *b, const struct listing_file *f)
{
	enum { A_MESSAGE = 4000 };	/* extents that fit into LISTING_MESSAGE_MAX */
	size_t start = put_start(b, f->deleted ? LISTING_DELETED : LISTING_FILE);

	put_string(b, f->path);
	put_text(b, f->raw, f->raw_len);
	put_number(b, f->unit, 4);
	put_number(b, f->handle, 4);
	put_number(b, f->size, 8);
	put_number(b, f->valid, 8);
	put_string(b, f->created);
	put_string(b, f->modified);
	put_string(b, f->accessed);
	put_string(b, f->trouble);
	put_finish(b, start);
	for (uint32_t i = 0, n; i < f->n_extents; i += n) {
		n = MIN(f->n_extents - i, A_MESSAGE);
		start = put_start(b, LISTING_EXTENTS);
		put_number(b, n, 2);
		for (uint32_t j = i; j < i + n; j++) {
			put_number(b, f->extents[j].offset, 8);
			put_number(b, f->extents[j].len, 8);
		}
		put_finish(b, start);
	}
}

void listing_put_trouble(struct buf *b, const char *path, const char *text)
{
	size_t start = put_start(b, LISTING_TROUBLE);

	put_string(b, path);
	put_string(b, text);
	put_finish(b, start);
}

void listing_put_end(struct buf *b)
{
	put_head(b, LISTING_END, 0);
}
