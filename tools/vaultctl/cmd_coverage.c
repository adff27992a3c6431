/* vaultctl coverage: was an action recorded from its start to its end, where not, and why. */
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "ctl.h"
#include "table.h"

static const struct column holes[] = {
	{ C_HOLE_FROM, "from", CELL_MOMENT },
	{ C_HOLE_TO, "to", CELL_MOMENT },
	{ C_HOLE_LENGTH, "length_ms", CELL_DURATION },
	{ C_UNCERTAINTY, "uncertainty_ms", CELL_OFFSET },
	{ C_HOLE_CLASS, "class", CELL_WORD },
	{ C_REASON, "reason", CELL_WORD },
	{ C_CONFIDENCE, "confidence", CELL_TEXT },
	{ C_SEVERITY, "grade", CELL_WORD },
};

static const struct column recordings[] = {
	{ C_RECORDING, "recording", CELL_TEXT },
	{ C_HOLE_FROM, "from", CELL_MOMENT },
	{ C_HOLE_TO, "to", CELL_MOMENT },
	{ C_SEGMENTS, "segments", CELL_NUMBER },
	{ C_CLOCK_OFFSET, "offset_ms", CELL_OFFSET },
	{ C_UNCERTAINTY, "uncertainty_ms", CELL_OFFSET },
	{ C_SAYS, "says_shown", CELL_LIST },
};

static const struct column officers[] = {
	{ C_OFFICER, "officer", CELL_TEXT },
	{ C_SEGMENTS, "segments", CELL_NUMBER },
	{ C_COVERED, "covered_ms", CELL_DURATION },
};

static const char *field(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s != NULL ? s : "-";
}

static long long number(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

/* How long each hole is, and what is said of a recording in words. */
static void add_words(json_t *row)
{
	json_t *one, *said, *list;
	int64_t from, to;
	size_t i, k;

	json_array_foreach(json_object_get(row, "holes"), i, one) {
		if (utc_parse(field(one, "from"), UTC_TEXT_LEN, &from) == 0 &&
		    utc_parse(field(one, "to"), UTC_TEXT_LEN, &to) == 0)
			json_object_set_new(one, "length_ms", json_integer(to - from));
	}
	json_array_foreach(json_object_get(row, "used"), i, one) {
		list = json_array();
		json_array_foreach(json_object_get(one, "says"), k, said)
			json_array_append_new(list, json_string(word(json_string_value(said))));
		json_object_set_new(one, "says_shown", list);
	}
}

static void print_parts(const json_t *row)
{
	static const struct { const char *key; const struct column *columns; size_t n; } parts[] = {
		{ "holes", holes, COUNT(holes) }, { "used", recordings, COUNT(recordings) },
		{ "officers", officers, COUNT(officers) },
	};
	const json_t *list;
	size_t i;

	for (i = 0; i < COUNT(parts); i++) {
		list = json_object_get(row, parts[i].key);
		if (json_array_size(list) > 0)
			table_print(stdout, list, parts[i].columns, parts[i].n);
	}
}

static void print(json_t *row)
{
	static const struct column start = { C_START, "start", CELL_MOMENT },
				   end = { C_END, "end", CELL_MOMENT },
				   article = { C_ARTICLE, "article", CELL_TEXT };
	char from[CELL_MAX], to[CELL_MAX], art[CELL_MAX], shown[CELL_MAX];
	char wanted[32], covered[32], proven[32];
	const char *key;
	json_t *v;

	add_words(row);
	say(stdout, T_COVERAGE_HEAD, field(row, "action"), field(row, "step"), field(row, "case"),
	    cell_text(row, &start, from), cell_text(row, &end, to));
	say(stdout, T_COVERAGE_VERDICT, word(field(row, "verdict")), cell_text(row, &article, art),
	    word(field(row, "av")), duration_text(number(row, "wanted_ms"), wanted),
	    duration_text(number(row, "covered_ms"), covered),
	    duration_text(number(row, "proven_ms"), proven),
	    json_number_value(json_object_get(row, "confidence")), number(row, "uncertainty_ms"));
	if (json_is_string(json_object_get(row, "av_unsuitable")))
		say(stdout, T_COVERAGE_UNSUITABLE,
		    text_shown(field(row, "av_unsuitable"), shown, sizeof(shown)));
	json_object_foreach(json_object_get(row, "doubts"), key, v)
		say(stdout, T_COVERAGE_DOUBT, word(key), (long long)json_integer_value(v));
	print_parts(row);
}

int cmd_coverage_show(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ACTION|CASE" };
	const char *id = NULL;
	json_t *j = NULL, *row;
	size_t i;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &id, names, 1, 1);
	bool action = r == EXIT_GOOD && ctl_is_uuid(id);
	const char *const params[] = { action ? NULL : id, action ? id : NULL };
	bool bad = false;

	if (r == EXIT_GOOD && (r = ctl_open_catalog(c, NULL)) == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_COVERAGE_LIST, params, COUNT(params), &j);
	if (r == EXIT_GOOD && json_array_size(j) == 0)
		r = ctl_usage(T_NO_COVERAGE, id);
	if (r == EXIT_GOOD)
		r = ctl_view(c, "coverage show", json_pack("[o]",
			json_sprintf("%s:%s", action ? "action" : "case", id)));
	if (r == EXIT_GOOD && c->json)
		ctl_print_json(j);
	json_array_foreach(j, i, row) {
		const char *verdict = field(row, "verdict");

		bad |= strcmp(verdict, "short") == 0 || strcmp(verdict, "missing") == 0;
		if (r == EXIT_GOOD && !c->json)
			print(row);
	}
	json_decref(j);
	return r == EXIT_GOOD && bad ? EXIT_FINDINGS : r;
}
