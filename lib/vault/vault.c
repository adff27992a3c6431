/*
 * Every put has two lanes of work on the thread pool, each with one job in
 * flight: one hashes the queued blocks, the other stores them, both in order,
 * and neither waits for the other.  A block calls back when both are past it.
 * Opening, sealing and dropping are jobs of the storing lane, which is what
 * keeps them in order with the writes.
 */
#include "vault/vault.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/blake2b.h"
#include "base/util.h"
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

enum put_state { PUT_OPEN, PUT_SEALING, PUT_ABORTED };

struct vault_put {
	struct vault *v;
	enum put_state state;
	unsigned held;			/* callers up the stack that still look at it */
	struct err e;			/* the first failure; code 0: none */
	uint64_t expected_size, size;
	struct blake2b hash;
	EVP_MD_CTX *sha256;		/* NULL: not wanted */
	void *blob;			/* the backend's; NULL: none yet, or no longer */
	struct lane hashing, storing;

	/* A ring of blocks; the numbers only grow, and none passes queued. */
	struct block blocks[VAULT_PUT_DEPTH];
	unsigned queued, hashed, stored, called;

	struct vault_sealed sealed;
	vault_seal_cb seal_cb;
	void *seal_data;
	vault_seal_cb store_cb;		/* vault_store's caller */
	void *store_data;
};
_Static_assert(sizeof(struct vault_put) + 512 /* OpenSSL's */ <= VAULT_PUT_MEMORY,
	       "a put takes more memory than promised");

static void put_step(struct vault_put *put);

/* ------ the store ------ */

int vault_open_backend(uv_loop_t *loop, const struct vault_backend *backend, const char *where,
		       unsigned flags, struct vault **ret, struct err *e)
{
	struct vault *v = calloc(1, sizeof(*v));
	int r;

	if (v == NULL)
		return err_set(e, -ENOMEM, "%s: no memory for a vault", where);
	*v = (struct vault){ .loop = loop, .backend = backend, .users = 1 };
	r = backend->open(where, flags, &v->store, e);
	if (r < 0) {
		free(v);
		return r;
	}
	*ret = v;
	return 0;
}

int vault_open(uv_loop_t *loop, const char *dir, unsigned flags, struct vault **ret,
	       struct err *e)
{
	return vault_open_backend(loop, &vault_local, dir, flags, ret, e);
}

static void vault_unref(struct vault *v)
{
	if (--v->users > 0)
		return;
	v->backend->close(v->store);
	free(v);
}

void vault_close(struct vault *v)
{
	if (v != NULL)
		vault_unref(v);
}

/* ------ jobs: on the thread pool ------ */

static struct block *block_at(struct vault_put *put, unsigned number)
{
	return &put->blocks[number % VAULT_PUT_DEPTH];
}

static void job_begin(struct vault_put *put)
{
	const struct vault_backend *backend = put->v->backend;
	struct err *e = &put->storing.e;

	if (backend->begin(put->v->store, &put->blob, e) == 0 && put->expected_size > 0 &&
	    backend->reserve != NULL)
		backend->reserve(put->blob, put->expected_size, e);
}

static void job_hash(struct vault_put *put)
{
	const struct block *b = block_at(put, put->hashed);

	blake2b_add(&put->hash, b->buf, b->len);
	if (put->sha256 != NULL && EVP_DigestUpdate(put->sha256, b->buf, b->len) != 1)
		err_set(&put->hashing.e, -EIO, "vault: SHA-256 failed, check the OpenSSL "
			"installation");
}

static void job_append(struct vault_put *put)
{
	const struct block *b = block_at(put, put->stored);

	put->v->backend->append(put->blob, b->buf, b->len, &put->storing.e);
}

static void drop_blob(struct vault_put *put)
{
	if (put->blob != NULL)
		put->v->backend->end(put->blob);
	put->blob = NULL;
}

static void job_seal(struct vault_put *put)
{
	struct vault_sealed *s = &put->sealed;
	struct err *e = &put->storing.e;

	if (put->e.code == 0) {
		s->size = put->size;
		s->address = blake2b_end(&put->hash);
		s->has_sha256 = put->sha256 != NULL;
		if (s->has_sha256 && EVP_DigestFinal_ex(put->sha256, s->sha256, NULL) != 1)
			err_set(e, -EIO, "vault: SHA-256 failed, check the OpenSSL installation");
		else
			put->v->backend->publish(put->blob, &s->address, &s->existed, e);
	}
	drop_blob(put);
}

/* Letting go of a large file takes the file system a while. */
static void job_drop(struct vault_put *put)
{
	drop_blob(put);
}

/* ------ lanes ------ */

