#include "table.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "base/utc.h"
#include "report/report.h"

enum { GAP = 2 };

/* row[key] where key may be "a.b"; NULL when it is not there. */
static const json_t *json_at(const json_t *row, const char *key)
{
	const char *dot;
	char head[64];

	while ((dot = strchr(key, '.')) != NULL) {
		snprintf(head, sizeof(head), "%.*s", (int)(dot - key), key);
		row = json_object_get(row, head);
		key = dot + 1;
	}
	return json_object_get(row, key);
}

const char *bytes_text(long long bytes, char ret[32])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };
	double v = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(ret, 32, "%lld B", bytes);
		return ret;
	}
	while (v >= 1024 && i + 1 < COUNT(units)) {
		v /= 1024;
		i++;
	}
	snprintf(ret, 32, "%.1f %s", v, units[i]);
	return ret;
}

const char *duration_text(long long ms, char ret[32])
{
	long long s = (ms + 500) / 1000;

	snprintf(ret, 32, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
	return ret;
}

const char *offset_text(long long ms, char ret[32])
{
	const long long hour = 3600 * 1000, most = LLONG_MAX / 2;
	char size[32];

	ms = MAX(MIN(ms, most), -most);		/* a device may claim any clock */
	if (ms > -hour && ms < hour)
		snprintf(ret, 32, "%+.1f s", (double)ms / 1000);
	else
		snprintf(ret, 32, "%c%.30s", ms < 0 ? '-' : '+',
			 duration_text(llabs(ms), size));
	return ret;
}

/* A moment of the catalog as the wall clock people live by. */
static void moment_text(const char *utc, char ret[CELL_MAX])
{
	int64_t ms;
	char shown[20];

	if (utc_parse(utc, strlen(utc), &ms) < 0) {
		snprintf(ret, CELL_MAX, "%s", utc);
		return;
	}
	utc_format_shanghai(ms, shown);
	snprintf(ret, CELL_MAX, "%s", shown);
}

/* What is no text in it is left out. */
static void list_text(const json_t *list, char ret[CELL_MAX])
{
	AUTO(buf_clear) struct buf b = BUF_INIT(64 * 1024);
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (json_is_string(one))
			buf_addf(&b, "%s%s", b.len > 0 ? "; " : "", json_string_value(one));
	text_shown(b.len == 0 && !b.failed ? "-" : b.failed ? "?" : buf_str(&b), ret, CELL_MAX);
}

static void freep(char **p)
{
	free(*p);
}

/* A value as text: a string as it is, null as "", others as JSON.  *keep owns what was made. */
static const char *raw_text(const json_t *v, char **keep)
{
	if (v == NULL || json_is_null(v))
		return "";
	if (json_is_string(v))
		return json_string_value(v);
	*keep = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
	return *keep == NULL ? "?" : *keep;
}

const char *cell_text(const json_t *row, const struct column *c, char ret[CELL_MAX])
{
	const json_t *v = json_at(row, c->key);
	AUTO(freep) char *dump = NULL;
	char raw[CELL_MAX], small[32];

	text_shown(raw_text(v, &dump), raw, sizeof(raw));
	if (raw[0] == '\0') {
		snprintf(ret, CELL_MAX, "-");
		return ret;
	}
	switch (c->cell) {
	case CELL_WORD:		snprintf(ret, CELL_MAX, "%s", word(raw)); break;
	case CELL_BYTES:	snprintf(ret, CELL_MAX, "%s",
					 bytes_text(json_integer_value(v), small)); break;
	case CELL_DURATION:	snprintf(ret, CELL_MAX, "%s",
					 duration_text(json_integer_value(v), small)); break;
	case CELL_PERCENT:	snprintf(ret, CELL_MAX, "%lld %%",
					 (long long)json_integer_value(v)); break;
	case CELL_OFFSET:	snprintf(ret, CELL_MAX, "%s",
					 offset_text(json_integer_value(v), small)); break;
	case CELL_LIST:		list_text(v, ret); break;
	case CELL_MOMENT:	moment_text(raw, ret); break;
	case CELL_ARTICLE:	text_fill(ret, CELL_MAX, T_ARTICLE, raw); break;
	case CELL_SHORT:	snprintf(ret, CELL_MAX, "%.8s", raw); break;
	case CELL_TEXT:
	case CELL_NUMBER:	snprintf(ret, CELL_MAX, "%s", raw); break;
	}
	return ret;
}

static bool right_aligned(enum cell cell)
{
	return cell == CELL_NUMBER || cell == CELL_BYTES || cell == CELL_DURATION ||
		cell == CELL_PERCENT || cell == CELL_OFFSET;
}

static void pad(FILE *to, int n)
{
	fprintf(to, "%*s", MAX(n, 0), "");
}

static void put_cell(FILE *to, const char *s, int width, bool right, bool last)
{
	if (right)
		pad(to, width - text_width(s));
	fputs(s, to);
	if (last)
		return;
	pad(to, (right ? 0 : width - text_width(s)) + GAP);
}

void table_texts(FILE *to, const struct table_head *heads, size_t n, size_t n_rows,
		 const char *(*cell)(void *data, size_t row, size_t column, char ret[CELL_MAX]), void *data)
{
	int width[TABLE_COLUMNS_MAX];
	char buf[CELL_MAX];
	size_t i, c;

	if (n > TABLE_COLUMNS_MAX)
		BUG("table: %zu columns", n);
	if (n_rows == 0) {
		fprintf(to, "%s\n", text(T_NOTHING));
		return;
	}
	for (c = 0; c < n; c++) {
		width[c] = text_width(heads[c].text);
		for (i = 0; i < n_rows; i++)
			width[c] = MAX(width[c], text_width(cell(data, i, heads[c].column, buf)));
	}
	for (c = 0; c < n; c++)
		put_cell(to, heads[c].text, width[c], heads[c].right, c + 1 == n);
	fputc('\n', to);
	for (i = 0; i < n_rows; i++) {
		for (c = 0; c < n; c++)
			put_cell(to, cell(data, i, heads[c].column, buf), width[c], heads[c].right, c + 1 == n);
		fputc('\n', to);
	}
}

struct rows {
	const json_t *list;
	const struct column *columns;
};

static const char *cell_of(void *data, size_t row, size_t column, char ret[CELL_MAX])
{
	const struct rows *r = data;

	return cell_text(json_array_get(r->list, row), &r->columns[column], ret);
}

void table_print(FILE *to, const json_t *rows, const struct column *columns, size_t n)
{
	struct table_head heads[TABLE_COLUMNS_MAX];
	struct rows r = { rows, columns };
	size_t c;

	for (c = 0; c < n && c < COUNT(heads); c++)
		heads[c] = (struct table_head){ text(columns[c].head), c, right_aligned(columns[c].cell) };
	table_texts(to, heads, n, json_array_size(rows), cell_of, &r);
}

static void csv_value(FILE *to, const json_t *v)
{
	AUTO(freep) char *dump = NULL;
	const char *raw = raw_text(v, &dump);
	AUTO(buf_clear) struct buf shown = BUF_INIT(4 * strlen(raw)), cell = BUF_INIT(8 * strlen(raw) + 4);

	text_add_shown(&shown, raw);
	report_csv_cell(&cell, shown.failed ? "?" : buf_str(&shown));
	fputs(buf_str(&cell), to);
}

void table_csv(FILE *to, const json_t *rows, const struct column *columns, size_t n)
{
	const json_t *row;
	size_t i, c;

	fputs("\xef\xbb\xbf", to);
	for (c = 0; c < n; c++)
		fprintf(to, "%s%s", columns[c].key, c + 1 == n ? "\r\n" : ",");
	json_array_foreach(rows, i, row) {
		for (c = 0; c < n; c++) {
			csv_value(to, json_at(row, columns[c].key));
			fputs(c + 1 == n ? "\r\n" : ",", to);
		}
	}
}
