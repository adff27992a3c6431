#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/utc.h"
#include "base/util.h"
#include "emulator/card_priv.h"
#include "unit/suite.h"

enum { GOOD_SIZE = 100000 };
static const int64_t shot = INT64_C(1795437778000);	/* 2026-11-23 20:42:58 in Shanghai */

/* "/DCIM/100/" and the Chinese for "recording" */
#define GOOD_PATH "/DCIM/100/\xe5\xbd\x95\xe5\x83\x8f_0001.mp4"
static uint8_t good[GOOD_SIZE];

static struct card *new_card(int *ret_fd, const struct card_config *config)
{
	struct err e = { 0 };
	struct card *c;

	for (size_t i = 0; i < sizeof(good); i++)
		good[i] = (uint8_t)(i * 31 + i / 509);
	*ret_fd = memfd_create("card", MFD_CLOEXEC);
	ck_assert_int_ge(*ret_fd, 0);
	ck_assert_msg(card_new(*ret_fd, config, &c, &e) == 0, "%s", e.msg);
	ck_assert_msg(card_add(c, GOOD_PATH, good, sizeof(good), shot, &e) == 0, "%s", e.msg);
	return c;
}

/* Run a tool on the image behind fd; its exit status, its output in ret (room bytes). */
static int tool(const char *command, int fd, const char *tail, uint8_t *ret, size_t room,
		size_t *ret_len)
{
	char line[256];
	FILE *f;

	snprintf(line, sizeof(line), "%s /proc/%d/fd/%d%s 2>/dev/null", command, (int)getpid(), fd,
		 tail);
	f = popen(line, "r");
	ck_assert_ptr_nonnull(f);
	*ret_len = fread(ret, 1, room, f);
	return pclose(f);
}

enum { IN_PARTITION = CARD_TABLE_ROOM, MIB = 1 << 20 };

static void assert_good_file(int fd, bool mbr)
{
	static uint8_t back[GOOD_SIZE + 1];
	size_t len;

	ck_assert_int_eq(tool("mtype -i", fd, mbr ? "@@1M ::" GOOD_PATH : " ::" GOOD_PATH,
			      back, sizeof(back), &len), 0);
	ck_assert_uint_eq(len, sizeof(good));
	ck_assert_int_eq(memcmp(back, good, sizeof(good)), 0);
}

static const struct card_config sound[] = {
	{ .size = UINT64_C(64) << 20 },
	{ .size = UINT64_C(63) << 20, .start = IN_PARTITION, .label = "CAM_01" },
	{ .size = UINT64_C(64) << 20, .fragment = true },
	{ .size = UINT64_C(35) << 20 },
	{ .size = UINT64_C(1) << 30, .label = "A" },
	{ .size = UINT64_C(32) << 30, .fragment = true },
	{ .size = UINT64_C(600) << 20, .sector = 4096 },
};

START_TEST(mtools_and_fsck_read_it)
{
	const bool mbr = sound[_i].start > 0;
	uint8_t text[4096];
	struct err e = { 0 };
	size_t len;
	int fd;
	struct card *c = new_card(&fd, &sound[_i]);

	ck_assert_int_eq(card_add(c, "/empty.log", "", 0, shot, &e), 0);
	ck_assert_int_eq(card_add(c, "/GONE.MP4", good, sizeof(good), shot, &e), 0);
	ck_assert_int_eq(card_delete(c, "/GONE.MP4", &e), 0);
	ck_assert_msg(card_finish(c, &e) == 0, "%s", e.msg);
	card_free(c);
	if (mbr)
		ck_assert_msg(card_table_write(fd, CARD_MBR, UINT64_C(64) << 20, &sound[_i], 1, &e) == 0,
			      "%s", e.msg);
	assert_good_file(fd, mbr);
	if (!mbr)		/* fsck.fat knows no offset */
		ck_assert_int_eq(tool("fsck.fat -n", fd, "", text, sizeof(text), &len), 0);
	close(fd);
}
END_TEST

static const struct card_config sound_exfat[] = {
	{ .size = 64 * MIB, .exfat = true },
	{ .size = 1 * MIB, .exfat = true, .label = "SMALL" },
	{ .size = 300 * MIB, .exfat = true, .fragment = true, .label = "CAM_01" },
	{ .size = UINT64_C(64) << 30, .exfat = true },
	{ .size = 300 * MIB, .exfat = true, .sector = 4096 },
};

/* "r/r 390:\tDCIM/100/...": the number in front of a path that ends so. */
static unsigned long entry_of(const char *listing, const char *end)
{
	const char *at = strstr(listing, end), *colon;

	ck_assert_msg(at != NULL, "%s: not in %s", end, listing);
	colon = memrchr(listing, ':', (size_t)(at - listing));
	ck_assert_ptr_nonnull(colon);
	while (colon[-1] != ' ')
		colon--;
	return strtoul(colon, NULL, 10);
}

