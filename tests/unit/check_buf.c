#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "unit/suite.h"

/* What is added one after another to a buf of this maximum, and what is there then. */
static const struct { size_t max; const char *add[3]; const char *text; bool failed; } additions[] = {
	{ 8, { NULL }, "", false },
	{ 8, { "" }, "", false },
	{ 8, { "12345678" }, "12345678", false },	/* the maximum itself fits */
	{ 8, { "123456789" }, "", true },
	{ 8, { "1234", "5678" }, "12345678", false },
	{ 8, { "1234", "56789" }, "1234", true },
	{ 8, { "1234", "56789", "5" }, "1234", true },	/* once failed, nothing more */
	{ 0, { "" }, "", false },
	{ 0, { "1" }, "", true },
};

START_TEST(never_passes_its_maximum)
{
	struct buf plain = BUF_INIT(additions[_i].max), format = BUF_INIT(additions[_i].max);
	size_t i;

	for (i = 0; i < 3 && additions[_i].add[i] != NULL; i++) {
		buf_adds(&plain, additions[_i].add[i]);
		buf_addf(&format, "%s", additions[_i].add[i]);
	}
	ck_assert_str_eq(buf_str(&plain), additions[_i].text);
	ck_assert_str_eq(buf_str(&format), additions[_i].text);
	ck_assert_uint_eq(plain.len, strlen(additions[_i].text));
	ck_assert(plain.failed == additions[_i].failed);
	ck_assert(format.failed == additions[_i].failed);
	buf_clear(&plain);
	buf_clear(&format);
	ck_assert_str_eq(buf_str(&plain), "");
	ck_assert(!plain.failed);
	ck_assert_uint_eq(plain.max, additions[_i].max);
}
END_TEST

START_TEST(grows_piece_by_piece)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(100000);
	int i;

	for (i = 0; i < 20000; i++)
		buf_addf(&b, "%05d", i);
	ck_assert(!b.failed);
	ck_assert_uint_eq(b.len, 100000);
	ck_assert_int_eq(memcmp(b.p + 99990, "1999819999", 11), 0);	/* and the NUL */
	buf_add(&b, "", 1);
	ck_assert(b.failed);
}
END_TEST

START_TEST(room_that_nobody_used_is_no_text)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(64);
	uint8_t *to = buf_room(&b, 32);

	ck_assert_ptr_nonnull(to);
	memset(to, 'x', 31);
	ck_assert_uint_eq(b.len, 0);
	buf_grew(&b, 0);
	ck_assert_str_eq(buf_str(&b), "");
	to = buf_room(&b, 64);
	ck_assert_ptr_nonnull(to);
	ck_assert_str_eq(buf_str(&b), "");
	ck_assert_ptr_null(buf_room(&b, 65));
	ck_assert(b.failed);
}
END_TEST

START_TEST(shifts_and_starts_again)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(8);

	buf_shift(&b, 0);
	buf_adds(&b, "12345678");
	buf_shift(&b, 0);
	ck_assert_str_eq(buf_str(&b), "12345678");
	buf_shift(&b, 3);
	ck_assert_str_eq(buf_str(&b), "45678");
	buf_adds(&b, "9ab");
	ck_assert_str_eq(buf_str(&b), "456789ab");
	buf_shift(&b, 8);
	ck_assert_str_eq(buf_str(&b), "");
	buf_adds(&b, "123456789");
	ck_assert(b.failed);
	buf_reset(&b);
	buf_adds(&b, "again");
	ck_assert(!b.failed);
	ck_assert_str_eq(buf_str(&b), "again");
}
END_TEST

START_TEST(bytes_may_be_nul)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(8);

	buf_add(&b, "a\0b", 3);
	buf_add(&b, NULL, 0);
	ck_assert_uint_eq(b.len, 3);
	ck_assert_int_eq(memcmp(b.p, "a\0b", 4), 0);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, never_passes_its_maximum, 0, (int)COUNT(additions));
	tcase_add_test(tc, grows_piece_by_piece);
	tcase_add_test(tc, room_that_nobody_used_is_no_text);
	tcase_add_test(tc, shifts_and_starts_again);
	tcase_add_test(tc, bytes_may_be_nul);
}

int main(void)
{
	return suite_main("buf", fill);
}
