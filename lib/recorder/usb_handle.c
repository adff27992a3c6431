/* An opened device: the operations of usb_io.h over libusb. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "recorder/usb_impl.h"

enum { STREAMS = 2 };	/* UAS uses one; the kernel gives two or more */

struct handle {
	struct usb_io io;
	struct usb_host *host;
	libusb_device_handle *handle;
	struct usb_where where;
	struct usb_memory memory;
	unsigned flying;		/* transfers submitted and not yet back */

	/* Clearing a halt or resetting, which block; one at a time. */
	uv_work_t work;
	bool working;
	bool resets;
	uint8_t endpoint;
	int r;
	void (*worked)(void *data, int r);
	void *worked_data;

	struct usb_done done;		/* of closing */
	void (*closed)(void *data);
	void *closed_data;
};

/* A transfer on its way. */
struct flight {
	struct usb_done done;
	struct handle *handle;
	struct usb_xfer *xfer;
	struct libusb_transfer *transfer;
	uint8_t *piece;			/* of the detour; NULL: straight to x->buf */
};

static struct handle *of(struct usb_io *io)
{
	return container_of(io, struct handle, io);
}

static void flight_free(struct flight *f)
{
	libusb_free_transfer(f->transfer);
	free(f);
}

static void land(struct usb_done *done)
{
	struct flight *f = container_of(done, struct flight, done);
	struct usb_xfer *x = f->xfer;

	x->status = usb_status_of(f->transfer->status);
	x->actual = (uint32_t)f->transfer->actual_length;
	x->impl = NULL;
	if (f->piece != NULL) {
		memcpy(x->buf, f->piece, x->actual);
		usb_memory_give(&f->handle->memory, f->piece, x->len);
	}
	f->handle->flying--;
	flight_free(f);
	x->cb(x);
}

static void LIBUSB_CALL on_transfer(struct libusb_transfer *t)
{
	struct flight *f = t->user_data;

	usb_host_done(f->handle->host, &f->done);
}

/* The kinds of transfer that there are here; isochronous ones are not for content. */
static void fill(struct flight *f, struct handle *h, struct usb_xfer *x)
{
	uint8_t *buf = f->piece != NULL ? f->piece : x->buf;

	if (x->endpoint == 0)
		libusb_fill_control_transfer(f->transfer, h->handle, x->buf, on_transfer, f,
					     x->timeout_ms);
	else if (x->endpoint == h->io.endpoint_event)
		libusb_fill_interrupt_transfer(f->transfer, h->handle, x->endpoint, buf,
					       (int)x->len, on_transfer, f, x->timeout_ms);
	else if (x->stream > 0)
		libusb_fill_bulk_stream_transfer(f->transfer, h->handle, x->endpoint, x->stream,
						 buf, (int)x->len, on_transfer, f, x->timeout_ms);
	else
		libusb_fill_bulk_transfer(f->transfer, h->handle, x->endpoint, buf,
					  (int)x->len, on_transfer, f, x->timeout_ms);
}

static uint8_t *io_lend(struct usb_io *io, size_t len)
{
	return usb_memory_take(&of(io)->memory, len);
}

static void io_give_back(struct usb_io *io, uint8_t *piece, size_t len)
{
	usb_memory_give(&of(io)->memory, piece, len);
}

/* Content that comes to memory of its owner's takes the way through lent memory, if some is left. */
static uint8_t *detour(struct handle *h, const struct usb_xfer *x)
{
	if (x->endpoint != h->io.endpoint_in || x->len < USB_MEMORY_FROM ||
	    usb_memory_has(&h->memory, x->buf))
		return NULL;
	return usb_memory_take(&h->memory, x->len);
}

static int io_submit(struct usb_io *io, struct usb_xfer *x)
{
	struct handle *h = of(io);
	struct flight *f = calloc(1, sizeof(*f));
	int r;

	if (f == NULL)
		return -ENOMEM;
	f->transfer = libusb_alloc_transfer(0);
	if (f->transfer == NULL) {
		free(f);
		return -ENOMEM;
	}
	f->done.run = land;
	f->handle = h;
	f->xfer = x;
	f->piece = detour(h, x);
	fill(f, h, x);
	r = usb_errno(libusb_submit_transfer(f->transfer));
	if (r < 0) {
		if (f->piece != NULL)
			usb_memory_give(&h->memory, f->piece, x->len);
		flight_free(f);
		return r;
	}
	x->impl = f;
	h->flying++;
	return 0;
}

