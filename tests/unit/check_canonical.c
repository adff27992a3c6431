#include "custody/canonical.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "unit/suite.h"

/* ------ what has a canonical form ------ */

static const struct { const char *what, *text, *want; } good[] = {
	{ "RFC 8785, section 3.2.2; numbers as this project keeps them",
	  "{\n  \"numbers\": [333333333.33333329, 1E30, 4.50,\n    2e-3, 0.000000000000000000000000001],\n"
	  "  \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n"
	  "  \"literals\": [null, true, false]\n}",
	  "{\"literals\":[null,true,false],\"numbers\":[\"333333333.33333329\",\"1E30\",\"4.50\","
	  "\"2e-3\",\"0.000000000000000000000000001\"],\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}" },
	{ "RFC 8785, section 3.2.3",
	  "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\","
	  "\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\",\"1\":\"One\","
	  "\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
	  "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
	  "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
	  "\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\","
	  "\"😀\":\"Emoji: Grinning Face\",\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}" },
	{ "beyond U+FFFF sorts before U+E000, as in UTF-16 and not as in UTF-8",
	  "{\"\xee\x80\x80\":1,\"\xf0\x90\x80\x80\":2,\"\xed\x9f\xbf\":3,\"\xf4\x8f\xbf\xbf\":4}",
	  "{\"\xed\x9f\xbf\":3,\"\xf0\x90\x80\x80\":2,\"\xf4\x8f\xbf\xbf\":4,\"\xee\x80\x80\":1}" },
	{ "a name sorts by what it stands for: the quote before #, its escape after it",
	  "{\"#\":1,\"\\\"\":2,\"\\u005c\":3,\"]\":4,\"[\":5,\"\\u0001\":6,\"\\t\":7}",
	  "{\"\\u0001\":6,\"\\t\":7,\"\\\"\":2,\"#\":1,\"[\":5,\"\\\\\":3,\"]\":4}" },
	{ "the shorter first", "{\"ab\":1,\"a\":2,\"\":3,\"aa\":4}",
	  "{\"\":3,\"a\":2,\"aa\":4,\"ab\":1}" },
	{ "within one another", "[{\"b\":{\"d\":[{\"f\":1,\"e\":2}],\"c\":3},\"a\":{}},[]]",
	  "[{\"a\":{},\"b\":{\"c\":3,\"d\":[{\"e\":2,\"f\":1}]}},[]]" },
	{ "white space", " \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n", "{\"a\":[1,2],\"b\":{}}" },
	{ "every short escape", "\"\\b\\t\\n\\f\\r\\\"\\\\\\/\"", "\"\\b\\t\\n\\f\\r\\\"\\\\/\"" },
	{ "controls", "\"\\u0000\\u001F\\u007f\"", "\"\\u0000\\u001f\x7f\"" },
	{ "letters escaped in either case", "\"\\u00E9\\u00e9\\uD83D\\uDE00\"", "\"éé😀\"" },
	{ "a character that is none yet, and the last one", "\"\\uffff\xf4\x8f\xbf\xbf\"",
	  "\"\xef\xbf\xbf\xf4\x8f\xbf\xbf\"" },
	{ "a literal", " true ", "true" },
	{ "the largest number", "9007199254740991", "9007199254740991" },
	{ "the smallest", "-9007199254740991", "-9007199254740991" },
	{ "one more", "9007199254740992", "\"9007199254740992\"" },
	{ "one less", "-9007199254740992", "\"-9007199254740992\"" },
	{ "of a recorder's counter", "18446744073709551615", "\"18446744073709551615\"" },
	{ "zero", "0", "0" },
	{ "minus zero", "[-0]", "[0]" },
	{ "a point makes text of it", "[1.0,-0.0,10.50]", "[\"1.0\",\"-0.0\",\"10.50\"]" },
	{ "an exponent, too", "[1e3,1E+3,-0e-0]", "[\"1e3\",\"1E+3\",\"-0e-0\"]" },
	{ "text that looks like a number stays text", "[\"1\",1]", "[\"1\",1]" },
};

