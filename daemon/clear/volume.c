#include "volume.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"

int volume_prepare(struct err *e)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_set(e, -errno, "no mount namespace: %s", strerror(errno));
	if (mkdir(VOLUME_TARGET, 0700) < 0 && errno != EEXIST)
		return err_set(e, -errno, "%s: %s", VOLUME_TARGET, strerror(errno));
	return 0;
}

/*
 * The names as dock-lister gives them: UTF-8, and the short ones of Chinese
 * recorders in their code page, where the kernel has it.
 */
int volume_mount(const char *node, int *ret_root, struct err *e)
{
	static const struct { const char *type, *options; } ways[] = {
		{ "exfat", "iocharset=utf8" },
		{ "vfat", "utf8,codepage=936" },
		{ "vfat", "utf8" },
	};
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME;
	size_t i;

	for (i = 0; i < COUNT(ways); i++)
		if (mount(node, VOLUME_TARGET, ways[i].type, flags, ways[i].options) == 0)
			break;
	if (i == COUNT(ways))
		return err_set(e, -errno, "%s: cannot be mounted: %s", node, strerror(errno));
	*ret_root = open(VOLUME_TARGET, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (*ret_root >= 0)
		return 0;
	err_set(e, -errno, "%s: %s", VOLUME_TARGET, strerror(errno));
	umount2(VOLUME_TARGET, MNT_DETACH);
	return e->code;
}

int volume_unmount(int root, struct err *e)
{
	int r = 0;

	if (syncfs(root) < 0)
		r = err_set(e, -errno, "the card did not take all that was written: %s",
			    strerror(errno));
	close(root);
	if (umount2(VOLUME_TARGET, UMOUNT_NOFOLLOW) < 0 && r == 0)
		r = err_set(e, -errno, "%s: cannot be unmounted: %s", VOLUME_TARGET,
			    strerror(errno));
	return r;
}
