#include "emulator/model_io.h"

#include <errno.h>
#include <stdlib.h>

#include "base/util.h"

enum { STEPS_A_TURN = 16 };	/* callbacks before the rest of the loop has its turn */

/* Transfers of one endpoint, in order; linked by `impl`. */
struct queue {
	struct usb_xfer *head, *last;
};

/* In the order in which they are tried: what the host says before what it listens to. */
enum { CONTROL, EVENT, OUT, COMMAND, IN, STATUS, QUEUES };

struct act {
	struct act *next;
	uint8_t endpoint;	/* 0: reset */
	void (*cb)(void *data, int r);
	void *data;
};

struct model_io {
	struct usb_io io;
	struct model_io_device device;
	void *data;
	struct queue queues[QUEUES];
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
	uint32_t us = mio->device.delay_us;

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
	const uint8_t endpoints[QUEUES] = {
		[EVENT] = mio->io.endpoint_event, [OUT] = mio->io.endpoint_out,
		[COMMAND] = mio->io.endpoint_command, [IN] = mio->io.endpoint_in,
		[STATUS] = mio->io.endpoint_status,
	};
	int i;

	if (endpoint == 0)
		return &mio->queues[CONTROL];
	for (i = EVENT; i < QUEUES; i++)
		if (endpoints[i] == endpoint)
			return &mio->queues[i];
	return NULL;
}

static void finish(struct queue *q, struct usb_xfer *x)
{
	queue_remove(q, x);
	x->impl = NULL;
	x->cb(x);
}

/* Try the first transfer of q; true when it ended. */
static bool try_first(struct model_io *mio, struct queue *q)
{
	struct usb_xfer *x = q->head;

	if (x == NULL)
		return false;
	if (mio->gone)
		x->status = USB_GONE;
	else if (mio->device.transfer(mio->data, x) < 0)
		return false;
	if (x->status == USB_GONE)
		mio->gone = true;
	finish(q, x);
	return true;
}

/* End one transfer that was cancelled or ran out of time; they carry that as their status. */
static bool end_marked(struct queue *q)
{
	struct usb_xfer *x;

	for (x = q->head; x != NULL; x = x->impl)
		if (x->status != USB_DONE) {
			finish(q, x);
			return true;
		}
	return false;
}

static bool act_first(struct model_io *mio)
{
	struct act *a = mio->acts;
	int r;

	if (a == NULL)
		return false;
	mio->acts = a->next;
	if (mio->acts == NULL)
		mio->acts_tail = &mio->acts;
	r = mio->gone ? -ENODEV : mio->device.act(mio->data, a->endpoint);
	a->cb(a->data, r);
	free(a);
	return true;
}

/* Bring one thing to its end; false when nothing can move. */
static bool step(struct model_io *mio)
{
	int i;

	if (act_first(mio))
		return true;
	for (i = 0; i < QUEUES; i++)
		if (end_marked(&mio->queues[i]))
			return true;
	for (i = 0; i < QUEUES; i++)
		if (try_first(mio, &mio->queues[i]))
			return true;
	return false;
}

static void mark(struct queue *q, enum usb_status status)
{
	struct usb_xfer *x;

	for (x = q->head; x != NULL; x = x->impl)
		if (x->timeout_ms > 0)
			x->status = status;
}

/* The first transfer that waits; one of events only where there is no other. */
static const struct usb_xfer *waiting(const struct model_io *mio)
{
	int i;

	for (i = QUEUES - 1; i > EVENT; i--)
		if (mio->queues[i].head != NULL)
			return mio->queues[i].head;
	return mio->queues[EVENT].head;
}

static void on_expiry(uv_timer_t *h)
{
	struct model_io *mio = h->data;
	int i;

	if (waiting(mio) == mio->queues[EVENT].head)
		mark(&mio->queues[EVENT], USB_TIMED_OUT);
	for (i = OUT; i < QUEUES; i++)
		mark(&mio->queues[i], USB_TIMED_OUT);
	wake(mio);
}

