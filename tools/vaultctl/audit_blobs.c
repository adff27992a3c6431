/*
 * The vault against the catalog and the log, both ways: what the catalog names
 * must be there and be what its address says, and what is there must be named by
 * an event.
 *
 * The catalog is asked page by page, each in a transaction of its own: reading a vault takes hours,
 * and nothing is ever removed from either but by a disposal, of which the log has each step.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit.h"
#include "audit_tombs.h"
#include "base/util.h"
#include "base/utc.h"
#include "dock_client.h"
#include "vault/vault.h"

enum { PAGE = 1000, BATCH = 256 };

static void found(struct audit *a, enum audit_code code, const char *subject, const char *fact,
		  enum text_id why)
{
	const struct audit_found f = { code, "blob", subject, fact, text(why), 0, -1 };

	audit_found(a, &f);
}

/* Rows of a statement, all of them, in a transaction for reading. */
static int ask(struct audit *a, enum catalog_statement s, const char *const *params, size_t n,
	       int (*row)(void *data, const char *const *values, size_t n_values), void *data,
	       struct err *e)
{
	int r = catalog_audit_begin_blobs(a->c->catalog, e);

	if (r == 0)
		r = catalog_sync_each(a->c->catalog, s, params, n, row, data, e);
	catalog_sync_rollback(a->c->catalog);
	return r;
}

/* ------ what the catalog names ------ */

struct page {
	struct audit *a;
	struct err *e;
	size_t rows;			/* of the catalog, those included whose address is none */
	bool advanced;
	char *after;			/* the last address, as the catalog has it */
	size_t n;
	struct one { struct digest address; bool has_size; uint64_t size; } list[PAGE];
};

static int one_named(void *data, const char *const *values, size_t n)
{
	struct page *p = data;
	struct one *o = &p->list[p->n];

	p->rows++;
	if (values[0] != NULL) {
		free(p->after);
		p->after = strdup(values[0]);
		if (p->after == NULL)
			return err_set(p->e, -ENOMEM, "no memory for a page of blobs");
		p->advanced = true;
	}
	if (n != 2 || p->n == PAGE || values[0] == NULL ||
	    digest_parse(values[0], strlen(values[0]), &o->address) < 0) {
		/* An address that is none is no row of a leaf either. */
		found(p->a, AUDIT_BLOB_MISSING, values[0] != NULL ? values[0] : "?", "no address",
		      T_WHY_NO_ADDRESS);
		return 0;
	}
	o->has_size = values[1] != NULL;
	o->size = values[1] != NULL ? strtoull(values[1], NULL, 10) : 0;
	p->n++;
	return 0;
}

/* Gone by right, all of what has these bytes: asked of the events, not of the rows. */
static int is_gone(struct audit *a, const char *hex, bool *ret, struct err *e)
{
	enum tombs_verdict verdict = TOMBS_NOT;
	int r = catalog_audit_begin_blobs(a->c->catalog, e);

	if (r == 0)
		r = tombs_judge(&a->tombs, hex, &verdict, e);
	catalog_sync_rollback(a->c->catalog);
	*ret = verdict == TOMBS_GONE;
	return r;
}

static int one_tombstoned(void *data, const char *const *values, size_t n)
{
	return n > 0 && values[0] != NULL && json_object_set_new(data, values[0], json_true()) == 0 ? 0 : -ENOMEM;
}

/* Which of a page a tombstone names: of those alone more is asked.  A new object. */
static int ask_tombstoned(struct page *p, const char *after, json_t **ret, struct err *e)
{
	char hex[DIGEST_HEX_SIZE];
	const char *const params[] = { after, p->n > 0 ? digest_hex(&p->list[p->n - 1].address, hex) : NULL };

	*ret = json_object();
	if (*ret == NULL)
		return err_set(e, -ENOMEM, "no memory for tombstones");
	return p->n == 0 ? 0 : ask(p->a, STATEMENT_AUDIT_TOMBSTONED, params, COUNT(params), one_tombstoned, *ret, e);
}

