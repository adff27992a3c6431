/* vaultctl recorder: who may dock, with which key, for whom, and why. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "ctl.h"
#include "dock_client.h"
#include "entry.h"
#include "format/minisign.h"
#include "table.h"

static const struct column list_columns[] = {
	{ C_RECORDER, "recorder", CELL_TEXT },
	{ C_STATE, "state", CELL_WORD },
	{ C_VID, "vid", CELL_TEXT },
	{ C_PID, "pid", CELL_TEXT },
	{ C_SERIAL, "serial", CELL_TEXT },
	{ C_OFFICER, "officer", CELL_TEXT },
	{ C_UNIT, "unit", CELL_TEXT },
	{ C_KEYS, "keys", CELL_NUMBER },
	{ C_BATTERY, "battery", CELL_PERCENT },
	{ C_FREE, "free", CELL_BYTES },
	{ C_CLOCK_OFFSET, "clock_offset_ms", CELL_OFFSET },
	{ C_CHECKED, "checked_at", CELL_MOMENT },
	{ C_ENROLLED, "enrolled_at", CELL_MOMENT },
	{ C_REASON, "reason", CELL_TEXT },
};
/* One recorder has room for more. */
static const struct column state_columns[] = {
	{ C_DOCKED, "last_docked_at", CELL_MOMENT },
	{ C_UNDOCKED, "last_undocked_at", CELL_MOMENT },
	{ C_PHASE, "check_phase", CELL_WORD },
	{ C_CAPACITY, "capacity", CELL_BYTES },
	{ C_UNCERTAINTY, "clock_uncertainty_ms", CELL_OFFSET },
	{ C_FAULTS, "faults", CELL_LIST },
};
static const struct column assignment_columns[] = {
	{ C_RECORDER, "recorder", CELL_TEXT },
	{ C_OFFICER, "officer", CELL_TEXT },
	{ C_UNIT, "unit", CELL_TEXT },
	{ C_ISSUED, "issued_at", CELL_MOMENT },
	{ C_RETURNED, "returned_at", CELL_MOMENT },
	{ C_REASON, "reason", CELL_TEXT },
};
static const struct column key_columns[] = {
	{ C_KEY, "key_id", CELL_TEXT },
	{ C_FROM, "valid_from", CELL_MOMENT },
	{ C_TO, "valid_to", CELL_MOMENT },
	{ C_REVOKED, "revoked_at", CELL_MOMENT },
	{ C_REASON, "reason", CELL_TEXT },
};

bool usb_identity_parse(const char *s, struct usb_identity *ret)
{
	static const char hex[] = "0123456789abcdefABCDEF";
	const char *serial = "";

	if (strspn(s, hex) != 4 || s[4] != ':' || strspn(s + 5, hex) != 4)
		return false;
	if (s[9] == ':')
		serial = s + 10;
	if (s[9] != '\0' && (serial[0] == '\0' || strlen(serial) >= sizeof(ret->serial)))
		return false;
	snprintf(ret->vid, sizeof(ret->vid), "%lu", strtoul(s, NULL, 16));
	snprintf(ret->pid, sizeof(ret->pid), "%lu", strtoul(s + 5, NULL, 16));
	snprintf(ret->serial, sizeof(ret->serial), "%s", serial);
	return true;
}

bool key_id_parse(const char *s, char ret[17])
{
	size_t len = strlen(s);

	if (len < 1 || len > 16 || strspn(s, "0123456789abcdefABCDEF") != len)
		return false;
	snprintf(ret, 17, "%016llX", strtoull(s, NULL, 16));
	return true;
}

struct key_text {
	char id[17];
	char hex[65];
};

static int read_key(const char *path, struct key_text *ret)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(MINISIGN_FILE_MAX);
	struct minisign_public_key key;
	struct err e = { 0 };
	size_t i;

	if (file_read(path, &b, &e) < 0)
		return ctl_fail(&e, EXIT_USAGE);
	if (minisign_parse_public_key(b.p, b.len, &key, &e) < 0) {
		err_prefix(&e, "%s", path);
		return ctl_fail(&e, EXIT_USAGE);
	}
	minisign_id_text(key.id, ret->id);
	for (i = 0; i < sizeof(key.key); i++)
		snprintf(ret->hex + 2 * i, 3, "%02x", key.key[i]);
	return EXIT_GOOD;
}

