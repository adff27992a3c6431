#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utc.h"
#include "base/util.h"
#include "format/name.h"

/* A listing that grows. */
struct walk {
	struct listing l;
	uint32_t room_files;
	struct buf raw, path;		/* of the directory at hand, with a '/' behind them */
	size_t names;			/* bytes of names that are held, of all levels */
	bool full;
	bool no_memory;
};

static int open_beneath(int fd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	long r = syscall(SYS_openat2, fd, path, &how, sizeof(how));

	return r < 0 ? -errno : (int)r;
}

/* ------ adding to the listing ------ */

static void add_trouble(struct walk *w, const char *path, const char *text)
{
	struct listing_trouble t = { .path = strdup(path) }, *more;

	snprintf(t.text, sizeof(t.text), "%s", text);
	if (w->l.n_troubles >= LISTING_TROUBLES_MAX) {
		free(t.path);
		return;
	}
	more = reallocarray(w->l.troubles, w->l.n_troubles + 1, sizeof(*more));
	if (more != NULL)
		w->l.troubles = more;
	if (more == NULL || t.path == NULL) {
		free(t.path);
		w->no_memory = true;
		return;
	}
	w->l.troubles[w->l.n_troubles++] = t;
	w->l.bytes += listing_trouble_cost(&t);
}

static void claim(char to[LISTING_TIME_MAX + 1], const struct timespec *t)
{
	const int64_t ms = (int64_t)t->tv_sec * 1000;
	char shanghai[20];

	to[0] = '\0';
	if (ms <= 0 || ms > INT64_C(4102444800000))	/* 2100 */
		return;
	utc_format_shanghai(ms, shanghai);
	memcpy(to, shanghai, LISTING_TIME_MAX + 1);
	to[10] = 'T';
}

/* path and raw are taken over by copying. */
static void add_file(struct walk *w, const char *path, const char *raw, const struct stat *st)
{
	enum { GROW = 512 };
	struct listing_file f = { .size = (uint64_t)st->st_size, .valid = (uint64_t)st->st_size };
	void *more;

	if (w->l.n_files >= FOLDER_ENTRIES_MAX) {
		w->full = true;
		return;
	}
	if (w->l.n_files == w->room_files) {
		more = reallocarray(w->l.files, w->room_files + GROW, sizeof(*w->l.files));
		if (more == NULL) {
			w->no_memory = true;
			return;
		}
		w->l.files = more;
		w->room_files += GROW;
	}
	claim(f.modified, &st->st_mtim);
	claim(f.accessed, &st->st_atim);
	f.path = strdup(path);
	f.raw = (uint8_t *)strdup(raw);
	f.raw_len = (uint16_t)strlen(raw);
	if (f.path == NULL || f.raw == NULL) {
		free(f.path);
		free(f.raw);
		w->no_memory = true;
		return;
	}
	if (listing_file_cost(&f) > LISTING_BYTES_MAX - w->l.bytes) {
		free(f.path);
		free(f.raw);
		w->full = true;
		return;
	}
	w->l.bytes += listing_file_cost(&f);
	w->l.files[w->l.n_files++] = f;
}

/* ------ walking ------ */

static void list_dir(struct walk *w, int fd, unsigned depth);

static void list_entry(struct walk *w, int dir, const char *name, unsigned depth)
{
	const size_t path = w->path.len, raw = w->raw.len;
	struct stat st;
	int fd;

	name_add_utf8(&w->path, (const uint8_t *)name, strlen(name));
	buf_adds(&w->raw, name);
	if (w->path.failed || w->raw.failed || w->path.len > LISTING_PATH_MAX ||
	    w->raw.len > LISTING_PATH_MAX) {
		w->path.len = path;
		add_trouble(w, "", "a path is too long to be kept: import that folder by itself");
	} else if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		add_trouble(w, buf_str(&w->path), strerror(errno));
	} else if (S_ISREG(st.st_mode)) {
		add_file(w, buf_str(&w->path), buf_str(&w->raw), &st);
	} else if (!S_ISDIR(st.st_mode)) {
		add_trouble(w, buf_str(&w->path), "neither a file nor a folder: not followed");
	} else if (depth == FOLDER_DEPTH_MAX) {
		add_trouble(w, buf_str(&w->path), "too many folders within one another: import it"
						  " by itself");
	} else if ((fd = open_beneath(dir, name, O_RDONLY | O_DIRECTORY)) < 0) {
		add_trouble(w, buf_str(&w->path), fd == -EXDEV ? "another file system: import it by"
								 " itself" : strerror(-fd));
	} else {
		buf_adds(&w->path, "/");
		buf_adds(&w->raw, "/");
		list_dir(w, fd, depth + 1);
	}
	w->path.failed = w->raw.failed = false;
	w->path.len = path;
	w->raw.len = raw;
}

static int name_cmp(const void *pa, const void *pb)
{
	const char *const *a = pa, *const *b = pb;

	return strcmp(*a, *b);
}

static size_t name_cost(const char *name)
{
	return sizeof(char *) + strlen(name) + 1;
}

/*
 * The names in a directory, sorted, one too many at most; takes fd.  A negative
 * errno, and the names up to there; -E2BIG: no more than these may be held.
 */
