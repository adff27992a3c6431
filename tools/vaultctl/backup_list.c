#include "backup.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"

const char *const backup_trees[] = { "conf", "custody", "state", "vault" };
const size_t backup_n_trees = COUNT(backup_trees);

static bool is_sha256(const char *s)
{
	return strspn(s, "0123456789abcdef") >= 64;
}

/* Below where it is unpacked, and nowhere else. */
static bool is_path(const char *s)
{
	const char *p;

	if (*s == '\0' || *s == '/')
		return false;
	for (p = s; *p != '\0'; p++) {
		if (*p < 0x21 || *p > 0x7e || *p == '\\')
			return false;
		if (*p == '.' && (p == s || p[-1] == '/') &&
		    (p[1] == '\0' || p[1] == '/' || (p[1] == '.' && (p[2] == '\0' || p[2] == '/'))))
			return false;
		if (*p == '/' && (p[1] == '/' || p[1] == '\0'))
			return false;
	}
	return true;
}

int backup_next_line(FILE *f, struct backup_line *ret)
{
	char line[BACKUP_PATH_MAX];
	size_t len;

	if (fgets(line, sizeof(line), f) == NULL)
		return ferror(f) ? -EIO : 0;
	len = strlen(line);
	if (len < 68 || line[len - 1] != '\n')
		return -EINVAL;
	line[len - 1] = '\0';
	if (!is_sha256(line) || line[64] != ' ' || line[65] != ' ' || !is_path(line + 66) ||
	    strlen(line + 66) >= sizeof(ret->path))
		return -EINVAL;
	memcpy(ret->sha256, line, 64);
	ret->sha256[64] = '\0';
	snprintf(ret->path, sizeof(ret->path), "%s", line + 66);
	return 1;
}

int backup_add_line(FILE *f, const char *sha256, const char *path)
{
	if (!is_path(path))
		return -EINVAL;
	return fprintf(f, "%s  %s\n", sha256, path) < 0 ? -EIO : 0;
}
