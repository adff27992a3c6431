/* The MTP session over a device scripted byte by byte (ptp_rig.h). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "unit/ptp_rig.h"
#include "unit/suite.h"

enum { REQUESTS = 4, STEPS = 48, BUF = 512 * 1024, ROOM = 4096 };

enum what { NOTHING, QUERY, READ, DELETE, CLOCK, SEND, VENDOR };

struct request {
	enum what what;
	uint16_t code;			/* of a query or a vendor's */
	uint32_t handle;
	uint64_t size, offset;
	uint32_t len;			/* of a read; of what a query brings in all */
	int r;
	uint16_t response;
	const char *why;		/* part of it */
};

enum can { CAN64 = 1, CAN32 = 2, CAN_OBJECT = 4 };

struct session;

struct asked {
	struct session *s;
	const struct request *q;
	struct mtp_query query;
	struct mtp_read read;
	uint8_t *buf;
	uint32_t got;
	bool ended;
};

struct session {
	struct rig rig;
	uv_loop_t loop;
	struct mtp *mtp;
	const struct request *requests;
	enum can can;
	struct asked asked[REQUESTS];
	unsigned n, ended;
	int opened;
	bool closed, closing, slow;	/* slow: pieces are dealt with a turn later */
	uv_idle_t later;
	struct mtp_query *lent;
	void (*starve)(struct usb_io *io);
	char why[240], changed[240];
};

static void on_closed(void *data)
{
	((struct session *)data)->closed = true;
}

static void shut(struct session *s)
{
	if (s->closing)
		return;
	s->closing = true;
	mtp_close(s->mtp, on_closed, s);
}

static void ended(struct asked *a, int r, uint16_t response, const char *why)
{
	const struct request *q = a->q;
	uint32_t i;

	ck_assert(!a->ended);
	a->ended = true;
	ck_assert_msg(r >= 0 || why == NULL || why[0] != '\0', "a failure without a word");
	if (a->s->rig.gone_at == 0 && a->s->rig.act_at == 0) {
		ck_assert_msg(r == q->r && response == (r < 0 ? 0 : q->response),
			      "request %td: %d %04x %s", a - a->s->asked, r, response,
			      why != NULL ? why : "");
		ck_assert_msg(q->why == NULL || (why != NULL && strstr(why, q->why) != NULL),
			      "request %td: %s", a - a->s->asked, why);
	}
	for (i = 0; r == 0 && i < a->got && a->buf[i] == rig_byte(q->offset + i);)
		i++;
	ck_assert_msg(r < 0 || i == a->got, "other bytes at %u", i);
	if (++a->s->ended == a->s->n)
		shut(a->s);
}

static void on_later(uv_idle_t *h)
{
	struct session *s = h->data;

	uv_idle_stop(h);
	if (s->lent != NULL)
		mtp_query_more(s->mtp, TAKE(s->lent));
}

static void on_piece(struct mtp_query *q, uint32_t len)
{
	struct asked *a = q->data;

	ck_assert_uint_ge(len, 1);
	ck_assert_uint_le(len, q->room);
	ck_assert_uint_le(a->got + len, BUF);
	memcpy(a->buf + a->got, q->buf, len);
	memset(q->buf, 0xee, q->room);
	a->got += len;
	if (!a->s->slow) {
		mtp_query_more(a->s->mtp, q);
		return;
	}
	a->s->lent = q;
	uv_idle_start(&a->s->later, on_later);
}

static void on_query(struct mtp_query *q, int r)
{
	struct asked *a = q->data;

	if (a->s->lent == q)
		a->s->lent = NULL;
	if (r == 0) {
		ck_assert_int_gt(q->asked_ms, 0);
		ck_assert_int_ge(q->answered_ms, q->asked_ms);
	}
	if (r == 0 && a->s->rig.act_at == 0)
		ck_assert_uint_eq(a->got, a->q->len);
	ended(a, r, r < 0 ? 0 : q->response.code, r < 0 ? q->why : NULL);
}

static void on_read(struct mtp_read *r, int result)
{
	struct asked *a = r->data;

	a->got = result == 0 ? r->len : 0;
	ended(a, result, 0, result < 0 ? r->why : NULL);
}

static void on_act(void *data, int r, uint16_t response)
{
	ended(data, r, response, NULL);
}

