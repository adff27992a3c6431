/* One FAT or exFAT file system, told entry by entry. */
#ifndef LISTER_WALK_H
#define LISTER_WALK_H

#include "tsk.h"

#include "format/name.h"
#include "report.h"

enum {
	WALK_DEPTH_MAX = 64,		/* FAT's longest path cannot nest deeper in practice */
	WALK_DIRS_MAX = 16384,		/* directories of one file system */
};

struct walk_place {
	TSK_IMG_INFO *img;
	uint64_t offset;		/* bytes, where the file system begins */
	unsigned unit;
	const char *prefix;		/* of all paths: "" or "NAME/" */
};

/* Whether a file system was there.  If so it was told, or why not. */
bool walk_list(const struct walk_place *place, struct name_gbk *gbk, struct report *report);

#endif
