#include "vault/vault_keep.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "vault/vault_backend.h"
#include "vault/vault_dir.h"

struct vault_keep {
	void *store;
	char dir[VAULT_PATH_MAX];
};

/* ------ the store ------ */

int vault_keep_open(const char *dir, unsigned flags, struct vault_keep **ret, struct err *e)
{
	struct vault_keep *k;
	int r;

	if (!vault_has_objects(dir))
		return vault_not_mounted(dir, e);
	k = calloc(1, sizeof(*k));
	if (k == NULL)
		return err_set(e, -ENOMEM, "vault %s: no memory", dir);
	r = vault_local.open(dir, flags, &k->store, e);
	if (r < 0) {
		free(k);
		return r;
	}
	snprintf(k->dir, sizeof(k->dir), "%s", dir);	/* open refuses what is longer */
	*ret = k;
	return 0;
}

void vault_keep_close(struct vault_keep *k)
{
	if (k == NULL)
		return;
	vault_local.close(k->store);
	free(k);
}

void vault_keep_closep(struct vault_keep **k)
{
	vault_keep_close(*k);
}

int vault_keep_make(const char *dir, struct err *e)
{
	void *store;
	int r = vault_local.open(dir, 0, &store, e);

	if (r == 0)
		vault_local.close(store);
	return r;
}

/* ------ a copy ------ */

static void endp(void **blob)
{
	if (*blob != NULL)
		vault_local.end(*blob);
}

/* Where what is read from one store goes in the other. */
struct sink {
	void *blob;
	bool failed;
};

static int store_block(void *data, const uint8_t *p, size_t len, struct err *e)
{
	struct sink *s = data;
	int r = vault_local.append(s->blob, p, len, e);

	s->failed = r < 0;
	return r;
}

/* What was written, from the disk, before anybody can see it. */
static int read_back(const struct vault_keep *k, void *blob, const struct digest *address,
		     struct err *e)
{
	char hex[DIGEST_HEX_SIZE];
	struct vault_read back;
	int fd = vault_local_fd(blob), r;

	digest_hex(address, hex);
	if (fsync(fd) < 0)
		return err_set(e, -errno, "vault %s: blob %s cannot be synced: %s: check its disk and"
			       " the kernel log", k->dir, hex, strerror(errno));
	r = vault_digest_fd(fd, k->dir, NULL, NULL, NULL, &back, e);
	if (r == 0 && !digest_equal(&back.found, address))
		r = err_set(e, -EIO, "vault %s: blob %s was written, and other bytes are read back: "
			    "check its disk and the kernel log", k->dir, hex);
	return r;
}

/* 1: it is there and whole; 0: it is not there. */
static int is_there(const struct vault_keep *k, const struct digest *address, struct err *e)
{
	char hex[DIGEST_HEX_SIZE];
	struct vault_read there;
	int r = vault_reread(k->dir, address, NULL, &there, e);

	if (r < 0)
		return r;
	if (there.verdict == VAULT_DAMAGED)
		return err_set(e, -EUCLEAN, "vault %s: what is called %s there is not that blob: it has to be"
			       " set aside first", k->dir, digest_hex(address, hex));
	return there.verdict == VAULT_WHOLE;
}

/* A store that is the other by a link or a mount, or a name in it that is the other's: it is lost with it. */
static int is_other_file(const struct vault_keep *k, const struct digest *address, int from, struct err *e)
{
	char path[VAULT_PATH_MAX], hex[DIGEST_HEX_SIZE];
	struct stat there, other;
	int r = vault_path(k->dir, address, path, sizeof(path));

	if (r < 0)
		return err_set(e, r, "vault %s: path too long", k->dir);
	if (fstat(from, &other) < 0 || lstat(path, &there) < 0)
		return vault_unreadable(path, e);
	if (there.st_dev != other.st_dev || there.st_ino != other.st_ino)
		return 0;
	return err_set(e, -EMLINK, "vault %s: blob %s is the same file as in the other store, and no copy of it:"
		       " give this store a directory of its own, on another disk", k->dir,
		       digest_hex(address, hex));
}

static int publish(struct vault_keep *k, void *blob, const struct digest *address, struct err *e)
{
	bool existed = false;
	int r = read_back(k, blob, address, e);

	if (r == 0)
		r = vault_local.publish(blob, address, &existed, e);
	/* Somebody else put it meanwhile, and its size is right. */
	if (r == 0 && existed)
		r = MIN(is_there(k, address, e), 0);
	return r;
}

