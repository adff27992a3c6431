#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"
#include "tlog/tlog_impl.h"

void tlog_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int tlog_check_dir(const char *dir, struct err *e)
{
	struct stat st;

	if (strlen(dir) > TLOG_DIR_MAX)
		return err_set(e, -ENAMETOOLONG, "the path of the log has more than %d bytes",
			       TLOG_DIR_MAX);
	if (stat(dir, &st) < 0)
		return err_set(e, -errno, "%s: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(e, -ENOTDIR, "%s: a log is a directory", dir);
	return 0;
}

const char *tlog_path(const char *dir, const char *name, struct tlog_path *ret)
{
	int n = snprintf(ret->s, sizeof(ret->s), "%s/%s", dir, name);

	if (n < 0 || (size_t)n >= sizeof(ret->s))
		BUG("%s: no name in a log", name);
	return ret->s;
}

int tlog_open(const char *path, uint64_t *ret_size, struct err *e)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 && errno == ELOOP)
		return err_set(e, -EBADMSG, "%s: a symbolic link, not a file of the log", path);
	if (fd < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	r = fstat(fd, &st) < 0 ? -errno : 0;
	if (r < 0)
		err_set(e, r, "%s: %s", path, strerror(-r));
	else if (!S_ISREG(st.st_mode))
		r = err_set(e, -EBADMSG, "%s: not a file", path);
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_size = (uint64_t)st.st_size;
	return fd;
}

int tlog_read(int fd, const char *path, void *ret, size_t len, struct err *e)
{
	uint8_t *to = ret;
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = pread(fd, to + done, len - done, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, -errno, "%s: %s", path, strerror(errno));
		if (n == 0)
			return err_set(e, -EBADMSG, "%s: it ends at byte %zu of %zu", path, done,
				       len);
		done += (size_t)n;
	}
	return 0;
}

int tlog_make_dir(const char *path, struct err *e)
{
	struct tlog_path parent;
	bool there = false;
	int r;

	if (mkdir(path, TLOG_DIR_MODE) < 0) {
		there = errno == EEXIST;
		if (!there)
			return err_set(e, -errno, "%s: cannot be made: %s", path, strerror(errno));
	}
	snprintf(parent.s, sizeof(parent.s), "%s", path);
	r = file_sync_dir(dirname(parent.s), e);
	/* Not ours to look into or to change: then somebody else has made it for us. */
	return there && (r == -EACCES || r == -EROFS) ? 0 : r;
}

int tlog_read_all(const char *path, size_t max, struct buf *to, struct err *e)
{
	AUTO(tlog_closep) int fd = -1;
	uint64_t size = 0;
	uint8_t *room;
	int r;

	fd = tlog_open(path, &size, e);
	if (fd < 0)
		return fd;
	if (size > max)
		return err_set(e, -EBADMSG, "%s: %" PRIu64 " bytes; %zu are allowed", path, size,
			       max);
	room = buf_room(to, size);
	if (room == NULL)
		return err_set(e, -ENOBUFS, "%s: no room for %" PRIu64 " bytes", path, size);
	r = tlog_read(fd, path, room, size, e);
	if (r == 0)
		buf_grew(to, size);
	return r;
}

int tlog_read_head(const char *dir, const char *name, struct buf *text, struct checkpoint *ret,
		   struct err *e)
{
	struct tlog_path path;
	int r;

	buf_reset(text);
	r = tlog_read_all(tlog_path(dir, name, &path), CHECKPOINT_MAX, text, e);
	if (r < 0)
		return r;
	if (checkpoint_parse(text->p, text->len, ret, e) < 0) {
		err_prefix(e, "%s", path.s);
		return -EBADMSG;
	}
	return 0;
}

int tlog_check_head(const struct checkpoint *c, const struct buf *text, const struct note_key *log,
		    const char *name, struct err *e)
{
	switch (checkpoint_check(c, text->p, log)) {
	case CHECKPOINT_SIGNED:
		return 0;
	case CHECKPOINT_OTHER_ORIGIN:
		return err_set(e, -EBADMSG, "%s: of the log %s, not of %s", name, c->origin,
			       log->name);
	case CHECKPOINT_UNSIGNED:
		return err_set(e, -EBADMSG, "%s: not signed by the key of %s", name, log->name);
	case CHECKPOINT_FORGED:
		return err_set(e, -EBADMSG, "%s: the signature of %s is not right", name,
			       log->name);
	}
	BUG("no such verdict on a checkpoint");
}

/* What another user made there the log's own could neither read nor replace. */
static int check_owner(const char *dir, struct err *e)
{
	struct stat st;

	if (stat(dir, &st) < 0)
		return err_set(e, -errno, "%s: %s", dir, strerror(errno));
	if (st.st_uid != geteuid())
		return err_set(e, -EPERM, "%s: belongs to user %ju, who alone writes there; you are "
			       "user %ju", dir, (uintmax_t)st.st_uid, (uintmax_t)geteuid());
	return 0;
}

int tlog_lock(const char *dir, const char *name, int how, struct err *e)
{
	struct tlog_path path;
	int fd, r;

	r = check_owner(dir, e);
	if (r < 0)
		return r;
	fd = open(tlog_path(dir, name, &path), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, -errno, "%s: %s", path.s, strerror(errno));
	do
		r = flock(fd, how) < 0 ? -errno : 0;
	while (r == -EINTR);
	if (r == 0)
		return fd;
	close(fd);
	if (r == -EWOULDBLOCK)
		return err_set(e, -EBUSY, "%s: another process holds it", path.s);
	return err_set(e, r, "%s: cannot be locked: %s", path.s, strerror(-r));
}

int tlog_lock_heads(const char *dir, struct err *e)
{
	return tlog_lock(dir, "lock.heads", LOCK_EX, e);
}
