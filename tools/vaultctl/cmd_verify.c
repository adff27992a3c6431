/*
 * vaultctl verify: is the evidence whole?  Every blob is re-read and hashed;
 * catalog and vault are compared both ways, since a record without bytes and
 * bytes without a record are each worth knowing.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "base/utc.h"
#include "ctl.h"
#include "history.h"
#include "object.h"
#include "table.h"
#include "vault/vault.h"
#include "verify.h"

/* Addresses asked of the catalog at once. */
enum { PAGE = 1000 };

/* What JSON names of what is not whole: a vault that lost a disk has millions. */
enum { OBJECTS_MAX = 20000 };

/* What the custody log names of it: as many as an act names at most. */
enum { ACT_OBJECTS_MAX = 200 };

struct tally {
	unsigned long long whole, damaged, unreadable, missing, unrecorded, bytes;
	unsigned long long disposed;	/* not there, by right */
	unsigned long long omitted;	/* beyond OBJECTS_MAX */
	json_t *bad;			/* {blob, verdict} of everything not whole */
	bool quiet;			/* JSON: nothing on the way */
	int64_t shown_ms;
};

static unsigned long long checked(const struct tally *t)
{
	return t->whole + t->damaged + t->unreadable + t->missing + t->disposed;
}

/* A line that overwrites itself, on a terminal, once a second. */
static void progress(struct tally *t)
{
	char bytes[32];
	int64_t now = utc_now();

	if (t->quiet || !isatty(STDERR_FILENO) || now - t->shown_ms < 1000)
		return;
	t->shown_ms = now;
	fprintf(stderr, "\r%llu  %s\033[K", checked(t),
		bytes_text((long long)t->bytes, bytes));
}

static void note(struct tally *t, enum text_id id, const char *verdict, const char *hex,
		 const char *path)
{
	if (!t->quiet)
		say(stdout, id, hex);
	if (json_array_size(t->bad) >= OBJECTS_MAX)
		t->omitted++;
	else
		json_array_append_new(t->bad, json_pack("{s:s, s:s, s:s*}", "blob", hex,
							"verdict", verdict, "path", path));
}

/* What is not there may be gone by right: then it is told as that, and not as missing. */
static int note_missing(struct ctl *c, struct tally *t, const char *hex, const char *path)
{
	char list[DIGEST_HEX_SIZE + 2];
	const char *const params[] = { list };
	json_t *rows = NULL;
	const json_t *row;
	int r;

	snprintf(list, sizeof(list), "{%s}", hex);
	r = ctl_query(c, STATEMENT_BLOBS_DISPOSED, params, COUNT(params), &rows);
	if (r != EXIT_GOOD)
		return r;
	row = json_array_get(rows, 0);
	if (row == NULL) {
		t->missing++;
		note(t, T_VERIFY_MISSING, "missing", hex, path);
	} else {
		t->disposed++;
		if (path != NULL && !t->quiet)
			say(stdout, T_VERIFY_DISPOSED, hex, json_string_value(json_object_get(row, "plan")),
			    json_string_value(json_object_get(row, "at")));
	}
	json_decref(rows);
	return EXIT_GOOD;
}

/* EXIT_GOOD, or EXIT_AWAY when the blob could not be judged. */
static int check_one(struct ctl *c, struct tally *t, const char *hex, const char *path)
{
	enum vault_verdict verdict;
	struct digest address;
	struct err e = { 0 };
	uint64_t size = 0;
	char shown[CELL_MAX];
	int r;

	if (digest_parse(hex, strlen(hex), &address) < 0) {
		err_set(&e, -EPROTO, "the catalog names a blob %s, which is no address", hex);
		return ctl_fail(&e, EXIT_AWAY);
	}
	r = vault_check(c->conf.vault, &address, &verdict, &size, &e);
	if (r == -EIO) {
		/* One bad sector is known now; it must not hide what is wrong with the rest. */
		t->unreadable++;
		note(t, T_VERIFY_UNREADABLE, "unreadable", hex, path);
		return EXIT_GOOD;
	}
	if (r < 0)
		return ctl_fail(&e, EXIT_AWAY);
	t->bytes += size;
	switch (verdict) {
	case VAULT_WHOLE:
		t->whole++;
		if (path != NULL && !t->quiet)
			say(stdout, T_VERIFY_WHOLE, hex,
			    text_shown(path, shown, sizeof(shown)));
		break;
	case VAULT_MISSING:
		r = note_missing(c, t, hex, path);
		if (r != EXIT_GOOD)
			return r;
		break;
	case VAULT_DAMAGED:
		t->damaged++;
		note(t, T_VERIFY_DAMAGED, "damaged", hex, path);
		break;
	}
	progress(t);
	return EXIT_GOOD;
}