START_TEST(writes_the_canonical_form)
{
	AUTO(buf_clear) struct buf got = BUF_INIT(4096), again = BUF_INIT(4096);
	struct err e = { 0, "" };

	buf_adds(&got, "x");
	ck_assert_msg(canonical_json(good[_i].text, strlen(good[_i].text), &got, &e) == 0,
		      "%s: %s", good[_i].what, e.msg);
	ck_assert_msg(strcmp(buf_str(&got) + 1, good[_i].want) == 0, "%s: %s", good[_i].what,
		      buf_str(&got));
	ck_assert_int_eq(canonical_json(good[_i].want, strlen(good[_i].want), &again, &e), 0);
	ck_assert_msg(strcmp(buf_str(&again), good[_i].want) == 0, "%s: not its own form: %s",
		      good[_i].what, buf_str(&again));
}
END_TEST

/* ------ what has none ------ */

static const struct { const char *text, *want; } refused[] = {
	{ "", "JSON, byte 0: not a value" },
	{ "  ", "JSON, byte 2: not a value" },
	{ "\xef\xbb\xbf{}", "JSON, byte 0: not a value" },
	{ "{} {}", "JSON, byte 3: something follows the value" },
	{ "[1,]", "JSON, byte 3: not a value" },
	{ "[1 2]", "JSON, byte 3: neither a comma nor the end of an array or object" },
	{ "[1}", "JSON, byte 2: neither a comma nor the end of an array or object" },
	{ "[", "JSON, byte 1: not a value" },
	{ "{\"a\":1", "JSON, byte 6: neither a comma nor the end of an array or object" },
	{ "{\"a\":1,}", "JSON, byte 7: no name of a member" },
	{ "{a:1}", "JSON, byte 1: no name of a member" },
	{ "{\"a\"}", "JSON, byte 4: no colon behind a name" },
	{ "{\"a\":}", "JSON, byte 5: not a value" },
	{ "{\"a\":1,\"a\":2}", "JSON, byte 12: an object with two members of one name" },
	{ "{\"a\":1,\"b\":3,\"\\u0061\":2}", "JSON, byte 23: an object with two members of one name" },
	{ "[{\"\":1,\"\":1}]", "JSON, byte 11: an object with two members of one name" },
	{ "\"a", "JSON, byte 2: a string without end" },
	{ "\"a\\\"", "JSON, byte 4: a string without end" },
	{ "\"\\x41\"", "JSON, byte 2: an escape that JSON has not" },
	{ "\"\\", "JSON, byte 2: an escape that JSON has not" },
	{ "\"\\u12g4\"", "JSON, byte 5: not four hexadecimal digits behind \\u" },
	{ "\"\\u12", "JSON, byte 5: not four hexadecimal digits behind \\u" },
	{ "\"\\ud83d\"", "JSON, byte 7: a lone surrogate" },
	{ "\"\\ud83d\\u0041\"", "JSON, byte 13: a lone surrogate" },
	{ "\"\\ud83d\\n\"", "JSON, byte 7: a lone surrogate" },
	{ "\"\\ude00\\ud83d\"", "JSON, byte 7: a lone surrogate" },
	{ "\"\xed\xa0\xbd\xed\xb8\x80\"", "JSON, byte 1: not UTF-8" },
	{ "\"\xc0\xaf\"", "JSON, byte 1: not UTF-8" },
	{ "\"\xe6\x89\"", "JSON, byte 1: not UTF-8" },
	{ "\"\xf4\x90\x80\x80\"", "JSON, byte 1: not UTF-8" },
	{ "\"a\nb\"", "JSON, byte 2: a control character in a string" },
	{ "'a'", "JSON, byte 0: not a value" },
	{ "nul", "JSON, byte 0: not a value" },
	{ "nullx", "JSON, byte 4: something follows the value" },
	{ "True", "JSON, byte 0: not a value" },
	{ "NaN", "JSON, byte 0: not a value" },
	{ "01", "JSON, byte 2: a number with a zero in front" },
	{ "-01", "JSON, byte 3: a number with a zero in front" },
	{ "-", "JSON, byte 1: not a value" },
	{ "+1", "JSON, byte 0: not a value" },
	{ ".5", "JSON, byte 0: not a value" },
	{ "1.", "JSON, byte 2: no digit behind a number's point" },
	{ "1.e5", "JSON, byte 2: no digit behind a number's point" },
	{ "1e", "JSON, byte 2: no digit in a number's exponent" },
	{ "1e+", "JSON, byte 3: no digit in a number's exponent" },
	{ "0x10", "JSON, byte 1: something follows the value" },
	{ "[1] // so", "JSON, byte 4: something follows the value" },
};

