#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "format/pattern.h"
#include "unit/suite.h"

#define DCAM	"DCAM_{device}_{seq}_{YYYY}{MM}{DD}_{hh}{mm}{ss}[_IMP:important][_enc:encrypted].{ext}"
#define DAV	"mpt/{YYYY}-{MM}-{DD}/{n}/dav/{hh}/{hh}.{mm}.{ss}-{hh2}.{mm2}.{ss2}[[{any}]][[0@0]][[0]].mp4"
#define OFFICER	"{any}_{device}_{officer}_{YYYY}{MM}{DD}{hh}{mm}{ss}_{seq}.{ext}"

static struct pattern of(const char *text)
{
	struct pattern p;
	struct err e = { 0, "" };

	ck_assert_msg(pattern_parse(text, &p, &e) == 0, "%s: %s", text, e.msg);
	return p;
}

static const struct {
	const char *pattern, *path;
	bool matches;
	struct pattern_claims c;
} names[] = {
	{ DCAM, "DCIM/DCAM_CAM001_000001_20260804_100000.mp4", true,
	  { .device = "CAM001", .has_sequence = true, .sequence = 1, .extension = "mp4",
	    .start = "2026-08-04T10:00:00", .device_at = 10 } },
	{ DCAM, "dcam_cam001_000001_20260804_100000_imp.MP4", true,
	  { .device = "cam001", .has_sequence = true, .sequence = 1, .extension = "MP4",
	    .start = "2026-08-04T10:00:00", .important = true, .device_at = 5 } },
	{ DCAM, "DCAM_CAM001_000001_20260804_100000_IMP_enc.mp4", true,
	  { .device = "CAM001", .has_sequence = true, .sequence = 1, .extension = "mp4",
	    .start = "2026-08-04T10:00:00", .important = true, .encrypted = true, .device_at = 5 } },
	{ DCAM, "DCAM_CAM001_000001_20260804_100000_enc_IMP.mp4", false, { .device = "" } },
	{ DCAM, "DCAM_CAM001_000001_20260804_100000.mp4.tmp", false, { .device = "" } },
	{ DCAM, "DCAM_CAM001_000001_20260804_10000.mp4", false, { .device = "" } },
	{ DCAM, "DCAM__000001_20260804_100000.mp4", false, { .device = "" } },
	{ DCAM, "", false, { .device = "" } },
	/* Days and hours that do not exist. */
	{ DCAM, "DCAM_A_1_20260230_100000.mp4", true,
	  { .device = "A", .has_sequence = true, .sequence = 1, .extension = "mp4",
	    .bad_start = true, .device_at = 5 } },
	{ DCAM, "DCAM_A_1_20260804_250000.mp4", true,
	  { .device = "A", .has_sequence = true, .sequence = 1, .extension = "mp4",
	    .bad_start = true, .device_at = 5 } },
	{ DCAM, "DCAM_A_1_00000000_000000.mp4", true,
	  { .device = "A", .has_sequence = true, .sequence = 1, .extension = "mp4",
	    .bad_start = true, .device_at = 5 } },
	/* A clock that was reset is a moment. */
	{ DCAM, "DCAM_A_1_19700101_000000.mp4", true,
	  { .device = "A", .has_sequence = true, .sequence = 1, .extension = "mp4",
	    .start = "1970-01-01T00:00:00", .device_at = 5 } },
	{ DCAM, "DCAM_A_999999999999999999_20260804_100000.mp4", true,
	  { .device = "A", .has_sequence = true, .sequence = 999999999999999999, .extension = "mp4",
	    .start = "2026-08-04T10:00:00", .device_at = 5 } },
	{ DCAM, "DCAM_A_1000000000000000000_20260804_100000.mp4", false, { .device = "" } },
	/* The date in a directory, the time in the name; brackets that are meant so. */
	{ DAV, "mpt/2026-01-15/001/dav/14/14.30.45-14.31.12[R][0@0][0].mp4", true,
	  { .start = "2026-01-15T14:30:45", .end = "2026-01-15T14:31:12" } },
	{ DAV, "SD/mpt/2026-01-15/001/dav/14/14.30.45-14.31.12[M][0@0][0].mp4", true,
	  { .start = "2026-01-15T14:30:45", .end = "2026-01-15T14:31:12" } },
	{ DAV, "xmpt/2026-01-15/001/dav/14/14.30.45-14.31.12[R][0@0][0].mp4", false, { .device = "" } },
	{ DAV, "2026-01-15/001/dav/14/14.30.45-14.31.12[R][0@0][0].mp4", false, { .device = "" } },
	{ DAV, "mpt/2026-12-31/001/dav/23/23.59.45-00.01.12[R][0@0][0].mp4", true,
	  { .start = "2026-12-31T23:59:45", .end = "2027-01-01T00:01:12" } },
	{ DAV, "mpt/9999-12-31/001/dav/23/23.59.45-00.01.12[R][0@0][0].mp4", true,
	  { .start = "9999-12-31T23:59:45", .bad_end = true } },
	{ DAV, "mpt/2026-01-15/001/dav/13/14.30.45-14.31.12[R][0@0][0].mp4", true,
	  { .bad_start = true, .bad_end = true } },
	{ DAV, "mpt/2026-01-15/001/dav/14/14.30.45-14.61.12[R][0@0][0].mp4", true,
	  { .start = "2026-01-15T14:30:45", .bad_end = true } },
	{ OFFICER, "VID_C-7_\xe5\xbc\xa0\xe4\xb8\x89_20260804100000_0042.mp4", true,
	  { .device = "C-7", .officer = "\xe5\xbc\xa0\xe4\xb8\x89", .has_sequence = true,
	    .sequence = 42, .extension = "mp4", .start = "2026-08-04T10:00:00", .device_at = 4 } },
	/* Short years, ends with a date, a channel in an option. */
	{ "{YY}{MM}{DD}{hh}{mm}-{YY2}{MM2}{DD2}{hh2}{mm2}[-ch{channel}]",
	  "2608041000-2608051100-ch2", true,
	  { .start = "2026-08-04T10:00:00", .end = "2026-08-05T11:00:00", .channel = "2" } },
	{ "{YY}{MM}{DD}{hh}{mm}-{YY2}{MM2}{DD2}{hh2}{mm2}[-ch{channel}]", "2608041000-2608031100",
	  true, { .start = "2026-08-04T10:00:00", .end = "2026-08-03T11:00:00" } },
	{ "[{YYYY}{MM}{DD}{hh}{mm}_]{hh2}{mm2}.m", "1200.m", true, { .device = "" } },
	{ "[{YYYY}{MM}{DD}{hh}{mm}_]{hh2}{mm2}.m", "202608041000_1200.m", true,
	  { .start = "2026-08-04T10:00:00", .end = "2026-08-04T12:00:00" } },
	/* As much as possible, and not more than leaves room for the rest. */
	{ "{any}{n}.{ext}", "abc123.x", true, { .extension = "x" } },
	{ "{device}7", "777", true, { .device = "77" } },
	{ "{device}", "abcdefghijklmnopqrstuvwxyz0123456", false, { .device = "" } },
	{ "{device}\xb8\x89", "\xe4\xb8\x89", false, { .device = "" } },	/* half a character */
	/* What is behind an option is not in it. */
	{ "a[b]c", "abc", true, { .device = "" } },
	{ "a[b]c", "ac", true, { .device = "" } },
	{ "a[b]c", "ab", false, { .device = "" } },
	{ "[[a]]{{b}}", "[a]{b}", true, { .device = "" } },
	{ "a:b", "A:B", true, { .device = "" } },
	/* From the root, or anywhere. */
	{ "/DCIM/{n}.mp4", "DCIM/1.mp4", true, { .device = "" } },
	{ "/DCIM/{n}.mp4", "X/DCIM/1.mp4", false, { .device = "" } },
	{ "DCIM/{n}.mp4", "X/DCIM/1.mp4", true, { .device = "" } },
	{ "{any}/{n}", "a/b/1", true, { .device = "" } },
	{ "{any}/{n}", "1", false, { .device = "" } },
};

