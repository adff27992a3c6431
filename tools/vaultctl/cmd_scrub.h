/* vaultctl scrub --report: the fixity report. */
#ifndef VAULTCTL_CMD_SCRUB_H
#define VAULTCTL_CMD_SCRUB_H

#include "ctl.h"

struct scrub_report_request {
	const char *format, *out;	/* as options gave them; NULL */
};

/* How the copies of each store stand.  An exit status: EXIT_FINDINGS where not all is well. */
int scrub_report(struct ctl *c, const struct scrub_report_request *q);

#endif
