/*
 * Cards that lie.  Each sin adds entries below /SIN, or spoils the finished
 * image; whatever else is on the card stays sound, so that a test can ask for
 * it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utc.h"
#include "base/util.h"
#include "emulator/card_priv.h"

int card_sin_dir(struct card *c, struct card_dir **ret, struct err *e)
{
	return card_dir_make(c, "/SIN", utc_now(), ret, e);
}

int card_sin_file(struct card *c, const char *name, uint32_t cluster, uint64_t size,
		  struct err *e)
{
	uint16_t units[CARD_NAME_UNITS_MAX];
	struct card_claim claim = { .name = units, .attributes = CARD_ATTR_ARCHIVE,
				    .cluster = cluster, .size = size, .valid = size,
				    .mtime_ms = utc_now() };
	struct card_dir *d;
	int r = card_sin_dir(c, &d, e);

	if (r < 0)
		return r;
	if (card_utf16(name, units, COUNT(units), &claim.units) < 0)
		BUG("card: a sin's own name");
	return card_append(c, d, &claim, NULL, e);
}

/* A sound little file under a name of these units. */
static int claim_name(struct card *c, const uint16_t *name, size_t units, struct err *e)
{
	struct card_claim claim = { .name = name, .units = units, .size = 5,
				    .attributes = CARD_ATTR_ARCHIVE, .mtime_ms = utc_now() };
	struct card_dir *d;
	int r = card_sin_dir(c, &d, e);

	if (r == 0)
		r = card_chain(c, 1, &claim.cluster, e);
	if (r == 0)
		r = card_write_chain(c, claim.cluster, "name\n", 5, e);
	return r < 0 ? r : card_append(c, d, &claim, NULL, e);
}

static int claim_text(struct card *c, const char *name, struct err *e)
{
	uint16_t units[CARD_NAME_UNITS_MAX];
	size_t n;

	if (card_utf16(name, units, COUNT(units), &n) < 0)
		BUG("card: a sin's own name");
	return claim_name(c, units, n, e);
}

static int claim_dir(struct card *c, const uint8_t short_name[11], uint32_t cluster, struct err *e)
{
	struct card_claim claim = { .short_name = short_name, .cluster = cluster,
				    .attributes = CARD_ATTR_DIRECTORY, .mtime_ms = utc_now() };
	struct card_dir *d;
	int r = card_sin_dir(c, &d, e);

	return r < 0 ? r : card_append(c, d, &claim, NULL, e);
}

static int dir_loop(struct card *c, struct err *e)
{
	struct card_dir *d;
	int r = card_sin_dir(c, &d, e);

	return r < 0 ? r : claim_dir(c, (const uint8_t *)"LOOP       ", d->cluster, e);
}

static int dir_root(struct card *c, struct err *e)
{
	return claim_dir(c, (const uint8_t *)"ROOT       ", c->dirs[0]->cluster, e);
}

static int dir_cycle(struct card *c, struct err *e)
{
	uint32_t cluster;
	int r = card_chain(c, 2, &cluster, e);

	if (r < 0)
		return r;
	c->fat[c->fat[cluster]] = cluster;
	return claim_dir(c, (const uint8_t *)"CYCLE      ", cluster, e);
}

static int fat_cycle(struct card *c, struct err *e)
{
	uint32_t cluster;
	int r = card_chain(c, 2, &cluster, e);

	if (r < 0)
		return r;
	c->fat[c->fat[cluster]] = cluster;
	return card_sin_file(c, "cycle.mp4", cluster, 1024 * 1024, e);
}

static int size_beyond(struct card *c, struct err *e)
{
	uint32_t cluster;
	int r = card_chain(c, 1, &cluster, e);

	return r < 0 ? r : card_sin_file(c, "endless.mp4", cluster, UINT32_MAX, e);
}

static int short_chain(struct card *c, struct err *e)
{
	uint32_t cluster;
	int r = card_chain(c, 2, &cluster, e);

	return r < 0 ? r : card_sin_file(c, "short-chain.mp4", cluster,
				      3 * card_cluster_bytes(c) + 100, e);
}

static int free_chain(struct card *c, struct err *e)
{
	uint32_t cluster;
	int r = card_chain(c, 3, &cluster, e);

	if (r < 0)
		return r;
	c->fat[c->fat[cluster]] = 0;
	return card_sin_file(c, "free-chain.mp4", cluster, 3 * card_cluster_bytes(c), e);
}

