/* The steps of a transaction that goes well, and how any step leads to the next. */
#include "recorder/transaction.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/utc.h"
#include "base/util.h"
#include "recorder/patience.h"
#include "recorder/transaction_impl.h"

static void settle(struct transaction *t);
static void begin(struct transaction *t);

/* --- the wire --- */

static uint32_t timeout_of(const struct transaction *t)
{
	if (t->state == PTP_DRAIN)
		return TRANSACTION_SILENCE_MS;
	if (t->state >= PTP_CANCEL)
		return TRANSACTION_RECOVERY_TIMEOUT_MS;
	return t->state == PTP_GREETING ? TRANSACTION_GREETING_TIMEOUT_MS :
					  TRANSACTION_TIMEOUT_MS;
}

int transaction_submit(struct transaction *t, struct usb_xfer *x, uint8_t endpoint, uint8_t *buf,
		       uint32_t len, void (*cb)(struct usb_xfer *x))
{
	int r;

	*x = (struct usb_xfer){
		.endpoint = endpoint, .buf = buf, .len = len, .cb = cb, .data = t,
		.timeout_ms = timeout_of(t),
	};
	r = t->io->ops->submit(t->io, x);
	if (r < 0) {
		x->data = NULL;
		return r;
	}
	t->flying++;
	t->waited_ms = 0;
	return 0;
}

bool transaction_landed(struct transaction *t, struct usb_xfer *x)
{
	x->data = NULL;
	t->flying--;
	if (t->judged)
		settle(t);
	return !t->judged && t->running;
}

/* A transfer in flight is known by its data, which is NULL otherwise. */
static void cancel(struct transaction *t, struct usb_xfer *x)
{
	if (x->data != NULL)
		t->io->ops->cancel(t->io, x);
}

static void cancel_all(struct transaction *t)
{
	size_t i;

	cancel(t, &t->x_out);
	cancel(t, &t->x_in);
	cancel(t, &t->x_control);
	for (i = 0; i < COUNT(t->flights); i++)
		cancel(t, &t->flights[i]);
}

/* --- from step to step --- */

static void on_timer(uv_timer_t *timer)
{
	struct transaction *t = timer->data;

	t->resume(t);
}

void transaction_wait(struct transaction *t, uint32_t ms, void (*resume)(struct transaction *t))
{
	t->resume = resume;
	uv_timer_start(&t->timer, on_timer, ms, 0);
}

void transaction_judge(struct transaction *t, enum ptp_event ev, const char *why)
{
	if (!t->judged) {
		t->judged = true;
		t->verdict = ev;
		t->verdict_why = why;
	}
	cancel_all(t);
	settle(t);
}

void transaction_failed(struct transaction *t, const struct usb_xfer *x)
{
	switch (x->status) {
	case USB_GONE:
		transaction_judge(t, PTP_EV_GONE, "unplugged");
		return;
	case USB_STALLED:
		t->halted_in |= x->endpoint == t->io->endpoint_in;
		t->halted_out |= x->endpoint == t->io->endpoint_out;
		transaction_judge(t, PTP_EV_STALL, "the device stalled");
		return;
	case USB_TIMED_OUT:
		transaction_judge(t, PTP_EV_TIMEOUT, "no answer in time");
		return;
	case USB_OVERFLOW:
		transaction_judge(t, PTP_EV_FAULT, "the device sent more than it was asked for");
		return;
	default:
		transaction_judge(t, PTP_EV_FAULT, "the transfer failed on the bus");
	}
}

void transaction_not_sent(struct transaction *t, int r, void (*resume)(struct transaction *t))
{
	uint32_t ms = patience_next(t->waited_ms);

	if (r == -ENOMEM && ms > 0) {
		t->waited_ms += ms;
		transaction_wait(t, ms, resume);
	} else if (r == -ENOMEM) {
		transaction_judge(t, PTP_EV_NO_MEMORY, "no memory for USB transfers");
	} else if (r == -ENODEV) {
		transaction_judge(t, PTP_EV_GONE, "unplugged");
	} else {
		transaction_judge(t, PTP_EV_FAULT, "a transfer could not be started");
	}
}

/* The first thing that led out of the good way is what the operator is told. */
static void remember(struct transaction *t, enum ptp_state next)
{
	if (t->why != NULL || t->verdict_why == NULL || next < PTP_CANCEL || next == PTP_ANSWERED)
		return;
	t->why = t->verdict_why;
	t->timed_out = t->verdict == PTP_EV_TIMEOUT;
}

