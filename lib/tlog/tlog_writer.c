#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "tlog/heads.h"
#include "tlog/tlog.h"
#include "tlog/tlog_impl.h"
#include "tlog/tlog_tiles.h"

enum {
	OUT_MAX = 128 * 1024,		/* bytes of entries on their way to the bundle */
	LENGTH_BYTES = 2,
};

/*
 * In memory is the rightmost tile of each level, as far as it is filled: how far is what the size
 * says, and all roots follow from these.  The bundle of the newest entries grows in its file.
 */
struct tlog_writer {
	struct note_key log;
	uint64_t size;
	uint8_t tiles[TILE_LEVELS][TILE_BYTES];
	int bundle;			/* descriptor of the one that is not full; -1 */
	size_t bundle_len;		/* of it, with what is in `out` still */
	struct buf out;
	struct tlog_tiles files;
	bool any_signed;
	struct merkle_hash signed_root;	/* of files.signed_size leaves */
	uint64_t swept;			/* from here on partial tiles may be left of full ones */
	int lock;
	int failed;			/* negative errno: the files may be anyhow, open them again */
	char dir[];
};

_Static_assert(sizeof(struct tlog_writer) + OUT_MAX + TLOG_CACHED_TILES * (TILE_BYTES + 64) +
	       TLOG_DIR_MAX < TLOG_WRITER_MEMORY, "a writer, with a reader of hashes, fits");

/* ------ appending ------ */

static int flush(struct tlog_writer *w, struct err *e)
{
	int r = file_write_all(w->bundle, w->out.p, w->out.len);

	if (r < 0)
		return err_set(e, r, "%s: cannot write leaf %" PRIu64 ": %s", w->dir, w->size,
			       strerror(-r));
	buf_reset(&w->out);
	return 0;
}

/* Put the entry behind those of the bundle that is not full. */
static int put_entry(struct tlog_writer *w, uint64_t index, const uint8_t *p, size_t len,
		     struct err *e)
{
	const uint8_t prefix[LENGTH_BYTES] = { (uint8_t)(len >> 8), (uint8_t)len };
	int r;

	if (w->bundle < 0) {
		w->bundle = tlog_tiles_create(&w->files, TILE_ENTRIES, index / TILE_WIDTH,
					      TILE_WIDTH, e);
		if (w->bundle < 0)
			return w->bundle;
		w->bundle_len = 0;
	}
	if (w->out.len + sizeof(prefix) + len > w->out.max && (r = flush(w, e)) < 0)
		return r;
	buf_add(&w->out, prefix, sizeof(prefix));
	buf_add(&w->out, p, len);
	if (w->out.failed)
		return err_set(e, -ENOMEM, "%s: no memory for a leaf", w->dir);
	w->bundle_len += sizeof(prefix) + len;
	return 0;
}

static void end_bundle(struct tlog_writer *w)
{
	tlog_tiles_written(w->bundle);
	tlog_closep(&w->bundle);
	w->bundle = -1;
	w->bundle_len = 0;
}

/* The leaf's hash, and those of the tiles that it fills. */
static int put_hash(struct tlog_writer *w, struct merkle_hash h, struct err *e)
{
	const uint64_t size = w->size + 1;
	uint64_t index;
	int level, r;

	for (level = 0; ; level++) {
		index = (size >> (TILE_HEIGHT * level)) - 1;
		memcpy(w->tiles[level] + index % TILE_WIDTH * sizeof(h.b), h.b, sizeof(h.b));
		if (index % TILE_WIDTH != TILE_WIDTH - 1)
			return 0;
		r = tlog_tiles_put(&w->files, level, index / TILE_WIDTH, TILE_WIDTH,
				   w->tiles[level], TILE_BYTES, e);
		if (r < 0)
			return r;
		if (!tile_node(w->tiles[level], TILE_WIDTH, TILE_HEIGHT, 0, &h))
			BUG("a full tile has no root");
	}
}

static int append_one(struct tlog_writer *w, const struct tlog_leaf *l, struct err *e)
{
	int r;

	if ((r = put_entry(w, w->size, l->bytes, l->len, e)) < 0 ||
	    (r = put_hash(w, merkle_leaf(l->bytes, l->len), e)) < 0)
		return r;
	w->size++;
	if (w->size % TILE_WIDTH == 0) {
		r = flush(w, e);
		end_bundle(w);
	}
	return r;
}

static int check_batch(const struct tlog_writer *w, const struct tlog_leaf *leaves, size_t n,
		       struct err *e)
{
	size_t bytes = 0, i;

