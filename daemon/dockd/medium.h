/*
 * What a session reads from, whatever it is: a disk of one or more units
 * (medium_disk.c), or an MTP device (medium_mtp.c).  What brings another kind
 * fills in medium_impl.h's struct of functions; nothing else here changes.
 *
 * Errors, Threads  as everywhere on the loop: see recorder/usb_io.h.
 *          Of one place, and the medium goes on: -EIO, it does not give these
 *          bytes; -ERANGE, the file ends before them, or is not there at all.
 *          All else is for good: see recorder/disk.h and recorder/mtp.h.
 * Memory   what disk.h and mtp.h say; data goes into callers' buffers.
 */
#ifndef DOCKD_MEDIUM_H
#define DOCKD_MEDIUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "extent.h"
#include "format/listing.h"
#include "recorder/disk.h"
#include "recorder/mtp.h"
#include "recorder/usb_io.h"

enum { MEDIUM_GRAIN_MAX = 4096 };

struct medium;

struct medium_info {
	struct listing_medium listing;	/* as its lister is told */
	struct disk_info disk;		/* all 0 of what is no disk */
};

struct medium_events {
	/* r 0: info is there, e is NULL.  r < 0: the other way round. */
	void (*opened)(void *data, int r, const struct medium_info *info, const struct err *e);
	/* It is not what it was; why is a sentence.  At any time until medium_close. */
	void (*changed)(void *data, const char *why);
	void *data;
};

/*
 * By the io's protocol.  It takes io; whatever opened() got, medium_close() is
 * what lets go of it.  When the call itself fails (-ENOMEM), io is still the
 * caller's and there is no medium.
 */
int medium_open(uv_loop_t *loop, struct usb_io *io, const struct medium_events *events,
		struct medium **ret);

/* The listing is there: what the device said of itself decides how it is read from now on. */
void medium_listed(struct medium *m, const struct listing *l);

/* ------ content ------ */

/* Offsets of reads are multiples of that, and nothing smaller need be tried where a read fails. */
uint32_t medium_grain(const struct medium *m, const struct listing_file *f);

/* False: bytes come in order alone, so that reading the tail of a file means reading all of it. */
bool medium_reads_anywhere(const struct medium *m);

/* The caller's; the fields above `cb` and itself are set by the caller, all 0 otherwise. */
struct medium_read {
	struct medium *medium;
	const struct listing_file *file;
	struct extent_cursor cursor;
	uint64_t at;			/* in the file, a multiple of the grain */
	size_t len;			/* bytes wanted */
	uint8_t *buf;			/* room for len rounded up to a grain */
	void (*cb)(struct medium_read *r, int result);
	void *data;

	bool hung;			/* it failed since no answer came: see disk_read */
	size_t filled;
	union {
		struct disk_read disk;
		struct mtp_read mtp;
	} piece;
	struct medium_read *next;	/* the medium's own */
};

/*
 * One stretch of a file.  Bytes behind file->valid are zeros and not read.
 * < 0: not started.  0: cb comes once, later; until then r and its memory are in
 * use.  A read cannot be taken back, but medium_close ends it.  Several may be
 * under way.
 */
int medium_read(struct medium_read *r);

/* Is this about the one place that was read, not about the device? */
bool medium_is_local(int r);

/* ------ the lister's half ------ */

/* One READ or OPERATION of a lister.  The caller's, all 0 but for what is above `response`. */
struct medium_serving {
	struct listing_event want;
	uint8_t *buf;			/* LISTING_READ_MAX bytes */
	/* The next len bytes of a dataset are in buf; the device waits for medium_serve_more(). */
	void (*piece)(struct medium_serving *s, uint32_t len);
	/* 0: the bytes of a READ are in buf, or the response to an OPERATION below. */
	void (*cb)(struct medium_serving *s, int r);
	void *data;

	struct listing_operation response;
	int64_t asked_ms, answered_ms;	/* utc, of an OPERATION */
	union {
		struct disk_read disk;
		struct mtp_query mtp;
	} request;
};

/* < 0: not started. */
int medium_serve(struct medium *m, struct medium_serving *s);
void medium_serve_more(struct medium *m, struct medium_serving *s);

/* ------ */

/* End whatever is under way (each cb comes), let go of the io.  cb comes last; m is gone then. */
void medium_close(struct medium *m, void (*cb)(void *data), void *data);

#endif
