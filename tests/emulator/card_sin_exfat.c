/* exFAT volumes that lie; what card_sin.c says of its sins holds here. */
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "emulator/card_priv.h"

enum { FILE_ENTRY = 0x85, STREAM = 1, PLAIN = 0x03, CHAINED = 0x01 };

/*
 * A sound little file below /SIN, and its set for spoiling: the last of the
 * directory.  Valid until something is added.
 */
static int victim(struct card *c, const char *name, uint8_t **ret_set, struct card_dir **ret_dir,
		  struct err *e)
{
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/SIN/%s", name);
	r = card_add(c, path, "victim\n", 7, utc_now(), e);
	if (r == 0)
		r = card_sin_dir(c, ret_dir, e);
	if (r == 0)
		*ret_set = (*ret_dir)->entries.p +
			   (*ret_dir)->nodes[(*ret_dir)->n_nodes - 1].entry * CARD_ENTRY;
	return r;
}

static void sum_again(struct card_dir *d, const uint8_t *set)
{
	card_exfat_sum(d, (size_t)(set - d->entries.p) / CARD_ENTRY);
}

/* A victim whose stream entry says these numbers. */
static int lie(struct card *c, const char *name, uint8_t flags, uint32_t cluster, uint64_t size,
	       uint64_t valid, struct err *e)
{
	struct card_dir *d;
	uint8_t *set, *stream;
	int r = victim(c, name, &set, &d, e);

	if (r < 0)
		return r;
	stream = set + STREAM * CARD_ENTRY;
	stream[1] = flags;
	card_put64(stream + 8, valid);
	card_put32(stream + 20, cluster);
	card_put64(stream + 24, size);
	sum_again(d, set);
	return 0;
}

static int set_sum(struct card *c, struct err *e)
{
	struct card_dir *d;
	uint8_t *set;
	int r = victim(c, "sum.mp4", &set, &d, e);

	if (r == 0)
		set[2] ^= 0xff;
	return r;
}

/* In use to the end of the directory's last cluster, where its last set is cut. */
static int set_cut(struct card *c, struct err *e)
{
	char name[40];
	struct card_dir *d;
	uint8_t *set;
	int r = 0;

	for (unsigned i = 0; r == 0; i++) {
		snprintf(name, sizeof(name), "cut-%u.mp4", i);
		r = victim(c, name, &set, &d, e);
		if (r == 0 && d->entries.len + 2 * CARD_ENTRY >= d->room)
			break;
	}
	while (r == 0 && d->entries.len < d->room) {
		uint8_t file[CARD_ENTRY] = { FILE_ENTRY, 2 };

		buf_add(&d->entries, file, sizeof(file));
	}
	return r;
}

static int set_count(struct card *c, uint8_t count, const char *name, struct err *e)
{
	struct card_dir *d;
	uint8_t *set;
	int r = victim(c, name, &set, &d, e);

	if (r == 0)
		set[1] = count;
	return r;
}

static int counts(struct card *c, struct err *e)
{
	int r = set_count(c, 255, "count-255.mp4", e);

	if (r == 0)
		r = set_count(c, 0, "count-0.mp4", e);
	if (r == 0)
		r = set_count(c, 1, "count-1.mp4", e);
	return r < 0 ? r : set_count(c, 18, "count-18.mp4", e);
}

static int name_length(struct card *c, struct err *e)
{
	static const uint8_t lengths[] = { 0, 255, 16 };
	struct card_dir *d;
	char name[32];
	uint8_t *set;
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT(lengths); i++) {
		snprintf(name, sizeof(name), "length-%u.mp4", lengths[i]);
		r = victim(c, name, &set, &d, e);
		if (r < 0)
			break;
		set[STREAM * CARD_ENTRY + 3] = lengths[i];
		sum_again(d, set);
	}
	return r;
}

static int valid_beyond(struct card *c, struct err *e)
{
	uint32_t cluster;
	int r = card_chain(c, 1, &cluster, e);

	return r < 0 ? r : lie(c, "valid.mp4", CHAINED, cluster, 100, UINT64_MAX, e);
}

