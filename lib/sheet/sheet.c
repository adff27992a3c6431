#include "sheet/sheet_impl.h"

#include <cairo-pdf.h>
#include <errno.h>
#include <fontconfig/fontconfig.h>
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"

#define FONT		"WenQuanYi Micro Hei, Noto Sans CJK SC, sans-serif "
#define FONT_DIGITS	"WenQuanYi Micro Hei Mono, Noto Sans Mono CJK SC, monospace "

static const char *const font_names[FONTS] = {
	[FONT_TITLE] = FONT "20", [FONT_HEADING] = FONT "13", [FONT_SUBHEADING] = FONT "11",
	[FONT_TEXT] = FONT "10", [FONT_CELL] = FONT "8.5", [FONT_HEX] = FONT_DIGITS "8",
	[FONT_FOOT] = FONT "8", [FONT_SMALL] = FONT "6",
};

/* ------ text ------ */

double sheet_lay(struct sheet *s, enum font font, const char *text, double width, PangoAlignment align)
{
	int height;

	pango_layout_set_font_description(s->layout, s->fonts[font]);
	pango_layout_set_width(s->layout, (int)(width * PANGO_SCALE));
	/* A digest has no words; Chinese breaks nearly anywhere; a path is broken where it must. */
	pango_layout_set_wrap(s->layout, font == FONT_HEX ? PANGO_WRAP_CHAR : PANGO_WRAP_WORD_CHAR);
	pango_layout_set_height(s->layout, -SHEET_LINES_MAX);
	pango_layout_set_ellipsize(s->layout, PANGO_ELLIPSIZE_END);
	pango_layout_set_alignment(s->layout, align);
	pango_layout_set_text(s->layout, text, -1);
	pango_layout_get_size(s->layout, NULL, &height);
	return (double)height / PANGO_SCALE;
}

void sheet_show(struct sheet *s, double x, double y)
{
	cairo_move_to(s->cr, x, y);
	pango_cairo_show_layout(s->cr, s->layout);
}

void sheet_rule(struct sheet *s, double y, double grey)
{
	cairo_set_source_rgb(s->cr, grey, grey, grey);
	cairo_set_line_width(s->cr, 0.5);
	cairo_move_to(s->cr, MARGIN, y);
	cairo_line_to(s->cr, MARGIN + WIDTH, y);
	cairo_stroke(s->cr);
	cairo_set_source_rgb(s->cr, 0, 0, 0);
}

/* ------ pages ------ */

static void end_page(struct sheet *s)
{
	const double y = PAGE_HEIGHT - FOOT;
	char number[64];

	sheet_rule(s, y - 4, 0.6);
	sheet_lay(s, FONT_FOOT, s->style->footer, WIDTH, PANGO_ALIGN_LEFT);
	sheet_show(s, MARGIN, y);
	if (s->style->english)
		snprintf(number, sizeof(number), "Page %u of %u", s->page, s->pages);
	else
		snprintf(number, sizeof(number), "第 %u 页　共 %u 页", s->page, s->pages);
	sheet_lay(s, FONT_FOOT, number, WIDTH, PANGO_ALIGN_RIGHT);
	sheet_show(s, MARGIN, y);
	cairo_show_page(s->cr);
}

static void begin_page(struct sheet *s)
{
	s->page++;
	s->y = MARGIN;
}

void sheet_need(struct sheet *s, double height)
{
	if (s->y + height <= BOTTOM || s->y <= MARGIN)
		return;
	end_page(s);
	begin_page(s);
	if (s->heads != NULL)
		s->heads(s);
}

/* ------ what is drawn ------ */

void sheet_space(struct sheet *s, double lines)
{
	s->y += lines * LINE;
}

void sheet_keep(struct sheet *s, double lines)
{
	sheet_need(s, lines * LINE);
}

static void block(struct sheet *s, enum font font, const char *text, PangoAlignment align,
		  double above, double keep)
{
	double height = sheet_lay(s, font, text, WIDTH, align);

	if (s->y > MARGIN)
		s->y += above;
	sheet_need(s, height + keep);
	sheet_lay(s, font, text, WIDTH, align);	/* a new page's foot has used the layout */
	sheet_show(s, MARGIN, s->y);
	s->y += height;
}