/* One recorder with its keys; JSON null when there is none. */
static int fetch(struct ctl *c, const char *id, json_t **ret)
{
	const char *const params[] = { id };
	json_t *list = NULL, *keys = NULL, *one;
	int r = ctl_query(c, STATEMENT_RECORDER_LIST, params, COUNT(params), &list);

	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_RECORDER_KEYS, params, COUNT(params), &keys);
	if (r == EXIT_GOOD) {
		one = json_array_get(list, 0);
		if (one != NULL)
			json_object_set(one, "key_list", keys);
		*ret = one == NULL ? json_null() : json_incref(one);
	}
	json_decref(list);
	json_decref(keys);
	return r;
}

/*
 * Run a change as the admin, or only ask whether it would be refused.  With
 * --json print the recorder as it is then.  EXIT_GOOD and *ret_done: it is for
 * the caller to say what was done.
 */
static int change(struct ctl *c, enum catalog_statement s, const char *const *params, size_t n,
		  const char *recorder, bool dry_run, bool *ret_done)
{
	json_t *j = NULL;
	int r = ctl_open_catalog(c, "dv_admin");

	*ret_done = false;
	if (r == EXIT_GOOD)
		r = dry_run ? ctl_try(c, s, params, n) : ctl_query(c, s, params, n, &j);
	json_decref(j);
	if (r != EXIT_GOOD)
		return r;
	*ret_done = !dry_run && !c->json;
	if (dry_run)
		say(c->json ? stderr : stdout, T_DRY_RUN);
	if (!c->json)
		return r;
	r = fetch(c, recorder, &j);
	if (r == EXIT_GOOD) {
		ctl_print_json(j);
		json_decref(j);
	}
	return r;
}

/* The USB identity of what is docked in a slot, enrolled or not, as --usb takes it. */
static int identity_at(struct ctl *c, const char *name, char ret_usb[160])
{
	const char *vid, *pid, *serial = "";
	struct dock_client d;
	json_t *answer = NULL;
	struct err e = { 0 };
	int r;

	if ((r = ctl_open_conf(c)) != EXIT_GOOD)
		return r;
	r = dock_client_open(&d, c->conf.control, "list", NULL, &e);
	if (r == 0)
		r = dock_client_next(&d, &answer, &e);
	dock_client_close(&d);
	if (r <= 0) {
		say(stderr, T_NO_DOCKD, c->conf.control, e.msg);
		return EXIT_AWAY;
	}
	r = json_unpack(dock_client_slot(answer, name), "{s:{s:s, s:s, s?s}}", "usb", "vid", &vid,
			"pid", &pid, "serial", &serial);
	if (r == 0)
		snprintf(ret_usb, 160, "%s:%s%s%s", vid, pid, serial[0] != '\0' ? ":" : "",
			 serial);
	json_decref(answer);
	return r == 0 ? EXIT_GOOD : ctl_usage(T_SLOT_NOTHING, name);
}

int cmd_recorder_enroll(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID" };
	const char *id = NULL, *usb = NULL, *key_path = NULL, *officer = NULL, *unit = NULL;
	const char *reason = NULL, *slot = NULL;
	bool dry_run = false, done;
	const struct option_spec options[] = {
		{ "--usb", &usb, NULL }, { "--from-slot", &slot, NULL },
		{ "--key", &key_path, NULL },
		{ "--officer", &officer, NULL }, { "--unit", &unit, NULL },
		{ "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run },
	};
	struct usb_identity identity;
	struct key_text key = { "", "" };
	char found[160];
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &id, names, 1, 1);

	if (r != EXIT_GOOD || (r = ctl_check_id(id)) != EXIT_GOOD ||
	    (r = ctl_check_id(officer)) != EXIT_GOOD || (r = ctl_check_id(unit)) != EXIT_GOOD ||
	    (r = ctl_check_reason(reason)) != EXIT_GOOD)
		return r;
	if (slot != NULL && usb != NULL)
		return ctl_usage(T_TOO_MANY, "--from-slot");
	if (slot != NULL) {
		r = identity_at(c, slot, found);
		if (r != EXIT_GOOD)
			return r;
		usb = found;
	}
	if (usb == NULL || !usb_identity_parse(usb, &identity)) {
		say(stderr, T_BAD_USB, usb == NULL ? "--usb" : usb);
		return EXIT_USAGE;
	}
	if (key_path != NULL && (r = read_key(key_path, &key)) != EXIT_GOOD)
		return r;
	const char *const params[] = {
		id, identity.vid, identity.pid, identity.serial, officer, unit, reason, ctl_person(),
		key_path == NULL ? NULL : key.id, key_path == NULL ? NULL : key.hex,
	};
	r = change(c, STATEMENT_ENROLL, params, COUNT(params), id, dry_run, &done);
	if (done)
		say(stdout, T_ENROLLED, id);
	return r;
}

