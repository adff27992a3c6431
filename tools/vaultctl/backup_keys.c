/*
 * The keys, as one tar in memory that is never swapped out, sealed by a passphrase: all plain files of the folders in
 * which the configuration has a key or a channel's secret, so that an age identity or a certificate kept beside
 * them is not forgotten.
 */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup.h"
#include "base/util.h"
#include "sealed.h"

enum { FOLDERS_MAX = 4 + CONF_CHANNELS_MAX, ROOM = BACKUP_KEYS_MAX + 1024 * 1024 };

struct packing {
	struct archive *a;
	uint8_t *file;			/* of BACKUP_KEYS_MAX */
	size_t packed;
	char folders[FOLDERS_MAX][CONF_PATH_MAX];
	size_t n;
};

static int say_no(const char *what, int code, int status)
{
	struct err e;

	err_set(&e, code, "%s: %s", what, strerror(-code));
	return ctl_fail(&e, status);
}

static void add_folder(struct packing *p, const char *key)
{
	const char *slash = strrchr(key, '/');
	char dir[CONF_PATH_MAX];
	size_t i;

	if (slash == NULL || slash == key)
		return;
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - key), key);
	for (i = 0; i < p->n && strcmp(p->folders[i], dir) != 0; i++)
		;
	if (i == p->n && p->n < FOLDERS_MAX)
		memcpy(p->folders[p->n++], dir, sizeof(dir));
}

/* 0 and its length, or a negative errno. */
static int read_key(const char *path, uint8_t *to, size_t room, size_t *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), r = 0;
	ssize_t n = 0;

	*ret = 0;
	if (fd < 0)
		return -errno;
	while (r == 0 && *ret < room && (n = read(fd, to + *ret, room - *ret)) != 0) {
		if (n < 0 && errno != EINTR)
			r = -errno;
		else if (n > 0)
			*ret += (size_t)n;
	}
	if (r == 0 && *ret == room)
		r = -EFBIG;
	close(fd);
	return r;
}

static int pack_one(struct packing *p, const char *path, const char *name)
{
	struct archive_entry *entry = archive_entry_new();
	size_t len;
	int r = read_key(path, p->file, BACKUP_KEYS_MAX - p->packed, &len);

	if (r < 0 || entry == NULL) {
		archive_entry_free(entry);
		return say_no(path, r < 0 ? r : -ENOMEM, EXIT_AWAY);
	}
	archive_entry_set_pathname(entry, name);
	archive_entry_set_size(entry, (la_int64_t)len);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0400);
	r = archive_write_header(p->a, entry) == ARCHIVE_OK &&
		archive_write_data(p->a, p->file, len) == (la_ssize_t)len ? EXIT_GOOD :
		say_no(path, -EIO, EXIT_AWAY);
	p->packed += len;
	archive_entry_free(entry);
	return r;
}

