/* vaultctl recording, timeline: what was recorded, and when. */
#include <string.h>

#include "base/util.h"
#include "base/utc.h"
#include "ctl.h"
#include "table.h"

static const struct column recording_columns[] = {
	{ C_RECORDER, "recorder", CELL_TEXT },
	{ C_RECORDING, "recording", CELL_TEXT },
	{ C_START, "start_at", CELL_MOMENT },
	{ C_END, "end_at", CELL_MOMENT },
	{ C_SEGMENTS, "segments", CELL_NUMBER },
	{ C_DURATION, "duration_ms", CELL_DURATION },
	{ C_SIZE, "bytes", CELL_BYTES },
	{ C_ASSURANCE, "assurance", CELL_WORD },
	{ C_IMPORTANT, "important", CELL_WORD },
	{ C_FINDINGS, "findings", CELL_NUMBER },
	{ C_COVERED_CLASS, "covered", CELL_WORD },
};
static const struct column covered_columns[] = {
	{ C_RECORDING, "recording", CELL_TEXT },
	{ C_SEGMENTS, "segments", CELL_NUMBER },
	{ C_COVERED_CLASS, "class", CELL_WORD },
};
static const struct column segment_columns[] = {
	{ C_SEQ, "seq", CELL_NUMBER },
	{ C_START, "start_at", CELL_MOMENT },
	{ C_DURATION, "duration_ms", CELL_DURATION },
	{ C_SIZE, "size", CELL_BYTES },
	{ C_HOLES, "hole_bytes", CELL_BYTES },
	{ C_SIGNATURE, "signature", CELL_WORD },
	{ C_DIGEST, "digest", CELL_WORD },
	{ C_ASSURANCE, "assurance", CELL_WORD },
	{ C_IMPORTANT, "important", CELL_WORD },
	{ C_TIME_SOURCE, "time_source", CELL_WORD },
	{ C_STORED, "stored_at", CELL_MOMENT },
	{ C_BLOB, "blob", CELL_SHORT },
	{ C_PATH, "path", CELL_TEXT },
	{ C_DISPOSED, "disposed.at", CELL_MOMENT },
	{ C_PLAN, "disposed.plan", CELL_TEXT },
};

enum { BAR_CELL_MS = UTC_DAY_MS / BAR_CELLS };

int cmd_recording_list(struct ctl *c, int argc, char **argv)
{
	const char *recorder = NULL, *from = NULL, *to = NULL, *unit = NULL;
	const struct option_spec options[] = {
		{ "--recorder", &recorder, NULL }, { "--from", &from, NULL },
		{ "--to", &to, NULL }, { "--unit", &unit, NULL },
	};
	json_t *j = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r != EXIT_GOOD || (r = ctl_check_period(from, to)) != EXIT_GOOD ||
	    (r = ctl_open_catalog(c, "dv_supervisor")) != EXIT_GOOD)
		return r;
	const char *const params[] = { recorder, from, to, unit, LIST_MAX };
	r = ctl_query(c, STATEMENT_RECORDING_LIST, params, COUNT(params), &j);
	if (r != EXIT_GOOD)
		return r;
	if (json_array_size(j) == 0)
		r = ctl_check_scope(c, recorder, unit);
	if (r == EXIT_GOOD && c->json)
		ctl_print_json(j);
	else if (r == EXIT_GOOD)
		table_print(stdout, j, recording_columns, COUNT(recording_columns));
	ctl_check_cut(j);
	json_decref(j);
	return r;
}

/* "RECORDER/RECORDING" or the recording's UUID alone; s is cut at the slash. */
static void split(char *s, const char **ret_recorder, const char **ret_recording)
{
	char *slash = strchr(s, '/');

	*ret_recorder = slash == NULL ? NULL : s;
	*ret_recording = slash == NULL ? s : slash + 1;
	if (slash != NULL)
		*slash = '\0';
}

