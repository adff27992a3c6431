#include "catalog/rows.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* One row being read.  The first value that does not fit is remembered, the rest is skipped. */
struct row {
	const PGresult *res;
	int i;
	const char *bad;	/* column */
};

/* The text of a column, NULL when it is null. */
static const char *text_of(struct row *w, const char *column)
{
	int c = PQfnumber(w->res, column);

	if (c < 0) {
		w->bad = column;
		return NULL;
	}
	return PQgetisnull(w->res, w->i, c) ? NULL : PQgetvalue(w->res, w->i, c);
}

/* Null is "". */
static void take_text(struct row *w, const char *column, char *ret, size_t size)
{
	const char *text = text_of(w, column);
	size_t len = text != NULL ? strlen(text) : 0;

	if (len >= size) {
		w->bad = column;
		return;
	}
	if (len > 0)
		memcpy(ret, text, len);
	ret[len] = '\0';
}

/* Only to be looked at: cut between characters when it is too long. */
static void take_shown(struct row *w, const char *column, char *ret, size_t size)
{
	const char *text = text_of(w, column);
	size_t len = text != NULL ? strlen(text) : 0;

	if (len >= size) {
		len = size - 1;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	if (len > 0)
		memcpy(ret, text, len);
	ret[len] = '\0';
}

/* Null is 0. */
static uint64_t take_count(struct row *w, const char *column, uint64_t max)
{
	const char *text = text_of(w, column);
	char *end;
	uint64_t n;

	if (text == NULL)
		return 0;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9' || n > max) {
		w->bad = column;
		return 0;
	}
	return n;
}

static int64_t take_ms(struct row *w, const char *column, int64_t if_null)
{
	const char *text = text_of(w, column);
	char *end;
	int64_t ms;

	if (text == NULL)
		return if_null;
	errno = 0;
	ms = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0' || end == text) {
		w->bad = column;
		return if_null;
	}
	return ms;
}

static bool take_bool(struct row *w, const char *column)
{
	const char *text = text_of(w, column);

	return text != NULL && text[0] == 't';
}

static void take_hex(struct row *w, const char *column, uint8_t *ret, size_t len)
{
	const char *text = text_of(w, column);
	size_t got;

	if (text == NULL || sodium_hex2bin(ret, len, text, strlen(text), NULL, &got, NULL) != 0 ||
	    got != len)
		w->bad = column;
}

static int row_result(const struct row *w, struct err *e)
{
	if (w->bad == NULL)
		return 0;
	return err_set(e, -EIO, "catalog: row %d: column %s does not fit: are dockd and the schema "
		       "of one release?", w->i, w->bad);
}

/* ------ recorders ------ */

static void take_key(struct row *w, struct catalog_recorder *r)
{
	struct recorder_key *k;
	size_t i;

	if (text_of(w, "key") == NULL)
		return;
	if (r->n_keys == COUNT(r->keys)) {
		w->bad = "key";
		return;
	}
	k = &r->keys[r->n_keys++];
	take_hex(w, "key", k->key.key, sizeof(k->key.key));
	take_hex(w, "key_id", k->key.id, sizeof(k->key.id));
	/* minisign prints the id as a number, most significant byte first. */
	for (i = 0; i < sizeof(k->key.id) / 2; i++) {
		uint8_t b = k->key.id[i];

		k->key.id[i] = k->key.id[sizeof(k->key.id) - 1 - i];
		k->key.id[sizeof(k->key.id) - 1 - i] = b;
	}
	k->from_ms = take_ms(w, "from_ms", INT64_MIN);
	k->to_ms = take_ms(w, "to_ms", INT64_MAX);
	k->revoked_ms = take_ms(w, "revoked_ms", INT64_MAX);
}

int rows_recorders(const PGresult *res, struct catalog_recorder **ret, size_t *ret_n,
		   struct err *e)
{
	struct row w = { .res = res };
	struct catalog_recorder *list, *r = NULL;
	size_t n = 0;

