/* Transactions: command, data and response containers over two bulk pipes (PIMA 15740, D.3). */
#include "emulator/model_mtp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

enum { CLOSE_SESSION = 0x1003, OPEN_SESSION = 0x1002 };

int model_mtp_new(struct model *m)
{
	struct model_mtp *mtp = calloc(1, sizeof(*mtp));
	int r = 0;

	if (mtp == NULL)
		return -ENOMEM;
	m->mtp = mtp;
	mtp->fd = mtp->promised_fd = -1;
	mtp->data.max = MTP_DATASET_MAX;
	mtp->status = MTP_OK;
	mtp->clock_offset = m->c.faults.clock_offset;
	mtp->busy = m->c.faults.busy;
	mtp->removed = model_is_locked(m);
	mtp->store.fd = m->c.folder_fd;
	if (model_is_locked(m))
		mtp->unlock = (struct resp_operation){
			.code = m->c.unlock.operation, .run = resp_unlock,
		};
	else
		r = resp_store_scan(&mtp->store);
	return r;
}

static void mtp_free(struct model *m)
{
	if (m->mtp == NULL)
		return;
	resp_abandon(m);
	resp_break_promise(m);
	resp_store_clear(&m->mtp->store);
	buf_clear(&m->mtp->data);
	free(m->mtp);
}

void resp_abandon(struct model *m)
{
	struct model_mtp *mtp = m->mtp;

	if (mtp->phase == MTP_TAKE && resp_is_send_object(mtp->op))
		resp_break_promise(m);
	if (mtp->fd >= 0)
		close(mtp->fd);
	mtp->fd = -1;
	mtp->left = 0;
	buf_reset(&mtp->data);
	mtp->phase = MTP_IDLE;
}

/* As a responder that gives up does: both pipes, until the host has asked why and cleared them. */
static enum model_answer give_up(struct model *m)
{
	resp_abandon(m);
	m->halt_in = true;
	m->halt_out = true;
	return MODEL_STALL;
}

/* ------ data to the host ------ */

/* The scripted faults that hit the content about to be sent. */
static void spoil(struct model *m)
{
	struct model_faults *f = &m->c.faults;
	struct model_mtp *mtp = m->mtp;

	if (model_covers(m, f->hang_at, mtp->left))
		m->hung = true;
	if (model_covers(m, f->stall_at, mtp->left)) {
		uint64_t sent = MTP_HEADER + (uint64_t)f->stall_at - m->content_bytes;

		sent = sent / m->max_packet * m->max_packet;
		mtp->stalls = true;
		mtp->data.len = (size_t)MIN(mtp->data.len, sent);
		mtp->left = sent - mtp->data.len;
		f->stall_at = -1;
	} else if (model_covers(m, f->short_at, mtp->left)) {
		mtp->left -= MIN(mtp->left, m->max_packet);
		f->short_at = -1;
	} else if (model_covers(m, f->store_removed_at, mtp->left)) {
		mtp->left = (uint64_t)f->store_removed_at - m->content_bytes;
		mtp->loses_store = true;
	}
}

static void begin_data(struct model *m)
{
	const struct model_faults *f = &m->c.faults;
	struct model_mtp *mtp = m->mtp;
	uint64_t total;

	if (mtp->fd < 0 && f->dataset_cut >= 0)
		mtp->data.len = (size_t)MIN(mtp->data.len, MTP_HEADER + (uint64_t)f->dataset_cut);
	total = f->container_length >= 0 ? (uint64_t)f->container_length :
		mtp->data.len + mtp->left;
	resp_put(mtp->data.p, (uint32_t)MIN(total, UINT32_MAX), 4);
	resp_put(mtp->data.p + 4, MTP_CONTAINER_DATA, 2);
	resp_put(mtp->data.p + 6, mtp->code, 2);
	resp_put(mtp->data.p + 8, f->wrong_tid ? ~mtp->tid : mtp->tid, 4);
	if (mtp->fd >= 0)
		spoil(m);
	mtp->phase = MTP_SEND;
}

static void end_data(struct model *m)
{
	struct model_mtp *mtp = m->mtp;

	if (mtp->fd >= 0)
		close(mtp->fd);
	mtp->fd = -1;
	mtp->phase = MTP_RESPOND;
	if (!mtp->loses_store)
		return;
	mtp->removed = true;
	mtp->response = MTP_STORE_NOT_AVAILABLE;
	mtp->n_answers = 0;
	resp_raise(m, MTP_STORE_REMOVED, 1, MTP_STORAGE);
}

