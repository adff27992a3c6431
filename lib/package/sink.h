/*
 * Where a package is written: a folder, a tar, an ISO 9660 image, or nowhere.
 * Variants are structs of functions; files come one after another, whole.
 *
 * Nobody but its owner may read what is written: that it may be read is who wrote it to decide.
 *
 * What is begun is begun under a name that must not be there, and stays
 * below that name: giving it its own is the caller's.
 */
#ifndef PACKAGE_SINK_H
#define PACKAGE_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "package/sealer.h"

struct sink;

struct sink_ops {
	/* A file of `size` bytes, which come by write(); its folders are made. */
	int (*begin)(struct sink *s, const char *path, uint64_t size, struct err *e);
	int (*write)(struct sink *s, const void *p, size_t len, struct err *e);
	int (*end)(struct sink *s, struct err *e);
	/* All of it is there: from 0 on it would survive a power cut, under the name it has. */
	int (*finish)(struct sink *s, struct err *e);
	/* What is not finished is left behind for sink_remove(). */
	void (*free)(struct sink *s);
};

struct sink {
	const struct sink_ops *ops;
};

/* made_ms: the time of all files.  -EEXIST: at is there. */
int sink_folder_new(const char *at, int64_t made_ms, struct sink **ret, struct err *e);

/*
 * top: the folder in the tar that everything is in.  sealer: it is sealed on its way, and what is at `at` is
 * the sealed file; the caller's, and longer than the sink.  NULL: it is not.
 */
int sink_tar_new(const char *at, const char *top, int64_t made_ms, struct sealer *sealer,
		 struct sink **ret, struct err *e);

/*
 * label: of the volume.  libarchive gathers all bytes in a file without a name in $TMPDIR, and
 * writes the image at the end.
 */
int sink_iso_new(const char *at, const char *label, int64_t made_ms, struct sink **ret,
		 struct err *e);

/* Takes everything and keeps nothing. */
struct sink *sink_nowhere(void);

void sink_free(struct sink *s);		/* NULL is fine */

/* A folder with all that is in it, or a file. */
void sink_remove(const char *at);

#endif
