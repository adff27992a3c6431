/*
 * An MTP device's answers, any at all: every request ends once, nothing goes
 * onto the wire but what may, closing always comes to its end.
 *
 * The input is a byte whose bit 0 says whether it knows GetPartialObject64, then
 * records, one for each thing that ends, in the order in which the seam ends
 * them (events: only where bit 7 is set): a byte whose bits 0-2 are enum usb_status (7 is
 * 0 too), and for a transfer in, bits 3-4: 0, a length byte and that many bytes
 * follow; 1, one byte follows and fills the transfer; 2, a response of the code
 * that follows; 3, data of which the 4 bytes of length follow, filled up.  With
 * 2 and 3 the transaction's number is right.  Behind the end it is unplugged.
 */
#include <errno.h>
#include <string.h>

#include "emulator/model_io.h"
#include "fuzz/fuzz.h"
#include "recorder/mtp.h"

enum { REQUESTS = 6, LEN = 8192, IDLE_TURNS = 6, HEADER = 12 };

struct session {
	const uint8_t *p, *end;
	uint8_t command[HEADER];
	struct mtp *mtp;
	struct mtp_query query;
	struct mtp_read reads[3];
	uint8_t bufs[4][LEN];
	bool queued[REQUESTS], opened, closed, can64;
	unsigned moves;
};

static uint8_t next(struct session *s)
{
	return s->p < s->end ? *s->p++ : USB_GONE;
}

static void put(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)n;
	p[1] = (uint8_t)(n >> 8);
	p[2] = (uint8_t)(n >> 16);
	p[3] = (uint8_t)(n >> 24);
}

/* A container that is right but for what the input chooses. */
static uint32_t contain(struct session *s, struct usb_xfer *x, bool data)
{
	uint8_t p[HEADER] = { 0 };
	unsigned i, n = data ? 4 : 2;

	memcpy(p, s->command, HEADER);
	p[4] = data ? 2 : 3;
	put(p, HEADER);
	for (i = 0; i < n; i++)
		p[(data ? 0 : 6) + i] = next(s);
	memset(x->buf, 0x5a, x->len);
	memcpy(x->buf, p, MIN(x->len, HEADER));
	return data ? x->len : MIN(x->len, HEADER);
}

static uint32_t raw(struct session *s, struct usb_xfer *x)
{
	uint32_t n = next(s), have = (uint32_t)(s->end - s->p);

	n = MIN(n, have);
	if (n > x->len)
		x->status = USB_OVERFLOW;
	memcpy(x->buf, s->p, MIN(n, x->len));
	s->p += n;
	return MIN(n, x->len);
}

static void come_in(struct session *s, uint8_t flags, struct usb_xfer *x)
{
	uint8_t *buf = x->buf;

	switch (flags >> 3 & 3) {
	case 0:
		x->actual = raw(s, x);
		return;
	case 1:
		memset(buf, next(s), x->len);
		x->actual = x->len;
		return;
	default:
		x->actual = contain(s, x, (flags >> 3 & 3) == 3);
	}
}

/* What may go onto the wire in this session, and nothing else. */
static void look(const struct usb_xfer *x)
{
	static const uint16_t may[] = { 0x1001, 0x1002, 0x1003, 0x1009, 0x100b, 0x9201, 0x95c1 };
	uint16_t code;
	size_t i;

	if (x->endpoint == 0) {
		MUST(x->len >= 8 && (x->buf[1] == 0x64 || x->buf[1] == 0x66 || x->buf[1] == 0x67));
		return;
	}
	MUST(x->len >= HEADER && x->buf[4] == 1);
	code = (uint16_t)(x->buf[7] << 8 | x->buf[6]);
	for (i = 0; i < COUNT(may); i++)
		if (may[i] == code)
			return;
	BUG("operation 0x%04x went out", code);
}

static int transfer(void *data, struct usb_xfer *x)
{
	struct session *s = data;
	uint8_t flags;

	if (x->endpoint == 0x83 && s->p < s->end && (*s->p & 0x80) == 0)
		return -EAGAIN;
	flags = next(s);
	x->status = (flags & 7) == 7 ? USB_DONE : (enum usb_status)(flags & 7);
	s->moves++;
	if ((x->endpoint & 0x80) != 0) {
		come_in(s, flags, x);
		return 0;
	}
	look(x);
	if (x->endpoint != 0)
		memcpy(s->command, x->buf, HEADER);
	x->actual = x->status != USB_DONE ? 0 : x->endpoint != 0 ? x->len : x->len - 8;
	if (x->endpoint == 0 && x->buf[0] == 0xa1)
		x->actual = MIN(raw(s, &(struct usb_xfer){ .buf = x->buf + 8, .len = x->len - 8 }),
				x->len - 8);
	return 0;
}

