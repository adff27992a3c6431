/* exFAT: geometry, entry sets, bitmap, up-case table, boot regions (Microsoft's specification). */
#include <errno.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "emulator/card_priv.h"

enum {
	FAT_START = 256 * 1024,		/* bytes before the FAT: flash likes it aligned */
	BOOT_SECTORS = 12,		/* of a boot region, which comes twice */
	ENTRY_LABEL = 0x83, ENTRY_BITMAP = 0x81, ENTRY_UPCASE = 0x82,
	ENTRY_FILE = 0x85, ENTRY_STREAM = 0xc0, ENTRY_NAME = 0xc1, IN_USE = 0x80,
	FLAG_ALLOCATION = 0x01, FLAG_NO_CHAIN = 0x02,
	NAME_UNITS = 15,		/* of a name entry */
	ZONE_SHANGHAI = 0x80 | 8 * 4,	/* valid; quarters of an hour east */
	UPCASE_MAX = 2048,		/* bytes of ours */
};

/* ------ geometry ------ */

/* Bytes a cluster by size of the volume, as the specification's tables and SD cards have it. */
static uint32_t cluster_for(uint64_t bytes)
{
	return bytes <= UINT64_C(256) << 20 ? 4096 : bytes <= UINT64_C(32) << 30 ? 32768 : 131072;
}

static int geometry(struct card *c, struct err *e)
{
	uint64_t heap, estimate;

	c->per_cluster = cluster_for(c->config.size) / c->sector;
	c->fat_at = FAT_START / c->sector;
	c->fats = 1;
	if (c->config.size < UINT64_C(1) << 20)
		return err_set(e, -EINVAL, "an exFAT card has at least 1 MiB");
	estimate = (c->sectors - c->fat_at) / c->per_cluster;
	c->fat_sectors = (uint32_t)((estimate + 2) * 4 / c->sector + 1);
	heap = (uint64_t)c->fat_at + c->fat_sectors + c->per_cluster - 1;
	c->data_at = (uint32_t)(heap / c->per_cluster * c->per_cluster);
	c->clusters = (uint32_t)((c->sectors - c->data_at) / c->per_cluster);
	return 0;
}

/* ------ entries ------ */

/* Upper case, for the letters that names of recorders have: Latin, Greek, Cyrillic, full width. */
static uint16_t upcase(uint32_t unit)
{
	static const struct { uint16_t first, last, down; } ranges[] = {
		{ 'a', 'z', 32 }, { 0xe0, 0xf6, 32 }, { 0xf8, 0xfe, 32 }, { 0x3b1, 0x3c1, 32 },
		{ 0x3c3, 0x3c9, 32 }, { 0x430, 0x44f, 32 }, { 0x450, 0x45f, 80 },
		{ 0xff41, 0xff5a, 32 },
	};

	for (size_t i = 0; i < COUNT(ranges); i++) {
		if (unit >= ranges[i].first && unit <= ranges[i].last)
			return (uint16_t)(unit - ranges[i].down);
	}
	return (uint16_t)unit;
}

static uint16_t add16(uint16_t sum, uint8_t byte)
{
	return (uint16_t)(((unsigned)sum << 15 | sum >> 1) + byte);
}

static uint16_t name_hash(const uint16_t *name, size_t units)
{
	uint16_t hash = 0;

	for (size_t i = 0; i < units; i++) {
		uint16_t up = upcase(name[i]);

		hash = add16(add16(hash, (uint8_t)up), (uint8_t)(up >> 8));
	}
	return hash;
}

static void sum_set(uint8_t *set)
{
	size_t len = ((size_t)set[1] + 1) * CARD_ENTRY;
	uint16_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		if (i != 2 && i != 3)
			sum = add16(sum, set[i]);
	}
	card_put16(set + 2, sum);
}

void card_exfat_sum(struct card_dir *d, size_t entry)
{
	sum_set(d->entries.p + entry * CARD_ENTRY);
}

/* Two seconds a step, and hundredths on top of them. */
static void put_times(uint8_t *entry, int64_t ms)
{
	uint32_t when = card_dos_time(ms);
	uint8_t hundredths = (uint8_t)(ms / 10 % 200);

	card_put32(entry + 8, when);
	card_put32(entry + 12, when);
	card_put32(entry + 16, when);
	entry[20] = entry[21] = hundredths;
	entry[22] = entry[23] = entry[24] = ZONE_SHANGHAI;
}

static void put_stream(uint8_t *entry, bool plain, uint32_t cluster, uint64_t size, uint64_t valid)
{
	entry[1] = (uint8_t)(FLAG_ALLOCATION | (plain ? FLAG_NO_CHAIN : 0));
	card_put64(entry + 8, valid);
	card_put32(entry + 20, cluster);
	card_put64(entry + 24, size);
}