static int ask(struct session *s, struct asked *a)
{
	const struct request *q = a->q;
	struct mtp_operation op = { .code = q->code, .n_params = 1, .params = { q->handle } };

	switch (q->what) {
	case QUERY:
		a->query = (struct mtp_query){
			.op = op, .buf = a->buf + BUF, .room = ROOM, .piece = on_piece,
			.cb = on_query, .data = a,
		};
		return mtp_query(s->mtp, &a->query);
	case READ:
		a->read = (struct mtp_read){
			.handle = q->handle, .size = q->size, .offset = q->offset, .len = q->len,
			.buf = a->buf, .cb = on_read, .data = a,
		};
		return mtp_read(s->mtp, &a->read);
	case DELETE:
		return mtp_delete(s->mtp, q->handle, on_act, a);
	case CLOCK:
		return mtp_set_clock(s->mtp, "20261123T204258", on_act, a);
	case SEND:
		return mtp_send(s->mtp, 0x10001, UINT32_MAX, "ab", (const uint8_t *)"nonce", 5,
				on_act, a);
	default:
		return mtp_vendor(s->mtp, &op, on_act, a);
	}
}

static void on_open(void *data, int r, struct mtp *m, const struct err *e)
{
	struct session *s = data;
	unsigned i;

	ck_assert_int_eq(s->opened, 1);
	s->opened = r;
	if (r < 0) {
		ck_assert(e->code == r && e->msg[0] != '\0');
		snprintf(s->why, sizeof(s->why), "%s", e->msg);
		shut(s);
		return;
	}
	mtp_set_can(m, (s->can & CAN64) != 0, (s->can & CAN32) != 0, (s->can & CAN_OBJECT) != 0);
	for (i = 0; i < s->n; i++)
		ck_assert_int_eq(ask(s, &s->asked[i]), 0);
	if (s->n == 0)
		shut(s);
}

static void on_changed(void *data, const char *why)
{
	struct session *s = data;

	snprintf(s->changed, sizeof(s->changed), "%s", why);
}

/* From now on the device does all that it is asked. */
static void on_act_at(void *data)
{
	static const struct rig_step end = { .kind = RIG_END };
	struct session *s = data;

	s->rig.step = &end;
	s->rig.well = true;
	shut(s);
}

/* One session from beginning to end; the caller has filled in the rig. */
static void run(struct session *s, const struct rig_step *steps, const struct request *requests)
{
	struct usb_io *io;
	unsigned i;

	s->rig.step = steps;
	s->rig.data = s;
	s->rig.act = on_act_at;
	if (s->rig.max_packet == 0)
		s->rig.max_packet = 512;
	s->opened = 1;
	for (i = 0; i < REQUESTS && requests[i].what != NOTHING; i++) {
		s->asked[i] = (struct asked){ .s = s, .q = &requests[i],
					      .buf = malloc(BUF + ROOM) };
		ck_assert_ptr_nonnull(s->asked[i].buf);
	}
	s->n = i;
	ck_assert_int_eq(uv_loop_init(&s->loop), 0);
	uv_idle_init(&s->loop, &s->later);
	s->later.data = s;
	io = rig_new(&s->loop, &s->rig);
	if (s->starve != NULL)
		s->starve(io);
	ck_assert_int_eq(mtp_open(&s->loop, io, on_open, on_changed, s, &s->mtp), 0);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	ck_assert(s->closed);
	uv_close((uv_handle_t *)&s->later, NULL);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&s->loop), 0);
	ck_assert_int_ne(s->opened, 1);
	for (i = 0; i < s->n; i++) {
		ck_assert(s->opened < 0 || s->asked[i].ended);
		free(s->asked[i].buf);
	}
}

/* Parts of scripts. */
#define Z10		"\0\0\0\0\0\0\0\0\0\0"
#define CANCEL(t)	BYTES(RIG_CONTROL, "\x21\x64\0\0\3\0\6\0\1\x40" t "\0\0\0")
#define SETTLED		BYTES(RIG_STATUS, "\4\0\1\x20")
#define STILL_BUSY	BYTES(RIG_STATUS, "\4\0\x19\x20")
#define SILENCE		ENDS(RIG_IN_ENDS, USB_TIMED_OUT)
#define PROBE		CMD(0x1002, 0, 1, 1), RESP(ALREADY_OPEN, 0, 1, 1)
#define NEW_SESSION	CMD(0x1002, 0, 1, 1), RESP0(OK, 0)
#define RECOVERY(t)	CANCEL(t), SETTLED, SILENCE, PROBE
#define RESET		BYTES(RIG_CONTROL, "\x21\x66\0\0\3\0\0\0"), \
			{ .kind = RIG_CLEAR, .code = 0x81 }, { .kind = RIG_CLEAR, .code = 0x02 }
#define PORT_RESET	{ .kind = RIG_PORT_RESET }
#define REFUSED		ENDS(RIG_CONTROL_ENDS, USB_STALLED)
#define FILE_INFO(t)	BYTES(RIG_OUT, "\x4a\0\0\0\2\0\x0c\x10" t "\0\0\0" \
		  "\0\0\0\0\0\x30\0\0\5\0\0\0" Z10 Z10 Z10 Z10 "\3a\0b\0\0\0\0\0\0")
