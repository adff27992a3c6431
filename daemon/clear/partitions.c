#include "partitions.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
	PRIMARY_MAX = 4,		/* what comes behind these in an MBR is logical */
	CONTAINER_SECTORS_MAX = 8,	/* the kernel shows a boot record of it, no more */
};

static bool is_container(const struct partition *p)
{
	return p->number <= PRIMARY_MAX && p->size <= CONTAINER_SECTORS_MAX;
}

/* Where the last container that begins before it stands; a GPT has none. */
static unsigned place_of(const struct partition *all, size_t n, const struct partition *p)
{
	const struct partition *in = NULL;
	size_t i;

	for (i = 0; p->number > PRIMARY_MAX && i < n; i++)
		if (is_container(&all[i]) && all[i].start < p->start &&
		    (in == NULL || all[i].start > in->start))
			in = &all[i];
	return in != NULL ? in->number : p->number;
}

static int place_cmp(const void *pa, const void *pb)
{
	const struct partition *a = pa, *b = pb;

	if (a->place != b->place)
		return a->place < b->place ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

size_t partitions_order(struct partition *p, size_t n)
{
	size_t i, kept = 0;

	for (i = 0; i < n; i++)
		p[i].place = place_of(p, n, &p[i]);
	for (i = 0; i < n; i++)
		if (!is_container(&p[i]))
			p[kept++] = p[i];
	qsort(p, kept, sizeof(*p), place_cmp);
	return kept;
}
