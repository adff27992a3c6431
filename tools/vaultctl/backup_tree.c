/* Trees of plain files into a backup, each with its list. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup.h"
#include "base/file.h"
#include "base/util.h"

enum { DEPTH_MAX = 16 };

struct copying {
	struct backup *b;
	FILE *list;
	bool (*wanted)(const char *path);
	const char *name;		/* of the tree */
	size_t from_len;
	bool again;			/* a second time: what is there is there */
};

static int fail(const char *path, int code, int status)
{
	struct err e;

	err_set(&e, code, "%s: %s", path, strerror(-code));
	return ctl_fail(&e, status);
}

static int copy_one(struct copying *w, const char *from)
{
	const char *below = from + w->from_len + 1;
	char to[BACKUP_PATH_MAX], path[BACKUP_PATH_MAX];
	struct backup_file f;
	struct err e;
	int r;

	if (w->wanted != NULL && !w->wanted(below))
		return EXIT_GOOD;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", w->name, below) >= sizeof(path) ||
	    (size_t)snprintf(to, sizeof(to), "%s/%s", w->b->part, path) >= sizeof(to))
		return fail(from, -ENAMETOOLONG, EXIT_AWAY);
	if (w->again && access(to, F_OK) == 0)
		return EXIT_GOOD;
	r = backup_mkdirs(to, strlen(w->b->part), 0700);
	if (r < 0)
		return fail(to, r, EXIT_AWAY);
	r = backup_copy(w->b->hasher, from, to, 0600, &f, &e);
	if (r == -ENOENT && access(from, F_OK) < 0) {
		unlink(to);
		return EXIT_GOOD;		/* it went meanwhile: what takes its place comes, too */
	}
	if (r < 0)
		return ctl_fail(&e, EXIT_AWAY);
	r = backup_add_line(w->list, f.sha256, path);
	return r < 0 ? fail(path, r, EXIT_AWAY) : EXIT_GOOD;
}

static int copy_dir(struct copying *w, const char *from, unsigned depth)
{
	struct dirent **names = NULL;
	char path[BACKUP_PATH_MAX];
	struct stat st;
	int n = scandir(from, &names, NULL, alphasort), i, r = EXIT_GOOD;

	if (n < 0)
		return errno == ENOENT ? EXIT_GOOD : fail(from, -errno, EXIT_AWAY);
	for (i = 0; i < n; i++) {
		const char *name = names[i]->d_name;

		if (r == EXIT_GOOD && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
			if ((size_t)snprintf(path, sizeof(path), "%s/%s", from, name) >= sizeof(path))
				r = fail(from, -ENAMETOOLONG, EXIT_AWAY);
			else if (lstat(path, &st) < 0)
				r = errno == ENOENT ? EXIT_GOOD : fail(path, -errno, EXIT_AWAY);
			else if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
				r = copy_dir(w, path, depth + 1);
			else if (S_ISREG(st.st_mode))
				r = copy_one(w, path);
		}
		free(names[i]);
	}
	free(names);
	return r;
}

int backup_tree(struct backup *b, const char *from, const char *name, bool (*wanted)(const char *path),
		const char *mode)
{
	struct copying w = { .b = b, .wanted = wanted, .name = name, .from_len = strlen(from),
			     .again = mode[0] == 'a' };
	char path[BACKUP_PATH_MAX];
	int r;

	backup_path(path, "%s/%.*s.sha256", b->part, (int)strcspn(name, "/"), name);
	w.list = fopen(path, mode);
	if (w.list == NULL)
		return fail(path, -errno, EXIT_AWAY);
	r = copy_dir(&w, from, 0);
	if (fclose(w.list) != 0 && r == EXIT_GOOD)
		r = fail(path, -errno, EXIT_AWAY);
	return r;
}

/* ------ the custody log ------ */

static bool is_head(const char *path)
{
	return strncmp(path, "cosigned", 8) == 0 || strncmp(path, "time/", 5) == 0;
}

/* The checkpoint comes from the catalog. */
static bool is_tile(const char *path)
{
	const size_t len = strlen(path);

	return !is_head(path) && strncmp(path, "lock", 4) != 0 && strcmp(path, "checkpoint") != 0 &&
		!(len > 4 && strcmp(path + len - 4, ".tmp") == 0);
}

/* What others added to heads, before the snapshot: it names sizes that the checkpoint must reach. */
int backup_heads(struct backup *b)
{
	return backup_tree(b, b->c->conf.log, "custody", is_head, "w");
}

static int write_checkpoint(struct backup *b, const char *text)
{
	char path[BACKUP_PATH_MAX], list[BACKUP_PATH_MAX];
	struct backup_file f;
	struct err e;
	FILE *sums;
	int r;

	backup_path(path, "%s/custody/checkpoint", b->part);
	backup_path(list, "%s/custody.sha256", b->part);
	r = backup_mkdirs(path, strlen(b->part), 0700);
	if (r < 0)
		return fail(path, r, EXIT_AWAY);
	if (file_replace(path, text, strlen(text), 0600, &e) < 0 ||
	    backup_copy(b->hasher, path, NULL, 0, &f, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	sums = fopen(list, "a");
	if (sums == NULL)
		return fail(list, -errno, EXIT_AWAY);
	r = backup_add_line(sums, f.sha256, "custody/checkpoint");
	return fclose(sums) != 0 || r < 0 ? fail(list, -EIO, EXIT_AWAY) : EXIT_GOOD;
}

/*
 * The newest checkpoint that the snapshot has, and tiles, which are there since before that was entered: a log that had
 * more would say what the dump has not, one that had less would look cut.  Twice: a partial tile that went away between
 * the two looks left a full one.
 */
int backup_log(struct backup *b)
{
	const char *text = json_string_value(json_object_get(b->snapshot, "checkpoint"));
	int i, r = EXIT_GOOD;

	for (i = 0; i < 2 && r == EXIT_GOOD; i++)
		r = backup_tree(b, b->c->conf.log, "custody", is_tile, "a");
	return r == EXIT_GOOD && text != NULL ? write_checkpoint(b, text) : r;
}

/* ------ the configuration ------ */

/* dockvault.conf under that name, and each folder of recorders' models under its number. */
int backup_conf(struct backup *b)
{
	char list[CONF_PATH_MAX], path[BACKUP_PATH_MAX], to[BACKUP_PATH_MAX], name[BACKUP_PATH_MAX], *dir, *rest = list;
	struct backup_file f;
	struct err e;
	unsigned i = 0;
	FILE *sums;
	int r;

	backup_path(path, "%s/conf.sha256", b->part);
	backup_path(to, "%s/conf/dockvault.conf", b->part);
	r = backup_mkdirs(to, strlen(b->part), 0700);
	if (r < 0)
		return fail(to, r, EXIT_AWAY);
	if (backup_copy(b->hasher, b->c->conf_path, to, 0600, &f, &e) < 0)
		return ctl_fail(&e, EXIT_AWAY);
	sums = fopen(path, "w");
	if (sums == NULL)
		return fail(path, -errno, EXIT_AWAY);
	r = backup_add_line(sums, f.sha256, "conf/dockvault.conf");
	if (fclose(sums) != 0 || r < 0)
		return fail(path, -EIO, EXIT_AWAY);
	snprintf(list, sizeof(list), "%s", b->c->conf.recorders);
	while (r == EXIT_GOOD && (dir = strsep(&rest, ":")) != NULL) {
		backup_path(name, "conf/recorders.d/%u", i++);
		if (dir[0] != '\0')
			r = backup_tree(b, dir, name, NULL, "a");
	}
	return r;
}
