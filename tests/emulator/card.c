/* The volume: clusters and FATs; what its format makes of them is in card_fat.c, card_exfat.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "emulator/card_priv.h"

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
	return c->per_cluster * c->sector;
}

uint64_t card_cluster_offset(const struct card *c, uint32_t cluster)
{
	return c->config.start +
	       (c->data_at + (uint64_t)(cluster - 2) * c->per_cluster) * c->sector;
}

int card_image_size(const struct card *c, uint64_t *ret, struct err *e)
{
	struct stat st;

	if (fstat(c->fd, &st) < 0)
		return err_set(e, -errno, "card image: %s", strerror(errno));
	*ret = (uint64_t)st.st_size;
	return 0;
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
		if (!c->used[at]) {
			c->used[at] = true;
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

/* Check what a config says, and take it over. */
static int configure(struct card *c, const struct card_config *config, struct err *e)
{
	c->config = *config;
	c->format = config->exfat ? &card_exfat : &card_fat32;
	c->sector = config->sector != 0 ? config->sector : CARD_SECTOR;
	c->sectors = config->size / c->sector;
	c->cursor = 2;
	if (c->sector != CARD_SECTOR && c->sector != CARD_SECTOR_MAX)
		return err_set(e, -EINVAL, "a card has sectors of 512 or of 4096 bytes");
	if (config->size % c->sector != 0 || config->start % c->sector != 0)
		return err_set(e, -EINVAL, "a card is a multiple of %u bytes", c->sector);
	if (config->label != NULL && !label_is_good(config->label))
		return err_set(e, -EINVAL, "%s: a label is up to 11 of A-Z 0-9 _ -", config->label);
	return c->format->geometry(c, e);
}

/* The image reaches to the end of the volume, at least. */
static int make_room(const struct card *c, struct err *e)
{
	uint64_t size, end = c->config.start + c->config.size;
	int r = card_image_size(c, &size, e);

	if (r == 0 && size < end && ftruncate(c->fd, (off_t)end) < 0)
		r = err_set(e, -errno, "card image: %s", strerror(errno));
	return r;
}

int card_new(int fd, const struct card_config *config, struct card **ret, struct err *e)
{
	struct card *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return err_set(e, -ENOMEM, "no memory");
	c->fd = fd;
	r = configure(c, config, e);
	if (r < 0)
		goto fail;
	c->fat = calloc((size_t)c->clusters + 2, sizeof(*c->fat));
	c->used = calloc((size_t)c->clusters + 2, sizeof(*c->used));
	r = c->fat == NULL || c->used == NULL ? err_set(e, -ENOMEM, "no memory") : make_room(c, e);
	if (r < 0)
		goto fail;
	c->fat[1] = CARD_FAT_END;
	c->used[0] = c->used[1] = true;
	r = c->format->begin(c, e);
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
	free(c->used);
	free(c);
}

/* One sector of the FAT; whether there is anything in it. */
static bool fat_sector(const struct card *c, uint32_t at, uint8_t ret[CARD_SECTOR_MAX])
{
	bool used = false;

	memset(ret, 0, CARD_SECTOR_MAX);
	for (uint32_t k = 0; k < c->sector / 4; k++) {
		uint64_t cluster = (uint64_t)at * (c->sector / 4) + k;
		uint32_t next;

		if (cluster >= (uint64_t)c->clusters + 2 || c->fat[cluster] == 0)
			continue;
		next = c->fat[cluster];
		card_put32(ret + (size_t)k * 4,
			   c->config.exfat && next == CARD_FAT_END ? UINT32_MAX : next);
		used = true;
	}
	return used;
}

/* All FATs, without the sectors that are all zero: the image stays sparse. */
static int write_fats(struct card *c, struct err *e)
{
	uint8_t s[CARD_SECTOR_MAX];

	for (uint32_t i = 0; i < c->fat_sectors; i++) {
		if (!fat_sector(c, i, s))
			continue;
		for (uint32_t copy = 0; copy < c->fats; copy++) {
			uint64_t sector = c->fat_at + (uint64_t)copy * c->fat_sectors + i;
			int r = card_pwrite(c, s, c->sector, c->config.start + sector * c->sector, e);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

int card_finish(struct card *c, struct err *e)
{
	int r = 0;

	c->format->settle(c);
	for (size_t i = 0; r == 0 && i < c->n_dirs; i++) {
		const struct card_dir *d = c->dirs[i];

		r = card_write_chain(c, d->cluster, d->entries.p, d->entries.len, e);
	}
	if (r == 0)
		r = write_fats(c, e);
	return r < 0 ? r : c->format->finish(c, e);
}
