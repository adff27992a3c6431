/* dock-clear: what it can be asked, and which files it removes. */
#include "unit/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"
#include "clear/partitions.h"
#include "clear/remove.h"
#include "clear/request.h"
#include "format/name.h"

#define BLOB "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FILE_OF(path) "{\"path\":\"" path "\",\"size\":5,\"blob\":\"" BLOB "\"}"
#define DEVICE_AT(port) "{\"port\":\"" port "\",\"vid\":\"12ab\",\"pid\":\"0001\",\"serial\":\"S\"}"

/* ------ requests ------ */

static const struct { const char *line; bool good; } devices[] = {
	{ DEVICE_AT("1-1"), true },
	{ DEVICE_AT("12-1.4.2"), true },
	{ DEVICE_AT("../1-1"), false },
	{ DEVICE_AT("1-"), false },
	{ DEVICE_AT("-1"), false },
	{ DEVICE_AT("1-1/../../x"), false },
	{ DEVICE_AT("usb1"), false },
	{ DEVICE_AT("1-11111111111111111111111111111111"), false },
	{ "{\"port\":\"1-1\",\"vid\":\"12AB\",\"pid\":\"0001\",\"serial\":\"\"}", false },
	{ "{\"port\":\"1-1\",\"vid\":\"12ab\",\"pid\":1,\"serial\":\"\"}", false },
	{ "{\"port\":\"1-1\",\"vid\":\"12ab\",\"pid\":\"0001\"}", false },
	{ "{\"port\":\"1-1\\u00001\",\"vid\":\"12ab\",\"pid\":\"0001\",\"serial\":\"\"}", false },
	{ "[]", false },
	{ "", false },
};

START_TEST(device_lines)
{
	struct request_device d;
	struct err e;
	int r = request_parse_device(devices[_i].line, strlen(devices[_i].line), &d, &e);

	ck_assert_msg(r == (devices[_i].good ? 0 : -EINVAL), "%s", devices[_i].line);
	if (r == 0)
		ck_assert_uint_eq(d.vid, 0x12ab);
}
END_TEST

static const struct { const char *line, *path; unsigned unit, partition; } files[] = {
	{ FILE_OF("DCIM/A.mp4"), "DCIM/A.mp4", 0, 0 },
	{ FILE_OF("执法/A.mp4"), "执法/A.mp4", 0, 0 },
	{ FILE_OF("partition-2/A.mp4"), "A.mp4", 0, 2 },
	{ FILE_OF("unit-2/A.mp4"), "A.mp4", 1, 0 },
	{ FILE_OF("unit-2/partition-3/D/A.mp4"), "D/A.mp4", 1, 3 },
	{ FILE_OF("partition-/A.mp4"), "partition-/A.mp4", 0, 0 },	/* a folder of that name */
	{ FILE_OF("partition-99/A.mp4"), NULL, 0, 0 },
	{ FILE_OF("unit-9/A.mp4"), NULL, 0, 0 },
	{ FILE_OF("../A.mp4"), NULL, 0, 0 },
	{ FILE_OF("D/../A.mp4"), NULL, 0, 0 },
	{ FILE_OF("/A.mp4"), NULL, 0, 0 },
	{ FILE_OF("unit-1/partition-1/"), NULL, 0, 0 },
	{ FILE_OF("A\\\\x0a.mp4"), NULL, 0, 0 },	/* an escape: the kernel shows it otherwise */
	{ FILE_OF("A\\u0000B"), NULL, 0, 0 },
	{ FILE_OF(""), NULL, 0, 0 },
	{ "{\"path\":\"A\",\"size\":-1,\"blob\":\"" BLOB "\"}", NULL, 0, 0 },
	{ "{\"path\":\"A\",\"size\":\"5\",\"blob\":\"" BLOB "\"}", NULL, 0, 0 },
	{ "{\"path\":\"A\",\"size\":5,\"blob\":\"12\"}", NULL, 0, 0 },
	{ "{\"path\":\"A\",\"size\":5}", NULL, 0, 0 },
	{ "{\"path\":\"A\",\"path\":\"B\",\"size\":5,\"blob\":\"" BLOB "\"}", NULL, 0, 0 },
};

