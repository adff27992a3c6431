/*
 * What people enter: the options of a command as the one JSON object that an entry function of the
 * catalog takes (sql/033, sql/034), tried or done by the person's own login.
 *
 * An option that is not given is no field; one that is given and empty is null, which takes back
 * what was said before.
 */
#ifndef VAULTCTL_ENTRY_H
#define VAULTCTL_ENTRY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "ctl.h"

enum entry_kind {
	ENTRY_TEXT,
	ENTRY_REASON,		/* has to be there, as ctl_check_reason() holds it to */
	ENTRY_YES_NO,		/* yes, no */
	ENTRY_ON,		/* a switch: true */
	ENTRY_OFFICERS,		/* again and again: entry_officer() */
	ENTRY_FIELDS,		/* again and again: entry_field() */
};

struct entry_option {
	const char *option;	/* "--title" */
	const char *key;
	enum entry_kind kind;
};

enum { ENTRY_OPTIONS_MAX = 24, ENTRY_WORDS_MAX = 256 };

struct entry {
	json_t *a;		/* the object */
	const char *words[ENTRY_WORDS_MAX];
	bool dry_run;		/* --dry-run, which every entry takes */
};

/*
 * Read a command's arguments into a zeroed *e, which entry_clear() frees whatever came of it.  The
 * first word becomes the field first_key, if any.  argv is changed.  EXIT_GOOD or EXIT_USAGE.
 */
int entry_take(struct ctl *c, int argc, char **argv, const struct entry_option *options, size_t n,
	       const char *const *names, size_t needed, size_t n_words, const char *first_key,
	       struct entry *e);
void entry_clear(struct entry *e);

/*
 * Run a statement that takes the object, or try it; *ret (NULL: not wanted) is a new reference to
 * its row, null where it was only tried.  The catalog is opened as the person.  An exit status.
 */
int entry_put(struct ctl *c, enum catalog_statement s, const struct entry *e, json_t **ret);
/* The same of a statement with other parameters. */
int entry_run(struct ctl *c, enum catalog_statement s, const char *const *params, size_t n, bool dry_run,
	      json_t **ret);

/* entry_put(), and say what came of it: the row as JSON, or the sentence with column's text (%s). */
int entry_do(struct ctl *c, enum catalog_statement s, const struct entry *e, enum text_id said,
	     const char *column);

/* ------ pure ------ */

/* Take each `option VALUE` and `option=VALUE` out of argv into a list of texts; false: one lacks its value. */
bool entry_pull(int *argc, char **argv, const char *option, json_t *list);

/*
 * "019123": {"officer"}; "019123:C-123": with "certificate", as it was noted; "019123:C-123:shown" and
 * "019123::shown": with "shown".  A new object, or NULL: it is none of these.
 */
json_t *entry_officer(const char *text);

/*
 * "name=text" into fields; the text may have any further "=".  "true" and "false" are booleans where
 * words says so.  false: it has no name, or one that is there already.
 */
bool entry_field(const char *text, bool words, json_t *fields);

#endif
