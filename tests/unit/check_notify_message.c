#include <jansson.h>
#include <stdlib.h>
#include <sodium.h>
#include <string.h>

#include "base/utf8.h"
#include "base/util.h"
#include "notify/message.h"
#include "notify/mime.h"
#include "unit/suite.h"

#define ID	"11111111-2222-4333-8444-555555555555"

/* Facts of a kind with n findings of these texts; the caller's. */
static json_t *facts_of(const char *kind, const char *language, size_t n, const char *text,
			const char *next_step)
{
	json_t *f = json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:s, s:i}", "kind", kind, "language", language,
			      "day", "2026-11-23", "count", (int)n, "open", 30, "overdue", 3,
			      "made_at", "2026-11-23T00:30:00.000Z", "more", 0);
	json_t *list = json_array(), *one;
	size_t i;

	for (i = 0; i < n; i++) {
		one = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s}", "finding", ID, "code",
				"late_upload", "article", 32, "severity", "violation", "recorder", "R1",
				"unit", "QH-2", "due_at", "2026-11-24T00:00:00.000Z", "text", text,
				"next_step", next_step);
		json_object_set_new(one, "subject_kind", json_string("recording"));
		json_object_set_new(one, "subject", json_string("DCIM/secret.mp4"));
		json_object_set_new(one, "officer", json_string("019123"));
		json_object_set_new(one, "case", json_string("case-12"));
		json_array_append_new(list, one);
	}
	json_object_set_new(f, "findings", list);
	json_object_set_new(f, "counts", json_pack("[{s:i, s:s, s:i}]", "article", 32, "severity", "violation",
						   "findings", (int)n));
	return f;
}

static const struct { const char *kind, *language; size_t n; const char *subject, *plain; } kinds[] = {
	{ "at_once", "zh", 1, "[执法记录] 违规：第32条 late_upload R1 QH-2", "下一步：dock it" },
	{ "at_once", "en", 1, "[Dockvault] violation: Art. 32 late_upload R1 QH-2",
	  "due: 2026-11-24 08:00:00 (Asia/Shanghai)" },
	{ "escalation", "zh", 1, "[执法记录] 逾期未整改（违规）：第32条 late_upload R1 QH-2", "第38条" },
	{ "escalation", "en", 1, "[Dockvault] overdue (violation): Art. 32 late_upload R1 QH-2", "for the head" },
	{ "more", "zh", 50, "[执法记录] 另有 50 项发现", "第32条　违规　50 项" },
	{ "more", "en", 2, "[Dockvault] and 2 more findings", "Art. 32  violation  2" },
	{ "digest", "zh", 3, "[执法记录] 2026-11-23 日报：新发现 3 项，未办结 30 项，逾期 3 项", "其中逾期 3 项" },
	{ "digest", "en", 0, "[Dockvault] 2026-11-23: 0 new, 30 open, 3 overdue", "Nothing new was found." },
	{ "test", "zh", 0, "[执法记录] 测试通知", "采集站 QH-01 自动发送" },
	{ "test", "en", 0, "[Dockvault] test", "sent by station QH-01" },
};

START_TEST(says_it_in_two_languages)
{
	AUTO(message_clear) struct message m = MESSAGE_INIT;
	json_t *f = facts_of(kinds[_i].kind, kinds[_i].language, kinds[_i].n, "it is late", "dock it");

	ck_assert_int_eq(message_build(f, "QH-01", true, MESSAGE_PLAIN_MAX, &m, NULL), 0);
	ck_assert_str_eq(buf_str(&m.subject), kinds[_i].subject);
	ck_assert_msg(strstr(buf_str(&m.plain), kinds[_i].plain) != NULL, "%s", buf_str(&m.plain));
	ck_assert_ptr_nonnull(strstr(buf_str(&m.html), "</body></html>"));
	ck_assert((strstr(buf_str(&m.plain), "019123") != NULL) == (kinds[_i].n > 0));
	json_decref(f);
}
END_TEST

START_TEST(tells_little_outside)
{
	AUTO(message_clear) struct message m = MESSAGE_INIT;
	json_t *f = facts_of(kinds[_i].kind, kinds[_i].language, kinds[_i].n, "it is late", "dock it");
	json_t *outside = message_outside(f);
	char *text = json_dumps(outside, 0);

	ck_assert_int_eq(message_build(f, "QH-01", false, MESSAGE_PLAIN_MAX, &m, NULL), 0);
	ck_assert_ptr_null(strstr(buf_str(&m.plain), "019123"));
	ck_assert_ptr_null(strstr(buf_str(&m.plain), "secret"));
	ck_assert_ptr_null(strstr(buf_str(&m.plain), "case-12"));
	ck_assert_ptr_null(strstr(buf_str(&m.html), "secret"));
	ck_assert_ptr_null(strstr(text, "secret"));
	ck_assert_ptr_null(strstr(text, "019123"));
	ck_assert_ptr_null(strstr(text, "case-12"));
	ck_assert(kinds[_i].n == 0 || strstr(text, "late_upload") != NULL);
	free(text);
	json_decref(outside);
	json_decref(f);
}
END_TEST