#define FILE_BYTES(t)	BYTES(RIG_OUT, "\x11\0\0\0\2\0\x0d\x10" t "\0\0\0nonce")
/* The first packet of data that promises so much. */
#define PROMISE(c, t, count)	{ RIG_DATA, c, t, .len = 500, .promised = (count) }
#define INFO(t)		CMD(0x1001, t, 1, 0)
#define PART64(t, high)	CMD(0x95c1, t, 4, 7, 0, high, 2048)
#define PART32(t)	CMD(0x101b, t, 3, 7, 0, 2048)
#define PART64_OK(t)	PART64(t, 0), DATA(0x95c1, t, 2048), RESP(OK, t, 1, 2048)
#define SHOWN(t, n)	INFO(t), DATA(0x1001, t, n), RESP0(OK, t)

#define ASK(n, result, says)	{ QUERY, 0x1001, .len = (n), .r = (result), .response = OK, \
				  .why = (says) }
#define FETCH(at, result, says)	{ READ, .handle = 7, .size = 8192, .offset = (at), .len = 2048, \
				  .r = (result), .why = (says) }
#define WANT(result, says)	FETCH(0, result, says)

static const struct {
	const char *what;
	enum can can;
	struct request requests[REQUESTS];
	const char *changed;
	struct rig_step script[STEPS];
} sessions[] = {
	{ "nothing but open and close", CAN64, { { 0 } }, "", { OPEN, CLOSE(1) } },
	{ "a session was open", CAN64, { { 0 } }, "", { PROBE, RESET, NEW_SESSION, CLOSE(1) } },
	{ "and is so after a reset", CAN64, { { 0 } }, "", { PROBE, RESET, PROBE, CLOSE(1) } },
	{ "it is busy at first", CAN64, { { 0 } }, "",
	  { CMD(0x1002, 0, 1, 1), RESP0(BUSY, 0), OPEN, CLOSE(1) } },
	{ "somebody left it in mid-transaction", CAN64, { ASK(9, 0, NULL) }, "",
	  { CMD(0x1002, 0, 1, 1), BYTES(RIG_IN, "the rest of something else"),
	    CANCEL("\0"), STILL_BUSY, SETTLED, BYTES(RIG_IN, "more of it"), SILENCE, PROBE,
	    RESET, NEW_SESSION, SHOWN(1, 9), CLOSE(2) } },
	{ "it takes no command before a reset", CAN64, { ASK(9, 0, NULL) }, "",
	  { ENDS(RIG_OUT_ENDS, USB_TIMED_OUT), REFUSED, RESET, NEW_SESSION, SHOWN(1, 9),
	    CLOSE(2) } },
	{ "nor before one of the port", CAN64, { ASK(9, 0, NULL) }, "",
	  { ENDS(RIG_OUT_ENDS, USB_TIMED_OUT), REFUSED, REFUSED, PORT_RESET, NEW_SESSION,
	    SHOWN(1, 9), CLOSE(2) } },
	{ "a query", CAN64, { ASK(100, 0, NULL) }, "", { OPEN, SHOWN(1, 100), CLOSE(2) } },
	{ "of pieces, and a read behind it", CAN64, { ASK(10000, 0, NULL), WANT(0, NULL) }, "",
	  { OPEN, SHOWN(1, 10000), PART64_OK(2), CLOSE(3) } },
	{ "of unknown length", CAN64, { ASK(700, 0, NULL) }, "",
	  { OPEN, INFO(1), { RIG_DATA, 0x1001, 1, .len = 700, .how = RIG_UNKNOWN }, RESP0(OK, 1),
	    CLOSE(2) } },
	{ "without data", CAN64, { { QUERY, 0x1006, .response = OK } }, "",
	  { OPEN, CMD(0x1006, 1, 1, 0), RESP(OK, 1, 1, 12), CLOSE(2) } },
	{ "with empty data", CAN64, { ASK(0, 0, NULL) }, "", { OPEN, SHOWN(1, 0), CLOSE(2) } },
	{ "refused", CAN64, { { QUERY, 0x1008, .response = 0x200f } }, "",
	  { OPEN, CMD(0x1008, 1, 1, 0), RESP0(0x200f, 1), CLOSE(2) } },
	{ "busy, twice", CAN64, { ASK(9, 0, NULL) }, "",
	  { OPEN, INFO(1), RESP0(BUSY, 1), INFO(2), RESP0(BUSY, 2), SHOWN(3, 9), CLOSE(4) } },
	{ "cut short", CAN64, { ASK(0, -EIO, "100 bytes less") }, "",
	  { OPEN, INFO(1), { RIG_DATA, 0x1001, 1, .len = 100, .promised = 200 }, RESP0(OK, 1),
	    CLOSE(2) } },
	{ "an empty answer, then the answer", CAN64, { ASK(9, 0, NULL) }, "",
	  { OPEN, INFO(1), BYTES(RIG_IN, ""), DATA(0x1001, 1, 9), BYTES(RIG_IN, ""),
	    RESP0(OK, 1), CLOSE(2) } },
	{ "two empty answers", CAN64, { ASK(9, 0, NULL) }, "",
	  { OPEN, INFO(1), BYTES(RIG_IN, ""), BYTES(RIG_IN, ""), RECOVERY("\1"), SHOWN(2, 9),
	    CLOSE(3) } },

	{ "beyond 4 GiB", CAN64 | CAN32,
	  { { READ, .handle = 7, .size = 6ull << 30, .offset = 5ull << 30, .len = 2048 } }, "",
	  { OPEN, CMD(0x95c1, 1, 4, 7, 0x40000000, 1, 2048),
	    { RIG_DATA, 0x95c1, 1, .len = 2048, .from = 5ull << 30 }, RESP(OK, 1, 1, 2048),
	    CLOSE(2) } },
	{ "with 32 bits", CAN32, { WANT(0, NULL) }, "",
	  { OPEN, PART32(1), DATA(0x101b, 1, 2048), RESP0(OK, 1), CLOSE(2) } },
	{ "GetObject in one go", CAN_OBJECT,
	  { FETCH(0, 0, NULL), FETCH(2048, 0, NULL), FETCH(6144, 0, NULL) }, "",
	  { OPEN, CMD(0x1009, 1, 1, 7), DATA(0x1009, 1, 8192), RESP0(OK, 1), CLOSE(2) } },
	{ "GetObject of unknown length", CAN_OBJECT, { FETCH(0, 0, NULL), FETCH(6144, 0, NULL) },
	  "", { OPEN, CMD(0x1009, 1, 1, 7),
	    { RIG_DATA, 0x1009, 1, .len = 8192, .how = RIG_UNKNOWN }, RESP0(OK, 1), CLOSE(2) } },
	{ "GetObject backwards", CAN_OBJECT, { FETCH(2048, 0, NULL), FETCH(0, 0, NULL) }, "",
	  { OPEN, CMD(0x1009, 1, 1, 7), { RIG_DATA, 0x1009, 1, .len = 4596, .promised = 8192 },
	    RECOVERY("\1"),
	    CMD(0x1009, 2, 1, 7), { RIG_DATA, 0x1009, 2, .len = 2548, .promised = 8192 },
	    RECOVERY("\2"), CLOSE(3) } },
	{ "a query between", CAN_OBJECT, { FETCH(0, 0, NULL), ASK(9, 0, NULL) }, "",
	  { OPEN, CMD(0x1009, 1, 1, 7), { RIG_DATA, 0x1009, 1, .len = 2548, .promised = 8192 },
	    RECOVERY("\1"), SHOWN(2, 9), CLOSE(3) } },
	{ "an object that has shrunk", CAN_OBJECT, { FETCH(0, -EIO, "smaller than it was listed") },
	  "", { OPEN, CMD(0x1009, 1, 1, 7), PROMISE(0x1009, 1, 8000), RECOVERY("\1"), CLOSE(2) } },
	{ "an object that has grown", CAN_OBJECT, { FETCH(0, -EIO, "more than it was asked for") },
	  "", { OPEN, CMD(0x1009, 1, 1, 7), PROMISE(0x1009, 1, 8193), RECOVERY("\1"),
		CMD(0x1009, 2, 1, 7), PROMISE(0x1009, 2, 8193), RECOVERY("\2"), CLOSE(3) } },
	{ "an object whose end does not come", CAN_OBJECT,
	  { FETCH(4096, 0, NULL), FETCH(6144, -EIO, "sent only 1024 bytes") }, "",
	  { OPEN, CMD(0x1009, 1, 1, 7), { RIG_DATA, 0x1009, 1, .len = 7168, .promised = 8192 },
	    RESP0(OK, 1), CLOSE(2) } },

	{ "the device has no more", CAN64, { WANT(-EIO, "sent only 900 bytes"), WANT(0, NULL) },
	  "", { OPEN, PART64(1, 0), DATA(0x95c1, 1, 900), RESP(OK, 1, 1, 900), PART64_OK(2),
		CLOSE(3) } },
	{ "and lies about it", CAN64, { WANT(-EIO, "claims to have sent 900") }, "",
	  { OPEN, PART64(1, 0), DATA(0x95c1, 1, 2048), RESP(OK, 1, 1, 900), CLOSE(2) } },
	{ "the object is gone", CAN64, { WANT(-EIO, "invalid object handle"), WANT(0, NULL) }, "",
	  { OPEN, PART64(1, 0), RESP0(0x2009, 1), PART64_OK(2), CLOSE(3) } },
	{ "the response in place of the last packets", CAN64,
	  { WANT(-EIO, "incomplete transfer"), WANT(0, NULL) }, "",
	  { OPEN, PART64(1, 0),
	    { RIG_DATA, 0x95c1, 1, .len = 1012, .promised = 2048, .how = RIG_GLUED },
	    RESP0(0x2007, 1), PART64_OK(2), CLOSE(3) } },
	{ "the response behind data cut short", CAN64, { WANT(-EIO, "access denied") }, "",
	  { OPEN, PART64(1, 0), { RIG_DATA, 0x95c1, 1, .len = 1000, .promised = 2048 },
	    RESP0(0x200f, 1), CLOSE(2) } },
	{ "the data stalls, and once more", CAN64, { WANT(-EIO, "stalled"), WANT(0, NULL) }, "",
	  { OPEN, PART64(1, 0), ENDS(RIG_IN_ENDS, USB_STALLED), CANCEL("\1"), SETTLED,
	    { RIG_CLEAR, .code = 0x81 }, SILENCE, PROBE,
	    PART64(2, 0), ENDS(RIG_IN_ENDS, USB_STALLED), CANCEL("\2"), SETTLED,
	    { RIG_CLEAR, .code = 0x81 }, SILENCE, PROBE, PART64_OK(3), CLOSE(4) } },
	{ "a status that names what halted", CAN64, { WANT(0, NULL) }, "",
	  { OPEN, PART64(1, 0), ENDS(RIG_IN_ENDS, USB_FAILED), CANCEL("\1"),
	    BYTES(RIG_STATUS, "\x0c\0\x1f\x20\x81\0\0\0\2\0\0\0"),
	    { RIG_CLEAR, .code = 0x81 }, { RIG_CLEAR, .code = 0x02 }, SILENCE, PROBE,
	    PART64_OK(2), CLOSE(3) } },
	{ "the response of another", CAN64, { WANT(0, NULL) }, "",
	  { OPEN, PART64(1, 0), RESP0(OK, 9), RECOVERY("\1"), PART64_OK(2), CLOSE(3) } },
	{ "more than asked", CAN64, { WANT(-EIO, "more than it was asked for") }, "",
	  { OPEN, PART64(1, 0), PROMISE(0x95c1, 1, 2049), RECOVERY("\1"),
	    PART64(2, 0), PROMISE(0x95c1, 2, 2049), RECOVERY("\2"), CLOSE(3) } },
	{ "more than promised", CAN64, { WANT(0, NULL) }, "",
	  { OPEN, PART64(1, 0), { RIG_DATA, 0x95c1, 1, .len = 2036, .promised = 2030 },
	    RECOVERY("\1"), PART64_OK(2), CLOSE(3) } },
	{ "silence once", CAN64, { WANT(-EIO, "no answer in time"), WANT(0, NULL) }, "",
	  { OPEN, PART64(1, 0), SILENCE, RECOVERY("\1"), PART64_OK(2), CLOSE(3) } },
	{ "silence twice", CAN64, { WANT(-EIO, "no answer"), WANT(-ETIMEDOUT, "no answer"),
				    WANT(-ETIMEDOUT, "no answer") }, "",
	  { OPEN, PART64(1, 0), SILENCE, RECOVERY("\1"), PART64(2, 0), SILENCE,
	    RECOVERY("\2") } },
	{ "it forgets its session", CAN64, { WANT(-EPROTO, "dock it again"), WANT(-EPROTO, "") },
	  "", { OPEN, PART64(1, 0), SILENCE, CANCEL("\1"), SETTLED, SILENCE, NEW_SESSION } },
	{ "only a reset helps", CAN64, { WANT(-EPROTO, "dock it again") }, "",
	  { OPEN, PART64(1, 0), SILENCE, REFUSED, RESET, NEW_SESSION } },
	{ "nothing helps", CAN64, { WANT(-ETIMEDOUT, "two resets did not help") }, "",
	  { OPEN, PART64(1, 0), SILENCE, REFUSED, REFUSED, { RIG_PORT_RESET, .tid = EIO } } },

	{ "deleting is no alarm", CAN64, { { DELETE, .handle = 7, .response = OK }, ASK(9, 0, NULL) },
	  "", { OPEN, CMD(0x100b, 1, 2, 7, 0), RESP0(OK, 1),
		BYTES(RIG_EVENT, "\x10\0\0\0\4\0\3\x40\0\0\0\0\7\0\0\0"), SHOWN(2, 9), CLOSE(3) } },
	{ "a write is not tried again", CAN64, { { DELETE, .handle = 7, .r = -EIO } }, "",
	  { OPEN, CMD(0x100b, 1, 2, 7, 0), RESP0(OK, 2), RECOVERY("\1"), CLOSE(2) } },
	{ "but when it is busy", CAN64, { { DELETE, .handle = 7, .response = 0x200d } }, "",
	  { OPEN, CMD(0x100b, 1, 2, 7, 0), RESP0(BUSY, 1), CMD(0x100b, 2, 2, 7, 0),
	    RESP0(0x200d, 2), CLOSE(3) } },
	{ "the clock", CAN64, { { CLOCK, .response = OK } }, "",
	  { OPEN, CMD(0x1016, 1, 1, 0x5011),
	    BYTES(RIG_OUT, "\x2d\0\0\0\2\0\x16\x10\1\0\0\0\x10"
		  "2\0000\0002\0006\0001\0001\0002\0003\0T\0002\0000\0004\0002\0005\0008\0\0\0"),
	    RESP0(OK, 1), CLOSE(2) } },
	{ "a file", CAN64, { { SEND, .response = OK } }, "",
	  { OPEN, CMD(0x100c, 1, 2, 0x10001, UINT32_MAX),
	    FILE_INFO("\1"),
	    RESP(OK, 1, 3, 0x10001, 0, 9), CMD0(0x100d, 2),
	    FILE_BYTES("\2"), RESP0(OK, 2), CLOSE(3) } },
	{ "a file it has no room for", CAN64, { { SEND, .response = 0x200c } }, "",
	  { OPEN, CMD(0x100c, 1, 2, 0x10001, UINT32_MAX),
	    FILE_INFO("\1"),
	    RESP0(0x200c, 1), CLOSE(2) } },
	{ "an unlock", CAN64, { { VENDOR, 0x9201, .handle = 5, .response = OK } }, "",
	  { OPEN, CMD(0x9201, 1, 1, 5), RESP0(OK, 1), CLOSE(2) } },
	{ "an unlock after which it leaves", CAN64, { { VENDOR, 0x9201, .r = -ENODEV } }, "",
	  { OPEN, CMD(0x9201, 1, 1, 0) } },
	{ "data behind a write", CAN64, { { VENDOR, 0x9201, .r = -EIO } }, "",
	  { OPEN, CMD(0x9201, 1, 1, 0), DATA(0x9201, 1, 4), RECOVERY("\1"), CLOSE(2) } },

	{ "the card is taken out", CAN64, { ASK(9, 0, NULL) }, "card was taken out",
	  { OPEN, BYTES(RIG_EVENT, "\x10\0\0\0\4\0\5\x40\0\0\0\0\1\0\1\0"), SHOWN(1, 9),
	    CLOSE(2) } },
	{ "so, told in pieces and behind noise", CAN64, { ASK(9, 0, NULL) }, "card was taken out",
	  { OPEN, BYTES(RIG_EVENT, "\xff\xff\xff\xff\xff"), BYTES(RIG_EVENT, "\x10\0"),
	    BYTES(RIG_EVENT, "\0\0\4\0\5\x40\0\0\0\0\1\0\1\0"), SHOWN(1, 9), CLOSE(2) } },
	{ "another's file is removed", CAN64, { ASK(9, 0, NULL) }, "removed a file",
	  { OPEN, BYTES(RIG_EVENT, "\x10\0\0\0\4\0\3\x40\0\0\0\0\7\0\0\0"), SHOWN(1, 9),
	    CLOSE(2) } },
	{ "what is no alarm", CAN64, { ASK(9, 0, NULL) }, "",
	  { OPEN, BYTES(RIG_EVENT, "\x10\0\0\0\4\0\2\x40\0\0\0\0\7\0\0\0"), SHOWN(1, 9),
	    CLOSE(2) } },
};

