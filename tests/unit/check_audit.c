#include "custody/audit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "unit/suite.h"

#define LEAF(event, row) \
	"{\"act\":\"a\",\"at\":\"2026-11-27T14:38:22+00:00\",\"event\":" event ",\"key\":\"k\"," \
	"\"objects\":[\"blob:00\"],\"role\":\"r\",\"row\":" row ",\"source\":\"s\",\"v\":1}"
#define HASH	"{\"salted\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}"

START_TEST(codes_have_names)
{
	ck_assert_str_eq(audit_code_name(AUDIT_NOTHING), "");
	ck_assert_str_eq(audit_code_name(AUDIT_ROW_CHANGED), "custody_row_changed");
	ck_assert_str_eq(audit_code_name(AUDIT_BLOB_UNLOGGED), "blob_unlogged");
}
END_TEST

/* ------ rows ------ */

/* What comes of a stream, row by row: a key, an event, a row; what is NULL is not there. */
struct one {
	const char *key;
	uint64_t event;
	const char *leaf, *row;
	enum audit_code code;
	enum audit_why why;
};
static const struct { const char *what; bool changes; struct one rows[4]; } streams[] = {
	{ "all is well", false, {
		{ "a", 1, LEAF("1", "{\"x\":1}"), "{\"x\": 1}", AUDIT_NOTHING, AUDIT_WHY_NONE },
		{ "b", 2, LEAF("2", "{\"x\":2}"), "{\"x\": 2}", AUDIT_NOTHING, AUDIT_WHY_NONE } } },
	{ "a column, a row gone, a row that was never logged", false, {
		{ "a", 1, LEAF("1", "{\"x\":1}"), "{\"x\": 2}", AUDIT_ROW_CHANGED, AUDIT_WHY_COLUMN },
		{ "b", 2, LEAF("2", "{\"x\":2}"), NULL, AUDIT_ROW_MISSING, AUDIT_WHY_NONE },
		{ "c", 0, NULL, "{\"x\": 2}", AUDIT_ROW_UNLOGGED, AUDIT_WHY_NONE } } },
	{ "removed and put in again, as it was, with an event", false, {
		{ "a", 1, LEAF("1", "{\"x\":1}"), "{\"x\": 1}", AUDIT_NOTHING, AUDIT_WHY_NONE },
		{ "a", 5, LEAF("5", "{\"x\":1}"), "{\"x\": 1}", AUDIT_ROW_CHANGED, AUDIT_WHY_AGAIN },
		{ "a", 6, LEAF("6", "{\"x\":1}"), "{\"x\": 1}", AUDIT_NOTHING, AUDIT_WHY_NONE },
		{ "b", 2, LEAF("2", "{}"), "{}", AUDIT_NOTHING, AUDIT_WHY_NONE } } },
	{ "the same, otherwise: the first event says how it was", false, {
		{ "a", 1, LEAF("1", "{\"x\":1}"), "{\"x\": 2}", AUDIT_ROW_CHANGED, AUDIT_WHY_COLUMN },
		{ "a", 5, LEAF("5", "{\"x\":2}"), "{\"x\": 2}", AUDIT_NOTHING, AUDIT_WHY_NONE } } },
	{ "the same, and removed again: once is enough", false, {
		{ "a", 1, LEAF("1", "{\"x\":1}"), NULL, AUDIT_ROW_MISSING, AUDIT_WHY_NONE },
		{ "a", 5, LEAF("5", "{\"x\":1}"), NULL, AUDIT_NOTHING, AUDIT_WHY_NONE } } },
	{ "two rows of a key", false, {
		{ "a", 1, LEAF("1", "{\"x\":1}"), "{\"x\": 1}", AUDIT_NOTHING, AUDIT_WHY_NONE },
		{ "a", 1, LEAF("1", "{\"x\":1}"), "{\"x\": 1}", AUDIT_ROW_UNLOGGED, AUDIT_WHY_TWICE } } },
	{ "two rows of a key that no event speaks of", false, {
		{ "a", 0, NULL, "{\"x\": 1}", AUDIT_ROW_UNLOGGED, AUDIT_WHY_NONE },
		{ "a", 0, NULL, "{\"x\": 2}", AUDIT_NOTHING, AUDIT_WHY_NONE } } },
	{ "the key before says nothing of the next", false, {
		{ "a", 1, LEAF("1", "{}"), NULL, AUDIT_ROW_MISSING, AUDIT_WHY_NONE },
		{ "b", 1, LEAF("1", "{}"), NULL, AUDIT_ROW_MISSING, AUDIT_WHY_NONE } } },
	{ "no leaf at all", false, {
		{ "a", 1, "{}", "{}", AUDIT_EVENT_CHANGED, AUDIT_WHY_NO_LEAF },
		{ "b", 2, "{}", NULL, AUDIT_EVENT_CHANGED, AUDIT_WHY_NO_LEAF } } },
	{ "an empty row is no removal where none is allowed", false, {
		{ "a", 1, LEAF("1", "{}"), NULL, AUDIT_ROW_MISSING, AUDIT_WHY_NONE } } },
	{ "longer than any row", false, {
		{ "a", 1, LEAF("1", "{\"x\":1}"), "", AUDIT_ROW_CHANGED, AUDIT_WHY_SIZE } } },
	{ "a salt that nobody erased", false, {
		{ "a", 1, LEAF("1", "{\"officer\":" HASH "}"), "{\"officer\": \"1\"}", AUDIT_ROW_CHANGED,
		  AUDIT_WHY_SALT } } },
	{ "changed by right: the last event counts", true, {
		{ "a", 7, LEAF("7", "{\"x\":2}"), "{\"x\": 2}", AUDIT_NOTHING, AUDIT_WHY_NONE },
		{ "a", 1, LEAF("1", "{\"x\":1}"), "{\"x\": 2}", AUDIT_NOTHING, AUDIT_WHY_NONE },
		{ "b", 2, LEAF("2", "{\"x\":1}"), "{\"x\": 1}", AUDIT_NOTHING, AUDIT_WHY_NONE } } },
	{ "changed after that", true, {
		{ "a", 7, LEAF("7", "{\"x\":2}"), "{\"x\": 3}", AUDIT_ROW_CHANGED, AUDIT_WHY_COLUMN },
		{ "a", 1, LEAF("1", "{\"x\":3}"), "{\"x\": 3}", AUDIT_NOTHING, AUDIT_WHY_NONE } } },
	{ "removed by right", true, {
		{ "a", 7, LEAF("7", "{}"), NULL, AUDIT_NOTHING, AUDIT_WHY_NONE },
		{ "a", 1, LEAF("1", "{\"x\":1}"), NULL, AUDIT_NOTHING, AUDIT_WHY_NONE } } },
	{ "and it came back", true, {
		{ "a", 7, LEAF("7", "{}"), "{\"x\": 1}", AUDIT_ROW_UNLOGGED, AUDIT_WHY_CAME_BACK },
		{ "a", 1, LEAF("1", "{\"x\":1}"), "{\"x\": 1}", AUDIT_NOTHING, AUDIT_WHY_NONE } } },
	{ "removed outside the log", true, {
		{ "a", 7, LEAF("7", "{\"x\":1}"), NULL, AUDIT_ROW_MISSING, AUDIT_WHY_NONE },
		{ "a", 1, LEAF("1", "{\"x\":1}"), NULL, AUDIT_NOTHING, AUDIT_WHY_NONE } } },
	{ "two rows of a key that may change", true, {
		{ "a", 7, LEAF("7", "{\"x\":1}"), "{\"x\": 1}", AUDIT_NOTHING, AUDIT_WHY_NONE },
		{ "a", 7, LEAF("7", "{\"x\":1}"), "{\"x\": 1}", AUDIT_ROW_UNLOGGED, AUDIT_WHY_TWICE },
		{ "a", 1, LEAF("1", "{\"x\":1}"), "{\"x\": 1}", AUDIT_NOTHING, AUDIT_WHY_NONE } } },
};