static int cluster_range(struct card *c, struct err *e)
{
	int r = card_sin_file(c, "beyond.mp4", c->clusters + 2, 4096, e);

	if (r == 0)
		r = card_sin_file(c, "far-beyond.mp4", UINT32_C(0x0ffffff0), 4096, e);
	return r < 0 ? r : card_sin_file(c, "one.mp4", 1, 4096, e);
}

static int fat_range(struct card *c, struct err *e)
{
	uint32_t cluster;
	int r = card_chain(c, 2, &cluster, e);

	if (r < 0)
		return r;
	c->fat[cluster] = c->clusters + 1000;
	return card_sin_file(c, "next-beyond.mp4", cluster, 2 * card_cluster_bytes(c), e);
}

static int cross_link(struct card *c, struct err *e)
{
	uint32_t cluster;
	int r = card_chain(c, 4, &cluster, e);

	if (r == 0)
		r = card_sin_file(c, "cross-a.mp4", cluster, 4 * card_cluster_bytes(c), e);
	return r < 0 ? r : card_sin_file(c, "cross-b.mp4", c->fat[cluster],
				      3 * card_cluster_bytes(c), e);
}

static int zero_size(struct card *c, struct err *e)
{
	uint32_t cluster;
	int r = card_chain(c, 8, &cluster, e);

	if (r == 0)
		r = card_sin_file(c, "zero-with-chain.mp4", cluster, 0, e);
	return r < 0 ? r : card_sin_file(c, "zero.mp4", 0, 0, e);
}

static int size_no_chain(struct card *c, struct err *e)
{
	return card_sin_file(c, "no-chain.mp4", 0, 4096, e);
}

static int name_dotdot(struct card *c, struct err *e)
{
	static const char *const names[] = { "..", ".", "../../etc/passwd", "..\\..\\boot.ini" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT(names); i++)
		r = claim_text(c, names[i], e);
	return r;
}

static int name_slash(struct card *c, struct err *e)
{
	int r = claim_text(c, "/etc/passwd", e);

	return r < 0 ? r : claim_text(c, "a/b.mp4", e);
}

static int name_control(struct card *c, struct err *e)
{
	int r = claim_text(c, "line\nbreak\r.mp4", e);

	if (r == 0)
		r = claim_text(c, "\x1b[2J\x1b]0;title\x07.mp4", e);
	return r < 0 ? r : claim_text(c, "rtl\xe2\x80\xae" "4pm.exe", e);
}

static int name_255(struct card *c, struct err *e)
{
	uint16_t name[CARD_NAME_UNITS_MAX];

	for (size_t i = 0; i < COUNT(name); i++)
		name[i] = 0x5f55;	/* three bytes each in UTF-8 */
	return claim_name(c, name, COUNT(name), e);
}

static int name_surrogate(struct card *c, struct err *e)
{
	static const uint16_t lone[] = { 0xd800, 'a', '.', 'm', 'p', '4' };
	static const uint16_t swapped[] = { 0xdc00, 0xd800, '.', 'm', 'p', '4' };
	int r = claim_name(c, lone, COUNT(lone), e);

	return r < 0 ? r : claim_name(c, swapped, COUNT(swapped), e);
}

static int name_case(struct card *c, struct err *e)
{
	int r = claim_text(c, "Case.mp4", e);

	return r < 0 ? r : claim_text(c, "cASE.MP4", e);
}

static int name_gbk(struct card *c, struct err *e)
{
	/* No long name at all: GBK bytes in the 8.3 entry, as cheap firmware leaves them. */
	static const uint8_t name[11] = { 0xc2, 0xbc, 0xcf, 0xf1, '0', '1', ' ', ' ', 'M', 'P', '4' };
	struct card_claim claim = { .short_name = name, .size = 4, .mtime_ms = utc_now(),
				    .attributes = CARD_ATTR_ARCHIVE };
	struct card_dir *d;
	int r = card_sin_dir(c, &d, e);

	if (r == 0)
		r = card_chain(c, 1, &claim.cluster, e);
	if (r == 0)
		r = card_write_chain(c, claim.cluster, "gbk\n", 4, e);
	return r < 0 ? r : card_append(c, d, &claim, NULL, e);
}

