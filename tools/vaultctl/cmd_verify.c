/*
 * vaultctl verify: is the evidence whole?  Every blob is re-read and hashed;
 * catalog and vault are compared both ways, since a record without bytes and
 * bytes without a record are each worth knowing.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "base/utc.h"
#include "ctl.h"
#include "table.h"
#include "vault/vault.h"

/* Addresses asked of the catalog at once. */
enum { PAGE = 1000 };

/* What JSON names of what is not whole: a vault that lost a disk has millions. */
enum { OBJECTS_MAX = 20000 };

struct tally {
	unsigned long long whole, damaged, unreadable, missing, unrecorded, bytes;
	unsigned long long omitted;	/* beyond OBJECTS_MAX */
	json_t *bad;			/* {blob, verdict} of everything not whole */
	bool quiet;			/* JSON: nothing on the way */
	int64_t shown_ms;
};

static unsigned long long checked(const struct tally *t)
{
	return t->whole + t->damaged + t->unreadable + t->missing;
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
	else if (json_array_size(t->bad) >= OBJECTS_MAX)
		t->omitted++;
	else
		json_array_append_new(t->bad, json_pack("{s:s, s:s, s:s*}", "blob", hex,
							"verdict", verdict, "path", path));
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
		t->missing++;
		note(t, T_VERIFY_MISSING, "missing", hex, path);
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

/* A segment is its media, its sidecar and the dock's seal over it. */
static int check_segments(struct ctl *c, struct tally *t, const json_t *segments)
{
	static const char *const parts[] = { "blob", "manifest", "seal_manifest", "seal_signature" };
	size_t i;
	int r = EXIT_GOOD;

	for (i = 0; i < COUNT(parts) && r == EXIT_GOOD; i++)
		r = check_list(c, t, segments, parts[i]);
	return r;
}

static bool is_hex(const char *s, size_t len)
{
	return strlen(s) == len && strspn(s, "0123456789abcdef") == len;
}

/* A blob's address, a segment's UUID, or RECORDER/RECORDING. */
static int find_object(struct ctl *c, const char *object, json_t **ret)
{
	char recorder[64];
	const char *slash = strchr(object, '/');
	const char *const one[] = { object };

	*ret = NULL;
	if (is_hex(object, DIGEST_HEX_LEN))
		return ctl_query(c, STATEMENT_BLOB_SHOW, one, 1, ret);
	if (ctl_is_uuid(object))
		return ctl_query(c, STATEMENT_SEGMENT_SHOW, one, 1, ret);
	if (slash != NULL && (size_t)(slash - object) < sizeof(recorder) && ctl_is_uuid(slash + 1)) {
		snprintf(recorder, sizeof(recorder), "%.*s", (int)(slash - object), object);
		const char *const both[] = { recorder, slash + 1 };

		return ctl_query(c, STATEMENT_RECORDING_SEGMENTS, both, COUNT(both), ret);
	}
	*ret = json_array();
	return EXIT_GOOD;
}

static int verify_object(struct ctl *c, struct tally *t, const char *object)
{
	json_t *found = NULL, *first;
	int r = find_object(c, object, &found);

	if (r == EXIT_GOOD && json_array_size(found) == 0) {
		r = ctl_usage(T_NO_OBJECT, object);
	} else if (r == EXIT_GOOD && is_hex(object, DIGEST_HEX_LEN)) {
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

static void conclude(const struct ctl *c, const struct tally *t)
{
	char bytes[32];
	json_t *j;

	if (!t->quiet && isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (!c->json) {
		say(stdout, T_VERIFY_SUM, checked(t), bytes_text((long long)t->bytes, bytes),
		    t->whole, t->damaged, t->unreadable, t->missing, t->unrecorded);
		return;
	}
	j = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:O, s:I}",
		      "bytes", (json_int_t)t->bytes, "whole", (json_int_t)t->whole,
		      "damaged", (json_int_t)t->damaged, "unreadable", (json_int_t)t->unreadable,
		      "missing", (json_int_t)t->missing, "unrecorded", (json_int_t)t->unrecorded,
		      "objects", t->bad, "objects_omitted", (json_int_t)t->omitted);
	ctl_print_json(j);
	json_decref(j);
}

int cmd_verify(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "OBJECT|vault" };
	struct tally t = { .bad = NULL };
	const char *object = NULL;
	int r = ctl_arguments(c, argc, argv, NULL, 0, &object, names, 1, 1);

	if (r == EXIT_GOOD)
		r = ctl_open_catalog(c, "dv_supervisor");
	if (r != EXIT_GOOD)
		return r;
	t.bad = json_array();
	t.quiet = c->json;
	t.shown_ms = utc_now();
	r = strcmp(object, "vault") == 0 ? verify_vault(c, &t) : verify_object(c, &t, object);
	if (r == EXIT_GOOD) {
		conclude(c, &t);
		if (t.damaged + t.unreadable + t.missing > 0)
			r = EXIT_DAMAGE;
		else if (t.unrecorded > 0)
			r = EXIT_FINDINGS;
	}
	json_decref(t.bad);
	return r;
}
