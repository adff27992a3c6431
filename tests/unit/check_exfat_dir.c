#include "lister/exfat_dir.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "unit/suite.h"

/* A directory is spelt: each word an entry, changed by what follows it. */
enum { ENTRIES_MAX = 32, LEN = EXFAT_ENTRY_LEN };

struct dir {
	uint8_t bytes[ENTRIES_MAX][LEN];
	size_t n;
};

static void sum_set(uint8_t set[][LEN], size_t n)
{
	const uint8_t *p = set[0];
	unsigned sum = 0;

	for (size_t i = 0; i < n * LEN; i++) {
		if (i != 2 && i != 3)
			sum = ((sum << 15 | sum >> 1) + p[i]) & 0xffff;
	}
	set[0][2] = (uint8_t)sum;
	set[0][3] = (uint8_t)(sum >> 8);
}

/* A sound set: 5000 bytes, 4000 of them valid, in one piece from cluster 0x10005. */
static uint8_t (*add_set(struct dir *d, const char *name))[LEN]
{
	uint8_t (*set)[LEN] = d->bytes + d->n;
	size_t units = strlen(name), names = (units + 14) / 15;

	memcpy(set[0], "\x85\0\0\0\x20\0\0\0" "\x5d\xa5\x77\x5d" "\x40\xa5\x77\x5d" "\x40\xa5\x77\x5d"
	       "\x64\x0c\xa0\xa0\xa0", 25);
	set[0][1] = (uint8_t)(1 + names);
	memcpy(set[1], "\xc0\3\0\0\0\0\0\0" "\xa0\x0f\0\0\0\0\0\0" "\0\0\0\0\5\0\1\0" "\x88\x13", 26);
	set[1][3] = (uint8_t)units;
	for (size_t i = 0; i < names; i++)
		set[2 + i][0] = 0xc1;
	for (size_t i = 0; i < units; i++)
		set[2 + i / 15][2 + i % 15 * 2] = (uint8_t)name[i];
	sum_set(set, 2 + names);
	d->n += 2 + names;
	return set;
}

static void strike(uint8_t set[][LEN], size_t n)
{
	for (size_t i = 0; i < n; i++)
		set[i][0] &= 0x7f;
}

struct found {			/* what a walker would have seen */
	struct exfat_dir_entry entries[8];
	unsigned n, labels, bitmaps, cut;
	bool end;
};

static struct found read_dir(const struct dir *dir)
{
	struct exfat_dir d = { .open = false };
	struct exfat_dir_entry e;
	struct found f = { .n = 0 };

	for (size_t i = 0; i < dir->n && !f.end; i++) {
		enum exfat_dir_what what = exfat_dir_next(&d, dir->bytes[i], &e);

		if (what == EXFAT_DIR_ENTRY)
			f.entries[f.n++] = e;
		f.labels += what == EXFAT_DIR_LABEL;
		f.bitmaps += what == EXFAT_DIR_BITMAP;
		f.end = what == EXFAT_DIR_END;
	}
	if (exfat_dir_finish(&d, &e) == EXFAT_DIR_ENTRY)
		f.entries[f.n++] = e;
	ck_assert_int_eq(exfat_dir_finish(&d, &e), EXFAT_DIR_NOTHING);
	f.cut = d.cut;
	return f;
}

static void assert_name(const struct exfat_dir_entry *e, const char *name)
{
	ck_assert_uint_eq(e->name_len, 2 * strlen(name));
	for (size_t i = 0; name[i] != '\0'; i++)
		ck_assert_int_eq(e->name[2 * i], name[i]);
}

