/* What vaultctl status, db and doctor ask alike (cmd_admin.c). */
#ifndef VAULTCTL_ADMIN_H
#define VAULTCTL_ADMIN_H

#include <jansson.h>

#include "base/err.h"
#include "ctl.h"

struct migrations {
	const struct ctl *c;
	json_t *list;			/* a row each, the caller's */
	int applied, pending, wrong;
};

/* How the catalog stands to the files of dir.  An exit status, having said why. */
int migration_status(struct ctl *c, const char *dir, struct migrations *all);

/* Bytes an ordinary user may still write at dir, or -1 and errno. */
long long status_free_bytes(const char *dir);

/* What STATEMENT_STATUS says, a new reference; opens the catalog.  An exit status. */
int status_fetch(struct ctl *c, json_t **ret);

/* What dockd says now, a new reference; NULL when it does not answer, and why in e. */
json_t *status_ask_dockd(struct ctl *c, struct err *e);

#endif
