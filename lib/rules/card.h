/*
 * A card as the rules about it see it: what is listed, what its names claim,
 * what of it the dock has already.  Pure; any thread.
 */
#ifndef RULES_CARD_H
#define RULES_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/finding.h"
#include "rules/naming.h"

struct card_stored {			/* a file of this recorder that the dock has */
	const char *path;
	uint64_t size;
	bool cleared;			/* and removed from the card itself */
	const char *modified;		/* as the device wrote it; "": not known */
};

/* All borrowed. */
struct card {
	const char *recorder;
	int64_t docked_ms;
	const struct listing *listing;
	const struct naming *naming;
	const struct named *names;	/* naming_read() of both, or plan_make()'s */
	const struct card_stored *stored;	/* before this docking; any order */
	size_t n_stored;
	uint64_t capacity, free;	/* bytes, of all volumes; UINT64_MAX: not known */
};

/* Whether it is full or nearly so; false when nobody knows. */
bool card_is_full(const struct card *c);

/* Size and free space of all volumes together, for struct card. */
void card_space(const struct listing *l, uint64_t *ret_capacity, uint64_t *ret_free);

/*
 * The same file on the same recorder at every docking, as part of a fact: the
 * digest of path, size and time of change.
 */
void card_file_fact(const struct listing_file *f, char ret[FINDING_FACT_MAX + 1]);

/* Path, size and times of a file, for a detail. */
json_t *card_file_detail(const struct listing_file *f);

/* A finding whose subject is the recorder, without confidence. */
struct finding card_finding(const char *recorder, enum finding_code code, int64_t at_ms);

/*
 * That file, rather one that the dock removed; NULL: it is not there.  Names are
 * used again, often at one size, so the time of change counts where both sides
 * know it ("": not known).  stored[] is sorted by card_stored_sort().
 */
const struct card_stored *card_stored_find(const struct card_stored *stored, size_t n,
					   const char *path, uint64_t size,
					   const char *modified);
/* A sorted copy for free(); NULL: no memory. */
struct card_stored *card_stored_sort(const struct card_stored *stored, size_t n);

#endif
