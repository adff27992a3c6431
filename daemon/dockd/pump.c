#include "pump.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "timer.h"

_Static_assert(PUMP_BLOCK_SIZE % (int)VAULT_ALIGN == 0, "blocks are written directly");
_Static_assert(PUMP_BLOCK_SIZE <= (int)DISK_READ_MAX && PUMP_BLOCK_SIZE <= (int)MTP_READ_MAX,
	       "a block is one read where extents allow");
_Static_assert(PUMP_BLOCKS <= (int)VAULT_PUT_DEPTH && PUMP_BLOCKS <= (int)DISK_QUEUE_MAX &&
	       PUMP_BLOCKS <= (int)MTP_QUEUE_MAX,
	       "neither side refuses a block of ours");
_Static_assert((PUMP_BLOCK_SIZE & (PUMP_BLOCK_SIZE - 1)) == 0 &&
	       PUMP_BLOCK_SIZE % (int)MEDIUM_GRAIN_MAX == 0, "a block can be halved down to a grain");
_Static_assert((int)PUMP_HOLES_MAX <= (int)RECORD_HOLES_MAX, "a record has room for all holes");

enum block_state {
	BLOCK_FREE, BLOCK_READING,
	BLOCK_BAD,		/* the card did not give it in one piece */
	BLOCK_NARROWING,	/* it is read in smaller ones */
	BLOCK_READY, BLOCK_WRITING,
};

struct block {
	struct pump *pump;
	enum block_state state;
	struct medium_read read;
	size_t len;
	uint8_t *buf;
};

/* The pieces of the block at hand: a binary tree of halves, walked from the left. */
struct narrowing {
	size_t at, step;		/* in the block; the piece that is tried */
	uint64_t begun_ms;
	struct medium_read read;
};

struct pump {
	struct pump_job job;
	struct block blocks[PUMP_BLOCKS];
	uint8_t *memory;
	struct extent_cursor cursor;	/* of the next read */
	uint64_t asked, written;	/* bytes: reads begun, writes done */
	unsigned next_read, next_write;	/* blocks */
	unsigned reading, writing;
	struct narrowing narrow;
	uint64_t narrowed_ms;		/* of this file, in all */
	struct record_hole holes[PUMP_HOLES_MAX];
	size_t n_holes;
	uv_loop_t *loop;
	uv_timer_t *timer;		/* until the next read may start */
	bool waiting, allowed;
	bool running;
	enum pump_end end;		/* the first failure */
	int r;
};

int pump_new(uv_loop_t *loop, struct pump **ret)
{
	struct pump *p = calloc(1, sizeof(*p));
	void *memory = NULL;
	unsigned i;

	if (p == NULL || posix_memalign(&memory, VAULT_ALIGN, PUMP_MEMORY) != 0) {
		free(p);
		return -ENOMEM;
	}
	p->memory = memory;
	p->loop = loop;
	p->timer = timer_new(loop, p);
	if (p->timer == NULL) {
		pump_free(p);
		return -ENOMEM;
	}
	for (i = 0; i < PUMP_BLOCKS; i++) {
		p->blocks[i].pump = p;
		p->blocks[i].buf = p->memory + (size_t)i * PUMP_BLOCK_SIZE;
	}
	*ret = p;
	return 0;
}

void pump_free(struct pump *p)
{
	if (p == NULL)
		return;
	if (p->running)
		BUG("pump: freed while it runs");
	timer_free(p->timer);
	free(p->memory);
	free(p);
}

static void fail(struct pump *p, enum pump_end end, int r)
{
	if (p->r == 0) {
		p->end = end;
		p->r = r;
	}
}

static void on_block_read(struct medium_read *read, int r);
static void on_block_written(void *data, int r);
static void turn(struct pump *p);

/* ------ reading ------ */

/* The cursor of the read after one of len bytes: the next block starts there. */
static void move_cursor(struct pump *p, uint64_t len)
{
	uint64_t offset, there;

	p->asked += len;
	if (p->asked < p->job.file->size)	/* that it is not there, the next read will find */
		extent_find(p->job.file, &p->cursor, p->asked, &offset, &there);
}

