/* vaultctl finding open|ack|explain|review|assign: findings that get answered (Art. 38). */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "ctl.h"
#include "table.h"

static const struct column columns[] = {
	{ C_ID, "finding", CELL_TEXT },
	{ C_SEVERITY, "severity", CELL_WORD },
	{ C_ARTICLE, "article", CELL_ARTICLE },
	{ C_CODE, "code", CELL_TEXT },
	{ C_UNIT, "unit", CELL_TEXT },
	{ C_OFFICER, "officer", CELL_TEXT },
	{ C_SUBJECT, "subject", CELL_TEXT },
	{ C_STATE, "state", CELL_WORD },
	{ C_OWNER, "owner", CELL_TEXT },
	{ C_DUE, "due_at", CELL_MOMENT },
	{ C_OVERDUE, "overdue", CELL_WORD },
};

enum { NAMED_MAX = 256 };

/* Which findings: by name, or all that fit. */
struct chosen {
	const char *ids[NAMED_MAX + 1];
	const char *unit, *officer, *recorder, *code, *state;
	bool overdue;
};

#define CHOSEN_OPTIONS(w) \
	{ "--unit", &(w)->unit, NULL }, { "--officer", &(w)->officer, NULL }, \
	{ "--recorder", &(w)->recorder, NULL }, { "--code", &(w)->code, NULL }, \
	{ "--overdue", NULL, &(w)->overdue }

static int query(struct ctl *c, const struct chosen *w, json_t **ret)
{
	const char *const params[] = { w->unit, w->officer, w->recorder, w->code, w->state,
				       w->overdue ? "true" : "false", LIST_MAX };

	return ctl_query(c, STATEMENT_ANSWER_LIST, params, COUNT(params), ret);
}

static bool is_state(const char *s)
{
	static const char *const states[] = { "open", "acknowledged", "explained", "closed" };
	size_t i;

	for (i = 0; i < COUNT(states); i++)
		if (strcmp(s, states[i]) == 0)
			return true;
	return false;
}

int cmd_finding_open(struct ctl *c, int argc, char **argv)
{
	static struct chosen w;
	bool all = false;
	const struct option_spec options[] = { CHOSEN_OPTIONS(&w), { "--state", &w.state, NULL },
					       { "--all", NULL, &all } };
	json_t *j = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r != EXIT_GOOD)
		return r;
	if (w.state == NULL && !all)
		w.state = "waiting";
	else if (w.state != NULL && !is_state(w.state))
		return ctl_usage(T_BAD_ANSWER_STATE, w.state);
	if ((r = ctl_open_catalog(c, "dv_supervisor")) != EXIT_GOOD || (r = query(c, &w, &j)) != EXIT_GOOD)
		return r;
	if (c->json)
		ctl_print_json(j);
	else
		table_print(stdout, j, columns, COUNT(columns));
	ctl_check_cut(j);
	if (json_array_size(j) > 0)
		r = EXIT_FINDINGS;
	json_decref(j);
	return r;
}

/* In which state: where the act begins, so that a choice by unit or code takes no others. */
static int choose(struct ctl *c, struct chosen *w, const char *state, json_t **ret)
{
	bool filter = w->unit != NULL || w->officer != NULL || w->recorder != NULL || w->code != NULL ||
		      w->overdue;
	json_t *rows = NULL;
	const json_t *row;
	size_t i;
	int r;

	if ((w->ids[0] != NULL) == filter)
		return ctl_usage(T_ANSWER_WHICH, filter ? w->ids[0] : "finding");
	*ret = json_array();
	for (i = 0; i < NAMED_MAX && w->ids[i] != NULL; i++) {
		if (!ctl_is_uuid(w->ids[i]))
			return ctl_usage(T_NO_FINDING, w->ids[i]);
		json_array_append_new(*ret, json_string(w->ids[i]));
	}
	if (!filter)
		return EXIT_GOOD;
	w->state = state;
	r = query(c, w, &rows);
	json_array_foreach(rows, i, row)
		json_array_append(*ret, json_object_get(row, "finding"));
	if (r == EXIT_GOOD && json_array_size(*ret) == 0)
		r = ctl_usage(T_ANSWER_NONE, state);
	ctl_check_cut(rows);
	json_decref(rows);
	return r;
}

/* What is given besides the findings, and whether it is only tried. */
struct act {
	enum catalog_statement statement;
	const char *state;		/* that it is done to */
	const char *params[4];		/* [0] is for the findings */
	size_t n_params;
	bool dry_run;
};

static int answer(struct ctl *c, struct chosen *w, struct act *a)
{
	json_t *ids = NULL, *rows = NULL;
	char *text = NULL;
	int r = ctl_open_catalog(c, NULL);

	if (r == EXIT_GOOD)
		r = choose(c, w, a->state, &ids);
	if (r == EXIT_GOOD) {
		text = json_dumps(ids, JSON_COMPACT);
		a->params[0] = text;
		r = a->dry_run ? ctl_try(c, a->statement, a->params, a->n_params) :
				 ctl_query(c, a->statement, a->params, a->n_params, &rows);
	}
	if (r == EXIT_GOOD && a->dry_run)
		say(stdout, T_DRY_RUN);
	else if (r == EXIT_GOOD && c->json)
		ctl_print_json(json_array_get(rows, 0));
	else if (r == EXIT_GOOD)
		say(stdout, T_ANSWERED, json_array_size(ids));
	free(text);
	json_decref(ids);
	json_decref(rows);
	return r;
}

