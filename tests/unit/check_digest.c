#include <errno.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"
#include "unit/suite.h"

/* As `printf ... | b2sum -l 256` prints them. */
static const struct { const char *bytes; const char *hex; } known[] = {
	{ "", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8" },
	{ "abc", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319" },
};

START_TEST(is_what_b2sum_prints)
{
	struct digest d = digest_of(known[_i].bytes, strlen(known[_i].bytes)), back;
	char hex[DIGEST_HEX_SIZE];

	ck_assert_str_eq(digest_hex(&d, hex), known[_i].hex);
	ck_assert_int_eq(digest_parse(hex, strlen(hex), &back), 0);
	ck_assert(digest_equal(&d, &back));
	ck_assert(!digest_is_zero(&d));
}
END_TEST

#define ZEROS62 "00000000000000000000000000000000000000000000000000000000000000"

static const struct { const char *text; int r; } texts[] = {
	{ ZEROS62 "00", 0 },
	{ ZEROS62 "0f", 0 },
	{ ZEROS62 "a0", 0 },
	{ ZEROS62 "A0", -EINVAL },		/* one text a digest */
	{ ZEROS62 "0g", -EINVAL },
	{ ZEROS62 "g0", -EINVAL },
	{ ZEROS62 "0`", -EINVAL },		/* the neighbours of what is allowed */
	{ ZEROS62 "0/", -EINVAL },
	{ ZEROS62 "0:", -EINVAL },
	{ ZEROS62 "0\xe4", -EINVAL },
	{ ZEROS62 "0", -EINVAL },
	{ ZEROS62 "000", -EINVAL },
	{ "", -EINVAL },
};

START_TEST(takes_one_shape_only)
{
	struct digest d = { { 0x55 } }, zero = { { 0 } };

	ck_assert_int_eq(digest_parse(texts[_i].text, strlen(texts[_i].text), &d), texts[_i].r);
	if (texts[_i].r < 0)
		ck_assert_int_eq(d.b[0], 0x55);
	else
		ck_assert(digest_is_zero(&d) == digest_equal(&d, &zero));
}
END_TEST

START_TEST(differs_by_any_byte)
{
	struct digest a = { { 0 } }, b = { { 0 } };

	ck_assert(digest_equal(&a, &b));
	b.b[_i] = 0x80;
	ck_assert(!digest_equal(&a, &b));
	ck_assert(!digest_is_zero(&b));
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, is_what_b2sum_prints, 0, (int)COUNT(known));
	tcase_add_loop_test(tc, takes_one_shape_only, 0, (int)COUNT(texts));
	tcase_add_loop_test(tc, differs_by_any_byte, 0, DIGEST_LEN);
}

int main(void)
{
	return suite_main("digest", fill);
}
