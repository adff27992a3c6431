/* vaultctl report integrity: what came in, and what was found. */
#include <string.h>

#include "base/util.h"
#include "base/utc.h"
#include "ctl.h"
#include "report_out.h"
#include "table.h"

static const struct column recorder_columns[] = {
	{ C_RECORDER, "recorder", CELL_TEXT },
	{ C_UNIT, "unit", CELL_TEXT },
	{ C_OFFICER, "officer", CELL_TEXT },
	{ C_RECORDINGS, "recordings", CELL_NUMBER },
	{ C_SEGMENTS, "segments", CELL_NUMBER },
	{ C_IMPORTS, "imported", CELL_NUMBER },
	{ C_DURATION, "duration_ms", CELL_DURATION },
	{ C_SIZE, "bytes", CELL_BYTES },
	{ C_VIOLATIONS, "violations", CELL_NUMBER },
	{ C_WARNINGS, "warnings", CELL_NUMBER },
	{ C_NOTICES, "notices", CELL_NUMBER },
};

/* For programs: one line a finding. */
static const struct column csv_columns[] = {
	{ C_ID, "id", CELL_TEXT },
	{ C_CODE, "code", CELL_TEXT },
	{ C_ARTICLE, "article", CELL_TEXT },
	{ C_SEVERITY, "severity", CELL_TEXT },
	{ C_RECORDER, "recorder", CELL_TEXT },
	{ C_UNIT, "unit", CELL_TEXT },
	{ C_WHAT, "subject_kind", CELL_TEXT },
	{ C_SUBJECT, "subject", CELL_TEXT },
	{ C_PATH, "detail.path", CELL_TEXT },
	{ C_AT, "at", CELL_TEXT },
	{ C_AT, "raised_at", CELL_TEXT },
	{ C_CONFIDENCE, "confidence", CELL_TEXT },
	{ C_WHAT, "text_zh", CELL_TEXT },
	{ C_WHAT, "text_en", CELL_TEXT },
	{ C_NOTE, "next_step_zh", CELL_TEXT },
	{ C_NOTE, "next_step_en", CELL_TEXT },
};

