#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "rules/card_deleted.h"
#include "rules/card_names.h"
#include "unit/card_rig.h"
#include "unit/suite.h"

#define P	"{device}_{seq}_{YYYY}{MM}{DD}_{hh}{mm}.mp4"
#define F(path_)	{ .path = path_, .size = 5, .modified = "" }
#define GONE(path_)	{ .path = path_, .size = 5, .deleted = true }
#define HAD(path_)	{ .path = path_, .size = 5 }

static const struct {
	const char *what;
	struct rig_file card[RIG_FILES];
	struct card_stored stored[RIG_FILES];
	unsigned holes;
	unsigned numbers;
	double confidence;
} gaps[] = {
	{ "an empty card", { { 0 } }, { { 0 } }, 0, 0, 0 },
	{ "the first docking is the baseline",
	  { F("A_1_20260804_1000.mp4"), F("A_5_20260804_1100.mp4") }, { { 0 } }, 0, 0, 0 },
	{ "one after the other",
	  { F("A_2_20260804_1000.mp4"), F("A_3_20260804_1100.mp4") },
	  { HAD("A_1_20260803_1000.mp4") }, 0, 0, 0 },
	{ "one missing behind what was stored",
	  { F("A_3_20260804_1000.mp4"), F("A_4_20260804_1100.mp4") },
	  { HAD("A_1_20260803_1000.mp4") }, 1, 1, 0.6 },
	{ "two holes",
	  { F("A_3_20260804_1000.mp4"), F("A_9_20260804_1100.mp4") },
	  { HAD("A_1_20260803_1000.mp4") }, 2, 6, 0.6 },
	{ "a deleted entry explains it (and is a finding of its own)",
	  { F("A_3_20260804_1000.mp4"), GONE("A_2_20260804_0900.mp4") },
	  { HAD("A_1_20260803_1000.mp4") }, 0, 0, 0 },
	{ "a stored file explains it",
	  { F("A_3_20260804_1000.mp4") },
	  { HAD("A_2_20260803_1000.mp4"), HAD("A_1_20260803_1000.mp4") }, 0, 0, 0 },
	{ "a hole below what is stored was judged then",
	  { F("A_1_20260801_1000.mp4"), F("A_6_20260804_1000.mp4") },
	  { HAD("A_5_20260803_1000.mp4") }, 0, 0, 0 },
	{ "each camera counts for itself, in whatever case",
	  { F("A_2_20260804_1000.mp4"), F("B_8_20260804_1000.mp4"), F("b_9_20260804_1000.mp4") },
	  { HAD("a_1_20260803_1000.mp4"), HAD("B_7_20260803_1000.mp4") }, 0, 0, 0 },
	{ "a camera that was never seen before",
	  { F("A_2_20260804_1000.mp4"), F("B_1_20260804_1000.mp4"), F("B_9_20260804_1000.mp4") },
	  { HAD("A_1_20260803_1000.mp4") }, 0, 0, 0 },
	{ "a counter that starts over each day",
	  { F("A_1_20260804_1000.mp4"), F("A_2_20260804_1100.mp4") },
	  { HAD("A_1_20260803_1000.mp4"), HAD("A_9_20260803_1100.mp4") }, 0, 0, 0 },
	{ "and a hole in it",
	  { F("A_1_20260804_1000.mp4"), F("A_3_20260804_1100.mp4") },
	  { HAD("A_1_20260803_1000.mp4"), HAD("A_2_20260803_1100.mp4") }, 1, 1, 0.6 },
	{ "a counter at its end",
	  { F("A_0001_20260804_1100.mp4"), F("A_9999_20260804_1000.mp4") },
	  { HAD("A_9998_20260803_1000.mp4") }, 0, 0, 0 },
	{ "a counter that was set",
	  { F("A_900000_20260804_1100.mp4") }, { HAD("A_7_20260803_1000.mp4") }, 1, 899992, 0.3 },
	{ "a clock that was reset",
	  { F("A_3_19700101_0000.mp4"), F("A_4_20260804_1100.mp4") },
	  { HAD("A_2_20260803_1000.mp4") }, 0, 0, 0 },
	{ "other files have no numbers",
	  { F("A_2_20260804_1000.mp4"), F("A_9_20260804_1000.jpg"), F("x") },
	  { HAD("A_1_20260803_1000.mp4"), HAD("y") }, 0, 0, 0 },
};

