/*
 * The card ledger: what was on a card when a session ended, to be compared with
 * what is there when it comes back.  ASCII but for the paths, LF:
 *
 *	dockvault-inventory/v1
 *	station QH-01
 *	recorder REC-000101
 *	session 0f8a...-....
 *	at 2026-11-23T12:42:58.123Z
 *	files 2
 *	1048576 2026-11-23T20:40:00 DCIM/100MEDIA/A.mp4
 *	0 - DCIM/100MEDIA/B.mp4
 *
 * Size, time of change as the recorder claims it, path in the form of
 * format/name.h (so that no name breaks a line); in the order of the bytes of
 * path, then size, then time, none twice.  Deleted entries are not in it.
 *
 * Pure; any thread.  Bytes given to the parser may be anything.
 */
#ifndef RULES_INVENTORY_H
#define RULES_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "format/listing.h"
#include "rules/card.h"

enum {
	INVENTORY_MAX = 8 * 1024 * 1024,	/* bytes of one; as LISTING_BYTES_MAX */
	INVENTORY_ID_MAX = 36,
};

struct inventory_entry {
	uint64_t size;
	const char *path, *modified;	/* borrowed; modified "" when not claimed */
};

struct inventory {
	char station[INVENTORY_ID_MAX + 1], recorder[INVENTORY_ID_MAX + 1],
	     session[INVENTORY_ID_MAX + 1];
	int64_t at_ms;
	struct inventory_entry *entries;	/* n of them, in order */
	size_t n;
	char *text;			/* what a parsed one's entries point into, else NULL */
};

/* What is on the card now; the heads are the caller's to fill.  Borrows from l.  0 or -ENOMEM. */
int inventory_of(const struct listing *l, struct inventory *ret);

/* Append the text.  A name that is no name, or more than INVENTORY_MAX: b->failed. */
void inventory_write(const struct inventory *v, struct buf *b);

/* 0; -EINVAL and a sentence with the line; -EFBIG; -ENOMEM.  ret is untouched then. */
int inventory_parse(const uint8_t *p, size_t len, struct inventory *ret, struct err *e);

void inventory_clear(struct inventory *v);

/* ------ comparing ------ */

struct inventory_context {
	const struct card *card;	/* as it is now; `stored` says what was cleared, too */
	bool has_clock_error;
	int64_t clock_error_ms;		/* how far off its clock is or was: the most that is known */
};

/*
 * Findings card_changed, at most one a kind, of what happened between `before`
 * and the listing of c->card.  Each has a count and samples, and is one fact:
 * its kind since that session.
 *
 *	kind		confidence
 *	vanished	0.8	a file is gone that was never stored
 *	vanished_stored	0.3	gone, and the dock has it
 *	vanished_loop	0.2	gone, older than all recordings there, and the card is full
 *	renamed		0.6	gone, and one of the same size and time is there
 *	altered		0.8	the same name, other size or time
 *	grown		0.3	longer and later: recording went on, or a log
 *	backdated	0.8	new, yet claims to be older than that session; 0.4 where
 *			nothing is known of its clock; none where its clock explains it
 *
 * What the dock cleared itself did not vanish, and of a listing with troubles
 * nobody knows what did: that is found at the next docking without.  A sidecar that went with its
 * media is not told of besides it; one alone is stored when its media is.
 * Below 0.6 a notice.
 * 0, or -ENOMEM and nothing was appended.
 */
int inventory_compare(const struct inventory *before, const struct inventory_context *c,
		      struct findings *out);

#endif
