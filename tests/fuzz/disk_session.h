/* A disk whose device answers anything at all: what the targets of its transports share. */
#ifndef FUZZ_DISK_SESSION_H
#define FUZZ_DISK_SESSION_H

#include <uv.h>

#include "recorder/usb_io.h"

/*
 * Open, read, close: every read ends once, closing always comes to its end.
 * *moves counts what the device ended; look sees each transfer before the
 * device does.
 */
void disk_session(uv_loop_t *loop, struct usb_io *io, const unsigned *moves,
		  void (*look)(const struct usb_io *io, const struct usb_xfer *x));

#endif