static int sizes(struct card *c, struct err *e)
{
	uint32_t cluster;
	int r = card_chain(c, 1, &cluster, e);

	if (r == 0)
		r = lie(c, "size-2-64.mp4", PLAIN, cluster, UINT64_MAX, UINT64_MAX, e);
	if (r == 0)
		r = lie(c, "size-past-the-end.mp4", PLAIN, c->clusters,
			UINT64_C(8) * card_cluster_bytes(c), 0, e);
	return r < 0 ? r : lie(c, "size-no-allocation.mp4", 0, 0, 4096, 4096, e);
}

static int cluster_range(struct card *c, struct err *e)
{
	static const uint32_t clusters[] = { 0, 1, UINT32_MAX, UINT32_C(0xfffffff7) };
	char name[32];
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT(clusters); i++) {
		snprintf(name, sizeof(name), "cluster-%zu.mp4", i);
		r = lie(c, name, i % 2 == 0 ? PLAIN : CHAINED, clusters[i], 4096, 4096, e);
	}
	return r < 0 ? r : lie(c, "cluster-after.mp4", PLAIN, c->clusters + 2, 4096, 4096, e);
}

static int fat_ring(struct card *c, struct err *e)
{
	uint32_t cluster;
	int r = card_chain(c, 3, &cluster, e);

	if (r < 0)
		return r;
	c->fat[c->fat[c->fat[cluster]]] = cluster;
	return lie(c, "ring.mp4", CHAINED, cluster, UINT64_C(16) << 20, UINT64_C(16) << 20, e);
}

/* A set that says directory. */
static int claim_dir(struct card *c, const char *name, uint8_t flags, uint32_t cluster,
		     uint64_t size, struct err *e)
{
	struct card_dir *d;
	uint8_t *set;
	int r = lie(c, name, flags, cluster, size, size, e);

	if (r == 0)
		r = card_sin_dir(c, &d, e);
	if (r < 0)
		return r;
	set = d->entries.p + d->nodes[d->n_nodes - 1].entry * CARD_ENTRY;
	set[4] = CARD_ATTR_DIRECTORY;
	sum_again(d, set);
	return 0;
}

static int dir_loop(struct card *c, struct err *e)
{
	struct card_dir *d;
	int r = card_sin_dir(c, &d, e);

	if (r == 0)
		r = claim_dir(c, "LOOP", PLAIN, d->cluster, d->room, e);
	return r < 0 ? r : claim_dir(c, "ROOT", CHAINED, c->dirs[0]->cluster, d->room, e);
}

static int dir_ring(struct card *c, struct err *e)
{
	uint32_t cluster;
	int r = card_chain(c, 2, &cluster, e);

	if (r < 0)
		return r;
	for (uint32_t i = 0; r == 0 && i < 2; i++) {	/* nothing in it is the end */
		uint8_t sector[CARD_SECTOR];

		memset(sector, 0x05, sizeof(sector));
		for (uint32_t k = 0; r == 0 && k < card_cluster_bytes(c) / CARD_SECTOR; k++)
			r = card_pwrite(c, sector, sizeof(sector), card_cluster_offset(c, cluster + i) +
					(uint64_t)k * CARD_SECTOR, e);
	}
	c->fat[c->fat[cluster]] = cluster;
	return r < 0 ? r : claim_dir(c, "RING", CHAINED, cluster, UINT64_C(1) << 40, e);
}

static uint8_t *root_entry(struct card *c, uint8_t type)
{
	uint8_t *entry = c->dirs[0]->entries.p;

	while (entry[0] != type)
		entry += CARD_ENTRY;
	return entry;
}

static int bitmap_short(struct card *c, struct err *e)
{
	(void)e;
	card_put64(root_entry(c, 0x81) + 24, 16);
	return 0;
}

static int bitmap_ring(struct card *c, struct err *e)
{
	(void)e;
	c->fat[c->bitmap] = c->bitmap;
	card_put64(root_entry(c, 0x81) + 24, UINT64_C(1) << 60);
	return 0;
}

