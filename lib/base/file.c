#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int file_read(const char *path, struct buf *b, struct err *e)
{
	AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	uint8_t block[4096] = { 0 };
	ssize_t n;
	int r = 0;

	if (fd < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	while (r == 0 && (n = read(fd, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r = err_set(e, -errno, "%s: %s", path, strerror(errno));
			break;
		}
		buf_add(b, block, (size_t)n);
		if (b->failed)
			r = err_set(e, -EFBIG, "%s: larger than %zu bytes", path, b->max);
	}
	explicit_bzero(block, sizeof(block));	/* it may have been a key */
	return r;
}

int file_write_all(int fd, const void *p, size_t len)
{
	const uint8_t *at = p;
	ssize_t n;

	while (len > 0) {
		n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)		/* nothing written is no progress to wait for */
			return n < 0 ? -errno : -EIO;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_link(int fd, int at, const char *name)
{
	char self[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, at, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	/* No /proc here: this way needs a capability. */
	return linkat(fd, "", at, name, AT_EMPTY_PATH) == 0 ? 0 : -errno;
}

int file_sync_dir(const char *dir, struct err *e)
{
	AUTO(closep) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_set(e, -errno, "%s: cannot sync: %s", dir, strerror(errno));
	return 0;
}

int file_sync_parent(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	if (slash == NULL)
		return file_sync_dir(".", e);
	if (slash == path)
		return file_sync_dir("/", e);
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	return file_sync_dir(dir, e);
}

int file_replace(const char *path, const void *p, size_t len, mode_t mode, struct err *e)
{
	AUTO(closep) int fd = -1;
	char tmp[PATH_MAX];
	int r;

	r = snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	if (r < 0 || (size_t)r >= sizeof(tmp))
		return err_set(e, -ENAMETOOLONG, "%s: the path is too long", path);
	if (unlink(tmp) < 0 && errno != ENOENT)
		return err_set(e, -errno, "%s: %s", tmp, strerror(errno));
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return err_set(e, -errno, "%s: %s", tmp, strerror(errno));
	r = file_write_all(fd, p, len);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && rename(tmp, path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(tmp);
		return err_set(e, r, "%s: cannot write: %s", path, strerror(-r));
	}
	return file_sync_parent(path, e);
}