START_TEST(reads_the_name)
{
	const struct pattern_claims *w = &names[_i].c;
	struct pattern p = of(names[_i].pattern);
	struct pattern_claims c = { .device = "" };

	ck_assert_msg(pattern_match(&p, names[_i].path, &c) == names[_i].matches, "%s: %s",
		      names[_i].pattern, names[_i].path);
	ck_assert_str_eq(c.device, w->device);
	ck_assert_str_eq(c.officer, w->officer);
	ck_assert_str_eq(c.channel, w->channel);
	ck_assert_str_eq(c.extension, w->extension);
	ck_assert_str_eq(c.start, w->start);
	ck_assert_str_eq(c.end, w->end);
	ck_assert_int_eq(c.bad_start, w->bad_start);
	ck_assert_int_eq(c.bad_end, w->bad_end);
	ck_assert_int_eq(c.has_sequence, w->has_sequence);
	ck_assert_uint_eq(c.sequence, w->sequence);
	ck_assert_int_eq(c.important, w->important);
	ck_assert_int_eq(c.encrypted, w->encrypted);
	ck_assert_uint_eq(c.device_at, w->device_at);
}
END_TEST

static const struct { const char *text, *says; } bad[] = {
	{ "", "1 to 255 bytes" },
	{ "/", "column 1: only the root" },
	{ "a{device", "column 2: '{' without '}'" },
	{ "a{devise}", "column 2: no such field" },
	{ "{}", "column 1: no such field" },
	{ "{device}{device}", "column 9: this field is there already" },
	{ "a]", "column 2: a bracket that nothing opened" },
	{ "a}", "column 2: a bracket that nothing opened" },
	{ "a[b", "column 2: '[' without ']'" },
	{ "a[b[c]]", "column 4: '[' inside brackets" },
	{ "a[]b", "column 3: nothing in brackets" },
	{ "a[:important]", "column 3: nothing in brackets" },
	{ "a[b:urgent]", "column 4: what is in brackets can be" },
	{ "a[b/c]", "column 4: '/' in brackets" },
	{ "{any}{any}{any}{any}{any}{any}{any}{any}{any}", "column 41: more {any}" },
	{ "a\nb", "column 2: a control character" },
	{ "{YYYY}{MM}{DD}", "column 15: a start needs" },
	{ "{hh}{mm}", "a start needs" },
	{ "{hh2}{mm2}", "an end needs {YYYY2} or {YY2}, {MM2} and {DD2}, or a start" },
	{ "{YYYY}{MM}{DD}{hh}{mm}{DD2}{hh2}{mm2}", "an end needs {YYYY2}" },
	{ "{YYYY}{MM}{DD}{hh}{mm}{ss2}", "an end needs {hh2} and {mm2}" },
	{ "{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a"
	  "{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}a{n}", "column 129: more parts" },
};

