#include "usb_source.h"

static int identify(void *device, void (*cb)(void *data, int r, const struct usb_device_info *info),
		    void *data)
{
	return usb_host_identify(device, cb, data);
}

static int open_device(void *device, void (*cb)(void *data, int r, struct usb_io *io), void *data)
{
	return usb_host_open(device, cb, data);
}

const struct source usb_source = { .identify = identify, .open = open_device };
