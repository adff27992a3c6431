/*
 * Every put has two lanes of work on the thread pool, each with one job in
 * flight: one hashes the queued blocks, the other stores them, both in order,
 * and neither waits for the other.  A block calls back when both are past it.
 * Opening, taking up, marking, sealing, leaving and dropping are jobs of the
 * storing lane, which is what keeps them in order with the writes.
 */
#include "vault/vault.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdatomic.h>
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

/* Is what it says after so many blocks. */
static struct vault_mark *mark_at(struct vault_put *put, unsigned blocks)
{
	return &put->marks[blocks % MARKS];
}

/* Once.  0, or the failure of the put. */
static int reserve(struct vault_put *put)
{
	const struct vault_backend *backend = put->v->backend;

	if (put->reserved || put->expected_size == 0 || backend->reserve == NULL)
		return 0;
	put->reserved = true;
	return backend->reserve(put->blob, put->expected_size, &put->storing.e);
}

/* With a key the space may be there already, in what is taken up. */
static void job_begin(struct vault_put *put)
{
	const struct digest *key = put->has_key ? &put->key : NULL;

	if (put->v->backend->begin(put->v->store, key, &put->blob, &put->storing.e) == 0 &&
	    !put->has_key)
		reserve(put);
}

static bool hash_add(struct vault_put *put, const uint8_t *p, size_t len)
{
	blake2b_add(&put->hash, p, len);
	return put->sha256 == NULL || EVP_DigestUpdate(put->sha256, p, len) == 1;
}

/* How much of a block leads to the last multiple of VAULT_ALIGN in it; 0: there is none. */
static size_t aligned_part(const struct vault_put *put, size_t len)
{
	uint64_t from = blake2b_total(&put->hash), to = from + len;

	to -= to % VAULT_ALIGN;
	return to > from ? (size_t)(to - from) : 0;
}

static void job_hash(struct vault_put *put)
{
	const struct block *b = block_at(put, put->hashed);
	struct vault_mark *m = mark_at(put, put->hashed + 1);
	size_t part = put->has_key ? aligned_part(put, b->len) : 0;
	bool good = hash_add(put, b->buf, part);

	*m = *mark_at(put, put->hashed);
	if (part > 0)
		*m = (struct vault_mark){ blake2b_total(&put->hash), blake2b_so_far(&put->hash) };
	if (!good || !hash_add(put, b->buf + part, b->len - part))
		err_set(&put->hashing.e, -EIO, "vault: SHA-256 failed, check the OpenSSL "
			"installation");
}

static void job_append(struct vault_put *put)
{
	const struct block *b = block_at(put, put->stored);

	if (reserve(put) == 0)
		put->v->backend->append(put->blob, b->buf, b->len, &put->storing.e);
}

static bool is_before(unsigned a, unsigned b)
{
	return (int)(b - a) > 0;	/* right also when the numbers wrap */
}

/* The mark of what both lanes are through with.  On the loop, or while nothing is hashed. */
static const struct vault_mark *last_mark(struct vault_put *put)
{
	return mark_at(put, is_before(put->hashed, put->stored) ? put->hashed : put->stored);
}

static void job_mark(struct vault_put *put)
{
	if (put->v->backend->mark(put->blob, &put->mark, &put->storing.e) == 0)
		put->marked = put->mark.size;
}

static void leave_blob(struct vault_put *put)
{
	if (put->has_key && put->blob != NULL)
		put->left = put->v->backend->leave(put->blob);
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
	if (put->e.code < 0 || e->code < 0)
		leave_blob(put);
	drop_blob(put);
}

static void job_park(struct vault_put *put)
{
	put->mark = *last_mark(put);
	if (put->has_key && put->blob != NULL && put->e.code == 0 &&
	    put->mark.size > put->marked)
		job_mark(put);
	leave_blob(put);
	drop_blob(put);
}

/* Letting go of a large file takes the file system a while. */
static void job_drop(struct vault_put *put)
{
	if (put->gone_early)
		leave_blob(put);
	drop_blob(put);
}

/* ------ taking up: one job, that hashes what the backend reads ------ */

struct resume {
	struct vault_put *put;
	struct blake2b hash;		/* as it was at the last mark that agreed */
	EVP_MD_CTX *sha256;
	struct vault_mark last;
};

static bool resume_add(void *data, const uint8_t *p, size_t len)
{
	struct resume *s = data;

	return !atomic_load(&s->put->gone) && hash_add(s->put, p, len);
}

static bool resume_agrees(void *data, const struct vault_mark *m)
{
	struct resume *s = data;
	struct vault_put *put = s->put;
	const struct digest found = blake2b_so_far(&put->hash);

	if (!digest_equal(&found, &m->prefix) ||
	    (s->sha256 != NULL && EVP_MD_CTX_copy_ex(s->sha256, put->sha256) != 1))
		return false;
	s->hash = put->hash;
	s->last = *m;
	return true;
}

static void job_resume(struct vault_put *put)
{
	struct resume s = { .put = put, .hash = put->hash };
	const struct vault_rehash h = {
		.data = &s,
		.limit = put->expected_size > 0 ? put->expected_size : UINT64_MAX,
		.add = resume_add,
		.agrees = resume_agrees,
	};

	if (put->e.code < 0 || !put->has_key)
		return;
	if (put->sha256 != NULL && ((s.sha256 = EVP_MD_CTX_new()) == NULL ||
				    EVP_MD_CTX_copy_ex(s.sha256, put->sha256) != 1)) {
		EVP_MD_CTX_free(s.sha256);
		err_set(&put->storing.e, -ENOMEM, "vault: no memory to take up a put");
		return;
	}
	put->kept = put->v->backend->resume(put->blob, &h);
	if (put->kept == 0) {
		blake2b_init(&s.hash);
		s.last = (struct vault_mark){ .size = 0 };
		if (s.sha256 != NULL)
			EVP_DigestInit_ex(s.sha256, EVP_sha256(), NULL);
	}
	put->hash = s.hash;
	if (s.sha256 != NULL) {
		EVP_MD_CTX_free(put->sha256);
		put->sha256 = s.sha256;
	}
	put->marks[0] = s.last;
	put->marked = put->size = put->kept;
	reserve(put);
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
	put->mark = *last_mark(put);
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
	else if (well && put->has_key && last_mark(put)->size - put->marked >= VAULT_CHUNK)
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
		bool through = is_before(put->called, put->hashed) &&
			       is_before(put->called, put->stored);
		struct block b = *block_at(put, put->called);

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
