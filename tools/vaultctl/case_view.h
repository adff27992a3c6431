/* What the commands about cases share: looking at one, and tables of what is in it. */
#ifndef VAULTCTL_CASE_VIEW_H
#define VAULTCTL_CASE_VIEW_H

#include "ctl.h"
#include "table.h"

extern const struct column case_action_columns[], case_document_columns[];
extern const size_t case_action_columns_n, case_document_columns_n;

/* Give rows of the two what their tables show: words of now's language, people in one line each. */
void case_words_actions(json_t *rows);
void case_words_documents(json_t *rows);

/*
 * Open the catalog as the person and enter that they look at this case; *ret (NULL: not wanted) is a new
 * reference to its row of STATEMENT_CASE_LIST in a list.  EXIT_USAGE: there is none that they see.
 */
int case_look(struct ctl *c, const char *command, const char *id, json_t **ret);

/* A list as JSON or as a table. */
void case_show_list(struct ctl *c, const json_t *rows, const struct column *columns, size_t n);

/* What its checklist says (cmd_case.c); EXIT_FINDINGS: it lacks something. */
int case_check(struct ctl *c, const char *id);

#endif
