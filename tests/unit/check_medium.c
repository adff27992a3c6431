/* A disk of two units as a medium, over the device model. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/util.h"
#include "dockd/medium.h"
#include "emulator/model_io.h"
#include "unit/suite.h"

enum { IMAGE = 1024 * 1024, BUF = 16 * 1024, UNITS = 2 };

static struct listing_extent extents[] = { { 8192, 4096 }, { 4096, 4096 }, { 65536, 8192 } };

/* One stretch of a file of 16000 bytes in three pieces. */
static const struct {
	const char *what;
	uint8_t unit;
	uint64_t valid;
	uint32_t n_extents;
	uint64_t at;
	size_t len;
	int r;
} reads[] = {
	{ "all of it", 0, 16000, 3, 0, 16000, 0 },
	{ "of the other unit", 1, 16000, 3, 0, 16000, 0 },
	{ "across two pieces", 1, 16000, 3, 4096, 5000, 0 },
	{ "the end", 0, 16000, 3, 12288, 3712, 0 },
	{ "what was never written is zeros", 0, 5001, 3, 0, 16000, 0 },
	{ "and its place is not looked at", 0, 5001, 2, 0, 16000, 0 },
	{ "nothing but zeros", 0, 0, 0, 4096, 5000, 0 },
	{ "extents that end", 0, 16000, 2, 0, 16000, -ERANGE },
	{ "no extents", 0, 16000, 0, 0, 16000, -ERANGE },
};

struct reading {
	uv_loop_t loop;
	struct medium *medium;
	struct medium_info info;
	struct listing_file file;
	struct medium_read read;
	struct medium_serving serving;
	uint8_t *images[UNITS], buf[BUF], served[LISTING_READ_MAX];
	int fds[UNITS], i, r, calls, serving_r;
	bool closes, inside, closed;
};

static void on_closed(void *data)
{
	((struct reading *)data)->closed = true;
}

static void on_read(struct medium_read *read, int r)
{
	struct reading *g = read->data;

	ck_assert(!g->inside);
	g->r = r;
	g->calls++;
	if (!g->closes)
		medium_close(g->medium, on_closed, g);
}

static void on_served(struct medium_serving *s, int r)
{
	((struct reading *)s->data)->serving_r = r;
}

static void serve(struct reading *g)
{
	struct medium_serving operation = { .want = { .what = LISTING_WANT_OPERATION } };

	ck_assert_int_eq(medium_serve(g->medium, &operation), -EPROTO);
	g->serving = (struct medium_serving){
		.want = { .what = LISTING_WANT_READ, .unit = 1, .offset = 4096, .len = 8192 },
		.buf = g->served, .cb = on_served, .data = g,
	};
	ck_assert_int_eq(medium_serve(g->medium, &g->serving), 0);
}

static void on_opened(void *data, int r, const struct medium_info *info, const struct err *e)
{
	struct reading *g = data;

	ck_assert_msg(r == 0, "%s", r < 0 ? e->msg : "");
	g->info = *info;
	serve(g);
	g->read = (struct medium_read){
		.medium = g->medium, .file = &g->file, .at = reads[g->i].at,
		.len = reads[g->i].len, .buf = g->buf, .cb = on_read, .data = g,
	};
	g->inside = true;
	r = medium_read(&g->read);
	g->inside = false;
	if (r < 0) {
		g->r = r;
		medium_close(g->medium, on_closed, g);
	} else if (g->closes) {
		medium_close(g->medium, on_closed, g);
		ck_assert_int_eq(medium_read(&g->read), -ECANCELED);
	}
}

static void on_changed(void *data, const char *why)
{
	(void)data;
	ck_abort_msg("changed: %s", why);
}

static void make_images(struct reading *g)
{
	size_t i, n;

	for (n = 0; n < UNITS; n++) {
		g->fds[n] = memfd_create("image", MFD_CLOEXEC);
		ck_assert_int_eq(ftruncate(g->fds[n], IMAGE), 0);
		g->images[n] = mmap(NULL, IMAGE, PROT_READ | PROT_WRITE, MAP_SHARED, g->fds[n], 0);
		for (i = 0; i < IMAGE; i++)
			g->images[n][i] = (uint8_t)(i / 512 + i % 251 + 7 * n + 1);
	}
}

static void run(struct reading *g)
{
	const struct medium_events events = {
		.opened = on_opened, .changed = on_changed, .data = g,
	};
	struct model_config c = { .block_size = 512, .image_size = IMAGE, .n_more = 1 };
	struct model *m;
	struct usb_io *io;
	size_t n;

	make_images(g);
	g->file = (struct listing_file){
		.unit = reads[g->i].unit, .size = 16000, .valid = reads[g->i].valid,
		.extents = extents, .n_extents = reads[g->i].n_extents,
	};
	c.image_fd = g->fds[0];
	c.more[0] = (struct model_unit){ g->fds[1], IMAGE, 4096 };
	ck_assert_int_eq(model_faults_parse("", &c.faults), 0);
	ck_assert_int_eq(uv_loop_init(&g->loop), 0);
	ck_assert_int_eq(model_new(&c, &m), 0);
	ck_assert_int_eq(model_io_new(&g->loop, m, &io), 0);
	ck_assert_int_eq(medium_open(&g->loop, io, &events, &g->medium), 0);
	uv_run(&g->loop, UV_RUN_DEFAULT);
	ck_assert(g->closed);
	ck_assert_int_eq(uv_loop_close(&g->loop), 0);
	for (n = 0; n < UNITS; n++)
		close(g->fds[n]);
}

/* What the file's byte at that place is. */
static uint8_t byte_of(const struct reading *g, uint64_t at)
{
	const uint8_t *image = g->images[g->file.unit];

	if (at >= g->file.valid)
		return 0;
	return image[at < 4096 ? 8192 + at : at < 8192 ? at : 65536 + at - 8192];
}

START_TEST(stretches_are_read)
{
	struct reading g = { .i = _i, .r = 1 };
	size_t i;

	run(&g);
	ck_assert_msg(g.r == reads[_i].r, "%s: %d", reads[_i].what, g.r);
	for (i = 0; i < reads[_i].len && g.r == 0; i++)
		ck_assert_msg(g.buf[i] == byte_of(&g, reads[_i].at + i), "%s: byte %zu",
			      reads[_i].what, i);
	ck_assert_uint_eq(g.info.listing.n_units, UNITS);
	ck_assert_uint_eq(g.info.listing.units[1].block_size, 4096);
	ck_assert_int_eq(g.info.listing.kind, LISTING_BLOCKS);
	if (g.calls == 0)		/* it was closed at once */
		return;
	ck_assert_int_eq(g.serving_r, 0);
	ck_assert(memcmp(g.served, g.images[1] + 4096, 8192) == 0);
}
END_TEST

START_TEST(closing_ends_what_is_under_way)
{
	struct reading g = { .i = _i == 0 ? 0 : 6, .r = 1, .closes = true };

	run(&g);
	ck_assert_int_eq(g.calls, 1);
	ck_assert_int_eq(g.r, _i == 0 ? -ECANCELED : 0);	/* zeros need no device */
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, stretches_are_read, 0, (int)COUNT(reads));
	tcase_add_loop_test(tc, closing_ends_what_is_under_way, 0, 2);
}

int main(void)
{
	return suite_main("medium", fill);
}
