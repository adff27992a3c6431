#include "sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "age/armor.h"
#include "base/conf.h"
#include "base/file.h"
#include "base/util.h"

enum { PIECE = 1024 * 1024, PUTS = 16 * AGE_CHUNK };

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* ------ making ------ */

struct sealed_file {
	char path[CONF_PATH_MAX];
	int fd;
	bool named;			/* where files without a name are not to be had, as on NFS */
	struct age_seal *seal;
	uint8_t to[AGE_SEAL_ROOM(PUTS)];
};

static int fail(const char *path, int code, struct err *e)
{
	return err_set(e, code, "%s: %s", path, strerror(-code));
}

/* The directory that a path is in. */
static void parent_of(const char *path, char ret[CONF_PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		snprintf(ret, CONF_PATH_MAX, ".");
	else
		snprintf(ret, CONF_PATH_MAX, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

static int begin(struct sealed_file *s, mode_t mode, const struct sealed_for *f, struct err *e)
{
	AUTO(buf_clear) struct buf head = BUF_INIT(AGE_HEAD_MAX);
	char dir[CONF_PATH_MAX];
	int r;

	parent_of(s->path, dir);
	s->fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
	if (s->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		s->fd = open(s->path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);
		s->named = s->fd >= 0;
	}
	if (s->fd < 0)
		return fail(s->path, -errno, e);
	if (f->n > 0)
		r = age_seal_new(f->recipients, f->n, &head, &s->seal, e);
	else
		r = age_seal_new_passphrase(f->passphrase->p, f->passphrase->len, AGE_WORK, &head, &s->seal, e);
	if (r < 0)
		return r;
	r = file_write_all(s->fd, head.p, head.len);
	return r < 0 ? fail(s->path, r, e) : 0;
}

int sealed_new(const char *path, mode_t mode, const struct sealed_for *f, struct sealed_file **ret,
	       struct err *e)
{
	struct sealed_file *s;
	int r;

	if (strlen(path) >= CONF_PATH_MAX)
		return fail(path, -ENAMETOOLONG, e);
	s = malloc(sizeof(*s));
	if (s == NULL)
		return fail(path, -ENOMEM, e);
	s->seal = NULL;
	s->fd = -1;
	s->named = false;
	memcpy(s->path, path, strlen(path) + 1);
	r = begin(s, mode, f, e);
	if (r < 0)
		sealed_free(s);
	else
		*ret = s;
	return r;
}

int sealed_put(struct sealed_file *s, const void *p, size_t len, struct err *e)
{
	const uint8_t *at = p;
	int r = 0;

	while (len > 0 && r == 0) {
		const size_t n = MIN(len, (size_t)PUTS);

		r = file_write_all(s->fd, s->to, age_seal_put(s->seal, at, n, s->to));
		at += n;
		len -= n;
	}
	return r < 0 ? fail(s->path, r, e) : 0;
}

int sealed_end(struct sealed_file *s, struct err *e)
{
	char dir[CONF_PATH_MAX];
	int r = file_write_all(s->fd, s->to, age_seal_end(s->seal, s->to)), at;

	if (r == 0 && fsync(s->fd) < 0)
		r = -errno;
	if (r == 0 && s->named) {
		s->named = false;
		return 0;
	}
	parent_of(s->path, dir);
	at = r == 0 ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (r == 0 && at < 0)
		r = -errno;
	if (r == 0)
		r = file_link(s->fd, at, strrchr(s->path, '/') != NULL ? strrchr(s->path, '/') + 1 : s->path);
	closep(&at);
	return r < 0 ? fail(s->path, r, e) : 0;
}

void sealed_free(struct sealed_file *s)
{
	if (s == NULL)
		return;
	closep(&s->fd);
	if (s->named)
		unlink(s->path);
	age_seal_free(s->seal);
	free(s);
}

/* ------ opening ------ */

struct opening {
	const char *path;
	const struct age_keys *keys;
	unsigned work_max;
	int (*out)(void *data, const uint8_t *p, size_t len);
	void *data;
	int fd;
	bool armored, ended;
	struct age_armor armor;
	uint8_t *raw, *piece, *plain;	/* PIECE, with what armor needs; AGE_OPEN_ROOM(PIECE) */
};

enum { RAW_ROOM = PIECE + 64 };

static int read_all(int fd, uint8_t *p, size_t len, size_t *ret)
{
	ssize_t n;

	*ret = 0;
	do {
		n = read(fd, p + *ret, len - *ret);
		if (n > 0)
			*ret += (size_t)n;
	} while ((n > 0 && *ret < len) || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

/* The next bytes of the age file itself, at most PIECE; 0 bytes: its end.  -EBADMSG: no armor. */
static int next_piece(struct opening *o, size_t *ret)
{
	size_t n;
	int r;

	*ret = 0;
	if (!o->armored)
		return read_all(o->fd, o->piece, PIECE, ret);
	while (*ret == 0 && !o->ended) {
		r = read_all(o->fd, o->raw, PIECE, &n);
		if (r < 0)
			return r;
		o->ended = n < PIECE;
		if (!age_armor_put(&o->armor, o->raw, n, o->piece, ret) ||
		    (o->ended && !age_armor_end(&o->armor)))
			return -EBADMSG;
	}
	return 0;
}

static int say_payload(const struct opening *o, struct err *e)
{
	return err_set(e, -EBADMSG, "%s: changed, cut or continued since it was sealed", o->path);
}

static int give(struct opening *o, size_t len, enum age_verdict v, enum age_verdict *ret,
		struct err *e)
{
	int r = len > 0 ? o->out(o->data, o->plain, len) : 0;

	*ret = v;
	if (r == 0 && v != AGE_OK)
		say_payload(o, e);
	return r < 0 ? fail(o->path, r, e) : 0;
}

static int open_payload(struct opening *o, struct age_open *a, size_t at, size_t len,
			enum age_verdict *ret, struct err *e)
{
	size_t got;
	int r = 0;

	while (r == 0 && *ret == AGE_OK && len > 0) {
		const enum age_verdict v = age_open_put(a, o->piece + at, len - at, o->plain, &got);

		r = give(o, got, v, ret, e);
		at = 0;
		if (r == 0 && *ret == AGE_OK)
			r = next_piece(o, &len);
	}
	if (r == 0 && *ret == AGE_OK) {
		const enum age_verdict v = age_open_end(a, o->plain, &got);

		r = give(o, got, v, ret, e);
	}
	return r;
}

static int open_file(struct opening *o, enum age_verdict *ret, struct err *e)
{
	struct age_open *a = NULL;
	size_t len, at = 0;
	int r = read_all(o->fd, o->raw, PIECE, &len);

	if (r < 0)
		return fail(o->path, r, e);
	o->armored = age_armor_is(o->raw, len);
	if (lseek(o->fd, 0, SEEK_SET) < 0)
		return fail(o->path, -errno, e);
	r = next_piece(o, &len);
	if (r == 0) {
		*ret = age_open_new(o->piece, MIN(len, (size_t)AGE_HEAD_MAX), o->keys, o->work_max, &a, &at, e);
		if (*ret == AGE_OK)
			r = open_payload(o, a, at, len, ret, e);
		else
			err_prefix(e, "%s", o->path);
	}
	age_open_free(a);
	if (r == -EBADMSG) {
		*ret = AGE_BAD_PAYLOAD;
		return err_set(e, 0, "%s: its armor is not whole", o->path);
	}
	return r < 0 && e->msg[0] == '\0' ? fail(o->path, r, e) : r;
}

int sealed_open(const char *path, const struct age_keys *keys, unsigned work_max,
		int (*out)(void *data, const uint8_t *p, size_t len), void *data,
		enum age_verdict *ret, struct err *e)
{
	AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct opening o = { .path = path, .keys = keys, .work_max = work_max, .out = out, .data = data,
			     .fd = fd };
	int r;

	if (fd < 0)
		return fail(path, -errno, e);
	o.raw = malloc(RAW_ROOM);
	o.piece = malloc(RAW_ROOM);
	o.plain = malloc(AGE_OPEN_ROOM(RAW_ROOM));
	if (o.raw == NULL || o.piece == NULL || o.plain == NULL)
		r = fail(path, -ENOMEM, e);
	else
		r = open_file(&o, ret, e);
	free(o.raw);
	free(o.piece);
	free(o.plain);
	return r == 0 && *ret == AGE_NO_MEMORY ? -ENOMEM : r;
}
