/*
 * Judges whether actions were recorded: facts from the catalog (sql/028), judged
 * by lib/rules/coverage, the verdict back to the catalog, which raises what there
 * is to raise.  Stopped anywhere, the next round does the same again and finds
 * nothing twice.
 *
 * Errors   as catalog/sync.h; what is wrong with one action's facts is logged, and
 *          that action comes again an hour later, so that it holds up no other.
 * Threads  the one that has the connection.
 * Memory   the facts of COVERAGE_AT_ONCE actions, and one verdict.
 */
#ifndef ALERTD_COVERAGE_H
#define ALERTD_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "catalog/sync.h"

enum { COVERAGE_AT_ONCE = 16 };

/*
 * Judge at most COVERAGE_AT_ONCE of the actions that are due.  0 and how many were
 * taken on: COVERAGE_AT_ONCE says that more may be due, fewer that none is now.
 * When the next will be, STATEMENT_COVERAGE_DUE says.
 */
int coverage_round(struct catalog_sync *c, size_t *ret_taken, struct err *e);

#endif
