/* vaultctl link, recording review: what recordings and documents belong to. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "case_view.h"
#include "entry.h"
#include "table.h"

static const struct { const char *option, *kind; } kinds[] = {
	{ "--recording", "recording" }, { "--segment", "segment" }, { "--document", "document" },
};

int cmd_link_add(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ACTION" };
	static const struct entry_option options[] = {
		{ "--recording", "recording", ENTRY_TEXT }, { "--segment", "segment", ENTRY_TEXT },
		{ "--document", "document", ENTRY_TEXT }, { "--reason", "why", ENTRY_REASON },
	};
	struct entry e = { .a = NULL };
	json_t *object;
	size_t i, n = 0;
	int r = entry_take(c, argc, argv, options, COUNT(options), names, 1, 1, "action", &e);

	if (r == EXIT_GOOD && !ctl_is_uuid(e.words[0]))
		r = ctl_usage(T_NO_ACTION, e.words[0]);
	for (i = 0; i < COUNT(kinds) && r == EXIT_GOOD; i++) {
		object = json_object_get(e.a, kinds[i].kind);
		if (object == NULL)
			continue;
		json_object_set(e.a, "object", object);
		json_object_set_new(e.a, "kind", json_string(kinds[i].kind));
		json_object_del(e.a, kinds[i].kind);
		n++;
	}
	if (r == EXIT_GOOD && n != 1)
		r = ctl_usage(T_LINK_ONE, "--recording, --segment, --document");
	if (r == EXIT_GOOD)
		r = entry_do(c, STATEMENT_LINK_ADD, &e, T_LINKED, "link");
	entry_clear(&e);
	return r;
}

int cmd_link_remove(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "LINK" };
	const char *params[2] = { NULL };
	bool dry_run = false;
	const struct option_spec options[] = { { "--reason", &params[1], NULL },
					       { "--dry-run", NULL, &dry_run } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), params, names, 1, 1);

	if (r == EXIT_GOOD)
		r = ctl_check_reason(params[1]);
	if (r == EXIT_GOOD && !ctl_is_uuid(params[0]))
		r = ctl_usage(T_NO_LINK, params[0]);
	if (r == EXIT_GOOD)
		r = entry_run(c, STATEMENT_LINK_REMOVE, params, COUNT(params), dry_run, NULL);
	if (r == EXIT_GOOD && !dry_run && !c->json)
		say(stdout, T_LINK_REMOVED, params[0]);
	return r;
}

/* ------ proposals ------ */

static const struct column proposal_columns[] = {
	{ C_ACTION, "action", CELL_TEXT },
	{ C_RECORDING, "object", CELL_TEXT },
	{ C_OFFICER, "reason.officer", CELL_TEXT },
	{ C_START, "reason.start_at", CELL_MOMENT },
	{ C_END, "reason.end_at", CELL_MOMENT },
	{ C_OVERLAP, "overlap_ms", CELL_DURATION },
	{ C_CLOCK_OFFSET, "reason.clock_offset_ms", CELL_OFFSET },
	{ C_CONFIDENCE, "confidence", CELL_NUMBER },
};

/* Why it was proposed, as a sentence in both languages: what is kept is read by others, too. */
static json_t *reason_sentence(const json_t *row, const char *reason)
{
	const json_t *why = json_object_get(row, "reason");
	const char *officer = json_string_value(json_object_get(why, "officer"));
	const json_t *offset = json_object_get(why, "clock_offset_ms");
	char overlap[32], clock[32] = "?";

	duration_text(json_integer_value(json_object_get(row, "overlap_ms")), overlap);
	if (json_is_integer(offset))
		offset_text(json_integer_value(offset), clock);
	return json_sprintf("%s | 同一执法人员 %s，重叠 %s，时钟偏差 %s | same officer %s, overlap %s, clock %s",
			    reason, officer, overlap, clock, officer, overlap, clock);
}

struct propose {
	const char *of;			/* a case or an action */
	const char *accept, *reason;
	bool dry_run;
};

