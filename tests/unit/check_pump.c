/* The pump between a scripted medium, another kind by medium_impl.h, and a real vault. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "dockd/medium_impl.h"
#include "dockd/pump.h"
#include "unit/suite.h"
#include "unit/vault_rig.h"

enum { GRAIN = 512, SIZE = 3 * PUMP_BLOCK_SIZE + 1000, BADS = 80 };

struct bad { uint64_t at, len; };

struct scripted {
	struct medium medium;
	const uint8_t *bytes;
	const struct bad *bad;
	size_t n_bad;
	int error;			/* what a bad place fails with */
	bool hangs, in_order;
	uint64_t most, asked;		/* bytes read; after so many it is gone */
	uv_timer_t timer;
	struct medium_read *head, **tail;
};

static struct scripted *of(struct medium *m)
{
	return (struct scripted *)m;
}

static int outcome(struct scripted *s, struct medium_read *r)
{
	size_t i;

	s->asked += r->len;
	if (s->asked > s->most)
		return -ENODEV;
	for (i = 0; i < s->n_bad; i++)
		if (r->at < s->bad[i].at + s->bad[i].len && s->bad[i].at < r->at + r->len) {
			r->hung = s->hangs;
			return s->error;
		}
	memcpy(r->buf, s->bytes + r->at, r->len);
	return 0;
}

static void on_timer(uv_timer_t *t)
{
	struct scripted *s = t->data;
	struct medium_read *r = s->head;

	s->head = r->next;
	if (s->head == NULL)
		s->tail = &s->head;
	else
		uv_timer_start(&s->timer, on_timer, 0, 0);
	medium_read_went_on(r, r->len, outcome(s, r));
}

static int scripted_read(struct medium *m, struct medium_read *r, size_t want)
{
	struct scripted *s = of(m);

	ck_assert_uint_eq(want, r->len);
	ck_assert_uint_eq(r->at % GRAIN, 0);
	if (s->head == NULL)
		uv_timer_start(&s->timer, on_timer, 0, 0);
	r->next = NULL;
	*s->tail = r;
	s->tail = &r->next;
	return 0;
}

static uint32_t scripted_grain(const struct medium *m, const struct listing_file *f)
{
	(void)m;
	(void)f;
	return GRAIN;
}

static bool scripted_anywhere(const struct medium *m)
{
	return !((const struct scripted *)m)->in_order;
}

static void on_gone(uv_handle_t *h)
{
	medium_closed(h->data);
}

static void scripted_close(struct medium *m)
{
	uv_close((uv_handle_t *)&of(m)->timer, on_gone);
}

static const struct medium_ops ops = {
	.read = scripted_read, .grain = scripted_grain, .close = scripted_close,
	.reads_anywhere = scripted_anywhere,
};

#define NO_END	.most = UINT64_MAX

