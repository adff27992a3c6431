/* A bag in a folder.  One folder and one file are open at a time; nothing is recursive. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "format/bagit.h"
#include "package/source_impl.h"

struct folder {
	struct source base;
	int top;
	char *name;		/* what the caller calls it */
	size_t entries;		/* of this walk */
	/* Folders to come, a stack. */
	char **waiting;
	size_t n_waiting, room;
	size_t waiting_bytes;
	/* The file that is visited. */
	char path[BAGIT_PATH_MAX + 1];
	int folder;		/* it is in this one */
	const char *last;	/* under this name */
	struct stat st;		/* as it was met */
	int file;		/* -1: not yet opened */
};

static struct folder *folder_of(struct source *s)
{
	return container_of(s, struct folder, base);
}

/*
 * Open a folder below the top, one component after another: a link in any of them is refused, and
 * names that readdir() gave hold neither '/' nor "..".  So does openat2() with RESOLVE_BENEATH and
 * RESOLVE_NO_SYMLINKS, which valgrind does not know.
 */
static int open_folder(int top, const char *path)
{
	char name[NAME_MAX + 1];
	int at = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), next;
	size_t len;

	while (at >= 0 && path[0] != '\0') {
		len = strcspn(path, "/");
		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		next = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(at);
		at = next;
		path += len + (path[len] == '/');
	}
	return at;
}

/* ------ reading ------ */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && S_ISREG(b->st_mode);
}

/* First without the right to read, since opening a device for that does something to it. */
static int open_file(struct folder *f, struct err *e)
{
	char self[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	int place = openat(f->folder, f->last, O_PATH | O_NOFOLLOW | O_CLOEXEC), fd = -1, r = 0;
	struct stat st;

	if (place < 0)
		return err_set(e, -errno, "%s: %s", f->path, strerror(errno));
	if (fstat(place, &st) < 0) {
		r = err_set(e, -errno, "%s: %s", f->path, strerror(errno));
	} else if (!same_file(&f->st, &st)) {
		r = err_set(e, -ESTALE, "%s: another file took its place", f->path);
	} else {
		snprintf(self, sizeof(self), "/proc/self/fd/%d", place);
		fd = open(self, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			r = err_set(e, -errno, "%s: %s", f->path, strerror(errno));
	}
	close(place);
	if (r < 0)
		return r;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	f->file = fd;
	return 0;
}

static ssize_t folder_read(struct source *s, void *to, size_t len, struct err *e)
{
	struct folder *f = folder_of(s);
	size_t got = 0;
	ssize_t n;
	int r;

	if (f->file < 0) {
		r = open_file(f, e);
		if (r < 0)
			return r;
	}
	while (got < len) {
		n = read(f->file, (char *)to + got, len - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, -errno, "%s: %s", f->path, strerror(errno));
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* ------ walking ------ */

static void forget_waiting(struct folder *f)
{
	while (f->n_waiting > 0)
		free(f->waiting[--f->n_waiting]);
	f->waiting_bytes = 0;
}

static int push(struct folder *f, const char *path, struct err *e)
{
	char **grown, *copy;
	size_t len = strlen(path) + 1;

	if (len > SOURCE_NAMES_MAX - f->waiting_bytes)
		return err_set(e, -E2BIG, "%s: more folders than can be kept in mind", f->name);
	if (f->n_waiting == f->room) {
		grown = reallocarray(f->waiting, f->room * 2 + 16, sizeof(*grown));
		if (grown == NULL)
			return err_set(e, -ENOMEM, "no memory for folders");
		f->waiting = grown;
		f->room = f->room * 2 + 16;
	}
	copy = strdup(path);
	if (copy == NULL)
		return err_set(e, -ENOMEM, "no memory for folders");
	f->waiting[f->n_waiting++] = copy;
	f->waiting_bytes += len;
	return 0;
}

static enum source_kind kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:	return SOURCE_FILE;
	case S_IFDIR:	return SOURCE_FOLDER;
	case S_IFLNK:	return SOURCE_LINK;
	case S_IFIFO:	return SOURCE_FIFO;
	case S_IFSOCK:	return SOURCE_SOCKET;
	default:	return SOURCE_DEVICE;
	}
}

/* Join into f->path; false: longer than Linux opens. */
static bool join(struct folder *f, const char *folder, const char *name)
{
	int n = snprintf(f->path, sizeof(f->path), "%s%s%s", folder, folder[0] == '\0' ? "" : "/",
			 name);

	return n > 0 && (size_t)n < sizeof(f->path);
}

static int visit_one(struct folder *f, int dir, const char *folder, const char *name,
		     source_visit visit, void *data, struct err *e)
{
	struct source_entry entry = { .path = f->path };
	int r;

	if (++f->entries > SOURCE_ENTRIES_MAX)
		return err_set(e, -E2BIG, "%s: more than %d files and folders", f->name,
			       SOURCE_ENTRIES_MAX);
	if (!join(f, folder, name))
		return err_set(e, -ENAMETOOLONG, "%s: a path of more than %d bytes below %.60s...",
			       f->name, BAGIT_PATH_MAX, folder);
	if (fstatat(dir, name, &f->st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 :	/* it went while the folder was read */
		       err_set(e, -errno, "%s: %s", f->path, strerror(errno));
	entry.kind = kind_of(f->st.st_mode);
	entry.size = entry.kind == SOURCE_FILE ? (uint64_t)f->st.st_size : 0;
	f->folder = dir;
	f->last = name;
	f->file = -1;
	r = visit(data, &f->base, &entry, e);
	if (f->file >= 0)
		close(f->file);
	f->file = -1;
	return r == 0 && entry.kind == SOURCE_FOLDER ? push(f, f->path, e) : r;
}

static int walk_one(struct folder *f, const char *path, source_visit visit, void *data,
		    struct err *e)
{
	int fd = open_folder(f->top, path);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	int r = 0;

	if (dir == NULL) {
		r = err_set(e, -errno, "%s/%s: %s", f->name, path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return r;
	}
	while (r == 0 && (errno = 0, d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			r = visit_one(f, dirfd(dir), path, d->d_name, visit, data, e);
	if (r == 0 && errno != 0)
		r = err_set(e, -errno, "%s/%s: %s", f->name, path, strerror(errno));
	closedir(dir);
	return r;
}

static int folder_walk(struct source *s, source_visit visit, void *data, struct err *e)
{
	struct folder *f = folder_of(s);
	char *next;
	int r;

	f->entries = 0;
	r = walk_one(f, "", visit, data, e);
	while (r == 0 && f->n_waiting > 0) {
		next = f->waiting[--f->n_waiting];
		f->waiting_bytes -= strlen(next) + 1;
		r = walk_one(f, next, visit, data, e);
		free(next);
	}
	forget_waiting(f);
	return r;
}

static void folder_close(struct source *s)
{
	struct folder *f = folder_of(s);

	close(f->top);
	free(f->waiting);
	free(f->name);
	free(f);
}

int source_folder_open(int fd, const char *path, struct source **ret, struct err *e)
{
	struct folder *f = calloc(1, sizeof(*f));

	if (f != NULL)
		f->name = strdup(path);
	if (f == NULL || f->name == NULL) {
		free(f);
		close(fd);
		return err_set(e, -ENOMEM, "no memory to read %s", path);
	}
	f->base = (struct source){ folder_walk, folder_read, folder_close };
	f->top = fd;
	f->file = -1;
	*ret = &f->base;
	return 0;
}
