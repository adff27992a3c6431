#include "emulator/model_raw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "recorder/bot.h"
#include "recorder/uas.h"

enum { RAW_STATUS = 7, RAW_FILL = 8, RAW_TAG = 16, RAW_ANSWER_SHIFT = 5 };

struct model_raw {
	const uint8_t *p, *end;
	uint8_t tag[4];
	size_t tag_at, tag_len, command_len;	/* as the protocol has it */
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
	if ((flags & RAW_TAG) != 0 && x->actual >= m->tag_at + m->tag_len)
		memcpy(x->buf + m->tag_at, m->tag, m->tag_len);
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
		if (x->len == m->command_len)
			memcpy(m->tag, x->buf + m->tag_at, m->tag_len);
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

static int raw_over(uv_loop_t *loop, const struct model_raw *is, const struct usb_io *shape,
		    struct usb_io **ret)
{
	const struct model_io_device device = {
		.transfer = raw_transfer, .act = raw_act, .free = free,
	};
	struct model_raw *m = malloc(sizeof(*m));
	int r;

	if (m == NULL)
		return -ENOMEM;
	*m = *is;
	r = model_io_over(loop, &device, m, shape, ret);
	if (r < 0)
		free(m);
	return r;
}

int model_raw_new(uv_loop_t *loop, const uint8_t *script, size_t len, unsigned *moves,
		  struct usb_io **ret)
{
	const struct usb_io shape = {
		.endpoint_in = MODEL_EP_IN, .endpoint_out = MODEL_EP_OUT, .max_packet = 512,
	};
	const struct model_raw m = {
		.p = script, .end = script + len, .moves = moves,
		.tag_at = 4, .tag_len = 4, .command_len = BOT_CBW_LEN,
	};

	return raw_over(loop, &m, &shape, ret);
}

int model_raw_uas_new(uv_loop_t *loop, const uint8_t *script, size_t len, bool superspeed,
		      unsigned *moves, struct usb_io **ret)
{
	const struct usb_io shape = {
		.protocol = USB_PROTOCOL_UAS, .superspeed = superspeed,
		.endpoint_command = 0x04, .endpoint_status = 0x82,
		.endpoint_in = MODEL_EP_IN, .endpoint_out = MODEL_EP_OUT,
		.max_packet = superspeed ? 1024 : 512,
	};
	const struct model_raw m = {
		.p = script, .end = script + len, .moves = moves,
		.tag_at = 2, .tag_len = 2, .command_len = UAS_COMMAND_LEN,
	};

	return raw_over(loop, &m, &shape, ret);
}
