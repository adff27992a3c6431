#include "lister/fat.h"

#include <string.h>

#include "base/util.h"
#include "lister/fat_dir.h"
#include "unit/suite.h"

/* ------ where things lie ------ */

/* 64 MiB: 32 reserved sectors, 2 FATs of 1008, clusters of 1 sector from 2048 on. */
static void fat32_boot(uint8_t boot[FAT_BOOT_LEN])
{
	memset(boot, 0, FAT_BOOT_LEN);
	boot[12] = 2;			/* 512 bytes a sector */
	boot[13] = 1;
	boot[14] = 32;
	boot[16] = 2;
	boot[34] = 2;			/* 0x20000 sectors */
	boot[36] = 0xf0;
	boot[37] = 3;
	boot[44] = 2;			/* root cluster */
	boot[510] = 0x55;
	boot[511] = 0xaa;
}

START_TEST(knows_where_things_lie)
{
	uint8_t boot[FAT_BOOT_LEN];
	struct fat_geometry g;
	uint64_t at;

	fat32_boot(boot);
	ck_assert(fat_geometry_read(boot, false, 512, &g));
	ck_assert_uint_eq(g.data, 2048);
	ck_assert_uint_eq(g.clusters, 2048);
	ck_assert_uint_eq(g.root_cluster, 2);
	ck_assert_uint_eq(g.sectors, 131072);
	ck_assert(fat_cluster_sector(&g, 2, &at));
	ck_assert_uint_eq(at, 2048);
	ck_assert(!fat_cluster_sector(&g, 1, &at));
	ck_assert(fat_cluster_sector(&g, 131072 - 2048 + 1, &at));
	ck_assert_uint_eq(at, 131071);
	ck_assert(!fat_cluster_sector(&g, 131072 - 2048 + 2, &at));
	ck_assert(!fat_cluster_sector(&g, UINT64_MAX, &at));
}
END_TEST

static const struct { const char *what; int at; uint8_t value; } boots[] = {
	{ "no signature", 510, 0 }, { "another sector size", 12, 4 }, { "no FATs", 16, 0 },
	{ "no sectors in a cluster", 13, 0 }, { "three sectors in a cluster", 13, 3 },
	{ "FATs beyond the end", 39, 0x7f }, { "an end before the data", 34, 0 },
};

START_TEST(refuses_a_senseless_boot_sector)
{
	uint8_t boot[FAT_BOOT_LEN];
	struct fat_geometry g;

	fat32_boot(boot);
	boot[boots[_i].at] = boots[_i].value;
	ck_assert_msg(!fat_geometry_read(boot, false, 512, &g), "%s", boots[_i].what);
}
END_TEST

/* 64 MiB: 16 KiB a cluster, the first at sector 2048, the root at the third. */
static void exfat_boot(uint8_t boot[FAT_BOOT_LEN])
{
	memset(boot, 0, FAT_BOOT_LEN);
	memcpy(boot + 3, "EXFAT   ", 8);
	boot[74] = 2;			/* 0x20000 sectors */
	boot[89] = 8;			/* clusters from 2048 */
	boot[92] = 0xc0;		/* 4032 of them */
	boot[93] = 0x0f;
	boot[96] = 4;
	boot[108] = 9;			/* 512 bytes */
	boot[109] = 5;			/* 32 sectors */
	boot[510] = 0x55;
	boot[511] = 0xaa;
}

static const struct { const char *what; int at; uint8_t value; bool good; } exfat_boots[] = {
	{ "sound", 3, 'E', true }, { "another name", 3, 'F', false },
	{ "another sector size", 108, 12, false }, { "no power of a sector", 108, 64, false },
	{ "4 GiB of sectors a cluster", 109, 26, false }, { "any smaller cluster", 109, 0, true },
	{ "an end before the data", 74, 0, false }, { "2^60 sectors", 79, 0x10, false },
};

