#include <stddef.h>

#include "base/log.h"
#include "base/util.h"
#include "chores.h"

/* In one transaction: what is due longer than the rest of a round's is found first. */
#define SWEEP_ROWS "500"

int chore_sweep(struct catalog_sync *c, const struct conf *conf, struct chore_result *ret,
		struct err *e)
{
	const char *const params[] = { SWEEP_ROWS };
	int64_t swept[4], next[2];
	int r;

	(void)conf;
	r = chore_numbers(c, STATEMENT_SWEEP, params, COUNT(params), swept, COUNT(swept), e);
	if (r == 0)
		r = chore_numbers(c, STATEMENT_NEXT_DUE, NULL, 0, next, COUNT(next), e);
	if (r < 0)
		return r;
	ret->done = (uint64_t)swept[0];
	ret->more = swept[3] != 0;
	ret->due_ms = next[0];
	if (swept[1] + swept[2] > 0)
		log_info("%lld deadlines passed, %lld are near: see the findings",
			 (long long)swept[2], (long long)swept[1]);
	return 0;
}
