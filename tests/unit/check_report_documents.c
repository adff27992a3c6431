/* Reports as documents: whole, the same each time, and harmless to whoever opens them. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "base/util.h"
#include "unit/report_rig.h"
#include "unit/suite.h"

/* ------ CSV ------ */

static const struct { const char *text, *cell; } cells[] = {
	{ "", "\"\"" },
	{ "清河", "\"清河\"" },
	{ "a,b", "\"a,b\"" },
	{ "say \"x\"\"", "\"say \"\"x\"\"\"\"\"" },
	{ "a\r\nb", "\"a\r\nb\"" },
	{ "=1+1", "\"'=1+1\"" },
	{ "+1", "\"'+1\"" },
	{ "-1", "\"'-1\"" },
	{ "@SUM(A1)", "\"'@SUM(A1)\"" },
	{ "\t=1", "\"'\t=1\"" },
	{ "\r=1", "\"'\r=1\"" },
	{ "＝1", "\"'＝1\"" },
	{ "＋1", "\"'＋1\"" },
	{ "－1", "\"'－1\"" },
	{ "＠1", "\"'＠1\"" },
	{ "=\"x\"", "\"'=\"\"x\"\"\"" },
	{ "1=1", "\"1=1\"" },
	{ "'=1", "\"'=1\"" },
};

START_TEST(a_cell_is_no_formula)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(100);

	report_csv_cell(&b, cells[_i].text);
	ck_assert_str_eq(buf_str(&b), cells[_i].cell);
}
END_TEST

START_TEST(csv_has_what_came)
{
	static const char head[] = "\xef\xbb\xbfunit,wanted,covered,short,missing,unsuitable,wanted_ms,covered_ms,advised,"
				   "advised_covered\r\n";
	AUTO(buf_clear) struct buf b = BUF_INIT(REPORT_DOCUMENT_MAX);
	json_t *r = report_rig_month(2, 1, 1);
	struct err e = { 0 };

	ck_assert_int_eq(report_csv(r, report_table(r, "coverage_units"), &b, &e), 0);
	ck_assert_mem_eq(b.p, head, sizeof(head) - 1);
	ck_assert_str_eq(buf_str(&b) + sizeof(head) - 1, "\"U001\",20,15,2,1,2,72000000,60000000,\"\",\"\"\r\n");
	buf_reset(&b);
	ck_assert_int_eq(report_csv(r, report_table(r, "findings"), &b, &e), 0);
	ck_assert_ptr_nonnull(strstr(buf_str(&b), ",text_zh,text_en,"));
	ck_assert_ptr_nonnull(strstr(buf_str(&b), ",\"'@SUM(1)\","));
	ck_assert_ptr_null(report_table(r, "weather"));
	json_decref(r);
}
END_TEST

START_TEST(csv_that_is_too_large_is_refused)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(50);
	json_t *r = report_rig_month(2, 1, 1);
	struct err e = { 0 };

	ck_assert_int_eq(report_csv(r, report_table(r, "units"), &b, &e), -ENOBUFS);
	json_decref(r);
}
END_TEST

/* ------ values ------ */

