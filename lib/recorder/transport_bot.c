/*
 * Bulk-only transport: command and data are queued together; the status is
 * asked for when the data is there, as every other host does: there are
 * devices that lose a request for it that came before.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "recorder/transport_impl.h"

static void move(struct transport *t, enum bot_event ev, const char *why);

static void init(struct transport *t)
{
	/* A status that a reader before us never took must not pass for one of ours. */
	t->bot.tag = randombytes_random();
}

static int submit(struct transport *t, struct usb_xfer *x, uint8_t endpoint, uint8_t *buf,
		  uint32_t len, void (*cb)(struct usb_xfer *x))
{
	*x = (struct usb_xfer){
		.endpoint = endpoint, .buf = buf, .len = len, .cb = cb,
		.timeout_ms = t->bot.state < BOT_RESET ? t->timeout_ms :
							 TRANSPORT_RECOVERY_TIMEOUT_MS,
	};
	return transport_submit(t, x);
}

static bool probing(const struct transport *t)
{
	return t->bot.state == BOT_PROBE || t->bot.state == BOT_PROBE_AGAIN;
}

static void on_csw(struct usb_xfer *x);

static int ask_status(struct transport *t)
{
	t->bot.status_asked = true;
	return submit(t, &t->bot.x_csw, t->io->endpoint_in, t->bot.csw_bytes, BOT_CSW_LEN, on_csw);
}

/* Everything that there will be is back: decide. */
static void exchange_done(struct transport *t)
{
	const uint32_t asked = probing(t) ? 0 : t->command.data_len;
	struct bot_csw *csw = probing(t) ? &t->bot.probe_csw : &t->bot.csw;
	struct bot_exchange *seen = &t->bot.seen;
	const char *why = NULL;
	enum bot_event ev;

	seen->csw_fault = bot_csw_parse(t->bot.csw_bytes, seen->csw_len, t->bot.tag, asked, csw);
	seen->phase_error = seen->csw_fault == NULL && csw->status == BOT_PHASE_ERROR;
	ev = bot_judge(seen, &why);
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

	transport_landed(t, x);
	if (x == &t->bot.x_cbw && x->status != USB_DONE)
		transport_stop(t, &t->bot.x_data);
	if (x == &t->bot.x_data && x->status != USB_DONE)
		transport_stop(t, &t->bot.x_cbw);
	if (t->flying > 0)
		return;
	if (!t->bot.status_asked && !t->cancelled && bot_status_due(&t->bot.seen)) {
		r = ask_status(t);
		if (r == 0)
			return;
		t->bot.seen.csw = transport_not_sent(t, r);
	}
	exchange_done(t);
}

static void on_cbw(struct usb_xfer *x)
{
	struct transport *t = x->data;

	t->bot.seen.cbw = x->status;
	t->bot.seen.cbw_whole = x->actual == BOT_CBW_LEN;
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
	       bot_csw_parse(x->buf, x->actual, t->bot.tag, x->len, &csw) == NULL;
}

static void on_data(struct usb_xfer *x)
{
	struct transport *t = x->data;

	t->bot.seen.data = x->status;
	t->actual = x->actual;
	if (is_status(t, x)) {
		memcpy(t->bot.csw_bytes, x->buf, BOT_CSW_LEN);
		t->bot.seen.csw_len = BOT_CSW_LEN;
		t->actual = 0;
	}
	back(t, x);
}

static void on_csw(struct usb_xfer *x)
{
	struct transport *t = x->data;

	t->bot.seen.csw = x->status;
	t->bot.seen.csw_len = x->actual;
	back(t, x);
}

