#include "book.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/util.h"
#include "catalog/sync.h"

enum { HASH_HEX_SIZE = 2 * MERKLE_HASH_LEN + 1, NUMBER_SIZE = 24 };

struct book {
	struct catalog_sync *catalog;
	char *mark;		/* from where on events may have no place: sql/020; NULL: from 0 */
	uint8_t leaf[TILE_ENTRY_MAX];
};

/* ------ values as the catalog writes them ------ */

static const char *number(char text[NUMBER_SIZE], uint64_t n)
{
	snprintf(text, NUMBER_SIZE, "%" PRIu64, n);
	return text;
}

/* NULL is 0: there is none. */
static int take_number(const char *text, uint64_t *ret)
{
	char *end = NULL;

	errno = 0;
	*ret = text != NULL ? strtoull(text, &end, 10) : 0;
	return text == NULL || (errno == 0 && end > text && *end == '\0' && text[0] != '-') ? 0 : -EBADMSG;
}

/* Bytes of hex; 0 and their number, or -EBADMSG: not hex, or more than max. */
static int take_bytes(const char *hex, uint8_t *to, size_t max, size_t *ret_len)
{
	if (hex == NULL || hex_decode(hex, strlen(hex), to, max, ret_len) < 0)
		return -EBADMSG;
	return 0;
}

/* A statement of one row: the places of its columns, as many as there are. */
struct one_row {
	char *columns[4];
	size_t n;
	bool there;
};

static int keep_row(void *data, const char *const *values, size_t n)
{
	struct one_row *row = data;
	size_t i;

	row->there = true;
	row->n = MIN(n, COUNT(row->columns));
	for (i = 0; i < row->n; i++) {
		free(row->columns[i]);
		row->columns[i] = values[i] != NULL ? strdup(values[i]) : NULL;
		if (values[i] != NULL && row->columns[i] == NULL)
			return -ENOMEM;
	}
	return 0;
}

static void clear_row(struct one_row *row)
{
	size_t i;

	for (i = 0; i < COUNT(row->columns); i++)
		free(row->columns[i]);
}

static int ask(struct book *b, enum catalog_statement s, const char *const *params, size_t n,
	       struct one_row *row, struct err *e)
{
	int r = catalog_sync_each(b->catalog, s, params, n, keep_row, row, e);

	if (r == -ENOMEM)
		return err_set(e, r, "catalog: no memory for its answer");
	if (r == 0 && !row->there)
		return err_set(e, -EBADMSG, "catalog: no answer to %s", catalog_statements[s].name);
	return r;
}

/* ------ life ------ */

int book_open(const char *conninfo, struct book **ret, struct err *e)
{
	struct book *b = calloc(1, sizeof(*b));
	int r;

	if (b == NULL)
		return err_set(e, -ENOMEM, "no memory to ask the catalog");
	r = catalog_sync_open(conninfo, &b->catalog, e);
	if (r == 0)
		r = catalog_sync_run(b->catalog, STATEMENT_LISTEN_CUSTODY, NULL, 0, NULL, e);
	if (r < 0) {
		book_close(b);
		return r;
	}
	*ret = b;
	return 0;
}

void book_close(struct book *b)
{
	if (b == NULL)
		return;
	catalog_sync_close(b->catalog);
	free(b->mark);
	free(b);
}

int book_socket(const struct book *b)
{
	return catalog_sync_socket(b->catalog);
}

int book_heard(struct book *b, bool *ret_heard, struct err *e)
{
	return catalog_sync_heard(b->catalog, ret_heard, e);
}

/* ------ what is asked ------ */

int book_lock(struct book *b, bool *ret_got, struct err *e)
{
	AUTO(clear_row) struct one_row row = { .n = 0 };
	int r = ask(b, STATEMENT_LOG_LOCK, NULL, 0, &row, e);

	*ret_got = r == 0 && row.columns[0] != NULL && strcmp(row.columns[0], "t") == 0;
	return r;
}

