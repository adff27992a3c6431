/*
 * Small files, whole.  Blocking: for start-up, tools and the thread pool, not
 * for the loop.
 *
 * Errors   0 or a negative errno with a sentence that names the path.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Append the file to b, whose maximum is the limit: -EFBIG when it is larger. */
int file_read(const char *path, struct buf *b, struct err *e);

/*
 * Replace path by these bytes: a new file, synced, renamed over it, the
 * directory synced.  After a power cut the old or the new file is there, whole;
 * at worst "PATH.tmp" stays behind, and the next call takes its place.
 */
int file_replace(const char *path, const void *p, size_t len, mode_t mode, struct err *e);

/*
 * Give an open file the name `name` below the directory at; one made with O_TMPFILE has none
 * before.  0, or a negative errno: -EEXIST.
 */
int file_link(int fd, int at, const char *name);

/* Sync the directory itself, so that the names in it survive a power cut. */
int file_sync_dir(const char *dir, struct err *e);

/* The same of the directory that path is in. */
int file_sync_parent(const char *path, struct err *e);

/* Write all of it, however often write(2) stops half-way.  0 or a negative errno. */
int file_write_all(int fd, const void *p, size_t len);

#endif
