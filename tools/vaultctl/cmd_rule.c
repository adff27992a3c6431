/* vaultctl rule: the rules and checklists, and how they are changed (docs/RULES.md). */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "ctl.h"
#include "table.h"

enum { PROPOSAL_FILE_MAX = 256 * 1024 };

static const struct column rule_columns_zh[] = {
	{ C_ARTICLE, "article", CELL_ARTICLE },
	{ C_WHAT, "what", CELL_WORD },
	{ C_CODE, "code", CELL_TEXT },
	{ C_VERSION, "version", CELL_NUMBER },
	{ C_SEVERITY, "severity", CELL_WORD },
	{ C_FROM_DAY, "valid_from", CELL_TEXT },
	{ C_TEXT_ZH, "text_zh", CELL_TEXT },
};

static const struct column rule_columns_en[] = {
	{ C_ARTICLE, "article", CELL_ARTICLE },
	{ C_WHAT, "what", CELL_WORD },
	{ C_CODE, "code", CELL_TEXT },
	{ C_VERSION, "version", CELL_NUMBER },
	{ C_SEVERITY, "severity", CELL_WORD },
	{ C_FROM_DAY, "valid_from", CELL_TEXT },
	{ C_TEXT_EN, "text_en", CELL_TEXT },
};

static const struct column version_columns[] = {
	{ C_WHAT, "what", CELL_WORD },
	{ C_VERSION, "version", CELL_NUMBER },
	{ C_FROM_DAY, "valid_from", CELL_TEXT },
	{ C_TO_DAY, "valid_to", CELL_TEXT },
	{ C_ARTICLE, "article", CELL_ARTICLE },
	{ C_SEVERITY, "severity", CELL_WORD },
	{ C_BY, "proposed_by", CELL_TEXT },
	{ C_DECIDED_BY, "decided_by", CELL_TEXT },
	{ C_REASON, "reason", CELL_TEXT },
};

static const struct column proposal_columns[] = {
	{ C_PROPOSAL, "proposal", CELL_TEXT },
	{ C_WHAT, "what", CELL_WORD },
	{ C_CODE, "code", CELL_TEXT },
	{ C_FROM_DAY, "valid_from", CELL_TEXT },
	{ C_STATE, "state", CELL_WORD },
	{ C_BY, "by", CELL_TEXT },
	{ C_REASON, "reason", CELL_TEXT },
	{ C_DECIDED_BY, "decided_by", CELL_TEXT },
};

static const struct column change_columns[] = {
	{ C_NAME, "name", CELL_TEXT },
	{ C_WAS, "was", CELL_TEXT },
	{ C_BECOMES, "becomes", CELL_TEXT },
};

/* ------ looking ------ */

static int check_article(const char *s)
{
	unsigned long n;

	if (s == NULL)
		return EXIT_GOOD;
	n = strspn(s, "0123456789") == strlen(s) && strlen(s) <= 2 ? strtoul(s, NULL, 10) : 0;
	return n >= 1 && n <= 40 ? EXIT_GOOD : ctl_usage(T_BAD_ARTICLE, s);
}

static void print_rules(const json_t *rules)
{
	if (text_language_now() == LANG_ZH)
		table_print(stdout, rules, rule_columns_zh, COUNT(rule_columns_zh));
	else
		table_print(stdout, rules, rule_columns_en, COUNT(rule_columns_en));
}

static int list_proposals(struct ctl *c)
{
	const char *const params[] = { NULL, NULL, "proposed" };
	json_t *j = NULL;
	int r = ctl_query(c, STATEMENT_RULE_PROPOSALS, params, COUNT(params), &j);

	if (r == EXIT_GOOD && c->json)
		ctl_print_json(j);
	else if (r == EXIT_GOOD)
		table_print(stdout, j, proposal_columns, COUNT(proposal_columns));
	json_decref(j);
	return r;
}

static int print_markdown(struct ctl *c)
{
	json_t *j = NULL;
	int r = ctl_query(c, STATEMENT_RULE_ARTICLES, NULL, 0, &j);

	if (r == EXIT_GOOD && c->json)
		ctl_print_json(j);
	else if (r == EXIT_GOOD)
		regulation_print(stdout, j);
	json_decref(j);
	return r;
}

