/* vaultctl dock: what dockd sees, slot by slot. */
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "ctl.h"
#include "dock_client.h"
#include "table.h"

static const struct column slot_columns[] = {
	{ C_SLOT, "slot", CELL_TEXT },
	{ C_STATE, "state", CELL_WORD },
	{ C_RECORDER, "recorder", CELL_TEXT },
	{ C_PROGRESS, "progress", CELL_TEXT },
	{ C_FILES, "files", CELL_TEXT },
	{ C_NOTE, "note", CELL_TEXT },
};

/* "12.0 MiB / 80.0 MiB" and "3 / 9", for people. */
static void add_progress(json_t *slot)
{
	const json_t *total = json_object_get(slot, "bytes_total");
	char done[32], all[32], both[80];

	if (!json_is_integer(total) || json_integer_value(total) == 0)
		return;
	snprintf(both, sizeof(both), "%s / %s",
		 bytes_text(json_integer_value(json_object_get(slot, "bytes_done")), done),
		 bytes_text(json_integer_value(total), all));
	json_object_set_new(slot, "progress", json_string(both));
	snprintf(both, sizeof(both), "%lld / %lld",
		 (long long)json_integer_value(json_object_get(slot, "files_done")),
		 (long long)json_integer_value(json_object_get(slot, "files_total")));
	json_object_set_new(slot, "files", json_string(both));
}

/*
 * What the person at the slot does next.  dockd's own note is technical and in
 * English: it follows where it says what to repair.
 */
static void add_advice(json_t *slot)
{
	static const struct { const char *state; enum text_id advice; bool note; } advices[] = {
		{ "refused", T_SLOT_REFUSED, false },
		{ "unassigned", T_SLOT_UNASSIGNED, false },
		{ "paused", T_SLOT_PAUSED, true },
		{ "fault", T_SLOT_FAULT, true },
	};
	const char *state = json_string_value(json_object_get(slot, "state"));
	const char *note = json_string_value(json_object_get(slot, "note"));
	char both[CELL_MAX] = "";
	size_t i;

	for (i = 0; state != NULL && i < COUNT(advices); i++)
		if (strcmp(state, advices[i].state) == 0)
			snprintf(both, sizeof(both), "%s%s%s", text(advices[i].advice),
				 advices[i].note ? ": " : "",
				 advices[i].note && note != NULL ? note : "");
	if (state != NULL && strcmp(state, "safe") == 0 &&
	    json_is_false(json_object_get(slot, "recorded")))
		snprintf(both, sizeof(both), "%s", text(T_SLOT_STORED));
	json_object_set_new(slot, "note", both[0] == '\0' ? json_null() : json_string(both));
}

static void show(const struct ctl *c, const json_t *answer)
{
	json_t *slots = json_object_get(answer, "slots"), *slot;
	long long backlog = json_integer_value(json_object_get(answer, "backlog"));
	size_t i;

	if (c->json) {
		json_dumpf(answer, stdout, JSON_COMPACT);
		putchar('\n');
		fflush(stdout);
		return;
	}
	json_array_foreach(slots, i, slot) {
		add_progress(slot);
		add_advice(slot);
	}
	table_print(stdout, slots, slot_columns, COUNT(slot_columns));
	if (backlog > 0)
		say(stdout, T_BACKLOG, backlog);
	fflush(stdout);
}

static int dock(struct ctl *c, int argc, char **argv, const char *command, bool forever)
{
	struct dock_client d;
	struct err e = { 0 };
	json_t *answer;
	int r = ctl_arguments(c, argc, argv, NULL, 0, NULL, NULL, 0, 0);

	if (r == EXIT_GOOD)
		r = ctl_open_conf(c);
	if (r != EXIT_GOOD)
		return r;
	r = dock_client_open(&d, c->conf.control, command, NULL, &e);
	if (r == 0 && forever)
		dock_client_patient(&d);
	while (r >= 0 && (r = dock_client_next(&d, &answer, &e)) > 0) {
		show(c, answer);
		json_decref(answer);
		if (!forever)
			break;
	}
	dock_client_close(&d);
	if (r > 0)
		return EXIT_GOOD;
	say(stderr, T_NO_DOCKD, c->conf.control, e.msg);
	return EXIT_AWAY;
}

int cmd_dock_list(struct ctl *c, int argc, char **argv)
{
	return dock(c, argc, argv, "list", false);
}

int cmd_dock_watch(struct ctl *c, int argc, char **argv)
{
	return dock(c, argc, argv, "watch", true);
}
