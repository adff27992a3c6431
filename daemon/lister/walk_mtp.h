/*
 * An MTP device, told object by object: what it is and can do, its clock and
 * battery, its storages, its files.
 *
 * What a device supports is asked of it, never guessed.  All properties of all
 * objects in one list, where that is supported; whatever that list lacks is
 * asked for one by one.  Whatever it answers, this comes to an end, and what
 * could be understood has been told.
 */
#ifndef LISTER_WALK_MTP_H
#define LISTER_WALK_MTP_H

#include "peer.h"
#include "report.h"

/* -ENOMEM or 0; troubles of the device are in the report. */
int walk_mtp(struct peer *peer, struct report *report);

#endif
