/* vaultctl retention list, show, mark, review, clock: plans, and what people say of recordings and days. */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "disposal.h"
#include "entry.h"
#include "table.h"

static const char *field(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));

	return s != NULL ? s : "";
}

/* ------ plans ------ */

static const struct column plan_columns[] = {
	{ C_PLAN, "plan", CELL_TEXT }, { C_STATE, "state", CELL_WORD }, { C_DUE_BY, "day", CELL_TEXT },
	{ C_UNIT, "unit", CELL_TEXT }, { C_OBJECTS, "objects", CELL_NUMBER }, { C_SIZE, "bytes", CELL_BYTES },
	{ C_DISPOSED, "gone", CELL_NUMBER }, { C_SPARED_N, "spared", CELL_NUMBER }, { C_BY, "by", CELL_TEXT },
	{ C_APPROVALS, "approvals", CELL_NUMBER }, { C_RECOVERY, "recovery_ends_at", CELL_MOMENT },
	{ C_REASON, "reason", CELL_TEXT },
};
static const struct column review_columns[] = {
	{ C_RECORDER, "recorder", CELL_TEXT }, { C_RECORDING, "recording", CELL_TEXT }, { C_UNIT, "unit", CELL_TEXT },
	{ C_SEGMENTS, "segments", CELL_NUMBER }, { C_SIZE, "bytes", CELL_BYTES }, { C_RULE, "rule", CELL_TEXT },
	{ C_UNTIL, "due_on", CELL_TEXT },
};
static const struct column decision_columns[] = {
	{ C_BY, "by", CELL_TEXT }, { C_APPROVED, "approved", CELL_WORD }, { C_AT, "entered_at", CELL_MOMENT },
	{ C_REASON, "reason", CELL_TEXT },
};
static const struct column object_columns[] = {
	{ C_NUMBER, "number", CELL_NUMBER }, { C_SEGMENT, "segment", CELL_TEXT }, { C_SIZE, "size", CELL_BYTES },
	{ C_RULE, "rule", CELL_TEXT }, { C_VERSION, "rule_version", CELL_NUMBER }, { C_UNTIL, "due_on", CELL_TEXT },
	{ C_STATE, "fate", CELL_WORD }, { C_WHY, "why", CELL_WORD }, { C_AT, "at", CELL_MOMENT },
	{ C_BLOB, "blob", CELL_SHORT },
};

int cmd_retention_list(struct ctl *c, int argc, char **argv)
{
	const char *const limit[] = { LIST_MAX };
	json_t *plans = NULL, *reviews = NULL, *clock = NULL, *j;
	const char *problem;
	int r = ctl_arguments(c, argc, argv, NULL, 0, NULL, NULL, 0, 0);

	if (r == EXIT_GOOD && (r = ctl_open_catalog(c, "dv_supervisor")) == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_DISPOSAL_LIST, NULL, 0, &plans);
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_RETENTION_REVIEWS, limit, COUNT(limit), &reviews);
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_CLOCK_PROBLEM, NULL, 0, &clock);
	problem = json_string_value(json_object_get(json_array_get(clock, 0), "problem"));
	if (r == EXIT_GOOD && c->json) {
		j = json_pack("{s:O, s:O, s:s?}", "plans", plans, "reviews", reviews, "clock", problem);
		ctl_print_json(j);
		json_decref(j);
	} else if (r == EXIT_GOOD) {
		table_print(stdout, plans, plan_columns, COUNT(plan_columns));
		if (json_array_size(reviews) > 0) {
			printf("\n%s\n", text(T_REVIEWS_HEAD));
			table_print(stdout, reviews, review_columns, COUNT(review_columns));
		}
		if (problem != NULL)
			say(stdout, T_EXPLAIN_CLOCK, problem);
	}
	ctl_check_cut(reviews);
	json_decref(plans);
	json_decref(reviews);
	json_decref(clock);
	return r;
}

