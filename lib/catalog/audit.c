#include "catalog/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"

/* ------ what is read is what there is ------ */

static int lock_sources(struct catalog_sync *c, bool guarded, struct err *e)
{
	size_t i;
	int r = catalog_sync_run(c, STATEMENT_AUDIT_LOCK, NULL, 0, NULL, e);

	for (i = 0; i < catalog_sources_n && r == 0; i++)
		if (!guarded || !catalog_source_guarded(&catalog_sources[i]))
			r = catalog_sync_run(c, catalog_sources[i].lock, NULL, 0, NULL, e);
	return r;
}

/* Locks come first: the catalog is seen as of the first statement that looks at it, which is after them. */
int catalog_audit_begin(struct catalog_sync *c, bool *ret_guarded, struct err *e)
{
	AUTO(catalog_rows_freep) struct catalog_rows *rows = NULL;
	int r = catalog_sync_run(c, STATEMENT_AUDIT_GUARDED, NULL, 0, &rows, e);

	if (r == 0)
		r = catalog_sync_begin_reading(c, e);
	if (r < 0)
		return r;
	*ret_guarded = catalog_rows_count(rows) > 0;
	return lock_sources(c, *ret_guarded, e);
}

int catalog_audit_tables(struct catalog_sync *c,
			 int (*row)(void *data, const char *const *values, size_t n_values),
			 void *data, struct err *e)
{
	AUTO(buf_clear) struct buf names = BUF_INIT(64 * 1024);
	const char *params[1];
	size_t i;

	for (i = 0; i < catalog_sources_n; i++)
		buf_addf(&names, "%s%s", i > 0 ? " " : "", catalog_sources[i].name);
	if (names.failed)
		return err_set(e, -ENOMEM, "no memory for the names of tables");
	params[0] = buf_str(&names);
	return catalog_sync_each(c, STATEMENT_AUDIT_TABLES, params, 1, row, data, e);
}

static int one_hides(void *data, const char *const *values, size_t n)
{
	return err_set(data, -EPERM, "row-level security hides rows of %s: they cannot be checked",
		       n > 0 && values[0] != NULL ? values[0] : "?");
}

int catalog_audit_begin_blobs(struct catalog_sync *c, struct err *e)
{
	int r = catalog_sync_begin_reading(c, e);

	if (r == 0)
		r = catalog_sync_run(c, STATEMENT_AUDIT_LOCK_BLOBS, NULL, 0, NULL, e);
	if (r == 0)
		r = catalog_sync_each(c, STATEMENT_AUDIT_BLOBS_HIDE, NULL, 0, one_hides, e, e);
	return r;
}

/* ------ columns ------ */

/* One byte more than a leaf may have is enough to be none. */
struct leaf {
	uint8_t bytes[EVENT_LEAF_MAX + 1];
	size_t len;
};

static int take_leaf(const char *hex, struct leaf *ret, struct err *e)
{
	size_t len = MIN(strlen(hex), 2 * sizeof(ret->bytes));

	if (sodium_hex2bin(ret->bytes, sizeof(ret->bytes), hex, len, NULL, &ret->len, NULL) != 0)
		return err_set(e, -EIO, "catalog: a leaf that is not hexadecimal");
	return 0;
}

static uint64_t take_number(const char *text)
{
	return text == NULL ? 0 : strtoull(text, NULL, 10);
}

static bool take_bool(const char *text)
{
	return text != NULL && text[0] == 't';
}

static const char *or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

/* ------ rows ------ */

struct rows {
	struct audit_rows state;
	struct leaf *leaf;
	catalog_audit_row_cb row;
	void *data;
	struct err *e;
};

enum { ROW_KEY, ROW_EVENT, ROW_LEAF, ROW_HAS, ROW_ROW, ROW_SALTS, ROW_ERASED, ROW_COLUMNS };

static int one_row(void *data, const char *const *values, size_t n)
{
	struct rows *s = data;
	struct audit_result result;
	struct audit_row r;
	int x = 0;

	if (n != ROW_COLUMNS)
		BUG("a row to audit of %zu columns", n);
	s->leaf->len = 0;
	if (values[ROW_LEAF] != NULL)
		x = take_leaf(values[ROW_LEAF], s->leaf, s->e);
	r = (struct audit_row){
		.key = or_empty(values[ROW_KEY]), .event = take_number(values[ROW_EVENT]),
		.leaf = s->leaf->bytes, .leaf_len = s->leaf->len,
		.has_row = take_bool(values[ROW_HAS]), .row = values[ROW_ROW],
		.salts = or_empty(values[ROW_SALTS]), .erased = or_empty(values[ROW_ERASED]),
	};
	if (x == 0)
		x = audit_row(&s->state, &r, &result, s->e);
	return x < 0 ? x : s->row(s->data, &r, &result);
}

