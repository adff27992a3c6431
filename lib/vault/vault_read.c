/* Reading a vault in a directory: where a blob lies, whether it is whole, what is there. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blake2b.h"
#include "base/util.h"
#include "vault/vault.h"
#include "vault/vault_dir.h"
#include "vault/vault_stream.h"

void vault_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

void vault_closedirp(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

int vault_path(const char *dir, const struct digest *address, char *ret_path, size_t size)
{
	char hex[DIGEST_HEX_SIZE];
	char path[VAULT_PATH_MAX];
	int n;

	digest_hex(address, hex);
	n = snprintf(path, sizeof(path), "%s/objects/%.2s/%.2s/%s", dir, hex, hex + 2, hex);
	if (n < 0 || (size_t)n >= sizeof(path) || (size_t)n >= size)
		return -ENAMETOOLONG;
	memcpy(ret_path, path, (size_t)n + 1);
	return 0;
}

/* ------ check ------ */

int vault_unreadable(const char *path, struct err *e)
{
	int r = -errno;

	return err_set(e, r, "%s: cannot be read: %s%s", path, strerror(-r),
		       r == -EIO ? ": check the disk and the kernel log" : "");
}

/* What is made of the bytes of one blob. */
struct digests {
	struct blake2b address;
	EVP_MD_CTX *sha256, *sm3;	/* NULL: not asked for */
	const char *path;
	int (*also)(void *data, const uint8_t *p, size_t len, struct err *e);
	void *also_data;
};

static void digests_clear(struct digests *d)
{
	EVP_MD_CTX_free(d->sha256);
	EVP_MD_CTX_free(d->sm3);
}

static int hashing_failed(const struct digests *d, struct err *e)
{
	return err_set(e, -ENOMEM, "%s: SHA-256 and SM3 cannot be made of it", d->path);
}

static int add_address(void *data, const uint8_t *p, size_t len, struct err *e)
{
	struct digests *d = data;

	blake2b_add(&d->address, p, len);
	return d->also != NULL ? d->also(d->also_data, p, len, e) : 0;
}

static int add_others(void *data, const uint8_t *p, size_t len, struct err *e)
{
	struct digests *d = data;

	return EVP_DigestUpdate(d->sha256, p, len) == 1 && EVP_DigestUpdate(d->sm3, p, len) == 1 ?
		0 : hashing_failed(d, e);
}

static int digests_end(struct digests *d, struct vault_read *ret, struct err *e)
{
	ret->size = blake2b_total(&d->address);
	ret->found = blake2b_end(&d->address);
	ret->has_digests = d->sha256 != NULL;
	if (d->sha256 != NULL && (EVP_DigestFinal_ex(d->sha256, ret->sha256, NULL) != 1 ||
				  EVP_DigestFinal_ex(d->sm3, ret->sm3, NULL) != 1))
		return hashing_failed(d, e);
	return 0;
}

int vault_digest_fd(int fd, const char *path, const struct vault_reading *how,
		    int (*also)(void *data, const uint8_t *p, size_t len, struct err *e),
		    void *also_data, struct vault_read *ret, struct err *e)
{
	AUTO(digests_clear) struct digests d = { .path = path, .also = also,
						 .also_data = also_data };
	const bool all = how != NULL && how->digests;
	const struct vault_stream s = { .fd = fd, .path = path, .how = how, .block = add_address,
					.beside = all ? add_others : NULL, .data = &d };
	int r;

	blake2b_init(&d.address);
	if (all && ((d.sha256 = EVP_MD_CTX_new()) == NULL || (d.sm3 = EVP_MD_CTX_new()) == NULL ||
		    EVP_DigestInit_ex(d.sha256, EVP_sha256(), NULL) != 1 ||
		    EVP_DigestInit_ex(d.sm3, EVP_sm3(), NULL) != 1))
		return hashing_failed(&d, e);
	r = vault_stream(&s, e);
	return r < 0 ? r : digests_end(&d, ret, e);
}

