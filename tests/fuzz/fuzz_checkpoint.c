/*
 * Any bytes as a signed checkpoint.  One that is taken is the one text of what it says, and no key
 * that signed nothing vouches for it.
 */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "custody/checkpoint.h"
#include "fuzz/fuzz.h"

/* A key nobody has the secret of, in the name of a line. */
static void key_of_nobody(const struct note_line *line, enum note_key_type type,
			  struct note_key *ret)
{
	static const uint8_t seed[crypto_sign_SEEDBYTES] = "a seed that signs nothing at all";
	uint8_t secret[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(ret->key, secret, seed);
	memcpy(ret->name, line->name, sizeof(ret->name));
	memcpy(ret->id, line->id, sizeof(ret->id));
	ret->type = type;
}

/* What is signed says the same as what was understood, byte for byte. */
static void check_body(const struct checkpoint *c, const uint8_t *bytes)
{
	AUTO(buf_clear) struct buf body = BUF_INIT(CHECKPOINT_MAX);
	char root[sodium_base64_ENCODED_LEN(MERKLE_HASH_LEN, sodium_base64_VARIANT_ORIGINAL)];

	sodium_bin2base64(root, sizeof(root), c->root.b, sizeof(c->root.b),
			  sodium_base64_VARIANT_ORIGINAL);
	buf_addf(&body, "%s\n%" PRIu64 "\n%s\n", c->origin, c->size, root);
	MUST(body.len == c->body_len && memcmp(body.p, bytes, body.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct note_key key;
	struct checkpoint c;
	struct err e = { 0, "" };
	uint64_t time;
	size_t i;

	if (checkpoint_parse(bytes, len, &c, &e) < 0) {
		MUST(e.code == -EINVAL && e.msg[0] != '\0');
		return 0;
	}
	MUST(c.n_lines > 0 && c.n_lines <= NOTE_LINES_MAX);
	check_body(&c, bytes);
	for (i = 0; i < c.n_lines; i++) {
		key_of_nobody(&c.lines[i], NOTE_ED25519, &key);
		MUST(checkpoint_check(&c, bytes, &key) != CHECKPOINT_SIGNED);
		key.type = NOTE_COSIGNATURE;
		MUST(checkpoint_check_cosignature(&c, bytes, &key, &time) == CHECKPOINT_FORGED);
	}
	return 0;
}
