/* vaultctl status, config, db: how the station stands. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/util.h"
#include "catalog/migrate.h"
#include "recorder/models.h"
#include "admin.h"
#include "ctl.h"
#include "dock_client.h"
#include "table.h"

static const struct column migration_columns[] = {
	{ C_NUMBER, "number", CELL_NUMBER },
	{ C_NAME, "name", CELL_TEXT },
	{ C_STATE, "state", CELL_WORD },
	{ C_APPLIED, "applied_at", CELL_MOMENT },
};

int cmd_config_check(struct ctl *c, int argc, char **argv)
{
	int r = ctl_arguments(c, argc, argv, NULL, 0, NULL, NULL, 0, 0);
	struct models models = { .m = NULL };
	json_int_t n_models;
	struct err e = { 0 };
	json_t *good;

	if (r != EXIT_GOOD)
		return r;
	if (conf_load(c->conf_path, &c->conf, &e) < 0 ||
	    models_load(c->conf.recorders, &models, &e) < 0)
		return ctl_fail(&e, EXIT_FINDINGS);
	n_models = (json_int_t)models.n;
	models_clear(&models);
	if (!c->json) {
		say(stdout, T_CONFIG_GOOD, c->conf_path, c->conf.station, c->conf.n_slots);
		return EXIT_GOOD;
	}
	good = json_pack("{s:b, s:s, s:s, s:I, s:I}", "good", 1, "config", c->conf_path,
			 "station", c->conf.station, "slots", (json_int_t)c->conf.n_slots,
			 "models", n_models);
	ctl_print_json(good);
	json_decref(good);
	return EXIT_GOOD;
}

/* ------ db ------ */

static void count_migration(void *data, const struct migration *m)
{
	struct migrations *all = data;

	all->applied += m->state == MIGRATION_APPLIED;
	all->pending += m->state == MIGRATION_PENDING;
	all->wrong += m->state != MIGRATION_APPLIED && m->state != MIGRATION_PENDING;
	json_array_append_new(all->list, json_pack("{s:i, s:s, s:s, s:s}", "number", m->number,
		"name", m->name, "state", migration_state_name(m->state),
		"applied_at", m->applied_at));
}

static void applied_now(void *data, const struct migration *m)
{
	struct migrations *all = data;

	count_migration(data, m);
	if (!all->c->json)
		say(stdout, T_MIGRATION_APPLIED, m->name);
}

/* By the admin's login, whose root's is; of a database that has none yet, or as postgres, by our own. */
int migration_status(struct ctl *c, const char *dir, struct migrations *all)
{
	char conninfo[CONF_PATH_MAX + 64];
	struct err e = { 0 };
	int r;

	*all = (struct migrations){ .c = c, .list = json_array() };
	snprintf(conninfo, sizeof(conninfo), "%s user=%s", c->conf.database, ctl_login("dv_admin"));
	r = catalog_migrate_status(conninfo, dir, count_migration, all, &e);
	if (r == -ENOTCONN)
		r = catalog_migrate_status(c->conf.database, dir, count_migration, all, &e);
	if (r == 0)
		return EXIT_GOOD;
	json_decref(all->list);
	return ctl_fail(&e, r == -ENOENT ? EXIT_USAGE : EXIT_AWAY);
}

static int show_migrations(struct ctl *c, const char *dir)
{
	struct migrations all;
	int r = migration_status(c, dir, &all);

	if (r != EXIT_GOOD)
		return r;
	if (c->json)
		ctl_print_json(all.list);
	else
		table_print(stdout, all.list, migration_columns, COUNT(migration_columns));
	json_decref(all.list);
	return all.pending + all.wrong > 0 ? EXIT_FINDINGS : EXIT_GOOD;
}

int cmd_db_status(struct ctl *c, int argc, char **argv)
{
	const char *dir = DATADIR "/sql";
	const struct option_spec options[] = { { "--sql", &dir, NULL } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r == EXIT_GOOD)
		r = ctl_open_conf(c);
	return r == EXIT_GOOD ? show_migrations(c, dir) : r;
}

