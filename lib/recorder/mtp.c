/* The session: its queue, its queries, and how a transaction's end tells on them. */
#include "recorder/mtp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "recorder/mtp_impl.h"
#include "recorder/patience.h"

enum {
	ATTEMPTS = 2,
	CLOSE_MS = 1000,
};

static void on_timer(uv_timer_t *t);
static void finish_close(struct mtp *m);

void mtp_explain(struct mtp *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->why, sizeof(m->why), fmt, ap);
	va_end(ap);
}

/* --- the queue --- */

static struct mtp_request *first(struct mtp *m)
{
	return &m->queue[m->head];
}

static void serve(struct mtp *m)
{
	if (m->busy || m->queued == 0 || m->dead < 0 || m->closing)
		return;
	m->busy = true;
	m->attempts = 0;
	m->waited_ms = 0;
	m->delivered = false;
	mtp_send_request(m);
}

int mtp_enqueue(struct mtp *m, struct mtp_request r)
{
	if (m->closing)
		return -ECANCELED;
	if (m->dead < 0)
		return m->dead;
	if (m->queued == MTP_QUEUE_MAX)
		return -EAGAIN;
	m->queue[(m->head + m->queued++) % MTP_QUEUE_MAX] = r;
	serve(m);
	return 0;
}

static void tell(struct mtp *m, struct mtp_request q, int r, uint16_t code)
{
	struct mtp_act *a = q.act;

	switch (q.kind) {
	case MTP_QUERY:
		q.query->why = r < 0 ? m->why : NULL;
		q.query->cb(q.query, r);
		return;
	case MTP_READ:
		q.read->why = r < 0 ? m->why : NULL;
		q.read->cb(q.read, r);
		return;
	case MTP_ACT:
		a->cb(a->data, r, r == 0 ? code : 0);
		free(a);
		return;
	}
}

/* The next one is on its way before the owner of this one hears of it. */
void mtp_request_done(struct mtp *m, int r)
{
	const uint16_t code = m->t.response.code;
	struct mtp_request q = *first(m);

	if (q.kind == MTP_QUERY && r == 0) {
		q.query->response = m->t.response;
		q.query->asked_ms = m->t.asked_ms;
		q.query->answered_ms = m->t.answered_ms;
	}
	m->head = (m->head + 1) % MTP_QUEUE_MAX;
	m->queued--;
	m->busy = m->lent = false;
	m->refusal = NULL;
	serve(m);
	tell(m, q, r, code);
}

/* It is given up; the session goes on. */
void mtp_request_failed(struct mtp *m)
{
	const struct mtp_request *q = first(m);
	char what[sizeof(m->why)];

	memcpy(what, m->why, sizeof(what));
	if (q->kind == MTP_READ)
		mtp_explain(m, "reading %" PRIu32 " bytes at %" PRIu64 " of object %" PRIu32
			    ": %s", q->read->len, q->read->offset, q->read->handle, what);
	mtp_request_done(m, -EIO);
}

bool mtp_waits(struct mtp *m, uint16_t code)
{
	uint32_t ms = patience_next(m->waited_ms);

	if (code != PTP_DEVICE_BUSY || ms == 0)
		return false;
	m->waited_ms += ms;
	uv_timer_start(&m->timer, on_timer, ms, 0);
	return true;
}

static void open_done(struct mtp *m, int r)
{
	struct err e = { 0 };

	m->stage = MTP_SERVING;
	if (r < 0) {
		m->dead = r;
		err_set(&e, r, "%s", m->why);
	} else {
		mtp_event_listen(m);
	}
	m->opened(m->data, r, m, r < 0 ? &e : NULL);
}

/* The session is of no more use. */
static void die(struct mtp *m, int r)
{
	bool opening = m->stage == MTP_OPENING;

	m->dead = r;
	if (opening) {
		open_done(m, r);
		return;
	}
	while (m->queued > 0)
		mtp_request_done(m, r);
}

/* --- what the transaction tells --- */

void mtp_send_request(struct mtp *m)
{
	const struct mtp_request *q = first(m);

	if (m->stream.open && !(q->kind == MTP_READ && mtp_read_goes_on(m))) {
		m->stream.stopping = true;
		transaction_stop(&m->t);
		return;
	}
	switch (q->kind) {
	case MTP_QUERY:
		transaction_run(&m->t, &q->query->op, NULL, 0, PTP_UNKNOWN);
		return;
	case MTP_READ:
		mtp_read_send(m);
		return;
	case MTP_ACT:
		mtp_act_send(m);
		return;
	}
}

