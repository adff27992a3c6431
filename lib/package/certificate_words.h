/*
 * What the certificate says for the catalog's values, in Chinese.  A value that has no word is said
 * as it is; NULL as "不详".
 *
 * Pure; any thread.
 */
#ifndef PACKAGE_CERTIFICATE_WORDS_H
#define PACKAGE_CERTIFICATE_WORDS_H

#include <stdint.h>

enum certificate_words {
	WORDS_ASSURANCE,		/* short, for a table */
	WORDS_ASSURANCE_MEANING,	/* a sentence */
	WORDS_SIGNATURE,
	WORDS_DIGEST,
	WORDS_TIME_SOURCE,
	WORDS_SEVERITY,
	WORDS_ACT,
};

const char *certificate_word(enum certificate_words list, const char *value);

/* "1:02:03"; milliseconds below 0 are none: "不详". */
void certificate_duration(int64_t ms, char ret[32]);

/* "104857600 字节（100.0 MiB）", "1000 字节". */
void certificate_size(uint64_t bytes, char ret[64]);

#endif
