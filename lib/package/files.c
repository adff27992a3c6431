#include "package/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "package/bag.h"

int files_add(struct files *f, const char *path, enum file_kind kind, uint64_t size,
	      const struct package_digests *d, struct err *e)
{
	size_t room = f->room == 0 ? 64 : 2 * f->room;
	struct file *list;

	if (f->n == BAG_FILES_MAX)
		return err_set(e, -E2BIG, "more than %d files: export fewer objects at once",
			       BAG_FILES_MAX);
	if (f->n == f->room) {
		list = reallocarray(f->list, room, sizeof(*list));
		if (list == NULL)
			return err_set(e, -ENOMEM, "no memory for %zu files of the package", room);
		f->list = list;
		f->room = room;
	}
	f->list[f->n] = (struct file){ .path = strdup(path), .kind = kind, .size = size,
				       .digests = *d };
	if (f->list[f->n].path == NULL)
		return err_set(e, -ENOMEM, "no memory for the files of the package");
	f->n++;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

void files_sort(struct files *f)
{
	if (f->n > 0)
		qsort(f->list, f->n, sizeof(*f->list), by_path);
}

static int path_of(const void *key, const void *member)
{
	const struct file *x = member;

	return strcmp(key, x->path);
}

struct file *files_find(struct files *f, const char *path)
{
	return f->n == 0 ? NULL : bsearch(path, f->list, f->n, sizeof(*f->list), path_of);
}

void files_clear(struct files *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		free(f->list[i].path);
	free(f->list);
	*f = (struct files){ .list = NULL };
}
