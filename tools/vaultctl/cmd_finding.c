/* vaultctl finding: what was found, worst first. */
#include "base/util.h"
#include "ctl.h"
#include "table.h"

static const struct column columns[] = {
	{ C_ID, "finding", CELL_TEXT },
	{ C_SEVERITY, "severity", CELL_WORD },
	{ C_ARTICLE, "article", CELL_ARTICLE },
	{ C_CODE, "code", CELL_TEXT },
	{ C_RECORDER, "recorder", CELL_TEXT },
	{ C_AT, "at", CELL_MOMENT },
	{ C_SUBJECT, "subject", CELL_TEXT },
};

/* Nothing was found: because there is nothing, or because nothing is called that? */
static int check_filters(struct ctl *c, const char *recorder, const char *unit, const char *code)
{
	const char *const params[] = { code };
	json_t *rules = NULL;
	int r = ctl_check_scope(c, recorder, unit);

	if (r != EXIT_GOOD || code == NULL)
		return r;
	r = ctl_query(c, STATEMENT_RULE_SHOW, params, COUNT(params), &rules);
	if (r == EXIT_GOOD && json_array_size(rules) == 0)
		r = ctl_usage(T_NO_CODE, code);
	json_decref(rules);
	return r;
}

int cmd_finding_list(struct ctl *c, int argc, char **argv)
{
	const char *recorder = NULL, *code = NULL, *unit = NULL, *from = NULL, *to = NULL;
	const struct option_spec options[] = {
		{ "--recorder", &recorder, NULL }, { "--code", &code, NULL },
		{ "--unit", &unit, NULL },
		{ "--from", &from, NULL }, { "--to", &to, NULL },
	};
	json_t *j = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r != EXIT_GOOD || (r = ctl_check_period(from, to)) != EXIT_GOOD ||
	    (r = ctl_open_catalog(c, "dv_supervisor")) != EXIT_GOOD)
		return r;
	const char *const params[] = { from, to, unit, recorder, code, NULL, LIST_MAX };
	r = ctl_query(c, STATEMENT_FINDING_LIST, params, COUNT(params), &j);
	if (r != EXIT_GOOD)
		return r;
	if (json_array_size(j) == 0)
		r = check_filters(c, recorder, unit, code);
	if (r == EXIT_GOOD && c->json)
		ctl_print_json(j);
	else if (r == EXIT_GOOD)
		table_print(stdout, j, columns, COUNT(columns));
	ctl_check_cut(j);
	if (json_array_size(j) > 0)
		r = EXIT_FINDINGS;
	json_decref(j);
	return r;
}

int cmd_finding_show(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID" };
	const char *id = NULL;
	json_t *j = NULL, *steps = NULL;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &id, names, 1, 1);

	if (r == EXIT_GOOD && !ctl_is_uuid(id))
		r = ctl_usage(T_NO_FINDING, id);
	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_supervisor");
	if (r != EXIT_GOOD)
		return r;
	const char *const params[] = { id };
	r = ctl_query(c, STATEMENT_FINDING_SHOW, params, COUNT(params), &j);
	if (r != EXIT_GOOD)
		return r;
	if (json_array_size(j) == 0)
		r = ctl_usage(T_NO_FINDING, id);
	else
		r = ctl_view(c, "finding show", json_pack("[s+]", "finding:",
			json_string_value(json_object_get(json_array_get(j, 0), "finding"))));
	if (r == EXIT_GOOD)
		r = answer_steps(c, id, &steps);
	if (r == EXIT_GOOD && c->json) {
		json_object_set(json_array_get(j, 0), "rectification", steps);
		ctl_print_json(json_array_get(j, 0));
	} else if (r == EXIT_GOOD) {
		findings_print(stdout, j);
		if (json_array_size(steps) > 0)
			answer_steps_print(stdout, steps);
	}
	json_decref(j);
	json_decref(steps);
	return r;
}
