#include "notify/webhook.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/util.h"

/* ------ what is asked ------ */

size_t webhook_text_max(enum conf_channel_kind kind)
{
	switch (kind) {
	case CHANNEL_WECOM:	return WEBHOOK_WECOM_MAX - MESSAGE_SUBJECT_MAX - 2;
	case CHANNEL_DINGTALK:	return WEBHOOK_DINGTALK_MAX;
	default:		return MESSAGE_PLAIN_MAX;
	}
}

static json_t *chat_json(const struct message *m)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(MESSAGE_PLAIN_MAX + MESSAGE_SUBJECT_MAX + 2);

	buf_addf(&text, "%s\n\n", buf_str(&m->subject));
	buf_adds(&text, buf_str(&m->plain));
	if (text.failed)
		return NULL;
	return json_pack("{s:s, s:{s:s}}", "msgtype", "text", "text", "content", buf_str(&text));
}

static json_t *own_json(const char *id, const char *station, const json_t *facts,
			const struct message *m)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:o}", "v", 1, "notice", id, "station", station,
			 "subject", buf_str(&m->subject), "text", buf_str(&m->plain), "facts",
			 message_outside(facts));
}

bool webhook_body(enum conf_channel_kind kind, const char *id, const char *station, const json_t *facts,
		  const struct message *m, struct buf *to)
{
	json_t *j = kind == CHANNEL_JSON ? own_json(id, station, facts, m) : chat_json(m);
	char *text = j != NULL ? json_dumps(j, JSON_COMPACT) : NULL;

	json_decref(j);
	if (text == NULL)
		return false;
	buf_adds(to, text);
	free(text);
	return !to->failed;
}

/* ------ signatures ------ */

static void hmac(const void *key, size_t key_len, const void *first, size_t first_len,
		 const void *second, size_t second_len, uint8_t ret[crypto_auth_hmacsha256_BYTES])
{
	crypto_auth_hmacsha256_state s;

	crypto_auth_hmacsha256_init(&s, key, key_len);
	crypto_auth_hmacsha256_update(&s, first, first_len);
	crypto_auth_hmacsha256_update(&s, second, second_len);
	crypto_auth_hmacsha256_final(&s, ret);
	sodium_memzero(&s, sizeof(s));
}

bool webhook_dingtalk_sign(int64_t ms, const char *key, size_t len, char ret[WEBHOOK_SIGN_MAX])
{
	AUTO(buf_clear) struct buf b64 = BUF_INIT(64);
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	char moment[32];
	const char *p;
	size_t n = 0;

	snprintf(moment, sizeof(moment), "%" PRId64 "\n", ms);
	hmac(key, len, moment, strlen(moment), key, len, mac);
	base64_add(&b64, mac, sizeof(mac));
	for (p = buf_str(&b64); *p != '\0'; p++)	/* 44 characters, three each at most */
		n += (size_t)snprintf(ret + n, WEBHOOK_SIGN_MAX - n,
				      strchr("+/=", *p) != NULL ? "%%%02X" : "%c", *p);
	return !b64.failed && n > 0;
}

void webhook_json_sign(int64_t ms, const void *key, size_t key_len, const void *body, size_t len,
		       char ret[WEBHOOK_SIGN_MAX])
{
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	char moment[32];

	snprintf(moment, sizeof(moment), "%" PRId64 ".", ms);
	hmac(key, key_len, moment, strlen(moment), body, len, mac);
	sodium_bin2hex(ret, WEBHOOK_SIGN_MAX, mac, sizeof(mac));
}

/* ------ answers ------ */

