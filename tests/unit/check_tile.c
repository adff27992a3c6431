#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "custody/tile.h"
#include "unit/suite.h"

/* ------ names ------ */

static const struct { int level; uint64_t number; unsigned width; const char *path; } paths[] = {
	{ 0, 0, 256,			"tile/0/000" },
	{ 0, 0, 1,			"tile/0/000.p/1" },
	{ 0, 999, 255,			"tile/0/999.p/255" },
	{ 1, 1000, 256,			"tile/1/x001/000" },
	{ 0, 1234067, 256,		"tile/0/x001/x234/067" },
	{ 7, 1234067, 7,		"tile/7/x001/x234/067.p/7" },
	{ TILE_ENTRIES, 0, 256,		"tile/entries/000" },
	{ TILE_ENTRIES, 1000000, 12,	"tile/entries/x001/x000/000.p/12" },
	{ TILE_ENTRIES, UINT64_MAX, 255,
	  "tile/entries/x018/x446/x744/x073/x709/x551/615.p/255" },
};

START_TEST(names_as_the_standard_says)
{
	char path[TILE_PATH_SIZE];

	tile_path(paths[_i].level, paths[_i].number, paths[_i].width, path);
	ck_assert_str_eq(path, paths[_i].path);
}
END_TEST

/* ------ widths ------ */

#define TOP	((uint64_t)INT64_MAX)

/* 70,000 is the example of the standard. */
static const struct { int level; uint64_t number, size; unsigned width; } widths[] = {
	{ 0, 0, 0, 0 },		{ 0, 0, 1, 1 },		{ 0, 0, 255, 255 },	{ 0, 0, 256, 256 },
	{ 0, 1, 256, 0 },	{ 0, 1, 257, 1 },	{ 1, 0, 255, 0 },	{ 1, 0, 256, 1 },
	{ 1, 0, 511, 1 },	{ 2, 0, 65535, 0 },	{ 2, 0, 65536, 1 },
	{ 0, 272, 70000, 256 },	{ 0, 273, 70000, 112 },	{ 0, 274, 70000, 0 },
	{ 1, 0, 70000, 256 },	{ 1, 1, 70000, 17 },	{ 1, 2, 70000, 0 },
	{ 2, 0, 70000, 1 },	{ 3, 0, 70000, 0 },
	{ TILE_ENTRIES, 273, 70000, 112 },		{ TILE_ENTRIES, 0, 0, 0 },
	{ TILE_ENTRIES, 274, 70000, 0 },		{ TILE_ENTRIES, 272, 70000, 256 },
	{ 0, TOP / 256, TOP, 255 },			{ 0, TOP / 256 + 1, TOP, 0 },
	{ 7, 0, TOP, 127 },	{ 6, 127, TOP, 255 },	{ 7, 1, TOP, 0 },
	{ 0, UINT64_MAX, TOP, 0 },			{ 7, UINT64_MAX, TOP, 0 },
	{ 0, UINT64_MAX / 256, UINT64_MAX, 255 },	{ 0, UINT64_MAX, UINT64_MAX, 0 },
};

START_TEST(knows_how_wide_a_tile_is)
{
	ck_assert_uint_eq(tile_width(widths[_i].level, widths[_i].number, widths[_i].size),
			  widths[_i].width);
}
END_TEST

/* ------ nodes ------ */

static void make_tile(uint8_t tile[TILE_BYTES])
{
	for (unsigned i = 0; i < TILE_WIDTH; i++) {
		struct merkle_hash h = merkle_leaf(&i, sizeof(i));

		memcpy(tile + i * MERKLE_HASH_LEN, h.b, sizeof(h.b));
	}
}

static struct merkle_hash defined(const uint8_t *d, unsigned n)
{
	struct merkle_hash left, right;

	if (n == 1) {
		memcpy(left.b, d, sizeof(left.b));
		return left;
	}
	left = defined(d, n / 2);
	right = defined(d + n / 2 * MERKLE_HASH_LEN, n / 2);
	return merkle_node(&left, &right);
}

/* In a block of exactly the tile's size, so that a sanitizer sees a read beyond it. */
START_TEST(has_each_node_that_is_complete_and_no_other)
{
	const unsigned width = (unsigned)_i;
	uint8_t whole[TILE_BYTES], *tile;
	struct merkle_hash h, want;

	make_tile(whole);
	tile = malloc(width * MERKLE_HASH_LEN);
	ck_assert_ptr_nonnull(tile);
	memcpy(tile, whole, width * MERKLE_HASH_LEN);
	for (unsigned level = 0; level <= TILE_HEIGHT; level++)
		for (unsigned i = 0; i <= TILE_WIDTH; i++) {
			if ((i + 1) << level > width) {
				ck_assert(!tile_node(tile, width, level, i, &h));
				continue;
			}
			ck_assert(tile_node(tile, width, level, i, &h));
			want = defined(whole + (i << level) * MERKLE_HASH_LEN, 1U << level);
			ck_assert_mem_eq(&h, &want, sizeof(h));
		}
	free(tile);
}
END_TEST

static const struct { unsigned width, level, index; } no_node[] = {
	{ 256, 9, 0 }, { 256, 64, 0 }, { 256, UINT32_MAX, 0 }, { 256, 0, UINT32_MAX },
	{ 256, 8, 1 }, { 0, 0, 0 }, { 0, 8, 0 }, { 257, 0, 256 }, { 512, 8, 1 },
	{ UINT32_MAX, 0, 1000 },
};

