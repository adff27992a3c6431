#include "catalog/restore.h"

#include <errno.h>

#include "base/util.h"
#include "catalog/pg.h"
#include "catalog/statements.h"

static int connect_db(const char *conninfo, PGconn **ret, struct err *e)
{
	struct pg_params params = pg_params(conninfo);

	*ret = PQconnectdbParams(params.keys, params.values, 1);
	if (*ret == NULL)
		return err_set(e, -ENOMEM, "catalog: out of memory");
	return PQstatus(*ret) == CONNECTION_OK ? 0 : pg_err(e, *ret, NULL, "catalog: cannot connect");
}

static int run(PGconn *conn, const char *sql, struct err *e)
{
	AUTO(pg_clearp) PGresult *res = PQexec(conn, sql);
	const ExecStatusType status = PQresultStatus(res);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		return pg_err(e, conn, res, "roles");
	return 0;
}

int catalog_is_empty(const char *conninfo, bool *ret, struct err *e)
{
	AUTO(pg_finishp) PGconn *conn = NULL;
	AUTO(pg_clearp) PGresult *res = NULL;
	int r = connect_db(conninfo, &conn, e);

	if (r < 0)
		return r;
	res = PQexec(conn, catalog_statements[STATEMENT_RESTORE_EMPTY].text);
	if (PQresultStatus(res) != PGRES_TUPLES_OK || PQntuples(res) != 1)
		return pg_err(e, conn, res, "is it empty?");
	*ret = PQgetvalue(res, 0, 0)[0] == 't';
	return 0;
}

int catalog_restore_roles(const char *conninfo, const json_t *lines, struct err *e)
{
	AUTO(pg_finishp) PGconn *conn = NULL;
	int r = connect_db(conninfo, &conn, e);
	const json_t *row;
	size_t i;

	if (r == 0)
		r = run(conn, "BEGIN", e);
	json_array_foreach(lines, i, row) {
		const char *line = json_string_value(json_object_get(row, "line"));

		if (r == 0)
			r = line != NULL ? run(conn, line, e) : err_set(e, -EINVAL, "roles: not lines of SQL");
	}
	return r == 0 ? run(conn, "COMMIT", e) : r;
}
