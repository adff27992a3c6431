/* The catalog into a backup: one snapshot of it, which pg_dump is given, too. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "backup.h"
#include "base/util.h"

static int fail(const char *path, int code)
{
	struct err e;

	err_set(&e, code, "%s: %s", path, strerror(-code));
	return ctl_fail(&e, EXIT_AWAY);
}

static int write_blob(void *data, const char *const *values, size_t n)
{
	return n < 2 || fprintf(data, "%s %s\n", values[0], values[1] != NULL ? values[1] : "-") < 0 ? -EIO : 0;
}

/* By address: what the vault is to hold. */
static int list_blobs(struct backup *b)
{
	char path[BACKUP_PATH_MAX];
	struct err e = { 0, "" };
	FILE *f;
	int r;

	backup_path(path, "%s/blobs.list", b->part);
	f = fopen(path, "w");
	if (f == NULL)
		return fail(path, -errno);
	r = catalog_sync_each(b->c->catalog, STATEMENT_BACKUP_BLOBS, NULL, 0, write_blob, f, &e);
	if (fclose(f) != 0 && r == 0)
		return fail(path, -errno);
	if (r == -EIO)
		return fail(path, -EIO);
	return r < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

/* No password is in what others see of a process: libpq reads it from where it is kept. */
static int dump(struct backup *b)
{
	char snapshot[128], conninfo[CONF_PATH_MAX + 80], database[CONF_PATH_MAX + 96], path[BACKUP_PATH_MAX];
	const char *const argv[] = { "pg_dump", "--format=custom", "--no-password", snapshot, database };
	struct err e = { 0, "" };
	int fd, r;

	snprintf(snapshot, sizeof(snapshot), "--snapshot=%s",
		 json_string_value(json_object_get(b->snapshot, "snapshot")));
	backup_conninfo(b->c->conf.database, b->superuser, conninfo, sizeof(conninfo));
	snprintf(database, sizeof(database), "--dbname=%s", conninfo);
	backup_path(path, "%s/database.dump", b->part);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(path, -errno);
	r = backup_spawn(argv, COUNT(argv), -1, fd, &e);
	if (close(fd) < 0 && r == 0)
		return fail(path, -errno);
	return r < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

static int in_snapshot(struct backup *b)
{
	json_t *rows = NULL;
	int r = ctl_query(b->c, STATEMENT_BACKUP_SNAPSHOT, NULL, 0, &rows);

	if (r != EXIT_GOOD)
		return r;
	json_decref(b->snapshot);
	b->snapshot = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	json_decref(b->roles);
	b->roles = NULL;
	r = ctl_query(b->c, STATEMENT_BACKUP_ROLES, NULL, 0, &b->roles);
	if (r == EXIT_GOOD)
		r = list_blobs(b);
	return r == EXIT_GOOD ? dump(b) : r;
}

int backup_catalog(struct backup *b)
{
	struct err e = { 0, "" };
	int r;

	if (catalog_sync_begin_reading(b->c->catalog, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	r = in_snapshot(b);
	catalog_sync_rollback(b->c->catalog);
	return r;
}
