/*
 * A package for tests, made of nothing but what is here: blobs in a scratch folder, a log in
 * memory, keys that sign nothing else.  Objects are signed by the recorder and sealed by the dock
 * in turn; the third of four is a blob that is no segment.
 */
#ifndef UNIT_PACKAGE_RIG_H
#define UNIT_PACKAGE_RIG_H

#include <stdbool.h>
#include <stddef.h>

#include "package/package.h"

enum { RIG_LEAVES_MAX = 1024 };

struct package_rig {
	char dir[64];			/* scratch; dir/blobs has the blobs */
	struct package p;
	struct buf leaves[RIG_LEAVES_MAX];
	size_t n_leaves;
};

/* What every leaf says of its row, in canonical form. */
extern const char *package_rig_row;

/* bytes: of the first object's media, a few more in each that follows. */
void package_rig_new(struct package_rig *g, size_t objects, size_t bytes, bool witnessed);
void package_rig_free(struct package_rig *g);	/* and the scratch folder */

/* Path of a blob in the scratch folder, for who wants to spoil it. */
void package_rig_blob(const struct package_rig *g, const struct digest *d, char ret[160]);

#endif
