#include "catalog/migrate.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/util.h"
#include "catalog/pg.h"

/* One number: what the directory and what the database have of it. */
struct entry {
	struct migration m;
	bool in_dir, in_db;
	struct buf text;		/* of the file, for those pending */
	uint8_t in_dir_sha[crypto_hash_sha256_BYTES], in_db_sha[crypto_hash_sha256_BYTES];
};

struct plan {
	PGconn *conn;
	struct entry entries[MIGRATIONS_MAX + 1];	/* by number */
};

static void plan_freep(struct plan **p)
{
	size_t i;

	if (*p == NULL)
		return;
	for (i = 0; i < COUNT((*p)->entries); i++)
		buf_clear(&(*p)->entries[i].text);
	PQfinish((*p)->conn);
	free(*p);
}

static void closedirp(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

static void freep(char **p)
{
	free(*p);
}

const char *migration_state_name(enum migration_state s)
{
	switch (s) {
	case MIGRATION_APPLIED:		return "applied";
	case MIGRATION_PENDING:		return "pending";
	case MIGRATION_CHANGED:		return "changed";
	case MIGRATION_GONE:		return "gone";
	case MIGRATION_TOO_LATE:	return "too_late";
	}
	BUG("migration state %d", (int)s);
}

int migration_number(const char *name)
{
	const char *p = name + strspn(name, "0123456789");
	int number;

	if (p - name != 3 || *p != '-' || strlen(name) > MIGRATION_NAME_MAX)
		return -EINVAL;
	number = (name[0] - '0') * 100 + (name[1] - '0') * 10 + (name[2] - '0');
	p++;
	p += strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (p == name + 4 || strcmp(p, ".sql") != 0 || number == 0)
		return -EINVAL;
	return number;
}

/* ------ what is in the directory ------ */

static int read_file(struct plan *p, const char *dir, const char *name, struct err *e)
{
	AUTO(freep) char *path = NULL;
	struct entry *x;
	int number = migration_number(name), r;

	if (number < 0)
		return err_set(e, -EINVAL, "%s/%s: not the name of a migration: NNN-name.sql", dir,
			       name);
	x = &p->entries[number];
	if (x->in_dir)
		return err_set(e, -EINVAL, "%s/%s: %s has the same number", dir, name, x->m.name);
	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return err_set(e, -ENOMEM, "%s: out of memory", name);
	}
	x->text = (struct buf)BUF_INIT(MIGRATION_FILE_MAX);
	r = file_read(path, &x->text, e);
	if (r < 0)
		return r;
	if (x->text.len == 0 || strlen(buf_str(&x->text)) != x->text.len)
		return err_set(e, -EINVAL, "%s: empty, or not text", path);
	crypto_hash_sha256(x->in_dir_sha, x->text.p, x->text.len);
	x->in_dir = true;
	x->m.number = number;
	memcpy(x->m.name, name, strlen(name) + 1);	/* migration_number() knows it fits */
	return 0;
}

static int read_dir(struct plan *p, const char *dir, struct err *e)
{
	AUTO(closedirp) DIR *d = opendir(dir);
	const struct dirent *f;
	const char *dot;
	size_t n = 0;
	int r;

	if (d == NULL)
		return err_set(e, -errno, "%s: %s", dir, strerror(errno));
	while (errno = 0, (f = readdir(d)) != NULL) {
		dot = strrchr(f->d_name, '.');
		if (dot == NULL || strcmp(dot, ".sql") != 0)
			continue;
		r = read_file(p, dir, f->d_name, e);
		if (r < 0)
			return r;
		n++;
	}
	if (errno != 0)
		return err_set(e, -errno, "%s: %s", dir, strerror(errno));
	if (n == 0)
		return err_set(e, -ENOENT, "%s: no migrations there", dir);
	return 0;
}

/* ------ what is in the database ------ */

static int connect_db(struct plan *p, const char *conninfo, struct err *e)
{
	struct pg_params params = pg_params(conninfo);

	p->conn = PQconnectdbParams(params.keys, params.values, 1);
	if (p->conn == NULL)
		return err_set(e, -ENOMEM, "catalog: out of memory");
	if (PQstatus(p->conn) != CONNECTION_OK)
		return pg_err(e, p->conn, NULL, "catalog: cannot connect");
	return 0;
}