START_TEST(refuses_with_the_place)
{
	AUTO(buf_clear) struct buf to = BUF_INIT(4096);
	struct err e = { 0, "" };

	buf_adds(&to, "kept");
	ck_assert_int_eq(canonical_json(refused[_i].text, strlen(refused[_i].text), &to, &e), -EINVAL);
	ck_assert_str_eq(e.msg, refused[_i].want);
	ck_assert_str_eq(buf_str(&to), "kept");
	ck_assert(!to.failed);
}
END_TEST

START_TEST(a_nul_is_a_byte_like_others)
{
	AUTO(buf_clear) struct buf to = BUF_INIT(64);
	struct err e;

	ck_assert_int_eq(canonical_json("\"a\0b\"", 5, &to, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "JSON, byte 2: a control character in a string");
	ck_assert_int_eq(canonical_json("1\0", 2, &to, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "JSON, byte 1: something follows the value");
}
END_TEST

/* ------ limits ------ */

static void nest(struct buf *b, unsigned depth)
{
	unsigned i;

	for (i = 0; i < depth; i++)
		buf_adds(b, i % 2 ? "[" : "{\"a\":");
	buf_adds(b, "1");
	while (i-- > 0)
		buf_adds(b, i % 2 ? "]" : "}");
}

START_TEST(depth_has_an_end)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(4096), to = BUF_INIT(4096);
	struct err e;

	nest(&text, CANONICAL_DEPTH);
	ck_assert_int_eq(canonical_json(buf_str(&text), text.len, &to, &e), 0);
	ck_assert_str_eq(buf_str(&to), buf_str(&text));
	buf_reset(&text);
	nest(&text, CANONICAL_DEPTH + 1);
	ck_assert_int_eq(canonical_json(buf_str(&text), text.len, &to, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "JSON, byte 102: too deep");
}
END_TEST

/* n names, in the order of counting, which is none of text. */
static void many_names(struct buf *b, unsigned n)
{
	unsigned i;

	buf_adds(b, "{");
	for (i = 0; i < n; i++)
		buf_addf(b, "%s\"%u\":%u", i > 0 ? "," : "", i, i);
	buf_adds(b, "}");
}

START_TEST(names_have_an_end)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(4 << 20), to = BUF_INIT(4 << 20);
	struct canonical_member m, before = { 0 };
	struct err e;
	size_t at = 0, n = 0;

	many_names(&text, CANONICAL_NAMES_MAX);
	ck_assert_int_eq(canonical_json(buf_str(&text), text.len, &to, &e), 0);
	ck_assert_uint_eq(to.len, text.len);
	while (canonical_member(buf_str(&to), to.len, &at, &m)) {
		ck_assert(n == 0 || canonical_compare(before.name, before.name_len, m.name,
						      m.name_len) < 0);
		ck_assert(m.name_len == m.value_len && memcmp(m.name, m.value, m.name_len) == 0);
		before = m;
		n++;
	}
	ck_assert_uint_eq(n, CANONICAL_NAMES_MAX);
	buf_reset(&text);
	many_names(&text, CANONICAL_NAMES_MAX + 1);
	ck_assert_int_eq(canonical_json(buf_str(&text), text.len, &to, &e), -EINVAL);
	ck_assert(strstr(e.msg, "too many names") != NULL);
}
END_TEST

/* Objects that are closed hold no place. */
START_TEST(names_are_counted_where_they_are_open)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(4 << 20), to = BUF_INIT(4 << 20);
	unsigned i;

	buf_adds(&text, "[");
	for (i = 0; i < CANONICAL_NAMES_MAX; i++)
		buf_adds(&text, "{\"b\":1,\"a\":{}},");
	buf_adds(&text, "0]");
	ck_assert_int_eq(canonical_json(buf_str(&text), text.len, &to, NULL), 0);
	ck_assert_uint_eq(to.len, text.len);
}
END_TEST

START_TEST(says_when_there_is_no_room)
{
	AUTO(buf_clear) struct buf to = BUF_INIT(5);
	struct err e;

	buf_adds(&to, "x");
	ck_assert_int_eq(canonical_json("[1,2]", 5, &to, &e), -ENOBUFS);
	ck_assert_int_eq(canonical_json("{\"b\":1,\"a\":2}", 13, &to, &e), -ENOBUFS);
	ck_assert_str_eq(buf_str(&to), "x");
	ck_assert_int_eq(canonical_json("[1] ", 4, &to, &e), 0);
	ck_assert_str_eq(buf_str(&to), "x[1]");
}
END_TEST