	if (n > TLOG_BATCH_LEAVES)
		return err_set(e, -E2BIG, "%s: %zu leaves at once; %d are allowed", w->dir, n,
			       TLOG_BATCH_LEAVES);
	for (i = 0; i < n; i++) {
		if (leaves[i].len == 0 || leaves[i].len > TILE_ENTRY_MAX)
			return err_set(e, -EINVAL, "%s: a leaf of %zu bytes; 1 to %d are allowed",
				       w->dir, leaves[i].len, TILE_ENTRY_MAX);
		bytes += leaves[i].len;
	}
	if (bytes > TLOG_BATCH_BYTES)
		return err_set(e, -E2BIG, "%s: %zu bytes of leaves at once; %d are allowed",
			       w->dir, bytes, TLOG_BATCH_BYTES);
	return 0;
}

static int failed_before(const struct tlog_writer *w, struct err *e)
{
	return err_set(e, w->failed, "%s: writing failed before; it must be opened again", w->dir);
}

int tlog_writer_append(struct tlog_writer *w, const struct tlog_leaf *leaves, size_t n,
		       struct err *e)
{
	size_t i;
	int r;

	if (w->failed < 0)
		return failed_before(w, e);
	r = check_batch(w, leaves, n, e);
	if (r < 0)
		return r;
	for (i = 0; i < n && w->failed == 0; i++)
		w->failed = append_one(w, &leaves[i], e);
	return w->failed;
}

uint64_t tlog_writer_size(const struct tlog_writer *w)
{
	return w->size;
}

/* All that a root is made of is above the rightmost tiles. */
static int read_rightmost(void *data, unsigned level, uint64_t index, struct merkle_hash *ret,
			  struct err *e)
{
	const struct tlog_writer *w = data;
	const int tile = (int)(level / TILE_HEIGHT);
	const uint64_t hashes = w->size >> (TILE_HEIGHT * tile);

	(void)e;
	if (!tile_node(w->tiles[tile], (unsigned)(hashes % TILE_WIDTH), level % TILE_HEIGHT,
		       (unsigned)(index % (TILE_WIDTH >> level % TILE_HEIGHT)), ret))
		BUG("node %" PRIu64 " of level %u is in no rightmost tile", index, level);
	return 0;
}

struct merkle_hash tlog_writer_root(struct tlog_writer *w)
{
	struct merkle_hash root;

	if (merkle_root(w->size, read_rightmost, w, &root, NULL) < 0)
		BUG("a tree in memory has no root");
	return root;
}

/* ------ publishing ------ */

static int copy_bundle(struct tlog_writer *w, struct err *e)
{
	const unsigned width = (unsigned)(w->size % TILE_WIDTH);
	AUTO(tlog_closep) int to = -1;
	off_t at = 0;
	ssize_t n;

	to = tlog_tiles_create(&w->files, TILE_ENTRIES, w->size / TILE_WIDTH, width, e);
	if (to < 0)
		return to;
	while ((size_t)at < w->bundle_len) {
		n = copy_file_range(w->bundle, &at, to, NULL, w->bundle_len - (size_t)at, 0);
		if (n <= 0 && !(n < 0 && errno == EINTR))
			return err_set(e, n < 0 ? -errno : -EIO, "%s: the newest leaves cannot be "
				       "copied: %s", w->dir, n < 0 ? strerror(errno) :
				       "their file is cut short");
	}
	return 0;
}

