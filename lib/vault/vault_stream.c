#include "vault/vault_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"

/* Smaller blocks cost more calls, larger ones leave the cache (docs/PERFORMANCE.md). */
enum { BLOCK = 1024 * 1024, RING = VAULT_REREAD_MEMORY / BLOCK };

/* What the reading thread and the caller share. */
struct ring {
	const struct vault_stream *s;
	uint8_t *blocks;
	size_t len[RING];
	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned filled, taken;		/* blocks, counted from the first */
	bool ended, stopped;		/* by the reader; by the caller */
	int r;				/* why the reader ended */
	struct err e;
};

/* Where a file is read, and whether what was read ended it. */
struct place {
	off_t at;
	bool over;
};

static void freep(uint8_t **p)
{
	free(*p);
}

static int unreadable(const struct vault_stream *s, off_t at, struct err *e)
{
	int r = -errno;

	return err_set(e, r, "%s: cannot be read at byte %jd: %s%s", s->path, (intmax_t)at,
		       strerror(-r), r == -EIO ? ": check the disk and the kernel log" : "");
}

static void ask_direct(int fd, bool direct)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT);
}

/*
 * The next of it: how many bytes, 0 at the end.  Where direct I/O is refused, through memory, which
 * is told to forget what it held of the file, so that the disk is what answers, and what was read.
 */
static ssize_t next(const struct vault_stream *s, struct place *p, uint8_t *block, size_t room,
		    struct err *e)
{
	ssize_t n;
	int r;

	if (p->over)
		return 0;
	r = s->how != NULL && s->how->pace != NULL ? s->how->pace(s->how->data, room) : 0;
	if (r < 0)
		return err_set(e, r, "%s: reading it was stopped", s->path);
	while ((n = pread(s->fd, block, room, p->at)) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EINVAL || (fcntl(s->fd, F_GETFL) & O_DIRECT) == 0)
			return unreadable(s, p->at, e);
		ask_direct(s->fd, false);
	}
	if ((fcntl(s->fd, F_GETFL) & O_DIRECT) == 0)
		(void)posix_fadvise(s->fd, p->at, n, POSIX_FADV_DONTNEED);
	p->at += n;
	/* Direct reads go on from aligned places alone; a piece of one is the file's last. */
	p->over = n % VAULT_ALIGN != 0;
	return n;
}

static int give_beside(const struct vault_stream *s, const uint8_t *p, ssize_t n, struct err *e)
{
	return s->beside != NULL ? s->beside(s->data, p, (size_t)n, e) : 0;
}

/* One block that holds all of it: a thread would take longer to start. */
static int stream_small(const struct vault_stream *s, size_t size, struct err *e)
{
	size_t room = (size / VAULT_ALIGN + 1) * VAULT_ALIGN;
	AUTO(freep) uint8_t *block = aligned_alloc(VAULT_ALIGN, room);
	struct place p = { 0, false };
	ssize_t n;
	int r;

	if (block == NULL)
		return err_set(e, -ENOMEM, "%s: no memory to read it", s->path);
	while ((n = next(s, &p, block, room, e)) > 0)
		if ((r = give_beside(s, block, n, e)) < 0 ||
		    (r = s->block(s->data, block, (size_t)n, e)) < 0)
			return r;
	return (int)n;
}

static bool wait_for_room(struct ring *ring)
{
	bool go;

	pthread_mutex_lock(&ring->lock);
	while (ring->filled - ring->taken == RING && !ring->stopped)
		pthread_cond_wait(&ring->moved, &ring->lock);
	go = !ring->stopped;
	pthread_mutex_unlock(&ring->lock);
	return go;
}

static void *read_all(void *data)
{
	struct ring *ring = data;
	const struct vault_stream *s = ring->s;
	struct place p = { 0, false };
	ssize_t n = 0;
	unsigned slot;
	uint8_t *block;

	while (wait_for_room(ring)) {
		slot = ring->filled % RING;	/* nobody else changes filled */
		block = ring->blocks + (size_t)slot * BLOCK;
		n = next(s, &p, block, BLOCK, &ring->e);
		if (n > 0) {
			int r = give_beside(s, block, n, &ring->e);

			n = r < 0 ? r : n;
		}
		if (n <= 0)
			break;
		pthread_mutex_lock(&ring->lock);
		ring->len[slot] = (size_t)n;
		ring->filled++;
		pthread_cond_signal(&ring->moved);
		pthread_mutex_unlock(&ring->lock);
	}
	pthread_mutex_lock(&ring->lock);
	ring->ended = true;
	ring->r = (int)MIN(n, 0);
	pthread_cond_signal(&ring->moved);
	pthread_mutex_unlock(&ring->lock);
	return NULL;
}

/* The next block for the caller, or NULL: there will be none. */
static const uint8_t *wait_for_block(struct ring *ring, size_t *ret_len)
{
	const uint8_t *block = NULL;
	unsigned slot;

	pthread_mutex_lock(&ring->lock);
	while (ring->filled == ring->taken && !ring->ended)
		pthread_cond_wait(&ring->moved, &ring->lock);
	if (ring->filled != ring->taken) {
		slot = ring->taken % RING;
		block = ring->blocks + (size_t)slot * BLOCK;
		*ret_len = ring->len[slot];
	}
	pthread_mutex_unlock(&ring->lock);
	return block;
}

static void give_back(struct ring *ring, bool stop)
{
	pthread_mutex_lock(&ring->lock);
	ring->taken++;
	ring->stopped = stop;
	pthread_cond_signal(&ring->moved);
	pthread_mutex_unlock(&ring->lock);
}

static int stream_large(const struct vault_stream *s, struct err *e)
{
	struct ring ring = { .s = s, .lock = PTHREAD_MUTEX_INITIALIZER,
			     .moved = PTHREAD_COND_INITIALIZER };
	const uint8_t *block;
	pthread_t reader;
	size_t len = 0;
	int r = 0, started;

	ring.blocks = aligned_alloc(VAULT_ALIGN, (size_t)RING * BLOCK);
	if (ring.blocks == NULL)
		return err_set(e, -ENOMEM, "%s: no memory to read it", s->path);
	started = pthread_create(&reader, NULL, read_all, &ring);
	if (started != 0) {
		free(ring.blocks);
		return err_set(e, -started, "%s: no thread to read it: %s", s->path,
			       strerror(started));
	}
	while (r == 0 && (block = wait_for_block(&ring, &len)) != NULL) {
		r = s->block(s->data, block, len, e);
		give_back(&ring, r < 0);
	}
	pthread_join(reader, NULL);
	free(ring.blocks);
	if (r == 0 && ring.r < 0)
		r = err_set(e, ring.r, "%s", ring.e.msg);
	return r;
}

int vault_stream(const struct vault_stream *s, struct err *e)
{
	struct stat st;

	if (fstat(s->fd, &st) < 0)
		return unreadable(s, 0, e);
	ask_direct(s->fd, true);
	(void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_DONTNEED);
	(void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return st.st_size <= BLOCK ? stream_small(s, (size_t)st.st_size, e) : stream_large(s, e);
}
