/* Bags for tests, made file by file in a folder of their own. */
#ifndef UNIT_BAG_RIG_H
#define UNIT_BAG_RIG_H

#include <stddef.h>

#include "package/bag.h"

struct bag_rig {
	char dir[64];		/* the bag is here */
};

/* A whole bag: bagit.txt of this version, data/a and data/b in two manifests, and tag manifests. */
void bag_rig_up(struct bag_rig *rig, const char *version);
void bag_rig_down(struct bag_rig *rig);

/* Make or replace a file below it, and its folders. */
void bag_rig_put(const struct bag_rig *rig, const char *path, const void *bytes, size_t len);
void bag_rig_puts(const struct bag_rig *rig, const char *path, const char *text);
/* Append to a file. */
void bag_rig_more(const struct bag_rig *rig, const char *path, const char *text);
/* Its place, in a buffer of the rig's that the next call takes. */
const char *bag_rig_path(const struct bag_rig *rig, const char *path);
/* Make the manifests of sha256 and sha512 anew, of all that is below data, and the tag manifests. */
void bag_rig_list(const struct bag_rig *rig);

/* "fault path" of each problem, sorted, parted by "|"; the bag must have been checked. */
const char *bag_rig_said(const struct bag_report *r, char *ret, size_t size);

/* Run a shell command in the rig's folder; it must succeed. */
void bag_rig_sh(const struct bag_rig *rig, const char *command);

#endif