START_TEST(says_what_is_wrong_and_where)
{
	struct pattern p = { .n_parts = 7 };
	struct err e = { 0, "" };

	ck_assert_int_eq(pattern_parse(bad[_i].text, &p, &e), -EINVAL);
	ck_assert_msg(strstr(e.msg, bad[_i].says) != NULL, "%s: %s", bad[_i].text, e.msg);
	ck_assert_uint_eq(p.n_parts, 7);
}
END_TEST

START_TEST(takes_the_longest_that_is_allowed)
{
	char text[PATTERN_TEXT_MAX + 2], name[PATTERN_NAME_MAX + 2];
	struct pattern_claims c;
	struct pattern p;
	struct err e;

	memset(text, 'a', sizeof(text));
	text[PATTERN_TEXT_MAX + 1] = '\0';
	ck_assert_int_eq(pattern_parse(text, &p, &e), -EINVAL);
	text[PATTERN_TEXT_MAX] = '\0';
	p = of(text);
	ck_assert(pattern_match(&p, text, &c));
	p = of("{any}");
	memset(name, 'a', sizeof(name));
	name[PATTERN_NAME_MAX - 1] = '/';
	name[PATTERN_NAME_MAX + 1] = '\0';
	ck_assert(!pattern_match(&p, name, &c));
	name[PATTERN_NAME_MAX] = '\0';
	ck_assert(!pattern_match(&p, name, &c));	/* nothing behind the last '/' */
	name[PATTERN_NAME_MAX - 1] = 'b';
	name[PATTERN_NAME_MAX - 2] = '/';
	ck_assert(pattern_match(&p, name, &c));
}
END_TEST

/* Fields that take the same bytes: backtracking without a memory would never end. */
START_TEST(a_hostile_name_is_bounded_work)
{
	char text[PATTERN_TEXT_MAX + 1] = "", name[PATTERN_NAME_MAX + 1];
	struct pattern_claims c;
	struct pattern p;
	struct timespec a, b;
	double ms;
	int i;

	for (i = 0; i < PATTERN_ANYS_MAX; i++)
		memcpy(text + 5 * i, "{any}", 5);
	for (; i < PATTERN_ANYS_MAX + 50; i++)
		memcpy(text + 2 * PATTERN_ANYS_MAX + 3 * i, "{n}", 3);
	text[2 * PATTERN_ANYS_MAX + 3 * i] = '!';
	p = of(text);
	memset(name, '1', PATTERN_NAME_MAX);
	name[PATTERN_NAME_MAX] = '\0';
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
	for (i = 0; i < 10; i++)
		ck_assert(!pattern_match(&p, name, &c));
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
	ck_assert_msg(ms < 2000, "%.0f ms", ms);
}
END_TEST

START_TEST(the_first_that_matches)
{
	struct pattern p[] = { of(DCAM), of("{n}.mp4"), of("{any}.mp4") };
	struct pattern_claims c;

	ck_assert_uint_eq(pattern_first(p, COUNT(p), "1.mp4", &c), 1);
	ck_assert_uint_eq(pattern_first(p, COUNT(p), "a.mp4", &c), 2);
	ck_assert_uint_eq(pattern_first(p, COUNT(p), "a.mp3", &c), COUNT(p));
	ck_assert_uint_eq(pattern_first(p, 0, "a.mp3", &c), 0);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, reads_the_name, 0, (int)COUNT(names));
	tcase_add_loop_test(tc, says_what_is_wrong_and_where, 0, (int)COUNT(bad));
	tcase_add_test(tc, takes_the_longest_that_is_allowed);
	tcase_add_test(tc, a_hostile_name_is_bounded_work);
	tcase_add_test(tc, the_first_that_matches);
}

int main(void)
{
	return suite_main("pattern", fill);
}