/* entries; size, root, note of the last checkpoint, or null */
static int take_state(const struct one_row *row, struct book_state *ret)
{
	const char *note = row->columns[3];
	size_t len;

	if (take_number(row->columns[0], &ret->entries) < 0 ||
	    take_number(row->columns[1], &ret->told) < 0)
		return -EBADMSG;
	ret->told_note[0] = '\0';
	ret->told_root = merkle_empty();
	if (row->columns[1] == NULL)
		return 0;
	if (note == NULL || strlen(note) > CHECKPOINT_MAX ||
	    take_bytes(row->columns[2], ret->told_root.b, MERKLE_HASH_LEN, &len) < 0 ||
	    len != MERKLE_HASH_LEN)
		return -EBADMSG;
	snprintf(ret->told_note, sizeof(ret->told_note), "%s", note);
	return 0;
}

int book_state(struct book *b, struct book_state *ret, struct err *e)
{
	AUTO(clear_row) struct one_row row = { .n = 0 };
	int r = ask(b, STATEMENT_LOG_HEAD, NULL, 0, &row, e);

	if (r == 0 && take_state(&row, ret) < 0)
		return err_set(e, -EBADMSG, "catalog: what it says of the log cannot be");
	return r;
}

int book_place(struct book *b, unsigned limit, uint64_t *ret_entries, struct err *e)
{
	AUTO(clear_row) struct one_row row = { .n = 0 };
	char text[NUMBER_SIZE];
	const char *const params[] = { number(text, limit), b->mark };
	int r = ask(b, STATEMENT_LOG_SEQUENCE, params, COUNT(params), &row, e);

	if (r < 0)
		return r;
	if (row.columns[0] == NULL || take_number(row.columns[0], ret_entries) < 0)
		return err_set(e, -EBADMSG, "catalog: how many entries there are cannot be");
	free(b->mark);
	b->mark = TAKE(row.columns[2]);
	return 0;
}

struct leaf_taker {
	struct book *b;
	int (*leaf)(void *data, uint64_t index, const uint8_t *bytes, size_t len);
	void *data;
	struct err *e;
};

/* leaf_index, leaf */
static int take_leaf(void *data, const char *const *values, size_t n)
{
	struct leaf_taker *t = data;
	uint64_t index;
	size_t len;

	if (n < 2 || take_number(values[0], &index) < 0 ||
	    take_bytes(values[1], t->b->leaf, sizeof(t->b->leaf), &len) < 0)
		return err_set(t->e, -EBADMSG, "catalog: an entry is no leaf");
	return t->leaf(t->data, index, t->b->leaf, len);
}

int book_leaves(struct book *b, uint64_t from, uint64_t to,
		int (*leaf)(void *data, uint64_t index, const uint8_t *bytes, size_t len), void *data,
		struct err *e)
{
	struct leaf_taker taker = { .b = b, .leaf = leaf, .data = data, .e = e };
	char from_text[NUMBER_SIZE], to_text[NUMBER_SIZE];
	const char *const params[] = { number(from_text, from), number(to_text, to) };

	return catalog_sync_each(b->catalog, STATEMENT_LOG_LEAVES, params, COUNT(params), take_leaf,
				 &taker, e);
}

int book_signed(struct book *b, uint64_t size, const struct merkle_hash *root, const char *note,
		struct err *e)
{
	char text[NUMBER_SIZE], hex[HASH_HEX_SIZE];
	const char *const params[] = { number(text, size),
				       sodium_bin2hex(hex, sizeof(hex), root->b, sizeof(root->b)), note };

	return catalog_sync_run(b->catalog, STATEMENT_LOG_SIGNED, params, COUNT(params), NULL, e);
}

int book_find(struct book *b, const char *code, const char *origin, const char *fact,
	      const char *detail, struct err *e)
{
	const char *const params[] = { code, "log", origin, fact, detail };

	return catalog_sync_run(b->catalog, STATEMENT_LOG_FINDING, params, COUNT(params), NULL, e);
}

int book_note_roles(struct book *b, struct err *e)
{
	return catalog_sync_run(b->catalog, STATEMENT_NOTE_ROLES, NULL, 0, NULL, e);
}

int book_note_config(struct book *b, const char *station, const char *sha256, struct err *e)
{
	const char *const params[] = { station, "custodyd", sha256, "custodyd" };

	return catalog_sync_run(b->catalog, STATEMENT_NOTE_CONFIG, params, COUNT(params), NULL, e);
}
