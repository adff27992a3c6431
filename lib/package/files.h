/*
 * The files of one package (of a set: of one disc), with what they must be when they are read
 * again.
 *
 * Not for other folders.  Any thread, one at a time.
 */
#ifndef PACKAGE_FILES_H
#define PACKAGE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "package/package.h"

enum file_kind {
	FILE_PAYLOAD,			/* below data/: in the manifests */
	FILE_TAG,			/* in the tag manifests */
	FILE_TOP,			/* in neither */
};

struct file {
	char *path;
	enum file_kind kind;
	uint64_t size;
	struct package_digests digests;
	bool seen;			/* read again */
};

struct files {
	struct file *list;
	size_t n, room;
};

/* 0, -ENOMEM, or -E2BIG: more than whoever reads it again takes (BAG_FILES_MAX). */
int files_add(struct files *f, const char *path, enum file_kind kind, uint64_t size,
	      const struct package_digests *d, struct err *e);
void files_sort(struct files *f);	/* by path */

/* In a sorted list; NULL: there is none. */
struct file *files_find(struct files *f, const char *path);
void files_clear(struct files *f);

#endif
