/*
 * A folder or a single file that a person brings (`vaultctl import`), as a
 * listing, and the reading of what it lists.  The kernel's file system
 * interprets it; we follow no link, leave the folder on no way, and stay on its
 * file system.
 *
 * All functions block: for the thread pool.
 */
#ifndef DOCKD_FOLDER_H
#define DOCKD_FOLDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "format/listing.h"

enum {
	FOLDER_DEPTH_MAX = 32,
	FOLDER_ENTRIES_MAX = LISTING_FILES_MAX,
	FOLDER_NAMES_MAX = 16 * 1024 * 1024,	/* bytes of names held at a time, of all levels */
};

/*
 * List what is below the directory fd, in order of names.  A file's `raw` is
 * its path as the kernel knows it; its times are Shanghai wall clock, as a
 * recorder's are; its extents are none.  What is neither directory nor file,
 * or cannot be listed, is a trouble.  0, -ENOMEM, or why the folder itself
 * cannot be read.
 */
int folder_list(int fd, struct listing *ret, struct err *e);

/* The same for one regular file, called name. */
int folder_list_file(int fd, const char *name, struct listing *ret, struct err *e);

/* Open what was listed, below the directory fd: a descriptor, or a negative errno. */
int folder_open(int fd, const struct listing_file *f);

/* Is it still the file that was listed, by its size and the second it was last written in? */
bool folder_unchanged(int fd, const struct listing_file *f);

#endif
