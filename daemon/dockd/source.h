/*
 * Where recorders come from: libusb (usb_source.c), or models in one process
 * for measuring.  A device is what its source says it is; dockd passes it back
 * and nothing else.
 *
 * Errors, Threads  as everywhere on the loop: see recorder/usb_io.h.  A device
 *          is valid until dock_left() returns; callbacks owed still come.
 */
#ifndef DOCKD_SOURCE_H
#define DOCKD_SOURCE_H

#include "recorder/usb_host.h"
#include "recorder/usb_io.h"

struct source {
	/* As usb_host_identify. */
	int (*identify)(void *device,
			void (*cb)(void *data, int r, const struct usb_device_info *info),
			void *data);
	/* As usb_host_open. */
	int (*open)(void *device, void (*cb)(void *data, int r, struct usb_io *io), void *data);
};

#endif
