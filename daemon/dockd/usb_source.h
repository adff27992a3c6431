/* Recorders that come from libusb: a device of this source is a struct usb_device. */
#ifndef DOCKD_USB_SOURCE_H
#define DOCKD_USB_SOURCE_H

#include "source.h"

extern const struct source usb_source;

#endif
