/* Signs that a computer read the card (rules/card_copied.h). */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "rules/card_copied.h"
#include "unit/card_rig.h"
#include "unit/suite.h"

#define P	"{device}_{seq}.mp4"
/* The last session ended on 4 August 2026, 20:00 in Shanghai. */
#define BEFORE	INT64_C(1785844800000)
#define QUIET(n)	{ { "A_" #n ".mp4", "2026-08-03T10:00:0" #n, 5, false }, "2026-08-03T10:00:0" #n }
#define LATER(n)	{ { "A_" #n ".mp4", "2026-08-03T10:00:0" #n, 5, false }, "2026-08-06T09:00:00" }
#define BY_DATE(n, day)	{ { "A_" #n ".mp4", "2026-08-03T10:00:0" #n, 5, false }, "2026-08-" #day "T00:00:00" }
#define TRACE(path)	{ { path, "2026-08-05T10:00:00", 5, false }, NULL }
#define NOTHING	{ NULL, 0, 0, 0, 0 }

static const struct copying {
	const char *what, *pattern;
	struct { struct rig_file f; const char *accessed; } now[RIG_FILES];
	const char *was[4];		/* on the card before */
	struct { const char *kind; int files, bystanders, traces; double confidence; } found;
} cards[] = {
	{ "nobody opened anything", P, { QUIET(1), QUIET(2), QUIET(3), QUIET(4) }, { NULL }, NOTHING },
	{ "an empty card", P, { { { 0 }, NULL } }, { NULL }, NOTHING },
	{ "two opened, three beside them not", P,
	  { LATER(1), LATER(2), QUIET(3), QUIET(4), QUIET(5) }, { NULL }, { "accessed", 2, 3, 0, 0.7 } },
	{ "one opened: it may have been played", P, { LATER(1), QUIET(2), QUIET(3), QUIET(4) }, { NULL },
	  { "accessed", 1, 3, 0, 0.5 } },
	{ "one opened, in a computer", P,
	  { LATER(1), QUIET(2), QUIET(3), QUIET(4), TRACE("System Volume Information/IndexerVolumeGuid") },
	  { NULL }, { "accessed", 1, 3, 1, 0.85 } },
	{ "few beside them", P, { LATER(1), LATER(2), QUIET(3), QUIET(4) }, { NULL },
	  { "accessed", 2, 2, 0, 0.5 } },
	{ "few beside them, in a computer", P, { LATER(1), LATER(2), QUIET(3), TRACE(".DS_Store") },
	  { NULL }, { "accessed", 2, 1, 1, 0.7 } },
	{ "a recorder that opens all it has", P, { LATER(1), LATER(2), LATER(3), LATER(4) }, { NULL },
	  NOTHING },
	{ "a recorder that makes an index at power-on, and recorded since", P,
	  { LATER(1), LATER(2), LATER(3),
	    { { "A_7.mp4", "2026-08-06T10:00:00", 5, false }, "2026-08-06T10:00:00" },
	    { { "A_8.mp4", "2026-08-06T11:00:00", 5, false }, "2026-08-06T11:00:00" },
	    { { "A_9.mp4", "2026-08-06T12:00:00", 5, false }, "2026-08-06T12:00:00" } }, { NULL }, NOTHING },
	{ "all opened, in a computer", P, { LATER(1), LATER(2), TRACE("$RECYCLE.BIN/desktop.ini") },
	  { NULL }, { "accessed", 2, 0, 1, 0.5 } },
	{ "traces alone", P, { QUIET(1), TRACE(".Spotlight-V100/store"), TRACE("DCIM/._A_1.mp4") },
	  { NULL }, { "traces", 0, 0, 2, 0.4 } },
	{ "traces of before the last docking", P, { QUIET(1), TRACE("Thumbs.db") }, { "Thumbs.db" },
	  NOTHING },
	{ "a new one beside an old one", P, { TRACE("Thumbs.db"), TRACE("DCIM/Thumbs.db") },
	  { "Thumbs.db" }, { "traces", 0, 0, 1, 0.4 } },
	{ "what Android and repairs leave", P,
	  { TRACE("LOST.DIR/1"), TRACE("Android/data/x"), TRACE("DCIM/.nomedia"), TRACE("FOUND.000/1") },
	  { NULL }, NOTHING },
	{ "deleted ones tell nothing", P,
	  { { { "A_1.mp4", "2026-08-03T10:00:00", 5, true }, "2026-08-06T09:00:00" },
	    { { "Thumbs.db", "2026-08-05T10:00:00", 5, true }, NULL }, QUIET(2), QUIET(3), QUIET(4) },
	  { NULL }, NOTHING },
	{ "FAT: a later day", P, { BY_DATE(1, 05), BY_DATE(2, 06), BY_DATE(3, 03), BY_DATE(4, 03),
	  BY_DATE(5, 03) }, { NULL }, { "accessed", 2, 3, 0, 0.7 } },
	{ "FAT: the day of the last docking proves nothing", P,
	  { BY_DATE(1, 04), BY_DATE(2, 04), BY_DATE(3, 03), BY_DATE(4, 03), BY_DATE(5, 03) }, { NULL },
	  NOTHING },
	{ "FAT: closed behind midnight", P,
	  { { { "A_1.mp4", "2026-08-05T23:55:00", 5, false }, "2026-08-06T00:00:00" },
	    { { "A_2.mp4", "2026-08-05T23:56:00", 5, false }, "2026-08-06T00:00:00" }, QUIET(3), QUIET(4),
	    QUIET(5) }, { NULL }, NOTHING },
	{ "closed late", P,
	  { { { "A_1.mp4", "2026-08-06T09:00:00", 5, false }, "2026-08-06T09:10:00" },
	    { { "A_2.mp4", "2026-08-06T10:00:00", 5, false }, "2026-08-06T10:10:00" }, QUIET(3), QUIET(4),
	    QUIET(5) }, { NULL }, NOTHING },
	{ "opened ten minutes and a moment later", P,
	  { { { "A_1.mp4", "2026-08-06T09:00:00", 5, false }, "2026-08-06T09:10:02" },
	    { { "A_2.mp4", "2026-08-06T10:00:00", 5, false }, "2026-08-06T10:10:02" }, QUIET(3), QUIET(4),
	    QUIET(5) }, { NULL }, { "accessed", 2, 3, 0, 0.7 } },
	{ "opened before the last docking", P,
	  { { { "A_1.mp4", "2026-08-03T09:00:00", 5, false }, "2026-08-04T20:00:00" },
	    { { "A_2.mp4", "2026-08-03T09:00:00", 5, false }, "2026-08-04T12:00:00" }, QUIET(3), QUIET(4),
	    QUIET(5) }, { NULL }, NOTHING },
	{ "no times of access, as by MTP", P,
	  { { { "A_1.mp4", "2026-08-03T09:00:00", 5, false }, NULL },
	    { { "A_2.mp4", "2026-08-03T09:00:00", 5, false }, "" }, QUIET(3), QUIET(4), QUIET(5) }, { NULL },
	  NOTHING },
	{ "times that are none", P,
	  { { { "A_1.mp4", "1980-01-01T00:00:00", 5, false }, "2026-08-06T09:00:00" },
	    { { "A_2.mp4", "", 5, false }, "2026-08-06T09:00:00" }, QUIET(3), QUIET(4), QUIET(5) }, { NULL },
	  NOTHING },
	{ "a log that is opened all the time is no recording", P,
	  { { { "system.log", "2026-08-03T09:00:00", 5, false }, "2026-08-06T09:00:00" },
	    { { "boot.log", "2026-08-03T09:00:00", 5, false }, "2026-08-06T09:00:00" }, QUIET(3), QUIET(4),
	    QUIET(5) }, { NULL }, NOTHING },
	{ "no names are known: media by their extension", NULL,
	  { LATER(1), LATER(2), QUIET(3), QUIET(4), QUIET(5),
	    { { "x.log", "2026-08-03T09:00:00", 5, false }, "2026-08-06T09:00:00" } }, { NULL },
	  { "accessed", 2, 3, 0, 0.7 } },
};