/* Of segments that were disposed of: by which plan, and when. */
static int add_disposed(struct ctl *c, const char *const params[2], json_t *segments)
{
	json_t *rows = NULL, *row, *one;
	size_t i, k;
	int r = ctl_query(c, STATEMENT_TOMBSTONES, params, 2, &rows);

	json_array_foreach(rows, i, row)
		json_array_foreach(segments, k, one)
			if (json_equal(json_object_get(row, "segment"), json_object_get(one, "segment")))
				json_object_set(one, "disposed", row);
	json_decref(rows);
	return r;
}

/* Add its segments and findings to one recording. */
static int complete(struct ctl *c, json_t *recording)
{
	const char *recorder = json_string_value(json_object_get(recording, "recorder"));
	const char *id = json_string_value(json_object_get(recording, "recording"));
	const char *const params[] = { recorder, id };
	json_t *list = NULL;
	int r;

	r = ctl_query(c, STATEMENT_RECORDING_SEGMENTS, params, COUNT(params), &list);
	if (r != EXIT_GOOD)
		return r;
	json_object_set_new(recording, "segment_list", list);
	r = add_disposed(c, params, list);
	if (r != EXIT_GOOD)
		return r;
	r = ctl_query(c, STATEMENT_RECORDING_FINDINGS, params, COUNT(params), &list);
	if (r == EXIT_GOOD)
		json_object_set_new(recording, "finding_list", list);
	return r;
}

/* What the log is told before any of them is shown. */
static int view(struct ctl *c, const json_t *recordings)
{
	json_t *objects = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach(recordings, i, one)
		json_array_append_new(objects, json_sprintf("recording:%s/%s",
			json_string_value(json_object_get(one, "recorder")),
			json_string_value(json_object_get(one, "recording"))));
	return ctl_view(c, "recording show", objects);
}

static void print_recording(json_t *recording)
{
	const json_t *segments = json_object_get(recording, "segment_list"), *one;
	json_t *row = json_pack("[O]", recording);
	bool disposed = false;
	size_t i;

	table_print(stdout, row, recording_columns, COUNT(recording_columns));
	json_decref(row);
	putchar('\n');
	/* Of what went there is more to say. */
	json_array_foreach(segments, i, one)
		disposed |= json_object_get(one, "disposed") != NULL;
	table_print(stdout, segments, segment_columns, COUNT(segment_columns) - (disposed ? 0 : 2));
	if (json_array_size(json_object_get(recording, "finding_list")) == 0)
		return;
	printf("\n%s\n", text(T_REPORT_FINDINGS));
	findings_print(stdout, json_object_get(recording, "finding_list"));
}

int cmd_recording_show(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "RECORDER/RECORDING" };
	const char *id = NULL, *recorder, *recording;
	json_t *list = NULL, *one;
	char copy[128];
	size_t i;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &id, names, 1, 1);

	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_supervisor");
	if (r != EXIT_GOOD)
		return r;
	snprintf(copy, sizeof(copy), "%s", id);
	split(copy, &recorder, &recording);
	if (!ctl_is_uuid(recording))
		return ctl_usage(T_NO_RECORDING, id);
	r = ctl_may_read(c, "recording show", &id, 1);
	if (r != EXIT_GOOD)
		return r;
	const char *const params[] = { recording, recorder };
	r = ctl_query(c, STATEMENT_RECORDING_SHOW, params, COUNT(params), &list);
	if (r != EXIT_GOOD)
		return r;
	if (json_array_size(list) == 0)
		r = ctl_usage(T_NO_RECORDING, id);
	json_array_foreach(list, i, one)
		r = r == EXIT_GOOD ? complete(c, one) : r;
	if (r == EXIT_GOOD)
		r = view(c, list);
	if (r == EXIT_GOOD && c->json)
		ctl_print_json(list);
	else if (r == EXIT_GOOD)
		json_array_foreach(list, i, one)
			print_recording(one);
	json_decref(list);
	return r;
}

