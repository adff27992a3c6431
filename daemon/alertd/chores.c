#include "chores.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alert_next.h"
#include "base/log.h"
#include "base/util.h"

static const struct chore chores[] = {
	{ "sweep", chore_sweep },
	{ "coverage", chore_coverage },
	{ "scrub watch", chore_scrub_watch },
	{ "retention", chore_retention },
	{ "backup", chore_backup },
};

/* ------ rows of numbers ------ */

struct numbers {
	int64_t *to;
	size_t n;
	bool there;
};

static int take_number(const char *text, int64_t *ret)
{
	char *end;

	if (text == NULL)
		*ret = ALERT_NEVER;
	else if (strcmp(text, "t") == 0 || strcmp(text, "f") == 0)
		*ret = text[0] == 't';
	else {
		errno = 0;
		*ret = strtoll(text, &end, 10);
		if (errno != 0 || end == text || *end != '\0')
			return -EBADMSG;
	}
	return 0;
}

static int take_row(void *data, const char *const *values, size_t n_values)
{
	struct numbers *n = data;
	size_t i;

	for (i = 0; i < n->n; i++)
		if (i >= n_values || take_number(values[i], &n->to[i]) < 0)
			return -EBADMSG;
	n->there = true;
	return 0;
}

int chore_numbers(struct catalog_sync *c, enum catalog_statement s, const char *const *params,
		  size_t n_params, int64_t *ret, size_t n, struct err *e)
{
	struct numbers numbers = { .to = ret, .n = n };
	int r = catalog_sync_each(c, s, params, n_params, take_row, &numbers, e);

	if (r == -EBADMSG || (r == 0 && !numbers.there))
		return err_set(e, -EBADMSG, "catalog: what it says to %s cannot be",
			       catalog_statements[s].name);
	return r;
}

/* ------ a round ------ */

static void add(struct chore_result *sum, const struct chore_result *one)
{
	sum->done += one->done;
	sum->more |= one->more;
	sum->due_ms = MIN(sum->due_ms, one->due_ms);
}

int chores_run(struct catalog_sync *c, const struct conf *conf, struct chore_result *ret,
	       int64_t *ret_now_ms, struct err *e)
{
	int64_t next[2];
	int failed = 0, r;
	size_t i;

	*ret = (struct chore_result){ .due_ms = ALERT_NEVER };
	for (i = 0; i < COUNT(chores); i++) {
		struct chore_result one = { .due_ms = ALERT_NEVER };
		struct err why = { .code = 0 };

		r = chores[i].run(c, conf, &one, &why);
		if (r == -ENOTCONN)
			return err_set(e, r, "%s", why.msg);
		if (r < 0) {
			log_err("%s: %s", chores[i].name, why.msg);
			failed = failed == 0 ? err_set(e, r, "%s: %s", chores[i].name, why.msg) : failed;
			continue;
		}
		log_debug("%s: %llu done%s", chores[i].name, (unsigned long long)one.done,
			  one.more ? ", and more" : "");
		add(ret, &one);
	}
	r = chore_numbers(c, STATEMENT_NEXT_DUE, NULL, 0, next, COUNT(next), e);
	if (r < 0)
		return r;
	*ret_now_ms = next[1];
	return failed;
}