START_TEST(reads_sound_sets)
{
	struct dir d = { .n = 0 };
	struct found f;

	add_set(&d, "A.MP4");
	add_set(&d, "a name of more than fifteen characters.mp4");
	f = read_dir(&d);
	ck_assert_uint_eq(f.n, 2);
	ck_assert_uint_eq(f.cut, 0);
	assert_name(&f.entries[0], "A.MP4");
	assert_name(&f.entries[1], "a name of more than fifteen characters.mp4");
	for (unsigned i = 0; i < 2; i++) {
		const struct exfat_dir_entry *e = &f.entries[i];

		ck_assert(e->sound && e->plain && !e->deleted && !e->directory);
		ck_assert_uint_eq(e->cluster, 0x10005);
		ck_assert_uint_eq(e->size, 5000);
		ck_assert_uint_eq(e->valid, 4000);
		/* 58 seconds and 1.00, 0 seconds and 0.12; the zone is UTC+8 and not applied */
		ck_assert_str_eq(e->created, "2026-11-23T20:42:59");
		ck_assert_str_eq(e->modified, "2026-11-23T20:42:00");
		ck_assert_str_eq(e->accessed, "2026-11-23T20:42:00");
	}
}
END_TEST

START_TEST(reads_deleted_sets_that_are_whole)
{
	struct dir d = { .n = 0 };
	struct found f;
	uint8_t (*set)[LEN];

	strike(add_set(&d, "gone.mp4"), 3);
	set = add_set(&d, "overwritten in part by now.mp4");
	strike(set, 4);
	memset(set[3] + 2, 'x', 30);
	f = read_dir(&d);
	ck_assert_uint_eq(f.n, 1);
	ck_assert(f.entries[0].deleted && f.entries[0].sound);
	assert_name(&f.entries[0], "gone.mp4");
	ck_assert_uint_eq(f.entries[0].size, 5000);
	ck_assert_uint_eq(f.cut, 0);
}
END_TEST

/* Of a set for "name.mp4" (3 entries) and a sound one for "next" behind it. */
static const struct {
	const char *what;
	int entry, at;			/* that byte gets a value; at -1: the entry is left out */
	uint8_t value;
	bool again;			/* the checksum is made anew */
	unsigned given, cut;		/* both sets; those that say too little */
	const char *name;		/* of the first given */
	bool sound;
} lies[] = {
	{ "sound", 0, 4, 0x20, true, 2, 0, "name.mp4", true },
	{ "a directory", 0, 4, 0x10, true, 2, 0, "name.mp4", true },
	{ "a wrong checksum", 0, 2, 0x55, false, 2, 0, "name.mp4", false },
	{ "a wrong byte", 1, 24, 0x55, false, 2, 0, "name.mp4", false },
	{ "255 secondaries", 0, 1, 255, false, 2, 0, "name.mp4", false },
	{ "18 secondaries", 0, 1, 18, false, 2, 0, "name.mp4", false },
	{ "1 secondary", 0, 1, 1, false, 1, 1, "next", true },
	{ "no secondaries", 0, 1, 0, false, 1, 1, "next", true },
	{ "a name of no characters", 1, 3, 0, true, 1, 1, "next", true },
	{ "a name of 255 in one entry", 1, 3, 255, true, 2, 0, "name.mp4", false },
	{ "a name cut short", 1, 3, 4, true, 2, 0, "name", true },
	{ "a NUL in the name", 2, 2 + 4 * 2, 0, true, 2, 0, "name", false },
	{ "no stream", 1, 0, 0xc1, true, 1, 1, "next", true },
	{ "a stream left out", 1, -1, 0, false, 1, 1, "next", true },
	{ "a name left out", 2, -1, 0, false, 1, 1, "next", true },
	{ "a file's entry left out", 0, -1, 0, false, 1, 0, "next", true },
	{ "a vendor's extension for a name", 2, 0, 0xe0, true, 1, 1, "next", true },
	{ "a deleted name", 2, 0, 0x41, false, 1, 1, "next", true },
	{ "a deleted stream", 1, 0, 0x40, false, 1, 1, "next", true },
	{ "month 15", 0, 15, 0xff, true, 2, 0, "name.mp4", true },
};

START_TEST(survives_lies)
{
	struct dir d = { .n = 0 };
	uint8_t (*set)[LEN] = add_set(&d, "name.mp4");
	struct found f;

	add_set(&d, "next");
	if (lies[_i].at >= 0) {
		set[lies[_i].entry][lies[_i].at] = lies[_i].value;
	} else {
		memmove(set[lies[_i].entry], set[lies[_i].entry + 1],
			(d.n - (size_t)lies[_i].entry - 1) * LEN);
		d.n--;
	}
	if (lies[_i].again)
		sum_set(set, 3);
	f = read_dir(&d);
	ck_assert_msg(f.n == lies[_i].given, "%s: %u given", lies[_i].what, f.n);
	ck_assert_msg(f.cut == lies[_i].cut, "%s: %u cut", lies[_i].what, f.cut);
	assert_name(&f.entries[0], lies[_i].name);
	ck_assert_msg(f.entries[0].sound == lies[_i].sound, "%s", lies[_i].what);
	assert_name(&f.entries[f.n - 1], "next");
	ck_assert(f.entries[f.n - 1].sound);
}
END_TEST

