/* FAT32: geometry, entries, boot sectors (Microsoft's FAT specification 1.03). */
#include <errno.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "emulator/card_priv.h"

/* Bytes a cluster by size of the volume, as mkfs.fat and Windows choose. */
static uint32_t cluster_for(uint64_t bytes)
{
	static const struct { uint64_t up_to; uint32_t cluster; } sizes[] = {
		{ UINT64_C(260) << 20, 512 }, { UINT64_C(8) << 30, 4096 },
		{ UINT64_C(16) << 30, 8192 }, { UINT64_C(32) << 30, 16384 }, { UINT64_MAX, 32768 },
	};
	size_t i = 0;

	while (bytes > sizes[i].up_to)
		i++;
	return sizes[i].cluster;
}

static int too_small(const struct card *c, struct err *e)
{
	return err_set(e, -EINVAL, "a FAT32 card has at least %d MiB",
		       c->sector == CARD_SECTOR ? 34 : 270);
}

static int geometry(struct card *c, struct err *e)
{
	uint32_t room;

	if (c->sectors > UINT32_MAX)
		return err_set(e, -EINVAL, "a FAT32 card has fewer than 2^32 sectors");
	if (c->sectors <= CARD_RESERVED)
		return too_small(c, e);
	c->per_cluster = MAX(cluster_for(c->sectors * c->sector) / c->sector, 1);
	room = (uint32_t)c->sectors - CARD_RESERVED;
	/* At most a few sectors more than needed, which the format allows. */
	c->fat_sectors = (room / c->per_cluster + 2) / (c->sector / 4) + 1;
	if (room <= 2 * c->fat_sectors)
		return too_small(c, e);
	c->fat_at = CARD_RESERVED;
	c->fats = 2;
	c->data_at = CARD_RESERVED + 2 * c->fat_sectors;
	c->clusters = ((uint32_t)c->sectors - c->data_at) / c->per_cluster;
	return c->clusters < 65525 ? too_small(c, e) : 0;	/* would be read as FAT16 */
}

static void label_bytes(const struct card *c, const char *none, uint8_t ret[11])
{
	const char *label = c->config.label != NULL ? c->config.label : none;

	memset(ret, ' ', 11);
	memcpy(ret, label, strlen(label));
}

static int begin(struct card *c, struct err *e)
{
	uint8_t name[11];
	struct card_claim claim = { .short_name = name, .attributes = CARD_ATTR_VOLUME,
				    .mtime_ms = utc_now() };
	struct card_dir *root;
	int r;

	c->fat[0] = UINT32_C(0x0ffffff8);
	r = card_dir_new(c, NULL, &root, e);
	if (r < 0 || c->config.label == NULL)
		return r;
	label_bytes(c, "", name);
	return card_append(c, root, &claim, NULL, e);
}

static void short_entry(const uint8_t name[11], const struct card_claim *claim,
			uint8_t ret[CARD_ENTRY])
{
	uint32_t when = card_dos_time(claim->mtime_ms);

	memset(ret, 0, CARD_ENTRY);
	memcpy(ret, name, 11);
	ret[11] = claim->attributes;
	card_put32(ret + 14, when);
	card_put16(ret + 18, when >> 16);
	card_put16(ret + 20, claim->cluster >> 16);
	card_put32(ret + 22, when);
	card_put16(ret + 26, claim->cluster);
	card_put32(ret + 28, (uint32_t)claim->size);
}

static size_t entries(struct card_dir *d, const struct card_claim *claim,
		      uint8_t ret[CARD_SET_MAX * CARD_ENTRY])
{
	unsigned pieces = (unsigned)((claim->units + 12) / 13);
	uint8_t name[11];

	if (claim->short_name != NULL)
		memcpy(name, claim->short_name, sizeof(name));
	else
		card_short_from(claim->name, claim->units, ++d->serial, name);
	for (unsigned piece = pieces; piece > 0; piece--)
		card_long_entry(claim->name, claim->units, piece, piece == pieces,
				card_short_sum(name), ret + (pieces - piece) * CARD_ENTRY);
	short_entry(name, claim, ret + pieces * CARD_ENTRY);
	return pieces + 1;
}

static void describe(struct card_dir *d, const struct card_node *node)
{
	uint8_t *entry = d->entries.p + (node->entry + node->n_entries - 1) * CARD_ENTRY;

	card_put16(entry + 20, node->cluster >> 16);
	card_put16(entry + 26, node->cluster);
	card_put32(entry + 28, (uint32_t)node->size);
}

/* A date is all there is room for. */
static void opened(struct card_dir *d, const struct card_node *node, int64_t ms)
{
	uint8_t *entry = d->entries.p + (node->entry + node->n_entries - 1) * CARD_ENTRY;

	card_put16(entry + 18, card_dos_time(ms) >> 16);
}

static void strike(struct card_dir *d, const struct card_node *node)
{
	for (size_t i = 0; i < node->n_entries; i++)
		d->entries.p[(node->entry + i) * CARD_ENTRY] = 0xe5;
}

static void release(struct card *c, uint32_t cluster)
{
	c->used[cluster] = false;
	c->fat[cluster] = 0;
}

static void settle(struct card *c)
{
	(void)c;		/* a directory's size is not said */
}

static void boot_sector(const struct card *c, uint8_t s[CARD_SECTOR_MAX])
{
	memset(s, 0, CARD_SECTOR_MAX);
	memcpy(s, "\xeb\x58\x90" "MSDOS5.0", 11);
	card_put16(s + 11, c->sector);
	s[13] = (uint8_t)c->per_cluster;
	card_put16(s + 14, CARD_RESERVED);
	s[16] = 2;			/* FATs */
	s[21] = 0xf8;
	card_put16(s + 24, 63);
	card_put16(s + 26, 255);
	card_put32(s + 28, (uint32_t)(c->config.start / c->sector));
	card_put32(s + 32, (uint32_t)c->sectors);
	card_put32(s + 36, c->fat_sectors);
	card_put32(s + 44, c->dirs[0]->cluster);
	card_put16(s + 48, 1);		/* FSInfo */
	card_put16(s + 50, 6);		/* copy of this sector */
	s[64] = 0x80;
	s[66] = 0x29;
	card_put32(s + 67, UINT32_C(0x20261123));
	label_bytes(c, "NO NAME", s + 71);
	memcpy(s + 82, "FAT32   ", 8);
	card_put16(s + 510, 0xaa55);
}

static int finish(struct card *c, struct err *e)
{
	uint8_t boot[CARD_SECTOR_MAX], info[CARD_SECTOR_MAX] = { 0 };
	uint32_t unused = 0;
	int r = 0;

	for (uint32_t i = 2; i < c->clusters + 2; i++)
		unused += c->fat[i] == 0;
	boot_sector(c, boot);
	card_put32(info, UINT32_C(0x41615252));
	card_put32(info + 484, UINT32_C(0x61417272));
	card_put32(info + 488, unused);
	card_put32(info + 492, c->cursor - 1);
	card_put32(info + 508, UINT32_C(0xaa550000));
	for (uint64_t copy = 0; r == 0 && copy <= 6; copy += 6) {
		r = card_pwrite(c, boot, c->sector, c->config.start + copy * c->sector, e);
		if (r == 0)
			r = card_pwrite(c, info, c->sector,
					c->config.start + (copy + 1) * c->sector, e);
	}
	return r;
}

const struct card_format card_fat32 = {
	.short_names = true, .geometry = geometry, .begin = begin, .entries = entries,
	.describe = describe, .open = opened, .strike = strike, .release = release,
	.finish = finish, .settle = settle,
};
