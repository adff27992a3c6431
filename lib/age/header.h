/*
 * The text at the beginning of an age file, read strictly and written (C2SP age, "ABNF definition of file
 * header").  What is read points into the caller's bytes and lives as long as they do.
 *
 * Nothing here knows a kind of stanza or a key: it says what is written, not whom it is for.
 * Pure; any thread.
 */
#ifndef AGE_HEADER_H
#define AGE_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "age/age.h"
#include "base/buf.h"
#include "base/err.h"

enum { AGE_ARGS_MAX = 4, AGE_WRAPPED = 32, AGE_MAC = 32 };

struct age_arg {
	const char *p;
	size_t len;
};

struct age_stanza {
	size_t args;			/* with the kind, which is the first; may be above AGE_ARGS_MAX */
	struct age_arg arg[AGE_ARGS_MAX];
	size_t body_len;		/* decoded; body is whole when it is AGE_WRAPPED at most */
	uint8_t body[AGE_WRAPPED];
};

struct age_header {
	size_t n;
	struct age_stanza stanza[AGE_STANZAS_MAX];
	size_t signed_len;		/* what the MAC is of: up to and with "---" */
	uint8_t mac[AGE_MAC];
	size_t len;			/* with the line of the MAC */
};

/* 0, or -EINVAL and a sentence that names the line. */
int age_header_parse(const uint8_t *text, size_t len, struct age_header *ret, struct err *e);

/* Is the stanza of that kind? */
bool age_stanza_is(const struct age_stanza *s, const char *kind);

/* Append the first line; a stanza of that kind and with that wrapped key; "---", the MAC and the line's end. */
void age_header_begin(struct buf *to);
void age_header_stanza(struct buf *to, const char *args, const uint8_t body[AGE_WRAPPED]);
void age_header_end(struct buf *to);
void age_header_mac(struct buf *to, const uint8_t mac[AGE_MAC]);

#endif
