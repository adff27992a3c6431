/*
 * A database before a catalog is restored into it: is there nothing in it, and the roles, which belong to the server
 * and so are in no dump.  Blocking.  Errors and threads as in sync.h.
 */
#ifndef CATALOG_RESTORE_H
#define CATALOG_RESTORE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/* Neither a catalog nor anything else of anybody's. */
int catalog_is_empty(const char *conninfo, bool *ret, struct err *e);

/* Run the lines of STATEMENT_BACKUP_ROLES (a list of objects), in one transaction.  Roles that are there stay as they
 * are; conninfo's user is a superuser. */
int catalog_restore_roles(const char *conninfo, const json_t *lines, struct err *e);

#endif