/* 0, or a negative errno: it could not be found out. */
static int check_one(struct audit *a, const struct one *o, bool tombstoned, struct err *e)
{
	enum vault_verdict verdict;
	char hex[DIGEST_HEX_SIZE];
	uint64_t size = 0;
	bool gone = false;
	int r;

	digest_hex(&o->address, hex);
	r = a->presence ? vault_look(a->c->conf.vault, &o->address, &verdict, &size, e) :
		vault_check(a->c->conf.vault, &o->address, &verdict, &size, e);
	if (r == -EIO) {
		/* One bad sector is known now; it must not hide what is wrong with the rest. */
		found(a, AUDIT_BLOB_CHANGED, hex, "unreadable", T_WHY_UNREADABLE);
		r = 0;
		verdict = VAULT_WHOLE;
		size = o->size;
	}
	if (r == 0 && tombstoned)
		r = is_gone(a, hex, &gone, e);
	if (r < 0)
		return r;
	if (gone && verdict == VAULT_MISSING) {
		a->disposed++;
		steps_add(&a->progress, 1);
		return 0;
	}
	if (gone)
		found(a, AUDIT_BLOB_NOT_DISPOSED, hex, "there", T_WHY_NOT_DISPOSED);
	a->blobs++;
	a->bytes += size;
	steps_add(&a->progress, 1);
	if (verdict == VAULT_MISSING)
		found(a, AUDIT_BLOB_MISSING, hex, "missing", T_WHY_NO_FILE);
	else if (verdict == VAULT_DAMAGED)
		found(a, AUDIT_BLOB_CHANGED, hex, "digest", T_WHY_DIGEST);
	else if (o->has_size && size != o->size)
		found(a, AUDIT_BLOB_CHANGED, hex, "size", T_WHY_FILE_SIZE);
	return 0;
}

static int check_named(struct audit *a, struct err *e)
{
	struct page *p = calloc(1, sizeof(*p));
	const char *params[] = { NULL, "1000" };
	char *asked, hex[DIGEST_HEX_SIZE];
	json_t *tombstoned;
	size_t i;
	int r;

	if (p == NULL)
		return err_set(e, -ENOMEM, "no memory for a page of blobs");
	_Static_assert(PAGE == 1000, "params says so");
	p->a = a;
	p->e = e;
	do {
		p->rows = p->n = 0;
		p->advanced = false;
		asked = TAKE(p->after);
		params[0] = asked;
		r = ask(a, STATEMENT_AUDIT_BLOBS, params, COUNT(params), one_named, p, e);
		tombstoned = NULL;
		if (r == 0)
			r = ask_tombstoned(p, asked, &tombstoned, e);
		free(asked);
		for (i = 0; i < p->n && r == 0; i++)
			r = check_one(a, &p->list[i], json_object_get(tombstoned, digest_hex(&p->list[i].address,
											 hex)) != NULL, e);
		json_decref(tombstoned);
	} while (r == 0 && p->rows == PAGE && p->advanced);
	free(p->after);
	free(p);
	return r;
}

/* ------ what is in the vault ------ */

struct batch {
	struct audit *a;
	json_t *addresses;
	json_t *unlogged;		/* of them */
	struct err *e;
};

static int one_unlogged(void *data, const char *const *values, size_t n)
{
	struct batch *b = data;

	(void)n;
	return values[0] == NULL || json_array_append_new(b->unlogged, json_string(values[0])) == 0 ?
		0 : err_set(b->e, -ENOMEM, "no memory for blobs");
}

/* Which of these are named by no event: left in b->unlogged. */
static int ask_unlogged(struct batch *b, const json_t *addresses)
{
	char *text = json_dumps(addresses, JSON_COMPACT);
	const char *const params[] = { text };
	int r;

	json_array_clear(b->unlogged);
	if (text == NULL)
		return err_set(b->e, -ENOMEM, "no memory for a batch of blobs");
	r = ask(b->a, STATEMENT_AUDIT_UNLOGGED, params, COUNT(params), one_unlogged, b, b->e);
	free(text);
	return r;
}

static bool is_quiet(const json_t *slot)
{
	static const char *const quiet[] = { "empty", "safe", "refused", "fault", "unassigned" };
	const char *state = json_string_value(json_object_get(slot, "state"));
	size_t i;

	for (i = 0; i < COUNT(quiet); i++)
		if (state != NULL && strcmp(state, quiet[i]) == 0)
			return true;
	return false;
}

