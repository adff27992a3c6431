#include "tlog/tlog_tiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "tlog/tlog_impl.h"

enum { FOLDER_TILES = 1000 };		/* in one folder: the last group of three digits */

/* ------ names ------ */

/* The tile's name below LOG, and the same with .tmp. */
struct names {
	char name[TILE_PATH_SIZE], tmp[TILE_PATH_SIZE + sizeof(".tmp")];
};

static struct names names_of(int level, uint64_t number, unsigned width)
{
	struct names n;

	tile_path(level, number, width, n.name);
	snprintf(n.tmp, sizeof(n.tmp), "%s.tmp", n.name);
	return n;
}

/* The folder of a name: "tile/0/x001" of "tile/0/x001/234". */
static void folder_of(const char *name, char ret[TILE_PATH_SIZE])
{
	snprintf(ret, TILE_PATH_SIZE, "%.*s", (int)(strrchr(name, '/') - name), name);
}

/* ------ writing ------ */

/* Settling syncs them. */
static int make_folders(const struct tlog_tiles *t, const char *name, struct err *e)
{
	char folder[TILE_PATH_SIZE];
	struct tlog_path path;
	const char *slash;

	for (slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - name), name);
		if (mkdir(tlog_path(t->dir, folder, &path), TLOG_DIR_MODE) < 0 && errno != EEXIST)
			return err_set(e, -errno, "%s: cannot be made: %s", path.s,
				       strerror(errno));
	}
	return 0;
}

int tlog_tiles_create(const struct tlog_tiles *t, int level, uint64_t number, unsigned width,
		      struct err *e)
{
	const int flags = O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
	const struct names n = names_of(level, number, width);
	struct tlog_path path;
	int fd, r;

	fd = open(tlog_path(t->dir, n.tmp, &path), flags, TLOG_FILE_MODE);
	if (fd < 0 && errno == ENOENT) {
		r = make_folders(t, n.name, e);
		if (r < 0)
			return r;
		fd = open(path.s, flags, TLOG_FILE_MODE);
	}
	if (fd < 0)
		return err_set(e, -errno, "%s: cannot be made: %s", path.s, strerror(errno));
	return fd;
}

