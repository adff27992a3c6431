/* lib/format/bagit: declarations, encodings, paths, lines of manifests and of bag-info.txt. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "format/bagit.h"
#include "unit/suite.h"

#define BAGIT(version, rest)	"BagIt-Version: " version "\nTag-File-Character-Encoding: " rest
#define MD5		"751e32179ec8acd71081654527f2e771"

static const struct bagit_declaration draft = { 0, 97, BAGIT_UTF8 }, rfc = { 1, 0, BAGIT_UTF8 };

/* ------ bagit.txt ------ */

static const struct {
	const char *text;
	int r;
	unsigned major, minor;
	enum bagit_encoding encoding;
} declarations[] = {
	{ BAGIT("1.0", "UTF-8\n"),		0, 1, 0, BAGIT_UTF8 },
	{ BAGIT("0.97", "utf-16"),		0, 0, 97, BAGIT_UTF16 },
	{ BAGIT("0.93", "ISO-8859-1\r"),	0, 0, 93, BAGIT_LATIN1 },
	{ BAGIT("0.97", "GBK\n"),		0, 0, 97, BAGIT_GB18030 },
	{ "BagIt-Version: 0.97\r\nTag-File-Character-Encoding: \t UTF-8  \r\n", 0, 0, 97, BAGIT_UTF8 },
	{ BAGIT("1.0 ", "UTF-8\n"),		0, 1, 0, BAGIT_UTF8 },
	{ "",					-EINVAL, 0, 0, 0 },
	{ "BagIt-Version: 1.0\n",		-EINVAL, 0, 0, 0 },
	{ "BagIt-Version:1.0\nTag-File-Character-Encoding: UTF-8\n", -EINVAL, 0, 0, 0 },
	{ "BagIt-Version : 1.0\nTag-File-Character-Encoding : UTF-8\n", -EINVAL, 0, 0, 0 },
	{ "Tag-File-Character-Encoding: UTF-8\nBagIt-Version: 1.0\n", -EINVAL, 0, 0, 0 },
	{ "\xef\xbb\xbf" BAGIT("1.0", "UTF-8\n"), -EINVAL, 0, 0, 0 },
	{ BAGIT("1.0", "UTF-8\nmore\n"),	-EINVAL, 0, 0, 0 },
	{ BAGIT("1.0", "UTF-8\n\n"),		-EINVAL, 0, 0, 0 },
	{ BAGIT(".97", "UTF-8\n"),		-EINVAL, 0, 0, 0 },
	{ BAGIT("1", "UTF-8\n"),		-EINVAL, 0, 0, 0 },
	{ BAGIT("1.0.0", "UTF-8\n"),		-EINVAL, 0, 0, 0 },
	{ BAGIT("-1.0", "UTF-8\n"),		-EINVAL, 0, 0, 0 },
	{ BAGIT("99999999999999999999.0", "UTF-8\n"), -EINVAL, 0, 0, 0 },
	{ BAGIT("1.1", "UTF-8\n"),		-EPROTONOSUPPORT, 0, 0, 0 },
	{ BAGIT("0.92", "UTF-8\n"),		-EPROTONOSUPPORT, 0, 0, 0 },
	{ BAGIT("2.0", "UTF-8\n"),		-EPROTONOSUPPORT, 0, 0, 0 },
	{ BAGIT("1.0", "UTF-7\n"),		-EILSEQ, 0, 0, 0 },
	{ BAGIT("1.0", "../../tmp/evil\n"),	-EILSEQ, 0, 0, 0 },
};

START_TEST(reads_a_declaration)
{
	struct bagit_declaration d = { 9, 9, BAGIT_UTF8 };
	struct err e = { 0, "" };
	int r = bagit_parse_declaration((const uint8_t *)declarations[_i].text,
					strlen(declarations[_i].text), &d, &e);

	ck_assert_msg(r == declarations[_i].r, "%s: %d, %s", declarations[_i].text, r, e.msg);
	ck_assert_uint_eq(d.major, r == 0 ? declarations[_i].major : 9);
	if (r < 0)
		return;
	ck_assert_uint_eq(d.minor, declarations[_i].minor);
	ck_assert_int_eq(d.encoding, declarations[_i].encoding);
}
END_TEST

