/*
 * JSON in its canonical form: RFC 8785 (JCS), for the leaves of the custody
 * log.  Names sorted by their UTF-16 code units, no white space, the shortest
 * escapes.  Numbers are integers within +-(2^53-1); any other becomes a string of the
 * number as it was written (docs/CUSTODY.md), so that nothing is ever rounded.
 * -0 is 0.
 *
 * Doubled names, lone surrogates, bytes that are not UTF-8, more than CANONICAL_DEPTH arrays and
 * objects in one another, and more than CANONICAL_NAMES_MAX names in the objects that are open at
 * one place are refused.
 *
 * Canonical form of canonical form is itself, so text is canonical if and only if it is its own
 * canonical form.  What is can be walked without a tree of values: canonical_member() and so on.
 *
 * Pure; any thread.  Memory: twice what is appended, 24 bytes a name of the objects that are open
 * at one place, and as much again while an object's names are sorted.
 */
#ifndef CUSTODY_CANONICAL_H
#define CUSTODY_CANONICAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* The value of a column, 32 at most, in a row, in a leaf. */
enum { CANONICAL_DEPTH = 34, CANONICAL_NAMES_MAX = 65536 };

/*
 * Append the canonical form of the JSON text to `to`.  0; -EINVAL and a sentence with the place;
 * -ENOMEM; -ENOBUFS: `to` would pass its maximum.  `to` is as it was after a failure.
 */
int canonical_json(const char *text, size_t len, struct buf *to, struct err *e);

/* ------ walking what canonical_json() wrote: anything else may be misread, never overread ------ */

struct canonical_member {		/* or an element: without name */
	const char *name;		/* as it stands, without quotes, with escapes */
	size_t name_len;
	const char *value;
	size_t value_len;
};

/* Step through an object or an array, *at being 0 at first.  False: it is over, or neither. */
bool canonical_member(const char *object, size_t len, size_t *at, struct canonical_member *ret);
bool canonical_element(const char *array, size_t len, size_t *at, struct canonical_member *ret);

/* By UTF-16 code units, as names are sorted; both as they stand, with escapes. */
int canonical_compare(const char *a, size_t a_len, const char *b, size_t b_len);

/* Append what a string stands for.  False: the value is no string. */
bool canonical_text(const char *value, size_t len, struct buf *to);

#endif
