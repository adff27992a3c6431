/*
 * vaultctl backup: evidence, catalog, log, journals, configuration and keys as one folder of files (backup.h).
 *
 * In this order: the journals, then a snapshot of the catalog, then the log up to the checkpoint that this has, then the
 * vault.  So what the log says is in the catalog that was dumped, and what that names was in the vault before; what is
 * disposed of meanwhile is asked of the catalog, and has it dumped anew.  The folder is DIR/NAME.part until all is synced.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup.h"
#include "base/file.h"
#include "base/utc.h"
#include "base/util.h"
#include "passphrase.h"
#include "vault/vault.h"

enum { SNAPSHOTS_MAX = 3 };

static int fail(const char *path, int code, int status)
{
	struct err e;

	err_set(&e, code, "%s: %s", path, strerror(-code));
	return ctl_fail(&e, status);
}

/* ------ the place ------ */

static int is_whole(const struct dirent *d)
{
	int64_t ms;
	char text[UTC_TEXT_SIZE];

	if (strlen(d->d_name) != BACKUP_NAME_SIZE - 1)
		return 0;
	snprintf(text, sizeof(text), "%.13s:%.2s:%.2s.000Z", d->d_name, d->d_name + 14, d->d_name + 17);
	return utc_parse(text, UTC_TEXT_LEN, &ms) == 0;
}

static int is_part(const struct dirent *d)
{
	const size_t len = strlen(d->d_name);

	return len == BACKUP_NAME_SIZE - 1 + 5 && strcmp(d->d_name + len - 5, ".part") == 0;
}

/* The newest whole one whose list of blobs is what its signature says; one that is not is told of and passed over. */
static int find_earlier(struct backup *b)
{
	struct dirent **names = NULL;
	struct minisign_public_key key;
	char path[BACKUP_PATH_MAX];
	struct backup_file f;
	int n = scandir(b->dir, &names, is_whole, alphasort), i;
	struct err e;

	if (n < 0)
		return fail(b->dir, -errno, EXIT_AWAY);
	minisign_secret_key_public(b->key, &key);
	for (i = n; i-- > 0 && b->earlier[0] == '\0';) {
		json_t *sums = NULL;

		backup_path(b->earlier, "%s/%s", b->dir, names[i]->d_name);
		backup_path(path, "%s/%s/vault.sha256", b->dir, names[i]->d_name);
		if (backup_sums(b->earlier, &key, &sums) != EXIT_GOOD ||
		    backup_copy(b->hasher, path, NULL, 0, &f, &e) < 0 ||
		    strcmp(f.sha256, json_string_value(json_object_get(sums, "vault.sha256"))) != 0) {
			say(stderr, T_BACKUP_EARLIER_BAD, b->earlier);
			b->earlier[0] = '\0';
		}
		json_decref(sums);
	}
	while (n-- > 0)
		free(names[n]);
	free(names);
	return EXIT_GOOD;
}

/* What an interrupted backup left: nobody makes one beside this, the folder is locked. */
static int sweep_parts(struct backup *b)
{
	struct dirent **names = NULL;
	char path[BACKUP_PATH_MAX];
	int n = scandir(b->dir, &names, is_part, alphasort), r = 0;

	while (n-- > 0) {
		backup_path(path, "%s/%s", b->dir, names[n]->d_name);
		r = r == 0 ? backup_remove(path) : r;
		free(names[n]);
	}
	free(names);
	return r < 0 ? fail(b->dir, r, EXIT_AWAY) : EXIT_GOOD;
}