static void on_may_read(uv_timer_t *t)
{
	struct pump *p = t->data;

	p->waiting = false;
	p->allowed = true;
	turn(p);
}

/* Has the next read's turn come?  If not, a timer waits for it. */
static bool may_read(struct pump *p, size_t len)
{
	uint64_t us;

	if (p->waiting)
		return false;
	if (!p->allowed) {
		us = rate_take(p->job.slot, p->job.total, uv_hrtime() / 1000, len);
		if (us >= 1000) {
			p->waiting = true;
			uv_update_time(p->loop);
			uv_timer_start(p->timer, on_may_read, us / 1000, 0);
			return false;
		}
	}
	p->allowed = false;
	return true;
}

static void read_ahead(struct pump *p)
{
	struct block *b = &p->blocks[p->next_read % PUMP_BLOCKS];
	int r;

	while (p->r == 0 && b->state == BLOCK_FREE && p->asked < p->job.file->size) {
		b->len = (size_t)MIN((uint64_t)PUMP_BLOCK_SIZE, p->job.file->size - p->asked);
		if (!may_read(p, b->len))
			return;
		b->read = (struct medium_read){
			.medium = p->job.medium, .file = p->job.file, .cursor = p->cursor,
			.at = p->asked, .len = b->len, .buf = b->buf,
			.cb = on_block_read, .data = b,
		};
		r = medium_read(&b->read);
		if (r < 0) {
			fail(p, PUMP_READ_FAILED, r);
			return;
		}
		b->state = BLOCK_READING;
		p->reading++;
		move_cursor(p, b->len);
		b = &p->blocks[++p->next_read % PUMP_BLOCKS];
	}
}

/*
 * What a failure of a block leads to.  One that hung would do so again, and a
 * device that gives bytes in order alone begins anew for each piece.
 */
static void block_failed(struct pump *p, struct block *b, int r)
{
	if (r == -EIO && !b->read.hung && medium_reads_anywhere(p->job.medium))
		b->state = BLOCK_BAD;
	else
		fail(p, PUMP_READ_FAILED, r);
}

static void on_block_read(struct medium_read *read, int r)
{
	struct block *b = read->data;
	struct pump *p = b->pump;

	p->reading--;
	b->state = BLOCK_READY;
	if (r < 0)
		block_failed(p, b, r);
	turn(p);
}

/* ------ narrowing ------ */

static bool add_hole(struct pump *p, uint64_t offset, uint64_t size)
{
	struct record_hole *last = p->n_holes > 0 ? &p->holes[p->n_holes - 1] : NULL;

	if (last != NULL && last->offset + last->size == offset) {
		last->size += size;
		return true;
	}
	if (p->n_holes == PUMP_HOLES_MAX)
		return false;
	p->holes[p->n_holes++] = (struct record_hole){ offset, size };
	return true;
}

static void on_piece_read(struct medium_read *read, int r);

static struct block *block_at_hand(struct pump *p)
{
	return &p->blocks[p->next_write % PUMP_BLOCKS];
}

/* Read the piece at hand. */
static void try_piece(struct pump *p)
{
	const struct block *b = block_at_hand(p);
	struct narrowing *n = &p->narrow;
	int r;

	n->read = (struct medium_read){
		.medium = p->job.medium, .file = p->job.file,
		.at = b->read.at + n->at, .len = MIN(n->step, b->len - n->at),
		.buf = b->buf + n->at, .cb = on_piece_read, .data = p,
	};
	r = medium_read(&n->read);
	if (r < 0)
		fail(p, PUMP_READ_FAILED, r);
	else
		p->reading++;
}

/* The piece is settled: on to the one right of it, as large as the tree has it. */
static void next_piece(struct pump *p)
{
	struct block *b = block_at_hand(p);
	struct narrowing *n = &p->narrow;

	n->at += n->step;
	n->step = n->at & (~n->at + 1);		/* its lowest bit */
	if (n->at >= b->len) {
		p->narrowed_ms += uv_hrtime() / 1000000 - n->begun_ms;
		b->state = BLOCK_READY;
	} else {
		try_piece(p);
	}
}

