/* What transport.c and the transports behind it share, and nobody else includes. */
#ifndef RECORDER_TRANSPORT_IMPL_H
#define RECORDER_TRANSPORT_IMPL_H

#include "recorder/transport.h"

/*
 * One way to bring SCSI commands to a device.  The command, its buffer and
 * callback are in the transport, whose results are cleared; nothing is in flight.
 */
struct transport_kind {
	void (*init)(struct transport *t);
	/* Start it: 0, or a negative errno and nothing is in flight. */
	int (*run)(struct transport *t);
	int (*ask_units)(struct transport *t);
	/* Cancel whatever is in flight; t->cancelled says why. */
	void (*cancel)(struct transport *t);
};

extern const struct transport_kind transport_bot, transport_uas;

/* The command is over: tell its owner, who may start the next. */
void transport_done(struct transport *t, enum transport_end end);

/* Submit a transfer whose callback finds t in its data; a transfer in flight is known by that. */
int transport_submit(struct transport *t, struct usb_xfer *x);

/* Ask that x, if it is in flight, end soon. */
void transport_stop(struct transport *t, struct usb_xfer *x);

/* x is back; the transfers still in flight. */
unsigned transport_landed(struct transport *t, struct usb_xfer *x);

/* One of several could not be submitted: it ends like one that failed. */
enum usb_status transport_not_sent(struct transport *t, int r);

/* Remember the first thing that went wrong. */
void transport_blame(struct transport *t, const char *why, bool timed_out);

#endif
