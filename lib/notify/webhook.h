/*
 * Webhooks: what is asked of DingTalk, of WeCom and of a server of the bureau's own, and what
 * their answers mean.  HTTP's 200 is not "sent": the first two say what became of it as `errcode`.
 *
 * The secret's file has
 *	dingtalk	the access token; on a second line the key that signs (SEC...), if there is one
 *	wecom		the key
 *	json		the key of the HMAC
 *
 * Pure; any thread.
 */
#ifndef NOTIFY_WEBHOOK_H
#define NOTIFY_WEBHOOK_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/conf.h"
#include "notify/message.h"

enum {
	WEBHOOK_ANSWER_MAX = 64 * 1024,		/* bytes of an answer */
	WEBHOOK_TEXT_MAX = 240,			/* of what it is shown to say */
	WEBHOOK_WECOM_MAX = 2048,		/* bytes of text that it takes */
	WEBHOOK_DINGTALK_MAX = 6000,		/* of which it takes 20,000 with everything around them */
	WEBHOOK_DINGTALK_WAIT_S = 600,		/* it is deaf for so long after more than 20 a minute */
	WEBHOOK_SIGN_MAX = 128,
};

enum notify_outcome {
	NOTIFY_SENT,
	NOTIFY_LATER,		/* not now: asking again may help */
	NOTIFY_DEAD,		/* it will not: a person has to do something first */
};

struct webhook_verdict {
	enum notify_outcome outcome;
	uint32_t wait_s;		/* LATER: at least so long */
	char text[WEBHOOK_TEXT_MAX];	/* a sentence: what the other side said, and the next step */
};

/* The body of a request; false: no memory, or the facts are none. */
bool webhook_body(enum conf_channel_kind kind, const char *id, const char *station, const json_t *facts,
		  const struct message *m, struct buf *to);

/* How long a text the kind takes. */
size_t webhook_text_max(enum conf_channel_kind kind);

/* DingTalk's signature for a moment: base64 of HMAC-SHA256, by the key, of "MOMENT\nKEY", as it stands in a
 * URL.  False: the key is too long for it. */
bool webhook_dingtalk_sign(int64_t ms, const char *key, size_t len, char ret[WEBHOOK_SIGN_MAX]);

/* Ours: hex of HMAC-SHA256, by the key, of "MOMENT.BODY". */
void webhook_json_sign(int64_t ms, const void *key, size_t key_len, const void *body, size_t len,
		       char ret[WEBHOOK_SIGN_MAX]);

/* What an answer means. */
void webhook_judge(enum conf_channel_kind kind, long status, const uint8_t *body, size_t len,
		   struct webhook_verdict *ret);

#endif