static int show_objects(struct ctl *c, const char *plan, json_t **ret)
{
	const char *const params[] = { plan, LIST_MAX };

	return ctl_query(c, STATEMENT_DISPOSAL_OBJECTS, params, COUNT(params), ret);
}

static void print_plan(const json_t *row, const json_t *decisions, const json_t *objects)
{
	json_t *one = json_pack("[O]", row);

	table_print(stdout, one, plan_columns, COUNT(plan_columns));
	putchar('\n');
	disposal_print_rules(row);
	putchar('\n');
	table_print(stdout, decisions, decision_columns, COUNT(decision_columns));
	if (objects != NULL) {
		putchar('\n');
		table_print(stdout, objects, object_columns, COUNT(object_columns));
	}
	json_decref(one);
}

int cmd_retention_show(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "PLAN" };
	const char *plan = NULL;
	json_t *row = NULL, *decisions = NULL, *objects = NULL;
	char digest[65] = "";
	bool all = false;
	const struct option_spec options[] = { { "--objects", NULL, &all } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &plan, names, 1, 1), checked = EXIT_GOOD;

	if (r == EXIT_GOOD && (r = ctl_open_catalog(c, "dv_supervisor")) == EXIT_GOOD)
		r = disposal_find(c, plan, &row);
	if (r == EXIT_GOOD)
		r = ctl_view(c, "retention show", json_pack("[o]", json_sprintf("plan:%s", plan)));
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_DISPOSAL_DECISIONS, &plan, 1, &decisions);
	if (r == EXIT_GOOD && all)
		r = show_objects(c, plan, &objects);
	if (r == EXIT_GOOD)
		checked = disposal_check(c, row, digest);
	if (r == EXIT_GOOD && c->json) {
		json_object_set(row, "decisions", decisions);
		json_object_set_new(row, "items_digest", json_string(digest));
		json_object_set_new(row, "whole", json_boolean(checked == EXIT_GOOD));
		if (objects != NULL)
			json_object_set(row, "items", objects);
		ctl_print_json(row);
	} else if (r == EXIT_GOOD) {
		print_plan(row, decisions, objects);
		if (checked == EXIT_GOOD)
			say(stdout, T_PLAN_WHOLE, field(row, "key_id"), digest);
	}
	ctl_check_cut(objects);
	json_decref(row);
	json_decref(decisions);
	json_decref(objects);
	return r == EXIT_GOOD ? checked : r;
}

/* ------ what people say ------ */

/* "case:C-1", "recording:REC-1/UUID", "segment:UUID": its kind, copied, and the rest. */
static int split_subject(const char *s, char ret_kind[16], const char **ret_subject)
{
	const char *colon = strchr(s, ':');

	if (colon == NULL || colon - s >= 16 || colon[1] == '\0')
		return ctl_usage(T_BAD_SUBJECT, s);
	snprintf(ret_kind, 16, "%.*s", (int)(colon - s), s);
	*ret_subject = colon + 1;
	return EXIT_GOOD;
}

int cmd_retention_mark(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "KIND:SUBJECT", "MARK" };
	const char *words[2] = { NULL, NULL }, *reason = NULL, *subject = NULL;
	char kind[16];
	bool remove = false, dry_run = false;
	const struct option_spec options[] = { { "--reason", &reason, NULL }, { "--remove", NULL, &remove },
					       { "--dry-run", NULL, &dry_run } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), words, names, 2, 2);

	if (r == EXIT_GOOD)
		r = ctl_check_reason(reason);
	if (r == EXIT_GOOD)
		r = split_subject(words[0], kind, &subject);
	if (r != EXIT_GOOD)
		return r;
	const char *const params[] = { kind, subject, words[1], reason };

	r = entry_run(c, remove ? STATEMENT_RETENTION_UNMARK : STATEMENT_RETENTION_MARK, params, COUNT(params),
		      dry_run, NULL);
	if (r == EXIT_GOOD && !dry_run && !c->json)
		say(stdout, remove ? T_UNMARKED : T_MARKED, words[0], word(words[1]));
	return r;
}