static const struct { enum report_kind kind; const char *json; bool english; const char *shown; } values[] = {
	{ REPORT_COUNT, "{\"v\": 12}", false, "12" },
	{ REPORT_COUNT, "{\"v\": null}", false, "" },
	{ REPORT_COUNT, "{}", false, "" },
	{ REPORT_HOURS, "{\"v\": 5400000}", false, "1.5" },
	{ REPORT_DAYS, "{\"v\": 129600000}", false, "1.5" },
	{ REPORT_GIB, "{\"v\": 1610612736}", false, "1.5" },
	{ REPORT_PERMILLE, "{\"v\": 83}", false, "+8.3 %" },
	{ REPORT_PERMILLE, "{\"v\": -1000}", false, "-100.0 %" },
	{ REPORT_PERMILLE, "{\"v\": 0}", false, "0.0 %" },
	{ REPORT_ARTICLE, "{\"v\": 12}", false, "第12条" },
	{ REPORT_ARTICLE, "{\"v\": 12}", true, "Art. 12" },
	{ REPORT_MOMENT, "{\"v\": \"2026-10-31T16:00:00.000Z\"}", false, "2026-11-01 00:00:00" },
	{ REPORT_MOMENT, "{\"v\": \"no moment\"}", false, "no moment" },
	{ REPORT_SENTENCE, "{\"v_zh\": \"缺\", \"v_en\": \"gap\"}", false, "缺" },
	{ REPORT_SENTENCE, "{\"v_zh\": \"缺\", \"v_en\": \"gap\"}", true, "gap" },
	{ REPORT_OF_ROW, "{\"v\": 7200000, \"kind\": 6}", false, "2.0" },
	{ REPORT_CHANGE, "{\"v\": 7200000, \"kind\": 6}", false, "+2.0" },
	{ REPORT_CHANGE, "{\"v\": -3, \"kind\": 5}", false, "-3" },
	{ REPORT_CHANGE, "{\"v\": 0, \"kind\": 5}", false, "0" },
	{ REPORT_CHANGE, "{\"v\": -1, \"kind\": 6}", false, "0.0" },
};

START_TEST(values_as_people_read_them)
{
	const struct report_column c = { "v", "", "", values[_i].kind, 1 };
	const struct report_style style = report_rig_style(values[_i].english);
	json_t *row = json_loads(values[_i].json, 0, NULL);
	char text[REPORT_CELL_MAX];

	ck_assert_int_eq(REPORT_COUNT, 5);	/* what "kind" above says */
	ck_assert_int_eq(REPORT_HOURS, 6);
	ck_assert_str_eq(report_cell(row, &c, &style, text), values[_i].shown);
	json_decref(row);
}
END_TEST

/* A text that is too long ends between two characters. */
START_TEST(long_texts_end_whole)
{
	const struct report_column c = { "v", "", "", REPORT_TEXT, 1 };
	const struct report_style style = report_rig_style(false);
	char text[4096] = "", cut[REPORT_CELL_MAX];
	json_t *row;
	size_t i;

	for (i = 0; i + 4 < sizeof(text); i += 3)
		memcpy(text + i, "清", 4);
	row = json_pack("{s:s}", "v", text + 0);
	ck_assert_ptr_nonnull(row);
	report_cell(row, &c, &style, cut);
	ck_assert_uint_lt(strlen(cut), REPORT_CELL_MAX);
	ck_assert_str_eq(cut + strlen(cut) - 6, "清…");
	json_decref(row);
}
END_TEST

static json_t *measure(const json_t *rows, const char *name)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (strcmp(json_string_value(json_object_get(row, "measure")), name) == 0)
			return row;
	return NULL;
}

START_TEST(the_summary_is_beside_last_month)
{
	json_t *r = report_rig_month(1, 1, 1), *rows = report_rows(r, report_table(r, "summary")), *row;

	row = measure(rows, "enrolled");
	ck_assert_int_eq(json_integer_value(json_object_get(row, "now")), 1000);
	ck_assert_int_eq(json_integer_value(json_object_get(row, "before")), 900);
	ck_assert_int_eq(json_integer_value(json_object_get(row, "by")), 100);
	ck_assert_int_eq(json_integer_value(json_object_get(row, "permille")), 111);
	row = measure(rows, "wanted");
	ck_assert_int_eq(json_integer_value(json_object_get(row, "by")), 20);
	ck_assert_ptr_null(json_object_get(row, "permille"));	/* of nothing there is no share */
	json_decref(rows);
	json_decref(r);
}
END_TEST

/* ------ workbook ------ */

static void workbook(const json_t *r, bool english, struct buf *to)
{
	const struct report_style style = report_rig_style(english);
	struct err e = { 0 };

	ck_assert_msg(report_xlsx(r, &style, to, &e) == 0, "%s", e.msg);
}

