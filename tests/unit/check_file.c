#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "unit/suite.h"

static char dir[] = "/tmp/check_file.XXXXXX", path[64], tmp[64];

static void set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/check_file.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/f", dir);
	snprintf(tmp, sizeof(tmp), "%s/f.tmp", dir);
}

static void tear_down(void)
{
	unlink(path);
	unlink(tmp);
	rmdir(dir);
}

/* Sizes around a block of reading and around a limit of 8192. */
static const struct { size_t size; int r; } sizes[] = {
	{ 0, 0 }, { 1, 0 }, { 4095, 0 }, { 4096, 0 }, { 4097, 0 }, { 8192, 0 }, { 8193, -EFBIG },
	{ 100000, -EFBIG },
};

START_TEST(comes_back_whole_or_not)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(8192);
	static char bytes[100000];
	struct err e = { .code = 0 };
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	ck_assert_int_eq(file_replace(path, bytes, sizes[_i].size, 0600, &e), 0);
	ck_assert_int_eq(file_read(path, &b, &e), sizes[_i].r);
	if (sizes[_i].r < 0) {
		ck_assert_ptr_nonnull(strstr(e.msg, path));
		return;
	}
	ck_assert_uint_eq(b.len, sizes[_i].size);
	ck_assert(b.len == 0 || memcmp(b.p, bytes, b.len) == 0);
}
END_TEST

START_TEST(what_cannot_be_read_is_named)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(64);
	struct err e = { .code = 0 };

	ck_assert_int_eq(file_read(path, &b, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, path));
	ck_assert_int_eq(file_read(dir, &b, &e), -EISDIR);
	ck_assert_ptr_nonnull(strstr(e.msg, dir));
}
END_TEST

START_TEST(the_new_takes_the_place_of_the_old)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(64);
	struct stat st;
	struct err e;

	ck_assert_int_eq(file_replace(path, "old and longer", 14, 0644, &e), 0);
	/* What a power cut left behind is in nobody's way, were it a link to somewhere. */
	ck_assert_int_eq(symlink("/dev/null", tmp), 0);
	ck_assert_int_eq(file_replace(path, "new", 3, 0400, &e), 0);
	ck_assert_int_eq(file_read(path, &b, &e), 0);
	ck_assert_str_eq(buf_str(&b), "new");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0400);
	ck_assert_int_eq(lstat(tmp, &st), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(a_failure_leaves_the_old)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(64);
	char nowhere[80];
	struct err e;

	ck_assert_int_eq(file_replace(path, "old", 3, 0600, &e), 0);
	ck_assert_int_eq(mkdir(tmp, 0700), 0);
	ck_assert_int_lt(file_replace(path, "new", 3, 0600, &e), 0);
	ck_assert_int_eq(rmdir(tmp), 0);
	ck_assert_int_eq(file_read(path, &b, &e), 0);
	ck_assert_str_eq(buf_str(&b), "old");

	snprintf(nowhere, sizeof(nowhere), "%s/no/f", dir);
	ck_assert_int_eq(file_replace(nowhere, "new", 3, 0600, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, nowhere));
	ck_assert_int_eq(file_sync_dir(nowhere, &e), -ENOENT);
	ck_assert_ptr_nonnull(strstr(e.msg, nowhere));
}
END_TEST

START_TEST(a_path_may_be_relative)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(64);
	struct err e;

	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(file_replace("f", "here", 4, 0600, &e), 0);
	ck_assert_int_eq(file_read("./f", &b, &e), 0);
	ck_assert_str_eq(buf_str(&b), "here");
	ck_assert_int_eq(unlink("f"), 0);
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(file_write_all(fd, "x", 1), -ENOSPC);
	ck_assert_int_eq(file_write_all(fd, "x", 0), 0);
	close(fd);
	ck_assert_int_eq(file_write_all(fd, "x", 1), -EBADF);
}
END_TEST

START_TEST(a_path_may_be_too_long)
{
	static char longest[5000];
	struct err e;

	memset(longest, 'a', sizeof(longest) - 1);
	ck_assert_int_eq(file_replace(longest, "x", 1, 0600, &e), -ENAMETOOLONG);
}
END_TEST

START_TEST(an_open_file_gets_a_name)
{
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(at, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	struct stat ours, there;

	ck_assert(at >= 0 && fd >= 0);
	ck_assert_int_eq(file_link(fd, at, "f"), 0);
	ck_assert_int_eq(file_link(fd, at, "f.tmp"), 0);	/* a further one */
	ck_assert(fstat(fd, &ours) == 0 && stat(path, &there) == 0);
	ck_assert_uint_eq(ours.st_ino, there.st_ino);
	ck_assert_uint_eq(there.st_nlink, 2);
	ck_assert_int_eq(file_link(fd, at, "f"), -EEXIST);
	ck_assert_int_eq(file_link(fd, at, "none/f"), -ENOENT);
	close(fd);
	close(at);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, comes_back_whole_or_not, 0, (int)COUNT(sizes));
	tcase_add_test(tc, what_cannot_be_read_is_named);
	tcase_add_test(tc, the_new_takes_the_place_of_the_old);
	tcase_add_test(tc, a_failure_leaves_the_old);
	tcase_add_test(tc, a_path_may_be_relative);
	tcase_add_test(tc, a_full_disk_is_told);
	tcase_add_test(tc, a_path_may_be_too_long);
	tcase_add_test(tc, an_open_file_gets_a_name);
}

int main(void)
{
	return suite_main("file", fill);
}