static int bitmap_range(struct card *c, struct err *e)
{
	(void)e;
	card_put32(root_entry(c, 0x81) + 20, c->clusters + 2);
	return 0;
}

static int bitmap_none(struct card *c, struct err *e)
{
	(void)e;
	root_entry(c, 0x81)[0] = 0x01;
	return 0;
}

static int upcase_bomb(struct card *c, struct err *e)
{
	uint8_t *entry = root_entry(c, 0x82);

	(void)e;
	c->fat[c->upcase] = c->upcase;
	card_put32(entry + 4, UINT32_C(0xdeadbeef));
	card_put64(entry + 24, UINT64_C(1) << 62);
	return 0;
}

/* A byte of the boot sector and of its backup; the checksums stay what they were. */
static int boot_bytes(struct card *c, uint64_t at, const void *p, size_t len, bool backup,
		      struct err *e)
{
	int r = card_pwrite(c, p, len, c->config.start + at, e);

	if (r == 0 && backup)
		r = card_pwrite(c, p, len, c->config.start + UINT64_C(12) * c->sector + at, e);
	return r;
}

static int boot_sum(struct card *c, struct err *e)
{
	/* Another root: only the checksum says that it is not so. */
	return boot_bytes(c, 96, "\x02\0\0", 4, false, e);
}

static int boot_sums(struct card *c, struct err *e)
{
	return boot_bytes(c, 100, "SIN", 4, true, e);
}

static int boot_gone(struct card *c, struct err *e)
{
	uint8_t nothing[CARD_SECTOR] = { 0 };

	return boot_bytes(c, 0, nothing, sizeof(nothing), false, e);
}

static int boot_shifts(struct card *c, struct err *e)
{
	return boot_bytes(c, 108, "\x0c\xff", 2, true, e);
}

static int boot_clusters(struct card *c, struct err *e)
{
	return boot_bytes(c, 92, "\xf5\xff\xff\xff", 4, true, e);
}

const struct card_sin card_exfat_sins[] = {
	{ "exfat-set-sum", "a file whose set has a wrong checksum", set_sum, false },
	{ "exfat-set-cut", "a set that ends with its directory", set_cut, false },
	{ "exfat-set-count", "sets of 0, 1, 18, 255 secondary entries", counts, false },
	{ "exfat-name-length", "names of 0, 16, 255 characters in one entry", name_length, false },
	{ "exfat-valid-beyond", "a valid length of 2^64 - 1 in 100 bytes", valid_beyond, false },
	{ "exfat-size-beyond", "files of 2^64 - 1 bytes, past the end, of nothing", sizes, false },
	{ "exfat-cluster-range", "files that begin outside the volume", cluster_range, false },
	{ "exfat-fat-ring", "a file whose FAT chain is a circle", fat_ring, false },
	{ "exfat-dir-loop", "directories that are their parent, the root", dir_loop, false },
	{ "exfat-dir-ring", "a directory of 1 TiB whose chain is a circle", dir_ring, false },
	{ "exfat-bitmap-short", "a bitmap of 16 bytes", bitmap_short, false },
	{ "exfat-bitmap-ring", "a bitmap of 2^60 bytes whose chain is a circle", bitmap_ring, false },
	{ "exfat-bitmap-range", "a bitmap outside the volume", bitmap_range, false },
	{ "exfat-bitmap-none", "no bitmap", bitmap_none, false },
	{ "exfat-upcase-bomb", "an up-case table of 2^62 bytes, a circle", upcase_bomb, false },
	{ "exfat-boot-sum", "a boot sector changed, its backup sound", boot_sum, true },
	{ "exfat-boot-sums", "wrong checksums on both boot sectors", boot_sums, true },
	{ "exfat-boot-gone", "no boot sector but the backup", boot_gone, true },
	{ "exfat-boot-shifts", "clusters of 2^267 bytes", boot_shifts, true },
	{ "exfat-boot-clusters", "2^32 - 11 clusters on a small card", boot_clusters, true },
	{ NULL, NULL, NULL, false },
};
