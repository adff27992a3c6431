/* vaultctl export: what is to be exported. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "export.h"
#include "format/manifest.h"
#include "vault/vault.h"

static int not_whole(const char *what, const char *how)
{
	struct err e = { 0 };

	err_set(&e, -EUCLEAN,
		"%s: %s (Art. 33, 35): nothing was exported; run vaultctl verify vault and"
		" tell the supervision office",
		what, how);
	return ctl_fail(&e, EXIT_DAMAGE);
}

static const char *text_of(const json_t *row, const char *column)
{
	return json_string_value(json_object_get(row, column));
}

/* An address that the catalog names; false: none. */
static bool address_of(const json_t *row, const char *column, struct digest *ret)
{
	const char *hex = text_of(row, column);

	return hex != NULL && digest_parse(hex, strlen(hex), ret) == 0;
}

/* ------ blobs ------ */

/* A vault that is not mounted says nothing of its blobs. */
static bool is_mounted(const char *vault)
{
	char path[VAULT_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/objects", vault);

	return n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0;
}

static int open_blob(void *data, const struct digest *address, int *ret_fd, struct err *e)
{
	const struct export *x = data;
	const char *vault = x->c->conf.vault;
	char path[VAULT_PATH_MAX];
	int r = vault_path(vault, address, path, sizeof(path));

	if (r < 0)
		return err_set(e, r, "vault %.80s...: path too long", vault);
	*ret_fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*ret_fd >= 0)
		return 0;
	if (errno == ENOENT && !is_mounted(vault))
		return err_set(e, -ENODEV, "vault %s: no store there, is its disk mounted?", vault);
	return err_set(e, -errno, "%s: cannot be read: %s", path, strerror(errno));
}

/* How large a blob is, whose size no record tells; EXIT_DAMAGE: it is not there. */
static int size_blob(struct export *x, const struct digest *address, uint64_t *ret)
{
	char hex[DIGEST_HEX_SIZE];
	struct err e = { 0 };
	struct stat st;
	int fd, r = open_blob(x, address, &fd, &e);

	if (r == -ENOENT)
		return not_whole(digest_hex(address, hex), "the blob is not in the vault");
	if (r < 0)
		return ctl_fail(&e, EXIT_AWAY);
	r = fstat(fd, &st);
	close(fd);
	if (r < 0 || !S_ISREG(st.st_mode))
		return not_whole(digest_hex(address, hex), "the blob is no file");
	*ret = (uint64_t)st.st_size;
	return EXIT_GOOD;
}

/* ------ sidecars ------ */

struct sidecar_text {
	struct buf manifest, signature;
	struct minisign_signature parsed;
};

static void sidecar_text_clear(struct sidecar_text *t)
{
	buf_clear(&t->manifest);
	buf_clear(&t->signature);
}