/* Up to room bytes of header, dataset, file.  The file may have become shorter: then it ends. */
static size_t gather(struct model *m, uint8_t *buf, size_t room, bool *ret_last)
{
	struct model_mtp *mtp = m->mtp;
	size_t head = MIN(mtp->data.len - mtp->data_at, room);
	size_t n = (size_t)MIN(mtp->left, room - head);

	*ret_last = false;
	memcpy(buf, mtp->data.p + mtp->data_at, head);
	mtp->data_at += head;
	if (n == 0)
		return head;
	n = model_spend(m, n, ret_last);
	if (!model_pread(mtp->fd, buf + head, n, mtp->at)) {
		mtp->left = 0;
		mtp->response = MTP_INCOMPLETE_TRANSFER;
		return head;
	}
	mtp->at += n;
	mtp->left -= n;
	return head + n;
}

/* One transfer's worth.  The phase ends with a short packet, if need be an empty one. */
static enum model_answer send_data(struct model *m, uint8_t *buf, size_t room, size_t *len)
{
	struct model_mtp *mtp = m->mtp;
	bool last;

	*len = gather(m, buf, room, &last);
	mtp->moved += *len;
	if (last) {
		m->gone = true;
		return MODEL_UNPLUG;
	}
	if (mtp->data_at < mtp->data.len || mtp->left > 0)
		return room % m->max_packet == 0 ? MODEL_OK : MODEL_OVERFLOW;
	if (*len == room && mtp->moved % m->max_packet == 0)
		return MODEL_OK;	/* what ends it comes with the next */
	if (mtp->stalls)
		return give_up(m);
	end_data(m);
	return MODEL_OK;
}

static enum model_answer respond(struct model *m, uint8_t *buf, size_t room, size_t *len)
{
	struct model_mtp *mtp = m->mtp;
	uint8_t c[MTP_HEADER + sizeof(mtp->answers)];
	uint32_t n = MTP_HEADER + 4 * mtp->n_answers;
	unsigned i;

	resp_put(c, n, 4);
	resp_put(c + 4, MTP_CONTAINER_RESPONSE, 2);
	resp_put(c + 6, mtp->response, 2);
	resp_put(c + 8, m->c.faults.wrong_tid ? ~mtp->tid : mtp->tid, 4);
	for (i = 0; i < mtp->n_answers; i++)
		resp_put(c + MTP_HEADER + 4 * i, mtp->answers[i], 4);
	*len = MIN(room, n);
	memcpy(buf, c, *len);
	resp_abandon(m);
	if (mtp->op == &mtp->unlock && mtp->response == MTP_OK)
		model_open_up(m);
	return room < n ? MODEL_OVERFLOW : MODEL_OK;
}

static enum model_answer mtp_in(struct model *m, uint8_t *buf, size_t room, size_t *len)
{
	switch (m->mtp->phase) {
	case MTP_SEND:		return send_data(m, buf, room, len);
	case MTP_RESPOND:	return respond(m, buf, room, len);
	case MTP_IDLE:
	case MTP_TAKE:		break;
	}
	return MODEL_NAK;
}

/* ------ commands, and data from the host ------ */

/* They count up from 1 within a session (ISO 15740, 9.3.1). */
static bool is_next(const struct model_mtp *mtp)
{
	return mtp->tid == (mtp->last_tid >= 0xfffffffe ? 1 : mtp->last_tid + 1);
}

static enum resp_response may_run(struct model *m)
{
	struct model_mtp *mtp = m->mtp;

	if (mtp->session && mtp->code != OPEN_SESSION) {
		if (!is_next(mtp))
			return MTP_INVALID_TRANSACTION;
		mtp->last_tid = mtp->tid;
	}
	if (mtp->op == NULL)
		return MTP_OPERATION_NOT_SUPPORTED;
	if (!mtp->op->anywhere && !mtp->session)
		return MTP_SESSION_NOT_OPEN;
	if (mtp->busy > 0 && !mtp->op->anywhere && mtp->code != CLOSE_SESSION) {
		mtp->busy--;
		return MTP_DEVICE_BUSY;
	}
	if (mtp->op->needs_store && mtp->removed)
		return MTP_STORE_NOT_AVAILABLE;
	return MTP_OK;
}