static size_t entries(struct card_dir *d, const struct card_claim *claim,
		      uint8_t ret[CARD_SET_MAX * CARD_ENTRY])
{
	size_t names = (claim->units + NAME_UNITS - 1) / NAME_UNITS;
	uint8_t *stream = ret + CARD_ENTRY, *name = stream + CARD_ENTRY;

	(void)d;
	memset(ret, 0, (2 + names) * CARD_ENTRY);
	ret[0] = ENTRY_FILE;
	ret[1] = (uint8_t)(1 + names);
	card_put16(ret + 4, claim->attributes);
	put_times(ret, claim->mtime_ms);
	stream[0] = ENTRY_STREAM;
	stream[3] = (uint8_t)claim->units;
	card_put16(stream + 4, name_hash(claim->name, claim->units));
	put_stream(stream, claim->plain, claim->cluster, claim->size, claim->valid);
	for (size_t i = 0; i < claim->units; i++)
		card_put16(name + i / NAME_UNITS * CARD_ENTRY + 2 + i % NAME_UNITS * 2,
			   claim->name[i]);
	for (size_t i = 0; i < names; i++)
		name[i * CARD_ENTRY] = ENTRY_NAME;
	sum_set(ret);
	return 2 + names;
}

static void describe(struct card_dir *d, const struct card_node *node)
{
	put_stream(d->entries.p + (node->entry + 1) * CARD_ENTRY, node->plain, node->cluster,
		   node->size, node->valid);
	card_exfat_sum(d, node->entry);
}

static void opened(struct card_dir *d, const struct card_node *node, int64_t ms)
{
	card_put32(d->entries.p + node->entry * CARD_ENTRY + 16, card_dos_time(ms));
	card_exfat_sum(d, node->entry);
}

static void strike(struct card_dir *d, const struct card_node *node)
{
	for (size_t i = 0; i < node->n_entries; i++)
		d->entries.p[(node->entry + i) * CARD_ENTRY] &= (uint8_t)~IN_USE;
}

static void release(struct card *c, uint32_t cluster)
{
	c->used[cluster] = false;
}

/* ------ what comes first ------ */

/* Identity for n characters is 0xffff and n. */
static size_t make_upcase(uint8_t ret[UPCASE_MAX])
{
	size_t len = 0;

	for (uint32_t at = 0, run; at < 0x10000; at += run + 1) {
		for (run = 0; at + run < 0x10000 && upcase(at + run) == at + run; run++)
			;
		if (run > 0) {
			card_put16(ret + len, 0xffff);
			card_put16(ret + len + 2, run == 0x10000 ? 0xffff : run);
			len += 4;
		}
		if (at + run < 0x10000) {
			card_put16(ret + len, upcase(at + run));
			len += 2;
		}
	}
	return len;
}

static uint32_t add32(uint32_t sum, uint8_t byte)
{
	return (sum << 31 | sum >> 1) + byte;
}

static uint32_t clusters_for(const struct card *c, uint64_t len)
{
	return (uint32_t)((len + card_cluster_bytes(c) - 1) / card_cluster_bytes(c));
}

static int add_upcase(struct card *c, uint8_t entry[CARD_ENTRY], struct err *e)
{
	uint8_t table[UPCASE_MAX];
	size_t len = make_upcase(table);
	uint32_t sum = 0;
	int r = card_chain(c, 1, &c->upcase, e);

	for (size_t i = 0; i < len; i++)
		sum = add32(sum, table[i]);
	entry[0] = ENTRY_UPCASE;
	card_put32(entry + 4, sum);
	card_put32(entry + 20, c->upcase);
	card_put64(entry + 24, len);
	return r < 0 ? r : card_write_chain(c, c->upcase, table, len, e);
}

static void put_label(const struct card *c, uint8_t entry[CARD_ENTRY])
{
	const char *label = c->config.label != NULL ? c->config.label : "";

	entry[0] = (uint8_t)(c->config.label != NULL ? ENTRY_LABEL : ENTRY_LABEL & ~IN_USE);
	entry[1] = (uint8_t)strlen(label);
	for (size_t i = 0; label[i] != '\0'; i++)
		entry[2 + 2 * i] = (uint8_t)label[i];
}