START_TEST(decides_a_stream_of_rows)
{
	struct audit_rows s = { .personal = "officer", .changes = streams[_i].changes };
	struct audit_result got;
	struct audit_row r;
	size_t i;

	for (i = 0; i < COUNT(streams[_i].rows) && streams[_i].rows[i].key != NULL; i++) {
		const struct one *o = &streams[_i].rows[i];

		r = (struct audit_row){ .key = o->key, .event = o->event, .leaf = o->leaf,
			.leaf_len = o->leaf == NULL ? 0 : strlen(o->leaf),
			.has_row = o->row != NULL, .salts = "", .erased = "",
			/* "" stands for a row that is too long to be asked for. */
			.row = o->row == NULL || o->row[0] == '\0' ? NULL : o->row };
		ck_assert_int_eq(audit_row(&s, &r, &got, NULL), 0);
		ck_assert_msg(got.code == o->code && got.why == o->why, "%s: row %zu: %s, %d",
			      streams[_i].what, i, audit_code_name(got.code), (int)got.why);
	}
}
END_TEST

START_TEST(names_the_column)
{
	struct audit_rows s = { .personal = "officer path" };
	struct audit_row r = { .key = "k", .event = 1, .has_row = true, .salts = "",
			       .erased = "officer", .row = "{\"officer\": \"1\", \"x\": 2}" };
	struct audit_result got;

	r.leaf = LEAF("1", "{\"officer\":" HASH ",\"x\":1}");
	r.leaf_len = strlen(r.leaf);
	ck_assert_int_eq(audit_row(&s, &r, &got, NULL), 0);
	ck_assert(got.code == AUDIT_ROW_CHANGED && !got.untold);
	ck_assert_str_eq(got.column, "x");
	r.key = "l";
	r.row = "{\"officer\": \"1\", \"x\": 1}";
	ck_assert_int_eq(audit_row(&s, &r, &got, NULL), 0);
	ck_assert(got.code == AUDIT_NOTHING && got.untold);
	r.key = "m";
	r.erased = "path";
	ck_assert_int_eq(audit_row(&s, &r, &got, NULL), 0);
	ck_assert(got.code == AUDIT_ROW_CHANGED && got.why == AUDIT_WHY_SALT);
	ck_assert_str_eq(got.column, "officer");
}
END_TEST

