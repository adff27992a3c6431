/* What every command of vaultctl shares: options, the configuration, the catalog. */
#ifndef VAULTCTL_CTL_H
#define VAULTCTL_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/conf.h"
#include "base/err.h"
#include "catalog/sync.h"
#include "text.h"

enum ctl_exit {
	EXIT_GOOD = 0,
	EXIT_FINDINGS = 1,	/* done, and something was found */
	EXIT_USAGE = 2,
	EXIT_DAMAGE = 3,	/* evidence is not whole */
	EXIT_AWAY = 4,		/* the catalog, dockd or the vault cannot be reached */
};

struct ctl {
	const char *conf_path;
	struct conf conf;
	bool json;
	struct catalog_sync *catalog;
};

/* One option of a command: either takes a value or is a switch. */
struct option_spec {
	const char *name;	/* "--from" */
	const char **value;	/* NULL for a switch */
	bool *on;
};

/*
 * Read a command's arguments: its own options, --json, --lang, --config
 * anywhere, and up to n_words plain words (the first `needed` must be there;
 * names say what they are).  EXIT_GOOD or EXIT_USAGE, having said why.
 */
int ctl_arguments(struct ctl *c, int argc, char **argv, const struct option_spec *options,
		  size_t n_options, const char **words, const char *const *names, size_t needed,
		  size_t n_words);

/*
 * The configuration and the catalog, as a role of it; NULL: as the person who calls, by a login of
 * their own, which takes what docs/RULES.md says.  The login is the name that the system knows them
 * by, or $DOCKVAULT_LOGIN, which goes before the role, too: who sees what is the catalog's to say.
 * EXIT_GOOD, or having said why EXIT_AWAY or EXIT_USAGE.
 */
int ctl_open_conf(struct ctl *c);
int ctl_open_catalog(struct ctl *c, const char *role);

/* The login that ctl_open_catalog() takes for a role. */
const char *ctl_login(const char *role);

/* EXIT_GOOD, or EXIT_USAGE and what is wrong: is the value of --lang among these arguments one? */
int ctl_language(int argc, char **argv);

/* Say what is wrong with a word of the command line, on standard error; EXIT_USAGE. */
int ctl_usage(enum text_id id, const char *what);

/* Say a library's sentence on standard error and return code. */
int ctl_fail(const struct err *e, int code);

/*
 * Run a statement; *ret is a new reference to the list of its rows.  EXIT_GOOD;
 * having said why: EXIT_AWAY, or EXIT_USAGE when the catalog refused what the
 * caller asked for.
 */
int ctl_query(struct ctl *c, enum catalog_statement s, const char *const *params, size_t n,
	      json_t **ret);

/* What the same statement would say, as above; nothing is changed. */
int ctl_try(struct ctl *c, enum catalog_statement s, const char *const *params, size_t n);

/*
 * Enter an act into the custody log: kind as dv.do_act() takes it, the names of what it is about (a list) and
 * what else there is to say of it (an object; both references are taken), done by ctl_person(); reason may be
 * NULL.  EXIT_GOOD, or having said why EXIT_AWAY or EXIT_USAGE.
 *
 * What shows evidence, or the details of one object, enters a "view" of it first: what cannot be entered
 * is not shown (Art. 33).
 */
int ctl_act(struct ctl *c, const char *kind, json_t *objects, const char *reason, json_t *detail);

/* The same for a view of these, by the command that shows them ("recording show"). */
int ctl_view(struct ctl *c, const char *command, json_t *objects);

/*
 * Whoever is connected wants the content of these, as people call objects: may they read it?  EXIT_GOOD; or
 * EXIT_AWAY, having said which is beyond their reading, which is on record then (Art. 35).  The catalog hides
 * its rows from them whatever a program does: this is to say so, and to say that they asked.
 */
int ctl_may_read(struct ctl *c, const char *command, const char *const *words, size_t n);

/* A class as the catalog has them; and one that an import may be of (NULL is fine: none was said): EXIT_GOOD, or
 * EXIT_USAGE, having said why not (cmd_class.c). */
