/*
 * The challenge "dockvault-challenge/v1": what a dock leaves on a recorder so
 * that the recorder's next inventory manifest (manifest.h) proves where its
 * chain stood then.
 *
 * ASCII, LF, one "key value" a line with one space, ends with LF:
 *
 *	dockvault-challenge/v1
 *	station		which dock
 *	recorder	whom it asks
 *	session		the dock session that left it, a UUID
 *	at		when, "2026-11-23T12:42:58.123Z"
 *	nonce		64 hex digits, used once: what the inventory says in `nonce`
 *
 * The recorder answers by signing an inventory as its next manifest, before
 * whatever it records next, and may remove the challenge then.
 *
 * Pure; any thread.
 */
#ifndef FORMAT_CHALLENGE_H
#define FORMAT_CHALLENGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

enum { CHALLENGE_TEXT_SIZE = 320, CHALLENGE_ID_MAX = 32 };

struct challenge {
	char station[CHALLENGE_ID_MAX + 1], recorder[CHALLENGE_ID_MAX + 1];
	char session[37];
	int64_t at_ms;
	struct digest nonce;
};

/* The text and its length, which the lengths of the two ids alone decide. */
size_t challenge_write(const struct challenge *c, char ret[CHALLENGE_TEXT_SIZE]);

#endif
