/* The reading side of the listing protocol, both directions. */
#include "format/listing.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "format/name.h"

enum {
	GROW_FILES = 512,		/* entries an array grows by: little waste at any size */
	GROW_TROUBLES = 16,
	EXTENT_SIZE = 16,		/* bytes in an EXTENTS message */
};

/* ------ taking a body apart ------ */

struct body {
	const uint8_t *p;
	size_t left;
	bool bad;			/* something was asked for that is not there */
};

static const uint8_t *body_bytes(struct body *b, size_t len)
{
	const uint8_t *p = b->p;

	if (b->bad || len > b->left) {
		b->bad = true;
		return NULL;
	}
	b->p += len;
	b->left -= len;
	return p;
}

static uint64_t body_number(struct body *b, size_t len)
{
	const uint8_t *p = body_bytes(b, len);
	uint64_t n = 0;

	if (p != NULL)
		memcpy(&n, p, len);
	return le64toh(n);		/* a short number fills the low end of a little-endian one */
}

static const uint8_t *body_text(struct body *b, size_t max, size_t *ret_len)
{
	size_t len = body_number(b, 2);

	*ret_len = len;
	if (len > max)
		b->bad = true;
	return body_bytes(b, len);
}

/* Into an array of the listing, `size` with the NUL. */
static void body_copy(struct body *b, char *to, size_t size)
{
	size_t len;
	const uint8_t *p = body_text(b, size - 1, &len);

	if (p == NULL || !name_is_text(p, len)) {
		b->bad = true;
		return;
	}
	memcpy(to, p, len);
	to[len] = '\0';
}

/* "" or a date and time that exist. */
static void body_time(struct body *b, char to[LISTING_TIME_MAX + 1])
{
	char moment[UTC_TEXT_SIZE];
	int64_t ms;

	body_copy(b, to, LISTING_TIME_MAX + 1);
	if (b->bad || to[0] == '\0')
		return;
	snprintf(moment, sizeof(moment), "%s.000Z", to);
	if (strlen(to) != LISTING_TIME_MAX || utc_parse(moment, UTC_TEXT_LEN, &ms) == -EINVAL)
		b->bad = true;
}

static bool body_operation(struct body *b, struct listing_operation *ret)
{
	struct listing_operation op = { .code = (uint16_t)body_number(b, 2) };

	op.n_params = (uint16_t)body_number(b, 2);
	if (b->bad || op.n_params > LISTING_PARAMS_MAX || b->left != 4U * op.n_params)
		return false;
	for (unsigned i = 0; i < op.n_params; i++)
		op.params[i] = (uint32_t)body_number(b, 4);
	*ret = op;
	return true;
}

/* ------ the lister's half ------ */

int listing_medium_read(const uint8_t *body, size_t len, struct listing_medium *ret)
{
	enum { UNIT_SIZE = 12 };
	struct body b = { body, len, false };
	struct listing_medium m = { .kind = (enum listing_kind)body_number(&b, 1) };
	unsigned zero;

	m.encoding = (enum listing_encoding)body_number(&b, 1);
	m.n_units = (unsigned)body_number(&b, 1);
	zero = (unsigned)body_number(&b, 1);
	if (b.bad || zero != 0 || m.n_units > LISTING_UNITS_MAX ||
	    b.left != (size_t)m.n_units * UNIT_SIZE)
		return -EPROTO;
	for (unsigned i = 0; i < m.n_units; i++) {
		m.units[i].size = body_number(&b, 8);
		m.units[i].block_size = (uint32_t)body_number(&b, 4);
	}
	if (!listing_medium_is_sound(&m))
		return -EPROTO;
	*ret = m;
	return 0;
}

int listing_response_read(const uint8_t *body, size_t len, struct listing_operation *ret)
{
	struct body b = { body, len, false };

	return body_operation(&b, ret) ? 0 : -EPROTO;
}

/* ------ dockd's half ------ */

