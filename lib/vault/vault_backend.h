/*
 * What may be behind a vault.  vault.c does the hashing, the order and the
 * callbacks, a backend keeps bytes: a directory (vault_local.c), later an S3
 * bucket with Object Lock.  Private to lib/vault and its tests.
 *
 * All functions block.  open and close run on the caller's thread, the others
 * on the thread pool: several blobs at once on several threads, one blob never
 * on two.
 *
 * Errors   0, or a negative errno with a sentence in e.  After a failure of a
 *          blob only end is called for it.
 */
#ifndef VAULT_BACKEND_H
#define VAULT_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/digest.h"
#include "base/err.h"

struct vault;

/* So many bytes, and the digest of them: a blob up to there. */
struct vault_mark {
	uint64_t size;
	struct digest prefix;
};

/* What resume calls with what an interrupted blob left. */
struct vault_rehash {
	void *data;
	uint64_t limit;			/* marks beyond it count for nothing */
	bool (*add)(void *data, const uint8_t *p, size_t len);	/* false: stop */
	/* Is this the mark of all that was added?  The last one that is, is where it goes on. */
	bool (*agrees)(void *data, const struct vault_mark *m);
};

struct vault_backend {
	/* ------ required ------ */

	/* Open the store called where and prove that it can be written.  flags: VAULT_*. */
	int (*open)(const char *where, unsigned flags, void **ret_store, struct err *e);

	/* Forget the store; no blob is left. */
	void (*close)(void *store);

	/* Start a blob that nobody can see.  key: of mark and resume, copied; NULL: neither comes. */
	int (*begin)(void *store, const struct digest *key, void **ret_blob, struct err *e);

	/* Add bytes behind those added before. */
	int (*append)(void *blob, const uint8_t *buf, size_t len, struct err *e);

	/*
	 * Make the blob visible under its address and both blob and name durable.  The same
	 * address with the same size there before: 0 and *ret_existed, with the same promise;
	 * with another size: -EUCLEAN.
	 */
	int (*publish)(void *blob, const struct digest *address, bool *ret_existed,
		       struct err *e);

	/* Free blob.  What was neither published nor left is gone, here and in the store. */
	void (*end)(void *blob);

	/* 1 when there is something of this address and size, 0 when not. */
	int (*has)(void *store, const struct digest *address, uint64_t size, struct err *e);

	/* ------ optional, NULL when it cannot be done ------ */

	/* Before the first append: take the space for size bytes now, or say -ENOSPC. */
	int (*reserve)(void *blob, uint64_t size, struct err *e);

	/* ------ optional, all three: a blob that another may continue ------ */

	/*
	 * Before the first append: go on with what a blob of the same key left.  How many bytes
	 * it has now, 0 when it is as begun.  Stopped by add, nothing is changed.
	 */
	uint64_t (*resume)(void *blob, const struct vault_rehash *h);

	/*
	 * Make the bytes up to m durable, and m after them.  That m cannot be kept is no failure:
	 * leave will say it.
	 */
	int (*mark)(void *blob, const struct vault_mark *m, struct err *e);

	/* Only end follows.  What was marked stays: 0, or why the last mark could not be kept. */
	int (*leave)(void *blob);
};

extern const struct vault_backend vault_local;

/* The file that a blob of vault_local is written to, for reading it back; the blob's. */
int vault_local_fd(const void *blob);

/* vault_open, with the backend given. */
int vault_open_backend(uv_loop_t *loop, const struct vault_backend *backend, const char *where,
		       unsigned flags, struct vault **ret, struct err *e);

#endif
