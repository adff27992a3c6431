/*
 * The dock: the parts put together, and what is docked where.
 *
 * Recorders come from a source (libusb, or models); a device at a configured
 * port gets a session, one at another port is only listed, a hub is ignored.
 * One session a port at a time: what is plugged in while the last session of
 * its port still writes its end waits for it.
 *
 * Errors, Threads  as everywhere on the loop: see recorder/usb_io.h.
 */
#ifndef DOCKD_DOCK_H
#define DOCKD_DOCK_H

#include <jansson.h>
#include <uv.h>

#include "base/conf.h"
#include "base/err.h"
#include "source.h"

enum { DOCK_OTHERS_MAX = 64 };		/* devices at ports without a slot that are listed */

struct dock;

/* conf must outlive the dock.  Blocking, and when it fails runs the loop; one dock a state
 * directory, -EBUSY otherwise. */
int dock_new(uv_loop_t *loop, const struct conf *conf, struct dock **ret, struct err *e);

/* A device is there, and is valid until dock_left() of it returns. */
void dock_arrived(struct dock *d, const struct source *source, void *device,
		  const struct usb_device_info *info);
void dock_left(struct dock *d, void *device);

/* As control.h describes it.  A new reference; NULL: no memory. */
json_t *dock_state(const struct dock *d);

/*
 * End all sessions as interrupted, close everything.  cb comes once, later;
 * arrivals are ignored from now on, and no device is in use any more then.
 */
void dock_stop(struct dock *d, void (*cb)(void *data), void *data);

void dock_free(struct dock *d);		/* stopped; NULL is fine */

#endif
