/*
 * USB Attached SCSI.  A command's status is asked for before it goes out.  With
 * streams so is its data; without, data is asked for when the device announces it.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "recorder/transport_impl.h"

static void move(struct transport *t, enum uas_event ev, const char *why);

static bool streams(const struct transport *t)
{
	return t->io->superspeed != 0;
}

static void init(struct transport *t)
{
	/* A status that a reader before us never took must not pass for one of ours. */
	t->uas.tag = streams(t) ? UAS_STREAM : (uint16_t)(1 + randombytes_uniform(UAS_TAG_MAX));
}

static void next_tag(struct transport *t)
{
	if (!streams(t))
		t->uas.tag = (uint16_t)(t->uas.tag % UAS_TAG_MAX + 1);
}

static int submit(struct transport *t, struct usb_xfer *x, uint8_t endpoint, uint8_t *buf,
		  uint32_t len, void (*cb)(struct usb_xfer *x))
{
	*x = (struct usb_xfer){
		.endpoint = endpoint, .buf = buf, .len = len, .cb = cb,
		.stream = streams(t) && endpoint != t->io->endpoint_command ? t->uas.tag : 0,
		.timeout_ms = t->uas.state < UAS_RESET ? t->timeout_ms :
							 TRANSPORT_RECOVERY_TIMEOUT_MS,
	};
	return transport_submit(t, x);
}

/* The command at hand may be the recovery's probe, which is about no data. */
static bool wants_data(const struct transport *t)
{
	return t->uas.state == UAS_EXCHANGE && t->command.data_len > 0;
}

static void stop_all(struct transport *t)
{
	transport_stop(t, &t->uas.x_command);
	transport_stop(t, &t->uas.x_status);
	transport_stop(t, &t->uas.x_data);
}

/* Something is back: behind what was lost nothing more comes; when all is back, decide. */
static void settle(struct transport *t)
{
	const char *why = NULL;
	enum uas_event ev;

	if (t->flying > 0) {
		if (uas_is_lost(&t->uas.seen))
			stop_all(t);
		return;
	}
	ev = uas_judge(&t->uas.seen, &why);
	move(t, ev, why);
}

static void on_command(struct usb_xfer *x)
{
	struct transport *t = x->data;

	transport_landed(t, x);
	t->uas.seen.command = x->status;
	t->uas.seen.command_whole = x->actual == UAS_COMMAND_LEN;
	settle(t);
}

static void on_data(struct usb_xfer *x)
{
	struct transport *t = x->data;

	transport_landed(t, x);
	t->actual = x->actual;
	/* We cancelled it when the status said that there is nothing to wait for. */
	if (x->status != USB_CANCELLED || !t->uas.seen.sensed)
		t->uas.seen.data = x->status;
	settle(t);
}

static int ask_data(struct transport *t)
{
	t->uas.data_asked = true;
	return submit(t, &t->uas.x_data, t->io->endpoint_in, t->data, t->command.data_len,
		      on_data);
}

static void on_status(struct usb_xfer *x);

static int ask_status(struct transport *t)
{
	return submit(t, &t->uas.x_status, t->io->endpoint_status, t->uas.iu, UAS_STATUS_MAX,
		      on_status);
}

/* The data that was announced, and the status behind it. */
static void fetch_data(struct transport *t)
{
	int r = ask_data(t);

	if (r < 0)
		t->uas.seen.data = transport_not_sent(t, r);
	else if ((r = ask_status(t)) < 0)
		t->uas.seen.status = transport_not_sent(t, r);
}

static enum transport_status status_of(uint8_t status)
{
	switch (status) {
	case UAS_GOOD:		return TRANSPORT_PASSED;
	case UAS_BUSY:
	case UAS_TASK_SET_FULL:	return TRANSPORT_BUSY;
	default:		return TRANSPORT_FAILED;
	}
}

/* The command is over: for data of one that failed there is no waiting. */
static void take_sense(struct transport *t, const struct uas_iu *iu)
{
	t->uas.seen.sensed = true;
	t->status = status_of(iu->status);
	t->sense_len = t->status == TRANSPORT_FAILED ? iu->sense_len : 0;
	memcpy(t->sense, iu->sense, t->sense_len);
	if (t->status != TRANSPORT_PASSED)
		transport_stop(t, &t->uas.x_data);
}

static void take_unit(struct transport *t, size_t len)
{
	struct uas_iu iu;
	const char *fault = uas_parse(t->uas.iu, len, t->uas.tag, &iu);

	if (fault == NULL)
		fault = uas_refuse(&iu, wants_data(t), t->uas.data_asked);
	t->uas.seen.fault = fault;
	if (fault != NULL)
		return;
	if (iu.id == UAS_SENSE)
		take_sense(t, &iu);
	else if (!t->cancelled)
		fetch_data(t);
}

static void on_status(struct usb_xfer *x)
{
	struct transport *t = x->data;

	transport_landed(t, x);
	t->uas.seen.status = x->status;
	if (x->status == USB_DONE)
		take_unit(t, x->actual);	/* which may ask for the next, in x */
	settle(t);
}

