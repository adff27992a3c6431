#include "package/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "package/source_impl.h"

const char *source_kind_name(enum source_kind k)
{
	static const char *const names[] = {
		[SOURCE_FILE] = "file", [SOURCE_FOLDER] = "folder", [SOURCE_LINK] = "link",
		[SOURCE_HARD_LINK] = "hard_link", [SOURCE_DEVICE] = "device",
		[SOURCE_FIFO] = "fifo", [SOURCE_SOCKET] = "socket", [SOURCE_NAMELESS] = "nameless",
	};

	return names[k];
}

int source_open(const char *path, struct source **ret, struct err *e)
{
	/* Without waiting for whoever writes into a fifo. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0) {
		err_set(e, -errno, "%s: %s", path, strerror(errno));
		close(fd);
		return -EIO;
	}
	if (S_ISDIR(st.st_mode))
		return source_folder_open(fd, path, ret, e);
	if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
		return source_archive_open(fd, path, ret, e);
	close(fd);
	return err_set(e, -EMEDIUMTYPE, "%s: neither a folder nor an archive", path);
}

void source_close(struct source *s)
{
	if (s != NULL)
		s->close(s);
}

void source_closep(struct source **s)
{
	source_close(*s);
}

int source_walk(struct source *s, source_visit visit, void *data, struct err *e)
{
	return s->walk(s, visit, data, e);
}

ssize_t source_read(struct source *s, void *to, size_t len, struct err *e)
{
	return s->read(s, to, len, e);
}
