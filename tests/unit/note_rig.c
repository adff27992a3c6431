#include "unit/note_rig.h"

#include <check.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"

struct note_secret *rig_note_key(const char *name, enum note_key_type type, uint8_t seed)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(NOTE_KEY_TEXT_MAX);
	uint8_t raw[33], public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
	uint8_t hash[crypto_hash_sha256_BYTES];
	struct note_secret *k = NULL;
	char base64[45], id[9];
	struct err e = { 0, "" };

	memset(raw, seed, sizeof(raw));
	raw[0] = (uint8_t)type;
	crypto_sign_seed_keypair(public, secret, raw + 1);
	buf_addf(&text, "%s\n%c", name, type);
	buf_add(&text, public, sizeof(public));
	crypto_hash_sha256(hash, text.p, text.len);
	buf_reset(&text);
	buf_addf(&text, "PRIVATE+KEY+%s+%s+%s", name, sodium_bin2hex(id, sizeof(id), hash, 4),
		 sodium_bin2base64(base64, sizeof(base64), raw, sizeof(raw),
				   sodium_base64_VARIANT_ORIGINAL));
	ck_assert_msg(note_secret_parse(text.p, text.len, &k, &e) == 0, "%s", e.msg);
	return k;
}

bool rig_tlog_fixture(const char *name, struct buf *b)
{
	const char *dir = getenv("DV_FIXTURES");
	char path[4096];
	struct err e;

	snprintf(path, sizeof(path), "%s/tlog/%s", dir != NULL ? dir : "../shared/fixtures", name);
	if (file_read(path, b, &e) == 0)
		return true;
	ck_assert_msg(e.code == -ENOENT, "%s", e.msg);
	fprintf(stderr, "SKIPPED: %s is not there (set DV_FIXTURES)\n", path);
	return false;
}
