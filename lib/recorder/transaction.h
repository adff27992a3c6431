/*
 * One PTP transaction at a time: does what ptp.h decides.
 *
 * Nothing is asked of the device before it is due, neither the answer before
 * the command went out nor the response before the data is there: no other host
 * does, so that no firmware was tested with it.  Data comes in several
 * transfers at once, straight into the owner's memory, and only while there is
 * some: between a take and the next the device waits.
 *
 * Errors   nothing here fails in the call; what goes wrong is how it ends.
 *          Events come from the loop, never from inside a call.
 * Threads  the thread that runs the loop, and no other.
 */
#ifndef RECORDER_TRANSACTION_H
#define RECORDER_TRANSACTION_H

#include <uv.h>

#include "recorder/ptp.h"
#include "recorder/usb_io.h"

enum {
	TRANSACTION_TIMEOUT_MS = 30000,
	TRANSACTION_GREETING_TIMEOUT_MS = 3000,	/* then whoever spoke to it before us may have been
						 * killed in mid-transaction */
	TRANSACTION_RECOVERY_TIMEOUT_MS = 5000,	/* of each step of a recovery */
	TRANSACTION_SILENCE_MS = 100,		/* a device that sends nothing for that long after a
						 * Cancel has nothing left to send */
	TRANSACTION_FLIGHTS = 4,		/* transfers of data at once */
	TRANSACTION_FLIGHT = 64 * 1024,		/* bytes of each: at 40 recorders 10 MiB of the 16
						 * that usbfs has for all */
	TRANSACTION_PACKET_MAX = 1024,
	TRANSACTION_OUT_MAX = 4096,		/* bytes of data that go to the device */
};

struct transaction_events {
	/* Data has begun: take it, finish when there is none, or stop. */
	void (*data)(void *data);
	/* A take is done; the same. */
	void (*taken)(void *data);
	/* One of the end states of ptp.h. */
	void (*ended)(void *data, enum ptp_state end);
};

struct transaction {
	/* What there is to know of the one at hand, or of the last: */
	uint64_t left;			/* bytes of data not yet taken, or PTP_UNKNOWN */
	bool over;			/* no more data comes, whatever was promised */
	uint32_t got;			/* bytes of the last take */
	struct mtp_response response;	/* after PTP_ANSWERED */
	int64_t asked_ms, answered_ms;	/* utc: the command went out, its first answer came */
	const char *why;		/* the first thing that went wrong, or NULL */
	bool timed_out;			/* it was that no answer came */
	bool running;

	/* The rest is transaction*.c's. */
	struct usb_io *io;
	const struct transaction_events *events;
	void *data;
	enum ptp_state state;
	bool cancelled;
	bool ours;			/* the session */
	uint32_t tid, last_tid;
	struct mtp_operation op;
	uint64_t most;
	uint32_t out_len;

	enum ptp_event verdict;		/* how the step at hand ended, once everything is back */
	const char *verdict_why;
	bool judged;
	uv_timer_t timer;
	void (*resume)(struct transaction *t);
	void (*fini)(void *data);
	uint32_t waited_ms;

	unsigned flying;		/* transfers, clears and resets not yet back */
	struct usb_xfer x_out, x_in, x_control;
	bool halted_in, halted_out;
	unsigned drained;		/* transfers taken while draining */
	uint32_t settling_ms;		/* how long it has been busy cancelling */

	/* Data that comes in. */
	struct usb_xfer flights[TRANSACTION_FLIGHTS];
	unsigned first, n_flights;	/* of them: the oldest, and how many fly */
	uint8_t *into;			/* NULL: passed over */
	uint32_t want, asked;
	uint32_t held_at, held;		/* of `packet`: what no take had room for yet */
	bool ended;			/* the device sent the packet that ends its data */
	bool in_place;			/* the response came where data was promised */

	uint8_t out[PTP_HEADER_LEN + TRANSACTION_OUT_MAX], packet[TRANSACTION_PACKET_MAX];
	uint8_t control[8 + PTP_CONTAINER_MAX];
	uint8_t scratch[TRANSACTION_FLIGHT];
};

/* io->max_packet is at most TRANSACTION_PACKET_MAX and holds a container. */
void transaction_init(struct transaction *t, uv_loop_t *loop, struct usb_io *io,
		      const struct transaction_events *events, void *data);

/* When nothing runs.  cb comes later, once nothing of it is in the loop. */
void transaction_fini(struct transaction *t, void (*cb)(void *data));

/*
 * Open the session.  Ends with PTP_ANSWERED, then look at the response, or
 * with any other end state.
 */
void transaction_open(struct transaction *t);

/*
 * Carry out op.  out_len bytes of out are its data for the device, copied.
 * Otherwise the device may send up to `most` bytes, PTP_UNKNOWN for any number.
 */
void transaction_run(struct transaction *t, const struct mtp_operation *op, const uint8_t *out,
		     uint32_t out_len, uint64_t most);

/*
 * The next len bytes of data, or as many as there are, into buf, which stays
 * untouched until taken(); NULL: pass over them.
 */
void transaction_take(struct transaction *t, uint8_t *buf, uint32_t len);

/* Once `over`: what is left is the response. */
void transaction_finish(struct transaction *t);

/* Have the device give up the transaction at hand, which then ends as after a failure. */
void transaction_stop(struct transaction *t);

/* Have it end with PTP_CANCELLED (or PTP_GONE) soon, without a word to the device. */
void transaction_cancel(struct transaction *t);

#endif
