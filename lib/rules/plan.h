/*
 * What to pull from a listing, and in which order: per media file its sidecar
 * first; what is marked important before all else, then what is due first (24
 * hours after the recording's end, by the claim of its name, else of its
 * directory entry; none claimed: first), then by path; sidecars without media
 * at the end.  Decides on names alone what belongs together (siblings.h), never
 * what is already stored (that needs a look at the content).
 *
 * Everything that is not a sidecar is taken in as media: a name that nobody
 * knows is still evidence.  Pure; any thread.
 */
#ifndef RULES_PLAN_H
#define RULES_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/listing.h"
#include "rules/finding.h"
#include "rules/naming.h"

struct plan_item {
	const struct listing_file *media;	/* NULL: a sidecar whose media is not there */
	const struct listing_file *bwm;		/* NULL: none */
	const struct listing_file *minisig;	/* NULL: none */
	bool important;			/* its name says so */
	int64_t start_ms, end_ms;	/* as its name claims, or NAMING_UNKNOWN */
	int64_t due_ms;			/* when it has to be stored, or NAMING_UNKNOWN */
};

struct plan {
	struct plan_item *items;		/* point into the listing, which must outlive it */
	size_t n;
	uint64_t bytes;				/* of all media */
	struct named *names;			/* one a file of the listing: struct card's */
};

/* naming: of the recorder's model.  0 or -ENOMEM. */
int plan_make(const struct listing *l, const struct naming *naming, struct plan *ret);
void plan_clear(struct plan *p);

/*
 * Findings the listing alone gives: unreadable_file (content cannot be
 * located), once for a recorder, path, size and time, however often it is
 * docked; `trouble` for a trouble, once a session: device_fault of a card,
 * import_incomplete of what is none.
 */
void plan_findings(const struct listing *l, const char *recorder, const char *session,
		   int64_t docked_ms, enum finding_code trouble, struct findings *out);

/* unreadable_file for a file whose content turned out so while it was read. */
void plan_unreadable(const struct listing_file *file, const char *recorder, int64_t docked_ms,
		     const char *why, struct findings *out);

/* The same for one of which some places alone are not there: how many, and how many bytes. */
void plan_holes(const struct listing_file *file, const char *recorder, int64_t docked_ms,
		size_t holes, uint64_t bytes, struct findings *out);

#endif
