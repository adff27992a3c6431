/* What kinds of sources are to source.c. */
#ifndef PACKAGE_SOURCE_IMPL_H
#define PACKAGE_SOURCE_IMPL_H

#include "package/source.h"

struct source {
	int (*walk)(struct source *s, source_visit visit, void *data, struct err *e);
	ssize_t (*read)(struct source *s, void *to, size_t len, struct err *e);
	void (*close)(struct source *s);
};

/* Both take fd, whatever the outcome. */
int source_folder_open(int fd, const char *path, struct source **ret, struct err *e);
int source_archive_open(int fd, const char *path, struct source **ret, struct err *e);

#endif
