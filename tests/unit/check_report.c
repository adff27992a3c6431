/* A card may hold more than a listing: the report says so, and stays within what dockd takes. */
#include "lister/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "unit/suite.h"

/* dockd's half: its reader, which refuses what is beyond the limits. */
static struct {
	struct peer peer;
	struct listing_reader *reader;
	bool complete;
	unsigned left;		/* sends until dockd is gone; 0: never */
} dockd;

static int no_read(struct peer *p, unsigned unit, uint64_t offset, uint32_t len, uint8_t *buf)
{
	(void)p, (void)unit, (void)offset, (void)len, (void)buf;
	return -EIO;
}

static int take(struct peer *p, const struct buf *messages)
{
	struct listing_event ev;
	size_t used, at = 0;
	struct err e;
	int r;

	(void)p;
	if (dockd.left > 0 && --dockd.left == 0)
		return -EPIPE;
	while (at < messages->len) {
		r = listing_reader_feed(dockd.reader, messages->p + at, messages->len - at, &used,
					&ev, &e);
		ck_assert_msg(r >= 0, "%s", e.msg);
		at += used;
		dockd.complete |= r == 1 && ev.what == LISTING_COMPLETE;
	}
	return 0;
}

static struct report report;

static void set_up(void)
{
	memset(&dockd, 0, sizeof(dockd));
	dockd.peer = (struct peer){
		.medium = { .n_units = 1, .units = { { UINT64_C(1) << 40, 512 } } },
		.read = no_read, .send = take,
	};
	ck_assert_int_eq(listing_reader_new(&dockd.peer.medium, &dockd.reader), 0);
	report_init(&report, &dockd.peer);
}

static void tear_down(void)
{
	report_fini(&report);
	listing_reader_free(dockd.reader);
}

/* What dockd has in the end, with a trouble that says `said`. */
static struct listing finish(const char *said)
{
	struct listing l;
	size_t i;

	ck_assert_int_eq(report_end(&report), 0);
	ck_assert(dockd.complete);
	listing_reader_take(dockd.reader, &l);
	for (i = 0; i < l.n_troubles && strstr(l.troubles[i].text, said) == NULL; i++)
		;
	ck_assert_msg(i < l.n_troubles, "nobody says \"%s\"", said);
	return l;
}

/* An entry with a path of that length, at least 8. */
static void file(unsigned number, bool deleted, struct listing_extent *extents, uint32_t n,
		 size_t path_len)
{
	char path[LISTING_PATH_MAX + 1], digits[9];
	struct listing_file f = { .path = path, .deleted = deleted, .size = n * 512, .valid = n * 512,
				  .extents = extents, .n_extents = n };

	memset(path, 'a', path_len);
	path[path_len] = '\0';
	snprintf(digits, sizeof(digits), "%08u", number);
	memcpy(path, digits, 8);
	report_file(&report, &f);
}

START_TEST(says_that_there_are_more_files)
{
	struct listing l;
	unsigned i;

	for (i = 0; i < LISTING_FILES_MAX + 2; i++)
		file(i, false, NULL, 0, 8);
	ck_assert(report.stop);
	l = finish("more entries than can be listed");
	ck_assert(l.n_files == LISTING_FILES_MAX || l.bytes > LISTING_BYTES_MAX - 64 * 1024);
	ck_assert_uint_eq(l.n_troubles, 1);
	listing_clear(&l);
}
END_TEST

/* Long names fill dockd's memory before they are too many. */
START_TEST(stays_within_the_memory)
{
	struct listing l;
	unsigned i;

	for (i = 0; i < LISTING_FILES_MAX && !report.stop; i++)
		file(i, false, NULL, 0, LISTING_PATH_MAX);
	ck_assert_uint_lt(i, LISTING_FILES_MAX);
	l = finish("more entries than can be listed");
	ck_assert_uint_le(l.bytes, LISTING_BYTES_MAX);
	listing_clear(&l);
}
END_TEST