/* ------ hostile texts ------ */

static char long_word[4097], wide[4097];

static const char *const hostile[] = {
	"\r\nBcc: all@example.cn\r\n\r\nhello", "\n.\n", "<script>alert(1)</script>&amp;\"'", "\xff\xfe\xc0\x80",
	"🚨🚨🚨", "\u202e gnirts \u2066\u2028", "%s%n%1000000d", "\x1b[2J", long_word, wide, "",
	"--dv-" ID "--", "=?UTF-8?B?AAAA?=",
};

/* Every line: CRLF, no longer than 78, nothing but ASCII; and no header that we did not write. */
static void check_lines(const char *p)
{
	static const char *const headers[] = { "From: ", "To: ", "Date: ", "Message-ID: ", "Subject: ", " ",
					       "MIME-Version: ", "Auto-Submitted: ", "Content-Type: " };
	bool head = true, known;
	size_t n, i;

	while (*p != '\0') {
		n = strcspn(p, "\r\n");
		ck_assert_msg(n <= 78, "%.100s", p);
		ck_assert_msg(p[n] == '\r' && p[n + 1] == '\n', "a bare line end behind %.80s", p);
		for (i = 0; i < n; i++)
			ck_assert(p[i] >= ' ' && p[i] <= '~');
		for (i = 0, known = n == 0; i < COUNT(headers); i++)
			known = known || strncmp(p, headers[i], strlen(headers[i])) == 0;
		ck_assert_msg(!head || known, "a header of somebody's: %.80s", p);
		head = head && n > 0;
		p += n + 2;
	}
}

static void check_utf8(const struct buf *b)
{
	size_t i, n;
	uint32_t c;

	for (i = 0; i < b->len; i += n) {
		n = utf8_char(b->p + i, b->len - i, &c);
		ck_assert_uint_gt(n, 0);
		ck_assert(c == '\n' || (c >= 0x20 && c != 0x7f && c != 0x202e && c != 0x2028));
	}
}

START_TEST(nothing_breaks_out)
{
	AUTO(message_clear) struct message m = MESSAGE_INIT;
	AUTO(message_clear) struct message small = MESSAGE_INIT;
	AUTO(buf_clear) struct buf mail = BUF_INIT(MIME_MAX);
	json_t *f = facts_of("at_once", "zh", 1, "x", "y"), *one = json_array_get(json_object_get(f, "findings"), 0);
	static const char *const fields[] = { "code", "recorder", "unit", "text", "next_step", "subject", "officer",
					      "case", "finding", "severity", "due_at" };
	struct err e = { 0, "" };
	size_t i;

	memset(long_word, 'w', sizeof(long_word) - 1);
	for (i = 0; i + 3 < sizeof(wide); i += 3)
		memcpy(wide + i, "宽", 3);
	for (i = 0; i < COUNT(fields); i++)
		json_object_set_new(one, fields[i], json_stringn_nocheck(hostile[_i], strlen(hostile[_i])));
	ck_assert_int_eq(message_build(f, "QH-01", true, MESSAGE_PLAIN_MAX, &m, NULL), 0);
	check_utf8(&m.subject);
	check_utf8(&m.plain);
	check_utf8(&m.html);
	ck_assert_ptr_null(strchr(buf_str(&m.subject), '\n'));
	ck_assert_ptr_null(strstr(buf_str(&m.html), "<script"));
	ck_assert_ptr_null(strstr(buf_str(&m.plain), "\nBcc"));
	ck_assert_int_eq(mime_build(&(struct mime){ .id = ID, .at_ms = 1795393800000, .from = "dock@example.cn",
						    .to = "a@example.cn, b@example.cn", .message = &m }, &mail, &e), 0);
	check_lines(buf_str(&mail));
	ck_assert_int_eq(message_build(f, "QH-01", false, MESSAGE_PLAIN_MIN, &small, NULL), 0);
	ck_assert_uint_le(small.plain.len, MESSAGE_PLAIN_MIN);
	json_decref(f);
}
END_TEST

START_TEST(what_has_no_room_is_counted)
{
	AUTO(message_clear) struct message m = MESSAGE_INIT;
	json_t *f = facts_of("digest", "zh", 50, "迟了", "请入库");
	static const size_t rooms[] = { MESSAGE_PLAIN_MIN, 1566, 6000, 20000 };
	const char *p;
	size_t shown = 0;

	json_object_set_new(f, "more", json_integer(9950));
	ck_assert_int_eq(message_build(f, "QH-01", false, rooms[_i], &m, NULL), 0);
	ck_assert_uint_le(m.plain.len, rooms[_i]);
	for (p = buf_str(&m.plain); (p = strstr(p, ID)) != NULL; p++)
		shown++;
	p = strstr(buf_str(&m.plain), "另有 ");
	ck_assert_ptr_nonnull(p);
	ck_assert_int_eq(strtol(p + strlen("另有 "), NULL, 10), (long)(10000 - shown));
	ck_assert_uint_ge(shown, _i > 0 ? 2 : 0);
	json_decref(f);
}
END_TEST

