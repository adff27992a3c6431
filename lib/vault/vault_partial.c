#include "vault/vault_partial.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "base/utc.h"
#include "vault/vault.h"

enum {
	PARTIAL_MODE = 0600,
	CHECKED = 48,		/* bytes of a record before its own checksum */
	OPEN_FLAGS = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
};

static const char magic[8] = "DVMARK1\n";

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void freep(uint8_t **p)
{
	free(*p);
}

static void names_of(const struct digest *key, char *ret_data, char *ret_marks)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(key, hex);
	snprintf(ret_data, PARTIAL_NAME_SIZE, "%s.data", hex);
	snprintf(ret_marks, PARTIAL_NAME_SIZE, "%s.marks", hex);
}

void partial_init(struct partial *p, int dir, const struct digest *key)
{
	*p = (struct partial){ .dir = key != NULL ? dir : -1, .marks = -1 };
	if (key == NULL)
		return;
	p->key = *key;
	names_of(key, p->data_name, p->marks_name);
}

static void close_marks(struct partial *p)
{
	closep(&p->marks);
	p->marks = -1;
}

/* From now on without marks; those that are there stay good. */
static void give_up(struct partial *p, int error)
{
	p->error = error;
}

/* ------ records ------ */

static void checksum(const struct digest *key, const uint8_t *record,
		     uint8_t ret[PARTIAL_RECORD - CHECKED])
{
	uint8_t in[DIGEST_LEN + CHECKED];

	memcpy(in, key->b, DIGEST_LEN);
	memcpy(in + DIGEST_LEN, record, CHECKED);
	crypto_generichash(ret, PARTIAL_RECORD - CHECKED, in, sizeof(in), NULL, 0);
}

static void record_put(const struct digest *key, const struct vault_mark *m,
		       uint8_t record[PARTIAL_RECORD])
{
	uint64_t size = htole64(m->size);

	memcpy(record, magic, sizeof(magic));
	memcpy(record + 8, &size, sizeof(size));
	memcpy(record + 16, m->prefix.b, DIGEST_LEN);
	checksum(key, record, record + CHECKED);
}

static bool record_get(const struct digest *key, const uint8_t record[PARTIAL_RECORD],
		       struct vault_mark *ret)
{
	uint8_t want[PARTIAL_RECORD - CHECKED];
	uint64_t size;

	checksum(key, record, want);
	if (memcmp(record, magic, sizeof(magic)) != 0 ||
	    memcmp(record + CHECKED, want, sizeof(want)) != 0)
		return false;
	memcpy(&size, record + 8, sizeof(size));
	ret->size = le64toh(size);
	memcpy(ret->prefix.b, record + 16, DIGEST_LEN);
	return ret->size % VAULT_ALIGN == 0;
}

/* ------ whose it is ------ */

/*
 * An interrupted seal may have left the data read-only already.  Under the lock: whoever seals it
 * at this moment wants it to stay so.
 */
static int make_writable(int dir, const char *name)
{
	AUTO(closep) int fd = openat(dir, name, O_RDONLY | OPEN_FLAGS);
	struct stat st;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return 0;	/* what is wrong with it is said by hold() */
	return fchmod(fd, PARTIAL_MODE) < 0 ? -errno : 0;
}

static int open_data(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDWR | OPEN_FLAGS), r;

	if (fd < 0 && errno == EACCES) {
		r = make_writable(dir, name);
		if (r < 0)
			return r;
		fd = openat(dir, name, O_RDWR | OPEN_FLAGS);
	}
	return fd < 0 ? -errno : fd;
}

/* Is what we locked still what has the name? */
static int has_name(int dir, const char *name, const struct stat *ours)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return st.st_dev == ours->st_dev && st.st_ino == ours->st_ino ? 0 : -EWOULDBLOCK;
}

/*
 * The data of that name, locked: a descriptor, -ENOENT when there is none (any more), -EWOULDBLOCK
 * when another holds it.  The second name of a blob is taken away on the spot.
 */
static int hold(int dir, const char *name)
{
	AUTO(closep) int fd = open_data(dir, name);
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0)
		return -errno;
	r = has_name(dir, name, &st);
	if (r < 0)
		return r;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_nlink > 1)
		return unlinkat(dir, name, 0) < 0 ? -errno : -ENOENT;
	return __extension__ ({ int taken = fd; fd = -1; taken; });
}

