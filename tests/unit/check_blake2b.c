#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/blake2b.h"
#include "base/util.h"
#include "unit/suite.h"

/* What `b2sum -l 256` prints. */
static const struct { const char *text; const char *want; } known[] = {
	{ "", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8" },
	{ "abc", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319" },
};

START_TEST(agrees_with_b2sum)
{
	char hex[DIGEST_HEX_SIZE];
	struct blake2b s;
	struct digest d;

	blake2b_init(&s);
	blake2b_add(&s, known[_i].text, strlen(known[_i].text));
	d = blake2b_end(&s);
	ck_assert_str_eq(digest_hex(&d, hex), known[_i].want);
}
END_TEST

/* Every length around the first blocks, in pieces of every size up to two blocks. */
START_TEST(agrees_with_libsodium)
{
	enum { LEN = 4 * BLAKE2B_BLOCK + 3 };
	const size_t piece = (size_t)_i + 1;
	uint8_t bytes[LEN];
	struct digest want, got;
	struct blake2b s;

	randombytes_buf(bytes, sizeof(bytes));
	for (size_t len = 0; len <= LEN; len++) {
		blake2b_init(&s);
		for (size_t at = 0; at < len; at += piece)
			blake2b_add(&s, bytes + at, MIN(piece, len - at));
		blake2b_add(&s, NULL, 0);
		got = blake2b_end(&s);
		want = digest_of(bytes, len);
		ck_assert_msg(digest_equal(&got, &want), "%zu bytes in pieces of %zu", len, piece);
	}
}
END_TEST

START_TEST(agrees_on_long_inputs_at_any_address)
{
	enum { LEN = 3 * 1024 * 1024 };
	uint8_t *bytes = malloc(LEN + 8);
	struct digest want, got;
	struct blake2b s;
	size_t n;

	randombytes_buf(bytes, LEN + 8);
	want = digest_of(bytes + _i, LEN);
	blake2b_init(&s);
	for (size_t at = 0; at < LEN; at += n) {
		n = 1 + randombytes_uniform(100000);
		n = MIN(n, LEN - at);
		blake2b_add(&s, bytes + _i + at, n);
	}
	got = blake2b_end(&s);
	ck_assert(digest_equal(&got, &want));
	free(bytes);
}
END_TEST

/* After every byte; asking changes nothing. */
START_TEST(tells_the_digest_so_far)
{
	enum { LEN = 3 * BLAKE2B_BLOCK };
	uint8_t bytes[LEN];
	struct digest want, got;
	struct blake2b s;

	randombytes_buf(bytes, sizeof(bytes));
	blake2b_init(&s);
	for (size_t len = 0; len <= LEN; len++) {
		want = digest_of(bytes, len);
		got = blake2b_so_far(&s);
		ck_assert_msg(digest_equal(&got, &want), "%zu bytes", len);
		ck_assert_uint_eq(blake2b_total(&s), len);
		if (len < LEN)
			blake2b_add(&s, bytes + len, 1);
	}
	got = blake2b_end(&s);
	ck_assert(digest_equal(&got, &want));
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, agrees_with_b2sum, 0, (int)COUNT(known));
	tcase_add_loop_test(tc, agrees_with_libsodium, 0, 2 * BLAKE2B_BLOCK);
	tcase_add_loop_test(tc, agrees_on_long_inputs_at_any_address, 0, 8);
	tcase_add_test(tc, tells_the_digest_so_far);
}

int main(void)
{
	return suite_main("blake2b", fill);
}