static void io_cancel(struct usb_io *io, struct usb_xfer *x)
{
	struct flight *f = x->impl;

	(void)io;
	libusb_cancel_transfer(f->transfer);	/* it fails when the transfer is already done */
}

int usb_handle_prepare(libusb_device_handle *handle, const struct usb_where *where,
		       bool superspeed)
{
	uint8_t endpoints[] = { where->endpoint_status, where->endpoint_in, where->endpoint_out };
	int r = 0;

	if (where->has_alternates)
		r = libusb_set_interface_alt_setting(handle, where->interface, where->alternate);
	if (r == 0 && where->protocol == USB_PROTOCOL_UAS && superspeed)
		r = libusb_alloc_streams(handle, STREAMS, endpoints, COUNT(endpoints));
	return MIN(r, 0);
}

/* A reset leaves an interface in its first setting, without streams. */
static int reset(struct handle *h)
{
	int r = libusb_reset_device(h->handle);

	return r < 0 ? r : usb_handle_prepare(h->handle, &h->where, h->io.superspeed != 0);
}

/* On the thread pool. */
static void work(uv_work_t *w)
{
	struct handle *h = w->data;

	h->r = usb_errno(h->resets ? reset(h) : libusb_clear_halt(h->handle, h->endpoint));
}

static void on_worked(uv_work_t *w, int status)
{
	struct handle *h = w->data;

	h->working = false;
	h->worked(h->worked_data, status < 0 ? status : h->r);
}

static int start_work(struct handle *h, bool resets, uint8_t endpoint,
		      void (*cb)(void *data, int r), void *data)
{
	int r;

	if (h->working)
		BUG("usb: two resets of one device at once");
	h->resets = resets;
	h->endpoint = endpoint;
	h->worked = cb;
	h->worked_data = data;
	h->work.data = h;
	r = uv_queue_work(h->host->loop, &h->work, work, on_worked);
	h->working = r == 0;
	return r;
}

static int io_clear_halt(struct usb_io *io, uint8_t endpoint, void (*cb)(void *data, int r),
			 void *data)
{
	return start_work(of(io), false, endpoint, cb, data);
}

static int io_reset(struct usb_io *io, void (*cb)(void *data, int r), void *data)
{
	return start_work(of(io), true, 0, cb, data);
}

void usb_handle_close(struct usb_host *h, libusb_device_handle *handle, struct usb_memory *m)
{
	if (m->bytes != NULL)
		libusb_dev_mem_free(handle, m->bytes, m->size);
	usb_host_unreserve(h, m);
	if (handle != NULL)
		libusb_close(handle);
}

static void close_now(struct usb_done *done)
{
	struct handle *h = container_of(done, struct handle, done);
	void (*cb)(void *data) = h->closed;
	void *data = h->closed_data;

	libusb_release_interface(h->handle, h->io.interface);	/* fails when it is gone */
	usb_handle_close(h->host, h->handle, &h->memory);
	h->host->handles--;
	uv_async_send(&h->host->wake);		/* the host may wait for the last */
	free(h);
	if (cb != NULL)
		cb(data);
}

static void io_close(struct usb_io *io, void (*cb)(void *data), void *data)
{
	struct handle *h = of(io);

	if (h->flying > 0 || h->working)
		BUG("usb: closed with a transfer in flight");
	h->closed = cb;
	h->closed_data = data;
	h->done.run = close_now;
	usb_host_done(h->host, &h->done);
}

static const struct usb_io_ops ops = {
	.submit = io_submit,
	.cancel = io_cancel,
	.clear_halt = io_clear_halt,
	.reset = io_reset,
	.lend = io_lend,
	.give_back = io_give_back,
	.close = io_close,
};

struct usb_io *usb_handle_new(struct usb_host *h, libusb_device_handle *handle,
			      const struct usb_where *where, bool superspeed,
			      const struct usb_memory *m)
{
	struct handle *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	n->host = h;
	n->handle = handle;
	n->where = *where;
	n->memory = *m;
	n->io = (struct usb_io){
		.ops = &ops,
		.protocol = where->protocol,
		.interface = where->interface,
		.endpoint_in = where->endpoint_in,
		.endpoint_out = where->endpoint_out,
		.endpoint_command = where->endpoint_command,
		.endpoint_status = where->endpoint_status,
		.endpoint_event = where->endpoint_event,
		.max_packet = where->max_packet,
		.max_packet_event = where->max_packet_event,
		.superspeed = superspeed,
	};
	h->handles++;
	return &n->io;
}
