/*
 * Reports as documents: out of what dv.report_month() and dv.report_integrity() say, CSV, a workbook
 * (XLSX) and a PDF.
 *
 * A report is tables of rows, of which this knows the columns: report_tables().  What a row lacks is an
 * empty cell; what it has besides is not shown.  Values are what the catalog counted, so nothing is
 * added up here.
 *
 * Units    in: milliseconds and bytes; out, for people: hours, days, GiB, to a tenth.  CSV has what came.
 * Errors   0, or a negative errno and a sentence; -ENOBUFS: larger than the buffer takes.
 * Bytes    depend on the report, the style and the fonts alone: the time in a document is made_at.
 * Memory   the report, a table's rows once more, a page; a workbook's rows lie in files without a name.
 * Threads  one at a time.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { REPORT_CELL_MAX = 1024, REPORT_DOCUMENT_MAX = 48 * 1024 * 1024 };

enum report_kind {
	REPORT_TEXT,
	REPORT_WORD,		/* through report_style.word */
	REPORT_SENTENCE,	/* key_zh or key_en */
	REPORT_ARTICLE,		/* 12: "第12条" */
	REPORT_MOMENT,		/* as the wall clock of Shanghai */
	REPORT_COUNT,
	REPORT_HOURS,		/* of milliseconds */
	REPORT_DAYS,		/* of milliseconds */
	REPORT_GIB,		/* of bytes */
	REPORT_PERMILLE,	/* 83: "8.3 %"; with its sign */
	REPORT_OF_ROW,		/* as the row's "kind" says: the lines of a summary */
	REPORT_CHANGE,		/* the same, with its sign */
};

struct report_column {
	const char *key;	/* of the row */
	const char *zh, *en;
	enum report_kind kind;
	unsigned part;		/* of a page's width, as parts of their sum; 0: not on paper */
};

struct report_table {
	const char *key;	/* of the report: "units"; "summary": made of its totals */
	const char *zh, *en;
	const struct report_column *columns;
	size_t n;
};

/* What a signed report says of it. */
struct report_seal {
	const char *by, *key_id;
	char sha256[65];	/* of its figures */
};

struct report_style {
	bool english;
	const char *(*word)(const char *value);	/* for people; value itself where it has none */
	const struct report_seal *seal;		/* NULL: it is not signed */
};

/* The tables of a report, by its "kind"; of an integrity report, which says none, its own. */
const struct report_table *report_tables(const json_t *report, size_t *ret_n);
/* The one with that key; NULL: none. */
const struct report_table *report_table(const json_t *report, const char *key);

/* Its rows, a new reference to a list, empty where the report does not have that table; NULL: no memory. */
json_t *report_rows(const json_t *report, const struct report_table *t);

/* One cell as people read it, "" for null; returns ret. */
const char *report_cell(const json_t *row, const struct report_column *c, const struct report_style *style,
			char ret[REPORT_CELL_MAX]);
/* The same as a number, in the units for people; false: it is text, or nothing. */
bool report_number(const json_t *row, const struct report_column *c, double *ret);
bool report_is_right(enum report_kind kind);	/* aligned */

const char *report_head(const struct report_column *c, const struct report_style *style);
const char *report_name(const struct report_table *t, const struct report_style *style);

/* "月度完整性报告 2026-11", and its unit. */
void report_title(const json_t *report, const struct report_style *style, char ret[REPORT_CELL_MAX]);

/* made_at in milliseconds; 0 where there is none. */
int64_t report_made_ms(const json_t *report);

/* ------ documents ------ */

/*
 * Append a cell of CSV, quoted (RFC 4180): one that a spreadsheet would run as a formula (= + - @, also
 * in full width, a tab, a carriage return) gets an apostrophe in front.  Numbers are no formulas.
 */
void report_csv_cell(struct buf *to, const char *text);

/* Append a table: UTF-8 with a byte order mark, lines end in CR LF, heads are keys, values as they came. */
int report_csv(const json_t *report, const struct report_table *t, struct buf *to, struct err *e);

/* Append a workbook: a sheet a table.  Text is text and never a formula. */
int report_xlsx(const json_t *report, const struct report_style *style, struct buf *to, struct err *e);

/* Append a PDF in A4.  -ENOENT: no font with Chinese is installed. */
int report_pdf(const json_t *report, const struct report_style *style, struct buf *to, struct err *e);

#endif
