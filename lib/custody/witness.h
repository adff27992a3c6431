/*
 * What passes between a log and a witness, and what a witness decides:
 * c2sp.org/tlog-witness, "POST /add-checkpoint".
 *
 *	request		old N
 *			base64 of each hash of the consistency proof from N, a line each
 *			(empty line)
 *			the signed checkpoint
 *	answer 200	cosignature lines
 *	answer 409	the size of the last one that was cosigned, a line (text/x.tlog.size)
 *
 * A witness remembers one thing, the last checkpoint that it cosigned.  It cosigns what contains
 * that, and the first one it ever sees.
 *
 * Two heads of one size and with different roots, both signed by the log, are a *fork*, whoever
 * brings them: the log (or who has its key) has told two stories.  A head with a proof that does not
 * lead to it from the last one is *unproven*: a fork, or a proof that somebody spoilt.  In either
 * case both heads are worth keeping, and nothing is cosigned.
 *
 * Pure; any thread.  sodium_init() must have run.
 */
#ifndef CUSTODY_WITNESS_H
#define CUSTODY_WITNESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "custody/checkpoint.h"
#include "custody/merkle.h"

enum {
	WITNESS_PROOF_MAX = 63,		/* hashes of a request's proof */
	WITNESS_REQUEST_MAX = 32 + WITNESS_PROOF_MAX * 45 + CHECKPOINT_MAX,	/* bytes */
	WITNESS_ANSWER_MAX = CHECKPOINT_MAX,
};
#define WITNESS_PATH		"/add-checkpoint"
#define WITNESS_SIZE_TYPE	"text/x.tlog.size"	/* Content-Type of a 409's body */

/* ------ requests ------ */

struct witness_request {
	uint64_t old;
	struct merkle_proof proof;
	struct checkpoint head;
	const uint8_t *checkpoint;	/* its text, into the request */
	size_t checkpoint_len;
};

/* 0, or -EINVAL and a sentence that names the line.  Nothing is checked but the form. */
int witness_request_parse(const uint8_t *text, size_t len, struct witness_request *ret,
			  struct err *e);

/* Append the request for a signed checkpoint.  0, or -ENOBUFS, or -EINVAL: the proof is too long. */
int witness_request_write(uint64_t old, const struct merkle_proof *proof,
			  const uint8_t *checkpoint, size_t len, struct buf *to, struct err *e);

/* ------ deciding ------ */

enum witness_verdict {
	WITNESS_COSIGN,			/* 200 */
	WITNESS_MALFORMED,		/* 400: old is more than the size */
	WITNESS_UNSIGNED,		/* 403: not signed by the log's key */
	WITNESS_OTHER_ORIGIN,		/* 404 */
	WITNESS_CONFLICT,		/* 409: old is not the size of the last one */
	WITNESS_FORK,			/* 409: another root for the size of the last one */
	WITNESS_UNPROVEN,		/* 422: the proof does not lead to it from the last one */
};

/* The name of a verdict, as logs and JSON have it ("fork"), and the status of HTTP for it. */
const char *witness_verdict_text(enum witness_verdict v);
unsigned witness_verdict_status(enum witness_verdict v);

/* last: the checkpoint that was cosigned last, NULL: none was. */
enum witness_verdict witness_decide(const struct witness_request *request,
				    const struct note_key *log, const struct checkpoint *last);

/*
 * What a witness keeps of a checkpoint that it cosigns: the body with the log's signature and its
 * own.  The cosignature alone (what it answers) is appended to `line`, all of it to `state`.
 */
int witness_cosign(const struct checkpoint *head, const uint8_t *text, const struct note_key *log,
		   const struct note_secret *witness, uint64_t time, struct buf *line,
		   struct buf *state, struct err *e);

/*
 * The state that it kept.  0, or -EBADMSG and a sentence: both signatures must be right, since what
 * somebody changed here would have it cosign another history.
 */
int witness_state_parse(const uint8_t *text, size_t len, const struct note_key *log,
			const struct note_key *witness, struct checkpoint *ret, struct err *e);

/* ------ answers, on the log's side ------ */

/*
 * The lines of a 200.  CHECKPOINT_SIGNED: this witness cosigned that checkpoint at *ret_time, and its
 * line was appended to `line`; what others say in the same answer is of no account.  UNSIGNED (or
 * not lines at all), FORGED.
 */
enum checkpoint_verdict witness_answer_check(const uint8_t *answer, size_t len,
					     const struct checkpoint *c, const uint8_t *text,
					     const struct note_key *witness, struct buf *line,
					     uint64_t *ret_time);

/* The body of a 409: 0, or -EINVAL. */
int witness_answer_size(const uint8_t *answer, size_t len, uint64_t *ret, struct err *e);

#endif
