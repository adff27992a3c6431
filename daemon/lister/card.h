/*
 * A card, through libtsk: its partition table, its file systems, their
 * entries; all of it told to a report.  Whatever the card holds, this comes to
 * an end, and what could be understood has been told.
 */
#ifndef LISTER_CARD_H
#define LISTER_CARD_H

#include "format/name.h"
#include "peer.h"
#include "report.h"

/* One unit of a medium of blocks.  -ENOMEM or 0; troubles of the card are in the report. */
int card_list(struct peer *peer, unsigned unit, struct name_gbk *gbk, struct report *report);

#endif
