#include "archive_diff.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

/* What an object is called among its like; "" when it has no such field. */
static const char *id_of(const json_t *row, const char *key, char ret[64])
{
	const json_t *v = json_object_get(row, key);

	if (json_is_integer(v))
		snprintf(ret, 64, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else
		snprintf(ret, 64, "%s", json_is_string(v) ? json_string_value(v) : "");
	return ret;
}

static void note(json_t *list, const char *table, const char *id)
{
	json_array_append_new(list, json_pack("{s:s, s:s}", "table", table, "id", id));
}

/* Is it the same but for these two, which answers change? */
static bool same_but_answered(json_t *a, json_t *b)
{
	json_t *x = json_copy(a), *y = json_copy(b);
	bool same;

	json_object_del(x, "state");
	json_object_del(y, "state");
	json_object_del(x, "excused");
	json_object_del(y, "excused");
	same = json_equal(x, y);
	json_decref(x);
	json_decref(y);
	return same;
}

static void compare_one(const char *table, const char *id, json_t *frozen, json_t *now,
			struct archive_diff *ret)
{
	if (now == NULL)
		note(ret->missing, table, id);
	else if (json_equal(frozen, now))
		ret->same++;
	else if (strcmp(table, "findings") == 0 && same_but_answered(frozen, now))
		note(ret->later, table, id);
	else
		note(ret->changed, table, id);
}

static int compare_lists(const char *table, const char *key, const json_t *frozen, const json_t *now,
			 struct archive_diff *ret)
{
	json_t *index = json_object(), *row;
	const char *id;
	char text[64];
	size_t i;

	if (!json_is_array(frozen) || !json_is_array(now)) {
		json_decref(index);
		return -EINVAL;
	}
	json_array_foreach(now, i, row)
		json_object_set(index, id_of(row, key, text), row);
	json_array_foreach(frozen, i, row) {
		id_of(row, key, text);
		compare_one(table, text, row, json_object_get(index, text), ret);
		json_object_del(index, text);
	}
	json_object_foreach(index, id, row)
		note(ret->later, table, id);
	json_decref(index);
	return 0;
}

int archive_compare(const json_t *frozen, const json_t *now, struct archive_diff *ret)
{
	json_t *tables = json_object_get(frozen, "rows"), *list;
	const json_t *now_tables = json_object_get(now, "rows");
	const char *table;
	int r = json_is_object(tables) && json_is_object(now_tables) ? 0 : -EINVAL;

	*ret = (struct archive_diff){ json_array(), json_array(), json_array(), 0 };
	json_object_foreach(tables, table, list)
		if (r == 0)
			r = compare_lists(table, "event", list, json_object_get(now_tables, table), ret);
	if (r == 0)
		r = compare_lists("segments", "segment", json_object_get(frozen, "segments"),
				  json_object_get(now, "segments"), ret);
	if (r == 0)
		r = compare_lists("findings", "finding", json_object_get(frozen, "findings"),
				  json_object_get(now, "findings"), ret);
	return r;
}

void archive_diff_clear(struct archive_diff *d)
{
	json_decref(d->changed);
	json_decref(d->missing);
	json_decref(d->later);
	*d = (struct archive_diff){ NULL, NULL, NULL, 0 };
}