START_TEST(a_workbook_has_no_formula)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(REPORT_DOCUMENT_MAX), xml = BUF_INIT(REPORT_DOCUMENT_MAX);
	json_t *r = report_rig_month(3, 20, 8);

	workbook(r, false, &b);
	report_rig_run(&b, "unzip -p @ 'xl/worksheets/*.xml'", &xml);
	ck_assert_ptr_null(strstr(buf_str(&xml), "<f>"));
	ck_assert_ptr_null(strstr(buf_str(&xml), "<hyperlink"));
	/* As text, whole. */
	ck_assert_ptr_nonnull(strstr(buf_str(&xml), "<t>=HYPERLINK(\"http://x\",\"清河\")</t>"));
	ck_assert_ptr_nonnull(strstr(buf_str(&xml), "<t>@SUM(1)</t>"));
	buf_reset(&xml);
	report_rig_run(&b, "unzip -p @ xl/workbook.xml", &xml);
	ck_assert_ptr_nonnull(strstr(buf_str(&xml), "name=\"汇总\""));
	ck_assert_ptr_nonnull(strstr(buf_str(&xml), "name=\"应录环节\""));
	buf_reset(&xml);
	report_rig_run(&b, "unzip -p @ docProps/core.xml", &xml);
	ck_assert_ptr_nonnull(strstr(buf_str(&xml), "2026-12-01T01:02:03Z"));
	json_decref(r);
}
END_TEST

START_TEST(documents_are_the_same_each_time)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(REPORT_DOCUMENT_MAX), again = BUF_INIT(REPORT_DOCUMENT_MAX);
	const struct report_style style = report_rig_style(_i != 0);
	json_t *r = _i < 2 ? report_rig_month(3, 20, 8) : report_rig_integrity();
	struct err e = { 0 };

	workbook(r, _i != 0, &b);
	workbook(r, _i != 0, &again);
	ck_assert_uint_eq(b.len, again.len);
	ck_assert_mem_eq(b.p, again.p, b.len);
	buf_reset(&b);
	buf_reset(&again);
	ck_assert_msg(report_pdf(r, &style, &b, &e) == 0, "%s", e.msg);
	ck_assert_msg(report_pdf(r, &style, &again, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(b.len, again.len);
	ck_assert_mem_eq(b.p, again.p, b.len);
	json_decref(r);
}
END_TEST

START_TEST(documents_that_are_too_large_are_refused)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(1000);
	const struct report_style style = report_rig_style(false);
	json_t *r = report_rig_integrity();
	struct err e = { 0 };

	ck_assert_int_eq(report_xlsx(r, &style, &b, &e), -ENOBUFS);
	buf_clear(&b);
	b.failed = false;
	ck_assert_int_eq(report_pdf(r, &style, &b, &e), -ENOBUFS);
	json_decref(r);
}
END_TEST

/* ------ PDF ------ */

static const struct { bool english; const char *const says[8]; } papers[] = {
	{ false, { "月度完整性报告 2026-11", "页", "第12条", "录像有缺段。", "U002", "REC-000019", "另有 5 个问题未列出",
		   "未签发" } },
	{ true, { "Monthly integrity report 2026-11", "Page 1 of", "Art. 12", "Parts of a recording", "U002", "REC-000019",
		  "5 more findings", "not signed" } },
};

START_TEST(a_pdf_says_it)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(REPORT_DOCUMENT_MAX), text = BUF_INIT(REPORT_DOCUMENT_MAX);
	const struct report_style style = report_rig_style(papers[_i].english);
	json_t *r = report_rig_month(3, 20, 8);
	struct err e = { 0 };
	size_t i;

	ck_assert_msg(report_pdf(r, &style, &b, &e) == 0, "%s", e.msg);
	ck_assert_mem_eq(b.p, "%PDF-1.", 7);
	report_rig_run(&b, "pdftotext -layout @ -", &text);
	for (i = 0; i < COUNT(papers[_i].says); i++)
		ck_assert_msg(strstr(buf_str(&text), papers[_i].says[i]) != NULL, "%s", papers[_i].says[i]);
	buf_reset(&text);
	report_rig_run(&b, "pdffonts @ | tail -n +3 | grep -vc ' yes yes yes ' || true", &text);
	ck_assert_str_eq(buf_str(&text), "0\n");	/* none that is not embedded */
	json_decref(r);
}
END_TEST