bool class_is_known(const char *class);
int class_check_import(const char *class);

/*
 * A list is empty: is there such a recorder and such a unit at all (either may
 * be NULL)?  A mistyped id must not look like a clean record.  EXIT_GOOD, or
 * having said why EXIT_USAGE or EXIT_AWAY.
 */
int ctl_check_scope(struct ctl *c, const char *recorder, const char *unit);

/* Say so when a list has LIST_MAX rows: there may be more. */
void ctl_check_cut(const json_t *list);

/* The person at the keyboard; the database notes the role by itself. */
const char *ctl_person(void);

/*
 * EXIT_GOOD, or EXIT_USAGE having said why: is it an id as the catalog takes
 * them (NULL is fine: nothing was given), and a reason as dv.recorder holds it
 * to?
 */
int ctl_check_id(const char *s);
int ctl_check_reason(const char *reason);

/* 36 characters, hex digits and '-' where they belong. */
bool ctl_is_uuid(const char *s);

/* Print JSON as it is, one document. */
void ctl_print_json(const json_t *j);

/* EXIT_GOOD when s is a day as "2026-11-23"; otherwise EXIT_USAGE, having said so. */
int ctl_check_day(const char *s);

/* The same for two options, each of which may be NULL, and their order. */
int ctl_check_period(const char *from, const char *to);

/* A list of findings as people read it, worst first (cmd_report.c). */
void findings_print(FILE *to, const json_t *list);

/* The steps of answering a finding: a new reference to their list; and for people (cmd_answer.c). */
int answer_steps(struct ctl *c, const char *finding, json_t **ret);
void answer_steps_print(FILE *to, const json_t *steps);

/* What dv.regulation() says (lib/catalog/statements.h) as the page that docs/REGULATION.md is. */
void regulation_print(FILE *to, const json_t *articles);

/* Rows of one list: more than anyone reads, less than fills a machine. */
#define LIST_MAX	"20000"

/* "VID:PID" or "VID:PID:SERIAL", four hex digits each (cmd_recorder.c); false: it is not. */
struct usb_identity {
	char vid[8], pid[8];	/* decimal, as the catalog takes them */
	char serial[128];	/* "": any */
};
bool usb_identity_parse(const char *s, struct usb_identity *ret);

/*
 * A key id as somebody copied it from minisign, which leaves leading zeros out, as the 16 digits
 * that the catalog has; false: it is none.
 */
bool key_id_parse(const char *s, char ret[17]);

/*
 * A day as BAR_CELLS characters, a quarter of an hour each: '#' recorded,
 * 'x' a gap, '.' nothing.  day_ms: its midnight.
 */
enum { BAR_CELLS = 96 };
void timeline_bar(const json_t *segments, const json_t *findings, int64_t day_ms,
		  char ret_cells[BAR_CELLS + 1]);

