#include "vault/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/util.h"
#include "vault/vault.h"

enum {
	HEADER_LEN = 64,
	SEAL_AT = 48, SEAL_LEN = 16,
	SCAN_BLOCK = 64 * 1024,
};

static const char magic[] = "DVJ1";
static const char suffix[] = ".journal";

struct append {
	const void *buf;
	size_t len;
	void (*cb)(void *data, int r);
	void *data;
};

struct journal {
	uv_loop_t *loop;
	int fd;
	char dir[VAULT_PATH_MAX], path[VAULT_PATH_MAX];
	uint64_t end;		/* of the last durable record */
	uint64_t cut;
	int broken;		/* what is behind end could not be taken away: errno, 0: fine */

	struct append queue[JOURNAL_QUEUE];	/* a ring */
	unsigned first, queued;
	unsigned owed;		/* callbacks: those queued and those being called */

	uv_work_t work;
	unsigned batch;		/* of the queued, at the pool; 0: no job in flight */
	uint64_t batch_end;
	int batch_r;
};

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int failed(const char *path, const char *what, struct err *e)
{
	int r = -errno;

	return err_set(e, r, "%s: %s: %s", path, what, strerror(-r));
}

/* ------ records ------ */

struct header {
	uint32_t len;
	uint64_t durable;	/* how much of the file was, when this was written */
	struct digest digest;
};

static void put_le(uint8_t *p, uint64_t n, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		p[i] = (uint8_t)(n >> (8 * i));
}

static uint64_t get_le(const uint8_t *p, size_t bytes)
{
	uint64_t n = 0;

	for (size_t i = 0; i < bytes; i++)
		n |= (uint64_t)p[i] << (8 * i);
	return n;
}

/* What vouches for a header, and for its place. */
static void header_seal(const uint8_t *h, uint64_t at, uint8_t ret[SEAL_LEN])
{
	uint8_t in[8 + SEAL_AT];

	put_le(in, at, 8);
	memcpy(in + 8, h, SEAL_AT);
	crypto_generichash(ret, SEAL_LEN, in, sizeof(in), NULL, 0);
}

static void header_write(uint8_t h[HEADER_LEN], uint64_t at, uint64_t durable, const void *buf,
			 size_t len)
{
	const struct digest d = digest_of(buf, len);

	memcpy(h, magic, 4);
	put_le(h + 4, len, 4);
	put_le(h + 8, durable, 8);
	memcpy(h + 16, d.b, DIGEST_LEN);
	header_seal(h, at, h + SEAL_AT);
}

static bool header_parse(const uint8_t h[HEADER_LEN], uint64_t at, struct header *ret)
{
	uint8_t seal[SEAL_LEN];

	header_seal(h, at, seal);
	if (memcmp(h, magic, 4) != 0 || memcmp(h + SEAL_AT, seal, SEAL_LEN) != 0)
		return false;
	ret->len = (uint32_t)get_le(h + 4, 4);
	ret->durable = get_le(h + 8, 8);
	memcpy(ret->digest.b, h + 16, DIGEST_LEN);
	return ret->len > 0 && ret->len <= JOURNAL_RECORD_MAX && ret->durable <= at;
}

