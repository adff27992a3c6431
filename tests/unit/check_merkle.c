#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/util.h"
#include "custody/merkle.h"
#include "unit/suite.h"

enum { LEAVES = 270, ALL_PAIRS = 150, ALL_MUTATIONS = 40 };

/* What is looked at a million times: ck_assert() writes down each of its calls. */
#define WANT(cond)	do { if (!(cond)) ck_abort_msg("%s", #cond); } while (0)

/* ------ the tree, by its definition ------ */

/* Leaf i of the tests is "leaf i"; RFC 6962, section 2.1, to the letter. */
static struct merkle_hash hashes[LEAVES];

static struct merkle_hash defined(const struct merkle_hash *d, size_t n)
{
	struct merkle_hash left, right;
	size_t k = 1;

	if (n == 0)
		return merkle_empty();
	if (n == 1)
		return d[0];
	while (k * 2 < n)
		k *= 2;
	left = defined(d, k);
	right = defined(d + k, n - k);
	return merkle_node(&left, &right);
}

enum { LEVELS = 9 };
static struct merkle_hash nodes[LEVELS][LEAVES];

/* All leaves; `changed` is another one. */
static void set_up_changed(unsigned changed)
{
	char leaf[16];

	for (unsigned i = 0; i < LEAVES; i++) {
		snprintf(leaf, sizeof(leaf), i == changed ? "LEAF %u" : "leaf %u", i);
		hashes[i] = merkle_leaf(leaf, strlen(leaf));
	}
	memcpy(nodes[0], hashes, sizeof(hashes));
	for (unsigned level = 1; level < LEVELS; level++)
		for (unsigned i = 0; i < (unsigned)LEAVES >> level; i++)
			nodes[level][i] = merkle_node(&nodes[level - 1][2 * i],
						      &nodes[level - 1][2 * i + 1]);
}

static void set_up(void)
{
	set_up_changed(LEAVES);
}

/* A merkle_read that knows the trees of up to *data leaves, and nothing incomplete. */
static int from_leaves(void *data, unsigned level, uint64_t index, struct merkle_hash *ret,
		       struct err *e)
{
	const uint64_t *size = data;

	WANT(level < MERKLE_LEVELS);
	if (index >= *size >> level)
		return err_set(e, -EIO, "no node (%u, %ju)", level, (uintmax_t)index);
	*ret = nodes[level][index];
	return 0;
}

/* ------ what others computed ------ */

