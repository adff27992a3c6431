/*
 * vaultctl export: evidence as a package that a stranger can check (docs/PACKAGE.md).
 *
 * In this order: what is asked for is found and its events are sealed in the log, or nothing
 * happens; the act is recorded; the package is written.  So there is no package without its act,
 * and an act whose package failed says that somebody set out to export.
 */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "base/utc.h"
#include "export.h"
#include "package/discs.h"
#include "progress.h"
#include "table.h"

enum { ACT_OBJECTS_MAX = 200 };		/* of one act: sql/018 */

struct request {
	const char *words[EXPORT_WORDS_MAX];
	size_t n_words;
	const char *reason;
	const char *archive;		/* the case that it is the archive copy of, or NULL */
	char archived[sizeof("case:") + 64];
	char path[CONF_PATH_MAX];
	struct package_output output;
	bool dry_run;
};

void export_clear(struct export *x)
{
	package_clear(&x->package);
	json_decref(x->rows);
	tlog_reader_close(x->log);
}

/* ------ what is asked for ------ */

static bool take_size(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return text[0] >= '1' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static int take_output(struct request *q, const char *tar, const char *iso, const char *media_size)
{
	struct package_output *o = &q->output;
	const char *path = tar != NULL ? tar : iso;
	size_t len;

	if ((tar != NULL && iso != NULL) || (media_size != NULL && iso == NULL))
		return ctl_usage(T_EXPORT_ONE_FORM, tar != NULL ? "--tar" : "--media-size");
	if (media_size != NULL && !take_size(media_size, &o->media_size))
		return ctl_usage(T_EXPORT_BAD_SIZE, media_size);
	o->form = tar != NULL ? PACKAGE_TAR : iso != NULL ? PACKAGE_ISO : PACKAGE_FOLDER;
	/* The last word is the folder. */
	if (path == NULL && q->n_words < 2)
		return ctl_usage(T_TOO_FEW, "DIR|--tar FILE|--iso FILE");
	if (path == NULL)
		path = q->words[--q->n_words];
	len = strlen(path);
	if (len >= sizeof(q->path))
		return ctl_usage(T_EXPORT_LONG_PATH, path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	snprintf(q->path, sizeof(q->path), "%.*s", (int)len, path);
	o->path = q->path;
	return EXIT_GOOD;
}

static int take_arguments(struct ctl *c, int argc, char **argv, struct request *q)
{
	static const char *const names[] = { "OBJECT" };
	const char *tar = NULL, *iso = NULL, *media_size = NULL;
	const struct option_spec options[] = {
		{ "--tar", &tar, NULL }, { "--iso", &iso, NULL },
		{ "--media-size", &media_size, NULL }, { "--reason", &q->reason, NULL },
		{ "--archive", &q->archive, NULL }, { "--dry-run", NULL, &q->dry_run },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), q->words, names, 0,
			      EXPORT_WORDS_MAX - 1);

	if (r != EXIT_GOOD || (r = ctl_check_reason(q->reason)) != EXIT_GOOD ||
	    (r = ctl_check_id(q->archive)) != EXIT_GOOD)
		return r;
	while (q->n_words < EXPORT_WORDS_MAX && q->words[q->n_words] != NULL)
		q->n_words++;
	if (q->archive != NULL) {
		/* The case is the object, and nothing else. */
		if (q->n_words > (tar == NULL && iso == NULL))
			return ctl_usage(T_TOO_MANY, q->words[0]);
		q->words[1] = q->words[0];
		snprintf(q->archived, sizeof(q->archived), "case:%.64s", q->archive);
		q->words[0] = q->archived;
		q->n_words++;
	} else if (q->n_words == 0) {
		return ctl_usage(T_TOO_FEW, names[0]);
	}
	return take_output(q, tar, iso, media_size);
}

/* ------ the act ------ */

/* The names of all that is exported, as asked for and one by one. */
static json_t *object_names(const struct export *x, const struct request *q)
{
	json_t *names = json_array(), *seen = json_object();
	char name[160];
	size_t i;

	for (i = 0; i < q->n_words + x->package.n_objects; i++) {
		if (i < q->n_words)
			export_object_name(x, q->words[i], name, sizeof(name));
		else
			snprintf(name, sizeof(name), "%s", x->package.objects[i - q->n_words].id);
		if (json_object_get(seen, name) != NULL)
			continue;
		json_object_set_new(seen, name, json_true());
		json_array_append_new(names, json_string(name));
	}
	json_decref(seen);
	return names;
}

/* One act takes so many objects: more are told in further acts, which name the first. */
static int do_part(struct export *x, const struct request *q, const json_t *names, size_t from)
{
	static const char *const forms[] = { [PACKAGE_FOLDER] = "folder", [PACKAGE_TAR] = "tar",
					     [PACKAGE_ISO] = "iso" };
	json_t *part = json_array(), *detail, *rows = NULL;
	char *objects, *text, path[4 * CONF_PATH_MAX];	/* JSON takes no bytes that are not UTF-8 */
	size_t i;
	int r;

	for (i = from; i < json_array_size(names) && i < from + ACT_OBJECTS_MAX; i++)
		json_array_append(part, json_array_get(names, i));
	detail = json_pack("{s:s, s:s*, s:s, s:I, s:s*}", "form", forms[q->output.form], "archive", q->archive, "path",
			   text_shown(q->output.path, path, sizeof(path)), "objects", (json_int_t)x->package.n_objects, "package",
			   from > 0 ? x->package.id : NULL);
	objects = json_dumps(part, JSON_COMPACT);
	text = json_dumps(detail, JSON_COMPACT);
	const char *const params[] = { "export", objects, ctl_person(), q->reason, text };

	if (q->dry_run) {
		r = ctl_try(x->c, STATEMENT_DO_ACT, params, COUNT(params));
	} else {
		r = ctl_query(x->c, STATEMENT_DO_ACT, params, COUNT(params), &rows);
		if (r == EXIT_GOOD && json_is_null(json_object_get(json_array_get(rows, 0), "act"))) {
			say(stderr, T_READ_NOT_YOURS);
			r = EXIT_AWAY;
		}
		if (r == EXIT_GOOD && from == 0)
			snprintf(x->package.id, sizeof(x->package.id), "%s", json_string_value(
				 json_object_get(json_array_get(rows, 0), "act")));
	}
	json_decref(rows);
	json_decref(part);
	json_decref(detail);
	free(objects);
	free(text);
	return r;
}

static int record_act(struct export *x, const struct request *q)
{
	json_t *names = object_names(x, q);
	struct err e = { 0 };
	size_t from;
	int r = EXIT_GOOD;

	if (q->dry_run) {
		r = do_part(x, q, names, 0);
		json_decref(names);
		return r;
	}
	if (catalog_sync_begin(x->c->catalog, &e) < 0)
		r = ctl_fail(&e, EXIT_AWAY);
	for (from = 0; r == EXIT_GOOD && from < json_array_size(names); from += ACT_OBJECTS_MAX)
		r = do_part(x, q, names, from);
	if (r == EXIT_GOOD && catalog_sync_commit(x->c->catalog, &e) < 0)
		r = ctl_fail(&e, EXIT_AWAY);
	if (r != EXIT_GOOD)
		catalog_sync_rollback(x->c->catalog);
	json_decref(names);
	return r;
}

/* ------ the package ------ */

int64_t export_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void export_progress(void *data, enum package_phase phase, uint64_t done, uint64_t total)
{
	static const enum text_id phases[] = { [PACKAGE_HASHING] = T_EXPORT_HASHING,
		[PACKAGE_WRITING] = T_EXPORT_WRITING, [PACKAGE_READING_BACK] = T_EXPORT_READING };

	progress_show(data, text(phases[phase]), done, total, export_now_ms());
}

int export_exit_of(const struct err *e)
{
	switch (e->code) {
	case -EUCLEAN:
	case -EBADMSG:	return EXIT_DAMAGE;
	case -EEXIST:
	case -EFBIG:
	case -E2BIG:
	case -EINVAL:	return EXIT_USAGE;
	default:	return EXIT_AWAY;
	}
}

/* libarchive gathers an image there before it writes it: where the image goes is room for it. */
static void gather_beside(const char *path)
{
	char copy[CONF_PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	setenv("TMPDIR", dirname(copy), 1);
}

static int write_package(struct export *x, struct request *q)
{
	struct progress progress = { .on = !x->c->json && isatty(STDERR_FILENO) };
	struct err e = { 0 };
	int r;

	q->output.progress = export_progress;
	q->output.data = &progress;
	if (q->output.form == PACKAGE_ISO)
		gather_beside(q->output.path);
	r = package_write(&x->package, &q->output, &e);
	progress_end(&progress);
	return r < 0 ? ctl_fail(&e, export_exit_of(&e)) : EXIT_GOOD;
}

/* ------ what was done ------ */

uint64_t export_media_bytes(const struct export *x)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < x->package.n_objects; i++)
		bytes += x->package.objects[i].size;
	return bytes;
}