	list = calloc((size_t)PQntuples(res) + 1, sizeof(*list));
	if (list == NULL)
		return err_set(e, -ENOMEM, "catalog: out of memory");
	for (w.i = 0; w.i < PQntuples(res) && w.bad == NULL; w.i++) {
		char id[sizeof(r->id)] = "";

		take_text(&w, "recorder", id, sizeof(id));
		if (r == NULL || strcmp(r->id, id) != 0) {	/* they come in order */
			r = &list[n++];
			memcpy(r->id, id, sizeof(r->id));
			r->vid = (uint16_t)take_count(&w, "vid", UINT16_MAX);
			r->pid = (uint16_t)take_count(&w, "pid", UINT16_MAX);
			take_text(&w, "serial", r->serial, sizeof(r->serial));
			take_text(&w, "officer", r->officer, sizeof(r->officer));
			take_text(&w, "unit", r->unit, sizeof(r->unit));
		}
		take_key(&w, r);
	}
	if (w.bad != NULL) {
		free(list);
		return row_result(&w, e);
	}
	*ret = list;
	*ret_n = n;
	return 0;
}

/* ------ known ------ */

int rows_known(const PGresult *res, enum catalog_known *ret_known, struct digest *ret_blob,
	       uint64_t *ret_size, struct err *e)
{
	struct row w = { .res = res };
	struct digest blob;
	uint64_t size;
	bool gone;

	if (PQntuples(res) == 0) {
		*ret_known = CATALOG_UNKNOWN;
		return 0;
	}
	take_hex(&w, "blob", blob.b, sizeof(blob.b));
	size = take_count(&w, "size", UINT64_MAX);
	gone = take_bool(&w, "gone");
	if (w.bad != NULL)
		return row_result(&w, e);
	*ret_known = gone ? CATALOG_GONE : CATALOG_KNOWN;
	*ret_blob = blob;
	*ret_size = size;
	return 0;
}

/* ------ the chain ------ */

static enum manifest_kind take_kind(struct row *w)
{
	const char *what = text_of(w, "what");
	unsigned k;

	for (k = MANIFEST_SEGMENT; what != NULL && k <= MANIFEST_EVENT; k++)
		if (strcmp(what, manifest_kind_name((enum manifest_kind)k)) == 0)
			return (enum manifest_kind)k;
	w->bad = "what";
	return MANIFEST_EVENT;
}

/* Null, as for everything that is no segment, is MANIFEST_END_NONE. */
static enum manifest_end take_end(struct row *w)
{
	const char *end = text_of(w, "end_reason");
	unsigned k;

	if (end == NULL)
		return MANIFEST_END_NONE;
	for (k = MANIFEST_END_NONE; k <= MANIFEST_END_DOCK; k++)
		if (strcmp(end, manifest_end_name((enum manifest_end)k)) == 0)
			return (enum manifest_end)k;
	w->bad = "end_reason";
	return MANIFEST_END_NONE;
}

static bool take_unset(struct row *w)
{
	const char *clock = text_of(w, "clock");

	return clock != NULL && strcmp(clock, manifest_clock_name(MANIFEST_CLOCK_UNSET)) == 0;
}

static void take_item(struct row *w, struct chain_item *it)
{
	it->kind = take_kind(w);
	take_hex(w, "manifest", it->manifest.b, sizeof(it->manifest.b));
	it->valid = take_bool(w, "valid");
	it->touched = take_bool(w, "touched");
	it->dseq = take_count(w, "dseq", UINT64_MAX);
	take_hex(w, "prev", it->prev.b, sizeof(it->prev.b));
	take_shown(w, "path", it->path, sizeof(it->path));
	if (it->kind != MANIFEST_SEGMENT)
		return;
	take_text(w, "rec", it->rec, sizeof(it->rec));
	it->seq = take_count(w, "seq", UINT64_MAX);
	it->start_ms = take_ms(w, "start_ms", 0);
	it->end_ms = take_ms(w, "end_ms", 0);
	it->clock_unset = take_unset(w);
	it->boot = take_count(w, "boot", UINT64_MAX);
	it->mono_start_ms = take_count(w, "mono_start_ms", UINT64_MAX);
	it->mono_end_ms = take_count(w, "mono_end_ms", UINT64_MAX);
	it->last = take_bool(w, "last");
	it->end = take_end(w);
	take_hex(w, "media", it->media.b, sizeof(it->media.b));
	it->has_media = take_bool(w, "has_media");
	it->stored_ms = take_ms(w, "stored_ms", 0);
}

