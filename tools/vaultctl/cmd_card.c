/*
 * vaultctl recorder checks, inventory, cleared, and session: what the dock
 * learned of a recorder and its card, docking by docking.
 */
#include <stdlib.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "ctl.h"
#include "table.h"

static const struct column check_columns[] = {
	{ C_RECORDER, "recorder", CELL_TEXT },
	{ C_CHECKED, "checked_at", CELL_MOMENT },
	{ C_PHASE, "phase", CELL_WORD },
	{ C_BATTERY, "battery", CELL_PERCENT },
	{ C_FREE, "free", CELL_BYTES },
	{ C_CAPACITY, "capacity", CELL_BYTES },
	{ C_CLOCK_OFFSET, "clock_offset_ms", CELL_OFFSET },
	{ C_UNCERTAINTY, "clock_uncertainty_ms", CELL_OFFSET },
	{ C_CLOCK_SET, "clock_set", CELL_WORD },
	{ C_FAULTS, "faults", CELL_LIST },
};
static const struct column cleared_columns[] = {
	{ C_CLEARING, "clearing_at", CELL_MOMENT },
	{ C_CLEARED, "ok", CELL_WORD },
	{ C_SIZE, "size", CELL_BYTES },
	{ C_BLOB, "blob", CELL_SHORT },
	{ C_PATH, "path", CELL_TEXT },
	{ C_WHY, "why", CELL_TEXT },
};

static const struct column session_columns[] = {
	{ C_START, "started_at", CELL_MOMENT },
	{ C_RECORDER, "recorder", CELL_TEXT },
	{ C_SLOT, "slot", CELL_TEXT },
	{ C_STATE, "outcome", CELL_WORD },
	{ C_STORED_FILES, "stored", CELL_NUMBER },
	{ C_FAILED_FILES, "failed", CELL_NUMBER },
	{ C_SIZE, "bytes", CELL_BYTES },
	{ C_FINDINGS, "findings", CELL_NUMBER },
	{ C_OFFICER, "officer", CELL_TEXT },
	{ C_UNIT, "unit", CELL_TEXT },
	{ C_UNLOCKED, "unlocked_model", CELL_TEXT },
	{ C_IMPORTED, "import_source", CELL_TEXT },
	{ C_BY, "import_by", CELL_TEXT },
	{ C_CASE, "import_case", CELL_TEXT },
	{ C_NOTE, "reason", CELL_TEXT },
};

/* The rows of a statement that takes a recorder (NULL: any) and a limit. */
static int fetch(struct ctl *c, enum catalog_statement s, const char *recorder, json_t **ret)
{
	const char *const params[] = { recorder, LIST_MAX };
	int r = ctl_open_catalog(c, "dv_supervisor");

	if (r == EXIT_GOOD)
		r = ctl_query(c, s, params, COUNT(params), ret);
	if (r == EXIT_GOOD && json_array_size(*ret) == 0)
		r = ctl_check_scope(c, recorder, NULL);
	return r;
}

static void show(struct ctl *c, const json_t *j, const struct column *columns, size_t n)
{
	if (c->json)
		ctl_print_json(j);
	else
		table_print(stdout, j, columns, n);
	ctl_check_cut(j);
}

static int list(struct ctl *c, enum catalog_statement s, const char *recorder,
		const struct column *columns, size_t n)
{
	json_t *j = NULL;
	int r = fetch(c, s, recorder, &j);

	if (r == EXIT_GOOD)
		show(c, j, columns, n);
	json_decref(j);
	return r;
}

int cmd_recorder_checks(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID" };
	const char *id = NULL;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &id, names, 0, 1);

	if (r != EXIT_GOOD)
		return r;
	return list(c, STATEMENT_RECORDER_CHECKS, id, check_columns, COUNT(check_columns));
}

int cmd_recorder_cleared(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID" };
	const char *id = NULL;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &id, names, 1, 1);

	if (r != EXIT_GOOD)
		return r;
	return list(c, STATEMENT_RECORDER_CLEARED, id, cleared_columns, COUNT(cleared_columns));
}

int cmd_session_list(struct ctl *c, int argc, char **argv)
{
	const char *recorder = NULL;
	const struct option_spec options[] = { { "--recorder", &recorder, NULL } };
	json_t *j = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_supervisor");
	if (r != EXIT_GOOD)
		return r;
	const char *const params[] = { recorder, NULL, LIST_MAX };
	r = ctl_query(c, STATEMENT_SESSION_LIST, params, COUNT(params), &j);
	if (r == EXIT_GOOD && json_array_size(j) == 0)
		r = ctl_check_scope(c, recorder, NULL);
	if (r == EXIT_GOOD)
		show(c, j, session_columns, COUNT(session_columns));
	json_decref(j);
	return r;
}

/* The newest ledger of which no part is missing; NULL: there is none.  Borrowed. */
static json_t *newest_whole(const json_t *inventories)
{
	json_t *one;
	size_t i;

	json_array_foreach(inventories, i, one)
		if (json_is_true(json_object_get(one, "complete")))
			return one;
	return NULL;
}

static int add_entries(struct ctl *c, json_t *inventory)
{
	const char *const params[] = { json_string_value(json_object_get(inventory, "session")) };
	json_t *rows = NULL;
	int r = ctl_query(c, STATEMENT_INVENTORY_ENTRIES, params, COUNT(params), &rows);

	if (r == EXIT_GOOD)
		json_object_set(inventory, "entries",
				json_object_get(json_array_get(rows, 0), "entries"));
	json_decref(rows);
	return r;
}

/* Line by line, each as a terminal may have it. */
static void print_entries(const char *text)
{
	AUTO(buf_clear) struct buf line = BUF_INIT(1024 * 1024);
	AUTO(buf_clear) struct buf shown = BUF_INIT(4 * 1024 * 1024);
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		buf_reset(&line);
		buf_reset(&shown);
		buf_add(&line, text, len);
		text_add_shown(&shown, line.failed ? "?" : buf_str(&line));
		printf("%s\n", shown.failed ? "?" : buf_str(&shown));
	}
}

static void print_ledger(const json_t *inventory, const char *id)
{
	static const struct column listed = { C_CHECKED, "listed_at", CELL_MOMENT };
	const char *entries = json_string_value(json_object_get(inventory, "entries"));
	char at[CELL_MAX];

	say(stdout, T_LEDGER, id, cell_text(inventory, &listed, at),
	    (long long)json_integer_value(json_object_get(inventory, "files")));
	if (entries != NULL)
		print_entries(entries);
}

int cmd_recorder_inventory(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID" };
	const char *id = NULL;
	json_t *all = NULL, *one = NULL;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &id, names, 1, 1);

	if (r == EXIT_GOOD)
		r = fetch(c, STATEMENT_RECORDER_INVENTORIES, id, &all);
	if (r == EXIT_GOOD)
		one = newest_whole(all);
	if (one != NULL)
		r = add_entries(c, one);
	if (r == EXIT_GOOD && one != NULL)
		r = ctl_view(c, "recorder inventory", json_pack("[s+, s+]", "recorder:", id, "session:",
			json_string_value(json_object_get(one, "session"))));
	if (r == EXIT_GOOD && c->json && one == NULL)
		printf("null\n");
	else if (r == EXIT_GOOD && c->json)
		ctl_print_json(one);
	else if (r == EXIT_GOOD && one == NULL)
		say(stdout, T_NO_LEDGER, id);
	else if (r == EXIT_GOOD)
		print_ledger(one, id);
	json_decref(all);
	return r;
}
