/*
 * What alertd does next: a function of values.
 *
 * Units    moments and waits are milliseconds of one clock that never goes back, but
 *          for what is said to be the database's.
 * Pure; any thread.
 */
#ifndef ALERTD_ALERT_NEXT_H
#define ALERTD_ALERT_NEXT_H

#include <stdbool.h>
#include <stdint.h>

enum {
	ALERT_BELT_MS = 60 * 1000,	/* it looks at least that often, whatever clocks say */
	ALERT_IDLE_MS = 250,		/* between two rounds of which the first found nothing to do */
	ALERT_LOCK_MS = 500,		/* how often one that waits asks for the lock */
	ALERT_RETRY_MIN_MS = 250,
	ALERT_RETRY_MAX_MS = 5000,
};

#define ALERT_NEVER INT64_MAX

enum alert_step {
	ALERT_CONNECT,		/* to the catalog */
	ALERT_LOCK,		/* ask whether this is the one that leads */
	ALERT_WORK,		/* a round of chores (chores.h) */
	ALERT_WAIT,		/* until something is heard, or for so long */
	ALERT_END,
	ALERT_STEPS
};
const char *alert_step_name(enum alert_step s);

struct alert_state {
	bool connected, locked;		/* the second needs the first */
	bool stopping;
	bool wanted;			/* something was heard, a clock was set, or a round left something */
	bool idle;			/* the last round found nothing to do */
	int64_t now_ms;
	int64_t retry_ms;		/* nothing before: a step failed, or another leads */
	int64_t worked_ms;		/* when the last round ended */
	int64_t ahead_ms;		/* and how long after that, by the database's clock, there is
					 * something to do; below 0: already.  Or ALERT_NEVER */
};

/* *ret_wait_ms is of ALERT_WAIT alone. */
enum alert_step alert_next(const struct alert_state *s, int64_t *ret_wait_ms);

/* How long to wait after so many failures in a row, one or more. */
int64_t alert_backoff_ms(unsigned failures);

#endif
