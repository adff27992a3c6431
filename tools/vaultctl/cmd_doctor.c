/* vaultctl doctor: is the station fit to take evidence in, and to keep it? */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"
#include "admin.h"
#include "machine.h"
#include "table.h"

/* Less than that, and a day of one bureau (300 GB) may not fit. */
static const long long VAULT_LOW_BYTES = 512LL * 1024 * 1024 * 1024;
/* The log and the journals of an ordinary month are some hundred MiB. */
static const long long FOLDER_LOW_BYTES = 1024LL * 1024 * 1024;
enum { BACKUP_OLD_DAYS = 7 };

static long long number(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

/* One line of the doctor; counts the bad ones. */
struct patient {
	int bad;
	json_t *lines;			/* {good, warning, what}, for --json */
	bool quiet;
};

static void line(struct patient *p, bool good, bool warning, const char *what)
{
	p->bad += !good;
	json_array_append_new(p->lines, json_pack("{s:b, s:b, s:s}", "good", good, "warning",
						  warning, "what", what));
	if (!p->quiet)
		say(stdout, warning ? T_DOCTOR_WARN : good ? T_DOCTOR_GOOD : T_DOCTOR_BAD, what);
}

static void judge(struct patient *p, bool good, const char *what)
{
	line(p, good, false, what);
}

/* What keeps nothing from coming in, and ought to be seen to all the same. */
static void warn(struct patient *p, const char *what)
{
	line(p, true, true, what);
}

static void examine_catalog(struct ctl *c, struct patient *p, const char *dir)
{
	struct migrations all;
	json_t *status = NULL;
	char what[400];

	if (status_fetch(c, &status) != EXIT_GOOD) {
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
	long long space = status_free_bytes(c->conf.vault);
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

/* Where what is written must be: a folder of a file system that takes it, and has room. */
static void examine_folder(const char *dir, struct patient *p)
{
	long long space = status_free_bytes(dir);
	char what[CONF_PATH_MAX + 300], bytes[32];

	if (space < 0)
		return;			/* not ours to see, or made at the first start */
	if (machine_read_only(dir) == MACHINE_YES)
		judge(p, false, text_fill(what, sizeof(what), T_DOCTOR_READ_ONLY, dir));
	else if (space < FOLDER_LOW_BYTES)
		judge(p, false, text_fill(what, sizeof(what), T_DOCTOR_FOLDER_LOW, dir,
					  bytes_text(space, bytes)));
}

static void examine_machine(const struct ctl *c, struct patient *p)
{
	char what[CONF_PATH_MAX + 300];

	examine_folder(c->conf.vault, p);
	examine_folder(c->conf.state, p);
	examine_folder(c->conf.log, p);
	switch (machine_encrypted("/sys", machine_device(c->conf.vault))) {
	case MACHINE_YES:
		judge(p, true, text_fill(what, sizeof(what), T_DOCTOR_ENCRYPTED, c->conf.vault));
		break;
	case MACHINE_NO:
		warn(p, text_fill(what, sizeof(what), T_DOCTOR_IN_CLEAR, c->conf.vault));
		break;
	case MACHINE_UNKNOWN:
		warn(p, text_fill(what, sizeof(what), T_DOCTOR_ENCRYPTED_UNKNOWN, c->conf.vault));
		break;
	}
	if (machine_clock_kept() == MACHINE_YES)
		judge(p, true, text(T_DOCTOR_CLOCK));
	else
		warn(p, text(T_DOCTOR_CLOCK_FREE));
}

/* Second copy, re-reading, backup: as the catalog has them. */
static void examine_keeping(struct ctl *c, struct patient *p)
{
	json_t *rows = NULL;
	const json_t *row;
	char what[300];

	if (c->catalog == NULL || ctl_query(c, STATEMENT_KEEPING, NULL, 0, &rows) != EXIT_GOOD)
		return;
	row = json_array_get(rows, 0);
	if (number(row, "copies") == 0)
		warn(p, text(T_DOCTOR_NO_COPY));
	else
		judge(p, true, text_fill(what, sizeof(what), T_DOCTOR_COPIES,
					 number(row, "copies")));
	if (number(row, "unread") > 0)
		warn(p, text_fill(what, sizeof(what), T_DOCTOR_UNREAD, number(row, "unread")));
	else
		judge(p, true, text(T_DOCTOR_READ));
	if (json_is_null(json_object_get(row, "backup_days")))
		warn(p, text(T_DOCTOR_NO_BACKUP));
	else if (number(row, "backup_days") > BACKUP_OLD_DAYS)
		warn(p, text_fill(what, sizeof(what), T_DOCTOR_OLD_BACKUP,
				  number(row, "backup_days")));
	else
		judge(p, true, text_fill(what, sizeof(what), T_DOCTOR_BACKUP,
					 number(row, "backup_days")));
	json_decref(rows);
}

/* Each program is let in by the user that it runs as.  Others than root cannot try that. */
static void examine_logins(const struct ctl *c, struct patient *p)
{
	static const struct { const char *user, *role; } logins[] = {
		{ "dockvault", "dv_ingest" }, { "dockvault-custody", "dv_custody" },
		{ "dockvault-alert", "dv_alert" }, { "dockvault-inbox", "dv_inbox" },
		{ "dockvault", "dv_keep" }, { "root", "dv_keep" }, { "root", "dv_admin" },
		{ "root", "dv_supervisor" },
	};
	char what[300];
	size_t i;
	int known = 0, out = 0;

	for (i = 0; i < COUNT(logins); i++) {
		enum machine_answer in = machine_lets_in(c->conf.database, logins[i].user,
							 logins[i].role);

		known += in != MACHINE_UNKNOWN;
		out += in == MACHINE_NO;
		if (in == MACHINE_NO)
			judge(p, false, text_fill(what, sizeof(what), T_DOCTOR_LOGIN_BAD,
						  logins[i].user, logins[i].role));
	}
	if (known > 0 && out == 0)
		judge(p, true, text(T_DOCTOR_LOGINS));
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
	json_t *dock = status_ask_dockd(c, &e);

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
	examine_logins(c, &p);
	examine_vault(c, &p);
	examine_machine(c, &p);
	examine_keeping(c, &p);
	examine_key(c, &p);
	examine_dockd(c, &p);
	if (c->json)
		ctl_print_json(p.lines);
	json_decref(p.lines);
	return p.bad > 0 ? EXIT_FINDINGS : EXIT_GOOD;
}