/* The blob that each row names in a column, where it names one. */
static int check_list(struct ctl *c, struct tally *t, const json_t *rows, const char *column)
{
	const char *hex, *path;
	const json_t *row;
	size_t i;
	int r;

	json_array_foreach(rows, i, row) {
		hex = json_string_value(json_object_get(row, column));
		path = json_string_value(json_object_get(row, "path"));
		r = hex == NULL ? EXIT_GOOD : check_one(c, t, hex, path);
		if (r != EXIT_GOOD)
			return r;
	}
	return EXIT_GOOD;
}

/* All recorded blobs, in the order of their addresses, page by page. */
static int check_recorded(struct ctl *c, struct tally *t)
{
	char after[DIGEST_HEX_SIZE] = "", limit[16];
	const char *params[] = { NULL, limit };
	const json_t *last;
	json_t *page = NULL;
	size_t got;
	int r;

	snprintf(limit, sizeof(limit), "%d", PAGE);
	do {
		r = ctl_query(c, STATEMENT_BLOB_PAGE, params, COUNT(params), &page);
		if (r != EXIT_GOOD)
			return r;
		got = json_array_size(page);
		r = check_list(c, t, page, "hash");
		last = json_array_get(page, got == 0 ? 0 : got - 1);
		if (last != NULL)
			snprintf(after, sizeof(after), "%s",
				 json_string_value(json_object_get(last, "hash")));
		params[0] = after;
		json_decref(page);
	} while (r == EXIT_GOOD && got == PAGE);
	return r;
}

/* The other way: what lies in the vault and is not recorded. */
struct walk {
	struct ctl *c;
	struct tally *t;
	int r;
};

static int each_blob(void *data, const struct digest *a, uint64_t size)
{
	struct walk *w = data;
	char hex[DIGEST_HEX_SIZE];
	const char *const params[] = { digest_hex(a, hex) };
	json_t *found = NULL;

	(void)size;
	w->r = ctl_query(w->c, STATEMENT_BLOB_SHOW, params, COUNT(params), &found);
	if (w->r != EXIT_GOOD)
		return -1;
	if (json_array_size(found) == 0) {
		w->t->unrecorded++;
		note(w->t, T_VERIFY_UNKNOWN, "unrecorded", hex, NULL);
	}
	json_decref(found);
	return 0;
}

/* No blob has such a name: somebody put it there. */
static int each_foreign(void *data, const char *path)
{
	struct walk *w = data;
	char shown[4096];

	w->t->unrecorded++;
	text_shown(path, shown, sizeof(shown));	/* JSON takes no bytes that are not UTF-8, too */
	note(w->t, T_VERIFY_FOREIGN, "foreign", shown, shown);
	return 0;
}

static int check_unrecorded(struct ctl *c, struct tally *t)
{
	struct walk w = { .c = c, .t = t, .r = EXIT_GOOD };
	struct err e = { 0 };
	int r = vault_walk(c->conf.vault, each_blob, each_foreign, &w, &e);

	if (r < 0 && w.r == EXIT_GOOD)
		return ctl_fail(&e, EXIT_AWAY);
	return w.r;
}

static int verify_vault(struct ctl *c, struct tally *t)
{
	int r = check_recorded(c, t);

	return r == EXIT_GOOD ? check_unrecorded(c, t) : r;
}

/* A segment is its media, its sidecar, and the dock's seal over it, each with its signature. */
static int check_segments(struct ctl *c, struct tally *t, const json_t *segments)
{
	static const char *const parts[] = { "blob", "manifest", "signature_blob", "seal_manifest",
					     "seal_signature" };
	size_t i;
	int r = EXIT_GOOD;

	for (i = 0; i < COUNT(parts) && r == EXIT_GOOD; i++)
		r = check_list(c, t, segments, parts[i]);
	return r;
}

/* The bytes of a blob, a segment or a recording; of anything else the log knows there are none. */
static int verify_object(struct ctl *c, struct tally *t, const char *object)
{
	json_t *found = NULL, *first;
	int r = object_find(c, object, &found);

	if (r == EXIT_GOOD && object_is_blob(object) && json_array_size(found) > 0) {
		/* One blob may be several segments' : it is read once. */
		first = json_pack("[O]", json_array_get(found, 0));
		r = check_list(c, t, first, "hash");
		json_decref(first);
	} else if (r == EXIT_GOOD) {
		r = check_segments(c, t, found);
	}
	json_decref(found);
	return r;
}

/* That it was checked, by whom, and with what outcome, is a custody event. */
static int enter_scrub(struct ctl *c, const struct tally *t, const char *object,
		       const json_t *names)
{
	json_t *objects = json_array(), *bad = json_array(), *one;
	const char *blob, *verdict;
	size_t i;

	if (names != NULL)
		json_array_append(objects, json_array_get(names, 0));
	json_array_foreach(t->bad, i, one) {
		blob = json_string_value(json_object_get(one, "blob"));
		verdict = json_string_value(json_object_get(one, "verdict"));
		if (strcmp(verdict, "foreign") == 0)
			continue;	/* no blob; it is counted */
		if (json_array_size(objects) == ACT_OBJECTS_MAX)
			break;
		json_array_append_new(objects, json_sprintf("blob:%s", blob));
		json_array_append_new(bad, json_pack("{s:s, s:s}", "blob", blob, "verdict", verdict));
	}
	return ctl_act(c, "scrub", objects, NULL,
		       json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "checked", object,
				 "bytes", (json_int_t)t->bytes, "whole", (json_int_t)t->whole,
				 "damaged", (json_int_t)t->damaged,
				 "unreadable", (json_int_t)t->unreadable,
				 "missing", (json_int_t)t->missing,
				 "unrecorded", (json_int_t)t->unrecorded, "bad", bad));
}