START_TEST(reads_exfat_too)
{
	uint8_t boot[FAT_BOOT_LEN];
	struct fat_geometry g;
	uint64_t at;

	exfat_boot(boot);
	boot[exfat_boots[_i].at] = exfat_boots[_i].value;
	ck_assert_msg(fat_geometry_read(boot, true, 512, &g) == exfat_boots[_i].good, "%s",
		      exfat_boots[_i].what);
	ck_assert(!fat_geometry_read(boot, false, 512, &g));
	if (_i > 0)
		return;
	ck_assert(fat_geometry_read(boot, true, 512, &g));
	ck_assert_uint_eq(g.root_cluster, 4);
	ck_assert(fat_cluster_sector(&g, 4, &at));
	ck_assert_uint_eq(at, 2048 + 2 * 32);
	ck_assert(fat_cluster_sector(&g, (131072 - 2048) / 32 + 1, &at));
	ck_assert(!fat_cluster_sector(&g, (131072 - 2048) / 32 + 2, &at));
}
END_TEST

static const struct { unsigned bits; const char *bytes; uint64_t first, n, unused; } fats[] = {
	{ 32, "\xf8\xff\xff\x0f\0\0\0\0\0\0\0\0\1\0\0\xf0", 0, 4, 1 },
	{ 32, "\0\0\0\0\0\0\0\xf0\0\0\0\1", 128, 3, 2 },	/* the upper 4 bits do not count */
	{ 16, "\xf8\xff\0\0\0\0\1\0\0\0", 0, 5, 2 },
	{ 12, "\xf8\xff\xff\0\xf0\xff\0\0\0", 0, 6, 3 },
};

START_TEST(counts_free_clusters)
{
	ck_assert_uint_eq(fat_count_free(fats[_i].bits, (const uint8_t *)fats[_i].bytes,
					 fats[_i].first, fats[_i].n), fats[_i].unused);
}
END_TEST

START_TEST(sums_a_boot_region)
{
	uint8_t a[FAT_BOOT_LEN], b[FAT_BOOT_LEN];

	exfat_boot(a);
	exfat_boot(b);
	b[106] = b[107] = b[112] = 0x55;	/* what a driver changes as it goes */
	ck_assert_uint_eq(fat_boot_sum(0, a, sizeof(a), true), fat_boot_sum(0, b, sizeof(b), true));
	ck_assert_uint_ne(fat_boot_sum(0, a, sizeof(a), false),
			  fat_boot_sum(0, b, sizeof(b), false));
	b[105] = 1;
	ck_assert_uint_ne(fat_boot_sum(0, a, sizeof(a), true), fat_boot_sum(0, b, sizeof(b), true));
}
END_TEST

/* ------ directories ------ */

#define SHORT(name, attr, lower) \
	name attr lower "\0" "\x5d\xa5" "\x77\x5d" "\x77\x5d" "\1\0" "\x40\xa5" "\x77\x5d" "\5\0" \
	"\x10\0\0\0"
/* 13 units: 5, 6 and 2. */
#define PIECE(seq, sum, a, b, c)	seq a "\x0f\0" sum b "\0\0" c
#define A5	"a\0b\0c\0d\0e\0"
#define B6	"f\0g\0h\0i\0j\0k\0"
#define C2	"l\0m\0"
#define END5	".\0x\0\0\0\xff\xff\xff\xff"
#define END6	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
#define END2	"\xff\xff\xff\xff"
#define ABCDEF	"ABCDEF~1X  "		/* checksum 0xd8 below is of this name */

