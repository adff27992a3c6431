/*
 * vaultctl case archive, verify: the file of a case, frozen and signed, and whether it still is what
 * was signed (Art. 32).
 *
 * The catalog makes the index and takes it back only if it would make the same again: between the two
 * it is signed here, by the export key, which never leaves this host.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive_diff.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/util.h"
#include "case_view.h"
#include "entry.h"
#include "export.h"
#include "format/minisign.h"
#include "verify.h"

enum { INDEX_MAX = 64 * 1024 * 1024 };		/* sql/024 */

static const char *const names[] = { "CASE" };

static int fail(int code, const char *what)
{
	struct err e = { 0 };

	err_set(&e, code, "%s", what);
	return ctl_fail(&e, EXIT_AWAY);
}

static const char *field(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));

	return s != NULL ? s : "";
}

/* The bytes of an index that came as hex, and what they say; *ret_json is a new reference. */
static int take_index(const char *hex, struct buf *bytes, json_t **ret_json)
{
	size_t len = strlen(hex), got = 0;
	uint8_t *room = malloc(len / 2 + 1);

	if (room == NULL)
		return fail(-ENOMEM, "no memory for the index of a case");
	if (hex_decode(hex, len, room, len / 2 + 1, &got) == 0)
		buf_add(bytes, room, got);
	free(room);
	*ret_json = bytes->failed ? NULL :
		json_loadb((const char *)bytes->p, bytes->len, JSON_REJECT_DUPLICATES, NULL);
	return EXIT_GOOD;
}

/* What the catalog says now. */
static int ask_index(struct ctl *c, const char *id, struct buf *bytes, char **ret_hex, json_t **ret_json)
{
	const char *const params[] = { id };
	json_t *rows = NULL;
	int r = ctl_query(c, STATEMENT_CASE_INDEX, params, COUNT(params), &rows);

	if (r == EXIT_GOOD)
		r = take_index(field(json_array_get(rows, 0), "index"), bytes, ret_json);
	if (r == EXIT_GOOD && !json_is_object(*ret_json))
		r = fail(-EPROTO, "the catalog's index of a case is no JSON");
	if (r == EXIT_GOOD && ret_hex != NULL)
		*ret_hex = strdup(field(json_array_get(rows, 0), "index"));
	json_decref(rows);
	return r;
}

/* ------ archive ------ */

static int sign_index(struct export *x, const char *id, const json_t *index, const struct buf *bytes,
		      struct buf *ret, char ret_key[17])
{
	char comment[128];

	snprintf(comment, sizeof(comment), "dockvault case %s revision %lld", id,
		 (long long)json_integer_value(json_object_get(index, "revision")));
	return export_sign(x, bytes, comment, ret, ret_key);
}

static int archive(struct export *x, const char *id, const char *incomplete, bool dry_run)
{
	AUTO(buf_clear) struct buf bytes = BUF_INIT(INDEX_MAX), signature = BUF_INIT(MINISIGN_FILE_MAX);
	json_t *index = NULL, *row = NULL;
	char *hex = NULL, key[17];
	int r = case_look(x->c, "case archive", id, NULL);

	if (r == EXIT_GOOD)
		r = ask_index(x->c, id, &bytes, &hex, &index);
	if (r == EXIT_GOOD)
		r = sign_index(x, id, index, &bytes, &signature, key);
	if (r == EXIT_GOOD && (hex == NULL || signature.failed))
		r = fail(-ENOMEM, "no memory for the index of a case");
	if (r == EXIT_GOOD) {
		const char *const params[] = { id, hex, buf_str(&signature), key, incomplete };

		r = entry_run(x->c, STATEMENT_CASE_ARCHIVE, params, COUNT(params), dry_run, &row);
	}
	if (r == EXIT_GOOD && !dry_run && x->c->json)
		ctl_print_json(row);
	else if (r == EXIT_GOOD && !dry_run)
		say(stdout, T_CASE_ARCHIVED, id,
		    (long long)json_integer_value(json_object_get(row, "revision")), bytes.len, key);
	json_decref(row);
	json_decref(index);
	free(hex);
	return r;
}