static int name_broken(struct card *c, struct err *e)
{
	struct card_dir *d;
	int r = claim_text(c, "long name with a wrong checksum.mp4", e);

	if (r == 0)
		r = claim_text(c, "long name with its pieces out of order.mp4", e);
	if (r == 0)
		r = card_sin_dir(c, &d, e);
	if (r < 0)
		return r;
	/* The entries end with three pieces and an 8.3 name, then four pieces and one. */
	d->entries.p[d->entries.len - 7 * CARD_ENTRY + 13] ^= 0xff;
	d->entries.p[d->entries.len - 3 * CARD_ENTRY] = 7;
	return 0;
}

static int times_odd(struct card *c, struct err *e)
{
	static const uint32_t times[] = { 0, UINT32_C(0xffffffff), UINT32_C(0x00210000),
					  UINT32_C(0x28210000), UINT32_C(0x5b600000) };
	char name[32];
	struct card_dir *d;
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT(times); i++) {
		snprintf(name, sizeof(name), "time-%zu.mp4", i);
		r = claim_text(c, name, e);
		if (r == 0)
			r = card_sin_dir(c, &d, e);
		if (r < 0)
			break;
		card_put32(d->entries.p + d->entries.len - CARD_ENTRY + 14, times[i]);
		card_put16(d->entries.p + d->entries.len - CARD_ENTRY + 18, times[i] >> 16);
		card_put32(d->entries.p + d->entries.len - CARD_ENTRY + 22, times[i]);
	}
	return r;
}

static int deep(struct card *c, struct err *e)
{
	char path[CARD_SECTOR * 8] = "/SIN";
	size_t len = strlen(path);

	for (unsigned i = 0; i < 300; i++)
		len += (size_t)snprintf(path + len, sizeof(path) - len, "/deep%u", i);
	return card_add(c, path, "deep\n", 5, utc_now(), e);
}

/* More entries than a listing may have, in directories that are as full as FAT allows. */
static int flood(struct card *c, struct err *e)
{
	enum { DIRS = 2, FILES = 40000 };
	struct card_claim claim = { .attributes = CARD_ATTR_ARCHIVE, .mtime_ms = utc_now() };
	int r = 0;

	for (unsigned i = 0; r == 0 && i < DIRS; i++) {
		char path[24], name[12];
		struct card_dir *d;

		snprintf(path, sizeof(path), "/SIN/FLOOD%u", i);
		r = card_dir_make(c, path, claim.mtime_ms, &d, e);
		for (unsigned k = 0; r == 0 && k < FILES; k++) {
			snprintf(name, sizeof(name), "F%07uMP4", k);
			claim.short_name = (const uint8_t *)name;
			r = card_append(c, d, &claim, NULL, e);
		}
	}
	return r;
}

/* ------ of the finished image ------ */

static int boot_garbage(struct card *c, struct err *e)
{
	uint8_t garbage[CARD_SECTOR];
	uint32_t x = 1;
	int r = 0;

	for (size_t i = 0; i < sizeof(garbage); i++) {
		x = x * UINT32_C(1664525) + UINT32_C(1013904223);
		garbage[i] = (uint8_t)(x >> 24);
	}
	for (uint64_t s = 0; r == 0 && s < CARD_RESERVED; s++)
		r = card_pwrite(c, garbage, sizeof(garbage), c->config.start + s * CARD_SECTOR, e);
	return r;
}

/* Overwrite bytes of the boot sector and of its copy. */
static int boot_field(struct card *c, const void *p, size_t len, uint64_t at, struct err *e)
{
	int r = card_pwrite(c, p, len, c->config.start + at, e);

	return r < 0 ? r : card_pwrite(c, p, len, c->config.start + 6 * CARD_SECTOR + at, e);
}

static int boot_sector_513(struct card *c, struct err *e)
{
	return boot_field(c, "\x01\x02", 2, 11, e);
}

static int boot_sector_4096(struct card *c, struct err *e)
{
	return boot_field(c, "\x00\x10", 2, 11, e);
}

static int boot_cluster_0(struct card *c, struct err *e)
{
	return boot_field(c, "\x00", 1, 13, e);
}

static int boot_fat_huge(struct card *c, struct err *e)
{
	return boot_field(c, "\xff\xff\xff\xff", 4, 36, e);
}

static int boot_root_beyond(struct card *c, struct err *e)
{
	return boot_field(c, "\xf0\xff\xff\x0f", 4, 44, e);
}

static int boot_sectors_huge(struct card *c, struct err *e)
{
	return boot_field(c, "\xff\xff\xff\xff", 4, 32, e);
}

