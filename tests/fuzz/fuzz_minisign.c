/*
 * Any bytes as each of minisign's three files.  No signature made of them may
 * verify under a key that signed nothing.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "format/minisign.h"
#include "fuzz/fuzz.h"

/* A key nobody has the secret of to sign with: made from a fixed seed here. */
static void key_of_nobody(struct minisign_public_key *ret, const uint8_t id[8])
{
	static const uint8_t seed[crypto_sign_SEEDBYTES] = "a seed that signs nothing at all";
	uint8_t secret[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(ret->key, secret, seed);
	memcpy(ret->id, id, sizeof(ret->id));
}

static void as_signature(const uint8_t *bytes, size_t len)
{
	struct minisign_public_key key;
	struct minisign_signature s;
	struct err e = { 0, "" };

	if (minisign_parse_signature(bytes, len, &s, &e) < 0) {
		MUST(e.code == -EINVAL && e.msg[0] != '\0');
		return;
	}
	MUST(strlen(s.trusted) <= MINISIGN_COMMENT_MAX);
	key_of_nobody(&key, s.id);
	MUST(!minisign_verify(&key, &s, bytes, len));
}

/* A secret key that is taken must sign so that its own public half verifies. */
static void as_secret_key(const uint8_t *bytes, size_t len)
{
	AUTO(buf_clear) struct buf file = BUF_INIT(MINISIGN_FILE_MAX);
	struct minisign_public_key key;
	struct minisign_secret_key *k;
	struct minisign_signature s;

	if (minisign_parse_secret_key(bytes, len, &k, NULL) < 0)
		return;
	minisign_secret_key_public(k, &key);
	MUST(minisign_sign(k, bytes, len, "fuzz", &file, NULL) == 0);
	MUST(minisign_parse_signature(file.p, file.len, &s, NULL) == 0);
	MUST(minisign_verify(&key, &s, bytes, len));
	minisign_secret_key_free(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct minisign_public_key key;
	char id[17];

	if (minisign_parse_public_key(bytes, len, &key, NULL) == 0) {
		minisign_id_text(key.id, id);
		MUST(strlen(id) == 16);
	}
	as_signature(bytes, len);
	as_secret_key(bytes, len);
	return 0;
}