/* Lock DIR; *ret_fd is the caller's to close. */
static int open_place(struct backup *b, int *ret_fd)
{
	struct stat here, vault;
	int fd = open(b->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*ret_fd = fd;
	if (fd < 0)
		return fail(b->dir, -errno, EXIT_USAGE);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? ctl_usage(T_BACKUP_LOCKED, b->dir) : fail(b->dir, -errno, EXIT_AWAY);
	if (stat(b->c->conf.vault, &vault) < 0 || fstat(fd, &here) < 0)
		return fail(b->c->conf.vault, -errno, EXIT_AWAY);
	b->same_disk = vault.st_dev == here.st_dev;
	if (b->same_disk)
		say(stderr, T_BACKUP_SAME_DISK, b->dir);
	return find_earlier(b);
}

static int make_part(struct backup *b)
{
	char now[UTC_TEXT_SIZE], path[BACKUP_PATH_MAX];

	utc_format(utc_now(), now);
	memcpy(b->started, now, sizeof(b->started));
	snprintf(b->name, sizeof(b->name), "%.13s-%.2s-%.2sZ", now, now + 14, now + 17);
	backup_path(b->part, "%s/%s.part", b->dir, b->name);
	backup_path(path, "%s/%s", b->dir, b->name);
	if (access(path, F_OK) == 0)
		return fail(path, -EEXIST, EXIT_AWAY);
	return mkdir(b->part, 0700) < 0 ? fail(b->part, -errno, EXIT_AWAY) : EXIT_GOOD;
}

/* ------ what goes in ------ */

static bool is_state(const char *path)
{
	const size_t len = strlen(path);

	return strstr(path, "lock") == NULL && !(len > 4 && strcmp(path + len - 4, ".tmp") == 0);
}

/* Of the blobs that are not there: those whose disposal was begun. */
static int count_going(struct backup *b, size_t *ret)
{
	char *text = json_dumps(b->missing, JSON_COMPACT);
	const char *params[] = { text };
	json_t *rows = NULL;
	int r;

	*ret = 0;
	r = ctl_query(b->c, STATEMENT_BACKUP_GOING, params, COUNT(params), &rows);
	if (r == EXIT_GOOD)
		*ret = json_array_size(rows);
	json_decref(rows);
	free(text);
	return r;
}

/*
 * Snapshot, log and vault.  Where something was disposed of between the two, both anew: what the dump says and what the
 * vault has must be of one moment.
 */
static int catalog_and_vault(struct backup *b)
{
	char vault[BACKUP_PATH_MAX], custody[BACKUP_PATH_MAX];
	size_t going = 0;
	int i, r = EXIT_GOOD;

	backup_path(vault, "%s/vault", b->part);
	backup_path(custody, "%s/custody", b->part);
	for (i = 0; r == EXIT_GOOD && (i == 0 || (going > 0 && i < SNAPSHOTS_MAX)); i++) {
		going = 0;
		if (i > 0 && (backup_remove(vault) < 0 || backup_remove(custody) < 0))
			r = fail(b->part, -EIO, EXIT_AWAY);
		if (r == EXIT_GOOD)
			r = backup_heads(b);
		if (r == EXIT_GOOD)
			r = backup_catalog(b);
		if (r == EXIT_GOOD)
			r = backup_log(b);
		if (r == EXIT_GOOD)
			r = backup_vault(b);
		if (r == EXIT_GOOD && b->lost > 0)
			r = count_going(b, &going);
	}
	return r;
}

static int write_json(struct backup *b)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(BACKUP_JSON_MAX);
	char path[BACKUP_PATH_MAX];
	struct err e = { 0, "" };
	char *dumped;
	json_t *j;
	int r;

	j = json_pack("{s:i, s:s, s:s, s:s, s:s, s:O, s:O, s:O, s:O, s:I, s:I, s:I, s:O, s:O}", "version", 1,
		      "dockvault", VERSION, "station", b->c->conf.station, "log_origin", b->c->conf.log_origin,
		      "started_at", b->started, "at", json_object_get(b->snapshot, "at"), "log_size",
		      json_object_get(b->snapshot, "log_size"), "server",
		      json_object_get(b->snapshot, "server"), "counts", json_object_get(b->snapshot, "counts"),
		      "blobs", (json_int_t)b->blobs, "bytes", (json_int_t)b->bytes, "lost",
		      (json_int_t)b->lost, "missing", b->missing, "roles", b->roles);
	dumped = j != NULL ? json_dumps(j, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
	json_decref(j);
	if (dumped == NULL)
		return fail("backup.json", -ENOMEM, EXIT_AWAY);
	buf_adds(&text, dumped);
	buf_adds(&text, "\n");
	free(dumped);
	backup_path(path, "%s/backup.json", b->part);
	r = text.failed ? -EFBIG : file_replace(path, text.p, text.len, 0600, &e);
	if (r < 0)
		return e.msg[0] != '\0' ? ctl_fail(&e, EXIT_AWAY) : fail(path, r, EXIT_AWAY);
	return EXIT_GOOD;
}

static int fill_part(struct backup *b, const struct secret *passphrase, struct digest *ret)
{
	int r = backup_tree(b, b->c->conf.state, "state", is_state, "w");

	if (r == EXIT_GOOD)
		r = backup_conf(b);
	if (r == EXIT_GOOD)
		r = catalog_and_vault(b);
	if (r == EXIT_GOOD)
		r = backup_keys(b, passphrase);
	if (r == EXIT_GOOD)
		r = write_json(b);
	return r == EXIT_GOOD ? backup_sign(b, ret) : r;
}

/* All of it synced, then its name, then that. */
static int conclude(struct backup *b, int dir)
{
	char path[BACKUP_PATH_MAX];
	struct err e = { 0, "" };

	backup_path(path, "%s/%s", b->dir, b->name);
	if (syncfs(dir) < 0)
		return fail(b->part, -errno, EXIT_AWAY);
	if (rename(b->part, path) < 0)
		return fail(path, -errno, EXIT_AWAY);
	return file_sync_dir(b->dir, &e) < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

/* ------ its row ------ */

static int note(struct backup *b, const struct digest *digest, bool try_only, json_t **ret)
{
	char place[BACKUP_PATH_MAX], ended[UTC_TEXT_SIZE], hex[DIGEST_HEX_SIZE], numbers[4][24];
	const char *params[9] = { place, b->started, ended, numbers[0], numbers[1], numbers[2], numbers[3],
				  hex, b->reason };

	backup_path(place, "%s/%s", b->dir, b->name);
	utc_format(utc_now(), ended);
	snprintf(numbers[0], sizeof(numbers[0]), "%" JSON_INTEGER_FORMAT,
		 json_integer_value(json_object_get(b->snapshot, "log_size")));
	snprintf(numbers[1], sizeof(numbers[1]), "%llu", b->blobs);
	snprintf(numbers[2], sizeof(numbers[2]), "%llu", b->lost);
	snprintf(numbers[3], sizeof(numbers[3]), "%llu", b->bytes);
	digest_hex(digest, hex);
	if (try_only)
		return ctl_try(b->c, STATEMENT_BACKUP_NOTE, params, COUNT(params));
	return ctl_query(b->c, STATEMENT_BACKUP_NOTE, params, COUNT(params), ret);
}

/* May whoever calls do this at all?  Known before hours of copying. */
static int may(struct backup *b)
{
	const struct digest none = { { 0 } };

	utc_format(utc_now(), b->started);
	return note(b, &none, true, NULL);
}

static int load_key(struct backup *b)
{
	struct buf text = BUF_INIT(MINISIGN_FILE_MAX);
	const char *path = b->c->conf.seal_key;
	struct err e = { 0, "" };
	int r = file_read(path, &text, &e);

	if (r == 0 && minisign_parse_secret_key(text.p, text.len, &b->key, &e) < 0)
		r = err_prefix(&e, "%s", path);
	if (text.p != NULL)
		sodium_memzero(text.p, text.room);
	buf_clear(&text);
	return r < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

static int tell(struct backup *b, const json_t *rows)
{
	const char *id = json_string_value(json_object_get(json_array_get(rows, 0), "backup"));
	char path[BACKUP_PATH_MAX];
	json_t *j;

	backup_path(path, "%s/%s", b->dir, b->name);
	if (b->c->json) {
		j = json_pack("{s:s*, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O}", "backup", id, "path", path, "blobs",
			      (json_int_t)b->blobs, "bytes", (json_int_t)b->bytes, "copied", (json_int_t)b->copied,
			      "linked", (json_int_t)b->linked, "reused", (json_int_t)b->reused, "unrecorded",
			      (json_int_t)b->unnamed, "missing", (json_int_t)b->lost, "log_size",
			      json_object_get(b->snapshot, "log_size"));
		ctl_print_json(j);
		json_decref(j);
	} else {
		say(stdout, T_BACKUP_MADE, path, b->blobs, b->copied, b->linked, b->reused);
	}
	if (b->lost > 0)
		say(stderr, T_BACKUP_LOST, b->lost);
	return b->lost > 0 ? EXIT_DAMAGE : EXIT_GOOD;
}

static int make(struct backup *b, const char *passphrase_file)
{
	struct secret passphrase = { .p = NULL };
	struct err e = { 0, "" };
	struct digest digest;
	json_t *rows = NULL;
	int dir = -1, r = EXIT_GOOD;

	if (passphrase_take(passphrase_file, true, &passphrase, &e) < 0)
		r = ctl_fail(&e, EXIT_USAGE);
	if (r == EXIT_GOOD)
		r = open_place(b, &dir);
	if (r == EXIT_GOOD)
		r = sweep_parts(b);
	if (r == EXIT_GOOD)
		r = make_part(b);
	if (r == EXIT_GOOD) {
		r = fill_part(b, &passphrase, &digest);
		if (r == EXIT_GOOD)
			r = conclude(b, dir);
		if (r != EXIT_GOOD)
			backup_remove(b->part);
	}
	if (r == EXIT_GOOD) {
		r = note(b, &digest, false, &rows);
		if (r != EXIT_GOOD)
			say(stderr, T_BACKUP_NOT_NOTED, b->dir, b->name);
	}
	if (r == EXIT_GOOD)
		r = tell(b, rows);
	json_decref(rows);
	if (dir >= 0)
		close(dir);
	secret_clear(&passphrase);
	return r;
}

/* ------ what it would be ------ */

static int count_blob(void *data, const struct digest *address, uint64_t size)
{
	struct backup *b = data;

	(void)address;
	b->blobs++;
	b->bytes += size;
	return 0;
}

static int would(struct backup *b)
{
	struct err e = { 0, "" };
	int dir = -1, r = open_place(b, &dir);

	if (r == EXIT_GOOD && vault_walk(b->c->conf.vault, count_blob, NULL, b, &e) < 0)
		r = ctl_fail(&e, EXIT_AWAY);
	if (r == EXIT_GOOD && b->c->json) {
		json_t *j = json_pack("{s:I, s:I, s:s*, s:b, s:b}", "blobs", (json_int_t)b->blobs, "bytes",
				      (json_int_t)b->bytes, "earlier", b->earlier[0] != '\0' ? b->earlier : NULL,
				      "same_disk", b->same_disk, "dry_run", 1);

		ctl_print_json(j);
		json_decref(j);
	} else if (r == EXIT_GOOD) {
		say(stdout, T_BACKUP_WOULD, b->blobs, b->bytes, b->dir);
		say(stdout, T_DRY_RUN);
	}
	if (dir >= 0)
		close(dir);
	return r;
}

int cmd_backup(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "DIR" };
	struct backup b = { .c = c, .missing = json_array() };
	const char *passphrase = NULL, *dir = NULL;
	bool dry_run = false;
	const struct option_spec options[] = {
		{ "--passphrase-file", &passphrase, NULL }, { "--superuser", &b.superuser, NULL },
		{ "--reason", &b.reason, NULL }, { "--dry-run", NULL, &dry_run },
	};
	struct err e = { 0, "" };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &dir, names, 1, 1);

	if (r == EXIT_GOOD)
		r = ctl_check_reason(b.reason);
	if (r == EXIT_GOOD)
		r = ctl_check_id(b.superuser);
	if (r == EXIT_GOOD && strlen(dir) >= sizeof(b.dir))
		r = fail(dir, -ENAMETOOLONG, EXIT_USAGE);
	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, NULL);
	if (r == EXIT_GOOD && (snprintf(b.dir, sizeof(b.dir), "%s", dir), r = may(&b)) == EXIT_GOOD)
		r = load_key(&b);
	if (r == EXIT_GOOD && hasher_new(&b.hasher, &e) < 0)
		r = ctl_fail(&e, EXIT_AWAY);
	if (r == EXIT_GOOD)
		r = dry_run ? would(&b) : make(&b, passphrase);
	hasher_free(b.hasher);
	minisign_secret_key_free(b.key);
	json_decref(b.snapshot);
	json_decref(b.roles);
	json_decref(b.missing);
	return r;
}