START_TEST(bounds_a_declaration)
{
	uint8_t long_text[BAGIT_DECLARATION_MAX + 1];
	struct bagit_declaration d;

	memset(long_text, ' ', sizeof(long_text));
	memcpy(long_text, BAGIT("1.0", "UTF-8"), strlen(BAGIT("1.0", "UTF-8")));
	ck_assert_int_eq(bagit_parse_declaration(long_text, sizeof(long_text) - 1, &d, NULL), 0);
	ck_assert_int_eq(bagit_parse_declaration(long_text, sizeof(long_text), &d, NULL), -EINVAL);
}
END_TEST

/* ------ encodings ------ */

static const struct { enum bagit_encoding from; const char *in; size_t len; const char *out; } texts[] = {
	{ BAGIT_UTF8,	  "N\xc3\xba\n", 4, "N\xc3\xba\n" },
	{ BAGIT_UTF8,	  "", 0, "" },
	{ BAGIT_UTF8,	  "N\xba", 2, NULL },
	{ BAGIT_UTF8,	  "a\0b", 3, NULL },
	{ BAGIT_UTF8,	  "\xed\xa0\x80", 3, NULL },
	{ BAGIT_ASCII,	  "abc", 3, "abc" },
	{ BAGIT_ASCII,	  "\xc3\xba", 2, NULL },
	{ BAGIT_LATIN1,	  "N\xfa", 2, "N\xc3\xba" },
	{ BAGIT_UTF16,	  "\xff\xfe" "a\0", 4, "a" },
	{ BAGIT_UTF16,	  "\xfe\xff" "\0a", 4, "a" },
	{ BAGIT_UTF16,	  "\0a", 2, "a" },
	{ BAGIT_UTF16,	  "\xff\xfe", 2, "" },
	{ BAGIT_UTF16LE,  "a\0\x87\x65", 4, "a\xe6\x96\x87" },
	{ BAGIT_UTF16BE,  "\0a\x65\x87", 4, "a\xe6\x96\x87" },
	{ BAGIT_UTF16LE,  "a\0b", 3, NULL },
	{ BAGIT_UTF16LE,  "\0\xd8" "a\0", 4, NULL },
	{ BAGIT_GB18030,  "\xce\xc4", 2, "\xe6\x96\x87" },
	{ BAGIT_GB18030,  "\xce", 1, NULL },
};

START_TEST(reads_encodings)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(1024);
	struct err e = { 0, "" };
	int r = bagit_to_utf8(texts[_i].from, (const uint8_t *)texts[_i].in, texts[_i].len, &b, &e);

	ck_assert_int_eq(r, texts[_i].out != NULL ? 0 : -EILSEQ);
	if (r == 0)
		ck_assert_str_eq(buf_str(&b), texts[_i].out);
}
END_TEST

/* More than the conversion's block, and more than there is room for. */
START_TEST(converts_what_is_long)
{
	AUTO(buf_clear) struct buf from = BUF_INIT(64 * 1024), to = BUF_INIT(64 * 1024);
	AUTO(buf_clear) struct buf small = BUF_INIT(1000);
	int i;

	for (i = 0; i < 10000; i++)
		buf_adds(&from, "\xfa");
	ck_assert_int_eq(bagit_to_utf8(BAGIT_LATIN1, from.p, from.len, &to, NULL), 0);
	ck_assert_uint_eq(to.len, 20000);
	ck_assert_mem_eq(to.p + 19998, "\xc3\xba", 2);
	ck_assert_int_eq(bagit_to_utf8(BAGIT_LATIN1, from.p, from.len, &small, NULL), -ENOBUFS);
}
END_TEST

/* ------ names and paths ------ */

static const struct { const char *path; enum bagit_file kind; enum bagit_algorithm a; } kinds[] = {
	{ "bagit.txt", BAGIT_DECLARATION, 0 },
	{ "bag-info.txt", BAGIT_INFO, 0 },
	{ "fetch.txt", BAGIT_FETCH, 0 },
	{ "manifest-md5.txt", BAGIT_MANIFEST, BAGIT_MD5 },
	{ "manifest-SHA512.txt", BAGIT_MANIFEST, BAGIT_SHA512 },
	{ "tagmanifest-sha224.txt", BAGIT_TAG_MANIFEST, BAGIT_SHA224 },
	{ "manifest-whirlpool.txt", BAGIT_MANIFEST, BAGIT_ALGORITHMS },
	{ "manifest-.txt", BAGIT_MANIFEST, BAGIT_ALGORITHMS },
	{ "manifest-sha256.txt.minisig", BAGIT_TAG_FILE, 0 },
	{ "manifest-a/b.txt", BAGIT_TAG_FILE, 0 },
	{ "data/manifest-md5.txt", BAGIT_PAYLOAD, 0 },
	{ "data", BAGIT_TAG_FILE, 0 },
	{ "README", BAGIT_TAG_FILE, 0 },
};

