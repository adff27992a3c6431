/*
 * A mail as it goes to a server: RFC 5322, MIME's multipart/alternative of plain text and
 * HTML, in UTF-8.  Lines end in CRLF and have at most 78 characters, whatever is in the
 * texts: subjects are encoded words (RFC 2047), parts base64.  A text with a line break
 * in it is one line by then (notify/message.h); addresses are conf_is_address().  So nothing
 * that is said in a mail can become a header of it.  Dots are doubled by whoever sends it.
 *
 * The same notice makes the same bytes each time, its Message-ID included, so that one that was sent
 * twice is recognised.
 *
 * Errors   -EINVAL: an address that is none, or an id; -ENOMEM.
 * Pure; any thread.
 */
#ifndef NOTIFY_MIME_H
#define NOTIFY_MIME_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "notify/message.h"

enum { MIME_MAX = 2 * (MESSAGE_PLAIN_MAX + MESSAGE_HTML_MAX) };

struct mime {
	const char *id;			/* UUID of the notice */
	int64_t at_ms;			/* when it was made */
	const char *from, *to;		/* an address; conf_next_address() */
	const struct message *message;
};

int mime_build(const struct mime *m, struct buf *to, struct err *e);

#endif