/* libtsk names files by the number of their entry. */
static void assert_libtsk_reads(int fd, const char *listing, const struct card_config *config)
{
	static uint8_t back[GOOD_SIZE + 1];
	char command[64], tail[32];
	size_t len;

	if (config->sector > 512)	/* whose entries it does not count as the format does */
		return;
	snprintf(command, sizeof(command), "icat -f exfat");
	snprintf(tail, sizeof(tail), " %lu", entry_of(listing, "_0001.mp4"));
	ck_assert_int_eq(tool(command, fd, tail, back, sizeof(back), &len), 0);
	ck_assert_uint_eq(len, sizeof(good));
	ck_assert_int_eq(memcmp(back, good, sizeof(good)), 0);
}

START_TEST(fsck_and_libtsk_read_exfat)
{
	const struct card_config *config = &sound_exfat[_i];
	char text[8192];
	struct err e = { 0 };
	size_t len;
	int fd;
	struct card *c = new_card(&fd, config);

	ck_assert_int_eq(card_add(c, "/empty.log", "", 0, shot, &e), 0);
	ck_assert_int_eq(card_add(c, "/reserved.mp4", good, sizeof(good), shot, &e), 0);
	ck_assert_int_eq(card_extend(c, "/reserved.mp4", 3 * GOOD_SIZE, false, &e), 0);
	ck_assert_int_eq(card_extend(c, "/reserved.mp4", GOOD_SIZE, false, &e), -EINVAL);
	ck_assert_int_eq(card_add(c, "/GONE.MP4", good, sizeof(good), shot, &e), 0);
	ck_assert_int_eq(card_delete(c, "/GONE.MP4", &e), 0);
	if (config->size > UINT64_C(8) << 30) {
		ck_assert_int_eq(card_add(c, "/hollow.mp4", "", 0, shot, &e), 0);
		ck_assert_int_eq(card_extend(c, "/hollow.mp4", UINT64_C(5) << 30, true, &e), 0);
	}
	ck_assert_msg(card_finish(c, &e) == 0, "%s", e.msg);
	card_free(c);
	ck_assert_int_eq(tool("fsck.exfat -n", fd, "", (uint8_t *)text, sizeof(text), &len), 0);
	ck_assert_int_eq(tool("fls -f exfat -r -p", fd, "", (uint8_t *)text, sizeof(text) - 1, &len),
			 0);
	text[len] = '\0';
	ck_assert_ptr_nonnull(strstr(text, "GONE.MP4"));
	assert_libtsk_reads(fd, text, config);
	close(fd);
}
END_TEST

static const struct {
	enum card_table table;
	uint32_t sector;
	const char *command, *tail;
} tables[] = {
	{ CARD_GPT, 512, "sgdisk -v", " | grep -q '^No problems found'" },
	{ CARD_GPT, 512, "sfdisk -V", "" },
	{ CARD_GPT, 4096, "fdisk -b 4096 -l", " | grep -q '^Disklabel type: gpt'" },
	{ CARD_MBR, 512, "sfdisk -V", "" },
};

START_TEST(partitioners_read_tables)
{
	const uint64_t size = UINT64_C(600) << 20, share = UINT64_C(299) << 20;
	const struct card_config parts[] = {
		{ .start = IN_PARTITION, .size = share, .sector = tables[_i].sector },
		{ .start = IN_PARTITION + share, .size = share, .exfat = true },
	};
	int fd = memfd_create("card", MFD_CLOEXEC);
	struct err e = { 0 };
	uint8_t text[4096];
	size_t len;

	ck_assert_msg(card_table_write(fd, tables[_i].table, size, parts, 2, &e) == 0, "%s", e.msg);
	ck_assert_msg(tool(tables[_i].command, fd, tables[_i].tail, text, sizeof(text), &len) == 0,
		      "%s: %.*s", tables[_i].command, (int)len, (const char *)text);
	close(fd);
}
END_TEST

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

