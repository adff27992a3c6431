#include "unit/ptp_rig.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "base/util.h"

uint8_t rig_byte(uint64_t at)
{
	return (uint8_t)(at * 13 + (at >> 9) + (at >> 32) * 5);
}

static uint8_t *put(uint8_t *p, uint64_t n, unsigned bytes)
{
	while (bytes-- > 0) {
		*p++ = (uint8_t)n;
		n >>= 8;
	}
	return p;
}

static uint8_t *put_header(uint8_t *p, uint32_t len, uint16_t type, const struct rig_step *s)
{
	p = put(p, len, 4);
	p = put(p, type, 2);
	p = put(p, s->code, 2);
	return put(p, s->tid, 4);
}

static uint8_t *put_params(uint8_t *p, uint16_t type, const struct rig_step *s)
{
	unsigned i;

	p = put_header(p, 12 + 4u * s->n, type, s);
	for (i = 0; i < s->n; i++)
		p = put(p, s->params[i], 4);
	return p;
}

static uint8_t *put_data(uint8_t *p, const struct rig_step *s)
{
	uint32_t len = 12 + (s->promised != 0 ? s->promised : s->len), i;

	p = put_header(p, (s->how & RIG_UNKNOWN) != 0 ? UINT32_MAX : len, 2, s);
	for (i = 0; i < s->len; i++)
		*p++ = rig_byte(s->from + i);
	return p;
}

/* The bytes of step s, as they go over the wire, into p. */
static uint8_t *put_step(uint8_t *p, const struct rig_step *s)
{
	switch (s->kind) {
	case RIG_COMMAND:
		return put_params(p, 1, s);
	case RIG_RESPONSE:
		return put_params(p, 3, s);
	case RIG_DATA:
		p = put_data(p, s);
		return (s->how & RIG_GLUED) != 0 ? put_step(p, s + 1) : p;
	default:
		if (s->len > 0)
			memcpy(p, s->bytes, s->len);
		return p + s->len;
	}
}

static void step_done(struct rig *g)
{
	g->step += (g->step->how & RIG_GLUED) != 0 ? 2 : 1;
	g->at = 0;
	g->steps++;
	if (g->act_at != 0 && g->steps == g->act_at)
		g->act(g->data);
}

static int ends(struct usb_xfer *x, enum usb_status status)
{
	x->status = status;
	return 0;
}

static int came_out(struct rig *g, struct usb_xfer *x)
{
	size_t len;

	if (g->step->kind == RIG_OUT_ENDS) {
		x->status = (enum usb_status)g->step->code;
		step_done(g);
		return 0;
	}
	ck_assert_msg(g->step->kind == RIG_COMMAND || g->step->kind == RIG_OUT,
		      "step %u: %u bytes out: %02x%02x", g->steps, x->len,
		      x->len > 7 ? x->buf[7] : 0, x->len > 6 ? x->buf[6] : 0);
	len = (size_t)(put_step(g->stage, g->step) - g->stage);
	ck_assert_msg(x->len == len && memcmp(x->buf, g->stage, len) == 0,
		      "step %u: other bytes out", g->steps);
	x->actual = x->len;
	step_done(g);
	return 0;
}

/* What ends a transfer before it is full: the end of a step, and a header alone. */
static int comes_in(struct rig *g, struct usb_xfer *x)
{
	const struct rig_step *s = g->step;
	uint32_t len, n, alone = (s->how & RIG_ALONE) != 0 ? 12 : 0;

	if (s->kind == RIG_IN_ENDS) {
		x->status = (enum usb_status)s->code;
		step_done(g);
		return 0;
	}
	if (s->kind != RIG_DATA && s->kind != RIG_RESPONSE && s->kind != RIG_IN)
		return -EAGAIN;
	len = (uint32_t)(put_step(g->stage, s) - g->stage);
	n = MIN(len - g->at, x->len);
	if (g->at == 0 && alone > 0)
		n = alone;
	memcpy(x->buf, g->stage + g->at, n);
	x->actual = n;
	g->at += n;
	/* At its end an empty packet may follow, if the last was full. */
	if (g->at == len && (n == 0 || (s->how & RIG_ZLP) == 0 ||
			     (len - alone) % g->max_packet != 0))
		step_done(g);
	return 0;
}

