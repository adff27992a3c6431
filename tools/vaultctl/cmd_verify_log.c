/*
 * vaultctl verify log: does everything agree - leaves, tiles, checkpoint, the
 * catalog's events and rows, and the blobs?
 *
 * The checkpoint is read first and then the catalog as it is at one moment: whatever comes in
 * meanwhile is in neither, or waits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/util.h"
#include "verify.h"

/* What one snapshot of the catalog is compared with. */
static int audit_catalog(struct audit *a)
{
	static int (*const parts[])(struct audit *a) = {
		audit_leaves, audit_heads, audit_waiting, audit_all_rows,
	};
	struct err e = { 0 };
	size_t i;
	int r;

	r = catalog_audit_begin(a->c->catalog, &a->guarded, &e) < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
	for (i = 0; i < COUNT(parts) && r == EXIT_GOOD; i++)
		r = parts[i](a);
	catalog_sync_rollback(a->c->catalog);
	return r;
}

/* That all blobs were read, by whom, and with what outcome, is a custody event. */
static int enter_scrub(struct audit *a)
{
	return ctl_act(a->c, "scrub", json_array(), NULL, json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I}", "checked", "log", "blobs", (json_int_t)a->blobs,
		"bytes", (json_int_t)a->bytes,
		"missing", (json_int_t)a->found[AUDIT_BLOB_MISSING],
		"damaged", (json_int_t)a->found[AUDIT_BLOB_CHANGED],
		"unrecorded", (json_int_t)a->found[AUDIT_BLOB_UNLOGGED]));
}

/*
 * From a person rows may be covered (Art. 37), by policies that ask functions of the catalog's own, and what
 * those answer is not believed here: so by a person's login not all can be checked, and nothing is.
 */
static int check_login(struct ctl *c)
{
	json_t *rows = NULL;
	int r = ctl_query(c, STATEMENT_AUDIT_COVERED, NULL, 0, &rows);

	if (r == EXIT_GOOD && json_array_size(rows) > 0) {
		say(stderr, T_AUDIT_PERSON);
		r = EXIT_AWAY;
	}
	json_decref(rows);
	return r;
}

static int audit(struct audit *a, const char *key_file)
{
	int r = log_view_open(a->c, key_file, &a->log);

	if (r == EXIT_GOOD)
		r = audit_catalog(a);
	if (r == EXIT_GOOD)
		r = audit_blobs(a);
	if (r == EXIT_GOOD && !a->presence && !a->dry_run)
		r = enter_scrub(a);
	/* What was found counts, even where not all could be looked at. */
	if (r != EXIT_GOOD)
		a->away = r;
	r = audit_conclude(a);
	log_view_close(&a->log);
	return r;
}

static int run(struct audit *a, const char *key_file)
{
	int r = ctl_open_catalog(a->c, "dv_supervisor");

	if (r != EXIT_GOOD || (r = check_login(a->c)) != EXIT_GOOD)
		return r;
	a->list = json_array();
	a->events = audit_events_begin();
	r = audit(a, key_file);
	json_decref(a->list);
	catalog_sync_close(a->raise);
	return r;
}

int cmd_verify_log(struct ctl *c, int argc, char **argv)
{
	struct audit a = { .c = c, .away = EXIT_GOOD };
	const char *from = NULL, *key = NULL;
	const struct option_spec options[] = {
		{ "--presence", NULL, &a.presence }, { "--dry-run", NULL, &a.dry_run },
		{ "--from", &from, NULL }, { "--key", &key, NULL },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r == EXIT_GOOD && from != NULL)
		r = log_leaf_number(from, &a.from);
	return r == EXIT_GOOD ? run(&a, key) : r;
}

int verify_restored(struct ctl *c)
{
	struct audit a = { .c = c, .away = EXIT_GOOD, .restored = true };

	return run(&a, NULL);
}
