/* vaultctl class, grant: of which class evidence is (Art. 37), and who was given leave to read it. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "ctl.h"
#include "entry.h"
#include "object.h"
#include "table.h"

static const struct column class_columns[] = {
	{ C_CLASS, "class", CELL_WORD },
	{ C_SUBJECT_KIND, "kind", CELL_WORD },
	{ C_SUBJECT, "subject", CELL_TEXT },
	{ C_BY, "by", CELL_TEXT },
	{ C_ENTERED, "entered_at", CELL_MOMENT },
	{ C_REASON, "reason", CELL_TEXT },
};

static const struct column lowering_columns[] = {
	{ C_PROPOSAL, "lowering", CELL_TEXT },
	{ C_SUBJECT_KIND, "kind", CELL_WORD },
	{ C_SUBJECT, "subject", CELL_TEXT },
	{ C_CLASS, "class", CELL_WORD },
	{ C_BY, "by", CELL_TEXT },
	{ C_REASON, "reason", CELL_TEXT },
};

static const struct column history_columns[] = {
	{ C_VERSION, "revision", CELL_NUMBER },
	{ C_CLASS, "class", CELL_WORD },
	{ C_BY, "by", CELL_TEXT },
	{ C_ENTERED, "entered_at", CELL_MOMENT },
	{ C_REASON, "reason", CELL_TEXT },
};

static const struct column follows_columns[] = {
	{ C_SUBJECT_KIND, "kind", CELL_WORD },
	{ C_SUBJECT, "subject", CELL_TEXT },
	{ C_CLASS, "class", CELL_WORD },
};

static const struct column grant_columns[] = {
	{ C_GRANT, "read_grant", CELL_TEXT },
	{ C_LOGIN, "login", CELL_TEXT },
	{ C_SUBJECT_KIND, "kind", CELL_WORD },
	{ C_SUBJECT, "subject", CELL_TEXT },
	{ C_CLASS, "class", CELL_WORD },
	{ C_UNTIL, "until", CELL_MOMENT },
	{ C_STATE, "state", CELL_WORD },
	{ C_BY, "by", CELL_TEXT },
	{ C_REASON, "reason", CELL_TEXT },
};

/*
 * "segment:UUID", "recording:RECORDER/UUID", "case:CASE"; of the first two the kind may be left out.
 * s is cut.  EXIT_USAGE, having said so: it is none of these.
 */
static int take_object(char *s, const char *ret[2])
{
	static const char *const kinds[] = { "segment", "recording", "case" };
	char *colon = strchr(s, ':');
	size_t i;

	if (colon == NULL && (ctl_is_uuid(s) || object_is_evidence(s)) && !object_is_blob(s)) {
		ret[0] = ctl_is_uuid(s) ? "segment" : "recording";
		ret[1] = s;
		return EXIT_GOOD;
	}
	for (i = 0; i < COUNT(kinds) && colon != NULL; i++) {
		if ((size_t)(colon - s) != strlen(kinds[i]) || strncmp(s, kinds[i], strlen(kinds[i])) != 0)
			continue;
		ret[0] = kinds[i];
		ret[1] = colon + 1;
		return EXIT_GOOD;
	}
	return ctl_usage(T_CLASS_OBJECT, s);
}

/* ------ classes ------ */

/* Of `set` and `lower`: the same words, another statement. */
static int classify(struct ctl *c, int argc, char **argv, enum catalog_statement s, enum text_id said)
{
	static const char *const names[] = { "KIND:SUBJECT", "CLASS" };
	const char *words[2] = { NULL }, *reason = NULL, *object[2];
	bool dry_run = false;
	const struct option_spec options[] = { { "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run } };
	json_t *row = NULL;
	char *copy = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), words, names, 2, 2);

	if (r == EXIT_GOOD)
		r = ctl_check_reason(reason);
	if (r == EXIT_GOOD)
		r = (copy = strdup(words[0])) != NULL ? take_object(copy, object) : EXIT_AWAY;
	if (r == EXIT_GOOD) {
		const char *const params[] = { object[0], object[1], words[1], reason };

		r = entry_run(c, s, params, COUNT(params), dry_run, &row);
	}
	if (r == EXIT_GOOD && !dry_run && c->json)
		ctl_print_json(row);
	else if (r == EXIT_GOOD && !dry_run && s == STATEMENT_CLASS_LOWER)
		say(stdout, said, words[0], word(words[1]), json_string_value(json_object_get(row, "lowering")));
	else if (r == EXIT_GOOD && !dry_run)
		say(stdout, said, words[0], word(words[1]));
	json_decref(row);
	free(copy);
	return r;
}