int cmd_recorder_issue(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID" };
	const char *id = NULL, *officer = NULL, *reason = NULL;
	bool dry_run = false, done;
	const struct option_spec options[] = {
		{ "--officer", &officer, NULL }, { "--reason", &reason, NULL },
		{ "--dry-run", NULL, &dry_run },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &id, names, 1, 1);

	if (r != EXIT_GOOD || (r = ctl_check_id(officer)) != EXIT_GOOD ||
	    (r = ctl_check_reason(reason)) != EXIT_GOOD)
		return r;
	if (officer == NULL)
		return ctl_usage(T_TOO_FEW, "--officer");
	const char *const params[] = { id, officer, reason };
	r = change(c, STATEMENT_RECORDER_ISSUE, params, COUNT(params), id, dry_run, &done);
	if (done)
		say(stdout, T_ISSUED, id, officer);
	return r;
}

int cmd_recorder_return(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID" };
	const char *id = NULL, *reason = NULL;
	bool dry_run = false, done;
	const struct option_spec options[] = {
		{ "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &id, names, 1, 1);

	if (r != EXIT_GOOD || (r = ctl_check_reason(reason)) != EXIT_GOOD)
		return r;
	const char *const params[] = { id, reason };
	r = change(c, STATEMENT_RECORDER_RETURN, params, COUNT(params), id, dry_run, &done);
	if (done)
		say(stdout, T_RETURNED, id);
	return r;
}

/* What happened to it, as who answers for it reports: a finding of its own. */
static int report(struct ctl *c, int argc, char **argv, const char *kind, enum text_id said)
{
	static const char *const names[] = { "ID" };
	const char *params[] = { NULL, kind, NULL, NULL };
	bool dry_run = false;
	const struct option_spec options[] = {
		{ "--reason", &params[2], NULL }, { "--attach", &params[3], NULL },
		{ "--dry-run", NULL, &dry_run },
	};
	json_t *row = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), params, names, 1, 1);

	if (r == EXIT_GOOD && (r = ctl_check_id(params[0])) == EXIT_GOOD)
		r = ctl_check_reason(params[2]);
	if (r == EXIT_GOOD && params[3] != NULL && !ctl_is_uuid(params[3]))
		r = ctl_usage(T_NO_SEGMENT, params[3]);
	if (r == EXIT_GOOD)
		r = entry_run(c, STATEMENT_RECORDER_REPORT, params, COUNT(params), dry_run, &row);
	if (r == EXIT_GOOD && !dry_run && c->json)
		ctl_print_json(row);
	else if (r == EXIT_GOOD && !dry_run)
		say(stdout, said, params[0]);
	json_decref(row);
	return r;
}

int cmd_recorder_damaged(struct ctl *c, int argc, char **argv)
{
	return report(c, argc, argv, "damaged", T_REPORTED_DAMAGED);
}

int cmd_recorder_lost(struct ctl *c, int argc, char **argv)
{
	return report(c, argc, argv, "lost", T_REPORTED_LOST);
}

int cmd_recorder_history(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID" };
	const char *id = NULL;
	json_t *rows = NULL;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &id, names, 1, 1);
	const char *const params[] = { id };

	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_supervisor");
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_RECORDER_ASSIGNMENTS, params, COUNT(params), &rows);
	if (r == EXIT_GOOD && json_array_size(rows) == 0)
		r = ctl_check_scope(c, id, NULL);
	if (r == EXIT_GOOD && c->json)
		ctl_print_json(rows);
	else if (r == EXIT_GOOD)
		table_print(stdout, rows, assignment_columns, COUNT(assignment_columns));
	json_decref(rows);
	return r;
}

