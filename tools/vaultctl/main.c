/* vaultctl: what an admin or supervisor does at a terminal.  See vaultctl(8). */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "ctl.h"

#define ANSWERED	"ID...|[--unit CODE] [--officer CERT] [--recorder ID] [--code CODE] [--overdue] "

static const struct command {
	const char *group, *verb;	/* verb NULL: the group alone */
	int (*run)(struct ctl *c, int argc, char **argv);
	const char *usage;
} commands[] = {
	{ "status", NULL, cmd_status, "" },
	{ "doctor", NULL, cmd_doctor, "[--sql DIR]" },
	{ "config", "check", cmd_config_check, "" },
	{ "db", "migrate", cmd_db_migrate, "[--sql DIR] [--dry-run]" },
	{ "db", "status", cmd_db_status, "[--sql DIR]" },
	{ "dock", "list", cmd_dock_list, "" },
	{ "dock", "watch", cmd_dock_watch, "" },
	{ "session", "list", cmd_session_list, "[--recorder ID]" },
	{ "recorder", "enroll", cmd_recorder_enroll,
	  "ID --usb VID:PID[:SERIAL]|--from-slot SLOT [--key FILE.pub] [--officer CERT] [--unit CODE] --reason TEXT [--dry-run]" },
	{ "recorder", "list", cmd_recorder_list, "[--all]" },
	{ "recorder", "show", cmd_recorder_show, "ID" },
	{ "recorder", "key", cmd_recorder_key,
	  "ID add FILE.pub|revoke KEYID --reason TEXT [--dry-run]" },
	{ "recorder", "retire", cmd_recorder_retire, "ID --reason TEXT [--dry-run]" },
	{ "recorder", "issue", cmd_recorder_issue, "ID --officer OFFICER --reason TEXT [--dry-run]" },
	{ "recorder", "return", cmd_recorder_return, "ID --reason TEXT [--dry-run]" },
	{ "recorder", "damaged", cmd_recorder_damaged, "ID --reason TEXT [--attach SEGMENT] [--dry-run]" },
	{ "recorder", "lost", cmd_recorder_lost, "ID --reason TEXT [--attach SEGMENT] [--dry-run]" },
	{ "recorder", "history", cmd_recorder_history, "ID" },
	{ "unit", "set", cmd_unit_set,
	  "CODE [--name TEXT] [--parent CODE|--top] [--close|--open] --reason TEXT [--dry-run]" },
	{ "unit", "list", cmd_unit_list, "[--all]" },
	{ "officer", "set", cmd_officer_set,
	  "OFFICER [--name TEXT] [--certificate NUMBER] [--certified-to DAY|open] [--unit CODE] [--from DAY] [--to DAY|open] --reason TEXT [--dry-run]" },
	{ "officer", "list", cmd_officer_list, "[--unit CODE] [--all]" },
	{ "officer", "show", cmd_officer_show, "OFFICER" },
	{ "person", "add", cmd_person_add,
	  "LOGIN [--name TEXT] [--officer OFFICER] [--unit CODE] --roles ROLE,... --reason TEXT [--dry-run]" },
	{ "person", "list", cmd_person_list, "[--all]" },
	{ "person", "close", cmd_person_close, "LOGIN --reason TEXT [--dry-run]" },
	{ "import", NULL, cmd_import,
	  "PATH [--image] [--recorder ID] [--officer CERT] [--unit CODE] [--case ID] [--fixed-camera NAME] [--class CLASS] --reason TEXT" },
	{ "inbox", NULL, cmd_inbox, "DIR [--class CLASS] --reason TEXT [--dry-run]" },
	{ "recorder", "probe", cmd_recorder_probe, "SLOT" },
	{ "recorder", "checks", cmd_recorder_checks, "[ID]" },
	{ "recorder", "inventory", cmd_recorder_inventory, "ID" },
	{ "recorder", "cleared", cmd_recorder_cleared, "ID" },
	{ "case", "open", cmd_case_open,
	  "CASE --kind KIND --origin ORIGIN --title TEXT [--unit CODE] [--officer ID]... [--procedure general|simple] "
	  "[--named yes|no] [--urgent TEXT] [--major yes|no] [--contentious yes|no] [--start MOMENT] --reason TEXT [--dry-run]" },
	{ "case", "change", cmd_case_change, "CASE [--title TEXT] ... as case open --reason TEXT [--dry-run]" },
	{ "case", "list", cmd_case_list, "[--unit CODE] [--state STATE] [--officer ID]" },
	{ "case", "show", cmd_case_show, "CASE" },
	{ "case", "event", cmd_case_event,
	  "CASE --kind KIND [--at MOMENT] [--due MOMENT] [--detail NAME=TEXT]... [--reason TEXT] [--dry-run]" },
	{ "case", "officer", cmd_case_officer, "CASE OFFICER [--lead|--leaves] [--dry-run]" },
	{ "case", "party", cmd_case_party,
	  "CASE --kind person|organisation --role ROLE --name TEXT [--identifier TEXT] [--address TEXT] "
	  "[--phone TEXT] [--replaces NUMBER] [--dry-run]" },
	{ "case", "close", cmd_case_close, "CASE [--at MOMENT] --reason TEXT [--dry-run]" },
	{ "case", "check", cmd_case_check, "CASE" },
	{ "case", "archive", cmd_case_archive, "CASE [--incomplete-reason TEXT] [--dry-run]" },
	{ "case", "verify", cmd_case_verify, "CASE [--revision N] [--key FILE.pub] [--out FILE]" },
	{ "action", "add", cmd_action_add,
	  "CASE --step STEP --start MOMENT [--end MOMENT] --place TEXT --officer ID[:CERT[:shown]]... "
	  "[--av-notice yes|no] [--av-unsuitable TEXT] --reason TEXT [--dry-run]" },
	{ "action", "change", cmd_action_change, "ACTION ... as action add [--withdraw] --reason TEXT [--dry-run]" },
	{ "action", "list", cmd_action_list, "CASE" },
	{ "action", "show", cmd_action_show, "ACTION" },
	{ "coverage", "show", cmd_coverage_show, "ACTION|CASE" },
	{ "document", "add", cmd_document_add,
	  "CASE [FILE] --kind KIND --title TEXT [--number TEXT] [--made MOMENT] [--kept-where TEXT] "
	  "[--segment UUID] [--field NAME=TEXT]... [--refusal TEXT] --reason TEXT [--dry-run]" },
	{ "document", "list", cmd_document_list, "CASE" },
	{ "document", "sign", cmd_document_sign,
	  "DOCUMENT --signer WHO --name TEXT [--at MOMENT|--refused TEXT] [--dry-run]" },
	{ "document", "withdraw", cmd_document_withdraw, "DOCUMENT --reason TEXT [--dry-run]" },
	{ "link", "add", cmd_link_add,
	  "ACTION --recording RECORDER/RECORDING|--segment UUID|--document UUID --reason TEXT [--dry-run]" },
	{ "link", "remove", cmd_link_remove, "LINK --reason TEXT [--dry-run]" },
	{ "link", "propose", cmd_link_propose,
	  "CASE|ACTION [--accept all|RECORDER/RECORDING --reason TEXT] [--dry-run]" },
	{ "recording", "review", cmd_recording_review,
	  "RECORDER/RECORDING --verdict no_case|unrelated --reason TEXT [--dry-run]" },
	{ "recording", "list", cmd_recording_list, "[--recorder ID] [--unit CODE] [--from DAY] [--to DAY]" },
	{ "recording", "show", cmd_recording_show, "RECORDER/RECORDING" },
	{ "timeline", NULL, cmd_timeline, "RECORDER DATE" },
	{ "finding", "list", cmd_finding_list, "[--recorder ID] [--unit CODE] [--code CODE] [--from DAY] [--to DAY]" },
	{ "finding", "show", cmd_finding_show, "ID" },
	{ "finding", "open", cmd_finding_open,
	  "[--unit CODE] [--officer CERT] [--recorder ID] [--code CODE] [--overdue] [--state STATE|--all]" },
	{ "finding", "ack", cmd_finding_ack, ANSWERED "[--reason TEXT] [--dry-run]" },
	{ "finding", "explain", cmd_finding_explain,
	  ANSWERED "--because CODE --reason TEXT [--attach UUID] [--dry-run]" },
	{ "finding", "review", cmd_finding_review,
	  ANSWERED "--verdict closed|excused|reopened --reason TEXT [--dry-run]" },
	{ "finding", "assign", cmd_finding_assign,
	  ANSWERED "[--owner LOGIN] [--due DAY] --reason TEXT [--dry-run]" },
	/* ------ retention and disposal ------ */
	{ "retention", "plan", cmd_retention_plan,
	  "[--until DAY] [--unit CODE] --reason TEXT [--dry-run] | --explain OBJECT" },
	{ "retention", "list", cmd_retention_list, "" },
	{ "retention", "show", cmd_retention_show, "PLAN [--objects]" },
	{ "retention", "approve", cmd_retention_approve, "PLAN --reason TEXT [--dry-run]" },
	{ "retention", "reject", cmd_retention_reject, "PLAN --reason TEXT [--dry-run]" },
	{ "retention", "recall", cmd_retention_recall, "PLAN [SEGMENT] --reason TEXT [--dry-run]" },
	{ "retention", "run", cmd_retention_run, "" },
	{ "retention", "certificate", cmd_retention_certificate, "PLAN --out FILE.pdf [--list FILE]" },
	{ "retention", "review", cmd_retention_review,
	  "RECORDER/RECORDING --dispose|--keep --reason TEXT [--dry-run]" },
	{ "retention", "mark", cmd_retention_mark,
	  "KIND:SUBJECT obstruction|major_incident|complaint|training [--remove] --reason TEXT [--dry-run]" },
	{ "retention", "clock", cmd_retention_clock, "[--wrong DAY|--lived DAY --reason TEXT] [--dry-run]" },
	{ "rule", "list", cmd_rule_list, "[--at DAY] [--article N] [--proposed] [--format markdown]" },
	{ "rule", "show", cmd_rule_show, "CODE" },
	{ "rule", "propose", cmd_rule_propose, "FILE --reason TEXT [--dry-run]" },
	{ "rule", "approve", cmd_rule_approve, "PROPOSAL --reason TEXT [--dry-run]" },
	{ "rule", "reject", cmd_rule_reject, "PROPOSAL --reason TEXT [--dry-run]" },
	{ "report", "integrity", cmd_report_integrity,
	  "[--from DAY] [--to DAY] [--unit CODE] [--recorder ID] [--format table|json|csv|xlsx|pdf] [--out FILE]" },
	{ "report", "month", cmd_report_month,
	  "[--month 2026-11] [--unit CODE] [--by unit|officer|recorder|article] [--format table|json|csv|xlsx|pdf] [--out FILE] [--live]" },
	{ "report", "sign", cmd_report_sign, "[--month 2026-11] [--unit CODE] --reason TEXT [--dry-run]" },
	{ "report", "verify", cmd_report_verify, "ID" },
	{ "class", "set", cmd_class_set, "KIND:SUBJECT CLASS --reason TEXT [--dry-run]" },
	{ "class", "lower", cmd_class_lower, "KIND:SUBJECT CLASS --reason TEXT [--dry-run]" },
	{ "class", "decide", cmd_class_decide, "PROPOSAL --approve|--reject --reason TEXT [--dry-run]" },
	{ "class", "show", cmd_class_show, "OBJECT" },
	{ "class", "list", cmd_class_list, "[--class CLASS] [--proposed]" },
	{ "grant", "give", cmd_grant_give, "LOGIN KIND:SUBJECT --until DAY --reason TEXT [--dry-run]" },
	{ "grant", "end", cmd_grant_end, "GRANT --reason TEXT [--dry-run]" },
	{ "grant", "list", cmd_grant_list, "[--login LOGIN] [--all]" },
	{ "export", NULL, cmd_export,
	  "OBJECT...|--archive CASE DIR|--tar FILE|--iso FILE [--media-size BYTES] --reason TEXT [--dry-run]" },
	{ "disclosure", "request", cmd_disclosure_request,
	  "OBJECT... --asked-by NAME --capacity CAPACITY --right TEXT --purpose TEXT [--case CASE] "
	  "--recipient age1...|--passphrase [--owner] --reason TEXT [--dry-run]" },
	{ "disclosure", "decide", cmd_disclosure_decide,
	  "ID --approve --until DAY|--refuse --reason TEXT [--dry-run]" },
	{ "disclosure", "package", cmd_disclosure_package,
	  "ID FILE [--passphrase-file FILE] --reason TEXT [--dry-run]" },
	{ "disclosure", "receipt", cmd_disclosure_receipt,
	  "ID --received-by NAME --at MOMENT [--segment UUID] [--dry-run]" },
	{ "disclosure", "list", cmd_disclosure_list, "[--from DAY] [--to DAY] [--format table|json|csv]" },
	{ "disclosure", "show", cmd_disclosure_show, "ID" },
	{ "verify", "log", cmd_verify_log, "[--presence] [--from LEAF] [--key FILE] [--dry-run]" },
	{ "verify", NULL, cmd_verify, "OBJECT|vault" },
	{ "log", "checkpoint", cmd_log_checkpoint, "[--key FILE]" },
	{ "log", "show", cmd_log_show, "[--from LEAF] [--to LEAF]" },
	{ "log", "prove", cmd_log_prove, "OBJECT [--out DIR]" },
	{ "notify", "list", cmd_notify_list, "[--channel NAME] [--dead]" },
	{ "notify", "retry", cmd_notify_retry, "ID --reason TEXT [--dry-run]" },
	{ "notify", "test", cmd_notify_test, "CHANNEL [--dry-run]" },
	{ "witness", "keygen", cmd_witness_keygen, "NAME FILE" },
	{ "witness", "serve", cmd_witness_serve,
	  "--key FILE --state FILE --log FILE.vkey --listen ADDRESS:PORT|unix:PATH" },
	{ "witness", "check", cmd_witness_check,
	  "--key FILE --state FILE --log FILE.vkey PATH|URL [--out FILE]" },
	{ "log", "keygen", cmd_log_keygen, "[ORIGIN FILE]" },
	{ "log", "cosign", cmd_log_cosign, "FILE [--dry-run]" },
	/* sealed files, backup and restore */
	{ "unseal", NULL, cmd_unseal, "[--identity FILE|--passphrase-file FILE] FILE.age FILE" },
	{ "backup", NULL, cmd_backup, "DIR [--passphrase-file FILE] [--superuser ROLE] --reason TEXT [--dry-run]" },
	{ "restore", NULL, cmd_restore,
	  "BACKUP --to DIR --database CONNINFO [--passphrase-file FILE] [--superuser ROLE] [--key FILE.pub] [--checkpoint FILE] [--dry-run]" },
	{ "hold", "add", cmd_hold_add,
	  "segment:UUID|recording:RECORDER/UUID|case:ID|officer:ID|period [--unit CODE] [--from DAY] [--to DAY] "
	  "--review DAY --reason TEXT [--dry-run]" },
	{ "hold", "list", cmd_hold_list, "[--all] [--object OBJECT]" },
	{ "hold", "show", cmd_hold_show, "ID" },
	{ "hold", "review", cmd_hold_review, "ID --review DAY --reason TEXT [--dry-run]" },
	{ "hold", "release", cmd_hold_release, "ID --reason TEXT [--dry-run]" },
	{ "verify-package", NULL, cmd_verify_package, "PATH... [--key FILE.pub]" },

	/* copies */
	{ "scrub", NULL, cmd_scrub,
	  "[--store NAME] [--all|--bad] [--blob HASH] [--limit N] [--bandwidth MIB] [--streams 1|2] [--no-repair] [--digests] "
	  "[--empty] | --report [--format table|json|csv|xlsx|pdf] [--out FILE]" },
	{ "store", "list", cmd_store_list, "" },
	{ "store", "set", cmd_store_set, "NAME --holds all|nothing [--reread P30D] --reason TEXT [--dry-run]" },
	{ "drill", NULL, cmd_drill, "[--store NAME] [--wait SECONDS] --reason TEXT [--dry-run]" },
};

