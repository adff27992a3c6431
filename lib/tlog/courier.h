/*
 * Carries the log's newest checkpoint to those outside who make it hard to rewrite:
 * time-stamp authorities (RFC 3161) and witnesses (c2sp.org/tlog-witness).  What is
 * due is decided by values; each errand is one blocking call for the thread pool.
 *
 * Nobody is waited for: an errand that fails is run again later, later each time.
 *
 * Errors   an errand has an outcome and, but for COURIER_DONE, a sentence that names the peer
 *          and the next step, where a person has one.
 * Threads  decisions: any.  Errands: any, at most one for each peer at a time.
 *          The program calls curl_global_init() and sodium_init() before.
 * Memory   COURIER_MEMORY an errand, beside libcurl's and libcrypto's.
 */
#ifndef TLOG_COURIER_H
#define TLOG_COURIER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "custody/note.h"
#include "custody/timestamp.h"
#include "tlog/tlog.h"

enum {
	COURIER_RETRY_MIN_MS = 5 * 1000,	/* after the first failure, doubled after each */
	COURIER_RETRY_MAX_MS = 10 * 60 * 1000,
	COURIER_WITNESS_MS = 1000,		/* interval of a witness */
	COURIER_CA_MAX = TIMESTAMP_CA_MAX,	/* bytes of an authority's CA file */
	COURIER_MEMORY = TLOG_CACHED_TILES * TILE_BYTES + COURIER_CA_MAX + 4 * TIMESTAMP_MAX,
};

/* ------ when: of values ------ */

#define COURIER_NEVER INT64_MAX

enum courier_outcome {
	COURIER_DONE,		/* a token, or a cosignature, is kept in the log */
	COURIER_NOTHING,	/* nothing is signed, or the newest has it already */
	COURIER_LATER,		/* not now */
	COURIER_REFUSED,	/* the witness remembers another history: loud, and a finding */
};
const char *courier_outcome_text(enum courier_outcome o);	/* "done", ... */

struct courier_result {
	enum courier_outcome outcome;
	uint64_t size;		/* of the checkpoint that the peer has now: of DONE and NOTHING */
	int64_t time_ms;	/* of the token or the cosignature, by the peer's clock; 0: none */
};

/* What is remembered of a peer.  Zeroed but for its interval: nothing, it is asked at once. */
struct courier_peer {
	uint32_t interval_ms;	/* from one errand to the next, at least */
	bool asked;		/* ever */
	int64_t asked_ms;	/* when its last errand ended */
	unsigned failures;	/* in a row */
	uint8_t jitter;		/* of the wait after a failure: 255 waits a quarter less than 0 */
	uint64_t size;		/* what it has */
};

/*
 * When is its next errand due, with a checkpoint of `size` leaves?  At or before now: now.
 * COURIER_NEVER: when the log has grown.  Times are of one clock that does not go back.
 */
int64_t courier_next(const struct courier_peer *p, uint64_t size);

/* Remember what came of an errand that ended now.  jitter: random, so that not all ask at once. */
void courier_remember(struct courier_peer *p, const struct courier_result *r, int64_t now_ms,
		      uint8_t jitter);

/* ------ errands ------ */

struct courier_log {
	const char *dir;		/* of the log */
	const struct note_key *key;	/* the log's */
	const _Atomic bool *stop;	/* the program ends: give up.  NULL: never */
};

struct courier_authority {
	const char *name;		/* its tokens are files of this name: no '/' */
	const char *url;
	const char *ca;			/* path of its trusted certificates, PEM; read each time */
};

struct courier_witness {
	const char *name;		/* for sentences */
	const char *url;		/* "/add-checkpoint" comes behind it */
	const struct note_key *key;
};

/*
 * Have the newest checkpoint stamped: the body with the log's own signature.  Kept, durably, when
 * the token is good (timestamp_check()) as LOG/time/SIZE/NAME.tsr beside LOG/time/SIZE/checkpoint.
 */
void courier_stamp(const struct courier_log *log, const struct courier_authority *a,
		   struct courier_result *ret, struct err *e);

/*
 * Have the newest checkpoint cosigned, proving it from `has`, what the witness is thought to have;
 * it says so when it has another.  Its cosignature is checked and kept (tlog_cosign()), also when
 * the log has moved on meanwhile.
 */
void courier_witness(const struct courier_log *log, const struct courier_witness *w, uint64_t has,
		     struct courier_result *ret, struct err *e);

#endif