/* Run what returns no rows we want. */
static int run(struct plan *p, const char *sql, const char *what, struct err *e)
{
	AUTO(pg_clearp) PGresult *res = PQexec(p->conn, sql);

	if (PQresultStatus(res) != PGRES_COMMAND_OK && PQresultStatus(res) != PGRES_TUPLES_OK)
		return pg_err(e, p->conn, res, what);
	return 0;
}

static int take_row(struct plan *p, const PGresult *res, int row, struct err *e)
{
	long number = strtol(PQgetvalue(res, row, 0), NULL, 10);
	const char *sha = PQgetvalue(res, row, 2);
	struct entry *x;
	size_t len;

	if (number < 1 || number > MIGRATIONS_MAX)
		return err_set(e, -EINVAL, "dv.schema_version: number %ld", number);
	x = &p->entries[number];
	if (sodium_hex2bin(x->in_db_sha, sizeof(x->in_db_sha), sha, strlen(sha), NULL, &len,
			   NULL) != 0 || len != sizeof(x->in_db_sha))
		return err_set(e, -EINVAL, "dv.schema_version: sha256 of number %ld", number);
	x->in_db = true;
	x->m.number = (int)number;
	snprintf(x->m.name, sizeof(x->m.name), "%s", PQgetvalue(res, row, 1));
	snprintf(x->m.applied_at, sizeof(x->m.applied_at), "%s", PQgetvalue(res, row, 3));
	return 0;
}

