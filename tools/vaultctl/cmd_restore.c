/*
 * vaultctl restore: a backup (backup.h) into an empty folder and an empty database, and the proof that nothing is missing.
 *
 * In this order: the passphrase opens the keys, the dock's key among them vouches for SHA256SUMS, that for the lists, and
 * those for each file, all of it read; only then is anything written.  Files first, the database last, in one transaction;
 * the proof reads what was written.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup.h"
#include "base/file.h"
#include "base/util.h"
#include "catalog/restore.h"
#include "passphrase.h"
#include "restore.h"

static int fail(const char *path, int code, int status)
{
	struct err e;

	err_set(&e, code, "%s: %s", path, strerror(-code));
	return ctl_fail(&e, status);
}

/* ------ is there nothing yet? ------ */

static int check_empty(struct restore *x)
{
	DIR *d = opendir(x->to);
	const struct dirent *f;
	struct err e = { 0, "" };
	bool empty = true;

	if (d == NULL && errno != ENOENT)
		return fail(x->to, -errno, EXIT_USAGE);
	while (d != NULL && empty && (f = readdir(d)) != NULL)
		empty = strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0;
	if (d != NULL)
		closedir(d);
	if (!empty)
		return ctl_usage(T_RESTORE_NOT_EMPTY, x->to);
	if (catalog_is_empty(x->database, &empty, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	return empty ? EXIT_GOOD : ctl_usage(T_RESTORE_NOT_EMPTY, x->database);
}

/* ------ writing ------ */

/* TREE/REST of the backup as TO/REST-of-its-place, read back by nobody yet: the proof does that. */
static int place_of(const struct restore *x, const char *path, char ret[BACKUP_PATH_MAX])
{
	const char *below = strncmp(path, "conf/", 5) == 0 ? path + 5 : path;
	int n;

	/* A blob lies below the vault's objects. */
	if (strncmp(path, "vault/", 6) == 0)
		n = snprintf(ret, BACKUP_PATH_MAX, "%s/vault/objects/%s", x->to, path + 6);
	else
		n = snprintf(ret, BACKUP_PATH_MAX, "%s/%s", x->to, below);
	return n > 0 && n < BACKUP_PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int write_file(void *data, const char *tree, const struct backup_line *line)
{
	struct restore *x = data;
	char from[BACKUP_PATH_MAX], to[BACKUP_PATH_MAX];
	const bool is_blob = strcmp(tree, "vault") == 0;
	struct backup_file f;
	struct err e = { 0, "" };
	int r = place_of(x, line->path, to);

	if (r == 0 && (size_t)snprintf(from, sizeof(from), "%s/%s", x->from, line->path) >= sizeof(from))
		r = -ENAMETOOLONG;
	if (r == 0)
		r = backup_mkdirs(to, strlen(x->to), 0750);
	if (r < 0)
		return fail(line->path, r, EXIT_AWAY);
	if (backup_copy(x->hasher, from, to, is_blob ? 0440 : 0640, &f, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	if (strcmp(f.sha256, line->sha256) != 0) {
		say(stderr, T_BACKUP_FILE_BAD, from);
		return EXIT_DAMAGE;
	}
	return EXIT_GOOD;
}

static int write_key(void *data, const char *name, const uint8_t *p, size_t len)
{
	const struct restore *x = data;
	char path[BACKUP_PATH_MAX];
	struct err e = { 0, "" };
	const size_t n = strlen(name);
	const bool is_public = (n > 4 && strcmp(name + n - 4, ".pub") == 0) || (n > 5 && strcmp(name + n - 5, ".vkey") == 0);

	backup_path(path, "%s/keys/%s", x->to, name);
	return file_replace(path, p, len, is_public ? 0444 : 0400, &e) < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

/* The last line of a name counts: the backup's own lines stay, for whoever wants to know where all that was. */
static int write_conf(const struct restore *x)
{
	static const struct { const char *key, *name; } paths[] = {
		{ "vault", "vault" }, { "state", "state" }, { "log", "custody" },
	};
	AUTO(buf_clear) struct buf text = BUF_INIT(1024 * 1024);
	char path[BACKUP_PATH_MAX];
	struct conf was;
	struct err e = { 0, "" };
	const char *name;
	size_t i;

	backup_path(path, "%s/dockvault.conf", x->to);
	if (conf_load(path, &was, &e) < 0 || file_read(path, &text, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	buf_adds(&text, "\n# as restored: these lines are in the place of those above\n");
	for (i = 0; i < COUNT(paths); i++)
		buf_addf(&text, "%s = \"%s/%s\"\n", paths[i].key, x->to, paths[i].name);
	buf_addf(&text, "database = \"%s\"\n", x->plain_database);
	name = strrchr(was.seal_key, '/');
	buf_addf(&text, "seal_key = \"%s/keys%s\"\n", x->to, name != NULL ? name : "/seal.key");
	name = strrchr(was.export_key, '/');
	buf_addf(&text, "export_key = \"%s/keys%s\"\n", x->to, name != NULL ? name : "/export.key");
	name = strrchr(was.log_key, '/');
	buf_addf(&text, "log_key = \"%s/keys%s\"\n", x->to, name != NULL ? name : "/custody.key");
	for (i = 0; i < x->n_models; i++)
		buf_addf(&text, "%s%s/recorders.d/%zu", i == 0 ? "recorders = \"" : ":", x->to, i);
	buf_adds(&text, x->n_models > 0 ? "\"\n" : "");
	if (text.failed || file_replace(path, text.p, text.len, 0640, &e) < 0)
		return text.failed ? fail(path, -EFBIG, EXIT_AWAY) : ctl_fail(&e, EXIT_AWAY);
	return conf_load(path, &was, &e) < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

static int make_folders(const struct restore *x)
{
	static const char *const folders[] = { "vault", "vault/objects", "state", "custody", "keys" };
	char path[BACKUP_PATH_MAX];
	size_t i;

	if (mkdir(x->to, 0750) < 0 && errno != EEXIST)
		return fail(x->to, -errno, EXIT_AWAY);
	for (i = 0; i < COUNT(folders); i++) {
		backup_path(path, "%s/%s", x->to, folders[i]);
		if (mkdir(path, strcmp(folders[i], "keys") == 0 ? 0700 : 0750) < 0)
			return fail(path, -errno, EXIT_AWAY);
	}
	return EXIT_GOOD;
}

static int count_models(struct restore *x)
{
	char path[BACKUP_PATH_MAX];

	for (x->n_models = 0; x->n_models < 64; x->n_models++) {
		backup_path(path, "%s/recorders.d/%zu", x->to, x->n_models);
		if (access(path, F_OK) < 0)
			break;
	}
	return write_conf(x);
}

static int write_files(struct restore *x)
{
	int dir, r = make_folders(x);
	size_t i;

	for (i = 0; i < backup_n_trees && r == EXIT_GOOD; i++)
		r = restore_each(x, backup_trees[i], write_file, x);
	if (r == EXIT_GOOD)
		r = backup_open_keys(x->from, &x->passphrase, write_key, x);
	if (r == EXIT_GOOD)
		r = count_models(x);
	if (r != EXIT_GOOD)
		return r;
	dir = open(x->to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || syncfs(dir) < 0)
		r = fail(x->to, -errno, EXIT_AWAY);
	if (dir >= 0)
		close(dir);
	return r;
}

/*
 * The dump is what a superuser carries out: it is copied to where nobody else writes, and read from there only if the copy is
 * what was signed.  Its file descriptor; negative: an exit status, negated.
 */
static int take_dump(struct restore *x)
{
	char from[BACKUP_PATH_MAX], to[BACKUP_PATH_MAX];
	struct backup_file f;
	struct err e = { 0, "" };
	const char *sum;
	int fd = -1, r;

	backup_path(from, "%s/database.dump", x->from);
	backup_path(to, "%s/database.dump", x->to);
	r = backup_copy(x->hasher, from, to, 0600, &f, &e) < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
	sum = restore_sum(x, from);
	if (r == EXIT_GOOD && (sum == NULL || strcmp(f.sha256, sum) != 0)) {
		say(stderr, T_BACKUP_FILE_BAD, from);
		r = EXIT_DAMAGE;
	}
	if (r == EXIT_GOOD && (fd = open(to, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0)
		r = fail(to, -errno, EXIT_AWAY);
	unlink(to);
	return r == EXIT_GOOD ? fd : -r;
}

/* Roles, which are no part of a database, then all of it or nothing. */
static int write_database(struct restore *x)
{
	char database[CONF_PATH_MAX + 16];
	const char *const argv[] = { "pg_restore", "--exit-on-error", "--single-transaction", "--no-password", database };
	const int fd = take_dump(x);
	struct err e = { 0, "" };
	int r;

	if (fd < 0)
		return -fd;
	snprintf(database, sizeof(database), "--dbname=%s", x->database);
	r = catalog_restore_roles(x->database, json_object_get(x->backup, "roles"), &e);
	if (r == 0)
		r = backup_spawn(argv, COUNT(argv), fd, -1, &e);
	close(fd);
	return r < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

/* ------ all of it ------ */

static int tell(const struct restore *x, int r)
{
	json_t *j;

	if (x->c->json) {
		j = json_pack("{s:s, s:s, s:I, s:O*, s:O*, s:b, s:i}", "backup", x->from, "to", x->to, "blobs",
			      (json_int_t)x->blobs, "at", json_object_get(x->backup, "at"), "log_size",
			      json_object_get(x->backup, "log_size"), "proven", r == EXIT_GOOD, "exit", r);
		ctl_print_json(j);
		json_decref(j);
	} else if (r == EXIT_GOOD) {
		say(stdout, T_RESTORED, x->from, x->to, x->blobs);
	}
	return r;
}

static int run(struct restore *x, const char *passphrase_file, bool dry_run)
{
	struct err e = { 0, "" };
	int r = check_empty(x);

	if (r == EXIT_GOOD && passphrase_take(passphrase_file, false, &x->passphrase, &e) < 0)
		r = ctl_fail(&e, EXIT_USAGE);
	if (r == EXIT_GOOD)
		r = restore_check(x);
	if (r != EXIT_GOOD)
		return r;
	if (dry_run) {
		say(x->c->json ? stderr : stdout, T_RESTORE_WHOLE, x->from, x->blobs);
		say(x->c->json ? stderr : stdout, T_DRY_RUN);
		return EXIT_GOOD;
	}
	r = write_files(x);
	if (r == EXIT_GOOD)
		r = write_database(x);
	if (r != EXIT_GOOD) {
		say(stderr, T_RESTORE_HALF, x->to);
		return r;
	}
	return tell(x, restore_prove(x));
}

int cmd_restore(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "BACKUP" };
	struct restore x = { .c = c };
	const char *passphrase = NULL, *to = NULL, *superuser = NULL, *database = NULL;
	char conninfo[CONF_PATH_MAX];
	bool dry_run = false;
	const struct option_spec options[] = {
		{ "--to", &to, NULL }, { "--database", &database, NULL },
		{ "--passphrase-file", &passphrase, NULL }, { "--key", &x.key_file, NULL },
		{ "--checkpoint", &x.checkpoint, NULL }, { "--superuser", &superuser, NULL }, { "--dry-run", NULL, &dry_run },
	};
	struct err e = { 0, "" };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &x.from, names, 1, 1);

	if (r == EXIT_GOOD)
		r = ctl_check_id(superuser);
	if (r == EXIT_GOOD && (to == NULL || database == NULL))
		r = ctl_usage(T_TOO_FEW, to == NULL ? "--to" : "--database");
	if (r == EXIT_GOOD && (to[0] != '/' || strlen(to) >= sizeof(x.to) || strchr(to, '"') != NULL ||
			       strchr(database, '"') != NULL || strlen(database) > CONF_PATH_MAX - 80))
		r = ctl_usage(T_RESTORE_PATH, to);
	if (r == EXIT_GOOD && hasher_new(&x.hasher, &e) < 0)
		r = ctl_fail(&e, EXIT_AWAY);
	if (r == EXIT_GOOD) {
		snprintf(x.to, sizeof(x.to), "%s", to);
		backup_conninfo(database, superuser, conninfo, sizeof(conninfo));
		x.database = conninfo;
		x.plain_database = database;
		r = run(&x, passphrase, dry_run);
	}
	hasher_free(x.hasher);
	secret_clear(&x.passphrase);
	json_decref(x.sums);
	json_decref(x.backup);
	return r;
}
