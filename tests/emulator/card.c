/* The volume: geometry, clusters, FATs, boot sectors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utc.h"
#include "base/util.h"
#include "emulator/card_priv.h"

/* Sectors a cluster by size of the volume, as mkfs.fat and Windows choose. */
static uint32_t cluster_for(uint64_t bytes)
{
	static const struct { uint64_t up_to; uint32_t sectors; } sizes[] = {
		{ UINT64_C(260) << 20, 1 }, { UINT64_C(8) << 30, 8 }, { UINT64_C(16) << 30, 16 },
		{ UINT64_C(32) << 30, 32 }, { UINT64_MAX, 64 },
	};
	size_t i = 0;

	while (bytes > sizes[i].up_to)
		i++;
	return sizes[i].sectors;
}

int card_pwrite(const struct card *c, const void *p, size_t len, uint64_t offset, struct err *e)
{
	const uint8_t *bytes = p;

	while (len > 0) {
		ssize_t n = pwrite(c->fd, bytes, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, n < 0 ? -errno : -EIO, "card image: cannot write: %s",
				       strerror(n < 0 ? errno : EIO));
		bytes += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

uint32_t card_cluster_bytes(const struct card *c)
{
	return c->per_cluster * CARD_SECTOR;
}

uint64_t card_cluster_offset(const struct card *c, uint32_t cluster)
{
	uint64_t data = CARD_RESERVED + 2 * (uint64_t)c->fat_sectors;

	return c->start + (data + (uint64_t)(cluster - 2) * c->per_cluster) * CARD_SECTOR;
}

/* The next free cluster at or after the cursor, as drivers do; 0 when the card is full. */
static uint32_t take_cluster(struct card *c)
{
	enum { PIECE = 16, GAP = 5 };

	if (c->config.fragment && c->run == PIECE) {
		c->cursor += GAP;
		c->run = 0;
	}
	for (uint32_t tried = 0; tried < c->clusters; tried++) {
		uint32_t at = c->cursor;

		if (at >= c->clusters + 2)
			at = 2;
		c->cursor = at + 1;
		if (c->fat[at] == 0) {
			c->fat[at] = CARD_FAT_END;
			c->run++;
			return at;
		}
	}
	return 0;
}

int card_chain(struct card *c, uint32_t n, uint32_t *ret, struct err *e)
{
	uint32_t first = 0, last = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t cluster = take_cluster(c);

		if (cluster == 0)
			return err_set(e, -ENOSPC, "card is full; give it a larger --size");
		if (first == 0)
			first = cluster;
		else
			c->fat[last] = cluster;
		last = cluster;
	}
	*ret = first;
	return 0;
}

int card_write_chain(struct card *c, uint32_t cluster, const void *bytes, size_t len,
		     struct err *e)
{
	const uint8_t *p = bytes;

	while (len > 0) {
		uint32_t first = cluster;
		size_t n = card_cluster_bytes(c);
		int r;

		/* One write for each piece that lies together. */
		while (n < len && c->fat[cluster] == cluster + 1) {
			cluster++;
			n += card_cluster_bytes(c);
		}
		r = card_pwrite(c, p, MIN(n, len), card_cluster_offset(c, first), e);
		if (r < 0)
			return r;
		p += MIN(n, len);
		len -= MIN(n, len);
		cluster = c->fat[cluster];
	}
	return 0;
}

static bool label_is_good(const char *label)
{
	return strlen(label) <= 11 &&
	       strspn(label, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(label);
}

static void label_bytes(const struct card *c, const char *none, uint8_t ret[11])
{
	const char *label = c->config.label != NULL ? c->config.label : none;

	memset(ret, ' ', 11);
	memcpy(ret, label, strlen(label));
}

static int geometry(struct card *c, struct err *e)
{
	uint64_t start = c->config.mbr ? CARD_PARTITION : 0;
	uint64_t sectors = c->config.size / CARD_SECTOR;

	if (c->config.size % CARD_SECTOR != 0 || sectors > UINT32_MAX)
		return err_set(e, -EINVAL, "a card is a multiple of 512 bytes, below 2 TiB");
	if (sectors <= start + CARD_RESERVED)
		return err_set(e, -EINVAL, "a FAT32 card has at least 34 MiB");
	c->start = start * CARD_SECTOR;
	c->sectors = (uint32_t)(sectors - start);
	c->per_cluster = cluster_for((uint64_t)c->sectors * CARD_SECTOR);
	/* At most a few sectors more than needed, which the format allows. */
	c->fat_sectors = ((c->sectors - CARD_RESERVED) / c->per_cluster + 2) / (CARD_SECTOR / 4) + 1;
	if (c->sectors <= CARD_RESERVED + 2 * c->fat_sectors)
		return err_set(e, -EINVAL, "a FAT32 card has at least 34 MiB");
	c->clusters = (c->sectors - CARD_RESERVED - 2 * c->fat_sectors) / c->per_cluster;
	if (c->clusters < 65525)	/* fewer would be read as FAT16 */
		return err_set(e, -EINVAL, "a FAT32 card has at least 34 MiB");
	return 0;
}

int card_new(int fd, const struct card_config *config, struct card **ret, struct err *e)
{
	struct card_dir *root;
	struct card *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return err_set(e, -ENOMEM, "no memory");
	c->fd = fd;
	c->config = *config;
	c->cursor = 2;
	r = config->label == NULL || label_is_good(config->label) ? geometry(c, e) :
	    err_set(e, -EINVAL, "%s: a label is up to 11 of A-Z 0-9 _ -", config->label);
	if (r < 0)
		goto fail;
	r = -ENOMEM;
	c->fat = calloc((size_t)c->clusters + 2, sizeof(*c->fat));
	if (c->fat == NULL)
		goto fail;
	c->fat[0] = UINT32_C(0x0ffffff8);
	c->fat[1] = CARD_FAT_END;
	r = ftruncate(fd, (off_t)config->size) < 0 ?
	    err_set(e, -errno, "card image: %s", strerror(errno)) : card_dir_new(c, NULL, &root, e);
	if (r == 0 && config->label != NULL) {
		uint8_t name[11];
		struct card_claim claim = { .short_name = name, .attributes = CARD_ATTR_VOLUME,
					    .mtime_ms = utc_now() };

		label_bytes(c, "", name);
		r = card_append(c, root, &claim, NULL, e);
	}
	if (r < 0)
		goto fail;
	*ret = c;
	return 0;
fail:
	card_free(c);
	return r;
}

void card_free(struct card *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n_dirs; i++) {
		for (size_t k = 0; k < c->dirs[i]->n_nodes; k++)
			free(c->dirs[i]->nodes[k].name);
		free(c->dirs[i]->nodes);
		buf_clear(&c->dirs[i]->entries);
		free(c->dirs[i]);
	}
	free(c->fat);
	free(c);
}

static int write_mbr(struct card *c, struct err *e)
{
	uint8_t s[CARD_SECTOR] = { 0 };
	uint8_t *entry = s + 446;

	entry[1] = entry[5] = 0xfe;	/* cylinders, heads, sectors: not used, as LBA says */
	entry[2] = entry[3] = entry[6] = entry[7] = 0xff;
	entry[4] = 0x0c;		/* FAT32 with LBA */
	card_put32(entry + 8, (uint32_t)(c->start / CARD_SECTOR));
	card_put32(entry + 12, c->sectors);
	card_put16(s + 510, 0xaa55);
	return card_pwrite(c, s, sizeof(s), 0, e);
}

static void boot_sector(const struct card *c, uint8_t s[CARD_SECTOR])
{
	memset(s, 0, CARD_SECTOR);
	memcpy(s, "\xeb\x58\x90" "MSDOS5.0", 11);
	card_put16(s + 11, CARD_SECTOR);
	s[13] = (uint8_t)c->per_cluster;
	card_put16(s + 14, CARD_RESERVED);
	s[16] = 2;			/* FATs */
	s[21] = 0xf8;
	card_put16(s + 24, 63);
	card_put16(s + 26, 255);
	card_put32(s + 28, (uint32_t)(c->start / CARD_SECTOR));
	card_put32(s + 32, c->sectors);
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

static int write_boot(struct card *c, struct err *e)
{
	uint8_t boot[CARD_SECTOR], info[CARD_SECTOR] = { 0 };
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
		r = card_pwrite(c, boot, sizeof(boot), c->start + copy * CARD_SECTOR, e);
		if (r == 0)
			r = card_pwrite(c, info, sizeof(info),
					c->start + (copy + 1) * CARD_SECTOR, e);
	}
	return r;
}

/* Both FATs, without the sectors that are all zero: the image stays sparse. */
static int write_fats(struct card *c, struct err *e)
{
	for (uint32_t i = 0; i < c->fat_sectors; i++) {
		uint8_t s[CARD_SECTOR] = { 0 };
		bool used = false;

		for (uint32_t k = 0; k < CARD_SECTOR / 4; k++) {
			uint32_t cluster = i * (CARD_SECTOR / 4) + k;

			if (cluster < c->clusters + 2 && c->fat[cluster] != 0) {
				card_put32(s + k * 4, c->fat[cluster]);
				used = true;
			}
		}
		for (uint32_t copy = 0; used && copy < 2; copy++) {
			uint64_t sector = CARD_RESERVED + (uint64_t)copy * c->fat_sectors + i;
			int r = card_pwrite(c, s, sizeof(s), c->start + sector * CARD_SECTOR, e);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

int card_finish(struct card *c, struct err *e)
{
	int r = c->config.mbr ? write_mbr(c, e) : 0;

	for (size_t i = 0; r == 0 && i < c->n_dirs; i++) {
		const struct card_dir *d = c->dirs[i];

		r = card_write_chain(c, d->cluster, d->entries.p, d->entries.len, e);
	}
	if (r == 0)
		r = write_fats(c, e);
	if (r == 0)
		r = write_boot(c, e);
	return r;
}