static int act(void *data, uint8_t endpoint)
{
	struct session *s = data;

	(void)endpoint;
	s->moves++;
	switch (next(s) & 7) {
	case USB_DONE:	return 0;
	case USB_GONE:	return -ENODEV;
	default:	return -EIO;
	}
}

static void forget(void *data)
{
	(void)data;
}

static void ended(struct session *s, unsigned i)
{
	MUST(s->queued[i]);
	s->queued[i] = false;
}

static void on_piece(struct mtp_query *q, uint32_t len)
{
	struct session *s = q->data;

	MUST(len >= 1 && len <= q->room);
	mtp_query_more(s->mtp, q);
}

static void on_query(struct mtp_query *q, int r)
{
	MUST(r == 0 || q->why[0] != '\0');
	ended(q->data, 0);
}

static void on_read(struct mtp_read *r, int result)
{
	struct session *s = r->data;

	MUST(result == 0 || r->why[0] != '\0');
	ended(s, 1 + (unsigned)(r - s->reads));
}

static void on_delete(void *data, int r, uint16_t response)
{
	MUST(r == 0 || response == 0);
	ended(data, 4);
}

static void on_vendor(void *data, int r, uint16_t response)
{
	MUST(r == 0 || response == 0);
	ended(data, 5);
}

static void on_open(void *data, int r, struct mtp *m, const struct err *e)
{
	const struct mtp_operation unlock = { .code = 0x9201 };
	struct session *s = data;
	unsigned i;

	MUST(!s->opened);
	s->opened = true;
	MUST(r == 0 || (e->code == r && e->msg[0] != '\0'));
	if (r < 0)
		return;
	s->query = (struct mtp_query){
		.op.code = 0x1001, .buf = s->bufs[3], .room = 4096, .piece = on_piece,
		.cb = on_query, .data = s,
	};
	s->queued[0] = mtp_query(m, &s->query) == 0;
	mtp_set_can(m, s->can64, false, true);
	for (i = 0; i < COUNT(s->reads); i++) {
		s->reads[i] = (struct mtp_read){
			.handle = 7, .size = LEN, .offset = i == 1 ? 4096 : 0, .len = 4096,
			.buf = s->bufs[i], .cb = on_read, .data = s,
		};
		s->queued[1 + i] = mtp_read(m, &s->reads[i]) == 0;
	}
	s->queued[4] = mtp_delete(m, 9, on_delete, s) == 0;
	s->queued[5] = mtp_vendor(m, &unlock, on_vendor, s) == 0;
}

static void on_changed(void *data, const char *why)
{
	(void)data;
	MUST(why[0] != '\0');
}

static void on_closed(void *data)
{
	((struct session *)data)->closed = true;
}

/* Until nothing moves any more: what is left then is a wait that nobody need sit out. */
static void run(uv_loop_t *loop, struct session *s)
{
	unsigned before = s->moves, idle = 0;

	while (idle < IDLE_TURNS) {
		uv_run(loop, UV_RUN_NOWAIT);
		idle = s->moves == before ? idle + 1 : 0;
		before = s->moves;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct model_io_device device = {
		.transfer = transfer, .act = act, .free = forget,
	};
	struct usb_io shape = {
		.protocol = USB_PROTOCOL_MTP, .endpoint_in = 0x81, .endpoint_out = 0x02,
		.endpoint_event = 0x83, .max_packet_event = 28, .max_packet = 512,
	};
	static struct session s;
	struct usb_io *io;
	uv_loop_t loop;
	unsigned i;

	memset(&s, 0, sizeof(s));
	s.p = bytes;
	s.end = bytes + len;
	s.can64 = (next(&s) & 1) != 0;
	MUST(uv_loop_init(&loop) == 0);
	MUST(model_io_over(&loop, &device, &s, &shape, &io) == 0);
	MUST(mtp_open(&loop, io, on_open, on_changed, &s, &s.mtp) == 0);
	run(&loop, &s);
	s.p = s.end;		/* it leaves, or closing would wait for its second */
	mtp_close(s.mtp, on_closed, &s);
	uv_run(&loop, UV_RUN_DEFAULT);
	MUST(s.closed && s.opened);
	for (i = 0; i < REQUESTS; i++)
		MUST(!s.queued[i]);
	MUST(uv_loop_close(&loop) == 0);
	return 0;
}