static void query_goes_on(struct mtp *m)
{
	struct mtp_query *q = first(m)->query;

	if (m->t.over)
		transaction_finish(&m->t);
	else
		transaction_take(&m->t, q->buf, q->room);
}

static void query_taken(struct mtp *m)
{
	struct mtp_query *q = first(m)->query;

	if (m->t.got == 0) {
		query_goes_on(m);
		return;
	}
	m->lent = m->delivered = true;
	q->piece(q, m->t.got);
}

static void query_answered(struct mtp *m)
{
	const uint16_t code = m->t.response.code;

	if (!m->delivered && mtp_waits(m, code))
		return;
	if (code == PTP_OK && m->t.left != 0 && m->t.left != PTP_UNKNOWN) {
		mtp_explain(m, "the recorder sent %" PRIu64 " bytes less than it promised",
			    m->t.left);
		mtp_request_failed(m);
		return;
	}
	mtp_request_done(m, 0);
}

static void on_data(void *data)
{
	struct mtp *m = data;

	if (m->stage == MTP_CLOSING || first(m)->kind == MTP_ACT)
		transaction_finish(&m->t);	/* none was allowed, and it has none */
	else if (first(m)->kind == MTP_QUERY)
		query_goes_on(m);
	else
		mtp_read_data(m);
}

static void on_taken(void *data)
{
	struct mtp *m = data;

	if (first(m)->kind == MTP_QUERY)
		query_taken(m);
	else
		mtp_read_taken(m);
}

static void session_answered(struct mtp *m)
{
	const uint16_t code = m->t.response.code;
	char room[24];

	if (code == PTP_OK || code == PTP_SESSION_ALREADY_OPEN) {
		open_done(m, 0);
		return;
	}
	if (mtp_waits(m, code))
		return;
	mtp_explain(m, "the recorder opens no session: %s",
		    ptp_response_name(code, room, sizeof(room)));
	die(m, code == PTP_DEVICE_BUSY ? -EBUSY : -EPROTO);
}

static void answered(struct mtp *m)
{
	m->timeouts = 0;
	if (m->stage == MTP_OPENING)
		session_answered(m);
	else if (first(m)->kind == MTP_QUERY)
		query_answered(m);
	else if (first(m)->kind == MTP_READ)
		mtp_read_answered(m);
	else
		mtp_act_answered(m);
}

/* The transaction was lost and the device brought back. */
static void recovered(struct mtp *m)
{
	bool once_more = first(m)->kind != MTP_ACT && !m->delivered && m->refusal == NULL &&
			 !m->t.timed_out;

	mtp_explain(m, "%s", m->refusal != NULL ? m->refusal : m->t.why);
	/* Each costs half a minute: a card full of them would take the day. */
	if (m->t.timed_out && ++m->timeouts > 1)
		die(m, -ETIMEDOUT);
	else if (once_more && ++m->attempts < ATTEMPTS)
		mtp_send_request(m);
	else
		mtp_request_failed(m);
}

/* It did not come to a session that goes on. */
static void lost(struct mtp *m, enum ptp_state end)
{
	switch (end) {
	case PTP_GONE:
		mtp_explain(m, "the recorder was unplugged");
		die(m, -ENODEV);
		return;
	case PTP_RENEWED:
		mtp_explain(m, "%s; the recorder had to be reset and may number its files anew; "
			    "dock it again", m->t.why);
		die(m, -EPROTO);
		return;
	case PTP_STARVED:
		mtp_explain(m, "this computer has no memory for USB transfers: raise usbcore's "
			    "usbfs_memory_mb, or dock fewer recorders at once");
		die(m, -ENOMEM);
		return;
	default:
		mtp_explain(m, "%s, and two resets did not help", m->t.why);
		die(m, m->t.timed_out ? -ETIMEDOUT : -EPROTO);
	}
}

static void close_session(struct mtp *m);

static void ended_while_closing(struct mtp *m, enum ptp_state end)
{
	bool alive = end == PTP_ANSWERED || end == PTP_RECOVERED || end == PTP_RENEWED;

	if (end == PTP_GONE) {
		m->dead = -ENODEV;
		mtp_explain(m, "the recorder was unplugged");
	}
	if (alive && m->stage == MTP_SERVING)
		close_session(m);
	else
		finish_close(m);
}