struct listing_reader {
	struct listing_medium medium;
	struct buf in;			/* a message not yet whole */
	struct listing l;
	uint32_t room_files, room_troubles;
	uint32_t room_extents;		/* of the last file */
	uint32_t n_extents;		/* of all files, as sent */
	uint64_t located;		/* bytes the last file's extents cover */
	bool open;			/* the last FILE may still get extents */
	uint32_t n_operations;
	bool complete;
};

int listing_reader_new(const struct listing_medium *medium, struct listing_reader **ret)
{
	struct listing_reader *r;

	if (!listing_medium_is_sound(medium))
		BUG("a medium of %u units that make no sense", medium->n_units);
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return -ENOMEM;
	r->medium = *medium;
	r->in = (struct buf)BUF_INIT(LISTING_HEADER + LISTING_MESSAGE_MAX);
	*ret = r;
	return 0;
}

void listing_reader_free(struct listing_reader *r)
{
	if (r == NULL)
		return;
	listing_clear(&r->l);
	buf_clear(&r->in);
	free(r);
}

static int charge(struct listing_reader *r, uint64_t bytes, struct err *e)
{
	if (bytes > LISTING_BYTES_MAX - r->l.bytes)
		return err_set(e, -EPROTO, "listing of more than %d bytes", LISTING_BYTES_MAX);
	r->l.bytes += bytes;
	return 0;
}

/* Make room for one more item; the array at *p has n of them. */
static int grow(void *p, uint32_t n, uint32_t *room, uint32_t by, size_t size, struct err *e)
{
	void *now;

	if (n < *room)
		return 0;
	memcpy(&now, p, sizeof(now));
	now = reallocarray(now, *room + by, size);
	if (now == NULL)
		return err_set(e, -ENOMEM, "no memory for a listing");
	memcpy(p, &now, sizeof(now));
	*room += by;
	return 0;
}

static bool block_aligned(const struct listing_unit *u, uint64_t offset, uint64_t len)
{
	return offset % u->block_size == 0 && len % u->block_size == 0;
}

static bool inside_unit(const struct listing_unit *u, uint64_t offset, uint64_t len)
{
	return offset <= u->size && len <= u->size - offset;
}

/* What is said of blocks is said of a unit with a medium in it, what is said of MTP of none. */
static bool unit_exists(const struct listing_reader *r, uint32_t unit)
{
	if (r->medium.kind != LISTING_BLOCKS)
		return unit == 0;
	return unit < r->medium.n_units && r->medium.units[unit].size > 0;
}

static void drop_extents(struct listing_file *f)
{
	free(f->extents);
	f->extents = NULL;
	f->n_extents = 0;
}

/* All that belongs to the last FILE has come: can its content be read? */
static void close_file(struct listing_reader *r)
{
	struct listing_file *f;
	struct listing_extent *less;

	if (!r->open)
		return;
	r->open = false;
	f = &r->l.files[r->l.n_files - 1];
	if (r->medium.kind != LISTING_BLOCKS)
		return;
	if (f->trouble[0] == '\0' && r->located < f->size)
		snprintf(f->trouble, sizeof(f->trouble),
			 "only %" PRIu64 " of its %" PRIu64 " bytes can be located on the card",
			 r->located, f->size);
	if (f->trouble[0] != '\0') {
		drop_extents(f);
	} else if (f->n_extents < r->room_extents && f->n_extents > 0) {
		less = reallocarray(f->extents, f->n_extents, sizeof(*less));
		f->extents = less != NULL ? less : f->extents;
	}
}

/* A file of MTP is read by its handle: without one, what is wrong with it must be said. */
static bool handle_fits(const struct listing_reader *r, const struct listing_file *f)
{
	if (r->medium.kind == LISTING_BLOCKS)
		return f->handle == 0;
	return f->handle != 0 || f->trouble[0] != '\0' || f->deleted;
}

