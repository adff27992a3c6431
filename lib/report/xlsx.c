/*
 * Reports as workbooks, by libxlsxwriter: row by row, so that no sheet is ever in memory whole.  It
 * writes files by name and nothing else: the name is that of a file in memory.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "base/banned.h"	/* behind libxlsxwriter's headers, which use such names */
#include "base/util.h"
#include "report/report.h"

struct book {
	const json_t *report;
	const struct report_style *style;
	lxw_workbook *workbook;
	lxw_format *head, *bold, *number, *tenth, *percent, *text;
	lxw_error failed;		/* the first */
};

static void note(struct book *b, lxw_error r)
{
	if (b->failed == LXW_NO_ERROR)
		b->failed = r;
}

static void make_formats(struct book *b)
{
	b->head = workbook_add_format(b->workbook);
	format_set_bold(b->head);
	format_set_bottom(b->head, LXW_BORDER_THIN);
	format_set_text_wrap(b->head);
	b->bold = workbook_add_format(b->workbook);
	format_set_bold(b->bold);
	b->number = workbook_add_format(b->workbook);
	format_set_num_format(b->number, "#,##0");
	b->tenth = workbook_add_format(b->workbook);
	format_set_num_format(b->tenth, "#,##0.0");
	b->percent = workbook_add_format(b->workbook);
	format_set_num_format(b->percent, "+0.0%;-0.0%;0.0%");
	b->text = workbook_add_format(b->workbook);
	format_set_num_format(b->text, "@");	/* also when somebody edits the cell */
}

static lxw_format *format_of(struct book *b, enum report_kind kind)
{
	switch (kind) {
	case REPORT_COUNT:	return b->number;
	case REPORT_PERMILLE:	return b->percent;
	case REPORT_ARTICLE:	return NULL;
	default:		return b->tenth;
	}
}

static void put_text(struct book *b, lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, const char *text,
		     lxw_format *format)
{
	note(b, worksheet_write_string(sheet, row, column, text, format));
}

static void put_cell(struct book *b, lxw_worksheet *sheet, lxw_row_t at, lxw_col_t column, const json_t *row,
		     const struct report_column *c)
{
	char text[REPORT_CELL_MAX];
	enum report_kind kind = c->kind;
	double v;

	if (kind == REPORT_OF_ROW || kind == REPORT_CHANGE)
		kind = (enum report_kind)json_integer_value(json_object_get(row, "kind"));
	if (report_number(row, c, &v))
		note(b, worksheet_write_number(sheet, at, column, v, format_of(b, kind)));
	else if (report_cell(row, c, b->style, text)[0] != '\0')
		put_text(b, sheet, at, column, text, b->text);
}

/* Above the summary: what it is a report of, and whose. */
static lxw_row_t put_top(struct book *b, lxw_worksheet *sheet)
{
	const struct report_seal *seal = b->style->seal;
	const bool en = b->style->english;
	const struct report_column made = { "made_at", "生成时间", "made at", REPORT_MOMENT, 0 };
	char title[REPORT_CELL_MAX], when[REPORT_CELL_MAX];
	const struct { const char *name, *value; } lines[] = {
		{ report_head(&made, b->style), report_cell(b->report, &made, b->style, when) },
		{ en ? "signed by" : "签发人", seal != NULL ? seal->by : NULL },
		{ en ? "figures, SHA-256" : "数据 SHA-256", seal != NULL ? seal->sha256 : NULL },
		{ en ? "key" : "签名密钥", seal != NULL ? seal->key_id : NULL },
	};
	lxw_row_t at = 0;
	size_t i;

	report_title(b->report, b->style, title);
	put_text(b, sheet, at++, 0, title, b->bold);
	for (i = 0; i < COUNT(lines); i++) {
		if (lines[i].value == NULL)
			continue;
		put_text(b, sheet, at, 0, lines[i].name, NULL);
		put_text(b, sheet, at++, 1, lines[i].value, b->text);
	}
	return at + 1;
}