START_TEST(sessions_go_as_listed)
{
	struct session s = { .can = sessions[_i].can };

	run(&s, sessions[_i].script, sessions[_i].requests);
	ck_assert_msg(s.opened == 0, "%s: %s", sessions[_i].what, s.why);
	ck_assert_msg(s.rig.step->kind == RIG_END, "%s: step %u was not reached",
		      sessions[_i].what, s.rig.steps);
	ck_assert_msg(strstr(s.changed, sessions[_i].changed) != NULL &&
		      (s.changed[0] == '\0') == (sessions[_i].changed[0] == '\0'), "%s: %s",
		      sessions[_i].what, s.changed);
}
END_TEST

static const uint32_t lengths[] = {
	1, 4, 20, 51, 52, 53, 116, 244, 499, 500, 501, 512, 1011, 1012, 1013, 4083, 4084, 4096,
	4097, 8180, 65524, 65536, 200000,
};

/* A dataset in all the ways in which header, data and end may be cut into packets. */
START_TEST(data_may_be_cut_anywhere)
{
	static const uint16_t packets[] = { 64, 512, 1024 };
	struct request requests[] = { ASK(lengths[_i], 0, NULL), WANT(0, NULL), { 0 } };
	struct rig_step script[] = { OPEN, SHOWN(1, lengths[_i]), PART64_OK(2), CLOSE(3), { 0 } };
	struct session *s;
	unsigned p, how;

	for (p = 0; p < COUNT(packets); p++)
		for (how = 0; how < RIG_GLUED; how++) {
			s = calloc(1, sizeof(*s));
			ck_assert_ptr_nonnull(s);
			s->can = CAN64;
			s->rig.max_packet = packets[p];
			s->slow = (how & RIG_ZLP) != 0;
			script[3].how = (enum rig_how)how;
			script[6].how = (enum rig_how)(how & (unsigned)~RIG_UNKNOWN);
			run(s, script, requests);
			ck_assert_int_eq(s->opened, 0);
			ck_assert_msg(s->rig.step->kind == RIG_END, "%u bytes, packets of %u, %u",
				      lengths[_i], packets[p], how);
			free(s);
		}
}
END_TEST

