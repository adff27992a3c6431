/* A listed card over borrowed memory, with names read by one pattern, for tests of its rules. */
#ifndef UNIT_CARD_RIG_H
#define UNIT_CARD_RIG_H

#include "rules/card.h"

enum { RIG_FILES = 16 };

struct rig_file {
	const char *path, *modified;	/* NULL: not claimed; created is the same */
	uint64_t size;
	bool deleted;
};

struct card_rig {
	struct listing listing;
	struct listing_file files[RIG_FILES];
	struct pattern pattern;
	struct naming naming;
	struct card card;
};

/* pattern NULL: none.  Up to the first file without path; free and capacity not known. */
void card_rig_make(struct card_rig *r, const char *pattern, const struct rig_file *f,
		   const struct card_stored *stored);
void card_rig_free(struct card_rig *r);

/* The finding whose detail has this text under this key; NULL: none. */
const struct finding *card_rig_find(const struct findings *l, const char *key, const char *text);

#endif
