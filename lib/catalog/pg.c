#include "catalog/pg.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"

struct pg_params pg_params(const char *conninfo)
{
	/*
	 * Behind conninfo what it must not change, in front what it may.  A day
	 * or a moment is never read or written by the session's own time zone,
	 * but what a person sees in the server's log is.
	 */
	return (struct pg_params){
		.keys = { "fallback_application_name", "connect_timeout", "dbname",
			  "client_encoding", NULL },
		.values = { "dockvault", "10", conninfo, "UTF8", NULL },
	};
}

static const struct { const char *state; int code; } codes[] = {
	/* Whole classes, by their two characters. */
	{ "08",		-ENOTCONN },	/* connection */
	{ "40",		-ENOTCONN },	/* serialization, deadlock */
	{ "53",		-ENOTCONN },	/* disk full, out of memory, too many connections */
	{ "57",		-ENOTCONN },	/* shutting down, cancelled, cannot connect now */
	{ "58",		-ENOTCONN },	/* I/O error */
	{ "55P03",	-ENOTCONN },	/* lock not available */
	{ "25006",	-ENOTCONN },	/* read only: a standby, until somebody promotes it */
	{ "P0002",	-ENOENT },	/* no_data_found, raised by sql/ */
	{ "23505",	-EEXIST },
	{ "28",		-EACCES },
	{ "42501",	-EACCES },
	{ "22",		-EINVAL },
	{ "23",		-EINVAL },
	{ "54",		-EINVAL },
};

int pg_code(const char *sqlstate)
{
	size_t i;

	if (sqlstate == NULL)
		return -ENOTCONN;
	for (i = 0; i < COUNT(codes); i++)
		if (strncmp(sqlstate, codes[i].state, strlen(codes[i].state)) == 0)
			return codes[i].code;
	return -EIO;
}

const char *pg_message(const PGconn *conn, const PGresult *res)
{
	const char *msg = res != NULL ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;

	return msg != NULL ? msg : PQerrorMessage(conn);
}

int pg_err(struct err *e, const PGconn *conn, const PGresult *res, const char *what)
{
	const char *state = res != NULL ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	const char *msg = pg_message(conn, res);

	/* libpq's own have several lines, the first says what happened. */
	return err_set(e, pg_code(state), "%s: %.*s", what, (int)strcspn(msg, "\n"), msg);
}
