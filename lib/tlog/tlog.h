/*
 * The custody log as files: C2SP tlog-tiles in one directory (docs/CUSTODY.md
 * lists them).  A reader needs nothing but the directory and may run beside
 * the writer; a writer holds LOG/lock.  What others add to what was signed: heads.h.
 *
 * Errors   0, or a negative errno and a sentence that names the file.
 *          -EBADMSG: the files contradict one another, or one of them is not there.
 * Threads  a reader or a writer: one at a time.  Blocking.
 * Memory   a reader: TLOG_READER_MEMORY; a writer: TLOG_WRITER_MEMORY, while it is being opened
 *          a reader's beside it.
 */
#ifndef TLOG_TLOG_H
#define TLOG_TLOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "custody/checkpoint.h"
#include "custody/merkle.h"
#include "custody/tile.h"

enum {
	TLOG_CACHED_TILES = 16,
	/* The bundle counts as it is: 130 KB with leaves of 500 bytes, 17 MB with the largest. */
	TLOG_READER_MEMORY = TLOG_CACHED_TILES * TILE_BYTES + TILE_BUNDLE_MAX,
	TLOG_WRITER_MEMORY = 1024 * 1024,
	TLOG_BATCH_LEAVES = 4096,		/* of one append; more is refused */
	TLOG_BATCH_BYTES = 4 * 1024 * 1024,	/* the same; one leaf always fits */
};

/*
 * ------ reading ------
 *
 * A reader believes no file: each has the length that the size of the tree asks for, and bundles
 * are whole.  But whether hashes and leaves are the right ones is for whoever checks a proof, or
 * hashes the leaf and compares it with node (0, index).
 */

struct tlog_reader;

int tlog_reader_open(const char *dir, struct tlog_reader **ret, struct err *e);
void tlog_reader_close(struct tlog_reader *r);	/* NULL is fine */
void tlog_reader_closep(struct tlog_reader **r);	/* for AUTO() */

/*
 * The newest checkpoint: its text, which is replaced, and what it says.  -ENOENT: nothing was
 * signed yet.  No signature is checked.  What is read below is read as of the tree of this size.
 */
int tlog_reader_checkpoint(struct tlog_reader *r, struct buf *text, struct checkpoint *ret,
			   struct err *e);

/* merkle_read for merkle_prove_*(); data is the reader.  Set the size of the tree first. */
void tlog_reader_size(struct tlog_reader *r, uint64_t size);
int tlog_reader_node(void *data, unsigned level, uint64_t index, struct merkle_hash *ret,
		     struct err *e);

/* Append leaf number `index` to `to`. */
int tlog_reader_entry(struct tlog_reader *r, uint64_t index, struct buf *to, struct err *e);

/*
 * Call leaf() for each from `from` on, below `to`; what it returns, when not 0, ends it and is
 * returned.  leaf() may ask the same reader for nodes, not for entries.
 */
int tlog_reader_each(struct tlog_reader *r, uint64_t from, uint64_t to,
		     int (*leaf)(void *data, uint64_t index, const uint8_t *leaf, size_t len),
		     void *data, struct err *e);

/*
 * ------ writing ------
 *
 * After a failure of append or publish the writer is good for nothing but to be closed: opened
 * again it goes on from what was signed, and the leaves behind are appended again.
 */

struct tlog_writer;

struct tlog_leaf {
	const uint8_t *bytes;
	size_t len;		/* 1 to TILE_ENTRY_MAX */
};

/*
 * Open the log for writing: made when missing (mode 0750; its parent must be there).  -EBUSY:
 * another holds the lock.  -EPERM: LOG is another user's.  *ret_size: leaves of the newest
 * checkpoint, 0 without one.  The tree goes on from there; leaves beyond it, which a crash left, are
 * written again.
 * -EBADMSG: the checkpoint is not signed by `log`, the tiles have another root, the last bundle
 * has other leaves, or a witness or an authority was shown more than that.
 */
int tlog_writer_open(const char *dir, const struct note_key *log, struct tlog_writer **ret,
		     uint64_t *ret_size, struct err *e);
void tlog_writer_close(struct tlog_writer *w);	/* NULL is fine */

/*
 * Append leaves behind those there.  Nothing is promised until tlog_writer_publish().  -E2BIG or
 * -EINVAL: the batch or a leaf is too large, or a leaf empty; then nothing was appended, and the
 * writer is as good as before.
 */
int tlog_writer_append(struct tlog_writer *w, const struct tlog_leaf *leaves, size_t n,
		       struct err *e);

uint64_t tlog_writer_size(const struct tlog_writer *w);
struct merkle_hash tlog_writer_root(struct tlog_writer *w);

/*
 * Sync leaves and tiles, sign the tree, and put the checkpoint in place, synced.  `text` is
 * replaced by the signed checkpoint.  A tree that was signed already is not signed again: the text is what
 * is there, with the cosignatures it has.
 * -EBADMSG, and nothing is signed: the tree on disk does not contain the one that was signed last,
 * or LOG/checkpoint is not that one.  -EINVAL: key is not that of `log`; the writer is as good as
 * before.
 */
int tlog_writer_publish(struct tlog_writer *w, const struct note_secret *key, struct buf *text,
			struct err *e);

#endif
