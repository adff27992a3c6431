/*
 * libcrypto's SHA256_*(): 2 to 4 times as fast as libsodium's, since it uses the
 * processor's SHA instructions.  Deprecated since OpenSSL 3.0 in favour of EVP, which
 * allocates, can fail, and takes half as long again for 65 bytes.
 */
#define OPENSSL_API_COMPAT 0x10100000L

#include "custody/merkle.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/util.h"

#define SIZE_MAX_LEAVES	((uint64_t)INT64_MAX)

_Static_assert(MERKLE_HASH_LEN == SHA256_DIGEST_LENGTH, "a hash is of SHA-256");

/* ------ hashes ------ */

struct merkle_hash merkle_leaf(const void *leaf, size_t len)
{
	struct merkle_hash ret;
	SHA256_CTX h;

	SHA256_Init(&h);
	SHA256_Update(&h, "\x00", 1);
	if (len > 0)
		SHA256_Update(&h, leaf, len);
	SHA256_Final(ret.b, &h);
	return ret;
}

struct merkle_hash merkle_node(const struct merkle_hash *left, const struct merkle_hash *right)
{
	struct merkle_hash ret;
	SHA256_CTX h;

	SHA256_Init(&h);
	SHA256_Update(&h, "\x01", 1);
	SHA256_Update(&h, left->b, sizeof(left->b));
	SHA256_Update(&h, right->b, sizeof(right->b));
	SHA256_Final(ret.b, &h);
	return ret;
}

struct merkle_hash merkle_empty(void)
{
	struct merkle_hash ret;
	SHA256_CTX h;

	SHA256_Init(&h);
	SHA256_Final(ret.b, &h);
	return ret;
}