static void on_ended(void *data, enum ptp_state end)
{
	struct mtp *m = data;
	bool stopped = m->stream.stopping;

	m->stream.open = m->stream.stopping = false;
	if (m->closing)
		ended_while_closing(m, end);
	else if (end == PTP_ANSWERED)
		answered(m);
	else if (m->stage == MTP_OPENING && (end == PTP_RECOVERED || end == PTP_RENEWED))
		open_done(m, 0);
	else if (end != PTP_RECOVERED)
		lost(m, end);
	else if (stopped)
		mtp_send_request(m);
	else
		recovered(m);
	mtp_event_listen(m);	/* a recovery may have ended that */
}

static void on_timer(uv_timer_t *t)
{
	struct mtp *m = t->data;

	if (m->closing)
		close_session(m);
	else if (m->stage == MTP_OPENING)
		transaction_open(&m->t);
	else
		mtp_send_request(m);
}

/* --- its owner --- */

int mtp_open(uv_loop_t *loop, struct usb_io *io,
	     void (*cb)(void *data, int r, struct mtp *m, const struct err *e),
	     void (*changed)(void *data, const char *why), void *data, struct mtp **ret)
{
	static const struct transaction_events events = { on_data, on_taken, on_ended };
	struct mtp *m;

	if (io->max_packet < PTP_CONTAINER_MAX || io->max_packet > TRANSACTION_PACKET_MAX)
		return -ENOTSUP;
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return -ENOMEM;
	m->io = io;
	m->opened = cb;
	m->changed = changed;
	m->data = data;
	transaction_init(&m->t, loop, io, &events, m);
	uv_timer_init(loop, &m->timer);
	uv_timer_init(loop, &m->deadline);
	m->timer.data = m->deadline.data = m;
	*ret = m;
	transaction_open(&m->t);
	return 0;
}

int mtp_query(struct mtp *m, struct mtp_query *q)
{
	if (!ptp_is_read(q->op.code) || q->op.n_params > MTP_PARAMS_MAX || q->room == 0 ||
	    q->room % MTP_ROOM_UNIT != 0)
		return -EINVAL;
	q->response = (struct mtp_response){ 0 };
	q->asked_ms = q->answered_ms = 0;
	return mtp_enqueue(m, (struct mtp_request){ .kind = MTP_QUERY, .query = q });
}

void mtp_query_more(struct mtp *m, struct mtp_query *q)
{
	if (!m->lent || first(m)->query != q)
		BUG("mtp: more of a query that lent nothing");
	m->lent = false;
	if (!m->closing)
		query_goes_on(m);
}

/* --- letting go --- */

static void close_session(struct mtp *m)
{
	const struct mtp_operation op = { .code = PTP_CLOSE_SESSION };

	if (m->dead < 0 || m->stage == MTP_OPENING) {
		finish_close(m);
		return;
	}
	m->stage = MTP_CLOSING;
	transaction_run(&m->t, &op, NULL, 0, 0);
}

static void on_handle_closed(uv_handle_t *h)
{
	struct mtp *m = h->data;
	void (*cb)(void *data) = m->closed;
	void *data = m->closed_data;

	if (--m->handles > 0)
		return;
	free(m);
	if (cb != NULL)
		cb(data);
}

static void on_transaction_gone(void *data)
{
	struct mtp *m = data;

	m->handles = 2;
	uv_close((uv_handle_t *)&m->timer, on_handle_closed);
	uv_close((uv_handle_t *)&m->deadline, on_handle_closed);
}

static void on_io_closed(void *data)
{
	struct mtp *m = data;

	transaction_fini(&m->t, on_transaction_gone);
}

void mtp_close_io(struct mtp *m)
{
	m->io->ops->close(m->io, on_io_closed, m);
}

static void finish_close(struct mtp *m)
{
	uv_timer_stop(&m->deadline);
	if (m->dead == 0) {
		m->dead = -ECANCELED;
		mtp_explain(m, "the session was closed");
	}
	die(m, m->dead);
	m->letting_go = true;
	if (m->listening)
		m->io->ops->cancel(m->io, &m->x_event);
	else
		mtp_close_io(m);
}

static void on_deadline(uv_timer_t *t)
{
	struct mtp *m = t->data;

	transaction_cancel(&m->t);
}

void mtp_close(struct mtp *m, void (*cb)(void *data), void *data)
{
	if (m->closing)
		BUG("mtp: closed twice");
	m->closing = true;
	m->closed = cb;
	m->closed_data = data;
	uv_timer_stop(&m->timer);
	uv_timer_start(&m->deadline, on_deadline, CLOSE_MS, 0);
	if (!m->t.running)
		uv_timer_start(&m->timer, on_timer, 0, 0);
	else if (m->stage == MTP_OPENING)
		transaction_cancel(&m->t);
	else
		transaction_stop(&m->t);
}
