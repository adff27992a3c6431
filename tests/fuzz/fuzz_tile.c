/*
 * Two bytes: how many entries a bundle must have and which is asked for; the
 * rest as a bundle, and as a tile of hashes.
 */
#include <errno.h>
#include <string.h>

#include "custody/tile.h"
#include "fuzz/fuzz.h"

static void as_bundle(const uint8_t *p, size_t len, unsigned width, unsigned at)
{
	const uint8_t *entry = NULL, *last = NULL;
	size_t n = 0, sum = 0, pos = 0, found_len = 0;
	struct err e = { 0, "" };
	unsigned count = 0;
	int r;

	while ((r = tile_next_entry(p, len, &pos, &entry, &n, &e)) == 1) {
		MUST(entry >= p && n <= TILE_ENTRY_MAX && entry + n <= p + len);
		sum += 2 + n;
		MUST(pos == sum);
		last = count++ == at ? entry : last;
	}
	MUST(r == 0 ? sum == len : r == -EINVAL && e.msg[0] != '\0');
	if (tile_entry(p, len, width, at, &entry, &found_len, &e) == 0)
		MUST(r == 0 && count == width && at < width && entry == last);
	else
		MUST(r < 0 || count != width || at >= width);
}

static void as_tile(const uint8_t *p, size_t len)
{
	unsigned width = (unsigned)MIN(len / MERKLE_HASH_LEN, (size_t)TILE_WIDTH);
	struct merkle_hash h, left, right;

	for (unsigned level = 1; level <= TILE_HEIGHT; level++) {
		if (!tile_node(p, width, level, 0, &h)) {
			MUST(1U << level > width);
			return;
		}
		MUST(tile_node(p, width, level - 1, 0, &left));
		MUST(tile_node(p, width, level - 1, 1, &right));
		left = merkle_node(&left, &right);
		MUST(merkle_equal(&h, &left));
	}
}

static void as_numbers(const uint8_t *p, size_t len)
{
	uint64_t number, size;
	char path[TILE_PATH_SIZE];
	int level;

	if (len < 1 + sizeof(number) + sizeof(size))
		return;
	level = p[0] % (TILE_LEVELS + 1) - 1;
	memcpy(&number, p + 1, sizeof(number));
	memcpy(&size, p + 1 + sizeof(number), sizeof(size));
	tile_path(level, number, MAX(tile_width(level, number, size), 1), path);
	MUST(strlen(path) < sizeof(path));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	if (len < 2)
		return 0;
	as_bundle(bytes + 2, len - 2, bytes[0], bytes[1]);
	as_tile(bytes + 2, len - 2);
	as_numbers(bytes + 2, len - 2);
	return 0;
}