int cmd_rule_list(struct ctl *c, int argc, char **argv)
{
	const char *at = NULL, *article = NULL, *format = NULL;
	bool proposed = false;
	const struct option_spec options[] = {
		{ "--at", &at, NULL }, { "--article", &article, NULL }, { "--format", &format, NULL },
		{ "--proposed", NULL, &proposed },
	};
	json_t *j = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r == EXIT_GOOD && format != NULL && strcmp(format, "markdown") != 0)
		r = ctl_usage(T_BAD_RULE_FORMAT, format);
	if (r == EXIT_GOOD && at != NULL)
		r = ctl_check_day(at);
	if (r == EXIT_GOOD)
		r = check_article(article);
	if (r != EXIT_GOOD || (r = ctl_open_catalog(c, "dv_supervisor")) != EXIT_GOOD)
		return r;
	if (proposed)
		return list_proposals(c);
	if (format != NULL)
		return print_markdown(c);
	const char *const params[] = { at, article };
	r = ctl_query(c, STATEMENT_RULE_LIST, params, COUNT(params), &j);
	if (r == EXIT_GOOD && c->json)
		ctl_print_json(j);
	else if (r == EXIT_GOOD)
		print_rules(j);
	json_decref(j);
	return r;
}

/* Cells are text: values that are not are written out. */
static json_t *changes_shown(const json_t *changes)
{
	static const char *const keys[] = { "was", "becomes" };
	json_t *list = json_array(), *shown;
	const json_t *row, *v;
	char *text;
	size_t i, k;

	json_array_foreach(changes, i, row) {
		shown = json_copy((json_t *)(uintptr_t)row);
		for (k = 0; k < COUNT(keys); k++) {
			v = json_object_get(row, keys[k]);
			if (json_is_string(v) || json_is_null(v))
				continue;
			text = json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
			json_object_set_new(shown, keys[k], json_string(text == NULL ? "?" : text));
			free(text);
		}
		json_array_append_new(list, shown);
	}
	return list;
}

/* What a version would change, on standard output: a person approves what they have seen. */
static int show_changes(struct ctl *c, const json_t *proposal, json_t **ret)
{
	char *body = json_dumps(json_object_get(proposal, "body"), JSON_COMPACT | JSON_ENCODE_ANY);
	const char *const params[] = {
		json_string_value(json_object_get(proposal, "what")),
		json_string_value(json_object_get(proposal, "code")),
		json_string_value(json_object_get(proposal, "valid_from")), body,
	};
	json_t *shown;
	int r = ctl_query(c, STATEMENT_RULE_CHANGES, params, COUNT(params), ret);

	free(body);
	if (r != EXIT_GOOD || c->json)
		return r;
	shown = changes_shown(*ret);
	say(stdout, T_RULE_CHANGES, word(params[0]), params[1], params[2]);
	if (json_array_size(shown) == 0)
		say(stdout, T_RULE_SAME);
	else
		table_print(stdout, shown, change_columns, COUNT(change_columns));
	json_decref(shown);
	return r;
}

int cmd_rule_show(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "CODE" };
	const char *code = NULL;
	json_t *versions = NULL, *proposals = NULL, *changes;
	const json_t *p;
	size_t i;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &code, names, 1, 1);

	if (r != EXIT_GOOD || (r = ctl_open_catalog(c, "dv_supervisor")) != EXIT_GOOD)
		return r;
	const char *const params[] = { NULL, code, "proposed" };
	r = ctl_query(c, STATEMENT_RULE_VERSIONS, params + 1, 1, &versions);
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_RULE_PROPOSALS, params, COUNT(params), &proposals);
	if (r == EXIT_GOOD && json_array_size(versions) + json_array_size(proposals) == 0)
		r = ctl_usage(T_NO_RULE, code);
	if (r == EXIT_GOOD && c->json) {
		json_t *both = json_pack("{s:O, s:O}", "versions", versions, "proposals", proposals);

		ctl_print_json(both);
		json_decref(both);
	} else if (r == EXIT_GOOD) {
		table_print(stdout, versions, version_columns, COUNT(version_columns));
		printf("\n");
		print_rules(versions);
		json_array_foreach(proposals, i, p) {
			changes = NULL;
			printf("\n%s %s\n", text(T_RULE_PROPOSALS),
			       json_string_value(json_object_get(p, "proposal")));
			if (r == EXIT_GOOD)
				r = show_changes(c, p, &changes);
			json_decref(changes);
		}
	}
	json_decref(versions);
	json_decref(proposals);
	return r;
}

/* ------ changing ------ */

static int read_proposal(const char *path, json_t **ret)
{
	AUTO(buf_clear) struct buf b = { .max = PROPOSAL_FILE_MAX };
	struct err e = { 0 };
	json_error_t je;
	json_t *j;

	if (file_read(path, &b, &e) < 0)
		return ctl_fail(&e, EXIT_USAGE);
	j = json_loadb((const char *)b.p, b.len, JSON_REJECT_DUPLICATES, &je);
	if (j == NULL) {
		say(stderr, T_RULE_NOT_JSON, path, je.text);
		return EXIT_USAGE;
	}
	if (!json_is_string(json_object_get(j, "what")) || !json_is_string(json_object_get(j, "code")) ||
	    !json_is_string(json_object_get(j, "valid_from")) ||
	    !json_is_object(json_object_get(j, "body")) || json_object_size(j) != 4) {
		json_decref(j);
		return ctl_usage(T_RULE_SHAPE, path);
	}
	*ret = j;
	return EXIT_GOOD;
}

