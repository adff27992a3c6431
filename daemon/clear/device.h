/*
 * The docked recorder as the kernel's own block devices: its mass-storage
 * driver is attached again, which dockd had detached, and taken away at the
 * end.
 *
 * Blocking; one device a process.
 */
#ifndef CLEAR_DEVICE_H
#define CLEAR_DEVICE_H

#include "base/err.h"
#include "partitions.h"
#include "request.h"

enum { DEVICE_WAIT_MS = 20000, DEVICE_NODE_MAX = PARTITION_NODE_MAX };

struct device;

/*
 * The device at this port, if it is this one: -ENODEV nothing is there, -ESTALE
 * another is, -EBUSY somebody else has its interface.
 */
int device_attach(const struct request_device *want, struct device **ret, struct err *e);

/* Detaches the driver again.  Nothing of it may be mounted.  NULL is fine. */
void device_detach(struct device *d);

/*
 * The node of a volume: partition n of a unit, as dock-lister numbers
 * them, or, for 0, the first, or the unit itself when it has none.  Waits
 * until udev is through with it.  -ENOENT: there is none; -ETIMEDOUT.
 */
int device_volume(struct device *d, unsigned unit, unsigned partition,
		  char ret_node[DEVICE_NODE_MAX + 1], struct err *e);

/*
 * The rule that keeps desktops from writing to a card makes its disk read-only
 * (70-dockvault.rules): no longer, for this unit.
 */
int device_make_writable(struct device *d, unsigned unit, struct err *e);

#endif