/* What is beyond our limits is the row of no leaf. */
START_TEST(what_no_leaf_has_is_changed)
{
	struct audit_rows s = { .personal = "" };
	struct audit_row r = { .key = "k", .event = 1, .has_row = true, .salts = "", .erased = "",
			       .row = "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}" };
	struct audit_result got;

	r.leaf = LEAF("1", "{}");
	r.leaf_len = strlen(r.leaf);
	ck_assert_int_eq(audit_row(&s, &r, &got, NULL), 0);
	ck_assert(got.code == AUDIT_ROW_CHANGED && got.why == AUDIT_WHY_SIZE);
	r.key = "l";
	r.row = "{}";
	r.salts = "x";
	ck_assert_int_eq(audit_row(&s, &r, &got, NULL), 0);
	ck_assert(got.code == AUDIT_ROW_CHANGED && got.why == AUDIT_WHY_SALT);
}
END_TEST

/* ------ events ------ */

#define FIELDS	"{\"act\": \"a\", \"event\": 7, \"key\": \"k\", \"objects\": [\"blob:00\"], \"source\": \"s\"}"

static const struct {
	const char *what, *leaf, *copy, *fields;
	uint64_t event;
	enum audit_why why;
	const char *column;
} entries[] = {
	{ "all is well", LEAF("7", "{}"), LEAF("7", "{}"), FIELDS, 7, AUDIT_WHY_NONE, "" },
	{ "no place", LEAF("7", "{}"), NULL, FIELDS, 0, AUDIT_WHY_GONE, "" },
	{ "a place and no event", LEAF("7", "{}"), NULL, NULL, 7, AUDIT_WHY_GONE, "" },
	{ "a byte", LEAF("7", "{\"a\":1}"), LEAF("7", "{\"a\":2}"), FIELDS, 7, AUDIT_WHY_LEAF, "" },
	{ "a byte more", LEAF("7", "{}"), LEAF("7", "{}") " ", FIELDS, 7, AUDIT_WHY_LEAF, "" },
	{ "both the same, and no leaf", "{}", "{}", FIELDS, 7, AUDIT_WHY_NO_LEAF, "" },
	{ "another event's place", LEAF("7", "{}"), LEAF("7", "{}"), FIELDS, 8, AUDIT_WHY_COLUMN, "event" },
	{ "found by other objects", LEAF("7", "{}"), LEAF("7", "{}"),
	  "{\"act\": \"a\", \"objects\": [\"blob:01\"]}", 7, AUDIT_WHY_COLUMN, "objects" },
	{ "called otherwise", LEAF("7", "{}"), LEAF("7", "{}"), "{\"act\": \"b\"}", 7, AUDIT_WHY_COLUMN, "act" },
};

