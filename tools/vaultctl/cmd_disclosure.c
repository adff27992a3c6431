/*
 * vaultctl disclosure: what is asked for, decided and received; the register.  The package is
 * cmd_disclosure_package.c's.
 */
#include <stdlib.h>
#include <string.h>

#include "age/age.h"
#include "base/buf.h"
#include "base/util.h"
#include "disclosure.h"
#include "entry.h"
#include "report_out.h"
#include "table.h"

static const char *text_of(const json_t *row, const char *column)
{
	return json_string_value(json_object_get(row, column));
}

int disclosure_find(struct ctl *c, const char *id, json_t **ret)
{
	const char *const params[] = { id, NULL, NULL };
	json_t *rows = NULL;
	int r = ctl_is_uuid(id) ? EXIT_GOOD : ctl_usage(T_NO_DISCLOSURE, id);

	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_DISCLOSURE_LIST, params, COUNT(params), &rows);
	if (r == EXIT_GOOD && json_array_size(rows) == 0)
		r = ctl_usage(T_NO_DISCLOSURE, id);
	if (r == EXIT_GOOD)
		*ret = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	return r;
}

/* ------ asking ------ */

/* Each that is not given out, and what to do. */
static void say_refusals(const json_t *rows)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		const char *why = text_of(row, "refused"), *segment = text_of(row, "segment");

		if (strcmp(why, "gone") == 0)
			say(stdout, T_DISCLOSURE_GONE, segment, text_of(row, "plan"));
		else
			say(stdout, strcmp(why, "never") == 0 ? T_DISCLOSURE_NEVER : T_DISCLOSURE_OWNER, segment,
			    word(text_of(row, "class")));
	}
}

/* What came of it: entered, or refused at once.  id NULL: of a dry run. */
static int conclude(struct ctl *c, const char *id, json_t *refused)
{
	json_t *j;

	if (c->json) {
		j = json_pack("{s:s*, s:b, s:O}", "disclosure", id, "refused", json_array_size(refused) > 0,
			      "refusals", refused);
		ctl_print_json(j);
		json_decref(j);
	} else if (json_array_size(refused) > 0) {
		if (id != NULL)
			say(stdout, T_DISCLOSURE_LAW, id);
		else
			say(stdout, T_DISCLOSURE_WOULD);
		say_refusals(refused);
	} else if (id != NULL) {
		say(stdout, T_DISCLOSURE_ASKED, id);
	}
	return json_array_size(refused) > 0 ? EXIT_FINDINGS : EXIT_GOOD;
}

static int would_be_refused(struct ctl *c, const struct entry *e)
{
	char *objects = json_dumps(json_object_get(e->a, "objects"), JSON_COMPACT);
	const char *const params[] = { objects,
				       json_is_true(json_object_get(e->a, "owner")) ? "true" : "false" };
	json_t *refused = NULL;
	int r = ctl_query(c, STATEMENT_DISCLOSURE_LOOK, params, COUNT(params), &refused);

	if (r == EXIT_GOOD)
		r = conclude(c, NULL, refused);
	json_decref(refused);
	free(objects);
	return r;
}

/* For whom it is to be sealed: a key, which is one, or a passphrase. */
static int check_recipient(struct entry *e)
{
	AUTO(buf_clear) struct buf head = BUF_INIT(AGE_HEAD_MAX);
	const char *key = text_of(e->a, "recipient");
	struct age_recipient recipient;
	struct age_seal *seal = NULL;
	struct err err = { 0 };
	int r;

	if ((key != NULL) == json_is_true(json_object_get(e->a, "passphrase")))
		return say(stderr, T_DISCLOSURE_FOR), EXIT_USAGE;
	json_object_del(e->a, "passphrase");
	if (key == NULL)
		return EXIT_GOOD;
	r = age_recipient_parse(key, strlen(key), &recipient, &err);
	if (r == 0)		/* nor one that everybody opens */
		r = age_seal_new(&recipient, 1, &head, &seal, &err);
	age_seal_free(seal);
	return r < 0 ? ctl_usage(T_DISCLOSURE_BAD_KEY, err.msg) : EXIT_GOOD;
}