#define LONG_REQUESTS	{ ASK(10000, 0, NULL), FETCH(0, 0, NULL), FETCH(6144, 0, NULL), \
			  { SEND, .response = OK } }
#define LONG_SCRIPT	OPEN, SHOWN(1, 10000), CMD(0x1009, 2, 1, 7), DATA(0x1009, 2, 8192), \
			RESP0(OK, 2), CMD(0x100c, 3, 2, 0x10001, UINT32_MAX), \
			FILE_INFO("\3"), RESP0(OK, 3), CMD0(0x100d, 4), FILE_BYTES("\4"), \
			RESP0(OK, 4), CLOSE(5)

static const struct request long_requests[REQUESTS] = LONG_REQUESTS;
static const struct rig_step long_script[] = { LONG_SCRIPT, { .kind = RIG_END } };

START_TEST(unplugged_at_each_step)
{
	struct session s = { .can = CAN_OBJECT, .rig.gone_at = (unsigned)_i, .slow = _i % 2 };

	run(&s, long_script, long_requests);
	ck_assert(s.opened == 0 || (s.opened == -ENODEV && _i < 2));
}
END_TEST

START_TEST(closed_at_each_step)
{
	struct session s = { .can = CAN_OBJECT, .rig.act_at = (unsigned)_i, .slow = _i % 2 };

	run(&s, long_script, long_requests);
	ck_assert(s.opened == 0 || s.opened == -ECANCELED);
	ck_assert_uint_eq(s.rig.closes, s.opened == 0);
}
END_TEST