START_TEST(deleted_entries_stay_readable)
{
	uint8_t sector[CARD_SECTOR];
	struct err e = { 0 };
	uint32_t cluster;
	int fd;
	struct card *c = new_card(&fd, &sound[0]);

	ck_assert_int_eq(card_add(c, "/long name 0001.mp4", good, sizeof(good), shot, &e), 0);
	cluster = c->dirs[0]->nodes[1].cluster;
	ck_assert_int_eq(card_delete(c, "/long name 0001.mp4", &e), 0);
	ck_assert_int_eq(card_delete(c, "/long name 0001.mp4", &e), -ENOENT);
	ck_assert_int_eq(card_finish(c, &e), 0);
	for (uint32_t i = 0; i < GOOD_SIZE / CARD_SECTOR; i++)
		ck_assert_uint_eq(c->fat[cluster + i], 0);
	/* Root: DCIM, then two long pieces and the 8.3 entry of the deleted file. */
	ck_assert_int_eq(pread(fd, sector, sizeof(sector),
			       (off_t)card_cluster_offset(c, c->dirs[0]->cluster)), sizeof(sector));
	for (size_t i = 1; i <= 3; i++)
		ck_assert_uint_eq(sector[i * CARD_ENTRY], 0xe5);
	ck_assert_int_eq(memcmp(sector + 3 * CARD_ENTRY + 1, "ONGNA~1MP4", 10), 0);
	ck_assert_uint_eq(get16(sector + 3 * CARD_ENTRY + 26), cluster);
	ck_assert_uint_eq(get16(sector + 3 * CARD_ENTRY + 28) |
			  get16(sector + 3 * CARD_ENTRY + 30) << 16, GOOD_SIZE);
	/* 2026-11-23 20:42:58: Shanghai wall clock, two seconds a step. */
	ck_assert_uint_eq(get16(sector + 3 * CARD_ENTRY + 22), 20 << 11 | 42 << 5 | 29);
	ck_assert_uint_eq(get16(sector + 3 * CARD_ENTRY + 24), 46 << 9 | 11 << 5 | 23);
	card_free(c);
	close(fd);
}
END_TEST

START_TEST(fragments_do_not_touch)
{
	const struct card_config config = { .size = UINT64_C(64) << 20, .fragment = true };
	uint32_t cluster, pieces = 1;
	int fd;
	struct card *c = new_card(&fd, &config);

	cluster = c->dirs[2]->nodes[0].cluster;
	for (; c->fat[cluster] != CARD_FAT_END; cluster = c->fat[cluster])
		pieces += c->fat[cluster] != cluster + 1;
	ck_assert_uint_ge(pieces, 10);
	card_free(c);
	close(fd);
}
END_TEST

/* A sin beside a sound file: where the volume itself can still be read, so can the file. */
START_TEST(sins_leave_the_rest_alone)
{
	const struct card_config config = { .start = IN_PARTITION, .size = UINT64_C(63) << 20 };
	const struct card_sin *s = &card_sins[_i];
	struct err e = { 0 };
	int fd;
	struct card *c;

	ck_assert_ptr_eq(card_sin_find(s->name), s);
	c = new_card(&fd, &config);
	ck_assert_msg(s->afterwards || s->commit(c, &e) == 0, "%s: %s", s->name, e.msg);
	ck_assert_msg(card_finish(c, &e) == 0, "%s: %s", s->name, e.msg);
	if (strcmp(s->name, "fat-range") != 0)	/* which mtools refuses altogether */
		assert_good_file(fd, true);
	ck_assert_msg(!s->afterwards || s->commit(c, &e) == 0, "%s: %s", s->name, e.msg);
	card_free(c);
	close(fd);
}
END_TEST

static void commit_all(const struct card_sin *s, const struct card_config *config,
		       enum card_table table)
{
	struct err e = { 0 };
	int fd;
	struct card *c = new_card(&fd, config);

	ck_assert_ptr_eq(card_sin_find(s->name), s);
	ck_assert_int_eq(card_table_write(fd, table, config->start + config->size + IN_PARTITION,
					  config, 1, &e), 0);
	ck_assert_msg(s->afterwards || s->commit(c, &e) == 0, "%s: %s", s->name, e.msg);
	ck_assert_msg(card_finish(c, &e) == 0, "%s: %s", s->name, e.msg);
	ck_assert_msg(!s->afterwards || s->commit(c, &e) == 0, "%s: %s", s->name, e.msg);
	card_free(c);
	close(fd);
}

START_TEST(sins_of_exfat_can_be_committed)
{
	commit_all(&card_exfat_sins[_i], &sound_exfat[0], CARD_NO_TABLE);
}
END_TEST

START_TEST(sins_of_tables_can_be_committed)
{
	commit_all(&card_table_sins[_i], &sound[1], CARD_GPT);
}
END_TEST

