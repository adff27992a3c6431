/*
 * How the tree and its leaves lie in files: C2SP tlog-tiles (c2sp.org/tlog-tiles).
 *
 *	tile/L/N[.p/W]		W (1 to 256) hashes of level 8*L, from number N*256 on
 *	tile/entries/N[.p/W]	the same leaves themselves: u16 big-endian length, bytes
 *
 * N in groups of three digits, all but the last with an x before: 1234067 is
 * x001/x234/067.  A tile of fewer than 256 has .p/W behind its name.
 *
 * A hash of level L + 1 is the root of a full tile of level L.
 *
 * Pure; any thread.
 */
#ifndef CUSTODY_TILE_H
#define CUSTODY_TILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "custody/merkle.h"

enum {
	TILE_WIDTH = 256,		/* hashes of a full tile */
	TILE_HEIGHT = 8,		/* levels of the tree that one tile holds */
	TILE_LEVELS = 8,		/* 8 * 8 > MERKLE_LEVELS */
	TILE_BYTES = TILE_WIDTH * MERKLE_HASH_LEN,
	TILE_PATH_SIZE = 64,		/* any path below, with its NUL */
	TILE_ENTRY_MAX = 65535,		/* bytes of one leaf */
	TILE_BUNDLE_MAX = TILE_WIDTH * (2 + TILE_ENTRY_MAX),
};

/* Which level of tiles: 0 to TILE_LEVELS - 1, or TILE_ENTRIES.  width: 1 to TILE_WIDTH. */
enum { TILE_ENTRIES = -1 };
void tile_path(int level, uint64_t number, unsigned width, char ret[TILE_PATH_SIZE]);

/* How many hashes (or leaves) tile `number` of a level has in a tree of `size`; 0: there is none. */
unsigned tile_width(int level, uint64_t number, uint64_t size);

/*
 * The hash of the node (level, index) above the W hashes of a tile, counted within it: level 0 are
 * the hashes themselves, (8, 0) is the root of a full tile.  False: the node's subtree is not
 * complete within the W.
 */
bool tile_node(const uint8_t *tile, unsigned width, unsigned level, unsigned index,
	       struct merkle_hash *ret);

/*
 * The entries of a bundle, in order.  *at is 0 at first, and is moved on.  1: *ret points to the
 * next entry, into the bundle; 0: that was all; -EINVAL and a sentence: it is cut short.
 */
int tile_next_entry(const uint8_t *bundle, size_t len, size_t *at, const uint8_t **ret,
		    size_t *ret_len, struct err *e);

/*
 * Entry number `at` of a bundle that must hold exactly `width` entries.  0, or -EINVAL and a
 * sentence.  *ret points into the bundle.
 */
int tile_entry(const uint8_t *bundle, size_t len, unsigned width, unsigned at, const uint8_t **ret,
	       size_t *ret_len, struct err *e);

#endif
