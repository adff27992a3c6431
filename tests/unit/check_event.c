#include "custody/event.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "unit/suite.h"

/* SHA-256 of 32 bytes 0x11 and "019123", by sha256sum. */
#define OFFICER_SALT	"1111111111111111111111111111111111111111111111111111111111111111"
#define OFFICER_HASH	"61eef2059c08500b6d83061ec0de7932841cfac4132d6146f33a11e1320a69c0"
/* Of 32 bytes 0x22 and the UTF-8 of a path. */
#define PATH_SALT	"2222222222222222222222222222222222222222222222222222222222222222"
#define PATH_HASH	"beb42abb5a4df83651aeb6cdacf69d150a7d34710b01ad5326fd2575ccc39ab1"
#define PATH		"DCIM/019123_执法.mp4"
/* 1023 times "a" within quotes: 1025 bytes of canonical form, and SHA-256 of those. */
#define LONG_HASH	"fc3474f967ea27589330a5d542c6f2d0bc35796cb7279ddf7f0d5ab09a1cb348"
#define HEX64		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define LEAF(row) \
	"{\"act\":\"segment_stored\",\"at\":\"2026-11-27T14:38:22.123456+00:00\",\"event\":17," \
	"\"key\":\"a/\\\"b\",\"objects\":[\"blob:00\",\"segment:11\"],\"role\":\"dv_ingest\"," \
	"\"row\":" row ",\"source\":\"segment\",\"v\":1}"

static struct event parse(const char *leaf)
{
	struct event ev;
	struct err e = { 0, "" };

	ck_assert_msg(event_parse(leaf, strlen(leaf), &ev, &e) == 0, "%s", e.msg);
	return ev;
}

static bool text_is(struct event_text t, const char *want)
{
	return t.len == strlen(want) && memcmp(t.p, want, t.len) == 0;
}

/* ------ the leaf ------ */

START_TEST(reads_a_leaf)
{
	static const char leaf[] = LEAF("{\"size\":3}");
	struct event ev = parse(leaf);

	ck_assert_str_eq(ev.act, "segment_stored");
	ck_assert_str_eq(ev.source, "segment");
	ck_assert_str_eq(ev.role, "dv_ingest");
	ck_assert_uint_eq(ev.event, 17);
	ck_assert_int_eq(ev.at_ms, 1795790302123);
	ck_assert(text_is(ev.key, "\"a/\\\"b\""));
	ck_assert(text_is(ev.objects, "[\"blob:00\",\"segment:11\"]"));
	ck_assert(text_is(ev.row, "{\"size\":3}"));
	ck_assert(text_is(ev.leaf, leaf));
}
END_TEST

static const struct { const char *at; int64_t ms; } moments[] = {
	{ "2026-11-27T14:38:22+00:00", 1795790302000 },
	{ "2026-11-27T14:38:22.1+00:00", 1795790302100 },
	{ "2026-11-27T14:38:22.12+00:00", 1795790302120 },
	{ "2026-11-27T14:38:22.000009+00:00", 1795790302000 },
	{ "2026-11-27T14:38:22.123456+00:00", 1795790302123 },
	{ "2026-11-27T14:38:22.+00:00", -1 },
	{ "2026-11-27T14:38:22.1234567+00:00", -1 },
	{ "2026-11-27T14:38:22.12x+00:00", -1 },
	{ "2026-11-27T14:38:22,12+00:00", -1 },
	{ "2026-11-27T14:38:22.123456Z", -1 },
	{ "2026-11-27T22:38:22.123456+08:00", -1 },
	{ "2026-11-27 14:38:22+00:00", -1 },
	{ "2026-11-31T14:38:22+00:00", -1 },
	{ "infinity", -1 },
	{ "", -1 },
};

START_TEST(reads_moments_of_utc)
{
	char leaf[512];
	struct event ev;

	snprintf(leaf, sizeof(leaf), "{\"act\":\"a\",\"at\":\"%s\",\"event\":1,\"key\":\"\",\"objects\":"
		 "[],\"role\":\"r\",\"row\":{},\"source\":\"s\",\"v\":1}", moments[_i].at);
	ck_assert_msg(event_parse(leaf, strlen(leaf), &ev, NULL) == (moments[_i].ms < 0 ? -EINVAL : 0),
		      "%s", moments[_i].at);
	if (moments[_i].ms >= 0)
		ck_assert_int_eq(ev.at_ms, moments[_i].ms);
}
END_TEST