/* Read up to len bytes; how many there were before the end, or a negative errno. */
static ssize_t read_at(int fd, void *buf, size_t len, uint64_t at)
{
	uint8_t *p = buf;
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = pread(fd, p + got, len - got, (off_t)(at + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

static int write_at(int fd, const void *buf, size_t len, uint64_t at)
{
	const uint8_t *p = buf;
	ssize_t n;

	while (len > 0) {
		n = pwrite(fd, p, len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* The record at `at` into b.  1; 0 when no whole record is there; negative: could not find out. */
static int record_read(const struct journal *j, uint64_t at, struct buf *b, struct header *ret,
		       struct err *e)
{
	uint8_t h[HEADER_LEN], *room;
	struct digest d;
	ssize_t n;

	n = read_at(j->fd, h, sizeof(h), at);
	if (n < 0)
		return err_set(e, (int)n, "%s: cannot be read: %s", j->path, strerror((int)-n));
	if (n < HEADER_LEN || !header_parse(h, at, ret))
		return 0;
	buf_reset(b);
	room = buf_room(b, ret->len);
	if (room == NULL)
		return err_set(e, -ENOMEM, "%s: no memory for a record of %u bytes", j->path,
			       ret->len);
	n = read_at(j->fd, room, ret->len, at + HEADER_LEN);
	if (n < 0)
		return err_set(e, (int)n, "%s: cannot be read: %s", j->path, strerror((int)-n));
	if ((size_t)n < ret->len)
		return 0;
	d = digest_of(room, ret->len);
	if (!digest_equal(&d, &ret->digest))
		return 0;
	buf_grew(b, ret->len);
	return 1;
}

/* ------ opening ------ */

/* Is there a header in the n bytes of p, which lie at `at`, that calls the place `bad` durable? */
static bool header_vouches(const uint8_t *p, size_t n, uint64_t at, uint64_t bad)
{
	const uint8_t *hit = p;
	struct header h;

	while ((hit = memmem(hit, n - (size_t)(hit - p), magic, 4)) != NULL) {
		size_t off = (size_t)(hit - p);

		if (n - off < HEADER_LEN)
			return false;
		if (header_parse(hit, at + off, &h) && h.durable > bad)
			return true;
		hit++;
	}
	return false;
}

/* Was the place `bad` durable once?  1, 0, or a negative errno. */
static int was_durable(const struct journal *j, uint64_t bad, struct err *e)
{
	uint8_t block[SCAN_BLOCK];
	uint64_t at = bad + 1;
	ssize_t n;

	/* A header may lie across two blocks: they overlap. */
	while ((n = read_at(j->fd, block, sizeof(block), at)) >= HEADER_LEN) {
		if (header_vouches(block, (size_t)n, at, bad))
			return 1;
		at += (uint64_t)n - (HEADER_LEN - 1);
	}
	if (n < 0)
		return err_set(e, (int)n, "%s: cannot be read: %s", j->path, strerror((int)-n));
	return 0;
}

/* Check all records, cut what is torn, make durable what is left. */
static int recover(struct journal *j, struct err *e)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(JOURNAL_RECORD_MAX);
	struct header h;
	struct stat st;
	int r;

	while ((r = record_read(j, j->end, &b, &h, e)) > 0)
		j->end += HEADER_LEN + h.len;
	if (r < 0)
		return r;
	if (fstat(j->fd, &st) < 0)
		return failed(j->path, "cannot be read", e);
	j->cut = (uint64_t)st.st_size - j->end;
	if (j->cut > 0) {
		r = was_durable(j, j->end, e);
		if (r > 0)
			return err_set(e, -EUCLEAN, "%s: damaged at byte %ju, though it was "
				       "durable: set it aside, check the disk, dock the recorder "
				       "again", j->path, (uintmax_t)j->end);
		if (r < 0)
			return r;
		if (ftruncate(j->fd, (off_t)j->end) < 0)
			return failed(j->path, "a torn record cannot be cut off", e);
	}
	if (fsync(j->fd) < 0)
		return failed(j->path, "cannot be synced", e);
	return 0;
}

static bool is_session(const char *name, size_t len)
{
	return len > 0 && len <= JOURNAL_SESSION_MAX &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			    "0123456789_-") >= len;
}

static int make_dir(const char *dir, struct err *e)
{
	char above[VAULT_PATH_MAX + sizeof("/..")];

	if (mkdir(dir, 0750) < 0)
		return errno == EEXIST ? 0 : failed(dir, "cannot be made", e);
	snprintf(above, sizeof(above), "%s/..", dir);
	return file_sync_dir(above, e);
}

static int open_file(struct journal *j, struct err *e)
{
	int r = make_dir(j->dir, e);

	if (r < 0)
		return r;
	j->fd = open(j->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (j->fd < 0)
		return failed(j->path, "cannot be opened", e);
	if (flock(j->fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ?
			err_set(e, -EBUSY, "%s: open elsewhere, is a second dockd running?",
				j->path) : failed(j->path, "cannot be locked", e);
	r = recover(j, e);
	return r < 0 ? r : file_sync_dir(j->dir, e);
}

static void journal_free(struct journal *j)
{
	closep(&j->fd);
	free(j);
}

int journal_open(uv_loop_t *loop, const char *dir, const char *session, struct journal **ret,
		 struct err *e)
{
	struct journal *j;
	int n, r;

	if (!is_session(session, strlen(session)))
		return err_set(e, -EINVAL, "journal %.40s: not a session's name", session);
	j = calloc(1, sizeof(*j));
	if (j == NULL)
		return err_set(e, -ENOMEM, "journal %s: no memory", session);
	j->loop = loop;
	j->fd = -1;
	n = snprintf(j->path, sizeof(j->path), "%s/%s%s", dir, session, suffix);
	if (n < 0 || (size_t)n >= sizeof(j->path)) {
		r = err_set(e, -ENAMETOOLONG, "journals %.80s...: path too long", dir);
	} else {
		snprintf(j->dir, sizeof(j->dir), "%s", dir);
		r = open_file(j, e);
	}
	if (r < 0) {
		journal_free(j);
		return r;
	}
	*ret = j;
	return 0;
}

uint64_t journal_cut(const struct journal *j)
{
	return j->cut;
}

/* ------ appending ------ */

static struct append *queued_at(struct journal *j, unsigned i)
{
	return &j->queue[(j->first + i) % JOURNAL_QUEUE];
}

static int write_batch(struct journal *j)
{
	uint8_t h[HEADER_LEN];
	uint64_t at = j->end;
	int r = 0;

	for (unsigned i = 0; i < j->batch && r == 0; i++) {
		const struct append *a = queued_at(j, i);

		header_write(h, at, j->end, a->buf, a->len);
		r = write_at(j->fd, h, sizeof(h), at);
		if (r == 0)
			r = write_at(j->fd, a->buf, a->len, at + HEADER_LEN);
		at += HEADER_LEN + a->len;
	}
	if (r == 0 && fdatasync(j->fd) < 0)
		r = -errno;
	j->batch_end = at;
	return r;
}

/* On the thread pool. */
static void batch_works(uv_work_t *work)
{
	struct journal *j = container_of(work, struct journal, work);

	j->batch_r = j->broken < 0 ? j->broken : write_batch(j);
	if (j->batch_r < 0 && ftruncate(j->fd, (off_t)j->end) < 0)
		j->broken = -errno;
}

static void batch_over(uv_work_t *work, int status);

static void batch_start(struct journal *j)
{
	int r;

	if (j->batch > 0 || j->queued == 0)
		return;
	j->batch = j->queued;
	r = uv_queue_work(j->loop, &j->work, batch_works, batch_over);
	if (r < 0)
		BUG("journal: uv_queue_work: %s", uv_strerror(r));
}

static void batch_over(uv_work_t *work, int status)
{
	struct journal *j = container_of(work, struct journal, work);
	struct append done[JOURNAL_QUEUE];
	unsigned n = j->batch_r < 0 ? j->queued : j->batch;
	int r = j->batch_r;

	(void)status;		/* nobody cancels it */
	for (unsigned i = 0; i < n; i++)
		done[i] = *queued_at(j, i);
	j->first = (j->first + n) % JOURNAL_QUEUE;
	j->queued -= n;
	j->batch = 0;
	if (r == 0)
		j->end = j->batch_end;
	batch_start(j);
	for (unsigned i = 0; i < n; i++) {
		j->owed--;	/* the last callback may close j */
		done[i].cb(done[i].data, r);
	}
}

int journal_append(struct journal *j, const void *buf, size_t len,
		   void (*cb)(void *data, int r), void *data)
{
	if (len == 0 || len > JOURNAL_RECORD_MAX)
		return -EMSGSIZE;
	if (j->owed == JOURNAL_QUEUE)
		return -EAGAIN;
	*queued_at(j, j->queued) = (struct append){ buf, len, cb, data };
	j->queued++;
	j->owed++;
	batch_start(j);
	return 0;
}

int journal_read(struct journal *j, uint64_t *at, struct buf *b, struct err *e)
{
	struct header h;
	int r;

	if (*at == j->end)
		return 0;
	r = record_read(j, *at, b, &h, e);
	if (r == 0)
		return err_set(e, -EUCLEAN, "%s: no whole record at byte %ju any more: check the "
			       "disk and the kernel log", j->path, (uintmax_t)*at);
	if (r > 0)
		*at += HEADER_LEN + h.len;
	return r;
}

int journal_close(struct journal *j, int remove, struct err *e)
{
	int r = 0;

	if (j == NULL)
		return 0;
	if (j->owed > 0)
		BUG("journal %s: closed with %u appends in flight", j->path, j->owed);
	if (remove) {
		r = unlink(j->path) < 0 ? failed(j->path, "cannot be removed", e) :
					  file_sync_dir(j->dir, e);
	}
	journal_free(j);
	return r;
}

/* ------ listing ------ */

struct listed {
	struct timespec written;
	char session[JOURNAL_SESSION_MAX + 1];
};

struct list {
	struct listed *p;
	size_t n, room;
};

static void list_clear(struct list *l)
{
	free(l->p);
}

static void closedirp(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

static int by_age(const void *left, const void *right)
{
	const struct listed *a = left, *b = right;

	if (a->written.tv_sec != b->written.tv_sec)
		return a->written.tv_sec < b->written.tv_sec ? -1 : 1;
	if (a->written.tv_nsec != b->written.tv_nsec)
		return a->written.tv_nsec < b->written.tv_nsec ? -1 : 1;
	return strcmp(a->session, b->session);
}

/* Remember name if it is a journal's.  0 or a negative errno. */
static int list_add(struct list *l, int dir, const char *name)
{
	size_t len = strlen(name), tail = sizeof(suffix) - 1;
	struct listed *p;
	struct stat st;

	if (len <= tail || strcmp(name + len - tail, suffix) != 0 || !is_session(name, len - tail))
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISREG(st.st_mode))
		return 0;
	if (l->n == JOURNAL_LIST_MAX)
		return -E2BIG;
	if (l->n == l->room) {
		l->room = l->room > 0 ? 2 * l->room : 64;
		p = reallocarray(l->p, l->room, sizeof(*p));
		if (p == NULL)
			return -ENOMEM;
		l->p = p;
	}
	l->p[l->n].written = st.st_mtim;
	snprintf(l->p[l->n].session, sizeof(l->p->session), "%.*s", (int)(len - tail), name);
	l->n++;
	return 0;
}

int journal_list(const char *dir, int (*each)(void *data, const char *session), void *data,
		 struct err *e)
{
	AUTO(closedirp) DIR *d = opendir(dir);
	AUTO(list_clear) struct list l = { 0 };
	const struct dirent *de;
	int r = 0;

	if (d == NULL)
		return errno == ENOENT ? 0 : failed(dir, "cannot be listed", e);
	while (errno = 0, (de = readdir(d)) != NULL && r == 0)
		r = list_add(&l, dirfd(d), de->d_name);
	if (r == 0)
		r = -errno;
	if (r < 0)
		return err_set(e, r, "%s: journals cannot be listed: %s", dir, strerror(-r));
	if (l.n > 0)
		qsort(l.p, l.n, sizeof(*l.p), by_age);
	for (size_t i = 0; i < l.n && r == 0; i++)
		r = each(data, l.p[i].session);
	return r;
}