static void take_plain(struct row *w, struct chain_unsigned *u)
{
	take_text(w, "rec", u->recording, sizeof(u->recording));
	take_text(w, "segment", u->segment, sizeof(u->segment));
	u->end_ms = take_ms(w, "end_ms", 0);
	u->stored_ms = take_ms(w, "stored_ms", 0);
	u->path = text_of(w, "path");
	if (u->path == NULL)
		w->bad = "path";
}

void rows_chain_clear(struct rows_chain *c)
{
	free(c->items);
	free(c->plain);
	*c = (struct rows_chain){ 0 };
}

int rows_chain(const PGresult *res, struct rows_chain *ret, struct err *e)
{
	struct row w = { .res = res };
	struct rows_chain c = { 0 };
	size_t n = (size_t)PQntuples(res), n_plain = 0;
	const char *what;

	for (w.i = 0; w.i < (int)n; w.i++) {
		what = text_of(&w, "what");
		n_plain += what != NULL && strcmp(what, "plain") == 0;
	}
	c.items = calloc(n - n_plain + 1, sizeof(*c.items));
	c.plain = calloc(n_plain + 1, sizeof(*c.plain));
	if (c.items == NULL || c.plain == NULL) {
		rows_chain_clear(&c);
		return err_set(e, -ENOMEM, "catalog: out of memory for a chain of %zu rows", n);
	}
	for (w.i = 0; w.i < (int)n && w.bad == NULL; w.i++) {
		what = text_of(&w, "what");
		if (what != NULL && strcmp(what, "plain") == 0)
			take_plain(&w, &c.plain[c.n_plain++]);
		else
			take_item(&w, &c.items[c.n++]);
	}
	if (w.bad != NULL) {
		rows_chain_clear(&c);
		return row_result(&w, e);
	}
	*ret = c;
	return 0;
}

/* ------ the card ledger ------ */

/* One of the two texts, put together from its parts. */
struct whole {
	const char *what;
	char *text;
	size_t len;
	uint64_t parts;
};

static bool is_what(struct row *w, const char *what)
{
	const char *text = text_of(w, "what");

	return text != NULL && strcmp(text, what) == 0;
}

/* Append the row's part when it is this one's; the parts come in order. */
static void take_part(struct row *w, struct whole *l)
{
	const char *entries;
	size_t len;

	if (!is_what(w, l->what))
		return;
	entries = text_of(w, "entries");
	if (entries == NULL || take_count(w, "part", UINT16_MAX) != l->parts++) {
		w->bad = "part";
		return;
	}
	len = strlen(entries);
	memcpy(l->text + l->len, entries, len);
	l->len += len;
}

/* 0, or -ENOMEM; more than a ledger may have is w->bad. */
static int put_together(struct row *w, struct whole *l)
{
	const char *entries;
	size_t len = 0, parts = 0;

	for (w->i = 0; w->i < PQntuples(w->res) && w->bad == NULL; w->i++)
		if (is_what(w, l->what)) {
			entries = text_of(w, "entries");
			len += entries != NULL ? strlen(entries) : 0;
			parts++;
		}
	if (len > CATALOG_LEDGER_MAX)
		w->bad = "entries";
	if (parts == 0 || w->bad != NULL)
		return 0;
	l->text = malloc(len + 1);
	if (l->text == NULL)
		return -ENOMEM;
	for (w->i = 0; w->i < PQntuples(w->res) && w->bad == NULL; w->i++)
		take_part(w, l);
	l->text[l->len] = '\0';
	return 0;
}

/* Null is not known, which is not false. */
static bool is_false(struct row *w, const char *column)
{
	const char *text = text_of(w, column);

	return text != NULL && text[0] == 'f';
}

