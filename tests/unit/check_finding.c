#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/util.h"
#include "rules/chain.h"
#include "rules/finding.h"
#include "unit/suite.h"

static struct finding example(void)
{
	struct finding f = {
		.code = FINDING_GAP, .subject_kind = SUBJECT_RECORDING,
		.subject = "REC-000123/6f1c8e5e-0000-4000-8000-000000000001",
		.recorder = "REC-000123", .fact = "seq 3-4",
		.at_ms = INT64_C(1795437778123), .confidence = -1,
	};

	f.detail = json_pack("{s:i}", "missing", 2);
	return f;
}

START_TEST(every_code_has_its_name)
{
	int i, k;

	for (i = 0; i < FINDING_CODES; i++) {
		ck_assert_ptr_nonnull(finding_code_name((enum finding_code)i));
		for (k = 0; k < i; k++)
			ck_assert_str_ne(finding_code_name((enum finding_code)i),
					 finding_code_name((enum finding_code)k));
	}
	ck_assert_str_eq(finding_code_name(FINDING_LATE_UPLOAD), "late_upload");
	ck_assert_str_eq(finding_code_name(FINDING_UNREADABLE_FILE), "unreadable_file");
	ck_assert_ptr_null(finding_severity_name(SEVERITY_DEFAULT));
	ck_assert_str_eq(finding_severity_name(SEVERITY_VIOLATION), "violation");
	ck_assert_str_eq(finding_subject_name(SUBJECT_SLOT), "slot");
}
END_TEST

START_TEST(writes_the_json_of_the_records)
{
	struct finding f = example();
	json_t *is, *want;

	is = finding_json(&f);
	want = json_loads("{\"code\":\"gap\",\"subject_kind\":\"recording\","
			  "\"subject\":\"REC-000123/6f1c8e5e-0000-4000-8000-000000000001\","
			  "\"recorder\":\"REC-000123\",\"fact\":\"seq 3-4\","
			  "\"at\":\"2026-11-23T12:42:58.123Z\",\"severity\":null,"
			  "\"confidence\":null,\"detail\":{\"missing\":2}}", 0, NULL);
	ck_assert_ptr_nonnull(want);
	ck_assert(json_equal(is, want));
	json_decref(is);

	f.severity = SEVERITY_NOTICE;
	f.recorder[0] = '\0';
	f.confidence = 0.5;
	is = finding_json(&f);
	json_object_set_new(want, "severity", json_string("notice"));
	json_object_set_new(want, "recorder", json_null());
	json_object_set_new(want, "confidence", json_real(0.5));
	ck_assert(json_equal(is, want));
	json_decref(is);
	json_decref(want);
	json_decref(f.detail);
}
END_TEST

static const struct { int64_t ms; const char *text; } moments[] = {
	{ INT64_MIN, "1970-01-01T00:00:00.000Z" },
	{ -1, "1970-01-01T00:00:00.000Z" },
	{ INT64_C(253402300799999), "9999-12-31T23:59:59.999Z" },
	{ INT64_MAX, "9999-12-31T23:59:59.999Z" },
};

START_TEST(any_moment_can_be_written)
{
	struct finding f = example();
	json_t *o;

	f.at_ms = moments[_i].ms;
	o = finding_json(&f);
	ck_assert_str_eq(json_string_value(json_object_get(o, "at")), moments[_i].text);
	json_decref(o);
	json_decref(f.detail);
}
END_TEST

static const struct { const char *what, *in, *out; } texts[] = {
	{ "ASCII",			"DCIM/A.MP4",		"DCIM/A.MP4" },
	{ "Chinese",			"\xe6\xb8\x85\xe6\xb2\xb3", "\xe6\xb8\x85\xe6\xb2\xb3" },
	{ "beyond the first plane",	"\xf0\x9f\x8e\xa5",	"\xf0\x9f\x8e\xa5" },
	{ "cut inside a character",	"\xe6\xb8\x85\xe6\xb2",	"\xe6\xb8\x85??" },
	{ "Latin-1",			"caf\xe9.mp4",		"caf?.mp4" },
	{ "overlong slash",		"a\xc0\xaf" "b",	"a??b" },
	{ "overlong in three",		"\xe0\x80\xaf",		"???" },
	{ "a surrogate",		"\xed\xa0\x80",		"???" },
	{ "above U+10FFFF",		"\xf4\x90\x80\x80",	"????" },
	{ "a lone continuation",	"\x80" "a",		"?a" },
	{ "nothing",			"",			"" },
};

START_TEST(text_is_always_utf8)
{
	json_t *s = finding_text(texts[_i].in);

	ck_assert_msg(s != NULL, "%s", texts[_i].what);
	ck_assert_str_eq(json_string_value(s), texts[_i].out);
	json_decref(s);
}
END_TEST