static const struct known {
	enum conf_channel_kind kind;
	long long errcode;
	enum notify_outcome outcome;
	uint32_t wait_s;
	const char *next;		/* for a person */
} known[] = {
	{ CHANNEL_DINGTALK, -1, NOTIFY_LATER, 0, "" },
	{ CHANNEL_DINGTALK, 130101, NOTIFY_LATER, WEBHOOK_DINGTALK_WAIT_S, ": too many in a minute" },
	{ CHANNEL_DINGTALK, 410100, NOTIFY_LATER, WEBHOOK_DINGTALK_WAIT_S, ": too many in a minute" },
	{ CHANNEL_DINGTALK, 310000, NOTIFY_DEAD, 0,
	  ": put the robot's signing key (SEC...) on the second line of the secret's file, and set the clock" },
	{ CHANNEL_DINGTALK, 300001, NOTIFY_DEAD, 0, ": put the robot's access token into the secret's file" },
	{ CHANNEL_DINGTALK, 300005, NOTIFY_DEAD, 0, ": put the robot's access token into the secret's file" },
	{ CHANNEL_DINGTALK, 400101, NOTIFY_DEAD, 0, ": put the robot's access token into the secret's file" },
	{ CHANNEL_DINGTALK, 400102, NOTIFY_DEAD, 0, ": enable the robot in its group" },
	{ CHANNEL_DINGTALK, 400013, NOTIFY_DEAD, 0, ": the group is gone: make a robot in another" },
	{ CHANNEL_DINGTALK, 460101, NOTIFY_DEAD, 0, ": the message is too long for it" },
	{ CHANNEL_WECOM, -1, NOTIFY_LATER, 0, "" },
	{ CHANNEL_WECOM, 45009, NOTIFY_LATER, 60, ": too many in a minute" },
	{ CHANNEL_WECOM, 45033, NOTIFY_LATER, 60, ": too many at once" },
	{ CHANNEL_WECOM, 93000, NOTIFY_DEAD, 0, ": put the robot's key into the secret's file" },
	{ CHANNEL_WECOM, 40001, NOTIFY_DEAD, 0, ": put the robot's key into the secret's file" },
	{ CHANNEL_WECOM, 93008, NOTIFY_DEAD, 0, ": the robot is not in its group any more" },
	{ CHANNEL_WECOM, 45002, NOTIFY_DEAD, 0, ": the message is too long for it" },
};

static const struct known *find(enum conf_channel_kind kind, long long errcode)
{
	size_t i;

	for (i = 0; i < COUNT(known); i++)
		if (known[i].kind == kind && known[i].errcode == errcode)
			return &known[i];
	return NULL;
}

__attribute__((format(printf, 4, 5)))
static void verdict(struct webhook_verdict *ret, enum notify_outcome outcome, uint32_t wait_s,
		    const char *fmt, ...)
{
	AUTO(buf_clear) struct buf line = BUF_INIT(WEBHOOK_TEXT_MAX);
	char text[4 * WEBHOOK_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	message_add_line(&line, text, WEBHOOK_TEXT_MAX - 1);
	ret->outcome = outcome;
	ret->wait_s = wait_s;
	snprintf(ret->text, sizeof(ret->text), "%s", buf_str(&line));
}

/* What a server says that is not 200. */
static void judge_status(long status, struct webhook_verdict *ret)
{
	switch (status) {
	case 401:
	case 403:
		verdict(ret, NOTIFY_DEAD, 0, "HTTP %ld: it does not accept our key: look at the secret's "
			"file", status);
		return;
	case 404:
	case 410:
		verdict(ret, NOTIFY_DEAD, 0, "HTTP %ld: nobody is there: look at url", status);
		return;
	case 413:
		verdict(ret, NOTIFY_DEAD, 0, "HTTP 413: the message is too long for it");
		return;
	case 429:
		verdict(ret, NOTIFY_LATER, 60, "HTTP 429: too many in a short time");
		return;
	default:
		verdict(ret, NOTIFY_LATER, 0, status >= 300 && status < 400 ?
			"HTTP %ld: redirects are not followed: put where it leads into url" :
			"HTTP %ld", status);
	}
}

static void judge_errcode(enum conf_channel_kind kind, const json_t *answer, struct webhook_verdict *ret)
{
	const json_t *code = json_object_get(answer, "errcode");
	const char *msg = json_string_value(json_object_get(answer, "errmsg"));
	const long long errcode = json_integer_value(code);
	const struct known *k = find(kind, errcode);

	if (!json_is_integer(code)) {
		verdict(ret, NOTIFY_LATER, 0, "HTTP 200 without an errcode: not the answer of a robot: "
			"look at url");
		return;
	}
	if (errcode == 0)
		verdict(ret, NOTIFY_SENT, 0, "errcode 0 %.100s", msg != NULL ? msg : "");
	else
		verdict(ret, k != NULL ? k->outcome : NOTIFY_LATER, k != NULL ? k->wait_s : 0,
			"errcode %lld %.100s%s", errcode, msg != NULL ? msg : "",
			k != NULL ? k->next : "");
}

/* A server of the bureau's own may answer with nothing; where it says an errcode, that counts. */
void webhook_judge(enum conf_channel_kind kind, long status, const uint8_t *body, size_t len,
		   struct webhook_verdict *ret)
{
	json_t *answer;

	if (status < 200 || status > 299) {
		judge_status(status, ret);
		return;
	}
	answer = len <= WEBHOOK_ANSWER_MAX ?
		json_loadb((const char *)body, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (kind != CHANNEL_JSON || json_object_get(answer, "errcode") != NULL)
		judge_errcode(kind, answer, ret);
	else
		verdict(ret, NOTIFY_SENT, 0, "HTTP %ld", status);
	json_decref(answer);
}
