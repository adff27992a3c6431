#include "package/hasher.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/blake2b.h"
#include "base/util.h"

struct hasher {
	EVP_MD_CTX *states[BAGIT_ALGORITHMS];
	struct blake2b address;
	unsigned which;
	unsigned shares[HASHER_THREADS];	/* of which; read by the threads between begin and end */

	pthread_mutex_t lock;
	pthread_cond_t filled_more, done_more;
	uint64_t filled;			/* blocks, ever */
	uint64_t done[HASHER_THREADS];
	bool stop;
	size_t lens[HASHER_BLOCKS];
	uint8_t *ring;

	size_t held;		/* bytes of the file's first block, until it is known that more come */
	bool many;		/* its blocks go to the threads */
	pthread_t threads[HASHER_THREADS];
	size_t n_threads;
	struct hasher_thread { struct hasher *h; size_t number; } args[HASHER_THREADS];
};

static const EVP_MD *method(enum bagit_algorithm a)
{
	switch (a) {
	case BAGIT_MD5:		return EVP_md5();
	case BAGIT_SHA1:	return EVP_sha1();
	case BAGIT_SHA224:	return EVP_sha224();
	case BAGIT_SHA256:	return EVP_sha256();
	case BAGIT_SHA384:	return EVP_sha384();
	case BAGIT_SHA512:	return EVP_sha512();
	case BAGIT_ALGORITHMS:	break;
	}
	BUG("no digest %d", a);
}

/* What a GB takes, in about hundredths of a second, with SHA extensions. */
static const unsigned costs[HASHER_DIGESTS] = {
	[BAGIT_MD5] = 170,    [BAGIT_SHA1] = 90,    [BAGIT_SHA224] = 80,   [BAGIT_SHA256] = 80,
	[BAGIT_SHA384] = 170, [BAGIT_SHA512] = 170, [HASHER_ADDRESS] = 95,
};

/* The dearest first, each to whoever has the least to do. */
static void share_out(struct hasher *h)
{
	unsigned left = h->which, load[HASHER_THREADS] = { 0 };
	size_t i, to, next;

	memset(h->shares, 0, sizeof(h->shares));
	while (left != 0) {
		next = HASHER_DIGESTS;
		for (i = 0; i < HASHER_DIGESTS; i++)
			if ((left & 1u << i) != 0 &&
			    (next == HASHER_DIGESTS || costs[i] > costs[next]))
				next = i;
		to = 0;
		for (i = 1; i < HASHER_THREADS; i++)
			if (load[i] < load[to])
				to = i;
		h->shares[to] |= 1u << next;
		load[to] += costs[next];
		left &= ~(1u << next);
	}
}

static void hash_block(struct hasher *h, unsigned which, const uint8_t *p, size_t len)
{
	unsigned i;

	for (i = 0; i < BAGIT_ALGORITHMS; i++)
		if ((which & 1u << i) != 0 && EVP_DigestUpdate(h->states[i], p, len) != 1)
			BUG("libcrypto refuses to add to a digest");
	if ((which & 1u << HASHER_ADDRESS) != 0)
		blake2b_add(&h->address, p, len);
}