#define REST	",\"at\":\"2026-11-27T14:38:22+00:00\",\"event\":17,\"key\":\"k\",\"objects\":[]," \
		"\"role\":\"r\",\"row\":{},\"source\":\"s\",\"v\":1}"
#define FRONT	"{\"act\":\"a\",\"at\":\"2026-11-27T14:38:22+00:00\""
#define MISSING(name)	"a leaf whose field \"" name "\" is missing or not as it must be"

static const struct { const char *leaf, *want; } refused[] = {
	{ "", "JSON, byte 0: not a value" },
	{ "[]", MISSING("act") },
	{ "{}", MISSING("act") },
	{ "\"\"", MISSING("act") },
	{ "{\"act\":\"\"" REST, MISSING("act") },
	{ "{\"act\":1" REST, MISSING("act") },
	{ "{\"act\":\"a b\"" REST, MISSING("act") },
	{ "{\"act\":\"a\\\"b\"" REST, MISSING("act") },
	{ "{\"act\":\"é\"" REST, MISSING("act") },
	{ "{\"act\":\"" HEX64 "\"" REST, MISSING("act") },	/* one too long */
	{ "{\"acts\":\"a\"" REST, MISSING("act") },
	{ "{\"a\":0,\"act\":\"a\"" REST, MISSING("act") },
	{ "{\"act\":\"a\" " REST, "a leaf that is not in canonical form" },
	{ " {\"act\":\"a\"" REST, "a leaf that is not in canonical form" },
	{ "{\"act\":\"\\u0061\"" REST, "a leaf that is not in canonical form" },
	{ "{\"act\":\"a\"" REST "\n", "a leaf that is not in canonical form" },
	{ "{\"act\":\"a\",\"act\":\"a\"" REST, "JSON, byte 126: an object with two members of one name" },
	{ FRONT ",\"event\":-1,\"key\":\"k\"}", MISSING("event") },
	{ FRONT ",\"event\":\"1\",\"key\":\"k\"}", MISSING("event") },
	{ FRONT ",\"event\":1,\"key\":2}", MISSING("key") },
	{ FRONT ",\"event\":1,\"key\":\"k\",\"objects\":{}}", MISSING("objects") },
	{ FRONT ",\"event\":1,\"key\":\"k\",\"objects\":[1]}", MISSING("objects") },
	{ FRONT ",\"event\":1,\"key\":\"k\",\"objects\":[\"a\",[\"b\"]]}", MISSING("objects") },
	{ FRONT ",\"event\":1,\"key\":\"k\",\"objects\":[],\"role\":null}", MISSING("role") },
	{ FRONT ",\"event\":1,\"key\":\"k\",\"objects\":[],\"role\":\"r\",\"row\":[]}", MISSING("row") },
	{ FRONT ",\"event\":1,\"key\":\"k\",\"objects\":[],\"role\":\"r\",\"row\":{},\"v\":1}",
	  MISSING("source") },
	{ FRONT ",\"event\":1,\"key\":\"k\",\"objects\":[],\"role\":\"r\",\"row\":{},\"source\":\"s\"}",
	  MISSING("v") },
	{ FRONT ",\"event\":1,\"key\":\"k\",\"objects\":[],\"role\":\"r\",\"row\":{},\"source\":\"s\","
	  "\"v\":2}", MISSING("v") },
	{ FRONT ",\"event\":1,\"key\":\"k\",\"objects\":[],\"role\":\"r\",\"row\":{},\"source\":\"s\","
	  "\"v\":1,\"w\":1}", "a leaf with a field too many" },
};

START_TEST(refuses_what_is_no_leaf)
{
	struct event ev = { .event = 99 };
	struct err e = { 0, "" };

	ck_assert_int_eq(event_parse(refused[_i].leaf, strlen(refused[_i].leaf), &ev, &e), -EINVAL);
	ck_assert_str_eq(e.msg, refused[_i].want);
	ck_assert_uint_eq(ev.event, 99);
}
END_TEST