static int take_objects(struct entry *e)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < ENTRY_WORDS_MAX && e->words[i] != NULL; i++)
		if (json_array_append_new(list, json_string(e->words[i])) < 0) {
			json_decref(list);
			return ctl_usage(T_BAD_TEXT, "OBJECT");
		}
	json_object_set_new(e->a, "objects", list);
	return EXIT_GOOD;
}

static int request(struct ctl *c, const struct entry *e)
{
	json_t *row = NULL, *refused = NULL;
	const char *id;
	int r = entry_put(c, STATEMENT_DISCLOSURE_REQUEST, e, &row);

	if (r == EXIT_GOOD && e->dry_run)
		r = would_be_refused(c, e);
	else if (r == EXIT_GOOD) {
		id = text_of(row, "disclosure");
		const char *const params[] = { id, "true" };

		r = ctl_query(c, STATEMENT_DISCLOSURE_OBJECTS, params, COUNT(params), &refused);
		if (r == EXIT_GOOD)
			r = conclude(c, id, refused);
	}
	json_decref(row);
	json_decref(refused);
	return r;
}

int cmd_disclosure_request(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "OBJECT" };
	static const struct entry_option options[] = {
		{ "--asked-by", "asked_by", ENTRY_TEXT }, { "--capacity", "capacity", ENTRY_TEXT },
		{ "--right", "right", ENTRY_TEXT }, { "--purpose", "purpose", ENTRY_TEXT },
		{ "--case", "case", ENTRY_TEXT }, { "--recipient", "recipient", ENTRY_TEXT },
		{ "--passphrase", "passphrase", ENTRY_ON }, { "--owner", "owner", ENTRY_ON },
		{ "--reason", "reason", ENTRY_REASON },
	};
	struct entry e = { .a = NULL };
	int r = entry_take(c, argc, argv, options, COUNT(options), names, 1, ENTRY_WORDS_MAX, NULL, &e);

	if (r == EXIT_GOOD)
		r = check_recipient(&e);
	if (r == EXIT_GOOD)
		r = take_objects(&e);
	if (r == EXIT_GOOD)
		r = request(c, &e);
	entry_clear(&e);
	return r;
}

/* ------ deciding, receiving ------ */

static int decide(struct ctl *c, const char *const params[4], const json_t *row, bool dry_run)
{
	char moment[CELL_MAX];
	static const struct column until = { C_EXPIRES, "expires_at", CELL_MOMENT };
	json_t *rows = NULL, *now = NULL;
	int r = ctl_try(c, STATEMENT_DISCLOSURE_DECIDE, params, 4);

	/* What is refused is not shown; a person approves what they have seen. */
	if (r == EXIT_GOOD && !c->json)
		r = disclosure_print(c, row);
	if (r == EXIT_GOOD && dry_run) {
		say(c->json ? stderr : stdout, T_DRY_RUN);
		return r;
	}
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_DISCLOSURE_DECIDE, params, 4, &rows);
	if (r == EXIT_GOOD && c->json && (r = disclosure_find(c, params[0], &now)) == EXIT_GOOD)
		ctl_print_json(now);
	else if (r == EXIT_GOOD && params[2] != NULL)
		say(stdout, T_DISCLOSURE_APPROVED, cell_text(json_array_get(rows, 0), &until, moment));
	else if (r == EXIT_GOOD)
		say(stdout, T_DISCLOSURE_REFUSED);
	json_decref(rows);
	json_decref(now);
	return r;
}

int cmd_disclosure_decide(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID" };
	const char *id = NULL, *until = NULL, *reason = NULL;
	bool approve = false, refuse = false, dry_run = false;
	const struct option_spec options[] = {
		{ "--approve", NULL, &approve }, { "--refuse", NULL, &refuse }, { "--until", &until, NULL },
		{ "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run },
	};
	json_t *row = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &id, names, 1, 1);

	if (r == EXIT_GOOD && (approve == refuse || approve != (until != NULL)))
		r = ctl_usage(T_DISCLOSURE_DECIDE_HOW, id);
	if (r == EXIT_GOOD)
		r = ctl_check_reason(reason);
	if (r == EXIT_GOOD && until != NULL)
		r = ctl_check_day(until);
	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, NULL);
	if (r == EXIT_GOOD)
		r = disclosure_find(c, id, &row);
	if (r == EXIT_GOOD) {
		const char *const params[4] = { id, approve ? "true" : "false", until, reason };

		r = decide(c, params, row, dry_run);
	}
	json_decref(row);
	return r;
}

