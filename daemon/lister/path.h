/* Paths that a device has and the protocol has no room for. */
#ifndef LISTER_PATH_H
#define LISTER_PATH_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { PATH_HASHED = 17 };		/* '~' and 16 digits */

/* "~" and the FNV-1a hash of the bytes in 16 hex digits, and a NUL. */
void path_hash(const uint8_t *p, size_t len, char to[PATH_HASHED + 1]);

/*
 * A path longer than can be sent keeps its last name, by which files belong
 * together, and has its directories, `dir` bytes, replaced by their hash; a
 * name that is too long alone is its hash.  `to` has room for LISTING_PATH_MAX
 * and a NUL.  The length.
 */
size_t path_shorten(const struct buf *path, size_t dir, char *to);

/* How much of the path is its directories; the rest begins with '/'. */
size_t path_directories(const struct buf *path);

#endif
