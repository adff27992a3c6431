/*
 * Where a bag is read from: a folder, or a tar or ISO 9660 image, which is read
 * as a stream by libarchive and never unpacked.
 *
 * What a source says may be a stranger's: names are bytes, sizes are claims.  A
 * folder is read without leaving it: no link is followed, in any component, and only what is found
 * to be a regular file is opened for reading, so that no device or fifo ever is.
 *
 * An archive that is not compressed holds no more bytes than it has: one whose files claim more
 * (sparse ones, or several over the same bytes) is refused.
 *
 * Errors   0 or a negative errno and a sentence that names the path.
 * Threads  one at a time; blocking.
 * Memory   SOURCE_NAMES_MAX for folders to come, and libarchive's own.
 */
#ifndef PACKAGE_SOURCE_H
#define PACKAGE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum {
	SOURCE_ENTRIES_MAX = 250000,		/* files and folders of a source; more is -E2BIG */
	SOURCE_NAMES_MAX = 32 * 1024 * 1024,	/* bytes of folders' names that wait */
};

enum source_kind { SOURCE_FILE, SOURCE_FOLDER, SOURCE_LINK, SOURCE_HARD_LINK, SOURCE_DEVICE, SOURCE_FIFO,
		   SOURCE_SOCKET, SOURCE_NAMELESS };
const char *source_kind_name(enum source_kind k);	/* "link" */

struct source_entry {
	const char *path;	/* from the top, no '/' at either end; any bytes; "" when SOURCE_NAMELESS */
	enum source_kind kind;
	uint64_t size;		/* of a file */
};

struct source;

/* A folder, or a regular file or block device with an archive.  -EMEDIUMTYPE: neither of the formats. */
int source_open(const char *path, struct source **ret, struct err *e);
/*
 * An archive whose bytes come from elsewhere: up to len from `at` on, 0 at the end alone, or a negative
 * errno.  path: what it is called in sentences.  data is longer than the source.
 */
struct source_bytes {
	ssize_t (*read)(void *data, void *to, size_t len, uint64_t at);
	void *data;
	uint64_t size;
};
int source_open_bytes(const struct source_bytes *bytes, const char *path, struct source **ret, struct err *e);
void source_close(struct source *s);	/* NULL is fine */
void source_closep(struct source **s);	/* for AUTO() */

/*
 * Call visit() for every entry but the top.  What it returns, when not 0, ends the walk and is
 * returned.  A source can be walked again; nothing promises that it says the same.
 */
typedef int (*source_visit)(void *data, struct source *s, const struct source_entry *entry,
			    struct err *e);
int source_walk(struct source *s, source_visit visit, void *data, struct err *e);

/*
 * Within visit(), of a SOURCE_FILE: up to len of its next bytes, less at the end alone.  A negative
 * errno: this file cannot be read (-EIO), is another by now (-ESTALE), or an archive is cut off
 * (-EBADMSG); the walk may go on.
 */
ssize_t source_read(struct source *s, void *to, size_t len, struct err *e);

#endif
