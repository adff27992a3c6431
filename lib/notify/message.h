/*
 * What a notice says, in Chinese or English, made of its facts (dv.notice, sql/029).
 *
 * The facts come from the catalog, their texts from whoever wrote them: each is one
 * line here, without control characters, and not longer than MESSAGE_FIELD_MAX.  Where
 * the message leaves the house (full is false) it carries counts, code, article, recorder and
 * unit, due date, next step and the finding's id, and nothing else of it, whatever the facts have.
 *
 * Errors   -EINVAL: no facts of a notice; -ENOMEM.
 * Pure; any thread.
 */
#ifndef NOTIFY_MESSAGE_H
#define NOTIFY_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	MESSAGE_FIELD_MAX = 600,	/* bytes of one text */
	MESSAGE_SUBJECT_MAX = 480,
	MESSAGE_PLAIN_MAX = 96 * 1024,
	MESSAGE_HTML_MAX = 1024 * 1024,	/* six times the plain text, and tags */
	MESSAGE_PLAIN_MIN = 1200,	/* what is there in any case fits into this much */
};

struct message {
	struct buf subject;		/* UTF-8, one line */
	struct buf plain;		/* lines end in \n */
	struct buf html;		/* a whole document */
};
#define MESSAGE_INIT	{ .subject = BUF_INIT(MESSAGE_SUBJECT_MAX), \
			  .plain = BUF_INIT(MESSAGE_PLAIN_MAX), .html = BUF_INIT(MESSAGE_HTML_MAX) }

/* plain_max: findings beyond so many bytes of plain text are counted, not told; at least
 * MESSAGE_PLAIN_MIN.  station: who says it. */
int message_build(const json_t *facts, const char *station, bool full, size_t plain_max,
		  struct message *ret, struct err *e);
void message_clear(struct message *m);

/* The facts without what does not leave the house; a new reference, NULL: no memory. */
json_t *message_outside(const json_t *facts);

/* Append a text as one line, cut at max bytes, where a character ends, with an ellipsis. */
void message_add_line(struct buf *b, const char *text, size_t max);

#endif
