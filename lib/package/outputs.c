#include "package/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

static int final_path(const struct package_output *o, unsigned disc, char ret[PATH_MAX],
		      struct err *e)
{
	int r = package_image_path(o->path, disc, ret, PATH_MAX);

	return r < 0 ? err_set(e, r, "%.80s...: the path is too long", o->path) : 0;
}

int output_part(const struct package_output *o, unsigned disc, char ret[OUTPUT_PART_SIZE],
		struct err *e)
{
	char path[PATH_MAX];
	int r = final_path(o, disc, path, e);

	if (r == 0 && o->attempt > 0)
		snprintf(ret, OUTPUT_PART_SIZE, "%s.%u.part", path, o->attempt);
	else if (r == 0)
		snprintf(ret, OUTPUT_PART_SIZE, "%s.part", path);
	return r;
}

/* 0 or -errno; a sentence but for -EEXIST. */
static int is_free(const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return -EEXIST;
	return errno == ENOENT ? 0 : err_set(e, -errno, "%s: %s", path, strerror(errno));
}

/* Found out now, and not when the act is recorded. */
static int check_folder(const char *path, struct err *e)
{
	char copy[PATH_MAX];
	const char *folder;
	struct stat st;

	snprintf(copy, sizeof(copy), "%s", path);
	folder = dirname(copy);
	if (stat(folder, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return err_set(e, -EINVAL, "%s: there is no such folder to write to: make it first", folder);
}

int output_check_free(const struct package_output *o, unsigned discs, struct err *e)
{
	char path[PATH_MAX], part[OUTPUT_PART_SIZE];
	unsigned disc;
	int r = check_folder(o->path, e);

	for (disc = output_first(discs); disc <= discs && r == 0; disc++) {
		r = final_path(o, disc, path, e);
		if (r == 0)
			r = output_part(o, disc, part, e);
		if (r == 0)
			r = is_free(path, e);
		if (r == -EEXIST)
			return err_set(e, r, "%s: is there already; nothing is ever replaced: name"
				       " another", path);
		if (r == 0)
			r = is_free(part, e);
		if (r == -EEXIST)
			return err_set(e, r,
				       "%s: an export that was cut short left it, or one is writing"
				       " it: look, remove it, and export again",
				       part);
	}
	return r;
}

/*
 * What was looked at before hours of writing may have got another file since, which rename() would
 * replace.  A file system that cannot be told so is looked at once more.
 */
static int give_name(const char *part, const char *path, struct err *e)
{
	struct stat st;
	int r = renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) < 0 ? -errno : 0;

	if (r == -EINVAL || r == -ENOSYS)
		r = lstat(path, &st) == 0 ? -EEXIST : rename(part, path) < 0 ? -errno : 0;
	if (r == -EEXIST)
		return err_set(e, r, "%s: came there while the package was written; nothing is ever"
			       " replaced: name another", path);
	return r < 0 ? err_set(e, r, "%s: cannot be renamed: %s", part, strerror(-r)) : 0;
}

int output_name_all(const struct package_output *o, unsigned discs, struct err *e)
{
	char path[PATH_MAX], part[OUTPUT_PART_SIZE];
	unsigned disc;
	int r = 0;

	for (disc = output_first(discs); disc <= discs && r == 0; disc++) {
		r = output_part(o, disc, part, e);
		if (r == 0)
			r = final_path(o, disc, path, e);
		if (r == 0)
			r = give_name(part, path, e);
	}
	return r < 0 ? r : file_sync_parent(o->path, e);
}

int package_give_name(const struct package_output *o, struct err *e)
{
	return output_name_all(o, 0, e);
}

int package_part_path(const struct package_output *o, char *ret, size_t size, struct err *e)
{
	char part[OUTPUT_PART_SIZE];
	int r = output_part(o, 0, part, e);

	if (r == 0 && strlen(part) >= size)
		r = err_set(e, -ENAMETOOLONG, "%.80s...: the path is too long", part);
	if (r == 0)
		memcpy(ret, part, strlen(part) + 1);
	return r;
}