static void hashing_works(uv_work_t *work)
{
	struct vault_put *put = container_of(work, struct vault_put, hashing.work);

	put->hashing.job(put);
	uv_sem_post(&put->hashing.done);
}

static void storing_works(uv_work_t *work)
{
	struct vault_put *put = container_of(work, struct vault_put, storing.work);

	put->storing.job(put);
	uv_sem_post(&put->storing.done);
}

/* The job is over: free the lane and say which job it was. */
static put_job lane_over(struct vault_put *put, struct lane *lane)
{
	if (put->state != PUT_ABORTED)
		uv_sem_wait(&lane->done);	/* posted before; aborting has its own use of it */
	if (lane->e.code < 0 && put->e.code == 0)
		put->e = lane->e;
	return TAKE(lane->job);
}

static void hashing_over(uv_work_t *work, int status)
{
	struct vault_put *put = container_of(work, struct vault_put, hashing.work);

	(void)status;		/* cancelled only when aborted, and then nobody asks */
	lane_over(put, &put->hashing);
	if (put->hashing.e.code == 0)
		put->hashed++;
	put_step(put);
}

static void put_free(struct vault_put *put)
{
	vault_unref(put->v);
	EVP_MD_CTX_free(put->sha256);
	uv_sem_destroy(&put->hashing.done);
	uv_sem_destroy(&put->storing.done);
	free(put);
}

static void seal_over(struct vault_put *put)
{
	if (put->e.code < 0)
		put->seal_cb(put->seal_data, put->e.code, NULL, &put->e);
	else
		put->seal_cb(put->seal_data, 0, &put->sealed, NULL);
	put_free(put);
}

static void storing_over(uv_work_t *work, int status)
{
	struct vault_put *put = container_of(work, struct vault_put, storing.work);
	put_job job = lane_over(put, &put->storing);

	(void)status;
	if (job == job_seal) {
		seal_over(put);
		return;
	}
	if (job == job_append && put->storing.e.code == 0)
		put->stored++;
	put_step(put);
}

static void lane_start(struct vault_put *put, struct lane *lane, put_job job)
{
	bool hashing = lane == &put->hashing;
	int r;

	lane->job = job;
	r = uv_queue_work(put->v->loop, &lane->work, hashing ? hashing_works : storing_works,
			  hashing ? hashing_over : storing_over);
	if (r < 0)
		BUG("vault: uv_queue_work: %s", uv_strerror(r));
}

/* ------ puts: on the loop ------ */

static bool put_idle(const struct vault_put *put)
{
	return put->hashing.job == NULL && put->storing.job == NULL;
}

/* Start what can be started.  Calls nobody back. */
static void put_start(struct vault_put *put)
{
	bool well = put->e.code == 0;

	if (put->state == PUT_ABORTED)
		return;
	if (well && put->hashing.job == NULL && put->hashed != put->queued)
		lane_start(put, &put->hashing, job_hash);
	if (put->storing.job != NULL)
		return;
	if (put->state == PUT_SEALING)
		lane_start(put, &put->storing, job_seal);
	else if (well && put->stored != put->queued)
		lane_start(put, &put->storing, job_append);
}

static bool is_before(unsigned a, unsigned b)
{
	return (int)(b - a) > 0;	/* right also when the numbers wrap */
}

/*
 * Call back for what is through: hashed and stored, or, after a failure, all
 * that is queued once no job looks at it any more.
 */
static void put_call_back(struct vault_put *put)
{
	while (put->state != PUT_ABORTED && put->called != put->queued) {
		bool through = is_before(put->called, put->hashed) &&
			       is_before(put->called, put->stored);
		struct block b = *block_at(put, put->called);

		if (!through && (put->e.code == 0 || !put_idle(put)))
			return;
		put->called++;
		b.cb(b.data, through ? 0 : put->e.code);
	}
}

/* An aborted put goes once nobody looks at it any more. */
static void put_leave(struct vault_put *put)
{
	if (put->held > 0 || !put_idle(put))
		return;
	if (put->blob != NULL)
		lane_start(put, &put->storing, job_drop);
	else
		put_free(put);
}

/* A job is over, and it was not the seal. */
static void put_step(struct vault_put *put)
{
	put->held++;		/* a callback may abort the put */
	put_start(put);
	put_call_back(put);
	put->held--;
	if (put->state == PUT_ABORTED)
		put_leave(put);
}

int vault_put_new(struct vault *v, const struct vault_put_options *o, struct vault_put **ret_put,
		  struct err *e)
{
	struct vault_put *put = calloc(1, sizeof(*put));