int cmd_recorder_retire(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID" };
	const char *id = NULL, *reason = NULL;
	bool dry_run = false, done;
	const struct option_spec options[] = {
		{ "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &id, names, 1, 1);

	if (r != EXIT_GOOD || (r = ctl_check_reason(reason)) != EXIT_GOOD)
		return r;
	const char *const params[] = { id, reason, ctl_person() };
	r = change(c, STATEMENT_RETIRE, params, COUNT(params), id, dry_run, &done);
	if (done)
		say(stdout, T_RETIRED, id);
	return r;
}

static int key_add(struct ctl *c, const char *id, const char *path, const char *reason,
		   bool dry_run)
{
	struct key_text key;
	bool done;
	int r = read_key(path, &key);

	if (r != EXIT_GOOD)
		return r;
	const char *const params[] = { id, key.id, key.hex, NULL, NULL, reason, ctl_person() };
	r = change(c, STATEMENT_KEY_ADD, params, COUNT(params), id, dry_run, &done);
	if (done)
		say(stdout, T_KEY_ADDED, id, key.id);
	return r;
}

static int key_revoke(struct ctl *c, const char *id, const char *key, const char *reason,
		      bool dry_run)
{
	char key_id[17];
	const char *const params[] = { id, key_id, NULL, reason, ctl_person() };
	bool done;
	int r;

	if (!key_id_parse(key, key_id))
		return ctl_usage(T_BAD_KEY_ID, key);
	r = change(c, STATEMENT_KEY_REVOKE, params, COUNT(params), id, dry_run, &done);
	if (done)
		say(stdout, T_KEY_REVOKED, key_id);
	return r;
}

int cmd_recorder_key(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID", "add|revoke", "FILE.pub|KEYID" };
	const char *words[3] = { NULL }, *reason = NULL;
	bool dry_run = false;
	const struct option_spec options[] = {
		{ "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), words, names, 3, 3);

	if (r != EXIT_GOOD || (r = ctl_check_reason(reason)) != EXIT_GOOD)
		return r;
	if (strcmp(words[1], "add") == 0)
		return key_add(c, words[0], words[2], reason, dry_run);
	if (strcmp(words[1], "revoke") == 0)
		return key_revoke(c, words[0], words[2], reason, dry_run);
	say(stderr, T_TOO_FEW, names[1]);
	return EXIT_USAGE;
}

/* Retired ones are out of sight unless asked for. */
static json_t *without_retired(const json_t *list)
{
	json_t *kept = json_array(), *row;
	size_t i;

	json_array_foreach(list, i, row)
		if (strcmp(json_string_value(json_object_get(row, "state")), "retired") != 0)
			json_array_append(kept, row);
	return kept;
}

int cmd_recorder_list(struct ctl *c, int argc, char **argv)
{
	static const char *const params[] = { NULL };
	bool all = false;
	const struct option_spec options[] = { { "--all", NULL, &all } };
	json_t *list = NULL, *shown;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_supervisor");
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_RECORDER_LIST, params, COUNT(params), &list);
	if (r != EXIT_GOOD)
		return r;
	shown = all ? json_incref(list) : without_retired(list);
	if (c->json)
		ctl_print_json(shown);
	else
		table_print(stdout, shown, list_columns, COUNT(list_columns));
	json_decref(shown);
	json_decref(list);
	return EXIT_GOOD;
}

int cmd_recorder_show(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID" };
	const char *id = NULL;
	json_t *j = NULL, *row;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &id, names, 1, 1);

	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_supervisor");
	if (r == EXIT_GOOD)
		r = fetch(c, id, &j);
	if (r != EXIT_GOOD)
		return r;
	if (json_is_null(j)) {
		say(stderr, T_NO_RECORDER, id);
		r = EXIT_USAGE;
	} else if (c->json) {
		ctl_print_json(j);
	} else {
		row = json_pack("[O]", j);
		table_print(stdout, row, list_columns, COUNT(list_columns));
		putchar('\n');
		table_print(stdout, row, state_columns, COUNT(state_columns));
		json_decref(row);
		putchar('\n');
		table_print(stdout, json_object_get(j, "key_list"), key_columns,
			    COUNT(key_columns));
	}
	json_decref(j);
	return r;
}
