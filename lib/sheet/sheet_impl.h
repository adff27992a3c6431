/* What the files of sheet/ share: where things are on a page, and what draws them. */
#ifndef SHEET_SHEET_IMPL_H
#define SHEET_SHEET_IMPL_H

#include <pango/pangocairo.h>

#include "sheet/sheet.h"

/* Points, 72 an inch. */
#define PAGE_WIDTH	595.28
#define PAGE_HEIGHT	841.89
#define MARGIN		54.0
#define FOOT		36.0		/* of the foot's line, above the end of the page */
#define WIDTH		(PAGE_WIDTH - 2 * MARGIN)
#define BOTTOM		(PAGE_HEIGHT - MARGIN - 6)
#define LINE		14.0		/* of the text's size, for spaces */
#define PAD		2.5		/* above and below a cell's text */
#define SIDE		5.0		/* beside it */
#define NAME_WIDTH	92.0		/* of a pair's name */

enum font { FONT_TITLE, FONT_HEADING, FONT_SUBHEADING, FONT_TEXT, FONT_CELL, FONT_HEX, FONT_FOOT, FONT_SMALL,
	    FONTS };

struct sheet {
	const struct sheet_style *style;
	cairo_t *cr;
	PangoLayout *layout;
	PangoFontDescription *fonts[FONTS];
	double y;			/* where the next thing goes */
	unsigned page, pages;		/* pages 0: they are being counted */
	void (*heads)(struct sheet *s);	/* of the table or strips that are going on; NULL: none are */
	const struct sheet_column *columns;	/* of the table */
	size_t n_columns;
	const char *strip_name, *strip_note;	/* of the strips */
	unsigned strip_days;
};

/* Set the layout, which show() shows; returns its height. */
double sheet_lay(struct sheet *s, enum font font, const char *text, double width, PangoAlignment align);
void sheet_show(struct sheet *s, double x, double y);

/* A line across the page; grey: 0 is black. */
void sheet_rule(struct sheet *s, double y, double grey);

/* Room for so much, here or on the next page. */
void sheet_need(struct sheet *s, double height);

#endif