START_TEST(tells_files_apart)
{
	enum bagit_algorithm a = kinds[_i].a;

	ck_assert_int_eq(bagit_file_kind(kinds[_i].path, &a), kinds[_i].kind);
	ck_assert_int_eq(a, kinds[_i].a);
}
END_TEST

static const struct { const char *path; size_t len; enum bagit_path verdict; } paths[] = {
	{ "data/a", 6, BAGIT_PATH_GOOD },
	{ "data/~a", 7, BAGIT_PATH_GOOD },
	{ "data/...", 8, BAGIT_PATH_GOOD },
	{ "data/..a/.b", 11, BAGIT_PATH_GOOD },
	{ "data/a\\b", 8, BAGIT_PATH_GOOD },
	{ "\xe6\x96\x87", 3, BAGIT_PATH_GOOD },
	{ "", 0, BAGIT_PATH_EMPTY },
	{ "data//a", 7, BAGIT_PATH_EMPTY },
	{ "data/", 5, BAGIT_PATH_EMPTY },
	{ "data/a\0b", 8, BAGIT_PATH_NUL },
	{ "/etc/passwd", 11, BAGIT_PATH_ABSOLUTE },
	{ "\\\\?\\UNC\\server", 14, BAGIT_PATH_ABSOLUTE },
	{ "C:\\Windows", 10, BAGIT_PATH_ABSOLUTE },
	{ "c:x", 3, BAGIT_PATH_ABSOLUTE },
	{ "~/foo", 5, BAGIT_PATH_HOME },
	{ "~root/foo", 9, BAGIT_PATH_HOME },
	{ "..", 2, BAGIT_PATH_UPWARDS },
	{ "data/../x", 9, BAGIT_PATH_UPWARDS },
	{ "data/./x", 8, BAGIT_PATH_UPWARDS },
	{ "data/x/..", 9, BAGIT_PATH_UPWARDS },
	{ "data\\..\\x", 9, BAGIT_PATH_UPWARDS },
};

START_TEST(checks_paths)
{
	ck_assert_msg(bagit_check_path(paths[_i].path, paths[_i].len) == paths[_i].verdict, "%s",
		      paths[_i].path);
}
END_TEST

START_TEST(bounds_paths)
{
	char path[BAGIT_PATH_MAX + 1];

	memset(path, 'a', sizeof(path));
	ck_assert_int_eq(bagit_check_path(path, BAGIT_PATH_MAX), BAGIT_PATH_GOOD);
	ck_assert_int_eq(bagit_check_path(path, BAGIT_PATH_MAX + 1), BAGIT_PATH_LONG);
}
END_TEST

START_TEST(folds_paths)
{
	AUTO(buf_clear) struct buf a = BUF_INIT(100), b = BUF_INIT(100), none = BUF_INIT(100);

	bagit_fold_path("data/N\xc3\xba\xc3\xb1" "EZ", &a);		/* composed */
	bagit_fold_path("data/nu\xcc\x81n\xcc\x83" "ez", &b);	/* and decomposed */
	ck_assert_str_eq(buf_str(&a), buf_str(&b));
	bagit_fold_path("data/\xce\xc4", &none);
	ck_assert_uint_eq(none.len, 0);
	ck_assert(bagit_is_system_file("data/x/.DS_Store") && bagit_is_system_file("thumbs.DB"));
	ck_assert(!bagit_is_system_file("data/.DS_Store/x"));
}
END_TEST

/* ------ lines ------ */

START_TEST(parts_lines)
{
	static const char text[] = "a\n\r\nb\r\rc";
	static const char *const want[] = { "a", "", "b", "", "c" };
	struct bagit_lines l = { text, text + strlen(text), 0 };
	const char *line;
	size_t len, i;

	for (i = 0; i < COUNT(want); i++) {
		ck_assert(bagit_next_line(&l, &line, &len));
		ck_assert_uint_eq(l.number, i + 1);
		ck_assert_uint_eq(len, strlen(want[i]));
		ck_assert_mem_eq(line, want[i], len);
	}
	ck_assert(!bagit_next_line(&l, &line, &len));
}
END_TEST

