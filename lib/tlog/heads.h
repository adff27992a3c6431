/*
 * What others add to the log's signed heads, and where it is kept:
 *
 *	LOG/checkpoint			the newest, with the lines of witnesses that cosigned it
 *	LOG/cosigned			the newest that a witness cosigned
 *	LOG/time/SIZE/checkpoint	the bytes that were time-stamped, and
 *	LOG/time/SIZE/AUTHORITY.tsr	the answers over them (RFC 3161), a file an authority
 *
 * What comes first stays: a witness's first line over a checkpoint, and an authority's
 * first token over a size, are never replaced, since they prove the earlier time.
 *
 * Durable when 0 is returned.  -EBADMSG: what is signed contradicts what is there.
 * Errors have a sentence that names the file.  Any thread or process of the user that LOG belongs
 * to (another's: -EPERM), beside the writer: LOG/lock.heads is held while a head is changed.
 * Blocking.
 */
#ifndef TLOG_HEADS_H
#define TLOG_HEADS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "custody/checkpoint.h"

enum {
	TLOG_AUTHORITY_MAX = 64,	/* bytes of an authority's name: A-Z a-z 0-9 . _ - */
	TLOG_AUTHORITIES_MAX = 64,	/* of one size; more are not told */
};

/*
 * Keep a witness's cosignature.  text: the checkpoint as the log signed it, whether or not with
 * lines of witnesses; line: what that witness answered, one signature line with its line feed.  It
 * is added to LOG/checkpoint when that is still the same, and to LOG/cosigned when nothing newer is
 * there.
 * -EINVAL: text is not signed by the log, or line is not the witness's signature over it.
 * -EBADMSG: LOG/checkpoint is older than text, or another one of its size; what was cosigned is
 * kept before that is said.
 */
int tlog_cosign(const char *dir, const struct note_key *log, const struct note_key *witness,
		const char *text, const char *line, struct err *e);

/*
 * The newest checkpoint that a witness cosigned; text is replaced.  -ENOENT: none; -EBADMSG: not
 * signed by the log.  Cosignatures are for whoever has the witnesses' keys to check.
 */
int tlog_cosigned(const char *dir, const struct note_key *log, struct buf *text,
		  struct checkpoint *ret, struct err *e);

/*
 * Keep an authority's token over this checkpoint.  Other authorities stamp the same bytes: -EEXIST,
 * others were stamped at that size before (tlog_time_checkpoint() tells them).  -EINVAL: not a
 * checkpoint, a name, or a token.  Nothing of it is verified here.
 */
int tlog_time_keep(const char *dir, const void *checkpoint, size_t len, const char *authority,
		   const void *token, size_t token_len, struct err *e);

/*
 * Call stamped() for each size of which bytes were time-stamped, in no order; what it returns, when
 * not 0, ends it and is returned.
 */
int tlog_time_walk(const char *dir, int (*stamped)(void *data, uint64_t size), void *data,
		   struct err *e);

/* The smallest size from `from` on of which bytes were time-stamped: 1, *ret_size; 0: none. */
int tlog_time_next(const char *dir, uint64_t from, uint64_t *ret_size, struct err *e);

/* The bytes that were stamped at that size, appended.  -ENOENT. */
int tlog_time_checkpoint(const char *dir, uint64_t size, struct buf *to, struct err *e);

/*
 * Call token() for each answer of that size, by the authorities' names; what it returns, when not
 * 0, ends it and is returned.  -ENOENT: nothing was stamped at that size.
 */
int tlog_time_each(const char *dir, uint64_t size,
		   int (*token)(void *data, const char *authority, const uint8_t *token,
				size_t len),
		   void *data, struct err *e);

#endif
