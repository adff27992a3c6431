#include "machine.h"

#include <dirent.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/util.h"
#include "catalog/sync.h"

/* Devices upon devices: a logical volume of a RAID of partitions has four. */
enum { DEPTH_MAX = 8, SYS_MAX = 256 };

/* A line of sysfs without its line feed; false: there is no such file. */
static bool sys_line(const char *path, char *ret, size_t size)
{
	AUTO(buf_clear) struct buf b = { .max = 4096 };
	size_t len;

	if (file_read(path, &b, NULL) < 0)
		return false;
	len = b.len < size - 1 ? b.len : size - 1;
	memcpy(ret, b.p, len);
	ret[len] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return true;
}

static enum machine_answer encrypted_at(const char *block, int depth)
{
	char path[SYS_MAX], uuid[SYS_MAX];
	enum machine_answer all = MACHINE_NO, one;
	const struct dirent *d;
	DIR *slaves;

	if (depth > DEPTH_MAX ||
	    snprintf(path, sizeof(path), "%s/dm/uuid", block) >= (int)sizeof(path))
		return MACHINE_UNKNOWN;
	if (sys_line(path, uuid, sizeof(uuid)) && strncmp(uuid, "CRYPT-", 6) == 0)
		return MACHINE_YES;
	snprintf(path, sizeof(path), "%s/slaves", block);
	slaves = opendir(path);
	if (slaves == NULL)
		return access(block, F_OK) == 0 ? MACHINE_NO : MACHINE_UNKNOWN;
	while ((d = readdir(slaves)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/slaves/%s", block, d->d_name) >=
		    (int)sizeof(path)) {
			all = MACHINE_UNKNOWN;
			break;
		}
		one = encrypted_at(path, depth + 1);
		all = one;
		if (one != MACHINE_YES)		/* one in clear is enough */
			break;
	}
	closedir(slaves);
	return all;
}

enum machine_answer machine_encrypted(const char *sys, dev_t device)
{
	char block[SYS_MAX];

	if (device == 0 || snprintf(block, sizeof(block), "%s/dev/block/%u:%u", sys, major(device),
				    minor(device)) >= (int)sizeof(block))
		return MACHINE_UNKNOWN;
	return access(block, F_OK) == 0 ? encrypted_at(block, 0) : MACHINE_UNKNOWN;
}

dev_t machine_device(const char *dir)
{
	struct stat st;

	return stat(dir, &st) < 0 || major(st.st_dev) == 0 ? 0 : st.st_dev;
}

enum machine_answer machine_read_only(const char *dir)
{
	struct statvfs s;

	if (statvfs(dir, &s) < 0)
		return MACHINE_UNKNOWN;
	return (s.f_flag & ST_RDONLY) != 0 ? MACHINE_YES : MACHINE_NO;
}

enum machine_answer machine_clock_kept(void)
{
	struct timex t = { .modes = 0 };
	int state = adjtimex(&t);

	if (state < 0)
		return MACHINE_UNKNOWN;
	return state == TIME_ERROR || (t.status & STA_UNSYNC) != 0 ? MACHINE_NO : MACHINE_YES;
}

/* In a child that ends here. */
static _Noreturn void try_as(const char *conninfo, const struct passwd *pw, const char *role)
{
	char whole[1024];
	struct catalog_sync *c = NULL;

	if (initgroups(pw->pw_name, pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 ||
	    setuid(pw->pw_uid) < 0 || snprintf(whole, sizeof(whole), "%s user=%s", conninfo,
					       role) >= (int)sizeof(whole))
		_exit(2);
	_exit(catalog_sync_open(whole, &c, NULL) == 0 ? 0 : 1);
}

enum machine_answer machine_lets_in(const char *conninfo, const char *user, const char *role)
{
	const struct passwd *pw = getpwnam(user);
	int status = 0;
	pid_t child;

	if (geteuid() != 0 || pw == NULL || (child = fork()) < 0)
		return MACHINE_UNKNOWN;
	if (child == 0)
		try_as(conninfo, pw, role);
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) > 1)
		return MACHINE_UNKNOWN;
	return WEXITSTATUS(status) == 0 ? MACHINE_YES : MACHINE_NO;
}