static double width_of(const struct report_column *c)
{
	switch (c->kind) {
	case REPORT_SENTENCE:	return 44;
	case REPORT_MOMENT:	return 20;
	case REPORT_TEXT:	return 18;
	default:		return 13;
	}
}

static int put_table(struct book *b, const struct report_table *t)
{
	lxw_worksheet *sheet = workbook_add_worksheet(b->workbook, report_name(t, b->style));
	json_t *rows = report_rows(b->report, t), *row;
	lxw_row_t at = 0;
	size_t i, k;

	if (sheet == NULL || rows == NULL) {
		json_decref(rows);
		return -ENOMEM;
	}
	for (k = 0; k < t->n; k++)
		note(b, worksheet_set_column(sheet, (lxw_col_t)k, (lxw_col_t)k, width_of(&t->columns[k]), NULL));
	if (strcmp(t->key, "summary") == 0)
		at = put_top(b, sheet);
	for (k = 0; k < t->n; k++)
		put_text(b, sheet, at, (lxw_col_t)k, report_head(&t->columns[k], b->style), b->head);
	worksheet_freeze_panes(sheet, ++at, 0);
	worksheet_set_landscape(sheet);
	worksheet_fit_to_pages(sheet, 1, 0);
	worksheet_repeat_rows(sheet, at - 1, at - 1);
	json_array_foreach(rows, i, row)
		for (k = 0; k < t->n; k++)
			put_cell(b, sheet, at + (lxw_row_t)i, (lxw_col_t)k, row, &t->columns[k]);
	json_decref(rows);
	return 0;
}

static int put_all(struct book *b)
{
	const struct report_table *t;
	lxw_doc_properties properties = { .created = (time_t)(report_made_ms(b->report) / 1000) };
	char title[REPORT_CELL_MAX];
	size_t i, n;
	int r = 0;

	report_title(b->report, b->style, title);
	properties.title = title;
	note(b, workbook_set_properties(b->workbook, &properties));
	make_formats(b);
	t = report_tables(b->report, &n);
	for (i = 0; r == 0 && i < n; i++)
		r = put_table(b, &t[i]);
	return r;
}

static int read_back(int fd, struct buf *to, struct err *e)
{
	uint8_t *room;
	off_t at = 0;
	ssize_t got;

	while ((room = buf_room(to, 64 * 1024)) != NULL &&
	       (got = pread(fd, room, 64 * 1024, at)) != 0) {
		if (got < 0)
			return err_set(e, -errno, "the workbook cannot be read back: %s", strerror(errno));
		buf_grew(to, (size_t)got);
		at += got;
	}
	if (to->failed)
		return err_set(e, -ENOBUFS, "the workbook is larger than %zu bytes", to->max);
	return 0;
}

static int write_to(int fd, const json_t *report, const struct report_style *style, struct err *e)
{
	char name[64];
	lxw_workbook_options options = { .constant_memory = LXW_TRUE };
	struct book b = { .report = report, .style = style, .failed = LXW_NO_ERROR };
	lxw_error closed;
	int r;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	b.workbook = workbook_new_opt(name, &options);
	if (b.workbook == NULL)
		return err_set(e, -ENOMEM, "no memory for a workbook");
	r = put_all(&b);
	closed = workbook_close(b.workbook);	/* frees it, whatever it says */
	note(&b, closed);
	if (r < 0)
		return err_set(e, r, "no memory for a workbook");
	if (b.failed != LXW_NO_ERROR)
		return err_set(e, -EIO, "the workbook cannot be written: %s", lxw_strerror(b.failed));
	return 0;
}

int report_xlsx(const json_t *report, const struct report_style *style, struct buf *to, struct err *e)
{
	int fd = memfd_create("report.xlsx", MFD_CLOEXEC), r;

	if (fd < 0)
		return err_set(e, -errno, "no memory for a workbook: %s", strerror(errno));
	r = write_to(fd, report, style, e);
	if (r == 0)
		r = read_back(fd, to, e);
	close(fd);
	return r;
}
