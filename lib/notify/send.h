/*
 * Sending one notice over one channel, and what came of it.
 *
 * Errors   an outcome, and a sentence for a person: what the other side said, or what is in the way, and
 *          the next step.  Nothing of a secret is in it.
 * Threads  any, side by side; blocks for at most NOTIFY_MS.  The program calls
 *          curl_global_init() and sodium_init() before.
 * Memory   NOTIFY_MEMORY a notice, beside libcurl's.
 */
#ifndef NOTIFY_SEND_H
#define NOTIFY_SEND_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/conf.h"
#include "notify/mime.h"
#include "notify/webhook.h"

enum {
	NOTIFY_ANSWER_MAX = 400,
	NOTIFY_CONNECT_MS = 10 * 1000,
	NOTIFY_MS = 30 * 1000,
	NOTIFY_SECRET_MAX = 1024,	/* bytes of a secret's file */
	NOTIFY_MEMORY = 2 * MIME_MAX + MESSAGE_PLAIN_MAX + MESSAGE_HTML_MAX,
};

struct notify {
	const struct conf_channel *channel;
	const char *station;
	const char *id;			/* UUID of the notice */
	const json_t *facts;
	const _Atomic bool *stop;	/* the program ends: give up; NULL: never */
};

struct notify_result {
	enum notify_outcome outcome;
	uint32_t wait_s;		/* LATER: at least so long */
	char answer[NOTIFY_ANSWER_MAX];
};

void notify_send(const struct notify *n, struct notify_result *ret);

/* The channel of that name; NULL: there is none. */
const struct conf_channel *notify_find(const struct conf *c, const char *name);

/* The channels as dv.notices_make() takes them; NULL: no memory. */
json_t *notify_channels(const struct conf *c);

const char *notify_outcome_text(enum notify_outcome o);	/* "sent", "failed", "dead": dv.notice_answered() */

#endif