static void run(struct model *m)
{
	struct model_mtp *mtp = m->mtp;

	mtp->phase = MTP_RESPOND;
	if (mtp->response != MTP_OK)
		return;
	if (!mtp->data.failed)
		mtp->response = mtp->op->run(m);
	if (mtp->data.failed)
		mtp->response = MTP_GENERAL_ERROR;
	if (mtp->response == MTP_OK && mtp->op->direction == MTP_DATA_IN &&
	    !m->c.faults.wrong_phase)
		begin_data(m);
}

static bool is_command(const uint8_t *buf, size_t len)
{
	return len >= MTP_HEADER && len <= MTP_HEADER + 4 * MTP_PARAMS && len % 4 == 0 &&
	       resp_get(buf, 4) == len && resp_get(buf + 4, 2) == MTP_CONTAINER_COMMAND;
}

static enum model_answer command(struct model *m, const uint8_t *buf, size_t len)
{
	static const uint8_t header[MTP_HEADER];
	struct model_mtp *mtp = m->mtp;
	unsigned i;

	if (!is_command(buf, len))
		return give_up(m);
	mtp->code = (uint16_t)resp_get(buf + 6, 2);
	mtp->tid = resp_get(buf + 8, 4);
	mtp->n_params = (unsigned)(len - MTP_HEADER) / 4;
	for (i = 0; i < MTP_PARAMS; i++)
		mtp->params[i] = i < mtp->n_params ? resp_get(buf + MTP_HEADER + 4 * i, 4) : 0;
	mtp->op = resp_operation_find(m, mtp->code);
	mtp->n_answers = 0;
	mtp->moved = 0;
	mtp->data_at = 0;
	mtp->stalls = false;
	mtp->loses_store = false;
	buf_reset(&mtp->data);
	mtp->response = may_run(m);
	if (mtp->op != NULL && mtp->op->direction == MTP_DATA_OUT) {
		mtp->phase = MTP_TAKE;	/* the host sends it, whatever we think of it */
		return MODEL_OK;
	}
	buf_add(&mtp->data, header, sizeof(header));
	run(m);
	return MODEL_OK;
}

static bool is_data(const struct model_mtp *mtp, const uint8_t *buf, size_t len)
{
	return len >= MTP_HEADER && resp_get(buf + 4, 2) == MTP_CONTAINER_DATA &&
	       resp_get(buf + 6, 2) == mtp->code && resp_get(buf + 8, 4) == mtp->tid;
}

static enum model_answer take(struct model *m, const uint8_t *buf, size_t len)
{
	struct model_mtp *mtp = m->mtp;
	size_t skip = mtp->moved == 0 ? MTP_HEADER : 0;

	if (skip > 0 && !is_data(mtp, buf, len))
		return give_up(m);
	if (skip > 0)
		mtp->declared = resp_get(buf, 4);
	mtp->moved += len;
	if (mtp->response != MTP_OK)
		;			/* refused already */
	else if (resp_is_send_object(mtp->op))
		resp_take_content(m, buf + skip, len - skip);
	else if (len > skip)
		buf_add(&mtp->data, buf + skip, len - skip);
	if (len > 0 && len % m->max_packet == 0)
		return MODEL_OK;
	if (mtp->moved != mtp->declared && mtp->declared != UINT32_MAX)
		mtp->response = MTP_INCOMPLETE_TRANSFER;
	if (mtp->response != MTP_OK)
		resp_abandon(m);
	run(m);
	return MODEL_OK;
}

static enum model_answer mtp_out(struct model *m, const uint8_t *buf, size_t len)
{
	switch (m->mtp->phase) {
	case MTP_IDLE:		return command(m, buf, len);
	case MTP_TAKE:		return take(m, buf, len);
	case MTP_SEND:
	case MTP_RESPOND:	break;
	}
	return MODEL_NAK;
}

static void mtp_reset(struct model *m)
{
	resp_abandon(m);
	resp_break_promise(m);
	m->mtp->session = false;
	m->mtp->status = MTP_OK;
}

const struct model_kind model_mtp = {
	.interface = { 0x06, 0x01, 0x01 },	/* still image, PIMA 15740 */
	.name = "MTP",
	.has_events = true,
	.bulk_out = mtp_out,
	.bulk_in = mtp_in,
	.event_in = resp_event_in,
	.class_in = resp_class_in,
	.class_out = resp_class_out,
	.reset = mtp_reset,
	.free = mtp_free,
};