int cmd_db_migrate(struct ctl *c, int argc, char **argv)
{
	const char *dir = DATADIR "/sql";
	bool dry_run = false;
	const struct option_spec options[] = {
		{ "--sql", &dir, NULL }, { "--dry-run", NULL, &dry_run },
	};
	struct migrations all = { .c = c };
	struct err e = { 0 };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r == EXIT_GOOD)
		r = ctl_open_conf(c);
	if (r != EXIT_GOOD)
		return r;
	if (dry_run)
		return show_migrations(c, dir);
	all.list = json_array();
	r = catalog_migrate(c->conf.database, dir, applied_now, &all, &e);
	if (r == 0 && c->json)
		ctl_print_json(all.list);
	else if (r == 0)
		say(stdout, T_MIGRATED, all.applied);
	json_decref(all.list);
	/* Nothing at DIR is a word of the command line that names nothing. */
	return r == 0 ? EXIT_GOOD : ctl_fail(&e, r == -ENOENT ? EXIT_USAGE : EXIT_AWAY);
}

/* ------ status ------ */

static long long number(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

long long status_free_bytes(const char *dir)
{
	struct statvfs s;

	if (statvfs(dir, &s) < 0)
		return -1;
	return (long long)s.f_bavail * (long long)s.f_frsize;
}

int status_fetch(struct ctl *c, json_t **ret)
{
	json_t *rows = NULL;
	int r = ctl_open_catalog(c, "dv_supervisor");

	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_STATUS, NULL, 0, &rows);
	if (r != EXIT_GOOD)
		return r;
	*ret = json_incref(json_object_get(json_array_get(rows, 0), "status"));
	json_decref(rows);
	return EXIT_GOOD;
}

json_t *status_ask_dockd(struct ctl *c, struct err *e)
{
	struct dock_client d;
	json_t *answer = NULL;

	if (dock_client_open(&d, c->conf.control, "list", NULL, e) == 0 &&
	    dock_client_next(&d, &answer, e) <= 0)
		answer = NULL;
	dock_client_close(&d);
	return answer;
}

static void print_status(const struct ctl *c, const json_t *status, const json_t *dock,
			 long long left, const char *silent)
{
	static const struct column last = { C_AT, "last_docked_at", CELL_MOMENT };
	char when[CELL_MAX], bytes[32], space[32], database[32];

	say(stdout, T_STATUS_STATION, c->conf.station, number(status, "recorders"),
	    number(status, "sessions"), cell_text(status, &last, when));
	say(stdout, T_STATUS_EVIDENCE, number(status, "recordings"), number(status, "segments"),
	    bytes_text(number(status, "bytes"), bytes), number(status, "findings"));
	bytes_text(number(status, "database_bytes"), database);
	if (left < 0)
		say(stdout, T_STATUS_STORE_AWAY, c->conf.vault, database);
	else
		say(stdout, T_STATUS_STORE, bytes_text(left, space), database);
	if (dock == NULL)
		say(stdout, T_NO_DOCKD, c->conf.control, silent);
	else if (number(dock, "backlog") > 0)
		say(stdout, T_BACKLOG, number(dock, "backlog"));
}

int cmd_status(struct ctl *c, int argc, char **argv)
{
	json_t *status = NULL, *dock;
	struct err e = { 0 };
	long long left;
	int r = ctl_arguments(c, argc, argv, NULL, 0, NULL, NULL, 0, 0);

	if (r == EXIT_GOOD)
		r = status_fetch(c, &status);
	if (r != EXIT_GOOD)
		return r;
	dock = status_ask_dockd(c, &e);
	left = status_free_bytes(c->conf.vault);
	if (c->json) {
		json_object_set_new(status, "vault_free_bytes",
				    left < 0 ? json_null() : json_integer(left));
		json_object_set(status, "dock", dock == NULL ? json_null() : dock);
		ctl_print_json(status);
	} else {
		print_status(c, status, dock, left, e.msg);
	}
	json_decref(status);
	json_decref(dock);
	return EXIT_GOOD;
}
