/* vaultctl case: cases from the first paper to the last; archiving is in cmd_archive.c. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "case_view.h"
#include "entry.h"
#include "table.h"

static const char *const names[] = { "CASE", "OFFICER" };

static const struct entry_option file_options[] = {
	{ "--kind", "kind", ENTRY_TEXT }, { "--origin", "origin", ENTRY_TEXT },
	{ "--named", "named", ENTRY_YES_NO }, { "--procedure", "procedure", ENTRY_TEXT },
	{ "--urgent", "urgent_reason", ENTRY_TEXT }, { "--major", "major", ENTRY_YES_NO },
	{ "--contentious", "contentious", ENTRY_YES_NO }, { "--unit", "unit", ENTRY_TEXT },
	{ "--title", "title", ENTRY_TEXT }, { "--start", "started_at", ENTRY_TEXT },
	{ "--reason", "reason", ENTRY_REASON }, { "--officer", "officers", ENTRY_OFFICERS },
};

int cmd_case_open(struct ctl *c, int argc, char **argv)
{
	struct entry e = { .a = NULL };
	int r = entry_take(c, argc, argv, file_options, COUNT(file_options), names, 1, 1, "case", &e);

	if (r == EXIT_GOOD)
		r = entry_do(c, STATEMENT_CASE_OPEN, &e, T_CASE_OPENED, "case");
	entry_clear(&e);
	return r;
}

int cmd_case_change(struct ctl *c, int argc, char **argv)
{
	struct entry e = { .a = NULL };
	const json_t *urgent;
	/* Officers have an act of their own. */
	int r = entry_take(c, argc, argv, file_options, COUNT(file_options) - 1, names, 1, 1, "case", &e);

	/* Whether it was urgent follows from whether there is a reason for that. */
	if (r == EXIT_GOOD && (urgent = json_object_get(e.a, "urgent_reason")) != NULL)
		json_object_set_new(e.a, "urgent", json_boolean(!json_is_null(urgent)));
	if (r == EXIT_GOOD)
		r = entry_do(c, STATEMENT_CASE_CHANGE, &e, T_CASE_CHANGED, "revision");
	entry_clear(&e);
	return r;
}

int cmd_case_event(struct ctl *c, int argc, char **argv)
{
	static const struct entry_option options[] = {
		{ "--kind", "kind", ENTRY_TEXT }, { "--at", "at", ENTRY_TEXT },
		{ "--due", "due_at", ENTRY_TEXT }, { "--detail", "detail", ENTRY_FIELDS },
		{ "--reason", "note", ENTRY_TEXT },
	};
	struct entry e = { .a = NULL };
	int r = entry_take(c, argc, argv, options, COUNT(options), names, 1, 1, "case", &e);

	if (r == EXIT_GOOD)
		r = entry_do(c, STATEMENT_CASE_EVENT_ADD, &e, T_CASE_EVENT, "number");
	entry_clear(&e);
	return r;
}

int cmd_case_party(struct ctl *c, int argc, char **argv)
{
	static const struct entry_option options[] = {
		{ "--kind", "kind", ENTRY_TEXT }, { "--role", "role", ENTRY_TEXT },
		{ "--name", "name", ENTRY_TEXT }, { "--identifier", "identifier", ENTRY_TEXT },
		{ "--address", "address", ENTRY_TEXT }, { "--phone", "phone", ENTRY_TEXT },
		{ "--replaces", "replaces", ENTRY_TEXT },
	};
	struct entry e = { .a = NULL };
	int r = entry_take(c, argc, argv, options, COUNT(options), names, 1, 1, "case", &e);

	if (r == EXIT_GOOD)
		r = entry_do(c, STATEMENT_PARTY_ADD, &e, T_PARTY_ADDED, "number");
	entry_clear(&e);
	return r;
}

int cmd_case_officer(struct ctl *c, int argc, char **argv)
{
	const char *words[2] = { NULL };
	bool lead = false, leaves = false, dry_run = false;
	const struct option_spec options[] = { { "--lead", NULL, &lead }, { "--leaves", NULL, &leaves },
					       { "--dry-run", NULL, &dry_run } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), words, names, 2, 2);
	const char *const params[] = { words[0], words[1], lead ? "true" : "false",
				       leaves ? "true" : "false" };

	if (r == EXIT_GOOD)
		r = entry_run(c, STATEMENT_CASE_OFFICER_SET, params, COUNT(params), dry_run, NULL);
	if (r == EXIT_GOOD && !dry_run && !c->json)
		say(stdout, leaves ? T_CASE_OFFICER_LEFT : T_CASE_OFFICER_SET, words[1], words[0]);
	return r;
}