static const struct {
	const char *what;
	const char *bytes;
	unsigned n;			/* entries in bytes */
	enum fat_dir_what last;
	const char *short_name;
	const char *long_name;		/* the low bytes of its units */
	bool deleted;
} dirs[] = {
	{ "a short name", SHORT("MOVI0001MP4", " ", "\0"), 1, FAT_DIR_ENTRY, "MOVI0001.MP4", "", 0 },
	{ "lower case", SHORT("MOVI0001MP4", " ", "\x18"), 1, FAT_DIR_ENTRY, "movi0001.mp4", "", 0 },
	{ "no extension", SHORT("A          ", " ", "\0"), 1, FAT_DIR_ENTRY, "A", "", 0 },
	{ "0x05 is 0xe5", SHORT("\5\xc2      MP4", " ", "\0"), 1, FAT_DIR_ENTRY, "\xe5\xc2.MP4", "",
	  0 },
	{ "deleted", SHORT("\xe5OVI0001MP4", " ", "\0"), 1, FAT_DIR_ENTRY, "_OVI0001.MP4", "", 1 },
	{ "the end", SHORT("\0OVI0001MP4", " ", "\0"), 1, FAT_DIR_END, "", "", 0 },
	{ "itself", SHORT(".          ", "\x10", "\0"), 1, FAT_DIR_NOTHING, "", "", 0 },
	{ "its parent", SHORT("..         ", "\x10", "\0"), 1, FAT_DIR_NOTHING, "", "", 0 },
	{ "no parent", SHORT("...        ", "\x10", "\0"), 1, FAT_DIR_ENTRY, "...", "", 0 },
	{ "a label", SHORT("REC-01     ", "\x08", "\0"), 1, FAT_DIR_LABEL, "REC-01", "", 0 },
	{ "a deleted label", SHORT("\xe5" "EC-01     ", "\x08", "\0"), 1, FAT_DIR_NOTHING, "", "", 1 },
	{ "a long name",
	  PIECE("\x42", "\xd8", END5, END6, END2) PIECE("\1", "\xd8", A5, B6, C2)
	  SHORT(ABCDEF, " ", "\0"), 3, FAT_DIR_ENTRY, "ABCDEF~1.X", "abcdefghijklm.x", 0 },
	{ "a long name that fills its pieces",
	  PIECE("\x41", "\xd8", A5, B6, C2) SHORT(ABCDEF, " ", "\0"), 2, FAT_DIR_ENTRY,
	  "ABCDEF~1.X", "abcdefghijklm", 0 },
	{ "a wrong sum", PIECE("\x41", "\xde", A5, B6, C2) SHORT(ABCDEF, " ", "\0"), 2,
	  FAT_DIR_ENTRY, "ABCDEF~1.X", "", 0 },
	{ "out of order",
	  PIECE("\x43", "\xd8", END5, END6, END2) PIECE("\1", "\xd8", A5, B6, C2)
	  SHORT(ABCDEF, " ", "\0"), 3, FAT_DIR_ENTRY, "ABCDEF~1.X", "", 0 },
	{ "the first piece missing",
	  PIECE("\x42", "\xd8", END5, END6, END2) SHORT(ABCDEF, " ", "\0"), 2, FAT_DIR_ENTRY,
	  "ABCDEF~1.X", "", 0 },
	{ "the last piece missing", PIECE("\1", "\xd8", A5, B6, C2) SHORT(ABCDEF, " ", "\0"), 2,
	  FAT_DIR_ENTRY, "ABCDEF~1.X", "", 0 },
	{ "piece 0", PIECE("\x40", "\xd8", A5, B6, C2) SHORT(ABCDEF, " ", "\0"), 2,
	  FAT_DIR_ENTRY, "ABCDEF~1.X", "", 0 },
	{ "piece 21", PIECE("\x55", "\xd8", A5, B6, C2) SHORT(ABCDEF, " ", "\0"), 2,
	  FAT_DIR_ENTRY, "ABCDEF~1.X", "", 0 },
	{ "pieces of another entry",
	  PIECE("\x41", "\xd8", A5, B6, C2) SHORT("OTHER   MP4", " ", "\0")
	  SHORT(ABCDEF, " ", "\0"), 3, FAT_DIR_ENTRY, "ABCDEF~1.X", "", 0 },
	{ "a deleted long name",
	  PIECE("\xe5", "\xd8", END5, END6, END2) PIECE("\xe5", "\xd8", A5, B6, C2)
	  SHORT("\xe5" "BCDEF~1X  ", " ", "\0"), 3, FAT_DIR_ENTRY, "_BCDEF~1.X", "abcdefghijklm.x",
	  1 },
	{ "deleted pieces before a live entry",
	  PIECE("\xe5", "\xd8", A5, B6, C2) SHORT(ABCDEF, " ", "\0"), 2, FAT_DIR_ENTRY,
	  "ABCDEF~1.X", "", 0 },
};

