/*
 * The catalog for tools: one connection, one statement after another, each
 * waited for.  Statements are those of statements.h and no others.
 *
 *	const char *params[] = { recorder };
 *	AUTO(catalog_rows_freep) struct catalog_rows *rows = NULL;
 *
 *	r = catalog_sync_run(c, STATEMENT_RECORDER_KEYS, params, COUNT(params), &rows, e);
 *	if (r == 0)
 *		list = catalog_rows_list(rows);
 *
 * Errors   0 or a negative errno and a sentence.  -ENOTCONN: no connection, or
 *          it broke.  -ENOENT, -EEXIST, -EACCES, -EINVAL: the catalog refused,
 *          in its own words.  -EIO: anything else that it said.
 * Threads  one at a time.
 * Memory   the rows of the statements run and not yet freed; of
 *          catalog_sync_each() one row.
 */
#ifndef CATALOG_SYNC_H
#define CATALOG_SYNC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "catalog/statements.h"

struct catalog_sync;
struct catalog_rows;

/* conninfo as libpq takes it, without password. */
int catalog_sync_open(const char *conninfo, struct catalog_sync **ret, struct err *e);
void catalog_sync_close(struct catalog_sync *c);	/* NULL is fine */

/* n must be the statement's number of parameters.  ret may be NULL: rows are not wanted. */
int catalog_sync_run(struct catalog_sync *c, enum catalog_statement s, const char *const *params,
		     size_t n, struct catalog_rows **ret, struct err *e);

/*
 * The same, row by row, for answers of any length: row() gets the columns' texts in order, NULL for
 * null, valid during the call; what it returns, when not 0, ends the statement and is returned.
 * No other statement may be run meanwhile.
 */
int catalog_sync_each(struct catalog_sync *c, enum catalog_statement s, const char *const *params,
		      size_t n, int (*row)(void *data, const char *const *values, size_t n_values),
		      void *data, struct err *e);

/* Several statements as one transaction; a failure of any is followed by _rollback. */
int catalog_sync_begin(struct catalog_sync *c, struct err *e);

/*
 * The same for reading alone: all statements see the catalog as it was at the first of them.
 * Moments are in UTC and bytes in hex; no name or operator is looked for but in PostgreSQL's own
 * schema, so that nobody else's is found instead.  Rows that a policy hides are not there: whoever must
 * have all begins with catalog_audit_begin().
 */
int catalog_sync_begin_reading(struct catalog_sync *c, struct err *e);
int catalog_sync_commit(struct catalog_sync *c, struct err *e);
void catalog_sync_rollback(struct catalog_sync *c);

/*
 * For a loop that is to be woken by what a LISTEN statement was for: when the socket is readable, and
 * after each statement, ask whether it was told of anything since it was last asked.  Waits for nothing.
 */
int catalog_sync_socket(const struct catalog_sync *c);
int catalog_sync_heard(struct catalog_sync *c, bool *ret_heard, struct err *e);

/* What it would say, in a transaction that is taken back: nothing changes, nobody is told. */
int catalog_sync_try(struct catalog_sync *c, enum catalog_statement s, const char *const *params,
		     size_t n, struct err *e);

size_t catalog_rows_count(const struct catalog_rows *rows);
/*
 * All rows: a list of objects, their fields named after the columns, in their
 * order: numbers and booleans as such, JSON columns as what they hold, the rest
 * text.  A new reference, or NULL when there is no memory.
 */
json_t *catalog_rows_list(const struct catalog_rows *rows);

void catalog_rows_free(struct catalog_rows *rows);	/* NULL is fine */
void catalog_rows_freep(struct catalog_rows **rows);	/* for AUTO() */
void catalog_sync_closep(struct catalog_sync **c);	/* for AUTO() */

#endif
