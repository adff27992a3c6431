/*
 * A write-once store of evidence, each blob named by the BLAKE2b-256 of its
 * bytes.  Callers cannot tell whether a directory or an S3 bucket is behind it.
 *
 * Units    lengths are bytes.
 * Errors   0, or a negative errno.  A call that fails never calls back; one
 *          that succeeds calls back once, later, from the loop.
 *          -ENOSPC, -EDQUOT, -EIO, -EROFS: the store cannot take more now; the
 *          blob is not stored, nothing of it is visible, try again later.
 * Threads  the thread that runs the loop.  Hashing, writing and syncing run on
 *          libuv's thread pool.
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
	VAULT_PUT_MEMORY = 4096 + 2048,
};

struct vault;
struct vault_put;		/* one blob being written; invisible until sealed */

typedef void (*vault_cb)(void *data, int r);

/* What is known of a sealed blob. */
struct vault_sealed {
	struct digest address;
	uint64_t size;
	bool existed;		/* the same bytes were there before */
	bool has_sha256;
	uint8_t sha256[32];	/* when asked for at vault_put_new */
};
typedef void (*vault_seal_cb)(void *data, int r, const struct vault_sealed *sealed,
			      const struct err *e);

/* Open the store in directory dir (made when missing, mode 0750) and prove that it can be written. */
int vault_open(uv_loop_t *loop, const char *dir, struct vault **ret, struct err *e);
void vault_close(struct vault *v);	/* no put may be open; NULL is fine */

struct vault_put_options {
	uint64_t expected_size;	/* 0: unknown.  Space is reserved at once: -ENOSPC early */
	bool want_sha256;	/* costs a third of the hashing again */
};

/* Start a blob.  *ret_put is the caller's until sealed or aborted. */
int vault_put_new(struct vault *v, const struct vault_put_options *o, struct vault_put **ret_put,
		  struct err *e);

/*
 * Append buf, which must stay valid until cb.  Up to VAULT_PUT_DEPTH writes may
 * be in flight; they are hashed and stored in the order of the calls.  Every
 * write but the last should be a multiple of VAULT_ALIGN at an aligned address:
 * others are correct, but slower.
 */
int vault_put_write(struct vault_put *put, const uint8_t *buf, size_t len, vault_cb cb, void *data);

/*
 * Make the blob durable: when cb sees 0, it would survive a power cut.  No
 * write may be in flight.  Content already stored is not an error.  Takes put,
 * whatever the outcome.
 */
void vault_put_seal(struct vault_put *put, vault_seal_cb cb, void *data);

/* Forget the blob; writes in flight are waited for, their callbacks do not come.  NULL is fine. */
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
	VAULT_DAMAGED,		/* they have another */
};

/* Re-read one blob.  0 and a verdict, or a negative errno when it could not be found out. */
int vault_check(const char *dir, const struct digest *address, enum vault_verdict *ret,
		uint64_t *ret_size, struct err *e);

/* Call each(data, address, size) for every blob, in no order; stop when it returns non-zero. */
int vault_walk(const char *dir, int (*each)(void *data, const struct digest *a, uint64_t size),
	       void *data, struct err *e);

#endif
