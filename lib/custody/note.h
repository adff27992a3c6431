/*
 * Keys and signature lines of signed notes (c2sp.org/signed-note), Ed25519.
 *
 *	name+hex of the key id+base64(type || public key)		a verifier key, "vkey"
 *	PRIVATE+KEY+name+hex of the key id+base64(type || seed)		a signing key
 *	U+2014 space name space base64(key id || signature)		a signature line
 *
 * Type 01 signs a note, type 04 cosigns a checkpoint (c2sp.org/tlog-cosignature); a
 * signing key of either is written as golang.org/x/mod/sumdb/note writes those of type 01.
 * Key id: the first 4 bytes of SHA-256(name || 0A || type || public key).
 *
 * There is one text of each value: lower-case hex, base64 with its padding and nothing else.
 * A name is UTF-8 that may be shown (format/name.h), without white space of any script and
 * without '+'.
 *
 * Pure but for note_secret_new(); any thread.  sodium_init() must have run.
 * Secret keys live in memory of sodium_malloc, read-only, and never leave it.
 */
#ifndef CUSTODY_NOTE_H
#define CUSTODY_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	NOTE_NAME_MAX = 128,		/* bytes of a key's name, or of an origin */
	NOTE_KEY_TEXT_MAX = 320,	/* of a vkey or a signing key */
	NOTE_SIGNATURE_LEN = 64,	/* Ed25519 */
	NOTE_SIGNATURE_MAX = 72,	/* 8 of a cosignature's time before it */
	NOTE_LINE_MAX = 4096,		/* bytes of a signature line, also of a kind unknown here */
};

enum note_key_type { NOTE_ED25519 = 1, NOTE_COSIGNATURE = 4 };

struct note_key {			/* a verifier key */
	char name[NOTE_NAME_MAX + 1];
	uint8_t id[4];
	uint8_t key[32];
	enum note_key_type type;
};

/* 0, or -EINVAL and a sentence.  Surrounding white space of a key file's one line is the caller's. */
int note_key_parse(const char *text, size_t len, struct note_key *ret, struct err *e);
void note_key_write(const struct note_key *k, struct buf *to);	/* no line feed */

struct note_secret;
int note_secret_parse(const uint8_t *text, size_t len, struct note_secret **ret, struct err *e);
/*
 * A new key; its text is appended to `to`, which the caller wipes and clears.  When `to` is empty no
 * copy of it is left elsewhere.  0, -EINVAL (no such name), -ENOMEM, -ENOBUFS.
 */
int note_secret_new(const char *name, enum note_key_type type, struct buf *to,
		    struct note_secret **ret, struct err *e);
void note_secret_free(struct note_secret *k);	/* NULL is fine */
void note_secret_freep(struct note_secret **k);	/* for AUTO() */
const struct note_key *note_secret_public(const struct note_secret *k);

void note_sign(const struct note_secret *k, const void *p, size_t len,
	       uint8_t ret[NOTE_SIGNATURE_LEN]);
bool note_verify(const struct note_key *k, const void *p, size_t len,
		 const uint8_t sig[NOTE_SIGNATURE_LEN]);

struct note_line {
	char name[NOTE_NAME_MAX + 1];
	uint8_t id[4];
	uint8_t sig[NOTE_SIGNATURE_MAX];	/* 64, or 8 of time and 64 */
	size_t sig_len;		/* more than NOTE_SIGNATURE_MAX: of no kind known here, sig is zeros */
};

/* A signature line without its line feed.  0, or -EINVAL and a sentence. */
int note_line_parse(const char *s, size_t len, struct note_line *ret, struct err *e);
void note_line_write(const struct note_key *k, const uint8_t *sig, size_t sig_len,
		     struct buf *to);

/* Was this line made in the name of that key?  Says nothing of its signature. */
bool note_line_is_of(const struct note_line *l, const struct note_key *k);

bool note_is_name(const char *s, size_t len);

#endif
