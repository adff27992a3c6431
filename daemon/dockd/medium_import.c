/* What a person brings: the image of a card, which has one unit, or a folder or file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "folder.h"
#include "medium_impl.h"

enum { IMAGE_BLOCK = 512 };

/* What the thread pool is asked for: one thing at a time. */
enum task { TASK_NONE, TASK_OPEN, TASK_SERVE, TASK_LIST, TASK_READ, TASK_CLOSE };

struct medium_import {
	struct medium medium;
	uv_loop_t *loop;
	enum import_kind kind;
	int fd;				/* ours */
	char name[IMPORT_SOURCE_MAX + 1];	/* of a single file */
	struct medium_info info;
	struct stat image;		/* as it was opened */
	bool changed;			/* it is not any more */

	struct medium_read *reads, **reads_tail;	/* waiting; the first is at work */
	struct medium_serving *serving;
	medium_list_cb listed;
	void *listed_data;

	uv_work_t work;
	enum task task;
	size_t got;			/* of a read, bytes */
	int r;
	struct listing listing;
	struct err e;
	/* The file of a folder that was read last stays open. */
	const struct listing_file *current;
	int current_fd;
};

static struct medium_import *of(struct medium *m)
{
	return (struct medium_import *)m;
}

/* ------ on the thread pool ------ */

