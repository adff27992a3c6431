#include "pump.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/util.h"
#include "fetch.h"

_Static_assert(PUMP_BLOCK_SIZE % (int)VAULT_ALIGN == 0, "blocks are written directly");
_Static_assert(PUMP_BLOCK_SIZE <= (int)DISK_READ_MAX, "a block is one read where extents allow");
_Static_assert(PUMP_BLOCKS <= (int)VAULT_PUT_DEPTH && PUMP_BLOCKS <= (int)DISK_QUEUE_MAX,
	       "neither side refuses a block of ours");

enum block_state { BLOCK_FREE, BLOCK_READING, BLOCK_READY, BLOCK_WRITING };

struct block {
	struct pump *pump;
	enum block_state state;
	struct fetch fetch;
	uint8_t *buf;
};

struct pump {
	struct pump_job job;
	struct block blocks[PUMP_BLOCKS];
	uint8_t *memory;
	struct extent_cursor cursor;	/* of the next read */
	uint64_t asked, written;	/* bytes: reads begun, writes done */
	unsigned next_read, next_write;	/* blocks */
	unsigned reading, writing;
	bool running;
	enum pump_end end;		/* the first failure */
	int r;
};

int pump_new(struct pump **ret)
{
	struct pump *p = calloc(1, sizeof(*p));
	void *memory = NULL;
	unsigned i;

	if (p == NULL || posix_memalign(&memory, VAULT_ALIGN, PUMP_MEMORY) != 0) {
		free(p);
		return -ENOMEM;
	}
	p->memory = memory;
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

static void on_block_read(struct fetch *f, int r);
static void on_block_written(void *data, int r);

/* The cursor of the read after one of len bytes: the next block starts there. */
static void move_cursor(struct pump *p, size_t len)
{
	uint64_t offset, there;

	p->asked += len;
	if (p->asked < p->job.file->size)	/* that it is not there, the next fetch will find */
		extent_find(p->job.file, &p->cursor, p->asked, &offset, &there);
}

static void read_ahead(struct pump *p)
{
	struct block *b = &p->blocks[p->next_read % PUMP_BLOCKS];
	size_t len;
	int r;

	while (p->r == 0 && b->state == BLOCK_FREE && p->asked < p->job.file->size) {
		len = (size_t)MIN((uint64_t)PUMP_BLOCK_SIZE, p->job.file->size - p->asked);
		b->fetch = (struct fetch){
			.disk = p->job.disk, .block_size = p->job.block_size,
			.file = p->job.file, .cursor = p->cursor, .at = p->asked,
			.len = len, .buf = b->buf, .cb = on_block_read, .data = b,
		};
		r = fetch_start(&b->fetch);
		if (r < 0) {
			fail(p, PUMP_READ_FAILED, r);
			return;
		}
		b->state = BLOCK_READING;
		p->reading++;
		move_cursor(p, len);
		b = &p->blocks[++p->next_read % PUMP_BLOCKS];
	}
}

static void write_ready(struct pump *p)
{
	struct block *b = &p->blocks[p->next_write % PUMP_BLOCKS];
	int r;

	while (p->r == 0 && b->state == BLOCK_READY) {
		r = vault_put_write(p->job.put, b->buf, b->fetch.len, on_block_written, b);
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
	read_ahead(p);
	return p->reading == 0 && p->writing == 0;
}

static void turn(struct pump *p)
{
	if (!is_over(p))
		return;
	p->running = false;
	p->job.cb(p->job.data, p->r == 0 ? PUMP_DONE : p->end, p->r);	/* may free p */
}

static void on_block_read(struct fetch *f, int r)
{
	struct block *b = f->data;
	struct pump *p = b->pump;

	p->reading--;
	b->state = BLOCK_READY;
	if (r < 0)
		fail(p, PUMP_READ_FAILED, r);
	turn(p);
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
		p->written += b->fetch.len;
		p->job.progress(p->job.data);
	}
	turn(p);
}

int pump_start(struct pump *p, const struct pump_job *job)
{
	unsigned i;

	if (p->running || job->file->size == 0)
		BUG("pump: %s", p->running ? "started twice" : "nothing to do");
	p->job = *job;
	p->cursor = (struct extent_cursor){ 0 };
	p->asked = p->written = 0;
	p->next_read = p->next_write = 0;
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
	if (p->running)
		fail(p, PUMP_READ_FAILED, -ECANCELED);
}

uint64_t pump_written(const struct pump *p)
{
	return p->written;
}
