#include "tlog/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "base/util.h"

enum { FILE_MAX = NOTE_KEY_TEXT_MAX + 1 };	/* and a line feed */

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void wipe(struct buf *b)
{
	if (b->p != NULL)
		sodium_memzero(b->p, b->room);
	buf_clear(b);
}

/* ------ making ------ */

static int write_new(const char *path, mode_t mode, const struct buf *text, struct err *e)
{
	AUTO(closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	int r;

	if (fd < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	r = file_write_all(fd, text->p, text->len);
	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		r = -errno;
	if (r < 0) {
		unlink(path);
		return err_set(e, r, "%s: cannot write: %s", path, strerror(-r));
	}
	return 0;
}

static int write_both(const char *path, const char *vkey_path, const struct buf *text,
		      const struct note_key *public, struct err *e)
{
	AUTO(buf_clear) struct buf vkey = BUF_INIT(FILE_MAX);
	int r;

	note_key_write(public, &vkey);
	buf_adds(&vkey, "\n");
	r = write_new(path, 0400, text, e);
	if (r < 0)
		return r;
	r = write_new(vkey_path, 0444, &vkey, e);
	if (r == 0)
		r = file_sync_parent(path, e);
	if (r < 0)
		unlink(path);		/* a key that nobody was told of */
	return r;
}

int keyfile_new(const char *path, const char *name, enum note_key_type type, struct note_key *ret,
		struct err *e)
{
	AUTO(wipe) struct buf text = BUF_INIT(FILE_MAX);
	AUTO(note_secret_freep) struct note_secret *k = NULL;
	char vkey_path[PATH_MAX];
	int r;

	r = snprintf(vkey_path, sizeof(vkey_path), "%s.vkey", path);
	if (r < 0 || (size_t)r >= sizeof(vkey_path))
		return err_set(e, -ENAMETOOLONG, "%s: the path is too long", path);
	if (access(vkey_path, F_OK) == 0)
		return err_set(e, -EEXIST, "%s: %s", vkey_path, strerror(EEXIST));
	r = note_secret_new(name, type, &text, &k, e);
	if (r < 0)
		return r;
	buf_adds(&text, "\n");
	if (text.failed)
		return err_set(e, -ENOBUFS, "%s: no room for a key", path);
	r = write_both(path, vkey_path, &text, note_secret_public(k), e);
	if (r == 0)
		*ret = *note_secret_public(k);
	return r;
}

/* ------ reading ------ */

static int take_secret(const char *path, const struct secret *text, struct note_secret **ret,
		       struct err *e)
{
	int r = note_secret_parse(text->p, text->len, ret, e);

	if (r < 0)
		err_prefix(e, "%s", path);
	return r;
}

int keyfile_secret(const char *path, struct note_secret **ret, struct err *e)
{
	AUTO(secret_clear) struct secret text = { .p = NULL };
	int r = secret_read(path, FILE_MAX, &text, e);

	return r < 0 ? r : take_secret(path, &text, ret, e);
}

int keyfile_public(const char *path, struct note_key *ret, struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(FILE_MAX);
	size_t len;
	int r;

	r = file_read(path, &text, e);
	if (r < 0)
		return r;
	len = text.len > 0 && text.p[text.len - 1] == '\n' ? text.len - 1 : text.len;
	r = note_key_parse(buf_str(&text), len, ret, e);
	if (r < 0)
		err_prefix(e, "%s", path);
	return r;
}
