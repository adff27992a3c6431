#include "report_out.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "table.h"

int report_format(struct ctl *c, const char *name, const char *out, enum report_format *ret)
{
	static const char *const names[FORMATS] = { "table", "json", "csv", "xlsx", "pdf" };
	size_t i;

	if (c->json || name == NULL)
		name = c->json ? "json" : "table";
	for (i = 0; i < COUNT(names) && strcmp(names[i], name) != 0; i++)
		;
	if (i == COUNT(names)) {
		say(stderr, T_BAD_FORMAT);
		return EXIT_USAGE;
	}
	*ret = (enum report_format)i;
	if (i >= FORMAT_XLSX && out == NULL && isatty(STDOUT_FILENO))
		return ctl_usage(T_REPORT_NEEDS_OUT, name);
	return EXIT_GOOD;
}

struct report_style report_style_now(const struct report_seal *seal)
{
	return (struct report_style){ .english = text_language_now() == LANG_EN, .word = word, .seal = seal };
}

int report_document(const json_t *report, enum report_format format, const char *table,
		    const struct report_seal *seal, struct buf *to)
{
	const struct report_style style = report_style_now(seal);
	struct err e = { 0 };
	int r;

	if (format == FORMAT_CSV)
		r = report_csv(report, report_table(report, table), to, &e);
	else if (format == FORMAT_XLSX)
		r = report_xlsx(report, &style, to, &e);
	else
		r = report_pdf(report, &style, to, &e);
	return r < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

int report_bytes_out(const void *p, size_t len, const char *out)
{
	struct err e = { 0 };

	if (out != NULL)
		return file_replace(out, p, len, 0644, &e) < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
	/* main() sees whether all of it got there. */
	return fwrite(p, 1, len, stdout) == len ? EXIT_GOOD : EXIT_AWAY;
}

int report_stream_out(void (*print)(FILE *to, const json_t *report), const json_t *report, const char *out)
{
	char *bytes = NULL;
	size_t len = 0;
	FILE *to = NULL;
	int r = EXIT_AWAY;

	if (out == NULL) {
		print(stdout, report);
		return EXIT_GOOD;
	}
	to = open_memstream(&bytes, &len);
	if (to != NULL) {
		print(to, report);
		if (fclose(to) == 0)
			r = report_bytes_out(bytes, len, out);
	}
	free(bytes);
	return r;
}

static void print_json(FILE *to, const json_t *report)
{
	json_dumpf(report, to, JSON_INDENT(2));
	fputc('\n', to);
}

int report_json_out(const json_t *report, const char *out)
{
	return report_stream_out(print_json, report, out);
}

/* ------ on a terminal ------ */

struct lines {
	const json_t *rows;
	const struct report_table *table;
	struct report_style style;
};

static const char *cell(void *data, size_t row, size_t column, char ret[CELL_MAX])
{
	const struct lines *l = data;
	char text[REPORT_CELL_MAX];

	report_cell(json_array_get(l->rows, row), &l->table->columns[column], &l->style, text);
	return text_shown(text[0] != '\0' ? text : "-", ret, CELL_MAX);
}

/* The columns that are on paper: a terminal is not wider. */
static void print_table(FILE *to, const json_t *rows, const struct report_table *t)
{
	struct lines l = { rows, t, report_style_now(NULL) };
	struct table_head heads[TABLE_COLUMNS_MAX];
	size_t i, n = 0;

	for (i = 0; i < t->n && n < COUNT(heads); i++)
		if (t->columns[i].part > 0)
			heads[n++] = (struct table_head){ report_head(&t->columns[i], &l.style), i,
							  report_is_right(t->columns[i].kind) };
	table_texts(to, heads, n, json_array_size(rows), cell, &l);
}

void report_print(FILE *to, const json_t *report, const char *const *tables, size_t n)
{
	const struct report_style style = report_style_now(NULL);
	const struct report_table *t;
	char title[REPORT_CELL_MAX], shown[REPORT_CELL_MAX];
	json_t *rows;
	size_t i;

	report_title(report, &style, title);
	fprintf(to, "%s\n", text_shown(title, shown, sizeof(shown)));
	for (i = 0; i < n; i++) {
		t = report_table(report, tables[i]);
		rows = report_rows(report, t);
		if (json_array_size(rows) > 0) {
			fprintf(to, "\n%s\n", report_name(t, &style));
			print_table(to, rows, t);
		}
		json_decref(rows);
	}
}
