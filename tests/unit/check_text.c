#include <string.h>

#include "base/util.h"
#include "unit/suite.h"
#include "vaultctl/table.h"
#include "vaultctl/text.h"

/* The conversions of a format, "%s %lld" -> "s lld ", the rest left out. */
static void conversions(const char *f, char ret[128])
{
	size_t n = 0;

	while ((f = strchr(f, '%')) != NULL) {
		f++;
		if (*f == '%') {
			f++;
			continue;
		}
		f += strspn(f, "0123456789.-+ ");
		while (*f != '\0' && n < 120) {
			ret[n++] = *f;
			if (strchr("sduxfc", *f++) != NULL)
				break;
		}
		ret[n++] = ' ';
	}
	ret[n] = '\0';
}

START_TEST(both_languages_take_the_same_values)
{
	char zh[128], en[128];

	conversions(text_in(LANG_ZH, (enum text_id)_i), zh);
	conversions(text_in(LANG_EN, (enum text_id)_i), en);
	ck_assert_str_eq(zh, en);
	ck_assert(text_in(LANG_ZH, (enum text_id)_i)[0] != '\0');
}
END_TEST

static const struct { const char *s; int width; } widths[] = {
	{ "", 0 }, { "abc", 3 }, { "记录仪", 6 }, { "A1 槽", 5 }, { "█╳·", 3 }, { "\xe8", 1 }, { "（）", 4 },
	{ "📷", 2 },
};

START_TEST(chinese_takes_two_columns)
{
	ck_assert_int_eq(text_width(widths[_i].s), widths[_i].width);
}
END_TEST

static const struct column columns[] = {
	{ C_RECORDER, "a.b", CELL_TEXT }, { C_SIZE, "n", CELL_BYTES }, { C_AT, "t", CELL_MOMENT },
};

static char *printed(void (*print)(FILE *, const json_t *, const struct column *, size_t),
		     const char *rows)
{
	json_t *j = json_loads(rows, 0, NULL);
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	ck_assert_ptr_nonnull(j);
	ck_assert_ptr_nonnull(f);
	print(f, j, columns, COUNT(columns));
	fclose(f);
	json_decref(j);
	return out;
}

START_TEST(tables_line_up)
{
	char *out = printed(table_print,
		"[{\"a\":{\"b\":\"仓\"},\"n\":1536,\"t\":\"2026-11-22T16:00:00.000Z\"},"
		"{\"a\":{\"b\":\"x\"},\"n\":null,\"t\":\"junk\"}]");

	text_language(LANG_EN);
	ck_assert_ptr_nonnull(strstr(out, "1.5 KiB  2026-11-23 00:00:00\n"));
	ck_assert_ptr_nonnull(strstr(out, "-  junk\n"));
	free(out);
}
END_TEST

START_TEST(csv_runs_no_formula)
{
	char *out = printed(table_csv, "[{\"a\":{\"b\":\"=1+\\\"2\\\"\"},\"n\":5,\"t\":\"@x\"}]");

	ck_assert_str_eq(out, "\xef\xbb\xbf" "a.b,n,t\r\n\"'=1+\"\"2\"\"\",\"5\",\"'@x\"\r\n");
	free(out);
}
END_TEST

START_TEST(csv_cuts_nothing_and_stays_one_line)
{
	char path[1001], rows[1200], want[1200], *out;

	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	snprintf(rows, sizeof(rows), "[{\"a\":{\"b\":\"%s\"},\"n\":\"x\\n\\u001b[2J\",\"t\":\"＝1\"}]", path);
	out = printed(table_csv, rows);
	snprintf(want, sizeof(want), "\xef\xbb\xbf" "a.b,n,t\r\n\"%s\",\"x\\x0a\\x1b[2J\",\"'＝1\"\r\n", path);
	ck_assert_str_eq(out, want);
	free(out);
}
END_TEST

START_TEST(tables_have_no_control_characters)
{
	char *out = printed(table_print, "[{\"a\":{\"b\":\"x\\n\\u001b[2J\\u009b\\u202e\"},\"n\":1}]");

	ck_assert_ptr_nonnull(strstr(out, "x\\x0a\\x1b[2J\\xc2\\x9b\\xe2\\x80\\xae "));
	free(out);
}
END_TEST

static const struct { enum cell cell; const char *row, *shown; } cells[] = {
	{ CELL_PERCENT, "{\"x\":0}", "0 %" },
	{ CELL_PERCENT, "{\"x\":null}", "-" },
	{ CELL_OFFSET, "{\"x\":0}", "+0.0 s" },
	{ CELL_OFFSET, "{\"x\":-1540}", "-1.5 s" },
	{ CELL_OFFSET, "{\"x\":3599949}", "+3599.9 s" },
	{ CELL_OFFSET, "{\"x\":-3600000}", "-1:00:00" },
	{ CELL_OFFSET, "{\"x\":1795437778123}", "+498732:42:58" },
	{ CELL_OFFSET, "{\"x\":-9223372036854775808}", "-1281023894007:36:28" },
	{ CELL_LIST, "{\"x\":[]}", "-" },
	{ CELL_LIST, "{\"x\":null}", "-" },
	{ CELL_LIST, "{\"x\":[\"a\",7,\"b\\n\"]}", "a; b\\x0a" },
};

START_TEST(cells_are_told_for_people)
{
	const struct column c = { C_NOTE, "x", cells[_i].cell };
	json_t *row = json_loads(cells[_i].row, 0, NULL);
	char text[CELL_MAX];

	ck_assert_ptr_nonnull(row);
	ck_assert_str_eq(cell_text(row, &c, text), cells[_i].shown);
	json_decref(row);
}
END_TEST

/* Into 16 bytes with the NUL. */
static const struct { const char *s, *shown; } shown[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "录像.mp4", "录像.mp4" },
	{ "\\x1b is so", "\\x1b is so" },		/* of the form already: not twice */
	{ "a\\b", "a\\x5cb" },
	{ "\x1b[2J", "\\x1b[2J" },
	{ "\xff\xfe", "\\xff\\xfe" },
	{ "123456789012345", "123456789012345" },
	{ "1234567890123456", "123456789012…" },
	{ "12345678901录像像", "12345678901…" },	/* cut between characters */
	{ "\x1b\x1b\x1b\x1b\x1b", "\\x1b\\x1b\\x1b…" },
};

START_TEST(what_is_shown_is_harmless)
{
	char text[16];

	ck_assert_str_eq(text_shown(shown[_i].s, text, sizeof(text)), shown[_i].shown);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, both_languages_take_the_same_values, 0, TEXTS);
	tcase_add_loop_test(tc, chinese_takes_two_columns, 0, (int)COUNT(widths));
	tcase_add_test(tc, tables_line_up);
	tcase_add_test(tc, csv_runs_no_formula);
	tcase_add_test(tc, csv_cuts_nothing_and_stays_one_line);
	tcase_add_test(tc, tables_have_no_control_characters);
	tcase_add_loop_test(tc, cells_are_told_for_people, 0, (int)COUNT(cells));
	tcase_add_loop_test(tc, what_is_shown_is_harmless, 0, (int)COUNT(shown));
}

int main(void)
{
	return suite_main("text", fill);
}
