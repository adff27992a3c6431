/* Names in, patterns out. */
#include <string.h>

#include "base/util.h"
#include "unit/suite.h"
#include "vaultctl/guess.h"

enum { NAMES = 6, PATTERNS = 3 };

static const struct { const char *names[NAMES], *patterns[PATTERNS]; } cases[] = {
	{ { "DCIM/DCAM_000012_0001_20261123_204258.mp4", "DCIM/DCAM_000012_0002_20261123_210000.mp4" },
	  { "DCAM_{device}_{seq}_{YYYY}{MM}{DD}_{hh}{mm}{ss}.{ext}" } },
	{ { "20261123204258_0007.MP4", "20261124204258_0008.MP4" },
	  { "{YYYY}{MM}{DD}{hh}{mm}{ss}_{seq}.{ext}" } },
	{ { "2026-11-23_20-42-58.ts", "2026-11-24_20-42-59.ts" },
	  { "{YYYY}-{MM}-{DD}_{hh}-{mm}-{ss}.{ext}" } },
	{ { "20261123_204258_204758.mp4", "20261123_204758_205258.mp4" },
	  { "{YYYY}{MM}{DD}_{hh}{mm}{ss}_{hh2}{mm2}{ss2}.{ext}" } },
	{ { "20261123204258-20261123204758.mp4", "20261123204758-20261123205258.mp4" },
	  { "{YYYY}{MM}{DD}{hh}{mm}{ss}-{YYYY2}{MM2}{DD2}{hh2}{mm2}{ss2}.{ext}" } },
	{ { "261123_204258.avi", "261124_204258.avi" }, { "{YY}{MM}{DD}_{hh}{mm}{ss}.{ext}" } },
	{ { "202611232042.jpg", "202612230042.jpg" }, { "{YYYY}{MM}{DD}{hh}{mm}.{ext}" } },
	{ { "20261123_0007.jpg", "20261123_0008.jpg" }, { "{n}_{seq}.{ext}" } },
	{ { "MOV_0001.mp4", "MOV_0002.mp4", "MOV_0003.mp4" }, { "MOV_{seq}.{ext}" } },
	{ { "C1_9999_99999999.mp4", "C1_9998_99999999.mp4" }, { "C1_{seq}_{device}.{ext}" } },
	{ { "a[1].mp4", "a[2].mp4" }, { "a[[{seq}]].{ext}" } },
	{ { "a{1}b.mp4" }, { "a{{{seq}}}b.{ext}" } },
	/* 13 is no month: a number. */
	{ { "20261323_1.mp4", "20261324_1.mp4" }, { "{seq}_1.{ext}" } },
	/* There is no 31 February, which shows when the whole is read. */
	{ { "20260231_101010.mp4" }, { "{n}_{n}.{ext}" } },
	/* Several shapes: of most names first; sidecars say nothing. */
	{ { "A_1.mp4", "B_0001.jpg", "B_0002.jpg", "B_0002.bwm", "B_0002.bwm.minisig" },
	  { "B_{seq}.{ext}", "A_{seq}.{ext}" } },
	{ { "x_1234567890123456789012.mp4" }, { "x_{any}.{ext}" } },
	{ { "noextension" }, { "noextension" } },
	{ { "执法_0001.mp4", "执法_0002.mp4" }, { "执法_{seq}.{ext}" } },
	{ { "" }, { NULL } },
	{ { NULL }, { NULL } },
};

static size_t count(const char *const *list, size_t max)
{
	size_t n = 0;

	while (n < max && list[n] != NULL)
		n++;
	return n;
}

START_TEST(names_make_patterns)
{
	const size_t n = count(cases[_i].names, NAMES), wanted = count(cases[_i].patterns, PATTERNS);
	struct guess g;
	size_t i;

	guess_patterns(cases[_i].names, n, &g);
	for (i = 0; i < wanted && i < g.n; i++)
		ck_assert_str_eq(g.patterns[i], cases[_i].patterns[i]);
	ck_assert_msg(g.n == wanted, "case %d: %zu patterns, the first %s", _i, g.n, g.patterns[0]);
}
END_TEST

/* Whatever the names are, what comes out parses and matches as many as it says. */
START_TEST(what_comes_out_holds)
{
	char names[GUESS_NAMES_MAX][40];
	const char *paths[GUESS_NAMES_MAX];
	static const char alphabet[] = "0123456789_-.[]{}aZ\xe6\x89\xa7/ 20261123";
	struct pattern_claims claims;
	struct pattern pattern;
	struct guess g;
	unsigned seed = (unsigned)_i + 1;
	size_t i, k, matched;
	struct err e;

	for (i = 0; i < GUESS_NAMES_MAX; i++) {
		for (k = 0; k < sizeof(names[i]) - 1; k++)
			names[i][k] = alphabet[(size_t)rand_r(&seed) % (sizeof(alphabet) - 1)];
		names[i][(size_t)rand_r(&seed) % sizeof(names[i])] = '\0';
		names[i][sizeof(names[i]) - 1] = '\0';
		paths[i] = names[i];
	}
	guess_patterns(paths, GUESS_NAMES_MAX, &g);
	ck_assert_uint_le(g.n, GUESS_PATTERNS_MAX);
	for (i = 0; i < g.n; i++) {
		ck_assert_msg(pattern_parse(g.patterns[i], &pattern, &e) == 0, "%s: %s",
			      g.patterns[i], e.msg);
		for (matched = k = 0; k < GUESS_NAMES_MAX; k++)
			matched += pattern_match(&pattern, paths[k], &claims);
		ck_assert_msg(matched >= g.names[i], "%s: %zu of %zu", g.patterns[i], matched,
			      g.names[i]);
	}
}
END_TEST

/* One path more than shapes are kept for, each of another shape. */
START_TEST(few_shapes_are_kept)
{
	char names[GUESS_PATTERNS_MAX + 2][32];
	const char *paths[GUESS_PATTERNS_MAX + 2];
	struct guess g;
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		snprintf(names[i], sizeof(names[i]), "%c_1.mp4", (char)('a' + (int)i));
		paths[i] = names[i];
	}
	guess_patterns(paths, COUNT(paths), &g);
	ck_assert_uint_eq(g.n, GUESS_PATTERNS_MAX);
	ck_assert_str_eq(g.patterns[0], "a_{seq}.{ext}");
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, names_make_patterns, 0, COUNT(cases));
	tcase_add_loop_test(tc, what_comes_out_holds, 0, 50);
	tcase_add_test(tc, few_shapes_are_kept);
}

int main(void)
{
	return suite_main("guess", fill);
}
