/*
 * vaultctl disclosure package: what was approved, sealed for who asked, once (docs/KEEPING.md).
 *
 * In this order: whoever writes holds the disclosure's lock; of an earlier attempt that was not concluded nothing
 * is left, and that is on record; what goes in is gathered; the attempt and its act are on record; FILE.N.part is
 * written, synced, read again; its digest is on record; it gets its name.
 *
 * A cut leaves, by step: nothing; an attempt that is open, with or without FILE.N.part, which the next run
 * takes away; a digest on record and the part, whole, which the next run gives its name; FILE.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "age/age.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"
#include "base/util.h"
#include "disclosure.h"
#include "export.h"
#include "passphrase.h"
#include "progress.h"
#include "table.h"

enum { HOST_MAX = 100 };

struct sealing {
	struct ctl *c;
	const char *words[2];		/* ID FILE */
	const char *passphrase_file, *reason;
	bool dry_run;

	json_t *row;			/* of the register */
	char path[CONF_PATH_MAX];	/* FILE, from the top */
	char shown[4 * CONF_PATH_MAX];	/* as the catalog has it */
	char place[HOST_MAX];		/* this machine, and the file system that FILE is on */
	struct package_output output;
	struct sealer_for who;
	struct age_recipient recipient;
	struct secret passphrase;
	struct export x;
	bool sealed;			/* it is on record as whole */
};

static const char *text_of(const json_t *row, const char *column)
{
	return json_string_value(json_object_get(row, column));
}

/* ------ where to ------ */

/* A folder's file system, besides the machine: another medium in the same place is another place. */
static int place_of(const char *folder, char ret[HOST_MAX])
{
	char host[64] = "";
	struct statvfs v;

	if (gethostname(host, sizeof(host) - 1) < 0 || statvfs(folder, &v) < 0)
		return -errno;
	snprintf(ret, HOST_MAX, "%s/%lx", host, v.f_fsid);
	return 0;
}