/* Commands, by file. */
#define COMMAND(fn)	int fn(struct ctl *c, int argc, char **argv)
COMMAND(cmd_recorder_enroll);
COMMAND(cmd_recorder_list);
COMMAND(cmd_recorder_show);
COMMAND(cmd_recorder_key);
COMMAND(cmd_recorder_retire);
COMMAND(cmd_recorder_issue);
COMMAND(cmd_recorder_return);
COMMAND(cmd_recorder_damaged);
COMMAND(cmd_recorder_lost);
COMMAND(cmd_recorder_history);
COMMAND(cmd_recorder_checks);
COMMAND(cmd_recorder_inventory);
COMMAND(cmd_recorder_probe);
COMMAND(cmd_recorder_cleared);
COMMAND(cmd_session_list);
COMMAND(cmd_dock_list);
COMMAND(cmd_dock_watch);
COMMAND(cmd_import);
COMMAND(cmd_inbox);
COMMAND(cmd_recording_list);
COMMAND(cmd_recording_show);
COMMAND(cmd_timeline);
COMMAND(cmd_finding_list);
COMMAND(cmd_finding_show);
COMMAND(cmd_finding_open);
COMMAND(cmd_finding_ack);
COMMAND(cmd_finding_explain);
COMMAND(cmd_finding_review);
COMMAND(cmd_finding_assign);
COMMAND(cmd_report_integrity);
COMMAND(cmd_report_month);
COMMAND(cmd_report_sign);
COMMAND(cmd_report_verify);
COMMAND(cmd_verify);
COMMAND(cmd_verify_package);
COMMAND(cmd_export);
COMMAND(cmd_verify_log);
COMMAND(cmd_log_checkpoint);
COMMAND(cmd_log_show);
COMMAND(cmd_log_prove);
COMMAND(cmd_retention_plan);
COMMAND(cmd_retention_list);
COMMAND(cmd_retention_show);
COMMAND(cmd_retention_approve);
COMMAND(cmd_retention_reject);
COMMAND(cmd_retention_recall);
COMMAND(cmd_retention_run);
COMMAND(cmd_retention_certificate);
COMMAND(cmd_retention_review);
COMMAND(cmd_retention_mark);
COMMAND(cmd_retention_clock);
COMMAND(cmd_rule_list);
COMMAND(cmd_rule_show);
COMMAND(cmd_rule_propose);
COMMAND(cmd_rule_approve);
COMMAND(cmd_rule_reject);
COMMAND(cmd_status);
COMMAND(cmd_doctor);
COMMAND(cmd_config_check);
COMMAND(cmd_db_migrate);
COMMAND(cmd_db_status);
COMMAND(cmd_notify_list);
COMMAND(cmd_notify_retry);
COMMAND(cmd_notify_test);
COMMAND(cmd_witness_keygen);
COMMAND(cmd_witness_serve);
COMMAND(cmd_witness_check);
COMMAND(cmd_log_keygen);
COMMAND(cmd_log_cosign);
COMMAND(cmd_unit_set);
COMMAND(cmd_unit_list);
COMMAND(cmd_officer_set);
COMMAND(cmd_officer_list);
COMMAND(cmd_officer_show);
COMMAND(cmd_person_add);
COMMAND(cmd_person_close);
COMMAND(cmd_person_list);
COMMAND(cmd_case_open);
COMMAND(cmd_case_change);
COMMAND(cmd_case_event);
COMMAND(cmd_case_party);
COMMAND(cmd_case_officer);
COMMAND(cmd_case_list);
COMMAND(cmd_case_show);
COMMAND(cmd_case_check);
COMMAND(cmd_case_close);
COMMAND(cmd_case_archive);
COMMAND(cmd_case_verify);
COMMAND(cmd_action_add);
COMMAND(cmd_action_change);
COMMAND(cmd_action_list);
COMMAND(cmd_action_show);
COMMAND(cmd_coverage_show);
COMMAND(cmd_document_add);
COMMAND(cmd_document_list);
COMMAND(cmd_document_sign);
COMMAND(cmd_document_withdraw);
COMMAND(cmd_link_add);
COMMAND(cmd_link_remove);
COMMAND(cmd_link_propose);
COMMAND(cmd_recording_review);
COMMAND(cmd_unseal);
COMMAND(cmd_backup);
COMMAND(cmd_restore);
COMMAND(cmd_disclosure_request);
COMMAND(cmd_disclosure_decide);
COMMAND(cmd_disclosure_package);
COMMAND(cmd_disclosure_receipt);
COMMAND(cmd_disclosure_list);
COMMAND(cmd_disclosure_show);

/* Copies. */
COMMAND(cmd_scrub);
COMMAND(cmd_store_list);
COMMAND(cmd_store_set);
COMMAND(cmd_drill);
COMMAND(cmd_class_set);
COMMAND(cmd_class_lower);
COMMAND(cmd_class_decide);
COMMAND(cmd_class_show);
COMMAND(cmd_class_list);
COMMAND(cmd_grant_give);
COMMAND(cmd_grant_end);
COMMAND(cmd_grant_list);
COMMAND(cmd_hold_add);
COMMAND(cmd_hold_list);
COMMAND(cmd_hold_show);
COMMAND(cmd_hold_review);
COMMAND(cmd_hold_release);

#endif
