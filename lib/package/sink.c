#include "package/sink.h"

#include <ftw.h>
#include <stdio.h>

/* ------ nowhere ------ */

static int take_file(struct sink *s, const char *path, uint64_t size, struct err *e)
{
	(void)s;
	(void)path;
	(void)size;
	(void)e;
	return 0;
}

static int take_bytes(struct sink *s, const void *p, size_t len, struct err *e)
{
	(void)s;
	(void)p;
	(void)len;
	(void)e;
	return 0;
}

static int take_end(struct sink *s, struct err *e)
{
	(void)s;
	(void)e;
	return 0;
}

static void free_nothing(struct sink *s)
{
	(void)s;
}

struct sink *sink_nowhere(void)
{
	static const struct sink_ops ops = { take_file, take_bytes, take_end, take_end,
					     free_nothing };
	static struct sink nowhere = { &ops };

	return &nowhere;
}

/* ------ all ------ */

void sink_free(struct sink *s)
{
	if (s != NULL)
		s->ops->free(s);
}

enum { FTW_FDS = 16 };

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	(void)remove(path);
	return 0;
}

void sink_remove(const char *at)
{
	(void)nftw(at, remove_one, FTW_FDS, FTW_DEPTH | FTW_PHYS);
}
