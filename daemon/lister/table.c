#include "table.h"

#include <string.h>

#include "base/util.h"

enum {
	MBR_ENTRIES = 446, MBR_ENTRY = 16, MBR_PARTS = 4, PROTECTIVE = 0xee,
	GPT_HEADER = 92, GPT_ENTRY = 128,
};

static uint64_t number(const uint8_t *p, size_t len)
{
	uint64_t n = 0;

	for (size_t i = len; i > 0; i--)
		n = n << 8 | p[i - 1];
	return n;
}

static void add_part(const struct table_source *s, struct table *t, uint64_t first, uint64_t last)
{
	struct table_part part = { first, last, TABLE_FINE };

	if (t->n == TABLE_PARTS_MAX) {
		t->more = true;
		return;
	}
	if (first >= s->blocks)		/* whatever its end: there is nothing to read there */
		part.wrong = TABLE_OUTSIDE;
	else if (last < first)
		part.wrong = TABLE_BACKWARDS;
	else if (last >= s->blocks)
		part.wrong = TABLE_TOO_LONG;
	for (unsigned i = 0; i < t->n && part.wrong != TABLE_AGAIN; i++) {
		const struct table_part *other = &t->parts[i];

		if (other->wrong == TABLE_BACKWARDS || other->wrong == TABLE_OUTSIDE)
			continue;
		if (first == other->first)
			part.wrong = TABLE_AGAIN;
		else if (part.wrong == TABLE_FINE && first <= other->last && last >= other->first)
			part.wrong = TABLE_OVERLAPS;
	}
	t->parts[t->n++] = part;
}

/* ------ GPT ------ */

struct gpt {
	uint64_t array;
	uint32_t n, entry_len, crc;
	bool found, sane, intact;		/* is there; can be read; and its checksums hold */
};

static uint32_t add_crc(uint32_t crc, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (UINT32_C(0xedb88320) & (0 - (crc & 1)));
	}
	return crc;
}

static bool header_sum_holds(uint8_t *h, size_t len)
{
	uint32_t said = (uint32_t)number(h + 16, 4);

	memset(h + 16, 0, 4);
	return ~add_crc(UINT32_MAX, h, len) == said;
}

static bool array_sum_holds(struct table_source *s, const struct gpt *g)
{
	uint64_t left = (uint64_t)g->n * g->entry_len;
	uint8_t block[TABLE_BLOCK_MAX];
	uint32_t crc = UINT32_MAX;

	for (uint64_t at = g->array; left > 0; at++) {
		size_t n = (size_t)MIN(left, s->block_size);

		if (!s->read(s, at, block))
			return false;
		crc = add_crc(crc, block, n);
		left -= n;
	}
	return ~crc == g->crc;
}

/* The copy whose header is in that block. */
static struct gpt read_header(struct table_source *s, uint64_t at)
{
	struct gpt g = { .n = 0 };
	uint8_t h[TABLE_BLOCK_MAX];
	uint64_t len, blocks;

	if (at >= s->blocks || !s->read(s, at, h) || memcmp(h, "EFI PART", 8) != 0)
		return g;
	g.found = true;
	len = number(h + 12, 4);
	g.array = number(h + 72, 8);
	g.n = (uint32_t)number(h + 80, 4);
	g.entry_len = (uint32_t)number(h + 84, 4);
	g.crc = (uint32_t)number(h + 88, 4);
	if (len < GPT_HEADER || len > s->block_size || g.n == 0 || g.entry_len < GPT_ENTRY ||
	    g.entry_len > s->block_size || (g.entry_len & (g.entry_len - 1)) != 0 ||
	    g.n > TABLE_GPT_BYTES_MAX / g.entry_len)
		return g;
	blocks = ((uint64_t)g.n * g.entry_len + s->block_size - 1) / s->block_size;
	g.sane = g.array >= 2 && g.array < s->blocks && blocks <= s->blocks - g.array;
	g.intact = g.sane && header_sum_holds(h, (size_t)len) && array_sum_holds(s, &g);
	return g;
}