void sheet_title(struct sheet *s, const char *text)
{
	block(s, FONT_TITLE, text, PANGO_ALIGN_CENTER, 0, 0);
	s->y += LINE;
}

void sheet_heading(struct sheet *s, const char *text)
{
	block(s, FONT_HEADING, text, PANGO_ALIGN_LEFT, LINE, 5 * LINE);
	s->y += 2;
	sheet_rule(s, s->y, 0);
	s->y += 6;
}

void sheet_subheading(struct sheet *s, const char *text)
{
	block(s, FONT_SUBHEADING, text, PANGO_ALIGN_LEFT, LINE, 5 * LINE);
	s->y += 3;
	sheet_rule(s, s->y, 0.6);
	s->y += 3;
}

void sheet_paragraph(struct sheet *s, const char *text)
{
	block(s, FONT_TEXT, text, PANGO_ALIGN_LEFT, 0, 0);
	s->y += 4;
}

void sheet_pair(struct sheet *s, const char *name, const char *value, bool digits)
{
	const double width = WIDTH - NAME_WIDTH;
	enum font font = digits ? FONT_HEX : FONT_TEXT;
	double height = MAX(sheet_lay(s, FONT_TEXT, name, NAME_WIDTH - 8, PANGO_ALIGN_LEFT),
			    sheet_lay(s, font, value, width, PANGO_ALIGN_LEFT));

	sheet_need(s, height);
	sheet_lay(s, FONT_TEXT, name, NAME_WIDTH - 8, PANGO_ALIGN_LEFT);
	cairo_set_source_rgb(s->cr, 0.3, 0.3, 0.3);
	sheet_show(s, MARGIN, s->y);
	cairo_set_source_rgb(s->cr, 0, 0, 0);
	sheet_lay(s, font, value, width, PANGO_ALIGN_LEFT);
	sheet_show(s, MARGIN + NAME_WIDTH, s->y + (digits ? 1.5 : 0));
	s->y += height + 3;
}

/* ------ tables ------ */

static double column_width(const struct sheet *s, size_t column)
{
	double all = 0;
	size_t i;

	for (i = 0; i < s->n_columns; i++)
		all += s->columns[i].width;
	return WIDTH * s->columns[column].width / all;
}

/* The height of a row, or the row itself. */
static double row(struct sheet *s, const char *const *cells, bool draw)
{
	double x = MARGIN, height = 0;
	size_t i;

	for (i = 0; i < s->n_columns; i++) {
		height = MAX(height,
			     sheet_lay(s, FONT_CELL, cells[i], column_width(s, i) - 2 * SIDE,
				 s->columns[i].right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT));
		if (draw)
			sheet_show(s, x + SIDE, s->y + PAD);
		x += column_width(s, i);
	}
	return height + 2 * PAD;
}

static void table_heads(struct sheet *s)
{
	const char *cells[SHEET_COLUMNS_MAX];
	double height;
	size_t i;

	for (i = 0; i < s->n_columns; i++)
		cells[i] = s->columns[i].head;
	height = row(s, cells, false);
	cairo_set_source_rgb(s->cr, 0.92, 0.92, 0.92);
	cairo_rectangle(s->cr, MARGIN, s->y, WIDTH, height);
	cairo_fill(s->cr);
	cairo_set_source_rgb(s->cr, 0, 0, 0);
	row(s, cells, true);
	s->y += height;
	sheet_rule(s, s->y, 0);
}

void sheet_table(struct sheet *s, const struct sheet_column *columns, size_t n)
{
	if (n > SHEET_COLUMNS_MAX)
		BUG("sheet: a table of %zu columns", n);
	sheet_need(s, 4 * LINE);
	s->columns = columns;
	s->n_columns = n;
	s->heads = table_heads;
	table_heads(s);
}

