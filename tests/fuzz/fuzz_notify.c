/*
 * Any bytes as a robot's answer, and as the facts of a notice: what is sent of them is
 * one mail with our headers and no others, and a text within its bounds.
 */
#include <jansson.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "notify/mime.h"
#include "notify/webhook.h"

#define ID	"11111111-2222-4333-8444-555555555555"

static void as_answer(const uint8_t *bytes, size_t len)
{
	static const enum conf_channel_kind kinds[] = { CHANNEL_DINGTALK, CHANNEL_WECOM, CHANNEL_JSON };
	struct webhook_verdict v;
	size_t i;

	for (i = 0; i < COUNT(kinds); i++) {
		webhook_judge(kinds[i], 200, bytes, len, &v);
		MUST(v.text[0] != '\0' && strlen(v.text) < sizeof(v.text));
		MUST(strpbrk(v.text, "\r\n\x1b") == NULL);
		MUST(v.outcome != NOTIFY_SENT || kinds[i] == CHANNEL_JSON || strstr(v.text, "errcode 0") != NULL);
		webhook_judge(kinds[i], 500, bytes, len, &v);
		MUST(v.outcome == NOTIFY_LATER);
	}
}

/* Nine headers and what folds them; then lines of ASCII. */
static void check_mail(const char *p)
{
	size_t n, headers = 0;
	bool head = true;

	for (; *p != '\0'; p += n + 2) {
		n = strcspn(p, "\r\n");
		MUST(n <= 78 && p[n] == '\r' && p[n + 1] == '\n');
		headers += head && n > 0 && p[0] != ' ';
		head = head && n > 0;
	}
	MUST(headers == 8);
}

static void as_facts(const json_t *facts, bool full, size_t room)
{
	AUTO(message_clear) struct message m = MESSAGE_INIT;
	AUTO(buf_clear) struct buf mail = BUF_INIT(MIME_MAX), body = BUF_INIT(2 * MIME_MAX);

	if (message_build(facts, "QH-01", full, room, &m, NULL) < 0)
		return;
	MUST(m.plain.len <= MAX(room, (size_t)MESSAGE_PLAIN_MIN));
	MUST(memchr(m.subject.p, '\n', m.subject.len) == NULL && m.subject.len > 0);
	MUST(strstr(buf_str(&m.html), "<script") == NULL);
	MUST(mime_build(&(struct mime){ .id = ID, .at_ms = 0, .from = "a@b", .to = "c@d", .message = &m },
			&mail, NULL) == 0);
	check_mail(buf_str(&mail));
	MUST(webhook_body(full ? CHANNEL_JSON : CHANNEL_WECOM, ID, "QH-01", facts, &m, &body));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	json_t *facts = json_loadb((const char *)bytes, len, 0, NULL);

	as_answer(bytes, len);
	as_facts(facts, true, MESSAGE_PLAIN_MAX);
	as_facts(facts, false, 1500);
	json_decref(facts);
	return 0;
}