/* What is bad, and what comes of it. */
static const struct {
	const char *what;
	struct bad bad[4];
	size_t n_bad;
	int error;
	bool hangs, in_order;
	uint64_t from, most;
	enum pump_end end;
	int r;
	struct record_hole holes[4];
	size_t n_holes;
} files[] = {
	{ "nothing", .most = UINT64_MAX },
	{ "one sector", { { 100 * GRAIN, GRAIN } }, 1, -EIO, NO_END,
	  .holes = { { 100 * GRAIN, GRAIN } }, .n_holes = 1 },
	{ "a byte", { { 100 * GRAIN + 7, 1 } }, 1, -EIO, NO_END,
	  .holes = { { 100 * GRAIN, GRAIN } }, .n_holes = 1 },
	{ "the first and the last", { { 0, 1 }, { SIZE - 1, 1 } }, 2, -EIO, NO_END,
	  .holes = { { 0, GRAIN }, { SIZE / GRAIN * GRAIN, SIZE % GRAIN } }, .n_holes = 2 },
	{ "neighbours are one hole", { { 1024, 3 * GRAIN } }, 1, -EIO, NO_END,
	  .holes = { { 1024, 3 * GRAIN } }, .n_holes = 1 },
	{ "across two blocks", { { PUMP_BLOCK_SIZE - GRAIN, 2 * GRAIN } }, 1, -EIO, NO_END,
	  .holes = { { PUMP_BLOCK_SIZE - GRAIN, 2 * GRAIN } }, .n_holes = 1 },
	{ "a whole block", { { PUMP_BLOCK_SIZE, PUMP_BLOCK_SIZE } }, 1, -EIO, NO_END,
	  .holes = { { PUMP_BLOCK_SIZE, PUMP_BLOCK_SIZE } }, .n_holes = 1 },
	{ "in blocks of which the later is read first", { { 5, 1 }, { PUMP_BLOCK_SIZE + 5, 1 } }, 2,
	  -EIO, NO_END, .holes = { { 0, GRAIN }, { PUMP_BLOCK_SIZE, GRAIN } }, .n_holes = 2 },
	{ "behind what is kept", { { 0, 1 }, { 2 * PUMP_BLOCK_SIZE, 1 } }, 2, -EIO,
	  .from = PUMP_BLOCK_SIZE + VAULT_ALIGN, NO_END,
	  .holes = { { 2 * PUMP_BLOCK_SIZE, GRAIN } }, .n_holes = 1 },
	{ "a place that hangs is not tried again", { { 5, 1 } }, 1, -EIO, .hangs = true, NO_END,
	  .end = PUMP_READ_FAILED, .r = -EIO },
	{ "bytes in order alone", { { 5, 1 } }, 1, -EIO, .in_order = true, NO_END,
	  .end = PUMP_READ_FAILED, .r = -EIO },
	{ "extents that end", { { 5, 1 } }, 1, -ERANGE, NO_END, .end = PUMP_READ_FAILED,
	  .r = -ERANGE },
	{ "unplugged", .most = PUMP_BLOCK_SIZE, .end = PUMP_READ_FAILED, .r = -ENODEV },
	{ "unplugged among the pieces", { { 5, 1 } }, 1, -EIO, .most = 4 * PUMP_BLOCK_SIZE,
	  .end = PUMP_READ_FAILED, .r = -ENODEV },
};

struct pumping {
	uv_loop_t loop;
	char dir[VAULT_PATH_MAX];
	struct vault *vault;
	struct scripted *medium;
	struct pump *pump;
	struct vault_put *put;
	uint8_t *bytes;
	struct listing_file file;
	int ended, r;
	enum pump_end end;
	struct rig_result sealed;
};

static void on_pumped(void *data, enum pump_end end, int r)
{
	struct pumping *p = data;

	p->ended++;
	p->end = end;
	p->r = r;
}

static void on_progress(void *data)
{
	(void)data;
}

static void set_up(struct pumping *p)
{
	static const struct medium_events none;

	ck_assert_int_eq(uv_loop_init(&p->loop), 0);
	snprintf(p->dir, sizeof(p->dir), "%s", rig_dir());
	ck_assert_int_eq(vault_open(&p->loop, p->dir, 0, &p->vault, NULL), 0);
	ck_assert_int_eq(pump_new(&p->loop, &p->pump), 0);
	p->medium = calloc(1, sizeof(*p->medium));
	medium_init(&p->medium->medium, &p->loop, &ops, &none);
	uv_timer_init(&p->loop, &p->medium->timer);
	p->medium->timer.data = p->medium;
	p->medium->most = UINT64_MAX;
	p->medium->tail = &p->medium->head;
	p->bytes = rig_bytes(SIZE, 1, 0);
	p->medium->bytes = p->bytes;
	p->file = (struct listing_file){ .size = SIZE, .valid = SIZE };
}

static void pump(struct pumping *p, uint64_t from, struct rate *rate)
{
	const struct vault_put_options o = { .expected_size = SIZE };
	struct pump_job job = {
		.medium = &p->medium->medium, .file = &p->file, .from = from, .slot = rate,
		.cb = on_pumped, .progress = on_progress, .data = p,
	};
	struct rig_result before = { 0 };

	ck_assert_int_eq(vault_put_new(p->vault, &o, &p->put, NULL), 0);
	if (from > 0) {
		ck_assert_int_eq(vault_put_write(p->put, p->bytes, from, rig_cb, &before), 0);
		rig_wait(&p->loop, &before, 1);
	}
	job.put = p->put;
	ck_assert_int_eq(pump_start(p->pump, &job), 0);
	while (p->ended == 0)
		uv_run(&p->loop, UV_RUN_ONCE);
}