START_TEST(any_number_can_be_written)
{
	json_t *largest = finding_number(INT64_MAX), *over = finding_number(UINT64_MAX);

	ck_assert_int_eq(json_integer_value(largest), INT64_MAX);
	ck_assert_str_eq(json_string_value(over), "18446744073709551615");
	json_decref(largest);
	json_decref(over);
}
END_TEST

START_TEST(grows_and_stops_at_the_maximum)
{
	struct findings l = { 0 };
	json_t *a, *last;
	struct finding f;
	size_t i;

	for (i = 0; i < FINDINGS_MAX + 3; i++) {
		f = example();
		json_object_set_new(f.detail, "i", json_integer((json_int_t)i));
		findings_add(&l, &f);
	}
	ck_assert_uint_eq(l.n, FINDINGS_MAX);
	ck_assert_uint_eq(l.dropped, 3);
	for (i = 0; i < l.n; i++)
		ck_assert_int_eq(json_integer_value(json_object_get(l.items[i].detail, "i")),
				 (json_int_t)i);
	last = l.items[l.n - 1].detail;
	ck_assert_int_eq(json_integer_value(json_object_get(last, "findings_left_out")), 3);
	ck_assert_ptr_null(json_object_get(l.items[0].detail, "findings_left_out"));
	a = findings_json(&l);
	ck_assert_uint_eq(json_array_size(a), FINDINGS_MAX);
	json_decref(a);
	findings_clear(&l);
	ck_assert_uint_eq(l.n, 0);
	ck_assert_ptr_null(l.items);
}
END_TEST

/* ------ the rows of the table `rule`, as `make` sees them from its folder ------ */

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

START_TEST(every_code_is_one_rule)
{
	struct buf sql = BUF_INIT(256 * 1024);
	char row[80];
	struct err e = { 0 };
	int i;

	ck_assert_msg(file_read("sql/010-rules.sql", &sql, &e) == 0, "%s", e.msg);
	ck_assert_msg(file_read("sql/015-card-rules.sql", &sql, &e) == 0, "%s", e.msg);
	ck_assert_msg(file_read("sql/016-names-challenge.sql", &sql, &e) == 0, "%s", e.msg);
	ck_assert_msg(file_read("sql/040-sources.sql", &sql, &e) == 0, "%s", e.msg);
	for (i = 0; i < FINDING_CODES; i++) {
		snprintf(row, sizeof(row), "\n('%s', ", finding_code_name((enum finding_code)i));
		ck_assert_msg(count(buf_str(&sql), row) == 1, "%zu rows%s",
			      count(buf_str(&sql), row), row);
	}
	ck_assert_uint_eq(count(buf_str(&sql), "\n('"), FINDING_CODES);
	buf_clear(&sql);
}
END_TEST

START_TEST(the_limits_are_those_of_the_rules)
{
	const struct { const char *name; int64_t ms; } limits[] = {
		{ "late_ms", chain_limits_default.late_ms },
		{ "gap_continuous_ms", chain_limits_default.gap_continuous_ms },
		{ "gap_notice_ms", chain_limits_default.gap_notice_ms },
		{ "overlap_ms", chain_limits_default.overlap_ms },
		{ "clock_jump_ms", chain_limits_default.clock_jump_ms },
		{ "drift_ms", chain_limits_default.drift_ms },
		{ "drift_warning_ms", chain_limits_default.drift_warning_ms },
	};
	struct buf sql = BUF_INIT(256 * 1024);
	struct err e = { 0 };
	char pair[80];
	size_t i;

	ck_assert_msg(file_read("sql/010-rules.sql", &sql, &e) == 0, "%s", e.msg);
	for (i = 0; i < COUNT(limits); i++) {
		snprintf(pair, sizeof(pair), "\"%s\": %" PRId64, limits[i].name, limits[i].ms);
		ck_assert_msg(count(buf_str(&sql), pair) == 1, "%s", pair);
	}
	buf_clear(&sql);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, every_code_has_its_name);
	tcase_add_test(tc, every_code_is_one_rule);
	tcase_add_test(tc, the_limits_are_those_of_the_rules);
	tcase_add_test(tc, writes_the_json_of_the_records);
	tcase_add_loop_test(tc, any_moment_can_be_written, 0, (int)COUNT(moments));
	tcase_add_loop_test(tc, text_is_always_utf8, 0, (int)COUNT(texts));
	tcase_add_test(tc, any_number_can_be_written);
	tcase_add_test(tc, grows_and_stops_at_the_maximum);
}

int main(void)
{
	return suite_main("finding", fill);
}
