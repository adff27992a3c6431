#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "package/bag_impl.h"

void items_init(struct bag_items *t)
{
	memset(t, 0, sizeof(*t));
	randombytes_buf(t->key, sizeof(t->key));
}

void items_clear(struct bag_items *t)
{
	size_t i, a;

	for (i = 0; i < t->n; i++) {
		for (a = 0; a < BAGIT_ALGORITHMS; a++)
			free((void *)(uintptr_t)t->list[i]->want[a]);
		free(t->list[i]->path);
		free(t->list[i]);
	}
	free(t->list);
	free(t->slots);
	memset(t, 0, sizeof(*t));
}

/* The slot of this path, or the empty one where it would be. */
static uint32_t *slot_of(const struct bag_items *t, const char *path)
{
	uint64_t hash;
	size_t at;

	_Static_assert(crypto_shorthash_BYTES == sizeof(hash), "a hash is a number");
	crypto_shorthash((uint8_t *)&hash, (const uint8_t *)path, strlen(path), t->key);
	at = (size_t)hash & (t->n_slots - 1);
	while (t->slots[at] != 0 && strcmp(t->list[t->slots[at] - 1]->path, path) != 0)
		at = (at + 1) & (t->n_slots - 1);
	return &t->slots[at];
}

struct bag_item *items_find(const struct bag_items *t, const char *path)
{
	uint32_t *slot = t->n_slots == 0 ? NULL : slot_of(t, path);

	return slot == NULL || *slot == 0 ? NULL : t->list[*slot - 1];
}

static int grow(struct bag_items *t)
{
	const size_t room = t->room == 0 ? 256 : 2 * t->room;
	struct bag_item **list = reallocarray(t->list, room, sizeof(*list));
	size_t i;

	if (list == NULL)
		return -ENOMEM;
	t->list = list;
	free(t->slots);
	t->slots = calloc(2 * room, sizeof(*t->slots));
	if (t->slots == NULL) {
		t->n_slots = 0;
		return -ENOMEM;
	}
	t->room = room;
	t->n_slots = 2 * room;
	for (i = 0; i < t->n; i++)
		*slot_of(t, t->list[i]->path) = (uint32_t)i + 1;
	return 0;
}

static int count(struct bag_items *t, size_t bytes, struct err *e)
{
	if (bytes > BAG_MEMORY - t->bytes)
		return err_set(e, -E2BIG, "paths and digests of the bag take more than %d MiB",
			       BAG_MEMORY / 1024 / 1024);
	t->bytes += bytes;
	return 0;
}

static struct bag_item *item_new(const char *path)
{
	struct bag_item *item = calloc(1, sizeof(*item));

	if (item == NULL)
		return NULL;
	item->path = strdup(path);
	if (item->path == NULL) {
		free(item);
		return NULL;
	}
	return item;
}

int items_get(struct bag_items *t, const char *path, struct bag_item **ret, struct err *e)
{
	struct bag_item *item = items_find(t, path);
	int r;

	if (item != NULL) {
		*ret = item;
		return 0;
	}
	if (t->n == BAG_FILES_MAX)
		return err_set(e, -E2BIG, "more than %d files are in the bag or in its manifests",
			       BAG_FILES_MAX);
	r = count(t, sizeof(*item) + strlen(path) + 1, e);
	if (r < 0)
		return r;
	if (t->n == t->room && grow(t) < 0)
		return err_set(e, -ENOMEM, "no memory for the files of a bag");
	item = item_new(path);
	if (item == NULL)
		return err_set(e, -ENOMEM, "no memory for the files of a bag");
	t->list[t->n] = item;
	*slot_of(t, path) = (uint32_t)++t->n;
	*ret = item;
	return 0;
}

int items_want(struct bag_items *t, struct bag_item *item, enum bagit_algorithm a,
	       const uint8_t *digest, struct err *e)
{
	const size_t len = bagit_digest_len(a);
	uint8_t *copy;

	if (count(t, len, e) < 0)
		return -E2BIG;
	copy = malloc(len);
	if (copy == NULL)
		return err_set(e, -ENOMEM, "no memory for the digests of a bag");
	memcpy(copy, digest, len);
	item->want[a] = copy;
	return 0;
}
