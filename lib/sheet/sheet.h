/*
 * A PDF of pages in A4 with headings, paragraphs, tables and charts, by cairo and pango.
 *
 * It is drawn twice: the first time nothing is kept and pages are counted, so that each can say of
 * how many it is.  Whoever draws does not see the difference.
 *
 *	r = sheet_write(&style, draw, data, &buf, e);
 *	static void draw(struct sheet *s, void *data) { sheet_heading(s, "..."); ... }
 *
 * Text is UTF-8; what is no UTF-8 is shown as such.  A cell takes at most SHEET_LINES_MAX lines,
 * its rest is an ellipsis.  A table that goes over the end of a page has its heads on the next one
 * again.  Nothing is told by colour: a chart is black, hatched and white, with its numbers beside it.
 *
 * The bytes depend on what is drawn and on the fonts that are installed, and on nothing else.
 *
 * Memory   a page, the fonts that are used, and what the document has come to.
 * Threads  one at a time.
 */
#ifndef SHEET_SHEET_H
#define SHEET_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { SHEET_COLUMNS_MAX = 12, SHEET_LINES_MAX = 24 };

struct sheet;

struct sheet_style {
	const char *title;		/* of the document's properties */
	const char *footer;		/* left in the foot of each page */
	int64_t made_ms;		/* the time in the document's properties */
	bool english;			/* the foot, and how lines are broken; otherwise Chinese */
};

/* Append the document.  -ENOENT: no font has Chinese; -ENOBUFS: larger than `to` takes. */
int sheet_write(const struct sheet_style *style, void (*draw)(struct sheet *s, void *data),
		void *data, struct buf *to, struct err *e);

void sheet_title(struct sheet *s, const char *text);
void sheet_heading(struct sheet *s, const char *text);		/* keeps with what follows */
void sheet_subheading(struct sheet *s, const char *text);	/* the same */
void sheet_paragraph(struct sheet *s, const char *text);
void sheet_space(struct sheet *s, double lines);
/* What follows, about so many lines, is not to be parted by the end of a page. */
void sheet_keep(struct sheet *s, double lines);

/* A name and what it is; digits: a digest, in letters of one width. */
void sheet_pair(struct sheet *s, const char *name, const char *value, bool digits);

struct sheet_column {
	const char *head;
	double width;			/* parts of all columns' sum */
	bool right;			/* aligned */
};

/* columns must outlive the table.  Cells: as many as columns. */
void sheet_table(struct sheet *s, const struct sheet_column *columns, size_t n);
void sheet_row(struct sheet *s, const char *const *cells);
void sheet_table_end(struct sheet *s);

/* ------ charts (chart.c) ------ */

struct sheet_bar {
	const char *label;		/* "01", "第12条" */
	const char *number;		/* what it stands for */
	double part;			/* its length, 0 to 1 */
	double hatched;			/* of that length, the end is drawn hatched: 0 to 1 */
};

/* Upright, side by side: the days of a month.  top: what the height of the chart stands for. */
void sheet_columns(struct sheet *s, const char *top, const struct sheet_bar *bars, size_t n);

/* Lying, one below another, labels before and numbers behind. */
void sheet_bars(struct sheet *s, const struct sheet_bar *bars, size_t n);

/* What black and hatched mean, in one line; either may be NULL. */
void sheet_legend(struct sheet *s, const char *black, const char *hatched);

/*
 * Strips: a row a name, with a cell a day, each filled from its bottom by a part from 0 to 1; note
 * stands behind the row.  They go over the end of a page as tables do.
 */
enum { SHEET_DAYS_MAX = 31 };
void sheet_strips(struct sheet *s, const char *name, const char *note, unsigned days);
void sheet_strip(struct sheet *s, const char *name, const double *parts, const char *note);
void sheet_strips_end(struct sheet *s);

#endif
