/* Values of reports as people read them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utc.h"
#include "report/report.h"

static const json_t *value_of(const json_t *row, const struct report_column *c, bool english)
{
	char key[64];

	if (c->kind != REPORT_SENTENCE)
		return json_object_get(row, c->key);
	snprintf(key, sizeof(key), "%s_%s", c->key, english ? "en" : "zh");
	return json_object_get(row, key);
}

static enum report_kind kind_of(const json_t *row, const struct report_column *c)
{
	if (c->kind != REPORT_OF_ROW && c->kind != REPORT_CHANGE)
		return c->kind;
	return (enum report_kind)json_integer_value(json_object_get(row, "kind"));
}

bool report_is_right(enum report_kind kind)
{
	return kind >= REPORT_COUNT;
}

bool report_number(const json_t *row, const struct report_column *c, double *ret)
{
	const json_t *v = json_object_get(row, c->key);

	if (!json_is_number(v))
		return false;
	*ret = json_number_value(v);
	switch (kind_of(row, c)) {
	case REPORT_HOURS:	*ret /= 3600 * 1000; break;
	case REPORT_DAYS:	*ret /= UTC_DAY_MS; break;
	case REPORT_GIB:	*ret /= 1024.0 * 1024 * 1024; break;
	case REPORT_PERMILLE:	*ret /= 1000; break;
	case REPORT_ARTICLE:
	case REPORT_COUNT:	break;
	default:		return false;
	}
	return true;
}

static void number_text(const json_t *row, const struct report_column *c, char ret[REPORT_CELL_MAX])
{
	const bool sign = c->kind == REPORT_CHANGE || c->kind == REPORT_PERMILLE;
	double v;

	if (!report_number(row, c, &v)) {
		ret[0] = '\0';
		return;
	}
	switch (kind_of(row, c)) {
	case REPORT_COUNT:
		snprintf(ret, REPORT_CELL_MAX, sign && v != 0 ? "%+.0f" : "%.0f", v);
		break;
	case REPORT_PERMILLE:
		snprintf(ret, REPORT_CELL_MAX, v != 0 ? "%+.1f %%" : "%.1f %%", v * 100);
		break;
	default:
		if (fabs(v) < 0.05)
			v = 0;		/* no "-0.0" */
		snprintf(ret, REPORT_CELL_MAX, sign && v != 0 ? "%+.1f" : "%.1f", v);
		break;
	}
}

static void moment_text(const char *s, char ret[REPORT_CELL_MAX])
{
	char shown[20];
	int64_t ms;

	if (utc_parse(s, strlen(s), &ms) == 0) {
		utc_format_shanghai(ms, shown);
		s = shown;
	}
	snprintf(ret, REPORT_CELL_MAX, "%s", s);
}

/* Cut between characters: what follows is not half of one. */
static void text_text(const char *s, char ret[REPORT_CELL_MAX])
{
	size_t len = strlen(s);

	if (len >= REPORT_CELL_MAX) {
		len = REPORT_CELL_MAX - 4;
		while (len > 0 && (s[len] & 0xc0) == 0x80)
			len--;
		snprintf(ret, REPORT_CELL_MAX, "%.*s…", (int)len, s);
		return;
	}
	memcpy(ret, s, len + 1);
}

const char *report_cell(const json_t *row, const struct report_column *c, const struct report_style *style,
			char ret[REPORT_CELL_MAX])
{
	const json_t *v = value_of(row, c, style->english);
	const char *s = json_string_value(v);

	ret[0] = '\0';
	if (v == NULL || json_is_null(v))
		return ret;
	if (c->kind == REPORT_ARTICLE)
		snprintf(ret, REPORT_CELL_MAX, style->english ? "Art. %lld" : "第%lld条",
			 (long long)json_integer_value(v));
	else if (s == NULL)
		number_text(row, c, ret);
	else if (c->kind == REPORT_MOMENT)
		moment_text(s, ret);
	else
		text_text(c->kind == REPORT_WORD ? style->word(s) : s, ret);
	return ret;
}

const char *report_head(const struct report_column *c, const struct report_style *style)
{
	return style->english ? c->en : c->zh;
}

const char *report_name(const struct report_table *t, const struct report_style *style)
{
	return style->english ? t->en : t->zh;
}

static const char *string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

void report_title(const json_t *report, const struct report_style *style, char ret[REPORT_CELL_MAX])
{
	const char *month = string(report, "month"), *unit = string(report, "unit");
	const char *const between = style->english ? ", unit " : "　单位 ";

	if (strcmp(string(report, "kind"), "fixity") == 0)
		snprintf(ret, REPORT_CELL_MAX, "%s %.10s", style->english ? "Fixity report" : "存储校验报告",
			 string(report, "made_at"));
	else if (month[0] != '\0')
		snprintf(ret, REPORT_CELL_MAX, "%s %s%s%s", style->english ? "Monthly integrity report" :
			 "月度完整性报告", month, unit[0] != '\0' ? between : "", unit);
	else
		snprintf(ret, REPORT_CELL_MAX, "%s %s – %s%s%s", style->english ? "Integrity report" :
			 "执法记录完整性报告", string(report, "from"), string(report, "to"),
			 unit[0] != '\0' ? between : "", unit);
}

int64_t report_made_ms(const json_t *report)
{
	const char *s = string(report, "made_at");
	int64_t ms;

	return utc_parse(s, strlen(s), &ms) == 0 ? ms : 0;
}