	if (put == NULL)
		return err_set(e, -ENOMEM, "vault: no memory for a put");
	*put = (struct vault_put){ .v = v, .state = PUT_OPEN,
				   .expected_size = o->expected_size };
	if (o->want_sha256) {
		put->sha256 = EVP_MD_CTX_new();
		if (put->sha256 == NULL ||
		    EVP_DigestInit_ex(put->sha256, EVP_sha256(), NULL) != 1) {
			EVP_MD_CTX_free(put->sha256);
			free(put);
			return err_set(e, -ENOMEM, "vault: cannot start a SHA-256, check the "
				       "OpenSSL installation");
		}
	}
	if (uv_sem_init(&put->hashing.done, 0) < 0 || uv_sem_init(&put->storing.done, 0) < 0)
		BUG("vault: a semaphore with value 0 is refused");
	blake2b_init(&put->hash);
	v->users++;
	lane_start(put, &put->storing, job_begin);
	*ret_put = put;
	return 0;
}

int vault_put_write(struct vault_put *put, const uint8_t *buf, size_t len, vault_cb cb, void *data)
{
	if (put->state == PUT_SEALING || put->state == PUT_ABORTED)
		BUG("vault: a write to a put that was sealed or aborted");
	if (put->e.code < 0)
		return put->e.code;
	if (put->queued - put->called == VAULT_PUT_DEPTH)
		return -EAGAIN;
	*block_at(put, put->queued) = (struct block){ buf, len, cb, data };
	put->queued++;
	put->size += len;
	put_start(put);
	return 0;
}

const struct err *vault_put_error(const struct vault_put *put)
{
	return put->e.code < 0 ? &put->e : NULL;
}

void vault_put_seal(struct vault_put *put, vault_seal_cb cb, void *data)
{
	if (put->state == PUT_SEALING || put->state == PUT_ABORTED || put->called != put->queued)
		BUG("vault: a seal of a put that is sealed, aborted or being written");
	put->state = PUT_SEALING;
	put->seal_cb = cb;
	put->seal_data = data;
	put_start(put);
}

/* Get the buffers out of the hands of a lane.  job_begin has none: it may go on. */
static void lane_stop(struct lane *lane)
{
	if (lane->job != NULL && uv_cancel((uv_req_t *)&lane->work) < 0 &&
	    lane->job != job_begin)
		uv_sem_wait(&lane->done);
}

void vault_put_abort(struct vault_put *put)
{
	if (put == NULL)
		return;
	if (put->state == PUT_SEALING || put->state == PUT_ABORTED)
		BUG("vault: an abort of a put that was sealed or aborted");
	put->state = PUT_ABORTED;
	lane_stop(&put->hashing);
	lane_stop(&put->storing);
	put_leave(put);
}

/* ------ in one call ------ */

static void store_sealed(void *data, int r, const struct vault_sealed *s, const struct err *e)
{
	struct vault_put *put = data;

	put->store_cb(put->store_data, r, s, e);
}

/* The seal passes a failed write on with its sentence. */
static void store_written(void *data, int r)
{
	(void)r;
	vault_put_seal(data, store_sealed, data);
}

int vault_store(struct vault *v, const uint8_t *buf, size_t len, vault_seal_cb cb, void *data,
		struct err *e)
{
	const struct vault_put_options o = { .expected_size = len };
	struct vault_put *put;
	int r;

	r = vault_put_new(v, &o, &put, e);
	if (r < 0)
		return r;
	put->store_cb = cb;
	put->store_data = data;
	r = vault_put_write(put, buf, len, store_written, put);
	if (r < 0)
		BUG("vault: a new put refuses a write: %d", r);
	return 0;
}

struct has {
	uv_work_t work;
	struct vault *v;
	struct digest address;
	uint64_t size;
	vault_cb cb;
	void *data;
	int r;
};

static void has_works(uv_work_t *work)
{
	struct has *h = container_of(work, struct has, work);

	h->r = h->v->backend->has(h->v->store, &h->address, h->size, NULL);
}

static void has_over(uv_work_t *work, int status)
{
	struct has *h = container_of(work, struct has, work);

	(void)status;		/* nobody cancels it */
	h->cb(h->data, h->r);
	vault_unref(h->v);
	free(h);
}

int vault_has(struct vault *v, const struct digest *address, uint64_t size, vault_cb cb, void *data)
{
	struct has *h = calloc(1, sizeof(*h));
	int r;

	if (h == NULL)
		return -ENOMEM;
	*h = (struct has){ .v = v, .address = *address, .size = size, .cb = cb, .data = data };
	r = uv_queue_work(v->loop, &h->work, has_works, has_over);
	if (r < 0)
		BUG("vault: uv_queue_work: %s", uv_strerror(r));
	v->users++;
	return 0;
}
