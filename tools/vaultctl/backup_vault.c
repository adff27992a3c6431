/*
 * Blobs into a backup, in the order of their addresses: beside them stream what the catalog names and what an earlier
 * backup has, so that memory is the same for ten blobs and ten million.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup.h"
#include "base/util.h"

/* A sorted file of lines, of which one is looked at. */
struct stream {
	FILE *f;
	char hash[DIGEST_HEX_SIZE];	/* "": its end */
	char sha256[BACKUP_SHA256_HEX];	/* of an earlier list */
	long long size;			/* of blobs.list; -1: not said */
};

struct walk {
	struct backup *b;
	struct stream named, earlier;
	FILE *list;
	char path[BACKUP_PATH_MAX];	/* of the file that is being looked at */
};

static int fail(const char *path, int code, int status)
{
	struct err e;

	err_set(&e, code, "%s: %s", path, strerror(-code));
	return ctl_fail(&e, status);
}

static int next_named(struct stream *s)
{
	char size[32];
	int n = s->f == NULL ? EOF : fscanf(s->f, "%64[0-9a-f] %31s\n", s->hash, size);

	if (n == 2 && strlen(s->hash) == 64)
		s->size = strcmp(size, "-") == 0 ? -1 : strtoll(size, NULL, 10);
	else
		s->hash[0] = '\0';
	return n == 2 || n == EOF ? 0 : -EINVAL;
}

static int next_earlier(struct stream *s)
{
	struct backup_line line;
	int n = s->f == NULL ? 0 : backup_next_line(s->f, &line);

	s->hash[0] = '\0';
	if (n == 1 && strlen(line.path) > 64) {
		snprintf(s->hash, sizeof(s->hash), "%s", line.path + strlen(line.path) - 64);
		memcpy(s->sha256, line.sha256, sizeof(s->sha256));
	}
	return n < 0 ? n : 0;
}

static void note_missing(struct backup *b, const char *hash)
{
	b->lost++;
	if (json_array_size(b->missing) < BACKUP_MISSING_MAX)
		json_array_append_new(b->missing, json_string(hash));
}

/* All that is named before this address is not in the vault. */
static int skip_named(struct walk *w, const char *hash)
{
	int r = 0;

	while (r == 0 && w->named.hash[0] != '\0' && (hash == NULL || strcmp(w->named.hash, hash) < 0)) {
		note_missing(w->b, w->named.hash);
		r = next_named(&w->named);
	}
	return r;
}

/* Linked from the earlier backup, which read it when it was made: its size is looked at. */
static bool reuse(struct walk *w, const char *hash, uint64_t size, const char *to,
		  struct backup_file *ret)
{
	char from[BACKUP_PATH_MAX];
	struct stat st;

	while (w->earlier.hash[0] != '\0' && strcmp(w->earlier.hash, hash) < 0) {
		if (next_earlier(&w->earlier) < 0)
			w->earlier.hash[0] = '\0';
	}
	if (strcmp(w->earlier.hash, hash) != 0 ||
	    (size_t)snprintf(from, sizeof(from), "%s/vault/%.2s/%.2s/%s", w->b->earlier, hash, hash + 2,
			     hash) >= sizeof(from) ||
	    lstat(from, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != size ||
	    link(from, to) < 0)
		return false;
	memcpy(ret->sha256, w->earlier.sha256, sizeof(ret->sha256));
	ret->size = size;
	w->b->reused++;
	return true;
}

/*
 * Read, and linked or copied meanwhile.  1: it is not what its name says, and nothing of it is kept here; 0; or a
 * negative errno with a sentence.
 */
static int take(struct walk *w, const char *hash, const char *to, struct backup_file *ret,
		struct err *e)
{
	char found[DIGEST_HEX_SIZE];
	const bool linked = w->b->same_disk && link(w->path, to) == 0;
	int r = backup_copy(w->b->hasher, w->path, linked ? NULL : to, 0400, ret, e);