static const struct {
	const char *what;
	int r;
	const char *why;
	struct rig_step script[16];
} openings[] = {
	{ "unplugged at once", -ENODEV, "unplugged", { { 0 } } },
	{ "refused", -EPROTO, "opens no session: general error",
	  { CMD(0x1002, 0, 1, 1), RESP0(0x2002, 0) } },
	{ "refused after all", -EPROTO, "two resets did not help",
	  { CMD(0x1002, 0, 1, 1), RESP0(OK, 4), CANCEL("\0"), SETTLED, SILENCE,
	    CMD(0x1002, 0, 1, 1), RESP0(0x2002, 0), RESET, CMD(0x1002, 0, 1, 1), RESP0(0x2002, 0),
	    PORT_RESET, CMD(0x1002, 0, 1, 1), RESP0(0x2002, 0) } },
	{ "silence", -ETIMEDOUT, "no answer in time",
	  { CMD(0x1002, 0, 1, 1), SILENCE, REFUSED, REFUSED, { RIG_PORT_RESET, .tid = EIO } } },
	{ "a status without sense", -EPROTO, "two resets",
	  { ENDS(RIG_OUT_ENDS, USB_FAILED), CANCEL("\0"), BYTES(RIG_STATUS, "\4\0"), REFUSED,
	    { RIG_PORT_RESET, .tid = EIO } } },
};

