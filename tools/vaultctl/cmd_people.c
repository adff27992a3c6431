/* vaultctl unit, officer, person: where people belong, who they are, and what they may do. */
#include <string.h>

#include "base/util.h"
#include "ctl.h"
#include "table.h"

static const struct column unit_columns[] = {
	{ C_UNIT, "unit", CELL_TEXT },
	{ C_PARENT, "parent", CELL_TEXT },
	{ C_NAME, "name", CELL_TEXT },
	{ C_STATE, "state", CELL_WORD },
	{ C_OFFICER_COUNT, "officers", CELL_NUMBER },
	{ C_ACCOUNTS, "accounts", CELL_NUMBER },
	{ C_REASON, "reason", CELL_TEXT },
};
static const struct column officer_columns[] = {
	{ C_OFFICER, "officer", CELL_TEXT },
	{ C_PERSON, "name", CELL_TEXT },
	{ C_CERTIFICATE, "certificate", CELL_TEXT },
	{ C_CERTIFIED_TO, "certified_to", CELL_TEXT },
	{ C_UNIT, "unit", CELL_TEXT },
	{ C_FROM, "valid_from", CELL_TEXT },
	{ C_TO, "valid_to", CELL_TEXT },
	/* Of the list alone; a history ends before them. */
	{ C_STATE, "state", CELL_WORD },
	{ C_RECORDER, "recorders", CELL_TEXT },
	{ C_LOGIN, "login", CELL_TEXT },
};
enum { OFFICER_HISTORY_COLUMNS = 7 };
static const struct column account_columns[] = {
	{ C_LOGIN, "login", CELL_TEXT },
	{ C_PERSON, "name", CELL_TEXT },
	{ C_OFFICER, "officer", CELL_TEXT },
	{ C_UNIT, "unit", CELL_TEXT },
	{ C_ROLES, "roles", CELL_LIST },
	{ C_STATE, "state", CELL_WORD },
	{ C_REASON, "reason", CELL_TEXT },
};

static void say_result(const char *what, const char *result)
{
	if (strcmp(result, "changed") == 0)
		say(stdout, T_ENTERED_CHANGED, what);
	else if (strcmp(result, "closed") == 0)
		say(stdout, T_ENTERED_CLOSED, what);
	else if (strcmp(result, "unchanged") == 0)
		say(stdout, T_ENTERED_UNCHANGED, what);
	else
		say(stdout, T_ENTERED, what);
}

/* Enter it as the admin, or only ask whether it would be refused; say, or print, what became of it. */
static int enter(struct ctl *c, enum catalog_statement s, const char *const *params, size_t n,
		 bool dry_run)
{
	json_t *j = NULL;
	int r = ctl_open_catalog(c, "dv_admin");

	if (r == EXIT_GOOD)
		r = dry_run ? ctl_try(c, s, params, n) : ctl_query(c, s, params, n, &j);
	if (r != EXIT_GOOD)
		return r;
	if (dry_run) {
		say(c->json ? stderr : stdout, T_DRY_RUN);
		return r;
	}
	if (c->json)
		ctl_print_json(json_array_get(j, 0));
	else
		say_result(params[0], json_string_value(json_object_get(json_array_get(j, 0), "result")));
	json_decref(j);
	return r;
}

/* Rows whose state is not `out`, unless all are asked for. */
static int list(struct ctl *c, enum catalog_statement s, const char *const *params, size_t n,
		const char *out, const struct column *columns, size_t n_columns)
{
	json_t *rows = NULL, *row;
	size_t i;
	int r = ctl_open_catalog(c, "dv_supervisor");

	if (r == EXIT_GOOD)
		r = ctl_query(c, s, params, n, &rows);
	if (r != EXIT_GOOD)
		return r;
	for (i = json_array_size(rows); out != NULL && i-- > 0;) {
		row = json_array_get(rows, i);
		if (strcmp(json_string_value(json_object_get(row, "state")), out) == 0)
			json_array_remove(rows, i);
	}
	if (c->json)
		ctl_print_json(rows);
	else
		table_print(stdout, rows, columns, n_columns);
	json_decref(rows);
	return EXIT_GOOD;
}

