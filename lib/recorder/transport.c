/* What all transports do alike; how they differ is behind struct transport_kind. */
#include "recorder/transport.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "recorder/transport_impl.h"

void transport_init(struct transport *t, struct usb_io *io, uint32_t timeout_ms)
{
	memset(t, 0, sizeof(*t));
	t->io = io;
	t->timeout_ms = timeout_ms;
	t->kind = io->protocol == USB_PROTOCOL_UAS ? &transport_uas : &transport_bot;
	t->kind->init(t);
}

void transport_set_timeout(struct transport *t, uint32_t timeout_ms)
{
	t->timeout_ms = timeout_ms;
}

static int start(struct transport *t, int (*fn)(struct transport *t), transport_cb cb, void *data)
{
	int r;

	if (t->running)
		BUG("transport: a command while one is on the wire");
	t->cb = cb;
	t->cb_data = data;
	t->actual = 0;
	t->sense_len = 0;
	t->why = NULL;
	t->timed_out = t->no_memory = false;
	r = fn(t);
	t->running = r == 0;
	return r;
}

int transport_run(struct transport *t, const struct scsi_command *c, uint8_t *buf,
		  transport_cb cb, void *data)
{
	t->command = *c;
	t->data = buf;
	return start(t, t->kind->run, cb, data);
}

int transport_ask_units(struct transport *t, transport_cb cb, void *data)
{
	return start(t, t->kind->ask_units, cb, data);
}

void transport_cancel(struct transport *t)
{
	if (!t->running)
		return;
	t->cancelled = true;
	t->kind->cancel(t);
}

void transport_done(struct transport *t, enum transport_end end)
{
	t->running = false;
	t->cb(t->cb_data, end);
}

int transport_submit(struct transport *t, struct usb_xfer *x)
{
	int r;

	x->data = t;
	r = t->io->ops->submit(t->io, x);
	if (r < 0)
		x->data = NULL;
	else
		t->flying++;
	return r;
}

void transport_stop(struct transport *t, struct usb_xfer *x)
{
	if (x->data != NULL)
		t->io->ops->cancel(t->io, x);
}

unsigned transport_landed(struct transport *t, struct usb_xfer *x)
{
	x->data = NULL;
	return --t->flying;
}

enum usb_status transport_not_sent(struct transport *t, int r)
{
	t->no_memory |= r == -ENOMEM;
	return r == -ENODEV ? USB_GONE : USB_FAILED;
}

void transport_blame(struct transport *t, const char *why, bool timed_out)
{
	if (t->why != NULL)
		return;
	t->why = why;
	t->timed_out = timed_out;
}
