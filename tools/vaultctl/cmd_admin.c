/* vaultctl status, doctor, config, db: is the station fit to take evidence in? */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/util.h"
#include "catalog/migrate.h"
#include "recorder/models.h"
#include "ctl.h"
#include "dock_client.h"
#include "table.h"

/* Less than that, and a day of one bureau (300 GB) may not fit. */
static const long long VAULT_LOW_BYTES = 512LL * 1024 * 1024 * 1024;

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

struct migrations {
	const struct ctl *c;
	json_t *list;
	int applied, pending, wrong;
};

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

static int migration_status(struct ctl *c, const char *dir, struct migrations *all)
{
	struct err e = { 0 };
	int r;

	*all = (struct migrations){ .c = c, .list = json_array() };
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

/* ------ status and doctor ------ */

static long long number(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

/* Bytes an ordinary user may still write at dir, or -1 and errno. */
static long long free_bytes(const char *dir)
{
	struct statvfs s;

	if (statvfs(dir, &s) < 0)
		return -1;
	return (long long)s.f_bavail * (long long)s.f_frsize;
}

static int fetch_status(struct ctl *c, json_t **ret)
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

/* What dockd says now; NULL when it does not answer, and why in e. */
static json_t *ask_dockd(struct ctl *c, struct err *e)
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
		r = fetch_status(c, &status);
	if (r != EXIT_GOOD)
		return r;
	dock = ask_dockd(c, &e);
	left = free_bytes(c->conf.vault);
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

/* One line of the doctor; counts the bad ones. */
struct patient {
	int bad;
	json_t *lines;			/* {good, what}, for --json */
	bool quiet;
};

static void judge(struct patient *p, bool good, const char *what)
{
	p->bad += !good;
	json_array_append_new(p->lines, json_pack("{s:b, s:s}", "good", good, "what", what));
	if (!p->quiet)
		say(stdout, good ? T_DOCTOR_GOOD : T_DOCTOR_BAD, what);
}

static void examine_catalog(struct ctl *c, struct patient *p, const char *dir)
{
	struct migrations all;
	json_t *status = NULL;
	char what[400];

	if (fetch_status(c, &status) != EXIT_GOOD) {
		judge(p, false, text(T_DOCTOR_DATABASE_BAD));
		return;
	}
	judge(p, true, text(T_DOCTOR_DATABASE));
	if (number(status, "sessions_unjudged") > 0)
		judge(p, false, text_fill(what, sizeof(what), T_DOCTOR_UNJUDGED,
					  number(status, "sessions_unjudged")));
	json_decref(status);
	if (migration_status(c, dir, &all) != EXIT_GOOD) {
		judge(p, false, text(T_DOCTOR_DATABASE_BAD));
		return;
	}
	if (all.pending + all.wrong > 0)
		text_fill(what, sizeof(what), T_DOCTOR_SCHEMA_BAD, all.pending, all.wrong);
	else
		text_fill(what, sizeof(what), T_DOCTOR_SCHEMA, all.applied);
	judge(p, all.pending + all.wrong == 0, what);
	json_decref(all.list);
}

static void examine_vault(const struct ctl *c, struct patient *p)
{
	long long space = free_bytes(c->conf.vault);
	char what[CONF_PATH_MAX + 200], bytes[32];

	if (space < 0)
		judge(p, false, text_fill(what, sizeof(what), T_DOCTOR_VAULT_AWAY, c->conf.vault,
					  strerror(errno)));
	else
		judge(p, space >= VAULT_LOW_BYTES,
		      text_fill(what, sizeof(what),
				space >= VAULT_LOW_BYTES ? T_DOCTOR_VAULT : T_DOCTOR_VAULT_LOW,
				c->conf.vault, bytes_text(space, bytes)));
}

static void examine_key(const struct ctl *c, struct patient *p)
{
	char what[CONF_PATH_MAX + 200];
	struct stat st;

	if (stat(c->conf.seal_key, &st) < 0)
		judge(p, false, text_fill(what, sizeof(what), T_DOCTOR_KEY, c->conf.seal_key,
					  strerror(errno)));
	else if ((st.st_mode & 077) != 0)
		judge(p, false, text_fill(what, sizeof(what), T_DOCTOR_KEY, c->conf.seal_key,
					  text(T_DOCTOR_KEY_OPEN)));
	else
		judge(p, true, text_fill(what, sizeof(what), T_DOCTOR_KEY_GOOD, c->conf.seal_key));
}

static void examine_dockd(struct ctl *c, struct patient *p)
{
	char what[CONF_PATH_MAX + 400];
	struct err e = { 0 };
	json_t *dock = ask_dockd(c, &e);

	if (dock == NULL) {
		judge(p, false, text_fill(what, sizeof(what), T_NO_DOCKD, c->conf.control, e.msg));
		return;
	}
	judge(p, true, text(T_DOCTOR_DOCKD));
	if (number(dock, "backlog") > 0)
		judge(p, false, text_fill(what, sizeof(what), T_DOCTOR_BACKLOG,
					  number(dock, "backlog")));
	json_decref(dock);
}

int cmd_doctor(struct ctl *c, int argc, char **argv)
{
	const char *dir = DATADIR "/sql";
	const struct option_spec options[] = { { "--sql", &dir, NULL } };
	struct patient p = { .bad = 0 };
	char what[CONF_PATH_MAX + 200];
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r == EXIT_GOOD)
		r = ctl_open_conf(c);
	if (r != EXIT_GOOD)
		return r;
	p.lines = json_array();
	p.quiet = c->json;
	judge(&p, true, text_fill(what, sizeof(what), T_DOCTOR_CONFIG, c->conf_path));
	examine_catalog(c, &p, dir);
	examine_vault(c, &p);
	examine_key(c, &p);
	examine_dockd(c, &p);
	if (c->json)
		ctl_print_json(p.lines);
	json_decref(p.lines);
	return p.bad > 0 ? EXIT_FINDINGS : EXIT_GOOD;
}