/* Without streams the data is asked for when it is announced. */
static int start_command(struct transport *t, const struct scsi_command *c)
{
	struct uas_exchange *seen = &t->uas.seen;
	int r;

	memset(seen, 0, sizeof(*seen));
	t->uas.data_asked = streams(t);
	next_tag(t);
	uas_command(c, t->uas.tag, t->uas.command);
	r = ask_status(t);
	if (r < 0)
		return r;
	if (streams(t) && c->data_len > 0 && (r = ask_data(t)) < 0)
		seen->data = transport_not_sent(t, r);
	else if ((r = submit(t, &t->uas.x_command, t->io->endpoint_command, t->uas.command,
			     UAS_COMMAND_LEN, on_command)) < 0)
		seen->command = transport_not_sent(t, r);
	if (r < 0)
		stop_all(t);
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

static void on_act(void *data, int r)
{
	if (r == 0)
		move(data, UAS_EV_OK, NULL);
	else if (r == -ENODEV)
		move(data, UAS_EV_GONE, "unplugged");
	else
		move(data, UAS_EV_FAULT, "the endpoint or port could not be reset");
}

static int start_clear(struct transport *t)
{
	return t->io->ops->clear_halt(t->io, t->io->endpoint_in, on_act, t);
}

static int start_reset(struct transport *t)
{
	return t->io->ops->reset(t->io, on_act, t);
}

static int (*const starts[])(struct transport *t) = {
	[UAS_EXCHANGE] = start_exchange,
	[UAS_CLEAR_DATA] = start_clear,
	[UAS_RESET] = start_reset,
	[UAS_PROBE] = start_probe,
	[UAS_RESET_AGAIN] = start_reset,
	[UAS_PROBE_AGAIN] = start_probe,
};

static enum transport_end end_of(enum uas_state s)
{
	switch (s) {
	case UAS_ANSWERED:	return TRANSPORT_ANSWERED;
	case UAS_RECOVERED:	return TRANSPORT_RECOVERED;
	case UAS_GONE:		return TRANSPORT_GONE;
	case UAS_CANCELLED:	return TRANSPORT_CANCELLED;
	default:		return TRANSPORT_BROKEN;
	}
}

/* There is no residue here: what is missing is what did not come. */
static void take_delivery(struct transport *t)
{
	t->residue = t->command.data_len - t->actual;
	t->delivered = t->residue == 0 ? BOT_WHOLE : BOT_SHORT;
}

/* Every callback ends here.  No state comes twice, so this ends too. */
static void move(struct transport *t, enum uas_event ev, const char *why)
{
	enum uas_state next = uas_next(t->uas.state, ev);
	int r;

	if (ev != UAS_EV_OK && ev != UAS_EV_STALL_DATA)
		transport_blame(t, why, ev == UAS_EV_TIMEOUT);
	if (t->cancelled && next != UAS_GONE)
		next = UAS_CANCELLED;
	if (next != UAS_ANSWERED)
		log_debug("uas: %s -> %s%s%s", uas_state_name(t->uas.state), uas_state_name(next),
			  why != NULL ? ": " : "", why != NULL ? why : "");
	else
		take_delivery(t);
	t->uas.state = next;
	if (uas_is_end(next)) {
		transport_done(t, end_of(next));
		return;
	}
	r = starts[next](t);
	if (r < 0)
		move(t, r == -ENODEV ? UAS_EV_GONE : UAS_EV_FAULT,
		     "a transfer could not be started");
}

static int run(struct transport *t)
{
	t->uas.state = UAS_EXCHANGE;
	return start_exchange(t);
}

/*
 * REPORT LUNS is asked twice, since the first answer may be to a host that died.
 * There are devices that choke on it: those have one unit.
 */
static void on_units(void *data, enum transport_end end)
{
	const struct scsi_command c = scsi_report_luns();
	struct transport *t = data;
	bool answered = end == TRANSPORT_ANSWERED && t->status == TRANSPORT_PASSED;
	bool lost = !t->no_memory && !answered &&
		    (end == TRANSPORT_ANSWERED || end == TRANSPORT_RECOVERED);

	if (lost && t->uas.units_asked++ == 0 &&
	    transport_run(t, &c, t->uas.luns, on_units, t) == 0)
		return;
	t->units = answered ? scsi_parse_luns(t->uas.luns, t->actual) : 1;
	t->uas.units_cb(t->uas.units_data, lost ? TRANSPORT_ANSWERED : end);
}

static int ask_units(struct transport *t)
{
	_Static_assert(SCSI_LUNS_MAX == BOT_LUN_MAX + 1, "as transport.h says");
	t->uas.units_cb = t->cb;
	t->uas.units_data = t->cb_data;
	t->uas.units_asked = 0;
	t->cb = on_units;
	t->cb_data = t;
	t->command = scsi_report_luns();
	t->data = t->uas.luns;
	return run(t);
}

const struct transport_kind transport_uas = {
	.init = init,
	.run = run,
	.ask_units = ask_units,
	.cancel = stop_all,
};