/* ------ looking ------ */

static const struct column list_columns[] = {
	{ C_CASE, "case", CELL_TEXT },
	{ C_STATE, "state", CELL_WORD },
	{ C_STAGE, "stage", CELL_WORD },
	{ C_CASE_KIND, "kind", CELL_WORD },
	{ C_UNIT, "unit", CELL_TEXT },
	{ C_START, "started_at", CELL_MOMENT },
	{ C_APPROVED, "approved_at", CELL_MOMENT },
	{ C_CONCLUDED, "concluded_at", CELL_MOMENT },
	{ C_ARCHIVED, "archived_at", CELL_MOMENT },
	{ C_ACTIONS, "actions", CELL_NUMBER },
	{ C_DOCUMENTS, "documents", CELL_NUMBER },
	{ C_TITLE, "title", CELL_TEXT },
};

int cmd_case_list(struct ctl *c, int argc, char **argv)
{
	const char *unit = NULL, *state = NULL, *officer = NULL;
	const struct option_spec options[] = { { "--unit", &unit, NULL }, { "--state", &state, NULL },
					       { "--officer", &officer, NULL } };
	json_t *j = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);
	const char *const params[] = { NULL, unit, state, officer, LIST_MAX };

	if (r == EXIT_GOOD && (r = ctl_open_catalog(c, NULL)) == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_CASE_LIST, params, COUNT(params), &j);
	if (r == EXIT_GOOD)
		case_show_list(c, j, list_columns, COUNT(list_columns));
	json_decref(j);
	return r;
}

static const struct column event_columns[] = {
	{ C_AT, "at", CELL_MOMENT },
	{ C_WHAT, "kind_shown", CELL_WORD },
	{ C_DUE, "due_at", CELL_MOMENT },
	{ C_DETAIL, "detail", CELL_TEXT },
	{ C_NOTE, "note", CELL_TEXT },
	{ C_BY, "by", CELL_TEXT },
};
static const struct column party_columns[] = {
	{ C_NUMBER, "number", CELL_NUMBER },
	{ C_ROLE, "role", CELL_WORD },
	{ C_PARTY_KIND, "kind", CELL_WORD },
	{ C_NAME, "name", CELL_TEXT },
	{ C_IDENTIFIER, "identifier", CELL_TEXT },
	{ C_ADDRESS, "address", CELL_TEXT },
	{ C_PHONE, "phone", CELL_TEXT },
};
static const struct column officer_columns[] = {
	{ C_OFFICER, "officer", CELL_TEXT },
	{ C_NAME, "name", CELL_TEXT },
	{ C_LEAD, "lead", CELL_WORD },
};

static void print_part(enum text_id head, const json_t *rows, const struct column *columns, size_t n)
{
	printf("\n%s\n", text(head));
	table_print(stdout, rows, columns, n);
}

/* A finding that is reopened is sent back; a case goes on. */
static void name_events(json_t *events)
{
	json_t *row;
	size_t i;

	json_array_foreach(events, i, row)
		json_object_set_new(row, "kind_shown", json_string(
			strcmp(json_string_value(json_object_get(row, "kind")), "reopened") == 0 ?
			"case_reopened" : json_string_value(json_object_get(row, "kind"))));
}

static void print_case(const json_t *j)
{
	name_events(json_object_get(j, "events"));
	case_words_actions(json_object_get(j, "actions"));
	case_words_documents(json_object_get(j, "documents"));
	table_print(stdout, json_object_get(j, "file"), list_columns, COUNT(list_columns));
	print_part(T_CASE_OFFICERS, json_object_get(json_array_get(json_object_get(j, "file"), 0), "officers"),
		   officer_columns, COUNT(officer_columns));
	print_part(T_CASE_PARTIES, json_object_get(j, "parties"), party_columns, COUNT(party_columns));
	print_part(T_CASE_EVENTS, json_object_get(j, "events"), event_columns, COUNT(event_columns));
	print_part(T_CASE_ACTIONS, json_object_get(j, "actions"), case_action_columns,
		   case_action_columns_n);
	print_part(T_CASE_DOCUMENTS, json_object_get(j, "documents"), case_document_columns,
		   case_document_columns_n);
}