START_TEST(file_lines)
{
	struct request_file f;
	struct err e;
	int r = request_parse_file(files[_i].line, strlen(files[_i].line), &f, &e);

	ck_assert_msg(r == (files[_i].path != NULL ? 0 : -EINVAL), "%s", files[_i].line);
	if (r < 0)
		return;
	ck_assert_str_eq(f.path, files[_i].path);
	ck_assert_uint_eq(f.unit, files[_i].unit);
	ck_assert_uint_eq(f.partition, files[_i].partition);
	ck_assert_uint_eq(f.size, 5);
}
END_TEST

/* What is said of a long name is still UTF-8, or dockd would never hear it. */
START_TEST(says_utf8_of_any_name)
{
	struct buf line = BUF_INIT(REQUEST_LINE_MAX);
	struct request_file f;
	struct err e;
	int i;

	buf_adds(&line, "{\"path\":\"partition-99/");
	for (i = 0; i < _i; i++)	/* the cut falls elsewhere each time */
		buf_adds(&line, "A");
	for (i = 0; i < 200; i++)
		buf_adds(&line, "法");
	buf_adds(&line, "\",\"size\":5,\"blob\":\"" BLOB "\"}");
	ck_assert_int_eq(request_parse_file(buf_str(&line), line.len, &f, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "partition-99"));
	ck_assert(name_is_text((const uint8_t *)e.msg, strlen(e.msg)));
	buf_clear(&line);
}
END_TEST

/* ------ removing ------ */

static char dir[] = "/tmp/check_clear.XXXXXX";
static int root = -1;

static void write_file(const char *path, const char *text)
{
	int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/check_clear.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(root, 0);
	ck_assert_int_eq(mkdirat(root, "D", 0700), 0);
	write_file("D/A.mp4", "hello");
	write_file("B.mp4", "hello");
	ck_assert_int_eq(symlinkat("D", root, "L"), 0);
	ck_assert_int_eq(symlinkat("B.mp4", root, "link"), 0);
	ck_assert_int_eq(mkfifoat(root, "fifo", 0600), 0);
}

static void tear_down(void)
{
	static const char *const names[] = { "D/A.mp4", "B.mp4", "L", "link", "fifo" };
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		unlinkat(root, names[i], 0);
	unlinkat(root, "D", AT_REMOVEDIR);
	close(root);
	rmdir(dir);
}

static const struct { const char *what, *path, *bytes; uint64_t size; int r; } removals[] = {
	{ "the file itself", "D/A.mp4", "hello", 5, 0 },
	{ "at the root", "B.mp4", "hello", 5, 0 },
	{ "other bytes", "B.mp4", "jello", 5, -ESTALE },
	{ "longer than it is kept", "B.mp4", "hell", 4, -ESTALE },
	{ "shorter than it is kept", "B.mp4", "hello", 6, -ESTALE },
	{ "not there", "D/B.mp4", "hello", 5, -ENOENT },
	{ "over a link to a folder", "L/A.mp4", "hello", 5, -ELOOP },
	{ "a link", "link", "hello", 5, -ELOOP },
	{ "a folder", "D", "", 0, -ELOOP },
	{ "out of the card", "../B.mp4", "hello", 5, -EXDEV },
};

START_TEST(removes_only_what_is_kept)
{
	struct request_file f = { .size = removals[_i].size };
	struct err e = { .code = 0 };
	struct stat st;

	memcpy(f.path, removals[_i].path, strlen(removals[_i].path) + 1);
	f.blob = digest_of(removals[_i].bytes, strlen(removals[_i].bytes));
	ck_assert_msg(remove_file(root, &f, &e) == removals[_i].r, "%s: %s", removals[_i].what,
		      e.msg);
	if (removals[_i].r == 0) {
		ck_assert_int_eq(fstatat(root, f.path, &st, AT_SYMLINK_NOFOLLOW), -1);
		return;
	}
	ck_assert_int_eq(e.code, removals[_i].r);
	ck_assert_int_eq(faccessat(root, "D/A.mp4", F_OK, 0), 0);
	ck_assert_int_eq(faccessat(root, "B.mp4", F_OK, 0), 0);
	ck_assert_int_eq(faccessat(root, "link", F_OK, 0), 0);
}
END_TEST

