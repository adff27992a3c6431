/* Reports as PDF: what it is of and what changed, charts, then tables. */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "report/report.h"
#include "sheet/sheet.h"

/* A strip's cell is full at so much: longer than anybody is on the beat. */
enum { STRIP_FULL_MS = 8 * 3600 * 1000, BARS_MAX = 40 };

struct paper {
	const json_t *report;
	const struct report_style *style;
};

/* A macro, so that the compiler sees the formats. */
#define SAY(p, zh, en)	((p)->style->english ? (en) : (zh))

static long long number(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

static const char *string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

/* ------ the head ------ */

static bool is_fixity(const struct paper *p)
{
	return strcmp(string(p->report, "kind"), "fixity") == 0;
}

static void draw_fixity_head(struct sheet *s, const struct paper *p)
{
	const struct report_column made = { "made_at", "", "", REPORT_MOMENT, 0 };
	char title[REPORT_CELL_MAX], value[REPORT_CELL_MAX];

	report_title(p->report, p->style, title);
	sheet_title(s, title);
	sheet_pair(s, SAY(p, "生成时间", "made at"), report_cell(p->report, &made, p->style, value), false);
	sheet_space(s, 0.5);
	sheet_paragraph(s, SAY(p, "每份副本须在校验周期内重新读取，并与地址、数据库和存证日志比对（第33条、第35条）。",
			       "Each copy is read again within its period and compared with its address, the catalog"
			       " and the custody log (Art. 33, 35)."));
	sheet_space(s, 0.5);
}

static void draw_head(struct sheet *s, const struct paper *p)
{
	const struct report_seal *seal = p->style->seal;
	const struct report_column made = { "made_at", "", "", REPORT_MOMENT, 0 };
	char title[REPORT_CELL_MAX], value[REPORT_CELL_MAX];

	report_title(p->report, p->style, title);
	sheet_title(s, title);
	snprintf(value, sizeof(value), SAY(p, "%s 至 %s（含首尾两日，北京时间）", "%s to %s (both included, Asia/Shanghai)"),
		 string(p->report, "from"), string(p->report, "to"));
	sheet_pair(s, SAY(p, "时段", "period"), value, false);
	sheet_pair(s, SAY(p, "单位", "unit"), string(p->report, "unit")[0] != '\0' ? string(p->report, "unit") :
		   SAY(p, "全部", "all"), false);
	sheet_pair(s, SAY(p, "生成时间", "made at"), report_cell(p->report, &made, p->style, value), false);
	if (seal == NULL) {
		sheet_pair(s, SAY(p, "状态", "state"), SAY(p, "未签发：数字可能变动", "not signed: figures may change"), false);
	} else {
		sheet_pair(s, SAY(p, "签发人", "signed by"), seal->by, false);
		sheet_pair(s, SAY(p, "签名密钥", "key"), seal->key_id, true);
		sheet_pair(s, SAY(p, "数据 SHA-256", "figures, SHA-256"), seal->sha256, true);
	}
	sheet_space(s, 0.5);
	sheet_paragraph(s, SAY(p, "记录与问题按入库、发现之日计入当月；整改按办理之日计入；应录环节按环节结束之日计入。"
			       "条款均指《行政执法全过程记录制度》。",
			       "Recordings and findings count in the month in which they were stored or found, answers in"
			       " that in which they were given, acts to be recorded in that in which they ended. Articles"
			       " are those of the rule on the whole-process record of enforcement."));
}

/* ------ tables ------ */

static size_t paper_columns(const struct report_table *t, const struct paper *p,
			    const struct report_column *ret[SHEET_COLUMNS_MAX],
			    struct sheet_column ret_heads[SHEET_COLUMNS_MAX])
{
	size_t i, n = 0;

	for (i = 0; i < t->n && n < SHEET_COLUMNS_MAX; i++) {
		const struct report_column *c = &t->columns[i];

		if (c->part == 0)
			continue;
		ret[n] = c;
		ret_heads[n++] = (struct sheet_column){ report_head(c, p->style), c->part,
							report_is_right(c->kind) };
	}
	return n;
}

static void draw_row(struct sheet *s, const struct paper *p, const json_t *row,
		     const struct report_column *const *columns, size_t n)
{
	char text[SHEET_COLUMNS_MAX][REPORT_CELL_MAX];
	const char *cells[SHEET_COLUMNS_MAX];
	size_t i;

	for (i = 0; i < n; i++) {
		cells[i] = report_cell(row, columns[i], p->style, text[i]);
		if (cells[i][0] == '\0')
			cells[i] = "—";
	}
	sheet_row(s, cells);
}

static void draw_table(struct sheet *s, const struct paper *p, const char *key)
{
	const struct report_table *t = report_table(p->report, key);
	const struct report_column *columns[SHEET_COLUMNS_MAX];
	struct sheet_column heads[SHEET_COLUMNS_MAX];
	json_t *rows = t != NULL ? report_rows(p->report, t) : NULL, *row;
	size_t i, n;

	if (json_array_size(rows) == 0) {
		json_decref(rows);
		return;
	}
	sheet_heading(s, report_name(t, p->style));
	n = paper_columns(t, p, columns, heads);
	sheet_table(s, heads, n);
	json_array_foreach(rows, i, row)
		draw_row(s, p, row, columns, n);
	sheet_table_end(s);
	json_decref(rows);
}

/* ------ charts ------ */

static long long most(const json_t *rows, const char *key)
{
	long long top = 0;
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		top = MAX(top, number(row, key));
	return top;
}

static double part(long long v, long long top)
{
	return top > 0 ? (double)v / (double)top : 0;
}

static void draw_days(struct sheet *s, const struct paper *p)
{
	static const struct { const char *key, *zh, *en; } charts[] = {
		{ "recordings", "每日入库录像（段）", "recordings stored, by day" },
		{ "findings", "每日发现问题（个）", "findings, by day" },
	};
	const json_t *days = json_object_get(p->report, "days"), *day;
	struct sheet_bar bars[SHEET_DAYS_MAX];
	char numbers[SHEET_DAYS_MAX][24], top[REPORT_CELL_MAX];
	size_t i, k;

	if (json_array_size(days) == 0)
		return;
	sheet_heading(s, SAY(p, "逐日情况", "Day by day"));
	for (k = 0; k < COUNT(charts); k++) {
		const long long high = most(days, charts[k].key);

		json_array_foreach(days, i, day) {
			const char *text = string(day, "day");

			if (i >= SHEET_DAYS_MAX)
				break;
			snprintf(numbers[i], sizeof(numbers[i]), "%lld", number(day, charts[k].key));
			bars[i] = (struct sheet_bar){ .label = strlen(text) == 10 ? text + 8 : text,
						      .number = numbers[i],
						      .part = part(number(day, charts[k].key), high) };
		}
		snprintf(top, sizeof(top), SAY(p, "%s，最高 %lld", "%s; highest: %lld"),
			 p->style->english ? charts[k].en : charts[k].zh, high);
		sheet_columns(s, top, bars, MIN(i, (size_t)SHEET_DAYS_MAX));
	}
}

/* Black: found; hatched, of these: warnings and less.  One bar an article. */
static void draw_articles(struct sheet *s, const struct paper *p)
{
	const json_t *rows = json_object_get(p->report, "articles"), *row;
	struct sheet_bar bars[BARS_MAX];
	char labels[BARS_MAX][48], numbers[BARS_MAX][96];
	long long raised[BARS_MAX + 1] = { 0 }, grave[BARS_MAX + 1] = { 0 }, article, top = 0;
	size_t i, n = 0;

	json_array_foreach(rows, i, row) {
		article = number(row, "article");
		if (article < 1 || article > BARS_MAX)
			continue;
		raised[article] += number(row, "raised");
		if (strcmp(string(row, "severity"), "violation") == 0)
			grave[article] += number(row, "raised");
		top = MAX(top, raised[article]);
	}
	if (top == 0)
		return;
	for (article = 1; article <= BARS_MAX; article++) {
		if (raised[article] == 0)
			continue;
		snprintf(labels[n], sizeof(labels[n]), SAY(p, "第%lld条", "Art. %lld"), article);
		snprintf(numbers[n], sizeof(numbers[n]), SAY(p, "%lld（违规 %lld）", "%lld (violations: %lld)"),
			 raised[article], grave[article]);
		bars[n] = (struct sheet_bar){ labels[n], numbers[n], part(raised[article], top),
					      part(raised[article] - grave[article], raised[article]) };
		n++;
	}
	sheet_heading(s, SAY(p, "本月发现的问题，按条款", "Findings of the month, by article"));
	sheet_legend(s, SAY(p, "违规", "violations"), SAY(p, "警告、提示、信息", "warnings, notices, infos"));
	sheet_bars(s, bars, n);
}

/* This month black, the one before hatched; each pair by the greater of the two. */
static void draw_comparison(struct sheet *s, const struct paper *p)
{
	static const char *const shown[] = { "recordings", "duration_ms", "late", "gaps", "violations", "warnings",
					     "missing", "short", "closed", "open", "open_overdue" };
	const struct report_table *t = report_table(p->report, "summary");
	const struct report_column name = { "name", "", "", REPORT_SENTENCE, 0 };
	static const struct report_column values[] = { { "now", "", "", REPORT_OF_ROW, 0 },
						       { "before", "", "", REPORT_OF_ROW, 0 } };
	char texts[2][REPORT_CELL_MAX], label[REPORT_CELL_MAX];
	json_t *rows = report_rows(p->report, t), *row;
	long long top;
	size_t i, k;

	if (json_object_get(p->report, "before") == NULL || json_array_size(rows) == 0) {
		json_decref(rows);
		return;
	}
	sheet_heading(s, SAY(p, "与上月比较", "Beside last month"));
	sheet_legend(s, SAY(p, "本月", "this month"), SAY(p, "上月", "last month"));
	json_array_foreach(rows, i, row) {
		for (k = 0; k < COUNT(shown); k++)
			if (strcmp(shown[k], string(row, "measure")) == 0)
				break;
		if (k == COUNT(shown))
			continue;
		top = MAX(number(row, "now"), number(row, "before"));
		const struct sheet_bar pair[] = {
			{ report_cell(row, &name, p->style, label), report_cell(row, &values[0], p->style, texts[0]),
			  part(number(row, "now"), top), 0 },
			{ "", report_cell(row, &values[1], p->style, texts[1]), part(number(row, "before"), top), 1 },
		};
		sheet_keep(s, 3);
		sheet_bars(s, pair, COUNT(pair));
	}
	json_decref(rows);
}

/* ------ recorders, day by day ------ */

static void draw_strip(struct sheet *s, const json_t *row)
{
	const json_t *days = json_object_get(row, "days"), *ms;
	double parts[SHEET_DAYS_MAX] = { 0 }, hours = (double)number(row, "duration_ms") / (3600 * 1000);
	char note[32];
	const char *day;
	int at;

	json_object_foreach((json_t *)(uintptr_t)days, day, ms) {
		at = (day[0] - '0') * 10 + (day[1] - '0') - 1;
		if (strlen(day) == 2 && at >= 0 && at < SHEET_DAYS_MAX)
			parts[at] = (double)json_integer_value(ms) / STRIP_FULL_MS;
	}
	snprintf(note, sizeof(note), "%.1f", hours);
	sheet_strip(s, string(row, "recorder"), parts, note);
}

static void draw_strips(struct sheet *s, const struct paper *p)
{
	const json_t *rows = json_object_get(p->report, "recorders"), *row;
	size_t i, days = json_array_size(json_object_get(p->report, "days"));
	bool begun = false;

	if (days == 0 || days > SHEET_DAYS_MAX)
		return;
	json_array_foreach(rows, i, row) {
		if (json_object_size(json_object_get(row, "days")) == 0)
			continue;
		if (!begun) {
			sheet_heading(s, SAY(p, "各记录仪逐日录像时长", "Hours recorded, by recorder and day"));
			sheet_paragraph(s, SAY(p, "按录制之日，本月入库的录像；格满为 8 小时或更长。右列为本月入库的总时长（小时）。",
					       "By the day of recording, of what was stored this month; a full cell is 8 hours or"
					       " more. At the right: all hours stored this month."));
			sheet_strips(s, SAY(p, "记录仪", "recorder"), SAY(p, "小时", "hours"), (unsigned)days);
			begun = true;
		}
		draw_strip(s, row);
	}
	if (begun)
		sheet_strips_end(s);
}

/* ------ the document ------ */

static void draw_end(struct sheet *s, const struct paper *p)
{
	const long long omitted = number(p->report, "findings_omitted");
	char text[256];

	if (omitted > 0) {
		snprintf(text, sizeof(text), SAY(p, "另有 %lld 个问题未列出，全部在目录中。",
						 "%lld more findings are not listed; all are in the catalog."), omitted);
		sheet_paragraph(s, text);
	}
}

static void draw(struct sheet *s, void *data)
{
	const struct paper *p = data;

	if (is_fixity(p)) {
		draw_fixity_head(s, p);
		draw_table(s, p, "stores");
		draw_table(s, p, "runs");
		return;
	}
	draw_head(s, p);
	draw_table(s, p, "summary");
	draw_comparison(s, p);
	draw_days(s, p);
	draw_articles(s, p);
	draw_table(s, p, "articles");
	draw_table(s, p, "units");
	draw_table(s, p, "coverage_units");
	draw_table(s, p, "findings");
	draw_end(s, p);
	draw_table(s, p, "officers");
	draw_table(s, p, "recorders");
	draw_strips(s, p);
}

int report_pdf(const json_t *report, const struct report_style *style, struct buf *to, struct err *e)
{
	struct paper p = { report, style };
	char title[REPORT_CELL_MAX];
	const struct sheet_style paper = { .title = title, .footer = title, .made_ms = report_made_ms(report),
					   .english = style->english };

	report_title(report, style, title);
	return sheet_write(&paper, draw, &p, to, e);
}
