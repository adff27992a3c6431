#include "match.h"

#include <stdbool.h>
#include <string.h>

/* How well r describes the device: 0 not at all, 1 by model, 2 by serial. */
static int likeness(const struct usb_device_info *info, const struct catalog_recorder *r)
{
	if (r->vid != info->vid || r->pid != info->pid)
		return 0;
	if (r->serial[0] == '\0')
		return 1;
	return strcmp(r->serial, info->serial) == 0 ? 2 : 0;
}

enum match match_recorder(const struct usb_device_info *info,
			  const struct catalog_recorder *list, size_t n,
			  const struct catalog_recorder **ret)
{
	const struct catalog_recorder *best = NULL;
	int best_likeness = 0, l;
	bool tie = false;
	size_t i;

	for (i = 0; i < n; i++) {
		l = likeness(info, &list[i]);
		if (l == 0 || l < best_likeness)
			continue;
		tie = l == best_likeness;
		best = &list[i];
		best_likeness = l;
	}
	if (best == NULL)
		return MATCH_UNKNOWN;
	*ret = best;
	return tie ? MATCH_AMBIGUOUS : MATCH_FOUND;
}