START_TEST(finds_holes)
{
	struct findings l = { 0 };
	struct card_rig r;

	card_rig_make(&r, P, gaps[_i].card, gaps[_i].stored);
	ck_assert_int_eq(card_name_gaps(&r.card, &l), 0);
	ck_assert_int_eq(card_name_gaps(&r.card, &l), 0);
	ck_assert_msg(l.n == (gaps[_i].holes > 0 ? 2 : 0), "%s: %zu", gaps[_i].what, l.n);
	if (l.n > 0) {
		ck_assert_int_eq(l.items[0].code, FINDING_NAME_GAP);
		ck_assert_str_eq(l.items[0].fact, l.items[1].fact);
		ck_assert_int_eq(json_integer_value(json_object_get(l.items[0].detail, "holes")),
				 gaps[_i].holes);
		ck_assert_int_eq(json_integer_value(json_object_get(l.items[0].detail, "numbers")),
				 gaps[_i].numbers);
		ck_assert_double_eq(l.items[0].confidence, gaps[_i].confidence);
	}
	findings_clear(&l);
	card_rig_free(&r);
}
END_TEST

/* Where a recording may be that is not listed, a hole is no more than a notice. */
START_TEST(a_hole_in_what_could_be_listed)
{
	const struct rig_file card[RIG_FILES] = { F("A_9_20260804_1100.mp4") };
	const struct card_stored stored[RIG_FILES] = { HAD("A_2_20260803_1000.mp4") };
	struct findings l = { 0 };
	struct card_rig r;

	card_rig_make(&r, P, card, stored);
	ck_assert_int_eq(card_name_gaps(&r.card, &l), 0);
	r.listing.n_troubles = 1;
	ck_assert_int_eq(card_name_gaps(&r.card, &l), 0);
	r.listing.n_troubles = 0;	/* it is not there */
	ck_assert_uint_eq(l.n, 2);
	ck_assert_double_eq(l.items[0].confidence, 0.6);
	ck_assert(json_is_false(json_object_get(l.items[0].detail, "incomplete")));
	ck_assert_double_eq(l.items[1].confidence, 0.3);
	ck_assert_int_eq(l.items[1].severity, SEVERITY_NOTICE);
	ck_assert(json_is_true(json_object_get(l.items[1].detail, "incomplete")));
	findings_clear(&l);
	card_rig_free(&r);
}
END_TEST

/* ------ files that are no recorder's ------ */

static const struct {
	const char *what, *pattern, *path, *kind;	/* "": nobody's */
} files[] = {
	{ "named as it should be", P, "X/A_1_20260804_1000.mp4", "" },
	{ "in its folder", P, "dcim/holiday.mp4", "" },
	{ "the folder's name is not enough", P, "DCIM2/holiday.mp4", "media" },
	{ "somebody's film", P, "holiday.mkv", "media" },
	{ "somebody's text", P, "DOC/plan.DOCX", "document" },
	{ "something", P, "stuff.bin", "other" },
	{ "a program, even there", P, "DCIM/setup.EXE", "program" },
	{ "what starts one", P, "autorun.inf", "program" },
	{ "an archive, even there", P, "DCIM/all.zip", "archive" },
	{ "a sidecar", P, "X/A.bwm.minisig", "" },
	{ "a log", P, "system.log", "" },
	{ "what Windows leaves", P, "System Volume Information/IndexerVolumeGuid", "" },
	{ "what a Mac leaves", P, "X/._a.mp4", "" },
	{ "what Android leaves", P, "LOST.DIR/x.apk", "" },
	{ "of an unknown model a film is its own", NULL, "holiday.mkv", "" },
	{ "and something, too", NULL, "stuff.bin", "" },
	{ "but no document", NULL, "plan.pdf", "document" },
	{ "and no program", NULL, "a/b.bat", "program" },
};