static int take_file(struct listing_reader *r, struct body *b, bool deleted, struct err *e)
{
	struct listing_file f = { .deleted = deleted };
	const uint8_t *path, *raw;
	size_t path_len, raw_len;
	uint32_t unit;
	int ret;

	path = body_text(b, LISTING_PATH_MAX, &path_len);
	raw = body_text(b, LISTING_PATH_MAX, &raw_len);
	unit = (uint32_t)body_number(b, 4);
	f.unit = (uint8_t)unit;
	f.handle = (uint32_t)body_number(b, 4);
	f.size = body_number(b, 8);
	f.valid = body_number(b, 8);
	body_time(b, f.created);
	body_time(b, f.modified);
	body_time(b, f.accessed);
	body_copy(b, f.trouble, sizeof(f.trouble));
	if (b->bad || b->left != 0 || !name_is_path(path, path_len) || !unit_exists(r, unit) ||
	    f.valid > f.size || !handle_fits(r, &f))
		return err_set(e, -EPROTO, "an entry that breaks the form");
	if (r->l.n_files >= LISTING_FILES_MAX)
		return err_set(e, -EPROTO, "more than %d entries", LISTING_FILES_MAX);
	ret = grow(&r->l.files, r->l.n_files, &r->room_files, GROW_FILES, sizeof(f), e);
	if (ret < 0)
		return ret;
	f.path = strndup((const char *)path, path_len);
	f.raw = malloc(raw_len + 1);
	if (f.path == NULL || f.raw == NULL) {
		free(f.path);
		free(f.raw);
		return err_set(e, -ENOMEM, "no memory for a listing");
	}
	memcpy(f.raw, raw, raw_len);
	f.raw_len = (uint16_t)raw_len;
	r->l.files[r->l.n_files++] = f;
	r->open = !deleted;
	r->located = 0;
	r->room_extents = 0;
	return charge(r, listing_file_cost(&f), e);
}

/* One extent of the last file.  A card may claim any; what cannot be is its trouble. */
static int take_extent(struct listing_reader *r, uint64_t offset, uint64_t len, struct err *e)
{
	struct listing_file *f = &r->l.files[r->l.n_files - 1];
	struct listing_extent *last = f->n_extents > 0 ? &f->extents[f->n_extents - 1] : NULL;
	const struct listing_unit *u = &r->medium.units[f->unit];
	uint64_t want;
	int ret;

	if (f->trouble[0] != '\0')
		return 0;
	if (!inside_unit(u, offset, len) || !block_aligned(u, offset, len)) {
		snprintf(f->trouble, sizeof(f->trouble),
			 "its content is said to lie outside the card");
		return 0;
	}
	/* No more than the size needs; an extent that would overflow it cannot be inside. */
	want = f->size - MIN(f->size, r->located);
	if (want < len)
		len = (want + u->block_size - 1) / u->block_size * u->block_size;
	if (len == 0)
		return 0;
	r->located += len;
	if (last != NULL && last->offset + last->len == offset) {
		last->len += len;
		return 0;
	}
	ret = charge(r, sizeof(*last), e);
	if (ret == 0)
		ret = grow(&f->extents, f->n_extents, &r->room_extents,
			   MAX(r->room_extents, 1), sizeof(*last), e);
	if (ret == 0)
		f->extents[f->n_extents++] = (struct listing_extent){ offset, len };
	return ret;
}

static int take_extents(struct listing_reader *r, struct body *b, struct err *e)
{
	uint32_t n = (uint32_t)body_number(b, 2);

	if (!r->open || r->medium.kind != LISTING_BLOCKS)
		return err_set(e, -EPROTO, "extents that belong to no file");
	if (b->bad || b->left != (size_t)n * EXTENT_SIZE)
		return err_set(e, -EPROTO, "extents that break the form");
	if (n > LISTING_EXTENTS_MAX - r->n_extents)
		return err_set(e, -EPROTO, "more than %d extents", LISTING_EXTENTS_MAX);
	r->n_extents += n;
	for (; n > 0; n--) {
		uint64_t offset = body_number(b, 8), len = body_number(b, 8);
		int ret = take_extent(r, offset, len, e);

		if (ret < 0)
			return ret;
	}
	return 0;
}