void tlog_tiles_written(int fd)
{
	sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

int tlog_tiles_put(const struct tlog_tiles *t, int level, uint64_t number, unsigned width,
		   const void *p, size_t len, struct err *e)
{
	AUTO(tlog_closep) int fd = tlog_tiles_create(t, level, number, width, e);
	int r;

	if (fd < 0)
		return fd;
	r = file_write_all(fd, p, len);
	if (r < 0)
		return err_set(e, r, "%s/%s: cannot write: %s", t->dir,
			       names_of(level, number, width).tmp, strerror(-r));
	tlog_tiles_written(fd);
	return 0;
}

/* ------ settling ------ */

bool tlog_tiles_is_new(const struct tlog_tiles *t, int level, uint64_t number, uint64_t size)
{
	return tile_width(level, number, size) != tile_width(level, number, t->signed_size);
}

/* Full tiles of a level; the next one has this number, and may be there in part. */
static uint64_t full_tiles(int level, uint64_t size)
{
	return (size >> (TILE_HEIGHT * MAX(level, 0))) / TILE_WIDTH;
}

typedef int (*for_tile)(struct tlog_tiles *t, int level, uint64_t number, uint64_t size,
			struct err *e);

/* Call fn for all tiles that the tree of this size has and the one signed last has not. */
static int each_new(struct tlog_tiles *t, uint64_t size, for_tile fn, struct err *e)
{
	uint64_t number;
	int level, r;

	for (level = TILE_ENTRIES; level < TILE_LEVELS; level++) {
		number = full_tiles(level, t->signed_size);
		for (; tile_width(level, number, size) > 0; number++)
			if (tlog_tiles_is_new(t, level, number, size) &&
			    (r = fn(t, level, number, size, e)) < 0)
				return r;
	}
	return 0;
}

static int sync_file(struct tlog_tiles *t, int level, uint64_t number, uint64_t tree,
		     struct err *e)
{
	const struct names n = names_of(level, number, tile_width(level, number, tree));
	AUTO(tlog_closep) int fd = -1;
	struct tlog_path path;
	uint64_t size;

	fd = tlog_open(tlog_path(t->dir, n.tmp, &path), &size, e);
	if (fd < 0)
		return fd;
	if (fdatasync(fd) < 0)
		return err_set(e, -errno, "%s: cannot sync: %s", path.s, strerror(errno));
	return 0;
}

/* Bytes at the beginning of this tile that the tree signed last has. */
static size_t signed_bytes(const struct tlog_tiles *t, int level, uint64_t number)
{
	const unsigned width = tile_width(level, number, t->signed_size);

	return level == TILE_ENTRIES && width > 0 ? t->signed_bundle : width * MERKLE_HASH_LEN;
}

/* 1 when both files begin with the same len bytes, otherwise 0. */
static int begin_alike(int a, int b, size_t len)
{
	uint8_t here[4096], there[sizeof(here)];
	size_t at, n;

	for (at = 0; at < len; at += n) {
		n = MIN(len - at, sizeof(here));
		if (pread(a, here, n, (off_t)at) != (ssize_t)n ||
		    pread(b, there, n, (off_t)at) != (ssize_t)n || memcmp(here, there, n) != 0)
			return 0;
	}
	return 1;
}

/*
 * A file that has the name already was left by a writer that came to no checkpoint, and begins with
 * what was signed before; nobody but a forger has written another one.
 */
static int check_old(const struct tlog_tiles *t, const struct names *n, size_t len, struct err *e)
{
	AUTO(tlog_closep) int old = -1, new = -1;
	struct tlog_path path;
	uint64_t size;

	new = tlog_open(tlog_path(t->dir, n->tmp, &path), &size, e);
	if (new < 0)
		return new;
	old = tlog_open(tlog_path(t->dir, n->name, &path), &size, e);
	if (old == -ENOENT)
		return 0;
	if (old < 0)
		return old;
	if (!begin_alike(old, new, len))
		return err_set(e, -EBADMSG, "%s: it does not begin with what was signed; nothing "
			       "is written over it", path.s);
	return 0;
}

static int give_name(struct tlog_tiles *t, int level, uint64_t number, uint64_t tree,
		     struct err *e)
{
	const struct names n = names_of(level, number, tile_width(level, number, tree));
	const size_t len = signed_bytes(t, level, number);
	struct tlog_path from, to;
	int r;

	if (len > 0 && (r = check_old(t, &n, len, e)) < 0)
		return r;
	if (rename(tlog_path(t->dir, n.tmp, &from), tlog_path(t->dir, n.name, &to)) < 0)
		return err_set(e, -errno, "%s: cannot get its name: %s", to.s, strerror(errno));
	return 0;
}

static int sync_folder(const struct tlog_tiles *t, const char *folder, struct err *e)
{
	struct tlog_path path;

	return file_sync_dir(tlog_path(t->dir, folder, &path), e);
}

/*
 * Folders that are there may have been made by a process that died before it synced them: once in
 * each process the way up is synced, too.
 */
static int sync_way_up(struct tlog_tiles *t, int level, const char *folder, struct err *e)
{
	char up[TILE_PATH_SIZE], *slash;
	int r;

	if (strcmp(t->known[level + 1], folder) == 0)
		return 0;
	snprintf(up, sizeof(up), "%s", folder);
	while ((slash = strrchr(up, '/')) != NULL) {
		*slash = '\0';
		r = sync_folder(t, up, e);
		if (r < 0)
			return r;
	}
	r = file_sync_dir(t->dir, e);
	if (r == 0)
		snprintf(t->known[level + 1], TILE_PATH_SIZE, "%s", folder);
	return r;
}

/* Sync the folder of the tile, when it is the last new one there, and for .p the one above, too. */
static int sync_folders(struct tlog_tiles *t, int level, uint64_t number, uint64_t tree,
			struct err *e)
{
	const unsigned width = tile_width(level, number, tree);
	char name[TILE_PATH_SIZE], folder[TILE_PATH_SIZE];
	int r;

	if (width < TILE_WIDTH) {
		tile_path(level, number, width, name);
		folder_of(name, folder);
		r = sync_folder(t, folder, e);
		if (r < 0)
			return r;
	} else if (number % FOLDER_TILES != FOLDER_TILES - 1 &&
		   tile_width(level, number + 1, tree) > 0) {
		return 0;
	}
	tile_path(level, number, TILE_WIDTH, name);
	folder_of(name, folder);
	r = sync_folder(t, folder, e);
	return r < 0 ? r : sync_way_up(t, level, folder, e);
}

int tlog_tiles_settle(struct tlog_tiles *t, uint64_t size, struct err *e)
{
	int r;

	if ((r = each_new(t, size, sync_file, e)) < 0 ||
	    (r = each_new(t, size, give_name, e)) < 0)
		return r;
	return each_new(t, size, sync_folders, e);
}

/* ------ sweeping ------ */

static void remove_partial(const struct tlog_tiles *t, int level, uint64_t number)
{
	char name[TILE_PATH_SIZE], folder[TILE_PATH_SIZE];
	struct tlog_path path;
	struct dirent *entry;
	DIR *d;

	tile_path(level, number, 1, name);
	folder_of(name, folder);
	d = opendir(tlog_path(t->dir, folder, &path));
	if (d == NULL)
		return;
	while ((entry = readdir(d)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			unlinkat(dirfd(d), entry->d_name, 0);
	closedir(d);
	rmdir(path.s);
}

void tlog_tiles_sweep(const struct tlog_tiles *t, uint64_t from, uint64_t to)
{
	uint64_t number;
	int level;

	for (level = TILE_ENTRIES; level < TILE_LEVELS; level++)
		for (number = full_tiles(level, from); number < full_tiles(level, to); number++)
			remove_partial(t, level, number);
}
