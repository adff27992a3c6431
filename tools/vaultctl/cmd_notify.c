/* vaultctl notify: what the supervision office was told, what it was not, and whether a channel works. */
#include <curl/curl.h>
#include <string.h>

#include "base/util.h"
#include "ctl.h"
#include "notify/send.h"
#include "table.h"

static const struct column columns[] = {
	{ C_ID, "notice", CELL_TEXT },
	{ C_CHANNEL, "channel", CELL_TEXT },
	{ C_KIND, "kind", CELL_WORD },
	{ C_AT, "created_at", CELL_MOMENT },
	{ C_STATE, "state", CELL_WORD },
	{ C_ATTEMPTS, "attempts", CELL_NUMBER },
	{ C_NEXT_TRY, "next_at", CELL_MOMENT },
	{ C_ANSWER, "answer", CELL_TEXT },
};

int cmd_notify_list(struct ctl *c, int argc, char **argv)
{
	const char *channel = NULL;
	bool dead = false;
	const struct option_spec options[] = { { "--channel", &channel, NULL }, { "--dead", NULL, &dead } };
	json_t *j = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), NULL, NULL, 0, 0);

	if (r != EXIT_GOOD || (r = ctl_check_id(channel)) != EXIT_GOOD ||
	    (r = ctl_open_catalog(c, "dv_supervisor")) != EXIT_GOOD)
		return r;
	const char *const params[] = { channel, dead ? "dead" : NULL, LIST_MAX };
	r = ctl_query(c, STATEMENT_NOTICE_LIST, params, COUNT(params), &j);
	if (r != EXIT_GOOD)
		return r;
	if (channel != NULL && json_array_size(j) == 0 && notify_find(&c->conf, channel) == NULL)
		r = ctl_usage(T_NO_CHANNEL, channel);
	else if (c->json)
		ctl_print_json(j);
	else
		table_print(stdout, j, columns, COUNT(columns));
	ctl_check_cut(j);
	if (r == EXIT_GOOD && dead && json_array_size(j) > 0)
		r = EXIT_FINDINGS;
	json_decref(j);
	return r;
}

int cmd_notify_retry(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "ID" };
	const char *id = NULL, *reason = NULL;
	bool dry_run = false;
	const struct option_spec options[] = { { "--reason", &reason, NULL }, { "--dry-run", NULL, &dry_run } };
	json_t *j = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &id, names, 1, 1);

	if (r == EXIT_GOOD && !ctl_is_uuid(id))
		r = ctl_usage(T_NO_NOTICE, id);
	if (r == EXIT_GOOD)
		r = ctl_check_reason(reason);
	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, NULL);
	if (r != EXIT_GOOD)
		return r;
	const char *const params[] = { id, reason };
	if (dry_run)
		r = ctl_try(c, STATEMENT_NOTICE_RETRY, params, COUNT(params));
	else
		r = ctl_query(c, STATEMENT_NOTICE_RETRY, params, COUNT(params), &j);
	json_decref(j);
	if (r != EXIT_GOOD)
		return r;
	if (dry_run) {
		say(stdout, T_DRY_RUN);
	} else if (c->json) {
		j = json_pack("{s:s, s:s}", "notice", id, "state", "queued");
		ctl_print_json(j);
		json_decref(j);
	} else {
		say(stdout, T_NOTICE_AGAIN, id);
	}
	return EXIT_GOOD;
}

/* ------ test ------ */

static int tell(struct ctl *c, const struct conf_channel *ch, const char *id, const struct notify_result *result)
{
	const char *outcome = notify_outcome_text(result->outcome);
	char shown[4 * NOTIFY_ANSWER_MAX];
	json_t *j;

	text_shown(result->answer, shown, sizeof(shown));
	if (c->json) {
		j = json_pack("{s:s, s:s, s:s, s:s}", "notice", id, "channel", ch->name, "outcome", outcome,
			      "answer", result->answer);
		ctl_print_json(j);
		json_decref(j);
	} else if (result->outcome == NOTIFY_SENT) {
		say(stdout, T_NOTICE_SENT, ch->name, shown);
	} else {
		say(stderr, T_NOTICE_FAILED, ch->name, shown);
	}
	return result->outcome == NOTIFY_SENT ? EXIT_GOOD : EXIT_AWAY;
}

/* As alertd sends, and kept as it is: what was tried, and what came back. */
static int test(struct ctl *c, const struct conf_channel *ch, const json_t *row)
{
	const struct notify n = { .channel = ch, .station = c->conf.station,
				  .id = json_string_value(json_object_get(row, "notice")),
				  .facts = json_object_get(row, "body") };
	struct notify_result result;
	json_t *done = NULL;
	int r;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	notify_send(&n, &result);
	curl_global_cleanup();
	const char *const params[] = { n.id, notify_outcome_text(result.outcome), result.answer };
	r = ctl_query(c, STATEMENT_NOTICE_TEST_ANSWERED, params, COUNT(params), &done);
	json_decref(done);
	return r == EXIT_GOOD ? tell(c, ch, n.id, &result) : r;
}

int cmd_notify_test(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "CHANNEL" };
	const struct conf_channel *ch = NULL;
	const char *name = NULL;
	bool dry_run = false;
	const struct option_spec options[] = { { "--dry-run", NULL, &dry_run } };
	json_t *j = NULL;
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &name, names, 1, 1);

	if (r == EXIT_GOOD)
		r = ctl_open_conf(c);
	if (r == EXIT_GOOD && (ch = notify_find(&c->conf, name)) == NULL)
		r = ctl_usage(T_NO_CHANNEL, name);
	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, NULL);
	if (r != EXIT_GOOD)
		return r;
	const char *const params[] = { ch->name, ch->english ? "en" : "zh" };
	if (dry_run) {
		r = ctl_try(c, STATEMENT_NOTICE_TEST, params, COUNT(params));
		if (r == EXIT_GOOD)
			say(stdout, T_DRY_RUN);
		return r;
	}
	r = ctl_query(c, STATEMENT_NOTICE_TEST, params, COUNT(params), &j);
	if (r == EXIT_GOOD)
		r = test(c, ch, json_array_get(j, 0));
	json_decref(j);
	return r;
}