static int take_device(struct listing_reader *r, struct body *b, struct err *e)
{
	struct listing_device d = { .present = true, .can = (uint32_t)body_number(b, 4) };

	d.battery = (uint8_t)body_number(b, 1);
	body_time(b, d.clock);
	d.clock_ms = (uint16_t)body_number(b, 2);
	d.zone_min = (int16_t)body_number(b, 2);
	body_copy(b, d.manufacturer, sizeof(d.manufacturer));
	body_copy(b, d.model, sizeof(d.model));
	body_copy(b, d.version, sizeof(d.version));
	body_copy(b, d.serial, sizeof(d.serial));
	if (b->bad || b->left != 0 || (d.can & ~(uint32_t)LISTING_CAN_ALL) != 0 ||
	    (d.battery > 100 && d.battery != LISTING_BATTERY_UNKNOWN) || d.clock_ms > 999)
		return err_set(e, -EPROTO, "a device that breaks the form");
	if (r->medium.kind == LISTING_BLOCKS || r->l.device.present || r->l.n_volumes > 0 ||
	    r->l.n_files > 0)
		return err_set(e, -EPROTO, "a device out of order");
	r->l.device = d;
	return 0;
}

static int take_volume(struct listing_reader *r, struct body *b, struct err *e)
{
	uint32_t unit = (uint32_t)body_number(b, 4);
	struct listing_volume v = { .unit = (uint8_t)unit, .size = body_number(b, 8) };

	v.free = body_number(b, 8);
	body_copy(b, v.filesystem, sizeof(v.filesystem));
	body_copy(b, v.label, sizeof(v.label));
	if (b->bad || b->left != 0 || !unit_exists(r, unit) ||
	    (v.free > v.size && v.free != LISTING_FREE_UNKNOWN))
		return err_set(e, -EPROTO, "a volume that breaks the form");
	if (r->l.n_volumes >= LISTING_VOLUMES_MAX)
		return err_set(e, -EPROTO, "more than %d volumes", LISTING_VOLUMES_MAX);
	r->l.volumes[r->l.n_volumes++] = v;
	return 0;
}

static int take_trouble(struct listing_reader *r, struct body *b, struct err *e)
{
	struct listing_trouble t = { .path = NULL };
	const uint8_t *path;
	size_t len;
	int ret;

	path = body_text(b, LISTING_PATH_MAX, &len);
	body_copy(b, t.text, sizeof(t.text));
	if (b->bad || b->left != 0 || (len > 0 && !name_is_path(path, len)))
		return err_set(e, -EPROTO, "a trouble that breaks the form");
	if (r->l.n_troubles >= LISTING_TROUBLES_MAX)
		return err_set(e, -EPROTO, "more than %d troubles", LISTING_TROUBLES_MAX);
	ret = grow(&r->l.troubles, r->l.n_troubles, &r->room_troubles, GROW_TROUBLES, sizeof(t),
		   e);
	if (ret < 0)
		return ret;
	t.path = strndup((const char *)path, len);
	if (t.path == NULL)
		return err_set(e, -ENOMEM, "no memory for a listing");
	r->l.troubles[r->l.n_troubles++] = t;
	return charge(r, listing_trouble_cost(&t), e);
}

static int take_read(struct listing_reader *r, struct body *b, struct listing_event *ev,
		     struct err *e)
{
	uint32_t unit = (uint32_t)body_number(b, 4);
	uint64_t offset = body_number(b, 8);
	uint32_t len = (uint32_t)body_number(b, 4);
	const struct listing_unit *u;

