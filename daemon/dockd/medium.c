#include "medium_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

void medium_init(struct medium *m, uv_loop_t *loop, const struct medium_ops *ops,
		 const struct medium_events *events)
{
	m->ops = ops;
	m->events = *events;
	m->zeros_tail = &m->zeros;
	uv_timer_init(loop, &m->later);
	m->later.data = m;
}

static void on_dropped(uv_handle_t *h)
{
	free(h->data);
}

void medium_drop(struct medium *m)
{
	uv_close((uv_handle_t *)&m->later, on_dropped);
}

int medium_open(uv_loop_t *loop, struct usb_io *io, const struct medium_events *events,
		struct medium **ret)
{
	switch (io->protocol) {
	case USB_PROTOCOL_BOT:
	case USB_PROTOCOL_UAS:
		return medium_disk_open(loop, io, events, ret);
	case USB_PROTOCOL_MTP:
		return medium_mtp_open(loop, io, events, ret);
	}
	BUG("medium: no protocol %d", (int)io->protocol);
}

void medium_listed(struct medium *m, const struct listing *l)
{
	if (m->ops->listed != NULL)
		m->ops->listed(m, l);
}

bool medium_lists_itself(const struct medium *m)
{
	return m->ops->list != NULL;
}

int medium_list(struct medium *m, medium_list_cb cb, void *data)
{
	return m->closing ? -ECANCELED : m->ops->list(m, cb, data);
}

struct mtp *medium_mtp(const struct medium *m)
{
	return m->ops->mtp != NULL ? m->ops->mtp(m) : NULL;
}

uint32_t medium_grain(const struct medium *m, const struct listing_file *f)
{
	return m->ops->grain(m, f);
}

bool medium_reads_anywhere(const struct medium *m)
{
	return m->ops->reads_anywhere == NULL || m->ops->reads_anywhere(m);
}

/* ------ content ------ */

/* How many of the bytes that r still wants were ever written. */
static size_t written(const struct medium_read *r)
{
	const uint64_t at = r->at + r->filled, valid = r->file->valid;

	return at < valid ? (size_t)MIN(valid - at, (uint64_t)(r->len - r->filled)) : 0;
}

/* Whatever the medium has behind the file's last written byte is not the file's. */
static void blank(struct medium_read *r)
{
	const uint64_t valid = r->file->valid;
	const size_t keep = r->at < valid ? (size_t)MIN(valid - r->at, (uint64_t)r->len) : 0;

	memset(r->buf + keep, 0, r->len - keep);
}

static void read_done(struct medium_read *r, int result)
{
	if (result == 0)
		blank(r);
	r->cb(r, result);
}

static void end_zeros(struct medium *m, int result)
{
	struct medium_read *r;

	while ((r = m->zeros) != NULL) {
		m->zeros = r->next;
		if (m->zeros == NULL)
			m->zeros_tail = &m->zeros;
		read_done(r, result);
	}
}

static void on_later(uv_timer_t *t)
{
	end_zeros(t->data, 0);
}

static void queue_zeros(struct medium *m, struct medium_read *r)
{
	r->next = NULL;
	*m->zeros_tail = r;
	m->zeros_tail = &r->next;
	uv_timer_start(&m->later, on_later, 0, 0);
}

int medium_read(struct medium_read *r)
{
	struct medium *m = r->medium;

	r->filled = 0;
	r->hung = false;
	if (m->closing)
		return -ECANCELED;
	if (written(r) > 0)
		return m->ops->read(m, r, written(r));
	queue_zeros(m, r);
	return 0;
}

void medium_read_went_on(struct medium_read *r, size_t n, int result)
{
	if (result == 0) {
		r->filled += MIN(n, r->len - r->filled);
		if (written(r) > 0)
			result = r->medium->ops->read(r->medium, r, written(r));
		else
			r->filled = r->len;
		if (result == 0 && r->filled < r->len)
			return;
	}
	read_done(r, result);
}

bool medium_is_local(int r)
{
	return r == -EIO || r == -ERANGE;
}

/* ------ the lister's half ------ */

int medium_serve(struct medium *m, struct medium_serving *s)
{
	return m->closing ? -ECANCELED : m->ops->serve(m, s);
}

void medium_serve_more(struct medium *m, struct medium_serving *s)
{
	m->ops->serve_more(m, s);
}

/* ------ closing ------ */

void medium_close(struct medium *m, void (*cb)(void *data), void *data)
{
	if (m->closing)
		BUG("medium: closed twice");
	m->closing = true;
	m->closed = cb;
	m->closed_data = data;
	m->ops->close(m);
}

static void on_later_closed(uv_handle_t *h)
{
	struct medium *m = h->data;
	void (*cb)(void *data) = m->closed;
	void *data = m->closed_data;

	free(m);
	cb(data);
}

void medium_closed(struct medium *m)
{
	end_zeros(m, -ECANCELED);
	uv_close((uv_handle_t *)&m->later, on_later_closed);
}
