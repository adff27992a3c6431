/*
 * A maker's unlock: the one command that is sent to a recorder and is no read.
 * Some recorders show themselves as something else until it came, and then
 * leave the bus and come back as a disk.  Which command that is an officer's
 * configuration says; what may go out at all, bot_is_unlock() does.
 *
 * Errors   0, the device took it: there is a valid status, whatever it says, or
 *          the device left.  Whether it comes back as something else shows only
 *          then.  -ETIMEDOUT, neither within UNLOCK_TIMEOUT_MS; -EIO, it
 *          refused; see usb_io.h for callbacks.
 * Threads  the thread that runs the loop, and no other.
 */
#ifndef RECORDER_UNLOCK_H
#define RECORDER_UNLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "recorder/usb_io.h"

enum { UNLOCK_TIMEOUT_MS = 5000 };

/*
 * Send cdb, and len bytes of out behind it (0: none), then close io; cb comes
 * once io is let go.  A command that is no unlock is a BUG().  When the call
 * itself fails (-ENOMEM, -ENODEV), io is still the caller's.
 */
int unlock_scsi(uv_loop_t *loop, struct usb_io *io, const uint8_t *cdb, size_t cdb_len,
		const uint8_t *out, size_t len, void (*cb)(void *cb_data, int r), void *cb_data);

#endif
