#include "format/name.h"

#include <string.h>

#include "base/util.h"
#include "unit/suite.h"

#define RAW(s) (const uint8_t *)(s), sizeof(s) - 1

enum how { TEXT, UTF8, UTF16, GBK };

static const struct { enum how how; const uint8_t *raw; size_t len; const char *want; } names[] = {
	{ UTF8, RAW("MOVI0001.mp4"), "MOVI0001.mp4" },
	{ UTF8, RAW("执法记录仪.mp4"), "执法记录仪.mp4" },
	{ UTF8, RAW(""), "\\x00" },
	{ UTF8, RAW("."), "\\x2e" },
	{ UTF8, RAW(".."), "\\x2e." },
	{ UTF8, RAW("..."), "..." },
	{ UTF8, RAW(".a"), ".a" },
	{ UTF8, RAW("a."), "a." },
	{ UTF8, RAW("../../etc/passwd"), "..\\x2f..\\x2fetc\\x2fpasswd" },
	{ UTF8, RAW("a\\b"), "a\\x5cb" },
	{ UTF8, RAW("a\nb\x1b[2Jc\x7f"), "a\\x0ab\\x1b[2Jc\\x7f" },
	{ UTF8, RAW("a\0b"), "a\\x00b" },
	{ UTF8, RAW("\xc2\x85"), "\\xc2\\x85" },		/* NEL, a C1 control */
	{ UTF8, RAW("a\xe2\x80\xae" "4pm.exe"), "a\\xe2\\x80\\xae4pm.exe" },	/* U+202E */
	{ UTF8, RAW("\xe2\x80\xa7"), "\xe2\x80\xa7" },		/* U+2027 */
	{ UTF8, RAW("\xe2\x80\xa8"), "\\xe2\\x80\\xa8" },	/* U+2028 */
	{ UTF8, RAW("\xc0\xaf"), "\\xc0\\xaf" },		/* an overlong '/' */
	{ UTF8, RAW("\xe0\x80\xaf"), "\\xe0\\x80\\xaf" },
	{ UTF8, RAW("\xed\xa0\x80"), "\\xed\\xa0\\x80" },	/* a surrogate */
	{ UTF8, RAW("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf" },	/* U+10FFFF */
	{ UTF8, RAW("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80" },
	{ UTF8, RAW("\xe6\x89"), "\\xe6\\x89" },		/* cut short */
	{ UTF8, RAW("\xe6\x89" "a"), "\\xe6\\x89" "a" },
	{ UTF16, RAW("a\0.\0m\0"), "a.m" },
	{ UTF16, RAW("\x67\x62\xd5\x6c"), "执法" },
	{ UTF16, RAW("\xe9\0" "\xff\x07"), "\xc3\xa9\xdf\xbf" },
	{ UTF16, RAW("\x3d\xd8\x00\xde"), "\xf0\x9f\x98\x80" },
	{ UTF16, RAW("\xff\xdb\xff\xdf"), "\xf4\x8f\xbf\xbf" },
	{ UTF16, RAW("\x00\xd8" "a\0"), "\\x00\\xd8" "a" },
	{ UTF16, RAW("\x00\xdc\x00\xd8"), "\\x00\\xdc\\x00\\xd8" },
	{ UTF16, RAW("a\0" "b"), "a\\x62" },
	{ UTF16, RAW("a\0/\0\n\0"), "a\\x2f\\x0a" },
	{ UTF16, RAW("\x2e\x20"), "\\xe2\\x80\\xae" },
	{ UTF16, RAW(".\0.\0"), "\\x2e." },
	{ UTF16, RAW(""), "\\x00" },
	{ TEXT, RAW("DCIM/a\tb"), "DCIM/a\\x09b" },
	{ TEXT, RAW(""), "" },
	{ GBK, RAW("\xd6\xb4\xb7\xa8.MP4"), "执法.MP4" },
	{ GBK, RAW("A\xd6"), "A\\xd6" },			/* half a character */
	{ GBK, RAW("\xff\xd6\xb4"), "\\xff执" },
	{ GBK, RAW("\x81\x30\x81\x30"), "\\xc2\\x80" },		/* four bytes: U+0080 */
	{ GBK, RAW("\x82\x35\x8f\x33"), "\xe9\xbe\xa6" },	/* four bytes: U+9FA6 */
	{ GBK, RAW("\x81\x5c"), "\xe4\xb9\x97" },		/* 0x5c is its second byte, no backslash */
	{ GBK, RAW("a\\\n"), "a\\x5c\\x0a" },
	{ GBK, RAW(".."), "\\x2e." },
	{ GBK, RAW(""), "\\x00" },
};

START_TEST(decodes)
{
	struct buf b = BUF_INIT(1024);
	struct name_gbk *g = NULL;

	ck_assert_int_eq(name_gbk_new(&g, NULL), 0);
	switch (names[_i].how) {
	case TEXT: name_add_text(&b, names[_i].raw, names[_i].len); break;
	case UTF8: name_add_utf8(&b, names[_i].raw, names[_i].len); break;
	case UTF16: name_add_utf16le(&b, names[_i].raw, names[_i].len); break;
	case GBK: name_add_gbk(g, &b, names[_i].raw, names[_i].len); break;
	}
	ck_assert(!b.failed);
	ck_assert_str_eq(buf_str(&b), names[_i].want);
	ck_assert(name_is_text(b.p, b.len));
	if (names[_i].how != TEXT)
		ck_assert(name_is_path(b.p, b.len));
	buf_clear(&b);
	name_gbk_free(g);
}
END_TEST

static const struct { const uint8_t *p; size_t len; bool text, path; } forms[] = {
	{ RAW("DCIM/100/a.mp4"), true, true },
	{ RAW("a"), true, true },
	{ RAW("..."), true, true },
	{ RAW("a/\\x2e./b"), true, true },
	{ RAW(""), true, false },
	{ RAW("/a"), true, false },
	{ RAW("a/"), true, false },
	{ RAW("a//b"), true, false },
	{ RAW("."), true, false },
	{ RAW("a/./b"), true, false },
	{ RAW("../a"), true, false },
	{ RAW("a/.."), true, false },
	{ RAW("a\\"), false, false },
	{ RAW("a\\x5"), false, false },
	{ RAW("a\\x5C"), false, false },
	{ RAW("a\\n00"), false, false },
	{ RAW("a\nb"), false, false },
	{ RAW("a\0"), false, false },
	{ RAW("\xff"), false, false },
	{ RAW("\xe2\x80\xae"), false, false },
};

START_TEST(knows_the_form)
{
	ck_assert_int_eq(name_is_text(forms[_i].p, forms[_i].len), forms[_i].text);
	ck_assert_int_eq(name_is_path(forms[_i].p, forms[_i].len), forms[_i].path);
}
END_TEST

static const struct { const char *path, *last; } lasts[] = {
	{ "DCIM/100/a.mp4", "a.mp4" }, { "a", "a" }, { "d.1/", "" },
};

START_TEST(finds_the_last_component)
{
	ck_assert_str_eq(name_last(lasts[_i].path), lasts[_i].last);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, decodes, 0, (int)COUNT(names));
	tcase_add_loop_test(tc, knows_the_form, 0, (int)COUNT(forms));
	tcase_add_loop_test(tc, finds_the_last_component, 0, (int)COUNT(lasts));
}

int main(void)
{
	return suite_main("name", fill);
}
