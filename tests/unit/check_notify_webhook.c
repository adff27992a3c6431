#include <jansson.h>
#include <string.h>

#include "base/util.h"
#include "notify/syslog.h"
#include "notify/webhook.h"
#include "unit/suite.h"

static const struct { enum conf_channel_kind kind; long status; const char *body; enum notify_outcome outcome;
		      uint32_t wait_s; const char *says; } answers[] = {
	{ CHANNEL_DINGTALK, 200, "{\"errcode\":0,\"errmsg\":\"ok\"}", NOTIFY_SENT, 0, "errcode 0 ok" },
	{ CHANNEL_WECOM, 200, "{\"errcode\":0,\"errmsg\":\"ok\"}", NOTIFY_SENT, 0, "errcode 0 ok" },
	{ CHANNEL_DINGTALK, 200, "", NOTIFY_LATER, 0, "without an errcode" },
	{ CHANNEL_DINGTALK, 200, "<html>Dear user", NOTIFY_LATER, 0, "without an errcode" },
	{ CHANNEL_DINGTALK, 200, "[]", NOTIFY_LATER, 0, "without an errcode" },
	{ CHANNEL_DINGTALK, 200, "{\"errcode\":\"0\"}", NOTIFY_LATER, 0, "without an errcode" },
	{ CHANNEL_DINGTALK, 200, "{\"errcode\":0.0}", NOTIFY_LATER, 0, "without an errcode" },
	{ CHANNEL_DINGTALK, 200, "{\"errcode\":1,\"errcode\":0}", NOTIFY_LATER, 0, "without an errcode" },
	{ CHANNEL_DINGTALK, 200, "{\"errcode\":0} x", NOTIFY_LATER, 0, "without an errcode" },
	{ CHANNEL_DINGTALK, 200, "{\"errcode\":310000,\"errmsg\":\"sign not match\"}", NOTIFY_DEAD, 0, "second line" },
	{ CHANNEL_DINGTALK, 200, "{\"errcode\":300001,\"errmsg\":\"token is not exist\"}", NOTIFY_DEAD, 0, "access token" },
	{ CHANNEL_DINGTALK, 200, "{\"errcode\":130101,\"errmsg\":\"send too fast\"}", NOTIFY_LATER, 600, "too many" },
	{ CHANNEL_DINGTALK, 200, "{\"errcode\":-1,\"errmsg\":\"busy\"}", NOTIFY_LATER, 0, "errcode -1 busy" },
	{ CHANNEL_DINGTALK, 200, "{\"errcode\":4711,\"errmsg\":\"a\\nb\\u001b\"}", NOTIFY_LATER, 0, "errcode 4711 a b " },
	{ CHANNEL_DINGTALK, 200, "{\"errcode\":4711,\"errmsg\":7}", NOTIFY_LATER, 0, "errcode 4711" },
	{ CHANNEL_WECOM, 200, "{\"errcode\":45009,\"errmsg\":\"api freq out of limit\"}", NOTIFY_LATER, 60, "too many" },
	{ CHANNEL_WECOM, 200, "{\"errcode\":93000,\"errmsg\":\"invalid webhook url\"}", NOTIFY_DEAD, 0, "robot's key" },
	{ CHANNEL_WECOM, 200, "{\"errcode\":310000}", NOTIFY_LATER, 0, "errcode 310000" },
	{ CHANNEL_WECOM, 500, "{\"errcode\":0}", NOTIFY_LATER, 0, "HTTP 500" },
	{ CHANNEL_JSON, 200, "", NOTIFY_SENT, 0, "HTTP 200" },
	{ CHANNEL_JSON, 204, "", NOTIFY_SENT, 0, "HTTP 204" },
	{ CHANNEL_JSON, 200, "thanks", NOTIFY_SENT, 0, "HTTP 200" },
	{ CHANNEL_JSON, 200, "{\"errcode\":7,\"errmsg\":\"full\"}", NOTIFY_LATER, 0, "errcode 7 full" },
	{ CHANNEL_JSON, 302, "", NOTIFY_LATER, 0, "redirects are not followed" },
	{ CHANNEL_JSON, 401, "", NOTIFY_DEAD, 0, "does not accept our key" },
	{ CHANNEL_JSON, 404, "", NOTIFY_DEAD, 0, "look at url" },
	{ CHANNEL_JSON, 413, "", NOTIFY_DEAD, 0, "too long" },
	{ CHANNEL_JSON, 429, "", NOTIFY_LATER, 60, "too many" },
	{ CHANNEL_JSON, 503, "", NOTIFY_LATER, 0, "HTTP 503" },
	{ CHANNEL_JSON, 0, "", NOTIFY_LATER, 0, "HTTP 0" },
};

