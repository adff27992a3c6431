/*
 * Tiles and bundles on their way to the disk, for the writer.  A file is
 * written under its name with .tmp behind it; settling syncs all those that the
 * tree got since it was signed last and gives them their names.  So what has a
 * name is whole.
 */
#ifndef TLOG_TLOG_TILES_H
#define TLOG_TLOG_TILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "custody/tile.h"

struct tlog_tiles {
	const char *dir;		/* LOG */
	/* What was signed: nothing of it may be there with other bytes. */
	uint64_t signed_size;
	size_t signed_bundle;		/* bytes of its last bundle, when that is not full; else 0 */
	/* By level + 1, the folder whose way up was synced in this process. */
	char known[1 + TILE_LEVELS][TILE_PATH_SIZE];
};

/* A new .tmp file for this tile, open for reading and writing, its folders made: a descriptor. */
int tlog_tiles_create(const struct tlog_tiles *t, int level, uint64_t number, unsigned width,
		      struct err *e);

/* Nothing comes behind what is there: the disk may begin with what settling will wait for. */
void tlog_tiles_written(int fd);

/* All bytes of such a file at once. */
int tlog_tiles_put(const struct tlog_tiles *t, int level, uint64_t number, unsigned width,
		   const void *p, size_t len, struct err *e);

/* Must the tree of this size have a file for this tile that the one signed last had not? */
bool tlog_tiles_is_new(const struct tlog_tiles *t, int level, uint64_t number, uint64_t size);

/*
 * Make all that is new in the tree of this size durable under its name.  -EBADMSG: a file with
 * that name does not begin with what was signed.
 */
int tlog_tiles_settle(struct tlog_tiles *t, uint64_t size, struct err *e);

/*
 * Remove partial tiles whose full ones came between these sizes, both of them signed.  What cannot
 * be removed stays, and is in nobody's way.
 */
void tlog_tiles_sweep(const struct tlog_tiles *t, uint64_t from, uint64_t to);

#endif
