/* vaultctl store: places that hold copies, and what is to be in them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "ctl.h"
#include "scrub.h"
#include "table.h"
#include "vault/vault_keep.h"

static const struct column columns[] = {
	{ C_STORE, "store", CELL_TEXT },
	{ C_HOLDS, "holds", CELL_WORD },
	{ C_REREAD, "reread", CELL_TEXT },
	{ C_PATH, "path", CELL_TEXT },
	{ C_REASON, "reason", CELL_TEXT },
	{ C_BY, "by", CELL_TEXT },
	{ C_AT, "entered_at", CELL_MOMENT },
};

int cmd_store_list(struct ctl *c, int argc, char **argv)
{
	json_t *rows = NULL, *row;
	const char *dir;
	size_t i;
	int r = ctl_arguments(c, argc, argv, NULL, 0, NULL, NULL, 0, 0);

	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_supervisor");
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_STORE_LIST, NULL, 0, &rows);
	if (r != EXIT_GOOD)
		return r;
	json_array_foreach(rows, i, row) {
		dir = scrub_dir(&c->conf, json_string_value(json_object_get(row, "store")));
		json_object_set_new(row, "path", dir != NULL ? json_string(dir) : json_null());
	}
	if (c->json)
		ctl_print_json(rows);
	else
		table_print(stdout, rows, columns, COUNT(columns));
	json_decref(rows);
	return EXIT_GOOD;
}

/* What root made is for whoever keeps the vault. */
static int hand_over(const char *vault, const char *dir)
{
	static const char *const names[] = { "", "/objects", "/partial" };
	char path[VAULT_PATH_MAX + sizeof("/objects")];
	struct stat owner;
	struct err e = { 0 };
	size_t i;

	if (geteuid() != 0 || stat(vault, &owner) < 0)
		return EXIT_GOOD;
	for (i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s%s", dir, names[i]);
		if (lchown(path, owner.st_uid, owner.st_gid) < 0) {
			err_set(&e, -errno, "%s: cannot be given to the vault's owner: %s", path,
				strerror(errno));
			return ctl_fail(&e, EXIT_AWAY);
		}
	}
	return EXIT_GOOD;
}

/*
 * A store that is to hold something is made where it is to be, while somebody looks on: later a place
 * without one is a disk that is not mounted.
 */
static int make_place(struct ctl *c, const char *store)
{
	const char *dir = scrub_dir(&c->conf, store);
	struct err e = { 0 };

	if (dir == NULL)
		return ctl_usage(T_SCRUB_NO_PATH, store);
	if (strcmp(store, "vault") == 0)
		return EXIT_GOOD;
	if (vault_keep_make(dir, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	return hand_over(c->conf.vault, dir);
}

int cmd_store_set(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "NAME" };
	const char *store = NULL, *holds = NULL, *reread = NULL, *reason = NULL;
	bool dry_run = false;
	const struct option_spec options[] = {
		{ "--holds", &holds, NULL }, { "--reread", &reread, NULL }, { "--reason", &reason, NULL },
		{ "--dry-run", NULL, &dry_run },
	};
	json_t *j = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &store, names, 1, 1);

	if (r == EXIT_GOOD)
		r = ctl_check_id(store);
	if (r == EXIT_GOOD)
		r = ctl_check_reason(reason);
	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, NULL);
	const char *const params[] = { store, holds, reread, reason };
	if (r == EXIT_GOOD)
		r = ctl_try(c, STATEMENT_STORE_SET, params, COUNT(params));
	if (r == EXIT_GOOD && !dry_run && (holds == NULL || strcmp(holds, "all") == 0))
		r = make_place(c, store);
	if (r == EXIT_GOOD && !dry_run)
		r = ctl_query(c, STATEMENT_STORE_SET, params, COUNT(params), &j);
	if (r == EXIT_GOOD && dry_run)
		say(stdout, T_DRY_RUN);
	else if (r == EXIT_GOOD && c->json)
		ctl_print_json(json_array_get(j, 0));
	else if (r == EXIT_GOOD)
		say(stdout, T_STORE_SET, store);
	json_decref(j);
	return r;
}