void sheet_row(struct sheet *s, const char *const *cells)
{
	double height = row(s, cells, false);

	sheet_need(s, height);
	row(s, cells, true);
	s->y += height;
	sheet_rule(s, s->y, 0.8);
}

void sheet_table_end(struct sheet *s)
{
	s->heads = NULL;
	s->y += LINE / 2;
}

/* ------ the document ------ */

static cairo_status_t keep(void *closure, const unsigned char *p, unsigned len)
{
	struct buf *to = closure;

	buf_add(to, p, len);
	return to->failed ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static void set_properties(cairo_surface_t *surface, const struct sheet_style *style)
{
	char when[UTC_TEXT_SIZE], to_second[21];

	utc_format(style->made_ms, when);
	snprintf(to_second, sizeof(to_second), "%.19sZ", when);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, style->title);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "dockvault " VERSION);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, to_second);
}

/* Fit to be printed anywhere: no glyph is moved to the pixels of some screen. */
static void set_options(PangoContext *context)
{
	cairo_font_options_t *options = cairo_font_options_create();

	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	pango_cairo_context_set_font_options(context, options);
	pango_cairo_context_set_resolution(context, 72);
	cairo_font_options_destroy(options);
}

/* Draw it once.  to NULL: only count.  A status of cairo's. */
static cairo_status_t pass(struct sheet *s, void (*draw)(struct sheet *s, void *data), void *data,
			   struct buf *to)
{
	cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(to != NULL ? keep : NULL, to,
								       PAGE_WIDTH, PAGE_HEIGHT);
	cairo_status_t status;

	set_properties(surface, s->style);
	s->cr = cairo_create(surface);
	s->page = 0;
	begin_page(s);
	draw(s, data);
	end_page(s);
	s->pages = s->page;
	cairo_destroy(s->cr);
	cairo_surface_finish(surface);
	status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	return status;
}

static int draw_all(struct sheet *s, void (*draw)(struct sheet *s, void *data), void *data,
		    struct buf *to, struct err *e)
{
	cairo_status_t status;

	sheet_lay(s, FONT_TITLE, "电子证据完整性证明", WIDTH, PANGO_ALIGN_LEFT);
	if (pango_layout_get_unknown_glyphs_count(s->layout) > 0)
		return err_set(e, -ENOENT,
			       "no font for Chinese is installed: the document cannot be"
			       " written; install fonts-wqy-microhei");
	status = pass(s, draw, data, NULL);
	if (status == CAIRO_STATUS_SUCCESS)
		status = pass(s, draw, data, to);
	if (to->failed)
		return err_set(e, -ENOBUFS, "the document is larger than %zu bytes", to->max);
	if (status != CAIRO_STATUS_SUCCESS)
		return err_set(e, -EIO, "the document cannot be drawn: %s",
			       cairo_status_to_string(status));
	return 0;
}

int sheet_write(const struct sheet_style *style, void (*draw)(struct sheet *s, void *data),
		void *data, struct buf *to, struct err *e)
{
	/* A font map of its own, so that nothing stays behind. */
	PangoFontMap *map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
	struct sheet s = { .style = style };
	PangoContext *context;
	size_t i;
	int r;

	if (map == NULL)
		return err_set(e, -ENOENT,
			       "the document cannot be drawn: pango has no FreeType fonts");
	context = pango_font_map_create_context(map);
	set_options(context);
	pango_context_set_language(context, pango_language_from_string(style->english ? "en" : "zh-cn"));
	s.layout = pango_layout_new(context);
	pango_layout_set_spacing(s.layout, 2 * PANGO_SCALE);
	for (i = 0; i < FONTS; i++)
		s.fonts[i] = pango_font_description_from_string(font_names[i]);
	r = draw_all(&s, draw, data, to, e);
	for (i = 0; i < FONTS; i++)
		pango_font_description_free(s.fonts[i]);
	g_object_unref(s.layout);
	g_object_unref(context);
	g_object_unref(map);
	(void)FcConfigSetCurrent(NULL);	/* what was read of fonts: read anew when it is needed */
	return r;
}