START_TEST(stops_at_the_end)
{
	struct dir d = { .n = 0 };
	struct found f;

	add_set(&d, "first");
	d.n++;			/* zeros */
	add_set(&d, "behind the end");
	f = read_dir(&d);
	ck_assert(f.end);
	ck_assert_uint_eq(f.n, 1);
	ck_assert_uint_eq(f.cut, 0);
}
END_TEST

/* How many of a set's entries the directory still has room for. */
static const struct { size_t entries; unsigned given, cut; } ends[] = {
	{ 0, 0, 0 }, { 1, 0, 1 }, { 2, 0, 1 }, { 3, 1, 0 }, { 4, 1, 0 },
};

START_TEST(a_set_cut_by_the_end)
{
	struct dir d = { .n = 0 };
	struct found f;

	add_set(&d, "a name of two entries");
	d.n = ends[_i].entries;
	f = read_dir(&d);
	ck_assert_uint_eq(f.n, ends[_i].given);
	ck_assert_uint_eq(f.cut, ends[_i].cut);
	if (f.n == 1)
		ck_assert(f.entries[0].sound == (ends[_i].entries == 4));
}
END_TEST

START_TEST(knows_what_else_there_is)
{
	struct dir d = { .n = 4 };
	struct exfat_dir set = { .open = false };
	struct exfat_dir_entry e;

	memcpy(d.bytes[0], "\x83\xff" "R\0E\0C\0", 8);		/* 255 characters, it says */
	memcpy(d.bytes[1], "\x81\1", 2);
	memcpy(d.bytes[1] + 20, "\2\0\0\0\x40\x01", 6);
	d.bytes[2][0] = 0x82;
	d.bytes[3][0] = 0x03;					/* no label */
	ck_assert_int_eq(exfat_dir_next(&set, d.bytes[0], &e), EXFAT_DIR_LABEL);
	ck_assert_uint_eq(e.name_len, EXFAT_LABEL_MAX);
	ck_assert_int_eq(exfat_dir_next(&set, d.bytes[1], &e), EXFAT_DIR_BITMAP);
	ck_assert_uint_eq(e.cluster, 2);
	ck_assert_uint_eq(e.size, 0x140);
	ck_assert_uint_eq(e.flags, 1);
	ck_assert_int_eq(exfat_dir_next(&set, d.bytes[2], &e), EXFAT_DIR_NOTHING);
	ck_assert_int_eq(exfat_dir_next(&set, d.bytes[3], &e), EXFAT_DIR_NOTHING);
}
END_TEST

static const struct { uint8_t type, count; bool begins; } heads[] = {
	{ 0x85, 2, true }, { 0x05, 18, true }, { 0x85, 1, false }, { 0x85, 19, false },
	{ 0xc0, 2, false }, { 0x00, 0, false },
};

START_TEST(a_directory_begins_with_a_file)
{
	uint8_t bytes[LEN] = { heads[_i].type, heads[_i].count };

	ck_assert(exfat_dir_begins(bytes) == heads[_i].begins);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, reads_sound_sets);
	tcase_add_test(tc, reads_deleted_sets_that_are_whole);
	tcase_add_loop_test(tc, survives_lies, 0, (int)COUNT(lies));
	tcase_add_test(tc, stops_at_the_end);
	tcase_add_loop_test(tc, a_set_cut_by_the_end, 0, (int)COUNT(ends));
	tcase_add_test(tc, knows_what_else_there_is);
	tcase_add_loop_test(tc, a_directory_begins_with_a_file, 0, (int)COUNT(heads));
}

int main(void)
{
	return suite_main("exfat_dir", fill);
}