int cmd_case_archive(struct ctl *c, int argc, char **argv)
{
	const char *id = NULL, *incomplete = NULL;
	bool dry_run = false;
	const struct option_spec options[] = { { "--incomplete-reason", &incomplete, NULL },
					       { "--dry-run", NULL, &dry_run } };
	struct export x = { .c = c };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &id, names, 1, 1);

	if (r == EXIT_GOOD && incomplete != NULL)
		r = ctl_check_reason(incomplete);
	if (r == EXIT_GOOD)
		r = archive(&x, id, incomplete, dry_run);
	export_clear(&x);
	return r;
}

/* ------ verify ------ */

struct check {
	struct ctl *c;
	const char *id, *revision, *key, *out;
	const json_t *row;		/* as it was stored */
	struct buf bytes;
	json_t *index;			/* NULL: the bytes are no JSON */
	struct archive_diff diff;
	json_t *bad;			/* blobs that are not whole */
	const char *verdict;		/* of the signature */
};

/* The key that the caller trusts, or this host's of that id. */
static int find_key(const struct check *k, const struct minisign_signature *s,
		    struct minisign_public_key *ret)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(MINISIGN_FILE_MAX);
	struct export x = { .c = k->c };
	struct err e = { 0 };

	if (k->key == NULL)
		return export_find_own_key(&x, s->id, ret);
	if (file_read(k->key, &b, &e) < 0 || minisign_parse_public_key(b.p, b.len, ret, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	return EXIT_GOOD;
}

static int check_signature(struct check *k)
{
	const char *text = field(k->row, "signature");
	uint8_t hash[crypto_hash_sha256_BYTES];
	struct minisign_public_key key;
	struct minisign_signature s;
	char hex[2 * sizeof(hash) + 1];
	int r;

	k->verdict = "invalid";
	if (minisign_parse_signature((const uint8_t *)text, strlen(text), &s, NULL) < 0)
		return EXIT_DAMAGE;
	r = find_key(k, &s, &key);
	if (r != EXIT_GOOD) {
		k->verdict = "key_unknown";
		return r;
	}
	crypto_hash_sha256(hash, k->bytes.p, k->bytes.len);
	sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	if (k->index == NULL || strcmp(hex, field(k->row, "sha256")) != 0 ||
	    !minisign_verify(&key, &s, k->bytes.p, k->bytes.len) ||
	    strcmp(field(k->index, "case"), k->id) != 0)
		return EXIT_DAMAGE;
	k->verdict = "valid";
	return EXIT_GOOD;
}

/* Is it there, and covered from whoever asks? */
static int ask_covered(struct check *k, const char *segment, bool *ret)
{
	const char *const params[] = { segment };
	json_t *rows = NULL;
	int r = ctl_query(k->c, STATEMENT_SEGMENT_MASKED, params, COUNT(params), &rows);

	*ret = json_array_size(rows) > 0;
	json_decref(rows);
	return r;
}

/*
 * A recording that is not linked any more is there all the same: what the index says of it holds.  Of one that is
 * covered (Art. 37) that is not said, nor that it is missing.
 */
static int look_again(struct check *k)
{
	json_t *left = json_array(), *one, *segment, *rows = NULL;
	bool covered = false;
	size_t i, n;
	int r = EXIT_GOOD;

	json_array_foreach(k->diff.missing, i, one) {
		const char *const params[] = { field(one, "id") };

		if (strcmp(field(one, "table"), "segments") == 0 && r == EXIT_GOOD)
			r = ctl_query(k->c, STATEMENT_SEGMENT_SHOW, params, COUNT(params), &rows);
		if (rows != NULL && json_array_size(rows) == 0 && r == EXIT_GOOD)
			r = ask_covered(k, params[0], &covered);
		if (covered) {
			say(stderr, T_ARCHIVE_COVERED, params[0]);
			covered = false;
			json_decref(rows);
			rows = NULL;
			continue;
		}
		json_array_foreach(json_object_get(k->index, "segments"), n, segment)
			if (rows != NULL && strcmp(field(segment, "segment"), params[0]) == 0 &&
			    strcmp(field(segment, "blob"), field(json_array_get(rows, 0), "blob")) == 0)
				break;
		if (rows != NULL && n < json_array_size(json_object_get(k->index, "segments")))
			k->diff.same++;
		else
			json_array_append(left, one);
		json_decref(rows);
		rows = NULL;
	}
	json_decref(k->diff.missing);
	k->diff.missing = left;
	return r;
}

/* Each object that the index names. */
static int check_objects(struct check *k)
{
	AUTO(buf_clear) struct buf bytes = BUF_INIT(INDEX_MAX);
	json_t *now = NULL;
	int r = ask_index(k->c, k->id, &bytes, NULL, &now);

	if (r == EXIT_GOOD && archive_compare(k->index, now, &k->diff) < 0)
		r = EXIT_DAMAGE;
	if (r == EXIT_GOOD)
		r = look_again(k);
	json_decref(now);
	if (r != EXIT_GOOD)
		return r;
	r = verify_segments(k->c, json_object_get(k->index, "segments"), &k->bad);
	if (json_array_size(k->diff.changed) + json_array_size(k->diff.missing) > 0)
		return EXIT_DAMAGE;
	return r;
}

static void tell_list(enum text_id what, const json_t *list)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		say(stdout, what, field(one, "table"), field(one, "id"));
}

