#include "unit/mtp_rig.h"

#include <endian.h>
#include <string.h>

#include "base/util.h"
#include "format/mtp_data.h"

static void put(struct buf *b, uint64_t n, size_t len)
{
	n = htole64(n);
	buf_add(b, &n, len);
}

void mtp_rig_string(struct buf *b, const char *text)
{
	size_t n = text == NULL ? 0 : strlen(text);

	put(b, n == 0 ? 0 : n + 1, 1);
	for (size_t i = 0; n > 0 && i <= n; i++)
		put(b, (uint8_t)text[i], 2);
}

static void put_array(struct buf *b, const uint16_t *items, const uint16_t *but)
{
	uint32_t n = 0, at = (uint32_t)b->len, le;

	put(b, 0, 4);
	for (; *items != 0; items++) {
		const uint16_t *lacks = but;

		while (lacks != NULL && *lacks != 0 && *lacks != *items)
			lacks++;
		if (lacks != NULL && *lacks != 0)
			continue;
		put(b, *items, 2);
		n++;
	}
	le = htole32(n);
	if (!b->failed)
		memcpy(b->p + at, &le, 4);
}

static const uint16_t operations[] = {
	0x1001, 0x1002, 0x1003, 0x1004, 0x1005, 0x1006, 0x1007, 0x1008, 0x1009, 0x100b, 0x100c,
	0x100d, 0x1014, 0x1015, 0x1016, 0x101b, 0x9801, 0x9802, 0x9803, 0x9805, 0x95c1, 0,
};

static void put_device(const struct mtp_rig *rig, struct buf *b)
{
	static const uint16_t props[] = { 0x5001, 0x5011, 0xd401, 0 }, none[] = { 0 };

	put(b, 100, 2);
	put(b, 6, 4);
	put(b, 100, 2);
	mtp_rig_string(b, "microsoft.com: 1.0; android.com: 1.0;");
	put(b, 0, 2);
	put_array(b, operations, rig->lacks);
	put_array(b, (const uint16_t[]){ 0x4002, 0x4003, 0 }, NULL);
	put_array(b, rig->bare ? none : props, NULL);
	put_array(b, none, NULL);
	put_array(b, (const uint16_t[]){ 0x3001, 0x300b, 0 }, NULL);
	mtp_rig_string(b, "Maker");
	mtp_rig_string(b, "DSJ/A1");
	mtp_rig_string(b, "2.1");
	mtp_rig_string(b, "0042");
}

static uint32_t storage_id(unsigned n)
{
	return (uint32_t)(n + 1) << 16 | 1;
}

static void put_storage(struct buf *b)
{
	put(b, 3, 2);
	put(b, 2, 2);
	put(b, 0, 2);
	put(b, UINT64_C(64) << 30, 8);
	put(b, UINT64_C(10) << 30, 8);
	put(b, UINT32_MAX, 4);
	mtp_rig_string(b, "Card");
	mtp_rig_string(b, "");
}

static uint32_t storage_of(const struct mtp_rig_object *o)
{
	return o->storage != 0 ? o->storage : MTP_RIG_STORAGE;
}

static void put_info(const struct mtp_rig_object *o, struct buf *b)
{
	put(b, storage_of(o), 4);
	put(b, o->format, 2);
	put(b, 0, 2);
	put(b, MIN(o->size, UINT32_MAX), 4);
	for (size_t i = 0; i < 26; i++)
		put(b, 0, 1);		/* thumbnail and picture */
	put(b, o->parent, 4);
	put(b, o->format == MTP_FORMAT_ASSOCIATION, 2);
	put(b, 0, 4);
	put(b, 0, 4);
	mtp_rig_string(b, o->name);
	mtp_rig_string(b, "");
	mtp_rig_string(b, o->modified);
	mtp_rig_string(b, "");
}

static void put_element(struct buf *b, uint32_t handle, uint16_t prop, uint16_t type)
{
	put(b, handle, 4);
	put(b, prop, 2);
	put(b, type, 2);
}

/* With two properties that nobody asked for: a number of 128 bits and an array. */
static void put_props(const struct mtp_rig_object *o, struct buf *b)
{
	put_element(b, o->handle, MTP_PROP_STORAGE, MTP_TYPE_UINT32);
	put(b, storage_of(o), 4);
	put_element(b, o->handle, MTP_PROP_FORMAT, MTP_TYPE_UINT16);
	put(b, o->format, 2);
	put_element(b, o->handle, 0xdc41, MTP_TYPE_UINT128);
	put(b, o->handle, 8);
	put(b, 0, 8);
	put_element(b, o->handle, MTP_PROP_SIZE, MTP_TYPE_UINT64);
	put(b, o->size, 8);
	put_element(b, o->handle, MTP_PROP_NAME, MTP_TYPE_STRING);
	mtp_rig_string(b, o->name);
	put_element(b, o->handle, 0xdc86, MTP_TYPE_ARRAY | MTP_TYPE_UINT8);
	put(b, 3, 4);
	put(b, 0x515151, 3);
	put_element(b, o->handle, MTP_PROP_MODIFIED, MTP_TYPE_STRING);
	mtp_rig_string(b, o->modified);
	put_element(b, o->handle, MTP_PROP_PARENT, MTP_TYPE_UINT32);
	put(b, o->parent, 4);
}