int cmd_class_set(struct ctl *c, int argc, char **argv)
{
	return classify(c, argc, argv, STATEMENT_CLASS_SET, T_CLASS_SET);
}

int cmd_class_lower(struct ctl *c, int argc, char **argv)
{
	return classify(c, argc, argv, STATEMENT_CLASS_LOWER, T_CLASS_LOWER);
}

int cmd_class_decide(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "PROPOSAL" };
	const char *id = NULL, *reason = NULL;
	bool dry_run = false, approve = false, reject = false;
	const struct option_spec options[] = {
		{ "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run },
		{ "--approve", NULL, &approve }, { "--reject", NULL, &reject },
	};
	json_t *row = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &id, names, 1, 1);

	if (r == EXIT_GOOD && approve == reject)
		r = ctl_usage(T_CLASS_ONE, "--approve, --reject");
	if (r == EXIT_GOOD)
		r = ctl_check_reason(reason);
	if (r == EXIT_GOOD && !ctl_is_uuid(id))
		r = ctl_usage(T_CLASS_NO_PROPOSAL, id);
	if (r != EXIT_GOOD)
		return r;
	const char *const params[] = { id, approve ? "true" : "false", reason };
	r = entry_run(c, STATEMENT_CLASS_DECIDE, params, COUNT(params), dry_run, &row);
	if (r == EXIT_GOOD && !dry_run && c->json)
		ctl_print_json(row);
	else if (r == EXIT_GOOD && !dry_run)
		say(stdout, approve ? T_CLASS_APPROVED : T_CLASS_REJECTED, id);
	json_decref(row);
	return r;
}

static void print_class(const json_t *j)
{
	const bool zh = text_language_now() == LANG_ZH;
	const struct column readers = { C_READERS, "readers", CELL_LIST };
	char who[CELL_MAX], shown[CELL_MAX];

	say(stdout, T_CLASS_IS, subject_word(json_string_value(json_object_get(j, "kind"))),
	    text_shown(json_string_value(json_object_get(j, "subject")), shown, sizeof(shown)),
	    word(json_string_value(json_object_get(j, "class"))));
	printf("%s\n", json_string_value(json_object_get(j, zh ? "text_zh" : "text_en")));
	say(stdout, T_CLASS_RULE, cell_text(j, &readers, who),
	    text(strcmp(json_string_value(json_object_get(j, "export")), "never") == 0 ? T_CLASS_NEVER :
		 strcmp(json_string_value(json_object_get(j, "export")), "owner") == 0 ? T_CLASS_OWNER :
		 T_CLASS_APPROVED_ONLY));
	if (json_integer_value(json_object_get(j, "unread")) > 0)
		say(stdout, T_CLASS_UNREAD, json_integer_value(json_object_get(j, "unread")),
		    json_integer_value(json_object_get(j, "segments")));
	if (json_array_size(json_object_get(j, "follows")) > 0) {
		printf("\n%s\n", text(T_CLASS_FOLLOWS));
		table_print(stdout, json_object_get(j, "follows"), follows_columns, COUNT(follows_columns));
	}
	printf("\n%s\n", text(T_CLASS_HISTORY));
	table_print(stdout, json_object_get(j, "history"), history_columns, COUNT(history_columns));
	if (json_array_size(json_object_get(j, "proposed")) == 0)
		return;
	printf("\n%s\n", text(T_CLASS_PROPOSED));
	table_print(stdout, json_object_get(j, "proposed"), lowering_columns, COUNT(lowering_columns));
}

int cmd_class_show(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "OBJECT" };
	const char *word = NULL, *object[2];
	json_t *rows = NULL, *shown;
	char *copy = NULL;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &word, names, 1, 1);

	if (r == EXIT_GOOD)
		r = (copy = strdup(word)) != NULL ? take_object(copy, object) : EXIT_AWAY;
	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_supervisor");
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_CLASS_SHOW, object, COUNT(object), &rows);
	shown = json_object_get(json_array_get(rows, 0), "shown");
	if (r == EXIT_GOOD && c->json)
		ctl_print_json(shown);
	else if (r == EXIT_GOOD)
		print_class(shown);
	json_decref(rows);
	free(copy);
	return r;
}

static int show_list(struct ctl *c, enum catalog_statement s, const char *const *params, size_t n,
		     const struct column *columns, size_t n_columns)
{
	json_t *j = NULL;
	int r = ctl_query(c, s, params, n, &j);

	if (r == EXIT_GOOD && c->json)
		ctl_print_json(j);
	else if (r == EXIT_GOOD)
		table_print(stdout, j, columns, n_columns);
	if (r == EXIT_GOOD)
		ctl_check_cut(j);
	json_decref(j);
	return r;
}

