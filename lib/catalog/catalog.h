/*
 * The catalog, PostgreSQL, from the loop: one connection in pipeline mode that
 * comes back by itself.
 *
 * Every statement is prepared, by name; their text is in statements.c alone.
 * Each call below is one statement and one transaction (a function of sql/).
 *
 * Errors   a call that returns < 0 never calls back; one that returned 0 calls
 *          back exactly once, later, from the loop.  -ENOTCONN: the catalog is
 *          away, now or before the answer came; whatever was asked may or may
 *          not have happened, so ask again: all of it is idempotent.  A server
 *          that is full, or a schema that is being migrated, is away too.
 *          -EAGAIN: CATALOG_QUEUE_MAX calls are waiting.  -EINVAL, -ENOENT,
 *          -EEXIST: what was asked cannot be, e->msg has PostgreSQL's reason;
 *          asking again will not help.
 *          -EIO: an answer that cannot be (dockd and schema of two releases).
 *          -ENOMEM.  -ECANCELED: catalog_free came first.
 *          A server that gives no answer for CATALOG_ANSWER_TIMEOUT_MS is away.
 * Threads  the thread that runs the loop, and no other.
 * Memory   the calls' parameters until they are answered; one answer (that of
 *          catalog_ledger twice: as it came, and put together).
 */
#ifndef CATALOG_CATALOG_H
#define CATALOG_CATALOG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/digest.h"
#include "base/err.h"
#include "rules/chain.h"
#include "rules/segment.h"

enum { CATALOG_QUEUE_MAX = 256, CATALOG_RETRY_MIN_MS = 200, CATALOG_RETRY_MAX_MS = 15000,
       CATALOG_CONNECT_TIMEOUT_MS = 10000, CATALOG_ANSWER_TIMEOUT_MS = 60000,
       CATALOG_ASK_MAX = 4096,		/* blobs or files in one question */
       CATALOG_LEDGER_MAX = 64 * 512 * 1024 };	/* bytes of a card ledger */

struct catalog;

/*
 * Told when the connection comes (up) or goes; the first attempt's outcome counts as one or the
 * other.  why: "" when up.  When it goes, the calls in flight are answered after this.
 */
typedef void (*catalog_state_cb)(void *data, bool up, const char *why);

/* Starts connecting at once; conninfo as libpq takes it, without password. */
int catalog_new(uv_loop_t *loop, const char *conninfo, catalog_state_cb state, void *data,
		struct catalog **ret, struct err *e);
/* Calls in flight end with -ECANCELED first; cb last. */
void catalog_free(struct catalog *c, void (*cb)(void *data), void *data);
bool catalog_is_up(const struct catalog *c);

/* From the next wait on, other times than the two TIMEOUTs above: a test has no minute to lose. */
void catalog_patience(struct catalog *c, uint32_t connect_ms, uint32_t answer_ms);

/* changed(data) when somebody enrols or retires a recorder, or its keys: fetch them again.
 * What was missed while the catalog was away is not told: fetch when it comes up. */
void catalog_watch_recorders(struct catalog *c, void (*changed)(void *data), void *data);

typedef void (*catalog_cb)(void *data, int r, const struct err *e);

/* An enrolled recorder as dockd needs it. */
struct catalog_recorder {
	char id[33];
	uint16_t vid, pid;
	char serial[128];		/* "": any */
	char officer[33], unit[33];	/* "": none */
	struct recorder_key keys[RECORDER_KEYS_MAX];
	size_t n_keys;
};

/* All recorders that are enrolled and not retired: the snapshot dockd keeps for the time the
 * catalog is away.  Valid during the callback. */
typedef void (*catalog_recorders_cb)(void *data, int r, const struct catalog_recorder *list,
				     size_t n, const struct err *e);
int catalog_recorders(struct catalog *c, catalog_recorders_cb cb, void *data);

/*
 * Is a file with this fingerprint of this recorder recorded?  Then its blob and size; gone: that was
 * disposed of by right, so no store has it, and it is not to come back.
 */
