#include "recorder/transport.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"

static void move(struct transport *t, enum bot_event ev, const char *why);

void transport_init(struct transport *t, struct usb_io *io, uint32_t timeout_ms)
{
	memset(t, 0, sizeof(*t));
	t->io = io;
	t->timeout_ms = timeout_ms;
	/* A status that a reader before us never took must not pass for one of ours. */
	t->tag = randombytes_random();
}

void transport_set_timeout(struct transport *t, uint32_t timeout_ms)
{
	t->timeout_ms = timeout_ms;
}

/* A transfer in flight is known by its data, which is NULL otherwise. */
static void cancel(struct transport *t, struct usb_xfer *x)
{
	if (x->data != NULL)
		t->io->ops->cancel(t->io, x);
}

static int submit(struct transport *t, struct usb_xfer *x, uint8_t endpoint, uint8_t *buf,
		  uint32_t len, void (*cb)(struct usb_xfer *x))
{
	int r;

	*x = (struct usb_xfer){
		.endpoint = endpoint, .buf = buf, .len = len, .cb = cb, .data = t,
		.timeout_ms = t->state < BOT_RESET ? t->timeout_ms :
						     TRANSPORT_RECOVERY_TIMEOUT_MS,
	};
	r = t->io->ops->submit(t->io, x);
	if (r < 0)
		x->data = NULL;
	else
		t->flying++;
	return r;
}

static bool probing(const struct transport *t)
{
	return t->state == BOT_PROBE || t->state == BOT_PROBE_AGAIN;
}

/* One of several could not be submitted: it ends like one that failed. */
static enum usb_status failed(struct transport *t, int r)
{
	t->no_memory |= r == -ENOMEM;
	return r == -ENODEV ? USB_GONE : USB_FAILED;
}

static void on_csw(struct usb_xfer *x);

static int ask_status(struct transport *t)
{
	t->status_asked = true;
	return submit(t, &t->x_csw, t->io->endpoint_in, t->csw_bytes, BOT_CSW_LEN, on_csw);
}

/* Everything that there will be is back: decide. */
static void exchange_done(struct transport *t)
{
	const uint32_t asked = probing(t) ? 0 : t->command.data_len;
	struct bot_csw *csw = probing(t) ? &t->probe_csw : &t->csw;
	const char *why = NULL;
	enum bot_event ev;

	t->seen.csw_fault = bot_csw_parse(t->csw_bytes, t->seen.csw_len, t->tag, asked, csw);
	t->seen.phase_error = t->seen.csw_fault == NULL && csw->status == BOT_PHASE_ERROR;
	ev = bot_judge(&t->seen, &why);
	move(t, ev, why);
}

/*
 * x is back.  What was queued behind a transfer that failed would wait for
 * something that does not come.  So would a command before it that was not
 * taken yet: the device is still answering one of a host that died.
 */
static void back(struct transport *t, struct usb_xfer *x)
{
	int r;

	x->data = NULL;
	t->flying--;
	if (x == &t->x_cbw && x->status != USB_DONE)
		cancel(t, &t->x_data);
	if (x == &t->x_data && x->status != USB_DONE)
		cancel(t, &t->x_cbw);
	if (t->flying > 0)
		return;
	if (!t->status_asked && !t->cancelled && bot_status_due(&t->seen)) {
		r = ask_status(t);
		if (r == 0)
			return;
		t->seen.csw = failed(t, r);
	}
	exchange_done(t);
}

static void on_cbw(struct usb_xfer *x)
{
	struct transport *t = x->data;

	t->seen.cbw = x->status;
	t->seen.cbw_whole = x->actual == BOT_CBW_LEN;
	back(t, x);
}

/*
 * Some devices that fail a command leave its data stage out and send the
 * status in its place.  Content cannot look like that: it comes in sectors.
 */
static bool is_status(const struct transport *t, const struct usb_xfer *x)
{
	struct bot_csw csw;

	return x->status == USB_DONE && x->len > BOT_CSW_LEN &&
	       bot_csw_parse(x->buf, x->actual, t->tag, x->len, &csw) == NULL;
}

static void on_data(struct usb_xfer *x)
{
	struct transport *t = x->data;

	t->seen.data = x->status;
	t->actual = x->actual;
	if (is_status(t, x)) {
		memcpy(t->csw_bytes, x->buf, BOT_CSW_LEN);
		t->seen.csw_len = BOT_CSW_LEN;
		t->actual = 0;
	}
	back(t, x);
}

static void on_csw(struct usb_xfer *x)
{
	struct transport *t = x->data;

	t->seen.csw = x->status;
	t->seen.csw_len = x->actual;
	back(t, x);
}

static int start_command(struct transport *t, const struct scsi_command *c)
{
	int r;

	memset(&t->seen, 0, sizeof(t->seen));
	t->status_asked = false;
	bot_cbw(c, ++t->tag, t->cbw);
	r = submit(t, &t->x_cbw, t->io->endpoint_out, t->cbw, BOT_CBW_LEN, on_cbw);
	if (r < 0 || c->data_len == 0)
		return r;
	r = submit(t, &t->x_data, t->io->endpoint_in, t->data, c->data_len, on_data);
	if (r < 0) {
		t->seen.data = failed(t, r);
		cancel(t, &t->x_cbw);
	}
	return 0;
}

static int start_exchange(struct transport *t)
{
	return start_command(t, &t->command);
}

static int start_probe(struct transport *t)
{
	struct scsi_command c = scsi_test_unit_ready();

	c.lun = t->command.lun;
	return start_command(t, &c);
}

