/* Content: three ways to read an object, and the one that stays open between reads. */
#include <errno.h>
#include <inttypes.h>

#include "base/util.h"
#include "recorder/mtp_impl.h"

enum { PASS_OVER_MAX = 1 << 30 };	/* bytes of one take that nobody wants */

static struct mtp_read *at_hand(const struct mtp *m)
{
	return m->queue[m->head].read;
}

static enum mtp_way way_of(const struct mtp *m, const struct mtp_read *r)
{
	if (m->partial64)
		return MTP_BY_PARTIAL64;
	if (m->partial && r->offset <= UINT32_MAX - r->len)
		return MTP_BY_PARTIAL;
	return m->object ? MTP_BY_OBJECT : MTP_NO_WAY;
}

void mtp_set_can(struct mtp *m, bool partial64, bool partial, bool object)
{
	m->partial64 = partial64;
	m->partial = partial;
	m->object = object;
}

bool mtp_reads_anywhere(const struct mtp *m)
{
	return m->partial64 || m->partial;
}

int mtp_read(struct mtp *m, struct mtp_read *r)
{
	if (r->len == 0 || r->len > MTP_READ_MAX)
		return -EINVAL;
	if (r->offset > r->size || r->len > r->size - r->offset)
		return -ERANGE;
	if (way_of(m, r) == MTP_NO_WAY)
		return -ENOTSUP;
	return mtp_enqueue(m, (struct mtp_request){ .kind = MTP_READ, .read = r });
}

bool mtp_read_goes_on(const struct mtp *m)
{
	const struct mtp_read *r = at_hand(m);

	return m->stream.open && way_of(m, r) == MTP_BY_OBJECT && m->stream.handle == r->handle &&
	       m->stream.size == r->size && m->stream.at <= r->offset;
}

static bool passing_over(const struct mtp *m)
{
	return m->stream.at < at_hand(m)->offset;
}

static void stream_take(struct mtp *m)
{
	const struct mtp_read *r = at_hand(m);

	if (passing_over(m))
		transaction_take(&m->t, NULL,
				 (uint32_t)MIN(r->offset - m->stream.at, PASS_OVER_MAX));
	else
		transaction_take(&m->t, r->buf, r->len);
}

void mtp_read_send(struct mtp *m)
{
	const struct mtp_read *r = at_hand(m);
	struct mtp_operation op = { .params = { r->handle } };

	if (m->stream.open) {
		stream_take(m);
		return;
	}
	switch (way_of(m, r)) {
	case MTP_BY_PARTIAL64:
		op.code = PTP_GET_PARTIAL_OBJECT_64;
		op.n_params = 4;
		op.params[1] = (uint32_t)r->offset;
		op.params[2] = (uint32_t)(r->offset >> 32);
		op.params[3] = r->len;
		break;
	case MTP_BY_PARTIAL:
		op.code = PTP_GET_PARTIAL_OBJECT;
		op.n_params = 3;
		op.params[1] = (uint32_t)r->offset;
		op.params[2] = r->len;
		break;
	case MTP_BY_OBJECT:
		op.code = PTP_GET_OBJECT;
		op.n_params = 1;
		m->stream.handle = r->handle;
		m->stream.size = r->size;
		m->stream.at = 0;
		break;
	case MTP_NO_WAY:
		BUG("mtp: a read that was not to be queued");
	}
	transaction_run(&m->t, &op, NULL, 0,
			op.code == PTP_GET_OBJECT ? r->size : r->len);
}

void mtp_read_data(struct mtp *m)
{
	const struct mtp_read *r = at_hand(m);

	if (way_of(m, r) != MTP_BY_OBJECT) {
		if (m->t.over)
			transaction_finish(&m->t);
		else
			transaction_take(&m->t, r->buf, r->len);
		return;
	}
	if (m->t.left != r->size) {
		m->refusal = "the object is smaller than it was listed";
		transaction_stop(&m->t);
		return;
	}
	m->stream.open = true;
	stream_take(m);
}

void mtp_read_taken(struct mtp *m)
{
	bool passed_over = m->stream.open && passing_over(m);

	if (m->stream.open)
		m->stream.at += m->t.got;
	if (m->t.over) {		/* all of it or not: the response comes */
		transaction_finish(&m->t);
	} else if (passed_over) {
		stream_take(m);
	} else {
		m->timeouts = 0;
		mtp_request_done(m, 0);
	}
}

static bool is_whole(const struct mtp *m, const struct mtp_read *r)
{
	const struct mtp_response *a = &m->t.response;

	if (way_of(m, r) == MTP_BY_OBJECT)
		return m->stream.at == r->size;
	return m->t.got == r->len && (a->n_params == 0 || a->params[0] == r->len);
}

void mtp_read_answered(struct mtp *m)
{
	const struct mtp_read *r = at_hand(m);
	const uint16_t code = m->t.response.code;
	char room[24];

	if (mtp_waits(m, code))
		return;
	if (code == PTP_OK && is_whole(m, r)) {
		mtp_request_done(m, 0);
		return;
	}
	if (code != PTP_OK)
		mtp_explain(m, "the recorder answers: %s",
			    ptp_response_name(code, room, sizeof(room)));
	else if (m->t.got != r->len || m->t.response.n_params == 0)
		mtp_explain(m, "the recorder sent only %" PRIu32 " bytes", m->t.got);
	else
		mtp_explain(m, "the recorder claims to have sent %" PRIu32 " bytes",
			    m->t.response.params[0]);
	mtp_request_failed(m);
}