static json_t *output_paths(const struct request *q, unsigned discs)
{
	char path[CONF_PATH_MAX], shown[4 * CONF_PATH_MAX];
	json_t *paths = json_array();
	unsigned disc;

	for (disc = discs == 0 ? 0 : 1; disc <= discs; disc++)
		if (package_image_path(q->output.path, disc, path, sizeof(path)) == 0)
			json_array_append_new(paths, json_string(text_shown(path, shown, sizeof(shown))));
	return paths;
}

static void conclude(const struct export *x, const struct request *q, unsigned discs)
{
	const struct package *p = &x->package;
	json_t *paths = output_paths(q, discs), *j, *path;
	char bytes[32];
	size_t i;

	if (x->c->json) {
		j = json_pack("{s:s*, s:I, s:I, s:O, s:I, s:I, s:I, s:b}", "package",
			      q->dry_run ? NULL : p->id, "objects", (json_int_t)p->n_objects,
			      "bytes", (json_int_t)export_media_bytes(x), "paths", paths, "checkpoint",
			      (json_int_t)p->head.checkpoint.size, "witnesses",
			      (json_int_t)p->n_witnesses, "time_stamps", (json_int_t)p->n_tokens,
			      "dry_run", q->dry_run);
		ctl_print_json(j);
		json_decref(j);
	} else {
		say(stdout, T_EXPORT_DONE, p->n_objects,
		    bytes_text((long long)export_media_bytes(x), bytes),
		    (unsigned long long)p->head.checkpoint.size, p->n_witnesses, p->n_tokens);
		json_array_foreach(paths, i, path)
			printf("%s\n", json_string_value(path));
	}
	if (q->dry_run)
		say(x->c->json ? stderr : stdout, T_DRY_RUN);
	else if (q->archive == NULL)
		say(stderr, T_EXPORT_UNAPPROVED);
	json_decref(paths);
}