static void print_done(const struct ctl *c, json_t *done, json_t *changes, enum text_id id,
		       const char *what)
{
	if (c->json) {
		json_object_set(done, "changes", changes);
		ctl_print_json(done);
	} else {
		say(stdout, id, what);
	}
}

int cmd_rule_propose(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "FILE" };
	const char *path = NULL, *reason = NULL;
	bool dry_run = false;
	const struct option_spec options[] = {
		{ "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run },
	};
	json_t *j = NULL, *changes = NULL, *rows = NULL;
	char *body = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &path, names, 1, 1);

	if (r == EXIT_GOOD)
		r = ctl_check_reason(reason);
	if (r == EXIT_GOOD)
		r = read_proposal(path, &j);
	if (r == EXIT_GOOD)
		r = ctl_check_day(json_string_value(json_object_get(j, "valid_from")));
	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, NULL);
	if (r == EXIT_GOOD) {
		body = json_dumps(json_object_get(j, "body"), JSON_COMPACT);
		const char *const params[] = {
			json_string_value(json_object_get(j, "what")),
			json_string_value(json_object_get(j, "code")),
			json_string_value(json_object_get(j, "valid_from")), body, reason,
		};
		/* What is refused is not shown: what it would change cannot be said of it. */
		r = ctl_try(c, STATEMENT_RULE_PROPOSE, params, COUNT(params));
		if (r == EXIT_GOOD)
			r = show_changes(c, j, &changes);
		if (r == EXIT_GOOD && dry_run)
			print_done(c, j, changes, T_DRY_RUN, NULL);
		else if (r == EXIT_GOOD &&
			 (r = ctl_query(c, STATEMENT_RULE_PROPOSE, params, COUNT(params), &rows)) == EXIT_GOOD)
			print_done(c, json_array_get(rows, 0), changes, T_RULE_PROPOSED, json_string_value(
				json_object_get(json_array_get(rows, 0), "proposal")));
	}
	free(body);
	json_decref(rows);
	json_decref(changes);
	json_decref(j);
	return r;
}

static int decide(struct ctl *c, int argc, char **argv, bool approved)
{
	static const char *const names[] = { "PROPOSAL" };
	const char *id = NULL, *reason = NULL;
	bool dry_run = false;
	const struct option_spec options[] = {
		{ "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run },
	};
	json_t *found = NULL, *changes = NULL, *rows = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &id, names, 1, 1);

	if (r == EXIT_GOOD)
		r = ctl_check_reason(reason);
	if (r == EXIT_GOOD && !ctl_is_uuid(id))
		r = ctl_usage(T_NO_PROPOSAL, id);
	if (r != EXIT_GOOD || (r = ctl_open_catalog(c, NULL)) != EXIT_GOOD)
		return r;
	const char *const which[] = { id, NULL, NULL };
	const char *const params[] = { id, approved ? "true" : "false", reason };
	r = ctl_query(c, STATEMENT_RULE_PROPOSALS, which, COUNT(which), &found);
	if (r == EXIT_GOOD && json_array_size(found) == 0)
		r = ctl_usage(T_NO_PROPOSAL, id);
	if (r == EXIT_GOOD)
		r = ctl_try(c, STATEMENT_RULE_DECIDE, params, COUNT(params));
	if (r == EXIT_GOOD)
		r = show_changes(c, json_array_get(found, 0), &changes);
	if (r == EXIT_GOOD && !dry_run)
		r = ctl_query(c, STATEMENT_RULE_DECIDE, params, COUNT(params), &rows);
	if (r == EXIT_GOOD && !dry_run) {
		json_decref(found);	/* as it stands now */
		found = NULL;
		r = ctl_query(c, STATEMENT_RULE_PROPOSALS, which, COUNT(which), &found);
	}
	if (r == EXIT_GOOD)
		print_done(c, json_array_get(found, 0), changes,
			   dry_run ? T_DRY_RUN : approved ? T_RULE_APPROVED : T_RULE_REJECTED,
			   json_string_value(json_object_get(json_array_get(found, 0), "valid_from")));
	json_decref(found);
	json_decref(changes);
	json_decref(rows);
	return r;
}

int cmd_rule_approve(struct ctl *c, int argc, char **argv)
{
	return decide(c, argc, argv, true);
}

int cmd_rule_reject(struct ctl *c, int argc, char **argv)
{
	return decide(c, argc, argv, false);
}
