/*
 * A write-once store of evidence, each blob named by the BLAKE2b-256 of its
 * bytes.  Callers cannot tell whether a directory or an S3 bucket is behind it.
 *
 * Units    lengths are bytes.
 * Errors   0, or a negative errno.  A call that fails never calls back; one
 *          that succeeds calls back once, later, from the loop, never from
 *          inside the call.
 *          -ENOSPC, -EDQUOT, -EIO, -EROFS: the store cannot take more now; the
 *          blob is not stored, nothing half-written is visible, try again later
 *          with a new put.
 *          -EUCLEAN: what lies under this address already is not this blob.
 * Threads  the thread that runs the loop.  Opening files, hashing, writing and
 *          syncing run on libuv's thread pool.
 * Memory   nothing but the callers' buffers and VAULT_PUT_MEMORY a put, and
 *          VAULT_RESUME_MEMORY while vault_put_resume is under way.
 *
 * A put that has a key can be continued.  What it wrote is kept under that key
 * at every VAULT_CHUNK, so that a later put with the same key goes on from the
 * last of these marks, whatever ended the first: an unplugged recorder, kill
 * -9, a power cut.  What is taken up was read from the disk and hashed again.
 */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/digest.h"
#include "base/err.h"

enum {
	VAULT_ALIGN = 4096,		/* of write buffers, for direct I/O */
	VAULT_PUT_DEPTH = 8,		/* writes of one put in flight */
	VAULT_PUT_MEMORY = 4096,
	VAULT_RESUME_MEMORY = 1024 * 1024,
	VAULT_CHUNK = 16 * 1024 * 1024,	/* what an interrupted put loses at most, and one block */
	VAULT_PARTIALS_MAX = 256,	/* interrupted puts that are left */
	VAULT_PARTIALS_DAYS = 30,	/* and for how long */
	VAULT_REREAD_MEMORY = 8 * 1024 * 1024,	/* of re-reading a blob */
	VAULT_PATH_MAX = 1200,		/* room for any path of a store, with its NUL */
};

enum {
	VAULT_IMMUTABLE = 1 << 0,	/* set the immutable attribute where permitted */
};

struct vault;
struct vault_put;		/* one blob being written; invisible until sealed */

typedef void (*vault_cb)(void *data, int r);
typedef void (*vault_resume_cb)(void *data, int r, uint64_t kept);

/* What is known of a sealed blob. */
struct vault_sealed {
	struct digest address;
	uint64_t size;
	bool existed;		/* a blob of this address and size was there before */
	bool has_sha256;
	uint8_t sha256[32];	/* when asked for at vault_put_new */
};

/* r 0: sealed is valid during the callback, e is NULL.  r < 0: the other way round. */
typedef void (*vault_seal_cb)(void *data, int r, const struct vault_sealed *sealed,
			      const struct err *e);

/*
 * Open the store in directory dir (made when missing, mode 0750; its parent must be there) and
 * prove that it can be written.  flags: VAULT_*.  Blocking, for start-up.
 */
int vault_open(uv_loop_t *loop, const char *dir, unsigned flags, struct vault **ret,
	       struct err *e);

/*
 * No put may be the caller's any more and no callback may be owed; NULL is fine.  Aborted puts may
 * still be going away: their memory goes as the loop runs on.
 */
void vault_close(struct vault *v);

struct vault_put_options {
	uint64_t expected_size;	/* 0: unknown.  Space is reserved at once: -ENOSPC early */
	bool want_sha256;	/* costs a third of the hashing again */
	/*
	 * Under which key the put may be continued; copied; NULL: never.  Puts of the same key
	 * must be of the same bytes: the recorder, the path, the size, the time, what is known.
	 */
	const struct digest *resume;
};

/*
 * Start a blob.  *ret_put is the caller's until sealed or aborted.  Its file is made and its
 * space reserved on the thread pool meanwhile: when that fails, the first write says so.
 */
int vault_put_new(struct vault *v, const struct vault_put_options *o, struct vault_put **ret_put,
		  struct err *e);

/*
 * Before the first write of a put with a key: take up what an earlier one left.  cb gets how many
 * bytes are there, a multiple of VAULT_ALIGN, and the next write goes behind them; 0: begin at the
 * beginning.  Nothing there, damage, and another put that holds it at this moment are 0 and no
 * error (in the last case this put cannot be continued itself); r < 0: the put has failed.  No
 * write before cb.  Reads and hashes all that is there, so it takes its time.
 */
int vault_put_resume(struct vault_put *put, vault_resume_cb cb, void *data);

/*
 * Append buf, which must stay valid until cb or until vault_put_abort or _park returns.  Up to
 * VAULT_PUT_DEPTH writes may be in flight, one more is -EAGAIN; they are hashed and stored in the
 * order of the calls, and call back in that order.  After a failure all further writes fail.
 * Every write but the last should be a multiple of VAULT_ALIGN at an aligned address: others are
 * correct, but what follows them goes through the page cache.
 */
int vault_put_write(struct vault_put *put, const uint8_t *buf, size_t len, vault_cb cb, void *data);

