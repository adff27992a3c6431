/* An MTP device in memory, as tables: what it answers to the operations of a lister. */
#ifndef UNIT_MTP_RIG_H
#define UNIT_MTP_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "format/listing.h"

struct mtp_rig_object {
	uint32_t handle, parent, storage;	/* storage 0: the first */
	uint16_t format;			/* 0x3001: a folder */
	uint64_t size;
	const char *name;			/* ASCII */
	const char *modified;			/* as the device writes it; NULL: "" */
};

struct mtp_rig {
	const uint16_t *lacks;			/* operations, 0 at the end; NULL: none */
	bool bare;				/* no properties of the device */
	bool flat;				/* asked for all handles it gives those at the root */
	unsigned n_storages;
	const struct mtp_rig_object *objects;
	uint32_t n_objects;
};

enum { MTP_RIG_STORAGE = 0x10001 };		/* the first; the next is 0x20001 */

/* The device of most tests: two storages, folders, a file of 5 GiB. */
extern const struct mtp_rig mtp_rig_device;

/* Append what the operation returns; the response's code. */
uint16_t mtp_rig_answer(const struct mtp_rig *rig, const struct listing_operation *op,
			struct buf *ret);

/* A string as MTP has it. */
void mtp_rig_string(struct buf *b, const char *text);

#endif