int cmd_disclosure_receipt(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID" };
	static const struct entry_option options[] = {
		{ "--received-by", "received_by", ENTRY_TEXT }, { "--at", "received_at", ENTRY_TEXT },
		{ "--segment", "segment", ENTRY_TEXT },
	};
	struct entry e = { .a = NULL };
	int r = entry_take(c, argc, argv, options, COUNT(options), names, 1, 1, "disclosure", &e);

	if (r == EXIT_GOOD)
		r = entry_do(c, STATEMENT_DISCLOSURE_RECEIPT, &e, T_DISCLOSURE_RECEIVED, "disclosure");
	entry_clear(&e);
	return r;
}

/* ------ the register ------ */

static const struct column list_columns[] = {
	{ C_ENTERED, "entered_at", CELL_MOMENT },
	{ C_STATE, "state", CELL_WORD },
	{ C_ASKED_BY, "asked_by", CELL_TEXT },
	{ C_ASKED_AS, "capacity", CELL_WORD },
	{ C_OBJECTS, "objects", CELL_NUMBER },
	{ C_BY, "by", CELL_TEXT },
	{ C_DECIDED_BY, "decided_by", CELL_TEXT },
	{ C_EXPIRES, "expires_at", CELL_MOMENT },
	{ C_SEALED, "sealed_at", CELL_MOMENT },
	{ C_RECEIVED_BY, "received_by", CELL_TEXT },
	{ C_RECEIVED, "received_at", CELL_MOMENT },
	{ C_ID, "disclosure", CELL_TEXT },
};

/* All that the register has, for a spreadsheet. */
static const struct column csv_columns[] = {
	{ C_ID, "disclosure", CELL_TEXT },
	{ C_ENTERED, "entered_at", CELL_TEXT },
	{ C_STATE, "state", CELL_TEXT },
	{ C_ASKED_BY, "asked_by", CELL_TEXT },
	{ C_ASKED_AS, "capacity", CELL_TEXT },
	{ C_RIGHT, "right_of", CELL_TEXT },
	{ C_PURPOSE, "purpose", CELL_TEXT },
	{ C_CASE, "case", CELL_TEXT },
	{ C_OBJECTS, "objects", CELL_TEXT },
	{ C_REFUSED, "refused_objects", CELL_TEXT },
	{ C_REASON, "reason", CELL_TEXT },
	{ C_BY, "by", CELL_TEXT },
	{ C_DECIDED_BY, "decided_by", CELL_TEXT },
	{ C_APPROVED, "decided_at", CELL_TEXT },
	{ C_EXPIRES, "expires_at", CELL_TEXT },
	{ C_ATTEMPTS, "attempts", CELL_TEXT },
	{ C_SEALED, "sealed_at", CELL_TEXT },
	{ C_DIGEST, "sha256", CELL_TEXT },
	{ C_SIZE, "size", CELL_TEXT },
	{ C_RECIPIENT, "recipient", CELL_TEXT },
	{ C_RECEIVED_BY, "received_by", CELL_TEXT },
	{ C_RECEIVED, "received_at", CELL_TEXT },
	{ C_SEGMENT, "receipt", CELL_TEXT },
};

static const struct column asked_columns[] = {
	{ C_RIGHT, "right_of", CELL_TEXT }, { C_PURPOSE, "purpose", CELL_TEXT }, { C_REASON, "reason", CELL_TEXT },
	{ C_CASE, "case", CELL_TEXT }, { C_RECIPIENT, "recipient", CELL_TEXT },
};

static const struct column sealed_columns[] = {
	{ C_SEALED, "sealed_at", CELL_MOMENT }, { C_BY, "sealed_by", CELL_TEXT }, { C_SIZE, "size", CELL_BYTES },
	{ C_DIGEST, "sha256", CELL_TEXT }, { C_PATH, "path", CELL_TEXT },
};