static int take_path(struct sealing *s)
{
	char copy[CONF_PATH_MAX], folder[PATH_MAX], name[CONF_PATH_MAX];
	const char *file = s->words[1], *dir;
	struct err e = { 0 };
	int n;

	if (strlen(file) >= sizeof(copy))
		return ctl_usage(T_EXPORT_LONG_PATH, file);
	snprintf(copy, sizeof(copy), "%s", file);
	snprintf(name, sizeof(name), "%s", basename(copy));
	snprintf(copy, sizeof(copy), "%s", file);
	dir = dirname(copy);
	if (realpath(dir, folder) == NULL || place_of(folder, s->place) < 0)
		return ctl_fail((err_set(&e, -errno, "%s: there is no such folder to write to (%s): make it first",
					 dir, strerror(errno)), &e), EXIT_USAGE);
	n = snprintf(s->path, sizeof(s->path), "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
	if (n < 0 || (size_t)n >= sizeof(s->path))
		return ctl_usage(T_EXPORT_LONG_PATH, file);
	text_shown(s->path, s->shown, sizeof(s->shown));
	/* By what the catalog has of it its part is found again. */
	if (strcmp(s->shown, s->path) != 0)
		return ctl_usage(T_DISCLOSURE_BAD_PATH, file);
	s->output.form = PACKAGE_TAR;
	s->output.path = s->path;
	return EXIT_GOOD;
}

/* ------ for whom ------ */

static int take_passphrase(struct sealing *s)
{
	struct err e = { 0 };

	if (passphrase_take(s->passphrase_file, true, &s->passphrase, &e) < 0)
		return ctl_fail(&e, EXIT_USAGE);
	s->who.passphrase = s->passphrase.p;
	s->who.passphrase_len = s->passphrase.len;
	return EXIT_GOOD;
}

static int take_recipient(struct sealing *s)
{
	const char *key = text_of(s->row, "recipient");
	struct err e = { 0 };

	s->output.seal = &s->who;
	if (key == NULL)
		return take_passphrase(s);
	if (s->passphrase_file != NULL)
		return ctl_usage(T_DISCLOSURE_NEEDS_NONE, s->words[0]);
	if (age_recipient_parse(key, strlen(key), &s->recipient, &e) < 0)
		return ctl_fail(&e, EXIT_USAGE);
	s->who.recipient = &s->recipient;
	return EXIT_GOOD;
}

/* ------ of an earlier attempt ------ */

/* Is it here that its part would be? */
static bool is_here(const json_t *attempt)
{
	char copy[CONF_PATH_MAX], place[HOST_MAX];

	snprintf(copy, sizeof(copy), "%s", text_of(attempt, "path"));
	return place_of(dirname(copy), place) == 0 && strcmp(place, text_of(attempt, "host")) == 0;
}

static int elsewhere(const json_t *attempt)
{
	say(stderr, T_DISCLOSURE_ELSEWHERE, (long long)json_integer_value(json_object_get(attempt, "number")),
	    text_of(attempt, "path"), text_of(attempt, "host"));
	return EXIT_AWAY;
}

static struct package_output output_of(const json_t *attempt)
{
	return (struct package_output){ .form = PACKAGE_TAR, .path = text_of(attempt, "path"),
		.attempt = (unsigned)json_integer_value(json_object_get(attempt, "number")) };
}

static int enter_failed(struct sealing *s, unsigned number, const char *why)
{
	char n[16], shown[4 * sizeof(((struct err *)NULL)->msg)];
	const char *const params[] = { s->words[0], n, text_shown(why, shown, sizeof(shown)) };
	json_t *rows = NULL;
	int r;

	snprintf(n, sizeof(n), "%u", number);
	r = ctl_query(s->c, STATEMENT_DISCLOSURE_FAIL, params, COUNT(params), &rows);
	json_decref(rows);
	return r;
}

/* Of an attempt that was cut short nothing is left: looked at, and on record. */
static int clean_up(struct sealing *s, const json_t *attempt)
{
	const struct package_output o = output_of(attempt);
	char part[PATH_MAX + 32];
	struct err e = { 0 };
	bool was_there;
	int r;

	if (!is_here(attempt))
		return elsewhere(attempt);
	if (package_part_path(&o, part, sizeof(part), &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	was_there = unlink(part) == 0;
	if (!was_there && errno != ENOENT) {
		say(stderr, T_DISCLOSURE_CANNOT_CLEAN, part, strerror(errno));
		return EXIT_AWAY;
	}
	if (file_sync_parent(part, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	r = enter_failed(s, o.attempt, was_there ? "cut short; its part was removed" :
			 "cut short; nothing was there");
	if (r == EXIT_GOOD)
		say(stderr, T_DISCLOSURE_CLEANED, (long long)o.attempt,
		    text(was_there ? T_DISCLOSURE_LEFT : T_DISCLOSURE_NOTHING_LEFT));
	return r;
}

/* ------ one that is on record as whole ------ */

/* Is that file the one on record? */
static bool is_sealed_file(const struct sealing *s, const char *path)
{
	uint8_t sha256[32];
	char hex[65];
	uint64_t size;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool same = fd >= 0 && sealer_digest(fd, sha256, &size) == 0 &&
		strcmp(sodium_bin2hex(hex, sizeof(hex), sha256, sizeof(sha256)), text_of(s->row, "sha256")) == 0;

	if (fd >= 0)
		close(fd);
	return same;
}

static void conclude(const struct sealing *s, bool again)
{
	const json_t *row = s->row;
	char bytes[32];
	json_t *j;

	if (s->c->json) {
		j = json_pack("{s:O, s:O, s:O, s:O, s:O, s:O}", "disclosure", json_object_get(row, "disclosure"),
			      "package", json_object_get(row, "package"), "path", json_object_get(row, "path"),
			      "objects", json_object_get(row, "objects"), "size", json_object_get(row, "size"),
			      "sha256", json_object_get(row, "sha256"));
		ctl_print_json(j);
		json_decref(j);
	} else if (again) {
		say(stdout, T_DISCLOSURE_IS_THERE, text_of(row, "path"));
	} else {
		say(stdout, T_DISCLOSURE_DONE, text_of(row, "path"),
		    (size_t)json_integer_value(json_object_get(row, "objects")),
		    bytes_text(json_integer_value(json_object_get(row, "size")), bytes), text_of(row, "sha256"));
	}
}

/* It was whole, and perhaps did not get its name any more. */
static int finish_sealed(struct sealing *s, const json_t *attempt)
{
	const struct package_output o = output_of(attempt);
	char part[PATH_MAX + 32];
	struct err e = { 0 };

	if (is_here(attempt) && is_sealed_file(s, o.path)) {
		conclude(s, true);
		return EXIT_GOOD;
	}
	if (!is_here(attempt) || package_part_path(&o, part, sizeof(part), &e) < 0 || !is_sealed_file(s, part)) {
		say(stderr, T_DISCLOSURE_USED, s->words[0], o.path, text_of(attempt, "host"), text_of(s->row, "sha256"));
		return EXIT_USAGE;
	}
	if (package_give_name(&o, &e) < 0)
		return ctl_fail(&e, export_exit_of(&e));
	conclude(s, false);
	return EXIT_GOOD;
}

/* EXIT_GOOD: the way is free, unless *ret_done: there is nothing more to do. */
static int look_back(struct sealing *s, bool *ret_done)
{
	const char *const params[] = { s->words[0] };
	const json_t *last;
	json_t *rows = NULL;
	int r = ctl_query(s->c, STATEMENT_DISCLOSURE_ATTEMPTS, params, COUNT(params), &rows);

	last = json_array_get(rows, json_array_size(rows) - 1);
	if (r == EXIT_GOOD && last != NULL && json_is_true(json_object_get(last, "sealed"))) {
		*ret_done = true;
		r = finish_sealed(s, last);
	} else if (r == EXIT_GOOD && last != NULL && !json_is_string(json_object_get(last, "failed")) &&
		   !s->dry_run) {
		r = clean_up(s, last);
	}
	json_decref(rows);
	return r;
}

static int lock(struct sealing *s)
{
	const char *const params[] = { s->words[0] };
	json_t *rows = NULL;
	int r = ctl_query(s->c, STATEMENT_DISCLOSURE_LOCK, params, COUNT(params), &rows);

	if (r == EXIT_GOOD && !json_is_true(json_object_get(json_array_get(rows, 0), "locked"))) {
		say(stderr, T_DISCLOSURE_BUSY, s->words[0]);
		r = EXIT_AWAY;
	}
	json_decref(rows);
	return r;
}

/* ------ writing ------ */

/* The progress and the seal are of one package. */
struct watch {
	struct progress progress;
	struct sealing *s;
};

static void on_progress(void *data, enum package_phase phase, uint64_t done, uint64_t total)
{
	struct watch *w = data;

	export_progress(&w->progress, phase, done, total);
}

/* On record: from here on it is the one.  Whether it is may be unknown, when the catalog went away. */
static int on_whole(void *data, const uint8_t sha256[32], uint64_t size, struct err *e)
{
	struct sealing *s = ((struct watch *)data)->s;
	char hex[65], number[16], bytes[24];
	const char *const params[] = { s->words[0], number, hex, bytes };
	int r;

	sodium_bin2hex(hex, sizeof(hex), sha256, 32);
	snprintf(number, sizeof(number), "%u", s->output.attempt);
	snprintf(bytes, sizeof(bytes), "%" PRIu64, size);
	r = catalog_sync_run(s->c->catalog, STATEMENT_DISCLOSURE_SEAL, params, COUNT(params), NULL, e);
	s->sealed = r == 0;
	return r == -ENOTCONN || r == -EIO ? -EINPROGRESS : r;
}

/* would: what refuses it is told before anything is gathered. */
static int begin(struct sealing *s, bool would)
{
	const char *const params[] = { s->words[0], s->place, s->shown, s->reason };
	const json_t *row;
	json_t *rows = NULL;
	int r;

	if (would)
		return ctl_try(s->c, STATEMENT_DISCLOSURE_BEGIN, params, COUNT(params));
	r = ctl_query(s->c, STATEMENT_DISCLOSURE_BEGIN, params, COUNT(params), &rows);
	row = json_array_get(rows, 0);
	if (r == EXIT_GOOD) {
		s->output.attempt = (unsigned)json_integer_value(json_object_get(row, "number"));
		snprintf(s->x.package.id, sizeof(s->x.package.id), "%s", text_of(row, "act"));
	}
	json_decref(rows);
	return r;
}

static int write_package(struct sealing *s)
{
	struct watch watch = { { .on = !s->c->json && isatty(STDERR_FILENO) }, s };
	struct err e = { 0 };
	int r;

	s->output.progress = on_progress;
	s->output.whole = on_whole;
	s->output.data = &watch;
	r = package_write(&s->x.package, &s->output, &e);
	progress_end(&watch.progress);
	if (r == 0)
		return EXIT_GOOD;
	if (r == -EINPROGRESS) {
		say(stderr, T_DISCLOSURE_ASK_AGAIN, s->shown, e.msg);
		return EXIT_AWAY;
	}
	(void)ctl_fail(&e, export_exit_of(&e));
	if (s->sealed)		/* its part has all of it, and waits for its name */
		say(stderr, T_DISCLOSURE_NAME_IT, s->shown);
	else			/* nothing is left of it */
		(void)enter_failed(s, s->output.attempt, e.msg);
	return export_exit_of(&e);
}

/* What was approved, all of it: what its reader does not see is not there for them (Art. 37). */
static int check_all(const struct sealing *s, json_int_t seen)
{
	const json_int_t wanted = json_integer_value(json_object_get(s->row, "objects"));

	if (seen == wanted)
		return EXIT_GOOD;
	say(stderr, T_DISCLOSURE_COVERED, s->words[0], (long long)wanted, (long long)seen);
	return EXIT_AWAY;
}

static int check_seen(struct sealing *s)
{
	const char *const params[] = { s->words[0] };
	json_t *rows = NULL;
	int r = ctl_query(s->c, STATEMENT_DISCLOSURE_SEEN, params, COUNT(params), &rows);

	if (r == EXIT_GOOD)
		r = check_all(s, json_integer_value(json_object_get(json_array_get(rows, 0), "seen")));
	json_decref(rows);
	return r;
}

static int seal(struct sealing *s)
{
	char object[sizeof("disclosure:") + 36];
	const char *const words[] = { object };
	struct err e = { 0 };
	unsigned discs;
	int r;

	snprintf(object, sizeof(object), "disclosure:%.36s", s->words[0]);
	r = begin(s, true);
	if (r == EXIT_GOOD)
		r = check_seen(s);
	if (r == EXIT_GOOD)
		r = export_gather(&s->x, words, COUNT(words), s->reason);
	if (r == EXIT_GOOD)
		r = check_all(s, (json_int_t)s->x.package.n_objects);
	if (r == EXIT_GOOD && package_plan(&s->x.package, &s->output, &discs, &e) < 0)
		r = ctl_fail(&e, export_exit_of(&e));
	if (r != EXIT_GOOD || s->dry_run)
		return r;
	r = begin(s, false);
	if (r != EXIT_GOOD)
		return r;
	r = write_package(s);
	if (r == EXIT_GOOD) {
		json_decref(s->row);
		s->row = NULL;
		r = disclosure_find(s->c, s->words[0], &s->row);
	}
	if (r == EXIT_GOOD)
		conclude(s, false);
	return r;
}

/* ------ all ------ */

static int package(struct sealing *s)
{
	bool done = false;
	int r = disclosure_find(s->c, s->words[0], &s->row);

	if (r == EXIT_GOOD)
		r = export_check_role(s->c);
	if (r == EXIT_GOOD)
		r = take_path(s);
	if (r == EXIT_GOOD)
		r = lock(s);
	if (r == EXIT_GOOD)
		r = look_back(s, &done);
	if (r != EXIT_GOOD || done)
		return r;
	r = take_recipient(s);
	if (r == EXIT_GOOD)
		r = seal(s);
	if (r == EXIT_GOOD && s->dry_run)
		say(s->c->json ? stderr : stdout, T_DRY_RUN);
	return r;
}

int cmd_disclosure_package(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID", "FILE" };
	struct sealing s = { .c = c, .x = { .c = c } };
	const struct option_spec options[] = {
		{ "--passphrase-file", &s.passphrase_file, NULL }, { "--reason", &s.reason, NULL },
		{ "--dry-run", NULL, &s.dry_run },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), s.words, names, 2, 2);

	if (r == EXIT_GOOD)
		r = ctl_check_reason(s.reason);
	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, NULL);
	if (r == EXIT_GOOD)
		r = package(&s);
	secret_clear(&s.passphrase);
	json_decref(s.row);
	export_clear(&s.x);
	return r;
}