static const char *const names[] = { "ID" };

int cmd_finding_ack(struct ctl *c, int argc, char **argv)
{
	static struct chosen w;
	struct act a = { .statement = STATEMENT_FINDING_ACKNOWLEDGE, .state = "open", .n_params = 2 };
	const struct option_spec options[] = { CHOSEN_OPTIONS(&w), { "--reason", &a.params[1], NULL },
					       { "--dry-run", NULL, &a.dry_run } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), w.ids, names, 0, NAMED_MAX);

	return r == EXIT_GOOD ? answer(c, &w, &a) : r;
}

int cmd_finding_explain(struct ctl *c, int argc, char **argv)
{
	static struct chosen w;
	struct act a = { .statement = STATEMENT_FINDING_EXPLAIN, .state = "acknowledged", .n_params = 4 };
	const struct option_spec options[] = {
		CHOSEN_OPTIONS(&w), { "--because", &a.params[1], NULL },
		{ "--reason", &a.params[2], NULL }, { "--attach", &a.params[3], NULL },
		{ "--dry-run", NULL, &a.dry_run },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), w.ids, names, 0, NAMED_MAX);

	if (r == EXIT_GOOD && a.params[1] == NULL)
		r = ctl_usage(T_TOO_FEW, "--because");
	if (r == EXIT_GOOD && a.params[3] != NULL && !ctl_is_uuid(a.params[3]))
		r = ctl_usage(T_NO_OBJECT, a.params[3]);
	if (r == EXIT_GOOD)
		r = ctl_check_reason(a.params[2]);
	return r == EXIT_GOOD ? answer(c, &w, &a) : r;
}

int cmd_finding_review(struct ctl *c, int argc, char **argv)
{
	static struct chosen w;
	struct act a = { .statement = STATEMENT_FINDING_REVIEW, .state = "explained", .n_params = 3 };
	const struct option_spec options[] = {
		CHOSEN_OPTIONS(&w), { "--verdict", &a.params[1], NULL },
		{ "--reason", &a.params[2], NULL }, { "--dry-run", NULL, &a.dry_run },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), w.ids, names, 0, NAMED_MAX);

	if (r == EXIT_GOOD && a.params[1] == NULL)
		r = ctl_usage(T_TOO_FEW, "--verdict");
	if (r == EXIT_GOOD)
		r = ctl_check_reason(a.params[2]);
	return r == EXIT_GOOD ? answer(c, &w, &a) : r;
}

int cmd_finding_assign(struct ctl *c, int argc, char **argv)
{
	static struct chosen w;
	const char *due = NULL;
	char moment[32];
	struct act a = { .statement = STATEMENT_FINDING_ASSIGN, .state = "open", .n_params = 4 };
	const struct option_spec options[] = {
		CHOSEN_OPTIONS(&w), { "--owner", &a.params[1], NULL }, { "--due", &due, NULL },
		{ "--reason", &a.params[3], NULL }, { "--dry-run", NULL, &a.dry_run },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), w.ids, names, 0, NAMED_MAX);

	if (r == EXIT_GOOD && due != NULL && (r = ctl_check_day(due)) == EXIT_GOOD) {
		/* Until the end of that day, where the bureau is. */
		snprintf(moment, sizeof(moment), "%s 23:59:59+08", due);
		a.params[2] = moment;
	}
	if (r == EXIT_GOOD)
		r = ctl_check_reason(a.params[3]);
	return r == EXIT_GOOD ? answer(c, &w, &a) : r;
}

static const struct column step_columns[] = {
	{ C_AT, "at", CELL_MOMENT },
	{ C_WHAT, "kind", CELL_WORD },
	{ C_BY, "by", CELL_TEXT },
	{ C_OWNER, "owner", CELL_TEXT },
	{ C_DUE, "due_at", CELL_MOMENT },
	{ C_BECAUSE, "reason_code", CELL_WORD },
	{ C_EXCUSED, "excused", CELL_WORD },
	{ C_NOTE, "text", CELL_TEXT },
	{ C_DOCUMENT, "document", CELL_TEXT },
	{ C_SEGMENT, "segment", CELL_TEXT },
	{ C_OTHER, "other", CELL_TEXT },
};

int answer_steps(struct ctl *c, const char *finding, json_t **ret)
{
	const char *const params[] = { finding };

	return ctl_query(c, STATEMENT_RECTIFICATION_LIST, params, COUNT(params), ret);
}

void answer_steps_print(FILE *to, const json_t *steps)
{
	fprintf(to, "\n%s\n", text(T_ANSWER_STEPS));
	table_print(to, steps, step_columns, COUNT(step_columns));
}
