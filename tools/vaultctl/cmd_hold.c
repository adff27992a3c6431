/* vaultctl hold: what is kept whatever any rule says, until another person lifts it. */
#include <string.h>

#include "base/util.h"
#include "entry.h"
#include "table.h"

static const struct column hold_columns[] = {
	{ C_HOLD, "hold", CELL_TEXT },
	{ C_KIND, "kind", CELL_WORD },
	{ C_SUBJECT, "subject", CELL_TEXT },
	{ C_FIRST_DAY, "from_day", CELL_TEXT },
	{ C_LAST_DAY, "to_day", CELL_TEXT },
	{ C_STATE, "state", CELL_WORD },
	{ C_REVIEW_ON, "review_on", CELL_TEXT },
	{ C_BY, "by", CELL_TEXT },
	{ C_REASON, "reason", CELL_TEXT },
};
static const struct column released_columns[] = {
	{ C_RELEASED_BY, "released_by", CELL_TEXT },
	{ C_AT, "released_at", CELL_MOMENT },
	{ C_REASON, "release_reason", CELL_TEXT },
};
static const struct column reviewed_columns[] = {
	{ C_REVIEWED_BY, "reviewed_by", CELL_TEXT },
	{ C_AT, "reviewed_at", CELL_MOMENT },
	{ C_REASON, "review_reason", CELL_TEXT },
};

/* Part "case:C-7" into its kind, one of the words, and the rest; false: it is none. */
static bool split_object(const char *object, const char **ret_kind, const char **ret_subject)
{
	static const char *const kinds[] = { "segment", "recording", "case", "officer" };
	const char *colon = strchr(object, ':');
	size_t i;

	for (i = 0; i < COUNT(kinds) && colon != NULL && colon[1] != '\0'; i++) {
		if (strlen(kinds[i]) != (size_t)(colon - object) ||
		    strncmp(kinds[i], object, (size_t)(colon - object)) != 0)
			continue;
		*ret_kind = kinds[i];
		*ret_subject = colon + 1;
		return true;
	}
	return false;
}

/* ------ what a hold covers ------ */

/* What is there, and what came too late: that is never left unsaid. */
static void say_reach(const json_t *row)
{
	long long objects = json_integer_value(json_object_get(row, "objects"));
	long long begun = json_integer_value(json_object_get(row, "begun"));
	long long gone = json_integer_value(json_object_get(row, "gone"));
	const json_t *lost = json_object_get(row, "lost"), *one;
	char bytes[32];
	size_t i;

	say(stdout, T_HOLD_COVERS, objects,
	    bytes_text(json_integer_value(json_object_get(row, "bytes")), bytes));
	if (begun + gone == 0)
		return;
	say(stdout, T_HOLD_TOO_LATE, gone, begun);
	json_array_foreach(lost, i, one)
		printf("  segment:%s\n", json_string_value(one));
	if ((long long)json_array_size(lost) < begun + gone)
		say(stdout, T_HOLD_AND_MORE, begun + gone - (long long)json_array_size(lost));
}

/* ------ acts ------ */

int cmd_hold_add(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "OBJECT|period" };
	static const struct entry_option options[] = {
		{ "--unit", "unit", ENTRY_TEXT }, { "--from", "from", ENTRY_TEXT },
		{ "--to", "to", ENTRY_TEXT }, { "--review", "review", ENTRY_TEXT },
		{ "--reason", "reason", ENTRY_REASON },
	};
	const char *kind = "period", *subject = NULL;
	struct entry e = { .a = NULL };
	json_t *row = NULL;
	int r = entry_take(c, argc, argv, options, COUNT(options), names, 1, 1, NULL, &e);

	if (r == EXIT_GOOD && strcmp(e.words[0], kind) != 0 &&
	    !split_object(e.words[0], &kind, &subject))
		r = ctl_usage(T_BAD_HOLD_OBJECT, e.words[0]);
	if (r == EXIT_GOOD && subject != NULL &&
	    json_object_set_new(e.a, "subject", json_string(subject)) < 0)
		r = ctl_usage(T_BAD_TEXT, names[0]);
	if (r == EXIT_GOOD && json_object_get(e.a, "review") == NULL)
		r = ctl_usage(T_TOO_FEW, "--review");
	if (r == EXIT_GOOD) {
		json_object_set_new(e.a, "kind", json_string(kind));
		r = entry_put(c, STATEMENT_HOLD_ADD, &e, &row);
	}
	if (r == EXIT_GOOD && !e.dry_run && c->json) {
		ctl_print_json(row);
	} else if (r == EXIT_GOOD && !e.dry_run) {
		say(stdout, T_HOLD_PLACED, json_string_value(json_object_get(row, "hold")));
		say_reach(row);
	}
	json_decref(row);
	entry_clear(&e);
	return r;
}

