/*
 * Signed heads of the log: C2SP checkpoints (c2sp.org/tlog-checkpoint) in
 * signed notes (c2sp.org/signed-note), and the cosignatures of witnesses
 * (c2sp.org/tlog-cosignature).
 *
 *	origin
 *	size
 *	base64 of the root
 *	(empty line)
 *	U+2014 space name space base64(key id (4) || signature)	one line or more
 *
 * The log signs the body (everything before the empty line, with its last line
 * feed) with Ed25519, type 01; key id: the first 4 bytes of SHA-256(name || 0A || 01 || public key).
 * A witness signs "cosignature/v1\ntime N\n" || body, type 04; in its line there
 * are 8 bytes of N, big-endian, before the signature.
 * A verifier key is text, "name+hex of the key id+base64(type || public key)".
 * A signing key is "PRIVATE+KEY+name+hex of the key id+base64(type || seed)", as
 * golang.org/x/mod/sumdb/note writes it.  This log's key is named after its origin.
 *
 * We refuse extension lines in the body, and what a checkpoint of another origin says.
 *
 * Pure but for key generation; any thread.  sodium_init() must have run.
 * Secret keys live in memory of sodium_malloc and never leave it.
 */
#ifndef CUSTODY_CHECKPOINT_H
#define CUSTODY_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "custody/merkle.h"

enum {
	NOTE_NAME_MAX = 128,		/* bytes of a key's name, or of an origin */
	NOTE_KEY_TEXT_MAX = 320,	/* of a vkey or a signing key */
	NOTE_LINES_MAX = 16,		/* signatures of a note */
	CHECKPOINT_MAX = 8192,		/* bytes of a signed checkpoint */
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
/* A new key; its text is appended to `to` (which the caller wipes and clears). */
int note_secret_new(const char *name, enum note_key_type type, struct buf *to, struct note_secret **ret,
		    struct err *e);
void note_secret_free(struct note_secret *k);	/* NULL is fine */
void note_secret_freep(struct note_secret **k);	/* for AUTO() */
const struct note_key *note_secret_public(const struct note_secret *k);

struct note_line {
	char name[NOTE_NAME_MAX + 1];
	uint8_t id[4];
	uint8_t sig[72];		/* 64, or 8 of time and 64 */
	size_t sig_len;
};

struct checkpoint {
	char origin[NOTE_NAME_MAX + 1];
	uint64_t size;
	struct merkle_hash root;
	size_t body_len;		/* bytes of the text that are signed */
	struct note_line lines[NOTE_LINES_MAX];
	size_t n_lines;
};

/* 0, or -EINVAL and a sentence that names the line.  Checks no signature. */
int checkpoint_parse(const uint8_t *text, size_t len, struct checkpoint *ret, struct err *e);

/*
 * A verdict on a parsed checkpoint with its text and the log's key.  Lines of other names are of no
 * account; a line of this key's name and id must be right.
 */
enum checkpoint_verdict {
	CHECKPOINT_SIGNED,
	CHECKPOINT_OTHER_ORIGIN,	/* of another log */
	CHECKPOINT_UNSIGNED,		/* no line of this key */
	CHECKPOINT_FORGED,		/* such a line, and it is not its signature */
};
enum checkpoint_verdict checkpoint_check(const struct checkpoint *c, const uint8_t *text,
					 const struct note_key *log);

/* Has this witness cosigned it, and when (seconds since 1970)?  FORGED, UNSIGNED as above. */
enum checkpoint_verdict checkpoint_check_cosignature(const struct checkpoint *c,
						     const uint8_t *text,
						     const struct note_key *witness,
						     uint64_t *ret_time);

/* Append the body, an empty line and the log's signature. */
int checkpoint_sign(const char *origin, uint64_t size, const struct merkle_hash *root,
		    const struct note_secret *log, struct buf *to, struct err *e);

/* Append a witness's line over the text's body. time: seconds since 1970. */
int checkpoint_cosign(const struct checkpoint *c, const uint8_t *text,
		      const struct note_secret *witness, uint64_t time, struct buf *to,
		      struct err *e);

#endif