/* The moment at key, or fallback when it is not there. */
static int64_t moment(const json_t *o, const char *key, int64_t fallback)
{
	const char *s = json_string_value(json_object_get(o, key));
	int64_t ms;

	return s != NULL && utc_parse(s, strlen(s), &ms) == 0 ? ms : fallback;
}

void timeline_bar(const json_t *segments, const json_t *findings, int64_t day_ms,
		  char ret_cells[BAR_CELLS + 1])
{
	const json_t *x;
	int64_t from, to, i;
	size_t k;

	memset(ret_cells, '.', BAR_CELLS);
	ret_cells[BAR_CELLS] = '\0';
	json_array_foreach(segments, k, x) {
		from = MAX(moment(x, "start_at", day_ms) - day_ms, 0);
		/* The end itself is not recorded any more. */
		to = MIN(moment(x, "end_at", day_ms) - day_ms, UTC_DAY_MS) - 1;
		for (i = from / BAR_CELL_MS; from <= to && i <= to / BAR_CELL_MS; i++)
			ret_cells[i] = '#';
	}
	/* A gap is marked over what was recorded around it: it is what one looks for. */
	json_array_foreach(findings, k, x) {
		from = moment(x, "at", -1) - day_ms;
		if (strcmp(json_string_value(json_object_get(x, "code")), "gap") == 0 &&
		    from >= 0 && from < UTC_DAY_MS)
			ret_cells[from / BAR_CELL_MS] = 'x';
	}
}

static void print_bar(const char *cells)
{
	int hour;

	for (hour = 0; hour < 24; hour += 2)
		printf("%02d      ", hour);
	putchar('\n');
	for (; *cells != '\0'; cells++)
		fputs(*cells == '#' ? "█" : *cells == 'x' ? "╳" : "·", stdout);
	printf("\n%s\n", text(T_TIMELINE_KEY));
}

int cmd_timeline(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "RECORDER", "DATE" };
	const char *words[2] = { NULL };
	char cells[BAR_CELLS + 1], midnight[UTC_TEXT_SIZE];
	json_t *segments = NULL, *findings = NULL, *covered = NULL, *both;
	int64_t day_ms;
	int r = ctl_arguments(c, argc, argv, NULL, 0, words, names, 2, 2);

	if (r != EXIT_GOOD || (r = ctl_check_day(words[1])) != EXIT_GOOD ||
	    (r = ctl_open_catalog(c, "dv_supervisor")) != EXIT_GOOD)
		return r;
	r = ctl_query(c, STATEMENT_TIMELINE, words, COUNT(words), &segments);
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_TIMELINE_FINDINGS, words, COUNT(words), &findings);
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_COVERED_ON, words, COUNT(words), &covered);
	if (r == EXIT_GOOD && json_array_size(segments) + json_array_size(findings) == 0)
		r = ctl_check_scope(c, words[0], NULL);
	else if (r == EXIT_GOOD)
		r = ctl_view(c, "timeline", json_pack("[s+]", "recorder:", words[0]));
	snprintf(midnight, sizeof(midnight), "%.10sT00:00:00.000Z", words[1]);
	if (r == EXIT_GOOD && c->json) {
		both = json_pack("{s:s, s:s, s:O, s:O, s:O}", "recorder", words[0], "day", words[1],
				 "segments", segments, "findings", findings, "covered", covered);
		ctl_print_json(both);
		json_decref(both);
	} else if (r == EXIT_GOOD && utc_parse(midnight, UTC_TEXT_LEN, &day_ms) == 0) {
		say(stdout, T_TIMELINE, words[0], words[1]);
		timeline_bar(segments, findings, day_ms - UTC_SHANGHAI_MS, cells);
		print_bar(cells);
		putchar('\n');
		table_print(stdout, segments, segment_columns, COUNT(segment_columns));
		findings_print(stdout, findings);
		if (json_array_size(covered) > 0) {
			printf("\n%s\n", text(T_TIMELINE_COVERED));
			table_print(stdout, covered, covered_columns, COUNT(covered_columns));
		}
	}
	json_decref(segments);
	json_decref(covered);
	json_decref(findings);
	return r;
}
