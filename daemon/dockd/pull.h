/*
 * One item of the plan on its way from the card into the records: a file with
 * its sidecar, or a sidecar alone.
 *
 *	sidecar	read manifest and signature, and judge the signature
 *	probe	head and tail of the file, which make its fingerprint
 *	ask	is it recorded already, and the blob there?
 *	resume	is the beginning there from an interruption?
 *	content	into the vault, hashed while passing
 *	seal	the blob is durable
 *	digest	SHA-256 of it, where the dock will have to sign and has none
 *	keep	manifest and signature into the vault as well
 *	sign	the dock's seal, for what the recorder did not sign
 *	record	manifest, segment and findings into the journal
 *	pause	the vault cannot take more now
 *
 * Bytes are never lost to a bad verdict.  What the card does not give of a file
 * becomes holes and a finding (see pump.h), a file that cannot be read at all a
 * finding alone, and the rest goes on.  Nothing is recorded that is not durable.
 *
 * A file in the middle of which the recorder or dockd went, or the vault had no
 * more room, is parked and goes on there at the next docking; but not one with
 * holes, which the next docking may find to be none.
 *
 * Errors, Threads  as everywhere on the loop: see recorder/usb_io.h.
 * Memory   PULL_MEMORY and a pump, made once a session and used for every item.
 */
#ifndef DOCKD_PULL_H
#define DOCKD_PULL_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger.h"
#include "parts.h"
#include "pump.h"

/* What an item comes to. */
enum pull_result {
	PULL_STORED,		/* durable and in the journal */
	PULL_HOLED,		/* the same, but the card did not give all of it: a finding */
	PULL_KNOWN,		/* it was recorded before */
	PULL_UNREADABLE,	/* the card does not give the bytes: a finding */
	PULL_REFUSED,		/* the vault will never take it: something there is damaged */
	PULL_STOPPED,		/* the recorder is gone or at fault, or pull_give_up */
	PULL_LOST,		/* the journal will not take its records */
};

struct pull_item {
	const struct listing_file *media, *bwm, *minisig;	/* as in rules/plan.h */
	bool plain;		/* media of which no sidecar is expected */
};

/* What all items of a session have in common; it outlives the pull. */
struct pull_session {
	const struct parts *parts;
	const char *session;
	const struct catalog_recorder *recorder;
	int64_t docked_ms;
	struct medium *medium;
	struct rate *rate;		/* of the slot */
	bool imported;			/* not from a recorder at the dock */
	struct ledger *ledger;
	void (*changed)(void *data);	/* pull_bytes or pull_paused answers differently */
	void *data;
};

struct pull;

int pull_new(const struct pull_session *session, struct pull **ret);
void pull_free(struct pull *p);		/* at rest; NULL is fine */

/* r and why are for PULL_STOPPED and PULL_REFUSED. */
typedef void (*pull_cb)(void *data, enum pull_result result, int r, const char *why);

/* One item at a time, which must stay until cb.  cb comes once, later. */
void pull_start(struct pull *p, const struct pull_item *item, pull_cb cb, void *data);

/*
 * Start nothing more and wait for nothing: the item ends as PULL_STOPPED as soon
 * as it can.  To be called before the medium is closed under it, which in turn
 * ends the reads in flight.
 */
void pull_give_up(struct pull *p);

/* What the vault was given of the item that ended last, now or before.  Of a file that was known
 * its sidecars may be missing there. */
struct pull_kept {
	bool media, bwm, minisig;
	struct digest media_blob, bwm_blob, minisig_blob;
};
void pull_last_kept(const struct pull *p, struct pull_kept *ret);

uint64_t pull_bytes(const struct pull *p);	/* of the item's media, taken by the vault */
const char *pull_paused(const struct pull *p);	/* why it waits, NULL: it does not */

/* ------ the transitions, pure ------ */

enum pull_state {
	PULL_SIDECAR, PULL_PROBE, PULL_ASK, PULL_RESUME, PULL_CONTENT, PULL_SEAL, PULL_DIGEST,
	PULL_KEEP, PULL_SIGN, PULL_RECORD, PULL_PAUSE, PULL_END,
	PULL_STATES
};

enum pull_event {
	PULL_OK,
	PULL_SKIP,		/* there is nothing of that to do; the table says what that means */
	PULL_LOCAL,		/* these bytes of the card cannot be read */
	PULL_NO_ROOM,		/* the vault cannot take more now */
	PULL_STOP,		/* over, p->result says how */
	PULL_EVENTS,
	PULL_WAIT = PULL_EVENTS,	/* under way; no event */
};

enum pull_state pull_next(enum pull_state s, enum pull_event event);
const char *pull_state_name(enum pull_state s);

#endif
