/* What both halves of the listing protocol share: its limits and its values. */
#include "format/listing.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/mtp_data.h"

enum {
	ALLOCATION = 48,		/* of the C library's own, for the two or three of an entry */
};

void listing_clear(struct listing *l)
{
	for (uint32_t i = 0; i < l->n_files; i++) {
		free(l->files[i].path);
		free(l->files[i].raw);
		free(l->files[i].extents);
	}
	for (uint32_t i = 0; i < l->n_troubles; i++)
		free(l->troubles[i].path);
	free(l->files);
	free(l->troubles);
	*l = (struct listing){ .n_files = 0 };
}

uint64_t listing_file_cost(const struct listing_file *f)
{
	return sizeof(*f) + strlen(f->path) + 1 + f->raw_len + ALLOCATION +
	       (uint64_t)f->n_extents * sizeof(*f->extents);
}

uint64_t listing_trouble_cost(const struct listing_trouble *t)
{
	return sizeof(*t) + strlen(t->path) + 1 + ALLOCATION;
}

int listing_head(const uint8_t head[LISTING_HEADER], enum listing_type *ret_type,
		 uint32_t *ret_len)
{
	uint8_t type = head[0];
	uint32_t len;

	memcpy(&len, head + 4, sizeof(len));
	len = le32toh(len);
	if (head[1] != 0 || head[2] != 0 || head[3] != 0 || len > LISTING_MESSAGE_MAX)
		return -EPROTO;
	if (!(type >= LISTING_READ && type <= LISTING_DEVICE) &&
	    !(type >= LISTING_MEDIUM && type <= LISTING_RESPONSE))
		return -EPROTO;
	*ret_type = (enum listing_type)type;
	*ret_len = len;
	return 0;
}

static bool unit_is_sound(const struct listing_unit *u)
{
	return u->size == 0 ||
	       (u->block_size >= 512 && u->block_size <= 4096 &&
		(u->block_size & (u->block_size - 1)) == 0 && u->size % u->block_size == 0 &&
		u->size <= INT64_MAX);
}

bool listing_medium_is_sound(const struct listing_medium *m)
{
	if (m->encoding != LISTING_GB18030 && m->encoding != LISTING_UTF8)
		return false;
	if (m->kind == LISTING_MTP)
		return m->n_units == 0;
	if (m->kind != LISTING_BLOCKS || m->n_units == 0 || m->n_units > LISTING_UNITS_MAX)
		return false;
	for (unsigned i = 0; i < m->n_units; i++) {
		if (!unit_is_sound(&m->units[i]))
			return false;
	}
	return true;
}

bool listing_is_mtp_read(uint16_t code)
{
	switch (code) {
	case MTP_OP_DEVICE_INFO:
	case MTP_OP_STORAGE_IDS:
	case MTP_OP_STORAGE_INFO:
	case MTP_OP_NUM_OBJECTS:
	case MTP_OP_OBJECT_HANDLES:
	case MTP_OP_OBJECT_INFO:
	case MTP_OP_DEVICE_PROP_DESC:
	case MTP_OP_DEVICE_PROP_VALUE:
	case MTP_OP_OBJECT_PROPS_SUPPORTED:
	case MTP_OP_OBJECT_PROP_DESC:
	case MTP_OP_OBJECT_PROP_VALUE:
	case MTP_OP_OBJECT_PROP_LIST:
		return true;
	default:
		return false;
	}
}
