/*
 * What pull.c (the machine), pull_content.c (reading) and pull_keep.c (keeping)
 * share; nobody else includes it.
 */
#ifndef DOCKD_PULL_IMPL_H
#define DOCKD_PULL_IMPL_H

#include "medium.h"
#include "pull.h"
#include "records.h"
#include "rules/finding.h"
#include "rules/segment.h"
#include "seal.h"
#include "timer.h"

enum {
	PULL_ASK_TIMEOUT_MS = 10000,	/* then the file is read again, which is only slower */
	/* Sectors are read whole: room for one more before and one after. */
	PULL_SECTOR_MAX = MEDIUM_GRAIN_MAX,
	PULL_BWM_ROOM = MANIFEST_MAX + PULL_SECTOR_MAX,
	PULL_MINISIG_ROOM = MINISIGN_FILE_MAX + PULL_SECTOR_MAX,
	PULL_HEAD_ROOM = RECORD_PROBE,
	PULL_TAIL_ROOM = RECORD_PROBE + 2 * PULL_SECTOR_MAX,
	PULL_MEMORY = PULL_BWM_ROOM + PULL_MINISIG_ROOM + PULL_HEAD_ROOM + PULL_TAIL_ROOM,
};

_Static_assert(PULL_MEMORY + PUMP_MEMORY <= 4 * 1024 * 1024, "a slot's buffers stay below 4 MiB");

/* A question to the catalog or the vault; outlives the pull when that stops waiting. */
struct pull_ask {
	struct pull *pull;		/* NULL: nobody waits any more */
	uint64_t size;
};

struct pull {
	const struct pull_session *s;
	struct pump *pump;
	uint8_t *memory, *bwm, *minisig, *head, *tail;
	struct backoff backoff;
	bool given_up;

	/* The item. */
	const struct pull_item *item;
	pull_cb cb;
	void *data;
	enum pull_state state;
	enum pull_result result;
	int r;				/* of the device, when it stopped */
	char why[240];
	char paused[240];		/* "": it does not */

	/* What was read. */
	struct medium_read read;
	struct sidecar sidecar;
	bool sidecar_unreadable;	/* there is one, the card does not give it */
	struct digest fingerprint;
	struct pull_ask *ask;
	bool unwritten;			/* the file system says that its end never was */
	bool doubtful;			/* head or tail cannot be read: the fingerprint says less */
	bool known, unreadable, pumped;
	struct vault_put *put;
	uint64_t kept;			/* bytes that an earlier put left */
	enum pull_event parked;		/* what comes once the put is parked */
	struct record_hole holes[PUMP_HOLES_MAX];
	size_t n_holes;
	int64_t start_ms, end_ms;
	uint64_t mono_start_ms, mono_end_ms;

	/* What was kept. */
	bool sealed;
	struct vault_sealed blob;
	uv_work_t work;
	int work_r;
	struct digest known_blob;
	bool manifest_kept, has_signature_blob;
	struct digest signature_blob;
	int64_t stored_ms;
	char segment[RECORD_UUID_SIZE], recording[RECORD_UUID_SIZE];
	enum digest_verdict digest;
	struct findings found;		/* of the segment, or of a sidecar alone */
	struct findings others;		/* of files that could not be read */
	struct seal_request request;
	struct record_seal seal;
	bool has_seal;
};

/* An operation of p ended with that event: on to the next state.  May end the item. */
void pull_step(struct pull *p, enum pull_event event);

/* The store said r < 0: pause, or refuse this item. */
enum pull_event pull_store_failed(struct pull *p, int r, const char *why);

/* The device, not this place of it: what to do about it the session knows. */
enum pull_event pull_device_failed(struct pull *p, int r);

/* The media cannot be read: of this place alone, and then it is noted, or of the device. */
enum pull_event pull_media_failed(struct pull *p, int r);

/* Does a manifest lie whole in memory? */
bool pull_has_manifest(const struct pull *p);

enum pull_event pull_start_resume(struct pull *p);
/* Given up while that reads what is there, which may be much of it: that stays. */
void pull_stop_resume(struct pull *p);
enum pull_event pull_start_content(struct pull *p);
enum pull_event pull_start_seal(struct pull *p);
enum pull_event pull_start_digest(struct pull *p);
enum pull_event pull_start_keep(struct pull *p);
enum pull_event pull_start_sign(struct pull *p);
enum pull_event pull_start_record(struct pull *p);

#endif