/* Nothing can move: whoever waits with a time-out is owed its end. */
static void park(struct model_io *mio)
{
	const struct usb_xfer *x = waiting(mio);

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

static int io_clear_halt(struct usb_io *io, uint8_t endpoint, void (*cb)(void *data, int r),
			 void *data)
{
	struct model_io *mio = of(io);
	struct act *a = malloc(sizeof(*a));

	if (a == NULL)
		return -ENOMEM;
	*a = (struct act){ .endpoint = endpoint, .cb = cb, .data = data };
	*mio->acts_tail = a;
	mio->acts_tail = &a->next;
	wake(mio);
	return 0;
}

static int io_reset(struct usb_io *io, void (*cb)(void *data, int r), void *data)
{
	return io_clear_halt(io, 0, cb, data);
}

static void on_closed(uv_handle_t *h)
{
	struct model_io *mio = h->data;
	void (*cb)(void *data) = mio->closed;
	void *data = mio->closed_data;

	if (--mio->closing > 0)
		return;
	mio->device.free(mio->data);
	free(mio);
	if (cb != NULL)
		cb(data);
}

static void io_close(struct usb_io *io, void (*cb)(void *data), void *data)
{
	struct model_io *mio = of(io);

	if (mio->queues[CONTROL].head != NULL || waiting(mio) != NULL || mio->acts != NULL)
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

int model_io_over(uv_loop_t *loop, const struct model_io_device *device, void *data,
		  const struct usb_io *shape, struct usb_io **ret)
{
	struct model_io *mio = calloc(1, sizeof(*mio));

	if (mio == NULL)
		return -ENOMEM;
	mio->io = *shape;
	mio->io.ops = &ops;
	mio->device = *device;
	mio->data = data;
	mio->acts_tail = &mio->acts;
	uv_idle_init(loop, &mio->pump);
	uv_timer_init(loop, &mio->delay);
	uv_timer_init(loop, &mio->expiry);
	mio->pump.data = mio->delay.data = mio->expiry.data = mio;
	*ret = &mio->io;
	return 0;
}

void model_io_wake(struct usb_io *io)
{
	wake(of(io));
}

/* --- the model as such a device --- */

static enum model_answer ask(struct model *m, struct usb_xfer *x, size_t *len)
{
	enum model_answer a;

	switch (x->endpoint) {
	case 0x00:
		*len = x->len - 8;
		return model_control(m, x->buf, x->buf + 8, len);
	case MODEL_EP_IN:
		return model_bulk_in(m, x->buf, x->len, len);
	case MODEL_EP_EVENT:
		return model_event_in(m, x->buf, x->len, len);
	default:
		a = model_bulk_out(m, x->buf, x->len);
		*len = a == MODEL_OK ? x->len : 0;
		return a;
	}
}

static int model_transfer(void *data, struct usb_xfer *x)
{
	static const enum usb_status becomes[] = {
		[MODEL_OK] = USB_DONE, [MODEL_STALL] = USB_STALLED,
		[MODEL_OVERFLOW] = USB_OVERFLOW, [MODEL_UNPLUG] = USB_GONE,
		[MODEL_HANG] = USB_TIMED_OUT,
	};
	enum model_answer a;
	size_t len = 0;

	a = ask(data, x, &len);
	if (a == MODEL_NAK || (a == MODEL_HANG && x->timeout_ms == 0))
		return -EAGAIN;
	x->status = becomes[a];
	x->actual = (uint32_t)len;
	return 0;
}

static int model_act(void *data, uint8_t endpoint)
{
	if (endpoint == 0)
		model_reset(data);
	else
		model_clear_halt(data, endpoint);
	return 0;
}

static void model_gone(void *data)
{
	model_free(data);
}

int model_io_new(uv_loop_t *loop, struct model *m, struct usb_io **ret)
{
	const struct model_io_device device = {
		.transfer = model_transfer, .act = model_act, .free = model_gone,
		.delay_us = model_config(m)->faults.delay_us,
	};
	const struct usb_io shape = {
		.interface = 0,
		.protocol = model_has_events(m) ? USB_PROTOCOL_MTP : USB_PROTOCOL_BOT,
		.endpoint_in = MODEL_EP_IN,
		.endpoint_out = MODEL_EP_OUT,
		.endpoint_event = model_has_events(m) ? MODEL_EP_EVENT : 0,
		.max_packet_event = model_has_events(m) ? MODEL_EVENT_PACKET : 0,
		.max_packet = model_max_packet(m),
		.superspeed = model_config(m)->superspeed,
	};

	return model_io_over(loop, &device, m, &shape, ret);
}