/* The marks first: data without them is worth nothing, and is known for that. */
static int remove_names(int dir, const char *data, const char *marks)
{
	if ((unlinkat(dir, marks, 0) < 0 && errno != ENOENT) ||
	    (unlinkat(dir, data, 0) < 0 && errno != ENOENT))
		return -errno;
	return 0;
}

/* ------ taking up ------ */

static bool read_mark(const struct partial *p, struct vault_mark *ret)
{
	uint8_t record[PARTIAL_RECORD];

	return pread(p->marks, record, sizeof(record), (off_t)p->at) == sizeof(record) &&
	       record_get(&p->key, record, ret);
}

/*
 * Hash the data up to size.  -ECANCELED: stopped; -EIO: it cannot be read so far.
 * What was read the kernel may forget again.
 */
static int rehash_to(int fd, uint64_t from, uint64_t size, uint8_t *buf,
		     const struct vault_rehash *h)
{
	ssize_t n;

	while (from < size) {
		n = pread(fd, buf, (size_t)MIN(size - from, (uint64_t)VAULT_RESUME_MEMORY),
			  (off_t)from);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		if (!h->add(h->data, buf, (size_t)n))
			return -ECANCELED;
		(void)posix_fadvise(fd, (off_t)from, n, POSIX_FADV_DONTNEED);
		from += (uint64_t)n;
	}
	return 0;
}

/*
 * Find the last mark that the bytes on the disk have.  -ECANCELED: stopped before, or -ENOMEM.
 * The kernel is told to forget what it holds of them first, so that the disk is what answers.
 */
static int rehash(struct partial *p, int fd, const struct vault_rehash *h)
{
	AUTO(freep) uint8_t *buf = aligned_alloc(VAULT_ALIGN, VAULT_RESUME_MEMORY);
	struct vault_mark m;
	int r;

	if (buf == NULL)
		return -ENOMEM;
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	while (read_mark(p, &m) && m.size > p->kept && m.size <= h->limit) {
		r = rehash_to(fd, p->kept, m.size, buf, h);
		if (r == -ECANCELED)
			return r;
		if (r < 0 || !h->agrees(h->data, &m))
			break;
		p->kept = m.size;
		p->at += PARTIAL_RECORD;
	}
	return 0;
}

/* Nothing behind the last good mark is trusted, so nothing stays there. */
static bool cut(struct partial *p, int fd)
{
	return p->kept > 0 && ftruncate(fd, (off_t)p->kept) == 0 &&
	       ftruncate(p->marks, (off_t)p->at) == 0;
}

int partial_take(struct partial *p, const struct vault_rehash *h)
{
	AUTO(closep) int fd = p->dir >= 0 ? hold(p->dir, p->data_name) : -ENOENT;
	int r = 0;

	if (fd < 0 && fd != -ENOENT)
		give_up(p, fd == -EWOULDBLOCK ? -EBUSY : fd);
	if (fd < 0)
		return -1;
	p->marks = openat(p->dir, p->marks_name, O_RDWR | OPEN_FLAGS);
	if (p->marks >= 0)
		r = rehash(p, fd, h);
	if (r < 0) {		/* found nothing out: it stays as it is */
		give_up(p, r);
		close_marks(p);
		return -1;
	}
	if (p->marks < 0 || !cut(p, fd)) {
		partial_remove(p);
		return -1;
	}
	return __extension__ ({ int taken = fd; fd = -1; taken; });
}

/* ------ leaving ------ */

/* Data of our key that nobody took up, while we have newer: it goes, unless another holds it. */
static int remove_stale(struct partial *p)
{
	AUTO(closep) int fd = hold(p->dir, p->data_name);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	return remove_names(p->dir, p->data_name, p->marks_name);
}

/* Locked before it can be seen. */
static int link_data(struct partial *p, int fd)
{
	int r;

	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fchmod(fd, PARTIAL_MODE) < 0)
		return -errno;
	r = file_link(fd, p->dir, p->data_name);
	if (r != -EEXIST)
		return r;
	r = remove_stale(p);
	return r < 0 ? r : file_link(fd, p->dir, p->data_name);
}

