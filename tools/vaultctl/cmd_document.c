/* vaultctl document: the papers of a case, scanned or kept where somebody says. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "case_view.h"
#include "entry.h"
#include "import.h"
#include "table.h"

static int await_scan(struct ctl *c, const char *session, const char *id, char ret_segment[40])
{
	const char *const params[] = { session, id };
	int r = import_await(c, STATEMENT_SCAN_OF, params, COUNT(params), ret_segment);

	if (r == EXIT_AWAY)
		say(stderr, T_DOCUMENT_NO_SCAN, session);
	return r;
}

/* Bring the file and name it in the entry.  Of a trial nothing is brought. */
static int bring_file(struct ctl *c, struct entry *e, const char *reason)
{
	const struct import_what what = { .path = e->words[1], .case_id = e->words[0], .reason = reason };
	struct import_result came = { .again = false };
	char segment[40];
	int r = import_path(c, &what, &came);

	if (r == EXIT_GOOD)
		r = await_scan(c, came.session, e->words[0], segment);
	if (r == EXIT_GOOD)
		json_object_set_new(e->a, "segment", json_string(segment));
	return r;
}

/* What the entry is refused for is known before a file is brought: tried as paper alone. */
static int try_first(struct ctl *c, const struct entry *e)
{
	struct entry trial = { .a = json_deep_copy(e->a) };
	char *text;
	int r = ctl_open_catalog(c, NULL);

	if (json_object_get(trial.a, "kept_where") == NULL)
		json_object_set_new(trial.a, "kept_where", json_string("-"));
	text = json_dumps(trial.a, JSON_COMPACT);
	const char *const params[] = { text };

	if (r == EXIT_GOOD)
		r = ctl_try(c, STATEMENT_DOCUMENT_ADD, params, COUNT(params));
	free(text);
	entry_clear(&trial);
	return r;
}

int cmd_document_add(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "CASE", "FILE" };
	static const struct entry_option options[] = {
		{ "--kind", "kind", ENTRY_TEXT }, { "--title", "title", ENTRY_TEXT },
		{ "--number", "number", ENTRY_TEXT }, { "--made", "made_at", ENTRY_TEXT },
		{ "--kept-where", "kept_where", ENTRY_TEXT }, { "--segment", "segment", ENTRY_TEXT },
		{ "--field", "fields", ENTRY_FIELDS }, { "--refusal", "refusal", ENTRY_TEXT },
		{ "--reason", "reason", ENTRY_REASON },
	};
	struct entry e = { .a = NULL };
	char reason[2048] = "";
	int r = entry_take(c, argc, argv, options, COUNT(options), names, 1, 2, "case", &e);

	if (r == EXIT_GOOD) {
		/* Of the import, which is what brings it into the house. */
		snprintf(reason, sizeof(reason), "%s",
			 json_string_value(json_object_get(e.a, "reason")));
		json_object_del(e.a, "reason");
	}
	if (r == EXIT_GOOD && e.words[1] != NULL && json_object_get(e.a, "segment") != NULL)
		r = ctl_usage(T_TOO_MANY, e.words[1]);
	if (r == EXIT_GOOD && e.words[1] != NULL)
		r = try_first(c, &e);
	if (r == EXIT_GOOD && e.words[1] != NULL && e.dry_run)
		say(c->json ? stderr : stdout, T_DRY_RUN);
	else if (r == EXIT_GOOD && (e.words[1] == NULL || (r = bring_file(c, &e, reason)) == EXIT_GOOD))
		r = entry_do(c, STATEMENT_DOCUMENT_ADD, &e, T_DOCUMENT_ADDED, "document");
	entry_clear(&e);
	return r;
}

int cmd_document_list(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "CASE" };
	const char *id = NULL;
	json_t *j = NULL;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &id, names, 1, 1);
	const char *const params[] = { id, NULL };

	if (r == EXIT_GOOD)
		r = case_look(c, "document list", id, NULL);
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_DOCUMENT_LIST, params, COUNT(params), &j);
	if (r == EXIT_GOOD && !c->json)
		case_words_documents(j);
	if (r == EXIT_GOOD)
		case_show_list(c, j, case_document_columns, case_document_columns_n);
	json_decref(j);
	return r;
}

static const char *const document_name[] = { "DOCUMENT" };

int cmd_document_sign(struct ctl *c, int argc, char **argv)
{
	static const struct entry_option options[] = {
		{ "--signer", "signer", ENTRY_TEXT }, { "--name", "name", ENTRY_TEXT },
		{ "--at", "signed_at", ENTRY_TEXT }, { "--refused", "refusal", ENTRY_TEXT },
	};
	struct entry e = { .a = NULL };
	bool refused;
	int r = entry_take(c, argc, argv, options, COUNT(options), document_name, 1, 1, "document", &e);

	if (r == EXIT_GOOD && !ctl_is_uuid(e.words[0]))
		r = ctl_usage(T_NO_DOCUMENT, e.words[0]);
	if (r == EXIT_GOOD) {
		refused = json_object_get(e.a, "refusal") != NULL;
		r = entry_put(c, refused ? STATEMENT_DOCUMENT_REFUSE : STATEMENT_DOCUMENT_SIGN, &e, NULL);
		if (r == EXIT_GOOD && !e.dry_run && !c->json)
			say(stdout, refused ? T_DOCUMENT_REFUSED : T_DOCUMENT_SIGNED, e.words[0]);
	}
	entry_clear(&e);
	return r;
}

int cmd_document_withdraw(struct ctl *c, int argc, char **argv)
{
	const char *params[2] = { NULL };
	bool dry_run = false;
	const struct option_spec options[] = { { "--reason", &params[1], NULL },
					       { "--dry-run", NULL, &dry_run } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), params, document_name, 1, 1);

	if (r == EXIT_GOOD)
		r = ctl_check_reason(params[1]);
	if (r == EXIT_GOOD && !ctl_is_uuid(params[0]))
		r = ctl_usage(T_NO_DOCUMENT, params[0]);
	if (r == EXIT_GOOD)
		r = entry_run(c, STATEMENT_DOCUMENT_WITHDRAW, params, COUNT(params), dry_run, NULL);
	if (r == EXIT_GOOD && !dry_run && !c->json)
		say(stdout, T_DOCUMENT_WITHDRAWN, params[0]);
	return r;
}