static json_t *sum_json(const struct tally *t, bool all)
{
	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O, s:I}", "all_checked", all,
			 "bytes", (json_int_t)t->bytes, "whole", (json_int_t)t->whole,
			 "damaged", (json_int_t)t->damaged, "unreadable", (json_int_t)t->unreadable,
			 "missing", (json_int_t)t->missing, "disposed", (json_int_t)t->disposed,
			 "unrecorded", (json_int_t)t->unrecorded, "objects", t->bad, "objects_omitted", (json_int_t)t->omitted);
}

static void say_sum(const struct tally *t)
{
	char bytes[32];

	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	say(stdout, T_VERIFY_SUM, checked(t), bytes_text((long long)t->bytes, bytes), t->whole,
	    t->damaged, t->unreadable, t->missing, t->unrecorded);
	if (t->disposed > 0)
		say(stdout, T_VERIFY_DISPOSED_SUM, t->disposed);
}

static int exit_of(const struct tally *t)
{
	return t->damaged + t->unreadable + t->missing > 0 ? EXIT_DAMAGE :
		t->unrecorded > 0 ? EXIT_FINDINGS : EXIT_GOOD;
}

int verify_worse(int a, int b)
{
	if (a == EXIT_DAMAGE || b == EXIT_DAMAGE)
		return EXIT_DAMAGE;
	return MAX(a, b);
}

int verify_segments(struct ctl *c, const json_t *segments, json_t **ret_bad)
{
	struct tally t = { .bad = json_array(), .quiet = c->json, .shown_ms = utc_now() };
	int r = check_segments(c, &t, segments);

	if (isatty(STDERR_FILENO) && !t.quiet)
		fputs("\r\033[K", stderr);
	*ret_bad = t.bad;
	return verify_worse(r, exit_of(&t));
}

/* What was done with it, in order, behind what its bytes are. */
static int tell_history(struct ctl *c, const char *object, const json_t *names, json_t *j)
{
	json_t *list = c->json ? json_array() : NULL;
	size_t n = 0;
	int r = history_tell(c, names, list, &n);

	if (list != NULL)
		json_object_set_new(j, "history", list);
	return r != EXIT_AWAY && n == 0 && !object_is_evidence(object) ?
		ctl_usage(T_NO_OBJECT, object) : r;
}

/* names: NULL, it was the vault. */
static int conclude(struct ctl *c, const struct tally *t, const char *object, const json_t *names)
{
	json_t *j = sum_json(t, true);
	int r = exit_of(t);

	if (!c->json && (names == NULL || object_is_evidence(object)))
		say_sum(t);
	if (names != NULL)
		r = verify_worse(r, tell_history(c, object, names, j));
	if (c->json && r != EXIT_USAGE)
		ctl_print_json(j);
	json_decref(j);
	if (names == NULL || object_is_evidence(object))
		r = verify_worse(r, enter_scrub(c, t, object, names));
	return r;
}

/* It could not go on.  What was found until then counts all the same. */
static int conclude_early(const struct ctl *c, const struct tally *t, int r)
{
	json_t *j;

	if (c->json) {
		j = sum_json(t, false);
		ctl_print_json(j);
		json_decref(j);
	} else {
		say_sum(t);
		say(stdout, T_AUDIT_NOT_ALL);
	}
	return verify_worse(r, exit_of(t));
}

int cmd_verify(struct ctl *c, int argc, char **argv)
{
	static const char *const words[] = { "OBJECT|vault" };
	struct tally t = { .bad = NULL };
	const char *object = NULL;
	json_t *names = NULL;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &object, words, 1, 1);

	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_supervisor");
	if (r == EXIT_GOOD && strcmp(object, "vault") != 0)
		r = ctl_may_read(c, "verify", &object, 1);
	if (r == EXIT_GOOD && strcmp(object, "vault") != 0)
		r = object_names(c, object, &names);
	if (r != EXIT_GOOD)
		return r;
	t.bad = json_array();
	t.quiet = c->json;
	t.shown_ms = utc_now();
	r = names == NULL ? verify_vault(c, &t) : verify_object(c, &t, object);
	r = r == EXIT_GOOD ? conclude(c, &t, object, names) : conclude_early(c, &t, r);
	json_decref(names);
	json_decref(t.bad);
	return r;
}
