/* vaultctl action: the steps of a case, when, where and by whom. */
#include "base/util.h"
#include "case_view.h"
#include "entry.h"
#include "table.h"

static const struct entry_option options[] = {
	{ "--step", "step", ENTRY_TEXT }, { "--stage", "stage", ENTRY_TEXT },
	{ "--start", "start_at", ENTRY_TEXT }, { "--end", "end_at", ENTRY_TEXT },
	{ "--place", "place", ENTRY_TEXT }, { "--av-notice", "av_notice", ENTRY_YES_NO },
	{ "--av-unsuitable", "av_unsuitable", ENTRY_TEXT }, { "--officer", "officers", ENTRY_OFFICERS },
	{ "--reason", "reason", ENTRY_REASON }, { "--withdraw", "withdrawn", ENTRY_ON },
};

static int enter(struct ctl *c, int argc, char **argv, bool change)
{
	static const char *const case_name[] = { "CASE" }, *const action_name[] = { "ACTION" };
	struct entry e = { .a = NULL };
	/* What is new is not withdrawn: that option is the last. */
	int r = entry_take(c, argc, argv, options, COUNT(options) - !change,
			   change ? action_name : case_name, 1, 1, change ? "action" : "case", &e);

	if (r == EXIT_GOOD && change && !ctl_is_uuid(e.words[0]))
		r = ctl_usage(T_NO_ACTION, e.words[0]);
	if (r == EXIT_GOOD && change)
		r = entry_do(c, STATEMENT_ACTION_CHANGE, &e, T_ACTION_CHANGED, "revision");
	else if (r == EXIT_GOOD)
		r = entry_do(c, STATEMENT_ACTION_ADD, &e, T_ACTION_ADDED, "action");
	entry_clear(&e);
	return r;
}

int cmd_action_add(struct ctl *c, int argc, char **argv)
{
	return enter(c, argc, argv, false);
}

int cmd_action_change(struct ctl *c, int argc, char **argv)
{
	return enter(c, argc, argv, true);
}

int cmd_action_list(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "CASE" };
	const char *id = NULL;
	json_t *j = NULL;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &id, names, 1, 1);
	const char *const params[] = { id, NULL };

	if (r == EXIT_GOOD)
		r = case_look(c, "action list", id, NULL);
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_ACTION_LIST, params, COUNT(params), &j);
	if (r == EXIT_GOOD && !c->json)
		case_words_actions(j);
	if (r == EXIT_GOOD)
		case_show_list(c, j, case_action_columns, case_action_columns_n);
	json_decref(j);
	return r;
}

static const struct column link_columns[] = {
	{ C_LINK, "link", CELL_TEXT },
	{ C_WHAT, "kind_shown", CELL_TEXT },
	{ C_OBJECT, "object", CELL_TEXT },
	{ C_HOW, "how", CELL_WORD },
	{ C_WHY, "why", CELL_TEXT },
	{ C_BY, "by", CELL_TEXT },
};

static int show(struct ctl *c, json_t *action, const char *id)
{
	const char *const params[] = { NULL, id };
	json_t *links = NULL, *link;
	size_t i;
	int r = ctl_query(c, STATEMENT_LINK_LIST, params, COUNT(params), &links);

	if (r == EXIT_GOOD && c->json) {
		json_object_set(json_array_get(action, 0), "links", links);
		ctl_print_json(json_array_get(action, 0));
	} else if (r == EXIT_GOOD) {
		case_words_actions(action);
		json_array_foreach(links, i, link)
			json_object_set_new(link, "kind_shown", json_string(subject_word(
				json_string_value(json_object_get(link, "kind")))));
		table_print(stdout, action, case_action_columns, case_action_columns_n);
		printf("\n%s\n", text(T_ACTION_LINKS));
		table_print(stdout, links, link_columns, COUNT(link_columns));
	}
	json_decref(links);
	return r;
}

int cmd_action_show(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ACTION" };
	const char *id = NULL;
	json_t *j = NULL;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &id, names, 1, 1);
	const char *const params[] = { NULL, id };

	if (r == EXIT_GOOD && !ctl_is_uuid(id))
		r = ctl_usage(T_NO_ACTION, id);
	if (r == EXIT_GOOD && (r = ctl_open_catalog(c, NULL)) == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_ACTION_LIST, params, COUNT(params), &j);
	if (r == EXIT_GOOD && json_array_size(j) == 0)
		r = ctl_usage(T_NO_ACTION, id);
	if (r == EXIT_GOOD)
		r = ctl_view(c, "action show", json_pack("[o]", json_sprintf("action:%s", id)));
	if (r == EXIT_GOOD)
		r = show(c, j, id);
	json_decref(j);
	return r;
}
