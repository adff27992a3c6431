/*
 * A vault in a directory: "DIR/objects/ab/cd/<64 hex>".  A blob is a file
 * without a name (O_TMPFILE) until it is whole and synced, so that a crash
 * leaves nothing to clean up; one that may be continued gets a name of its own
 * (vault_partial.h).  DESIGN.md has what a power cut leaves at each step.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "vault/vault.h"
#include "vault/vault_backend.h"
#include "vault/vault_partial.h"

enum {
	BLOB_MODE = 0440,
	DIR_MODE = 0750,
	/* Without direct I/O, no more than two of these may wait in memory for the disk. */
	WRITEBACK_WINDOW = 8 * 1024 * 1024,
};

struct local {
	int objects, partial;	/* directories */
	dev_t dev;		/* which one objects is */
	ino_t ino;
	bool immutable;
	char dir[VAULT_PATH_MAX];	/* for messages */

	/*
	 * Directories, "ab" and "ab/cd", of which this process has synced the entry in the
	 * directory above: those that another put, or a process that died, may have made a
	 * moment ago are not durable just because they are there.
	 */
	atomic_uchar synced[256 + 65536];
};

struct local_blob {
	struct local *l;
	int fd;
	bool direct;
	uint64_t size;
	uint64_t flushed;	/* buffered only: write-back was started up to here */
	struct partial partial;
};

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int failed(const struct local *l, const char *what, struct err *e)
{
	int r = -errno;
	const char *next = r == -ENOSPC || r == -EDQUOT ? ": free space on its disk" :
			   r == -EIO || r == -EROFS ? ": check its disk and the kernel log" : "";

	return err_set(e, r, "vault %s: %s: %s%s", l->dir, what, strerror(-r), next);
}

/* ------ the store ------ */

/* Make dir unless it is there.  1: made, 0: was there. */
static int make_dir(int at, const char *dir)
{
	if (mkdirat(at, dir, DIR_MODE) == 0)
		return 1;
	return errno == EEXIST ? 0 : -errno;
}

/* The directory in which dir lies is synced too: dir may have been made a moment ago. */
static int sync_parent(const char *dir, struct err *e)
{
	char path[VAULT_PATH_MAX + sizeof("/..")];

	snprintf(path, sizeof(path), "%s/..", dir);
	return file_sync_dir(path, e);
}

/*
 * Is what we hold still what has the vault's name?  A disk that was unmounted
 * under us, or a directory that was moved away, takes bytes all the same, and
 * nobody would find them again.
 */