static void read_entries(struct table_source *s, const struct gpt *g, struct table *t)
{
	static const uint8_t unused[16];
	uint32_t per_block = s->block_size / g->entry_len;
	uint8_t block[TABLE_BLOCK_MAX];

	for (uint32_t i = 0; i < g->n; i++) {
		const uint8_t *entry = block + (size_t)(i % per_block) * g->entry_len;

		if (i % per_block == 0 && !s->read(s, g->array + i / per_block, block)) {
			t->damaged = true;
			return;
		}
		if (memcmp(entry, unused, sizeof(unused)) != 0)
			add_part(s, t, number(entry + 32, 8), number(entry + 40, 8));
	}
}

/* The first copy that is intact, or else the first that can be read at all. */
static bool read_gpt(struct table_source *s, struct table *t)
{
	struct gpt first = read_header(s, 1), last = { .n = 0 };

	if (!first.intact && s->blocks > 2)
		last = read_header(s, s->blocks - 1);
	t->backup = !first.intact && (last.intact || (last.sane && !first.sane));
	t->damaged = (first.found || last.found) && !first.intact && !last.intact;
	if (!first.sane && !last.sane)
		return false;
	t->kind = TABLE_GPT;
	read_entries(s, t->backup ? &last : &first, t);
	return true;
}

/* ------ MBR ------ */

static bool is_mbr(const uint8_t *b)
{
	if (b[510] != 0x55 || b[511] != 0xaa)
		return false;
	for (unsigned i = 0; i < MBR_PARTS; i++) {	/* "active" is 0x80, or 0 */
		if ((b[MBR_ENTRIES + i * MBR_ENTRY] & 0x7f) != 0)
			return false;
	}
	return true;
}

static bool is_extended(uint8_t type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

static void add_entry(const struct table_source *s, struct table *t, const uint8_t *entry,
		      uint64_t base)
{
	uint64_t first = base + number(entry + 8, 4), n = number(entry + 12, 4);

	if (entry[4] != 0 && entry[4] != PROTECTIVE)
		add_part(s, t, first, n > 0 ? first + n - 1 : first);
}

/* The partitions of one link, and where the next link is; false: this is the last. */
static bool read_link(const struct table_source *s, struct table *t, const uint8_t *b,
		      uint64_t base, uint64_t *at)
{
	const uint64_t here = *at;
	bool more = false;

	for (unsigned i = 0; i < MBR_PARTS; i++) {
		const uint8_t *entry = b + MBR_ENTRIES + i * MBR_ENTRY;

		if (is_extended(entry[4])) {
			*at = base + number(entry + 8, 4);
			more = true;
		} else {
			add_entry(s, t, entry, here);
		}
	}
	return more;
}

/* Links always lead further on, or they would be a ring. */
static void read_extended(struct table_source *s, struct table *t, uint64_t base)
{
	uint8_t b[TABLE_BLOCK_MAX];
	uint64_t at = base, next = base;

	for (unsigned links = 0; links < TABLE_EXTENDED_MAX; links++, at = next) {
		if (at >= s->blocks || !s->read(s, at, b) || !is_mbr(b))
			break;
		if (!read_link(s, t, b, base, &next))
			return;
		if (next <= at)
			break;
	}
	t->ring = true;
}

static void read_mbr(struct table_source *s, struct table *t)
{
	uint8_t b[TABLE_BLOCK_MAX];

	if (s->blocks == 0 || !s->read(s, 0, b) || !is_mbr(b))
		return;
	t->kind = TABLE_MBR;
	for (unsigned i = 0; i < MBR_PARTS; i++) {
		const uint8_t *entry = b + MBR_ENTRIES + i * MBR_ENTRY;

		if (is_extended(entry[4]))
			read_extended(s, t, number(entry + 8, 4));
		else
			add_entry(s, t, entry, 0);
	}
}

void table_read(struct table_source *s, struct table *ret)
{
	*ret = (struct table){ .kind = TABLE_NONE };
	if (!read_gpt(s, ret))
		read_mbr(s, ret);
}
