/*
 * Any bytes as a request to a witness, as its state, and as the answers of one.  A request that is
 * taken is the one text of what it says; nothing that nobody signed is cosigned, and none of it
 * passes for what a witness said.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "custody/witness.h"
#include "fuzz/fuzz.h"

/* A key nobody has the secret of. */
static void key_of_nobody(const char *name, enum note_key_type type, struct note_key *ret)
{
	static const uint8_t seed[crypto_sign_SEEDBYTES] = "a seed that signs nothing at all";
	uint8_t secret[crypto_sign_SECRETKEYBYTES];

	memset(ret, 0, sizeof(*ret));
	crypto_sign_seed_keypair(ret->key, secret, seed);
	memcpy(ret->name, name, strlen(name));
	ret->type = type;
}

static void as_request(const uint8_t *bytes, size_t len)
{
	AUTO(buf_clear) struct buf again = BUF_INIT(WITNESS_REQUEST_MAX);
	struct witness_request q;
	struct note_key log;
	struct err e = { 0, "" };

	if (witness_request_parse(bytes, len, &q, &e) < 0) {
		MUST(e.code == -EINVAL && e.msg[0] != '\0');
		return;
	}
	MUST(witness_request_write(q.old, &q.proof, q.checkpoint, q.checkpoint_len, &again, &e) == 0);
	MUST(again.len == len && memcmp(again.p, bytes, len) == 0);
	key_of_nobody(q.head.origin, NOTE_ED25519, &log);
	memcpy(log.id, q.head.lines[0].id, sizeof(log.id));
	MUST(witness_decide(&q, &log, NULL) == WITNESS_UNSIGNED);
	MUST(witness_decide(&q, &log, &q.head) == WITNESS_UNSIGNED);
}

static void as_answer(const uint8_t *bytes, size_t len)
{
	static const uint8_t text[] = "evidence.example/test\n7\n"
		"3hrFxlTnJ03QyI9RxIFznd7hxk/ZdUm5EdmjADrUEU4=\n\n\xe2\x80\x94 x AQIDBAU=\n";
	AUTO(buf_clear) struct buf line = BUF_INIT(WITNESS_ANSWER_MAX);
	struct note_key witness;
	struct checkpoint c;
	uint64_t n;

	MUST(checkpoint_parse(text, sizeof(text) - 1, &c, NULL) == 0);
	key_of_nobody("x", NOTE_COSIGNATURE, &witness);
	MUST(witness_answer_check(bytes, len, &c, text, &witness, &line, &n) != CHECKPOINT_SIGNED);
	if (witness_answer_size(bytes, len, &n, NULL) == 0)
		MUST(n <= INT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct note_key log, witness;
	struct checkpoint c;

	as_request(bytes, len);
	as_answer(bytes, len);
	key_of_nobody("evidence.example/vault", NOTE_ED25519, &log);
	key_of_nobody("prosecutor.example/witness", NOTE_COSIGNATURE, &witness);
	MUST(witness_state_parse(bytes, len, &log, &witness, &c, NULL) == -EBADMSG);
	return 0;
}
