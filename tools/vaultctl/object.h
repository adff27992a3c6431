/* What people call an object on the command line, and what the custody log calls it. */
#ifndef VAULTCTL_OBJECT_H
#define VAULTCTL_OBJECT_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl.h"

/*
 * A blob's address, a segment's UUID, RECORDER/RECORDING, or a name as the log has it
 * ("finding:UUID", "recorder:ID", ...): is it one of the first three?
 */
bool object_is_blob(const char *object);
bool object_is_evidence(const char *object);

/*
 * The rows of the first three in the catalog, none for any other: those of BLOB_SHOW, SEGMENT_SHOW,
 * RECORDING_SEGMENTS.  *ret is a new reference.  EXIT_GOOD, or having said why EXIT_USAGE or
 * EXIT_AWAY.
 */
int object_find(struct ctl *c, const char *object, json_t **ret);

/*
 * The names by which the log knows it (a new list): its own, and of evidence those of what it is made
 * of: a recording's segments, a segment's blob, a blob's segments.  As above; EXIT_USAGE: nothing is
 * called that.
 */
int object_names(struct ctl *c, const char *object, json_t **ret);

#endif