/* Every step ends here.  No state comes twice, so this ends, too. */
static void move(struct transaction *t)
{
	enum ptp_state next = ptp_next(t->state, t->verdict);

	uv_timer_stop(&t->timer);
	remember(t, next);
	if (t->cancelled && next != PTP_GONE)
		next = PTP_CANCELLED;
	if (next >= PTP_CANCEL && next != PTP_ANSWERED)
		log_debug("ptp: %s -> %s%s%s", ptp_state_name(t->state), ptp_state_name(next),
			  t->verdict_why != NULL ? ": " : "",
			  t->verdict_why != NULL ? t->verdict_why : "");
	t->state = next;
	t->judged = false;
	if (ptp_is_end(next)) {
		t->running = false;
		t->events->ended(t->data, next);
		return;
	}
	t->waited_ms = 0;
	begin(t);
}

/*
 * In a turn of its own: this is reached from inside calls of the owner's, which
 * must not be called back from there.
 */
static void settle(struct transaction *t)
{
	if (t->judged && t->flying == 0)
		transaction_wait(t, 0, move);
}

/* --- the steps --- */

static void on_command(struct usb_xfer *x)
{
	struct transaction *t = x->data;

	if (!transaction_landed(t, x))
		return;
	if (x->status != USB_DONE)
		transaction_failed(t, x);
	else if (x->actual != x->len)
		transaction_judge(t, PTP_EV_FAULT, "the device took half a command");
	else
		transaction_judge(t, t->out_len > 0 ? PTP_EV_SEND : PTP_EV_OK, NULL);
}

static int start_command(struct transaction *t)
{
	size_t len = ptp_command(&t->op, t->tid, t->control);

	t->asked_ms = utc_now();
	return transaction_submit(t, &t->x_out, t->io->endpoint_out, t->control, (uint32_t)len,
				  on_command);
}

static void on_out(struct usb_xfer *x);

/* A packet that is full does not end data: an empty one does. */
static void end_out(struct transaction *t)
{
	int r;

	r = transaction_submit(t, &t->x_out, t->io->endpoint_out, t->out, 0, on_out);
	if (r < 0)
		transaction_not_sent(t, r, end_out);
}

static void on_out(struct usb_xfer *x)
{
	struct transaction *t = x->data;

	if (!transaction_landed(t, x))
		return;
	if (x->status != USB_DONE)
		transaction_failed(t, x);
	else if (x->actual != x->len)
		transaction_judge(t, PTP_EV_FAULT, "the device took half of the data");
	else if (x->len > 0 && x->len % t->io->max_packet == 0)
		end_out(t);
	else
		transaction_judge(t, PTP_EV_OK, NULL);
}

static int start_data_out(struct transaction *t)
{
	ptp_data_header(t->op.code, t->tid, t->out_len, t->out);
	return transaction_submit(t, &t->x_out, t->io->endpoint_out, t->out,
				  PTP_HEADER_LEN + t->out_len, on_out);
}

static void take_answer(struct transaction *t, uint32_t actual)
{
	bool is_response;
	const char *why;

	why = ptp_answer(t->packet, actual, t->op.code, t->tid, &t->response, &is_response,
			 &t->left);
	if (why != NULL)
		transaction_judge(t, PTP_EV_FAULT, why);
	else if (is_response)
		transaction_judge(t, PTP_EV_RESPONSE, NULL);
	else
		transaction_data_begin(t, actual);
}

static void on_answer(struct usb_xfer *x)
{
	struct transaction *t = x->data;

	if (!transaction_landed(t, x))
		return;
	if (x->status != USB_DONE) {
		transaction_failed(t, x);
	} else if (x->actual == 0) {
		transaction_judge(t, PTP_EV_EMPTY, "an empty answer");
	} else {
		t->answered_ms = utc_now();
		take_answer(t, x->actual);
	}
}

static int start_answer(struct transaction *t)
{
	return transaction_submit(t, &t->x_in, t->io->endpoint_in, t->packet, t->io->max_packet,
				  on_answer);
}

static int start_data_in(struct transaction *t)
{
	t->events->data(t->data);
	return 0;
}

