/*
 * The bulk data's way: from the card through a ring of blocks into the vault.
 * Reads go ahead of writes; writes are in order.
 *
 * Errors, Threads  as everywhere on the loop: see recorder/usb_io.h.
 * Memory   PUMP_MEMORY a pump, made once a session and used for every file.
 */
#ifndef DOCKD_PUMP_H
#define DOCKD_PUMP_H

#include <stdint.h>

#include "format/listing.h"
#include "recorder/disk.h"
#include "vault/vault.h"

enum {
	PUMP_BLOCK_SIZE = 512 * 1024,
	PUMP_BLOCKS = 4,
	PUMP_MEMORY = PUMP_BLOCKS * PUMP_BLOCK_SIZE,
};

struct pump;

int pump_new(struct pump **ret);
void pump_free(struct pump *p);		/* at rest; NULL is fine */

enum pump_end {
	PUMP_DONE,		/* all bytes of the file were written */
	PUMP_READ_FAILED,	/* r: what fetch.h says */
	PUMP_WRITE_FAILED,	/* r: what vault.h says */
};

struct pump_job {
	struct disk *disk;
	uint32_t block_size;			/* of the disk */
	const struct listing_file *file;	/* not empty */
	struct vault_put *put;			/* stays the caller's */
	/* Nothing is in flight any more, in whatever way it ended. */
	void (*cb)(void *data, enum pump_end end, int r);
	void (*progress)(void *data);		/* pump_written moved */
	void *data;
};

/* One job at a time.  0, or negative when the first read could not start. */
int pump_start(struct pump *p, const struct pump_job *job);

/* Start nothing more: cb comes as PUMP_READ_FAILED, -ECANCELED, once what is in flight ended. */
void pump_stop(struct pump *p);

/* Bytes of the current or latest file that the vault has taken. */
uint64_t pump_written(const struct pump *p);

#endif
