#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/utc.h"
#include "base/util.h"
#include "rules/plan.h"
#include "unit/suite.h"

enum { ENTRIES = 12 };

struct entry {
	const char *path, *modified;
	uint64_t size;
	bool deleted;
	const char *trouble;
};
#define NAMED(path_)		{ .path = path_ }
#define AT(path_, modified_)	{ .path = path_, .modified = modified_ }
#define GONE(path_, size_)	{ .path = path_, .size = size_, .deleted = true }

static const struct naming shanghai = { .zone_min = NAMING_SHANGHAI_MIN };

struct deck {				/* a listing over borrowed memory */
	struct listing l;
	struct listing_file files[ENTRIES];
};

static void card_make(struct deck *c, const struct entry *e, size_t max)
{
	size_t i;

	memset(c, 0, sizeof(*c));
	c->l.files = c->files;
	for (i = 0; i < max && e[i].path != NULL; i++) {
		struct listing_file *f = &c->files[i];

		f->path = (char *)(uintptr_t)e[i].path;
		f->size = e[i].size;
		f->deleted = e[i].deleted;
		snprintf(f->modified, sizeof(f->modified), "%s",
			 e[i].modified == NULL ? "" : e[i].modified);
		snprintf(f->trouble, sizeof(f->trouble), "%s",
			 e[i].trouble == NULL ? "" : e[i].trouble);
		c->l.n_files++;
	}
}

/* ------ what is pulled, in which order ------ */

struct want {
	const char *media, *bwm, *minisig;
};

static const struct {
	const char *what;
	struct entry card[ENTRIES];
	struct want plan[ENTRIES];
} plans[] = {
	{ "an empty card", { { 0 } }, { { 0 } } },
	{ "a signed segment",
	  { NAMED("D/A.bwm"), NAMED("D/A.mp4"), NAMED("D/A.bwm.minisig") },
	  { { "D/A.mp4", "D/A.bwm", "D/A.bwm.minisig" } } },
	{ "names differ in case, as FAT allows",
	  { NAMED("d/a.BWM"), NAMED("D/A.MP4"), NAMED("D/a.Bwm.MiniSig") },
	  { { "D/A.MP4", "d/a.BWM", "D/a.Bwm.MiniSig" } } },
	{ "another directory is another name",
	  { NAMED("D/A.mp4"), NAMED("E/A.bwm") },
	  { { "D/A.mp4", NULL, NULL }, { NULL, "E/A.bwm", NULL } } },
	{ "the oldest first, no time before all, then by path",
	  { AT("D/C.mp4", "2026-11-23T10:00:00"), AT("D/B.mp4", "2026-11-22T10:00:00"),
	    AT("D/A.mp4", "2026-11-23T10:00:00"), AT("D/Z.mp4", "") },
	  { { "D/Z.mp4", NULL, NULL }, { "D/B.mp4", NULL, NULL }, { "D/A.mp4", NULL, NULL },
	    { "D/C.mp4", NULL, NULL } } },
	{ "a clock that was never set claims nothing",
	  { AT("D/B.mp4", "2026-11-22T10:00:00"), AT("D/A.mp4", "1980-01-01T00:00:00") },
	  { { "D/A.mp4", NULL, NULL }, { "D/B.mp4", NULL, NULL } } },
	{ "sidecars without media come last, pairs together",
	  { NAMED("D/Y.bwm.minisig"), NAMED("D/X.bwm"), NAMED("D/X.bwm.minisig"), NAMED("D/B.mp4") },
	  { { "D/B.mp4", NULL, NULL }, { NULL, "D/X.bwm", "D/X.bwm.minisig" },
	    { NULL, NULL, "D/Y.bwm.minisig" } } },
	{ "media twice share their sidecar",
	  { NAMED("D/A.MP4"), NAMED("D/a.mp4"), NAMED("D/A.bwm") },
	  { { "D/A.MP4", "D/A.bwm", NULL }, { "D/a.mp4", "D/A.bwm", NULL } } },
	{ "sound beside the film, one sidecar",
	  { NAMED("D/A.mp4"), NAMED("D/A.wav"), NAMED("D/A.bwm"), NAMED("D/A.bwm.minisig") },
	  { { "D/A.mp4", "D/A.bwm", "D/A.bwm.minisig" },
	    { "D/A.wav", "D/A.bwm", "D/A.bwm.minisig" } } },
	{ "no sidecar is lost, even one too many",
	  { NAMED("D/A.mp4"), NAMED("D/A.bwm"), NAMED("D/a.bwm"), NAMED("D/a.bwm.minisig"),
	    NAMED("D/A.bwm.minisig") },
	  { { "D/A.mp4", "D/A.bwm", "D/A.bwm.minisig" },
	    { NULL, "D/a.bwm", "D/a.bwm.minisig" } } },
	{ "names that only look like sidecars are media",
	  { NAMED("D/.bwm"), NAMED("D/A.minisig"), NAMED("D/A.bwm.bak"), NAMED("bwm") },
	  { { "D/.bwm", NULL, NULL }, { "D/A.bwm.bak", NULL, NULL }, { "D/A.minisig", NULL, NULL },
	    { "bwm", NULL, NULL } } },
	{ "a name without suffix, a dot in the directory",
	  { NAMED("D.1/A"), NAMED("D.1/A.bwm"), NAMED("D.bwm/A") },
	  { { "D.1/A", "D.1/A.bwm", NULL }, { "D.bwm/A", NULL, NULL } } },
	{ "a prefix is another name",
	  { NAMED("D/AB.mp4"), NAMED("D/A.bwm") },
	  { { "D/AB.mp4", NULL, NULL }, { NULL, "D/A.bwm", NULL } } },
	{ "what was deleted is not pulled",
	  { { .path = "D/A.mp4", .deleted = true }, NAMED("D/A.bwm") },
	  { { NULL, "D/A.bwm", NULL } } },
};