int vault_keep_copy(struct vault_keep *k, const char *from, const struct digest *address,
		    const struct vault_reading *how, struct vault_read *ret, struct err *e)
{
	AUTO(vault_closep) int fd = -1;
	AUTO(endp) void *blob = NULL;
	char path[VAULT_PATH_MAX];
	struct vault_read read;
	struct sink sink = { NULL, false };
	int r = vault_open_blob(from, address, path, &read, &fd, e), there;

	if (r <= 0) {
		if (r == 0)
			*ret = read;
		return r;
	}
	there = is_there(k, address, e);
	if (there > 0 && (r = is_other_file(k, address, fd, e)) < 0)
		return r;
	if (there < 0 || (there == 0 && (r = vault_local.begin(k->store, NULL, &blob, e)) < 0))
		return there < 0 ? there : r;
	sink.blob = blob;
	r = vault_digest_fd(fd, path, how, there ? NULL : store_block, &sink, &read, e);
	if (r == -EIO && !sink.failed && e != NULL)
		e->code = -EREMOTEIO;
	if (r < 0)
		return r == -EIO && !sink.failed ? -EREMOTEIO : r;
	if (digest_equal(&read.found, address)) {
		read.verdict = VAULT_WHOLE;
		if (!there && (r = publish(k, blob, address, e)) < 0)
			return r;
	}
	*ret = read;
	return 0;
}

int vault_keep_bytes(struct vault_keep *k, const void *p, size_t len, struct digest *ret_address,
		     struct err *e)
{
	AUTO(endp) void *blob = NULL;
	struct digest address = digest_of(p, len);
	int r = vault_local.begin(k->store, NULL, &blob, e);

	if (r == 0)
		r = vault_local.append(blob, p, len, e);
	if (r == 0)
		r = publish(k, blob, &address, e);
	if (r == 0)
		*ret_address = address;
	return r;
}

/* ------ aside ------ */

static int cannot_set_aside(const char *dir, const char *hex, struct err *e)
{
	int r = -errno;

	return err_set(e, r, "vault %s: %s cannot be set aside: %s", dir, hex, strerror(-r));
}

/* DIR/aside, made and durable; a descriptor. */
static int open_aside(const char *dir, struct err *e)
{
	AUTO(vault_closep) int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (top < 0)
		return vault_unreadable(dir, e);
	if ((mkdirat(top, VAULT_ASIDE, 0750) < 0 && errno != EEXIST) || fsync(top) < 0)
		return cannot_set_aside(dir, VAULT_ASIDE, e);
	fd = openat(top, VAULT_ASIDE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? vault_unreadable(dir, e) : fd;
}

/* Take the attribute away, if there is one: its file cannot be moved.  1: there was one. */
static int unlock(int leaf, const char *hex, int *ret_fd)
{
	int flags = 0, fd = openat(leaf, hex, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), r;

	*ret_fd = fd;
	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 || (flags & FS_IMMUTABLE_FL) == 0)
		return 0;
	r = vault_set_mutable(fd);
	return r < 0 ? r : 1;
}

static int move_aside(int leaf, const char *hex, int aside, char *name)
{
	int n, r = -EEXIST;

	for (n = 1; r == -EEXIST && n < INT32_MAX; n++) {
		snprintf(name, VAULT_ASIDE_NAME, "%s.%d", hex, n);
		r = renameat2(leaf, hex, aside, name, RENAME_NOREPLACE) < 0 ? -errno : 0;
	}
	return r;
}

int vault_set_aside(const char *dir, const struct digest *address, char ret_name[VAULT_ASIDE_NAME],
		    struct err *e)
{
	AUTO(vault_closep) int aside = -1;
	AUTO(vault_closep) int leaf = -1;
	AUTO(vault_closep) int fd = -1;
	char path[VAULT_PATH_MAX], hex[DIGEST_HEX_SIZE], name[VAULT_ASIDE_NAME] = "";
	int r = vault_path(dir, address, path, sizeof(path)), flags = FS_IMMUTABLE_FL, locked;

	digest_hex(address, hex);
	if (r < 0)
		return err_set(e, r, "vault %.80s...: path too long", dir);
	if (!vault_has_objects(dir))
		return vault_not_mounted(dir, e);
	path[strlen(path) - DIGEST_HEX_LEN - 1] = '\0';
	leaf = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (leaf < 0 && errno != ENOENT)
		return vault_unreadable(path, e);
	if (leaf >= 0) {
		aside = open_aside(dir, e);
		if (aside < 0)
			return aside;
		locked = unlock(leaf, hex, &fd);
		r = locked < 0 ? locked : move_aside(leaf, hex, aside, name);
		if (r == 0 && locked > 0)
			(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
		errno = -r;
		if (r < 0 && r != -ENOENT)
			return cannot_set_aside(dir, hex, e);
		if (r < 0)
			name[0] = '\0';
		/* Also when it was not there: it may have been moved by whom was interrupted. */
		if (fsync(aside) < 0 || fsync(leaf) < 0)
			return cannot_set_aside(dir, hex, e);
	}
	snprintf(ret_name, VAULT_ASIDE_NAME, "%s", name);
	return 0;
}