	if (b->bad || b->left != 0 || len == 0 || len > LISTING_READ_MAX ||
	    r->medium.kind != LISTING_BLOCKS || !unit_exists(r, unit))
		return err_set(e, -EPROTO, "a read that breaks the form");
	u = &r->medium.units[unit];
	if (!block_aligned(u, offset, len) || !inside_unit(u, offset, len))
		return err_set(e, -EPROTO, "a read outside the disk or its blocks");
	*ev = (struct listing_event){
		.what = LISTING_WANT_READ, .unit = (uint8_t)unit, .offset = offset, .len = len,
	};
	return 1;
}

static int take_operation(struct listing_reader *r, struct body *b, struct listing_event *ev,
			  struct err *e)
{
	struct listing_operation op;

	if (!body_operation(b, &op) || r->medium.kind == LISTING_BLOCKS)
		return err_set(e, -EPROTO, "an operation that breaks the form");
	if (!listing_is_mtp_read(op.code))
		return err_set(e, -EPROTO, "the operation %04x, which is not for a lister", op.code);
	if (r->n_operations >= LISTING_OPERATIONS_MAX)
		return err_set(e, -EPROTO, "more than %d operations", LISTING_OPERATIONS_MAX);
	r->n_operations++;
	*ev = (struct listing_event){ .what = LISTING_WANT_OPERATION, .op = op };
	return 1;
}

/* One whole message.  1: *ev is filled. */
static int take_message(struct listing_reader *r, enum listing_type type, struct body *b,
			struct listing_event *ev, struct err *e)
{
	if (r->complete)
		return err_set(e, -EPROTO, "a message behind the end");
	if (type != LISTING_EXTENTS)
		close_file(r);
	switch (type) {
	case LISTING_READ:	return take_read(r, b, ev, e);
	case LISTING_OPERATION:	return take_operation(r, b, ev, e);
	case LISTING_DEVICE:	return take_device(r, b, e);
	case LISTING_VOLUME:	return take_volume(r, b, e);
	case LISTING_FILE:	return take_file(r, b, false, e);
	case LISTING_EXTENTS:	return take_extents(r, b, e);
	case LISTING_DELETED:	return take_file(r, b, true, e);
	case LISTING_TROUBLE:	return take_trouble(r, b, e);
	case LISTING_END:
		if (b->left != 0)
			break;
		r->complete = true;
		*ev = (struct listing_event){ .what = LISTING_COMPLETE };
		return 1;
	case LISTING_MEDIUM:
	case LISTING_DATA:
	case LISTING_FAILED:
	case LISTING_DATASET:
	case LISTING_RESPONSE:
		break;
	}
	return err_set(e, -EPROTO, "a message of type %d that the lister may not send", type);
}

int listing_reader_feed(struct listing_reader *r, const uint8_t *p, size_t len, size_t *used,
			struct listing_event *ev, struct err *e)
{
	enum listing_type type;
	uint32_t body_len = 0;
	struct body b;
	int ret;

	*used = 0;
	for (;;) {
		size_t want = LISTING_HEADER, take;

		if (r->in.len >= LISTING_HEADER) {
			ret = listing_head(r->in.p, &type, &body_len);
			if (ret < 0) {
				err_set(e, ret, "bytes that are no message");
				break;
			}
			want += body_len;
		}
		if (r->in.len >= LISTING_HEADER && r->in.len == want) {
			b = (struct body){ r->in.p + LISTING_HEADER, body_len, false };
			ret = take_message(r, type, &b, ev, e);
			buf_reset(&r->in);
			if (ret != 0)
				break;
			continue;
		}
		take = MIN(want - r->in.len, len - *used);
		if (take == 0)
			return 0;
		buf_add(&r->in, p + *used, take);
		if (r->in.failed)
			return err_set(e, -ENOMEM, "no memory for a listing");
		*used += take;
	}
	if (ret == -EPROTO)
		err_prefix(e, "dock-lister broke the protocol");
	return ret;
}

void listing_reader_take(struct listing_reader *r, struct listing *ret)
{
	if (!r->complete)
		BUG("a listing was taken before its end");
	*ret = r->l;
	r->l = (struct listing){ .n_files = 0 };
	r->room_files = r->room_troubles = 0;
}
