#include "rules/siblings.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "format/name.h"

static uint8_t fold(char c)
{
	return (uint8_t)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static bool has_suffix(const char *s, size_t len, const char *suffix)
{
	size_t n = strlen(suffix), i;

	if (len <= n)
		return false;
	for (i = 0; i < n; i++)
		if (fold(s[len - n + i]) != (uint8_t)suffix[i])
			return false;
	return true;
}

static struct sibling name_of(const struct listing_file *f)
{
	const char *base = name_last(f->path), *dot = strrchr(base, '.');
	size_t dir_len = (size_t)(base - f->path), len = strlen(base);
	/* FAT marks a deleted entry by overwriting the first letter of its short name. */
	struct sibling n = { .file = f, .masked = f->deleted ? dir_len : SIZE_MAX };

	if (has_suffix(base, len, ".bwm")) {
		n.part = SIBLING_BWM;
		len -= strlen(".bwm");
	} else if (has_suffix(base, len, ".bwm.minisig")) {
		n.part = SIBLING_MINISIG;
		len -= strlen(".bwm.minisig");
	} else {
		n.part = SIBLING_MEDIA;
		if (dot != NULL && dot != base)
			len = (size_t)(dot - base);
	}
	n.key_len = dir_len + len;
	return n;
}

static uint8_t key_at(const struct sibling *n, size_t i)
{
	return i == n->masked ? '_' : fold(n->file->path[i]);
}

static int key_cmp(const struct sibling *a, const struct sibling *b)
{
	size_t i, n = MIN(a->key_len, b->key_len);

	for (i = 0; i < n; i++)
		if (key_at(a, i) != key_at(b, i))
			return key_at(a, i) < key_at(b, i) ? -1 : 1;
	return (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

static int name_cmp(const void *pa, const void *pb)
{
	const struct sibling *a = pa, *b = pb;
	int c = key_cmp(a, b);

	if (c != 0)
		return c;
	if (a->part != b->part)
		return a->part < b->part ? -1 : 1;
	return strcmp(a->file->path, b->file->path);
}

/* The first of names[] that is not below (key of like, part); n when all are. */
static size_t lower_bound(const struct sibling *names, size_t n, const struct sibling *like,
			  enum sibling_part part)
{
	size_t lo = 0, hi = n, mid;
	int c;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		c = key_cmp(&names[mid], like);
		if (c < 0 || (c == 0 && names[mid].part < part))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* NULL when there is none. */
struct sibling *sibling_find(struct sibling *names, size_t n, const struct sibling *like, enum sibling_part part)
{
	size_t i = lower_bound(names, n, like, part);

	if (i == n || names[i].part != part || key_cmp(&names[i], like) != 0)
		return NULL;
	return &names[i];
}

void siblings_sort(struct sibling *s, size_t n)
{
	if (n > 0)
		qsort(s, n, sizeof(*s), name_cmp);
}

bool sibling_same(const struct sibling *a, const struct sibling *b)
{
	return key_cmp(a, b) == 0;
}

int siblings_of(const struct listing *l, bool deleted, struct siblings *ret)
{
	struct sibling *all = calloc(MAX(l->n_files, 1u), sizeof(*all)), n;
	size_t front = 0, back = l->n_files, i;

	if (all == NULL)
		return -ENOMEM;
	for (i = 0; i < l->n_files; i++) {
		if (l->files[i].deleted != deleted)
			continue;
		n = name_of(&l->files[i]);
		if (n.part == SIBLING_MEDIA)
			all[--back] = n;
		else
			all[front++] = n;
	}
	if (front < back)
		memmove(all + front, all + back, (l->n_files - back) * sizeof(*all));
	siblings_sort(all, front);
	*ret = (struct siblings){ .all = all, .n_sidecars = front,
				  .n = front + l->n_files - back };
	return 0;
}

void siblings_clear(struct siblings *s)
{
	free(s->all);
	*s = (struct siblings){ .all = NULL };
}