/* ------ units ------ */

/* What was not said of a unit that is there stays as it is; both texts are the row's. */
static int unit_as_it_is(struct ctl *c, const char *unit, json_t **ret_rows, const char **parent,
			 bool *closed)
{
	const char *const params[] = { unit };
	const json_t *row;
	int r = ctl_open_catalog(c, "dv_admin");

	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_UNIT_LIST, params, COUNT(params), ret_rows);
	if (r != EXIT_GOOD || (row = json_array_get(*ret_rows, 0)) == NULL)
		return r;
	*parent = json_string_value(json_object_get(row, "parent"));
	*closed = strcmp(json_string_value(json_object_get(row, "state")), "closed") == 0;
	return r;
}

int cmd_unit_set(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "CODE" };
	const char *unit = NULL, *parent = NULL, *name = NULL, *reason = NULL, *above = NULL;
	bool top = false, close = false, reopen = false, dry_run = false, closed = false;
	const struct option_spec options[] = {
		{ "--parent", &parent, NULL }, { "--top", NULL, &top }, { "--name", &name, NULL },
		{ "--close", NULL, &close }, { "--open", NULL, &reopen },
		{ "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run },
	};
	json_t *rows = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &unit, names, 1, 1);

	if (r != EXIT_GOOD || (r = ctl_check_id(unit)) != EXIT_GOOD ||
	    (r = ctl_check_id(parent)) != EXIT_GOOD || (r = ctl_check_reason(reason)) != EXIT_GOOD)
		return r;
	if (top && parent != NULL)
		return ctl_usage(T_TOO_MANY, "--top");
	if (close && reopen)
		return ctl_usage(T_TOO_MANY, "--open");
	r = unit_as_it_is(c, unit, &rows, &above, &closed);
	if (r == EXIT_GOOD) {
		const char *const params[] = {
			unit, top ? NULL : parent != NULL ? parent : above, name,
			close || (closed && !reopen) ? "true" : "false", reason,
		};

		r = enter(c, STATEMENT_UNIT_SET, params, COUNT(params), dry_run);
	}
	json_decref(rows);
	return r;
}

int cmd_unit_list(struct ctl *c, int argc, char **argv)
{
	static const char *const params[] = { NULL };
	bool all = false;
	const struct option_spec options[] = { { "--all", NULL, &all } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r != EXIT_GOOD)
		return r;
	return list(c, STATEMENT_UNIT_LIST, params, COUNT(params), all ? NULL : "closed", unit_columns,
		    COUNT(unit_columns));
}

/* ------ officers ------ */

/* A day, or "open": without an end; NULL: as it was. */
static int check_end(const char **day)
{
	if (*day != NULL && strcmp(*day, "open") == 0) {
		*day = "infinity";
		return EXIT_GOOD;
	}
	return *day == NULL ? EXIT_GOOD : ctl_check_day(*day);
}

int cmd_officer_set(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "OFFICER" };
	const char *officer = NULL, *name = NULL, *certificate = NULL, *certified_to = NULL;
	const char *unit = NULL, *from = NULL, *to = NULL, *reason = NULL;
	bool dry_run = false;
	const struct option_spec options[] = {
		{ "--name", &name, NULL }, { "--certificate", &certificate, NULL },
		{ "--certified-to", &certified_to, NULL }, { "--unit", &unit, NULL },
		{ "--from", &from, NULL }, { "--to", &to, NULL }, { "--reason", &reason, NULL },
		{ "--dry-run", NULL, &dry_run },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &officer, names, 1, 1);

	if (r != EXIT_GOOD || (r = ctl_check_id(officer)) != EXIT_GOOD ||
	    (r = ctl_check_id(unit)) != EXIT_GOOD || (r = ctl_check_id(certificate)) != EXIT_GOOD ||
	    (from != NULL && (r = ctl_check_day(from)) != EXIT_GOOD) ||
	    (r = check_end(&to)) != EXIT_GOOD || (r = check_end(&certified_to)) != EXIT_GOOD ||
	    (r = ctl_check_reason(reason)) != EXIT_GOOD)
		return r;
	const char *const params[] = { officer, name, certificate, certified_to, unit, from, to,
				       reason };
	return enter(c, STATEMENT_OFFICER_SET, params, COUNT(params), dry_run);
}