static bool is(const struct listing_file *f, const char *path)
{
	return f == NULL ? path == NULL : path != NULL && strcmp(f->path, path) == 0;
}

START_TEST(pulls_in_this_order)
{
	const struct want *w = plans[_i].plan;
	struct deck c;
	struct plan p;
	size_t i;

	card_make(&c, plans[_i].card, ENTRIES);
	ck_assert_int_eq(plan_make(&c.l, &shanghai, &p), 0);
	for (i = 0; i < ENTRIES; i++) {
		if (w[i].media == NULL && w[i].bwm == NULL && w[i].minisig == NULL)
			break;
		ck_assert_msg(i < p.n, "%s: only %zu items", plans[_i].what, p.n);
		ck_assert_msg(is(p.items[i].media, w[i].media) && is(p.items[i].bwm, w[i].bwm) &&
			      is(p.items[i].minisig, w[i].minisig),
			      "%s: item %zu", plans[_i].what, i);
	}
	ck_assert_msg(p.n == i, "%s: %zu items, not %zu", plans[_i].what, p.n, i);
	plan_clear(&p);
}
END_TEST

START_TEST(names_go_before_entries)
{
	static const struct entry some[ENTRIES] = {
		AT("R_20261123_1000.mp4", "2026-11-20T00:00:00"),
		AT("R_20261121_1000-1100.mp4", "2026-11-25T00:00:00"),
		AT("R_20261122_1000.mp4", "2026-11-24T00:00:00"),
		AT("R_20261124_1000_IMP.mp4", "2026-11-24T00:00:00"),
		AT("other.mp4", "2026-11-22T11:00:00"),
		AT("R_20261399_1000.mp4", "2026-11-22T11:00:00"),
	};
	static const char *const order[] = {
		"R_20261124_1000_IMP.mp4", "R_20261121_1000-1100.mp4", "R_20261122_1000.mp4",
		"R_20261399_1000.mp4", "other.mp4", "R_20261123_1000.mp4",
	};
	struct pattern pattern;
	struct naming naming = { .patterns = &pattern, .n_patterns = 1,
				 .zone_min = NAMING_SHANGHAI_MIN };
	struct deck c;
	struct plan p;
	size_t i;

	ck_assert_int_eq(pattern_parse("R_{YYYY}{MM}{DD}_{hh}{mm}[-{hh2}{mm2}][_IMP:important].mp4",
				       &pattern, NULL), 0);
	card_make(&c, some, ENTRIES);
	ck_assert_int_eq(plan_make(&c.l, &naming, &p), 0);
	ck_assert_uint_eq(p.n, COUNT(order));
	for (i = 0; i < COUNT(order); i++)
		ck_assert_str_eq(p.items[i].media->path, order[i]);
	ck_assert(p.items[0].important);
	ck_assert(!p.items[1].important);
	/* 10:00 and 11:00 in Shanghai. */
	ck_assert_int_eq(p.items[1].start_ms, utc_from_civil(2026, 11, 21, 2, 0, 0));
	ck_assert_int_eq(p.items[1].end_ms, utc_from_civil(2026, 11, 21, 3, 0, 0));
	ck_assert_int_eq(p.items[1].due_ms, utc_from_civil(2026, 11, 22, 3, 0, 0));
	ck_assert_int_eq(p.items[4].start_ms, NAMING_UNKNOWN);
	ck_assert_int_eq(p.items[4].due_ms, utc_from_civil(2026, 11, 23, 3, 0, 0));
	ck_assert_uint_eq(p.names[4].pattern, NAMED_NOT);
	plan_clear(&p);
}
END_TEST

