/* What session.c (the machine), session_plan.c (the card's content) and session_view.c share. */
#ifndef DOCKD_SESSION_IMPL_H
#define DOCKD_SESSION_IMPL_H

#include "ledger.h"
#include "lister_proc.h"
#include "medium.h"
#include "pull.h"
#include "rules/plan.h"
#include "session.h"

enum session_outcome { OUTCOME_NONE, OUTCOME_RELEASED, OUTCOME_INTERRUPTED, OUTCOME_REFUSED,
		       OUTCOME_FAULT };

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
	struct findings findings;	/* to be reported */
};

/* An operation ended with that event: on to the next state.  May end s. */
void session_step(struct session *s, enum session_event event);

/* Note how it comes out and why, unless something went wrong before; returns the event. */
enum session_event session_fault(struct session *s, const char *why);
/* An operation on the device failed with r: unplugged, or at fault. */
enum session_event session_device_failed(struct session *s, int r, const char *why);

/* It was told to stop (session_stop): however far it came, it is interrupted. */
enum session_event session_stopped(struct session *s);

/* What an operation of the ledger came to. */
enum session_event session_written(struct session *s, int r);

enum session_event session_start_plan(struct session *s);
enum session_event session_start_pull(struct session *s);
/* Memory for reading is no longer needed. */
void session_forget_card(struct session *s);

const char *session_outcome_name(enum session_outcome o);

#endif
