/*
 * UTF-8 (RFC 3629), character by character.
 *
 * Pure; any thread.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * Length of the well-formed character at p, of which at least one byte must be there; its code
 * point in *ret.  0: malformed: cut short, overlong, a surrogate, beyond U+10FFFF.
 */
size_t utf8_char(const uint8_t *p, size_t len, uint32_t *ret);

/* Write a code point; returns the number of its bytes. */
size_t utf8_encode(uint32_t c, uint8_t to[4]);

#endif