static void take_cleared(struct row *w, struct catalog_cleared *c)
{
	c->path = text_of(w, "path");
	c->path_raw = text_of(w, "path_raw");
	if (c->path == NULL || c->path_raw == NULL)
		w->bad = "path";
	c->modified = text_of(w, "modified");
	if (c->modified == NULL)
		c->modified = "";
	c->size = take_count(w, "size", UINT64_MAX);
	c->failed = is_false(w, "ok");
}

static int all_cleared(struct row *w, struct catalog_cleared **ret, size_t *ret_n)
{
	size_t n = (size_t)PQntuples(w->res);
	struct catalog_cleared *list = calloc(n + 1, sizeof(*list));

	if (list == NULL)
		return -ENOMEM;
	*ret = list;
	for (w->i = 0; w->i < (int)n && w->bad == NULL; w->i++)
		if (is_what(w, "cleared"))
			take_cleared(w, &list[(*ret_n)++]);
	return 0;
}

void rows_ledger_clear(struct rows_ledger *l)
{
	free(l->now);
	free(l->before);
	free(l->cleared);
	*l = (struct rows_ledger){ 0 };
}

int rows_ledger(const PGresult *res, struct rows_ledger *ret, struct err *e)
{
	struct whole now = { .what = "now" }, before = { .what = "before" };
	struct row w = { .res = res };
	struct rows_ledger l = { 0 };
	int r;

	r = put_together(&w, &now);
	if (r == 0)
		r = put_together(&w, &before);
	if (r == 0)
		r = all_cleared(&w, &l.cleared, &l.ledger.n_cleared);
	l.now = now.text;
	l.before = before.text;
	l.ledger.now = now.text;
	l.ledger.now_len = now.len;
	l.ledger.before = before.text;
	l.ledger.before_len = before.len;
	l.ledger.cleared = l.cleared;
	if (r < 0)
		err_set(e, r, "catalog: out of memory for a card ledger");
	else
		r = row_result(&w, e);
	if (r < 0)
		rows_ledger_clear(&l);
	else
		*ret = l;
	return r;
}

/* ------ which, and how many ------ */

/* One of the n places; n: it is none of them. */
static uint64_t take_place(struct row *w, size_t n)
{
	uint64_t place = take_count(w, "i", n);

	if (w->bad == NULL && (text_of(w, "i") == NULL || place == n))
		w->bad = "i";
	return w->bad == NULL ? place : n;
}

int rows_which(const PGresult *res, size_t n, bool **ret, struct err *e)
{
	bool *yes = calloc(n + 1, sizeof(*yes));	/* the last for what is none */
	struct row w = { .res = res };

	if (yes == NULL)
		return err_set(e, -ENOMEM, "catalog: out of memory");
	for (w.i = 0; w.i < PQntuples(res) && w.bad == NULL; w.i++)
		yes[take_place(&w, n)] = true;
	if (w.bad != NULL) {
		free(yes);
		return row_result(&w, e);
	}
	*ret = yes;
	return 0;
}

int rows_stored(const PGresult *res, size_t n, struct catalog_kept **ret, struct err *e)
{
	struct catalog_kept *is = calloc(n + 1, sizeof(*is));
	struct row w = { .res = res };

	if (is == NULL)
		return err_set(e, -ENOMEM, "catalog: out of memory");
	for (w.i = 0; w.i < PQntuples(res) && w.bad == NULL; w.i++)
		is[take_place(&w, n)] = (struct catalog_kept){
			.stored = true, .cleared = take_bool(&w, "cleared") };
	if (w.bad != NULL) {
		free(is);
		return row_result(&w, e);
	}
	*ret = is;
	return 0;
}

int rows_count(const PGresult *res, const char *column, uint64_t *ret, struct err *e)
{
	struct row w = { .res = res };
	uint64_t n;

	if (PQntuples(res) != 1)
		return err_set(e, -EIO, "catalog: %d rows where one was asked for", PQntuples(res));
	n = take_count(&w, column, UINT64_MAX);
	if (w.bad == NULL)
		*ret = n;
	return row_result(&w, e);
}
