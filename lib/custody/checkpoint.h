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
 * feed) with Ed25519, type 01.  A witness signs "cosignature/v1\ntime N\n" || body,
 * type 04; in its line there are 8 bytes of N, big-endian, before the signature.
 * This log's key is named after its origin.  Keys: custody/note.h.
 *
 * Refused: extension lines in the body, a size with zeros before it or from 2^63 on, two
 * lines of one key, carriage returns, anything behind the last line.
 *
 * Pure; any thread.  sodium_init() must have run.
 */
#ifndef CUSTODY_CHECKPOINT_H
#define CUSTODY_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "custody/merkle.h"
#include "custody/note.h"

enum {
	NOTE_LINES_MAX = 16,		/* signatures of a note */
	CHECKPOINT_MAX = 8192,		/* bytes of a signed checkpoint */
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

/* The line of that key, whatever it is worth; NULL: there is none. */
const struct note_line *checkpoint_line(const struct checkpoint *c, const struct note_key *k);

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

/* Append the body, an empty line and the log's signature.  -EINVAL: that key cannot sign it. */
int checkpoint_sign(const char *origin, uint64_t size, const struct merkle_hash *root,
		    const struct note_secret *log, struct buf *to, struct err *e);

/*
 * Append a witness's line over the text's body, and nothing else.  time: seconds since 1970.
 * -EINVAL: not a witness's key.
 */
int checkpoint_cosign(const struct checkpoint *c, const uint8_t *text,
		      const struct note_secret *witness, uint64_t time, struct buf *to,
		      struct err *e);

#endif
