/*
 * File keys: what a stanza wraps, and what everything else in a file is derived from.
 * Pure but for fresh random bytes; any thread.  sodium_init() must have run.
 */
#ifndef AGE_WRAP_H
#define AGE_WRAP_H

#include "age/age.h"
#include "age/header.h"

enum { AGE_FILE_KEY = 16 };

/* Append a stanza.  0, or a negative errno and a sentence. */
int age_wrap_recipient(const struct age_recipient *r, const uint8_t file_key[AGE_FILE_KEY],
		       struct buf *to, struct err *e);
int age_wrap_passphrase(const void *passphrase, size_t len, unsigned work,
			const uint8_t file_key[AGE_FILE_KEY], struct buf *to, struct err *e);

/*
 * The file key, by any of the keys.  Stanzas of the two kinds that are known are judged whether they
 * are for us or not: one that the format forbids makes the header bad.
 */
enum age_verdict age_unwrap(const struct age_header *h, const struct age_keys *k, unsigned work_max,
			    uint8_t ret_file_key[AGE_FILE_KEY], struct err *e);

/* HMAC-SHA-256 of the header, by a key that is derived from the file key. */
void age_mac(const uint8_t file_key[AGE_FILE_KEY], const void *text, size_t len,
	     uint8_t ret[AGE_MAC]);

void age_payload_key(const uint8_t file_key[AGE_FILE_KEY], const uint8_t nonce[AGE_NONCE],
		     uint8_t ret[32]);

#endif
