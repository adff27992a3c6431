/*
 * BLAKE2b-256 of bytes that come piece by piece (RFC 7693, no key): the same
 * as digest_of() of all of them.
 *
 * For bulk data.  libsodium's own AVX2 code reaches 0.6 GB/s where this plain C
 * reaches 1.0 to 1.3 (AMD Zen 5, where the latency of vector instructions is
 * twice that of scalar ones), and hashing is what binds an ingest.  Everything
 * small stays with libsodium, against which this is tested.
 *
 * Pure; a state belongs to whoever declared it.
 */
#ifndef BASE_BLAKE2B_H
#define BASE_BLAKE2B_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

enum { BLAKE2B_BLOCK = 128 };

struct blake2b {
	uint64_t h[8];
	uint64_t hashed;	/* bytes in h */
	size_t held;		/* bytes in block: the last block is hashed differently */
	uint8_t block[BLAKE2B_BLOCK];
};

void blake2b_init(struct blake2b *s);
void blake2b_add(struct blake2b *s, const void *p, size_t len);

/* The digest of what was added so far; more may be added. */
struct digest blake2b_so_far(const struct blake2b *s);

/* How many bytes were added. */
uint64_t blake2b_total(const struct blake2b *s);

/* The digest of all that was added.  s is to be initialised before it is used again. */
struct digest blake2b_end(struct blake2b *s);

#endif