START_TEST(a_leaf_has_an_end)
{
	static const char end[] = "\",\"objects\":[],\"role\":\"r\",\"row\":{},\"source\":\"s\",\"v\":1}";
	AUTO(buf_clear) struct buf leaf = BUF_INIT(2 * EVENT_LEAF_MAX);
	struct event ev;
	struct err e;

	buf_adds(&leaf, FRONT ",\"event\":1,\"key\":\"");
	while (leaf.len < EVENT_LEAF_MAX - strlen(end))
		buf_adds(&leaf, "k");
	buf_adds(&leaf, end);
	ck_assert_uint_eq(leaf.len, EVENT_LEAF_MAX);
	ck_assert_msg(event_parse(leaf.p, leaf.len, &ev, &e) == 0, "%s", e.msg);
	buf_adds(&leaf, "}");
	ck_assert_int_eq(event_parse(leaf.p, leaf.len, &ev, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "a leaf of 65536 bytes; 65535 are allowed");
}
END_TEST

/* ------ salts ------ */

START_TEST(reads_salts)
{
	struct event_salts s = { .n = 9 };
	char many[EVENT_SALTS_MAX * 70 + 80];
	struct err e;
	size_t i;

	ck_assert_int_eq(event_salts_parse("", "", &s, &e), 0);
	ck_assert_uint_eq(s.n, 0);
	ck_assert_int_eq(event_salts_parse("officer=" OFFICER_SALT " path=" PATH_SALT, "", &s, &e), 0);
	ck_assert_uint_eq(s.n, 2);
	ck_assert_str_eq(s.list[0].field, "officer");
	ck_assert_uint_eq(s.list[0].salt[31], 0x11);
	ck_assert_str_eq(s.list[1].field, "path");
	ck_assert_uint_eq(s.list[1].salt[0], 0x22);
	many[0] = '\0';
	for (i = 0; i <= EVENT_SALTS_MAX; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "%sf=%s", i > 0 ? " " : "", HEX64);
	ck_assert_int_eq(event_salts_parse(many, "", &s, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "more than 16 salts of one event");
	many[strlen(many) - 67] = '\0';
	ck_assert_int_eq(event_salts_parse(many, "", &s, &e), 0);
	ck_assert_uint_eq(s.n, EVENT_SALTS_MAX);
}
END_TEST

static const char *const no_salts[] = {
	" ", "=" HEX64, "a", "a=", "a=00", "a=" HEX64 "0", "a=" HEX64 " ", "a=" HEX64 "  b=" HEX64,
	"a=0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
	"a:" HEX64, HEX64 "=" HEX64,
};

START_TEST(refuses_what_is_no_salt)
{
	struct event_salts s;
	bool cut = no_salts[_i][strlen(no_salts[_i]) - 1] == ' ' && no_salts[_i][0] == 'a';

	/* A space at the end parts a salt from none. */
	ck_assert_msg(event_salts_parse(no_salts[_i], "", &s, NULL) == (cut ? 0 : -EINVAL), "%s",
		      no_salts[_i]);
}
END_TEST

/* ------ a row ------ */

#define A31	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A341	A31 A31 A31 A31 A31 A31 A31 A31 A31 A31 A31
#define A1023	A341 A341 A341

static const struct {
	const char *what, *leaf, *row, *salts;
	enum event_verdict want;
	const char *column, *erased;
} rows[] = {
	{ "the same, written otherwise", LEAF("{\"b\":\"x\",\"size\":3}"),
	  "{\"size\": 3, \"b\": \"\\u0078\"}", "", EVENT_SAME, "", "" },
	{ "nothing", LEAF("{}"), "{}", "", EVENT_SAME, "", "" },
	{ "null is left out", LEAF("{\"b\":1}"), "{\"a\": null, \"b\": 1, \"c\": null}", "", EVENT_SAME, "", "" },
	{ "a value", LEAF("{\"a\":1,\"b\":\"x\"}"), "{\"a\": 1, \"b\": \"y\"}", "", EVENT_CHANGED, "b", "" },
	{ "the first of two", LEAF("{\"a\":1,\"b\":1}"), "{\"b\": 2, \"a\": 2}", "", EVENT_CHANGED, "a", "" },
	{ "another type", LEAF("{\"a\":1}"), "{\"a\": \"1\"}", "", EVENT_CHANGED, "a", "" },
	{ "became null", LEAF("{\"a\":1,\"b\":2}"), "{\"a\": 1, \"b\": null}", "", EVENT_CHANGED, "b", "" },
	{ "column gone", LEAF("{\"a\":1,\"b\":2}"), "{\"b\": 2}", "", EVENT_CHANGED, "a", "" },
	{ "was null", LEAF("{\"a\":1}"), "{\"a\": 1, \"b\": 2}", "", EVENT_CHANGED, "b", "" },
	{ "was null, in front", LEAF("{\"b\":1}"), "{\"a\": 1, \"b\": 1}", "", EVENT_CHANGED, "a", "" },
	{ "a leaf does not say null", LEAF("{\"a\":null}"), "{\"a\": null}", "", EVENT_CHANGED, "a", "" },
	{ "a counter of 64 bits", LEAF("{\"n\":\"18446744073709551615\"}"),
	  "{\"n\": 18446744073709551615}", "", EVENT_SAME, "", "" },
	{ "and one less", LEAF("{\"n\":\"18446744073709551615\"}"),
	  "{\"n\": 18446744073709551614}", "", EVENT_CHANGED, "n", "" },
	{ "a decimal", LEAF("{\"n\":\"0.750\"}"), "{\"n\": 0.750}", "", EVENT_SAME, "", "" },
	{ "an object, in another order", LEAF("{\"detail\":{\"a\":[1,{}],\"b\":null}}"),
	  "{\"detail\": {\"b\": null, \"a\": [1, {}]}}", "", EVENT_SAME, "", "" },
	{ "an object", LEAF("{\"detail\":{\"a\":[1,{}],\"b\":null}}"),
	  "{\"detail\": {\"a\": [1, {}]}}", "", EVENT_CHANGED, "detail", "" },
	/* long values */
	{ "long", LEAF("{\"a\":{\"bytes\":1025,\"sha256\":\"" LONG_HASH "\"}}"),
	  "{\"a\": \"" A1023 "\"}", "", EVENT_SAME, "", "" },
	{ "long, other bytes", LEAF("{\"a\":{\"bytes\":1025,\"sha256\":\"" LONG_HASH "\"}}"),
	  "{\"a\": \"b" A1023 "\"}", "", EVENT_CHANGED, "a", "" },
	{ "long, another length", LEAF("{\"a\":{\"bytes\":1026,\"sha256\":\"" LONG_HASH "\"}}"),
	  "{\"a\": \"" A1023 "\"}", "", EVENT_CHANGED, "a", "" },
	{ "long, and as it is in the leaf", LEAF("{\"a\":\"" A1023 "\"}"),
	  "{\"a\": \"" A1023 "\"}", "", EVENT_CHANGED, "a", "" },
	{ "what looks like a digest and is short", LEAF("{\"a\":{\"bytes\":1,\"sha256\":\"" HEX64 "\"}}"),
	  "{\"a\": {\"bytes\": 1, \"sha256\": \"" HEX64 "\"}}", "", EVENT_CHANGED, "a", "" },
	/* personal */
	{ "salted", LEAF("{\"officer\":{\"salted\":\"" OFFICER_HASH "\"},\"path\":{\"salted\":\"" PATH_HASH "\"}}"),
	  "{\"officer\": \"019123\", \"path\": \"" PATH "\"}",
	  "path=" PATH_SALT " officer=" OFFICER_SALT, EVENT_SAME, "", "" },
	{ "salted, a number's text", LEAF("{\"officer\":{\"salted\":\"2a5348f9e1a2b8d12540076780f45c499d592ad6f3f7c2776fb5769270dfffa5\"}}"),
	  "{\"officer\": 19123}", "officer=" OFFICER_SALT, EVENT_SAME, "", "" },
	{ "salted, another officer", LEAF("{\"officer\":{\"salted\":\"" OFFICER_HASH "\"}}"),
	  "{\"officer\": \"019124\"}", "officer=" OFFICER_SALT, EVENT_CHANGED, "officer", "" },
	{ "salted, another salt", LEAF("{\"officer\":{\"salted\":\"" OFFICER_HASH "\"}}"),
	  "{\"officer\": \"019123\"}", "officer=" PATH_SALT, EVENT_CHANGED, "officer", "" },
	{ "salted, no officer any more", LEAF("{\"officer\":{\"salted\":\"" OFFICER_HASH "\"}}"),
	  "{\"officer\": null}", "officer=" OFFICER_SALT, EVENT_CHANGED, "officer", "" },
	{ "erased", LEAF("{\"officer\":{\"salted\":\"" OFFICER_HASH "\"},\"z\":1}"),
	  "{\"officer\": \"019124\", \"z\": 1}", "path=" PATH_SALT, EVENT_CANNOT_TELL, "officer", "x officer" },
	{ "erased with its value", LEAF("{\"officer\":{\"salted\":\"" OFFICER_HASH "\"}}"),
	  "{}", "", EVENT_CANNOT_TELL, "officer", "officer path" },
	{ "erased, and another column changed", LEAF("{\"officer\":{\"salted\":\"" OFFICER_HASH "\"},\"z\":1}"),
	  "{\"officer\": \"019123\", \"z\": 2}", "", EVENT_CHANGED, "z", "" },
	{ "two erased: the first is told",
	  LEAF("{\"officer\":{\"salted\":\"" OFFICER_HASH "\"},\"path\":{\"salted\":\"" PATH_HASH "\"}}"),
	  "{\"officer\": \"019123\", \"path\": \"x\"}", "", EVENT_CANNOT_TELL, "officer", "officer path" },
	{ "a salt gone without an act", LEAF("{\"officer\":{\"salted\":\"" OFFICER_HASH "\"}}"),
	  "{\"officer\": \"019123\"}", "", EVENT_SALT_GONE, "officer", "path off" },
	{ "one gone by an act and one without",
	  LEAF("{\"officer\":{\"salted\":\"" OFFICER_HASH "\"},\"path\":{\"salted\":\"" PATH_HASH "\"}}"),
	  "{\"officer\": \"019123\", \"path\": \"x\"}", "", EVENT_SALT_GONE, "path", "officer" },
	{ "gone, and another column changed", LEAF("{\"officer\":{\"salted\":\"" OFFICER_HASH "\"},\"z\":1}"),
	  "{\"officer\": \"019123\", \"z\": 2}", "", EVENT_CHANGED, "z", "" },
	{ "an officer there was none of", LEAF("{}"), "{\"officer\": \"019123\"}", "", EVENT_CHANGED, "officer", "" },
	{ "personal since a later migration", LEAF("{\"officer\":\"019123\"}"),
	  "{\"officer\": \"019123\"}", "", EVENT_SAME, "", "" },
	{ "no personal column hides behind a salt", LEAF("{\"size\":{\"salted\":\"" OFFICER_HASH "\"}}"),
	  "{\"size\": \"019123\"}", "size=" OFFICER_SALT, EVENT_CHANGED, "size", "" },
	{ "nor a part of a name", LEAF("{\"off\":{\"salted\":\"" OFFICER_HASH "\"}}"),
	  "{\"off\": \"019123\"}", "off=" OFFICER_SALT, EVENT_CHANGED, "off", "" },
	{ "what looks like a salted hash and is a value", LEAF("{\"detail\":{\"salted\":\"" HEX64 "\"}}"),
	  "{\"detail\": {\"salted\": \"" HEX64 "\"}}", "", EVENT_SAME, "", "" },
};

/* In a personal column, {"salted":...} with anything more is a value. */
START_TEST(compares_rows)
{
	struct event ev = parse(rows[_i].leaf);
	enum event_verdict got = (enum event_verdict)9;
	char column[EVENT_WORD_MAX + 1] = "";
	struct event_salts salts;
	struct err e = { 0, "" };

	ck_assert_int_eq(event_salts_parse(rows[_i].salts, rows[_i].erased, &salts, &e), 0);
	ck_assert_msg(event_compare(&ev, rows[_i].row, strlen(rows[_i].row), "officer path by",
				    &salts, &got, column, &e) == 0, "%s: %s", rows[_i].what, e.msg);
	ck_assert_msg(got == rows[_i].want, "%s: %d", rows[_i].what, (int)got);
	ck_assert_msg(strcmp(column, rows[_i].column) == 0, "%s: %s", rows[_i].what, column);
}
END_TEST

START_TEST(a_row_is_json_and_has_an_end)
{
	struct event ev = parse(LEAF("{}"));
	const struct event_salts none = { .erased = "" };
	AUTO(buf_clear) struct buf row = BUF_INIT(EVENT_ROW_MAX + 64);
	char column[EVENT_WORD_MAX + 1];
	enum event_verdict v;
	struct err e;

	ck_assert_int_eq(event_compare(&ev, "{\"a\"", 4, "", &none, &v, column, &e), -EINVAL);
	buf_adds(&row, "{\"a\":\"");
	memset(buf_room(&row, EVENT_ROW_MAX), 'x', EVENT_ROW_MAX);
	buf_grew(&row, EVENT_ROW_MAX);
	buf_adds(&row, "\"}");
	ck_assert_int_eq(event_compare(&ev, buf_str(&row), row.len, "", &none, &v, column, &e),
			 -EINVAL);
	ck_assert_str_eq(e.msg, "a row of more than 4194304 bytes");
}
END_TEST

/* ------ the event's own row ------ */

#define FIELDS(act, event, key, objects, source) \
	"{\"act\": \"" act "\", \"key\": \"" key "\", \"event\": " event ", \"source\": \"" source \
	"\", \"objects\": " objects "}"

static const struct { const char *fields; const char *column; } fields_of[] = {
	{ FIELDS("segment_stored", "17", "a/\\\"b", "[\"blob:00\", \"segment:11\"]", "segment"), NULL },
	{ "{}", NULL },
	{ FIELDS("segment_seen", "17", "a/\\\"b", "[\"blob:00\", \"segment:11\"]", "segment"), "act" },
	{ FIELDS("segment_stored", "18", "a/\\\"b", "[\"blob:00\", \"segment:11\"]", "segment"), "event" },
	{ FIELDS("segment_stored", "17", "a/b", "[\"blob:00\", \"segment:11\"]", "segment"), "key" },
	{ FIELDS("segment_stored", "17", "a/\\\"b", "[\"blob:00\"]", "segment"), "objects" },
	{ FIELDS("segment_stored", "17", "a/\\\"b", "[\"segment:11\", \"blob:00\"]", "segment"), "objects" },
	{ FIELDS("segment_stored", "17", "a/\\\"b", "null", "segment"), "objects" },
	{ FIELDS("segment_stored", "17", "a/\\\"b", "[\"blob:00\", \"segment:11\"]", "blob"), "source" },
	{ "{\"other\": 1}", "other" },
	{ "{\"zzz\": 1}", "zzz" },
};

START_TEST(compares_the_fields_of_an_event)
{
	struct event ev = parse(LEAF("{}"));
	char column[EVENT_WORD_MAX + 1] = "";
	enum event_verdict v;

	ck_assert_int_eq(event_compare_fields(&ev, fields_of[_i].fields, strlen(fields_of[_i].fields),
					      &v, column, NULL), 0);
	ck_assert_str_eq(column, fields_of[_i].column == NULL ? "" : fields_of[_i].column);
	ck_assert(v == (fields_of[_i].column == NULL ? EVENT_SAME : EVENT_CHANGED));
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, reads_a_leaf);
	tcase_add_loop_test(tc, reads_moments_of_utc, 0, COUNT(moments));
	tcase_add_loop_test(tc, refuses_what_is_no_leaf, 0, COUNT(refused));
	tcase_add_test(tc, a_leaf_has_an_end);
	tcase_add_test(tc, reads_salts);
	tcase_add_loop_test(tc, refuses_what_is_no_salt, 0, COUNT(no_salts));
	tcase_add_loop_test(tc, compares_rows, 0, COUNT(rows));
	tcase_add_test(tc, a_row_is_json_and_has_an_end);
	tcase_add_loop_test(tc, compares_the_fields_of_an_event, 0, COUNT(fields_of));
}

int main(void)
{
	return suite_main("event", fill);
}
