#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/util.h"
#include "unit/suite.h"

enum { ROOM = sizeof(((struct err *)0)->msg) - 1 };

START_TEST(a_failure_is_one_statement)
{
	struct err e = { .code = 0 };

	ck_assert_int_eq(err_set(&e, -ENOENT, "%s: %d", "file", 7), -ENOENT);
	ck_assert_int_eq(e.code, -ENOENT);
	ck_assert_str_eq(e.msg, "file: 7");
	ck_assert_int_eq(err_set(NULL, -EIO, "nobody listens"), -EIO);
	ck_assert_int_eq(err_prefix(&e, "card %d", 1), -ENOENT);
	ck_assert_str_eq(e.msg, "card 1: file: 7");
}
END_TEST

/* A sentence of n ASCII letters and then these bytes, as it comes out. */
static const struct { size_t letters; const char *then; size_t kept; } cuts[] = {
	{ 0, "", 0 },
	{ ROOM, "", 0 },
	{ ROOM, "x", 0 },
	{ ROOM - 1, "\xc3\xa4", 0 },			/* both bytes of it, or none */
	{ ROOM - 2, "\xc3\xa4", 2 },
	{ ROOM - 1, "\xe5\x8d\xa1", 0 },
	{ ROOM - 2, "\xe5\x8d\xa1", 0 },
	{ ROOM - 3, "\xe5\x8d\xa1", 3 },
	{ ROOM - 1, "\xf0\x9f\x92\xbe", 0 },
	{ ROOM - 3, "\xf0\x9f\x92\xbe", 0 },
	{ ROOM - 4, "\xf0\x9f\x92\xbe", 4 },
	{ ROOM - 4, "\x80\x80\x80\x80", 4 },		/* never was UTF-8: left alone */
	{ 10, "\xe5\x8d\xa1", 3 },
};

START_TEST(is_cut_between_characters)
{
	char text[ROOM + 8], letters[ROOM + 1];
	struct err set, prefix;
	size_t n = cuts[_i].letters, want = n + cuts[_i].kept;

	memset(letters, 'a', sizeof(letters));
	snprintf(text, sizeof(text), "%.*s%s", (int)n, letters, cuts[_i].then);
	err_set(&set, -EIO, "%s", text);
	ck_assert_uint_eq(strlen(set.msg), want);
	ck_assert_int_eq(memcmp(set.msg, text, want), 0);

	/* The same behind a prefix that takes two bytes and ": ". */
	if (n < 4)
		return;
	err_set(&prefix, -EIO, "%s", text + 4);
	err_prefix(&prefix, "%s", "aa");
	ck_assert_uint_eq(strlen(prefix.msg), want);
}
END_TEST

START_TEST(a_prefix_may_leave_no_room)
{
	char letters[ROOM + 1];
	struct err e;

	memset(letters, 'a', ROOM);
	letters[ROOM] = '\0';
	err_set(&e, -EIO, "lost");
	ck_assert_int_eq(err_prefix(&e, "%s", letters), -EIO);
	ck_assert_str_eq(e.msg, letters);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, a_failure_is_one_statement);
	tcase_add_loop_test(tc, is_cut_between_characters, 0, (int)COUNT(cuts));
	tcase_add_test(tc, a_prefix_may_leave_no_room);
}

int main(void)
{
	return suite_main("err", fill);
}