/* ------ walking ------ */

START_TEST(walks_members)
{
	static const char text[] = "{\"a,\\\"}\":[1,{\"b\":\"],\"}],\"c\":{},\"d\":\"}\"}";
	static const char *const want[][2] = {
		{ "a,\\\"}", "[1,{\"b\":\"],\"}]" }, { "c", "{}" }, { "d", "\"}\"" },
	};
	struct canonical_member m;
	size_t at = 0, n = 0;

	while (canonical_member(text, sizeof(text) - 1, &at, &m)) {
		ck_assert_uint_lt(n, COUNT(want));
		ck_assert(m.name_len == strlen(want[n][0]) &&
			  memcmp(m.name, want[n][0], m.name_len) == 0);
		ck_assert(m.value_len == strlen(want[n][1]) &&
			  memcmp(m.value, want[n][1], m.value_len) == 0);
		n++;
	}
	ck_assert_uint_eq(n, COUNT(want));
	at = 0;
	ck_assert(!canonical_member("{}", 2, &at, &m));
	at = 0;
	ck_assert(!canonical_member("[1]", 3, &at, &m));
}
END_TEST

START_TEST(walks_elements)
{
	static const char text[] = "[\"a,]\",[1,2],{\"b\":[3]},4]";
	static const char *const want[] = { "\"a,]\"", "[1,2]", "{\"b\":[3]}", "4" };
	struct canonical_member m;
	size_t at = 0, n = 0;

	while (canonical_element(text, sizeof(text) - 1, &at, &m)) {
		ck_assert_uint_lt(n, COUNT(want));
		ck_assert(m.value_len == strlen(want[n]) &&
			  memcmp(m.value, want[n], m.value_len) == 0);
		n++;
	}
	ck_assert_uint_eq(n, COUNT(want));
	at = 0;
	ck_assert(!canonical_element("[]", 2, &at, &m));
}
END_TEST

START_TEST(reads_a_string)
{
	static const char value[] = "\"a\\n\\\"\\u0001😀\"";
	AUTO(buf_clear) struct buf to = BUF_INIT(64);

	ck_assert(canonical_text(value, sizeof(value) - 1, &to));
	ck_assert_str_eq(buf_str(&to), "a\n\"\001😀");
	buf_reset(&to);
	ck_assert(canonical_text("\"\"", 2, &to));
	ck_assert_uint_eq(to.len, 0);
	ck_assert(!canonical_text("12", 2, &to));
	ck_assert(!canonical_text("\"", 1, &to));
}
END_TEST

/* What is not canonical may be misread; what lies behind it is not touched (a sanitizer tells). */
START_TEST(cut_text_is_not_overread)
{
	static const char whole[] = "{\"a\\\"b\":{\"c\":[\"d\\u0001\",1]},\"e\":\"f\"}";
	AUTO(buf_clear) struct buf to = BUF_INIT(256);
	struct canonical_member m;
	size_t len, at;
	char *cut;

	for (len = 0; len < sizeof(whole); len++) {
		cut = malloc(len + 1);
		ck_assert_ptr_nonnull(cut);
		memcpy(cut + 1, whole, len);
		for (at = 0; canonical_member(cut + 1, len, &at, &m);)
			canonical_text(m.value, m.value_len, &to);
		buf_reset(&to);
		cut[0] = '[';
		for (at = 0; canonical_element(cut, len + 1, &at, &m);)
			canonical_text(m.value, m.value_len, &to);
		buf_reset(&to);
		free(cut);
	}
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, writes_the_canonical_form, 0, COUNT(good));
	tcase_add_loop_test(tc, refuses_with_the_place, 0, COUNT(refused));
	tcase_add_test(tc, a_nul_is_a_byte_like_others);
	tcase_add_test(tc, depth_has_an_end);
	tcase_add_test(tc, names_have_an_end);
	tcase_add_test(tc, names_are_counted_where_they_are_open);
	tcase_add_test(tc, says_when_there_is_no_room);
	tcase_add_test(tc, walks_members);
	tcase_add_test(tc, walks_elements);
	tcase_add_test(tc, reads_a_string);
	tcase_add_test(tc, cut_text_is_not_overread);
}

int main(void)
{
	return suite_main("canonical", fill);
}