static const struct { const char *leaf; size_t len; const char *root; } known[] = {
	{ "",	0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
	{ "\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
	{ "\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
	{ "\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
	{ "\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
	{ "\x40\x41\x42\x43", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
	{ "\x50\x51\x52\x53\x54\x55\x56\x57", 8,
	  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
	{ "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
	  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
};

static void want_hex(const struct merkle_hash *h, const char *want)
{
	char hex[2 * MERKLE_HASH_LEN + 1];

	sodium_bin2hex(hex, sizeof(hex), h->b, sizeof(h->b));
	ck_assert_str_eq(hex, want);
}

START_TEST(has_the_roots_of_the_first_logs)
{
	struct merkle_frontier f = { .size = 0 };
	struct merkle_hash h = merkle_frontier_root(&f);

	want_hex(&h, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (size_t i = 0; i < COUNT(known); i++) {
		h = merkle_leaf(known[i].leaf, known[i].len);
		merkle_frontier_add(&f, &h);
		h = merkle_frontier_root(&f);
		want_hex(&h, known[i].root);
	}
	ck_assert_uint_eq(f.size, COUNT(known));
}
END_TEST

static const char *fixtures(void)
{
	const char *dir = getenv("DV_FIXTURES");

	return dir != NULL ? dir : "../shared/fixtures";
}

/* base64 of at most a hash; its length, the rest zeros. */
static size_t hash_of(const json_t *text, struct merkle_hash *ret)
{
	const char *s = json_string_value(text);
	size_t len;

	ck_assert_ptr_nonnull(s);
	memset(ret, 0, sizeof(*ret));
	ck_assert_int_eq(sodium_base642bin(ret->b, sizeof(ret->b), s, strlen(s), NULL, &len, NULL,
					   sodium_base64_VARIANT_ORIGINAL), 0);
	return len;
}

static uint64_t number_of(const json_t *n)
{
	double d = json_number_value(n);

	return d < 9e18 ? (uint64_t)d : UINT64_MAX;
}

static bool judge(const json_t *c)
{
	const json_t *list = json_object_get(c, "proof");
	struct merkle_proof proof = { .n = json_array_size(list) };
	struct merkle_hash a, b;

	ck_assert_uint_le(proof.n, MERKLE_PROOF_MAX);
	for (size_t i = 0; i < proof.n; i++)
		hash_of(json_array_get(list, i), &proof.hashes[i]);
	if (json_object_get(c, "size1") != NULL) {
		hash_of(json_object_get(c, "root1"), &a);
		hash_of(json_object_get(c, "root2"), &b);
		return merkle_check_consistency(number_of(json_object_get(c, "size1")),
						number_of(json_object_get(c, "size2")), &proof,
						&a, &b);
	}
	/* What is no hash at all cannot even be asked for. */
	if (hash_of(json_object_get(c, "leafHash"), &a) != MERKLE_HASH_LEN ||
	    hash_of(json_object_get(c, "root"), &b) != MERKLE_HASH_LEN)
		return false;
	return merkle_check_inclusion(number_of(json_object_get(c, "leafIdx")),
				      number_of(json_object_get(c, "treeSize")), &a, &proof, &b);
}

static unsigned cases;

static int judge_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
	json_error_t why;
	json_t *c;

	(void)st;
	(void)at;
	if (type != FTW_F || strstr(path, ".json") == NULL)
		return 0;
	c = json_load_file(path, JSON_DECODE_INT_AS_REAL, &why);
	ck_assert_msg(c != NULL, "%s: %s", path, why.text);
	ck_assert(json_is_boolean(json_object_get(c, "wantErr")));
	ck_assert_msg(judge(c) == json_is_false(json_object_get(c, "wantErr")), "%s", path);
	json_decref(c);
	cases++;
	return 0;
}

START_TEST(judges_as_transparency_dev_does)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s/merkle", fixtures());
	if (stat(path, &st) < 0) {
		fprintf(stderr, "check_merkle: SKIPPED: %s is not there (set DV_FIXTURES)\n", path);
		return;
	}
	cases = 0;
	ck_assert_int_eq(nftw(path, judge_file, 8, FTW_PHYS), 0);
	ck_assert_uint_eq(cases, 170);
}
END_TEST

/* ------ the frontier ------ */

START_TEST(grows_as_defined)
{
	struct merkle_frontier f = { .size = 0 }, loaded;
	struct merkle_hash root, want;
	struct err e;

	for (uint64_t size = 0; size <= LEAVES; size++) {
		want = defined(hashes, size);
		root = merkle_frontier_root(&f);
		ck_assert_mem_eq(&root, &want, sizeof(root));
		ck_assert_int_eq(merkle_root(size, from_leaves, &size, &root, &e), 0);
		ck_assert_mem_eq(&root, &want, sizeof(root));
		memset(&loaded, 0xee, sizeof(loaded));
		ck_assert_int_eq(merkle_frontier_load(size, from_leaves, &size, &loaded, &e), 0);
		ck_assert_uint_eq(loaded.size, size);
		for (uint64_t more = size; more < MIN(size + 20, (uint64_t)LEAVES); more++)
			merkle_frontier_add(&loaded, &hashes[more]);
		root = merkle_frontier_root(&loaded);
		want = defined(hashes, loaded.size);
		ck_assert_mem_eq(&root, &want, sizeof(root));
		if (size < LEAVES)
			merkle_frontier_add(&f, &hashes[size]);
	}
}
END_TEST

/* ------ inclusion ------ */

/* A proof with one thing changed that must be noticed; false: there is no such change. */
static bool mutate(const struct merkle_proof *p, size_t how, struct merkle_proof *ret)
{
	*ret = *p;
	if (how < p->n) {
		ret->hashes[how].b[how % MERKLE_HASH_LEN] ^= (uint8_t)(1 << how % 8);
		return true;
	}
	how -= p->n;
	if (how == 0 && p->n < MERKLE_PROOF_MAX) {
		ret->hashes[ret->n++] = hashes[0];
		return true;
	}
	if (how == 1) {
		memmove(ret->hashes + 1, ret->hashes,
			sizeof(ret->hashes) - sizeof(ret->hashes[0]));
		ret->hashes[0] = hashes[1];
		ret->n++;
		return true;
	}
	if (p->n == 0)
		return false;
	if (how == 2)
		ret->n--;
	if (how == 3)
		memmove(ret->hashes, ret->hashes + 1, --ret->n * sizeof(ret->hashes[0]));
	return how < 4;
}

static void want_inclusion_alone(uint64_t at, uint64_t size, const struct merkle_proof *p,
				 const struct merkle_hash *root)
{
	struct merkle_hash other = *root;
	struct merkle_proof bad;

	for (size_t how = 0; mutate(p, how, &bad); how++)
		WANT(!merkle_check_inclusion(at, size, &hashes[at], &bad, root));
	other.b[at % MERKLE_HASH_LEN] ^= 1;
	WANT(!merkle_check_inclusion(at, size, &hashes[at], p, &other));
	WANT(!merkle_check_inclusion(at, size, &hashes[at + 1], p, root));
	/* Another place, even where the way up looks the same. */
	for (uint64_t i = 0; i < size + 2; i++)
		WANT(i == at || !merkle_check_inclusion(i, size, &hashes[at], p, root));
}

START_TEST(proves_each_leaf_of_each_tree)
{
	struct merkle_proof p, bad;
	struct merkle_hash root;
	uint64_t size, at;
	struct err e;

	for (size = 1; size <= LEAVES; size++) {
		root = defined(hashes, size);
		for (at = 0; at < size; at++) {
			WANT(merkle_prove_inclusion(at, size, from_leaves, &size, &p, &e) == 0);
			WANT(merkle_check_inclusion(at, size, &hashes[at], &p, &root));
			if (size <= ALL_MUTATIONS)
				want_inclusion_alone(at, size, &p, &root);
			else if (mutate(&p, at % (p.n + 4), &bad))
				WANT(!merkle_check_inclusion(at, size, &hashes[at], &bad,
								  &root));
		}
	}
}
END_TEST

/* ------ consistency ------ */

static void want_consistency_alone(uint64_t a, uint64_t b, const struct merkle_proof *p,
				   const struct merkle_hash *root1, const struct merkle_hash *root2)
{
	struct merkle_hash other1 = *root1, other2 = *root2;
	struct merkle_proof bad;

	for (size_t how = 0; mutate(p, how, &bad); how++)
		WANT(!merkle_check_consistency(a, b, &bad, root1, root2));
	other1.b[a % MERKLE_HASH_LEN] ^= 1;
	other2.b[b % MERKLE_HASH_LEN] ^= 1;
	WANT(!merkle_check_consistency(a, b, p, &other1, root2));
	WANT(!merkle_check_consistency(a, b, p, root1, &other2));
	WANT(a == b || !merkle_check_consistency(a, b, p, root2, root1));
	WANT(a == b || !merkle_check_consistency(b, a, p, root2, root1));
}

START_TEST(proves_each_tree_of_each_larger_one)
{
	struct merkle_hash roots[ALL_PAIRS + 1];
	struct merkle_proof p;
	uint64_t a, b;
	struct err e;

	for (a = 0; a <= ALL_PAIRS; a++)
		roots[a] = defined(hashes, a);
	for (b = 1; b <= ALL_PAIRS; b++)
		for (a = 1; a <= b; a++) {
			WANT(merkle_prove_consistency(a, b, from_leaves, &b, &p, &e) == 0);
			WANT(merkle_check_consistency(a, b, &p, &roots[a], &roots[b]));
			if (b <= ALL_MUTATIONS)
				want_consistency_alone(a, b, &p, &roots[a], &roots[b]);
		}
}
END_TEST

/* A log that changed one leaf below the first size is contained in none that did not. */
START_TEST(sees_a_rewritten_past)
{
	const uint64_t a = 77, b = 130;
	struct merkle_hash old = defined(hashes, a), root;
	struct merkle_proof p;
	uint64_t size = b;
	struct err e;

	set_up_changed((unsigned)_i);
	root = defined(hashes, b);
	ck_assert_int_eq(merkle_prove_consistency(a, b, from_leaves, &size, &p, &e), 0);
	ck_assert(!merkle_check_consistency(a, b, &p, &old, &root));
}
END_TEST

/* ------ limits ------ */

/*
 * Trees of 2^63 leaves, all of them the same one, so that all complete subtrees of a height are the
 * same, too.
 */
static int from_one_leaf(void *data, unsigned level, uint64_t index, struct merkle_hash *ret,
			 struct err *e)
{
	static struct merkle_hash of_height[MERKLE_LEVELS];
	static unsigned made;
	const uint64_t *size = data;

	(void)e;
	WANT(level < MERKLE_LEVELS);
	WANT(index < *size >> level);
	for (of_height[0] = hashes[0]; made < level; made++)
		of_height[made + 1] = merkle_node(&of_height[made], &of_height[made]);
	*ret = of_height[level];
	return 0;
}

#define TOP	((uint64_t)INT64_MAX)

static const uint64_t large[] = {
	TOP, TOP - 1, TOP - 2, TOP / 2 + 1, TOP / 2, TOP / 2 + 2, 1ULL << 40, (1ULL << 40) + 1,
};

START_TEST(climbs_the_largest_trees)
{
	uint64_t size = large[_i], at[] = { 0, 1, 6, size / 2, size / 2 + 1, size - 2, size - 1 };
	struct merkle_hash root, part;
	struct merkle_proof p;
	struct err e;

	ck_assert_int_eq(merkle_root(size, from_one_leaf, &size, &root, &e), 0);
	for (size_t i = 0; i < COUNT(at); i++) {
		ck_assert_int_eq(merkle_prove_inclusion(at[i], size, from_one_leaf, &size, &p, &e),
				 0);
		ck_assert(merkle_check_inclusion(at[i], size, &hashes[0], &p, &root));
		ck_assert(!merkle_check_inclusion(at[i], size, &hashes[1], &p, &root));
		ck_assert_int_eq(merkle_root(at[i] + 1, from_one_leaf, &size, &part, &e), 0);
		ck_assert_int_eq(merkle_prove_consistency(at[i] + 1, size, from_one_leaf, &size, &p,
							  &e), 0);
		ck_assert(merkle_check_consistency(at[i] + 1, size, &p, &part, &root));
		ck_assert(!merkle_check_consistency(at[i] + 1, size, &p, &part, &hashes[0]));
		ck_assert(!merkle_check_consistency(at[i] + 1, size, &p, &hashes[1], &root));
	}
}
END_TEST

static const struct { uint64_t index, size; } no_leaf[] = {
	{ 0, 0 }, { 1, 1 }, { 5, 4 }, { UINT64_MAX, 4 }, { 0, TOP + 1 }, { 0, UINT64_MAX },
	{ UINT64_MAX, UINT64_MAX }, { TOP, TOP + 1 },
};

START_TEST(knows_no_such_leaf)
{
	uint64_t index = no_leaf[_i].index, size = no_leaf[_i].size;
	struct merkle_hash h = merkle_empty();
	struct merkle_proof p = { .n = 0 };
	struct err e = { 0, "" };

	ck_assert_int_eq(merkle_prove_inclusion(index, size, from_one_leaf, &size, &p, &e), -ERANGE);
	ck_assert_str_ne(e.msg, "");
	for (p.n = 0; p.n <= MERKLE_PROOF_MAX; p.n++)
		ck_assert(!merkle_check_inclusion(index, size, &h, &p, &h));
	p.n = SIZE_MAX;
	ck_assert(!merkle_check_inclusion(0, 1, &h, &p, &h));
}
END_TEST

static const struct { uint64_t size1, size2; } no_pair[] = {
	{ 0, 0 }, { 0, 5 }, { 6, 5 }, { UINT64_MAX, 5 }, { 1, TOP + 1 }, { TOP + 1, TOP + 1 },
	{ UINT64_MAX, UINT64_MAX }, { 1, UINT64_MAX },
};

START_TEST(knows_no_such_trees)
{
	uint64_t a = no_pair[_i].size1, b = no_pair[_i].size2;
	struct merkle_hash h = merkle_empty();
	struct merkle_proof p = { .n = 0 };
	struct err e = { 0, "" };

	ck_assert_int_eq(merkle_prove_consistency(a, b, from_one_leaf, &b, &p, &e), -ERANGE);
	ck_assert_str_ne(e.msg, "");
	for (p.n = 0; p.n <= MERKLE_PROOF_MAX; p.n++)
		ck_assert(!merkle_check_consistency(a, b, &p, &h, &h));
	p.n = SIZE_MAX;
	ck_assert(!merkle_check_consistency(1, 2, &p, &h, &h));
}
END_TEST

START_TEST(has_no_root_of_a_tree_too_large)
{
	struct merkle_frontier f;
	struct merkle_hash h;
	uint64_t size = TOP + 1;
	struct err e;

	ck_assert_int_eq(merkle_root(size, from_one_leaf, &size, &h, &e), -ERANGE);
	ck_assert_int_eq(merkle_frontier_load(size, from_one_leaf, &size, &f, &e), -ERANGE);
	size = TOP;
	ck_assert_int_eq(merkle_frontier_load(size, from_one_leaf, &size, &f, &e), 0);
}
END_TEST

/* What cannot be read is told as it was told. */
START_TEST(hands_on_what_reading_says)
{
	struct merkle_frontier f;
	struct merkle_proof p;
	struct merkle_hash h;
	uint64_t there = 0;
	struct err e = { 0, "" };

	ck_assert_int_eq(merkle_prove_inclusion(3, 7, from_leaves, &there, &p, &e), -EIO);
	ck_assert_str_eq(e.msg, "no node (0, 2)");
	ck_assert_int_eq(merkle_prove_consistency(3, 7, from_leaves, &there, &p, &e), -EIO);
	ck_assert_int_eq(merkle_root(7, from_leaves, &there, &h, &e), -EIO);
	ck_assert_int_eq(merkle_frontier_load(7, from_leaves, &there, &f, &e), -EIO);
	there = 4;
	ck_assert_int_eq(merkle_prove_inclusion(3, 7, from_leaves, &there, &p, &e), -EIO);
	ck_assert_str_eq(e.msg, "no node (0, 6)");
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, has_the_roots_of_the_first_logs);
	tcase_add_test(tc, judges_as_transparency_dev_does);
	tcase_add_test(tc, grows_as_defined);
	tcase_add_test(tc, proves_each_leaf_of_each_tree);
	tcase_add_test(tc, proves_each_tree_of_each_larger_one);
	tcase_add_loop_test(tc, sees_a_rewritten_past, 0, 77);
	tcase_add_loop_test(tc, climbs_the_largest_trees, 0, (int)COUNT(large));
	tcase_add_loop_test(tc, knows_no_such_leaf, 0, (int)COUNT(no_leaf));
	tcase_add_loop_test(tc, knows_no_such_trees, 0, (int)COUNT(no_pair));
	tcase_add_test(tc, has_no_root_of_a_tree_too_large);
	tcase_add_test(tc, hands_on_what_reading_says);
}

int main(void)
{
	return suite_main("merkle", fill);
}