static int start_command(struct transport *t, const struct scsi_command *c)
{
	int r;

	memset(&t->bot.seen, 0, sizeof(t->bot.seen));
	t->bot.status_asked = false;
	bot_cbw(c, ++t->bot.tag, t->bot.cbw);
	r = submit(t, &t->bot.x_cbw, t->io->endpoint_out, t->bot.cbw, BOT_CBW_LEN, on_cbw);
	if (r < 0 || c->data_len == 0)
		return r;
	r = submit(t, &t->bot.x_data, t->io->endpoint_in, t->data, c->data_len, on_data);
	if (r < 0) {
		t->bot.seen.data = transport_not_sent(t, r);
		transport_stop(t, &t->bot.x_cbw);
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
	t->bot.seen = (struct bot_exchange){ .cbw_whole = true };
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

	transport_landed(t, x);
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

	memcpy(t->bot.setup, setup, sizeof(setup));
	return submit(t, &t->bot.x_control, 0, t->bot.setup, sizeof(setup), on_control);
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

/* What the valid status says, for who asked. */
static void take_status(struct transport *t)
{
	const struct bot_csw *csw = &t->bot.csw;

	t->status = csw->status == BOT_PASSED ? TRANSPORT_PASSED : TRANSPORT_FAILED;
	t->residue = csw->residue;
	t->delivered = bot_delivered(t->command.data_len, t->actual, csw);
}

static enum transport_end end_of(enum bot_state s)
{
	switch (s) {
	case BOT_ANSWERED:	return TRANSPORT_ANSWERED;
	case BOT_RECOVERED:	return TRANSPORT_RECOVERED;
	case BOT_GONE:		return TRANSPORT_GONE;
	case BOT_CANCELLED:	return TRANSPORT_CANCELLED;
	default:		return TRANSPORT_BROKEN;
	}
}

/* Every callback ends here.  No state comes twice, so this ends too. */
static void move(struct transport *t, enum bot_event ev, const char *why)
{
	enum bot_state next = bot_next(t->bot.state, ev);
	int r;

	if (ev != BOT_EV_OK && ev != BOT_EV_STALL_DATA)
		transport_blame(t, why, ev == BOT_EV_TIMEOUT);
	if (t->cancelled && next != BOT_GONE)
		next = BOT_CANCELLED;
	if (next != BOT_ANSWERED)
		log_debug("bot: %s -> %s%s%s", bot_state_name(t->bot.state), bot_state_name(next),
			  why != NULL ? ": " : "", why != NULL ? why : "");
	else
		take_status(t);
	t->bot.state = next;
	if (bot_is_end(next)) {
		transport_done(t, end_of(next));
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
	const uint8_t last = t->bot.setup[8];

	transport_landed(t, x);
	t->units = 1;
	/* A LUN has four bits in the wrapper; what is beyond that is no answer. */
	if (x->status == USB_DONE && x->actual == 1 && last <= BOT_LUN_MAX)
		t->units = last + 1U;
	transport_done(t, x->status == USB_GONE ? TRANSPORT_GONE :
			  t->cancelled ? TRANSPORT_CANCELLED : TRANSPORT_ANSWERED);
}

/* Get Max LUN, section 3.2. */
static int ask_units(struct transport *t)
{
	const uint8_t setup[8] = { 0xa1, 0xfe, 0, 0, t->io->interface, 0, 1, 0 };

	memcpy(t->bot.setup, setup, sizeof(setup));
	t->bot.state = BOT_EXCHANGE;
	return submit(t, &t->bot.x_control, 0, t->bot.setup, sizeof(t->bot.setup), on_units);
}

static int run(struct transport *t)
{
	t->bot.state = BOT_EXCHANGE;
	return start_exchange(t);
}

static void cancel_all(struct transport *t)
{
	struct usb_xfer *all[] = {
		&t->bot.x_cbw, &t->bot.x_data, &t->bot.x_csw, &t->bot.x_control,
	};
	size_t i;

	for (i = 0; i < COUNT(all); i++)
		transport_stop(t, all[i]);
}

const struct transport_kind transport_bot = {
	.init = init,
	.run = run,
	.ask_units = ask_units,
	.cancel = cancel_all,
};
