#include <stddef.h>

#include "base/log.h"
#include "base/util.h"
#include "chores.h"

/* Recordings that are judged in one transaction. */
#define RETENTION_ROWS "2000"

int chore_retention(struct catalog_sync *c, const struct conf *conf, struct chore_result *ret,
		    struct err *e)
{
	const char *const params[] = { RETENTION_ROWS };
	int64_t did[3];
	int r;

	(void)conf;
	r = chore_numbers(c, STATEMENT_RETENTION_DAILY, params, COUNT(params), did, COUNT(did), e);
	if (r < 0)
		return r;
	ret->done = (uint64_t)did[0];
	ret->more = did[1] != 0;
	ret->due_ms = did[2];
	return 0;
}
