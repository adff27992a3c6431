/*
 * What the texts of C2SP are made of: lines that each end with a line feed and
 * have no carriage return, decimal numbers of one shape, and hashes in base64.
 *
 * Sentences of refusal name the line.  Pure; any thread.
 */
#ifndef CUSTODY_LINES_H
#define CUSTODY_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "custody/merkle.h"

struct lines {
	const char *p, *end;	/* what was not taken yet */
	unsigned number;	/* of the line that was taken last, from 1 */
};

struct lines lines_of(const void *text, size_t len);

/* The next line, without its line feed.  0, or -EINVAL and a sentence: there is none, or it is no line. */
int lines_take(struct lines *l, const char **ret, size_t *ret_len, struct err *e);

/* Decimal, without sign or leading zeros, below 2^63. */
bool lines_number(const char *s, size_t len, uint64_t *ret);

/* At most max hashes, a line each, and the empty line behind them. */
int lines_take_proof(struct lines *l, size_t max, struct merkle_proof *ret, struct err *e);

/* Append the same. */
void lines_add_proof(const struct merkle_proof *proof, struct buf *to);

#endif
