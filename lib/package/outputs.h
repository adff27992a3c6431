/*
 * The names that a package gets: PATH, or a name a disc; and PATH.part, which it has until it is
 * whole and was read again, or PATH.ATTEMPT.part.
 *
 * Discs are numbered from 1; discs 0: no set, and its one name is that of disc 0.
 *
 * Not for other folders.  Any thread.
 */
#ifndef PACKAGE_OUTPUTS_H
#define PACKAGE_OUTPUTS_H

#include <limits.h>

#include "base/err.h"
#include "package/package.h"

enum { OUTPUT_PART_SIZE = PATH_MAX + 20 };

static inline unsigned output_first(unsigned discs)
{
	return discs == 0 ? 0 : 1;
}

/* 0 or -ENAMETOOLONG. */
int output_part(const struct package_output *o, unsigned disc, char ret[OUTPUT_PART_SIZE],
		struct err *e);

/*
 * Nothing has these names, nor was left below those that parts have: 0 or -EEXIST; -EINVAL: there is no
 * folder for them.
 */
int output_check_free(const struct package_output *o, unsigned discs, struct err *e);

/* All parts are whole: give them their names, synced. */
int output_name_all(const struct package_output *o, unsigned discs, struct err *e);

#endif
