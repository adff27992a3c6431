/* What the device tells of itself: one transfer waits at the interrupt endpoint. */
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "recorder/mtp_impl.h"

static bool is_ours(const struct mtp *m, uint16_t code, uint32_t handle)
{
	size_t i;

	for (i = 0; i < COUNT(m->deleted); i++)
		if (code == PTP_EVENT_OBJECT_REMOVED && handle != 0 && m->deleted[i] == handle)
			return true;
	return false;
}

void mtp_event_expect_removal(struct mtp *m, uint32_t handle)
{
	m->deleted[m->n_deleted++ % COUNT(m->deleted)] = handle;
}

/* An event may come in several packets; what is none is forgotten. */
static void take(struct mtp *m, const uint8_t *p, size_t len)
{
	uint16_t code = 0;
	uint32_t param = 0;
	const char *why;
	int r = -1;

	if (len <= sizeof(m->event) - m->event_len) {
		memcpy(m->event + m->event_len, p, len);
		m->event_len += len;
		r = ptp_event_parse(m->event, m->event_len, &code, &param);
	}
	if (r == 0)
		return;
	m->event_len = 0;
	if (r < 0) {
		log_debug("mtp: no event: %zu bytes", len);
		return;
	}
	log_debug("mtp: event 0x%04x %u", code, param);
	why = is_ours(m, code, param) ? NULL : ptp_event_alarms(code);
	if (why != NULL)
		m->changed(m->data, why);
}

static void on_event(struct usb_xfer *x)
{
	struct mtp *m = x->data;

	m->listening = false;
	if (m->letting_go) {
		mtp_close_io(m);
		return;
	}
	if (x->status != USB_DONE)
		return;		/* events are a courtesy; the next recovery listens again */
	if (x->actual > 0)
		take(m, m->event_packet, x->actual);
	mtp_event_listen(m);
}

void mtp_event_listen(struct mtp *m)
{
	uint32_t len = m->io->max_packet_event;

	if (m->listening || m->dead < 0 || m->closing || m->io->endpoint_event == 0 || len == 0)
		return;
	m->x_event = (struct usb_xfer){
		.endpoint = m->io->endpoint_event, .buf = m->event_packet,
		.len = MIN(len, sizeof(m->event_packet)), .cb = on_event, .data = m,
	};
	m->listening = m->io->ops->submit(m->io, &m->x_event) == 0;
}
