/* Reading a vault in a directory: where a blob lies, whether it is whole, what is there. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/blake2b.h"
#include "base/util.h"
#include "vault/vault.h"

enum { CHECK_BLOCK = 1024 * 1024 };

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void closedirp(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

static void freep(uint8_t **p)
{
	free(*p);
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

static int unreadable(const char *path, struct err *e)
{
	int r = -errno;

	return err_set(e, r, "%s: cannot be read: %s%s", path, strerror(-r),
		       r == -EIO ? ": check the disk and the kernel log" : "");
}

/*
 * The kernel is told to forget what it holds of the file first, so that the
 * disk is what answers, and to read ahead, so that hashing need not wait; what
 * was hashed it may forget again, since a scrub must not empty its cache.
 */
static int hash_fd(int fd, const char *path, struct digest *ret, uint64_t *ret_size,
		   struct err *e)
{
	AUTO(freep) uint8_t *block = aligned_alloc(VAULT_ALIGN, CHECK_BLOCK);
	struct blake2b state;
	uint64_t size = 0;
	ssize_t n;

	if (block == NULL)
		return err_set(e, -ENOMEM, "%s: no memory to check it", path);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	blake2b_init(&state);
	while ((n = read(fd, block, CHECK_BLOCK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return unreadable(path, e);
		blake2b_add(&state, block, (size_t)n);
		(void)posix_fadvise(fd, (off_t)size, n, POSIX_FADV_DONTNEED);
		size += (uint64_t)n;
	}
	*ret = blake2b_end(&state);
	*ret_size = size;
	return 0;
}

static bool has_objects(const char *dir)
{
	char path[VAULT_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/objects", dir), error = errno;
	bool has = n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0;

	errno = error;
	return has;
}

static int not_mounted(const char *dir, struct err *e)
{
	return err_set(e, -ENOENT, "vault %s: no store there, is its disk mounted?", dir);
}

int vault_check(const char *dir, const struct digest *address, enum vault_verdict *ret,
		uint64_t *ret_size, struct err *e)
{
	AUTO(closep) int fd = -1;
	char path[VAULT_PATH_MAX];
	struct digest found;
	struct stat st;
	uint64_t size = 0;
	int r;

	r = vault_path(dir, address, path, sizeof(path));
	if (r < 0)
		return err_set(e, r, "vault %.80s...: path too long", dir);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT && errno != ELOOP)
		return unreadable(path, e);
	if (fd < 0) {
		/* A store that is not mounted says nothing of its blobs. */
		if (errno == ENOENT && !has_objects(dir))
			return not_mounted(dir, e);
		*ret = errno == ENOENT ? VAULT_MISSING : VAULT_DAMAGED;
		*ret_size = 0;
		return 0;
	}
	if (fstat(fd, &st) < 0)
		return unreadable(path, e);
	if (!S_ISREG(st.st_mode)) {
		*ret = VAULT_DAMAGED;
		*ret_size = 0;
		return 0;
	}
	r = hash_fd(fd, path, &found, &size, e);
	if (r < 0)
		return r;
	*ret = digest_equal(&found, address) ? VAULT_WHOLE : VAULT_DAMAGED;
	*ret_size = size;
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
		return unreadable(path, e);
	if (!there && !has_objects(dir))
		return not_mounted(dir, e);
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

/* The directory `path` below objects/ ("." for itself), NULL with errno when it is none. */
static DIR *open_dir(int objects, const char *path)
{
	int fd = openat(objects, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d;

	if (fd < 0)
		return NULL;
	d = fdopendir(fd);
	if (d == NULL)
		close(fd);
	return d;
}

/* The next name but . and ..; NULL with errno 0 at the end. */
static const char *next_name(DIR *d)
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
	AUTO(closedirp) DIR *d = open_dir(objects, above);
	char path[sizeof("ab/cd/") + NAME_MAX];
	const char *name;
	int r;

	if (d == NULL && (errno == ENOTDIR || errno == ELOOP))
		return say_foreign(w, above);
	if (d == NULL)
		return walk_failed(w, above);
	while ((name = next_name(d)) != NULL) {
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
	AUTO(closep) int objects = -1;
	char path[VAULT_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/objects", dir);

	if (n < 0 || (size_t)n >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "vault %.80s...: path too long", dir);
	objects = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (objects < 0)
		return err_set(e, -errno, "%s: cannot be listed: %s", path, strerror(errno));
	return walk_dir(&w, objects, ".", 0);
}