START_TEST(decides_an_entry)
{
	struct audit_entry n = {
		.leaf = (const uint8_t *)entries[_i].leaf, .leaf_len = strlen(entries[_i].leaf),
		.event = entries[_i].event, .copy = (const uint8_t *)entries[_i].copy,
		.copy_len = entries[_i].copy == NULL ? 0 : strlen(entries[_i].copy),
		.fields = entries[_i].fields,
	};
	struct audit_result got;

	ck_assert_int_eq(audit_entry(&n, &got, NULL), 0);
	ck_assert_msg(got.why == entries[_i].why, "%s: %d", entries[_i].what, (int)got.why);
	ck_assert(got.code == (got.why == AUDIT_WHY_NONE ? AUDIT_NOTHING : AUDIT_EVENT_CHANGED));
	if (got.why == AUDIT_WHY_COLUMN)
		ck_assert_str_eq(got.column, entries[_i].column);
}
END_TEST

/* ------ leaves ------ */

enum { LEAVES = 5 };

struct tree {
	struct merkle_hash leaves[LEAVES], root;
};

static int read_node(void *data, unsigned level, uint64_t index, struct merkle_hash *ret,
		     struct err *e)
{
	const struct tree *t = data;
	struct merkle_hash left, right;

	if (level == 0) {
		*ret = t->leaves[index];
		return 0;
	}
	if (read_node(data, level - 1, 2 * index, &left, e) < 0 ||
	    read_node(data, level - 1, 2 * index + 1, &right, e) < 0)
		return -EIO;
	*ret = merkle_node(&left, &right);
	return 0;
}

static struct tree plant(void)
{
	struct tree t;
	char name[2] = "a";
	size_t i;

	for (i = 0; i < LEAVES; i++, name[0]++)
		t.leaves[i] = merkle_leaf(name, 1);
	ck_assert_int_eq(merkle_root(LEAVES, read_node, &t, &t.root, NULL), 0);
	return t;
}

