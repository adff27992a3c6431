#include "custody/audit.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

const char *audit_code_name(enum audit_code c)
{
	static const char *const names[AUDIT_CODES] = {
		[AUDIT_NOTHING] = "",
		[AUDIT_ROW_CHANGED] = "custody_row_changed",
		[AUDIT_ROW_MISSING] = "custody_row_missing",
		[AUDIT_ROW_UNLOGGED] = "custody_row_unlogged",
		[AUDIT_EVENT_CHANGED] = "custody_event_changed",
		[AUDIT_LEAF_DAMAGED] = "custody_leaf_damaged",
		[AUDIT_LOG_INCONSISTENT] = "custody_log_inconsistent",
		[AUDIT_LOG_FORKED] = "custody_log_forked",
		[AUDIT_EVENT_WAITING] = "custody_event_waiting",
		[AUDIT_BLOB_MISSING] = "blob_missing",
		[AUDIT_BLOB_CHANGED] = "blob_changed",
		[AUDIT_BLOB_UNLOGGED] = "blob_unlogged",
		[AUDIT_BLOB_NOT_DISPOSED] = "blob_not_disposed",
	};

	return names[c];
}

static struct audit_result result(enum audit_code code, enum audit_why why)
{
	return (struct audit_result){ .code = code, .why = why };
}

/* ------ rows ------ */

/* Of a row that was removed by right: no row that is there is empty. */
static bool says_gone(const struct event *ev)
{
	return ev->row.len == 2;
}

static int compare(const struct audit_rows *s, const struct event *ev, const struct audit_row *r,
		   struct audit_result *ret, struct err *e)
{
	char column[EVENT_WORD_MAX + 1] = "";
	struct event_salts salts;
	enum event_verdict v;
	int x;

	*ret = result(AUDIT_ROW_CHANGED, AUDIT_WHY_SALT);
	if (event_salts_parse(r->salts, r->erased, &salts, NULL) < 0)
		return 0;
	ret->why = AUDIT_WHY_SIZE;
	x = r->row == NULL ? -EINVAL :
		event_compare(ev, r->row, strlen(r->row), s->personal, &salts, &v, column, e);
	if (x < 0)
		return x == -EINVAL ? 0 : x;	/* PostgreSQL writes JSON: it is beyond our limits */
	switch (v) {
	case EVENT_SAME:
	case EVENT_CANNOT_TELL:
		*ret = result(AUDIT_NOTHING, AUDIT_WHY_NONE);
		ret->untold = v == EVENT_CANNOT_TELL;
		return 0;
	case EVENT_SALT_GONE:
		ret->why = AUDIT_WHY_SALT;
		break;
	case EVENT_CHANGED:
		ret->why = AUDIT_WHY_COLUMN;
		break;
	}
	memcpy(ret->column, column, sizeof(column));
	return 0;
}

/* The row that speaks for its key: with the first event, or the last where rows change. */
static int first_of_key(const struct audit_rows *s, const struct audit_row *r,
			struct audit_result *ret, struct err *e)
{
	struct event ev;
	bool gone;

	if (r->event == 0) {
		*ret = result(AUDIT_ROW_UNLOGGED, AUDIT_WHY_NONE);
		return 0;
	}
	if (event_parse(r->leaf, r->leaf_len, &ev, NULL) < 0) {
		*ret = result(AUDIT_EVENT_CHANGED, AUDIT_WHY_NO_LEAF);
		return 0;
	}
	gone = s->changes && says_gone(&ev);
	if (r->has_row && !gone)
		return compare(s, &ev, r, ret, e);
	if (r->has_row)
		*ret = result(AUDIT_ROW_UNLOGGED, AUDIT_WHY_CAME_BACK);
	else if (!gone)
		*ret = result(AUDIT_ROW_MISSING, AUDIT_WHY_NONE);
	return 0;
}

/* More than one row of the join for one key: of the table two rows, or of the log two events. */
static void another_of_key(const struct audit_rows *s, const struct audit_row *r,
			   struct audit_result *ret)
{
	if (s->reported)
		return;
	if (r->event == s->event)
		*ret = result(AUDIT_ROW_UNLOGGED, AUDIT_WHY_TWICE);
	else if (!s->changes)
		*ret = result(AUDIT_ROW_CHANGED, AUDIT_WHY_AGAIN);
}

