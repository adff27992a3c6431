#include "catalog/sync.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "catalog/pg.h"

/* The built-in types that rows tell apart (pg_type.dat; they never change). */
enum { OID_BOOL = 16, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_JSON = 114,
       OID_NUMERIC = 1700, OID_JSONB = 3802 };

enum { CATALOG_EACH_COLUMNS = 16 };

struct catalog_sync {
	PGconn *conn;
	bool prepared[STATEMENTS];
};

struct catalog_rows {
	PGresult *res;
};

int catalog_sync_open(const char *conninfo, struct catalog_sync **ret, struct err *e)
{
	struct pg_params p = pg_params(conninfo);
	struct catalog_sync *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return err_set(e, -ENOMEM, "catalog: out of memory");
	c->conn = PQconnectdbParams(p.keys, p.values, 1);
	if (c->conn == NULL) {
		r = err_set(e, -ENOMEM, "catalog: out of memory");
		goto fail;
	}
	if (PQstatus(c->conn) != CONNECTION_OK) {
		r = pg_err(e, c->conn, NULL, "catalog: cannot connect");
		goto fail;
	}
	*ret = c;
	return 0;
fail:
	catalog_sync_close(c);
	return r;
}

void catalog_sync_close(struct catalog_sync *c)
{
	if (c == NULL)
		return;
	PQfinish(c->conn);
	free(c);
}

void catalog_sync_closep(struct catalog_sync **c)
{
	catalog_sync_close(*c);
}

static int prepare(struct catalog_sync *c, enum catalog_statement s, struct err *e)
{
	const struct catalog_statement_text *t = &catalog_statements[s];
	AUTO(pg_clearp) PGresult *res = NULL;
	int r;

	if (c->prepared[s])
		return 0;
	res = PQprepare(c->conn, t->name, t->text, (int)t->n_params, NULL);
	if (PQresultStatus(res) != PGRES_COMMAND_OK) {
		r = pg_err(e, c->conn, res, "catalog");
		/* Otherwise the server only says which name it does not know. */
		if (r == -EIO)
			err_prefix(e, "%s needs `vaultctl db migrate` first", t->name);
		return r;
	}
	c->prepared[s] = true;
	return 0;
}

int catalog_sync_run(struct catalog_sync *c, enum catalog_statement s, const char *const *params,
		     size_t n, struct catalog_rows **ret, struct err *e)
{
	const struct catalog_statement_text *t = &catalog_statements[s];
	AUTO(pg_clearp) PGresult *res = NULL;
	struct catalog_rows *rows;
	int r;

	if (n != t->n_params)
		BUG("statement %s: %zu parameters of %zu", t->name, n, t->n_params);
	r = prepare(c, s, e);
	if (r < 0)
		return r;
	res = PQexecPrepared(c->conn, t->name, (int)n, params, NULL, NULL, 0);
	if (PQresultStatus(res) != PGRES_TUPLES_OK && PQresultStatus(res) != PGRES_COMMAND_OK)
		return pg_err(e, c->conn, res, "catalog");
	if (ret == NULL)
		return 0;
	rows = malloc(sizeof(*rows));
	if (rows == NULL)
		return err_set(e, -ENOMEM, "catalog: out of memory");
	rows->res = TAKE(res);
	*ret = rows;
	return 0;
}

static int transaction(struct catalog_sync *c, const char *command, struct err *e)
{
	AUTO(pg_clearp) PGresult *res = PQexec(c->conn, command);

	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		return pg_err(e, c->conn, res, "catalog");
	return 0;
}

/* One row of the answer, or its end. */
static int one_row(struct catalog_sync *c, PGresult *res,
		   int (*row)(void *data, const char *const *values, size_t n_values), void *data,
		   struct err *e)
{
	const char *values[CATALOG_EACH_COLUMNS];
	int i, n = PQnfields(res);

	switch (PQresultStatus(res)) {
	case PGRES_SINGLE_TUPLE:
		break;
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
		return 0;
	default:
		return pg_err(e, c->conn, res, "catalog");
	}
	if (n > (int)COUNT(values))
		BUG("a statement with %d columns", n);
	for (i = 0; i < n; i++)
		values[i] = PQgetisnull(res, 0, i) ? NULL : PQgetvalue(res, 0, i);
	return row(data, values, (size_t)n);
}

/* Once row() has said enough, the server is told so, rather than all the rest read. */
static void stop(PGconn *conn)
{
	PGcancel *cancel = PQgetCancel(conn);
	char why[256];

	if (cancel != NULL)
		(void)PQcancel(cancel, why, sizeof(why));
	PQfreeCancel(cancel);
}

