#include "backup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"

extern char **environ;

static void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

void backup_path(char ret[BACKUP_PATH_MAX], const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(ret, BACKUP_PATH_MAX, fmt, args);
	va_end(args);
	if (n < 0 || n >= BACKUP_PATH_MAX)
		ret[0] = '\0';
}

/* As many bytes as a block takes; fewer: the file's end. */
static ssize_t fill(int fd, uint8_t *p)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, p + len, HASHER_BLOCK - len);
		if (n > 0)
			len += (size_t)n;
	} while ((n > 0 && len < HASHER_BLOCK) || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : (ssize_t)len;
}

int backup_pass(struct hasher *h, int from, int to, struct backup_file *ret, bool *ret_writing)
{
	struct hasher_digests d;
	struct err e;
	ssize_t n;
	int r;

	*ret_writing = false;
	ret->size = 0;
	r = hasher_begin(h, 1U << BAGIT_SHA256 | 1U << HASHER_ADDRESS, &e);
	if (r < 0)
		return r;
	posix_fadvise(from, 0, 0, POSIX_FADV_SEQUENTIAL);
	do {
		uint8_t *block = hasher_block(h);

		n = fill(from, block);
		if (n < 0)
			return (int)n;
		if (to >= 0 && (r = file_write_all(to, block, (size_t)n)) < 0) {
			*ret_writing = true;
			return r;
		}
		hasher_add(h, (size_t)n);
		ret->size += (uint64_t)n;
	} while (n == HASHER_BLOCK);
	hasher_end(h, &d);
	/* Neither side is read again soon, and others work beside this. */
	posix_fadvise(from, 0, 0, POSIX_FADV_DONTNEED);
	memcpy(ret->blake.b, d.of[HASHER_ADDRESS], DIGEST_LEN);
	sodium_bin2hex(ret->sha256, sizeof(ret->sha256), d.of[BAGIT_SHA256], 32);
	return 0;
}

int backup_copy(struct hasher *h, const char *from, const char *to, mode_t mode, struct backup_file *ret,
		struct err *e)
{
	AUTO(closep) int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), out = -1;
	struct stat st;
	bool writing;
	int r;

	if (in < 0 || fstat(in, &st) < 0)
		return err_set(e, -errno, "%s: %s", from, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, "%s: not a file", from);
	if (to != NULL) {
		out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
		if (out < 0)
			return err_set(e, -errno, "%s: %s", to, strerror(errno));
	}
	r = backup_pass(h, in, out, ret, &writing);
	if (r < 0)
		return err_set(e, r, "%s: %s", writing ? to : from, strerror(-r));
	return 0;
}

int backup_mkdirs(char *path, size_t keep, mode_t mode)
{
	char *slash = path + keep;
	int r = 0;

	while (r == 0 && (slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		r = mkdir(path, mode) < 0 && errno != EEXIST ? -errno : 0;
		*slash = '/';
	}
	return r;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st;
	(void)at;
	return flag == FTW_DP ? rmdir(path) : unlink(path);
}

int backup_remove(const char *path)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0 && errno != ENOENT ? -errno : 0;
}

int backup_spawn(const char *const *argv, size_t n, int in, int out, struct err *e)
{
	posix_spawn_file_actions_t actions;
	char *all[32];
	size_t k = 0, i;
	pid_t pid;
	int r, status;

	for (i = 0; i < n && k < COUNT(all) - 1; i++)
		all[k++] = (char *)(uintptr_t)argv[i];
	all[k] = NULL;
	posix_spawn_file_actions_init(&actions);
	if (in >= 0)
		posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	else
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out >= 0 ? out : STDERR_FILENO, STDOUT_FILENO);
	r = posix_spawnp(&pid, all[0], &actions, NULL, all, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (r != 0)
		return err_set(e, -r, "%s: %s: install postgresql-client", all[0], strerror(r));
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_set(e, -errno, "%s: %s", argv[0], strerror(errno));
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(e, -EIO, "%s ended with status %d", argv[0],
			       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}

void backup_conninfo(const char *conninfo, const char *user, char *ret, size_t size)
{
	snprintf(ret, size, "%s%s%s", conninfo, user != NULL ? " user=" : "", user != NULL ? user : "");
}
