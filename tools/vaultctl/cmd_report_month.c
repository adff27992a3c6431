/* vaultctl report month: what a month brought, beside the one before; as it was signed, once it was. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "base/utc.h"
#include "report_month.h"

struct request {
	const char *unit, *by, *out, *format_name, *month;
	bool live;
	char day[11];
	enum report_format format;
	const char *table;		/* of the report, for CSV */
};

/* --by's word is the table's, in the singular. */
static int take_by(struct request *q)
{
	static const struct { const char *by, *table; } tables[] = {
		{ "unit", "units" }, { "officer", "officers" }, { "recorder", "recorders" },
		{ "article", "articles" },
	};
	size_t i;

	q->table = "units";
	for (i = 0; q->by != NULL && i < COUNT(tables); i++) {
		if (strcmp(tables[i].by, q->by) == 0) {
			q->table = tables[i].table;
			return EXIT_GOOD;
		}
	}
	return q->by == NULL ? EXIT_GOOD : ctl_usage(T_REPORT_BAD_BY, q->by);
}

int report_take_month(const char *month, char ret_day[11])
{
	char day[20];
	long m;

	if (month == NULL) {	/* as many days ago as this month has come to, it was the last of another */
		utc_format_shanghai(utc_now(), day);
		utc_format_shanghai(utc_now() - strtol(day + 8, NULL, 10) * (int64_t)UTC_DAY_MS, day);
		snprintf(ret_day, 11, "%.7s-01", day);
		return EXIT_GOOD;
	}
	if (strlen(month) != 7 || strspn(month, "0123456789") != 4 || month[4] != '-' ||
	    strspn(month + 5, "0123456789") != 2)
		return ctl_usage(T_REPORT_BAD_MONTH, month);
	m = strtol(month + 5, NULL, 10);
	if (m < 1 || m > 12 || month[0] < '2')
		return ctl_usage(T_REPORT_BAD_MONTH, month);
	snprintf(ret_day, 11, "%.7s-01", month);
	return EXIT_GOOD;
}

static void print_whole(FILE *to, const json_t *report)
{
	static const char *const tables[] = { "summary", "units", "articles", "coverage_units" };

	report_print(to, report, tables, COUNT(tables));
}

static void print_units(FILE *to, const json_t *report)
{
	report_print(to, report, (const char *const[]){ "units" }, 1);
}

static void print_officers(FILE *to, const json_t *report)
{
	report_print(to, report, (const char *const[]){ "officers" }, 1);
}

static void print_recorders(FILE *to, const json_t *report)
{
	report_print(to, report, (const char *const[]){ "recorders" }, 1);
}

static void print_articles(FILE *to, const json_t *report)
{
	report_print(to, report, (const char *const[]){ "articles" }, 1);
}

static int put(const struct request *q, const json_t *report)
{
	static void (*const parts[])(FILE *to, const json_t *report) = {
		['u'] = print_units, ['o'] = print_officers, ['r'] = print_recorders, ['a'] = print_articles,
	};
	AUTO(buf_clear) struct buf bytes = BUF_INIT(REPORT_DOCUMENT_MAX);
	int r;

	if (q->format == FORMAT_JSON)
		return report_json_out(report, q->out);
	if (q->format == FORMAT_TABLE)
		return report_stream_out(q->by == NULL ? print_whole : parts[(unsigned char)q->by[0]], report,
					 q->out);
	r = report_document(report, q->format, q->table, NULL, &bytes);
	return r == EXIT_GOOD ? report_bytes_out(bytes.p, bytes.len, q->out) : r;
}

/* As it was signed: documents byte for byte, the rest from the figures that were signed. */
static int put_signed(struct ctl *c, const struct request *q, const json_t *row, json_t **ret_report)
{
	AUTO(buf_clear) struct buf bytes = BUF_INIT(REPORT_DOCUMENT_MAX);
	const char *content = json_string_value(json_object_get(row, "content"));
	const char *by = json_string_value(json_object_get(row, "by"));
	const char *at = json_string_value(json_object_get(row, "signed_at"));
	int r;

	say(stderr, T_REPORT_FROZEN, by, at, json_string_value(json_object_get(row, "report")));
	*ret_report = report_of_signed(row);
	if (q->format == FORMAT_JSON)
		return report_bytes_out(content, strlen(content), q->out);
	if (q->format == FORMAT_TABLE || q->format == FORMAT_CSV)
		return put(q, *ret_report);
	r = report_stored(c, row, q->format, &bytes);
	return r == EXIT_GOOD ? report_bytes_out(bytes.p, bytes.len, q->out) : r;
}

static long long total(const json_t *report, const char *key)
{
	return json_integer_value(json_object_get(json_object_get(report, "totals"), key));
}

static bool has_findings(const json_t *report)
{
	return total(report, "violations") + total(report, "warnings") + total(report, "notices") +
		total(report, "infos") + total(report, "open") > 0;
}

static int put_live(struct ctl *c, const struct request *q, json_t **ret_report)
{
	const char *const params[] = { q->day, q->unit, q->by };
	json_t *rows = NULL;
	int r = ctl_query(c, STATEMENT_REPORT_MONTH, params, COUNT(params), &rows);

	if (r != EXIT_GOOD)
		return r;
	*ret_report = json_incref(json_object_get(json_array_get(rows, 0), "report"));
	json_decref(rows);
	if (q->unit != NULL && total(*ret_report, "sessions") == 0 && total(*ret_report, "enrolled") == 0)
		r = ctl_check_scope(c, NULL, q->unit);
	return r == EXIT_GOOD ? put(q, *ret_report) : r;
}

int cmd_report_month(struct ctl *c, int argc, char **argv)
{
	struct request q = { .unit = NULL };
	const struct option_spec options[] = {
		{ "--month", &q.month, NULL }, { "--unit", &q.unit, NULL }, { "--by", &q.by, NULL },
		{ "--format", &q.format_name, NULL }, { "--out", &q.out, NULL }, { "--live", NULL, &q.live },
	};
	json_t *rows = NULL, *report = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r != EXIT_GOOD || (r = report_format(c, q.format_name, q.out, &q.format)) != EXIT_GOOD ||
	    (r = take_by(&q)) != EXIT_GOOD || (r = report_take_month(q.month, q.day)) != EXIT_GOOD ||
	    (r = ctl_check_id(q.unit)) != EXIT_GOOD || (r = ctl_open_catalog(c, "dv_supervisor")) != EXIT_GOOD)
		return r;
	if (!q.live)
		r = report_signed(c, q.day, q.unit, &rows);
	if (r == EXIT_GOOD && json_array_size(rows) > 0)
		r = put_signed(c, &q, json_array_get(rows, 0), &report);
	else if (r == EXIT_GOOD)
		r = put_live(c, &q, &report);
	if (r == EXIT_GOOD && has_findings(report))
		r = EXIT_FINDINGS;
	json_decref(report);
	json_decref(rows);
	return r;
}
