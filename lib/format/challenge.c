#include "format/challenge.h"

#include <stdio.h>

#include "base/utc.h"

size_t challenge_write(const struct challenge *c, char ret[CHALLENGE_TEXT_SIZE])
{
	char at[UTC_TEXT_SIZE], nonce[DIGEST_HEX_SIZE];

	utc_format(c->at_ms, at);
	return (size_t)snprintf(ret, CHALLENGE_TEXT_SIZE, "dockvault-challenge/v1\n"
				"station %s\nrecorder %s\nsession %s\nat %s\nnonce %s\n",
				c->station, c->recorder, c->session, at,
				digest_hex(&c->nonce, nonce));
}
