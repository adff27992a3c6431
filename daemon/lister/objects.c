#include "objects.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/name.h"

enum {
	SLOTS = 2 * OBJECTS_MAX,
	GROW = 4096,
	SLASH_LEN = 2,			/* of '/' in UTF-16 */
};

int objects_init(struct objects *o)
{
	*o = (struct objects){ .names = BUF_INIT(OBJECTS_NAMES_MAX) };
	o->slots = calloc(SLOTS, sizeof(*o->slots));
	return o->slots == NULL ? -ENOMEM : 0;
}

void objects_fini(struct objects *o)
{
	free(o->list);
	free(o->slots);
	buf_clear(&o->names);
}

void objects_reset(struct objects *o)
{
	o->n = 0;
	memset(o->slots, 0, SLOTS * sizeof(*o->slots));
	buf_reset(&o->names);
}

/* Where the handle is, or where it would go. */
static uint32_t slot_of(const struct objects *o, uint32_t handle)
{
	uint32_t i = (uint32_t)(handle * UINT64_C(0x9e3779b97f4a7c15) >> 40) % SLOTS;

	while (o->slots[i] != 0 && o->list[o->slots[i] - 1].handle != handle)
		i = (i + 1) % SLOTS;
	return i;
}

struct object *objects_find(const struct objects *o, uint32_t handle)
{
	uint32_t i = o->slots[slot_of(o, handle)];

	return i == 0 ? NULL : &o->list[i - 1];
}

struct object *objects_get(struct objects *o, uint32_t handle)
{
	uint32_t slot = slot_of(o, handle);
	void *more;

	if (o->slots[slot] != 0)
		return &o->list[o->slots[slot] - 1];
	if (o->n == OBJECTS_MAX)
		return NULL;
	if (o->n == o->room) {
		more = reallocarray(o->list, o->room + GROW, sizeof(*o->list));
		if (more == NULL)
			return NULL;
		o->list = more;
		o->room += GROW;
	}
	o->list[o->n] = (struct object){ .handle = handle };
	o->slots[slot] = o->n + 1;
	return &o->list[o->n++];
}

bool objects_set_name(struct objects *o, struct object *x, const struct mtp_string *name)
{
	if (name->len > OBJECTS_NAMES_MAX - o->names.len)
		return false;
	x->name = (uint32_t)o->names.len;
	x->name_len = (uint16_t)name->len;
	if (name->len > 0)
		buf_add(&o->names, name->p, name->len);
	if (o->names.failed)
		return false;
	x->known |= OBJECT_NAME;
	return true;
}

/* An association is a folder by its format; some devices say so by its kind alone. */
bool object_is_folder(const struct object *x)
{
	return x->format == MTP_FORMAT_ASSOCIATION || (x->association != 0 && x->size == 0);
}

bool object_is_described(const struct object *x)
{
	unsigned known = x->known | (x->format == MTP_FORMAT_ASSOCIATION ? OBJECT_SIZE : 0);

	return (known & OBJECT_NEEDED) == OBJECT_NEEDED;
}

/* ------ paths ------ */

/* The root is 0; some say all ones, some the storage. */
static bool is_root(const struct objects *o, const struct object *x)
{
	return x->parent == 0 || x->parent == UINT32_MAX ||
	       (x->parent == x->storage && objects_find(o, x->parent) == NULL);
}

static void add_component(const struct objects *o, const struct object *x, struct buf *path,
			  struct buf *raw)
{
	const uint8_t *name = o->names.p != NULL ? o->names.p + x->name : (const uint8_t *)"";

	name_add_utf16le(path, name, x->name_len);
	buf_add(raw, name, x->name_len);
}

void objects_add_raw(struct buf *raw, const char *text)
{
	for (; *text != '\0'; text++) {
		const uint8_t unit[2] = { (uint8_t)*text, 0 };

		buf_add(raw, unit, sizeof(unit));
	}
}

static void add_lost(struct buf *path, struct buf *raw, uint32_t handle)
{
	char lost[32];

	snprintf(lost, sizeof(lost), "lost/%08x/", handle);
	buf_adds(path, lost);
	objects_add_raw(raw, lost);
}

bool objects_path(const struct objects *o, const struct object *x, struct buf *path,
		  struct buf *raw)
{
	const struct object *chain[OBJECTS_DEPTH_MAX], *up = NULL;
	unsigned n = 0;
	bool home;

	for (const struct object *at = x;; at = up) {
		chain[n++] = at;
		home = is_root(o, at);
		up = home ? NULL : objects_find(o, at->parent);
		if (up == NULL || (up->known & OBJECT_NAME) == 0 || n == OBJECTS_DEPTH_MAX)
			break;
	}
	if (!home && n == OBJECTS_DEPTH_MAX)
		n = 1;			/* a ring, as good as always: no part of it is true */
	if (!home)
		add_lost(path, raw, chain[n - 1]->parent);
	while (n > 0) {
		add_component(o, chain[--n], path, raw);
		if (n > 0) {
			buf_adds(path, "/");
			buf_add(raw, "/\0", SLASH_LEN);
		}
	}
	return home;
}