static int in_place(const struct local *l, struct err *e)
{
	char path[VAULT_PATH_MAX + sizeof("/objects")];
	struct stat st;

	snprintf(path, sizeof(path), "%s/objects", l->dir);
	if (stat(path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino)
		return 0;
	return err_set(e, -ESTALE, "vault %s: is no longer the directory that was opened: mount its"
		       " disk again or put it back, then restart dockd", l->dir);
}

static int open_dirs(struct local *l, struct err *e)
{
	AUTO(closep) int top = -1;
	struct stat st;
	int r;

	r = make_dir(AT_FDCWD, l->dir);
	if (r < 0)
		return err_set(e, r, "vault %s: cannot be made: %s", l->dir, strerror(-r));
	if (r > 0 && (r = sync_parent(l->dir, e)) < 0)
		return r;
	top = open(l->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return failed(l, "cannot be opened", e);
	if (make_dir(top, "objects") < 0)
		return failed(l, "objects cannot be made", e);
	if (make_dir(top, "partial") < 0)
		return failed(l, "partial cannot be made", e);
	l->partial = openat(top, "partial", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->partial < 0)
		return failed(l, "partial cannot be opened", e);
	l->objects = openat(top, "objects", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->objects < 0 || fstat(l->objects, &st) < 0)
		return failed(l, "objects cannot be opened", e);
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	if (fsync(top) < 0)
		return failed(l, "cannot be synced", e);
	return 0;
}

static int open_unnamed(const struct local *l, int flags)
{
	return openat(l->objects, ".", O_TMPFILE | O_RDWR | O_CLOEXEC | flags, BLOB_MODE);
}

static int probe(const struct local *l, struct err *e)
{
	AUTO(closep) int fd = open_unnamed(l, 0);

	if (fd >= 0)
		return 0;
	if (errno == EOPNOTSUPP || errno == EISDIR)
		return err_set(e, -EOPNOTSUPP, "vault %s: its file system cannot make files "
			       "without a name, put it on ext4, xfs or btrfs", l->dir);
	return failed(l, "cannot be written", e);
}

static void local_close(void *store)
{
	struct local *l = store;

	closep(&l->objects);
	closep(&l->partial);
	free(l);
}

static int local_open(const char *where, unsigned flags, void **ret_store, struct err *e)
{
	struct local *l;
	int r;

	if (strlen(where) + sizeof("/objects/ab/cd/") + DIGEST_HEX_SIZE > sizeof(l->dir))
		return err_set(e, -ENAMETOOLONG, "vault %.80s...: longer than %zu characters",
			       where, sizeof(l->dir) - sizeof("/objects/ab/cd/") - DIGEST_HEX_SIZE);
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return err_set(e, -ENOMEM, "vault %s: no memory", where);
	l->objects = l->partial = -1;
	l->immutable = (flags & VAULT_IMMUTABLE) != 0;
	snprintf(l->dir, sizeof(l->dir), "%s", where);
	r = open_dirs(l, e);
	if (r == 0)
		r = probe(l, e);
	if (r < 0) {
		local_close(l);
		return r;
	}
	*ret_store = l;
	return 0;
}

/* ------ writing ------ */

static int local_begin(void *store, const struct digest *key, void **ret_blob, struct err *e)
{
	struct local *l = store;
	struct local_blob *b;
	int r = in_place(l, e);

	if (r < 0)
		return r;
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return err_set(e, -ENOMEM, "vault %s: no memory", l->dir);
	*b = (struct local_blob){ .l = l, .direct = true };
	partial_init(&b->partial, l->partial, key);
	b->fd = open_unnamed(l, O_DIRECT);
	if (b->fd < 0 && errno == EINVAL) {
		b->direct = false;
		b->fd = open_unnamed(l, 0);
	}
	if (b->fd < 0) {
		r = failed(l, "no new blob", e);
		free(b);
		return r;
	}
	*ret_blob = b;
	return 0;
}

static int take_space(const struct local_blob *b, uint64_t size)
{
	int r;

	do
		r = fallocate(b->fd, 0, 0, (off_t)size);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

/*
 * One interrupted blob a time gives way, which costs reading it again: whoever
 * is refused tries again later.
 */
static int local_reserve(void *blob, uint64_t size, struct err *e)
{
	struct local_blob *b = blob;
	int r = take_space(b, size);

	if (r == -ENOSPC && partials_make_room(b->l->partial))
		r = take_space(b, size);
	errno = -r;
	if (r < 0 && r != -EOPNOTSUPP)
		return failed(b->l, "no space for a new blob", e);
	return 0;
}

/* From here on through the page cache: what comes is not aligned, or direct I/O is refused. */
static int leave_direct(struct local_blob *b, struct err *e)
{
	int flags = fcntl(b->fd, F_GETFL);

	if (flags < 0 || fcntl(b->fd, F_SETFL, flags & ~O_DIRECT) < 0)
		return failed(b->l, "direct I/O cannot be left", e);
	b->direct = false;
	b->flushed = b->size;
	return 0;
}

/*
 * Start write-back of each window as it fills and wait for the one before, so
 * that the final sync has little left to do and memory stays free.  The wait
 * reports, and uses up, a failed write-back: it must end the put.
 */
static int flush_windows(struct local_blob *b, struct err *e)
{
	const unsigned wait = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
			      SYNC_FILE_RANGE_WAIT_AFTER;
	off_t at;

	while (b->size - b->flushed >= WRITEBACK_WINDOW) {
		at = (off_t)b->flushed;
		b->flushed += WRITEBACK_WINDOW;
		if (sync_file_range(b->fd, at, WRITEBACK_WINDOW, SYNC_FILE_RANGE_WRITE) < 0 ||
		    (at >= WRITEBACK_WINDOW &&
		     sync_file_range(b->fd, at - WRITEBACK_WINDOW, WRITEBACK_WINDOW, wait) < 0))
			return failed(b->l, "write-back of a new blob", e);
	}
	return 0;
}

/* What of this can be written directly: all but an unaligned tail, or nothing. */
static size_t direct_part(const struct local_blob *b, const uint8_t *buf, size_t len)
{
	if (!b->direct || (uintptr_t)buf % VAULT_ALIGN != 0 || b->size % VAULT_ALIGN != 0)
		return 0;
	return len - len % VAULT_ALIGN;
}

static int local_append(void *blob, const uint8_t *buf, size_t len, struct err *e)
{
	struct local_blob *b = blob;
	size_t part;
	ssize_t n;
	int r;

	while (len > 0) {
		part = direct_part(b, buf, len);
		if (part == 0) {
			if (b->direct && (r = leave_direct(b, e)) < 0)
				return r;
			part = len;
		}
		n = pwrite(b->fd, buf, part, (off_t)b->size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EINVAL && b->direct) {
			if ((r = leave_direct(b, e)) < 0)
				return r;
			continue;
		}
		if (n <= 0) {
			errno = n < 0 ? errno : EIO;
			return failed(b->l, "a new blob cannot be written", e);
		}
		b->size += (uint64_t)n;
		buf += n;
		len -= (size_t)n;
		if (!b->direct && (r = flush_windows(b, e)) < 0)
			return r;
	}
	return 0;
}

/* ------ publishing ------ */

/* Paths below objects/ for one address. */
struct names {
	char top[sizeof("ab")];
	char leaf[sizeof("ab/cd")];
	char file[sizeof("ab/cd/") + DIGEST_HEX_LEN];
	atomic_uchar *top_synced, *leaf_synced;
};

static struct names names_of(struct local *l, const struct digest *address)
{
	char hex[DIGEST_HEX_SIZE];
	struct names n;
	size_t top = address->b[0], leaf = top * 256 + address->b[1];

	digest_hex(address, hex);
	snprintf(n.top, sizeof(n.top), "%.2s", hex);
	snprintf(n.leaf, sizeof(n.leaf), "%.2s/%.2s", hex, hex + 2);
	snprintf(n.file, sizeof(n.file), "%s/%s", n.leaf, hex);
	n.top_synced = &l->synced[top];
	n.leaf_synced = &l->synced[256 + leaf];
	return n;
}

/* dir below objects/; "." is objects itself. */
static int sync_dir(const struct local *l, const char *dir, struct err *e)
{
	AUTO(closep) int fd = openat(l->objects, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return failed(l, dir, e);
	return 0;
}

/* Make dir and its entry in parent durable, once in the life of this process. */
static int settle_dir(const struct local *l, const char *dir, const char *parent,
		      atomic_uchar *synced, struct err *e)
{
	int r;

	if (atomic_load(synced))
		return 0;
	if (make_dir(l->objects, dir) < 0)
		return failed(l, dir, e);
	r = sync_dir(l, parent, e);
	if (r == 0)
		atomic_store(synced, 1);
	return r;
}

/* Nobody, root included, changes it by accident.  Refused by file system or rights: so be it. */
static void make_immutable(const struct local *l, int fd)
{
	int flags;

	if (!l->immutable || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 ||
	    (flags & FS_IMMUTABLE_FL) != 0)
		return;
	flags |= FS_IMMUTABLE_FL;
	(void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

/*
 * A file of that name is there: made by an earlier put, by another one a moment
 * ago, or by a person.  It counts as stored when its size is right, and once it
 * is durable.  Damage of the same size is for the scrub to find.
 */
static int adopt(const struct local *l, const char *file, uint64_t size, struct err *e)
{
	AUTO(closep) int fd = openat(l->objects, file,
				     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		return err_set(e, -EUCLEAN, "blob %s: a symbolic link has its name, "
			       "look at the vault with `vaultctl verify vault`", file);
	if (fd < 0 || fstat(fd, &st) < 0)
		return failed(l, file, e);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != size)
		return err_set(e, -EUCLEAN, "blob %s: is there with %jd bytes instead of %ju, "
			       "see `vaultctl verify vault`", file, (intmax_t)st.st_size,
			       (uintmax_t)size);
	make_immutable(l, fd);
	if (fsync(fd) < 0)
		return failed(l, file, e);
	return 0;
}

static bool is_partial(const struct local_blob *b)
{
	return b->partial.marks >= 0;
}

static int local_publish(void *blob, const struct digest *address, bool *ret_existed,
			 struct err *e)
{
	struct local_blob *b = blob;
	struct local *l = b->l;
	struct names n = names_of(l, address);
	bool existed;
	int r;

	if (ftruncate(b->fd, (off_t)b->size) < 0 || fchmod(b->fd, BLOB_MODE) < 0 ||
	    fsync(b->fd) < 0)
		return failed(l, "a new blob cannot be synced", e);
	if ((r = settle_dir(l, n.top, ".", n.top_synced, e)) < 0 ||
	    (r = settle_dir(l, n.leaf, n.top, n.leaf_synced, e)) < 0)
		return r;
	r = file_link(b->fd, l->objects, n.file);
	existed = r == -EEXIST;
	if (r < 0 && !existed) {
		errno = -r;
		return failed(l, n.file, e);
	}
	if (existed) {
		r = adopt(l, n.file, b->size, e);
		if (r < 0)
			return r;
	} else if (!is_partial(b)) {
		make_immutable(l, b->fd);
	}
	if ((r = sync_dir(l, n.leaf, e)) < 0 || (r = in_place(l, e)) < 0)
		return r;
	if (is_partial(b)) {
		/* Only now: until the new name is durable the old one is needed, and
		 * nobody takes away a name of what is immutable. */
		partial_remove(&b->partial);
		if (!existed)
			make_immutable(l, b->fd);
	}
	*ret_existed = existed;
	return 0;
}

static void local_end(void *blob)
{
	struct local_blob *b = blob;

	if (is_partial(b))
		partial_remove(&b->partial);
	closep(&b->fd);
	free(b);
}

/* ------ what may be continued ------ */

static uint64_t local_resume(void *blob, const struct vault_rehash *h)
{
	struct local_blob *b = blob;
	int fd = partial_take(&b->partial, h), flags;

	if (fd < 0)
		return 0;
	close(b->fd);
	b->fd = fd;
	b->size = b->flushed = b->partial.kept;
	flags = fcntl(fd, F_GETFL);
	b->direct = flags >= 0 && fcntl(fd, F_SETFL, flags | O_DIRECT) == 0;
	return b->size;
}

static int local_mark(void *blob, const struct vault_mark *m, struct err *e)
{
	struct local_blob *b = blob;

	if (!partial_name(&b->partial, b->fd))
		return 0;
	/* A failure is reported once, and the bytes may be lost: it must end the put. */
	if (fdatasync(b->fd) < 0)
		return failed(b->l, "a new blob cannot be synced", e);
	partial_add(&b->partial, m);
	return 0;
}

static int local_leave(void *blob)
{
	struct local_blob *b = blob;

	int r = partial_leave(&b->partial, b->fd);

	if (b->partial.kept > 0)
		partials_bound(b->l->partial);
	return r;
}

static int local_has(void *store, const struct digest *address, uint64_t size, struct err *e)
{
	struct local *l = store;
	struct names n = names_of(l, address);
	struct stat st;
	int r = in_place(l, e);

	if (r < 0)
		return r;
	if (fstatat(l->objects, n.file, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return S_ISREG(st.st_mode) && (uint64_t)st.st_size == size;
	if (errno == ENOENT || errno == ENOTDIR)
		return 0;
	return failed(l, n.file, e);
}

int vault_local_fd(const void *blob)
{
	return ((const struct local_blob *)blob)->fd;
}

const struct vault_backend vault_local = {
	.open = local_open,
	.close = local_close,
	.begin = local_begin,
	.reserve = local_reserve,
	.append = local_append,
	.publish = local_publish,
	.end = local_end,
	.has = local_has,
	.resume = local_resume,
	.mark = local_mark,
	.leave = local_leave,
};