START_TEST(who_signed_is_on_it)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(REPORT_DOCUMENT_MAX), text = BUF_INIT(REPORT_DOCUMENT_MAX);
	const struct report_seal seal = { .by = "zhang", .key_id = "0123456789ABCDEF", .sha256 = "aaaa" };
	struct report_style style = report_rig_style(false);
	json_t *r = report_rig_month(1, 1, 1);
	struct err e = { 0 };

	style.seal = &seal;
	ck_assert_int_eq(report_pdf(r, &style, &b, &e), 0);
	report_rig_run(&b, "pdftotext -layout @ -", &text);
	ck_assert_ptr_nonnull(strstr(buf_str(&text), "zhang"));
	ck_assert_ptr_nonnull(strstr(buf_str(&text), "0123456789ABCDEF"));
	ck_assert_ptr_null(strstr(buf_str(&text), "未签发"));
	json_decref(r);
}
END_TEST

/* What nobody counted, and what is no report at all. */
START_TEST(takes_any_report)
{
	static const char *const reports[] = { "{}", "{\"kind\": \"month\"}",
		("{\"kind\": \"month\", \"month\": 7, \"units\": {}, \"days\": [1, {}], \"recorders\": [[], {\"days\": {\"x\": 1, \"99\": 2}}],"
		" \"articles\": [{\"article\": 4000000000, \"raised\": -1}], \"totals\": [], \"before\": 1}"),
		"{\"kind\": 3, \"findings\": [null, {\"text_zh\": 5, \"article\": \"12\"}]}" };
	AUTO(buf_clear) struct buf b = BUF_INIT(REPORT_DOCUMENT_MAX);
	const struct report_style style = report_rig_style(false);
	json_t *r = json_loads(reports[_i], 0, NULL);
	struct err e = { 0 };

	ck_assert_ptr_nonnull(r);
	ck_assert_msg(report_pdf(r, &style, &b, &e) == 0, "%s", e.msg);
	workbook(r, false, &b);
	json_decref(r);
}
END_TEST

/* A whole bureau: bounded, and each recorder on some page. */
START_TEST(a_bureau_of_5000_recorders)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(REPORT_DOCUMENT_MAX), text = BUF_INIT(REPORT_DOCUMENT_MAX);
	const struct report_style style = report_rig_style(false);
	struct rusage before, after;
	json_t *r = report_rig_month(200, 5000, 200);
	struct err e = { 0 };

	getrusage(RUSAGE_SELF, &before);
	ck_assert_msg(report_pdf(r, &style, &b, &e) == 0, "%s", e.msg);
	getrusage(RUSAGE_SELF, &after);
#ifndef SANITIZED
	ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 64 * 1024);
#endif
	report_rig_run(&b, "pdftotext -layout @ - | grep -c 'REC-00[0-9]* '", &text);
	ck_assert_str_eq(buf_str(&text), "9500\n");	/* a line each, and strips of nine in ten */
	json_decref(r);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, a_cell_is_no_formula, 0, (int)COUNT(cells));
	tcase_add_test(tc, csv_has_what_came);
	tcase_add_test(tc, csv_that_is_too_large_is_refused);
	tcase_add_loop_test(tc, values_as_people_read_them, 0, (int)COUNT(values));
	tcase_add_test(tc, long_texts_end_whole);
	tcase_add_test(tc, the_summary_is_beside_last_month);
	tcase_add_test(tc, a_workbook_has_no_formula);
	tcase_add_loop_test(tc, documents_are_the_same_each_time, 0, 3);
	tcase_add_test(tc, documents_that_are_too_large_are_refused);
	tcase_add_loop_test(tc, a_pdf_says_it, 0, (int)COUNT(papers));
	tcase_add_test(tc, who_signed_is_on_it);
	tcase_add_loop_test(tc, takes_any_report, 0, 4);
	tcase_add_test(tc, a_bureau_of_5000_recorders);
}

int main(void)
{
	return suite_main("report_documents", fill);
}