bool partial_name(struct partial *p, int fd)
{
	int r;

	if (p->dir < 0 || p->error < 0)
		return false;
	if (p->marks >= 0)
		return true;
	r = link_data(p, fd);
	if (r < 0) {
		give_up(p, r == -EWOULDBLOCK || r == -EEXIST ? -EBUSY : r);
		return false;
	}
	(void)unlinkat(p->dir, p->marks_name, 0);
	p->marks = openat(p->dir, p->marks_name, O_RDWR | O_CREAT | O_EXCL | OPEN_FLAGS,
			  PARTIAL_MODE);
	p->at = p->kept = 0;
	if (p->marks < 0) {
		give_up(p, -errno);
		partial_remove(p);
	}
	return p->marks >= 0;
}

void partial_add(struct partial *p, const struct vault_mark *m)
{
	uint8_t record[PARTIAL_RECORD];
	ssize_t n;

	record_put(&p->key, m, record);
	do
		n = pwrite(p->marks, record, sizeof(record), (off_t)p->at);
	while (n < 0 && errno == EINTR);
	if (n >= 0 && n < (ssize_t)sizeof(record)) {
		errno = ENOSPC;
		n = -1;
	}
	if (n < 0 || fdatasync(p->marks) < 0 || (p->at == 0 && fsync(p->dir) < 0)) {
		give_up(p, -errno);
		return;
	}
	p->at += PARTIAL_RECORD;
	p->kept = m->size;
}

int partial_leave(struct partial *p, int fd)
{
	struct stat st;

	if (p->marks >= 0 && p->kept == 0)
		partial_remove(p);
	/* Also what was reserved goes; but a blob, if only half sealed, is not touched. */
	if (p->marks >= 0 && fstat(fd, &st) == 0 && st.st_nlink == 1 &&
	    ftruncate(fd, (off_t)p->kept) < 0)
		give_up(p, -errno);
	close_marks(p);
	return p->error == -ECANCELED ? 0 : p->error;	/* then all is there that was */
}

void partial_remove(struct partial *p)
{
	(void)remove_names(p->dir, p->data_name, p->marks_name);
	(void)fsync(p->dir);
	close_marks(p);
	p->at = p->kept = 0;
}

/* ------ the sweep ------ */

struct aged {
	int64_t mtime_ms;
	struct digest key;
};

struct sweep {
	int dir;
	int64_t now_ms;
	unsigned removed, n;
	struct aged kept[VAULT_PARTIALS_MAX];	/* those that may stay, in no order */
};

static void closedirp(DIR **d)
{
	if (*d != NULL)
		closedir(*d);
}

static void sweepp(struct sweep **s)
{
	free(*s);
}

/* Is name "<64 hex>SUFFIX"? */
static bool is_named(const char *name, const char *suffix, struct digest *ret_key)
{
	return strlen(name) == DIGEST_HEX_LEN + strlen(suffix) &&
	       strcmp(name + DIGEST_HEX_LEN, suffix) == 0 &&
	       digest_parse(name, DIGEST_HEX_LEN, ret_key) == 0;
}

/* Unless it is held, as one may be that was taken up since it was counted. */
static int sweep_away(struct sweep *s, const struct digest *key)
{
	char data[PARTIAL_NAME_SIZE], marks[PARTIAL_NAME_SIZE];
	AUTO(closep) int fd = -1;
	int r;

	names_of(key, data, marks);
	fd = hold(s->dir, data);
	if (fd < 0)
		return fd == -ENOENT || fd == -EWOULDBLOCK ? 0 : fd;
	r = remove_names(s->dir, data, marks);
	s->removed += r == 0;
	return r;
}

/* One that may stay by its age: the oldest of one too many goes. */
static int sweep_keep(struct sweep *s, struct aged a)
{
	struct aged *oldest = &s->kept[0], swap;

	if (s->n < COUNT(s->kept)) {
		s->kept[s->n++] = a;
		return 0;
	}
	for (unsigned i = 1; i < s->n; i++)
		if (s->kept[i].mtime_ms < oldest->mtime_ms)
			oldest = &s->kept[i];
	if (oldest->mtime_ms < a.mtime_ms) {
		swap = *oldest;
		*oldest = a;
		a = swap;
	}
	return sweep_away(s, &a.key);
}