enum { PROPS_OF_AN_OBJECT = 8 };

static const struct mtp_rig_object *find(const struct mtp_rig *rig, uint32_t handle)
{
	for (uint32_t i = 0; i < rig->n_objects; i++) {
		if (rig->objects[i].handle == handle)
			return &rig->objects[i];
	}
	return NULL;
}

static bool is_asked_for(const struct mtp_rig *rig, const struct mtp_rig_object *o,
			 const struct listing_operation *op)
{
	const uint32_t folder = op->params[2];

	return storage_of(o) == op->params[0] &&
	       (folder == 0 ? !rig->flat || o->parent == 0 : o->parent == folder);
}

static void put_handles(const struct mtp_rig *rig, const struct listing_operation *op,
			struct buf *b)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < rig->n_objects; i++)
		n += is_asked_for(rig, &rig->objects[i], op);
	put(b, n, 4);
	for (uint32_t i = 0; i < rig->n_objects; i++) {
		if (is_asked_for(rig, &rig->objects[i], op))
			put(b, rig->objects[i].handle, 4);
	}
}

static void put_desc(uint32_t prop, struct buf *b)
{
	put(b, prop, 2);
	if (prop == MTP_PROP_CLOCK) {
		put(b, MTP_TYPE_STRING, 2);
		put(b, 1, 1);
		mtp_rig_string(b, "");
		mtp_rig_string(b, "20261123T204258");
		put(b, 0, 1);
		return;
	}
	put(b, MTP_TYPE_UINT8, 2);
	put(b, 0, 1);
	put(b, 100, 1);
	put(b, 71, 1);
	put(b, 1, 1);
	put(b, 0x016400, 3);		/* from 0 to 100 by 1 */
}

static uint16_t answer_about(const struct mtp_rig_object *o, const struct listing_operation *op,
			     struct buf *ret)
{
	if (o == NULL)
		return 0x2009;		/* Invalid_ObjectHandle */
	if (op->code == MTP_OP_OBJECT_INFO)
		put_info(o, ret);
	else
		put(ret, o->size, 8);
	return MTP_RESPONSE_OK;
}

uint16_t mtp_rig_answer(const struct mtp_rig *rig, const struct listing_operation *op,
			struct buf *ret)
{
	switch (op->code) {
	case MTP_OP_DEVICE_INFO:	put_device(rig, ret); break;
	case MTP_OP_STORAGE_INFO:	put_storage(ret); break;
	case MTP_OP_OBJECT_HANDLES:	put_handles(rig, op, ret); break;
	case MTP_OP_DEVICE_PROP_DESC:	put_desc(op->params[0], ret); break;
	case MTP_OP_DEVICE_PROP_VALUE:	mtp_rig_string(ret, "20261123T204258.3+0800"); break;
	case MTP_OP_OBJECT_INFO:
	case MTP_OP_OBJECT_PROP_VALUE:
		return answer_about(find(rig, op->params[0]), op, ret);
	case MTP_OP_STORAGE_IDS:
		put(ret, rig->n_storages, 4);
		for (unsigned i = 0; i < rig->n_storages; i++)
			put(ret, storage_id(i), 4);
		break;
	case MTP_OP_OBJECT_PROP_LIST:
		put(ret, rig->n_objects * (uint64_t)PROPS_OF_AN_OBJECT, 4);
		for (uint32_t i = 0; i < rig->n_objects; i++)
			put_props(&rig->objects[i], ret);
		break;
	default:
		return 0x2005;		/* Operation_Not_Supported */
	}
	return MTP_RESPONSE_OK;
}

static const struct mtp_rig_object objects[] = {
	{ 1, 0, 0, 0x3001, 0, "DCIM", NULL },
	{ 2, 1, 0, 0x3001, 0, "100MEDIA", NULL },
	{ 3, 2, 0, 0x300b, 1400, "A.MP4", "20261123T204258" },
	{ 4, 2, 0, 0x300b, UINT64_C(5) << 30, "B.MP4", "20261123T214258Z" },
	{ 5, 0, 0, 0x3000, 0, "EMPTY.TXT", NULL },
	{ 6, 0, 0x20001, 0x3000, 7, "C.MP4", "2026-11-23 20:42:58" },
};
const struct mtp_rig mtp_rig_device = {
	.n_storages = 2, .objects = objects, .n_objects = COUNT(objects),
};
