/* The jobs of a put's lanes (vault_put.h). */
#include "vault/vault_put.h"

#include <errno.h>

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

/* With a key the space may be there already, in what is taken up: not reserved yet. */
void job_begin(struct vault_put *put)
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

void job_hash(struct vault_put *put)
{
	const struct block *b = put_block(put, put->hashed);
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

void job_append(struct vault_put *put)
{
	const struct block *b = put_block(put, put->stored);

	if (reserve(put) == 0)
		put->v->backend->append(put->blob, b->buf, b->len, &put->storing.e);
}

const struct vault_mark *put_last_mark(struct vault_put *put)
{
	return mark_at(put, put_is_before(put->hashed, put->stored) ? put->hashed : put->stored);
}

void job_mark(struct vault_put *put)
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

void job_seal(struct vault_put *put)
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

void job_park(struct vault_put *put)
{
	put->mark = *put_last_mark(put);
	if (put->has_key && put->blob != NULL && put->e.code == 0 &&
	    put->mark.size > put->marked)
		job_mark(put);
	leave_blob(put);
	drop_blob(put);
}

/* Letting go of a large file takes the file system a while. */
void job_drop(struct vault_put *put)
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

void job_resume(struct vault_put *put)
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
		if (s.sha256 != NULL && EVP_DigestInit_ex(s.sha256, EVP_sha256(), NULL) != 1)
			err_set(&put->storing.e, -EIO, "vault: SHA-256 failed, check the OpenSSL "
				"installation");
	}
	put->hash = s.hash;
	if (s.sha256 != NULL) {
		EVP_MD_CTX_free(put->sha256);
		put->sha256 = s.sha256;
	}
	put->marks[0] = s.last;
	put->marked = put->size = put->kept;
	if (put->storing.e.code == 0)
		reserve(put);
}
