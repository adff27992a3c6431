/*
 * BLAKE2b-256, the address of a blob and the digest of everything else that
 * is named by its bytes (RFC 7693; `b2sum -l 256` prints the same).
 * Its text is 64 lower-case hex digits.
 *
 * Pure; any thread.  sodium_init() must have run.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIGEST_LEN = 32, DIGEST_HEX_LEN = 64, DIGEST_HEX_SIZE = 65 };

struct digest {
	uint8_t b[DIGEST_LEN];
};

struct digest digest_of(const void *p, size_t len);
bool digest_equal(const struct digest *a, const struct digest *b);
bool digest_is_zero(const struct digest *d);

/* Write 64 hex digits and a NUL; returns ret_text, for use in a printf. */
const char *digest_hex(const struct digest *d, char ret_text[DIGEST_HEX_SIZE]);

/* Exactly 64 lower-case hex digits: 0, otherwise -EINVAL. */
int digest_parse(const char *text, size_t len, struct digest *ret);

#endif
