/* An MTP device: files are objects with a handle, and the lister asks for operations. */
#include <errno.h>
#include <stdlib.h>

#include "base/util.h"
#include "medium_impl.h"

struct medium_mtp {
	struct medium medium;
	struct mtp *mtp;
};

_Static_assert((int)LISTING_READ_MAX % (int)MTP_ROOM_UNIT == 0, "a serving's buffer is room");
_Static_assert((int)LISTING_PARAMS_MAX == (int)MTP_PARAMS_MAX, "operations have the same shape");

static struct medium_mtp *of(struct medium *m)
{
	return (struct medium_mtp *)m;
}

/* No object has sectors; what a device keeps it in has none smaller than that as a rule. */
static uint32_t grain(const struct medium *m, const struct listing_file *f)
{
	(void)m;
	(void)f;
	return MEDIUM_GRAIN_MAX;
}

static bool reads_anywhere(const struct medium *m)
{
	return mtp_reads_anywhere(((const struct medium_mtp *)m)->mtp);
}

static void listed(struct medium *m, const struct listing *l)
{
	const uint32_t can = l->device.can;

	mtp_set_can(of(m)->mtp, (can & LISTING_CAN_PARTIAL64) != 0,
		    (can & LISTING_CAN_PARTIAL) != 0, (can & LISTING_CAN_OBJECT) != 0);
}

/* ------ content ------ */

static void on_piece(struct mtp_read *piece, int r)
{
	medium_read_went_on(piece->data, piece->len, r);
}

static int read_piece(struct medium *m, struct medium_read *r, size_t want)
{
	r->piece.mtp = (struct mtp_read){
		.handle = r->file->handle, .size = r->file->size, .offset = r->at + r->filled,
		.len = (uint32_t)MIN(want, (size_t)MTP_READ_MAX), .buf = r->buf + r->filled,
		.cb = on_piece, .data = r,
	};
	return mtp_read(of(m)->mtp, &r->piece.mtp);
}

/* ------ the lister's half ------ */

static void on_dataset(struct mtp_query *q, uint32_t len)
{
	struct medium_serving *s = q->data;

	s->piece(s, len);
}

static void on_response(struct mtp_query *q, int r)
{
	struct medium_serving *s = q->data;
	unsigned i;

	s->asked_ms = q->asked_ms;
	s->answered_ms = q->answered_ms;
	s->response.code = q->response.code;
	s->response.n_params = q->response.n_params;
	for (i = 0; i < q->response.n_params; i++)
		s->response.params[i] = q->response.params[i];
	s->cb(s, r);
}

static int serve(struct medium *m, struct medium_serving *s)
{
	const struct listing_operation *op = &s->want.op;
	unsigned i;

	if (s->want.what != LISTING_WANT_OPERATION)
		return -EPROTO;
	s->request.mtp = (struct mtp_query){
		.op = { .code = op->code, .n_params = (uint8_t)op->n_params },
		.buf = s->buf, .room = LISTING_READ_MAX,
		.piece = on_dataset, .cb = on_response, .data = s,
	};
	for (i = 0; i < op->n_params; i++)
		s->request.mtp.op.params[i] = op->params[i];
	return mtp_query(of(m)->mtp, &s->request.mtp);
}

static void serve_more(struct medium *m, struct medium_serving *s)
{
	mtp_query_more(of(m)->mtp, &s->request.mtp);
}

/* ------ open and close ------ */

static void on_closed(void *data)
{
	medium_closed(data);
}

static void close_mtp(struct medium *m)
{
	mtp_close(of(m)->mtp, on_closed, m);
}

static const struct medium_ops ops = {
	.read = read_piece, .serve = serve, .grain = grain, .close = close_mtp,
	.serve_more = serve_more, .listed = listed, .reads_anywhere = reads_anywhere,
};

static void on_changed(void *data, const char *why)
{
	struct medium *m = data;

	if (!m->closing)
		m->events.changed(m->events.data, why);
}

static void on_open(void *data, int r, struct mtp *mtp, const struct err *e)
{
	static const struct medium_info info = { .listing = { .kind = LISTING_MTP } };
	struct medium *m = data;

	(void)mtp;
	m->events.opened(m->events.data, r, r == 0 ? &info : NULL, e);
}

int medium_mtp_open(uv_loop_t *loop, struct usb_io *io, const struct medium_events *events,
		    struct medium **ret)
{
	struct medium_mtp *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return -ENOMEM;
	medium_init(&m->medium, loop, &ops, events);
	if (mtp_open(loop, io, on_open, on_changed, m, &m->mtp) < 0) {
		medium_drop(&m->medium);
		return -ENOMEM;
	}
	*ret = &m->medium;
	return 0;
}
