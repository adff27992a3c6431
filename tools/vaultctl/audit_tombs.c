/*
 * What of the blobs is gone by right, by the custody events alone (custody/tomb.h): a tombstone that
 * somebody wrote into the catalog excuses nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit_tombs.h"
#include "base/hex.h"
#include "base/util.h"
#include "custody/event.h"
#include "custody/tomb.h"
#include "disposal.h"

/* One blob, or a plan, while it is asked about. */
struct asked {
	struct tomb_plan *plan;
	struct tomb_segment *segment;
	struct err *e;
};

static int one_event(void *data, const char *const *values, size_t n)
{
	struct asked *a = data;
	const size_t hex = n > 0 && values[0] != NULL ? strlen(values[0]) : 0;
	size_t len = 0;
	uint8_t *leaf;

	if (hex == 0 || hex > 2 * EVENT_LEAF_MAX)
		return 0;		/* no event's: it makes nothing right */
	leaf = malloc(hex / 2);
	if (leaf == NULL)
		return err_set(a->e, -ENOMEM, "no memory for a leaf");
	if (hex_decode(values[0], hex, leaf, hex / 2, &len) == 0) {
		if (a->plan != NULL)
			tomb_plan_add(a->plan, leaf, len);
		if (a->segment != NULL)
			tomb_segment_add(a->segment, leaf, len);
	}
	free(leaf);
	return 0;
}

static int one_item(void *data, const char *const *values, size_t n)
{
	const struct disposal_item item = { .number = values[0] != NULL ? strtoull(values[0], NULL, 10) : 0,
					    .segment = values[1], .blob = values[2], .size = values[3],
					    .rule = values[4], .rule_version = values[5], .due_on = values[6] };

	(void)n;
	return disposal_digest_add(data, &item) ? 0 : -EBADMSG;
}

/* Are the plan's items, as they are now, those whose digest the log has?  1, 0, or a negative errno. */
static int items_are(struct catalog_sync *c, const struct tomb_plan *p, struct err *e)
{
	struct disposal_digest *d = disposal_digest_new();
	const char *const params[] = { p->plan };
	char digest[65];
	uint64_t objects;
	int r = d == NULL ? err_set(e, -ENOMEM, "no memory for a plan's items") :
		catalog_sync_each(c, STATEMENT_AUDIT_ITEMS, params, COUNT(params), one_item, d, e);

	if (r == 0) {
		objects = disposal_digest_objects(d);
		disposal_digest_end(d, digest);
		r = objects == p->objects && strcmp(digest, p->digest) == 0;
	} else if (r == -EBADMSG) {
		r = 0;
	}
	disposal_digest_free(d);
	return r;
}

/* A plan is read once, with its million items; what came of it is remembered as its bytes. */
static int find_plan(struct tombs *t, const char *plan, struct tomb_plan *ret, struct err *e)
{
	struct asked a = { .plan = ret, .e = e };
	const char *const params[] = { plan };
	json_t *known = json_object_get(t->plans, plan);
	int r;

	tomb_plan_begin(ret, plan);
	r = catalog_sync_each(t->catalog, STATEMENT_AUDIT_PLAN_EVENTS, params, COUNT(params), one_event, &a, e);
	if (r < 0)
		return r;
	if (known == NULL && ret->digest[0] != '\0') {
		r = items_are(t->catalog, ret, e);
		if (r < 0)
			return r;
		known = json_boolean(r == 1);
		json_object_set_new(t->plans, plan, known);
	}
	if (!json_is_true(known))
		ret->digest[0] = '\0';	/* no plan that the log knows */
	return 0;
}

/* A segment that has these bytes: 1 when it is gone by right; *kept: and its bytes were left. */
static int judge_segment(struct tombs *t, const char *segment, const char *blob, bool *kept, struct err *e)
{
	struct tomb_segment s;
	struct tomb_plan p;
	struct asked a = { .segment = &s, .e = e };
	const char *params[] = { segment, NULL, blob };
	size_t there = 0;
	int r;

	tomb_segment_begin(&s, segment, blob);
	r = catalog_sync_each(t->catalog, STATEMENT_AUDIT_TOMB_EVENTS, params, 1, one_event, &a, e);
	if (r < 0 || s.tomb_plan[0] == '\0')
		return r;
	r = find_plan(t, s.tomb_plan, &p, e);
	if (r < 0)
		return r;
	params[1] = s.tomb_plan;
	r = catalog_sync_each(t->catalog, STATEMENT_AUDIT_ITEM, params, COUNT(params), tombs_count, &there, e);
	if (r < 0)
		return r;
	*kept = s.kept;
	return there == 1 && tomb_judge(&p, &s) == TOMB_RIGHT;
}

int tombs_count(void *data, const char *const *values, size_t n)
{
	(void)values;
	(void)n;
	(*(size_t *)data)++;
	return 0;
}

static int one_segment(void *data, const char *const *values, size_t n)
{
	json_t *list = data;

	return n > 0 && values[0] != NULL && json_array_append_new(list, json_string(values[0])) == 0 ? 0 : -ENOMEM;
}

int tombs_judge(struct tombs *t, const char *blob, enum tombs_verdict *ret, struct err *e)
{
	const char *const params[] = { blob };
	json_t *list = json_array(), *one;
	bool removed = false, all = true, kept;
	size_t i;
	int r = list == NULL || t->plans == NULL ? err_set(e, -ENOMEM, "no memory for tombstones") :
		catalog_sync_each(t->catalog, STATEMENT_AUDIT_SEGMENTS_OF, params, COUNT(params), one_segment, list, e);

	json_array_foreach(list, i, one) {
		if (r < 0 || !all)
			break;
		kept = true;
		r = judge_segment(t, json_string_value(one), blob, &kept, e);
		all = r == 1;
		removed |= all && !kept;
	}
	if (r >= 0)
		*ret = json_array_size(list) > 0 && all && removed ? TOMBS_GONE : TOMBS_NOT;
	json_decref(list);
	return r < 0 ? r : 0;
}

void tombs_clear(struct tombs *t)
{
	json_decref(t->plans);
	t->plans = NULL;
}
