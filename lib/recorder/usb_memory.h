/*
 * Memory that the kernel lends for content: the controller writes straight into it, so that the
 * kernel neither allocates nor copies for each transfer (usbfs, mmap of a device's node).  One region a
 * device, cut into USB_MEMORY_GRAINS grains, of which a transfer takes as many as it needs, in
 * neighbouring ones, until its bytes are where they belong.
 *
 * All regions together stay below a part of what usbfs has for all devices (usbcore's usbfs_memory_mb):
 * the rest is for the transfers of everybody who gets no region, and of everything that is small.
 *
 * Units    bytes.
 * Threads  pure; any, one a region at a time.
 */
#ifndef RECORDER_USB_MEMORY_H
#define RECORDER_USB_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recorder/usb_io.h"

enum {
	USB_MEMORY_GRAINS = 32,
	USB_MEMORY_FROM = 4096,		/* transfers of fewer bytes do not ask for any */
	USBFS_MEMORY_MB = 16,		/* the kernel's own default */
};

struct usb_memory {
	uint8_t *bytes;		/* NULL: there is no region, and nothing to take */
	size_t size;		/* a multiple of USB_MEMORY_GRAINS */
	uint32_t taken;		/* a bit a grain, the first is bit 0 */
};

/*
 * The region of a device: of a disk two of the largest READs, one that comes and one that is copied
 * from; of MTP what it has in flight of content at once.
 */
size_t usb_memory_size(enum usb_protocol p, bool superspeed);

/* Is this address in the region? */
bool usb_memory_has(const struct usb_memory *m, const uint8_t *p);

/*
 * len neighbouring bytes, or NULL: there are none now.  They begin at a multiple of the next power of
 * two, so that a small piece never keeps two large ones from having a half each.
 */
uint8_t *usb_memory_take(struct usb_memory *m, size_t len);
/* What was taken with that len. */
void usb_memory_give(struct usb_memory *m, const uint8_t *piece, size_t len);

/*
 * What all regions together may have: half of usbfs_memory_mb, which is its text as sysfs has it; NULL
 * or what is no number: the default.  0 MB means no limit there, and the default's half here.
 */
size_t usb_memory_budget(const char *usbfs_memory_mb);

#endif
