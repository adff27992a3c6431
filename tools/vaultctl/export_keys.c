/* vaultctl export: keys. */
#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "export.h"
#include "package/keys.h"

enum { KEY_FILE_MAX = 4096 };

static bool has_extra(const struct export *x, const char *path)
{
	size_t i;

	for (i = 0; i < x->package.n_extras; i++)
		if (strcmp(x->package.extras[i].path, path) == 0)
			return true;
	return false;
}

static int no_memory(void)
{
	struct err e = { 0 };

	err_set(&e, -ENOMEM, "no memory for what is to be exported");
	return ctl_fail(&e, EXIT_AWAY);
}

int export_add_key(struct export *x, const char *path, const struct minisign_public_key *key,
		   const char *name)
{
	struct package_extra *extra;

	if (has_extra(x, path))
		return EXIT_GOOD;
	extra = package_add_extra(&x->package, MINISIGN_FILE_MAX, "%s", path);
	if (extra == NULL)
		return no_memory();
	minisign_write_public_key(key, name, &extra->bytes);
	return EXIT_GOOD;
}

int export_add_note_key(struct export *x, const struct note_key *k, const char *stem)
{
	struct package_extra *extra = package_add_extra(&x->package, KEY_FILE_MAX,
							"data/log/keys/%s.vkey", stem);

	if (extra == NULL)
		return no_memory();
	note_key_write(k, &extra->bytes);
	buf_adds(&extra->bytes, "\n");
	extra = package_add_extra(&x->package, KEY_FILE_MAX, "data/log/keys/%s.pem", stem);
	if (extra == NULL)
		return no_memory();
	package_pem(k->key, &extra->bytes);
	return EXIT_GOOD;
}

int export_add_file(struct export *x, const char *from, size_t max, const char *path)
{
	struct package_extra *extra;
	struct err e = { 0 };

	if (has_extra(x, path))
		return EXIT_GOOD;
	extra = package_add_extra(&x->package, max, "%s", path);
	if (extra == NULL)
		return no_memory();
	return file_read(from, &extra->bytes, &e) < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

/* ------ the dock's seals ------ */

static bool read_public(const char *dir, const char *name, struct minisign_public_key *ret)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(MINISIGN_FILE_MAX);
	char path[CONF_PATH_MAX + 256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return file_read(path, &b, NULL) == 0 &&
	       minisign_parse_public_key(b.p, b.len, ret, NULL) == 0;
}

/* Among the *.pub beside a secret key: who got a new key keeps the old one's public half. */
static bool find_public(const char *secret, const uint8_t id[8], struct minisign_public_key *ret)
{
	char dir[CONF_PATH_MAX];
	const struct dirent *entry;
	bool found = false;
	size_t len;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s", secret);
	*strrchr(dir, '/') = '\0';	/* conf takes absolute paths alone */
	d = opendir(dir[0] == '\0' ? "/" : dir);
	while (d != NULL && !found && (entry = readdir(d)) != NULL) {
		len = strlen(entry->d_name);
		found = len > 4 && strcmp(entry->d_name + len - 4, ".pub") == 0 &&
			read_public(dir, entry->d_name, ret) &&
			memcmp(ret->id, id, sizeof(ret->id)) == 0;
	}
	if (d != NULL)
		closedir(d);
	return found;
}

static int find_or_say(const char *secret, const char *what, const uint8_t id[8],
		       struct minisign_public_key *ret)
{
	struct err e = { 0 };
	char text[17];

	if (find_public(secret, id, ret))
		return EXIT_GOOD;
	minisign_id_text(id, text);
	err_set(&e, -ENOENT, "%.*s/*.pub: the public key %s is not among them, which %s: put it there",
		(int)(strrchr(secret, '/') - secret), secret, text, what);
	return ctl_fail(&e, EXIT_AWAY);
}

int export_find_seal_key(struct export *x, const uint8_t id[8], struct minisign_public_key *ret)
{
	return find_or_say(x->c->conf.seal_key, "the dock sealed with", id, ret);
}

int export_find_own_key(struct export *x, const uint8_t id[8], struct minisign_public_key *ret)
{
	return find_or_say(x->c->conf.export_key, "this was signed with", id, ret);
}

/* ------ the package's own ------ */

int export_load_key(struct export *x)
{
	struct buf b = BUF_INIT(MINISIGN_FILE_MAX);
	const char *path = x->c->conf.export_key;
	struct minisign_public_key key;
	struct err e = { 0 };
	int r = file_read(path, &b, &e);

	if (r == 0) {
		r = minisign_parse_secret_key(b.p, b.len, &x->package.export_key, &e);
		if (r < 0)
			err_prefix(&e, "%s", path);
	}
	if (b.p != NULL)
		sodium_memzero(b.p, b.room);
	buf_clear(&b);
	if (r < 0)
		return ctl_fail(&e, EXIT_AWAY);
	minisign_secret_key_public(x->package.export_key, &key);
	return export_add_key(x, "data/log/keys/export.pub", &key, "evidence packages");
}

int export_sign(struct export *x, const struct buf *bytes, const char *comment, struct buf *ret, char ret_key[17])
{
	struct minisign_public_key key;
	struct err e = { 0 };
	int r = export_load_key(x);

	if (r != EXIT_GOOD)
		return r;
	minisign_secret_key_public(x->package.export_key, &key);
	minisign_id_text(key.id, ret_key);
	if (minisign_sign(x->package.export_key, bytes->p, bytes->len, comment, ret, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	return EXIT_GOOD;
}