static int controls(struct rig *g, struct usb_xfer *x)
{
	const struct rig_step *s = g->step;

	if (s->kind == RIG_CONTROL_ENDS) {
		x->status = (enum usb_status)s->code;
	} else if (s->kind == RIG_STATUS) {
		ck_assert_mem_eq(x->buf, "\xa1\x67\0\0\3\0\x0c\0", 8);
		memcpy(x->buf + 8, s->bytes, s->len);
		x->actual = s->len;
	} else {
		ck_assert_msg(s->kind == RIG_CONTROL && x->len == s->len &&
			      memcmp(x->buf, s->bytes, s->len) == 0,
			      "step %u: request %02x", g->steps, x->buf[1]);
	}
	step_done(g);
	return 0;
}

static int tells(struct rig *g, struct usb_xfer *x)
{
	ck_assert_uint_eq(x->timeout_ms, 0);
	if (g->step->kind != RIG_EVENT)
		return -EAGAIN;
	ck_assert_uint_le(g->step->len, x->len);
	memcpy(x->buf, g->step->bytes, g->step->len);
	x->actual = g->step->len;
	step_done(g);
	return 0;
}

/* --- when all is well --- */

static int well_in(struct rig *g, struct usb_xfer *x)
{
	const struct rig_step s = {
		.code = g->code == 0x1002 ? ALREADY_OPEN : OK, .tid = g->tid,
	};

	if (!g->owes)
		return ends(x, USB_TIMED_OUT);
	g->owes = false;
	x->actual = (uint32_t)(put_params(x->buf, 3, &s) - x->buf);
	return 0;
}

static int well(struct rig *g, struct usb_xfer *x)
{
	switch (x->endpoint) {
	case 0:
		if (x->buf[1] == 0x67) {
			memcpy(x->buf + 8, "\4\0\1\x20", 4);
			x->actual = 4;
		}
		return 0;
	case 0x81:
		return well_in(g, x);
	case 0x83:
		return -EAGAIN;
	default:
		g->owes = true;
		x->actual = x->len;
		return 0;
	}
}

/* --- the seam --- */

static void note(struct rig *g, const struct usb_xfer *x)
{
	if (x->endpoint != 0x02 || x->len < 12 || x->buf[4] != 1)
		return;
	g->code = (uint16_t)(x->buf[7] << 8 | x->buf[6]);
	g->tid = (uint32_t)(x->buf[11] << 24 | x->buf[10] << 16 | x->buf[9] << 8 | x->buf[8]);
	g->closes += g->code == 0x1003;
}

static bool over(const struct rig *g)
{
	return g->step->kind == RIG_END || (g->gone_at != 0 && g->steps >= g->gone_at);
}

static int transfer(void *data, struct usb_xfer *x)
{
	struct rig *g = data;

	note(g, x);
	if (over(g))
		return g->well ? well(g, x) : ends(x, USB_GONE);
	switch (x->endpoint) {
	case 0:
		return controls(g, x);
	case 0x81:
		return comes_in(g, x);
	case 0x83:
		return tells(g, x);
	default:
		return came_out(g, x);
	}
}

static int act(void *data, uint8_t endpoint)
{
	struct rig *g = data;
	int r;

	if (over(g))
		return g->well ? 0 : -ENODEV;
	ck_assert_msg(endpoint == 0 ? g->step->kind == RIG_PORT_RESET :
		      g->step->kind == RIG_CLEAR && g->step->code == endpoint,
		      "step %u: endpoint %02x is cleared or reset", g->steps, endpoint);
	r = -(int)g->step->tid;
	step_done(g);
	return r;
}

static void forget(void *data)
{
	(void)data;
}

struct usb_io *rig_new(uv_loop_t *loop, struct rig *g)
{
	static const struct model_io_device device = {
		.transfer = transfer, .act = act, .free = forget,
	};
	const struct usb_io shape = {
		.protocol = USB_PROTOCOL_MTP, .interface = 3, .endpoint_in = 0x81,
		.endpoint_out = 0x02, .endpoint_event = 0x83, .max_packet_event = 28,
		.max_packet = g->max_packet,
	};
	struct usb_io *io;

	ck_assert_int_eq(model_io_over(loop, &device, g, &shape, &io), 0);
	return io;
}
