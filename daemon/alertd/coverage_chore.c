#include <stddef.h>

#include "base/util.h"
#include "chores.h"
#include "coverage.h"

int chore_coverage(struct catalog_sync *c, const struct conf *conf, struct chore_result *ret,
		   struct err *e)
{
	int64_t due;
	size_t taken;
	int r;

	(void)conf;
	r = coverage_round(c, &taken, e);
	if (r == 0)
		r = chore_numbers(c, STATEMENT_COVERAGE_DUE, NULL, 0, &due, 1, e);
	if (r < 0)
		return r;
	ret->done = taken;
	ret->more = taken == COVERAGE_AT_ONCE;
	ret->due_ms = due;
	return 0;
}
