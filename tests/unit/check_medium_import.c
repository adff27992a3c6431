/* What people bring as a medium: read, and gone, shorter, changed or closed at every step. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "dockd/medium.h"
#include "unit/suite.h"

enum { SIZE = 10000, IMAGE_BLOCKS = 64 };

static struct {
	uv_loop_t loop;
	char dir[48];
	struct medium *medium;
	struct medium_info info;
	struct listing listing;
	struct medium_read read;
	uint8_t bytes[SIZE], buf[SIZE + MEDIUM_GRAIN_MAX];
	int opened, listed, done, served, changed, closed, r;
	bool dead;			/* medium_close was called */
} k;

/* ------ the rig ------ */

static void put_file(const char *name, size_t len)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", k.dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, k.bytes, len), (ssize_t)len);
	close(fd);
}

static int open_in(const char *name, int flags)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", k.dir, name);
	fd = open(path, flags | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static void set_up(void)
{
	size_t i;

	memset(&k, 0, sizeof(k));
	snprintf(k.dir, sizeof(k.dir), "/tmp/check_medium_import.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(k.dir));
	for (i = 0; i < SIZE; i++)
		k.bytes[i] = (uint8_t)(i * 31 + i / 256);
	uv_loop_init(&k.loop);
}

static void tear_down(void)
{
	char command[80];

	listing_clear(&k.listing);
	ck_assert_int_eq(uv_run(&k.loop, UV_RUN_DEFAULT), 0);
	ck_assert_int_eq(uv_loop_close(&k.loop), 0);
	snprintf(command, sizeof(command), "rm -rf %s", k.dir);
	ck_assert_int_eq(system(command), 0);
}

static void on_opened(void *data, int r, const struct medium_info *info, const struct err *e)
{
	(void)data;
	k.opened++;
	k.r = r;
	if (r == 0)
		k.info = *info;
	else
		ck_assert_str_ne(e->msg, "");
}

static void on_changed(void *data, const char *why)
{
	(void)data;
	ck_assert(!k.dead);
	ck_assert_str_ne(why, "");
	k.changed++;
}

static void on_listed(void *data, int r, struct listing *listing, const struct err *e)
{
	(void)data;
	k.listed++;
	k.r = r;
	if (r == 0)
		k.listing = *listing;
	else
		ck_assert_str_ne(e->msg, "");
}

static void on_read(struct medium_read *read, int r)
{
	ck_assert_ptr_eq(read, &k.read);
	k.done++;
	k.r = r;
}

static void on_closed(void *data)
{
	(void)data;
	k.closed++;
}

static void close_now(void)
{
	k.dead = true;
	medium_close(k.medium, on_closed, NULL);
}

static void run(const int *until)
{
	while (*until == 0)
		uv_run(&k.loop, UV_RUN_ONCE);
}

static void close_it(void)
{
	close_now();
	run(&k.closed);
}

static void start(enum import_kind kind, const char *name)
{
	static const struct medium_events events = { .opened = on_opened, .changed = on_changed };
	struct import_request q = { .kind = kind };

	snprintf(q.source, sizeof(q.source), "%s/%s", k.dir, name);
	q.fd = open_in(name, kind == IMPORT_FOLDER ? O_RDONLY | O_DIRECTORY : O_RDONLY);
	ck_assert_int_eq(medium_import_open(&k.loop, &q, &events, &k.medium), 0);
	ck_assert_int_eq(k.opened, 0);
	ck_assert(medium_lists_itself(k.medium) == (kind != IMPORT_IMAGE));
}

static void list(void)
{
	run(&k.opened);
	ck_assert_int_eq(medium_list(k.medium, on_listed, NULL), 0);
	run(&k.listed);
	ck_assert_int_eq(k.r, 0);
}

static void begin_read(const struct listing_file *f, uint64_t at, size_t len)
{
	memset(k.buf, 0xee, sizeof(k.buf));
	k.done = 0;
	k.read = (struct medium_read){ .medium = k.medium, .file = f, .at = at, .len = len,
				       .buf = k.buf, .cb = on_read };
	ck_assert_int_eq(medium_read(&k.read), 0);
	ck_assert_int_eq(k.done, 0);
}

static int read_it(const struct listing_file *f, uint64_t at, size_t len)
{
	begin_read(f, at, len);
	run(&k.done);
	return k.r;
}

/* ------ all is well ------ */

static const struct { enum import_kind kind; const char *name, *path; } files[] = {
	{ IMPORT_FOLDER, "", "a.mp4" },
	{ IMPORT_FILE, "a.mp4", "a.mp4" },
};

START_TEST(files_are_listed_and_read)
{
	const struct listing_file *f;

	put_file("a.mp4", SIZE);
	start(files[_i].kind, files[_i].name);
	list();
	ck_assert_uint_eq(k.listing.n_files, 1);
	f = &k.listing.files[0];
	ck_assert_str_eq(f->path, files[_i].path);
	ck_assert_uint_eq(f->size, SIZE);
	ck_assert_int_eq(read_it(f, 0, SIZE), 0);
	ck_assert_int_eq(memcmp(k.buf, k.bytes, SIZE), 0);
	ck_assert_int_eq(read_it(f, 8192, 100), 0);
	ck_assert_int_eq(memcmp(k.buf, k.bytes + 8192, 100), 0);
	ck_assert_uint_eq(SIZE % medium_grain(k.medium, f) == 0, 0);
	close_it();
}
END_TEST

/* ------ what becomes of a file while it is brought ------ */

static void vanish(void)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/a.mp4", k.dir);
	ck_assert_int_eq(unlink(path), 0);
}

static void shrink(void)
{
	int fd = open_in("a.mp4", O_WRONLY);

	ck_assert_int_eq(ftruncate(fd, 100), 0);
	close(fd);
}

static void grow(void)
{
	int fd = open_in("a.mp4", O_WRONLY | O_APPEND);

	ck_assert_int_eq(write(fd, "more", 4), 4);
	close(fd);
}

static void rewrite(void)
{
	const struct timespec times[2] = { { .tv_sec = 1764246896 }, { .tv_sec = 1764246896 } };
	int fd = open_in("a.mp4", O_WRONLY);

	ck_assert_int_eq(write(fd, "other", 5), 5);
	ck_assert_int_eq(futimens(fd, times), 0);
	close(fd);
}

static void replace(void)
{
	char path[80];

	vanish();
	put_file("b", SIZE);
	snprintf(path, sizeof(path), "%s/a.mp4", k.dir);
	ck_assert_int_eq(symlink("b", path), 0);
}

static const struct { const char *what; void (*does)(void); bool of_a_name; } fates[] = {
	{ "it vanishes", vanish, true }, { "it shrinks", shrink, false }, { "it grows", grow, false },
	{ "it is written anew", rewrite, false }, { "a link takes its place", replace, true },
};

/* Before it is opened, and (a descriptor outlives its name) after. */
START_TEST(what_changes_is_not_vouched_for)
{
	const struct listing_file *f;
	enum { FATES = COUNT(fates) };
	const bool opened = _i >= FATES;
	int r;

	put_file("a.mp4", SIZE);
	start(IMPORT_FOLDER, "");
	list();
	f = &k.listing.files[0];
	if (opened)
		ck_assert_int_eq(read_it(f, 0, 4096), 0);
	fates[_i % FATES].does();
	r = read_it(f, 4096, SIZE - 4096);
	ck_assert_msg(r == (opened && fates[_i % FATES].of_a_name ? 0 : -ERANGE), "%s: %d",
		      fates[_i % FATES].what, r);
	ck_assert(r == 0 || medium_is_local(r));
	ck_assert_int_eq(k.changed, 0);
	close_it();
}
END_TEST

START_TEST(a_single_file_is_watched_too)
{
	put_file("a.mp4", SIZE);
	start(IMPORT_FILE, "a.mp4");
	list();
	ck_assert_int_eq(read_it(&k.listing.files[0], 0, 4096), 0);
	rewrite();
	ck_assert_int_eq(read_it(&k.listing.files[0], 4096, 4096), -ERANGE);
	close_it();
}
END_TEST

/* ------ images ------ */

static void put_image(void)
{
	int fd, i;

	put_file("card.img", 0);
	fd = open_in("card.img", O_WRONLY);
	for (i = 0; i < IMAGE_BLOCKS; i++)
		ck_assert_int_eq(write(fd, k.bytes, 512), 512);
	ck_assert_int_eq(write(fd, "rest", 4), 4);	/* of no whole sector */
	close(fd);
}

static void on_served(struct medium_serving *s, int r)
{
	(void)s;
	k.served++;
	k.r = r;
}

static struct listing_extent extents[2] = { { .offset = 1024, .len = 512 },
					    { .offset = 4096, .len = 512 } };
static const struct listing_file on_card = {
	.size = 1000, .valid = 1000, .extents = extents, .n_extents = 2,
};

START_TEST(images_have_one_unit)
{
	struct medium_serving s = {
		.want = { .what = LISTING_WANT_READ, .offset = 512, .len = 512 }, .buf = k.buf,
		.cb = on_served,
	};

	put_image();
	start(IMPORT_IMAGE, "card.img");
	run(&k.opened);
	ck_assert_uint_eq(k.info.listing.n_units, 1);
	ck_assert_uint_eq(k.info.listing.units[0].size, IMAGE_BLOCKS * 512);
	ck_assert_int_eq(medium_serve(k.medium, &s), 0);
	run(&k.served);
	ck_assert_int_eq(k.r, 0);
	ck_assert_int_eq(memcmp(k.buf, k.bytes, 512), 0);
	/* What the lister may not ask of an image, and a place where there is none. */
	s.want.what = LISTING_WANT_OPERATION;
	ck_assert_int_eq(medium_serve(k.medium, &s), -EPROTO);
	s.want = (struct listing_event){ .what = LISTING_WANT_READ,
					 .offset = IMAGE_BLOCKS * 512, .len = 512 };
	k.served = 0;
	ck_assert_int_eq(medium_serve(k.medium, &s), 0);
	run(&k.served);
	ck_assert_int_eq(k.r, -EIO);
	ck_assert_int_eq(read_it(&on_card, 0, 1000), 0);
	ck_assert_int_eq(memcmp(k.buf, k.bytes, 512), 0);
	ck_assert_int_eq(memcmp(k.buf + 512, k.bytes, 488), 0);
	close_it();
}
END_TEST

START_TEST(an_image_that_changes_is_no_card)
{
	int fd;

	put_image();
	start(IMPORT_IMAGE, "card.img");
	run(&k.opened);
	ck_assert_int_eq(read_it(&on_card, 0, 1000), 0);
	fd = open_in("card.img", O_WRONLY);
	ck_assert_int_eq(ftruncate(fd, 3000), 0);
	close(fd);
	ck_assert_int_eq(read_it(&on_card, 0, 1000), -ERANGE);
	ck_assert_int_eq(k.changed, 1);
	close_it();
}
END_TEST

START_TEST(what_is_no_image_is_said)
{
	put_file("tiny", 511);
	start(IMPORT_IMAGE, "tiny");
	run(&k.opened);
	ck_assert_int_eq(k.r, -EINVAL);
	close_it();
}
END_TEST

/* ------ closed at every step ------ */

START_TEST(closes_while_it_opens)
{
	put_image();
	start(IMPORT_IMAGE, "card.img");
	close_now();
	run(&k.closed);
	ck_assert_int_eq(k.opened, 1);
	ck_assert_int_eq(k.r, -ECANCELED);
}
END_TEST

START_TEST(closes_while_it_lists)
{
	put_file("a.mp4", SIZE);
	start(files[_i].kind, files[_i].name);
	run(&k.opened);
	ck_assert_int_eq(medium_list(k.medium, on_listed, NULL), 0);
	close_now();
	run(&k.closed);
	ck_assert_int_eq(k.listed, 1);
	ck_assert_int_eq(k.r, -ECANCELED);
}
END_TEST

START_TEST(closes_while_it_reads)
{
	put_file("a.mp4", SIZE);
	start(files[_i].kind, files[_i].name);
	list();
	begin_read(&k.listing.files[0], 0, SIZE);
	close_now();
	run(&k.closed);
	ck_assert_int_eq(k.done, 1);
	ck_assert_int_eq(k.r, -ECANCELED);
	ck_assert_int_eq(k.changed, 0);
}
END_TEST

START_TEST(closes_while_it_serves)
{
	struct medium_serving s = {
		.want = { .what = LISTING_WANT_READ, .offset = 0, .len = 512 }, .buf = k.buf,
		.cb = on_served,
	};

	put_image();
	start(IMPORT_IMAGE, "card.img");
	run(&k.opened);
	ck_assert_int_eq(medium_serve(k.medium, &s), 0);
	close_now();
	run(&k.closed);
	ck_assert_int_eq(k.served, 1);
	ck_assert_int_eq(k.r, -ECANCELED);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, files_are_listed_and_read, 0, COUNT(files));
	tcase_add_loop_test(tc, what_changes_is_not_vouched_for, 0, 2 * COUNT(fates));
	tcase_add_test(tc, a_single_file_is_watched_too);
	tcase_add_test(tc, images_have_one_unit);
	tcase_add_test(tc, an_image_that_changes_is_no_card);
	tcase_add_test(tc, what_is_no_image_is_said);
	tcase_add_test(tc, closes_while_it_opens);
	tcase_add_loop_test(tc, closes_while_it_lists, 0, COUNT(files));
	tcase_add_loop_test(tc, closes_while_it_reads, 0, COUNT(files));
	tcase_add_test(tc, closes_while_it_serves);
}

int main(void)
{
	return suite_main("medium_import", fill);
}
