/*
 * vaultctl retention run: carries out what two people approved, once its recovery is over (Art. 33).
 *
 * For each part of a plan: the catalog looks at it again and puts on record what is begun; then its bytes are
 * removed, from the other stores first and from the vault last; then what is left of it is written. kill -9
 * or a power cut between any two of these leaves what the next run concludes first:
 *
 *	begun, bytes there	they are removed
 *	begun, bytes gone	removing what is not there is no error, and syncs the directory again
 *	tombstone written	nothing is left to do
 *
 * The dock may be storing the same bytes at this moment: it finds them there, and reports them later.
 * So nothing is removed unless it is at rest, with nothing to hand over, and the catalog still says that
 * nobody else needs the bytes: asked before each blob, since a part of large ones takes its time.  What
 * came in between for all that is found by dv.disposal_done(): it is missing, and no longer disposed of.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "dock_rest.h"
#include "disposal.h"
#include "format/manifest.h"
#include "format/minisign.h"
#include "vault/vault.h"

/* Segments that are begun at once; how often a gate that somebody holds is tried again, and how soon. */
#define PART "64"
enum { TRIES_MAX = 150, TRY_AGAIN_MS = 200 };

struct run {
	struct ctl *c;
	unsigned long long gone, kept, bytes;
	int worst;			/* EXIT_DAMAGE: a plan is not what was approved */
	bool clock;
	json_t *changed;		/* plans that were told of already */
};

static const char *field(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));

	return s != NULL ? s : "";
}

/* ------ bytes ------ */

/*
 * A sidecar by its form, whoever brought it: these are the proof of the chain for the recordings around
 * them, and the same bytes may be one's.  0, or a negative errno.
 */
static int is_sidecar(const char *dir, const struct digest *address, bool *ret, struct err *e)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(MANIFEST_MAX);
	struct minisign_signature signature;
	struct manifest m;
	char path[VAULT_PATH_MAX];
	struct stat st;
	int r = vault_path(dir, address, path, sizeof(path));

	*ret = false;
	if (r < 0)
		return err_set(e, r, "vault %.80s...: path too long", dir);
	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > MANIFEST_MAX)
		return 0;		/* what is not there is none; and none is larger */
	r = file_read(path, &b, e);
	if (r < 0)
		return r;
	*ret = minisign_parse_signature(b.p, b.len, &signature, NULL) == 0 ||
		manifest_parse(b.p, b.len, &m, NULL) == 0;
	return 0;
}

/* Every store's copy; ret_stores: an array of PostgreSQL's. */
static int remove_copies(struct run *u, const struct digest *address, struct err *e)
{
	const struct conf *conf = &u->c->conf;
	bool there;
	size_t i;
	int r = 0;

	for (i = 0; i < conf->n_copies && r == 0; i++)
		r = vault_remove(conf->copies[i].path, address, &there, e);
	return r == 0 ? vault_remove(conf->vault, address, &there, e) : r;
}

/* Names of stores have no character that an array quotes. */
static char *stores_text(const struct conf *conf)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(1024);
	size_t i;

	buf_addf(&b, "{vault");
	for (i = 0; i < conf->n_copies; i++)
		buf_addf(&b, ",%s", conf->copies[i].name);
	buf_addf(&b, "}");
	return b.failed ? NULL : strdup(buf_str(&b));
}

static int write_tombstone(struct run *u, const char *segment, bool kept)
{
	char *stores = stores_text(&u->c->conf);
	const char *const params[] = { segment, stores, kept ? "true" : "false" };
	struct err e = { 0 };
	json_t *rows = NULL;
	int r = stores != NULL ? ctl_query(u->c, STATEMENT_DISPOSAL_DONE, params, COUNT(params), &rows) :
		ctl_fail((err_set(&e, -ENOMEM, "no memory for the names of stores"), &e), EXIT_AWAY);

	json_decref(rows);
	free(stores);
	return r;
}

/* What is to be done with it now: EXIT_GOOD and one of remove, keep, gone. */
static int ask_still(struct run *u, const char *segment, char *ret, size_t size)
{
	json_t *rows = NULL;
	int r = ctl_query(u->c, STATEMENT_DISPOSAL_STILL, &segment, 1, &rows);

	if (r == EXIT_GOOD)
		snprintf(ret, size, "%s", field(json_array_get(rows, 0), "what"));
	json_decref(rows);
	return r;
}

