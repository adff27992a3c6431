/*
 * A hostile card: whatever is on it, the lister comes to an end, and what it
 * says is what dockd's reader accepts.
 *
 * The input is a list of patches (offset u24, length u8, bytes) to a small
 * sound FAT card that is made here, so that mutations reach beyond the boot
 * sector; an input that begins with 0xff is the card itself.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/listing.h"
#include "fuzz/fuzz.h"
#include "lister/card.h"

enum { CARD = 96 * 1024, BLOCK = 512, READS_MAX = 100000 };

struct bench {
	struct peer peer;
	uint8_t *card;
	struct listing_reader *reader;
	struct listing listing;
	unsigned reads;
	int complete;
};

static int bench_read(struct peer *p, unsigned unit, uint64_t offset, uint32_t len, uint8_t *buf)
{
	struct bench *b = container_of(p, struct bench, peer);

	MUST(unit == 0);
	MUST(offset % BLOCK == 0 && len % BLOCK == 0 && len > 0 && len <= LISTING_READ_MAX &&
	     offset < CARD && len <= CARD - offset);
	MUST(b->reads++ < READS_MAX);
	memcpy(buf, b->card + offset, len);
	return 0;
}

static int bench_send(struct peer *p, const struct buf *messages)
{
	struct bench *b = container_of(p, struct bench, peer);
	struct listing_event ev;
	struct err e = { 0, "" };
	size_t used;
	int r;

	for (size_t at = 0; at < messages->len; at += used) {
		r = listing_reader_feed(b->reader, messages->p + at, messages->len - at, &used, &ev,
					&e);
		MUST(r >= 0);
		b->complete |= r == 1 && ev.what == LISTING_COMPLETE;
	}
	return 0;
}

static void put(uint8_t *p, uint32_t n, size_t len)
{
	for (size_t i = 0; i < len; i++, n >>= 8)
		p[i] = (uint8_t)n;
}

static void put_entry(uint8_t *p, const char *name, uint8_t attr, uint16_t cluster, uint32_t size)
{
	memcpy(p, name, 11);
	p[11] = attr;
	put(p + 22, 0xa55d, 2);
	put(p + 24, 0x5d77, 2);
	put(p + 26, cluster, 2);
	put(p + 28, size, 4);
}

/* FAT12: 1 boot sector, 2 FATs of a sector, 32 root entries, clusters of a sector. */
static void make_card(uint8_t *c)
{
	static const uint16_t chain[] = { 0xff8, 0xfff, 0xfff, 4, 5, 0xfff, 0xfff, 0, 0 };
	enum { FAT = BLOCK, ROOT = 3 * BLOCK, DATA = 5 * BLOCK };

	memcpy(c, "\xeb\x3c\x90MSDOS5.0", 11);
	put(c + 11, BLOCK, 2);
	c[13] = 1;
	put(c + 14, 1, 2);
	c[16] = 2;
	put(c + 17, 32, 2);
	put(c + 19, CARD / BLOCK, 2);
	c[21] = 0xf8;
	put(c + 22, 1, 2);
	put(c + 24, 32, 2);
	put(c + 26, 64, 2);
	c[38] = 0x29;
	memcpy(c + 43, "REC01      FAT12   ", 19);
	put(c + 510, 0xaa55, 2);
	for (unsigned fat = 0; fat < 2; fat++) {
		for (size_t i = 0; i < COUNT(chain); i++) {
			uint8_t *at = c + FAT + fat * BLOCK + i * 3 / 2;

			put(at, i % 2 == 0 ? (uint32_t)((at[1] & 0xf0) << 8 | chain[i]) :
			    (uint32_t)(chain[i] << 4 | (at[0] & 0xf)), 2);
		}
	}
	put_entry(c + ROOT, "REC01      ", 0x08, 0, 0);
	put_entry(c + ROOT + 32, "DCIM       ", 0x10, 2, 0);
	put_entry(c + ROOT + 64, "A       MP4", 0x20, 3, 1400);
	put_entry(c + ROOT + 96, "\xe5OLD    MP4", 0x20, 7, 300);
	put_entry(c + DATA, ".          ", 0x10, 2, 0);
	put_entry(c + DATA + 32, "..         ", 0x10, 0, 0);
	memcpy(c + DATA + 64, "\x41" "b\0.\0m\0p\0" "4\0" "\x0f\0\xd8\0\0\xff\xff\xff\xff\xff\xff"
	       "\xff\xff\xff\xff\xff\xff\0\0\xff\xff\xff\xff", 32);
	put_entry(c + DATA + 96, "ABCDEF~1X  ", 0x20, 6, 512);
}

static void patch(uint8_t *card, const uint8_t *p, size_t len)
{
	while (len >= 4) {
		uint32_t at = (p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16) % CARD;
		size_t n = MIN(MIN((size_t)p[3], len - 4), CARD - at);

		memcpy(card + at, p + 4, n);
		p += 4 + n;
		len -= 4 + n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct name_gbk *gbk;
	struct bench b = {
		.peer = { .medium = { .n_units = 1, .units = { { CARD, BLOCK } } },
			  .read = bench_read, .send = bench_send },
	};
	struct report report;

	if (gbk == NULL)
		MUST(name_gbk_new(&gbk, NULL) == 0);
	b.card = calloc(1, CARD);
	if (b.card == NULL || listing_reader_new(&b.peer.medium, &b.reader) < 0) {
		free(b.card);
		return 0;
	}
	if (len > 0 && bytes[0] == 0xff) {
		memcpy(b.card, bytes + 1, MIN(len - 1, (size_t)CARD));
	} else {
		make_card(b.card);
		patch(b.card, bytes, len);
	}
	report_init(&report, &b.peer);
	MUST(card_list(&b.peer, 0, gbk, &report) == 0);
	MUST(report_end(&report) == 0 && b.complete);
	listing_reader_take(b.reader, &b.listing);
	MUST(len > 0 || (b.listing.n_files == 3 && b.listing.n_troubles == 0));
	listing_clear(&b.listing);
	report_fini(&report);
	listing_reader_free(b.reader);
	free(b.card);
	return 0;
}
