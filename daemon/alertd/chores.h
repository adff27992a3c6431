/*
 * What there is to do for whoever leads: a table of chores, a file each.  A round
 * runs each of them once.  All of it blocks and is for one job at a time on the
 * thread pool.
 *
 * A chore does a bounded part of its work in transactions of its own, of which
 * each may be done again; says whether there is more; and when, by the
 * database's clock, it wants to be run next.
 *
 * Errors   as catalog/sync.h.  -ENOTCONN ends the round; any other failure is
 *          that chore's, is logged, and the others are run all the same.
 */
#ifndef ALERTD_CHORES_H
#define ALERTD_CHORES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/err.h"
#include "catalog/sync.h"

struct chore_result {
	uint64_t done;		/* how many things; 0: there was nothing to do */
	bool more;		/* it stopped before the end */
	int64_t due_ms;		/* since 1970, by the database's clock; or ALERT_NEVER */
};

struct chore {
	const char *name;
	int (*run)(struct catalog_sync *c, const struct conf *conf, struct chore_result *ret,
		   struct err *e);
};

/* sweep.c: what is due */
int chore_sweep(struct catalog_sync *c, const struct conf *conf, struct chore_result *ret,
		struct err *e);

/* coverage_chore.c: actions whose recordings are to be judged */
int chore_coverage(struct catalog_sync *c, const struct conf *conf, struct chore_result *ret,
		   struct err *e);

/* scrub_watch.c: copies that were not read in their time, or are not there */
int chore_scrub_watch(struct catalog_sync *c, const struct conf *conf, struct chore_result *ret,
		      struct err *e);

/* retention_chore.c: the day is noted, what changed is judged, and what is due is told */
int chore_retention(struct catalog_sync *c, const struct conf *conf, struct chore_result *ret,
		    struct err *e);

/* backup_chore.c: that there is a backup, and a new one */
int chore_backup(struct catalog_sync *c, const struct conf *conf, struct chore_result *ret,
		 struct err *e);

/* All of them.  ret: their sum, more of any, the earliest due.  *ret_now_ms: the database's clock. */
int chores_run(struct catalog_sync *c, const struct conf *conf, struct chore_result *ret,
	       int64_t *ret_now_ms, struct err *e);

/* For chores: a statement of one row of numbers, n of them; null is ALERT_NEVER, true is 1. */
int chore_numbers(struct catalog_sync *c, enum catalog_statement s, const char *const *params,
		  size_t n_params, int64_t *ret, size_t n, struct err *e);

#endif
