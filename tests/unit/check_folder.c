/* Folders that people bring: plain, deep, linked, odd. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "dockd/folder.h"
#include "unit/suite.h"

static char dir[40], command[128];
static int root;

static void write_file(const char *path, const char *text)
{
	const struct timespec times[2] = { { .tv_sec = 1764246896 }, { .tv_sec = 1764246896 } };
	int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(futimens(fd, times), 0);	/* 2025-11-27 20:34:56 in Shanghai */
	close(fd);
}

static void set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/check_folder.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root, 0);
}

static void tear_down(void)
{
	close(root);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static const struct listing_file *find(const struct listing *l, const char *path)
{
	uint32_t i;

	for (i = 0; i < l->n_files; i++)
		if (strcmp(l->files[i].path, path) == 0)
			return &l->files[i];
	return NULL;
}

static const char *trouble(const struct listing *l, const char *path)
{
	uint32_t i;

	for (i = 0; i < l->n_troubles; i++)
		if (strcmp(l->troubles[i].path, path) == 0)
			return l->troubles[i].text;
	return NULL;
}

START_TEST(lists_what_is_there)
{
	const struct listing_file *f;
	struct listing l;
	struct err e;

	ck_assert_int_eq(mkdirat(root, "执法", 0700), 0);
	ck_assert_int_eq(mkdirat(root, "empty", 0700), 0);
	write_file("执法/b.mp4", "hello");
	write_file("a\nb\xff.mp4", "hi");
	write_file("nothing", "");
	ck_assert_int_eq(symlinkat("执法", root, "link"), 0);
	ck_assert_int_eq(mkfifoat(root, "fifo", 0600), 0);
	ck_assert_int_eq(folder_list(root, &l, &e), 0);
	ck_assert_uint_eq(l.n_files, 3);
	ck_assert_uint_eq(l.n_volumes, 1);
	ck_assert_str_eq(l.files[0].path, "a\\x0ab\\xff.mp4");
	ck_assert_uint_eq(l.files[0].raw_len, strlen("a\nb\xff.mp4"));
	f = find(&l, "执法/b.mp4");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(f->size, 5);
	ck_assert_uint_eq(f->valid, 5);
	ck_assert_str_eq(f->modified, "2025-11-27T20:34:56");
	ck_assert_str_eq(f->created, "");
	ck_assert_ptr_nonnull(find(&l, "nothing"));
	ck_assert_uint_eq(l.n_troubles, 2);
	ck_assert_ptr_nonnull(trouble(&l, "link"));
	ck_assert_ptr_nonnull(trouble(&l, "fifo"));
	listing_clear(&l);
}
END_TEST

START_TEST(opens_what_it_listed_and_nothing_else)
{
	struct listing l;
	char buf[8] = "";
	struct err e;
	int fd;

	ck_assert_int_eq(mkdirat(root, "d", 0700), 0);
	write_file("d/a.mp4", "hello");
	ck_assert_int_eq(folder_list(root, &l, &e), 0);
	fd = folder_open(root, &l.files[0]);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(read(fd, buf, sizeof(buf)), 5);
	close(fd);
	/* It is somewhere else by now. */
	ck_assert_int_eq(unlinkat(root, "d/a.mp4", 0), 0);
	ck_assert_int_eq(folder_open(root, &l.files[0]), -ENOENT);
	ck_assert_int_eq(symlinkat("/etc/passwd", root, "d/a.mp4"), 0);
	ck_assert_int_eq(folder_open(root, &l.files[0]), -ELOOP);
	ck_assert_int_eq(unlinkat(root, "d/a.mp4", 0), 0);
	ck_assert_int_eq(mkfifoat(root, "d/a.mp4", 0600), 0);
	ck_assert_int_eq(folder_open(root, &l.files[0]), -EIO);
	listing_clear(&l);
}
END_TEST

START_TEST(ends_in_the_deep)
{
	char path[4 * FOLDER_DEPTH_MAX + 8] = "";
	struct listing l;
	struct err e;
	int i;

	for (i = 0; i < FOLDER_DEPTH_MAX + 2; i++) {
		snprintf(path + strlen(path), sizeof(path) - strlen(path), "%sd", i > 0 ? "/" : "");
		ck_assert_int_eq(mkdirat(root, path, 0700), 0);
	}
	write_file("top", "x");
	ck_assert_int_eq(folder_list(root, &l, &e), 0);
	ck_assert_uint_eq(l.n_files, 1);
	ck_assert_uint_eq(l.n_troubles, 1);
	ck_assert_ptr_nonnull(strstr(l.troubles[0].text, "within one another"));
	listing_clear(&l);
}
END_TEST

START_TEST(path_too_long)
{
	char name[256];
	struct listing l;
	struct err e;
	int at = root, i;

	memset(name, 'n', 255);
	name[255] = '\0';
	for (i = 0; i < 5; i++) {
		ck_assert_int_eq(mkdirat(at, name, 0700), 0);
		at = openat(at, name, O_RDONLY | O_DIRECTORY);
		ck_assert_int_ge(at, 0);
	}
	write_file("short", "x");
	ck_assert_int_eq(folder_list(root, &l, &e), 0);
	ck_assert_uint_eq(l.n_files, 1);
	ck_assert_uint_eq(l.n_troubles, 1);
	ck_assert_ptr_nonnull(strstr(l.troubles[0].text, "too long"));
	listing_clear(&l);
}
END_TEST

/* All names of a level are held while what is below its first folder is listed. */
START_TEST(names_beyond_what_is_held)
{
	enum { COST = sizeof(char *) + 256, HERE = FOLDER_NAMES_MAX / COST - 1 };
	char name[256], below[260];
	struct listing l;
	struct err e;
	int i;

	memset(name, 'n', 255);
	ck_assert_int_eq(mkdirat(root, "0", 0700), 0);
	write_file("first", "x");
	for (i = 0; i < HERE; i++) {
		snprintf(name + 249, sizeof(name) - 249, "%06d", i);
		ck_assert_int_eq(linkat(root, "first", root, name, 0), 0);
	}
	ck_assert_int_eq(unlinkat(root, "first", 0), 0);
	for (i = 0; i < 3; i++) {
		snprintf(name + 249, sizeof(name) - 249, "%06d", i);
		snprintf(below, sizeof(below), "0/%s", name);
		write_file(below, "x");
	}
	ck_assert_int_eq(folder_list(root, &l, &e), 0);
	for (i = 0; strncmp(l.files[i].path, "0/", 2) == 0; i++)
		;
	ck_assert_int_eq(i, 1);
	ck_assert_ptr_nonnull(trouble(&l, "0"));
	ck_assert_ptr_nonnull(strstr(trouble(&l, "0"), "too many names"));
	listing_clear(&l);
}
END_TEST

START_TEST(one_file)
{
	struct listing l;
	struct err e;
	int fd;

	write_file("a.pdf", "hello");
	fd = openat(root, "a.pdf", O_RDONLY);
	ck_assert_int_eq(folder_list_file(fd, "处罚/决定.pdf", &l, &e), 0);
	ck_assert_uint_eq(l.n_files, 1);
	ck_assert_str_eq(l.files[0].path, "处罚\\x2f决定.pdf");	/* one name */
	ck_assert_uint_eq(l.files[0].size, 5);
	listing_clear(&l);
	close(fd);
	ck_assert_int_eq(folder_list_file(root, "x", &l, &e), -EINVAL);
	ck_assert_int_eq(folder_list(root + 1000, &l, &e), -EBADF);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, lists_what_is_there);
	tcase_add_test(tc, opens_what_it_listed_and_nothing_else);
	tcase_add_test(tc, ends_in_the_deep);
	tcase_add_test(tc, path_too_long);
	tcase_add_test(tc, names_beyond_what_is_held);
	tcase_add_test(tc, one_file);
}

int main(void)
{
	return suite_main("folder", fill);
}