static const struct column object_columns[] = {
	{ C_SEGMENT, "segment", CELL_TEXT }, { C_CLASS, "class", CELL_WORD }, { C_REFUSED, "refused", CELL_WORD },
	{ C_PLAN, "plan", CELL_TEXT },
};

static const struct column attempt_columns[] = {
	{ C_NUMBER, "number", CELL_NUMBER }, { C_ENTERED, "entered_at", CELL_MOMENT }, { C_BY, "by", CELL_TEXT },
	{ C_HOST, "host", CELL_TEXT }, { C_PATH, "path", CELL_TEXT }, { C_WHY, "failed", CELL_TEXT },
};

int cmd_disclosure_list(struct ctl *c, int argc, char **argv)
{
	const char *from = NULL, *to = NULL, *format = NULL;
	const struct option_spec options[] = { { "--from", &from, NULL }, { "--to", &to, NULL },
					       { "--format", &format, NULL } };
	const char *params[] = { NULL, NULL, NULL };
	enum report_format f = FORMAT_TABLE;
	json_t *j = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r == EXIT_GOOD)
		r = report_format(c, format, NULL, &f);
	if (r == EXIT_GOOD && f > FORMAT_CSV)
		r = ctl_usage(T_BAD_FORMAT, format);
	if (r == EXIT_GOOD)
		r = ctl_check_period(from, to);
	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, NULL);
	if (r != EXIT_GOOD)
		return r;
	params[1] = from;
	params[2] = to;
	r = ctl_query(c, STATEMENT_DISCLOSURE_LIST, params, COUNT(params), &j);
	if (r == EXIT_GOOD && f == FORMAT_JSON)
		ctl_print_json(j);
	else if (r == EXIT_GOOD && f == FORMAT_CSV)
		table_csv(stdout, j, csv_columns, COUNT(csv_columns));
	else if (r == EXIT_GOOD)
		table_print(stdout, j, list_columns, COUNT(list_columns));
	json_decref(j);
	return r;
}

/* Its objects and attempts. */
static int find_parts(struct ctl *c, const json_t *row, json_t **objects, json_t **attempts)
{
	const char *const params[] = { text_of(row, "disclosure"), NULL };
	int r = ctl_query(c, STATEMENT_DISCLOSURE_OBJECTS, params, COUNT(params), objects);

	return r == EXIT_GOOD ? ctl_query(c, STATEMENT_DISCLOSURE_ATTEMPTS, params, 1, attempts) : r;
}

int disclosure_print(struct ctl *c, const json_t *row)
{
	json_t *objects = NULL, *attempts = NULL, *one = json_array();
	int r = find_parts(c, row, &objects, &attempts);

	json_array_append(one, (json_t *)(uintptr_t)row);
	if (r == EXIT_GOOD) {
		table_print(stdout, one, list_columns, COUNT(list_columns));
		table_print(stdout, one, asked_columns, COUNT(asked_columns));
		if (text_of(row, "sha256") != NULL)
			table_print(stdout, one, sealed_columns, COUNT(sealed_columns));
		if (json_array_size(attempts) > 0)
			table_print(stdout, attempts, attempt_columns, COUNT(attempt_columns));
		table_print(stdout, objects, object_columns, COUNT(object_columns));
	}
	json_decref(objects);
	json_decref(attempts);
	json_decref(one);
	return r;
}

int cmd_disclosure_show(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID" };
	json_t *row = NULL, *objects = NULL, *attempts = NULL;
	const char *id = NULL;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &id, names, 1, 1);

	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, NULL);
	if (r == EXIT_GOOD)
		r = disclosure_find(c, id, &row);
	if (r == EXIT_GOOD && c->json)
		r = find_parts(c, row, &objects, &attempts);
	else if (r == EXIT_GOOD)
		r = disclosure_print(c, row);
	if (r == EXIT_GOOD && c->json) {
		json_object_set(row, "segments", objects);
		json_object_set(row, "tries", attempts);
		ctl_print_json(row);
	}
	json_decref(row);
	json_decref(objects);
	json_decref(attempts);
	return r;
}