int catalog_sync_each(struct catalog_sync *c, enum catalog_statement s, const char *const *params,
		      size_t n, int (*row)(void *data, const char *const *values, size_t n_values),
		      void *data, struct err *e)
{
	const struct catalog_statement_text *t = &catalog_statements[s];
	PGresult *res;
	int r;

	if (n != t->n_params)
		BUG("statement %s: %zu parameters of %zu", t->name, n, t->n_params);
	r = prepare(c, s, e);
	if (r < 0)
		return r;
	if (!PQsendQueryPrepared(c->conn, t->name, (int)n, params, NULL, NULL, 0) ||
	    !PQsetSingleRowMode(c->conn))
		return pg_err(e, c->conn, NULL, "catalog");
	while ((res = PQgetResult(c->conn)) != NULL) {
		if (r == 0) {
			r = one_row(c, res, row, data, e);
			if (r != 0)
				stop(c->conn);
		}
		PQclear(res);
	}
	return r;
}

int catalog_sync_try(struct catalog_sync *c, enum catalog_statement s, const char *const *params,
		     size_t n, struct err *e)
{
	int r = transaction(c, "BEGIN", e), undone;

	if (r < 0)
		return r;
	r = catalog_sync_run(c, s, params, n, NULL, e);
	undone = transaction(c, "ROLLBACK", r < 0 ? NULL : e);	/* the first sentence stays */
	return r < 0 ? r : undone;
}

int catalog_sync_socket(const struct catalog_sync *c)
{
	return PQsocket(c->conn);
}

int catalog_sync_heard(struct catalog_sync *c, bool *ret_heard, struct err *e)
{
	PGnotify *n;

	*ret_heard = false;
	if (!PQconsumeInput(c->conn))
		return pg_err(e, c->conn, NULL, "catalog");
	while ((n = PQnotifies(c->conn)) != NULL) {
		*ret_heard = true;
		PQfreemem(n);
	}
	return 0;
}

int catalog_sync_begin(struct catalog_sync *c, struct err *e)
{
	return transaction(c, "BEGIN", e);
}

int catalog_sync_begin_reading(struct catalog_sync *c, struct err *e)
{
	int r = transaction(c, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; "
		"SET LOCAL search_path = pg_catalog; SET LOCAL row_security = on; "
		"SET LOCAL TimeZone = 'UTC'; SET LOCAL bytea_output = 'hex'; "
		"SET LOCAL quote_all_identifiers = off", e);

	if (r < 0)
		catalog_sync_rollback(c);
	return r;
}

/* A transaction that failed is "committed" by the server as a rollback: its tag tells. */
int catalog_sync_commit(struct catalog_sync *c, struct err *e)
{
	AUTO(pg_clearp) PGresult *res = PQexec(c->conn, "COMMIT");

	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		return pg_err(e, c->conn, res, "catalog");
	if (strcmp(PQcmdStatus(res), "COMMIT") != 0)
		return err_set(e, -EIO, "catalog: the transaction was rolled back");
	return 0;
}

void catalog_sync_rollback(struct catalog_sync *c)
{
	(void)transaction(c, "ROLLBACK", NULL);	/* fails with the connection, and so it is undone */
}

size_t catalog_rows_count(const struct catalog_rows *rows)
{
	return (size_t)PQntuples(rows->res);
}

/* A number as JSON: whole when it is, so that 3 is not printed as 3.0. */
static json_t *number(const char *text)
{
	char *end;
	long long whole;

	errno = 0;
	whole = strtoll(text, &end, 10);
	if (errno == 0 && *end == '\0')
		return json_integer(whole);
	return json_real(strtod(text, NULL));
}

static json_t *value(const PGresult *res, int row, int i)
{
	const char *text = PQgetvalue(res, row, i);

	if (PQgetisnull(res, row, i))
		return json_null();
	switch (PQftype(res, i)) {
	case OID_BOOL:
		return json_boolean(text[0] == 't');
	case OID_INT2:
	case OID_INT4:
	case OID_INT8:
	case OID_NUMERIC:
		return number(text);
	case OID_JSON:
	case OID_JSONB:
		return json_loads(text, JSON_DECODE_ANY, NULL);
	default:
		return json_string(text);
	}
}

static json_t *object(const PGresult *res, int row)
{
	json_t *o = json_object();
	int i;

	for (i = 0; i < PQnfields(res); i++) {
		if (json_object_set_new(o, PQfname(res, i), value(res, row, i)) < 0) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

json_t *catalog_rows_list(const struct catalog_rows *rows)
{
	json_t *list = json_array();
	int i;

	for (i = 0; i < PQntuples(rows->res); i++) {
		if (json_array_append_new(list, object(rows->res, i)) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

void catalog_rows_free(struct catalog_rows *rows)
{
	if (rows == NULL)
		return;
	PQclear(rows->res);
	free(rows);
}

void catalog_rows_freep(struct catalog_rows **rows)
{
	catalog_rows_free(*rows);
}
