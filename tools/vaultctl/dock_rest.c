#include "dock_rest.h"

#include <stdio.h>

#include "audit.h"
#include "vault/journal.h"

static int one_journal(void *data, const char *session)
{
	(void)session;
	*(bool *)data = true;
	return 1;
}

bool dock_at_rest(const struct ctl *c)
{
	const enum audit_dock dock = audit_ask_dock(c);
	char dir[CONF_PATH_MAX + 16];
	struct err e = { 0 };
	bool there = false;

	if (dock != AUDIT_DOCK_UNKNOWN)
		return dock == AUDIT_DOCK_QUIET;
	snprintf(dir, sizeof(dir), "%s/journal", c->conf.state);
	return journal_list(dir, one_journal, &there, &e) == 0 && !there;
}
