/* The steps that bring a device back, and OpenSession, which shows that it is. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "recorder/patience.h"
#include "recorder/transaction_impl.h"

enum {
	SETTLE_MAX_MS = 5000,	/* how long a device may be busy cancelling */
	DRAINED_MAX = 64,	/* transfers: 4 MiB are more than any controller holds back */
};

/* --- OpenSession --- */

/*
 * In a session that a program before us opened, or was killed in, nobody knows
 * the number of the next transaction: a reset ends it.  A device that is in a
 * session even then does not look at numbers.
 */
static bool is_foreign(const struct transaction *t)
{
	return !t->ours && t->response.code == PTP_SESSION_ALREADY_OPEN &&
	       (t->state == PTP_GREETING || t->state == PTP_PROBE);
}

static void opened(struct transaction *t, const char *why)
{
	uint16_t code = t->response.code;

	if (why != NULL) {
		transaction_judge(t, PTP_EV_FAULT, why);
	} else if (is_foreign(t)) {
		transaction_judge(t, PTP_EV_FOREIGN, "the device is in a session of another program");
	} else if (t->state == PTP_GREETING || code == PTP_SESSION_ALREADY_OPEN) {
		t->ours |= code == PTP_OK || code == PTP_SESSION_ALREADY_OPEN;
		transaction_judge(t, PTP_EV_RESPONSE, NULL);
	} else if (code == PTP_OK) {
		t->ours = true;
		t->last_tid = 0;
		transaction_judge(t, PTP_EV_SESSION, "the device forgot its session");
	} else {
		transaction_judge(t, PTP_EV_FAULT, "the device opens no session");
	}
}

static void on_opened(struct usb_xfer *x)
{
	struct transaction *t = x->data;

	if (!transaction_landed(t, x))
		return;
	if (x->status != USB_DONE)
		transaction_failed(t, x);
	else
		opened(t, ptp_response_parse(t->packet, x->actual, 0, &t->response));
}

static void ask_opened(struct transaction *t)
{
	int r;

	r = transaction_submit(t, &t->x_in, t->io->endpoint_in, t->packet, t->io->max_packet,
			       on_opened);
	if (r < 0)
		transaction_not_sent(t, r, ask_opened);
}

static void on_open(struct usb_xfer *x)
{
	struct transaction *t = x->data;

	if (!transaction_landed(t, x))
		return;
	if (x->status != USB_DONE)
		transaction_failed(t, x);
	else
		ask_opened(t);
}

int transaction_start_open(struct transaction *t)
{
	const struct mtp_operation op = { .code = PTP_OPEN_SESSION, .n_params = 1, .params = { 1 } };
	size_t len = ptp_command(&op, 0, t->control);

	return transaction_submit(t, &t->x_out, t->io->endpoint_out, t->control, (uint32_t)len,
				  on_open);
}

/* --- class requests --- */

static int request(struct transaction *t, uint8_t type, uint8_t code, uint8_t len,
		   void (*cb)(struct usb_xfer *x))
{
	const uint8_t setup[8] = { type, code, 0, 0, t->io->interface, 0, len, 0 };

	memcpy(t->control, setup, sizeof(setup));
	return transaction_submit(t, &t->x_control, 0, t->control, 8u + len, cb);
}

static void on_request(struct usb_xfer *x)
{
	struct transaction *t = x->data;

	if (!transaction_landed(t, x))
		return;
	if (x->status != USB_DONE)
		transaction_failed(t, x);
	else
		transaction_judge(t, PTP_EV_OK, NULL);
}

int transaction_start_cancel(struct transaction *t)
{
	ptp_cancel_data(t->tid, t->control + 8);
	return request(t, 0x21, PTP_REQUEST_CANCEL, PTP_CANCEL_LEN, on_request);
}

int transaction_start_reset(struct transaction *t)
{
	return request(t, 0x21, PTP_REQUEST_RESET, 0, on_request);
}