START_TEST(tells_files_apart)
{
	static const char its[][NAMING_FOLDER_SIZE] = { "DCIM" };
	const struct rig_file card[RIG_FILES] = {
		{ .path = files[_i].path, .size = 5 }, { .path = "DCIM/a.exe", .deleted = true },
	};
	struct findings l = { 0 };
	struct card_rig r;

	card_rig_make(&r, files[_i].pattern, card, NULL);
	r.naming.folders = its;
	r.naming.n_folders = 1;
	card_foreign_files(&r.card, &l);
	ck_assert_msg(l.n == (files[_i].kind[0] != '\0'), "%s: %zu", files[_i].what, l.n);
	if (l.n > 0)
		ck_assert_msg(card_rig_find(&l, "kind", files[_i].kind) != NULL, "%s", files[_i].what);
	findings_clear(&l);
	card_rig_free(&r);
}
END_TEST

START_TEST(one_finding_a_kind)
{
	static const struct rig_file card[RIG_FILES] = {
		F("a.exe"), F("b.exe"), F("c.zip"), F("d.exe"),
	};
	struct findings l = { 0 };
	const struct finding *f;
	struct card_rig r;

	card_rig_make(&r, NULL, card, NULL);
	card_foreign_files(&r.card, &l);
	card_foreign_files(&r.card, &l);
	ck_assert_uint_eq(l.n, 4);
	f = card_rig_find(&l, "kind", "program");
	ck_assert_int_eq(json_integer_value(json_object_get(f->detail, "files")), 3);
	ck_assert_uint_eq(json_array_size(json_object_get(f->detail, "samples")), 3);
	ck_assert_double_eq(f->confidence, 0.8);
	ck_assert_str_eq(l.items[0].fact, l.items[2].fact);
	findings_clear(&l);
	card_rig_free(&r);
}
END_TEST

/* Every second file is missing from the numbers, each is foreign to the rest. */
START_TEST(the_largest_card_is_judged_at_once)
{
	enum { TEXT = 48 };
	static char paths[LISTING_FILES_MAX][TEXT];
	static struct listing_file entries[LISTING_FILES_MAX];
	static const struct rig_file nothing[RIG_FILES];
	static const struct card_stored stored[] = { HAD("A_1_20260803_1000.mp4") };
	struct findings l = { 0 };
	struct timespec a, b;
	struct card_rig r;
	double ms;
	size_t i;

	for (i = 0; i < LISTING_FILES_MAX; i++) {
		snprintf(paths[i], TEXT, "A_%06zu_20260804_%02zu%02zu.mp4", 2 * i + 3,
			 i * 24 / LISTING_FILES_MAX, i % 60);
		entries[i] = (struct listing_file){ .path = paths[i], .size = 1,
						  .deleted = i % 4 == 0 };
	}
	card_rig_make(&r, P, nothing, NULL);
	card_rig_free(&r);
	r.listing.files = entries;
	r.listing.n_files = LISTING_FILES_MAX;
	r.card.stored = stored;
	r.card.n_stored = COUNT(stored);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
	r.card.names = naming_read(&r.naming, &r.listing);
	ck_assert_int_eq(card_name_gaps(&r.card, &l), 0);
	ck_assert_int_eq(card_deleted(&r.card, &l), 0);
	card_foreign_files(&r.card, &l);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
	ck_assert_int_eq(json_integer_value(json_object_get(l.items[0].detail, "holes")),
			 LISTING_FILES_MAX);
	ck_assert_uint_eq(json_array_size(json_object_get(l.items[0].detail, "samples")),
			  CARD_SAMPLES_MAX);
	ck_assert_uint_eq(l.n, FINDINGS_MAX);
	/* A quadratic rule takes minutes of processor time; sanitizers take their tenfold. */
	ck_assert_msg(ms < 5000, "%.0f ms", ms);
	findings_clear(&l);
	card_rig_free(&r);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, a_hole_in_what_could_be_listed);
	tcase_add_loop_test(tc, finds_holes, 0, (int)COUNT(gaps));
	tcase_add_loop_test(tc, tells_files_apart, 0, (int)COUNT(files));
	tcase_add_test(tc, one_finding_a_kind);
	tcase_add_test(tc, the_largest_card_is_judged_at_once);
}

int main(void)
{
	return suite_main("card_names", fill);
}
