/*
 * A mass-storage recorder as sectors that can be read: bulk-only transport
 * (USB MSC BOT 1.0) or USB Attached SCSI, and the read-only SCSI subset INQUIRY,
 * REPORT LUNS, TEST UNIT READY, REQUEST SENSE, READ CAPACITY(10/16),
 * READ(10/16).  No write command exists here, which makes this a write blocker.
 *
 * A recorder may have several units (LUNs), as those with an internal memory
 * and a card do: all are brought up, and read as one disk with one queue.
 *
 * One command is on the wire at a time, as bulk-only transport demands; reads queue behind one
 * another, so that the next READ leaves as soon as the last status came.  Reads
 * that go on where the one before them ends, on the disk and in memory, share a
 * command as far as one may take; when that fails, each has its own.
 *
 * Units    a sector is block_size bytes; offsets and lengths below are bytes.
 * Errors   see usb_io.h for callbacks.
 *          For one read, and the disk goes on: -EIO, the medium or the
 *          transport failed and recovery (BOT 1.0, 5.3 and 6.7) is done;
 *          -ERANGE, outside the disk; -EAGAIN, the queue is full.
 *          For good, every later read gets the same: -ENODEV, unplugged;
 *          -EPROTO, the device broke the protocol beyond recovery; -ETIMEDOUT,
 *          it stopped answering; -ENOMEDIUM, no card in any unit, or in one no
 *          longer the same;
 *          -ENOMEM, this computer had no memory for a transfer for half a minute.
 *          From disk_open alone: -ENOTSUP, it is no disk that can be read here.
 * Threads  the thread that runs the loop, and no other.
 * Memory   DISK_MEMORY_MAX for the disk itself; data goes into callers' buffers, by way of two
 *          requests' worth of memory that the seam lends, where it does.
 */
#ifndef RECORDER_DISK_H
#define RECORDER_DISK_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "recorder/usb_io.h"

enum {
	DISK_MEMORY_MAX = 16 * 1024,
	DISK_QUEUE_MAX = 16,		/* reads waiting; one more is -EAGAIN */
	DISK_READ_MAX = 1024 * 1024,	/* bytes of one disk_read */
	DISK_REQUEST_HS = 64 * 1024,	/* bytes of one READ up to high speed: what every
					 * firmware was tested with */
	DISK_REQUEST_SS = 512 * 1024,	/* and at SuperSpeed */
	DISK_COMMAND_TIMEOUT_MS = 30000,
	DISK_GREETING_TIMEOUT_MS = 3000,	/* of the first INQUIRY, which needs no medium; then a
						 * reset, since whoever read before us may have been
						 * killed in the middle of a command */
};

enum { DISK_UNITS_MAX = 8 };	/* of more, the first ones are read */

struct disk_unit {
	uint64_t size;			/* bytes; 0: no medium in it, or it is no disk */
	uint32_t block_size;		/* 512 or 4096 */
};

/* One unit at least has a medium.  The names are those of the first one that has. */
struct disk_info {
	struct disk_unit units[DISK_UNITS_MAX];
	unsigned n_units;
	char vendor[9], product[17], revision[5];	/* INQUIRY, spaces trimmed, printable ASCII */
};

struct disk;

/*
 * Bring the disk up: cb gets 0 and info, or why not.  It takes io; whatever cb
 * got, disk_close() is what lets go of it (and cb gets -ECANCELED when that
 * comes first).  When the call itself fails (-ENOMEM), io is still the
 * caller's and there is no disk.
 */
int disk_open(uv_loop_t *loop, struct usb_io *io,
	      void (*cb)(void *data, int r, struct disk *d, const struct disk_info *info,
			 const struct err *e),
	      void *data, struct disk **ret);

/* One read, in memory of the caller that stays untouched until cb. */
struct disk_read {
	uint8_t unit;
	uint64_t offset;		/* multiple of its block_size */
	uint32_t len;			/* multiple of block_size, <= DISK_READ_MAX */
	uint8_t *buf;
	void (*cb)(struct disk_read *r, int result);	/* 0: all len bytes are there */
	void *data;
	const char *why;		/* what happened, when it failed; until cb returns */
	bool hung;			/* it failed since no answer came: to ask for a part of it
					 * could cost as much again, and end the disk */
	struct disk_read *next;		/* the disk's own while queued */
};

/* After disk_open's cb got 0. */
int disk_read(struct disk *d, struct disk_read *r);

/*
 * End whatever is queued (each cb comes with -ECANCELED or -ENODEV), close the
 * interface.  cb comes last; d is gone then.
 */
void disk_close(struct disk *d, void (*cb)(void *data), void *data);

#endif