static void ask_status(struct transaction *t)
{
	int r = transaction_start_status(t);

	if (r < 0)
		transaction_not_sent(t, r, ask_status);
}

/* Ask again, but not for ever. */
static void still_busy(struct transaction *t)
{
	uint32_t ms = patience_next(t->settling_ms);

	if (t->settling_ms >= SETTLE_MAX_MS) {
		transaction_judge(t, PTP_EV_TIMEOUT, "the device stays busy");
		return;
	}
	t->settling_ms += ms;
	transaction_wait(t, ms, ask_status);
}

static void on_status(struct usb_xfer *x)
{
	struct transaction *t = x->data;
	int settled;

	if (!transaction_landed(t, x))
		return;
	if (x->status != USB_DONE) {
		transaction_failed(t, x);
		return;
	}
	settled = ptp_status_parse(t->control + 8, x->actual, t->io->endpoint_in,
				   t->io->endpoint_out, &t->halted_in, &t->halted_out);
	if (settled == 0)
		still_busy(t);
	else if (settled < 0)
		transaction_judge(t, PTP_EV_FAULT, "the device does not know its own status");
	else
		transaction_judge(t, PTP_EV_OK, NULL);
}

int transaction_start_status(struct transaction *t)
{
	return request(t, 0xa1, PTP_REQUEST_STATUS, PTP_STATUS_MAX, on_status);
}

/* --- endpoints and the port --- */

static void on_act(void *data, int r)
{
	struct transaction *t = data;

	t->flying--;
	if (r == 0)
		transaction_judge(t, PTP_EV_OK, NULL);
	else if (r == -ENODEV)
		transaction_judge(t, PTP_EV_GONE, "unplugged");
	else
		transaction_judge(t, PTP_EV_FAULT, "the endpoint or port could not be reset");
}

static int acting(struct transaction *t, int r)
{
	if (r == 0)
		t->flying++;
	return r;
}

static int clear(struct transaction *t, uint8_t endpoint)
{
	return acting(t, t->io->ops->clear_halt(t->io, endpoint, on_act, t));
}

/* Clearing what is not halted makes some controllers lose count of their packets. */
static int clear_if(struct transaction *t, bool halted, uint8_t endpoint)
{
	if (halted)
		return clear(t, endpoint);
	transaction_judge(t, PTP_EV_OK, NULL);
	return 0;
}

int transaction_start_clear_in(struct transaction *t)
{
	return clear_if(t, t->halted_in, t->io->endpoint_in);
}

int transaction_start_clear_out(struct transaction *t)
{
	return clear_if(t, t->halted_out, t->io->endpoint_out);
}

int transaction_start_reset_in(struct transaction *t)
{
	return clear(t, t->io->endpoint_in);
}

int transaction_start_reset_out(struct transaction *t)
{
	return clear(t, t->io->endpoint_out);
}

int transaction_start_port_reset(struct transaction *t)
{
	return acting(t, t->io->ops->reset(t->io, on_act, t));
}

/* --- what the device still sends --- */

static void drain_on(struct transaction *t)
{
	int r = transaction_start_drain(t);

	if (r < 0)
		transaction_not_sent(t, r, drain_on);
}

static void on_drained(struct usb_xfer *x)
{
	struct transaction *t = x->data;

	if (!transaction_landed(t, x))
		return;
	if (x->status == USB_TIMED_OUT && x->actual == 0)
		transaction_judge(t, PTP_EV_OK, NULL);
	else if (x->status != USB_DONE && x->status != USB_TIMED_OUT)
		transaction_failed(t, x);
	else if (++t->drained == DRAINED_MAX)
		transaction_judge(t, PTP_EV_FAULT, "the device does not stop sending");
	else
		drain_on(t);
}

int transaction_start_drain(struct transaction *t)
{
	return transaction_submit(t, &t->x_in, t->io->endpoint_in, t->scratch, TRANSACTION_FLIGHT,
				  on_drained);
}