START_TEST(has_no_such_node)
{
	uint8_t tile[TILE_BYTES];
	struct merkle_hash h;

	make_tile(tile);
	ck_assert(!tile_node(tile, no_node[_i].width, no_node[_i].level, no_node[_i].index, &h));
}
END_TEST

/* ------ bundles ------ */

#define BUNDLE(bytes_)	(const uint8_t *)bytes_, sizeof(bytes_) - 1

static const struct {
	const char *what;
	const uint8_t *bytes;
	size_t len;
	unsigned width, at;
	const char *entry, *sentence;
} bundles[] = {
	{ "the first", BUNDLE("\0\3abc\0\1x\0\0"), 3, 0, "abc", NULL },
	{ "one in the middle", BUNDLE("\0\3abc\0\1x\0\0"), 3, 1, "x", NULL },
	{ "an empty one at the end", BUNDLE("\0\3abc\0\1x\0\0"), 3, 2, "", NULL },
	{ "one too many", BUNDLE("\0\3abc\0\1x\0\0"), 2, 0, NULL,
	  "a bundle of 3 entries instead of 2" },
	{ "one too few", BUNDLE("\0\3abc\0\1x\0\0"), 4, 0, NULL,
	  "a bundle of 3 entries instead of 4" },
	{ "beyond the last", BUNDLE("\0\3abc\0\1x\0\0"), 3, 3, NULL, "no entry 3 in a bundle of 3" },
	{ "far beyond it", BUNDLE("\0\3abc"), 1, UINT32_MAX, NULL, "no entry 4294967295 in a" },
	{ "nothing at all", BUNDLE(""), 1, 0, NULL, "a bundle of 0 entries instead of 1" },
	{ "nothing wanted", BUNDLE(""), 0, 0, NULL, "no entry 0 in a bundle of 0" },
	{ "half a length", BUNDLE("\0"), 1, 0, NULL, "the length of an entry at byte 0 is cut" },
	{ "half a length at the end", BUNDLE("\0\1x\0"), 1, 0, NULL,
	  "the length of an entry at byte 3 is cut" },
	{ "half an entry", BUNDLE("\0\1x\0\5abcd"), 2, 0, NULL,
	  "the entry of 5 bytes at byte 3 is cut short: the bundle ends at 9" },
	{ "a length of all ones", BUNDLE("\xff\xff" "abc"), 1, 0, NULL,
	  "the entry of 65535 bytes at byte 0 is cut" },
	{ "little-endian", BUNDLE("\3\0abc"), 1, 0, NULL, "the entry of 768 bytes" },
};

START_TEST(takes_an_entry_out_of_a_bundle)
{
	uint8_t *exact = malloc(MAX(bundles[_i].len, 1));
	const uint8_t *entry = NULL;
	struct err e = { 0, "" };
	size_t len = 0;
	int r;

	ck_assert_ptr_nonnull(exact);
	memcpy(exact, bundles[_i].bytes, bundles[_i].len);
	r = tile_entry(exact, bundles[_i].len, bundles[_i].width, bundles[_i].at, &entry, &len, &e);
	if (bundles[_i].entry != NULL) {
		ck_assert_msg(r == 0, "%s: %s", bundles[_i].what, e.msg);
		ck_assert_uint_eq(len, strlen(bundles[_i].entry));
		ck_assert(memcmp(entry, bundles[_i].entry, len) == 0);
		ck_assert(entry >= exact && entry + len <= exact + bundles[_i].len);
	} else {
		ck_assert_msg(r == -EINVAL, "%s", bundles[_i].what);
		ck_assert_msg(strncmp(e.msg, bundles[_i].sentence,
				      strlen(bundles[_i].sentence)) == 0, "\"%s\"", e.msg);
		ck_assert_ptr_null(entry);
	}
	free(exact);
}
END_TEST

START_TEST(holds_the_largest_bundle)
{
	uint8_t *bundle = malloc(TILE_BUNDLE_MAX);
	const uint8_t *entry;
	size_t len, at = 0;
	unsigned n = 0;

	ck_assert_ptr_nonnull(bundle);
	memset(bundle, 0xff, TILE_BUNDLE_MAX);
	while (tile_next_entry(bundle, TILE_BUNDLE_MAX, &at, &entry, &len, NULL) == 1) {
		ck_assert_uint_eq(len, TILE_ENTRY_MAX);
		n++;
	}
	ck_assert_uint_eq(at, TILE_BUNDLE_MAX);
	ck_assert_uint_eq(n, TILE_WIDTH);
	free(bundle);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, names_as_the_standard_says, 0, (int)COUNT(paths));
	tcase_add_loop_test(tc, knows_how_wide_a_tile_is, 0, (int)COUNT(widths));
	tcase_add_loop_test(tc, has_each_node_that_is_complete_and_no_other, 1, 18);
	tcase_add_loop_test(tc, has_each_node_that_is_complete_and_no_other, 127, 130);
	tcase_add_loop_test(tc, has_each_node_that_is_complete_and_no_other, 254, 257);
	tcase_add_loop_test(tc, has_no_such_node, 0, (int)COUNT(no_node));
	tcase_add_loop_test(tc, takes_an_entry_out_of_a_bundle, 0, (int)COUNT(bundles));
	tcase_add_test(tc, holds_the_largest_bundle);
}

int main(void)
{
	return suite_main("tile", fill);
}