/* Up to len bytes: what lies behind the end is missing.  Or a negative errno. */
static int read_at(int fd, uint8_t *buf, size_t len, uint64_t at, size_t *ret_got)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = pread(fd, buf + done, len - done, (off_t)(at + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	*ret_got = done;
	return 0;
}

/* The descriptor that has this file's bytes, or a negative errno. */
static int file_of(struct medium_import *m, const struct listing_file *f)
{
	if (m->kind != IMPORT_FOLDER)
		return m->fd;
	if (m->current == f)
		return m->current_fd;
	if (m->current_fd >= 0)
		close(m->current_fd);
	m->current_fd = folder_open(m->fd, f);
	m->current = m->current_fd >= 0 ? f : NULL;
	return m->current_fd;
}

/* A file is judged by itself; an image that changes is no card any more. */
static bool is_changed(struct medium_import *m, int fd, const struct listing_file *f)
{
	struct stat st;

	if (m->kind != IMPORT_IMAGE)
		return !folder_unchanged(fd, f);
	m->changed = fstat(fd, &st) < 0 || st.st_size != m->image.st_size ||
		     st.st_mtim.tv_sec != m->image.st_mtim.tv_sec ||
		     st.st_mtim.tv_nsec != m->image.st_mtim.tv_nsec;
	return m->changed;
}

static int do_read(struct medium_import *m)
{
	struct medium_read *r = m->reads;
	uint64_t at = r->at + r->filled, there;
	/* medium.c asks for nothing behind the last byte that was written. */
	size_t want = (size_t)MIN((uint64_t)(r->len - r->filled), r->file->valid - at);
	int fd = file_of(m, r->file), result = 0;

	if (fd < 0)	/* gone by now: that is about this file; the rest is ours */
		return fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM ? fd : -ERANGE;
	if (m->kind == IMPORT_IMAGE) {
		result = extent_find(r->file, &r->cursor, at, &at, &there);
		want = result == 0 ? (size_t)MIN(there, (uint64_t)want) : 0;
	}
	if (result == 0)
		result = read_at(fd, r->buf + r->filled, want, at, &m->got);
	/* Half of what it was and half of what it is now is neither. */
	if (result == 0 && (m->got < want || is_changed(m, fd, r->file)))
		result = -ERANGE;
	return result;
}

static int do_serve(struct medium_import *m)
{
	const struct listing_event *want = &m->serving->want;
	int r = read_at(m->fd, m->serving->buf, want->len, want->offset, &m->got);

	return r == 0 && m->got < want->len ? -EIO : r;
}

static int do_list(struct medium_import *m)
{
	return m->kind == IMPORT_FOLDER ? folder_list(m->fd, &m->listing, &m->e)
					: folder_list_file(m->fd, m->name, &m->listing, &m->e);
}

static int do_open(struct medium_import *m)
{
	struct listing_medium *l = &m->info.listing;
	struct stat st;

	if (fstat(m->fd, &st) < 0)
		return err_set(&m->e, -errno, "it cannot be read: %s", strerror(errno));
	if (m->kind != IMPORT_IMAGE)
		return 0;
	if (st.st_size < IMAGE_BLOCK)
		return err_set(&m->e, -EINVAL, "it is too small to be the image of a card");
	m->image = st;
	*l = (struct listing_medium){ .kind = LISTING_BLOCKS, .encoding = LISTING_GB18030,
				      .n_units = 1 };
	l->units[0].block_size = IMAGE_BLOCK;
	l->units[0].size = (uint64_t)st.st_size / IMAGE_BLOCK * IMAGE_BLOCK;
	return 0;
}

static int do_close(struct medium_import *m)
{
	if (m->current_fd >= 0)
		close(m->current_fd);
	close(m->fd);
	return 0;
}

static int (*const tasks[])(struct medium_import *m) = {
	[TASK_OPEN] = do_open, [TASK_SERVE] = do_serve, [TASK_LIST] = do_list,
	[TASK_READ] = do_read, [TASK_CLOSE] = do_close,
};

static void work(uv_work_t *w)
{
	struct medium_import *m = w->data;

	m->r = tasks[m->task](m);
}

/* ------ on the loop ------ */

static void on_worked(uv_work_t *w, int status);

static void start(struct medium_import *m, enum task task)
{
	m->task = task;
	m->work.data = m;
	m->e = (struct err){ .code = 0 };
	if (uv_queue_work(m->loop, &m->work, work, on_worked) < 0)
		BUG("import: the thread pool takes no work");
}

/* What waits, one after the other; closing comes last. */
static void take_next(struct medium_import *m)
{
	if (m->task != TASK_NONE)
		return;
	if (m->serving != NULL)
		start(m, TASK_SERVE);
	else if (m->listed != NULL)
		start(m, TASK_LIST);
	else if (m->reads != NULL)
		start(m, TASK_READ);
	else if (m->medium.closing)
		start(m, TASK_CLOSE);
}

static void end_open(struct medium_import *m, int r)
{
	m->medium.events.opened(m->medium.events.data, r, r == 0 ? &m->info : NULL, &m->e);
}

static void end_read(struct medium_import *m, int r)
{
	struct medium_read *read = m->reads;

	m->reads = read->next;
	if (m->reads == NULL)
		m->reads_tail = &m->reads;
	if (m->changed && !m->medium.closing)
		m->medium.events.changed(m->medium.events.data, "the image was changed while it was"
					 " read: import it again when nothing writes to it");
	medium_read_went_on(read, m->got, r);
}

static void end_list(struct medium_import *m, int r)
{
	medium_list_cb cb = TAKE(m->listed);

	if (r < 0 && m->r == 0)		/* nobody wants it any more */
		listing_clear(&m->listing);
	cb(m->listed_data, r, r == 0 ? &m->listing : NULL, &m->e);
}

static void end_serve(struct medium_import *m, int r)
{
	struct medium_serving *s = TAKE(m->serving);

	s->cb(s, r);
}

/* m is gone when it was closed. */
static void on_worked(uv_work_t *w, int status)
{
	static void (*const ends[])(struct medium_import *m, int r) = {
		[TASK_OPEN] = end_open, [TASK_SERVE] = end_serve, [TASK_LIST] = end_list,
		[TASK_READ] = end_read,
	};
	struct medium_import *m = w->data;
	const enum task task = m->task;
	int r = status < 0 ? status : m->r;

	if (task == TASK_CLOSE) {
		medium_closed(&m->medium);
		return;
	}
	if (m->medium.closing)
		r = -ECANCELED;
	if (r < 0 && m->e.code == 0)
		err_set(&m->e, r, "%s", uv_strerror(r));
	m->task = TASK_NONE;
	ends[task](m, r);
	take_next(m);
}

/* ------ what medium.c asks for ------ */

static int read_piece(struct medium *medium, struct medium_read *r, size_t want)
{
	struct medium_import *m = of(medium);

	(void)want;
	r->next = NULL;
	*m->reads_tail = r;
	m->reads_tail = &r->next;
	take_next(m);
	return 0;
}

static int serve(struct medium *medium, struct medium_serving *s)
{
	struct medium_import *m = of(medium);

	if (s->want.what != LISTING_WANT_READ)
		return -EPROTO;
	m->serving = s;
	take_next(m);
	return 0;
}

static int list(struct medium *medium, medium_list_cb cb, void *data)
{
	struct medium_import *m = of(medium);

	m->listed = cb;
	m->listed_data = data;
	take_next(m);
	return 0;
}

static uint32_t grain(const struct medium *m, const struct listing_file *f)
{
	(void)f;
	return ((const struct medium_import *)m)->kind == IMPORT_IMAGE ? IMAGE_BLOCK
								      : MEDIUM_GRAIN_MAX;
}

static void close_import(struct medium *m)
{
	take_next(of(m));
}

static const struct medium_ops image_ops = {
	.read = read_piece, .serve = serve, .grain = grain, .close = close_import,
};
static const struct medium_ops folder_ops = {
	.read = read_piece, .serve = serve, .grain = grain, .close = close_import, .list = list,
};

int medium_import_open(uv_loop_t *loop, const struct import_request *q,
		       const struct medium_events *events, struct medium **ret)
{
	struct medium_import *m = calloc(1, sizeof(*m));
	const char *name = strrchr(q->source, '/');

	if (m == NULL)
		return -ENOMEM;
	m->loop = loop;
	m->kind = q->kind;
	m->fd = q->fd;
	m->current_fd = -1;
	m->reads_tail = &m->reads;
	snprintf(m->name, sizeof(m->name), "%s", name != NULL ? name + 1 : q->source);
	medium_init(&m->medium, loop, q->kind == IMPORT_IMAGE ? &image_ops : &folder_ops, events);
	start(m, TASK_OPEN);
	*ret = &m->medium;
	return 0;
}
