/* Charts of a sheet: black, hatched and white, with their numbers. */
#include <string.h>

#include "base/util.h"
#include "sheet/sheet_impl.h"

#define CHART_HEIGHT	110.0
#define BAR_HEIGHT	10.0
#define LABEL_WIDTH	150.0
#define NUMBER_WIDTH	90.0
#define STRIP_NAME	104.0
#define STRIP_NOTE	52.0
#define STRIP_HEIGHT	11.0

static double within(double part)
{
	return part > 0 ? MIN(part, 1.0) : 0;	/* not a number is none */
}

/* ------ boxes ------ */

static void outline(struct sheet *s, double x, double y, double width, double height, double grey)
{
	cairo_set_source_rgb(s->cr, grey, grey, grey);
	cairo_set_line_width(s->cr, 0.5);
	cairo_rectangle(s->cr, x, y, width, height);
	cairo_stroke(s->cr);
	cairo_set_source_rgb(s->cr, 0, 0, 0);
}

static void black(struct sheet *s, double x, double y, double width, double height)
{
	cairo_set_source_rgb(s->cr, 0.15, 0.15, 0.15);
	cairo_rectangle(s->cr, x, y, width, height);
	cairo_fill(s->cr);
	cairo_set_source_rgb(s->cr, 0, 0, 0);
}

static void hatched(struct sheet *s, double x, double y, double width, double height)
{
	double at;

	cairo_save(s->cr);
	cairo_rectangle(s->cr, x, y, width, height);
	cairo_clip(s->cr);
	cairo_set_line_width(s->cr, 0.6);
	for (at = -height; at < width; at += 3) {
		cairo_move_to(s->cr, x + at, y + height);
		cairo_line_to(s->cr, x + at + height, y);
	}
	cairo_stroke(s->cr);
	cairo_restore(s->cr);
	outline(s, x, y, width, height, 0.15);
}

/* A text of one line, in a cell of this width. */
static void text_at(struct sheet *s, enum font font, const char *text, double x, double y, double width,
		    PangoAlignment align)
{
	sheet_lay(s, font, text, width, align);
	pango_layout_set_height(s->layout, 0);	/* one line; what is too long ends in an ellipsis */
	sheet_show(s, x, y);
}

/* ------ bars ------ */

void sheet_columns(struct sheet *s, const char *top, const struct sheet_bar *bars, size_t n)
{
	const double bottom_of = CHART_HEIGHT + 14, width = n > 0 ? WIDTH / (double)n : WIDTH;
	double height, x, y;
	size_t i;

	sheet_need(s, bottom_of + 22 + LINE);
	text_at(s, FONT_FOOT, top, MARGIN, s->y, WIDTH, PANGO_ALIGN_LEFT);
	y = s->y + 22;			/* the highest bar's number is above it */
	sheet_rule(s, y, 0.8);
	sheet_rule(s, y + CHART_HEIGHT / 2, 0.8);
	for (i = 0; i < n; i++) {
		x = MARGIN + width * (double)i;
		height = CHART_HEIGHT * within(bars[i].part);
		if (height > 0)
			black(s, x + width * 0.15, y + CHART_HEIGHT - height, width * 0.7, height);
		text_at(s, FONT_FOOT, bars[i].label, x, y + CHART_HEIGHT + 2, width, PANGO_ALIGN_CENTER);
		text_at(s, FONT_SMALL, bars[i].number, x - 3, y + CHART_HEIGHT - height - 9, width + 6,
			PANGO_ALIGN_CENTER);
	}
	sheet_rule(s, y + CHART_HEIGHT, 0);
	s->y = y + bottom_of + LINE / 2;
}

