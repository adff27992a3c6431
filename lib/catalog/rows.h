/*
 * What the functions of sql/ return, into the structs of catalog.h.  Not for
 * other folders.
 *
 * Every value is checked: the database is ours, but a struct with a fixed
 * field is not written on anybody's word.
 *
 * Errors   0, -EIO and a sentence (a row that cannot be), or -ENOMEM.
 * Pure; any thread.
 */
#ifndef CATALOG_ROWS_H
#define CATALOG_ROWS_H

#include <libpq-fe.h>

#include "catalog/catalog.h"

/* free() *ret. */
int rows_recorders(const PGresult *res, struct catalog_recorder **ret, size_t *ret_n,
		   struct err *e);

/* No row: CATALOG_UNKNOWN, and the others are untouched. */
int rows_known(const PGresult *res, enum catalog_known *ret_known, struct digest *ret_blob, uint64_t *ret_size,
	       struct err *e);

/* Paths of plain segments point into res. */
struct rows_chain {
	struct chain_item *items;
	size_t n;
	struct chain_unsigned *plain;
	size_t n_plain;
};
int rows_chain(const PGresult *res, struct rows_chain *ret, struct err *e);
void rows_chain_clear(struct rows_chain *c);

/* Paths of what was cleared point into res. */
struct rows_ledger {
	struct catalog_ledger ledger;
	char *now, *before;
	struct catalog_cleared *cleared;
};
int rows_ledger(const PGresult *res, struct rows_ledger *ret, struct err *e);
void rows_ledger_clear(struct rows_ledger *l);

/* The places in `i` as n flags; free() *ret. */
int rows_which(const PGresult *res, size_t n, bool **ret, struct err *e);
int rows_stored(const PGresult *res, size_t n, struct catalog_kept **ret, struct err *e);

/* The one number of the one row. */
int rows_count(const PGresult *res, const char *column, uint64_t *ret, struct err *e);

#endif