static int read_names(struct walk *w, int fd, char ***ret, size_t *ret_n)
{
	enum { GROW = 256 };
	DIR *d = fdopendir(fd);
	char **names = NULL, *name;
	const struct dirent *x;
	size_t n = 0;
	void *more;
	int r = 0;

	if (d == NULL) {
		r = -errno;
		close(fd);
		return r;
	}
	for (errno = 0; r == 0 && n <= FOLDER_ENTRIES_MAX && (x = readdir(d)) != NULL; errno = 0) {
		if (strcmp(x->d_name, ".") == 0 || strcmp(x->d_name, "..") == 0)
			continue;
		if (name_cost(x->d_name) > FOLDER_NAMES_MAX - w->names) {
			r = -E2BIG;
			break;
		}
		if (n % GROW == 0) {
			more = reallocarray(names, n + GROW, sizeof(*names));
			r = more == NULL ? -ENOMEM : 0;
			names = more != NULL ? more : names;
		}
		name = r == 0 ? strdup(x->d_name) : NULL;
		if (name == NULL) {
			r = -ENOMEM;
			break;
		}
		names[n++] = name;
		w->names += name_cost(name);
	}
	if (r == 0 && errno != 0)
		r = -errno;
	closedir(d);
	if (n > 0)
		qsort(names, n, sizeof(*names), name_cmp);
	*ret = names;
	*ret_n = n;
	return r;
}

/* The directory at hand, or a part of it. */
static void cannot_list(struct walk *w, int error)
{
	char here[LISTING_PATH_MAX + 1];

	snprintf(here, sizeof(here), "%.*s", (int)MAX(w->path.len, 1u) - 1, buf_str(&w->path));
	add_trouble(w, here, error == E2BIG ? "too many names here and in the folders above: not"
					      " all are listed, import it by itself" :
					      strerror(error));
}

/* Takes fd. */
static void list_dir(struct walk *w, int fd, unsigned depth)
{
	int dir = fcntl(fd, F_DUPFD_CLOEXEC, 0), r;
	char **names = NULL;
	size_t n = 0, i;
	int error = 0;

	if (dir < 0)
		error = errno;
	r = read_names(w, fd, &names, &n);
	if (r == -ENOMEM)
		w->no_memory = true;
	else if (r < 0 || dir < 0)
		cannot_list(w, r < 0 ? -r : error);
	for (i = 0; i < n; i++) {
		if (dir >= 0 && !w->full && !w->no_memory)
			list_entry(w, dir, names[i], depth);
		w->names -= name_cost(names[i]);
		free(names[i]);
	}
	free(names);
	w->full |= n > FOLDER_ENTRIES_MAX;	/* what was not even read is missing, too */
	if (dir >= 0)
		close(dir);
}

static int finish(struct walk *w, struct listing *ret, struct err *e)
{
	buf_clear(&w->path);
	buf_clear(&w->raw);
	if (w->full)
		add_trouble(w, "", "more files than one listing holds: import the rest by itself");
	if (w->no_memory) {
		listing_clear(&w->l);
		return err_set(e, -ENOMEM, "no memory for a listing");
	}
	w->l.volumes[0].free = LISTING_FREE_UNKNOWN;
	snprintf(w->l.volumes[0].filesystem, sizeof(w->l.volumes[0].filesystem), "folder");
	w->l.n_volumes = 1;
	*ret = w->l;
	return 0;
}

int folder_list(int fd, struct listing *ret, struct err *e)
{
	struct walk w = {
		.path = BUF_INIT(4 * LISTING_PATH_MAX), .raw = BUF_INIT(4 * LISTING_PATH_MAX),
	};
	int own = open_beneath(fd, ".", O_RDONLY | O_DIRECTORY);

	if (own < 0)
		return err_set(e, own, "the folder cannot be read: %s", strerror(-own));
	list_dir(&w, own, 0);
	return finish(&w, ret, e);
}

int folder_list_file(int fd, const char *name, struct listing *ret, struct err *e)
{
	struct walk w = {
		.path = BUF_INIT(4 * LISTING_PATH_MAX), .raw = BUF_INIT(LISTING_PATH_MAX),
	};
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(e, -errno, "the file cannot be read: %s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, "not an ordinary file");
	name_add_utf8(&w.path, (const uint8_t *)name, strlen(name));
	if (w.path.failed || w.path.len > LISTING_PATH_MAX || strlen(name) > LISTING_PATH_MAX)
		return err_set(e, -ENAMETOOLONG, "its name is too long to be kept");
	add_file(&w, buf_str(&w.path), name, &st);
	return finish(&w, ret, e);
}

int folder_open(int fd, const struct listing_file *f)
{
	char path[LISTING_PATH_MAX + 1];
	struct stat st;
	int r;

	memcpy(path, f->raw, f->raw_len);
	path[f->raw_len] = '\0';
	r = open_beneath(fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (r < 0)
		return r;
	if (fstat(r, &st) == 0 && S_ISREG(st.st_mode))
		return r;
	close(r);
	return -EIO;
}

bool folder_unchanged(int fd, const struct listing_file *f)
{
	char modified[LISTING_TIME_MAX + 1];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	claim(modified, &st.st_mtim);
	return (uint64_t)st.st_size == f->size && strcmp(modified, f->modified) == 0;
}
