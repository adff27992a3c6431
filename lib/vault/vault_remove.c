/* Taking a blob out of a vault in a directory, with every name that it has there. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "vault/vault.h"
#include "vault/vault_dir.h"

static int cannot_remove(const char *dir, const char *name, int r, struct err *e)
{
	const char *next = r == -EPERM || r == -EACCES ?
			   ": only who owns the vault and may change immutable files can" :
			   r == -EROFS || r == -EIO ? ": check its disk and the kernel log" : "";

	return err_set(e, r, "vault %s: %s: cannot be removed: %s%s", dir, name, strerror(-r), next);
}

int vault_set_mutable(int fd)
{
	int flags;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 || (flags & FS_IMMUTABLE_FL) == 0)
		return 0;	/* a file system without attributes has no such file */
	flags &= ~FS_IMMUTABLE_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0 ? -errno : 0;
}

/* 1: it was there and is gone; 0: it was not there. */
static int remove_name(int at, const char *name)
{
	AUTO(vault_closep) int fd = -1;
	struct stat st;
	int r;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return -EUCLEAN;
	if (S_ISREG(st.st_mode)) {
		fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			return errno == ENOENT ? 0 : -errno;
		r = vault_set_mutable(fd);
		if (r < 0)
			return r;
	}
	if (unlinkat(at, name, 0) < 0)
		return errno == ENOENT ? 0 : -errno;
	return 1;
}

/* Which names of a directory beside objects/ are of the blob. */
struct of_blob {
	const char *hex;
	bool linked;
	dev_t dev;
	ino_t ino;
};

static bool set_aside_of(int at, const char *name, const struct of_blob *b)
{
	(void)at;
	return strncmp(name, b->hex, DIGEST_HEX_LEN) == 0 && name[DIGEST_HEX_LEN] == '.';
}

/* What it was called before it was sealed: by another key, but the same file. */
static bool same_file(int at, const char *name, const struct of_blob *b)
{
	struct stat st;

	return b->linked && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_dev == b->dev && st.st_ino == b->ino;
}

/*
 * Remove those names and sync the directory, also when there is none: it may have been removed a
 * moment ago by whom was interrupted.  How many there were.
 */
static int remove_beside(const char *dir, const char *beside,
			 bool (*is)(int at, const char *name, const struct of_blob *b),
			 const struct of_blob *b, struct err *e)
{
	AUTO(vault_closedirp) DIR *d = NULL;
	char path[VAULT_PATH_MAX];
	const char *name;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, beside), found = 0, r;

	if (n < 0 || (size_t)n >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "vault %.80s...: path too long", dir);
	d = vault_open_dir(AT_FDCWD, path);
	if (d == NULL && errno == ENOENT)
		return 0;
	if (d == NULL)
		return vault_unreadable(path, e);
	while ((name = vault_next_name(d)) != NULL) {
		if (!is(dirfd(d), name, b))
			continue;
		r = remove_name(dirfd(d), name);
		if (r < 0)
			return cannot_remove(dir, name, r, e);
		found += r;
	}
	if (errno != 0)
		return vault_unreadable(path, e);
	if (fsync(dirfd(d)) < 0)
		return cannot_remove(dir, beside, -errno, e);
	return found;
}

/* The name under objects/ goes last: it is what the other name of a file is found by. */
int vault_remove(const char *dir, const struct digest *address, bool *ret_there, struct err *e)
{
	AUTO(vault_closep) int leaf = -1;
	char path[VAULT_PATH_MAX], hex[DIGEST_HEX_SIZE];
	struct of_blob b = { .hex = hex };
	struct stat st;
	int r, aside, partial, there = 0;

	digest_hex(address, hex);
	r = vault_path(dir, address, path, sizeof(path));
	if (r < 0)
		return err_set(e, r, "vault %.80s...: path too long", dir);
	if (!vault_has_objects(dir))
		return vault_not_mounted(dir, e);
	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		b.linked = st.st_nlink > 1;
		b.dev = st.st_dev;
		b.ino = st.st_ino;
	}
	if ((aside = remove_beside(dir, VAULT_ASIDE, set_aside_of, &b, e)) < 0)
		return aside;
	if ((partial = remove_beside(dir, "partial", same_file, &b, e)) < 0)
		return partial;
	path[strlen(path) - DIGEST_HEX_LEN - 1] = '\0';
	leaf = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (leaf < 0 && errno != ENOENT)
		return vault_unreadable(path, e);
	if (leaf >= 0) {
		there = remove_name(leaf, hex);
		if (there < 0)
			return cannot_remove(dir, hex, there, e);
		if (fsync(leaf) < 0)
			return cannot_remove(dir, hex, -errno, e);
	}
	*ret_there = there + aside + partial > 0;
	return 0;
}