static int read_db(struct plan *p, struct err *e)
{
	AUTO(pg_clearp) PGresult *there = NULL;
	AUTO(pg_clearp) PGresult *res = NULL;
	int i, r;

	there = PQexec(p->conn, "SELECT to_regclass('dv.schema_version') IS NOT NULL");
	if (PQresultStatus(there) != PGRES_TUPLES_OK)
		return pg_err(e, p->conn, there, "catalog");
	if (PQgetvalue(there, 0, 0)[0] != 't')
		return 0;
	res = PQexec(p->conn, "SELECT number, name, encode(sha256, 'hex'), dv.utc(applied_at) "
			      "FROM dv.schema_version ORDER BY number");
	if (PQresultStatus(res) != PGRES_TUPLES_OK)
		return pg_err(e, p->conn, res, "catalog");
	for (i = 0; i < PQntuples(res); i++) {
		r = take_row(p, res, i, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static void judge(struct plan *p)
{
	bool above = false;
	size_t i;

	for (i = COUNT(p->entries) - 1; i > 0; i--) {
		struct entry *x = &p->entries[i];

		if (x->in_db && !x->in_dir)
			x->m.state = MIGRATION_GONE;
		else if (x->in_db && sodium_memcmp(x->in_db_sha, x->in_dir_sha,
						   sizeof(x->in_db_sha)) != 0)
			x->m.state = MIGRATION_CHANGED;
		else if (x->in_db)
			x->m.state = MIGRATION_APPLIED;
		else
			x->m.state = above ? MIGRATION_TOO_LATE : MIGRATION_PENDING;
		above = above || x->in_db;
	}
}

static int plan_read(const char *conninfo, const char *dir, bool lock, struct plan **ret,
		     struct err *e)
{
	AUTO(plan_freep) struct plan *p = calloc(1, sizeof(*p));
	int r;

	if (p == NULL)
		return err_set(e, -ENOMEM, "migrate: out of memory");
	r = read_dir(p, dir, e);
	if (r == 0)
		r = connect_db(p, conninfo, e);
	/* Held until the connection ends. */
	if (r == 0 && lock)
		r = run(p, "SET client_min_messages = warning; "
			   "SELECT pg_advisory_lock(25720, 0)", "migrate: lock", e);
	if (r == 0)
		r = read_db(p, e);
	if (r < 0)
		return r;
	judge(p);
	*ret = TAKE(p);
	return 0;
}

int catalog_migrate_status(const char *conninfo, const char *dir,
			   void (*each)(void *data, const struct migration *m), void *data,
			   struct err *e)
{
	AUTO(plan_freep) struct plan *p = NULL;
	size_t i;
	int r = plan_read(conninfo, dir, false, &p, e);

	if (r < 0)
		return r;
	for (i = 1; i < COUNT(p->entries); i++)
		if (p->entries[i].in_dir || p->entries[i].in_db)
			each(data, &p->entries[i].m);
	return 0;
}

/* ------ applying ------ */

static int refuse(const struct plan *p, const char *dir, struct err *e)
{
	size_t i;

	for (i = 1; i < COUNT(p->entries); i++) {
		const struct entry *x = &p->entries[i];

		if (!x->in_dir && !x->in_db)
			continue;
		switch (x->m.state) {
		case MIGRATION_APPLIED:
		case MIGRATION_PENDING:
			break;
		case MIGRATION_CHANGED:
			return err_set(e, -EINVAL, "%s/%s: changed after it was applied on %s: "
				       "restore it and put the change into a new file", dir,
				       x->m.name, x->m.applied_at);
		case MIGRATION_GONE:
			return err_set(e, -EINVAL, "%s/%s: applied on %s, but not there: is this "
				       "an older release?", dir, x->m.name, x->m.applied_at);
		case MIGRATION_TOO_LATE:
			return err_set(e, -EINVAL, "%s/%s: a later one is applied already: give it "
				       "the next number", dir, x->m.name);
		}
	}
	return 0;
}

/* What a migration changed of rights is an act of its transaction, once there are acts (018 ff.). */
static int note_rights(struct plan *p, const char *what, struct err *e)
{
	AUTO(pg_clearp) PGresult *there =
		PQexec(p->conn, "SELECT to_regprocedure('dv.note_roles()') IS NOT NULL");

	if (PQresultStatus(there) != PGRES_TUPLES_OK)
		return pg_err(e, p->conn, there, what);
	if (PQgetvalue(there, 0, 0)[0] != 't')
		return 0;
	return run(p, "SELECT dv.note_roles()", what, e);
}

static int apply(struct plan *p, struct entry *x, bool first, struct err *e)
{
	char number[12], sha[crypto_hash_sha256_BYTES * 2 + 1];
	const char *const params[] = { number, x->m.name, sha };
	AUTO(pg_clearp) PGresult *res = NULL;
	int r;

	snprintf(number, sizeof(number), "%d", x->m.number);
	sodium_bin2hex(sha, sizeof(sha), x->in_dir_sha, sizeof(x->in_dir_sha));
	r = run(p, first ? "BEGIN" : "BEGIN; SET LOCAL ROLE dv_owner", x->m.name, e);
	if (r == 0)
		r = run(p, buf_str(&x->text), x->m.name, e);
	if (r < 0)
		return r;	/* the connection ends, and with it the transaction */
	if (PQtransactionStatus(p->conn) != PQTRANS_INTRANS)
		return err_set(e, -EINVAL, "%s: ends the transaction it runs in: remove COMMIT or "
			       "ROLLBACK from it", x->m.name);
	res = PQexecParams(p->conn, "INSERT INTO dv.schema_version (number, name, sha256) "
			   "VALUES ($1::integer, $2, decode($3, 'hex')) "
			   "RETURNING dv.utc(applied_at)",
			   (int)COUNT(params), NULL, params, NULL, NULL, 0);
	if (PQresultStatus(res) != PGRES_TUPLES_OK)
		return pg_err(e, p->conn, res, x->m.name);
	r = note_rights(p, x->m.name, e);
	if (r < 0)
		return r;
	x->m.state = MIGRATION_APPLIED;
	snprintf(x->m.applied_at, sizeof(x->m.applied_at), "%s", PQgetvalue(res, 0, 0));
	return run(p, "COMMIT", x->m.name, e);
}

/* Programs go on meanwhile, and one may hold what is wanted here and want what is held: begun again. */
static int apply_in_turn(struct plan *p, struct entry *x, bool first, struct err *e)
{
	enum { TRIES = 5 };
	int i, r = -ENOTCONN;

	for (i = 0; i < TRIES && r == -ENOTCONN && PQstatus(p->conn) == CONNECTION_OK; i++) {
		if (i > 0 && run(p, "ROLLBACK", x->m.name, e) < 0)
			return -ENOTCONN;
		r = apply(p, x, first, e);
	}
	return r;
}

int catalog_migrate(const char *conninfo, const char *dir,
		    void (*each)(void *data, const struct migration *m), void *data,
		    struct err *e)
{
	AUTO(plan_freep) struct plan *p = NULL;
	bool first = true;
	size_t i;
	int r;

	r = plan_read(conninfo, dir, true, &p, e);
	if (r == 0)
		r = refuse(p, dir, e);
	for (i = 1; r == 0 && i < COUNT(p->entries); i++) {
		struct entry *x = &p->entries[i];

		if (x->in_dir && x->m.state == MIGRATION_PENDING) {
			r = apply_in_turn(p, x, first, e);
			if (r == 0)
				each(data, &x->m);
		}
		first = first && !x->in_dir;
	}
	return r;
}