static const struct {
	const struct bagit_declaration *d;
	enum bagit_file kind;
	const char *line;
	enum bagit_line verdict;
	const char *path;
	unsigned habits;
} entries[] = {
	{ &rfc, BAGIT_MANIFEST, MD5 "  data/a", BAGIT_LINE_GOOD, "data/a", 0 },
	{ &rfc, BAGIT_MANIFEST, MD5 "\t data/a b ", BAGIT_LINE_GOOD, "data/a b ", 0 },
	{ &rfc, BAGIT_MANIFEST, "751E32179EC8ACD71081654527F2E771 data/a", BAGIT_LINE_GOOD, "data/a", 0 },
	{ &rfc, BAGIT_MANIFEST, MD5 " *data/a", BAGIT_LINE_GOOD, "data/a", BAGIT_BINARY_MARK },
	{ &rfc, BAGIT_MANIFEST, MD5 " ./data/a", BAGIT_LINE_GOOD, "data/a", BAGIT_DOT_SLASH },
	{ &rfc, BAGIT_MANIFEST, MD5 " *./data/a", BAGIT_LINE_GOOD, "data/a",
	  BAGIT_DOT_SLASH | BAGIT_BINARY_MARK },
	{ &rfc, BAGIT_MANIFEST, MD5 " data/a\\b", BAGIT_LINE_GOOD, "data/a\\b", BAGIT_BACKSLASH },
	{ &rfc, BAGIT_MANIFEST, MD5 " data/%0a%0D%25%2525", BAGIT_LINE_GOOD, "data/\n\r%%25", 0 },
	{ &rfc, BAGIT_MANIFEST, MD5 " data/%7Ea%", BAGIT_LINE_GOOD, "data/%7Ea%", BAGIT_BARE_PERCENT },
	{ &draft, BAGIT_MANIFEST, MD5 " data/%0a%25%7E%", BAGIT_LINE_GOOD, "data/\n%25%7E%", 0 },
	{ &rfc, BAGIT_TAG_MANIFEST, MD5 " bagit.txt", BAGIT_LINE_GOOD, "bagit.txt", 0 },
	{ &rfc, BAGIT_TAG_MANIFEST, MD5 " data", BAGIT_LINE_GOOD, "data", 0 },
	{ &rfc, BAGIT_TAG_MANIFEST, MD5 " data/a", BAGIT_LINE_PLACE, "data/a", 0 },
	{ &rfc, BAGIT_MANIFEST, MD5 " Data/a", BAGIT_LINE_PLACE, "Data/a", 0 },
	{ &rfc, BAGIT_MANIFEST, MD5 " data\\a", BAGIT_LINE_PLACE, "data\\a", BAGIT_BACKSLASH },
	{ &rfc, BAGIT_MANIFEST, MD5 " %HomeDrive%\\x", BAGIT_LINE_PLACE, "%HomeDrive%\\x",
	  BAGIT_BACKSLASH | BAGIT_BARE_PERCENT },
	{ &rfc, BAGIT_MANIFEST, MD5 " ././data/a", BAGIT_LINE_PATH, "./data/a", BAGIT_DOT_SLASH },
	{ &rfc, BAGIT_MANIFEST, MD5 " data/../../a", BAGIT_LINE_PATH, "data/../../a", 0 },
	{ &rfc, BAGIT_MANIFEST, MD5 " /etc/passwd", BAGIT_LINE_PATH, "/etc/passwd", 0 },
	{ &rfc, BAGIT_MANIFEST, MD5 " ./", BAGIT_LINE_PATH, "", BAGIT_DOT_SLASH },
	{ &rfc, BAGIT_MANIFEST, MD5 "data/a", BAGIT_LINE_MALFORMED, NULL, 0 },
	{ &rfc, BAGIT_MANIFEST, MD5 "  ", BAGIT_LINE_MALFORMED, NULL, 0 },
	{ &rfc, BAGIT_MANIFEST, " " MD5 " data/a", BAGIT_LINE_MALFORMED, NULL, 0 },
	{ &rfc, BAGIT_MANIFEST, "", BAGIT_LINE_MALFORMED, NULL, 0 },
	{ &rfc, BAGIT_MANIFEST, "\xef\xbb\xbf" MD5 " data/a", BAGIT_LINE_CHECKSUM, NULL, 0 },
	{ &rfc, BAGIT_MANIFEST, MD5 "00 data/a", BAGIT_LINE_CHECKSUM, NULL, 0 },
	{ &rfc, BAGIT_MANIFEST, "\\" MD5 " data/a", BAGIT_LINE_CHECKSUM, NULL, 0 },
	{ &rfc, BAGIT_MANIFEST, "g51e32179ec8acd71081654527f2e771 data/a", BAGIT_LINE_CHECKSUM, NULL, 0 },
};

