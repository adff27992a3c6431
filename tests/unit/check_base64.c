#include <string.h>

#include "base/base64.h"
#include "base/util.h"
#include "unit/suite.h"

/* RFC 4648, section 10. */
static const struct { const char *bytes, *text; } vectors[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
};

START_TEST(agrees_with_the_rfc)
{
	const char *text = vectors[_i].text, *bytes = vectors[_i].bytes;
	AUTO(buf_clear) struct buf b = BUF_INIT(64);
	uint8_t got[8] = "";
	size_t n = strlen(bytes), i;

	base64_add(&b, bytes, n);
	ck_assert_str_eq(buf_str(&b), text);
	for (i = 0; i <= n + 1; i++)
		ck_assert_int_eq(base64_decode(text, strlen(text), got, i), i == n);
	ck_assert(base64_decode(text, strlen(text), got, n));
	ck_assert_mem_eq(got, bytes, n);
}
END_TEST

/* Of all bytes, 64 are digits, wherever they are. */
START_TEST(knows_its_digits)
{
	char text[] = "AAAA";
	unsigned digits = 0, c;
	uint8_t got[3];

	for (c = 0; c < 256; c++) {
		memcpy(text, "AAAA", 4);
		text[_i] = (char)c;
		digits += base64_decode(text, 4, got, 3);
	}
	ck_assert_uint_eq(digits, 64);
}
END_TEST

static const struct { const char *text; size_t n; } refused[] = {
	{ "Zg", 1 }, { "Zg=", 1 }, { "Zg===", 1 }, { "Zh==", 1 }, { "Zm9=", 2 }, { "Zm8", 2 },
	{ "Zm8=\n", 2 }, { " Zm8=", 2 }, { "Z m8=", 2 }, { "Zm9v=", 3 }, { "=m9v", 3 }, { "====", 0 },
	{ "Zm9v====", 3 }, { "Zm-v", 3 }, { "Zm_v", 3 },
};

START_TEST(refuses_every_other_shape)
{
	uint8_t got[8];

	ck_assert(!base64_decode(refused[_i].text, strlen(refused[_i].text), got, refused[_i].n));
}
END_TEST

START_TEST(stays_in_its_room)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(7);

	base64_add(&b, "foobar", 6);
	ck_assert(b.failed);
	ck_assert_uint_eq(b.len, 0);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, agrees_with_the_rfc, 0, (int)COUNT(vectors));
	tcase_add_loop_test(tc, knows_its_digits, 0, 4);
	tcase_add_loop_test(tc, refuses_every_other_shape, 0, (int)COUNT(refused));
	tcase_add_test(tc, stays_in_its_room);
}

int main(void)
{
	return suite_main("base64", fill);
}