/* Deleted entries are many; the file behind them is listed all the same. */
START_TEST(deleted_ones_crowd_out_no_file)
{
	struct listing l;
	unsigned i;

	for (i = 0; i < REPORT_DELETED_MAX + 2; i++)
		file(i, true, NULL, 0, 8);
	file(i, false, NULL, 0, 8);
	ck_assert(!report.stop);
	l = finish("more deleted entries than are listed");
	ck_assert(l.n_files > REPORT_DELETED_MAX / 2 && l.n_files <= REPORT_DELETED_MAX + 1);
	ck_assert(l.files[l.n_files - 2].deleted);
	ck_assert(!l.files[l.n_files - 1].deleted);
	ck_assert_uint_eq(l.n_troubles, 1);
	listing_clear(&l);
}
END_TEST

/* The pieces of one file are too many for what the others left: it is named, with why. */
START_TEST(a_file_in_too_many_pieces_is_named)
{
	static struct listing_extent extents[LISTING_EXTENTS_MAX / 2 + 1];
	struct listing l;
	size_t i;

	for (i = 0; i < COUNT(extents); i++)
		extents[i] = (struct listing_extent){ .offset = i * 1024, .len = 512 };
	file(1, false, extents, COUNT(extents), 8);
	file(2, false, extents, COUNT(extents), 8);
	file(3, false, extents, 1, 8);
	report_trouble(&report, "", "for finish");
	l = finish("for finish");
	ck_assert_uint_eq(l.n_files, 3);
	ck_assert_uint_eq(l.files[0].n_extents, COUNT(extents));
	ck_assert_uint_eq(l.files[1].n_extents, 0);
	ck_assert_ptr_nonnull(strstr(l.files[1].trouble, "more pieces than can be listed"));
	ck_assert_uint_eq(l.files[2].n_extents, 1);
	listing_clear(&l);
}
END_TEST

START_TEST(troubles_have_their_limit)
{
	struct listing l;
	unsigned i;

	for (i = 0; i < 2 * LISTING_TROUBLES_MAX; i++)
		report_trouble(&report, "A", "sector %u", i);
	l = finish("more trouble of the kind");
	ck_assert_uint_le(l.n_troubles, LISTING_TROUBLES_MAX);
	ck_assert_str_eq(l.troubles[0].text, "sector 0");
	listing_clear(&l);
}
END_TEST

START_TEST(stops_when_dockd_is_gone)
{
	dockd.left = 2;
	file(1, false, NULL, 0, 8);
	ck_assert(!report.stop);
	file(2, false, NULL, 0, 8);
	ck_assert(report.stop);
}
END_TEST

static const struct { const char *text; size_t size; const char *cut; } cuts[] = {
	{ "abc", 4, "abc" }, { "abc", 3, "ab" }, { "", 1, "" }, { "abc", 1, "" },
	{ "a\xe6\x89\xa7", 5, "a\xe6\x89\xa7" }, { "a\xe6\x89\xa7", 4, "a" },
	{ "\xe6\x89\xa7", 3, "" },
};

START_TEST(text_is_cut_between_characters)
{
	char to[16];

	memset(to, 'x', sizeof(to));
	report_cut(to, cuts[_i].size, (const uint8_t *)cuts[_i].text, strlen(cuts[_i].text));
	ck_assert_str_eq(to, cuts[_i].cut);
	ck_assert_int_eq(to[cuts[_i].size], 'x');
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, says_that_there_are_more_files);
	tcase_add_test(tc, stays_within_the_memory);
	tcase_add_test(tc, deleted_ones_crowd_out_no_file);
	tcase_add_test(tc, a_file_in_too_many_pieces_is_named);
	tcase_add_test(tc, troubles_have_their_limit);
	tcase_add_test(tc, stops_when_dockd_is_gone);
	tcase_add_loop_test(tc, text_is_cut_between_characters, 0, (int)COUNT(cuts));
}

int main(void)
{
	return suite_main("report", fill);
}
