/*
 * Every put has two lanes of work on the thread pool, each with one job in
 * flight: one hashes the queued blocks, the other stores them, both in order,
 * and neither waits for the other.  A block calls back when both are past it.
 * Opening, taking up, marking, sealing, leaving and dropping are jobs of the
 * storing lane, which is what keeps them in order with the writes.
 */
#include "vault/vault.h"

#include <errno.h>
#include <stdlib.h>

#include "base/util.h"
#include "vault/vault_put.h"

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

static bool has_gone(const struct vault_put *put)
{
	return put->state >= PUT_ABORTED;
}

/* The job is over: free the lane and say which job it was. */
static put_job lane_over(struct vault_put *put, struct lane *lane)
{
	if (!has_gone(put))
		uv_sem_wait(&lane->done);	/* posted before; aborting has its own use of it */
	if (lane->e.code < 0 && put->e.code == 0)
		put->e = lane->e;
	return TAKE(lane->job);
}

static void hashing_over(uv_work_t *work, int status)
{
	struct vault_put *put = container_of(work, struct vault_put, hashing.work);

	lane_over(put, &put->hashing);
	if (status == 0 && put->hashing.e.code == 0)
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

static void park_over(struct vault_put *put)
{
	int r = put->e.code < 0 ? put->e.code : put->left;

	put->park_cb(put->park_data, put->has_key ? r : 0);
	put_free(put);
}

static void resume_over(struct vault_put *put)
{
	put->state = PUT_OPEN;
	put->held++;		/* the callback may abort the put */
	put->resume_cb(put->resume_data, put->e.code, put->e.code < 0 ? 0 : put->kept);
	put->held--;
}

static void storing_over(uv_work_t *work, int status)
{
	struct vault_put *put = container_of(work, struct vault_put, storing.work);
	put_job job = lane_over(put, &put->storing);

	if (job == job_seal) {
		seal_over(put);
		return;
	}
	if (job == job_park) {
		park_over(put);
		return;
	}
	if (job == job_append && status == 0 && put->storing.e.code == 0)
		put->stored++;
	if (job == job_resume && !has_gone(put))
		resume_over(put);
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

static void start_mark(struct vault_put *put)
{
	put->mark = *put_last_mark(put);
	lane_start(put, &put->storing, job_mark);
}

/* Start what can be started.  Calls nobody back. */
static void put_start(struct vault_put *put)
{
	bool well = put->e.code == 0;

	if (has_gone(put))
		return;
	if (well && put->hashing.job == NULL && put->hashed != put->queued)
		lane_start(put, &put->hashing, job_hash);
	if (put->storing.job != NULL)
		return;
	if (put->state == PUT_SEALING)
		lane_start(put, &put->storing, job_seal);
	else if (put->state == PUT_RESUMING)
		lane_start(put, &put->storing, job_resume);
	else if (well && put->has_key && put_last_mark(put)->size - put->marked >= VAULT_CHUNK)
		start_mark(put);
	else if (well && put->stored != put->queued)
		lane_start(put, &put->storing, job_append);
}

/*
 * Call back for what is through: hashed and stored, or, after a failure, all
 * that is queued once no job looks at it any more.
 */
static void put_call_back(struct vault_put *put)
{
	while (!has_gone(put) && put->called != put->queued) {
		bool through = put_is_before(put->called, put->hashed) &&
			       put_is_before(put->called, put->stored);
		struct block b = *put_block(put, put->called);

		if (!through && (put->e.code == 0 || !put_idle(put)))
			return;
		put->called++;
		b.cb(b.data, through ? 0 : put->e.code);
	}
}

/* An aborted or parked put goes once nobody looks at it any more. */
static void put_leave(struct vault_put *put)
{
	if (put->held > 0 || !put_idle(put))
		return;
	if (put->state == PUT_PARKED)
		lane_start(put, &put->storing, job_park);
	else if (put->blob != NULL)
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
	if (has_gone(put))
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
	put->has_key = o->resume != NULL && v->backend->resume != NULL;
	if (put->has_key)
		put->key = *o->resume;
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

int vault_put_resume(struct vault_put *put, vault_resume_cb cb, void *data)
{
	if (put->state != PUT_OPEN || put->queued != 0 || put->resume_cb != NULL)
		BUG("vault: a second resume, or one of a put that was written to");
	if (put->e.code < 0)
		return put->e.code;
	put->state = PUT_RESUMING;
	put->resume_cb = cb;
	put->resume_data = data;
	put_start(put);
	return 0;
}

int vault_put_write(struct vault_put *put, const uint8_t *buf, size_t len, vault_cb cb, void *data)
{
	if (put->state != PUT_OPEN)
		BUG("vault: a write to a put that is being resumed or was sealed or aborted");
	if (put->e.code < 0)
		return put->e.code;
	if (put->queued - put->called == VAULT_PUT_DEPTH)
		return -EAGAIN;
	*put_block(put, put->queued) = (struct block){ buf, len, cb, data };
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
	if (put->state != PUT_OPEN || put->called != put->queued)
		BUG("vault: a seal of a put that is resumed, sealed, aborted or being written");
	put->state = PUT_SEALING;
	put->seal_cb = cb;
	put->seal_data = data;
	put_start(put);
}

/* Get the buffers out of the hands of a lane.  A job that has none may go on. */
static void lane_stop(struct lane *lane)
{
	if (lane->job != NULL && uv_cancel((uv_req_t *)&lane->work) < 0 &&
	    (lane->job == job_hash || lane->job == job_append))
		uv_sem_wait(&lane->done);
}

static void put_go(struct vault_put *put, enum put_state how)
{
	if (put->state == PUT_SEALING || has_gone(put))
		BUG("vault: an end of a put that was sealed, aborted or parked");
	put->gone_early = put->state == PUT_RESUMING;
	put->state = how;
	atomic_store(&put->gone, true);
	lane_stop(&put->hashing);
	lane_stop(&put->storing);
	put_leave(put);
}

void vault_put_abort(struct vault_put *put)
{
	if (put != NULL)
		put_go(put, PUT_ABORTED);
}

void vault_put_park(struct vault_put *put, vault_cb cb, void *data)
{
	put->park_cb = cb;
	put->park_data = data;
	put_go(put, PUT_PARKED);
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