int cmd_retention_review(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "RECORDER/RECORDING" };
	const char *object = NULL, *reason = NULL, *slash;
	char recorder[64];
	bool dispose = false, keep = false, dry_run = false;
	const struct option_spec options[] = { { "--dispose", NULL, &dispose }, { "--keep", NULL, &keep },
					       { "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &object, names, 1, 1);

	if (r == EXIT_GOOD && dispose == keep)
		r = ctl_usage(T_TOO_FEW, "--dispose|--keep");
	if (r != EXIT_GOOD || (r = ctl_check_reason(reason)) != EXIT_GOOD)
		return r;
	slash = strchr(object, '/');
	if (slash == NULL || slash - object >= (long)sizeof(recorder) || !ctl_is_uuid(slash + 1))
		return ctl_usage(T_NO_OBJECT, object);
	snprintf(recorder, sizeof(recorder), "%.*s", (int)(slash - object), object);
	const char *const params[] = { recorder, slash + 1, dispose ? "dispose" : "keep", reason };

	r = entry_run(c, STATEMENT_RETENTION_REVIEW, params, COUNT(params), dry_run, NULL);
	if (r == EXIT_GOOD && !dry_run && !c->json)
		say(stdout, dispose ? T_REVIEWED_DISPOSE : T_REVIEWED_KEEP, object);
	return r;
}

/* ------ the clock ------ */

static const struct column clock_columns[] = {
	{ C_DAY, "day", CELL_TEXT }, { C_NOTED, "noted_at", CELL_MOMENT }, { C_SAYS, "verdict", CELL_WORD },
	{ C_BY, "by", CELL_TEXT }, { C_REASON, "reason", CELL_TEXT },
};

static int show_clock(struct ctl *c)
{
	static const char *const limit[] = { "100" };
	json_t *days = NULL, *clock = NULL, *j;
	const char *problem;
	int r = ctl_open_catalog(c, "dv_supervisor");

	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_CLOCK_DAYS, limit, COUNT(limit), &days);
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_CLOCK_PROBLEM, NULL, 0, &clock);
	problem = json_string_value(json_object_get(json_array_get(clock, 0), "problem"));
	if (r == EXIT_GOOD && c->json) {
		j = json_pack("{s:O, s:s?}", "days", days, "problem", problem);
		ctl_print_json(j);
		json_decref(j);
	} else if (r == EXIT_GOOD) {
		table_print(stdout, days, clock_columns, COUNT(clock_columns));
		if (problem != NULL)
			say(stdout, T_EXPLAIN_CLOCK, problem);
	}
	if (r == EXIT_GOOD && problem != NULL)
		r = EXIT_FINDINGS;
	json_decref(days);
	json_decref(clock);
	return r;
}

int cmd_retention_clock(struct ctl *c, int argc, char **argv)
{
	const char *wrong = NULL, *lived = NULL, *reason = NULL;
	bool dry_run = false;
	const struct option_spec options[] = { { "--wrong", &wrong, NULL }, { "--lived", &lived, NULL },
					       { "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r == EXIT_GOOD && wrong == NULL && lived == NULL)
		return show_clock(c);
	if (r == EXIT_GOOD && wrong != NULL && lived != NULL)
		r = ctl_usage(T_TOO_MANY, lived);
	if (r == EXIT_GOOD)
		r = ctl_check_day(wrong != NULL ? wrong : lived);
	if (r != EXIT_GOOD || (r = ctl_check_reason(reason)) != EXIT_GOOD)
		return r;
	const char *const params[] = { wrong != NULL ? wrong : lived, wrong != NULL ? "wrong" : "lived", reason };

	r = entry_run(c, STATEMENT_CLOCK_SAY, params, COUNT(params), dry_run, NULL);
	if (r == EXIT_GOOD && !dry_run && !c->json)
		say(stdout, wrong != NULL ? T_CLOCK_WRONG : T_CLOCK_LIVED, params[0]);
	return r;
}
