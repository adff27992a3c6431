#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "tlog/tlog.h"
#include "tlog/tlog_impl.h"

enum { ENTRY_MIN = 2 };			/* bytes of an entry with its length */

struct cached {
	int level;
	uint64_t number;
	unsigned width;			/* 0: nothing is here */
	uint64_t used;			/* when, by the reader's count of questions */
	uint8_t hashes[TILE_BYTES];
};

struct tlog_reader {
	uint64_t size;			/* of the tree that is read */
	uint64_t asked;
	struct cached tiles[TLOG_CACHED_TILES];
	struct buf bundle;
	uint64_t bundle_number;
	unsigned bundle_width;		/* 0: none is in memory */
	char dir[];
};

int tlog_reader_open(const char *dir, struct tlog_reader **ret, struct err *e)
{
	struct tlog_reader *r;
	int error = tlog_check_dir(dir, e);

	if (error < 0)
		return error;
	r = calloc(1, sizeof(*r) + strlen(dir) + 1);
	if (r == NULL)
		return err_set(e, -ENOMEM, "%s: no memory to read it", dir);
	r->bundle = (struct buf)BUF_INIT(TILE_BUNDLE_MAX);
	memcpy(r->dir, dir, strlen(dir) + 1);
	*ret = r;
	return 0;
}

void tlog_reader_close(struct tlog_reader *r)
{
	if (r == NULL)
		return;
	buf_clear(&r->bundle);
	free(r);
}

void tlog_reader_closep(struct tlog_reader **r)
{
	tlog_reader_close(*r);
}

int tlog_reader_checkpoint(struct tlog_reader *r, struct buf *text, struct checkpoint *ret,
			   struct err *e)
{
	int error = tlog_read_head(r->dir, "checkpoint", text, ret, e);

	if (error == 0)
		r->size = ret->size;
	return error;
}

void tlog_reader_size(struct tlog_reader *r, uint64_t size)
{
	r->size = size;
}

/* ------ files ------ */

static int open_width(struct tlog_reader *r, int level, uint64_t number, unsigned width,
		      struct tlog_path *path, uint64_t *ret_size, struct err *e)
{
	char name[TILE_PATH_SIZE];

	tile_path(level, number, width, name);
	return tlog_open(tlog_path(r->dir, name, path), ret_size, e);
}

/*
 * The tile with at least *width hashes or entries.  One that has grown since is as good, since it
 * begins with the same; the full one is looked for first, since whoever takes away the others has
 * put it in place before.
 */
static int open_tile(struct tlog_reader *r, int level, uint64_t number, unsigned *width,
		     struct tlog_path *path, uint64_t *ret_size, struct err *e)
{
	unsigned wanted = *width, w;
	int fd = open_width(r, level, number, wanted, path, ret_size, e);

	if (fd == -ENOENT && wanted < TILE_WIDTH) {
		*width = TILE_WIDTH;
		fd = open_width(r, level, number, TILE_WIDTH, path, ret_size, e);
	}
	for (w = wanted + 1; fd == -ENOENT && w < TILE_WIDTH; w++) {
		*width = w;
		fd = open_width(r, level, number, w, path, ret_size, e);
	}
	if (fd != -ENOENT)
		return fd;
	tile_path(level, number, wanted, path->s);
	return err_set(e, -EBADMSG, "%s/%s: is missing, and a tree of %" PRIu64 " leaves has it",
		       r->dir, path->s, r->size);
}

static int not_there(const struct tlog_reader *r, int level, uint64_t number, struct err *e)
{
	char name[TILE_PATH_SIZE];

	tile_path(level, number, TILE_WIDTH, name);
	return err_set(e, -ERANGE, "%s: a tree of %" PRIu64 " leaves has no %s", r->dir, r->size,
		       name);
}

/* ------ hashes ------ */

static struct cached *place_for(struct tlog_reader *r, int level, uint64_t number)
{
	struct cached *oldest = &r->tiles[0], *c;

	for (c = r->tiles; c < r->tiles + COUNT(r->tiles); c++) {
		if (c->width > 0 && c->level == level && c->number == number)
			return c;
		if (c->used < oldest->used)
			oldest = c;
	}
	oldest->width = 0;
	oldest->level = level;
	oldest->number = number;
	return oldest;
}

static int load_tile(struct tlog_reader *r, struct cached *c, unsigned width, struct err *e)
{
	AUTO(tlog_closep) int fd = -1;
	struct tlog_path path;
	uint64_t size = 0;
	int error;

	c->width = 0;
	fd = open_tile(r, c->level, c->number, &width, &path, &size, e);
	if (fd < 0)
		return fd;
	if (size != width * MERKLE_HASH_LEN)
		return err_set(e, -EBADMSG, "%s: %" PRIu64 " bytes instead of %u hashes of %d",
			       path.s, size, width, MERKLE_HASH_LEN);
	error = tlog_read(fd, path.s, c->hashes, size, e);
	if (error == 0)
		c->width = width;
	return error;
}

int tlog_reader_tile(struct tlog_reader *r, int level, uint64_t number, unsigned *ret_width,
		     const uint8_t **ret, struct err *e)
{
	unsigned width = tile_width(level, number, r->size);
	struct cached *c;
	int error;

	if (width == 0)
		return not_there(r, level, number, e);
	c = place_for(r, level, number);
	if (c->width < width) {
		error = load_tile(r, c, width, e);
		if (error < 0)
			return error;
	}
	c->used = ++r->asked;
	*ret_width = width;
	*ret = c->hashes;
	return 0;
}