START_TEST(openings_that_fail)
{
	static const struct request none[] = { { 0 } };
	struct session s = { 0 };

	run(&s, openings[_i].script, none);
	ck_assert_msg(s.opened == openings[_i].r, "%s: %d", openings[_i].what, s.opened);
	ck_assert_msg(strstr(s.why, openings[_i].why) != NULL, "%s: %s", openings[_i].what, s.why);
	ck_assert_int_eq(s.rig.step->kind, RIG_END);
}
END_TEST

/* CloseSession is never answered: a second, and no more. */
START_TEST(closing_does_not_wait_for_ever)
{
	static const struct rig_step script[] = {
		OPEN, CMD0(0x1003, 1), CMD0(0x1003, 2), { .kind = RIG_END },
	};
	static const struct request none[] = { { 0 } };
	struct session s = { 0 };
	uint64_t before = uv_hrtime();

	run(&s, script, none);
	ck_assert_uint_lt(uv_hrtime() - before, 5000000000u);
}
END_TEST

static struct {
	struct usb_io_ops ops;
	int (*submit)(struct usb_io *io, struct usb_xfer *x);
	uint8_t endpoint;
	unsigned every, n;
} famine;

/* Each so many transfers of an endpoint there is no memory for one. */
static int starved_submit(struct usb_io *io, struct usb_xfer *x)
{
	if (x->endpoint == famine.endpoint && ++famine.n % famine.every == 0)
		return -ENOMEM;
	return famine.submit(io, x);
}