static void on_closed(void *data)
{
	(void)data;
}

static void tear_down(struct pumping *p)
{
	pump_free(p->pump);
	medium_close(&p->medium->medium, on_closed, NULL);
	vault_close(p->vault);
	rig_end_loop(&p->loop);
	rig_free_bytes(p->bytes, 0);
	rig_clean();
}

/* The blob is the file, with zeros where it has holes. */
static void check_blob(struct pumping *p, const struct record_hole *holes, size_t n)
{
	char path[VAULT_PATH_MAX];
	uint8_t *got = malloc(SIZE);
	size_t i;
	int fd;

	vault_put_seal(p->put, rig_seal_cb, &p->sealed);
	rig_wait(&p->loop, &p->sealed, 1);
	ck_assert_int_eq(p->sealed.r, 0);
	ck_assert_uint_eq(p->sealed.sealed.size, SIZE);
	ck_assert_int_eq(vault_path(p->dir, &p->sealed.sealed.address, path, sizeof(path)), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(read(fd, got, SIZE), SIZE);
	close(fd);
	for (i = 0; i < n; i++)
		memset(p->bytes + holes[i].offset, 0, holes[i].size);
	ck_assert(memcmp(got, p->bytes, SIZE) == 0);
	free(got);
}

START_TEST(holes_are_where_the_card_is_bad)
{
	struct pumping p = { .ended = 0 };
	const struct record_hole *holes;
	size_t n, i;

	set_up(&p);
	p.medium->bad = files[_i].bad;
	p.medium->n_bad = files[_i].n_bad;
	p.medium->error = files[_i].error;
	p.medium->hangs = files[_i].hangs;
	p.medium->in_order = files[_i].in_order;
	p.medium->most = files[_i].most;
	pump(&p, files[_i].from, NULL);
	ck_assert_msg(p.end == files[_i].end && p.r == files[_i].r, "%s: %d %d", files[_i].what,
		      (int)p.end, p.r);
	holes = pump_holes(p.pump, &n);
	if (p.end == PUMP_DONE) {
		ck_assert_msg(n == files[_i].n_holes, "%s: %zu holes", files[_i].what, n);
		for (i = 0; i < n; i++)
			ck_assert_msg(holes[i].offset == files[_i].holes[i].offset &&
				      holes[i].size == files[_i].holes[i].size,
				      "%s: hole %zu", files[_i].what, i);
		ck_assert_uint_eq(pump_written(p.pump), SIZE);
		check_blob(&p, holes, n);
	} else {
		vault_put_abort(p.put);
	}
	tear_down(&p);
}
END_TEST

/* As many holes as a file may have, and one more. */
START_TEST(holes_are_bounded)
{
	struct pumping p = { .ended = 0 };
	struct bad bad[BADS];
	size_t n, i;

	set_up(&p);
	for (i = 0; i < BADS; i++)
		bad[i] = (struct bad){ 2 * i * GRAIN, 1 };
	p.medium->bad = bad;
	p.medium->n_bad = PUMP_HOLES_MAX + (size_t)_i;
	p.medium->error = -EIO;
	pump(&p, 0, NULL);
	pump_holes(p.pump, &n);
	ck_assert_uint_eq(n, PUMP_HOLES_MAX);
	ck_assert_int_eq(p.end, _i == 0 ? PUMP_DONE : PUMP_READ_FAILED);
	vault_put_abort(p.put);
	tear_down(&p);
}
END_TEST

START_TEST(waits_for_its_turn)
{
	struct rate rate = rate_of(4);
	struct pumping p = { .ended = 0 };
	const uint64_t begun = uv_hrtime();

	set_up(&p);
	pump(&p, 0, &rate);		/* three blocks, of which the first is free, and a tenth of a second */
	ck_assert_int_eq(p.end, PUMP_DONE);
	ck_assert_uint_ge(uv_hrtime() - begun, UINT64_C(20000000));
	check_blob(&p, NULL, 0);
	tear_down(&p);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, holes_are_where_the_card_is_bad, 0, (int)COUNT(files));
	tcase_add_loop_test(tc, holes_are_bounded, 0, 2);
	tcase_add_test(tc, waits_for_its_turn);
}

int main(void)
{
	return suite_main("pump", fill);
}