/* Why the put failed, once a write has; NULL while it is well.  Valid as long as put. */
const struct err *vault_put_error(const struct vault_put *put);

/*
 * Make the blob durable: when cb sees 0, it would survive a power cut.  No
 * write may be in flight.  Content already stored is not an error.  Takes put,
 * whatever the outcome; after a failed write, cb gets that failure.  When it
 * fails, what was marked under the put's key stays.
 */
void vault_put_seal(struct vault_put *put, vault_seal_cb cb, void *data);

/*
 * Forget the blob, and what was marked under its key; callbacks still owed do not come.  When it
 * returns, the buffers are the caller's again: it waits for at most one block to be hashed and
 * written.  NULL is fine.  Before vault_put_resume called back, what an earlier put left stays.
 */
void vault_put_abort(struct vault_put *put);

/*
 * Stop like vault_put_abort, but what was hashed and written so far, down to a multiple of
 * VAULT_ALIGN, stays for a later put with the same key, be it less than a chunk.  cb: 0, it would
 * survive a power cut; r < 0: it could not all be kept, a later put begins at an earlier mark or
 * at 0.  Without a key nothing stays, and r is 0.  Takes put.
 */
void vault_put_park(struct vault_put *put, vault_cb cb, void *data);

/* A blob that is in memory already (a sidecar): new, write, seal in one.  buf stays valid until cb. */
int vault_store(struct vault *v, const uint8_t *buf, size_t len, vault_seal_cb cb, void *data,
		struct err *e);

/* Is this address there with this size?  Looks at the name alone.  cb: 1, 0 or negative errno. */
int vault_has(struct vault *v, const struct digest *address, uint64_t size, vault_cb cb, void *data);

/* ------ blocking, for tools and the thread pool; dir is the store's ------ */

/*
 * Remove what interrupted puts left VAULT_PARTIALS_DAYS ago and longer, and the oldest beyond
 * VAULT_PARTIALS_MAX; not what a put holds at this moment.  now_ms: utc_now().  For start-up:
 * a put that is parked does the same.  How many were removed, or a negative errno.
 */
int vault_partials_sweep(const char *dir, int64_t now_ms, struct err *e);

/* Where a blob lies: "DIR/objects/ab/cd/<64 hex>".  0 or -ENAMETOOLONG. */
int vault_path(const char *dir, const struct digest *address, char *ret_path, size_t size);

enum vault_verdict {
	VAULT_WHOLE,		/* the bytes have this address */
	VAULT_MISSING,
	VAULT_DAMAGED,		/* they have another, or something else has its name */
};

/* How a blob is read. */
struct vault_reading {
	bool digests;		/* SHA-256 and SM3 as well, which takes four times as long */
	/*
	 * Before each block of up to len bytes: wait as long as it should.  0, or a negative errno that
	 * ends the reading and is returned.  On a thread of the call's own.  NULL: as fast as it goes.
	 */
	int (*pace)(void *data, size_t len);
	void *data;
};

struct vault_read {
	enum vault_verdict verdict;
	uint64_t size;			/* of the bytes that were read */
	struct digest found;		/* of them, when there was a file */
	bool has_digests;
	uint8_t sha256[32], sm3[32];
};

/*
 * Re-read one blob, from the disk rather than from memory: direct I/O on one thread, hashing on the
 * caller's.  how: NULL, address alone, as fast as it goes.  0 and *ret, or a negative errno when it
 * could not be found out, and *ret is untouched: -EIO, its bytes cannot be read.
 */
int vault_reread(const char *dir, const struct digest *address, const struct vault_reading *how,
		 struct vault_read *ret, struct err *e);

/* The verdict and the size alone. */
int vault_check(const char *dir, const struct digest *address, enum vault_verdict *ret,
		uint64_t *ret_size, struct err *e);

/*
 * The same by name and size alone, no byte is read: VAULT_WHOLE, a file has that name; VAULT_DAMAGED,
 * something else has.
 */
int vault_look(const char *dir, const struct digest *address, enum vault_verdict *ret,
	       uint64_t *ret_size, struct err *e);

/*
 * Take a blob out of the store: its file, what an interrupted seal calls it besides, and what was
 * set aside of it.  For a disposal that is on record, and nothing else.  0: none of these names is
 * there, and that would survive a power cut; *ret_there says whether there was one.  So it may be
 * done again after any interruption.  Nobody else may write to this store or put these bytes
 * meanwhile: ask the catalog first.  -EUCLEAN: a directory has a name of it, a person has to look.
 */
int vault_remove(const char *dir, const struct digest *address, bool *ret_there, struct err *e);

/*
 * Call blob(data, address, size) for every blob, in no order, and foreign(data, path) for every
 * name that has no business in the store (path below DIR/objects; foreign may be NULL).  What
 * either returns, when not 0, ends the walk and is returned; 0 when all was seen.
 */
int vault_walk(const char *dir,
	       int (*blob)(void *data, const struct digest *address, uint64_t size),
	       int (*foreign)(void *data, const char *path), void *data, struct err *e);

#endif
