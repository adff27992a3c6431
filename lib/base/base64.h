/*
 * Base64 (RFC 4648, section 4), in the one shape that each value has: with its
 * padding, without anything else, and with zeros in the bits that carry nothing.
 *
 * Pure; any thread.  The time that decoding takes does not depend on the bytes.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Is this the base64 of exactly n bytes?  Then they are in ret, which may be half written when not. */
bool base64_decode(const char *s, size_t len, uint8_t *ret, size_t n);

/* Append the base64 of n bytes. */
void base64_add(struct buf *to, const void *p, size_t n);

/* The same without padding, as age writes it. */
bool base64_raw_decode(const char *s, size_t len, uint8_t *ret, size_t n);
void base64_raw_add(struct buf *to, const void *p, size_t n);

#endif
