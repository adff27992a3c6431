/*
 * The Merkle tree of the custody log: RFC 6962, section 2.1, with SHA-256.
 * Leaf hash SHA-256(00 || leaf), node hash SHA-256(01 || left || right); the
 * empty tree's root is SHA-256 of nothing.
 *
 * A node is named (level, index): the root of the complete subtree over the
 * 2^level leaves from index * 2^level on.
 *
 * Pure; any thread.  Nothing is allocated.  Sizes and indices are counted in leaves and stay
 * below 2^63: a larger one is refused.
 */
#ifndef CUSTODY_MERKLE_H
#define CUSTODY_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { MERKLE_HASH_LEN = 32, MERKLE_LEVELS = 63, MERKLE_PROOF_MAX = 64 };

struct merkle_hash {
	uint8_t b[MERKLE_HASH_LEN];
};

struct merkle_hash merkle_leaf(const void *leaf, size_t len);
struct merkle_hash merkle_node(const struct merkle_hash *left, const struct merkle_hash *right);
struct merkle_hash merkle_empty(void);
bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b);

/* A proof: hashes from the leaf's side up, as RFC 6962, sections 2.1.1 and 2.1.2, list them. */
struct merkle_proof {
	struct merkle_hash hashes[MERKLE_PROOF_MAX];
	size_t n;
};

/*
 * A tree that only grows: the roots of its complete subtrees, 2 KB whatever its size.  Zeroed, it
 * is the empty tree.
 */
struct merkle_frontier {
	uint64_t size;
	struct merkle_hash peaks[MERKLE_LEVELS];	/* [level]: where that bit of size is set */
};

void merkle_frontier_add(struct merkle_frontier *f, const struct merkle_hash *leaf);
struct merkle_hash merkle_frontier_root(const struct merkle_frontier *f);

/* Is this leaf number `index` of the tree of `size` leaves with this root? */
bool merkle_check_inclusion(uint64_t index, uint64_t size, const struct merkle_hash *leaf,
			    const struct merkle_proof *proof, const struct merkle_hash *root);

/*
 * Is the tree (size1, root1) the beginning of (size2, root2)?  size1 0 is refused (as fixtures
 * of others do): there is nothing to be consistent with.  size1 == size2: an empty proof, same roots.
 */
bool merkle_check_consistency(uint64_t size1, uint64_t size2, const struct merkle_proof *proof,
			      const struct merkle_hash *root1, const struct merkle_hash *root2);

/*
 * Where the hashes of nodes come from: tiles on a disk, or a table in a test.  0, or a negative
 * errno and a sentence.
 */
typedef int (*merkle_read)(void *data, unsigned level, uint64_t index, struct merkle_hash *ret,
			   struct err *e);

/* 0, a negative errno of read, or -ERANGE (no such leaf or tree). */
int merkle_prove_inclusion(uint64_t index, uint64_t size, merkle_read read, void *data,
			   struct merkle_proof *ret, struct err *e);
int merkle_prove_consistency(uint64_t size1, uint64_t size2, merkle_read read, void *data,
			     struct merkle_proof *ret, struct err *e);
int merkle_root(uint64_t size, merkle_read read, void *data, struct merkle_hash *ret,
		struct err *e);
/* The frontier of the tree of `size` leaves, to go on from. */
int merkle_frontier_load(uint64_t size, merkle_read read, void *data, struct merkle_frontier *ret,
			 struct err *e);

#endif
