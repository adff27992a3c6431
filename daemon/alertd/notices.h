/*
 * Makes the notices and sends them: what is to be told is decided by the catalog
 * (sql/029), what is said and how by lib/notify.
 *
 * While leading, it asks the catalog now and again, or when told to, on a connection and a thread of its own;
 * and sends at most NOTICES_AT_ONCE at a time, one to each channel, on the pool.  So neither a mail server that
 * hangs nor a catalog that is away holds up the loop or one another.  What was sent is written down next; a
 * program that ends in between sends again, with the same Message-ID.
 *
 * Threads  the thread that runs the loop.  The pool has to have more than NOTICES_AT_ONCE + 1 threads.
 *          The program calls curl_global_init() and sodium_init() before.
 * Memory   NOTICES_AT_ONCE * NOTIFY_MEMORY, and as many notices' facts.
 */
#ifndef ALERTD_NOTICES_H
#define ALERTD_NOTICES_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/conf.h"
#include "base/err.h"

enum {
	NOTICES_AT_ONCE = 2,
	NOTICES_TURN_MS = 5 * 1000,		/* how often the catalog is asked, at least */
	NOTICES_SOON_MS = 100,			/* and at most */
	NOTICES_SENDING_MS = 1000,		/* the same while something is on its way: that is due, too */
	NOTICES_RETRY_MAX_MS = 60 * 1000,	/* the longest pause while it is away */
};

struct notices;

/* conf stays the caller's.  Begins to lead when told to. */
int notices_new(uv_loop_t *loop, const struct conf *conf, struct notices **ret, struct err *e);

/* Whether this is the one alertd that leads. */
void notices_lead(struct notices *n, bool leads);

/* Something was found, or is due: do not wait for the next turn. */
void notices_round(struct notices *n);

/* How long a visit to the catalog takes so far: what hangs there sends nothing any more. */
int64_t notices_busy_ms(const struct notices *n);

/* Give up what is under way, write down what was sent; cb once, later. */
void notices_stop(struct notices *n, void (*cb)(void *data), void *data);
void notices_free(struct notices *n);		/* after cb, or never begun; NULL is fine */

#endif
