/* Cards whose GPT lies; what card_sin.c says of its sins holds here. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "emulator/card_priv.h"

enum { HEADER_LEN = 92, ENTRY_LEN = 128, ARRAY_LEN = 128 * ENTRY_LEN };

struct gpt {
	uint8_t header[HEADER_LEN], array[ARRAY_LEN];
	uint64_t header_at, array_at;	/* bytes */
};

static int get(const struct card *c, void *p, size_t len, uint64_t at, struct err *e)
{
	return pread(c->fd, p, len, (off_t)at) == (ssize_t)len ? 0 :
	       err_set(e, -EIO, "card image: cannot read");
}

/* Either copy: the first, or the one at the end. */
static int load(struct card *c, bool backup, struct gpt *g, struct err *e)
{
	uint64_t size;
	int r = card_image_size(c, &size, e);

	g->header_at = backup ? size - c->sector : c->sector;
	g->array_at = backup ? size - c->sector - ARRAY_LEN : UINT64_C(2) * c->sector;
	if (r == 0)
		r = get(c, g->header, sizeof(g->header), g->header_at, e);
	return r < 0 ? r : get(c, g->array, sizeof(g->array), g->array_at, e);
}

/* With sums that hold. */
static int store(struct card *c, struct gpt *g, struct err *e)
{
	int r = card_pwrite(c, g->array, sizeof(g->array), g->array_at, e);

	card_put32(g->header + 88, card_crc32(g->array, sizeof(g->array)));
	card_put32(g->header + 16, 0);
	card_put32(g->header + 16, card_crc32(g->header, sizeof(g->header)));
	return r < 0 ? r : card_pwrite(c, g->header, sizeof(g->header), g->header_at, e);
}

/* Spoil both copies, and leave them looking sound. */
static int both(struct card *c, void (*spoil)(struct gpt *g), struct err *e)
{
	struct gpt g;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < 2; i++) {
		r = load(c, i == 1, &g, e);
		if (r < 0)
			break;
		spoil(&g);
		r = store(c, &g, e);
	}
	return r;
}

/* The second partition; the first stays what it is. */
static void put_second(struct gpt *g, uint64_t first, uint64_t last)
{
	uint8_t *entry = g->array + ENTRY_LEN;

	memcpy(entry, g->array, 16);
	memset(entry + 16, 0x22, 16);
	card_put64(entry + 32, first);
	card_put64(entry + 40, last);
}

static void spoil_overlap(struct gpt *g)
{
	uint64_t first = card_get32(g->array + 32);

	put_second(g, first, first + 100);
}

static void spoil_backwards(struct gpt *g)
{
	put_second(g, 100000, 99999);
}

static void spoil_endless(struct gpt *g)
{
	put_second(g, 0, UINT64_MAX);
}

static void spoil_beyond(struct gpt *g)
{
	put_second(g, UINT64_MAX - 7, UINT64_MAX);
}

static void spoil_entry_0(struct gpt *g)
{
	card_put32(g->header + 84, 0);
}

static void spoil_entry_huge(struct gpt *g)
{
	card_put32(g->header + 84, UINT32_C(0x80000000));
}

static void spoil_entries(struct gpt *g)
{
	card_put32(g->header + 80, UINT32_MAX);
}

static int overlap(struct card *c, struct err *e)
{
	return both(c, spoil_overlap, e);
}

static int backwards(struct card *c, struct err *e)
{
	return both(c, spoil_backwards, e);
}

static int endless(struct card *c, struct err *e)
{
	return both(c, spoil_endless, e);
}

static int beyond(struct card *c, struct err *e)
{
	return both(c, spoil_beyond, e);
}

static int entry_0(struct card *c, struct err *e)
{
	return both(c, spoil_entry_0, e);
}

static int entry_huge(struct card *c, struct err *e)
{
	return both(c, spoil_entry_huge, e);
}

static int entries(struct card *c, struct err *e)
{
	return both(c, spoil_entries, e);
}

static int crc(struct card *c, struct err *e)
{
	return card_pwrite(c, "SIN", 3, c->sector + UINT64_C(16), e);
}

static int array_crc(struct card *c, struct err *e)
{
	return card_pwrite(c, "\xff\xff\xff\xff", 4, UINT64_C(2) * c->sector + 32, e);
}

static int no_header(struct card *c, struct err *e)
{
	uint8_t nothing[CARD_SECTOR] = { 0 };

	return card_pwrite(c, nothing, sizeof(nothing), c->sector, e);
}

const struct card_sin card_table_sins[] = {
	{ "gpt-overlap", "a second partition inside the first", overlap, true },
	{ "gpt-backwards", "a second partition that ends before it begins", backwards, true },
	{ "gpt-endless", "a second partition of 2^64 sectors", endless, true },
	{ "gpt-beyond", "a second partition behind the end of the card", beyond, true },
	{ "gpt-entry-0", "partition entries of 0 bytes", entry_0, true },
	{ "gpt-entry-huge", "partition entries of 2 GiB", entry_huge, true },
	{ "gpt-entries", "2^32 - 1 partitions", entries, true },
	{ "gpt-crc", "a wrong checksum on the header, its backup sound", crc, true },
	{ "gpt-array-crc", "a wrong checksum on the entries, their backup sound", array_crc, true },
	{ "gpt-no-header", "no header but the backup", no_header, true },
	{ NULL, NULL, NULL, false },
};