static int audit(struct catalog_sync *c, const struct catalog_source *s, enum catalog_statement which,
		 const char *const *params, size_t n, catalog_audit_row_cb row, void *data,
		 struct err *e)
{
	struct rows rows = {
		.state = { .personal = s->personal, .changes = s->changes },
		.leaf = malloc(sizeof(*rows.leaf)), .row = row, .data = data, .e = e,
	};
	int r = -ENOMEM;

	if (rows.leaf == NULL)
		err_set(e, -ENOMEM, "catalog: out of memory");
	else
		r = catalog_sync_each(c, which, params, n, one_row, &rows, e);
	free(rows.leaf);
	return r;
}

int catalog_audit_rows(struct catalog_sync *c, const struct catalog_source *s,
		       catalog_audit_row_cb row, void *data, struct err *e)
{
	return audit(c, s, s->rows, NULL, 0, row, data, e);
}

int catalog_audit_event(struct catalog_sync *c, const struct catalog_source *s, uint64_t event,
			catalog_audit_row_cb row, void *data, struct err *e)
{
	char number[24];
	const char *const params[] = { number };

	snprintf(number, sizeof(number), "%" PRIu64, event);
	return audit(c, s, s->row, params, COUNT(params), row, data, e);
}

/* ------ events ------ */

struct events {
	struct leaf *leaf;
	bool placed;			/* places come first; otherwise whether it is late, last */
	catalog_event_cb event;
	void *data;
	struct err *e;
};

static int one_event(void *data, const char *const *values, size_t n)
{
	struct events *s = data;
	struct catalog_event ev = { .index = 0 };
	const char *const *v = s->placed ? values + 1 : values;
	int r = 0;

	if (n != 4)
		BUG("an event to audit of %zu columns", n);
	ev.event = take_number(v[0]);
	ev.index = s->placed ? take_number(values[0]) : 0;
	ev.late = !s->placed && take_bool(values[3]);
	ev.fields = or_empty(v[2]);
	if (v[1] != NULL) {
		r = take_leaf(v[1], s->leaf, s->e);
		ev.copy = s->leaf->bytes;
		ev.copy_len = s->leaf->len;
	}
	return r < 0 ? r : s->event(s->data, &ev);
}

static int each_event(struct catalog_sync *c, enum catalog_statement which, const char *const *params,
		      size_t n, bool placed, catalog_event_cb event, void *data, struct err *e)
{
	struct events s = { .leaf = malloc(sizeof(*s.leaf)), .placed = placed, .event = event,
			    .data = data, .e = e };
	int r = -ENOMEM;

	if (s.leaf == NULL)
		err_set(e, -ENOMEM, "catalog: out of memory");
	else
		r = catalog_sync_each(c, which, params, n, one_event, &s, e);
	free(s.leaf);
	return r;
}

int catalog_audit_entries(struct catalog_sync *c, uint64_t from, uint64_t below,
			  catalog_event_cb event, void *data, struct err *e)
{
	char a[24], b[24];
	const char *const params[] = { a, b };

	snprintf(a, sizeof(a), "%" PRIu64, from);
	snprintf(b, sizeof(b), "%" PRIu64, below);
	return each_event(c, STATEMENT_AUDIT_ENTRIES, params, COUNT(params), true, event, data, e);
}

int catalog_audit_waiting(struct catalog_sync *c, uint64_t size, catalog_event_cb event,
			  void *data, struct err *e)
{
	char a[24];
	const char *const params[] = { a };

	snprintf(a, sizeof(a), "%" PRIu64, size);
	return each_event(c, STATEMENT_AUDIT_WAITING, params, COUNT(params), false, event, data, e);
}

int catalog_audit_events(struct catalog_sync *c, const struct catalog_source *s, catalog_event_cb event,
			 void *data, struct err *e)
{
	const char *const params[] = { s->name };

	return each_event(c, STATEMENT_AUDIT_EVENTS, params, COUNT(params), false, event, data, e);
}
