/*
 * Which enrolled recorder is this device?
 *
 * Identity is a configured match on VID:PID:serial: VID and PID must be equal,
 * the serial must be equal or not asked for ("").  An entry that asks for the
 * serial is more specific than one that does not, and wins.  Two entries that
 * match equally well (recorders with identical serials) are ambiguous, and
 * such a device is refused: evidence under the wrong name is worse than none
 * taken in today.  Pure; any thread.
 */
#ifndef DOCKD_MATCH_H
#define DOCKD_MATCH_H

#include <stddef.h>

#include "catalog/catalog.h"
#include "recorder/usb_host.h"

enum match { MATCH_FOUND, MATCH_UNKNOWN, MATCH_AMBIGUOUS };

/* *ret: the recorder, or with MATCH_AMBIGUOUS one of those that match; untouched otherwise. */
enum match match_recorder(const struct usb_device_info *info,
			  const struct catalog_recorder *list, size_t n,
			  const struct catalog_recorder **ret);

#endif