static void *work(void *arg)
{
	struct hasher_thread *t = arg;
	struct hasher *h = t->h;
	uint64_t next = 0;
	size_t at;

	pthread_mutex_lock(&h->lock);
	for (;;) {
		while (!h->stop && h->filled == next)
			pthread_cond_wait(&h->filled_more, &h->lock);
		if (h->stop)
			break;
		at = next % HASHER_BLOCKS;
		pthread_mutex_unlock(&h->lock);
		hash_block(h, h->shares[t->number], h->ring + at * HASHER_BLOCK, h->lens[at]);
		next++;
		pthread_mutex_lock(&h->lock);
		h->done[t->number] = next;
		pthread_cond_signal(&h->done_more);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

/* Wait until all threads have done at least `blocks`. */
static void wait_done(struct hasher *h, uint64_t blocks)
{
	size_t i;

	pthread_mutex_lock(&h->lock);
	for (i = 0; i < HASHER_THREADS; i++)
		while (h->done[i] < blocks)
			pthread_cond_wait(&h->done_more, &h->lock);
	pthread_mutex_unlock(&h->lock);
}

static void submit(struct hasher *h, size_t len)
{
	pthread_mutex_lock(&h->lock);
	h->lens[h->filled % HASHER_BLOCKS] = len;
	h->filled++;
	pthread_cond_broadcast(&h->filled_more);
	pthread_mutex_unlock(&h->lock);
}

int hasher_new(struct hasher **ret, struct err *e)
{
	struct hasher *h = calloc(1, sizeof(*h));
	size_t i;

	if (h == NULL)
		return err_set(e, -ENOMEM, "no memory for digests");
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->filled_more, NULL);
	pthread_cond_init(&h->done_more, NULL);
	h->ring = malloc(HASHER_MEMORY);
	for (i = 0; i < BAGIT_ALGORITHMS; i++) {
		h->states[i] = EVP_MD_CTX_new();
		if (h->states[i] == NULL)
			goto fail;
	}
	if (h->ring == NULL)
		goto fail;
	for (i = 0; i < HASHER_THREADS; i++) {
		h->args[i] = (struct hasher_thread){ h, i };
		if (pthread_create(&h->threads[i], NULL, work, &h->args[i]) != 0)
			goto fail;
		h->n_threads++;
	}
	*ret = h;
	return 0;
fail:
	hasher_free(h);
	return err_set(e, -ENOMEM, "no memory or no thread for digests");
}

void hasher_free(struct hasher *h)
{
	size_t i;

	if (h == NULL)
		return;
	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_cond_broadcast(&h->filled_more);
	pthread_mutex_unlock(&h->lock);
	for (i = 0; i < h->n_threads; i++)
		pthread_join(h->threads[i], NULL);
	for (i = 0; i < BAGIT_ALGORITHMS; i++)
		EVP_MD_CTX_free(h->states[i]);
	pthread_cond_destroy(&h->done_more);
	pthread_cond_destroy(&h->filled_more);
	pthread_mutex_destroy(&h->lock);
	free(h->ring);
	free(h);
}

void hasher_freep(struct hasher **h)
{
	hasher_free(*h);
}

int hasher_begin(struct hasher *h, unsigned which, struct err *e)
{
	unsigned i;

	wait_done(h, h->filled);	/* nobody reads what is changed here */
	h->which = which;
	h->held = 0;
	h->many = false;
	share_out(h);
	for (i = 0; i < BAGIT_ALGORITHMS; i++)
		if ((which & 1u << i) != 0 &&
		    EVP_DigestInit_ex(h->states[i], method((enum bagit_algorithm)i), NULL) != 1)
			return err_set(e, -ENOTSUP, "libcrypto on this system offers no %s",
				       bagit_algorithm_name((enum bagit_algorithm)i));
	blake2b_init(&h->address);
	return 0;
}

uint8_t *hasher_block(struct hasher *h)
{
	if (h->held > 0) {		/* there is more than one block: it goes to the threads */
		submit(h, h->held);
		h->held = 0;
		h->many = true;
	}
	if (h->filled >= HASHER_BLOCKS)
		wait_done(h, h->filled - HASHER_BLOCKS + 1);
	return h->ring + h->filled % HASHER_BLOCKS * HASHER_BLOCK;
}

void hasher_add(struct hasher *h, size_t len)
{
	if (h->many || len > HASHER_SMALL) {
		submit(h, len);
		h->many = true;
	} else {
		h->held = len;
	}
}

void hasher_end(struct hasher *h, struct hasher_digests *ret)
{
	unsigned i;

	if (h->many)
		wait_done(h, h->filled);
	else
		hash_block(h, h->which, h->ring + h->filled % HASHER_BLOCKS * HASHER_BLOCK,
			   h->held);
	h->held = 0;
	ret->which = h->which;
	for (i = 0; i < BAGIT_ALGORITHMS; i++)
		if ((h->which & 1u << i) != 0 &&
		    EVP_DigestFinal_ex(h->states[i], ret->of[i], NULL) != 1)
			BUG("libcrypto refuses to end a digest");
	if ((h->which & 1u << HASHER_ADDRESS) != 0) {
		struct digest d = blake2b_end(&h->address);

		memcpy(ret->of[HASHER_ADDRESS], d.b, sizeof(d.b));
	}
}