void sheet_bars(struct sheet *s, const struct sheet_bar *bars, size_t n)
{
	const double left = MARGIN + LABEL_WIDTH, room = WIDTH - LABEL_WIDTH - NUMBER_WIDTH;
	double width, striped, y;
	size_t i;

	for (i = 0; i < n; i++) {
		sheet_need(s, BAR_HEIGHT + 5);
		y = s->y;
		width = room * within(bars[i].part);
		striped = width * within(bars[i].hatched);
		text_at(s, FONT_CELL, bars[i].label, MARGIN, y, LABEL_WIDTH - 6, PANGO_ALIGN_LEFT);
		if (width - striped > 0)
			black(s, left, y + 1, width - striped, BAR_HEIGHT);
		if (striped > 0)
			hatched(s, left + width - striped, y + 1, striped, BAR_HEIGHT);
		text_at(s, FONT_CELL, bars[i].number, left + width + 6, y, NUMBER_WIDTH - 6 + room - width,
			PANGO_ALIGN_LEFT);
		s->y += BAR_HEIGHT + 3;
	}
	s->y += 4;
}

void sheet_legend(struct sheet *s, const char *black_is, const char *hatched_is)
{
	double x = MARGIN;

	sheet_need(s, LINE);
	if (black_is != NULL) {
		black(s, x, s->y + 2, 16, 8);
		text_at(s, FONT_FOOT, black_is, x + 20, s->y, 150, PANGO_ALIGN_LEFT);
		x += 180;
	}
	if (hatched_is != NULL) {
		hatched(s, x, s->y + 2, 16, 8);
		text_at(s, FONT_FOOT, hatched_is, x + 20, s->y, 150, PANGO_ALIGN_LEFT);
	}
	s->y += LINE + 4;
}

/* ------ strips ------ */

static double day_width(const struct sheet *s)
{
	return (WIDTH - STRIP_NAME - STRIP_NOTE) / s->strip_days;
}

static void strip_heads(struct sheet *s)
{
	const double width = day_width(s);
	char day[16];
	unsigned i;

	text_at(s, FONT_FOOT, s->strip_name, MARGIN, s->y, STRIP_NAME - 4, PANGO_ALIGN_LEFT);
	for (i = 0; i < s->strip_days; i++) {
		snprintf(day, sizeof(day), "%u", i + 1);
		text_at(s, FONT_SMALL, day, MARGIN + STRIP_NAME + width * i - 2, s->y + 1, width + 4,
			PANGO_ALIGN_CENTER);
	}
	text_at(s, FONT_FOOT, s->strip_note, MARGIN + WIDTH - STRIP_NOTE, s->y, STRIP_NOTE,
		PANGO_ALIGN_RIGHT);
	s->y += LINE;
	sheet_rule(s, s->y - 2, 0);
}

void sheet_strips(struct sheet *s, const char *name, const char *note, unsigned days)
{
	if (days == 0 || days > SHEET_DAYS_MAX)
		BUG("sheet: strips of %u days", days);
	sheet_need(s, 4 * LINE);
	s->strip_name = name;
	s->strip_note = note;
	s->strip_days = days;
	s->heads = strip_heads;
	strip_heads(s);
}

void sheet_strip(struct sheet *s, const char *name, const double *parts, const char *note)
{
	const double width = day_width(s);
	double x, height;
	unsigned i;

	sheet_need(s, STRIP_HEIGHT + 3);
	text_at(s, FONT_FOOT, name, MARGIN, s->y, STRIP_NAME - 4, PANGO_ALIGN_LEFT);
	for (i = 0; i < s->strip_days; i++) {
		x = MARGIN + STRIP_NAME + width * i;
		height = parts[i] > 0 ? MAX(STRIP_HEIGHT * within(parts[i]), 1.0) : 0;
		if (height > 0)
			black(s, x + 0.5, s->y + STRIP_HEIGHT - height, width - 1, height);
	}
	outline(s, MARGIN + STRIP_NAME, s->y, width * s->strip_days, STRIP_HEIGHT, 0.7);
	text_at(s, FONT_FOOT, note, MARGIN + WIDTH - STRIP_NOTE, s->y, STRIP_NOTE, PANGO_ALIGN_RIGHT);
	s->y += STRIP_HEIGHT + 3;
}

void sheet_strips_end(struct sheet *s)
{
	s->heads = NULL;
	s->y += LINE / 2;
}
