/*
 * The bulk data's way: from the card through a ring of blocks into the vault.
 * Reads go ahead of writes; writes are in order.
 *
 * Where the card does not give a block, smaller pieces of it are read, down to
 * the medium's grain: what can be had is kept, what cannot becomes zeros and a
 * hole.  A file may cost PUMP_NARROW_MS of that and have PUMP_HOLES_MAX holes;
 * what goes beyond, or gives no answer at all, cannot be read.
 *
 * Errors, Threads  as everywhere on the loop: see recorder/usb_io.h.
 * Memory   PUMP_MEMORY a pump, made once a session and used for every file.
 */
#ifndef DOCKD_PUMP_H
#define DOCKD_PUMP_H

#include <stdint.h>

#include "format/listing.h"
#include "medium.h"
#include "rate.h"
#include "records.h"
#include "vault/vault.h"

enum {
	PUMP_BLOCK_SIZE = 256 * 1024,
	PUMP_BLOCKS = 4,
	PUMP_HOLES_MAX = 64,
	PUMP_NARROW_MS = 120 * 1000,
	PUMP_MEMORY = PUMP_BLOCKS * PUMP_BLOCK_SIZE,
};

struct pump;

int pump_new(uv_loop_t *loop, struct pump **ret);
void pump_free(struct pump *p);		/* at rest; NULL is fine */

enum pump_end {
	PUMP_DONE,		/* all bytes of the file were written, or zeros for holes */
	PUMP_READ_FAILED,	/* r: what medium.h says */
	PUMP_WRITE_FAILED,	/* r: what vault.h says */
};

struct pump_job {
	struct medium *medium;
	const struct listing_file *file;
	uint64_t from;			/* less than its size, a multiple of VAULT_ALIGN */
	struct rate *slot, *total;	/* how fast; NULL: as fast as can be */
	struct vault_put *put;		/* stays the caller's */
	/* Nothing is in flight any more, in whatever way it ended. */
	void (*cb)(void *data, enum pump_end end, int r);
	void (*progress)(void *data);	/* pump_written moved */
	void *data;
};

/* One job at a time.  0, or negative when the first read could not start. */
int pump_start(struct pump *p, const struct pump_job *job);

/* Start nothing more: cb comes as PUMP_READ_FAILED, -ECANCELED, once what is in flight ended. */
void pump_stop(struct pump *p);

/* Bytes of the current or latest file that the vault has taken, with those before job.from. */
uint64_t pump_written(const struct pump *p);

/* What the card did not give of it, in order, neighbours merged.  Until the next job. */
const struct record_hole *pump_holes(const struct pump *p, size_t *ret_n);

#endif
