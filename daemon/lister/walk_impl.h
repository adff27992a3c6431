/* What the two walkers, walk_fat.c and walk_exfat.c, share: walk.c.  For them alone. */
#ifndef LISTER_WALK_IMPL_H
#define LISTER_WALK_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "fat.h"
#include "walk.h"

enum { WALK_RUNS_MAX = 64 };		/* pieces of a bitmap: sound ones have one */

struct walk_run {
	uint64_t cluster, n;
};

struct walk {
	TSK_IMG_INFO *img;
	uint64_t offset;		/* of the file system, bytes */
	TSK_FS_INFO *fs;		/* FAT; exFAT is read without libtsk's */
	unsigned unit;
	/* Whether a cluster is in no use. */
	bool (*is_free)(struct walk *w, uint64_t cluster);
	struct walk_run bitmap[WALK_RUNS_MAX];	/* exFAT: where it lies */
	unsigned n_bitmap;
	struct fat_geometry geometry;
	struct name_gbk *gbk;
	struct report *report;
	struct buf path;		/* where the walk is, in the form of format/name.h */
	struct buf raw;			/* the same as found */
	uint64_t *seen;			/* where directories begin, hashed; 0: free */
	unsigned n_dirs;
	struct listing_extent *extents;	/* of the file at hand */
	uint32_t n_extents, room_extents;
};

/* The walkers: all of a file system whose geometry is known. */
void walk_fat(struct walk *w);
void walk_exfat(struct walk *w);

/*
 * Take exFAT's geometry from its boot sector or, where that is damaged, from
 * the backup, which is said.  only_backup: there is nothing of exFAT in front.
 */
bool walk_exfat_find(struct walk *w, bool only_backup);

/* Bytes of the file system; false when some of them cannot be read. */
bool walk_read(struct walk *w, uint64_t at, void *p, size_t len);

/* The file system itself, ahead of its entries; its label has the form. */
void walk_volume(struct walk *w, const char *name, const char *label, uint64_t free_clusters);

/* walk_free.c: clusters that are free by the FAT, or LISTING_FREE_UNKNOWN. */
uint64_t walk_free_fat(struct walk *w);
/* The same by exFAT's bitmap, of which walk_bitmap() has told where it lies. */
uint64_t walk_free_bitmap(struct walk *w);
bool walk_bitmap(struct walk *w, uint64_t cluster, uint64_t size);
bool walk_bitmap_is_free(struct walk *w, uint64_t cluster);

/* walk_chain.c: the clusters of something on exFAT, one after the other. */
struct walk_chain {
	struct walk *w;
	bool plain;			/* they follow one another */
	uint64_t left;			/* that may still come */
	uint64_t at, mark, steps, power;	/* a ring comes back to its mark */
};
void walk_chain_begin(struct walk_chain *c, struct walk *w, uint64_t cluster, bool plain,
		      uint64_t n);
/* 1: *ret is the next; 0: there is none; -1: it leads nowhere, or in a ring. */
int walk_chain_next(struct walk_chain *c, uint64_t *ret);

/* A length of both paths, to come back to. */
struct walk_mark {
	size_t path, raw;
};
struct walk_mark walk_here(const struct walk *w);
void walk_back(struct walk *w, struct walk_mark m);

/* The path is a directory's from now on: a '/' behind it. */
void walk_down(struct walk *w);

/*
 * Whether to go into the directory at the path, which begins at that cluster.
 * If not, the report has been told why, unless it is a deleted one, of which
 * nothing is promised.
 */
bool walk_may_enter(struct walk *w, uint64_t cluster, bool deleted, unsigned depth);

/* About the path. */
void walk_trouble(struct walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Whether the file at the path, which begins at that cluster, has content that
 * is to be located: then its extents are none so far.  If it claims too much, or
 * none though clusters are its own, f->trouble says so.
 */
bool walk_has_content(struct walk *w, uint64_t cluster, struct listing_file *f);
/* One more piece of it, bytes of the unit; false: there is no room for more. */
bool walk_add_extent(struct walk *w, uint64_t offset, uint64_t len);

/* The file at the path, with the extents unless it is in trouble. */
void walk_tell(struct walk *w, const struct listing_file *f);

/* What libtsk says went wrong, "" when nothing. */
const char *walk_why(void);

#endif
