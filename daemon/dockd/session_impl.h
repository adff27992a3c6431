/* What the files of a session, session*.c, share, and nobody else includes. */
#ifndef DOCKD_SESSION_IMPL_H
#define DOCKD_SESSION_IMPL_H

#include "ledger.h"
#include "lister_proc.h"
#include "medium.h"
#include "pull.h"
#include "recorder/models.h"
#include "rules/inventory.h"
#include "rules/plan.h"
#include "rules/precheck.h"
#include "session.h"

/* The recorder of what comes from none. */
#define SESSION_IMPORT_ID	"IMPORT"

enum session_outcome { OUTCOME_NONE, OUTCOME_RELEASED, OUTCOME_INTERRUPTED, OUTCOME_REFUSED,
		       OUTCOME_FAULT };

/* A file that the recorder has and the vault keeps, of a recorder that may be cleared. */
struct session_kept {
	const struct listing_file *file;
	struct digest blob;
	size_t item;			/* of the plan */
	bool media;			/* its sidecars follow it */
	bool cleared;
};

/* The state of the recorder when it was looked at last. */
struct checked {
	uint8_t battery;		/* percent, or LISTING_BATTERY_UNKNOWN */
	uint64_t free, capacity;	/* bytes; UINT64_MAX: not known */
	bool has_clock;
	struct clock_offset clock;
};

struct card_ask;
struct card_ledger;
struct clearing;

struct session {
	struct session_job job;
	struct usb_device_info info;
	char id[RECORD_UUID_SIZE];
	int64_t docked_ms;
	enum session_state state;
	enum session_stop stop;

	/* How it comes out: the first thing that went wrong. */
	enum session_outcome outcome;
	char reason[240];
	bool lost;			/* the journal takes nothing any more */
	bool recorded;			/* the catalog has it all */

	const struct import_request *import;	/* NULL: a recorder */
	int import_fd;			/* until the medium takes it */
	const struct model *model;	/* of what it is now */

	/* Unlocking: session_unlock.c. */
	const struct model *unlock;	/* the block that says how */
	struct usb_device_info locked;	/* what it was before; port "": it was not locked */
	struct mtp *locked_mtp;
	int unlock_r;
	uv_timer_t *return_timer;
	bool left;			/* the device, since the command */
	bool returned;

	struct catalog_recorder recorder;	/* id "": unknown */
	struct ledger *ledger;
	struct usb_io *io;		/* until the medium takes it */
	struct medium *medium;
	bool closing;			/* the medium, or the io */
	struct medium_info medium_info;
	char changed[160];		/* "": the medium is what it was */
	struct lister *lister;
	struct listing listing;
	struct plan plan;
	struct pull_item *items;
	size_t n_items, at;
	uint64_t holed;			/* files stored of which the card did not give all */
	uint64_t bytes_total, bytes_done;
	struct rate rate;
	struct pull_session pull_session;
	struct pull *pull;
	struct record_counts counts;

	/* The card's past: session_card.c. */
	struct card_ask *ask;		/* NULL: none is under way */
	bool asked;			/* all of it was answered */
	struct card_stored *stored;	/* n_stored of them */
	size_t n_stored;
	char **cleared_texts;		/* what some of those point to; ends with NULL */
	bool has_before;
	struct inventory before;

	/* What is kept and may be cleared: session_clear.c. */
	struct session_kept *kept;
	size_t n_kept;
	struct clearing *clearing;
	uint64_t cleared_bytes;

	/* The check before use: session_check.c. */
	json_t *check;			/* the record of the first, until it is written */
	struct checked checked;
	bool has_clock;			/* the clock as it was when it came */
	struct clock_offset clock;
	uv_timer_t *second;
	bool clock_set, ready;

	/* The challenge: session_challenge.c. */
	struct { uint32_t old; struct digest nonce; int64_t at_ms; } challenge;

	struct card_ledger *card_ledger;
	json_t *probed;			/* of its card: session_probe.c.  NULL: it was not listed */
	struct findings findings;	/* to be reported */
};

/* An operation ended with that event: on to the next state.  May end s. */
void session_step(struct session *s, enum session_event event);

/* How it comes out and why, unless something went wrong before. */
void session_come_out(struct session *s, enum session_outcome outcome, const char *why);
/* A finding about the session; its detail says s->reason. */
struct finding session_finding(const struct session *s, enum finding_code code);

/* The recorder cannot be read: a finding.  Returns the event. */
enum session_event session_fault(struct session *s, const char *why);
/* An operation on the device failed with r: unplugged, or at fault. */
enum session_event session_device_failed(struct session *s, int r, const char *why);

/* It was told to stop (session_stop): however far it came, it is interrupted. */
enum session_event session_stopped(struct session *s);

/* What an operation of the ledger came to. */
enum session_event session_written(struct session *s, int r);

/* Let go of the medium, or the io; session_step() follows in `close`, session_card_free() before. */
void session_close_device(struct session *s);

enum session_event session_start_match(struct session *s);
enum session_event session_start_begin(struct session *s);
enum session_event session_start_unlock(struct session *s);
enum session_event session_start_return(struct session *s);
enum session_event session_start_ask(struct session *s);
enum session_event session_start_plan(struct session *s);
enum session_event session_start_pull(struct session *s);
enum session_event session_start_clear(struct session *s);
enum session_event session_start_ready(struct session *s);
enum session_event session_start_challenge(struct session *s);
enum session_event session_start_ledger(struct session *s);

/* End what these have under way, after s->stop was set.  True: it was, and s may be gone. */
bool session_stop_unlocking(struct session *s);
bool session_stop_asking(struct session *s);
/* The same; what is under way ends later. */
void session_stop_clearing(struct session *s);
void session_stop_ready(struct session *s);

/* Findings about the card's past, deleted entries and names.  0 or -ENOMEM. */
int session_judge_card(struct session *s);
void session_forget_past(struct session *s);

/* Keep of the listing what session_probe() tells, for the time when that is gone. */
void session_note_card(struct session *s);

/* Take the challenge of last time, if it is there, out of the listing. */
void session_set_challenge_aside(struct session *s);

/* Look at the recorder as it came: the record of it.  NULL: no memory. */
json_t *session_check_at_dock(struct session *s);
/* It was taken away. */
void session_note_undock(struct session *s);

/* Our claim is let go of. */
void session_card_free(struct session *s);

/* Memory for reading is no longer needed. */
void session_forget_card(struct session *s);

const char *session_outcome_name(enum session_outcome o);

#endif
