/* What the parts of lib/age share of keys: see age.h for what callers get. */
#ifndef AGE_KEYS_H
#define AGE_KEYS_H

#include "age/age.h"

struct age_keys {			/* in memory of sodium_malloc() */
	size_t n;
	uint8_t secret[AGE_IDENTITIES_MAX][32];
	struct age_recipient recipient[AGE_IDENTITIES_MAX];
	size_t passphrase_len;		/* 0: none */
	uint8_t passphrase[AGE_PASSPHRASE_MAX];
};

#endif
