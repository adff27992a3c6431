#include "remove.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/blake2b.h"
#include "base/util.h"

enum { READ_SIZE = 1024 * 1024 };

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Below root, over no link and onto no other file system. */
static int open_beneath(int root, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static int digest_fd(int fd, uint64_t size, struct digest *ret)
{
	uint8_t *buf = malloc(READ_SIZE);
	struct blake2b state;
	uint64_t done = 0;
	ssize_t n = 0;
	int r = 0;

	if (buf == NULL)
		return -ENOMEM;
	blake2b_init(&state);
	/* Not from the kernel's memory, should it know the file already. */
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	while (done <= size && (n = read(fd, buf, READ_SIZE)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			r = -errno;
			break;
		}
		blake2b_add(&state, buf, (size_t)n);
		done += (uint64_t)n;
	}
	free(buf);
	if (r == 0 && done != size)
		r = -ESTALE;
	*ret = blake2b_end(&state);
	return r;
}

/* Is what fd has open the file that is meant? */
static int is_the_file(int fd, const struct request_file *f, struct stat *st, struct err *e)
{
	struct digest found;
	int r;

	if (fstat(fd, st) < 0)
		return err_set(e, -errno, "%s: %s", strerror(errno), f->path);
	if (!S_ISREG(st->st_mode))
		return err_set(e, -ELOOP, "not an ordinary file: %s", f->path);
	if ((uint64_t)st->st_size != f->size)
		return err_set(e, -ESTALE, "%jd bytes on the card, %" PRIu64 " in the vault: %s",
			       (intmax_t)st->st_size, f->size, f->path);
	r = digest_fd(fd, f->size, &found);
	if (r < 0 && r != -ESTALE)
		return err_set(e, r, "cannot be read again (%s): %s", strerror(-r), f->path);
	if (r < 0 || !digest_equal(&found, &f->blob))
		return err_set(e, -ESTALE, "read again, it is not what the vault keeps: %s",
			       f->path);
	return 0;
}

/* The directory of path, and *ret_name its last component. */
static int open_parent(int root, const char *path, const char **ret_name)
{
	char parent[REQUEST_PATH_MAX + 1];
	const char *slash = strrchr(path, '/');

	*ret_name = slash != NULL ? slash + 1 : path;
	if (slash == NULL)
		return open_beneath(root, ".", O_RDONLY | O_DIRECTORY);
	memcpy(parent, path, (size_t)(slash - path));
	parent[slash - path] = '\0';
	return open_beneath(root, parent, O_RDONLY | O_DIRECTORY);
}

int remove_file(int root, const struct request_file *f, struct err *e)
{
	AUTO(close_fd) int parent = -1;
	AUTO(close_fd) int fd = -1;
	struct stat opened, named;
	const char *name;
	int r;

	parent = open_parent(root, f->path, &name);
	if (parent < 0)
		return err_set(e, parent, "its directory: %s: %s", strerror(-parent), f->path);
	fd = open_beneath(parent, name, O_RDONLY | O_NONBLOCK);	/* a pipe would wait */
	if (fd < 0)
		return err_set(e, fd, "%s: %s", strerror(-fd), f->path);
	r = is_the_file(fd, f, &opened, e);
	if (r < 0)
		return r;
	/* Nobody but us has this mount; all the same, the name must still lead to what was read. */
	if (fstatat(parent, name, &named, AT_SYMLINK_NOFOLLOW) < 0 ||
	    named.st_ino != opened.st_ino || named.st_dev != opened.st_dev)
		return err_set(e, -ESTALE, "it changed while it was read: %s", f->path);
	if (unlinkat(parent, name, 0) < 0)
		return err_set(e, -errno, "cannot be removed (%s): %s", strerror(errno), f->path);
	/* Its clusters are free once nobody has it open, and that is to be durable, too. */
	close(fd);
	fd = -1;
	if (syncfs(parent) < 0)
		return err_set(e, -EIO, "removed, but the card did not confirm it (%s): %s",
			       strerror(errno), f->path);
	return 0;
}