/* One after the other: what is taken is taken, and one that is refused says why. */
static int accept_all(struct ctl *c, const struct propose *p, const json_t *rows)
{
	struct entry e = { .dry_run = p->dry_run };
	const char *object;
	const json_t *row;
	size_t i, taken = 0;
	int r = EXIT_GOOD;

	json_array_foreach(rows, i, row) {
		object = json_string_value(json_object_get(row, "object"));
		if (strcmp(p->accept, "all") != 0 && strcmp(p->accept, object) != 0)
			continue;
		e.a = json_pack("{s:O, s:s, s:s, s:s, s:o}", "action", json_object_get(row, "action"),
				"kind", "recording", "object", object, "how", "proposed", "why",
				reason_sentence(row, p->reason));
		r = entry_put(c, STATEMENT_LINK_ADD, &e, NULL);
		entry_clear(&e);
		if (r != EXIT_GOOD)
			return r;
		taken++;
	}
	if (taken == 0 && strcmp(p->accept, "all") != 0)
		return ctl_usage(T_NOT_PROPOSED, p->accept);
	if (!p->dry_run && !c->json)
		say(stdout, T_PROPOSALS_TAKEN, taken);
	return EXIT_GOOD;
}

static int propose(struct ctl *c, const struct propose *p)
{
	bool action = ctl_is_uuid(p->of);
	const char *const params[] = { action ? NULL : p->of, action ? p->of : NULL };
	json_t *rows = NULL, *row;
	size_t i;
	int r = action ? ctl_open_catalog(c, NULL) : case_look(c, "link propose", p->of, NULL);

	if (r == EXIT_GOOD && action)
		r = ctl_view(c, "link propose", json_pack("[o]", json_sprintf("action:%s", p->of)));
	if (r == EXIT_GOOD)
		r = ctl_query(c, STATEMENT_LINK_PROPOSALS, params, COUNT(params), &rows);
	json_array_foreach(rows, i, row)
		json_object_set_new(row, "object", json_sprintf("%s/%s",
			json_string_value(json_object_get(row, "recorder")),
			json_string_value(json_object_get(row, "recording"))));
	if (r == EXIT_GOOD)
		case_show_list(c, rows, proposal_columns, COUNT(proposal_columns));
	if (r == EXIT_GOOD && p->accept != NULL)
		r = accept_all(c, p, rows);
	json_decref(rows);
	return r;
}

int cmd_link_propose(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "CASE|ACTION" };
	struct propose p = { .accept = NULL };
	const struct option_spec options[] = { { "--accept", &p.accept, NULL },
					       { "--reason", &p.reason, NULL },
					       { "--dry-run", NULL, &p.dry_run } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &p.of, names, 1, 1);

	if (r == EXIT_GOOD && p.accept != NULL)
		r = ctl_check_reason(p.reason);
	return r == EXIT_GOOD ? propose(c, &p) : r;
}

/* ------ recordings that belong to none ------ */

int cmd_recording_review(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "RECORDER/RECORDING" };
	const char *object = NULL, *verdict = NULL, *reason = NULL, *slash;
	char recorder[64];
	bool dry_run = false;
	const struct option_spec options[] = { { "--verdict", &verdict, NULL },
					       { "--reason", &reason, NULL },
					       { "--dry-run", NULL, &dry_run } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &object, names, 1, 1);

	if (r == EXIT_GOOD && verdict == NULL)
		r = ctl_usage(T_TOO_FEW, "--verdict");
	if (r != EXIT_GOOD || (r = ctl_check_reason(reason)) != EXIT_GOOD)
		return r;
	slash = strchr(object, '/');
	if (slash == NULL || slash - object >= (long)sizeof(recorder) || !ctl_is_uuid(slash + 1))
		return ctl_usage(T_NO_OBJECT, object);
	snprintf(recorder, sizeof(recorder), "%.*s", (int)(slash - object), object);
	const char *const params[] = { recorder, slash + 1, verdict, reason };

	r = entry_run(c, STATEMENT_RECORDING_REVIEW, params, COUNT(params), dry_run, NULL);
	if (r == EXIT_GOOD && !dry_run && !c->json)
		say(stdout, T_REVIEWED, object);
	return r;
}