static int start_status(struct transport *t)
{
	t->seen = (struct bot_exchange){ .cbw_whole = true };
	return ask_status(t);
}

static void on_act(void *data, int r)
{
	if (r == 0)
		move(data, BOT_EV_OK, NULL);
	else if (r == -ENODEV)
		move(data, BOT_EV_GONE, "unplugged");
	else
		move(data, BOT_EV_FAULT, "the endpoint or port could not be reset");
}

static int start_clear_in(struct transport *t)
{
	return t->io->ops->clear_halt(t->io, t->io->endpoint_in, on_act, t);
}

static int start_clear_out(struct transport *t)
{
	return t->io->ops->clear_halt(t->io, t->io->endpoint_out, on_act, t);
}

static int start_port_reset(struct transport *t)
{
	return t->io->ops->reset(t->io, on_act, t);
}

static void on_control(struct usb_xfer *x)
{
	struct transport *t = x->data;

	x->data = NULL;
	t->flying--;
	if (x->status == USB_DONE)
		move(t, BOT_EV_OK, NULL);
	else if (x->status == USB_GONE)
		move(t, BOT_EV_GONE, "unplugged");
	else if (x->status == USB_TIMED_OUT)
		move(t, BOT_EV_TIMEOUT, "no answer in time");
	else
		move(t, BOT_EV_FAULT, "the device refused a mass storage reset");
}

/* Bulk-only mass storage reset, section 3.1. */
static int start_reset(struct transport *t)
{
	const uint8_t setup[8] = { 0x21, 0xff, 0, 0, t->io->interface, 0, 0, 0 };

	memcpy(t->setup, setup, sizeof(setup));
	return submit(t, &t->x_control, 0, t->setup, sizeof(setup), on_control);
}

static int (*const starts[])(struct transport *t) = {
	[BOT_EXCHANGE] = start_exchange,
	[BOT_CLEAR_DATA] = start_clear_in,
	[BOT_STATUS] = start_status,
	[BOT_CLEAR_STATUS] = start_clear_in,
	[BOT_STATUS_AGAIN] = start_status,
	[BOT_RESET] = start_reset,
	[BOT_RESET_IN] = start_clear_in,
	[BOT_RESET_OUT] = start_clear_out,
	[BOT_PROBE] = start_probe,
	[BOT_PORT_RESET] = start_port_reset,
	[BOT_PROBE_AGAIN] = start_probe,
};

/* Every callback ends here.  No state comes twice, so this ends too. */
static void move(struct transport *t, enum bot_event ev, const char *why)
{
	enum bot_state next = bot_next(t->state, ev);
	int r;

	if (t->why == NULL && ev != BOT_EV_OK && ev != BOT_EV_STALL_DATA) {
		t->why = why;
		t->timed_out = ev == BOT_EV_TIMEOUT;
	}
	if (t->cancelled && next != BOT_GONE)
		next = BOT_CANCELLED;
	if (next != BOT_ANSWERED)
		log_debug("bot: %s -> %s%s%s", bot_state_name(t->state), bot_state_name(next),
			  why != NULL ? ": " : "", why != NULL ? why : "");
	t->state = next;
	if (bot_is_end(next)) {
		t->running = false;
		t->cb(t->cb_data, next);
		return;
	}
	r = starts[next](t);
	if (r < 0)
		move(t, r == -ENODEV ? BOT_EV_GONE : BOT_EV_FAULT,
		     "a transfer could not be started");
}

static void on_units(struct usb_xfer *x)
{
	struct transport *t = x->data;
	const uint8_t last = t->setup[8];

	x->data = NULL;
	t->flying--;
	t->running = false;
	t->units = 1;
	/* A LUN has four bits in the wrapper; what is beyond that is no answer. */
	if (x->status == USB_DONE && x->actual == 1 && last <= BOT_LUN_MAX)
		t->units = last + 1U;
	t->state = x->status == USB_GONE ? BOT_GONE : t->cancelled ? BOT_CANCELLED : BOT_ANSWERED;
	t->cb(t->cb_data, t->state);
}

int transport_ask_units(struct transport *t, void (*cb)(void *data, enum bot_state end),
			void *data)
{
	const uint8_t setup[8] = { 0xa1, 0xfe, 0, 0, t->io->interface, 0, 1, 0 };
	int r;

	if (t->running)
		BUG("transport: a question while a command is on the wire");
	memcpy(t->setup, setup, sizeof(setup));
	t->cb = cb;
	t->cb_data = data;
	t->why = NULL;
	t->timed_out = t->no_memory = false;
	t->state = BOT_EXCHANGE;
	r = submit(t, &t->x_control, 0, t->setup, sizeof(t->setup), on_units);
	if (r == 0)
		t->running = true;
	return r;
}

int transport_run(struct transport *t, const struct scsi_command *c, uint8_t *buf,
		  void (*cb)(void *data, enum bot_state end), void *data)
{
	int r;

	if (t->running)
		BUG("transport: a command while one is on the wire");
	t->command = *c;
	t->data = buf;
	t->cb = cb;
	t->cb_data = data;
	t->actual = 0;
	t->why = NULL;
	t->timed_out = t->no_memory = false;
	t->state = BOT_EXCHANGE;
	r = start_exchange(t);
	if (r == 0)
		t->running = true;
	return r;
}

void transport_cancel(struct transport *t)
{
	struct usb_xfer *all[] = { &t->x_cbw, &t->x_data, &t->x_csw, &t->x_control };
	size_t i;

	if (!t->running)
		return;
	t->cancelled = true;
	for (i = 0; i < COUNT(all); i++)
		cancel(t, all[i]);
}
