#include "coverage.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/util.h"
#include "rules/coverage_json.h"

static int run(struct catalog_sync *c, enum catalog_statement s, const char *param,
	       json_t **ret, struct err *e)
{
	const char *const params[] = { param };
	struct catalog_rows *rows = NULL;
	int r = catalog_sync_run(c, s, params, COUNT(params), ret == NULL ? NULL : &rows, e);

	if (r < 0 || ret == NULL)
		return r;
	*ret = catalog_rows_list(rows);
	catalog_rows_free(rows);
	return *ret == NULL ? err_set(e, -ENOMEM, "coverage: no memory") : 0;
}

/* One action.  Its own troubles are logged here, the catalog's returned. */
static int judge(struct catalog_sync *c, json_t *facts, struct err *e)
{
	const char *action = json_string_value(json_object_get(facts, "action"));
	struct err why = { 0, "" };
	char *verdict = NULL;
	int r = coverage_judge_json(facts, &verdict, &why);

	if (r == -ENOMEM)
		return err_set(e, r, "%s", why.msg);
	if (r == 0) {
		r = run(c, STATEMENT_COVERAGE_JUDGED, verdict, NULL, &why);
		free(verdict);
	}
	if (r == -ENOTCONN || r == -EACCES)
		return err_set(e, r, "%s", why.msg);
	if (r == 0)
		return 0;
	log_warn("action %s: its coverage cannot be judged, again in an hour: %s",
		 action == NULL ? "?" : action, why.msg);
	return action == NULL ? 0 : run(c, STATEMENT_COVERAGE_POSTPONE, action, NULL, e);
}

int coverage_round(struct catalog_sync *c, size_t *ret_taken, struct err *e)
{
	json_t *list = NULL, *row;
	char most[16];
	size_t i;
	int r;

	*ret_taken = 0;
	snprintf(most, sizeof(most), "%d", (int)COVERAGE_AT_ONCE);
	r = run(c, STATEMENT_COVERAGE_NEXT, most, &list, e);
	if (r < 0)
		return r;
	json_array_foreach(list, i, row) {
		r = judge(c, json_object_get(row, "facts"), e);
		if (r < 0)
			break;
	}
	*ret_taken = json_array_size(list);
	json_decref(list);
	return r;
}
