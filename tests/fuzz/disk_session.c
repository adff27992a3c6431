#include "fuzz/disk_session.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "recorder/disk.h"
#include "recorder/scsi.h"

enum { READS = 3, READ_LEN = 4096, IDLE_TURNS = 4 };

struct session {
	struct usb_io io;		/* looks at what passes to `inner` */
	struct usb_io *inner;
	void (*look)(const struct usb_io *io, const struct usb_xfer *x);
	struct disk *disk;
	struct disk_read reads[READS];
	uint8_t bufs[READS][READ_LEN];
	bool queued[READS], opened, closed;
	struct { uint8_t *at; size_t len; } pieces[2];
	unsigned asked_to_lend;
};

static struct session *of(struct usb_io *io)
{
	return container_of(io, struct session, io);
}

static int submit(struct usb_io *io, struct usb_xfer *x)
{
	of(io)->look(io, x);
	return of(io)->inner->ops->submit(of(io)->inner, x);
}

static void cancel(struct usb_io *io, struct usb_xfer *x)
{
	of(io)->inner->ops->cancel(of(io)->inner, x);
}

static int clear_halt(struct usb_io *io, uint8_t endpoint, void (*cb)(void *data, int r),
		      void *data)
{
	return of(io)->inner->ops->clear_halt(of(io)->inner, endpoint, cb, data);
}

static int reset(struct usb_io *io, void (*cb)(void *data, int r), void *data)
{
	return of(io)->inner->ops->reset(of(io)->inner, cb, data);
}

/*
 * Pieces of their own, so that a sanitizer sees who touches one that was given back; two at most, and
 * every third time none.
 */
static uint8_t *lend(struct usb_io *io, size_t len)
{
	struct session *s = of(io);
	int i = s->pieces[0].at != NULL;

	if (s->pieces[i].at != NULL || s->asked_to_lend++ % 3 == 2)
		return NULL;
	s->pieces[i].at = calloc(1, len);
	s->pieces[i].len = len;
	return s->pieces[i].at;
}

static void give_back(struct usb_io *io, uint8_t *piece, size_t len)
{
	struct session *s = of(io);
	int i = s->pieces[1].at == piece;

	MUST(s->pieces[i].at == piece && s->pieces[i].len == len);
	s->pieces[i].at = NULL;
	free(piece);
}

static void close_io(struct usb_io *io, void (*cb)(void *data), void *data)
{
	MUST(of(io)->pieces[0].at == NULL && of(io)->pieces[1].at == NULL);
	of(io)->inner->ops->close(of(io)->inner, cb, data);
}

static const struct usb_io_ops ops = {
	.submit = submit, .cancel = cancel, .clear_halt = clear_halt, .reset = reset,
	.lend = lend, .give_back = give_back, .close = close_io,
};

static void on_read(struct disk_read *r, int result)
{
	struct session *s = r->data;

	MUST(s->queued[r - s->reads]);
	s->queued[r - s->reads] = false;
	MUST(result == 0 || r->why[0] != '\0');
}

static void on_open(void *data, int r, struct disk *d, const struct disk_info *info,
		    const struct err *e)
{
	struct session *s = data;
	const struct disk_unit *u = NULL;
	uint8_t unit = 0;
	int i;

	MUST(!s->opened);
	s->opened = true;
	MUST(r == 0 || (e->code == r && e->msg[0] != '\0'));
	if (r < 0)
		return;
	MUST(info->n_units >= 1 && info->n_units <= DISK_UNITS_MAX);
	for (i = 0; i < (int)info->n_units; i++)	/* the last that can be read */
		if (info->units[i].size > 0) {
			u = &info->units[i];
			unit = (uint8_t)i;
		}
	MUST(u != NULL && u->size >= u->block_size && u->size <= SCSI_DISK_MAX);
	for (i = 0; i < READS; i++) {
		s->reads[i] = (struct disk_read){
			.unit = unit, .offset = i == 2 ? u->size - u->block_size : 0,
			.len = i == 0 ? READ_LEN : u->block_size,
			.buf = s->bufs[i], .cb = on_read, .data = s,
		};
		s->queued[i] = disk_read(d, &s->reads[i]) == 0;
	}
}

static void on_closed(void *data)
{
	((struct session *)data)->closed = true;
}

/*
 * Until nothing moves any more: what is left then is a wait for a card that is
 * not ready, which nobody need sit out.
 */
static void run(uv_loop_t *loop, const unsigned *moves)
{
	unsigned before = *moves, idle = 0;

	while (idle < IDLE_TURNS) {
		uv_run(loop, UV_RUN_NOWAIT);
		idle = *moves == before ? idle + 1 : 0;
		before = *moves;
	}
}

void disk_session(uv_loop_t *loop, struct usb_io *io, const unsigned *moves,
		  void (*look)(const struct usb_io *io, const struct usb_xfer *x))
{
	static struct session s;
	int i;

	memset(&s, 0, sizeof(s));
	s.inner = io;
	s.look = look;
	s.io = *io;
	s.io.ops = &ops;
	MUST(disk_open(loop, &s.io, on_open, &s, &s.disk) == 0);
	run(loop, moves);
	disk_close(s.disk, on_closed, &s);
	uv_run(loop, UV_RUN_DEFAULT);
	MUST(s.closed && s.opened);
	for (i = 0; i < READS; i++)
		MUST(!s.queued[i]);
	MUST(uv_loop_close(loop) == 0);
}