START_TEST(tells_a_damaged_leaf_from_a_damaged_tile)
{
	const struct merkle_hash other = merkle_leaf("x", 1), another = merkle_leaf("y", 1);
	struct merkle_proof proof;
	struct tree t = plant();
	uint64_t i = (uint64_t)_i;

	ck_assert_int_eq(merkle_prove_inclusion(i, LEAVES, read_node, &t, &proof, NULL), 0);
	ck_assert(audit_leaf(i, LEAVES, &t.leaves[i], &t.leaves[i], NULL, &t.root) ==
		  AUDIT_LEAF_GOOD);
	ck_assert(audit_leaf(i, LEAVES, &other, &t.leaves[i], &proof, &t.root) == AUDIT_LEAF_BAD);
	ck_assert(audit_leaf(i, LEAVES, &t.leaves[i], &other, &proof, &t.root) == AUDIT_TILE_BAD);
	ck_assert(audit_leaf(i, LEAVES, &another, &other, &proof, &t.root) == AUDIT_LEAF_UNKNOWN);
	ck_assert(audit_leaf(i, LEAVES, &other, &t.leaves[i], NULL, &t.root) == AUDIT_LEAF_UNKNOWN);
	ck_assert(audit_leaf(i, LEAVES, &other, &t.leaves[i], &proof, &other) == AUDIT_LEAF_UNKNOWN);
}
END_TEST

/* ------ blobs ------ */

static const struct { enum audit_dock dock; int64_t age_ms; bool want; } ways[] = {
	{ AUDIT_DOCK_QUIET, 0, false },
	{ AUDIT_DOCK_QUIET, AUDIT_SETTLE_MS, false },
	{ AUDIT_DOCK_BUSY, 0, true },
	{ AUDIT_DOCK_BUSY, -5000, true },	/* a clock that was set back */
	{ AUDIT_DOCK_BUSY, AUDIT_SETTLE_MS - 1, true },
	{ AUDIT_DOCK_BUSY, AUDIT_SETTLE_MS, false },
	{ AUDIT_DOCK_UNKNOWN, 0, true },
	{ AUDIT_DOCK_UNKNOWN, AUDIT_SETTLE_MS, false },
	{ AUDIT_DOCK_BEHIND, 0, true },
	{ AUDIT_DOCK_BEHIND, 10 * (int64_t)AUDIT_SETTLE_MS, true },
};

START_TEST(waits_for_what_is_on_its_way)
{
	ck_assert(audit_on_its_way(ways[_i].dock, ways[_i].age_ms) == ways[_i].want);
}
END_TEST

/* ------ all events ------ */

START_TEST(events_are_equal_in_any_order_and_each_as_often)
{
	struct audit_events a = audit_events_begin(), b = audit_events_as(&a);
	const uint8_t x[] = "x", y[] = "y";

	audit_events_add(&a, 1, x, sizeof(x));
	audit_events_add(&a, 2, y, sizeof(y));
	ck_assert(!audit_events_equal(&a, &b));
	audit_events_add(&b, 2, y, sizeof(y));
	audit_events_add(&b, 1, x, sizeof(x));
	ck_assert(audit_events_equal(&a, &b));
	b = audit_events_as(&a);
	audit_events_add(&b, 2, x, sizeof(x));
	audit_events_add(&b, 1, y, sizeof(y));
	ck_assert(!audit_events_equal(&a, &b));
	a = audit_events_as(&b);
	b = a;
	audit_events_add(&a, 1, x, sizeof(x));
	audit_events_add(&a, 1, x, sizeof(x));
	ck_assert(!audit_events_equal(&a, &b));		/* twice is not never */
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, events_are_equal_in_any_order_and_each_as_often);
	tcase_add_test(tc, codes_have_names);
	tcase_add_loop_test(tc, decides_a_stream_of_rows, 0, COUNT(streams));
	tcase_add_test(tc, names_the_column);
	tcase_add_test(tc, what_no_leaf_has_is_changed);
	tcase_add_loop_test(tc, decides_an_entry, 0, COUNT(entries));
	tcase_add_loop_test(tc, tells_a_damaged_leaf_from_a_damaged_tile, 0, LEAVES);
	tcase_add_loop_test(tc, waits_for_what_is_on_its_way, 0, COUNT(ways));
}

int main(void)
{
	return suite_main("audit", fill);
}