static void tell(const struct check *k)
{
	json_t *j;

	if (k->c->json) {
		j = json_pack("{s:s, s:O, s:s, s:O*, s:I, s:O*, s:O*, s:O*, s:O*}", "case", k->id,
			      "revision", json_object_get(k->row, "revision"), "signature", k->verdict,
			      "incomplete", json_object_get(k->row, "incomplete"), "same",
			      (json_int_t)k->diff.same, "changed", k->diff.changed, "missing",
			      k->diff.missing, "later", k->diff.later, "bad", k->bad);
		ctl_print_json(j);
		json_decref(j);
		return;
	}
	say(stdout, T_ARCHIVE_SIGNATURE, k->id, field(k->row, "key_id"), word(k->verdict));
	tell_list(T_ARCHIVE_CHANGED, k->diff.changed);
	tell_list(T_ARCHIVE_MISSING, k->diff.missing);
	tell_list(T_ARCHIVE_LATER, k->diff.later);
	if (k->index != NULL)
		say(stdout, T_ARCHIVE_SUM, k->diff.same, json_array_size(k->diff.changed),
		    json_array_size(k->diff.missing), json_array_size(k->diff.later),
		    json_array_size(k->bad));
}

/* The index and its signature as files, for minisign -V. */
static int write_out(const struct check *k)
{
	const char *signature = field(k->row, "signature");
	char path[CONF_PATH_MAX];
	struct err e = { 0 };

	if ((size_t)snprintf(path, sizeof(path), "%s.minisig", k->out) >= sizeof(path))
		return ctl_usage(T_EXPORT_LONG_PATH, k->out);
	if (file_replace(k->out, k->bytes.p, k->bytes.len, 0644, &e) < 0 ||
	    file_replace(path, signature, strlen(signature), 0644, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	return EXIT_GOOD;
}

static int verify(struct check *k)
{
	const char *const params[] = { k->id, k->revision };
	json_t *rows = NULL;
	int r = case_look(k->c, "case verify", k->id, NULL), of_objects;

	if (r == EXIT_GOOD)
		r = ctl_query(k->c, STATEMENT_CASE_ARCHIVES, params, COUNT(params), &rows);
	if (r == EXIT_GOOD && json_array_size(rows) == 0)
		r = ctl_usage(T_NOT_ARCHIVED, k->id);
	k->row = json_array_get(rows, 0);
	if (r == EXIT_GOOD)
		r = take_index(field(k->row, "index"), &k->bytes, &k->index);
	if (r == EXIT_GOOD && k->out != NULL)
		r = write_out(k);
	if (r == EXIT_GOOD) {
		r = check_signature(k);
		of_objects = k->index == NULL ? EXIT_DAMAGE : check_objects(k);
		r = verify_worse(r, of_objects);
		tell(k);
	}
	json_decref(rows);
	return r;
}

int cmd_case_verify(struct ctl *c, int argc, char **argv)
{
	struct check k = { .c = c, .bytes = BUF_INIT(INDEX_MAX) };
	const struct option_spec options[] = { { "--revision", &k.revision, NULL },
					       { "--key", &k.key, NULL }, { "--out", &k.out, NULL } };
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &k.id, names, 1, 1);

	if (r == EXIT_GOOD)
		r = verify(&k);
	archive_diff_clear(&k.diff);
	json_decref(k.index);
	json_decref(k.bad);
	buf_clear(&k.bytes);
	return r;
}