START_TEST(reads_lines_of_manifests)
{
	struct bagit_entry entry;
	const char *line = entries[_i].line;
	enum bagit_line v = bagit_parse_entry(entries[_i].d, entries[_i].kind, BAGIT_MD5, line,
					      strlen(line), &entry);

	ck_assert_msg(v == entries[_i].verdict, "%s: %d", line, v);
	if (entries[_i].path != NULL)
		ck_assert_str_eq(entry.path, entries[_i].path);
	ck_assert_uint_eq(entry.habits, entries[_i].habits);
	if (v == BAGIT_LINE_GOOD)
		ck_assert_mem_eq(entry.digest, "\x75\x1e\x32\x17", 4);
}
END_TEST

START_TEST(bounds_a_line)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(64 * 1024);
	struct bagit_entry entry;
	size_t i;

	buf_adds(&b, MD5 " data/");
	for (i = 5; i < BAGIT_PATH_MAX; i++)
		buf_adds(&b, "x");
	ck_assert_int_eq(bagit_parse_entry(&rfc, BAGIT_MANIFEST, BAGIT_MD5, buf_str(&b), b.len,
					   &entry), BAGIT_LINE_GOOD);
	ck_assert_uint_eq(entry.path_len, BAGIT_PATH_MAX);
	buf_adds(&b, "x");
	ck_assert_int_eq(bagit_parse_entry(&rfc, BAGIT_MANIFEST, BAGIT_MD5, buf_str(&b), b.len,
					   &entry), BAGIT_LINE_MALFORMED);
}
END_TEST

static const struct { const char *line; enum bagit_line verdict; const char *path; uint64_t size; } fetches[] = {
	{ "http://h/a%201 - data/a 1", BAGIT_LINE_GOOD, "data/a 1", UINT64_MAX },
	{ "http://h/a\t 42 \tdata/a", BAGIT_LINE_GOOD, "data/a", 42 },
	{ "http://h/a - ../../../README.md", BAGIT_LINE_PATH, "../../../README.md", UINT64_MAX },
	{ "http://h/a - ~root/foo", BAGIT_LINE_PATH, "~root/foo", UINT64_MAX },
	{ "http://h/a - bagit.txt", BAGIT_LINE_PLACE, "bagit.txt", UINT64_MAX },
	{ "http://h/a -1 data/a", BAGIT_LINE_MALFORMED, "", UINT64_MAX },
	{ "http://h/a 99999999999999999999 data/a", BAGIT_LINE_MALFORMED, "", UINT64_MAX },
	{ "http://h/a - ", BAGIT_LINE_MALFORMED, "", UINT64_MAX },
	{ "http://h/a -", BAGIT_LINE_MALFORMED, "", UINT64_MAX },
	{ "http://h/a", BAGIT_LINE_MALFORMED, "", UINT64_MAX },
	{ "", BAGIT_LINE_MALFORMED, "", UINT64_MAX },
};

START_TEST(reads_lines_of_fetch)
{
	const char *line = fetches[_i].line;
	struct bagit_entry entry;

	ck_assert_int_eq(bagit_parse_fetch(&rfc, line, strlen(line), &entry), fetches[_i].verdict);
	ck_assert_str_eq(entry.path, fetches[_i].path);
	ck_assert_uint_eq(entry.size, fetches[_i].size);
}
END_TEST

/* ------ bag-info.txt ------ */

static const struct { const struct bagit_declaration *d; const char *text; const char *said; } infos[] = {
	{ &rfc, "A: 1\nB: 2\r\n", "A=1|B=2|" },
	{ &rfc, "A: one\n two\r\n\tthree \nB: \n", "A=one two three|B=|" },
	{ &rfc, "\n\nA: b:c\n\n", "A=b:c|" },
	{ &rfc, "", "" },
	{ &draft, "T : 1\nT    :   2\nT:3", "T=1|T=2|T=3|" },
	{ &rfc, "A: 1\nT : 1\n", "A=1|line 2" },
	{ &rfc, "T:1\n", "line 1" },
	{ &rfc, "A: 1\nno colon\n", "A=1|line 2" },
	{ &rfc, " begins with white space: 1\n", "line 1" },
	{ &draft, ": 1\n", "line 1" },
};