/* Of one hold: a statement that takes it, perhaps a day, and a reason. */
static int decide(struct ctl *c, int argc, char **argv, bool with_day, enum catalog_statement s,
		  enum text_id said)
{
	static const char *const names[] = { "ID" };
	const char *id = NULL, *day = NULL, *reason = NULL;
	bool dry_run = false;
	const struct option_spec options[] = {
		{ "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run },
		{ "--review", &day, NULL },
	};
	int r = ctl_arguments(c, argc, argv, options, with_day ? 3 : 2, &id, names, 1, 1);

	if (r == EXIT_GOOD && !ctl_is_uuid(id))
		r = ctl_usage(T_NO_HOLD, id);
	if (r == EXIT_GOOD && with_day)
		r = day == NULL ? ctl_usage(T_TOO_FEW, "--review") : ctl_check_day(day);
	if (r == EXIT_GOOD)
		r = ctl_check_reason(reason);
	if (r != EXIT_GOOD)
		return r;
	const char *const params[] = { id, with_day ? day : reason, reason };
	r = entry_run(c, s, params, with_day ? 3 : 2, dry_run, NULL);
	if (r == EXIT_GOOD && !dry_run && !c->json)
		say(stdout, said, id);
	return r;
}

int cmd_hold_review(struct ctl *c, int argc, char **argv)
{
	return decide(c, argc, argv, true, STATEMENT_HOLD_REVIEW, T_HOLD_REVIEWED);
}

int cmd_hold_release(struct ctl *c, int argc, char **argv)
{
	return decide(c, argc, argv, false, STATEMENT_HOLD_RELEASE, T_HOLD_RELEASED);
}

/* ------ looking ------ */

int cmd_hold_list(struct ctl *c, int argc, char **argv)
{
	const char *object = NULL, *kind = NULL, *subject = NULL;
	bool all = false;
	const struct option_spec options[] = {
		{ "--object", &object, NULL }, { "--all", NULL, &all },
	};
	json_t *rows = NULL;
	size_t i;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r == EXIT_GOOD && object != NULL && !split_object(object, &kind, &subject))
		r = ctl_usage(T_BAD_HOLD_OBJECT, object);
	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, NULL);
	if (r != EXIT_GOOD)
		return r;
	const char *const params[] = { NULL, kind, subject, LIST_MAX };
	r = ctl_query(c, STATEMENT_HOLD_LIST, params, COUNT(params), &rows);
	if (r == EXIT_GOOD)
		ctl_check_cut(rows);
	for (i = json_array_size(rows); !all && i-- > 0;)
		if (strcmp(json_string_value(json_object_get(json_array_get(rows, i), "state")),
			   "released") == 0)
			json_array_remove(rows, i);
	if (r == EXIT_GOOD && c->json)
		ctl_print_json(rows);
	else if (r == EXIT_GOOD)
		table_print(stdout, rows, hold_columns, COUNT(hold_columns));
	json_decref(rows);
	return r;
}

static void print_one(const json_t *list, const json_t *reach)
{
	const json_t *hold = json_array_get(list, 0);

	table_print(stdout, list, hold_columns, COUNT(hold_columns));
	if (!json_is_null(json_object_get(hold, "reviewed_by"))) {
		putchar('\n');
		table_print(stdout, list, reviewed_columns, COUNT(reviewed_columns));
	}
	putchar('\n');
	if (!json_is_null(json_object_get(hold, "released_by")))
		table_print(stdout, list, released_columns, COUNT(released_columns));
	else
		say_reach(reach);
}

int cmd_hold_show(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID" };
	const char *params[] = { NULL, NULL, NULL, LIST_MAX };
	json_t *hold = NULL, *reach = NULL;
	int r = ctl_arguments(c, argc, argv, NULL, 0, params, names, 1, 1);

	if (r == EXIT_GOOD && !ctl_is_uuid(params[0]))
		r = ctl_usage(T_NO_HOLD, params[0]);
	if (r == EXIT_GOOD && (r = ctl_open_catalog(c, NULL)) == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_HOLD_LIST, params, COUNT(params), &hold);
	if (r == EXIT_GOOD && json_array_size(hold) == 0)
		r = ctl_usage(T_NO_HOLD, params[0]);
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_HOLD_REACH, params, 1, &reach);
	if (r == EXIT_GOOD && c->json) {
		json_object_set(json_array_get(hold, 0), "covers", json_array_get(reach, 0));
		ctl_print_json(json_array_get(hold, 0));
	} else if (r == EXIT_GOOD) {
		print_one(hold, json_array_get(reach, 0));
	}
	json_decref(hold);
	json_decref(reach);
	return r;
}