int cmd_officer_list(struct ctl *c, int argc, char **argv)
{
	const char *unit = NULL;
	bool all = false;
	const struct option_spec options[] = { { "--unit", &unit, NULL }, { "--all", NULL, &all } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r != EXIT_GOOD || (r = ctl_check_id(unit)) != EXIT_GOOD)
		return r;
	const char *const params[] = { NULL, unit };
	return list(c, STATEMENT_OFFICER_LIST, params, COUNT(params), all ? NULL : "ended",
		    officer_columns, COUNT(officer_columns));
}

int cmd_officer_show(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "OFFICER" };
	const char *params[] = { NULL, NULL };
	json_t *now = NULL, *history = NULL;
	int r = ctl_arguments(c, argc, argv, NULL, 0, params, names, 1, 1);

	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_supervisor");
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_OFFICER_LIST, params, 2, &now);
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_OFFICER_HISTORY, params, 1, &history);
	if (r == EXIT_GOOD && json_array_size(now) == 0) {
		r = ctl_usage(T_NO_OFFICER, params[0]);
	} else if (r == EXIT_GOOD && c->json) {
		json_object_set(json_array_get(now, 0), "history", history);
		ctl_print_json(json_array_get(now, 0));
	} else if (r == EXIT_GOOD) {
		table_print(stdout, now, officer_columns, COUNT(officer_columns));
		putchar('\n');
		table_print(stdout, history, officer_columns, OFFICER_HISTORY_COLUMNS);
	}
	json_decref(now);
	json_decref(history);
	return r;
}

/* ------ accounts ------ */

int cmd_person_add(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "LOGIN" };
	const char *login = NULL, *name = NULL, *officer = NULL, *unit = NULL, *roles = NULL;
	const char *reason = NULL;
	bool dry_run = false;
	const struct option_spec options[] = {
		{ "--name", &name, NULL }, { "--officer", &officer, NULL }, { "--unit", &unit, NULL },
		{ "--roles", &roles, NULL }, { "--reason", &reason, NULL },
		{ "--dry-run", NULL, &dry_run },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &login, names, 1, 1);

	if (r != EXIT_GOOD || (r = ctl_check_id(login)) != EXIT_GOOD ||
	    (r = ctl_check_id(officer)) != EXIT_GOOD || (r = ctl_check_id(unit)) != EXIT_GOOD ||
	    (r = ctl_check_reason(reason)) != EXIT_GOOD)
		return r;
	/* None would close it, which is another command. */
	if (roles == NULL || roles[0] == '\0')
		return ctl_usage(T_TOO_FEW, "--roles");
	const char *const params[] = { login, name, officer, unit, roles, reason };
	return enter(c, STATEMENT_ACCOUNT_SET, params, COUNT(params), dry_run);
}

int cmd_person_close(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "LOGIN" };
	const char *login = NULL, *reason = NULL;
	bool dry_run = false;
	const struct option_spec options[] = {
		{ "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &login, names, 1, 1);

	if (r != EXIT_GOOD || (r = ctl_check_id(login)) != EXIT_GOOD ||
	    (r = ctl_check_reason(reason)) != EXIT_GOOD)
		return r;
	const char *const params[] = { login, NULL, NULL, NULL, "", reason };
	return enter(c, STATEMENT_ACCOUNT_SET, params, COUNT(params), dry_run);
}

int cmd_person_list(struct ctl *c, int argc, char **argv)
{
	static const char *const params[] = { NULL };
	bool all = false;
	const struct option_spec options[] = { { "--all", NULL, &all } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r != EXIT_GOOD)
		return r;
	return list(c, STATEMENT_ACCOUNT_LIST, params, COUNT(params), all ? NULL : "closed",
		    account_columns, COUNT(account_columns));
}
