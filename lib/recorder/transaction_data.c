/*
 * Data that comes in.  The first packet brings the header, alone or not; the
 * rest goes straight to where the owner wants it, in whole packets, and only
 * the packet in which a take ends by way of `packet`.
 */
#include <string.h>

#include "base/util.h"
#include "recorder/transaction_impl.h"

static void pump(struct transaction *t);

static void count_left(struct transaction *t, uint32_t n)
{
	if (t->left != PTP_UNKNOWN)
		t->left -= n;
}

static void mark_over(struct transaction *t)
{
	t->over = t->left == 0 || (t->ended && t->held == 0);
}

void transaction_data_begin(struct transaction *t, uint32_t actual)
{
	bool says = t->left != PTP_UNKNOWN;

	t->held_at = PTP_HEADER_LEN;
	t->held = actual - PTP_HEADER_LEN;
	if ((says && t->left > t->most) || t->held > t->most) {
		transaction_judge(t, PTP_EV_FAULT, "the device sends more than it was asked for");
		return;
	}
	if (!says)
		t->left = t->most;
	/* A header alone is short, too, and ends nothing when data was promised. */
	t->ended = actual < t->io->max_packet && (t->held > 0 || (says && t->left == 0));
	mark_over(t);
	transaction_judge(t, PTP_EV_DATA, NULL);
}

/* --- taking --- */

static void tell_taken(struct transaction *t)
{
	t->events->taken(t->data);
}

/* Nothing flies, and there is nothing more to come for this take. */
static void taken(struct transaction *t)
{
	mark_over(t);
	transaction_wait(t, 0, tell_taken);
}

/* From what the last packet held, which a take before had no room for. */
static void take_held(struct transaction *t)
{
	uint32_t n = MIN(t->held, t->want - t->got);

	if (n > 0 && t->into != NULL)
		memcpy(t->into + t->got, t->packet + t->held_at, n);
	t->held_at += n;
	t->held -= n;
	t->got += n;
	count_left(t, n);
}

/*
 * The device may end its data before what it promised, and some then send the
 * response at once: the short packet that ends n bytes may be that.  *ret_n:
 * the bytes that are data.
 */
static bool ends_in_response(struct transaction *t, const struct usb_xfer *x, uint32_t *ret_n)
{
	uint32_t last = x->actual % t->io->max_packet;

	if (last == 0 || (t->left != PTP_UNKNOWN && x->actual >= t->left) ||
	    ptp_response_parse(x->buf + x->actual - last, last, t->tid, &t->response) != NULL)
		return false;
	*ret_n = x->actual - last;
	return true;
}

/* What came behind the packet that ended the data can only be the response. */
static void came_behind(struct transaction *t, const struct usb_xfer *x)
{
	uint32_t data;

	if (x->actual == 0)
		return;
	if (t->in_place || !ends_in_response(t, x, &data) || data > 0)
		transaction_judge(t, PTP_EV_FAULT, "the device sends data behind the end of it");
	else
		t->in_place = true;
}

static void came(struct transaction *t, const struct usb_xfer *x)
{
	uint32_t n = x->actual, room = t->want - t->got, i;

	if (n < x->len) {
		t->ended = true;
		t->in_place = ends_in_response(t, x, &n);
	}
	if (t->left != PTP_UNKNOWN && n > t->left) {
		transaction_judge(t, PTP_EV_FAULT, "the device sends more than it promised");
		return;
	}
	if (x->buf == t->packet) {
		t->held_at = 0;
		t->held = n;
		take_held(t);
	} else {
		t->got += MIN(n, room);
		count_left(t, n);
	}
	for (i = 0; t->ended && i < t->n_flights; i++)
		t->io->ops->cancel(t->io, &t->flights[(t->first + i) % TRANSACTION_FLIGHTS]);
}

static void on_flight(struct usb_xfer *x)
{
	struct transaction *t = x->data;

	t->first = (t->first + 1) % TRANSACTION_FLIGHTS;
	t->n_flights--;
	if (!transaction_landed(t, x))
		return;
	if (t->ended && (x->status == USB_DONE || x->status == USB_CANCELLED))
		came_behind(t, x);
	else if (x->status != USB_DONE)
		transaction_failed(t, x);
	else
		came(t, x);
	if (!t->judged)
		pump(t);
}

/* One transfer more. */
static int launch(struct transaction *t)
{
	struct usb_xfer *x = &t->flights[(t->first + t->n_flights) % TRANSACTION_FLIGHTS];
	uint32_t rest = t->want - t->asked, packet = t->io->max_packet, n;
	uint8_t *buf = t->into != NULL ? t->into + t->asked : t->scratch;
	int r;

	n = MIN(rest - rest % packet, TRANSACTION_FLIGHT);
	if (n == 0) {
		n = packet;
		buf = t->packet;
	}
	r = transaction_submit(t, x, t->io->endpoint_in, buf, n, on_flight);
	if (r < 0)
		return r;
	t->n_flights++;
	t->asked += MIN(n, rest);
	return 0;
}

static void pump(struct transaction *t)
{
	int r = 0;

	while (r == 0 && !t->ended && t->asked < t->want && t->n_flights < TRANSACTION_FLIGHTS)
		r = launch(t);
	if (t->n_flights > 0)		/* what could not be sent now can when these are back */
		return;
	if (r < 0)
		transaction_not_sent(t, r, pump);
	else
		taken(t);
}

void transaction_take(struct transaction *t, uint8_t *buf, uint32_t len)
{
	if (t->state != PTP_DATA_IN || t->n_flights > 0 || t->over)
		BUG("transaction: a take in %s", ptp_state_name(t->state));
	t->into = buf;
	t->want = t->left < len ? (uint32_t)t->left : len;
	t->got = 0;
	take_held(t);
	t->asked = t->got;
	pump(t);
}

void transaction_finish(struct transaction *t)
{
	if (!t->over)
		BUG("transaction: finished with data to come");
	transaction_judge(t, t->in_place ? PTP_EV_RESPONSE : PTP_EV_OK, NULL);
}
