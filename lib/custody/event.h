/*
 * A custody event: the leaf of the log (docs/CUSTODY.md, "The leaf"), and what
 * it says of a row of the database.
 *
 *	event_parse(leaf, len, &ev, &e);
 *	event_compare(&ev, row, row_len, "officer path", &salts, &verdict, column, &e);
 *
 * Only the canonical form is a leaf, so one event has one leaf.  A verdict is a
 * value; an error is that it could not be found out.
 *
 * Pure; any thread.  Memory: of a comparison EVENT_MEMORY at most, freed when it returns.
 */
#ifndef CUSTODY_EVENT_H
#define CUSTODY_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	EVENT_LEAF_MAX = 65535,
	EVENT_WORD_MAX = 63,		/* bytes of an act, a source, a role, a column's name */
	EVENT_INLINE_MAX = 1024,	/* bytes of canonical form that a leaf holds as they are */
	EVENT_ROW_MAX = 4 * 1024 * 1024,	/* of a row's JSON: more is the row of no leaf */
	EVENT_MEMORY = 4 * EVENT_ROW_MAX,
	EVENT_SALTS_MAX = 16,		/* personal columns of one row */
	EVENT_SALT_LEN = 32,
};

struct event_text {			/* into the leaf, in canonical form */
	const char *p;
	size_t len;
};

struct event {
	uint64_t event;			/* its number */
	int64_t at_ms;			/* since 1970, without what is below a millisecond */
	char act[EVENT_WORD_MAX + 1];
	char source[EVENT_WORD_MAX + 1];
	char role[EVENT_WORD_MAX + 1];
	struct event_text key;		/* a string */
	struct event_text objects;	/* an array of strings */
	struct event_text row;		/* an object */
	struct event_text leaf;		/* all of it */
};

/* 0, or -EINVAL and a sentence.  *ret points into the leaf. */
int event_parse(const void *leaf, size_t len, struct event *ret, struct err *e);

struct event_salt {
	char field[EVENT_WORD_MAX + 1];
	uint8_t salt[EVENT_SALT_LEN];
};

struct event_salts {			/* of one event */
	struct event_salt list[EVENT_SALTS_MAX];
	size_t n;
	const char *erased;		/* fields whose salt an act erased, parted by spaces */
};

/* "officer=HEX64 path=HEX64", "" for none; *ret points to erased.  0, or -EINVAL and a sentence. */
int event_salts_parse(const char *text, const char *erased, struct event_salts *ret,
		      struct err *e);

enum event_verdict {			/* each is worse than those before it */
	EVENT_SAME,
	EVENT_CANNOT_TELL,		/* as far as can be seen the same; a salt was erased */
	EVENT_SALT_GONE,		/* the same; a salt is not there, and no act erased it */
	EVENT_CHANGED,			/* the row is not what the leaf says */
};

/*
 * Is this row (the JSON that to_jsonb() makes of it) what the leaf says?  personal: names of the
 * columns that may be salted, parted by spaces.  0 and the worst verdict on any column, with the
 * first column that has it in ret_column; -EINVAL: no JSON of a row; -ENOMEM.
 */
int event_compare(const struct event *ev, const char *row, size_t len, const char *personal,
		  const struct event_salts *salts, enum event_verdict *ret,
		  char ret_column[EVENT_WORD_MAX + 1], struct err *e);

/*
 * Are these fields of the event's own row ({"act":...,"key":...}) those of the leaf, by the same
 * names?  As above, EVENT_SAME or EVENT_CHANGED.
 */
int event_compare_fields(const struct event *ev, const char *fields, size_t len,
			 enum event_verdict *ret, char ret_column[EVENT_WORD_MAX + 1],
			 struct err *e);

#endif