int cmd_class_list(struct ctl *c, int argc, char **argv)
{
	const char *class = NULL;
	bool proposed = false;
	const struct option_spec options[] = { { "--class", &class, NULL }, { "--proposed", NULL, &proposed } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r == EXIT_GOOD && class != NULL && !class_is_known(class))
		r = ctl_usage(T_CLASS_UNKNOWN, class);
	if (r != EXIT_GOOD || (r = ctl_open_catalog(c, "dv_supervisor")) != EXIT_GOOD)
		return r;
	const char *const which[] = { NULL, "proposed" }, *const params[] = { class, LIST_MAX };

	return proposed ? show_list(c, STATEMENT_CLASS_LOWERINGS, which, COUNT(which), lowering_columns,
				    COUNT(lowering_columns)) :
			  show_list(c, STATEMENT_CLASS_LIST, params, COUNT(params), class_columns,
				    COUNT(class_columns));
}

bool class_is_known(const char *class)
{
	static const char *const classes[] = { "public", "internal", "personal", "trade_secret",
					       "state_secret" };
	size_t i;

	for (i = 0; i < COUNT(classes); i++)
		if (strcmp(class, classes[i]) == 0)
			return true;
	return false;
}

int class_check_import(const char *class)
{
	if (class == NULL || strcmp(class, "internal") == 0 || strcmp(class, "personal") == 0 ||
	    strcmp(class, "trade_secret") == 0)
		return EXIT_GOOD;
	return ctl_usage(strcmp(class, "state_secret") == 0 ? T_CLASS_NO_SECRET :
			 strcmp(class, "public") == 0 ? T_CLASS_NO_PUBLIC : T_CLASS_UNKNOWN, class);
}

/* ------ leave to read ------ */

int cmd_grant_give(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "LOGIN", "KIND:SUBJECT" };
	const char *words[2] = { NULL }, *reason = NULL, *until = NULL, *object[2];
	bool dry_run = false;
	const struct option_spec options[] = {
		{ "--until", &until, NULL }, { "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run },
	};
	json_t *row = NULL;
	char *copy = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), words, names, 2, 2);

	if (r == EXIT_GOOD)
		r = ctl_check_id(words[0]);
	if (r == EXIT_GOOD)
		r = until == NULL ? ctl_usage(T_TOO_FEW, "--until") : ctl_check_day(until);
	if (r == EXIT_GOOD)
		r = ctl_check_reason(reason);
	if (r == EXIT_GOOD)
		r = (copy = strdup(words[1])) != NULL ? take_object(copy, object) : EXIT_AWAY;
	if (r == EXIT_GOOD) {
		const char *const params[] = { words[0], object[0], object[1], until, reason };

		r = entry_run(c, STATEMENT_GRANT_GIVE, params, COUNT(params), dry_run, &row);
	}
	if (r == EXIT_GOOD && !dry_run && c->json)
		ctl_print_json(row);
	else if (r == EXIT_GOOD && !dry_run)
		say(stdout, T_GRANT_GIVEN, words[0], words[1], until,
		    json_string_value(json_object_get(row, "read_grant")));
	json_decref(row);
	free(copy);
	return r;
}

int cmd_grant_end(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "GRANT" };
	const char *params[2] = { NULL };
	bool dry_run = false;
	const struct option_spec options[] = { { "--reason", &params[1], NULL }, { "--dry-run", NULL, &dry_run } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), params, names, 1, 1);

	if (r == EXIT_GOOD)
		r = ctl_check_reason(params[1]);
	if (r == EXIT_GOOD && !ctl_is_uuid(params[0]))
		r = ctl_usage(T_NO_GRANT, params[0]);
	if (r == EXIT_GOOD)
		r = entry_run(c, STATEMENT_GRANT_END, params, COUNT(params), dry_run, NULL);
	if (r == EXIT_GOOD && !dry_run && !c->json)
		say(stdout, T_GRANT_ENDED, params[0]);
	return r;
}

int cmd_grant_list(struct ctl *c, int argc, char **argv)
{
	const char *login = NULL;
	bool all = false;
	const struct option_spec options[] = { { "--login", &login, NULL }, { "--all", NULL, &all } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r != EXIT_GOOD || (r = ctl_check_id(login)) != EXIT_GOOD ||
	    (r = ctl_open_catalog(c, "dv_supervisor")) != EXIT_GOOD)
		return r;
	const char *const params[] = { login, all ? NULL : "given", LIST_MAX };
	return show_list(c, STATEMENT_GRANT_LIST, params, COUNT(params), grant_columns, COUNT(grant_columns));
}
