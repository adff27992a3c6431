/*
 * A hostile partition table: reading it ends, asks for blocks of the card
 * alone, and no partition that is called fine lies outside of it.
 *
 * The input is a list of patches (block u16, offset u16, length u8, bytes) to a
 * card with a sound GPT, so that mutations reach both copies.  Its checksums are
 * made anew, unless the first byte is odd: what is behind them is to be reached.
 */
#include <string.h>

#include "emulator/card_priv.h"
#include "fuzz/fuzz.h"
#include "lister/table.h"

enum { BLOCK = 512, BLOCKS = 256, ARRAY = 128 * 128, LAST = BLOCKS - 1 };

static uint8_t card[BLOCKS * BLOCK];
static unsigned reads;

static bool read_block(struct table_source *s, uint64_t block, uint8_t *buf)
{
	MUST(block < s->blocks && reads++ < TABLE_READS_MAX);
	memcpy(buf, card + block * BLOCK, BLOCK);
	return true;
}

static void put_header(uint64_t at, uint64_t array)
{
	uint8_t *h = card + at * BLOCK;

	memcpy(h, "EFI PART\0\0\1\0\x5c", 13);
	card_put64(h + 72, array);
	card_put32(h + 80, 128);
	card_put32(h + 84, 128);
}

static void make_card(void)
{
	memset(card, 0, sizeof(card));
	card[446 + 4] = 0xee;
	card_put32(card + 446 + 8, 1);
	card_put32(card + 446 + 12, LAST);
	card_put16(card + 510, 0xaa55);
	memset(card + 2 * BLOCK, 0x11, 32);
	card_put64(card + 2 * BLOCK + 32, 40);
	card_put64(card + 2 * BLOCK + 40, 99);
	memcpy(card + (LAST - 32) * BLOCK, card + 2 * BLOCK, ARRAY);
	put_header(1, 2);
	put_header(LAST, LAST - 32);
}

static void seal(uint64_t at, uint64_t array)
{
	uint8_t *h = card + at * BLOCK;

	card_put32(h + 88, card_crc32(card + array * BLOCK, ARRAY));
	card_put32(h + 16, 0);
	card_put32(h + 16, card_crc32(h, 92));
}

static void patch(const uint8_t *p, size_t len)
{
	while (len >= 5) {
		size_t at = (p[0] | (size_t)p[1] << 8) % BLOCKS * BLOCK + (p[2] | (size_t)p[3] << 8) % BLOCK;
		size_t n = MIN(MIN((size_t)p[4], len - 5), sizeof(card) - at);

		memcpy(card + at, p + 5, n);
		p += 5 + n;
		len -= 5 + n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct table_source s = { BLOCK, BLOCKS, read_block };
	struct table t;

	reads = 0;
	make_card();
	if (len > 0)
		patch(bytes + 1, len - 1);
	if (len == 0 || bytes[0] % 2 == 0) {
		seal(1, 2);
		seal(LAST, LAST - 32);
	}
	table_read(&s, &t);
	MUST(t.n <= TABLE_PARTS_MAX);
	for (unsigned i = 0; i < t.n; i++)
		MUST(t.parts[i].wrong != TABLE_FINE ||
		     (t.parts[i].first <= t.parts[i].last && t.parts[i].last < BLOCKS));
	MUST(len > 0 || (t.kind == TABLE_GPT && t.n == 1 && !t.backup && !t.damaged));
	return 0;
}
