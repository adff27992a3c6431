#include <stddef.h>

#include "base/log.h"
#include "base/util.h"
#include "chores.h"

int chore_backup(struct catalog_sync *c, const struct conf *conf, struct chore_result *ret,
		 struct err *e)
{
	int64_t swept[2];
	int r;

	(void)conf;
	r = chore_numbers(c, STATEMENT_BACKUP_SWEEP, NULL, 0, swept, COUNT(swept), e);
	if (r < 0)
		return r;
	ret->done = (uint64_t)swept[0];
	ret->due_ms = swept[1];
	if (swept[0] > 0)
		log_info("no backup for too long: see the finding");
	return 0;
}