static int is_plain(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int pack_folder(struct packing *p, const char *dir)
{
	struct dirent **names = NULL;
	char path[BACKUP_PATH_MAX];
	struct stat st;
	int n = scandir(dir, &names, is_plain, alphasort), i, r = EXIT_GOOD;

	if (n < 0)
		return say_no(dir, -errno, EXIT_AWAY);
	for (i = 0; i < n; i++) {
		backup_path(path, "%s/%s", dir, names[i]->d_name);
		if (r == EXIT_GOOD && lstat(path, &st) == 0 && S_ISREG(st.st_mode))
			r = pack_one(p, path, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return r;
}

static int pack_all(struct packing *p, const struct conf *conf)
{
	size_t i;
	int r = EXIT_GOOD;

	add_folder(p, conf->seal_key);
	add_folder(p, conf->export_key);
	add_folder(p, conf->log_key);
	for (i = 0; i < conf->n_channels; i++)
		add_folder(p, conf->channels[i].secret);
	for (i = 0; i < p->n && r == EXIT_GOOD; i++)
		r = pack_folder(p, p->folders[i]);
	return r;
}

static int seal(struct backup *b, const struct secret *passphrase, const uint8_t *tar, size_t len)
{
	const struct sealed_for f = { .n = 0, .passphrase = passphrase };
	struct sealed_file *s = NULL;
	char path[BACKUP_PATH_MAX];
	struct err e = { 0, "" };
	int r;

	backup_path(path, "%s/keys.tar.age", b->part);
	r = sealed_new(path, 0600, &f, &s, &e);
	if (r == 0)
		r = sealed_put(s, tar, len, &e);
	if (r == 0)
		r = sealed_end(s, &e);
	sealed_free(s);
	return r < 0 ? ctl_fail(&e, EXIT_AWAY) : EXIT_GOOD;
}

int backup_keys(struct backup *b, const struct secret *passphrase)
{
	struct packing *p = calloc(1, sizeof(*p));
	uint8_t *tar = sodium_malloc(ROOM);
	size_t used = 0;
	int r = EXIT_GOOD;

	if (p != NULL) {
		p->a = archive_write_new();
		p->file = sodium_malloc(BACKUP_KEYS_MAX);
	}
	if (p == NULL || tar == NULL || p->a == NULL || p->file == NULL)
		r = say_no("keys.tar.age", -ENOMEM, EXIT_AWAY);
	else if (archive_write_set_format_pax_restricted(p->a) != ARCHIVE_OK ||
		 archive_write_set_bytes_per_block(p->a, 512) != ARCHIVE_OK ||
		 archive_write_open_memory(p->a, tar, ROOM, &used) != ARCHIVE_OK)
		r = say_no("keys.tar.age", -EIO, EXIT_AWAY);
	else
		r = pack_all(p, &b->c->conf);
	if (r == EXIT_GOOD && archive_write_close(p->a) != ARCHIVE_OK)
		r = say_no("keys.tar.age", -EIO, EXIT_AWAY);
	if (r == EXIT_GOOD)
		r = seal(b, passphrase, tar, used);
	if (p != NULL) {
		archive_write_free(p->a);
		sodium_free(p->file);
	}
	sodium_free(tar);
	free(p);
	return r;
}

/* ------ opening ------ */

struct unsealed {
	uint8_t *p;			/* of ROOM */
	size_t len;
};

static int collect(void *data, const uint8_t *p, size_t len)
{
	struct unsealed *u = data;

	if (len > ROOM - u->len)
		return -EFBIG;
	memcpy(u->p + u->len, p, len);
	u->len += len;
	return 0;
}

/* A name, and no way to another folder. */
static bool is_name(const char *s)
{
	return s != NULL && s[0] != '\0' && s[0] != '.' && strchr(s, '/') == NULL && strlen(s) < 256;
}

static int unpack(const struct unsealed *u, uint8_t *file, backup_key_cb each, void *data)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	int r = EXIT_GOOD, got = ARCHIVE_EOF;

	if (a == NULL || archive_read_support_format_tar(a) != ARCHIVE_OK ||
	    archive_read_open_memory(a, u->p, u->len) != ARCHIVE_OK)
		r = say_no("keys.tar.age", -EIO, EXIT_DAMAGE);
	while (r == EXIT_GOOD && (got = archive_read_next_header(a, &entry)) == ARCHIVE_OK) {
		const char *name = archive_entry_pathname(entry);
		la_ssize_t n = archive_read_data(a, file, BACKUP_KEYS_MAX);

		if (n < 0 || n == BACKUP_KEYS_MAX || archive_entry_filetype(entry) != AE_IFREG || !is_name(name))
			r = say_no("keys.tar.age", -EINVAL, EXIT_DAMAGE);
		else
			r = each(data, name, file, (size_t)n);
	}
	if (r == EXIT_GOOD && got != ARCHIVE_EOF)
		r = say_no("keys.tar.age", -EIO, EXIT_DAMAGE);
	archive_read_free(a);
	return r;
}

int backup_open_keys(const char *path, const struct secret *passphrase, backup_key_cb each, void *data)
{
	struct unsealed u = { .p = sodium_malloc(ROOM) };
	uint8_t *file = sodium_malloc(BACKUP_KEYS_MAX);
	enum age_verdict verdict = AGE_OK;
	char sealed[BACKUP_PATH_MAX];
	struct age_keys *keys = NULL;
	struct err e = { 0, "" };
	int r;

	backup_path(sealed, "%s/keys.tar.age", path);
	r = u.p == NULL || file == NULL ? err_set(&e, -ENOMEM, "no protected memory for the keys") : age_keys_new(&keys, &e);
	if (r == 0)
		r = age_keys_add_passphrase(keys, passphrase->p, passphrase->len, &e);
	if (r == 0)
		r = sealed_open(sealed, keys, SEALED_WORK_MAX, collect, &u, &verdict, &e);
	age_keys_free(keys);
	if (r < 0)
		r = ctl_fail(&e, EXIT_AWAY);
	else if (verdict != AGE_OK)
		r = ctl_fail(&e, verdict == AGE_NO_MATCH || verdict == AGE_TOO_COSTLY ? EXIT_USAGE : EXIT_DAMAGE);
	else
		r = unpack(&u, file, each, data);
	sodium_free(u.p);
	sodium_free(file);
	return r;
}
