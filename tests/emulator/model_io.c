#include "emulator/model_io.h"

#include <errno.h>
#include <stdlib.h>

#include "base/util.h"

enum { STEPS_A_TURN = 16 };	/* callbacks before the rest of the loop has its turn */

/* Transfers of one endpoint, in order; linked by `impl`. */
struct queue {
	struct usb_xfer *head, *last;
};

enum act_kind { ACT_CLEAR_HALT, ACT_RESET };

struct act {
	struct act *next;
	enum act_kind kind;
	uint8_t endpoint;
	void (*cb)(void *data, int r);
	void *data;
};

struct model_io {
	struct usb_io io;
	struct model *m;
	struct queue control, out, in;
	struct act *acts, **acts_tail;
	uv_idle_t pump;		/* runs while something can be done */
	uv_timer_t delay;	/* in its stead for a model with delay-us */
	uv_timer_t expiry;	/* of transfers that wait for the host's next move */
	bool gone;
	unsigned closing;	/* handles still open, once closing */
	void (*closed)(void *data);
	void *closed_data;
};

static struct model_io *of(struct usb_io *io)
{
	return container_of(io, struct model_io, io);
}

static void on_pump(uv_idle_t *h);
static void on_delay(uv_timer_t *h);

static void wake(struct model_io *mio)
{
	uint32_t us = model_config(mio->m)->faults.delay_us;

	if (us == 0)
		uv_idle_start(&mio->pump, on_pump);
	else if (!uv_is_active((uv_handle_t *)&mio->delay))
		uv_timer_start(&mio->delay, on_delay, (us + 999) / 1000, 0);
}

static void queue_add(struct queue *q, struct usb_xfer *x)
{
	x->impl = NULL;
	if (q->head == NULL)
		q->head = x;
	else
		q->last->impl = x;
	q->last = x;
}

static void queue_remove(struct queue *q, struct usb_xfer *x)
{
	struct usb_xfer *before = NULL, *i;

	for (i = q->head; i != x; i = i->impl)
		before = i;
	if (before == NULL)
		q->head = x->impl;
	else
		before->impl = x->impl;
	if (q->last == x)
		q->last = before;
}

static struct queue *queue_of(struct model_io *mio, uint8_t endpoint)
{
	switch (endpoint) {
	case 0x00:		return &mio->control;
	case MODEL_EP_IN:	return &mio->in;
	case MODEL_EP_OUT:	return &mio->out;
	default:		return NULL;
	}
}

static void finish(struct queue *q, struct usb_xfer *x, enum usb_status status, size_t actual)
{
	queue_remove(q, x);
	x->impl = NULL;
	x->status = status;
	x->actual = (uint32_t)actual;
	x->cb(x);
}

static enum model_answer ask(struct model_io *mio, struct usb_xfer *x, size_t *len)
{
	enum model_answer a;

	switch (x->endpoint) {
	case 0x00:
		*len = x->len - 8;
		return model_control(mio->m, x->buf, x->buf + 8, len);
	case MODEL_EP_IN:
		return model_bulk_in(mio->m, x->buf, x->len, len);
	default:
		a = model_bulk_out(mio->m, x->buf, x->len);
		*len = a == MODEL_OK ? x->len : 0;
		return a;
	}
}

/* Try the first transfer of q; true when it ended. */
static bool try_first(struct model_io *mio, struct queue *q)
{
	static const enum usb_status becomes[] = {
		[MODEL_OK] = USB_DONE, [MODEL_STALL] = USB_STALLED,
		[MODEL_OVERFLOW] = USB_OVERFLOW, [MODEL_UNPLUG] = USB_GONE,
		[MODEL_HANG] = USB_TIMED_OUT,
	};
	struct usb_xfer *x = q->head;
	enum model_answer a;
	size_t len = 0;

	if (x == NULL)
		return false;
	a = mio->gone ? MODEL_UNPLUG : ask(mio, x, &len);
	if (a == MODEL_NAK || (a == MODEL_HANG && x->timeout_ms == 0))
		return false;
	if (a == MODEL_UNPLUG)
		mio->gone = true;
	finish(q, x, becomes[a], len);
	return true;
}

/* End one transfer that was cancelled or ran out of time; they carry that as their status. */
static bool end_marked(struct queue *q)
{
	struct usb_xfer *x;

	for (x = q->head; x != NULL; x = x->impl)
		if (x->status != USB_DONE) {
			finish(q, x, x->status, 0);
			return true;
		}
	return false;
}

static bool act_first(struct model_io *mio)
{
	struct act *a = mio->acts;

	if (a == NULL)
		return false;
	mio->acts = a->next;
	if (mio->acts == NULL)
		mio->acts_tail = &mio->acts;
	if (!mio->gone && a->kind == ACT_RESET)
		model_reset(mio->m);
	else if (!mio->gone)
		model_clear_halt(mio->m, a->endpoint);
	a->cb(a->data, mio->gone ? -ENODEV : 0);
	free(a);
	return true;
}