START_TEST(reads_tags)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(1024);
	const char *text = infos[_i].text;
	struct bagit_lines l = { text, text + strlen(text), 0 };
	struct bagit_tag tag;
	int r;

	while ((r = bagit_next_tag(infos[_i].d, &l, &tag)) > 0)
		buf_addf(&b, "%s=%s|", tag.label, tag.value);
	if (r < 0)
		buf_addf(&b, "line %d", (int)l.number);
	ck_assert_str_eq(buf_str(&b), infos[_i].said);
}
END_TEST

START_TEST(bounds_tags)
{
	static const char nul[] = "A: 1\n \0\n";
	AUTO(buf_clear) struct buf b = BUF_INIT(64 * 1024);
	struct bagit_lines l = { nul, nul + sizeof(nul) - 1, 0 };
	struct bagit_tag tag;
	int i;

	ck_assert_int_eq(bagit_next_tag(&rfc, &l, &tag), -EINVAL);
	buf_adds(&b, "A: ");
	for (i = 0; i < 1000; i++)
		buf_adds(&b, "0123456789\n ");
	l = (struct bagit_lines){ buf_str(&b), buf_str(&b) + b.len, 0 };
	ck_assert_int_eq(bagit_next_tag(&rfc, &l, &tag), 1);
	ck_assert_uint_eq(strlen(tag.value), BAGIT_VALUE_MAX);
	ck_assert_int_eq(bagit_next_tag(&rfc, &l, &tag), 0);
	buf_reset(&b);
	for (i = 0; i <= BAGIT_LABEL_MAX; i++)
		buf_adds(&b, "L");
	buf_adds(&b, ": 1\n");
	l = (struct bagit_lines){ buf_str(&b), buf_str(&b) + b.len, 0 };
	ck_assert_int_eq(bagit_next_tag(&rfc, &l, &tag), -EINVAL);
}
END_TEST

static const struct { const char *value; bool good; uint64_t octets, files; } oxums[] = {
	{ "58.2", true, 58, 2 }, { "0.0", true, 0, 0 },
	{ "999999999999999999.1", true, UINT64_C(999999999999999999), 1 },
	{ "9999999999999999999.1", false, 0, 0 }, { "58", false, 0, 0 }, { ".2", false, 0, 0 },
	{ "58.", false, 0, 0 }, { "58.2.1", false, 0, 0 }, { "5 8.2", false, 0, 0 },
	{ "-1.2", false, 0, 0 }, { "", false, 0, 0 },
};

START_TEST(reads_oxum)
{
	uint64_t octets = 0, files = 0;

	ck_assert_int_eq(bagit_parse_oxum(oxums[_i].value, &octets, &files), oxums[_i].good);
	if (oxums[_i].good) {
		ck_assert_uint_eq(octets, oxums[_i].octets);
		ck_assert_uint_eq(files, oxums[_i].files);
	}
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, reads_a_declaration, 0, (int)COUNT(declarations));
	tcase_add_test(tc, bounds_a_declaration);
	tcase_add_loop_test(tc, reads_encodings, 0, (int)COUNT(texts));
	tcase_add_test(tc, converts_what_is_long);
	tcase_add_loop_test(tc, tells_files_apart, 0, (int)COUNT(kinds));
	tcase_add_loop_test(tc, checks_paths, 0, (int)COUNT(paths));
	tcase_add_test(tc, bounds_paths);
	tcase_add_test(tc, folds_paths);
	tcase_add_test(tc, parts_lines);
	tcase_add_loop_test(tc, reads_lines_of_manifests, 0, (int)COUNT(entries));
	tcase_add_test(tc, bounds_a_line);
	tcase_add_loop_test(tc, reads_lines_of_fetch, 0, (int)COUNT(fetches));
	tcase_add_loop_test(tc, reads_tags, 0, (int)COUNT(infos));
	tcase_add_test(tc, bounds_tags);
	tcase_add_loop_test(tc, reads_oxum, 0, (int)COUNT(oxums));
}

int main(void)
{
	return suite_main("bagit", fill);
}