int cmd_case_show(struct ctl *c, int argc, char **argv)
{
	static const struct { const char *name; enum catalog_statement s; size_t n; } parts[] = {
		{ "events", STATEMENT_CASE_EVENTS, 1 }, { "parties", STATEMENT_CASE_PARTIES, 1 },
		{ "actions", STATEMENT_ACTION_LIST, 2 }, { "documents", STATEMENT_DOCUMENT_LIST, 2 },
		{ "links", STATEMENT_LINK_LIST, 2 },
	};
	const char *id = NULL;
	json_t *j = json_object(), *rows = NULL;
	size_t i;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &id, names, 1, 1);
	const char *const params[] = { id, NULL };

	if (r == EXIT_GOOD)
		r = case_look(c, "case show", id, &rows);
	if (r == EXIT_GOOD)
		json_object_set_new(j, "file", rows);
	for (i = 0; i < COUNT(parts) && r == EXIT_GOOD; i++) {
		r = ctl_query(c, parts[i].s, params, parts[i].n, &rows);
		if (r == EXIT_GOOD)
			json_object_set_new(j, parts[i].name, rows);
	}
	if (r == EXIT_GOOD && c->json)
		ctl_print_json(j);
	else if (r == EXIT_GOOD)
		print_case(j);
	json_decref(j);
	return r;
}

/* ------ is it complete? ------ */

static const struct column check_columns[] = {
	{ C_ARTICLE, "article", CELL_ARTICLE },
	{ C_REQUIREMENT, "text", CELL_TEXT },
	{ C_STATE, "state", CELL_WORD },
	{ C_DUE, "due_at", CELL_MOMENT },
	{ C_ACTION, "action", CELL_TEXT },
	{ C_WHAT, "what", CELL_TEXT },
};

static bool is_lacking(const json_t *row)
{
	static const char *const states[] = { "missing", "incomplete", "unsigned" };
	const char *state = json_string_value(json_object_get(row, "state"));
	size_t i;

	for (i = 0; state != NULL && i < COUNT(states); i++)
		if (strcmp(state, states[i]) == 0)
			return true;
	return false;
}

int case_check(struct ctl *c, const char *id)
{
	const char *const params[] = { id };
	json_t *rows = NULL, *row;
	size_t i, lacking = 0;
	int r = ctl_query(c, STATEMENT_CASE_CHECK, params, COUNT(params), &rows);

	if (r != EXIT_GOOD)
		return r;
	json_array_foreach(rows, i, row) {
		lacking += is_lacking(row);
		if (!c->json)
			json_object_set(row, "text", json_object_get(row,
				text_language_now() == LANG_ZH ? "text_zh" : "text_en"));
	}
	if (c->json)
		ctl_print_json(rows);
	else
		table_print(stdout, rows, check_columns, COUNT(check_columns));
	if (!c->json)
		say(stdout, lacking == 0 ? T_CASE_COMPLETE : T_CASE_LACKS, id, lacking);
	json_decref(rows);
	return lacking == 0 ? EXIT_GOOD : EXIT_FINDINGS;
}

int cmd_case_check(struct ctl *c, int argc, char **argv)
{
	const char *id = NULL;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &id, names, 1, 1);

	if (r == EXIT_GOOD)
		r = case_look(c, "case check", id, NULL);
	return r == EXIT_GOOD ? case_check(c, id) : r;
}

int cmd_case_close(struct ctl *c, int argc, char **argv)
{
	static const struct entry_option options[] = {
		{ "--at", "at", ENTRY_TEXT }, { "--reason", "note", ENTRY_REASON },
	};
	struct entry e = { .a = NULL };
	int r = entry_take(c, argc, argv, options, COUNT(options), names, 1, 1, "case", &e);

	if (r == EXIT_GOOD) {
		json_object_set_new(e.a, "kind", json_string("concluded"));
		r = entry_put(c, STATEMENT_CASE_EVENT_ADD, &e, NULL);
	}
	/* What it lacks is no reason not to have ended: archiving is 30 days away. */
	if (r == EXIT_GOOD)
		r = case_look(c, "case close", e.words[0], NULL);
	if (r == EXIT_GOOD)
		r = case_check(c, e.words[0]);
	entry_clear(&e);
	return r;
}