bool vault_has_objects(const char *dir)
{
	char path[VAULT_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/objects", dir), error = errno;
	bool has = n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0;

	errno = error;
	return has;
}

int vault_not_mounted(const char *dir, struct err *e)
{
	return err_set(e, -ENOENT, "vault %s: no store there, is its disk mounted?", dir);
}

/* 1: *ret_fd is the blob's file.  0: there is none, and the verdict is in ret. */
int vault_open_blob(const char *dir, const struct digest *address, char *ret_path,
		    struct vault_read *ret, int *ret_fd, struct err *e)
{
	struct stat st;
	int r = vault_path(dir, address, ret_path, VAULT_PATH_MAX);

	*ret = (struct vault_read){ .verdict = VAULT_DAMAGED };
	if (r < 0)
		return err_set(e, r, "vault %.80s...: path too long", dir);
	*ret_fd = open(ret_path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*ret_fd < 0 && errno != ENOENT && errno != ELOOP && errno != ENXIO)
		return vault_unreadable(ret_path, e);
	if (*ret_fd < 0) {
		/* A store that is not mounted says nothing of its blobs. */
		if (errno == ENOENT && !vault_has_objects(dir))
			return vault_not_mounted(dir, e);
		ret->verdict = errno == ENOENT ? VAULT_MISSING : VAULT_DAMAGED;
		return 0;
	}
	if (fstat(*ret_fd, &st) < 0)
		return vault_unreadable(ret_path, e);
	return S_ISREG(st.st_mode);
}

int vault_reread(const char *dir, const struct digest *address, const struct vault_reading *how,
		 struct vault_read *ret, struct err *e)
{
	AUTO(vault_closep) int fd = -1;
	char path[VAULT_PATH_MAX];
	struct vault_read read;
	int r = vault_open_blob(dir, address, path, &read, &fd, e);

	if (r > 0) {
		r = vault_digest_fd(fd, path, how, NULL, NULL, &read, e);
		if (r == 0 && digest_equal(&read.found, address))
			read.verdict = VAULT_WHOLE;
	}
	if (r == 0)
		*ret = read;
	return r;
}

int vault_check(const char *dir, const struct digest *address, enum vault_verdict *ret,
		uint64_t *ret_size, struct err *e)
{
	struct vault_read read;
	int r = vault_reread(dir, address, NULL, &read, e);

	if (r < 0)
		return r;
	*ret = read.verdict;
	*ret_size = read.size;
	return 0;
}

int vault_look(const char *dir, const struct digest *address, enum vault_verdict *ret,
	       uint64_t *ret_size, struct err *e)
{
	char path[VAULT_PATH_MAX];
	struct stat st;
	bool there;
	int r = vault_path(dir, address, path, sizeof(path));

	if (r < 0)
		return err_set(e, r, "vault %.80s...: path too long", dir);
	there = lstat(path, &st) == 0;
	if (!there && errno != ENOENT)
		return vault_unreadable(path, e);
	if (!there && !vault_has_objects(dir))
		return vault_not_mounted(dir, e);
	*ret = !there ? VAULT_MISSING : S_ISREG(st.st_mode) ? VAULT_WHOLE : VAULT_DAMAGED;
	*ret_size = *ret == VAULT_WHOLE ? (uint64_t)st.st_size : 0;
	return 0;
}

/* ------ walk ------ */

struct walk {
	int (*blob)(void *data, const struct digest *address, uint64_t size);
	int (*foreign)(void *data, const char *path);
	void *data;
	const char *dir;
	struct err *e;
};

static bool is_hex_pair(const char *name)
{
	return strlen(name) == 2 && strspn(name, "0123456789abcdef") == 2;
}

DIR *vault_open_dir(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d;

	if (fd < 0)
		return NULL;
	d = fdopendir(fd);
	if (d == NULL)
		close(fd);
	return d;
}

const char *vault_next_name(DIR *d)
{
	const struct dirent *de;

	do {
		errno = 0;
		de = readdir(d);
	} while (de != NULL && (strcmp(de->d_name, ".") == 0 || strcmp(de->d_name, "..") == 0));
	return de != NULL ? de->d_name : NULL;
}

static int walk_failed(const struct walk *w, const char *path)
{
	return err_set(w->e, -errno, "vault %s: objects/%s: cannot be listed: %s", w->dir, path,
		       strerror(errno));
}

static int say_foreign(const struct walk *w, const char *path)
{
	return w->foreign != NULL ? w->foreign(w->data, path) : 0;
}

/* path is "ab/cd/name": a blob when the name is an address that belongs here. */
static int walk_file(const struct walk *w, int objects, const char *path)
{
	const char *name = path + sizeof("ab/cd/") - 1;
	struct digest address;
	struct stat st;

	if (digest_parse(name, strlen(name), &address) < 0 || strncmp(name, path, 2) != 0 ||
	    strncmp(name + 2, path + 3, 2) != 0)
		return say_foreign(w, path);
	if (fstatat(objects, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : walk_failed(w, path);
	if (!S_ISREG(st.st_mode))
		return say_foreign(w, path);
	return w->blob(w->data, &address, (uint64_t)st.st_size);
}

/*
 * The names in `above` ("." , "ab" or "ab/cd"), each with what is below it.  The
 * depth is bounded by the layout, whatever is in the directory.
 */
static int walk_dir(const struct walk *w, int objects, const char *above, int depth)
{
	AUTO(vault_closedirp) DIR *d = vault_open_dir(objects, above);
	char path[sizeof("ab/cd/") + NAME_MAX];
	const char *name;
	int r;

	if (d == NULL && (errno == ENOTDIR || errno == ELOOP))
		return say_foreign(w, above);
	if (d == NULL)
		return walk_failed(w, above);
	while ((name = vault_next_name(d)) != NULL) {
		snprintf(path, sizeof(path), "%s%s%s", depth > 0 ? above : "",
			 depth > 0 ? "/" : "", name);
		if (depth == 2)
			r = walk_file(w, objects, path);
		else if (is_hex_pair(name))
			r = walk_dir(w, objects, path, depth + 1);
		else
			r = say_foreign(w, path);
		if (r != 0)
			return r;
	}
	return errno == 0 ? 0 : walk_failed(w, above);
}

int vault_walk(const char *dir,
	       int (*blob)(void *data, const struct digest *address, uint64_t size),
	       int (*foreign)(void *data, const char *path), void *data, struct err *e)
{
	const struct walk w = { .blob = blob, .foreign = foreign, .data = data, .dir = dir,
				.e = e };
	AUTO(vault_closep) int objects = -1;
	char path[VAULT_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/objects", dir);

	if (n < 0 || (size_t)n >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "vault %.80s...: path too long", dir);
	objects = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (objects < 0)
		return err_set(e, -errno, "%s: cannot be listed: %s", path, strerror(errno));
	return walk_dir(&w, objects, ".", 0);
}
