/*
 * A recorder that shows files, not sectors: one MTP session (ISO 15740, MTP
 * 1.1) on one claimed still-image interface.
 *
 * One transaction is on the wire at a time, as the standard demands; requests
 * queue behind one another and are carried out in order, so that the next
 * command leaves as soon as the last response came.
 *
 * What goes onto the wire reads, but for what is named below: mtp_delete(),
 * mtp_set_clock(), mtp_send() and mtp_vendor().  ptp.h asks once more.
 *
 * Units    lengths and offsets are bytes.
 * Errors   see usb_io.h for callbacks.
 *          For one request, and the session goes on: -EIO, the device refused,
 *          sent less or more than was asked, or the transfer failed and
 *          recovery is done; -EAGAIN, the queue is full.
 *          For good, every later request gets the same: -ENODEV, unplugged;
 *          -EPROTO, the device broke the protocol beyond recovery, or had to be
 *          reset, after which its handles may be those of other objects;
 *          -ETIMEDOUT, it stopped answering; -ENOMEM, this computer had no
 *          memory for a transfer for half a minute.
 *          From mtp_open alone: -ENOTSUP, no endpoints that could serve;
 *          -EBUSY, the device stayed busy.
 * Threads  the thread that runs the loop, and no other.
 * Memory   MTP_MEMORY_MAX for the session itself; data goes into callers'
 *          buffers, and no transfer waits for data that has no room there.
 */
#ifndef RECORDER_MTP_H
#define RECORDER_MTP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "recorder/ptp.h"
#include "recorder/usb_io.h"

enum {
	MTP_MEMORY_MAX = 96 * 1024,
	MTP_QUEUE_MAX = 16,		/* requests waiting; one more is -EAGAIN */
	MTP_READ_MAX = 1024 * 1024,	/* bytes of one mtp_read */
	MTP_ROOM_UNIT = 4096,		/* of the room of an mtp_query */
	MTP_SEND_MAX = 4096,		/* bytes of one mtp_send */
};

struct mtp;

/*
 * Open the session: cb gets 0, or why not.  A session that is still open is
 * fine, and a device that somebody left in mid-transaction is brought back
 * first.  It takes io; whatever cb got, mtp_close() is what lets go of it (and
 * cb gets -ECANCELED when that comes first).  When the call itself fails
 * (-ENOMEM), io is still the caller's and there is no session.
 *
 * changed: the device told by an event that its medium is not what it was; why
 * is a sentence, valid until it returns.  Any number of times, until mtp_close().
 */
int mtp_open(uv_loop_t *loop, struct usb_io *io,
	     void (*cb)(void *data, int r, struct mtp *m, const struct err *e),
	     void (*changed)(void *data, const char *why), void *data, struct mtp **ret);

/*
 * An operation of ptp_is_read() that returns a dataset, or nothing.  The
 * caller's memory, untouched from mtp_query() to cb but for what piece() lends.
 */
struct mtp_query {
	struct mtp_operation op;
	uint8_t *buf;
	uint32_t room;			/* of buf: a multiple of MTP_ROOM_UNIT, not 0 */

	/*
	 * The next len bytes (1..room) of the dataset are in buf.  The device
	 * waits until mtp_query_more(), which may be called from inside.
	 */
	void (*piece)(struct mtp_query *q, uint32_t len);
	/* 0: there is a response, whatever its code.  < 0: what pieces brought is void. */
	void (*cb)(struct mtp_query *q, int r);
	void *data;

	/* For cb: */
	struct mtp_response response;
	int64_t asked_ms, answered_ms;	/* utc: the command went out, the first answer came */
	const char *why;		/* what happened, when r < 0; until cb returns */
};

/* After mtp_open's cb got 0; so all below.  -EINVAL: not an operation that reads, or no room. */
int mtp_query(struct mtp *m, struct mtp_query *q);

/* The last piece is dealt with.  Once for each. */
void mtp_query_more(struct mtp *m, struct mtp_query *q);

/* By what objects can be read, as the device's DeviceInfo says.  Before the first mtp_read(). */
void mtp_set_can(struct mtp *m, bool partial64, bool partial, bool object);

/* False: only GetObject, so that reading out of order is dear. */
bool mtp_reads_anywhere(const struct mtp *m);

/*
 * One read, in memory of the caller that stays untouched until cb.
 * GetPartialObject64, else GetPartialObject where it reaches, else one GetObject
 * that stays open: reads further on in the same object go on with it, all else
 * cancels it, and a read further back begins anew and passes over what is
 * before it.
 */
struct mtp_read {
	uint32_t handle;
	uint64_t size;			/* of the object */
	uint64_t offset;
	uint32_t len;			/* 1..MTP_READ_MAX */
	uint8_t *buf;
	void (*cb)(struct mtp_read *r, int result);	/* 0: all len bytes are there */
	void *data;
	const char *why;		/* what happened, when it failed; until cb returns */
};

/* -ERANGE: outside the object.  -ENOTSUP: mtp_set_can() left no way to read it. */
int mtp_read(struct mtp *m, struct mtp_read *r);

/*
 * What writes, and the unlock.  r 0: there is a response, whatever its code;
 * r < 0: nobody knows whether it was done.  None is ever tried again but when
 * the device said that it was busy.
 */
typedef void (*mtp_act_cb)(void *data, int r, uint16_t response);

/* DeleteObject. */
int mtp_delete(struct mtp *m, uint32_t handle, mtp_act_cb cb, void *data);

/* SetDevicePropValue of DateTime, "20261123T204258". */
int mtp_set_clock(struct mtp *m, const char *datetime, mtp_act_cb cb, void *data);

/*
 * SendObjectInfo and SendObject: a new file of at most MTP_SEND_MAX bytes.
 * name is UTF-8.  All is copied.  response: of whichever was the last.
 */
int mtp_send(struct mtp *m, uint32_t storage, uint32_t parent, const char *name,
	     const uint8_t *p, uint32_t len, mtp_act_cb cb, void *data);

/* An operation of ptp_is_vendor() without data.  -EINVAL: it is not one. */
int mtp_vendor(struct mtp *m, const struct mtp_operation *op, mtp_act_cb cb, void *data);

/*
 * End whatever is queued (each cb comes with -ECANCELED or what ended the
 * session), stop what runs, close the session if the device does so within a
 * second, close the interface.  cb comes last; m is gone then.
 */
void mtp_close(struct mtp *m, void (*cb)(void *data), void *data);

#endif
