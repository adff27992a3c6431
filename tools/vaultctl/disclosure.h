/*
 * What the files of `vaultctl disclosure` share.
 *
 * Functions return an exit status (ctl.h), having said why.
 */
#ifndef VAULTCTL_DISCLOSURE_H
#define VAULTCTL_DISCLOSURE_H

#include "ctl.h"

/* Its row of the register (STATEMENT_DISCLOSURE_LIST), a new reference; the catalog is open. */
int disclosure_find(struct ctl *c, const char *id, json_t **ret);

/* What is in it, for people: the row, what it asks for, attempts to write it. */
int disclosure_print(struct ctl *c, const json_t *row);

#endif
