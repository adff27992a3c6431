/* The folder that an MTP recorder serves: every file and folder below it is an object. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "emulator/model_mtp.h"

enum { OBJECTS_MAX = 200000, DEPTH_MAX = 32 };

static const struct { const char *ending; uint16_t format; } formats[] = {
	{ "mp4", 0xb982 }, { "mov", 0x300d }, { "avi", 0x300a }, { "mp3", 0x3009 },
	{ "wav", 0x3008 }, { "jpg", 0x3801 }, { "png", 0x380b }, { "txt", 0x3004 },
};
const uint16_t resp_formats[] = {
	MTP_FORMAT_UNDEFINED, MTP_FORMAT_FOLDER, 0x3004, 0x3008, 0x3009, 0x300a, 0x300d, 0x3801,
	0x380b, 0xb982,
};
const size_t resp_n_formats = COUNT(resp_formats);

bool resp_is_format(uint32_t code)
{
	size_t i;

	for (i = 0; i < COUNT(resp_formats); i++)
		if (resp_formats[i] == code)
			return true;
	return false;
}

static uint16_t format_of(const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t i;

	for (i = 0; dot != NULL && i < COUNT(formats); i++)
		if (strcasecmp(dot + 1, formats[i].ending) == 0)
			return formats[i].format;
	return MTP_FORMAT_UNDEFINED;
}

struct resp_object *resp_store_find(const struct resp_store *s, uint32_t handle)
{
	return handle == 0 || handle > s->n || s->objects[handle - 1].gone ?
	       NULL : &s->objects[handle - 1];
}

struct resp_object *resp_store_find_path(const struct resp_store *s, const char *path)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!s->objects[i].gone && strcmp(s->objects[i].path, path) == 0)
			return &s->objects[i];
	return NULL;
}

int resp_store_depth(const struct resp_store *s, const struct resp_object *o, uint32_t ancestor)
{
	int depth = 0;

	for (; o->handle != ancestor; depth++) {
		if (o->parent == 0)
			return ancestor == 0 ? depth + 1 : -1;
		o = &s->objects[o->parent - 1];
	}
	return depth;
}

static struct resp_object *more(struct resp_store *s)
{
	size_t room = MAX(64, 2 * s->room);
	struct resp_object *p;

	if (s->n == OBJECTS_MAX)
		return NULL;
	if (s->n == s->room) {
		p = realloc(s->objects, room * sizeof(*p));
		if (p == NULL)
			return NULL;
		s->objects = p;
		s->room = room;
	}
	p = &s->objects[s->n];
	*p = (struct resp_object){ .handle = (uint32_t)s->n + 1 };
	return p;
}

/* path, below the object `parent`.  What is neither file nor folder is no object. */
static struct resp_object *add(struct resp_store *s, uint32_t parent, const char *path)
{
	struct resp_object *o;
	const char *slash;
	struct stat st;

	if (fstatat(s->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return NULL;
	o = more(s);
	if (o == NULL)
		return NULL;
	o->path = strdup(path);
	if (o->path == NULL)
		return NULL;
	slash = strrchr(o->path, '/');
	o->name = slash != NULL ? slash + 1 : o->path;
	o->parent = parent;
	o->format = S_ISDIR(st.st_mode) ? MTP_FORMAT_FOLDER : format_of(o->name);
	o->size = S_ISDIR(st.st_mode) ? 0 : (uint64_t)st.st_size;
	o->modified = st.st_mtime;
	s->n++;
	return o;
}

struct resp_object *resp_store_add(struct resp_store *s, const char *path)
{
	const char *slash = strrchr(path, '/');
	const struct resp_object *parent;
	char *above;

	if (resp_store_find_path(s, path) != NULL)
		return NULL;
	if (slash == NULL)
		return add(s, 0, path);
	above = strndup(path, (size_t)(slash - path));
	parent = above != NULL ? resp_store_find_path(s, above) : NULL;
	free(above);
	return parent != NULL && parent->format == MTP_FORMAT_FOLDER ?
	       add(s, parent->handle, path) : NULL;
}

static char *join(const char *folder, const char *name)
{
	char *path;

	if (folder[0] == '\0')
		return strdup(name);
	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static int not_dots(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* What is in one folder, sorted, so that handles are the same at each docking. */
static int scan_folder(struct resp_store *s, uint32_t handle)
{
	const char *folder = handle == 0 ? "" : s->objects[handle - 1].path;
	struct dirent **entries;
	int n = scandirat(s->fd, folder[0] == '\0' ? "." : folder, &entries, not_dots, by_name);
	int r = n < 0 ? -errno : 0, i;

	for (i = 0; i < n; i++) {
		char *path = r == 0 ? join(folder, entries[i]->d_name) : NULL;

		if (path != NULL && add(s, handle, path) == NULL && s->n == OBJECTS_MAX)
			r = -E2BIG;
		free(path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return r;
}

/* Breadth first: the objects themselves are the queue. */
int resp_store_scan(struct resp_store *s)
{
	int r = scan_folder(s, 0);
	size_t i;

	for (i = 0; r == 0 && i < s->n; i++)
		if (s->objects[i].format == MTP_FORMAT_FOLDER &&
		    resp_store_depth(s, &s->objects[i], 0) < DEPTH_MAX)
			r = scan_folder(s, s->objects[i].handle);
	return r;
}

void resp_store_clear(struct resp_store *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		free(s->objects[i].path);
	free(s->objects);
	*s = (struct resp_store){ .fd = -1 };
}

int resp_store_open(const struct resp_store *s, const struct resp_object *o)
{
	return openat(s->fd, o->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

/* From the deepest up: a folder has a lower handle than what is in it. */
bool resp_store_delete(struct resp_store *s, struct resp_object *o)
{
	bool all = true;
	size_t i;

	for (i = s->n; i >= o->handle; i--) {
		struct resp_object *in = &s->objects[i - 1];
		int flags = in->format == MTP_FORMAT_FOLDER ? AT_REMOVEDIR : 0;

		if (in->gone || resp_store_depth(s, in, o->handle) < 0)
			continue;
		if (unlinkat(s->fd, in->path, flags) < 0)
			all = false;
		else
			in->gone = true;
	}
	return all;
}

static bool good_name(const char *name)
{
	return name[0] != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

struct resp_object *resp_store_create(struct resp_store *s, uint32_t parent, const char *name,
				      bool folder, int *ret_fd)
{
	struct resp_object *o = NULL;
	char *path;

	*ret_fd = -1;
	errno = EINVAL;
	if (!good_name(name))
		return NULL;
	path = join(parent == 0 ? "" : s->objects[parent - 1].path, name);
	if (path == NULL)
		return NULL;
	if (!folder)
		*ret_fd = openat(s->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (folder ? mkdirat(s->fd, path, 0755) == 0 : *ret_fd >= 0)
		o = add(s, parent, path);
	free(path);
	if (o == NULL && *ret_fd >= 0) {
		close(*ret_fd);
		*ret_fd = -1;
	}
	return o;
}

uint64_t resp_store_bytes(const struct resp_store *s)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < s->n; i++)
		if (!s->objects[i].gone)
			sum += s->objects[i].size;
	return sum;
}
