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

/* It lies in that unit.  Paths begin with prefix, "" or "NAME/". */
void walk_list(TSK_FS_INFO *fs, unsigned unit, const char *prefix, struct name_gbk *gbk,
	       struct report *report);

#endif
