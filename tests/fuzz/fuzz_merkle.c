/*
 * Two numbers and a proof's hashes, all of them a stranger's: a forged proof
 * never leads to a root that nobody computed.  And a tree of leaves that are
 * all the same, as large as the numbers say: what is proved of it checks.
 */
#include <errno.h>
#include <string.h>

#include "custody/merkle.h"
#include "fuzz/fuzz.h"

struct input {
	uint64_t a, b;
	struct merkle_proof proof;
};

static bool take(const uint8_t *bytes, size_t len, struct input *ret)
{
	const size_t numbers = sizeof(ret->a) + sizeof(ret->b);

	if (len < numbers + MERKLE_HASH_LEN)
		return false;
	memcpy(&ret->a, bytes, sizeof(ret->a));
	memcpy(&ret->b, bytes + sizeof(ret->a), sizeof(ret->b));
	ret->proof.n = MIN((len - numbers) / MERKLE_HASH_LEN, (size_t)MERKLE_PROOF_MAX);
	memcpy(ret->proof.hashes, bytes + numbers, ret->proof.n * MERKLE_HASH_LEN);
	return true;
}

/* Its hash is that of a text; a proof with a hash in it would lead there by a second one. */
static void forged(const struct input *in)
{
	static const char nobody[] = "a root that nobody computed";
	struct merkle_hash root = merkle_leaf(nobody, sizeof(nobody));

	MUST(!merkle_check_inclusion(in->a, in->b, &in->proof.hashes[0], &in->proof, &root));
	MUST(!merkle_check_consistency(in->a, in->b, &in->proof, &in->proof.hashes[0], &root));
	MUST(!merkle_check_consistency(in->a, in->b, &in->proof, &root, &root));
}

static int read_one_leaf(void *data, unsigned level, uint64_t index, struct merkle_hash *ret,
			 struct err *e)
{
	const uint64_t *size = data;

	(void)e;
	MUST(level < MERKLE_LEVELS && index < *size >> level);
	*ret = merkle_leaf("leaf", 4);
	for (; level > 0; level--)
		*ret = merkle_node(ret, ret);
	return 0;
}

static void proved(uint64_t index, uint64_t size)
{
	struct merkle_hash leaf = merkle_leaf("leaf", 4), part, root;
	struct merkle_frontier f;
	struct merkle_proof p;
	struct err e = { 0, "" };

	if (merkle_prove_inclusion(index, size, read_one_leaf, &size, &p, &e) < 0) {
		MUST(e.code == -ERANGE && (index >= size || size > INT64_MAX));
		MUST(merkle_prove_consistency(index + 1, size, read_one_leaf, &size, &p, &e) ==
		     -ERANGE);
		return;
	}
	MUST(merkle_root(size, read_one_leaf, &size, &root, &e) == 0);
	MUST(merkle_check_inclusion(index, size, &leaf, &p, &root));
	MUST(merkle_root(index + 1, read_one_leaf, &size, &part, &e) == 0);
	MUST(merkle_prove_consistency(index + 1, size, read_one_leaf, &size, &p, &e) == 0);
	MUST(merkle_check_consistency(index + 1, size, &p, &part, &root));
	MUST(merkle_frontier_load(index, read_one_leaf, &size, &f, &e) == 0);
	merkle_frontier_add(&f, &leaf);
	root = merkle_frontier_root(&f);
	MUST(merkle_equal(&root, &part));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct input in;

	if (!take(bytes, len, &in))
		return 0;
	forged(&in);
	proved(in.a, in.b);
	return 0;
}
