#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

const char *secret_fault(mode_t mode, uid_t owner, uid_t me, bool is_credential)
{
	const mode_t others = is_credential ? S_IWGRP | S_IXGRP | S_IRWXO : S_IRWXG | S_IRWXO;

	if (!S_ISREG(mode))
		return "not a file";
	if (owner != me && !(is_credential && owner == 0))
		return "the key belongs to somebody else: chown it to the user of this program";
	if ((mode & (others | S_IXUSR)) != 0)
		return "the key is open to others: chmod 0400, and find out who read it";
	return NULL;
}

static bool is_credential(const char *path)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	const size_t len = dir != NULL ? strlen(dir) : 0;

	return len > 0 && strncmp(path, dir, len) == 0 && path[len] == '/';
}

/* All of it; text has room for max + 1.  Its length, or a negative errno. */
static ssize_t read_whole(int fd, uint8_t *text, size_t max)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, text + len, max + 1 - len);
		if (n > 0)
			len += (size_t)n;
	} while ((n > 0 && len <= max) || (n < 0 && errno == EINTR));
	if (n < 0)
		return -errno;
	return len <= max ? (ssize_t)len : -EFBIG;
}

int secret_read(const char *path, size_t max, struct secret *ret, struct err *e)
{
	AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *fault;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	fault = secret_fault(st.st_mode, st.st_uid, geteuid(), is_credential(path));
	if (fault != NULL)
		return err_set(e, -EPERM, "%s: %s", path, fault);
	ret->p = sodium_malloc(max + 1);
	if (ret->p == NULL)
		return err_set(e, -ENOMEM, "%s: no protected memory for a key", path);
	n = read_whole(fd, ret->p, max);
	if (n < 0)
		return err_set(e, (int)n, "%s: %s", path, strerror((int)-n));
	ret->len = (size_t)n - (n > 0 && ret->p[n - 1] == '\n');
	ret->p[ret->len] = '\0';
	return 0;
}

void secret_clear(struct secret *s)
{
	sodium_free(s->p);
	s->p = NULL;
	s->len = 0;
}
