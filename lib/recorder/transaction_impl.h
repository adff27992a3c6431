/* What the files transaction*.c share, and nobody else includes. */
#ifndef RECORDER_TRANSACTION_IMPL_H
#define RECORDER_TRANSACTION_IMPL_H

#include "recorder/transaction.h"

/* Submit x with t as its data; negative errno. */
int transaction_submit(struct transaction *t, struct usb_xfer *x, uint8_t endpoint, uint8_t *buf,
		       uint32_t len, void (*cb)(struct usb_xfer *x));

/* x is back.  False: the step has ended already, and this was waited for. */
bool transaction_landed(struct transaction *t, struct usb_xfer *x);

/* The step at hand ends with ev once everything that flies is back; the first word counts. */
void transaction_judge(struct transaction *t, enum ptp_event ev, const char *why);

/* So, because x did not end well. */
void transaction_failed(struct transaction *t, const struct usb_xfer *x);

/* Go on at resume after ms. */
void transaction_wait(struct transaction *t, uint32_t ms, void (*resume)(struct transaction *t));

/* After a submit that failed with r: try again at resume, or end the step. */
void transaction_not_sent(struct transaction *t, int r, void (*resume)(struct transaction *t));

/* transaction_data.c: the first packet of data is in t->packet. */
void transaction_data_begin(struct transaction *t, uint32_t actual);

/* transaction_recover.c: starts of states from PTP_GREETING on, as transaction.c's. */
int transaction_start_open(struct transaction *t);
int transaction_start_cancel(struct transaction *t);
int transaction_start_status(struct transaction *t);
int transaction_start_clear_in(struct transaction *t);
int transaction_start_clear_out(struct transaction *t);
int transaction_start_drain(struct transaction *t);
int transaction_start_reset(struct transaction *t);
int transaction_start_reset_in(struct transaction *t);
int transaction_start_reset_out(struct transaction *t);
int transaction_start_port_reset(struct transaction *t);

#endif