bool merkle_equal(const struct merkle_hash *a, const struct merkle_hash *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* ------ a tree that grows ------ */

static bool bit(uint64_t n, unsigned i)
{
	return (n >> i & 1) != 0;
}

void merkle_frontier_add(struct merkle_frontier *f, const struct merkle_hash *leaf)
{
	struct merkle_hash h = *leaf;
	unsigned level;

	if (f->size >= SIZE_MAX_LEAVES)
		BUG("a tree of 2^63 leaves");
	for (level = 0; bit(f->size, level); level++)
		h = merkle_node(&f->peaks[level], &h);
	f->peaks[level] = h;
	f->size++;
}

struct merkle_hash merkle_frontier_root(const struct merkle_frontier *f)
{
	struct merkle_hash root;
	bool any = false;
	unsigned level;

	for (level = 0; level < MERKLE_LEVELS; level++) {
		if (!bit(f->size, level))
			continue;
		root = any ? merkle_node(&f->peaks[level], &root) : f->peaks[level];
		any = true;
	}
	return any ? root : merkle_empty();
}

/* ------ checking: RFC 9162, sections 2.1.3.2 and 2.1.4.2, the same trees ------ */

/* The way up from a node: its number in its level, and that of the level's last node. */
struct climb {
	uint64_t at, last;
};

static void step(struct climb *c)
{
	c->at >>= 1;
	c->last >>= 1;
}

/*
 * Is what the proof has next to the left of this node, so that it must be hashed in front?  A node
 * without anything to its right is its own parent, up to where it has something to its left.
 */
static bool joins_left(struct climb *c)
{
	if ((c->at & 1) == 0 && c->at != c->last)
		return false;
	while ((c->at & 1) == 0 && c->at != 0)
		step(c);
	return true;
}

bool merkle_check_inclusion(uint64_t index, uint64_t size, const struct merkle_hash *leaf,
			    const struct merkle_proof *proof, const struct merkle_hash *root)
{
	struct climb c = { index, size - 1 };
	struct merkle_hash h = *leaf;
	size_t i;

	if (size > SIZE_MAX_LEAVES || index >= size || proof->n > MERKLE_PROOF_MAX)
		return false;
	for (i = 0; i < proof->n; i++) {
		if (c.last == 0)
			return false;
		h = joins_left(&c) ? merkle_node(&proof->hashes[i], &h) :
				     merkle_node(&h, &proof->hashes[i]);
		step(&c);
	}
	return c.last == 0 && merkle_equal(&h, root);
}

bool merkle_check_consistency(uint64_t size1, uint64_t size2, const struct merkle_proof *proof,
			      const struct merkle_hash *root1, const struct merkle_hash *root2)
{
	struct climb c = { size1 - 1, size2 - 1 };
	struct merkle_hash h1, h2;
	size_t i = 0;

	if (size1 == 0 || size1 > size2 || size2 > SIZE_MAX_LEAVES || proof->n > MERKLE_PROOF_MAX)
		return false;
	if (size1 == size2)
		return proof->n == 0 && merkle_equal(root1, root2);
	if (proof->n == 0)
		return false;
	/* From the last complete subtree of the first tree; when it is all of it, that is known. */
	while ((c.at & 1) != 0)
		step(&c);
	h1 = h2 = c.at == 0 ? *root1 : proof->hashes[i++];
	for (; i < proof->n; i++) {
		if (c.last == 0)
			return false;
		if (joins_left(&c)) {
			h1 = merkle_node(&proof->hashes[i], &h1);
			h2 = merkle_node(&proof->hashes[i], &h2);
		} else {
			h2 = merkle_node(&h2, &proof->hashes[i]);
		}
		step(&c);
	}
	return c.last == 0 && merkle_equal(&h1, root1) && merkle_equal(&h2, root2);
}

/* ------ proving ------ */

struct source {
	uint64_t size;
	merkle_read read;
	void *data;
	struct err *e;
};

/* The complete subtree of 2^level leaves that bit `level` of the size stands for. */
static int read_peak(const struct source *s, unsigned level, struct merkle_hash *ret)
{
	return s->read(s->data, level, (s->size >> level) - 1, ret, s->e);
}

/* The hash over the leaves that the low `levels` bits of the size count; there are some. */
static int read_tail(const struct source *s, unsigned levels, struct merkle_hash *ret)
{
	struct merkle_hash peak;
	bool any = false;
	unsigned level;
	int r;

	for (level = 0; level < levels; level++) {
		if (!bit(s->size, level))
			continue;
		r = read_peak(s, level, &peak);
		if (r < 0)
			return r;
		*ret = any ? merkle_node(&peak, ret) : peak;
		any = true;
	}
	return 0;
}

/* Add to the proof the way from the node (level, index) up to the root. */
static int prove_up(const struct source *s, unsigned level, uint64_t index,
		    struct merkle_proof *p)
{
	const uint64_t last = s->size - 1;
	uint64_t sibling;
	int r;

	for (; last >> level != 0; level++, index >>= 1) {
		sibling = index ^ 1;
		if (sibling > last >> level)
			continue;	/* nothing to its right: it is its own parent */
		if (sibling == s->size >> level)	/* there, and not complete */
			r = read_tail(s, level, &p->hashes[p->n]);
		else
			r = s->read(s->data, level, sibling, &p->hashes[p->n], s->e);
		if (r < 0)
			return r;
		p->n++;
	}
	return 0;
}

static int too_large(uint64_t size, struct err *e)
{
	return err_set(e, -ERANGE, "no tree has %" PRIu64 " leaves", size);
}

int merkle_prove_inclusion(uint64_t index, uint64_t size, merkle_read read, void *data,
			   struct merkle_proof *ret, struct err *e)
{
	const struct source s = { size, read, data, e };

	if (size > SIZE_MAX_LEAVES)
		return too_large(size, e);
	if (index >= size)
		return err_set(e, -ERANGE, "a tree of %" PRIu64 " leaves has no leaf %" PRIu64,
			       size, index);
	ret->n = 0;
	return prove_up(&s, 0, index, ret);
}

int merkle_prove_consistency(uint64_t size1, uint64_t size2, merkle_read read, void *data,
			     struct merkle_proof *ret, struct err *e)
{
	const struct source s = { size2, read, data, e };
	unsigned level;
	int r;

	if (size2 > SIZE_MAX_LEAVES)
		return too_large(size2, e);
	if (size1 == 0 || size1 > size2)
		return err_set(e, -ERANGE, "a tree of %" PRIu64 " leaves does not begin with one of "
			       "%" PRIu64, size2, size1);
	ret->n = 0;
	if (size1 == size2)
		return 0;
	for (level = 0; !bit(size1, level); level++)
		;
	if (size1 >> level != 1) {
		r = read(data, level, (size1 >> level) - 1, &ret->hashes[ret->n++], e);
		if (r < 0)
			return r;
	}
	return prove_up(&s, level, (size1 >> level) - 1, ret);
}

int merkle_root(uint64_t size, merkle_read read, void *data, struct merkle_hash *ret,
		struct err *e)
{
	const struct source s = { size, read, data, e };
	struct merkle_hash root = merkle_empty();
	int r;

	if (size > SIZE_MAX_LEAVES)
		return too_large(size, e);
	r = read_tail(&s, MERKLE_LEVELS, &root);
	if (r == 0)
		*ret = root;
	return r;
}

int merkle_frontier_load(uint64_t size, merkle_read read, void *data, struct merkle_frontier *ret,
			 struct err *e)
{
	const struct source s = { size, read, data, e };
	struct merkle_frontier f = { .size = size };
	unsigned level;
	int r;

	if (size > SIZE_MAX_LEAVES)
		return too_large(size, e);
	for (level = 0; level < MERKLE_LEVELS; level++)
		if (bit(size, level) && (r = read_peak(&s, level, &f.peaks[level])) < 0)
			return r;
	*ret = f;
	return 0;
}