static const struct { const char *what; struct card_config config; } bad_cards[] = {
	{ "FAT16 size", { .size = UINT64_C(32) << 20 } },
	{ "nothing", { .size = 0 } },
	{ "half a sector", { .size = (UINT64_C(64) << 20) + 256 } },
	{ "2 TiB", { .size = UINT64_C(2) << 40 } },
	{ "4096, too small", { .size = UINT64_C(64) << 20, .sector = 4096 } },
	{ "sectors of 1024", { .size = UINT64_C(64) << 20, .sector = 1024 } },
	{ "exFAT, too small", { .size = UINT64_C(1) << 19, .exfat = true } },
	{ "small label", { .size = UINT64_C(64) << 20, .label = "cam" } },
	{ "long label", { .size = UINT64_C(64) << 20, .label = "ABCDEFGHIJKL" } },
};

START_TEST(refuses_cards)
{
	struct err e = { 0 };
	struct card *c = NULL;
	int fd = memfd_create("card", MFD_CLOEXEC);

	ck_assert_msg(card_new(fd, &bad_cards[_i].config, &c, &e) == -EINVAL, "%s",
		      bad_cards[_i].what);
	ck_assert_ptr_null(c);
	ck_assert_int_gt((int)strlen(e.msg), 10);
	close(fd);
}
END_TEST

static const struct { const char *path; int r; } bad_paths[] = {
	{ "a.mp4", -EINVAL },
	{ "/", -EINVAL },
	{ "//a.mp4", -EINVAL },
	{ "/DCIM/", -EINVAL },
	{ "/DCIM", -EEXIST },
	{ GOOD_PATH, -EEXIST },
	{ GOOD_PATH "/a", -ENOTDIR },
	{ "/\xff.mp4", -EINVAL },
	{ "/\xed\xa0\x80.mp4", -EINVAL },
	{ "/\xc0\x80.mp4", -EINVAL },
	{ "/\xe5\xbd", -EINVAL },
};

START_TEST(refuses_paths)
{
	struct err e = { 0 };
	int fd;
	struct card *c = new_card(&fd, &sound[0]);

	ck_assert_int_eq(card_add(c, bad_paths[_i].path, "x", 1, shot, &e), bad_paths[_i].r);
	card_free(c);
	close(fd);
}
END_TEST

START_TEST(says_when_it_is_full)
{
	const struct card_config config = { .size = UINT64_C(35) << 20 };
	struct err e = { 0 };
	int fd, r = 0;
	struct card *c = new_card(&fd, &config);
	char path[32];

	for (unsigned i = 0; r == 0 && i < 400; i++) {
		snprintf(path, sizeof(path), "/F%u.MP4", i);
		r = card_add(c, path, good, sizeof(good), shot, &e);
	}
	ck_assert_int_eq(r, -ENOSPC);
	card_free(c);
	close(fd);
}
END_TEST

static const struct { const char *name; const char *short_name; } names[] = {
	{ "A.MP4", "A       MP4" }, { "ABCDEFGH", "ABCDEFGH   " }, { "100", "100        " },
	{ "a.mp4", NULL }, { "ABCDEFGHI", NULL }, { "A.MPEG", NULL }, { "A.B.C", NULL },
	{ ".A", NULL }, { "A.", NULL }, { "A~1.MP4", NULL }, { "A B", NULL }, { "", NULL },
};

START_TEST(short_names)
{
	uint8_t back[11];
	bool is = card_is_short(names[_i].name, back);

	ck_assert_msg(is == (names[_i].short_name != NULL), "%s", names[_i].name);
	if (is)
		ck_assert_int_eq(memcmp(back, names[_i].short_name, 11), 0);
}
END_TEST

static int count_sins(const struct card_sin *sins)
{
	int n = 0;

	while (sins[n].name != NULL)
		n++;
	return n;
}

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, mtools_and_fsck_read_it, 0, (int)COUNT(sound));
	tcase_add_loop_test(tc, fsck_and_libtsk_read_exfat, 0, (int)COUNT(sound_exfat));
	tcase_add_loop_test(tc, partitioners_read_tables, 0, (int)COUNT(tables));
	tcase_add_test(tc, deleted_entries_stay_readable);
	tcase_add_test(tc, fragments_do_not_touch);
	tcase_add_loop_test(tc, sins_leave_the_rest_alone, 0, count_sins(card_sins));
	tcase_add_loop_test(tc, sins_of_exfat_can_be_committed, 0, count_sins(card_exfat_sins));
	tcase_add_loop_test(tc, sins_of_tables_can_be_committed, 0, count_sins(card_table_sins));
	tcase_add_loop_test(tc, refuses_cards, 0, (int)COUNT(bad_cards));
	tcase_add_loop_test(tc, refuses_paths, 0, (int)COUNT(bad_paths));
	tcase_add_test(tc, says_when_it_is_full);
	tcase_add_loop_test(tc, short_names, 0, (int)COUNT(names));
}

int main(void)
{
	return suite_main("card", fill);
}
