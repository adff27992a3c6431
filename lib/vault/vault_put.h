/*
 * A put from the inside: what vault.c, which keeps the order on the loop, and
 * vault_jobs.c, which does the work on the thread pool, share.  Private to
 * these two.
 *
 * Every put has two lanes, each with one job in flight.  While a job runs, what
 * it works on is its own: job_hash has the digests and the mark after its
 * block, the jobs of the storing lane have the blob.  job_resume, job_seal,
 * job_park and job_drop run while nothing is hashed, and have everything.
 */
#ifndef VAULT_VAULT_PUT_H
#define VAULT_VAULT_PUT_H

#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/blake2b.h"
#include "vault/vault.h"
#include "vault/vault_backend.h"

struct vault {
	uv_loop_t *loop;
	const struct vault_backend *backend;
	void *store;
	unsigned users;		/* the caller, and all that still needs the store */
};

struct block {
	const uint8_t *buf;
	size_t len;
	vault_cb cb;
	void *data;
};

typedef void (*put_job)(struct vault_put *put);

/* A strand of jobs of one put, at most one of them in flight. */
struct lane {
	uv_work_t work;
	uv_sem_t done;		/* posted when the job is through with the buffers */
	put_job job;		/* in flight; NULL: idle */
	struct err e;		/* how the job failed; the loop reads it when it is over */
};

enum put_state {
	PUT_OPEN,
	PUT_RESUMING,
	PUT_SEALING,
	PUT_ABORTED,		/* from here on the caller has gone */
	PUT_PARKED,
};

/* Marks of the blocks from the slower lane to the faster one, and the one before; a power of 2. */
enum { MARKS = 2 * VAULT_PUT_DEPTH };

struct vault_put {
	struct vault *v;
	enum put_state state;
	unsigned held;			/* callers up the stack that still look at it */
	struct err e;			/* the first failure; code 0: none */
	uint64_t expected_size, size;
	struct blake2b hash;
	EVP_MD_CTX *sha256;		/* NULL: not wanted */
	void *blob;			/* the backend's; NULL: none yet, or no longer */
	bool reserved;
	struct lane hashing, storing;

	/* A ring of blocks; the numbers only grow, and none passes queued. */
	struct block blocks[VAULT_PUT_DEPTH];
	unsigned queued, hashed, stored, called;

	/* With a key only: after so many blocks, the last multiple of VAULT_ALIGN; a ring. */
	struct vault_mark marks[MARKS];
	struct vault_mark mark;		/* the one that is being kept */
	uint64_t marked;		/* up to where a later put could go on */
	bool has_key;
	struct digest key;
	atomic_bool gone;		/* tells the job that takes up to stop */
	bool gone_early;		/* while it did, so that what is there is not ours */
	uint64_t kept;
	vault_resume_cb resume_cb;
	void *resume_data;
	int left;			/* how leaving went */
	vault_cb park_cb;
	void *park_data;

	struct vault_sealed sealed;
	vault_seal_cb seal_cb;
	void *seal_data;
	vault_seal_cb store_cb;		/* vault_store's caller */
	void *store_data;
};
_Static_assert(sizeof(struct vault_put) + 512 /* OpenSSL's */ <= VAULT_PUT_MEMORY,
	       "a put takes more memory than promised");

static inline struct block *put_block(struct vault_put *put, unsigned number)
{
	return &put->blocks[number % VAULT_PUT_DEPTH];
}

static inline bool put_is_before(unsigned a, unsigned b)
{
	return (int)(b - a) > 0;	/* right also when the numbers wrap */
}

/* The mark of what both lanes are through with.  On the loop, or while nothing is hashed. */
const struct vault_mark *put_last_mark(struct vault_put *put);

/* Of the hashing lane. */
void job_hash(struct vault_put *put);		/* the next block */

/* Of the storing lane. */
void job_begin(struct vault_put *put);
void job_resume(struct vault_put *put);
void job_append(struct vault_put *put);		/* the next block */
void job_mark(struct vault_put *put);		/* put->mark */
void job_seal(struct vault_put *put);
void job_park(struct vault_put *put);
void job_drop(struct vault_put *put);

#endif