int tlog_reader_node(void *data, unsigned level, uint64_t index, struct merkle_hash *ret,
		     struct err *e)
{
	const unsigned within = level % TILE_HEIGHT, span = TILE_HEIGHT - within;
	struct tlog_reader *r = data;
	const uint8_t *tile = NULL;
	unsigned width = 0;
	int error;

	if (level >= MERKLE_LEVELS)
		return err_set(e, -ERANGE, "%s: no tree has a level %u", r->dir, level);
	error = tlog_reader_tile(r, (int)(level / TILE_HEIGHT), index >> span, &width, &tile, e);
	if (error < 0)
		return error;
	if (!tile_node(tile, width, within, (unsigned)(index & ((1U << span) - 1)), ret))
		return err_set(e, -ERANGE, "%s: a tree of %" PRIu64 " leaves has no node %" PRIu64
			       " of level %u", r->dir, r->size, index, level);
	return 0;
}

/* ------ entries ------ */

/* Does the bundle in memory hold that many entries and nothing else? */
static int check_bundle(const struct tlog_reader *r, const char *path, unsigned width,
			struct err *e)
{
	const uint8_t *entry = NULL;
	struct err why = { 0, "" };
	size_t len = 0;

	if (tile_entry(r->bundle.p, r->bundle.len, width, 0, &entry, &len, &why) < 0)
		return err_set(e, -EBADMSG, "%s: %s", path, why.msg);
	return 0;
}

static int load_bundle(struct tlog_reader *r, uint64_t number, unsigned width, struct err *e)
{
	AUTO(tlog_closep) int fd = -1;
	struct tlog_path path;
	uint64_t size = 0;
	uint8_t *room;
	int error;

	r->bundle_width = 0;
	fd = open_tile(r, TILE_ENTRIES, number, &width, &path, &size, e);
	if (fd < 0)
		return fd;
	if (size < width * ENTRY_MIN || size > width * (uint64_t)(ENTRY_MIN + TILE_ENTRY_MAX))
		return err_set(e, -EBADMSG, "%s: %" PRIu64 " bytes are not %u entries", path.s,
			       size, width);
	buf_reset(&r->bundle);
	room = buf_room(&r->bundle, size);
	if (room == NULL)
		return err_set(e, -ENOMEM, "%s: no memory for %" PRIu64 " bytes", path.s, size);
	if ((error = tlog_read(fd, path.s, room, size, e)) < 0)
		return error;
	buf_grew(&r->bundle, size);
	if ((error = check_bundle(r, path.s, width, e)) < 0)
		return error;
	r->bundle_number = number;
	r->bundle_width = width;
	return 0;
}

/* Have the bundle of that number in memory, as the size has it or fuller. */
static int need_bundle(struct tlog_reader *r, uint64_t number, struct err *e)
{
	unsigned width = tile_width(TILE_ENTRIES, number, r->size);

	if (width == 0)
		return not_there(r, TILE_ENTRIES, number, e);
	if (r->bundle_number == number && r->bundle_width >= width)
		return 0;
	return load_bundle(r, number, width, e);
}

static int no_leaf(const struct tlog_reader *r, uint64_t index, struct err *e)
{
	return err_set(e, -ERANGE, "%s: a tree of %" PRIu64 " leaves has no leaf %" PRIu64, r->dir,
		       r->size, index);
}

int tlog_reader_entry(struct tlog_reader *r, uint64_t index, struct buf *to, struct err *e)
{
	const uint8_t *entry = NULL;
	size_t len = 0;
	int error;

	if (index >= r->size)
		return no_leaf(r, index, e);
	if ((error = need_bundle(r, index / TILE_WIDTH, e)) < 0 ||
	    (error = tile_entry(r->bundle.p, r->bundle.len, r->bundle_width, index % TILE_WIDTH,
				&entry, &len, e)) < 0)
		return error;
	buf_add(to, entry, len);
	if (to->failed)
		return err_set(e, -ENOBUFS, "%s: no room for leaf %" PRIu64 " of %zu bytes",
			       r->dir, index, len);
	return 0;
}

int tlog_reader_each(struct tlog_reader *r, uint64_t from, uint64_t to,
		     int (*leaf)(void *data, uint64_t index, const uint8_t *leaf, size_t len),
		     void *data, struct err *e)
{
	const uint8_t *entry = NULL;
	size_t len = 0, at = 0;
	uint64_t i;
	int error;

	if (from >= to)
		return 0;
	if (to > r->size)
		return no_leaf(r, to - 1, e);
	for (i = from - from % TILE_WIDTH; i < to; i++) {
		if (i % TILE_WIDTH == 0) {
			error = need_bundle(r, i / TILE_WIDTH, e);
			if (error < 0)
				return error;
			at = 0;
		}
		/* There are enough of them: that was checked. */
		tile_next_entry(r->bundle.p, r->bundle.len, &at, &entry, &len, NULL);
		if (i >= from && (error = leaf(data, i, entry, len)) != 0)
			return error;
	}
	return 0;
}