static int order(const void *a, const void *b)
{
	return strcmp(((const struct inventory_entry *)a)->path,
		      ((const struct inventory_entry *)b)->path);
}

static void judge(const struct copying *g, struct findings *l)
{
	struct inventory_entry was[COUNT(g->was)];
	struct inventory before = { .session = "s-1", .at_ms = BEFORE, .entries = was };
	struct rig_file now[RIG_FILES];
	struct card_rig r;
	size_t i;

	for (i = 0; i < RIG_FILES; i++)
		now[i] = g->now[i].f;
	for (before.n = 0; before.n < COUNT(g->was) && g->was[before.n] != NULL; before.n++)
		was[before.n] = (struct inventory_entry){ .path = g->was[before.n], .modified = "" };
	qsort(was, before.n, sizeof(*was), order);
	card_rig_make(&r, g->pattern, now, NULL);
	for (i = 0; i < r.listing.n_files; i++)
		snprintf(r.files[i].accessed, sizeof(r.files[i].accessed), "%s",
			 g->now[i].accessed != NULL ? g->now[i].accessed : "");
	card_copied(&before, &r.card, l);
	card_rig_free(&r);
}

static long long number(const struct finding *f, const char *key)
{
	return json_integer_value(json_object_get(f->detail, key));
}

START_TEST(weighs_the_signs)
{
	const struct copying *g = &cards[_i];
	struct findings l = { 0 };
	const struct finding *f;

	judge(g, &l);
	ck_assert_msg(l.n == (g->found.kind != NULL), "%s: %zu findings", g->what, l.n);
	if (l.n == 1) {
		f = &l.items[0];
		ck_assert_int_eq(f->code, FINDING_COPIED_OFF_RECORDER);
		ck_assert_str_eq(f->fact, "since s-1");
		ck_assert_msg(f->confidence == g->found.confidence, "%s: %g", g->what, f->confidence);
		ck_assert_int_eq(f->severity, f->confidence < 0.6 ? SEVERITY_NOTICE : SEVERITY_DEFAULT);
		ck_assert_str_eq(json_string_value(json_object_get(f->detail, "kind")), g->found.kind);
		ck_assert_msg(number(f, "files") == g->found.files &&
			      number(f, "bystanders") == g->found.bystanders &&
			      number(f, "traces") == g->found.traces, "%s: %lld, %lld, %lld", g->what,
			      number(f, "files"), number(f, "bystanders"), number(f, "traces"));
		ck_assert_uint_gt(json_array_size(json_object_get(f->detail, "reasons")), 0);
		ck_assert_uint_eq(json_array_size(json_object_get(f->detail, "samples")),
				  (size_t)g->found.files);
		ck_assert_uint_eq(json_array_size(json_object_get(f->detail, "trace_samples")),
				  (size_t)g->found.traces);
	}
	findings_clear(&l);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, weighs_the_signs, 0, (int)COUNT(cards));
}

int main(void)
{
	return suite_main("card_copied", fill);
}
