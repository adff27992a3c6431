/*
 * USB devices that come and go, through libusb on the loop.
 *
 * Callbacks of libusb only set flags; everything else happens in one drain()
 * from the loop, since libusb_close() inside a transfer callback deadlocks.
 * Port paths are the kernel's names, "1-1.4": bus, then ports.
 *
 * Errors   0 or a negative errno, see usb_io.h for callbacks.
 * Threads  the thread that runs the loop, and no other.
 * Memory   what libusb holds; transfers in flight are the callers'.
 */
#ifndef RECORDER_USB_HOST_H
#define RECORDER_USB_HOST_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "recorder/usb_io.h"

enum { USB_PORT_MAX = 32, USB_TEXT_MAX = 127 };

enum usb_class {
	USB_CLASS_OTHER,	/* no interface we know how to read */
	USB_CLASS_HUB,
	USB_CLASS_STORAGE,	/* mass storage, SCSI: bulk-only (08/06/50), or UAS (08/06/62)
				 * where there is no bulk-only */
	USB_CLASS_MTP,		/* still image, PTP (06/01/01) */
};

struct usb_device_info {
	char port[USB_PORT_MAX];
	uint16_t vid, pid;
	enum usb_class class;
	bool superspeed;
	/* Filled by usb_host_identify(); "" where the device has none.  UTF-8. */
	char serial[USB_TEXT_MAX + 1];
	char manufacturer[USB_TEXT_MAX + 1];
	char product[USB_TEXT_MAX + 1];
};

struct usb_host;
struct usb_device;		/* valid from arrived() until left() returns */

/* What was known at arrival; valid as long as d. */
const struct usb_device_info *usb_device_info(const struct usb_device *d);

struct usb_host_events {
	/* A device is there: at start for each present, later on hotplug. */
	void (*arrived)(void *data, struct usb_device *d, const struct usb_device_info *info);
	/* It is gone.  Transfers in flight have ended or will end with USB_GONE. */
	void (*left)(void *data, struct usb_device *d);
};

int usb_host_new(uv_loop_t *loop, const struct usb_host_events *events, void *data,
		 struct usb_host **ret, struct err *e);

/*
 * Open, read the three strings, close again: identification, not reading of
 * content.  cb gets 0 and the completed info, or a negative errno (an arrival
 * may be gone again by then: -ENODEV).
 */
int usb_host_identify(struct usb_device *d,
		      void (*cb)(void *data, int r, const struct usb_device_info *info),
		      void *data);

/*
 * Open, detach the kernel's driver, claim the interface of d's class.  cb gets
 * 0 and an io that is the caller's until io->ops->close, or a negative errno:
 * -EBUSY another program holds it, -EACCES no right to the node, -ENODEV gone.
 * The kernel's driver is not given the device back afterwards.
 */
int usb_host_open(struct usb_device *d, void (*cb)(void *data, int r, struct usb_io *io),
		  void *data);

/*
 * Stop listening.  Identifications and openings under way end with -ECANCELED;
 * waits for every io to be closed.  cb when nothing of it is left in the loop.
 */
void usb_host_free(struct usb_host *h, void (*cb)(void *data), void *data);

#endif