static int truncated(struct card *c, struct err *e)
{
	uint64_t left = (card_cluster_offset(c, 2) + c->config.start + c->config.size / 2) / 2;

	if (ftruncate(c->fd, (off_t)(left / CARD_SECTOR * CARD_SECTOR)) < 0)
		return err_set(e, -errno, "card image: %s", strerror(errno));
	return 0;
}

static int part_write(struct card *c, uint64_t sector, uint8_t type, uint32_t first,
		      uint32_t sectors, struct err *e)
{
	uint8_t s[CARD_SECTOR] = { 0 };

	s[446 + 4] = type;
	card_put32(s + 446 + 8, first);
	card_put32(s + 446 + 12, sectors);
	card_put16(s + 510, 0xaa55);
	return card_pwrite(c, s, sizeof(s), sector * CARD_SECTOR, e);
}

static int part_beyond(struct card *c, struct err *e)
{
	return part_write(c, 0, 0x0c, UINT32_C(0xfffffff0), UINT32_C(0xfffffff0), e);
}

static int part_loop(struct card *c, struct err *e)
{
	int r = part_write(c, 0, 0x05, 1, 1000, e);

	return r < 0 ? r : part_write(c, 1, 0x05, 0, 1000, e);
}

const struct card_sin card_sins[] = {
	{ "dir-loop", "a directory that is its own parent", dir_loop, false },
	{ "dir-root", "a directory that is the root", dir_root, false },
	{ "dir-cycle", "a directory whose FAT chain is a circle", dir_cycle, false },
	{ "fat-cycle", "a file whose FAT chain is a circle", fat_cycle, false },
	{ "size-beyond", "a file of 4 GiB - 1 on a smaller card", size_beyond, false },
	{ "short-chain", "a file larger than its FAT chain", short_chain, false },
	{ "free-chain", "a file whose FAT chain leads to a free cluster", free_chain, false },
	{ "cluster-range", "files that begin outside the volume", cluster_range, false },
	{ "fat-range", "a file whose FAT chain leaves the volume", fat_range, false },
	{ "cross-link", "two files that share clusters", cross_link, false },
	{ "zero-size", "files of size 0, one of them with clusters", zero_size, false },
	{ "no-chain", "a file with a size and no cluster", size_no_chain, false },
	{ "name-dotdot", "files named .. and ../../etc/passwd", name_dotdot, false },
	{ "name-slash", "files with / in the name", name_slash, false },
	{ "name-control", "names with line breaks, escapes, text direction", name_control, false },
	{ "name-255", "a name of 255 three-byte characters", name_255, false },
	{ "name-surrogate", "names that are not UTF-16", name_surrogate, false },
	{ "name-case", "two names that differ in case", name_case, false },
	{ "name-gbk", "an 8.3 name in GBK, no long name", name_gbk, false },
	{ "name-broken", "long names with a wrong checksum, out of order", name_broken, false },
	{ "times-odd", "times of zero, 1980, 2000, month 15", times_odd, false },
	{ "deep", "300 directories in one another", deep, false },
	{ "flood", "80000 files", flood, false },
	{ "boot-garbage", "noise for boot sectors", boot_garbage, true },
	{ "boot-sector-513", "513 bytes a sector", boot_sector_513, true },
	{ "boot-sector-4096", "4096 bytes a sector where they are 512", boot_sector_4096, true },
	{ "boot-cluster-0", "no sectors in a cluster", boot_cluster_0, true },
	{ "boot-fat-huge", "a FAT of 2 TiB", boot_fat_huge, true },
	{ "boot-root-beyond", "a root directory outside the volume", boot_root_beyond, true },
	{ "boot-sectors-huge", "a volume of 2 TiB", boot_sectors_huge, true },
	{ "truncated", "the card ends in the middle of its data", truncated, true },
	{ "part-beyond", "a partition behind the end of the card", part_beyond, true },
	{ "part-loop", "an extended partition within itself", part_loop, true },
	{ NULL, NULL, NULL, false },
};

const struct card_sin *card_sin_find(const char *name)
{
	static const struct card_sin *const tables[] = {
		card_sins, card_exfat_sins, card_table_sins,
	};

	for (size_t i = 0; i < COUNT(tables); i++) {
		for (const struct card_sin *s = tables[i]; s->name != NULL; s++) {
			if (strcmp(s->name, name) == 0)
				return s;
		}
	}
	return NULL;
}