START_TEST(reads_a_directory)
{
	struct fat_dir d = { .n = 0 };
	struct fat_dir_entry e = { .deleted = false };
	enum fat_dir_what what = FAT_DIR_NOTHING;
	char name[FAT_DIR_PIECES * FAT_DIR_PIECE_LEN] = "";

	for (unsigned i = 0; i < dirs[_i].n; i++)
		what = fat_dir_next(&d, (const uint8_t *)dirs[_i].bytes + (size_t)i * 32, &e);
	ck_assert_msg(what == dirs[_i].last, "%s: %d", dirs[_i].what, (int)what);
	if (what != FAT_DIR_ENTRY && what != FAT_DIR_LABEL)
		return;
	for (size_t i = 0; i < e.long_len; i += 2)
		name[i / 2] = (char)e.long_name[i];
	ck_assert_msg(e.short_len == strlen(dirs[_i].short_name) &&
		      memcmp(e.short_name, dirs[_i].short_name, e.short_len) == 0,
		      "%s: %.12s", dirs[_i].what, (const char *)e.short_name);
	ck_assert_msg(strcmp(name, dirs[_i].long_name) == 0, "%s: '%s'", dirs[_i].what, name);
	ck_assert_msg(e.deleted == dirs[_i].deleted, "%s", dirs[_i].what);
	if (what == FAT_DIR_LABEL)
		return;
	ck_assert_uint_eq(e.cluster, 0x10005);
	ck_assert_uint_eq(e.size, 16);
	ck_assert_str_eq(e.created, "2026-11-23T20:42:58");
	ck_assert_str_eq(e.modified, "2026-11-23T20:42:00");
	ck_assert_str_eq(e.accessed, "2026-11-23T00:00:00");
}
END_TEST

static const struct { uint16_t date, time; const char *text; } times[] = {
	{ 0x5d77, 0xa55d, "2026-11-23T20:42:58" },
	{ 0x0021, 0x0000, "1980-01-01T00:00:00" },
	{ 0xff9f, 0xbf7d, "2107-12-31T23:59:58" },
	{ 0x5c5d, 0x0000, "" },			/* 29 February 2026 */
	{ 0x585d, 0x0000, "2024-02-29T00:00:00" },
	{ 0x0000, 0x0000, "" },			/* never set */
	{ 0x5d77, 0xc000, "" },			/* 24 o'clock */
	{ 0x5d77, 0x0780, "" },			/* 60 minutes */
	{ 0x5d77, 0x001e, "" },			/* 60 seconds */
	{ 0x5da0, 0x0000, "" },			/* month 13 */
	{ 0xffff, 0xffff, "" },
};

START_TEST(claims_times_that_exist)
{
	uint8_t bytes[32] = "MOVI0001MP4 ";
	struct fat_dir d = { .n = 0 };
	struct fat_dir_entry e;

	bytes[22] = (uint8_t)times[_i].time;
	bytes[23] = (uint8_t)(times[_i].time >> 8);
	bytes[24] = (uint8_t)times[_i].date;
	bytes[25] = (uint8_t)(times[_i].date >> 8);
	ck_assert_int_eq(fat_dir_next(&d, bytes, &e), FAT_DIR_ENTRY);
	ck_assert_str_eq(e.modified, times[_i].text);
	ck_assert_str_eq(e.created, "");
}
END_TEST

static const struct { const char *bytes; bool begins; } heads[] = {
	{ SHORT(".          ", "\x10", "\0"), true },
	{ SHORT("..         ", "\x10", "\0"), false },
	{ SHORT(".          ", "\x20", "\0"), false },
	{ SHORT("DCIM       ", "\x10", "\0"), false },
};

START_TEST(a_directory_begins_with_itself)
{
	ck_assert(fat_dir_begins((const uint8_t *)heads[_i].bytes) == heads[_i].begins);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, knows_where_things_lie);
	tcase_add_loop_test(tc, refuses_a_senseless_boot_sector, 0, (int)COUNT(boots));
	tcase_add_loop_test(tc, reads_exfat_too, 0, (int)COUNT(exfat_boots));
	tcase_add_loop_test(tc, counts_free_clusters, 0, (int)COUNT(fats));
	tcase_add_test(tc, sums_a_boot_region);
	tcase_add_loop_test(tc, a_directory_begins_with_itself, 0, (int)COUNT(heads));
	tcase_add_loop_test(tc, reads_a_directory, 0, (int)COUNT(dirs));
	tcase_add_loop_test(tc, claims_times_that_exist, 0, (int)COUNT(times));
}

int main(void)
{
	return suite_main("fat", fill);
}