enum catalog_known { CATALOG_UNKNOWN, CATALOG_KNOWN, CATALOG_GONE };
typedef void (*catalog_known_cb)(void *data, int r, enum catalog_known known,
				 const struct digest *blob, uint64_t size, const struct err *e);
int catalog_known(struct catalog *c, const char *recorder, const struct digest *fingerprint,
		  catalog_known_cb cb, void *data);

/* Record a batch: a JSON array of records (RECORDS.md), in one transaction.  Text is copied. */
int catalog_ingest(struct catalog *c, const char *records, size_t len, catalog_cb cb, void *data);

/* The manifests a session touched and their neighbours; valid during the callback, items may be
 * sorted in place. */
typedef void (*catalog_chain_cb)(void *data, int r, struct chain_item *items, size_t n,
				 const struct chain_unsigned *plain, size_t n_plain,
				 const struct err *e);
int catalog_chain(struct catalog *c, const char *session, catalog_chain_cb cb, void *data);

/* Store the chain's findings (a JSON array) and mark the session judged, in one transaction. */
int catalog_judge(struct catalog *c, const char *session, const char *findings, size_t len,
		  catalog_cb cb, void *data);

/* What was to be removed from a card since the ledger before. */
struct catalog_cleared {
	const char *path, *path_raw;	/* as shown; in hex */
	const char *modified;		/* as the device wrote it; "": not known */
	uint64_t size;
	bool failed;			/* it is known to be there still */
};

/* The card ledger of a session and the last whole one before it, of the same recorder. */
struct catalog_ledger {
	const char *now, *before;	/* NULL: none, or a part of it is missing */
	size_t now_len, before_len;
	const struct catalog_cleared *cleared;
	size_t n_cleared;
};

/* -ENOENT: the session is not recorded.  Valid during the callback. */
typedef void (*catalog_ledger_cb)(void *data, int r, const struct catalog_ledger *l,
				  const struct err *e);
int catalog_ledger(struct catalog *c, const char *session, catalog_ledger_cb cb, void *data);

/* Which of the n that were asked about: yes[i] of the i-th.  Valid during the callback. */
typedef void (*catalog_which_cb)(void *data, int r, const bool *yes, size_t n,
				 const struct err *e);

/*
 * Which of these blobs, at most CATALOG_ASK_MAX, are recorded as segments of the session's
 * recorder, and so may be removed from it?  -ENOENT: the session is not recorded.
 */
int catalog_recorded(struct catalog *c, const char *session, const struct digest *blobs, size_t n,
		     catalog_which_cb cb, void *data);

/*
 * Which of these files, at most CATALOG_ASK_MAX, came in from this recorder before, and of which
 * of them did the dock itself clear the card, as far as is known?  is[i] of the i-th; valid during
 * the callback.
 */
struct catalog_file {
	const char *path;		/* in the form of format/name.h */
	uint64_t size;
	const char *modified;		/* as the device wrote it; "": not claimed, so any is it */
};
struct catalog_kept {
	bool stored, cleared;
};
typedef void (*catalog_stored_cb)(void *data, int r, const struct catalog_kept *is, size_t n,
				  const struct err *e);
int catalog_stored(struct catalog *c, const char *recorder, const struct catalog_file *files,
		   size_t n, catalog_stored_cb cb, void *data);

/*
 * Raise `not_docked` for every officer's recorder that is out of its dock for more than a day.  Any
 * station may ask, as often as it likes.  n: how many are new.
 */
typedef void (*catalog_count_cb)(void *data, int r, uint64_t n, const struct err *e);
int catalog_sweep_not_docked(struct catalog *c, catalog_count_cb cb, void *data);

/*
 * The configuration that dockd runs with at this station, by the SHA-256 (hex) of its file: an act in
 * the custody log if it is not the one noted last.
 */
int catalog_note_config(struct catalog *c, const char *station, const char *sha256, catalog_cb cb,
			void *data);

#endif