static void help(FILE *to)
{
	size_t i;

	fprintf(to, "%s\n%s\n", text(T_USAGE), text(T_COMMANDS));
	for (i = 0; i < COUNT(commands); i++)
		fprintf(to, "  %s%s%s %s\n", commands[i].group,
			commands[i].verb == NULL ? "" : " ",
			commands[i].verb == NULL ? "" : commands[i].verb, commands[i].usage);
}

/*
 * Options before the command are the command's too.  Also the two first words
 * where they are none: only one that is known takes a second.
 */
static const struct command *find_command(int argc, char **argv, int *ret_group, int *ret_verb)
{
	int at[2] = { 0, 0 }, n = 0, i;
	size_t k;

	for (i = 1; i < argc && n < 2; i++) {
		if (strcmp(argv[i], "--config") == 0 || strcmp(argv[i], "--lang") == 0)
			i++;
		else if (strncmp(argv[i], "--", 2) != 0)
			at[n++] = i;
	}
	for (k = 0; k < COUNT(commands) && n > 0; k++) {
		if (strcmp(commands[k].group, argv[at[0]]) != 0)
			continue;
		if (commands[k].verb != NULL &&
		    (n < 2 || strcmp(commands[k].verb, argv[at[1]]) != 0))
			continue;
		*ret_group = at[0];
		*ret_verb = commands[k].verb == NULL ? 0 : at[1];
		return &commands[k];
	}
	*ret_group = at[0];
	*ret_verb = at[1];
	return NULL;
}

