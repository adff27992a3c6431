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
 * Memory   nothing but the callers' buffers and VAULT_PUT_MEMORY a put.
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
	VAULT_PATH_MAX = 1200,		/* room for any path of a store, with its NUL */
};

enum {
	VAULT_IMMUTABLE = 1 << 0,	/* set the immutable attribute where permitted */
};

struct vault;
struct vault_put;		/* one blob being written; invisible until sealed */

typedef void (*vault_cb)(void *data, int r);

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
};

/*
 * Start a blob.  *ret_put is the caller's until sealed or aborted.  Its file is made and its
 * space reserved on the thread pool meanwhile: when that fails, the first write says so.
 */
int vault_put_new(struct vault *v, const struct vault_put_options *o, struct vault_put **ret_put,
		  struct err *e);

/*
 * Append buf, which must stay valid until cb or until vault_put_abort returns.  Up to
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
 * whatever the outcome; after a failed write, cb gets that failure.
 */
void vault_put_seal(struct vault_put *put, vault_seal_cb cb, void *data);

/*
 * Forget the blob; callbacks still owed do not come.  When it returns, the buffers are the
 * caller's again: it waits for at most one block to be hashed and written.  NULL is fine.
 */
void vault_put_abort(struct vault_put *put);

/* A blob that is in memory already (a sidecar): new, write, seal in one.  buf stays valid until cb. */
int vault_store(struct vault *v, const uint8_t *buf, size_t len, vault_seal_cb cb, void *data,
		struct err *e);

/* Is this address there with this size?  Looks at the name alone.  cb: 1, 0 or negative errno. */
int vault_has(struct vault *v, const struct digest *address, uint64_t size, vault_cb cb, void *data);

/* ------ blocking, for tools and the thread pool; dir is the store's ------ */

/* Where a blob lies: "DIR/objects/ab/cd/<64 hex>".  0 or -ENAMETOOLONG. */
int vault_path(const char *dir, const struct digest *address, char *ret_path, size_t size);

enum vault_verdict {
	VAULT_WHOLE,		/* the bytes have this address */
	VAULT_MISSING,
	VAULT_DAMAGED,		/* they have another, or something else has its name */
};

/*
 * Re-read one blob, from the disk rather than from memory where the kernel can forget its copy.
 * 0 and a verdict with the size read, or a negative errno when it could not be found out.
 */
int vault_check(const char *dir, const struct digest *address, enum vault_verdict *ret,
		uint64_t *ret_size, struct err *e);

/*
 * Call blob(data, address, size) for every blob, in no order, and foreign(data, path) for every
 * name that has no business in the store (path below DIR/objects; foreign may be NULL).  What
 * either returns, when not 0, ends the walk and is returned; 0 when all was seen.
 */
int vault_walk(const char *dir,
	       int (*blob)(void *data, const struct digest *address, uint64_t size),
	       int (*foreign)(void *data, const char *path), void *data, struct err *e);

#endif