static void on_response(struct usb_xfer *x)
{
	struct transaction *t = x->data;
	const char *why;

	if (!transaction_landed(t, x))
		return;
	if (x->status != USB_DONE) {
		transaction_failed(t, x);
	} else if (x->actual == 0) {
		transaction_judge(t, PTP_EV_EMPTY, "an empty response");
	} else {
		why = ptp_response_parse(t->packet, x->actual, t->tid, &t->response);
		transaction_judge(t, why == NULL ? PTP_EV_RESPONSE : PTP_EV_FAULT, why);
	}
}

static int start_response(struct transaction *t)
{
	return transaction_submit(t, &t->x_in, t->io->endpoint_in, t->packet, t->io->max_packet,
				  on_response);
}

static int (*const starts[])(struct transaction *t) = {
	[PTP_GREETING] = transaction_start_open,
	[PTP_COMMAND] = start_command,
	[PTP_DATA_OUT] = start_data_out,
	[PTP_ANSWER] = start_answer,
	[PTP_ANSWER_AGAIN] = start_answer,
	[PTP_DATA_IN] = start_data_in,
	[PTP_RESPONSE] = start_response,
	[PTP_RESPONSE_AGAIN] = start_response,
	[PTP_CANCEL] = transaction_start_cancel,
	[PTP_STATUS] = transaction_start_status,
	[PTP_CLEAR_IN] = transaction_start_clear_in,
	[PTP_CLEAR_OUT] = transaction_start_clear_out,
	[PTP_DRAIN] = transaction_start_drain,
	[PTP_PROBE] = transaction_start_open,
	[PTP_RESET] = transaction_start_reset,
	[PTP_RESET_IN] = transaction_start_reset_in,
	[PTP_RESET_OUT] = transaction_start_reset_out,
	[PTP_REOPEN] = transaction_start_open,
	[PTP_PORT_RESET] = transaction_start_port_reset,
	[PTP_REOPEN_AGAIN] = transaction_start_open,
};

static void begin(struct transaction *t)
{
	int r = starts[t->state](t);

	if (r < 0)
		transaction_not_sent(t, r, begin);
}

/* --- for the owner --- */

void transaction_init(struct transaction *t, uv_loop_t *loop, struct usb_io *io,
		      const struct transaction_events *events, void *data)
{
	memset(t, 0, sizeof(*t));
	t->io = io;
	t->events = events;
	t->data = data;
	uv_timer_init(loop, &t->timer);
	t->timer.data = t;
}

static void on_timer_closed(uv_handle_t *h)
{
	struct transaction *t = h->data;

	t->fini(t->data);
}

void transaction_fini(struct transaction *t, void (*cb)(void *data))
{
	t->fini = cb;
	uv_close((uv_handle_t *)&t->timer, on_timer_closed);
}

static void start(struct transaction *t, enum ptp_state s)
{
	if (t->running)
		BUG("transaction: one while another is on the wire");
	t->state = s;
	t->running = true;
	t->cancelled = t->timed_out = t->judged = false;
	t->halted_in = t->halted_out = false;
	t->drained = 0;
	t->settling_ms = 0;
	t->waited_ms = 0;
	t->why = NULL;
	t->left = 0;
	t->got = 0;
	t->over = t->ended = t->in_place = false;
	t->response = (struct mtp_response){ 0 };
	begin(t);
}

void transaction_open(struct transaction *t)
{
	t->tid = 0;
	start(t, PTP_GREETING);
}

/* 0 is for OpenSession, 0xffffffff for nobody. */
static uint32_t next_tid(struct transaction *t)
{
	if (++t->last_tid == UINT32_MAX)
		t->last_tid = 1;
	return t->last_tid;
}

void transaction_run(struct transaction *t, const struct mtp_operation *op, const uint8_t *out,
		     uint32_t out_len, uint64_t most)
{
	if (out_len > TRANSACTION_OUT_MAX)
		BUG("transaction: %u bytes for the device", out_len);
	t->op = *op;
	t->tid = next_tid(t);
	t->out_len = out_len;
	t->most = most;
	if (out_len > 0)
		memcpy(t->out + PTP_HEADER_LEN, out, out_len);
	start(t, PTP_COMMAND);
}

void transaction_stop(struct transaction *t)
{
	if (t->running && t->state < PTP_CANCEL)
		transaction_judge(t, PTP_EV_STOP, NULL);
}

void transaction_cancel(struct transaction *t)
{
	if (!t->running)
		return;
	t->cancelled = true;
	transaction_judge(t, PTP_EV_STOP, NULL);
}
