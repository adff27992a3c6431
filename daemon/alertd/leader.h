/*
 * Whoever leads of several alertd: holds the catalog's lock and does the chores
 * (chores.h), one round at a time, when there is something to do.  Deciding is
 * alert_next.h; the clock that decides is the database's.
 *
 * Threads  the one that runs the loop.
 */
#ifndef ALERTD_LEADER_H
#define ALERTD_LEADER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/conf.h"
#include "base/err.h"

struct leader;

/* conf stays the caller's, and must outlive it. */
int leader_new(uv_loop_t *loop, const struct conf *conf, struct leader **ret, struct err *e);
/* Told when this is the one that leads, or is not any more; and, leading, after a round that did something. */
void leader_watch(struct leader *l, void (*leads)(void *data, bool leads), void *data);
/* Call back when the step under way is over and nothing of it is left in the loop. */
void leader_stop(struct leader *l, void (*cb)(void *data), void *data);
void leader_free(struct leader *l);	/* NULL is fine */

int64_t leader_busy_ms(const struct leader *l);	/* how long the step under way takes so far */

#endif
