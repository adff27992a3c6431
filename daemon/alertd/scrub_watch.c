#include <stddef.h>

#include "base/log.h"
#include "base/util.h"
#include "chores.h"

/* A finding a store and day: not read in time, or owed and not there. */
int chore_scrub_watch(struct catalog_sync *c, const struct conf *conf, struct chore_result *ret,
		      struct err *e)
{
	int64_t watched[2];
	int r;

	(void)conf;
	r = chore_numbers(c, STATEMENT_SCRUB_WATCH, NULL, 0, watched, COUNT(watched), e);
	if (r < 0)
		return r;
	ret->done = (uint64_t)watched[0];
	ret->due_ms = watched[1];
	if (watched[0] > 0)
		log_info("copies in %lld stores were not read in time, or are not there: see the findings",
			 (long long)watched[0]);
	return 0;
}
