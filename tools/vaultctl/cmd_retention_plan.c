/*
 * vaultctl retention plan, approve, reject, recall: what is to go, frozen and signed; and the people who
 * let it go or take it back.
 *
 * A plan is made, signed here and put in one transaction of the catalog: there is none that nobody signed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "disposal.h"
#include "entry.h"
#include "export.h"
#include "format/minisign.h"
#include "object.h"
#include "table.h"

enum { DOCUMENT_MAX = 1024 * 1024 };	/* dv.disposal_plan_signed.document */

static const char *field(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));

	return s != NULL ? s : "";
}

static long long number(const json_t *row, const char *key)
{
	return (long long)json_integer_value(json_object_get(row, key));
}

/* ------ making one ------ */

struct making {
	struct export x;
	const char *until, *unit, *reason;
	bool dry_run;
	struct buf document, signature;
	char key_id[17];
};

static int sign_plan(struct making *m, const json_t *made)
{
	const char *params[] = { field(made, "plan"), field(made, "document"), NULL, m->key_id };
	json_t *rows = NULL;
	char comment[128];
	int r;

	snprintf(comment, sizeof(comment), "dockvault disposal %s", params[0]);
	buf_add(&m->document, params[1], strlen(params[1]));
	r = export_sign(&m->x, &m->document, comment, &m->signature, m->key_id);
	if (r != EXIT_GOOD)
		return r;
	params[2] = buf_str(&m->signature);
	r = ctl_query(m->x.c, STATEMENT_DISPOSAL_SIGN, params, COUNT(params), &rows);
	json_decref(rows);
	return r;
}

static void tell_plan(const struct making *m, const json_t *made)
{
	char bytes[32];

	if (m->x.c->json) {
		json_t *j = json_pack("{s:O, s:O, s:O, s:O, s:b, s:s*, s:o*}", "plan", json_object_get(made, "plan"),
				      "objects", json_object_get(made, "objects"), "bytes", json_object_get(made, "bytes"),
				      "digest", json_object_get(made, "digest"), "dry_run", m->dry_run, "key_id",
				      m->key_id[0] != '\0' ? m->key_id : NULL, "document",
				      json_loads(field(made, "document"), 0, NULL));

		ctl_print_json(j);
		json_decref(j);
		return;
	}
	disposal_print_rules(made);
	say(stdout, m->dry_run ? T_PLAN_WOULD : T_PLAN_MADE, field(made, "plan"), number(made, "objects"),
	    bytes_text(number(made, "bytes"), bytes), field(made, "digest"));
}

