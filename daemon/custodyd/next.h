/*
 * What the sequencer does next, and whether it may sign: functions of values.
 *
 * Units    moments and waits are milliseconds of one clock that never goes back;
 *          sizes are counted in leaves.
 * Pure; any thread.
 */
#ifndef CUSTODYD_NEXT_H
#define CUSTODYD_NEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "custody/checkpoint.h"
#include "custody/merkle.h"

enum {
	SEQ_LOOK_MS = 2000,		/* how often it looks for events that nobody told of */
	SEQ_LOCK_MS = 500,		/* how often one that waits asks for the lock */
	SEQ_NOTE_MS = 60 * 1000,	/* how often roles are compared */
	SEQ_RETRY_MIN_MS = 250,
	SEQ_RETRY_MAX_MS = 5000,
};

#define SEQ_NEVER INT64_MAX

enum seq_step {
	SEQ_CONNECT,		/* to the catalog */
	SEQ_LOCK,		/* ask whether this is the one sequencer */
	SEQ_OPEN,		/* the log's directory, and judge it against the catalog */
	SEQ_GATHER,		/* give events their places, put their leaves into the tree */
	SEQ_PUBLISH,		/* sync, sign, tell the catalog */
	SEQ_NOTE,		/* roles, and findings that wait */
	SEQ_WAIT,		/* until something is heard, or for so long */
	SEQ_END,
	SEQ_STEPS
};
const char *seq_step_name(enum seq_step s);

struct seq_state {
	bool connected, locked, open;	/* each needs the one before */
	bool stopping;
	bool more;			/* the last gathering was full */
	uint64_t appended;		/* leaves of the tree that is being written */
	uint64_t published;		/* of the checkpoint signed last */
	uint64_t told;			/* of the one that the catalog knows */
	int64_t now_ms;
	int64_t heard_ms;		/* when the first event that waits was told of, or SEQ_NEVER */
	int64_t unsigned_ms;		/* when the first leaf that no checkpoint covers came */
	int64_t looked_ms;		/* when the last gathering ended */
	int64_t retry_ms;		/* nothing before: a step failed, or another holds the lock */
	int64_t note_ms;		/* when the next note is due */
	uint32_t gather_ms;		/* how long events are gathered before they are signed */
};

/* *ret_wait_ms is of SEQ_WAIT alone. */
enum seq_step seq_next(const struct seq_state *s, int64_t *ret_wait_ms);

/* How long to wait after so many failures in a row, one or more. */
int64_t seq_backoff_ms(unsigned failures);

/* What a step that failed with this code leaves behind. */
enum seq_loss {
	SEQ_LOST_LOG,		/* the tree in memory is not to be trusted: open it again */
	SEQ_LOST_CATALOG,	/* the connection, and with it the lock, and so the log, too */
};
enum seq_loss seq_loss(int code);

/* ------ may this tree be signed? ------ */

enum seq_verdict {
	SEQ_GOOD,
	SEQ_BEHIND,		/* files are missing that the catalog was told of: write them again */
	SEQ_KEY_OF_OTHER,	/* the key is not named after this log */
	SEQ_KEY_CHANGED,	/* what was signed last is not this key's */
	SEQ_CATALOG_SHORT,	/* fewer entries than are signed */
	SEQ_LEAF_DIFFERS,	/* the last signed entry is another in the catalog */
	SEQ_ROOT_DIFFERS,	/* the catalog was told of another tree */
	SEQ_ENTRY_MISSING,	/* a place is not given, or its event is gone; found while gathering */
	SEQ_FILES_DAMAGED,	/* the files contradict one another: tlog.h said -EBADMSG */
	SEQ_VERDICTS
};

/* The key, and the newest checkpoint of the files, or, without one, CHECKPOINT_SIGNED. */
enum seq_verdict seq_judge_key(bool named_after_origin, enum checkpoint_verdict newest);

/* Of the files: the newest checkpoint.  Of the catalog: entries, and the checkpoint told last. */
struct seq_facts {
	uint64_t size;			/* of the newest checkpoint; 0: none */
	uint64_t entries;
	uint64_t told;			/* 0: none */
	bool last_leaf_same;		/* leaf size - 1 in the catalog; looked at when size > 0 */
	enum checkpoint_verdict told_key;	/* is it this key's?  Looked at when told > size */
	struct merkle_hash told_root;
	struct merkle_hash root_at_told;	/* in the files; looked at when 0 < told <= size */
};

enum seq_verdict seq_judge(const struct seq_facts *f);

/* What it means and what to do, for a person; NULL for the two that may go on. */
const char *seq_verdict_text(enum seq_verdict v);
/* One word, for the finding. */
const char *seq_verdict_name(enum seq_verdict v);

#endif
