#include "emulator/model_raw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "recorder/bot.h"

enum { RAW_STATUS = 7, RAW_FILL = 8, RAW_TAG = 16, RAW_ANSWER_SHIFT = 5 };

struct model_raw {
	const uint8_t *p, *end;
	uint8_t tag[4];
	unsigned *moves;
};

static uint8_t next(struct model_raw *m)
{
	return m->p < m->end ? *m->p++ : USB_GONE;
}

static enum usb_status status_of(uint8_t flags)
{
	return (flags & RAW_STATUS) == 7 ? USB_DONE : (enum usb_status)(flags & RAW_STATUS);
}

static void come_in(struct model_raw *m, uint8_t flags, struct usb_xfer *x)
{
	size_t n;

	if ((flags & RAW_FILL) != 0) {
		memset(x->buf, next(m), x->len);
		x->actual = x->len;
	} else {
		n = next(m);
		n = MIN(n, (size_t)(m->end - m->p));
		x->actual = (uint32_t)MIN(n, x->len);
		memcpy(x->buf, m->p, x->actual);
		m->p += n;
		if (n > x->len)
			x->status = USB_OVERFLOW;
	}
	if ((flags & RAW_TAG) != 0 && x->actual >= 8)
		memcpy(x->buf + 4, m->tag, sizeof(m->tag));
}

static int raw_transfer(void *data, struct usb_xfer *x)
{
	struct model_raw *m = data;
	uint8_t flags = next(m);

	x->status = status_of(flags);
	x->actual = 0;
	if ((x->endpoint & 0x80) != 0) {
		come_in(m, flags, x);
	} else if (x->endpoint == 0) {
		if ((x->buf[0] & 0x80) != 0 && flags >> RAW_ANSWER_SHIFT != 0) {
			x->buf[8] = flags >> RAW_ANSWER_SHIFT;
			x->actual = 1;
		}
	} else {
		if (x->len == BOT_CBW_LEN)
			memcpy(m->tag, x->buf + 4, sizeof(m->tag));
		x->actual = x->status == USB_DONE ? x->len : 0;
	}
	if (m->moves != NULL)
		++*m->moves;
	return 0;
}

static int raw_act(void *data, uint8_t endpoint)
{
	struct model_raw *m = data;

	(void)endpoint;
	if (m->moves != NULL)
		++*m->moves;
	switch (status_of(next(m))) {
	case USB_DONE:	return 0;
	case USB_GONE:	return -ENODEV;
	default:	return -EIO;
	}
}

int model_raw_new(uv_loop_t *loop, const uint8_t *script, size_t len, unsigned *moves,
		  struct usb_io **ret)
{
	const struct model_io_device device = {
		.transfer = raw_transfer, .act = raw_act, .free = free,
	};
	const struct usb_io shape = {
		.endpoint_in = MODEL_EP_IN, .endpoint_out = MODEL_EP_OUT, .max_packet = 512,
	};
	struct model_raw *m = calloc(1, sizeof(*m));
	int r;

	if (m == NULL)
		return -ENOMEM;
	m->p = script;
	m->end = script + len;
	m->moves = moves;
	r = model_io_over(loop, &device, m, &shape, ret);
	if (r < 0)
		free(m);
	return r;
}