int audit_row(struct audit_rows *s, const struct audit_row *r, struct audit_result *ret,
	      struct err *e)
{
	const struct digest key = digest_of(r->key, strlen(r->key));
	const bool again = s->began && digest_equal(&key, &s->key);
	int x = 0;

	*ret = result(AUDIT_NOTHING, AUDIT_WHY_NONE);
	if (again) {
		another_of_key(s, r, ret);
	} else {
		s->event = r->event;
		s->reported = false;
		x = first_of_key(s, r, ret, e);
	}
	s->began = true;
	s->key = key;
	s->reported = s->reported || ret->code != AUDIT_NOTHING;
	return x;
}

/* ------ events ------ */

int audit_entry(const struct audit_entry *n, struct audit_result *ret, struct err *e)
{
	enum event_verdict v;
	struct event ev;
	int r;

	*ret = result(AUDIT_EVENT_CHANGED, AUDIT_WHY_GONE);
	if (n->event == 0 || n->copy == NULL)
		return 0;
	ret->why = AUDIT_WHY_LEAF;
	if (n->copy_len != n->leaf_len || memcmp(n->copy, n->leaf, n->leaf_len) != 0)
		return 0;
	ret->why = AUDIT_WHY_NO_LEAF;
	if (event_parse(n->leaf, n->leaf_len, &ev, NULL) < 0)
		return 0;
	ret->why = AUDIT_WHY_COLUMN;
	snprintf(ret->column, sizeof(ret->column), "event");
	if (ev.event != n->event)
		return 0;
	r = event_compare_fields(&ev, n->fields, strlen(n->fields), &v, ret->column, e);
	if (r == -EINVAL)
		*ret = result(AUDIT_EVENT_CHANGED, AUDIT_WHY_SIZE);
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	if (v == EVENT_SAME)
		*ret = result(AUDIT_NOTHING, AUDIT_WHY_NONE);
	return 0;
}

struct audit_events audit_events_begin(void)
{
	struct audit_events s = { .sum = { 0 } };

	randombytes_buf(s.key, sizeof(s.key));
	return s;
}

struct audit_events audit_events_as(const struct audit_events *o)
{
	struct audit_events s = *o;

	memset(s.sum, 0, sizeof(s.sum));
	return s;
}

void audit_events_add(struct audit_events *s, uint64_t event, const uint8_t *leaf, size_t len)
{
	crypto_generichash_state h;
	uint8_t hash[sizeof(s->sum)];

	crypto_generichash_init(&h, s->key, sizeof(s->key), sizeof(hash));
	crypto_generichash_update(&h, (const uint8_t *)&event, sizeof(event));
	if (len > 0)
		crypto_generichash_update(&h, leaf, len);
	crypto_generichash_final(&h, hash, sizeof(hash));
	sodium_add(s->sum, hash, sizeof(s->sum));
}

bool audit_events_equal(const struct audit_events *a, const struct audit_events *b)
{
	return memcmp(a->sum, b->sum, sizeof(a->sum)) == 0;
}

/* ------ leaves ------ */

enum audit_leaf audit_leaf(uint64_t index, uint64_t size, const struct merkle_hash *leaf,
			   const struct merkle_hash *tile, const struct merkle_proof *proof,
			   const struct merkle_hash *root)
{
	if (merkle_equal(leaf, tile))
		return AUDIT_LEAF_GOOD;
	if (proof == NULL)
		return AUDIT_LEAF_UNKNOWN;
	if (merkle_check_inclusion(index, size, tile, proof, root))
		return AUDIT_LEAF_BAD;
	return merkle_check_inclusion(index, size, leaf, proof, root) ? AUDIT_TILE_BAD :
		AUDIT_LEAF_UNKNOWN;
}

/* ------ blobs ------ */

bool audit_on_its_way(enum audit_dock dock, int64_t age_ms)
{
	switch (dock) {
	case AUDIT_DOCK_QUIET:
		return false;
	case AUDIT_DOCK_BEHIND:		/* for as long as the database was away */
		return true;
	case AUDIT_DOCK_BUSY:
	case AUDIT_DOCK_UNKNOWN:
		break;
	}
	return age_ms < AUDIT_SETTLE_MS;
}