static int read_sidecar(struct export *x, const struct package_sidecar *s, struct sidecar_text *t)
{
	char path[VAULT_PATH_MAX];
	struct err e = { 0 };
	int r;

	r = vault_path(x->c->conf.vault, &s->manifest, path, sizeof(path));
	if (r == 0)
		r = file_read(path, &t->manifest, &e);
	if (r == 0)
		r = vault_path(x->c->conf.vault, &s->signature, path, sizeof(path));
	if (r == 0)
		r = file_read(path, &t->signature, &e);
	if (r == 0)
		r = minisign_parse_signature(t->signature.p, t->signature.len, &t->parsed, &e);
	return r < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

/* It verified when it came; when it does not now, something is not what it was. */
static int verify_sidecar(const struct package_object *o,
			  const struct sidecar_text *t, const struct minisign_public_key *key)
{
	if (minisign_verify(key, &t->parsed, t->manifest.p, t->manifest.len))
		return EXIT_GOOD;
	return not_whole(o->id, "a sidecar that was valid is not valid any more");
}

static int take_sidecar(struct export *x, const json_t *row, const char *manifest,
			const char *signature, struct package_sidecar *s)
{
	int r = EXIT_GOOD;

	s->is_there = address_of(row, manifest, &s->manifest);
	s->is_signed = s->is_there && address_of(row, signature, &s->signature);
	if (s->is_there)
		r = size_blob(x, &s->manifest, &s->manifest_size);
	if (r == EXIT_GOOD && s->is_signed)
		r = size_blob(x, &s->signature, &s->signature_size);
	return r;
}

static bool fact_is(const json_t *facts, const char *key, const char *value)
{
	const char *s = text_of(facts, key);

	return s != NULL && strcmp(s, value) == 0;
}

/* The recorder's key, where its sidecar was right when it was docked. */
static int take_recorder_key(struct export *x, const json_t *row, struct package_object *o)
{
	AUTO(sidecar_text_clear) struct sidecar_text t = {
		BUF_INIT(MANIFEST_MAX), BUF_INIT(MINISIGN_FILE_MAX), { .prehashed = false } };
	const char *id = text_of(row, "key_id");
	struct minisign_public_key key;
	struct digest raw;
	int r;

	if (!o->by_recorder.is_signed || !fact_is(o->facts, "signature", "valid") ||
	    !fact_is(o->facts, "digest", "ok") || id == NULL || !address_of(row, "key", &raw) ||
	    minisign_id_parse(id, key.id) < 0)
		return EXIT_GOOD;
	memcpy(key.key, raw.b, sizeof(key.key));
	r = read_sidecar(x, &o->by_recorder, &t);
	if (r == EXIT_GOOD)
		r = verify_sidecar(o, &t, &key);
	if (r != EXIT_GOOD)
		return r;
	snprintf(o->by_recorder.key, sizeof(o->by_recorder.key),
		 "data/log/keys/recorder-%s-%s.pub", o->recorder, id);
	return export_add_key(x, o->by_recorder.key, &key, o->recorder);
}

static int take_dock_key(struct export *x, struct package_object *o)
{
	AUTO(sidecar_text_clear) struct sidecar_text t = {
		BUF_INIT(MANIFEST_MAX), BUF_INIT(MINISIGN_FILE_MAX), { .prehashed = false } };
	struct minisign_public_key key;
	char id[17], name[sizeof(x->c->conf.station) + 8];
	int r;

	if (!o->by_dock.is_signed)
		return EXIT_GOOD;
	r = read_sidecar(x, &o->by_dock, &t);
	if (r == EXIT_GOOD)
		r = export_find_seal_key(x, t.parsed.id, &key);
	if (r == EXIT_GOOD)
		r = verify_sidecar(o, &t, &key);
	if (r != EXIT_GOOD)
		return r;
	minisign_id_text(key.id, id);
	snprintf(o->by_dock.key, sizeof(o->by_dock.key), "data/log/keys/seal-%s.pub", id);
	snprintf(name, sizeof(name), "dock %s", x->c->conf.station);
	return export_add_key(x, o->by_dock.key, &key, name);
}

/* ------ objects ------ */

/* What was disposed of is not missing, and not there to be exported: EXIT_USAGE, having said by which plan. */
static int check_there(struct export *x, const struct package_object *o)
{
	char list[DIGEST_HEX_SIZE + 2], hex[DIGEST_HEX_SIZE];
	const char *const params[] = { list };
	json_t *rows = NULL;
	const json_t *row;
	int r;

	snprintf(list, sizeof(list), "{%s}", digest_hex(&o->blob, hex));
	r = ctl_query(x->c, STATEMENT_BLOBS_DISPOSED, params, COUNT(params), &rows);
	row = json_array_get(rows, 0);
	if (r == EXIT_GOOD && row != NULL) {
		say(stderr, T_EXPORT_DISPOSED, o->id, text_of(row, "plan"), text_of(row, "at"));
		r = EXIT_USAGE;
	}
	json_decref(rows);
	return r;
}

static int take_object(struct export *x, const json_t *row, struct package_object *o)
{
	const char *recorder = text_of(row, "recorder");
	const json_t *size = json_object_get(row, "size");
	int r = EXIT_GOOD;

	snprintf(o->id, sizeof(o->id), "%s", text_of(row, "object"));
	snprintf(o->recorder, sizeof(o->recorder), "%s", recorder != NULL ? recorder : "");
	o->seq = (uint64_t)json_integer_value(json_object_get(row, "seq"));
	o->facts = json_incref(json_object_get(row, "facts"));
	if (!address_of(row, "blob", &o->blob))
		return not_whole(o->id, "the catalog names no blob for it");
	o->size = (uint64_t)json_integer_value(size);
	r = check_there(x, o);
	if (r == EXIT_GOOD && !json_is_integer(size))
		r = size_blob(x, &o->blob, &o->size);
	if (r == EXIT_GOOD)
		r = take_sidecar(x, row, "manifest", "signature_blob", &o->by_recorder);
	if (r == EXIT_GOOD)
		r = take_sidecar(x, row, "seal_manifest", "seal_signature", &o->by_dock);
	if (r == EXIT_GOOD)
		r = take_recorder_key(x, row, o);
	return r == EXIT_GOOD ? take_dock_key(x, o) : r;
}

/* The rows of a word behind those there, each object once. */
static int find_word(struct export *x, const char *word, json_t *seen)
{
	const char *const params[] = { word };
	json_t *found = NULL, *row;
	size_t i;
	int r = ctl_query(x->c, STATEMENT_EXPORT_OBJECTS, params, COUNT(params), &found);

	if (r != EXIT_GOOD)
		return r;
	if (json_array_size(found) == 0)
		r = ctl_usage(T_NO_OBJECT_TO_EXPORT, word);
	json_array_foreach(found, i, row) {
		if (json_object_get(seen, text_of(row, "object")) != NULL)
			continue;
		json_object_set_new(seen, text_of(row, "object"), json_true());
		json_array_append(x->rows, row);
	}
	json_decref(found);
	return r;
}

static int find_words(struct export *x, const char *const *words, size_t n)
{
	json_t *seen = json_object();
	size_t i;
	int r = EXIT_GOOD;

	x->rows = json_array();
	for (i = 0; i < n && r == EXIT_GOOD; i++)
		r = find_word(x, words[i], seen);
	json_decref(seen);
	if (r == EXIT_GOOD && json_array_size(x->rows) > PACKAGE_OBJECTS_MAX) {
		say(stderr, T_EXPORT_TOO_MANY, json_array_size(x->rows),
		    (size_t)PACKAGE_OBJECTS_MAX);
		r = EXIT_USAGE;
	}
	return r;
}

int export_objects(struct export *x, const char *const *words, size_t n)
{
	struct err e = { 0 };
	size_t i;
	int r = find_words(x, words, n);

	if (r != EXIT_GOOD)
		return r;
	x->package.source.open = open_blob;
	x->package.source.data = x;
	x->package.objects = calloc(json_array_size(x->rows), sizeof(*x->package.objects));
	if (x->package.objects == NULL) {
		err_set(&e, -ENOMEM, "no memory for %zu objects", json_array_size(x->rows));
		return ctl_fail(&e, EXIT_AWAY);
	}
	x->package.n_objects = json_array_size(x->rows);
	for (i = 0; i < x->package.n_objects && r == EXIT_GOOD; i++)
		r = take_object(x, json_array_get(x->rows, i), &x->package.objects[i]);
	return r;
}

void export_object_name(const struct export *x, const char *word, char *ret, size_t size)
{
	const char *kind = strchr(word, '/') != NULL ? "recording" : "session";
	size_t i;

	if (strncmp(word, "case:", 5) == 0 || strncmp(word, "disclosure:", 11) == 0) {
		snprintf(ret, size, "%s", word);
		return;
	}
	if (!ctl_is_uuid(word) && strchr(word, '/') == NULL)
		kind = "blob";
	for (i = 0; i < x->package.n_objects; i++)
		if (strncmp(x->package.objects[i].id, "segment:", 8) == 0 &&
		    strcmp(x->package.objects[i].id + 8, word) == 0)
			kind = "segment";
	snprintf(ret, size, "%s:%s", kind, word);
}
