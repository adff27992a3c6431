/*
 * Bech32 (BIP 173) without its limit on length, as age's keys are written: 32 bytes behind a
 * human-readable part.
 *
 * There is one text of each value and case: all lower or all upper, no bits left over that are not zero.
 * Pure; any thread.  The time it takes depends on where the text is wrong, not on what a right one says.
 */
#ifndef AGE_BECH32_H
#define AGE_BECH32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BECH32_VALUE = 32,
	BECH32_PREFIX_MAX = 32,
	BECH32_DIGITS = 52 + 6,		/* of 32 bytes, and of the checksum */
};

/* prefix is in the case of the text that is wanted.  False: it is no such text; ret may be half written. */
bool bech32_decode(const char *prefix, const char *text, size_t len, uint8_t ret[BECH32_VALUE]);

/* Writes prefix, '1', BECH32_DIGITS digits in the case of prefix, and a NUL. */
void bech32_encode(const char *prefix, const uint8_t value[BECH32_VALUE], char *ret_text);

#endif
