/*
 * dockd's side of the conversation with dock-clear (daemon/clear/request.h):
 * one recorder in mass storage, one file after the other.
 *
 * Errors, Threads  as everywhere on the loop: see recorder/usb_io.h.
 *          -ECANCELED: clear_client_stop.  For one file, and the next may be
 *          asked for: -EREMOTEIO, dock-clear says why.  For good: -ENOENT or
 *          -ECONNREFUSED, nobody listens there; -EPROTO, it does not speak as
 *          it should; -ETIMEDOUT; -EPIPE, it ended.
 * Memory   CLEAR_CLIENT_MEMORY.
 */
#ifndef DOCKD_CLEAR_CLIENT_H
#define DOCKD_CLEAR_CLIENT_H

#include <stdint.h>
#include <uv.h>

#include "base/digest.h"
#include "recorder/usb_host.h"

enum {
	CLEAR_CLIENT_LINE_MAX = 4096,
	CLEAR_CLIENT_MEMORY = 16 * 1024,
	CLEAR_CLIENT_READY_MS = 60000,	/* the kernel brings the card up */
	CLEAR_CLIENT_ANSWER_MS = 30 * 60 * 1000,	/* it reads a whole file again */
};

struct clear_client;

/* r 0, or why not, and a sentence, valid until the callback returns. */
typedef void (*clear_client_cb)(void *data, int r, const char *why);

/*
 * Connect to the socket at path, and name the device, of which nothing may be
 * claimed here any more.  cb: it is ready for files.  Whatever cb gets,
 * clear_client_stop() or clear_client_finish() is what lets go of it.
 */
int clear_client_new(uv_loop_t *loop, const char *path, const struct usb_device_info *usb,
		     clear_client_cb cb, void *data, struct clear_client **ret);

/* Have one file removed.  One at a time.  cb 0: its name is gone from the card. */
void clear_client_file(struct clear_client *c, const char *path, uint64_t size,
		       const struct digest *blob, clear_client_cb cb, void *data);

/* No more files: cb comes when the card is unmounted and let go; c is gone then. */
void clear_client_finish(struct clear_client *c, clear_client_cb cb, void *data);

/* Drop the connection: dock-clear ends by itself.  What is awaited gets -ECANCELED, later; c is
 * gone then. */
void clear_client_stop(struct clear_client *c);

#endif
