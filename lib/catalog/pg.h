/*
 * What this folder's files share of libpq: how to connect, and what an error
 * means.  Not for other folders.
 *
 * Any thread, as libpq allows.
 */
#ifndef CATALOG_PG_H
#define CATALOG_PG_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "base/err.h"

/* Parameters for PQconnectdbParams() and PQconnectStartParams(), with expand_dbname. */
struct pg_params {
	const char *keys[8];
	const char *values[8];
};
struct pg_params pg_params(const char *conninfo);

/*
 * What a refusal means, by its SQLSTATE (NULL: none came): -ENOTCONN when the
 * same thing may well succeed later (the server is stopping, full, a standby,
 * or broke a tie between two transactions), otherwise one of sync.h.  Pure.
 */
int pg_code(const char *sqlstate);

/* What the server said (res) or, without it, what libpq says.  Belongs to either. */
const char *pg_message(const PGconn *conn, const PGresult *res);

/* Fill e with pg_code() and pg_message(), "what: message". */
int pg_err(struct err *e, const PGconn *conn, const PGresult *res, const char *what);

static inline void pg_clearp(PGresult **res)	/* for AUTO() */
{
	PQclear(*res);
}

static inline void pg_finishp(PGconn **conn)
{
	PQfinish(*conn);
}

#endif
