#include "path.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format/listing.h"

void path_hash(const uint8_t *p, size_t len, char to[PATH_HASHED + 1])
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	snprintf(to, PATH_HASHED + 1, "~%016" PRIx64, h);
}

size_t path_shorten(const struct buf *path, size_t dir, char *to)
{
	size_t name = path->len - dir;

	if (path->len <= LISTING_PATH_MAX) {
		if (path->len > 0)
			memcpy(to, path->p, path->len);
		to[path->len] = '\0';
		return path->len;
	}
	if (dir == 0 || name > LISTING_PATH_MAX - PATH_HASHED) {
		path_hash(path->p, path->len, to);
		return PATH_HASHED;
	}
	path_hash(path->p, dir, to);
	memcpy(to + PATH_HASHED, path->p + dir, name);
	to[PATH_HASHED + name] = '\0';
	return PATH_HASHED + name;
}

size_t path_directories(const struct buf *path)
{
	const uint8_t *slash = path->len == 0 ? NULL : memrchr(path->p, '/', path->len);

	return slash == NULL ? 0 : (size_t)(slash - path->p);
}