/* The tiles that are not full. */
static int put_partial(struct tlog_writer *w, struct err *e)
{
	uint64_t hashes;
	unsigned width;
	int level, r;

	if (w->size == w->files.signed_size)
		return 0;
	if (w->bundle >= 0 && ((r = flush(w, e)) < 0 || (r = copy_bundle(w, e)) < 0))
		return r;
	for (level = 0; level < TILE_LEVELS; level++) {
		hashes = w->size >> (TILE_HEIGHT * level);
		width = (unsigned)(hashes % TILE_WIDTH);
		if (width == 0 ||
		    !tlog_tiles_is_new(&w->files, level, hashes / TILE_WIDTH, w->size))
			continue;
		r = tlog_tiles_put(&w->files, level, hashes / TILE_WIDTH, width, w->tiles[level],
				   width * MERKLE_HASH_LEN, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int other_tree(const struct tlog_writer *w, uint64_t size, struct err *e)
{
	return err_set(e, -EBADMSG, "%s: its tiles have another root of %" PRIu64 " leaves than "
		       "what was signed", w->dir, size);
}

/*
 * Does the tree on the disk have this root, and begin with that other one?  Read by a reader of its
 * own: what was in memory says nothing of the files.
 */
static int check_tree(const struct tlog_writer *w, uint64_t size, const struct merkle_hash *root,
		      uint64_t old_size, const struct merkle_hash *old_root, struct err *e)
{
	AUTO(tlog_reader_closep) struct tlog_reader *reader = NULL;
	struct merkle_proof proof;
	struct merkle_hash read;
	int r = tlog_reader_open(w->dir, &reader, e);

	if (r < 0)
		return r;
	tlog_reader_size(reader, size);
	r = merkle_root(size, tlog_reader_node, reader, &read, e);
	if (r < 0)
		return r;
	if (!merkle_equal(&read, root))
		return other_tree(w, size, e);
	if (old_size == 0)
		return 0;
	r = merkle_prove_consistency(old_size, size, tlog_reader_node, reader, &proof, e);
	if (r < 0)
		return r;
	if (!merkle_check_consistency(old_size, size, &proof, old_root, root))
		return other_tree(w, old_size, e);
	return 0;
}

/* The checkpoint there must be the one that was signed last.  1: there is none, and none was. */
static int check_current(const struct tlog_writer *w, struct buf *text, struct err *e)
{
	struct tlog_path path;
	struct checkpoint c;
	int r = tlog_read_head(w->dir, "checkpoint", text, &c, e);

	if (r == -ENOENT && !w->any_signed)
		return 1;
	if (r == -ENOENT)
		return err_set(e, -EBADMSG, "%s: it is gone since it was signed",
			       tlog_path(w->dir, "checkpoint", &path));
	if (r < 0)
		return r;
	r = tlog_check_head(&c, text, &w->log, tlog_path(w->dir, "checkpoint", &path), e);
	if (r < 0)
		return r;
	if (!w->any_signed || c.size != w->files.signed_size ||
	    !merkle_equal(&c.root, &w->signed_root))
		return err_set(e, -EBADMSG, "%s: it is not the one that was signed last, but one of "
			       "%" PRIu64 " leaves", path.s, c.size);
	return 0;
}

static int sign(struct tlog_writer *w, const struct note_secret *key,
		const struct merkle_hash *root, struct buf *text, struct err *e)
{
	AUTO(tlog_closep) int lock = tlog_lock_heads(w->dir, e);
	struct tlog_path path;
	int r;

	if (lock < 0)
		return lock;
	r = check_current(w, text, e);
	if (r < 0 || (r == 0 && w->size == w->files.signed_size))
		return r;		/* the tree is the same; so is what was signed, and cosigned */
	buf_reset(text);
	r = checkpoint_sign(w->log.name, w->size, root, key, text, e);
	return r < 0 ? r : file_replace(tlog_path(w->dir, "checkpoint", &path), text->p, text->len,
					TLOG_FILE_MODE, e);
}

static int publish(struct tlog_writer *w, const struct note_secret *key, struct buf *text,
		   struct err *e)
{
	const struct merkle_hash root = tlog_writer_root(w);
	const uint64_t old = w->files.signed_size;
	int r;

	if ((r = put_partial(w, e)) < 0 ||
	    (r = tlog_tiles_settle(&w->files, w->size, e)) < 0 ||
	    (r = check_tree(w, w->size, &root, old, &w->signed_root, e)) < 0 ||
	    (r = sign(w, key, &root, text, e)) < 0)
		return r;
	w->any_signed = true;
	w->signed_root = root;
	w->files.signed_size = w->size;
	w->files.signed_bundle = w->bundle_len;
	if (w->size != old) {
		/* Whoever still reads by the checkpoint before this one has its partial tiles. */
		tlog_tiles_sweep(&w->files, w->swept, old);
		w->swept = old;
	}
	return 0;
}

int tlog_writer_publish(struct tlog_writer *w, const struct note_secret *key, struct buf *text,
			struct err *e)
{
	const struct note_key *k = note_secret_public(key);

	if (w->failed < 0)
		return failed_before(w, e);
	if (strcmp(k->name, w->log.name) != 0 || k->type != w->log.type ||
	    memcmp(k->key, w->log.key, sizeof(k->key)) != 0)
		return err_set(e, -EINVAL, "%s: the key of %s is not the one it was opened with",
			       w->dir, k->name);
	w->failed = publish(w, key, text, e);
	return w->failed;
}

/* ------ opening ------ */

static int load_tiles(struct tlog_writer *w, struct tlog_reader *reader, struct err *e)
{
	const uint8_t *tile = NULL;
	unsigned width = 0;
	uint64_t hashes;
	int level, r;

	for (level = 0; level < TILE_LEVELS; level++) {
		hashes = w->size >> (TILE_HEIGHT * level);
		if (hashes % TILE_WIDTH == 0)
			continue;
		r = tlog_reader_tile(reader, level, hashes / TILE_WIDTH, &width, &tile, e);
		if (r < 0)
			return r;
		memcpy(w->tiles[level], tile, width * MERKLE_HASH_LEN);
	}
	return 0;
}

struct loading {
	struct tlog_writer *w;
	struct err *e;
};

/* A leaf of the bundle that goes on; it must be the one whose hash was signed. */
static int load_leaf(void *data, uint64_t index, const uint8_t *leaf, size_t len)
{
	const struct loading *l = data;
	const struct merkle_hash h = merkle_leaf(leaf, len);
	struct tlog_path path;
	char name[TILE_PATH_SIZE];

	if (memcmp(h.b, l->w->tiles[0] + index % TILE_WIDTH * sizeof(h.b), sizeof(h.b)) == 0)
		return put_entry(l->w, index, leaf, len, l->e);
	tile_path(TILE_ENTRIES, index / TILE_WIDTH, (unsigned)(l->w->size % TILE_WIDTH), name);
	return err_set(l->e, -EBADMSG, "%s: leaf %" PRIu64 " is not the one that was signed",
		       tlog_path(l->w->dir, name, &path), index);
}

/* Take up the tree that was signed last, and see that the files have it. */
static int load_tree(struct tlog_writer *w, const struct checkpoint *c, struct err *e)
{
	AUTO(tlog_reader_closep) struct tlog_reader *reader = NULL;
	struct loading loading = { w, e };
	int r = tlog_reader_open(w->dir, &reader, e);

	if (r < 0)
		return r;
	tlog_reader_size(reader, c->size);
	w->size = c->size;
	if ((r = check_tree(w, c->size, &c->root, 0, NULL, e)) < 0 ||
	    (r = load_tiles(w, reader, e)) < 0 ||
	    (r = tlog_reader_each(reader, c->size - c->size % TILE_WIDTH, c->size, load_leaf,
				  &loading, e)) < 0)
		return r;
	w->any_signed = true;
	w->signed_root = c->root;
	w->files.signed_size = c->size;
	w->files.signed_bundle = w->bundle_len;
	/* The size before is not known; what a batch can have left is looked for. */
	w->swept = c->size - MIN(c->size, (uint64_t)TLOG_BATCH_LEAVES);
	return 0;
}

/*
 * What others keep for us says how far we were: a checkpoint that somebody put back, or took away,
 * is older than what a witness cosigned or an authority stamped.
 */
static int check_told(const struct tlog_writer *w, struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	uint64_t stamped = 0;
	struct tlog_path path;
	struct checkpoint c;
	int r = tlog_cosigned(w->dir, &w->log, &text, &c, e);

	if (r == 0 && (!w->any_signed || c.size > w->size))
		return err_set(e, -EBADMSG, "%s: a witness cosigned %" PRIu64 " leaves, and the "
			       "checkpoint here has %" PRIu64, tlog_path(w->dir, "cosigned", &path),
			       c.size, w->size);
	if (r == 0)
		r = check_tree(w, w->size, &w->signed_root, c.size, &c.root, e);
	if (r < 0 && r != -ENOENT)
		return r;
	r = tlog_time_next(w->dir, w->size + 1, &stamped, e);
	if (r == 1)
		return err_set(e, -EBADMSG, "%s/time/%" PRIu64 ": was time-stamped, and the "
			       "checkpoint here has %" PRIu64 " leaves", w->dir, stamped, w->size);
	return r;
}

static int open_log(struct tlog_writer *w, struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct tlog_path path;
	struct checkpoint c;
	int r;

	w->lock = tlog_lock(w->dir, "lock", LOCK_EX | LOCK_NB, e);
	if (w->lock < 0)
		return w->lock;
	r = tlog_read_head(w->dir, "checkpoint", &text, &c, e);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && ((r = tlog_check_head(&c, &text, &w->log,
					    tlog_path(w->dir, "checkpoint", &path), e)) < 0 ||
		       (r = load_tree(w, &c, e)) < 0))
		return r;
	return check_told(w, e);
}

int tlog_writer_open(const char *dir, const struct note_key *log, struct tlog_writer **ret,
		     uint64_t *ret_size, struct err *e)
{
	struct tlog_writer *w;
	int r = tlog_make_dir(dir, e);

	if (r < 0 || (r = tlog_check_dir(dir, e)) < 0)
		return r;
	w = calloc(1, sizeof(*w) + strlen(dir) + 1);
	if (w == NULL)
		return err_set(e, -ENOMEM, "%s: no memory to write it", dir);
	memcpy(w->dir, dir, strlen(dir) + 1);
	w->log = *log;
	w->files.dir = w->dir;
	w->out = (struct buf)BUF_INIT(OUT_MAX);
	w->bundle = w->lock = -1;
	r = open_log(w, e);
	if (r < 0) {
		tlog_writer_close(w);
		return r;
	}
	*ret_size = w->size;
	*ret = w;
	return 0;
}

void tlog_writer_close(struct tlog_writer *w)
{
	if (w == NULL)
		return;
	tlog_closep(&w->bundle);
	tlog_closep(&w->lock);
	buf_clear(&w->out);
	free(w);
}
