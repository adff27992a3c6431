/*
 * A PDF of pages in A4 with headings, paragraphs and tables, by cairo and pango.
 *
 * It is drawn twice: the first time nothing is kept and pages are counted, so that each can say of
 * how many it is.  Whoever draws does not see the difference.
 *
 *	r = sheet_write(&style, draw, data, &buf, e);
 *	static void draw(struct sheet *s, void *data) { sheet_heading(s, "..."); ... }
 *
 * Text is UTF-8; what is no UTF-8 is shown as such.  A cell takes at most SHEET_LINES_MAX lines,
 * its rest is an ellipsis.  A table that goes over the end of a page has its heads on the next one
 * again.
 *
 * Threads  one at a time.
 */
#ifndef PACKAGE_SHEET_H
#define PACKAGE_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { SHEET_COLUMNS_MAX = 8, SHEET_LINES_MAX = 24 };

struct sheet;

struct sheet_style {
	const char *title;		/* of the document's properties */
	const char *footer;		/* left in the foot of each page */
	int64_t made_ms;		/* the time in the document's properties */
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

#endif
