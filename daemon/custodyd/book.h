/*
 * The catalog, as the sequencer sees it: events to be placed, entries, and what
 * was signed of them (docs/CUSTODY.md).  One connection, with the role
 * dv_custody; the lock is the connection's, and ends with it.
 *
 * Errors   as catalog/sync.h.  -EBADMSG: it says what cannot be.
 * Threads  one at a time; blocking, but for what says that it does not.
 * Memory   BOOK_MEMORY, and one row.
 */
#ifndef CUSTODYD_BOOK_H
#define CUSTODYD_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "custody/checkpoint.h"
#include "custody/tile.h"

enum { BOOK_MEMORY = TILE_ENTRY_MAX + CHECKPOINT_MAX };

struct book;

/* conninfo as libpq takes it.  What comes is told of by an event, too: book_heard(). */
int book_open(const char *conninfo, struct book **ret, struct err *e);
void book_close(struct book *b);	/* NULL is fine; does not block */

/* *ret_got: nobody else is the sequencer as long as this connection lasts. */
int book_lock(struct book *b, bool *ret_got, struct err *e);

struct book_state {
	uint64_t entries;			/* that have a place: the first are 0 to entries - 1 */
	uint64_t told;				/* size of the checkpoint told last; 0: none */
	struct merkle_hash told_root;
	char told_note[CHECKPOINT_MAX + 1];	/* "": none */
};
int book_state(struct book *b, struct book_state *ret, struct err *e);

/* Give places to at most `limit` events that have none, in the order of their numbers. */
int book_place(struct book *b, unsigned limit, uint64_t *ret_entries, struct err *e);

/*
 * Call leaf() for the entries from `from` on, below `to`, in order; one that is not there is left
 * out.  What leaf() returns, when not 0, ends it and is returned.
 */
int book_leaves(struct book *b, uint64_t from, uint64_t to,
		int (*leaf)(void *data, uint64_t index, const uint8_t *bytes, size_t len), void *data,
		struct err *e);

int book_signed(struct book *b, uint64_t size, const struct merkle_hash *root, const char *note,
		struct err *e);

/* A finding about the log of this name; of one fact there is one.  detail: a JSON object. */
int book_find(struct book *b, const char *code, const char *origin, const char *fact,
	      const char *detail, struct err *e);

/* If roles and their rights are others than noted last, that is an act; so with the configuration. */
int book_note_roles(struct book *b, struct err *e);
int book_note_config(struct book *b, const char *station, const char *sha256, struct err *e);

/* Neither blocks.  The socket is readable when something came; then ask whether it was an event. */
int book_socket(const struct book *b);
int book_heard(struct book *b, bool *ret_heard, struct err *e);

#endif
