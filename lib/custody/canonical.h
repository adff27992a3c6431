/*
 * JSON in its canonical form: RFC 8785 (JCS), for the leaves of the custody
 * log.  Names sorted by their UTF-16 code units, no white space, the shortest
 * escapes.  Numbers are integers within +-(2^53-1); any other becomes a string of the
 * number as it was written (docs/CUSTODY.md), so that nothing is ever rounded.
 *
 * Doubled names, lone surrogates, bytes that are not UTF-8, and more than
 * CANONICAL_DEPTH levels are refused.
 *
 * Pure; any thread.  Memory: CANONICAL_NAMES_MAX places of names a level at most.
 */
#ifndef CUSTODY_CANONICAL_H
#define CUSTODY_CANONICAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { CANONICAL_DEPTH = 32, CANONICAL_NAMES_MAX = 65536 };

/* Append the canonical form of the JSON text to `to`.  0, or -EINVAL and a sentence with the place. */
int canonical_json(const char *text, size_t len, struct buf *to, struct err *e);

#endif
