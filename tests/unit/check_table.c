#include "lister/table.h"

#include <string.h>

#include "base/util.h"
#include "emulator/card_priv.h"
#include "unit/suite.h"

enum { BLOCK = 512, BLOCKS = 4096, ARRAY = 128 * 128, LAST = BLOCKS - 1 };

static uint8_t disk[BLOCKS * BLOCK];
static uint64_t unreadable;
static unsigned reads;

static bool read_block(struct table_source *s, uint64_t block, uint8_t *buf)
{
	ck_assert_uint_lt(block, s->blocks);
	reads++;
	memcpy(buf, disk + block * BLOCK, BLOCK);
	return block != unreadable;
}

static struct table read_disk(void)
{
	struct table_source s = { BLOCK, BLOCKS, read_block };
	struct table t;

	reads = 0;
	table_read(&s, &t);
	ck_assert_uint_le(reads, TABLE_READS_MAX);
	return t;
}

/* ------ MBR ------ */

static void put_part(uint64_t block, unsigned slot, uint8_t type, uint32_t first, uint32_t n)
{
	uint8_t *b = disk + block * BLOCK, *entry = b + 446 + slot * 16;

	entry[4] = type;
	card_put32(entry + 8, first);
	card_put32(entry + 12, n);
	card_put16(b + 510, 0xaa55);
}

static void clear(void)
{
	memset(disk, 0, sizeof(disk));
	unreadable = UINT64_MAX;
}

START_TEST(reads_an_mbr)
{
	struct table t;

	clear();
	ck_assert_int_eq(read_disk().kind, TABLE_NONE);
	put_part(0, 0, 0x0c, 100, 50);
	put_part(0, 2, 0x07, 200, 10000);
	t = read_disk();
	ck_assert_int_eq(t.kind, TABLE_MBR);
	ck_assert_uint_eq(t.n, 2);
	ck_assert(t.parts[0].first == 100 && t.parts[0].last == 149 && t.parts[0].wrong == TABLE_FINE);
	ck_assert(t.parts[1].first == 200 && t.parts[1].wrong == TABLE_TOO_LONG);
	disk[446] = 0x12;		/* neither active nor not: something else than a table */
	ck_assert_int_eq(read_disk().kind, TABLE_NONE);
}
END_TEST

static const struct {
	const char *what;
	struct { uint8_t at, slot, type; uint32_t first; } puts[4];
	unsigned n;
	bool ring;
} chains[] = {
	{ "two links", { { 0, 0, 0x05, 8 }, { 8, 0, 7, 2 }, { 8, 1, 5, 4 }, { 12, 0, 7, 2 } }, 2, false },
	{ "itself", { { 0, 0, 0x05, 8 }, { 8, 0, 7, 2 }, { 8, 1, 5, 0 } }, 1, true },
	{ "backwards", { { 0, 0, 0x0f, 8 }, { 8, 1, 5, 8 }, { 16, 1, 5, 4 }, { 16, 0, 7, 1 } }, 1, true },
	{ "out of the card", { { 0, 0, 0x0f, 8 }, { 8, 0, 7, 2 }, { 8, 1, 5, UINT32_MAX } }, 1, true },
	{ "no link at all", { { 0, 0, 0x85, 8 }, { 0, 1, 7, 200 } }, 1, true },
};

START_TEST(follows_extended_partitions)
{
	struct table t;

	clear();
	for (size_t i = 0; i < 4 && chains[_i].puts[i].type != 0; i++)
		put_part(chains[_i].puts[i].at, chains[_i].puts[i].slot, chains[_i].puts[i].type,
			 chains[_i].puts[i].first, 1);
	t = read_disk();
	ck_assert_msg(t.n == chains[_i].n, "%s: %u", chains[_i].what, t.n);
	ck_assert_msg(t.ring == chains[_i].ring, "%s", chains[_i].what);
}
END_TEST

START_TEST(a_long_chain_ends)
{
	clear();
	put_part(0, 0, 0x05, 10, 1);
	for (uint32_t i = 0; i < 1000; i++) {
		put_part(10 + i, 0, 7, 2000, 1);
		put_part(10 + i, 1, 5, i + 1, 1);
	}
	ck_assert(read_disk().ring && read_disk().more);
}
END_TEST

/* ------ GPT ------ */

static void gpt_part(unsigned i, uint64_t first, uint64_t last)
{
	uint8_t *entry = disk + 2 * BLOCK + i * 128;

	memset(entry, 0x11, 32);
	card_put64(entry + 32, first);
	card_put64(entry + 40, last);
}

/* The header of the copy whose array is there, with sums that hold. */
static void gpt_seal(uint64_t at, uint64_t array, uint32_t n, uint32_t entry_len)
{
	uint8_t *h = disk + at * BLOCK;

	memset(h, 0, BLOCK);
	memcpy(h, "EFI PART\0\0\1\0\x5c", 13);
	card_put64(h + 24, at);
	card_put64(h + 72, array);
	card_put32(h + 80, n);
	card_put32(h + 84, entry_len);
	card_put32(h + 88, card_crc32(disk + array * BLOCK, ARRAY));
	card_put32(h + 16, card_crc32(h, 92));
}

static void gpt_sound(void)
{
	clear();
	put_part(0, 0, 0xee, 1, LAST);
	gpt_part(0, 100, 199);
	gpt_part(5, 200, 299);
	memcpy(disk + (LAST - 32) * BLOCK, disk + 2 * BLOCK, ARRAY);
	gpt_seal(1, 2, 128, 128);
	gpt_seal(LAST, LAST - 32, 128, 128);
}

