/*
 * Two indices of one case's file (sql/036): the one that was archived, and the one that the catalog
 * gives now.  Rows are the same by their event, segments and findings by their id.
 *
 * Pure; any thread.
 */
#ifndef VAULTCTL_ARCHIVE_DIFF_H
#define VAULTCTL_ARCHIVE_DIFF_H

#include <jansson.h>

struct archive_diff {
	/* Lists of {"table", "id"}: what says something else now, is not there any more, came later. */
	json_t *changed, *missing, *later;
	size_t same;
};

/*
 * Fill *ret, which archive_diff_clear() frees.  A finding that was answered meanwhile came later; what the
 * checklist says is not compared, since it depends on the day.  0, or -EINVAL: one is no index.
 */
int archive_compare(const json_t *frozen, const json_t *now, struct archive_diff *ret);
void archive_diff_clear(struct archive_diff *d);

#endif