START_TEST(bytes_are_those_of_the_media)
{
	static const struct entry some[ENTRIES] = {
		{ .path = "A.mp4", .size = 1000 }, { .path = "A.bwm", .size = 500 },
		{ .path = "B.mp4", .size = 24 },
		GONE("C.mp4", 7),
	}, lies[ENTRIES] = {
		{ .path = "A.mp4", .size = UINT64_MAX }, { .path = "B.mp4", .size = 2 },
	};
	struct deck c;
	struct plan p;

	card_make(&c, some, ENTRIES);
	ck_assert_int_eq(plan_make(&c.l, &shanghai, &p), 0);
	ck_assert_uint_eq(p.bytes, 1024);
	plan_clear(&p);
	card_make(&c, lies, ENTRIES);
	ck_assert_int_eq(plan_make(&c.l, &shanghai, &p), 0);
	ck_assert_uint_eq(p.bytes, UINT64_MAX);
	plan_clear(&p);
}
END_TEST

/* Names chosen to be hard: long common prefixes, one key in very many spellings. */
START_TEST(the_largest_card_is_planned_at_once)
{
	enum { TEXT = 48 };
	static char paths[LISTING_FILES_MAX][TEXT];
	static struct listing_file files[LISTING_FILES_MAX];
	struct listing l = { .files = files, .n_files = LISTING_FILES_MAX };
	struct timespec a, b;
	struct plan p;
	size_t i, k, with = 0;
	double ms;

	for (i = 0; i < LISTING_FILES_MAX; i++) {
		size_t j = i / 2;

		if (_i == 0)
			snprintf(paths[i], TEXT, "DCIM/DIRECTORY/SEGMENT-%06zu.%s",
				 LISTING_FILES_MAX - j, i % 2 == 0 ? "mp4" : "bwm");
		else
			snprintf(paths[i], TEXT, "DCIM/abcdefghijklmno.%s",
				 i % 2 == 0 ? "mp4" : "bwm");
		for (k = 0; _i == 1 && k < 15; k++)
			if (j >> k & 1)
				paths[i][5 + k] = (char)(paths[i][5 + k] - 'a' + 'A');
		files[i] = (struct listing_file){ .path = paths[i], .size = 1 };
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
	ck_assert_int_eq(plan_make(&l, &shanghai, &p), 0);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
	for (i = 0; i < p.n; i++)
		with += p.items[i].media != NULL && p.items[i].bwm != NULL;
	ck_assert_uint_eq(with, LISTING_FILES_MAX / 2);
	ck_assert_uint_eq(p.bytes, LISTING_FILES_MAX / 2);
	/* A quadratic plan takes minutes of processor time; sanitizers take their tenfold. */
	ck_assert_msg(ms < 2000, "%.0f ms", ms);
	plan_clear(&p);
}
END_TEST

/* ------ what the listing alone says ------ */

static const struct {
	const char *what;
	struct entry card[ENTRIES];
	struct { const char *code, *path; double confidence; } found[ENTRIES];
} listings[] = {
	{ "nothing to say",
	  { { .path = "D/A.mp4", .size = 5 }, NAMED("D/A.bwm") }, { { 0 } } },
	{ "content that cannot be found",
	  { { .path = "D/A.mp4", .size = 5, .trouble = "cycle in the allocation table" } },
	  { { "unreadable_file", "D/A.mp4", -1 } } },
	{ "of a deleted file nothing is asked here",
	  { { .path = "D/A.mp4", .size = 5, .deleted = true, .trouble = "no extents" } },
	  { { 0 } } },
};

static const struct finding *of_path(const struct findings *l, const char *path)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strcmp(json_string_value(json_object_get(l->items[i].detail, "path")), path) == 0)
			return &l->items[i];
	return NULL;
}