static int begin(struct card *c, struct err *e)
{
	uint8_t entry[3][CARD_ENTRY] = { 0 };
	uint64_t len = (c->clusters + UINT64_C(7)) / 8;
	struct card_dir *root;
	int r;

	c->fat[0] = UINT32_C(0xfffffff8);
	r = card_chain(c, clusters_for(c, len), &c->bitmap, e);
	if (r == 0)
		r = add_upcase(c, entry[2], e);
	if (r == 0)
		r = card_dir_new(c, NULL, &root, e);
	if (r < 0)
		return r;
	put_label(c, entry[0]);
	entry[1][0] = ENTRY_BITMAP;
	card_put32(entry[1] + 20, c->bitmap);
	card_put64(entry[1] + 24, len);
	buf_add(&root->entries, entry, sizeof(entry));
	return root->entries.failed ? err_set(e, -ENOMEM, "no memory") : 0;
}

/* ------ what comes last ------ */

/* A directory's size is that of its clusters.  Those in one piece need no chain. */
static void settle(struct card *c)
{
	for (size_t i = 1; i < c->n_dirs; i++) {
		struct card_dir *d = c->dirs[i];

		for (size_t k = 0; k < d->parent->n_nodes; k++) {
			struct card_node *node = &d->parent->nodes[k];

			if (node->dir != d)
				continue;
			node->size = node->valid = d->room;
			node->plain = d->cluster == d->last_cluster;
			if (node->plain)
				c->fat[d->cluster] = 0;
			describe(d->parent, node);
		}
	}
}

/* A sector's worth at a time: the image stays sparse, and no chain is followed. */
static int write_bitmap(struct card *c, uint32_t *ret_used, struct err *e)
{
	uint8_t s[CARD_SECTOR_MAX];
	uint32_t used = 0, cluster = c->bitmap;
	uint64_t in_cluster = 0;
	int r = 0;

	for (uint32_t at = 0; r == 0 && at < c->clusters;) {
		uint32_t before = used;

		memset(s, 0, sizeof(s));
		for (uint32_t bit = 0; bit < c->sector * 8 && at < c->clusters; bit++, at++) {
			used += c->used[at + 2];
			s[bit / 8] |= (uint8_t)(c->used[at + 2] << bit % 8);
		}
		if (in_cluster == c->per_cluster) {
			cluster = c->fat[cluster];
			in_cluster = 0;
		}
		if (used != before)
			r = card_pwrite(c, s, c->sector, card_cluster_offset(c, cluster) +
					in_cluster * c->sector, e);
		in_cluster++;
	}
	*ret_used = used;
	return r;
}

static uint8_t shift_of(uint32_t n)
{
	return (uint8_t)__builtin_ctz(n);
}

static void boot_sector(const struct card *c, uint32_t used, uint8_t *s)
{
	memcpy(s, "\xeb\x76\x90" "EXFAT   ", 11);
	card_put64(s + 64, c->config.start / c->sector);
	card_put64(s + 72, c->sectors);
	card_put32(s + 80, c->fat_at);
	card_put32(s + 84, c->fat_sectors);
	card_put32(s + 88, c->data_at);
	card_put32(s + 92, c->clusters);
	card_put32(s + 96, c->dirs[0]->cluster);
	card_put32(s + 100, UINT32_C(0x20261123));
	card_put16(s + 104, 0x0100);
	s[108] = shift_of(c->sector);
	s[109] = shift_of(c->per_cluster);
	s[110] = (uint8_t)c->fats;
	s[111] = 0x80;
	s[112] = (uint8_t)((uint64_t)used * 100 / c->clusters);
	memset(s + 120, 0xf4, 390);
	card_put16(s + 510, 0xaa55);
}

uint32_t card_exfat_boot_sum(const uint8_t *bytes, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {	/* but for VolumeFlags and PercentInUse */
		if (i != 106 && i != 107 && i != 112)
			sum = add32(sum, bytes[i]);
	}
	return sum;
}

static int finish(struct card *c, struct err *e)
{
	static uint8_t region[BOOT_SECTORS * CARD_SECTOR_MAX];
	size_t len = (size_t)BOOT_SECTORS * c->sector, summed = len - c->sector;
	uint32_t used, sum;
	int r = write_bitmap(c, &used, e);

	if (r < 0)
		return r;
	memset(region, 0, sizeof(region));
	boot_sector(c, used, region);
	for (size_t i = 1; i <= 8; i++)	/* extended boot sectors */
		card_put32(region + (i + 1) * c->sector - 4, UINT32_C(0xaa550000));
	sum = card_exfat_boot_sum(region, summed);
	for (size_t i = 0; i < c->sector; i += 4)
		card_put32(region + summed + i, sum);
	r = card_pwrite(c, region, len, c->config.start, e);
	return r < 0 ? r : card_pwrite(c, region, len, c->config.start + len, e);
}

const struct card_format card_exfat = {
	.short_names = false, .geometry = geometry, .begin = begin, .entries = entries,
	.describe = describe, .open = opened, .strike = strike, .release = release,
	.finish = finish, .settle = settle,
};
