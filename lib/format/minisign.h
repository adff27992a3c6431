/*
 * minisign's public formats (jedisct1/minisign, "Signature format" of its
 * manual), so that `minisign -V` checks what we sign and we check what it signs.
 *
 *	public key	comment line, base64("Ed" || id8 || pk32)
 *	secret key	only unencrypted ones (`minisign -G -W`)
 *	signature	comment line
 *			base64("ED" || id8 || Ed25519(BLAKE2b-512(file)))	prehashed
 *			base64("Ed" || id8 || Ed25519(file))			legacy, read only
 *			"trusted comment: ..."
 *			base64(Ed25519(sig64 || trusted comment without its prefix))
 *
 * Pure; any thread.  sodium_init() must have run.  Secret keys live in memory
 * of sodium_malloc and never leave it.
 */
#ifndef FORMAT_MINISIGN_H
#define FORMAT_MINISIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { MINISIGN_FILE_MAX = 4096, MINISIGN_COMMENT_MAX = 1024 };

struct minisign_public_key {
	uint8_t id[8];
	uint8_t key[32];
};

struct minisign_signature {
	bool prehashed;
	uint8_t id[8];
	uint8_t signature[64];
	uint8_t global[64];
	char trusted[MINISIGN_COMMENT_MAX + 1];	/* without "trusted comment: " */
};

/* 0, or -EINVAL and a sentence.  Key files end after the key line. */
int minisign_parse_public_key(const uint8_t *text, size_t len, struct minisign_public_key *ret,
			      struct err *e);
int minisign_parse_signature(const uint8_t *text, size_t len, struct minisign_signature *ret,
			     struct err *e);

/* Append a public key file.  name: one line of the comment, "public key of NAME" and the id. */
void minisign_write_public_key(const struct minisign_public_key *k, const char *name,
			       struct buf *to);

/* Does key vouch for these bytes and for the trusted comment?  Ids are compared too. */
bool minisign_verify(const struct minisign_public_key *key, const struct minisign_signature *sig,
		     const uint8_t *bytes, size_t len);

struct minisign_secret_key;

/* text is wiped by the caller.  -EINVAL: no key file; -ENOTSUP: encrypted with a password. */
int minisign_parse_secret_key(const uint8_t *text, size_t len, struct minisign_secret_key **ret,
			      struct err *e);
void minisign_secret_key_free(struct minisign_secret_key *k);	/* NULL is fine */
void minisign_secret_key_public(const struct minisign_secret_key *k,
				struct minisign_public_key *ret);

/* Append a whole signature file (prehashed) for bytes.  trusted: one line, <= MINISIGN_COMMENT_MAX. */
int minisign_sign(const struct minisign_secret_key *k, const uint8_t *bytes, size_t len,
		  const char *trusted, struct buf *to, struct err *e);

/*
 * The number that `minisign` prints for a key id (little-endian), as 16 upper-case hex digits and a
 * NUL.  minisign itself leaves leading zeros out.
 */
void minisign_id_text(const uint8_t id[8], char ret[17]);
/* Its 16 digits back: 0, or -EINVAL. */
int minisign_id_parse(const char *text, uint8_t ret[8]);

#endif
