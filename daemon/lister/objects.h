/*
 * The objects of an MTP device: a table by handle, and the paths that their
 * parents make.  What a device says of parents may be anything; every object
 * has one path all the same.
 *
 * Pure but for memory, which is bounded: OBJECTS_MAX, OBJECTS_NAMES_MAX.
 */
#ifndef LISTER_OBJECTS_H
#define LISTER_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "format/listing.h"
#include "format/mtp_data.h"

enum {
	OBJECTS_MAX = LISTING_FILES_MAX,
	OBJECTS_NAMES_MAX = 16 * 1024 * 1024,	/* bytes of names, UTF-16 */
	OBJECTS_DEPTH_MAX = 64,
};

enum {					/* what is known of an object */
	OBJECT_STORAGE = 1, OBJECT_FORMAT = 2, OBJECT_SIZE = 4, OBJECT_NAME = 8,
	OBJECT_PARENT = 16, OBJECT_CREATED = 32, OBJECT_MODIFIED = 64, OBJECT_ASSOCIATION = 128,
	OBJECT_COUNTED = 256,		/* it stood in a list of handles */
	OBJECT_HUGE = 512,		/* 4 GiB or more, and no more is known */
	OBJECT_FULL = 1024,		/* a folder in which an object is known */
	OBJECT_NEEDED = OBJECT_FORMAT | OBJECT_SIZE | OBJECT_NAME | OBJECT_PARENT,
};

struct object {
	uint32_t handle, parent, storage;
	uint16_t known;			/* OBJECT_* */
	uint16_t format, association;
	uint16_t name_len;		/* bytes */
	uint32_t name;			/* where it begins in `names` */
	uint64_t size;
	char created[LISTING_TIME_MAX + 1], modified[LISTING_TIME_MAX + 1];
};

struct objects {
	struct object *list;		/* in the order in which they were met */
	uint32_t n, room;
	uint32_t *slots;		/* of the hash: an index into list + 1; 0: free */
	struct buf names;
};

/* 0 or -ENOMEM. */
int objects_init(struct objects *o);
void objects_fini(struct objects *o);

/* Forget all of them. */
void objects_reset(struct objects *o);

/* NULL: there is none.  Valid until the next objects_get. */
struct object *objects_find(const struct objects *o, uint32_t handle);

/* The same, and added when it is new; NULL: there is no more room. */
struct object *objects_get(struct objects *o, uint32_t handle);

/* False: there is no more room. */
bool objects_set_name(struct objects *o, struct object *x, const struct mtp_string *name);

bool object_is_folder(const struct object *x);

/* Whether all is known that it takes to list it. */
bool object_is_described(const struct object *x);

/*
 * Append the path of x, in the form of format/name.h and as UTF-16LE.  True:
 * its folders lead to the root.  False: they lead to one that is not there, in
 * a ring, or too deep; then the path begins with "lost/" and the handle of the
 * folder at which what is known ends.
 */
bool objects_path(const struct objects *o, const struct object *x, struct buf *path,
		  struct buf *raw);

/* ASCII, as UTF-16LE. */
void objects_add_raw(struct buf *raw, const char *text);

#endif
