/*
 * A witness at work: its key, the log it watches, and the file where it keeps
 * the last checkpoint that it cosigned.  custody/witness.h decides; this acts.
 *
 *	STATE				the checkpoint, signed by the log and cosigned by us
 *	STATE.lock			flock of the one program that uses it
 *	STATE.fork-A-B-ROOT.kept	two heads that cannot both be true: what was cosigned last
 *	STATE.fork-A-B-ROOT.refused	(size A), and what the log signed besides (size B), whole
 *	STATE.unproven-A-B-ROOT.*	the same for a head whose proof does not lead to it from A
 *
 * ROOT is the first 16 hex digits of the root that was refused.
 *
 * After a fork the state stays as it is: heads that contain it are still cosigned, no head of the
 * other branch ever is.
 *
 * Errors   0 or a negative errno and a sentence that names the file.
 * Threads  one; blocking.
 */
#ifndef VAULTCTL_WITNESS_H
#define VAULTCTL_WITNESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "custody/checkpoint.h"
#include "custody/witness.h"

enum { WITNESS_EVIDENCE_MAX = 256 };	/* pairs of heads kept, of each kind */

struct witness {
	const char *state;		/* its path; the caller's */
	struct note_secret *key;
	struct note_key log;
	bool any;			/* something was cosigned: */
	struct checkpoint last;
	struct buf last_text;
	int lock;
	bool fresh;			/* there was no state when it was opened */
};

/*
 * Read keys and state, and take the lock.  -EPERM: others can read the key; -EBUSY: another
 * program uses the state; -EBADMSG: the state is not what we cosigned of that log; -EINVAL: a key of
 * the wrong kind.  witness_close() in any case.
 */
int witness_open(struct witness *w, const char *key, const char *state, const char *log,
		 struct err *e);
void witness_close(struct witness *w);

enum witness_verdict witness_judge(const struct witness *w, const struct witness_request *q);

/*
 * Cosign a head that was judged so: when this returns 0, the new state is durable and the
 * cosignature was appended to `line`.  time: seconds since 1970.  On failure nothing has changed.
 */
int witness_sign(struct witness *w, const struct checkpoint *head, const uint8_t *text,
		 uint64_t time, struct buf *line, struct err *e);

/*
 * A head was judged WITNESS_FORK or WITNESS_UNPROVEN, and there is a last one: keep both, once
 * each, and say so on standard error in Chinese and in English.  What was kept stays; beyond
 * WITNESS_EVIDENCE_MAX pairs no more is.  stem: the path of both files without their ends is appended, unless
 * it is NULL.
 */
void witness_contradicted(const struct witness *w, enum witness_verdict v,
			  const struct checkpoint *head, const uint8_t *text, size_t len,
			  struct buf *stem);

#endif