/* In a transaction, which is taken back for a trial. */
static int make_plan(struct making *m)
{
	const char *const params[] = { m->until, m->unit, m->reason };
	struct catalog_sync *catalog = m->x.c->catalog;
	struct err e = { 0 };
	json_t *rows = NULL;
	int r;

	if (catalog_sync_begin(catalog, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	r = ctl_query(m->x.c, STATEMENT_DISPOSAL_PLAN, params, COUNT(params), &rows);
	if (r == EXIT_GOOD && !m->dry_run)
		r = sign_plan(m, json_array_get(rows, 0));
	if (r != EXIT_GOOD || m->dry_run)
		catalog_sync_rollback(catalog);
	else if (catalog_sync_commit(catalog, &e) < 0)
		r = ctl_fail(&e, EXIT_AWAY);
	if (r == EXIT_GOOD) {
		tell_plan(m, json_array_get(rows, 0));
		if (m->dry_run)
			say(m->x.c->json ? stderr : stdout, T_DRY_RUN);
	}
	json_decref(rows);
	return r;
}

/* ------ explaining ------ */

static const struct column explain_rules_zh[] = {
	{ C_RULE, "rule", CELL_TEXT }, { C_VERSION, "version", CELL_NUMBER }, { C_FITS, "fits", CELL_WORD },
	{ C_NOT_FOR, "not_for", CELL_WORD }, { C_WINS, "wins", CELL_WORD }, { C_UNTIL, "until", CELL_TEXT },
	{ C_KEEP, "keep", CELL_TEXT }, { C_TEXT_ZH, "text_zh", CELL_TEXT },
};
static const struct column explain_rules_en[] = {
	{ C_RULE, "rule", CELL_TEXT }, { C_VERSION, "version", CELL_NUMBER }, { C_FITS, "fits", CELL_WORD },
	{ C_NOT_FOR, "not_for", CELL_WORD }, { C_WINS, "wins", CELL_WORD }, { C_UNTIL, "until", CELL_TEXT },
	{ C_KEEP, "keep", CELL_TEXT }, { C_TEXT_EN, "text_en", CELL_TEXT },
};
static const struct column explain_cases[] = {
	{ C_CASE, "case", CELL_TEXT }, { C_CASE_KIND, "kind", CELL_WORD }, { C_ARCHIVED, "archived_on", CELL_TEXT },
};
static const struct column explain_holds[] = {
	{ C_HOLD, "hold", CELL_TEXT }, { C_KIND, "kind", CELL_WORD }, { C_SUBJECT, "subject", CELL_TEXT },
	{ C_REVIEW_ON, "review_on", CELL_TEXT },
};
static const struct column explain_plans[] = {
	{ C_PLAN, "plan", CELL_TEXT }, { C_STATE, "state", CELL_WORD }, { C_NUMBER, "number", CELL_NUMBER },
	{ C_RECOVERY, "recovery_ends_at", CELL_MOMENT }, { C_SPARED, "spared", CELL_WORD },
};

static void print_part(const json_t *j, const char *key, const struct column *columns, size_t n)
{
	const json_t *rows = json_object_get(j, key);

	if (json_array_size(rows) == 0)
		return;
	table_print(stdout, rows, columns, n);
	putchar('\n');
}

static const char *words_of(const json_t *list, char *ret, size_t size)
{
	const json_t *one;
	size_t i, n = 0;

	ret[0] = '\0';
	json_array_foreach(list, i, one)
		if (n < size)
			n += (size_t)snprintf(ret + n, size - n, "%s%s", i > 0 ? ", " : "", word(json_string_value(one)));
	return ret[0] != '\0' ? ret : text(T_NOTHING);
}

static void print_explained(const json_t *j)
{
	const bool zh = text_language_now() == LANG_ZH;
	const char *clock = json_string_value(json_object_get(j, "clock"));
	const json_t *disposed = json_object_get(j, "disposed"), *against = json_object_get(j, "against");
	char marks[256], words[512];

	say(stdout, T_EXPLAIN_HEAD, field(j, "segment"), field(j, "recorder"), field(j, "recording"),
	    word(field(j, "class")), words_of(json_object_get(j, "marks"), marks, sizeof(marks)), field(j, "stored_on"));
	putchar('\n');
	table_print(stdout, json_object_get(j, "rules"), zh ? explain_rules_zh : explain_rules_en,
		    COUNT(explain_rules_zh));
	putchar('\n');
	print_part(j, "cases", explain_cases, COUNT(explain_cases));
	print_part(j, "holds", explain_holds, COUNT(explain_holds));
	print_part(j, "plans", explain_plans, COUNT(explain_plans));
	if (json_is_object(disposed))
		say(stdout, T_EXPLAIN_DISPOSED, field(disposed, "plan"), field(disposed, "at"));
	else if (json_array_size(against) == 0)
		say(stdout, T_EXPLAIN_GOES, field(j, "due_on"));
	else
		say(stdout, T_EXPLAIN_STAYS, words_of(against, words, sizeof(words)),
		    json_is_string(json_object_get(j, "due_on")) ? field(j, "due_on") : "-");
	if (clock != NULL)
		say(stdout, T_EXPLAIN_CLOCK, clock);
}

/* A recording, or a blob, is what its segments are. */
static int explain(struct ctl *c, const char *object)
{
	json_t *found = json_array(), *rows = NULL, *all = json_array(), *one;
	const char *segment = object;
	size_t i;
	int r = ctl_open_catalog(c, "dv_supervisor");

	if (r == EXIT_GOOD && !ctl_is_uuid(object)) {
		json_decref(found);
		found = NULL;
		r = object_find(c, object, &found);
		if (r == EXIT_GOOD && json_array_size(found) == 0)
			r = ctl_usage(T_NO_OBJECT, object);
	} else if (r == EXIT_GOOD) {
		json_array_append_new(found, json_pack("{s:s}", "segment", object));
	}
	json_array_foreach(found, i, one) {
		segment = field(one, "segment");
		if (r != EXIT_GOOD || segment[0] == '\0')
			continue;
		r = ctl_query(c, STATEMENT_RETENTION_EXPLAIN, &segment, 1, &rows);
		if (r != EXIT_GOOD)
			continue;
		if (c->json)
			json_array_append(all, json_object_get(json_array_get(rows, 0), "explain"));
		else
			print_explained(json_object_get(json_array_get(rows, 0), "explain"));
		json_decref(rows);
	}
	if (r == EXIT_GOOD && c->json)
		ctl_print_json(json_array_size(all) == 1 ? json_array_get(all, 0) : all);
	json_decref(found);
	json_decref(all);
	return r;
}

int cmd_retention_plan(struct ctl *c, int argc, char **argv)
{
	struct making m = { .x.c = c, .document = BUF_INIT(DOCUMENT_MAX), .signature = BUF_INIT(MINISIGN_FILE_MAX) };
	const char *object = NULL;
	const struct option_spec options[] = {
		{ "--until", &m.until, NULL }, { "--unit", &m.unit, NULL }, { "--reason", &m.reason, NULL },
		{ "--dry-run", NULL, &m.dry_run }, { "--explain", &object, NULL },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r == EXIT_GOOD && object != NULL)
		return explain(c, object);
	if (r == EXIT_GOOD && m.until != NULL)
		r = ctl_check_day(m.until);
	if (r == EXIT_GOOD && (r = ctl_check_id(m.unit)) == EXIT_GOOD)
		r = ctl_check_reason(m.reason);
	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, NULL);
	if (r == EXIT_GOOD)
		r = make_plan(&m);
	export_clear(&m.x);
	buf_clear(&m.document);
	buf_clear(&m.signature);
	return r;
}

/* ------ deciding ------ */

static int tell_decided(struct ctl *c, const char *plan, const char *said)
{
	static const struct { const char *said; enum text_id text; } texts[] = {
		{ "approved_first", T_PLAN_APPROVED_FIRST }, { "approved", T_PLAN_APPROVED },
		{ "rejected", T_PLAN_REJECTED },
	};
	size_t i;

	if (c->json) {
		json_t *j = json_pack("{s:s, s:s}", "plan", plan, "said", said);

		ctl_print_json(j);
		json_decref(j);
	}
	for (i = 0; i < COUNT(texts); i++) {
		if (strcmp(said, texts[i].said) != 0)
			continue;
		if (!c->json)
			say(stdout, texts[i].text, plan);
		return EXIT_GOOD;
	}
	say(stderr, T_PLAN_CHANGED, plan);
	return EXIT_DAMAGE;
}

/*
 * Whoever approves has looked at what is there: the items, the signature, by this tool.  What is wrong is
 * told to the catalog all the same, which puts it on record.
 */
static int decide(struct ctl *c, int argc, char **argv, bool approved)
{
	static const char *const names[] = { "PLAN" };
	const char *plan = NULL, *reason = NULL;
	char digest[65] = "";
	bool dry_run = false;
	const struct option_spec options[] = { { "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run } };
	json_t *row = NULL, *said = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &plan, names, 1, 1), checked = EXIT_GOOD;

	if (r == EXIT_GOOD)
		r = ctl_check_reason(reason);
	if (r == EXIT_GOOD && (r = ctl_open_catalog(c, NULL)) == EXIT_GOOD)
		r = disposal_find(c, plan, &row);
	if (r == EXIT_GOOD && approved) {
		checked = disposal_check(c, row, digest);
		if (checked != EXIT_GOOD && checked != EXIT_DAMAGE)
			r = checked;
		else if (!c->json)
			disposal_print_rules(row);
	}
	if (r == EXIT_GOOD) {
		const char *const params[] = { plan, approved ? "true" : "false", reason,
					       checked == EXIT_DAMAGE ? "00" : digest };

		r = entry_run(c, STATEMENT_DISPOSAL_DECIDE, params, COUNT(params), dry_run, &said);
	}
	if (r == EXIT_GOOD && !dry_run)
		r = tell_decided(c, plan, field(said, "said"));
	if (r == EXIT_GOOD)
		r = checked;
	json_decref(said);
	json_decref(row);
	return r;
}

int cmd_retention_approve(struct ctl *c, int argc, char **argv)
{
	return decide(c, argc, argv, true);
}

int cmd_retention_reject(struct ctl *c, int argc, char **argv)
{
	return decide(c, argc, argv, false);
}

int cmd_retention_recall(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "PLAN", "OBJECT" };
	const char *words[2] = { NULL, NULL }, *reason = NULL;
	bool dry_run = false;
	const struct option_spec options[] = { { "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), words, names, 1, 2);

	if (r == EXIT_GOOD)
		r = ctl_check_reason(reason);
	if (r == EXIT_GOOD && !ctl_is_uuid(words[0]))
		r = ctl_usage(T_NO_PLAN, words[0]);
	if (r == EXIT_GOOD && words[1] != NULL && !ctl_is_uuid(words[1]))
		r = ctl_usage(T_NO_OBJECT, words[1]);
	if (r != EXIT_GOOD)
		return r;
	const char *const params[] = { words[0], words[1], reason };

	r = entry_run(c, STATEMENT_DISPOSAL_RECALL, params, COUNT(params), dry_run, NULL);
	if (r == EXIT_GOOD && !dry_run && !c->json)
		say(stdout, words[1] == NULL ? T_PLAN_RECALLED : T_PLAN_SPARED, words[0], words[1]);
	return r;
}