/* Bring one thing to its end; false when nothing can move. */
static bool step(struct model_io *mio)
{
	return act_first(mio) || end_marked(&mio->control) || end_marked(&mio->out) ||
	       end_marked(&mio->in) || try_first(mio, &mio->control) ||
	       try_first(mio, &mio->out) || try_first(mio, &mio->in);
}

static void mark(struct queue *q, enum usb_status status)
{
	struct usb_xfer *x;

	for (x = q->head; x != NULL; x = x->impl)
		if (x->timeout_ms > 0)
			x->status = status;
}

static void on_expiry(uv_timer_t *h)
{
	struct model_io *mio = h->data;

	mark(&mio->out, USB_TIMED_OUT);
	mark(&mio->in, USB_TIMED_OUT);
	wake(mio);
}

/* Nothing can move: whoever waits with a time-out is owed its end. */
static void park(struct model_io *mio)
{
	const struct usb_xfer *x = mio->in.head != NULL ? mio->in.head : mio->out.head;

	uv_idle_stop(&mio->pump);
	if (x != NULL && x->timeout_ms > 0)
		uv_timer_start(&mio->expiry, on_expiry, x->timeout_ms, 0);
}

static void on_pump(uv_idle_t *h)
{
	struct model_io *mio = h->data;
	unsigned i;

	uv_timer_stop(&mio->expiry);
	for (i = 0; i < STEPS_A_TURN; i++) {
		if (!step(mio)) {
			park(mio);
			return;
		}
		if (mio->closing > 0)
			return;
	}
}

static void on_delay(uv_timer_t *h)
{
	struct model_io *mio = h->data;

	uv_timer_stop(&mio->expiry);
	if (!step(mio))
		park(mio);
	else if (mio->closing == 0)
		wake(mio);
}

static int io_submit(struct usb_io *io, struct usb_xfer *x)
{
	struct model_io *mio = of(io);
	struct queue *q = queue_of(mio, x->endpoint);

	if (mio->gone)
		return -ENODEV;
	if (q == NULL || (x->endpoint == 0 && x->len < 8))
		return -EINVAL;
	x->status = USB_DONE;
	x->actual = 0;
	queue_add(q, x);
	wake(mio);
	return 0;
}

static void io_cancel(struct usb_io *io, struct usb_xfer *x)
{
	x->status = USB_CANCELLED;
	wake(of(io));
}

static int add_act(struct usb_io *io, enum act_kind kind, uint8_t endpoint,
		   void (*cb)(void *data, int r), void *data)
{
	struct model_io *mio = of(io);
	struct act *a = malloc(sizeof(*a));

	if (a == NULL)
		return -ENOMEM;
	*a = (struct act){ .kind = kind, .endpoint = endpoint, .cb = cb, .data = data };
	*mio->acts_tail = a;
	mio->acts_tail = &a->next;
	wake(mio);
	return 0;
}

static int io_clear_halt(struct usb_io *io, uint8_t endpoint, void (*cb)(void *data, int r),
			 void *data)
{
	return add_act(io, ACT_CLEAR_HALT, endpoint, cb, data);
}

static int io_reset(struct usb_io *io, void (*cb)(void *data, int r), void *data)
{
	return add_act(io, ACT_RESET, 0, cb, data);
}

static void on_closed(uv_handle_t *h)
{
	struct model_io *mio = h->data;
	void (*cb)(void *data) = mio->closed;
	void *data = mio->closed_data;

	if (--mio->closing > 0)
		return;
	model_free(mio->m);
	free(mio);
	if (cb != NULL)
		cb(data);
}

static void io_close(struct usb_io *io, void (*cb)(void *data), void *data)
{
	struct model_io *mio = of(io);

	if (mio->control.head != NULL || mio->out.head != NULL || mio->in.head != NULL ||
	    mio->acts != NULL)
		BUG("model_io: closed with a transfer in flight");
	mio->closed = cb;
	mio->closed_data = data;
	mio->closing = 3;
	uv_close((uv_handle_t *)&mio->pump, on_closed);
	uv_close((uv_handle_t *)&mio->delay, on_closed);
	uv_close((uv_handle_t *)&mio->expiry, on_closed);
}

static const struct usb_io_ops ops = {
	.submit = io_submit,
	.cancel = io_cancel,
	.clear_halt = io_clear_halt,
	.reset = io_reset,
	.close = io_close,
};

int model_io_new(uv_loop_t *loop, struct model *m, struct usb_io **ret)
{
	struct model_io *mio = calloc(1, sizeof(*mio));

	if (mio == NULL)
		return -ENOMEM;
	mio->io = (struct usb_io){
		.ops = &ops,
		.interface = 0,
		.endpoint_in = MODEL_EP_IN,
		.endpoint_out = MODEL_EP_OUT,
		.max_packet = model_max_packet(m),
		.superspeed = model_config(m)->superspeed,
	};
	mio->m = m;
	mio->acts_tail = &mio->acts;
	uv_idle_init(loop, &mio->pump);
	uv_timer_init(loop, &mio->delay);
	uv_timer_init(loop, &mio->expiry);
	mio->pump.data = mio->delay.data = mio->expiry.data = mio;
	*ret = &mio->io;
	return 0;
}
