#include "case_view.h"

#include "base/util.h"

const struct column case_action_columns[] = {
	{ C_ACTION, "action", CELL_TEXT },
	{ C_STEP, "step_shown", CELL_TEXT },
	{ C_START, "start_at", CELL_MOMENT },
	{ C_END, "end_at", CELL_MOMENT },
	{ C_PLACE, "place", CELL_TEXT },
	{ C_ACTION_OFFICERS, "officers_shown", CELL_LIST },
	{ C_AV_NOTICE, "av_notice", CELL_WORD },
	{ C_RECORDINGS, "recordings", CELL_NUMBER },
	{ C_DOCUMENTS, "documents", CELL_NUMBER },
	{ C_WITHDRAWN, "withdrawn", CELL_WORD },
};
const size_t case_action_columns_n = COUNT(case_action_columns);

const struct column case_document_columns[] = {
	{ C_DOCUMENT, "document", CELL_TEXT },
	{ C_WHAT, "kind_shown", CELL_TEXT },
	{ C_TITLE, "title", CELL_TEXT },
	{ C_NUMBER, "number", CELL_TEXT },
	{ C_AT, "made_at", CELL_MOMENT },
	{ C_SEGMENT, "segment", CELL_TEXT },
	{ C_KEPT_WHERE, "kept_where", CELL_TEXT },
	{ C_SIGNATURES, "signatures_shown", CELL_LIST },
	{ C_WITHDRAWN, "withdrawn_at", CELL_MOMENT },
};
const size_t case_document_columns_n = COUNT(case_document_columns);

/* The words of a step or kind in the language of now; its code where the rules have none. */
static void add_words(json_t *row, const char *key, const char *zh, const char *en)
{
	json_t *words = json_object_get(row, text_language_now() == LANG_ZH ? zh : en);
	char shown[64];

	snprintf(shown, sizeof(shown), "%s_shown", key);
	json_object_set(row, shown, json_is_string(words) ? words : json_object_get(row, key));
}

static const char *field(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s != NULL ? s : "-";
}

void case_words_actions(json_t *rows)
{
	json_t *row, *officer, *list;
	size_t i, k;

	json_array_foreach(rows, i, row) {
		add_words(row, "step", "step_zh", "step_en");
		list = json_array();
		json_array_foreach(json_object_get(row, "officers"), k, officer)
			json_array_append_new(list, json_sprintf("%s %s %s%s", field(officer, "officer"),
				field(officer, "name"), field(officer, "certificate"),
				json_is_true(json_object_get(officer, "shown")) ? " +" : ""));
		json_object_set_new(row, "officers_shown", list);
	}
}

void case_words_documents(json_t *rows)
{
	json_t *row, *one, *list;
	size_t i, k;

	json_array_foreach(rows, i, row) {
		add_words(row, "kind", "kind_zh", "kind_en");
		list = json_array();
		json_array_foreach(json_object_get(row, "signatures"), k, one)
			json_array_append_new(list, json_sprintf("%s %s%s", word(field(one, "signer")),
				field(one, "name"),
				json_is_string(json_object_get(one, "refusal")) ? " -" : " +"));
		json_object_set_new(row, "signatures_shown", list);
	}
}

int case_look(struct ctl *c, const char *command, const char *id, json_t **ret)
{
	const char *const params[] = { id, NULL, NULL, NULL, "1" };
	json_t *rows = NULL;
	int r = ctl_open_catalog(c, NULL);

	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_CASE_LIST, params, COUNT(params), &rows);
	if (r == EXIT_GOOD && json_array_size(rows) == 0)
		r = ctl_usage(T_NO_CASE, id);
	if (r == EXIT_GOOD)
		r = ctl_view(c, command, json_pack("[o]", json_sprintf("case:%s", id)));
	if (r == EXIT_GOOD && ret != NULL)
		*ret = json_incref(rows);
	json_decref(rows);
	return r;
}

void case_show_list(struct ctl *c, const json_t *rows, const struct column *columns, size_t n)
{
	if (c->json)
		ctl_print_json(rows);
	else
		table_print(stdout, rows, columns, n);
	ctl_check_cut(rows);
}
