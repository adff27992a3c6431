#include "unit/mtp_talk_rig.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

enum { BUF = 512 * 1024 };

void talk_closed(void *data)
{
	((struct talk *)data)->closed = true;
}

static void shut(struct talk *s)
{
	if (s->closing)
		return;
	s->closing = true;
	mtp_close(s->mtp, talk_closed, s);
}

static void ended(struct talk_asked *a, int r, uint16_t response, const char *why)
{
	const struct talk_request *q = a->q;
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
	struct talk *s = h->data;

	uv_idle_stop(h);
	if (s->lent != NULL)
		mtp_query_more(s->mtp, TAKE(s->lent));
}

static void on_piece(struct mtp_query *q, uint32_t len)
{
	struct talk_asked *a = q->data;

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
	struct talk_asked *a = q->data;

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
	struct talk_asked *a = r->data;

	a->got = result == 0 ? r->len : 0;
	ended(a, result, 0, result < 0 ? r->why : NULL);
}

static void on_act(void *data, int r, uint16_t response)
{
	ended(data, r, response, NULL);
}

static int ask(struct talk *s, struct talk_asked *a)
{
	const struct talk_request *q = a->q;
	struct mtp_operation op = { .code = q->code, .n_params = 1, .params = { q->handle } };

	switch (q->what) {
	case QUERY:
		a->query = (struct mtp_query){
			.op = op, .buf = a->buf + BUF, .room = TALK_ROOM, .piece = on_piece,
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
	struct talk *s = data;
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

void talk_changed(void *data, const char *why)
{
	struct talk *s = data;

	snprintf(s->changed, sizeof(s->changed), "%s", why);
}

/* From now on the device does all that it is asked. */
static void on_act_at(void *data)
{
	static const struct rig_step end = { .kind = RIG_END };
	struct talk *s = data;

	s->rig.step = &end;
	s->rig.well = true;
	shut(s);
}

void talk_run(struct talk *s, const struct rig_step *steps, const struct talk_request *requests)
{
	struct usb_io *io;
	unsigned i;

	s->rig.step = steps;
	s->rig.data = s;
	s->rig.act = on_act_at;
	if (s->rig.max_packet == 0)
		s->rig.max_packet = 512;
	s->opened = 1;
	for (i = 0; i < TALK_REQUESTS && requests[i].what != NOTHING; i++) {
		s->asked[i] = (struct talk_asked){ .s = s, .q = &requests[i],
					      .buf = malloc(BUF + TALK_ROOM) };
		ck_assert_ptr_nonnull(s->asked[i].buf);
	}
	s->n = i;
	ck_assert_int_eq(uv_loop_init(&s->loop), 0);
	uv_idle_init(&s->loop, &s->later);
	s->later.data = s;
	io = rig_new(&s->loop, &s->rig);
	if (s->starve != NULL)
		s->starve(io);
	ck_assert_int_eq(mtp_open(&s->loop, io, on_open, talk_changed, s, &s->mtp), 0);
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