/* What is in base64 has the line ends of a mail, too. */
START_TEST(lines_end_as_a_mails_do)
{
	AUTO(message_clear) struct message m = MESSAGE_INIT;
	AUTO(buf_clear) struct buf mail = BUF_INIT(MIME_MAX);
	char text[4096];
	json_t *f = facts_of("test", "en", 0, "", "");
	const char *p;
	size_t len, i, lines = 0;

	ck_assert_int_eq(message_build(f, "QH-01", true, MESSAGE_PLAIN_MAX, &m, NULL), 0);
	ck_assert_int_eq(mime_build(&(struct mime){ .id = ID, .at_ms = 1795393800000, .from = "a@b", .to = "a@b",
						    .message = &m }, &mail, NULL), 0);
	p = strstr(buf_str(&mail), "base64\r\n\r\n");
	ck_assert_ptr_nonnull(p);
	p += strlen("base64\r\n\r\n");
	ck_assert_int_eq(sodium_base642bin((unsigned char *)text, sizeof(text), p, (size_t)(strstr(p, "--dv-") - p), "\r\n",
					   &len, NULL, sodium_base64_VARIANT_ORIGINAL), 0);
	for (i = 0; i < len; i++)
		if (text[i] == '\n') {
			ck_assert(i > 0 && text[i - 1] == '\r');
			lines++;
		}
	ck_assert_uint_ge(lines, 2);
	json_decref(f);
}
END_TEST

static const char *const no_facts[] = {
	"{}", "[]", "null", "{\"kind\": \"fax\"}", "{\"kind\": 7}", "{\"kind\": \"at_once\"}",
	"{\"kind\": \"at_once\", \"findings\": []}", "{\"kind\": \"escalation\", \"findings\": [7]}",
};

START_TEST(refuses_what_is_none)
{
	AUTO(message_clear) struct message m = MESSAGE_INIT;
	json_t *f = json_loads(no_facts[_i], JSON_DECODE_ANY, NULL);
	struct err e = { 0, "" };

	ck_assert_int_eq(message_build(f, "QH-01", true, MESSAGE_PLAIN_MAX, &m, &e), -22);
	json_decref(f);
}
END_TEST

START_TEST(a_mail_is_the_same_each_time)
{
	AUTO(message_clear) struct message m = MESSAGE_INIT;
	AUTO(buf_clear) struct buf first = BUF_INIT(MIME_MAX), second = BUF_INIT(MIME_MAX);
	json_t *f = facts_of("test", "en", 0, "", "");
	/* 2026-11-23T00:30:00Z */
	const struct mime mime = { .id = ID, .at_ms = 1795393800000, .from = "dock@example.cn", .to = "a@b",
				   .message = &m };

	ck_assert_int_eq(message_build(f, "QH-01", true, MESSAGE_PLAIN_MAX, &m, NULL), 0);
	ck_assert_int_eq(mime_build(&mime, &first, NULL), 0);
	ck_assert_int_eq(mime_build(&mime, &second, NULL), 0);
	ck_assert_str_eq(buf_str(&first), buf_str(&second));
	ck_assert_ptr_nonnull(strstr(buf_str(&first), "\r\nDate: Mon, 23 Nov 2026 08:30:00 +0800\r\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&first), "\r\nMessage-ID: <" ID "@example.cn>\r\n"));
	json_decref(f);
}
END_TEST

static const struct { const char *id, *from, *to; } bad_mails[] = {
	{ "x", "a@b", "a@b" }, { ID, "a", "a@b" }, { ID, "a@b\r\nBcc: c@d", "a@b" }, { ID, "a@b", "" },
	{ ID, "a@b", "a@b\r\nBcc: c@d" }, { ID, "a@b", "a@b, <c@d>" }, { ID "\n", "a@b", "a@b" },
	{ ID, "a@b", "a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b,a@b" },
};

START_TEST(refuses_what_is_no_address)
{
	AUTO(message_clear) struct message m = MESSAGE_INIT;
	AUTO(buf_clear) struct buf mail = BUF_INIT(MIME_MAX);
	struct err e = { 0, "" };

	ck_assert_int_eq(mime_build(&(struct mime){ .id = bad_mails[_i].id, .from = bad_mails[_i].from,
						    .to = bad_mails[_i].to, .message = &m }, &mail, &e), -22);
	ck_assert_str_ne(e.msg, "");
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, says_it_in_two_languages, 0, (int)COUNT(kinds));
	tcase_add_loop_test(tc, tells_little_outside, 0, (int)COUNT(kinds));
	tcase_add_loop_test(tc, nothing_breaks_out, 0, (int)COUNT(hostile));
	tcase_add_loop_test(tc, what_has_no_room_is_counted, 0, 4);
	tcase_add_loop_test(tc, refuses_what_is_none, 0, (int)COUNT(no_facts));
	tcase_add_test(tc, lines_end_as_a_mails_do);
	tcase_add_test(tc, a_mail_is_the_same_each_time);
	tcase_add_loop_test(tc, refuses_what_is_no_address, 0, (int)COUNT(bad_mails));
}

int main(void)
{
	return suite_main("notify_message", fill);
}