static int no_command(char **argv, int group, int verb)
{
	char words[128], shown[128];

	if (group == 0) {
		help(stderr);
		return EXIT_USAGE;
	}
	snprintf(words, sizeof(words), "%s%s%s", argv[group], verb == 0 ? "" : " ",
		 verb == 0 ? "" : argv[verb]);
	say(stderr, T_UNKNOWN_COMMAND, text_shown(words, shown, sizeof(shown)));
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct ctl c = { .conf_path = getenv("DOCKVAULT_CONF") };
	const struct command *command;
	int group = 0, verb = 0, i, n = 0, r;
	char **rest;

	log_init("vaultctl", LOG_LEVEL_WARN);
	if (sodium_init() < 0)
		return EXIT_AWAY;
	if (ctl_language(argc - 1, argv + 1) != EXIT_GOOD)
		return EXIT_USAGE;
	if (c.conf_path == NULL)
		c.conf_path = "/etc/dockvault/dockvault.conf";
	command = find_command(argc, argv, &group, &verb);
	if (command == NULL) {
		if (group != 0 && strcmp(argv[group], "help") == 0) {
			help(stdout);
			return EXIT_GOOD;
		}
		return no_command(argv, group, verb);
	}
	rest = calloc((size_t)argc + 1, sizeof(*rest));
	if (rest == NULL)
		return EXIT_AWAY;
	for (i = 1; i < argc; i++)
		if (i != group && i != verb)
			rest[n++] = argv[i];
	r = command->run(&c, n, rest);
	free(rest);
	catalog_sync_close(c.catalog);
	/* A report that did not reach its file is no report. */
	if (fflush(stdout) != 0 || ferror(stdout))
		return EXIT_AWAY;
	return r;
}
