/* Is dockd taking anything in, or does it still owe the catalog a record of what it took in? */
#ifndef VAULTCTL_DOCK_REST_H
#define VAULTCTL_DOCK_REST_H

#include <stdbool.h>

#include "ctl.h"

/*
 * Nothing is under way, and nothing is owed: what lies in the vault and no record names is on nobody's way
 * in.  Where dockd does not answer, it is at rest if it left no journal.
 */
bool dock_at_rest(const struct ctl *c);

#endif
