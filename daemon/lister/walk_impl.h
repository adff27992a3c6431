/* What the two walkers, walk_fat.c and walk_exfat.c, share: walk.c.  For them alone. */
#ifndef LISTER_WALK_IMPL_H
#define LISTER_WALK_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "fat.h"
#include "walk.h"

struct walk {
	TSK_FS_INFO *fs;
	unsigned unit;
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

/* The file system itself, ahead of its entries; its label has the form. */
void walk_volume(struct walk *w, const char *label);

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

/* The file at the path: claims has its size and times; entry is its number in libtsk. */
void walk_tell(struct walk *w, const struct listing_file *claims, TSK_INUM_T entry);

/* What libtsk says went wrong, "" when nothing. */
const char *walk_why(void);

#endif
