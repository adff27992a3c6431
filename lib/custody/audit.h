/*
 * What does not agree between the log, the catalog's events and its rows:
 * decided row by row of streams that are in order, with nothing kept but what
 * the next row needs.
 *
 * Pure; any thread.  Memory: EVENT_MEMORY while a row is compared.
 */
#ifndef CUSTODY_AUDIT_H
#define CUSTODY_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "custody/event.h"
#include "custody/merkle.h"

enum audit_code {
	AUDIT_NOTHING,			/* all is as it must be */
	AUDIT_ROW_CHANGED,		/* a row is not what its event says */
	AUDIT_ROW_MISSING,		/* an event's row is gone */
	AUDIT_ROW_UNLOGGED,		/* a row that no event speaks of */
	AUDIT_EVENT_CHANGED,		/* the catalog's event is not the log's leaf, or is gone */
	AUDIT_LEAF_DAMAGED,		/* a file of the log does not lead to the checkpoint */
	AUDIT_LOG_INCONSISTENT,		/* what is signed now lacks what was signed before */
	AUDIT_LOG_FORKED,		/* two signed checkpoints contradict one another */
	AUDIT_EVENT_WAITING,		/* an event that the log does not take */
	AUDIT_BLOB_MISSING,
	AUDIT_BLOB_CHANGED,
	AUDIT_BLOB_UNLOGGED,		/* bytes in the vault that no event speaks of */
	AUDIT_BLOB_NOT_DISPOSED,	/* bytes in the vault that are on record as disposed of */
	AUDIT_CODES
};
const char *audit_code_name(enum audit_code c);	/* "custody_row_changed" */

/* ------ rows against events ------ */

/*
 * A row of a source's events FULL JOIN its table, by key.  In order of key, and of one key by
 * event: the first event first, or where `changes` says that rows are changed and removed by right,
 * and logged each time, the last one first.
 */
struct audit_row {
	const char *key;
	uint64_t event;			/* 0: there is none */
	const void *leaf;		/* the event's */
	size_t leaf_len;
	bool has_row;
	const char *row;		/* its JSON; NULL: longer than EVENT_ROW_MAX */
	const char *salts;		/* as event_salts_parse() reads them */
	const char *erased;		/* fields whose salt an act erased, parted by spaces */
};

struct audit_rows {
	const char *personal;		/* columns, as event_compare() takes them */
	bool changes;
	/* the rest is audit_row()'s own, zero at first */
	bool began, reported;
	struct digest key;
	uint64_t event;
};

enum audit_why {
	AUDIT_WHY_NONE,
	AUDIT_WHY_COLUMN,		/* one column, which is named */
	AUDIT_WHY_SALT,			/* salts are not what they were, and no act says so */
	AUDIT_WHY_SIZE,			/* larger or deeper than any row */
	AUDIT_WHY_AGAIN,		/* written a second time: removed and put in again */
	AUDIT_WHY_TWICE,		/* there is another row of this key */
	AUDIT_WHY_CAME_BACK,		/* its removal is the last that was logged */
	AUDIT_WHY_GONE,			/* the event is not there */
	AUDIT_WHY_LEAF,			/* the bytes differ */
	AUDIT_WHY_NO_LEAF,		/* the bytes are no leaf */
};

struct audit_result {
	enum audit_code code;
	enum audit_why why;
	char column[EVENT_WORD_MAX + 1];
	bool untold;			/* a column's salt was erased, by an act */
};

/* The next row.  0, or -ENOMEM.  A leaf that is none is AUDIT_EVENT_CHANGED. */
int audit_row(struct audit_rows *s, const struct audit_row *r, struct audit_result *ret,
	      struct err *e);

/* ------ events against leaves ------ */

struct audit_entry {
	const uint8_t *leaf;		/* the log's */
	size_t leaf_len;
	uint64_t event;			/* the catalog's at this place; 0: none */
	const uint8_t *copy;		/* the catalog's leaf; NULL: there is no such event */
	size_t copy_len;
	const char *fields;		/* JSON of the event's own columns */
};
int audit_entry(const struct audit_entry *n, struct audit_result *ret, struct err *e);

/*
 * Events, whatever their order: two that got the same ones, each as often, are equal, and no others,
 * since nobody knows beforehand the key that one begins with and the other takes over.
 */
struct audit_events {
	uint8_t key[32];
	uint8_t sum[32];		/* of their keyed hashes, modulo 2^256 */
};
struct audit_events audit_events_begin(void);
struct audit_events audit_events_as(const struct audit_events *o);	/* without events */
void audit_events_add(struct audit_events *s, uint64_t event, const uint8_t *leaf, size_t len);
bool audit_events_equal(const struct audit_events *a, const struct audit_events *b);

/* ------ leaves against tiles ------ */

enum audit_leaf {
	AUDIT_LEAF_GOOD,		/* the leaf is what the tile says */
	AUDIT_LEAF_BAD,			/* the tile's hash leads to the root: the leaf is another */
	AUDIT_TILE_BAD,			/* the leaf leads to the root: the tile is damaged */
	AUDIT_LEAF_UNKNOWN,		/* neither does */
};

/*
 * Leaf number `index`, whose hash the tile gives as `tile`, of the tree of the checkpoint.  proof:
 * from the tiles; NULL: there is none to be had.
 */
enum audit_leaf audit_leaf(uint64_t index, uint64_t size, const struct merkle_hash *leaf,
			   const struct merkle_hash *tile, const struct merkle_proof *proof,
			   const struct merkle_hash *root);

/* ------ blobs against events ------ */

enum { AUDIT_SETTLE_MS = 24 * 60 * 60 * 1000 };

/* What the dock is doing. */
enum audit_dock {
	AUDIT_DOCK_QUIET,		/* nothing is under way, and all of it recorded */
	AUDIT_DOCK_BUSY,		/* something is being taken in */
	AUDIT_DOCK_BEHIND,		/* something that was taken in is not recorded yet */
	AUDIT_DOCK_UNKNOWN,		/* it does not answer */
};

/* Is a blob that no event speaks of, and that came in so long ago, on its way into the log? */
bool audit_on_its_way(enum audit_dock dock, int64_t age_ms);

#endif
