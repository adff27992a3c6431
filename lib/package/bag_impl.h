/* What the halves of a bag's check share: its files, and what is found. */
#ifndef PACKAGE_BAG_IMPL_H
#define PACKAGE_BAG_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "package/bag.h"
#include "package/hasher.h"
#include "package/source.h"

/* One path that the bag has, or that a manifest names. */
struct bag_item {
	char *path;
	uint64_t size;
	const uint8_t *want[BAGIT_ALGORITHMS];	/* of manifests (tag files: of tag manifests) */
	bool present;		/* a file */
	bool met;		/* in the second walk */
	bool failed;		/* something was said of its bytes */
	bool fetch;		/* fetch.txt names it */
	bool parsed;		/* a tag file that was taken apart; sha256 is of the bytes that were */
	uint8_t sha256[32];
};

/* All of them, found by path.  Bounded by BAG_FILES_MAX and BAG_MEMORY. */
struct bag_items {
	struct bag_item **list;		/* in the order of their coming */
	size_t n, room;
	uint32_t *slots;		/* indices + 1 by hash; a power of two, twice n at least */
	size_t n_slots;
	uint8_t key[16];		/* of the hash, so that nobody can choose paths that collide */
	size_t bytes;			/* of all that is kept */
};

void items_init(struct bag_items *t);
void items_clear(struct bag_items *t);
struct bag_item *items_find(const struct bag_items *t, const char *path);
/* The item of this path, made when there is none.  0, -E2BIG or -ENOMEM. */
int items_get(struct bag_items *t, const char *path, struct bag_item **ret, struct err *e);
/* Keep a digest for an item. */
int items_want(struct bag_items *t, struct bag_item *item, enum bagit_algorithm a,
	       const uint8_t *digest, struct err *e);

/* The text of a tag file, held until bagit.txt and all names are known. */
struct bag_text {
	char *path;
	enum bagit_file kind;
	enum bagit_algorithm algorithm;
	struct buf bytes;
};

enum { BAG_TEXTS_MAX = 32 };

struct bag_check {
	struct source *source;
	struct hasher *hasher;
	const struct bag_watch *watch;
	struct bag_report *report;
	struct bag_items items;
	struct bag_text texts[BAG_TEXTS_MAX];
	size_t n_texts, text_bytes;
	unsigned manifests;		/* bits of the algorithms that there are manifests of */
	bool data_folder;
	bool oxum_said;
	uint64_t oxum_octets, oxum_files;
	uint64_t total, done, budget;	/* bytes to hash, hashed, allowed */
	uint64_t excused;		/* empty files that are missing, and may be */
	struct buf kept;		/* bytes of the file that is visited, for the watch */
};

/* Note a problem.  path and in may be any bytes, or NULL. */
void bag_note(struct bag_report *r, enum bag_fault fault, const char *path, const char *in,
	      uint64_t line, const char *what);

/* Take the held texts apart: bag_tags.c.  0, or an error; what is wrong with them is noted. */
int bag_read_tags(struct bag_check *c, struct err *e);

#endif
