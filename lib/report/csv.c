/* Reports as CSV (RFC 4180). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "report/report.h"

static bool is_formula(const char *s)
{
	static const char *const starts[] = { "=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠" };
	size_t i;

	for (i = 0; i < COUNT(starts); i++)
		if (strncmp(s, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

void report_csv_cell(struct buf *to, const char *text)
{
	const char *p;

	buf_adds(to, is_formula(text) ? "\"'" : "\"");
	while ((p = strchr(text, '"')) != NULL) {
		buf_add(to, text, (size_t)(p - text) + 1);
		buf_adds(to, "\"");
		text = p + 1;
	}
	buf_adds(to, text);
	buf_adds(to, "\"");
}

static void value(struct buf *to, const json_t *v)
{
	char *dump;

	if (v == NULL || json_is_null(v)) {
		report_csv_cell(to, "");
	} else if (json_is_string(v)) {
		report_csv_cell(to, json_string_value(v));
	} else if (json_is_integer(v)) {
		buf_addf(to, "%lld", (long long)json_integer_value(v));
	} else {
		dump = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
		report_csv_cell(to, dump != NULL ? dump : "?");
		free(dump);
	}
}

static void end(struct buf *to, bool last)
{
	buf_adds(to, last ? "\r\n" : ",");
}

/* A sentence is two cells: zh, en. */
static void cells(const json_t *row, const struct report_column *c, bool last, struct buf *to)
{
	static const char *const languages[] = { "zh", "en" };
	char key[64];
	size_t i;

	if (c->kind != REPORT_SENTENCE) {
		if (row == NULL)
			buf_adds(to, c->key);
		else
			value(to, json_object_get(row, c->key));
		end(to, last);
		return;
	}
	for (i = 0; i < COUNT(languages); i++) {
		snprintf(key, sizeof(key), "%s_%s", c->key, languages[i]);
		if (row == NULL)
			buf_adds(to, key);
		else
			value(to, json_object_get(row, key));
		end(to, last && i + 1 == COUNT(languages));
	}
}

int report_csv(const json_t *report, const struct report_table *t, struct buf *to, struct err *e)
{
	json_t *rows = report_rows(report, t), *row;
	size_t i, k;

	if (rows == NULL)
		return err_set(e, -ENOMEM, "no memory for the rows of %s", t->key);
	buf_adds(to, "\xef\xbb\xbf");
	for (k = 0; k < t->n; k++)
		cells(NULL, &t->columns[k], k + 1 == t->n, to);
	json_array_foreach(rows, i, row)
		for (k = 0; k < t->n; k++)
			cells(row, &t->columns[k], k + 1 == t->n, to);
	json_decref(rows);
	return to->failed ? err_set(e, -ENOBUFS, "%s: larger than %zu bytes", t->key, to->max) : 0;
}