START_TEST(reads_a_gpt)
{
	struct table t;

	gpt_sound();
	t = read_disk();
	ck_assert_int_eq(t.kind, TABLE_GPT);
	ck_assert_uint_eq(t.n, 2);
	ck_assert(!t.backup && !t.damaged && !t.more && !t.ring);
	ck_assert(t.parts[1].first == 200 && t.parts[1].last == 299 && t.parts[1].wrong == TABLE_FINE);
}
END_TEST

/* Bytes of the first header, and what comes of them with and without the backup. */
static const struct {
	const char *what;
	size_t at, len;
	uint64_t value;
	bool array, sane;
} headers[] = {
	{ "no signature", 0, 8, 0, false, false },
	{ "a wrong checksum", 16, 4, 1, false, true },
	{ "a header of 0 bytes", 12, 4, 0, false, false },
	{ "a header of 4 GiB", 12, 4, UINT32_MAX, false, false },
	{ "entries of 0 bytes", 84, 4, 0, false, false },
	{ "entries of 2 GiB", 84, 4, UINT32_C(1) << 31, false, false },
	{ "entries of 129 bytes", 84, 4, 129, false, false },
	{ "2^32 - 1 entries", 80, 4, UINT32_MAX, false, false },
	{ "no entries", 80, 4, 0, false, false },
	{ "entries behind the end", 72, 8, BLOCKS, false, false },
	{ "entries across the end", 72, 8, LAST, false, false },
	{ "entries at 2^64 - 1", 72, 8, UINT64_MAX, false, false },
	{ "entries in the header", 72, 8, 1, false, false },
	{ "changed entries", 40, 8, 150, true, true },
};

START_TEST(has_a_backup)
{
	uint8_t *p = disk + (headers[_i].array ? 2 : 1) * BLOCK + headers[_i].at, value[8];
	struct table t;

	gpt_sound();
	card_put64(value, headers[_i].value);
	memcpy(p, value, headers[_i].len);
	t = read_disk();
	ck_assert_msg(t.kind == TABLE_GPT && t.backup && !t.damaged && t.n == 2, "%s",
		      headers[_i].what);
	ck_assert_uint_eq(t.parts[0].last, 199);

	memset(disk + LAST * BLOCK, 0, BLOCK);
	t = read_disk();
	ck_assert_msg(t.kind == (headers[_i].sane ? TABLE_GPT : TABLE_MBR), "%s", headers[_i].what);
	ck_assert_msg(!t.backup && t.damaged == (_i > 0), "%s", headers[_i].what);
	ck_assert_msg(t.n == (headers[_i].sane ? 2 : 0), "%s", headers[_i].what);
}
END_TEST

START_TEST(a_block_that_cannot_be_read)
{
	for (unreadable = 0; unreadable < 40; unreadable++) {
		uint64_t which = unreadable;
		struct table t;

		gpt_sound();
		unreadable = which;
		t = read_disk();
		ck_assert(t.kind == TABLE_GPT && t.n == 2 && !t.damaged);
		ck_assert(t.backup == (which >= 1 && which < 34));
	}
}
END_TEST

static const struct {
	const char *what;
	uint64_t first, last;
	enum table_wrong wrong;
} seconds[] = {
	{ "fine", 1000, 1999, TABLE_FINE },
	{ "backwards", 1000, 999, TABLE_BACKWARDS },
	{ "all there is", 0, UINT64_MAX, TABLE_TOO_LONG },
	{ "backwards from where bytes are counted anew", UINT64_C(1) << 55, 5, TABLE_OUTSIDE },
	{ "behind the end", BLOCKS, BLOCKS + 10, TABLE_OUTSIDE },
	{ "across the end", BLOCKS - 1, BLOCKS, TABLE_TOO_LONG },
	{ "inside", 150, 160, TABLE_OVERLAPS },
	{ "around", 50, 500, TABLE_OVERLAPS },
	{ "the same", 100, 199, TABLE_AGAIN },
	{ "the same beginning", 100, UINT64_MAX, TABLE_AGAIN },
};

START_TEST(says_what_is_wrong)
{
	struct table t;

	clear();
	gpt_part(0, 100, 199);
	gpt_part(1, seconds[_i].first, seconds[_i].last);
	gpt_seal(1, 2, 128, 128);
	t = read_disk();
	ck_assert_uint_eq(t.n, 2);
	ck_assert_msg(t.parts[1].wrong == seconds[_i].wrong, "%s: %d", seconds[_i].what,
		      (int)t.parts[1].wrong);
	for (unsigned i = 2; i < 128; i++)
		gpt_part(i, i * 10, i * 10);
	gpt_seal(1, 2, 128, 128);
	t = read_disk();
	ck_assert(t.more && t.n == TABLE_PARTS_MAX);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, reads_an_mbr);
	tcase_add_loop_test(tc, follows_extended_partitions, 0, (int)COUNT(chains));
	tcase_add_test(tc, a_long_chain_ends);
	tcase_add_test(tc, reads_a_gpt);
	tcase_add_loop_test(tc, has_a_backup, 0, (int)COUNT(headers));
	tcase_add_test(tc, a_block_that_cannot_be_read);
	tcase_add_loop_test(tc, says_what_is_wrong, 0, (int)COUNT(seconds));
}

int main(void)
{
	return suite_main("table", fill);
}
