/*
 * What was done with an object: its custody events in order, each with what the
 * log says of it.
 */
#ifndef VAULTCTL_HISTORY_H
#define VAULTCTL_HISTORY_H

#include <jansson.h>

#include "custody/event.h"
#include "log_view.h"

/* What the log and the catalog say of an event. */
enum history_verdict {
	HISTORY_PROVEN,			/* its leaf is in the log, and leads to the signed checkpoint */
	HISTORY_NOT_SEALED,		/* it has no place below the checkpoint yet */
	HISTORY_LATE,			/* for more than a minute */
	HISTORY_CHANGED,		/* the log has another leaf at its place, or cannot prove it */
	HISTORY_ROW_CHANGED,		/* it is proven, and the catalog's row is not what it says */
};

struct history_event {
	uint64_t number;
	bool placed;			/* it has a place in the log */
	uint64_t index;
	const uint8_t *leaf;		/* the catalog's copy */
	size_t leaf_len;
	struct event ev;		/* read from it; valid where parsed */
	bool parsed;
	int64_t recorded_ms;
	enum history_verdict verdict;
	const struct buf *proof;	/* the text of C2SP tlog-proof, of those that are proven */
	const char *by, *reason;	/* from the row, where it is what the leaf says; NULL: not told */
	bool erased;			/* some of it was, by an act */
	char column[EVENT_WORD_MAX + 1];	/* of ROW_CHANGED */
};

/*
 * Call each() for the events that name any of these objects (an array of names as docs/CUSTODY.md has
 * them), in order.  What each() returns, when not EXIT_GOOD, ends it and is returned.
 */
int history_each(struct ctl *c, struct log_view *v, const json_t *objects,
		 int (*each)(void *data, const struct history_event *h), void *data);

/*
 * Say the whole history of these objects, or put it into `to` (an array) where that is not NULL.
 * EXIT_GOOD, EXIT_FINDINGS (some are late), EXIT_DAMAGE or EXIT_AWAY; *ret_n: how many there were.
 */
int history_tell(struct ctl *c, const json_t *objects, json_t *to, size_t *ret_n);

/* "proven", "not_sealed", "late", "changed", "row_changed". */
const char *history_verdict_name(enum history_verdict v);

#endif