static int dispose_one(struct run *u, const json_t *row)
{
	const char *hex = field(row, "blob"), *segment = field(row, "segment");
	bool kept, sidecar = false;
	struct digest address;
	struct err e = { 0 };
	char what[16];
	int r = ask_still(u, segment, what, sizeof(what));

	if (r != EXIT_GOOD || strcmp(what, "gone") == 0)
		return r;
	if (digest_parse(hex, strlen(hex), &address) < 0)
		return ctl_fail((err_set(&e, -EPROTO, "the catalog names a blob %s, which is no address", hex), &e),
				EXIT_AWAY);
	kept = strcmp(what, "remove") != 0;
	r = kept ? 0 : is_sidecar(u->c->conf.vault, &address, &sidecar, &e);
	kept |= sidecar;
	if (r == 0 && !kept)
		r = remove_copies(u, &address, &e);
	if (r < 0)
		return ctl_fail(&e, EXIT_AWAY);
	r = write_tombstone(u, segment, kept);
	if (r == EXIT_GOOD) {
		u->gone++;
		u->kept += kept;
	}
	return r;
}

/* ------ a run ------ */

static bool told_before(struct run *u, const char *plan)
{
	if (json_object_get(u->changed, plan) != NULL)
		return true;
	json_object_set_new(u->changed, plan, json_true());
	return false;
}

/* What is said of the rows of dv.disposal_next() that are no segments; what of them decides what comes next. */
enum next { NEXT_GO_ON, NEXT_WAIT, NEXT_END };

static enum next look_at(struct run *u, const json_t *rows)
{
	enum next next = NEXT_END;
	const json_t *row;
	const char *what;
	size_t i;

	json_array_foreach(rows, i, row) {
		what = field(row, "what");
		if (strcmp(what, "remove") == 0 || strcmp(what, "more") == 0) {
			next = NEXT_GO_ON;
		} else if (strcmp(what, "busy") == 0) {
			next = next == NEXT_END ? NEXT_WAIT : next;
		} else if (strcmp(what, "clock") == 0) {
			u->clock = true;
			say(stderr, T_RUN_CLOCK, field(row, "why"));
		} else if (strcmp(what, "changed") == 0) {
			u->worst = EXIT_DAMAGE;
			if (!told_before(u, field(row, "plan")))
				say(stderr, T_PLAN_CHANGED, field(row, "plan"));
		}
	}
	return next;
}

/* What comes to the dock meanwhile goes before: what was begun waits, on record, and *ret_rest is false. */
static int dispose_rows(struct run *u, const json_t *rows, bool *ret_rest)
{
	const json_t *row;
	size_t i;
	int r = EXIT_GOOD;

	*ret_rest = true;
	json_array_foreach(rows, i, row) {
		if (strcmp(field(row, "what"), "remove") != 0)
			continue;
		*ret_rest = dock_at_rest(u->c);
		r = *ret_rest ? dispose_one(u, row) : EXIT_GOOD;
		if (r != EXIT_GOOD || !*ret_rest)
			break;
	}
	return r;
}

static int run_all(struct run *u)
{
	const struct timespec pause = { .tv_nsec = TRY_AGAIN_MS * 1000000L };
	const char *const params[] = { PART };
	unsigned tries = 0;
	int r = EXIT_GOOD;

	for (;;) {
		json_t *rows = NULL;
		enum next next;
		bool rest;

		if (!dock_at_rest(u->c)) {
			say(stdout, T_RUN_DOCK_BUSY);
			return EXIT_GOOD;
		}
		r = ctl_query(u->c, STATEMENT_DISPOSAL_NEXT, params, COUNT(params), &rows);
		if (r != EXIT_GOOD)
			return r;
		next = look_at(u, rows);
		r = dispose_rows(u, rows, &rest);
		json_decref(rows);
		if (!rest) {
			say(stdout, T_RUN_DOCK_BUSY);
			return r;
		}
		if (r != EXIT_GOOD || next == NEXT_END)
			return r;
		if (next == NEXT_WAIT && ++tries > TRIES_MAX) {
			say(stdout, T_RUN_BUSY);
			return EXIT_GOOD;
		}
		if (next == NEXT_WAIT)
			nanosleep(&pause, NULL);
		else
			tries = 0;
	}
}

static void tell_run(const struct run *u)
{
	if (u->c->json) {
		json_t *j = json_pack("{s:I, s:I, s:b, s:b}", "disposed", (json_int_t)u->gone, "blobs_kept",
				      (json_int_t)u->kept, "clock", u->clock, "changed", u->worst == EXIT_DAMAGE);

		ctl_print_json(j);
		json_decref(j);
	} else {
		say(stdout, T_RUN_SUM, u->gone, u->kept);
	}
}

int cmd_retention_run(struct ctl *c, int argc, char **argv)
{
	struct run u = { .c = c, .worst = EXIT_GOOD, .changed = json_object() };
	int r = ctl_arguments(c, argc, argv, NULL, 0, NULL, NULL, 0, 0);

	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_keep");
	if (r == EXIT_GOOD) {
		r = run_all(&u);
		tell_run(&u);
	}
	json_decref(u.changed);
	if (r == EXIT_GOOD)
		r = u.worst == EXIT_GOOD && u.clock ? EXIT_FINDINGS : u.worst;
	return r;
}
