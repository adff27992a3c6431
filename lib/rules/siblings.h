/*
 * Which files of a listing belong together by their names: NAME.mp4 with
 * NAME.bwm and NAME.bwm.minisig in the same directory, without regard to ASCII
 * case.  For plan.c and card_deleted.c.  Pure; any thread.
 */
#ifndef RULES_SIBLINGS_H
#define RULES_SIBLINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "format/listing.h"

/* The order matters: in a sorted run of one key the manifests come first. */
enum sibling_part { SIBLING_BWM, SIBLING_MINISIG, SIBLING_MEDIA };

struct sibling {
	const struct listing_file *file;
	size_t key_len;			/* of file->path: directory and name without suffix */
	size_t masked;			/* index into path of a letter that is not known */
	enum sibling_part part;
	bool used;			/* the caller's */
};

struct siblings {
	struct sibling *all;		/* the sidecars, sorted, then the media, as listed */
	size_t n_sidecars, n;
};

/* Of the deleted files of the listing, or of the others.  0 or -ENOMEM. */
int siblings_of(const struct listing *l, bool deleted, struct siblings *ret);
void siblings_clear(struct siblings *s);

/* Sort by key, part and path. */
void siblings_sort(struct sibling *s, size_t n);
bool sibling_same(const struct sibling *a, const struct sibling *b);	/* key */

/* The first of sorted s[] with the key of `like` and this part; NULL: none. */
struct sibling *sibling_find(struct sibling *s, size_t n, const struct sibling *like,
			     enum sibling_part part);

#endif