START_TEST(finds_in_the_listing)
{
	struct findings l = { 0 };
	const struct finding *f;
	struct deck c;
	size_t i;

	card_make(&c, listings[_i].card, ENTRIES);
	plan_findings(&c.l, "REC-1", "session", 1000, FINDING_DEVICE_FAULT, &l);
	for (i = 0; i < ENTRIES && listings[_i].found[i].code != NULL; i++) {
		f = of_path(&l, listings[_i].found[i].path);
		ck_assert_msg(f != NULL, "%s: %s", listings[_i].what, listings[_i].found[i].path);
		ck_assert_str_eq(finding_code_name(f->code), listings[_i].found[i].code);
		ck_assert_double_eq(f->confidence, listings[_i].found[i].confidence);
		ck_assert_int_eq(f->severity, f->confidence >= 0 && f->confidence < 0.9 ?
				 SEVERITY_NOTICE : SEVERITY_DEFAULT);
		ck_assert_str_eq(f->subject, "REC-1");
		ck_assert_int_eq(f->at_ms, 1000);
	}
	ck_assert_msg(l.n == i, "%s: %zu findings", listings[_i].what, l.n);
	findings_clear(&l);
}
END_TEST

START_TEST(an_unreadable_file_is_one_fact_over_dockings)
{
	static const struct entry one[ENTRIES] = {
		{ "D/A.mp4", "2026-11-23T10:00:00", 5, false, "bad" },
	}, other[3][ENTRIES] = {
		{ { "D/B.mp4", "2026-11-23T10:00:00", 5, false, "bad" } },
		{ { "D/A.mp4", "2026-11-23T10:00:02", 5, false, "bad" } },
		{ { "D/A.mp4", "2026-11-23T10:00:00", 6, false, "bad" } },
	};
	struct findings l = { 0 };
	struct deck c;
	size_t i;

	card_make(&c, one, ENTRIES);
	plan_findings(&c.l, "REC-1", "session 1", 1000, FINDING_DEVICE_FAULT, &l);
	plan_findings(&c.l, "REC-1", "session 2", 2000, FINDING_DEVICE_FAULT, &l);
	ck_assert_str_eq(l.items[0].fact, l.items[1].fact);
	for (i = 0; i < COUNT(other); i++) {
		card_make(&c, other[i], ENTRIES);
		plan_findings(&c.l, "REC-1", "session 3", 3000, FINDING_DEVICE_FAULT, &l);
		ck_assert_str_ne(l.items[0].fact, l.items[2 + i].fact);
	}
	findings_clear(&l);
}
END_TEST

START_TEST(troubles_are_faults_of_the_session)
{
	static char path[] = "DCIM/LOOP", card[] = "";
	struct listing_trouble troubles[] = {
		{ path, "a directory contains itself" },
		{ card, "partition 1 has no file system" },
		{ card, "partition 2 has no file system" },
	};
	struct listing l = { .troubles = troubles, .n_troubles = COUNT(troubles) };
	struct findings out = { 0 };

	plan_findings(&l, "REC-1", "session", 1000, FINDING_DEVICE_FAULT, &out);
	ck_assert_uint_eq(out.n, COUNT(troubles));
	ck_assert_str_ne(out.items[0].fact, out.items[1].fact);
	/* Two of one place are two. */
	ck_assert_str_ne(out.items[1].fact, out.items[2].fact);
	ck_assert_int_eq(out.items[0].code, FINDING_DEVICE_FAULT);
	ck_assert_int_eq(out.items[0].subject_kind, SUBJECT_SESSION);
	ck_assert_str_eq(out.items[0].subject, "session");
	ck_assert_str_eq(out.items[0].recorder, "REC-1");
	ck_assert_str_eq(json_string_value(json_object_get(out.items[0].detail, "why")),
			 "a directory contains itself");
	findings_clear(&out);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, pulls_in_this_order, 0, (int)COUNT(plans));
	tcase_add_test(tc, names_go_before_entries);
	tcase_add_test(tc, bytes_are_those_of_the_media);
	tcase_add_loop_test(tc, the_largest_card_is_planned_at_once, 0, 2);
	tcase_add_loop_test(tc, finds_in_the_listing, 0, (int)COUNT(listings));
	tcase_add_test(tc, an_unreadable_file_is_one_fact_over_dockings);
	tcase_add_test(tc, troubles_are_faults_of_the_session);
}

int main(void)
{
	return suite_main("plan", fill);
}
