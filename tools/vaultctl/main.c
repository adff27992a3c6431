/* vaultctl: what an admin or supervisor does at a terminal.  See vaultctl(8). */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "ctl.h"

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
	{ "import", NULL, cmd_import,
	  "PATH [--image] [--recorder ID] [--officer CERT] [--unit CODE] [--case ID] --reason TEXT" },
	{ "recorder", "probe", cmd_recorder_probe, "SLOT" },
	{ "recorder", "checks", cmd_recorder_checks, "[ID]" },
	{ "recorder", "inventory", cmd_recorder_inventory, "ID" },
	{ "recorder", "cleared", cmd_recorder_cleared, "ID" },
	{ "recording", "list", cmd_recording_list, "[--recorder ID] [--unit CODE] [--from DAY] [--to DAY]" },
	{ "recording", "show", cmd_recording_show, "RECORDER/RECORDING" },
	{ "timeline", NULL, cmd_timeline, "RECORDER DATE" },
	{ "finding", "list", cmd_finding_list, "[--recorder ID] [--unit CODE] [--code CODE] [--from DAY] [--to DAY]" },
	{ "finding", "show", cmd_finding_show, "ID" },
	{ "report", "integrity", cmd_report_integrity,
	  "[--from DAY] [--to DAY] [--unit CODE] [--recorder ID] [--format table|json|csv]" },
	{ "export", NULL, cmd_export,
	  "OBJECT... DIR|--tar FILE|--iso FILE [--media-size BYTES] --reason TEXT [--dry-run]" },
	{ "verify", "log", cmd_verify_log, "[--presence] [--from LEAF] [--key FILE] [--dry-run]" },
	{ "verify", NULL, cmd_verify, "OBJECT|vault" },
	{ "log", "checkpoint", cmd_log_checkpoint, "[--key FILE]" },
	{ "log", "show", cmd_log_show, "[--from LEAF] [--to LEAF]" },
	{ "log", "prove", cmd_log_prove, "OBJECT [--out DIR]" },
	{ "witness", "keygen", cmd_witness_keygen, "NAME FILE" },
	{ "witness", "serve", cmd_witness_serve,
	  "--key FILE --state FILE --log FILE.vkey --listen ADDRESS:PORT|unix:PATH" },
	{ "witness", "check", cmd_witness_check,
	  "--key FILE --state FILE --log FILE.vkey PATH|URL [--out FILE]" },
	{ "log", "keygen", cmd_log_keygen, "[ORIGIN FILE]" },
	{ "log", "cosign", cmd_log_cosign, "FILE [--dry-run]" },
	{ "verify-package", NULL, cmd_verify_package, "PATH... [--key FILE.pub]" },
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
