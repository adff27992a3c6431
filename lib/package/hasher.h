/*
 * Several digests of a file at once, in one pass over its bytes: the caller
 * reads into blocks of a ring, two threads hash them, each its share of the digests.
 *
 *	hasher_begin(h, 1u << BAGIT_SHA256 | 1u << HASHER_ADDRESS);
 *	do {
 *		n = fill(fd, hasher_block(h), HASHER_BLOCK);	less at the end alone
 *		hasher_add(h, n);
 *	} while (n == HASHER_BLOCK);
 *	hasher_end(h, &digests);
 *
 * A file of at most HASHER_SMALL bytes is hashed by the caller's thread: waking others takes longer.
 *
 * Errors   0 or a negative errno and a sentence.
 * Threads  the caller's and two of its own; one caller at a time.
 * Memory   HASHER_MEMORY, and what libcrypto keeps of eight states.
 */
#ifndef PACKAGE_HASHER_H
#define PACKAGE_HASHER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "format/bagit.h"

enum {
	HASHER_ADDRESS = BAGIT_ALGORITHMS,	/* BLAKE2b-256, a blob's address */
	HASHER_DIGESTS,
	HASHER_BLOCK = 1024 * 1024,
	HASHER_BLOCKS = 8,
	HASHER_THREADS = 2,
	HASHER_SMALL = 128 * 1024,
	HASHER_MEMORY = HASHER_BLOCKS * HASHER_BLOCK,
};

struct hasher_digests {
	unsigned which;				/* bits, by enum bagit_algorithm and HASHER_ADDRESS */
	uint8_t of[HASHER_DIGESTS][BAGIT_DIGEST_MAX];
};

struct hasher;

int hasher_new(struct hasher **ret, struct err *e);
void hasher_free(struct hasher *h);	/* NULL is fine */
void hasher_freep(struct hasher **h);	/* for AUTO() */

/* Start a file.  One that was started before and not ended is forgotten. */
int hasher_begin(struct hasher *h, unsigned which, struct err *e);

/* Where the next bytes go, HASHER_BLOCK at most; waits for a block to be free. */
uint8_t *hasher_block(struct hasher *h);

/* That many were put there.  Only the last of a file may be less than HASHER_BLOCK. */
void hasher_add(struct hasher *h, size_t len);

void hasher_end(struct hasher *h, struct hasher_digests *ret);

#endif
