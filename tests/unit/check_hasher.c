/* lib/package/hasher: the same as libcrypto and libsodium say of all bytes at once. */
#include <openssl/evp.h>
#include <string.h>

#include "base/digest.h"
#include "base/util.h"
#include "package/hasher.h"
#include "unit/suite.h"

enum { ALL = (1u << HASHER_DIGESTS) - 1 };

static const size_t sizes[] = {
	0, 1, 128, HASHER_SMALL - 1, HASHER_SMALL, HASHER_SMALL + 1, HASHER_BLOCK - 1, HASHER_BLOCK,
	HASHER_BLOCK + 1, HASHER_BLOCKS * HASHER_BLOCK, (HASHER_BLOCKS + 1) * HASHER_BLOCK + 5,
};

static uint8_t *some_bytes(size_t len)
{
	uint8_t *p = malloc(len + 1);

	ck_assert_ptr_nonnull(p);
	randombytes_buf(p, len);
	return p;
}

static void feed(struct hasher *h, unsigned which, const uint8_t *p, size_t len)
{
	size_t n;

	ck_assert_int_eq(hasher_begin(h, which, NULL), 0);
	do {
		n = MIN(len, (size_t)HASHER_BLOCK);
		memcpy(hasher_block(h), p, n);
		hasher_add(h, n);
		p += n;
		len -= n;
	} while (n == HASHER_BLOCK);
}

static void compare(const struct hasher_digests *got, const uint8_t *p, size_t len)
{
	struct digest address = digest_of(p, len);
	uint8_t want[EVP_MAX_MD_SIZE];
	size_t want_len;
	unsigned a;

	for (a = 0; a < BAGIT_ALGORITHMS; a++) {
		if ((got->which & 1u << a) == 0)
			continue;
		ck_assert_int_eq(EVP_Q_digest(NULL, bagit_algorithm_name((enum bagit_algorithm)a),
					      NULL, p, len, want, &want_len), 1);
		ck_assert_uint_eq(want_len, bagit_digest_len((enum bagit_algorithm)a));
		ck_assert_mem_eq(got->of[a], want, want_len);
	}
	if ((got->which & 1u << HASHER_ADDRESS) != 0)
		ck_assert_mem_eq(got->of[HASHER_ADDRESS], address.b, sizeof(address.b));
}

START_TEST(agrees_with_others)
{
	AUTO(hasher_freep) struct hasher *h = NULL;
	uint8_t *p = some_bytes(sizes[_i]);
	struct hasher_digests got;

	ck_assert_int_eq(hasher_new(&h, NULL), 0);
	feed(h, ALL, p, sizes[_i]);
	hasher_end(h, &got);
	ck_assert_uint_eq(got.which, ALL);
	compare(&got, p, sizes[_i]);
	free(p);
}
END_TEST

/* One digest alone leaves a thread without work; each file has its own. */
START_TEST(takes_file_after_file)
{
	AUTO(hasher_freep) struct hasher *h = NULL;
	struct hasher_digests got;
	unsigned which;
	uint8_t *p;

	ck_assert_int_eq(hasher_new(&h, NULL), 0);
	for (which = 1; which <= ALL; which = which * 2 + 1) {
		size_t len = (size_t)randombytes_uniform(3 * HASHER_BLOCK);

		p = some_bytes(len);
		feed(h, which, p, len);
		hasher_end(h, &got);
		compare(&got, p, len);
		free(p);
	}
}
END_TEST

START_TEST(forgets_a_file_that_was_not_ended)
{
	AUTO(hasher_freep) struct hasher *h = NULL;
	uint8_t *p = some_bytes(4 * HASHER_BLOCK);
	struct hasher_digests got;

	ck_assert_int_eq(hasher_new(&h, NULL), 0);
	feed(h, ALL, p, 4 * HASHER_BLOCK);
	feed(h, 1u << BAGIT_SHA256, p, 10);
	feed(h, 1u << BAGIT_SHA512 | 1u << HASHER_ADDRESS, p + 1, 2 * HASHER_BLOCK);
	hasher_end(h, &got);
	compare(&got, p + 1, 2 * HASHER_BLOCK);
	feed(h, ALL, p, 4 * HASHER_BLOCK);		/* and its threads end with it */
	free(p);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, agrees_with_others, 0, (int)COUNT(sizes));
	tcase_add_test(tc, takes_file_after_file);
	tcase_add_test(tc, forgets_a_file_that_was_not_ended);
}

int main(void)
{
	return suite_main("hasher", fill);
}