static int sweep_data(struct sweep *s, const struct digest *key)
{
	char data[PARTIAL_NAME_SIZE], marks[PARTIAL_NAME_SIZE];
	const int64_t age = (int64_t)VAULT_PARTIALS_DAYS * UTC_DAY_MS;
	struct stat st, other;
	int64_t ms;

	names_of(key, data, marks);
	if (fstatat(s->dir, data, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	ms = st.st_mtim.tv_sec * INT64_C(1000) + st.st_mtim.tv_nsec / 1000000;
	if (ms <= s->now_ms - age || st.st_nlink > 1 ||
	    fstatat(s->dir, marks, &other, AT_SYMLINK_NOFOLLOW) < 0)
		return sweep_away(s, key);
	return sweep_keep(s, (struct aged){ ms, *key });
}

/* Marks without data; a put makes the data first. */
static int sweep_marks(struct sweep *s, const struct digest *key)
{
	char data[PARTIAL_NAME_SIZE], marks[PARTIAL_NAME_SIZE];
	struct stat st;

	names_of(key, data, marks);
	if (fstatat(s->dir, data, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
		return 0;
	return unlinkat(s->dir, marks, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int sweep_all(DIR *d, int64_t now_ms)
{
	AUTO(sweepp) struct sweep *s = calloc(1, sizeof(*s));
	const struct dirent *de;
	struct digest key;
	int r = 0;

	if (s == NULL)
		return -ENOMEM;
	s->dir = dirfd(d);
	s->now_ms = now_ms;
	for (errno = 0; r == 0 && (de = readdir(d)) != NULL; errno = 0) {
		if (is_named(de->d_name, ".data", &key))
			r = sweep_data(s, &key);
		else if (is_named(de->d_name, ".marks", &key))
			r = sweep_marks(s, &key);
	}
	if (r == 0)
		r = -errno;
	return r < 0 ? r : (int)s->removed;
}

static DIR *open_again(int dir)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

	if (d == NULL && fd >= 0)
		close(fd);
	return d;
}

void partials_bound(int dir)
{
	AUTO(closedirp) DIR *d = open_again(dir);

	if (d != NULL)
		(void)sweep_all(d, utc_now());
}

/* Hold it in place of the oldest so far, if it is older and nobody else holds it. */
static void prefer(int dir, const char *name, const struct digest *key, struct aged *oldest,
		   int *fd)
{
	struct stat st;
	int64_t ms;
	int taken;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	ms = st.st_mtim.tv_sec * INT64_C(1000) + st.st_mtim.tv_nsec / 1000000;
	if (*fd >= 0 && ms >= oldest->mtime_ms)
		return;
	taken = hold(dir, name);
	if (taken < 0)
		return;
	closep(fd);
	*fd = taken;
	*oldest = (struct aged){ ms, *key };
}

bool partials_make_room(int dir)
{
	char data[PARTIAL_NAME_SIZE], marks[PARTIAL_NAME_SIZE];
	AUTO(closedirp) DIR *d = open_again(dir);
	AUTO(closep) int fd = -1;
	const struct dirent *de;
	struct aged oldest;
	struct digest key;

	while (d != NULL && (de = readdir(d)) != NULL)
		if (is_named(de->d_name, ".data", &key))
			prefer(dir, de->d_name, &key, &oldest, &fd);
	if (fd < 0)
		return false;
	names_of(&oldest.key, data, marks);
	return remove_names(dir, data, marks) == 0;
}

int vault_partials_sweep(const char *dir, int64_t now_ms, struct err *e)
{
	AUTO(closedirp) DIR *d = NULL;
	char path[VAULT_PATH_MAX];
	int r;

	r = snprintf(path, sizeof(path), "%s/partial", dir);
	if (r < 0 || (size_t)r >= sizeof(path))
		return err_set(e, -ENAMETOOLONG, "vault %.80s...: path too long", dir);
	d = opendir(path);
	if (d == NULL)
		return err_set(e, -errno, "%s: cannot be listed: %s", path, strerror(errno));
	r = sweep_all(d, now_ms);
	if (r < 0)
		return err_set(e, r, "%s: what interrupted pulls left cannot be removed: %s", path,
			       strerror(-r));
	return r;
}
