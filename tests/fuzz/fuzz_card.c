/*
 * A hostile card: whatever is on it, the lister comes to an end, and what it
 * says is what dockd's reader accepts.
 *
 * The input is a list of patches (offset u24, length u8, bytes) to a small
 * sound FAT card that is made here, so that mutations reach beyond the boot
 * sector; an input that begins with 0xff is the card itself, and one that
 * begins with 0xfe patches a card of exFAT, from the generator.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emulator/card.h"
#include "format/listing.h"
#include "fuzz/fuzz.h"
#include "lister/card.h"

enum { CARD = 96 * 1024, EXFAT_CARD = 1024 * 1024, BLOCK = 512, READS_MAX = 100000 };

struct bench {
	struct peer peer;
	uint8_t *card;
	size_t size;
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
	     offset < b->size && len <= b->size - offset);
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

static void patch(uint8_t *card, size_t size, const uint8_t *p, size_t len)
{
	while (len >= 4) {
		size_t at = (p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16) % size;
		size_t n = MIN(MIN((size_t)p[3], len - 4), size - at);

		memcpy(card + at, p + 4, n);
		p += 4 + n;
		len -= 4 + n;
	}
}

/* Two files, one in a directory and in two pieces, and a deleted one. */
static void make_exfat(uint8_t *card)
{
	static uint8_t made[EXFAT_CARD];
	static bool is_made;
	const struct card_config config = { .size = EXFAT_CARD, .exfat = true, .label = "REC01" };
	struct card *c;
	int fd;

	if (!is_made) {
		fd = memfd_create("card", MFD_CLOEXEC);
		MUST(fd >= 0 && card_new(fd, &config, &c, NULL) == 0);
		MUST(card_add(c, "/DCIM/A.MP4", "a", 1, 0, NULL) == 0);
		MUST(card_add(c, "/b.mp4", made, 5000, 0, NULL) == 0);
		MUST(card_extend(c, "/DCIM/A.MP4", 9000, false, NULL) == 0);
		MUST(card_add(c, "/OLD.MP4", "old", 3, 0, NULL) == 0);
		MUST(card_delete(c, "/OLD.MP4", NULL) == 0 && card_finish(c, NULL) == 0);
		MUST(pread(fd, made, sizeof(made), 0) == (ssize_t)sizeof(made));
		card_free(c);
		close(fd);
		is_made = true;
	}
	memcpy(card, made, sizeof(made));
}

static void make(struct bench *b, const uint8_t *bytes, size_t len)
{
	if (len > 0 && bytes[0] == 0xff) {
		memcpy(b->card, bytes + 1, MIN(len - 1, b->size));
	} else if (len > 0 && bytes[0] == 0xfe) {
		make_exfat(b->card);
		patch(b->card, b->size, bytes + 1, len - 1);
	} else {
		make_card(b->card);
		patch(b->card, b->size, bytes, len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct name_gbk *gbk;
	struct bench b = {
		.peer = { .medium = { .n_units = 1 }, .read = bench_read, .send = bench_send },
		.size = len > 0 && bytes[0] == 0xfe ? EXFAT_CARD : CARD,
	};
	struct report report;

	if (gbk == NULL)
		MUST(name_gbk_new(&gbk, NULL) == 0);
	b.peer.medium.units[0] = (struct listing_unit){ b.size, BLOCK };
	b.card = calloc(1, b.size);
	if (b.card == NULL || listing_reader_new(&b.peer.medium, &b.reader) < 0) {
		free(b.card);
		return 0;
	}
	make(&b, bytes, len);
	report_init(&report, &b.peer);
	MUST(card_list(&b.peer, 0, gbk, &report) == 0);
	MUST(report_end(&report) == 0 && b.complete);
	listing_reader_take(b.reader, &b.listing);
	MUST(len > (b.size == EXFAT_CARD) || (b.listing.n_files == 3 && b.listing.n_troubles == 0));
	listing_clear(&b.listing);
	report_fini(&report);
	listing_reader_free(b.reader);
	free(b.card);
	return 0;
}
