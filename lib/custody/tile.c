#include "custody/tile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

enum {
	GROUPS = 7,			/* of three digits, of a number below 2^64 */
	LENGTH_BYTES = 2,
};

_Static_assert(TILE_PATH_SIZE >= sizeof("tile/entries/") + GROUPS * 5 + sizeof(".p/255"),
	       "the longest path has room");

/* ------ names and widths ------ */

void tile_path(int level, uint64_t number, unsigned width, char ret[TILE_PATH_SIZE])
{
	unsigned group[GROUPS];
	size_t n = 0, at;

	if (level < TILE_ENTRIES || level >= TILE_LEVELS || width == 0 || width > TILE_WIDTH)
		BUG("no tile of level %d has %u hashes", level, width);
	do {
		group[n++] = (unsigned)(number % 1000);
		number /= 1000;
	} while (number > 0);
	at = (size_t)(level == TILE_ENTRIES ? snprintf(ret, TILE_PATH_SIZE, "tile/entries/") :
					      snprintf(ret, TILE_PATH_SIZE, "tile/%d/", level));
	for (; n > 1; n--)
		at += (size_t)snprintf(ret + at, TILE_PATH_SIZE - at, "x%03u/", group[n - 1]);
	at += (size_t)snprintf(ret + at, TILE_PATH_SIZE - at, "%03u", group[0]);
	if (width < TILE_WIDTH)
		snprintf(ret + at, TILE_PATH_SIZE - at, ".p/%u", width);
}

unsigned tile_width(int level, uint64_t number, uint64_t size)
{
	uint64_t hashes = level == TILE_ENTRIES ? size : size >> (TILE_HEIGHT * level);

	if (level < TILE_ENTRIES || level >= TILE_LEVELS)
		BUG("there are no tiles of level %d", level);
	if (number > hashes / TILE_WIDTH)
		return 0;
	return (unsigned)MIN(hashes - number * TILE_WIDTH, (uint64_t)TILE_WIDTH);
}

/* ------ hashes ------ */

bool tile_node(const uint8_t *tile, unsigned width, unsigned level, unsigned index,
	       struct merkle_hash *ret)
{
	struct merkle_hash left[TILE_HEIGHT + 1], h;
	unsigned i, up, count;

	if (level > TILE_HEIGHT || width > TILE_WIDTH || index >= width >> level)
		return false;
	count = 1U << level;
	for (i = 0; i < count; i++) {
		memcpy(h.b, tile + (index * count + i) * sizeof(h.b), sizeof(h.b));
		for (up = 0; (i >> up & 1) != 0; up++)
			h = merkle_node(&left[up], &h);
		left[up] = h;
	}
	*ret = left[level];
	return true;
}

/* ------ entries ------ */

int tile_next_entry(const uint8_t *bundle, size_t len, size_t *at, const uint8_t **ret,
		    size_t *ret_len, struct err *e)
{
	size_t n;

	if (*at == len)
		return 0;
	if (len - *at < LENGTH_BYTES)
		return err_set(e, -EINVAL, "the length of an entry at byte %zu is cut short", *at);
	n = (size_t)(bundle[*at] << 8 | bundle[*at + 1]);
	if (len - *at - LENGTH_BYTES < n)
		return err_set(e, -EINVAL, "the entry of %zu bytes at byte %zu is cut short: the "
			       "bundle ends at %zu", n, *at, len);
	*ret = bundle + *at + LENGTH_BYTES;
	*ret_len = n;
	*at += LENGTH_BYTES + n;
	return 1;
}

int tile_entry(const uint8_t *bundle, size_t len, unsigned width, unsigned at, const uint8_t **ret,
	       size_t *ret_len, struct err *e)
{
	const uint8_t *entry = NULL, *found = NULL;
	size_t n = 0, found_len = 0, pos = 0;
	unsigned count = 0;
	int r;

	while ((r = tile_next_entry(bundle, len, &pos, &entry, &n, e)) == 1) {
		if (count == at) {
			found = entry;
			found_len = n;
		}
		count++;
	}
	if (r < 0)
		return r;
	if (count != width)
		return err_set(e, -EINVAL, "a bundle of %u entries instead of %u", count, width);
	if (found == NULL)
		return err_set(e, -EINVAL, "no entry %u in a bundle of %u", at, width);
	*ret = found;
	*ret_len = found_len;
	return 0;
}
