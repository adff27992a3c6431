/*
 * A dock-lister child and its socket pair: answers what it asks of the medium,
 * sectors of a disk or operations of an MTP device, builds the listing, and ends
 * it at the first thing that is not in order.
 *
 * Nothing it says is trusted: format/listing.h bounds the listing, and here are
 * bounds for how long it may be silent, how long it may take, and how much it
 * may read.  It gets an empty environment, a socket, and standard error.
 *
 * Errors, Threads  as everywhere on the loop: see recorder/usb_io.h.
 *          -ECANCELED: lister_stop; -EPROTO: it broke the protocol; -ETIMEDOUT:
 *          it was silent for too long, or took too long; -E2BIG: it reads without
 *          end; -ECHILD: it died; otherwise what the medium failed with.
 * Memory   LISTER_MEMORY, and the listing (LISTING_BYTES_MAX at most).
 */
#ifndef DOCKD_LISTER_PROC_H
#define DOCKD_LISTER_PROC_H

#include <stdint.h>
#include <uv.h>

#include "format/listing.h"
#include "medium.h"

enum {
	LISTER_FD = 3,				/* where the child finds its socket */
	LISTER_IN = 16 * 1024,
	LISTER_MEMORY = LISTER_IN + LISTING_READ_MAX + LISTING_HEADER + LISTING_MESSAGE_MAX,
	LISTER_TOTAL_MS = 15 * 60 * 1000,
};

/* A walk reads every FAT and every directory once or a few times; datasets count as well. */
#define LISTER_READ_TOTAL_MAX	(UINT64_C(4) << 30)

struct lister;

struct lister_job {
	uv_loop_t *loop;
	const char *path;		/* of the program */
	uint32_t silence_ms;		/* no answer for that long ends it */
	struct medium *medium;		/* stays the caller's, open until cb */
	struct listing_medium what;	/* it is */
	/* The child is gone.  0: listing is the callee's to clear; otherwise NULL, and e says why. */
	void (*cb)(void *data, int r, struct listing *listing, const struct err *e);
	void *data;
};

int lister_start(const struct lister_job *job, struct lister **ret, struct err *e);

/* End it now; cb still comes. */
void lister_stop(struct lister *l);

#endif