enum audit_dock audit_ask_dock(const struct ctl *c)
{
	enum audit_dock dock = AUDIT_DOCK_UNKNOWN;
	json_t *answer, *slot;
	struct dock_client d;
	struct err e;
	size_t i;

	if (dock_client_open(&d, c->conf.control, "list", NULL, &e) == 0 &&
	    dock_client_next(&d, &answer, &e) > 0) {
		dock = AUDIT_DOCK_QUIET;
		json_array_foreach(json_object_get(answer, "slots"), i, slot)
			if (!is_quiet(slot))
				dock = AUDIT_DOCK_BUSY;
		if (json_integer_value(json_object_get(answer, "backlog")) > 0)
			dock = AUDIT_DOCK_BEHIND;
		json_decref(answer);
	}
	dock_client_close(&d);
	return dock;
}

int64_t audit_age_of(const char *dir, const char *hex)
{
	char path[VAULT_PATH_MAX];
	struct digest address;
	struct stat st;

	if (digest_parse(hex, strlen(hex), &address) < 0 ||
	    vault_path(dir, &address, path, sizeof(path)) < 0 || lstat(path, &st) < 0)
		return 0;
	return utc_now() - ((int64_t)st.st_ctim.tv_sec * 1000 + st.st_ctim.tv_nsec / 1000000);
}

/*
 * What no event named may have come in meanwhile: the dock is asked first, then the catalog once
 * more, so that what was under way is either recorded by now or still under way then.
 */
static int judge_batch(struct batch *b)
{
	enum audit_dock dock;
	json_t *again, *one;
	const char *hex;
	size_t i;
	int r = ask_unlogged(b, b->addresses);

	json_array_clear(b->addresses);
	if (r < 0 || json_array_size(b->unlogged) == 0)
		return r;
	dock = audit_ask_dock(b->a->c);
	again = json_copy(b->unlogged);
	r = again == NULL ? err_set(b->e, -ENOMEM, "no memory for blobs") : ask_unlogged(b, again);
	json_decref(again);
	if (r < 0)
		return r;
	json_array_foreach(b->unlogged, i, one) {
		hex = json_string_value(one);
		if (audit_on_its_way(dock, audit_age_of(b->a->c->conf.vault, hex)))
			b->a->on_their_way++;
		else
			found(b->a, AUDIT_BLOB_UNLOGGED, hex, "unlogged", T_WHY_NO_EVENT);
	}
	return 0;
}

static int one_blob(void *data, const struct digest *address, uint64_t size)
{
	struct batch *b = data;
	char hex[DIGEST_HEX_SIZE];

	(void)size;
	steps_add(&b->a->progress, 1);
	if (json_array_append_new(b->addresses, json_string(digest_hex(address, hex))) < 0)
		return err_set(b->e, -ENOMEM, "no memory for blobs");
	return json_array_size(b->addresses) < BATCH ? 0 : judge_batch(b);
}

/* No blob has such a name: somebody put it there. */
static int one_foreign(void *data, const char *path)
{
	struct batch *b = data;
	char shown[4096];

	found(b->a, AUDIT_BLOB_UNLOGGED, text_shown(path, shown, sizeof(shown)), "foreign",
	      T_WHY_FOREIGN);
	return 0;
}

static int check_vault(struct audit *a, struct err *e)
{
	struct batch b = { .a = a, .addresses = json_array(), .unlogged = json_array(), .e = e };
	int r = b.addresses == NULL || b.unlogged == NULL ?
		err_set(e, -ENOMEM, "no memory to look through the vault") :
		vault_walk(a->c->conf.vault, one_blob, one_foreign, &b, e);

	if (r == 0)
		r = judge_batch(&b);
	json_decref(b.addresses);
	json_decref(b.unlogged);
	return r;
}

int audit_blobs(struct audit *a)
{
	struct err e = { 0 };
	int r;

	a->tombs = (struct tombs){ .catalog = a->c->catalog, .plans = json_object() };
	steps_start(&a->progress, T_PROGRESS_BLOBS, a->named);
	r = check_named(a, &e);
	tombs_clear(&a->tombs);
	steps_start(&a->progress, T_PROGRESS_VAULT, a->named);
	if (r == 0)
		r = check_vault(a, &e);
	steps_clear(&a->progress);
	return r < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}
