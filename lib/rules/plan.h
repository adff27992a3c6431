/*
 * What to pull from a listing, and in which order: per media file its sidecar
 * first, the oldest file first (by modified claim, then by path), sidecars
 * without media at the end.  Decides on names alone what belongs together,
 * never what is already stored (that needs a look at the content).
 *
 * NAME.mp4 belongs with NAME.bwm and NAME.bwm.minisig in the same directory;
 * names are compared without regard to ASCII case, since FAT is.  Everything
 * that is not a sidecar is taken in as media: an unmatched name is still
 * evidence.  Pure; any thread.
 */
#ifndef RULES_PLAN_H
#define RULES_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "format/listing.h"
#include "rules/finding.h"

struct plan_item {
	const struct listing_file *media;	/* NULL: a sidecar whose media is not there */
	const struct listing_file *bwm;		/* NULL: none */
	const struct listing_file *minisig;	/* NULL: none */
};

struct plan {
	struct plan_item *items;		/* point into the listing, which must outlive it */
	size_t n;
	uint64_t bytes;				/* of all media */
};

/* 0 or -ENOMEM. */
int plan_make(const struct listing *l, struct plan *ret);
void plan_clear(struct plan *p);

/*
 * Findings the listing alone gives: deleted_on_recorder (one per deleted
 * entry that was a file; a confidence and what it was; deleted sidecars are
 * part of the finding of their deleted media), unreadable_file (content cannot
 * be located), device_fault for troubles.
 *
 * The first two are raised once for a recorder, path, size and time, however
 * often it is docked; a trouble once a session.
 *
 * 0, or -ENOMEM and nothing was appended.
 */
int plan_findings(const struct listing *l, const char *recorder, const char *session,
		  int64_t docked_ms, struct findings *out);

/* unreadable_file for a file whose content turned out so while it was read. */
void plan_unreadable(const struct listing_file *file, const char *recorder, int64_t docked_ms,
		     const char *why, struct findings *out);

/* The same for one of which some places alone are not there: how many, and how many bytes. */
void plan_holes(const struct listing_file *file, const char *recorder, int64_t docked_ms,
		size_t holes, uint64_t bytes, struct findings *out);

#endif