/* ------ all ------ */

int export_gather(struct export *x, const char *const *words, size_t n, const char *reason)
{
	struct package *p = &x->package;
	int r = export_load_key(x);

	snprintf(p->station, sizeof(p->station), "%s", x->c->conf.station);
	p->by = strdup(ctl_person());
	p->reason = strdup(reason);
	p->made_ms = utc_now();

	if (r == EXIT_GOOD)
		r = export_open_log(x);
	if (r == EXIT_GOOD)
		r = export_objects(x, words, n);
	return r == EXIT_GOOD ? export_leaves(x) : r;
}

static int export(struct export *x, struct request *q)
{
	struct package *p = &x->package;
	struct err e = { 0 };
	unsigned discs = 0;
	int r = export_gather(x, q->words, q->n_words, q->reason);

	if (r != EXIT_GOOD)
		return r;
	if (package_plan(p, &q->output, &discs, &e) < 0)
		return ctl_fail(&e, export_exit_of(&e));
	r = record_act(x, q);
	if (r == EXIT_GOOD && !q->dry_run)
		r = write_package(x, q);
	if (r == EXIT_GOOD)
		conclude(x, q, discs);
	return r;
}

/* Whose act it would be is said before anything is gathered: others do not even see what the log has of it. */
int export_check_role(struct ctl *c)
{
	const char *const params[] = { "supervisor" };
	json_t *rows = NULL;
	int r = ctl_query(c, STATEMENT_ROLE_HELD, params, COUNT(params), &rows);

	if (r == EXIT_GOOD && !json_is_true(json_object_get(json_array_get(rows, 0), "held"))) {
		say(stderr, T_EXPORT_WHO, ctl_person());
		r = EXIT_AWAY;
	}
	json_decref(rows);
	return r;
}

int cmd_export(struct ctl *c, int argc, char **argv)
{
	struct request q = { .reason = NULL };
	struct export x = { .c = c };
	int r = take_arguments(c, argc, argv, &q);

	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_supervisor");
	if (r == EXIT_GOOD)
		r = export_check_role(c);
	if (r == EXIT_GOOD)
		r = ctl_may_read(c, "export", q.words, q.n_words);
	if (r == EXIT_GOOD)
		r = export(&x, &q);
	export_clear(&x);
	return r;
}
