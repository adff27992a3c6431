/* A package in a folder. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "package/layout.h"
#include "package/sink.h"

struct folder {
	struct sink sink;
	int dir;
	int fd;				/* of the file that is written; -1: none */
	char path[PACKAGE_PATH_SIZE];
	struct timespec times[2];
};

static int failed(struct folder *f, int r, struct err *e)
{
	return err_set(e, r, "%s: cannot be written: %s", f->path, strerror(-r));
}

/* The folders that a path goes through; most are there. */
static int make_folders(struct folder *f)
{
	char *slash;
	int r = 0;

	for (slash = strchr(f->path, '/'); slash != NULL && r == 0;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdirat(f->dir, f->path, 0755) < 0 && errno != EEXIST)
			r = -errno;
		*slash = '/';
	}
	return r;
}

static int folder_begin(struct sink *s, const char *path, uint64_t size, struct err *e)
{
	struct folder *f = (struct folder *)s;
	int r;

	snprintf(f->path, sizeof(f->path), "%s", path);
	r = make_folders(f);
	if (r < 0)
		return failed(f, r, e);
	f->fd = openat(f->dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
	if (f->fd < 0)
		return failed(f, -errno, e);
	/* Space that is not there shows now, and not after hours; not every file system can. */
	if (size > 0 && fallocate(f->fd, 0, 0, (off_t)size) < 0 && errno == ENOSPC)
		return failed(f, -ENOSPC, e);
	return 0;
}

static int folder_write(struct sink *s, const void *p, size_t len, struct err *e)
{
	struct folder *f = (struct folder *)s;
	int r = file_write_all(f->fd, p, len);

	return r < 0 ? failed(f, r, e) : 0;
}

static int folder_end(struct sink *s, struct err *e)
{
	struct folder *f = (struct folder *)s;
	int r = futimens(f->fd, f->times) < 0 ? -errno : 0;

	if (close(f->fd) < 0 && r == 0)
		r = -errno;
	f->fd = -1;
	return r < 0 ? failed(f, r, e) : 0;
}

/* One call for all; that they came to the disk is seen when they are read again. */
static int folder_finish(struct sink *s, struct err *e)
{
	struct folder *f = (struct folder *)s;

	if (syncfs(f->dir) < 0)
		return err_set(e, -errno, "the package cannot be synced: %s", strerror(errno));
	return 0;
}

static void folder_free(struct sink *s)
{
	struct folder *f = (struct folder *)s;

	if (f->fd >= 0)
		close(f->fd);
	if (f->dir >= 0)
		close(f->dir);
	free(f);
}

int sink_folder_new(const char *at, int64_t made_ms, struct sink **ret, struct err *e)
{
	static const struct sink_ops ops = { folder_begin, folder_write, folder_end, folder_finish,
					     folder_free };
	struct folder *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return err_set(e, -ENOMEM, "%s: no memory to write it", at);
	f->sink.ops = &ops;
	f->fd = f->dir = -1;
	f->times[0].tv_sec = f->times[1].tv_sec = made_ms / 1000;
	if (mkdir(at, 0700) == 0)
		f->dir = open(at, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (f->dir < 0) {
		err_set(e, -errno, "%s: cannot be made: %s", at, strerror(errno));
		folder_free(&f->sink);
		return e->code;
	}
	*ret = &f->sink;
	return 0;
}