static long long number(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

static const char *string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

enum { SHOWN_MAX = 4096 };		/* of one value; the longest path is a quarter of that */

static void put(FILE *to, const char *before, const char *s)
{
	char shown[SHOWN_MAX];

	fprintf(to, "%s%s", before, text_shown(s, shown, sizeof(shown)));
}

/* The finding's inputs in one line: what a reader compares with the card. */
static void print_detail(FILE *to, const json_t *detail)
{
	const char *key, *gap = "    ";
	const json_t *v;

	json_object_foreach((json_t *)(uintptr_t)detail, key, v) {
		if (!json_is_string(v) && !json_is_number(v))
			continue;	/* lists are for programs */
		put(to, gap, key);
		if (json_is_string(v))
			put(to, "=", json_string_value(v));
		else if (json_is_integer(v))
			fprintf(to, "=%lld", (long long)json_integer_value(v));
		else
			fprintf(to, "=%.1f", json_real_value(v));
		gap = "  ";
	}
	if (gap[2] == '\0')
		fputc('\n', to);
}

static void finding_print(FILE *to, const json_t *f)
{
	bool zh = text_language_now() == LANG_ZH;
	const json_t *confidence = json_object_get(f, "confidence");
	const struct column at = { C_AT, "at", CELL_MOMENT };
	const struct column article = { C_ARTICLE, "article", CELL_ARTICLE };
	char when[CELL_MAX], clause[CELL_MAX], subject[CELL_MAX];

	fprintf(to, "[%s] %s  %s  %s  %s", word(string(f, "severity")),
		cell_text(f, &article, clause), string(f, "code"), string(f, "recorder"),
		cell_text(f, &at, when));
	if (json_is_number(confidence)) {
		fputs("  ", to);
		say(to, T_CONFIDENCE, json_number_value(confidence) * 100);
	} else {
		fputc('\n', to);
	}
	fprintf(to, "    %s\n    ", string(f, zh ? "text_zh" : "text_en"));
	say(to, T_FINDING_SUBJECT, subject_word(string(f, "subject_kind")),
	    text_shown(string(f, "subject"), subject, sizeof(subject)));
	if (json_is_true(json_object_get(f, "covered")))
		fprintf(to, "    %s\n", text(T_FINDING_COVERED));
	print_detail(to, json_object_get(f, "detail"));
	fputs("    ", to);
	say(to, T_NEXT_STEP, string(f, zh ? "next_step_zh" : "next_step_en"));
	/* A report calls it id, a list by its column. */
	fprintf(to, "    %s%s\n", string(f, "id"), string(f, "finding"));
}

static int rank(const json_t *f)
{
	static const char *const order[] = { "violation", "warning", "notice", "info" };
	size_t i;

	for (i = 0; i < COUNT(order); i++)
		if (strcmp(order[i], string(f, "severity")) == 0)
			return (int)i;
	return (int)COUNT(order);
}

/* Worst first; within one severity as the catalog has them. */
void findings_print(FILE *to, const json_t *list)
{
	const json_t *f;
	size_t i;
	int severity;

	for (severity = 0; severity <= 4; severity++)
		json_array_foreach(list, i, f)
			if (rank(f) == severity)
				finding_print(to, f);
}

static void print_csv(FILE *to, const json_t *report)
{
	table_csv(to, json_object_get(report, "findings"), csv_columns, COUNT(csv_columns));
}

static void print_report(FILE *to, const json_t *report)
{
	const json_t *totals = json_object_get(report, "totals");
	const json_t *list = json_object_get(report, "findings");
	long long omitted = number(report, "findings_omitted");
	char duration[32], bytes[32];

	fprintf(to, "%s\n", text(T_REPORT_TITLE));
	say(to, T_REPORT_PERIOD, string(report, "from"), string(report, "to"));
	say(to, T_REPORT_TOTALS, number(totals, "recorders"), number(totals, "recordings"),
	    number(totals, "segments"), duration_text(number(totals, "duration_ms"), duration),
	    bytes_text(number(totals, "bytes"), bytes));
	say(to, T_REPORT_COUNTS, number(totals, "violations"), number(totals, "warnings"),
	    number(totals, "notices"), number(totals, "infos"));
	fprintf(to, "\n%s\n", text(T_REPORT_RECORDERS));
	table_print(to, json_object_get(report, "recorders"), recorder_columns,
		    COUNT(recorder_columns));
	fputc('\n', to);
	if (json_array_size(list) == 0) {
		fprintf(to, "%s\n", text(T_REPORT_CLEAN));
		return;
	}
	fprintf(to, "%s\n", text(T_REPORT_FINDINGS));
	findings_print(to, list);
	if (omitted > 0)
		say(to, T_REPORT_OMITTED, omitted);
}

static int put_report(const json_t *report, enum report_format format, const char *out)
{
	AUTO(buf_clear) struct buf bytes = BUF_INIT(REPORT_DOCUMENT_MAX);
	int r;

	if (format == FORMAT_JSON)
		return report_json_out(report, out);
	if (format == FORMAT_TABLE || format == FORMAT_CSV)
		return report_stream_out(format == FORMAT_CSV ? print_csv : print_report, report, out);
	r = report_document(report, format, NULL, NULL, &bytes);
	return r == EXIT_GOOD ? report_bytes_out(bytes.p, bytes.len, out) : r;
}

int cmd_report_integrity(struct ctl *c, int argc, char **argv)
{
	const char *from = NULL, *to = NULL, *unit = NULL, *recorder = NULL, *name = NULL, *out = NULL;
	const struct option_spec options[] = {
		{ "--from", &from, NULL }, { "--to", &to, NULL }, { "--unit", &unit, NULL },
		{ "--recorder", &recorder, NULL }, { "--format", &name, NULL }, { "--out", &out, NULL },
	};
	enum report_format format = FORMAT_TABLE;
	char today[20];
	json_t *rows = NULL, *report;
	bool found;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r != EXIT_GOOD || (r = report_format(c, name, out, &format)) != EXIT_GOOD)
		return r;
	utc_format_shanghai(utc_now(), today);
	today[10] = '\0';
	to = to == NULL ? today : to;
	from = from == NULL ? to : from;
	if ((r = ctl_check_period(from, to)) != EXIT_GOOD)
		return r;
	const char *const params[] = { from, to, unit, recorder };
	r = ctl_open_catalog(c, "dv_supervisor");
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_REPORT_INTEGRITY, params, COUNT(params), &rows);
	if (r != EXIT_GOOD)
		return r;
	report = json_object_get(json_array_get(rows, 0), "report");
	found = json_array_size(json_object_get(report, "findings")) > 0;
	if (!found && json_array_size(json_object_get(report, "recorders")) == 0)
		r = ctl_check_scope(c, recorder, unit);
	if (r == EXIT_GOOD)
		r = put_report(report, format, out);
	json_decref(rows);
	return r == EXIT_GOOD && found ? EXIT_FINDINGS : r;
}