/* Opening one would wait for a writer. */
START_TEST(does_not_wait_for_a_pipe)
{
	struct request_file f = { .path = "fifo", .size = 0 };
	struct err e = { .code = 0 };

	f.blob = digest_of("", 0);
	ck_assert_int_eq(remove_file(root, &f, &e), -ELOOP);
}
END_TEST

/* A sentence is cut at its end: a long path must not take its place. */
START_TEST(says_why_before_where)
{
	struct request_file f = { .size = 5 };
	struct err e = { .code = 0 };
	size_t i;

	for (i = 0; i < REQUEST_PATH_MAX - 1; i += 2)
		memcpy(f.path + i, "N/", 2);
	f.path[i] = 'N';
	ck_assert_int_eq(remove_file(root, &f, &e), -ENOENT);
	ck_assert_int_eq(strncmp(e.msg, "its directory: No such file or directory: N/N", 45), 0);
}
END_TEST

/* ------ partitions ------ */

/* As the kernel shows them, in any order; nodes are their numbers. */
static const struct {
	const char *what;
	struct partition p[8];
	const char *order;
} tables[] = {
	{ "none", { { 0 } }, "" },
	{ "as they lie", { { .number = 2, .start = 9000, .size = 99, .node = "2" },
			   { .number = 1, .start = 2048, .size = 99, .node = "1" } }, "12" },
	{ "not as they lie: the table counts",
	  { { .number = 2, .start = 2048, .size = 99, .node = "2" },
	    { .number = 1, .start = 9000, .size = 99, .node = "1" } }, "12" },
	{ "logical ones, and a primary one behind their container",
	  { { .number = 1, .start = 2048, .size = 99, .node = "1" },
	    { .number = 2, .start = 4000, .size = 2, .node = "2" },
	    { .number = 3, .start = 9000, .size = 99, .node = "3" },
	    { .number = 5, .start = 4002, .size = 99, .node = "5" },
	    { .number = 6, .start = 5002, .size = 99, .node = "6" } }, "1563" },
	{ "two containers",
	  { { .number = 1, .start = 7000, .size = 8, .node = "1" },
	    { .number = 4, .start = 4000, .size = 2, .node = "4" },
	    { .number = 5, .start = 7002, .size = 99, .node = "5" },
	    { .number = 6, .start = 4002, .size = 99, .node = "6" } }, "56" },
	{ "a GPT of many",
	  { { .number = 7, .start = 2048, .size = 99, .node = "7" },
	    { .number = 2, .start = 4000, .size = 99, .node = "2" } }, "27" },
};

START_TEST(partitions_are_numbered_as_they_are_listed)
{
	struct partition p[8];
	char order[9] = "";
	size_t n, i;

	memcpy(p, tables[_i].p, sizeof(p));
	for (n = 0; n < COUNT(p) && p[n].number > 0; n++)
		;
	n = partitions_order(p, n);
	for (i = 0; i < n; i++)
		order[i] = p[i].node[0];
	ck_assert_msg(strcmp(order, tables[_i].order) == 0, "%s: %s", tables[_i].what, order);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, device_lines, 0, (int)COUNT(devices));
	tcase_add_loop_test(tc, file_lines, 0, (int)COUNT(files));
	tcase_add_loop_test(tc, says_utf8_of_any_name, 0, 3);
	tcase_add_loop_test(tc, removes_only_what_is_kept, 0, (int)COUNT(removals));
	tcase_add_test(tc, does_not_wait_for_a_pipe);
	tcase_add_test(tc, says_why_before_where);
	tcase_add_loop_test(tc, partitions_are_numbered_as_they_are_listed, 0,
			    (int)COUNT(tables));
}

int main(void)
{
	return suite_main("clear", fill);
}
