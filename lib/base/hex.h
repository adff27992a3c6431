/*
 * Bytes from hex digits, both cases, for bulk: several times as fast as
 * sodium_hex2bin(), which takes the same time whatever the bytes are and is for
 * secrets.
 *
 * Pure; any thread.
 */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

/*
 * Decode all of the text into at most max bytes.  0 and their number, or -EINVAL: an odd number of
 * digits, or something that is none; -ENOBUFS: more than max.  What is in `to` then is of no use.
 */
int hex_decode(const char *text, size_t len, uint8_t *to, size_t max, size_t *ret_len);

#endif
