/* What clerk.c (whose turn it is) and clerk_journal.c (what is in a journal) share. */
#ifndef DOCKD_CLERK_IMPL_H
#define DOCKD_CLERK_IMPL_H

#include "base/buf.h"
#include "clerk.h"
#include "records.h"
#include "vault/journal.h"

struct clerk_session {
	struct clerk *clerk;
	char id[JOURNAL_SESSION_MAX + 1];
	struct journal *journal;	/* NULL: not open now */
	uint64_t at;			/* the catalog has what is before */
	bool live;			/* may still be appended to */
	bool is_note;			/* no session's: without end, not judged */
	bool fresh;			/* a record became durable since all were sent */
	uint64_t age;			/* sessions are judged in the order in which they began */
	bool stuck;			/* the catalog refuses it, or the journal is damaged */
	bool left;			/* to be forgotten once the catalog answered */
	uint64_t retry_at_ms;		/* its end could not be written: not before (the loop's clock) */
	unsigned appending;

	/* Noted from its records. */
	char recorder[33];		/* "": unknown */
	bool ended, released;
	struct record_counts counts;

	void (*finished)(void *data, enum clerk_recorded how);	/* NULL: nobody waits */
	void *data;
	struct clerk_session *next;
};

struct clerk {
	uv_loop_t *loop;
	char dir[1100];
	char station[33];
	struct catalog *catalog;
	void (*changed)(void *data);
	void *data;
	struct clerk_session *sessions;	/* in the order in which they get their turn */
	struct clerk_session *current;	/* whose call the catalog is answering */
	uint64_t batch_end;		/* `at` once that call succeeded */
	uint64_t ages;
	uv_timer_t *timer;
	bool freeing;
	void (*freed)(void *data);
	void *freed_data;
};

/* Close the journal if it is open; with remove, it goes for good.  What fails is logged. */
void clerk_journal_close(struct clerk_session *s, int remove);

/*
 * Take up the journal that an earlier run, or an earlier turn, left closed.
 * 1: there is nothing in it; 0: on with it, or, while s->appending, its end is
 * being written; negative: why not, and the next turn begins anew.
 */
int clerk_journal_reopen(struct clerk_session *s, struct err *e);

/*
 * Fill b with the next records as a JSON array; *ret_end is behind the last of
 * them.  How many, or a negative errno.
 */
int clerk_journal_batch(struct clerk_session *s, struct buf *b, uint64_t *ret_end, struct err *e);

#endif