static void starve(struct usb_io *io)
{
	famine.ops = *io->ops;
	famine.submit = io->ops->submit;
	famine.ops.submit = starved_submit;
	io->ops = &famine.ops;
}

START_TEST(memory_is_waited_for)
{
	static const uint8_t endpoints[] = { 0x02, 0x81, 0x83 };
	struct session s = { .can = CAN_OBJECT, .starve = starve };

	famine.endpoint = endpoints[_i];
	famine.every = endpoints[_i] == 0x83 ? 1 : 2;	/* events may never come at all */
	run(&s, long_script, long_requests);
	ck_assert_int_eq(s.opened, 0);
	ck_assert_int_eq(s.rig.step->kind, RIG_END);
	ck_assert_uint_gt(famine.n, 0);
}
END_TEST

static void on_open_refuse(void *data, int r, struct mtp *m, const struct err *e)
{
	static uint8_t buf[ROOM];
	struct mtp_query q = { .op.code = 0x100b, .buf = buf, .room = ROOM };
	struct mtp_read read = { .size = 10, .offset = 8, .len = 3, .buf = buf };
	const struct mtp_operation edit = { .code = 0x95c3 };

	(void)e;
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(mtp_query(m, &q), -EINVAL);
	q.op.code = 0x1001;
	q.room = ROOM - 1;
	ck_assert_int_eq(mtp_query(m, &q), -EINVAL);
	ck_assert_int_eq(mtp_read(m, &read), -ERANGE);
	read.offset = 0;
	ck_assert_int_eq(mtp_read(m, &read), -ENOTSUP);
	mtp_set_can(m, false, true, false);
	ck_assert(mtp_reads_anywhere(m));
	read.size = 1ull << 33;
	read.offset = UINT32_MAX - 2;
	ck_assert_int_eq(mtp_read(m, &read), -ENOTSUP);
	read.len = 0;
	ck_assert_int_eq(mtp_read(m, &read), -EINVAL);
	ck_assert_int_eq(mtp_delete(m, 0, NULL, NULL), -EINVAL);
	ck_assert_int_eq(mtp_delete(m, UINT32_MAX, NULL, NULL), -EINVAL);
	ck_assert_int_eq(mtp_set_clock(m, "20261123 204258", NULL, NULL), -EINVAL);
	ck_assert_int_eq(mtp_send(m, 1, 0, "a/b", buf, 1, NULL, NULL), -EINVAL);
	ck_assert_int_eq(mtp_send(m, 1, 0, "ab", buf, MTP_SEND_MAX + 1, NULL, NULL), -EINVAL);
	ck_assert_int_eq(mtp_vendor(m, &edit, NULL, NULL), -EINVAL);
	mtp_close(m, on_closed, data);
	ck_assert_int_eq(mtp_delete(m, 7, NULL, NULL), -ECANCELED);
}

START_TEST(refuses_what_makes_no_sense)
{
	static const struct rig_step script[] = { OPEN, CLOSE(1), { .kind = RIG_END } };
	struct session s = { .rig = { .step = script, .max_packet = 512 } };

	ck_assert_int_eq(uv_loop_init(&s.loop), 0);
	ck_assert_int_eq(mtp_open(&s.loop, rig_new(&s.loop, &s.rig), on_open_refuse, on_changed, &s,
				  &s.mtp), 0);
	uv_run(&s.loop, UV_RUN_DEFAULT);
	ck_assert(s.closed);
	ck_assert_int_eq(s.rig.step->kind, RIG_END);
	ck_assert_int_eq(uv_loop_close(&s.loop), 0);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, sessions_go_as_listed, 0, (int)COUNT(sessions));
	tcase_add_loop_test(tc, data_may_be_cut_anywhere, 0, (int)COUNT(lengths));
	tcase_add_loop_test(tc, unplugged_at_each_step, 1, (int)COUNT(long_script));
	tcase_add_loop_test(tc, closed_at_each_step, 1, (int)COUNT(long_script) - 2);
	tcase_add_loop_test(tc, openings_that_fail, 0, (int)COUNT(openings));
	tcase_add_loop_test(tc, memory_is_waited_for, 0, 3);
	tcase_add_test(tc, closing_does_not_wait_for_ever);
	tcase_add_test(tc, refuses_what_makes_no_sense);
}

int main(void)
{
	return suite_main("mtp", fill);
}