	if (r == 0 && strcmp(digest_hex(&ret->blake, found), hash) == 0) {
		*(linked ? &w->b->linked : &w->b->copied) += 1;
		return 0;
	}
	unlink(to);
	/* A bad sector of this blob is no reason to leave the others without a backup; a full disk is. */
	return r == 0 || (r == -EIO && access(w->b->part, W_OK) == 0 && strstr(e->msg, w->path) == e->msg) ? 1 : r;
}

static int one_blob(struct walk *w, const char *hash)
{
	char to[BACKUP_PATH_MAX], name[BACKUP_PATH_MAX];
	struct backup_file f = { .size = 0 };
	bool is_named, there;
	struct stat st;
	struct err e = { 0, "" };
	int r = skip_named(w, hash);

	if (r == 0 && lstat(w->path, &st) < 0)
		r = errno == ENOENT ? 1 : -errno;	/* disposed of since the folder was read */
	if (r != 0)
		return r < 0 ? fail(w->path, r, EXIT_AWAY) : EXIT_GOOD;
	is_named = strcmp(w->named.hash, hash) == 0;
	backup_path(name, "vault/%.2s/%.2s/%s", hash, hash + 2, hash);
	if ((size_t)snprintf(to, sizeof(to), "%s/%s", w->b->part, name) >= sizeof(to))
		return fail(to, -ENAMETOOLONG, EXIT_AWAY);
	r = backup_mkdirs(to, strlen(w->b->part), 0700);
	if (r < 0)
		return fail(to, r, EXIT_AWAY);
	there = S_ISREG(st.st_mode) && (!is_named || w->named.size < 0 || w->named.size == st.st_size);
	if (!there)
		r = 1;
	else if (!reuse(w, hash, (uint64_t)st.st_size, to, &f))
		r = take(w, hash, to, &f, &e);
	if (r < 0)
		return ctl_fail(&e, EXIT_AWAY);
	if (r == 1 && !is_named)
		return EXIT_GOOD;		/* nobody says what it should be: the scrub's to find */
	if (r == 1) {
		say(stderr, T_BACKUP_BLOB_BAD, hash);
		note_missing(w->b, hash);
	} else {
		w->b->blobs++;
		w->b->bytes += f.size;
		w->b->unnamed += !is_named;
		if (backup_add_line(w->list, f.sha256, name) < 0)
			return fail("vault.sha256", -EIO, EXIT_AWAY);
	}
	return is_named && next_named(&w->named) < 0 ? fail("blobs.list", -EINVAL, EXIT_AWAY) : EXIT_GOOD;
}

static int is_pair(const struct dirent *d)
{
	return strlen(d->d_name) == 2 && strspn(d->d_name, "0123456789abcdef") == 2;
}

static int is_hash(const struct dirent *d)
{
	return strlen(d->d_name) == 64 && strspn(d->d_name, "0123456789abcdef") == 64;
}

/* OBJECTS, OBJECTS/ab, OBJECTS/ab/cd, by name. */
static int walk_level(struct walk *w, size_t len, unsigned level)
{
	struct dirent **names = NULL;
	int n = scandir(w->path, &names, level < 2 ? is_pair : is_hash, alphasort), i, r = EXIT_GOOD;

	if (n < 0)
		return level > 0 && errno == ENOENT ? EXIT_GOOD : fail(w->path, -errno, EXIT_AWAY);
	for (i = 0; i < n; i++) {
		const char *name = names[i]->d_name;
		const size_t more = strlen(name) + 1;

		if (r == EXIT_GOOD && len + more < sizeof(w->path)) {
			w->path[len] = '/';
			memcpy(w->path + len + 1, name, more);
			if (level < 2)
				r = walk_level(w, len + more, level + 1);
			else if (strncmp(name, w->path + len - 5, 2) == 0 && strncmp(name + 2, w->path + len - 2, 2) == 0)
				r = one_blob(w, name);
			w->path[len] = '\0';
		}
		free(names[i]);
	}
	free(names);
	return r;
}

static int open_streams(struct walk *w)
{
	char path[BACKUP_PATH_MAX];

	backup_path(path, "%s/blobs.list", w->b->part);
	w->named.f = fopen(path, "r");
	if (w->named.f == NULL || next_named(&w->named) < 0)
		return fail(path, -EIO, EXIT_AWAY);
	if (w->b->earlier[0] != '\0') {
		backup_path(path, "%s/vault.sha256", w->b->earlier);
		w->earlier.f = fopen(path, "r");
		if (next_earlier(&w->earlier) < 0)
			return fail(path, -EINVAL, EXIT_AWAY);
	}
	backup_path(path, "%s/vault.sha256", w->b->part);
	w->list = fopen(path, "w");
	return w->list != NULL ? EXIT_GOOD : fail(path, -errno, EXIT_AWAY);
}

int backup_vault(struct backup *b)
{
	struct walk w = { .b = b };
	int r = open_streams(&w);

	b->blobs = b->bytes = b->copied = b->linked = b->reused = b->lost = b->unnamed = 0;
	json_array_clear(b->missing);
	backup_path(w.path, "%s/objects", b->c->conf.vault);
	if (r == EXIT_GOOD)
		r = walk_level(&w, strlen(w.path), 0);
	if (r == EXIT_GOOD && skip_named(&w, NULL) < 0)
		r = fail("blobs.list", -EINVAL, EXIT_AWAY);
	if (w.named.f != NULL)
		fclose(w.named.f);
	if (w.earlier.f != NULL)
		fclose(w.earlier.f);
	if (w.list != NULL && fclose(w.list) != 0 && r == EXIT_GOOD)
		r = fail("vault.sha256", -errno, EXIT_AWAY);
	return r;
}
