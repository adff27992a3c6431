/*
 * Any bytes as a key of signed notes, public or secret.  One that is taken has this one text, and a
 * secret key signs so that its public half verifies.
 */
#include <errno.h>
#include <string.h>

#include "custody/note.h"
#include "fuzz/fuzz.h"

static void as_secret(const uint8_t *bytes, size_t len)
{
	struct note_secret *k;
	uint8_t sig[NOTE_SIGNATURE_LEN];
	struct err e = { 0, "" };

	if (note_secret_parse(bytes, len, &k, &e) < 0) {
		MUST(e.code == -EINVAL && e.msg[0] != '\0');
		return;
	}
	note_sign(k, bytes, len, sig);
	MUST(note_verify(note_secret_public(k), bytes, len, sig));
	note_secret_free(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	AUTO(buf_clear) struct buf again = BUF_INIT(NOTE_KEY_TEXT_MAX);
	struct note_key key;
	struct err e = { 0, "" };

	as_secret(bytes, len);
	if (note_key_parse((const char *)bytes, len, &key, &e) < 0) {
		MUST(e.code == -EINVAL && e.msg[0] != '\0');
		return 0;
	}
	note_key_write(&key, &again);
	MUST(again.len == len && memcmp(again.p, bytes, len) == 0);
	return 0;
}