static void piece_failed(struct pump *p, int r)
{
	const uint32_t grain = medium_grain(p->job.medium, p->job.file);
	struct narrowing *n = &p->narrow;
	const uint64_t spent_ms = p->narrowed_ms + uv_hrtime() / 1000000 - n->begun_ms;

	if (r != -EIO || n->read.hung || spent_ms > PUMP_NARROW_MS) {
		fail(p, PUMP_READ_FAILED, r);
	} else if (n->step > grain) {
		n->step /= 2;
		try_piece(p);
	} else if (!add_hole(p, n->read.at, n->read.len)) {
		fail(p, PUMP_READ_FAILED, r);
	} else {
		memset(n->read.buf, 0, n->read.len);
		next_piece(p);
	}
}

static void on_piece_read(struct medium_read *read, int r)
{
	struct pump *p = read->data;

	p->reading--;
	if (p->r == 0 && r < 0)
		piece_failed(p, r);
	else if (p->r == 0)
		next_piece(p);
	turn(p);
}

/* One block at a time, when it is the next to be written: so holes come in order. */
static void narrow_bad(struct pump *p)
{
	struct block *b = block_at_hand(p);

	if (p->r != 0 || b->state != BLOCK_BAD)
		return;
	b->state = BLOCK_NARROWING;
	p->narrow.at = 0;
	p->narrow.step = PUMP_BLOCK_SIZE / 2;
	p->narrow.begun_ms = uv_hrtime() / 1000000;
	try_piece(p);
}

/* ------ writing ------ */

static void write_ready(struct pump *p)
{
	struct block *b = &p->blocks[p->next_write % PUMP_BLOCKS];
	int r;

	while (p->r == 0 && b->state == BLOCK_READY) {
		r = vault_put_write(p->job.put, b->buf, b->len, on_block_written, b);
		if (r < 0) {
			fail(p, PUMP_WRITE_FAILED, r);
			return;
		}
		b->state = BLOCK_WRITING;
		p->writing++;
		b = &p->blocks[++p->next_write % PUMP_BLOCKS];
	}
}

/* Start what can be started; when nothing is in flight then, it is over. */
static bool is_over(struct pump *p)
{
	write_ready(p);
	narrow_bad(p);
	read_ahead(p);
	if (p->r != 0 && p->waiting) {
		uv_timer_stop(p->timer);
		p->waiting = false;
	}
	return p->reading == 0 && p->writing == 0 && !p->waiting;
}

static void turn(struct pump *p)
{
	if (!is_over(p))
		return;
	p->running = false;
	p->job.cb(p->job.data, p->r == 0 ? PUMP_DONE : p->end, p->r);	/* may free p */
}

static void on_block_written(void *data, int r)
{
	struct block *b = data;
	struct pump *p = b->pump;

	p->writing--;
	b->state = BLOCK_FREE;
	if (r < 0) {
		fail(p, PUMP_WRITE_FAILED, r);
	} else {
		p->written += b->len;
		p->job.progress(p->job.data);
	}
	turn(p);
}

int pump_start(struct pump *p, const struct pump_job *job)
{
	unsigned i;

	if (p->running || job->from >= job->file->size)
		BUG("pump: %s", p->running ? "started twice" : "nothing to do");
	p->job = *job;
	p->cursor = (struct extent_cursor){ 0 };
	p->asked = p->written = 0;
	move_cursor(p, job->from);
	p->written = job->from;
	p->next_read = p->next_write = 0;
	p->n_holes = 0;
	p->narrowed_ms = 0;
	p->allowed = false;
	p->r = 0;
	for (i = 0; i < PUMP_BLOCKS; i++)
		p->blocks[i].state = BLOCK_FREE;
	if (is_over(p))
		return p->r;
	p->running = true;
	return 0;
}

void pump_stop(struct pump *p)
{
	if (!p->running)
		return;
	fail(p, PUMP_READ_FAILED, -ECANCELED);
	if (p->waiting)			/* nothing else may be there to notice it */
		uv_timer_start(p->timer, on_may_read, 0, 0);
}

uint64_t pump_written(const struct pump *p)
{
	return p->written;
}

const struct record_hole *pump_holes(const struct pump *p, size_t *ret_n)
{
	*ret_n = p->n_holes;
	return p->holes;
}