START_TEST(reads_what_it_says)
{
	struct webhook_verdict v;

	webhook_judge(answers[_i].kind, answers[_i].status, (const uint8_t *)answers[_i].body,
		      strlen(answers[_i].body), &v);
	ck_assert_msg(v.outcome == answers[_i].outcome && v.wait_s == answers[_i].wait_s &&
		      strstr(v.text, answers[_i].says) != NULL, "%s: %d %s", answers[_i].body,
		      (int)v.outcome, v.text);
}
END_TEST

/*
 * printf '1700000000000\nSECabc' | openssl dgst -sha256 -hmac SECabc -binary | base64
 * printf '1700000000000.{"a":1}' | openssl dgst -sha256 -hmac key
 */
START_TEST(signs_as_others_do)
{
	char sign[WEBHOOK_SIGN_MAX];

	ck_assert(webhook_dingtalk_sign(1700000000000, "SECabc", 6, sign));
	ck_assert_str_eq(sign, "jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM%3D");
	webhook_json_sign(1700000000000, "key", 3, "{\"a\":1}", 7, sign);
	ck_assert_str_eq(sign, "2c8bc12f88d77789404ce0a63cf69acf735ba98832f7a7d36147f537be556f3e");
}
END_TEST

START_TEST(bodies_are_what_they_take)
{
	static const enum conf_channel_kind kinds[] = { CHANNEL_DINGTALK, CHANNEL_WECOM, CHANNEL_JSON };
	AUTO(message_clear) struct message m = MESSAGE_INIT;
	AUTO(buf_clear) struct buf body = BUF_INIT(1024 * 1024);
	json_t *f = json_loads("{\"kind\": \"at_once\", \"findings\": [{\"code\": \"a\\u0001\\\"b\", \"officer\": \"019\","
			       " \"text\": \"\\ud83d\\udea8 <at id=all>\"}]}", 0, NULL), *j;
	const char *text;

	ck_assert_int_eq(message_build(f, "QH-01", false, webhook_text_max(kinds[_i]), &m, NULL), 0);
	ck_assert(webhook_body(kinds[_i], "id", "QH-01", f, &m, &body));
	j = json_loadb((const char *)body.p, body.len, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(j);
	if (kinds[_i] == CHANNEL_JSON) {
		ck_assert_str_eq(json_string_value(json_object_get(j, "notice")), "id");
		ck_assert_ptr_nonnull(json_object_get(json_object_get(j, "facts"), "findings"));
	} else {
		ck_assert_str_eq(json_string_value(json_object_get(j, "msgtype")), "text");
		text = json_string_value(json_object_get(json_object_get(j, "text"), "content"));
		ck_assert_ptr_nonnull(strstr(text, "🚨"));
	}
	ck_assert_ptr_null(strstr(buf_str(&body), "019"));
	json_decref(j);
	json_decref(f);
}
END_TEST

START_TEST(a_log_has_one_line)
{
	AUTO(message_clear) struct message m = MESSAGE_INIT;
	AUTO(buf_clear) struct buf journal = BUF_INIT(SYSLOG_MAX), old = BUF_INIT(SYSLOG_MAX);
	json_t *f = json_loads("{\"kind\": \"at_once\", \"language\": \"en\", \"findings\": [{\"code\": \"a\\nPRIORITY=0\","
			       " \"severity\": \"violation\", \"article\": 32}]}", 0, NULL);

	ck_assert_int_eq(message_build(f, "QH-01", false, MESSAGE_PLAIN_MAX, &m, NULL), 0);
	syslog_build(true, "11111111-2222-4333-8444-555555555555", true, &m, 1795393800000, &journal);
	ck_assert_int_eq(strncmp(buf_str(&journal), "PRIORITY=4\nSYSLOG_IDENTIFIER=dockvault-notice\nMESSAGE_ID="
				 SYSLOG_MESSAGE_ID "\nDOCKVAULT_NOTICE=11111111-2222-4333-8444-555555555555\nMESSAGE="
				 "[Dockvault] violation: Art. 32 a PRIORITY=0: Found:", 60), 0);
	ck_assert_ptr_null(strstr(buf_str(&journal), "\nPRIORITY=0"));
	syslog_build(false, "11111111-2222-4333-8444-555555555555", false, &m, 1795393800000, &old);
	ck_assert_int_eq(strncmp(buf_str(&old), "<133>Nov 23 08:30:00 dockvault-notice[11111111-2222-4333-8444-"
				 "555555555555]: [Dockvault] violation: Art. 32", 90), 0);
	ck_assert_ptr_null(strchr(buf_str(&old), '\n'));
	ck_assert(syslog_is_journal("/run/systemd/journal/socket") && !syslog_is_journal("/dev/log"));
	json_decref(f);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, reads_what_it_says, 0, (int)COUNT(answers));
	tcase_add_test(tc, signs_as_others_do);
	tcase_add_loop_test(tc, bodies_are_what_they_take, 0, 3);
	tcase_add_test(tc, a_log_has_one_line);
}

int main(void)
{
	return suite_main("notify_webhook", fill);
}
