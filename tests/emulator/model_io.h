/* The model behind the seam of lib/recorder, in this process: for unit tests, fuzzers, the bench. */
#ifndef EMULATOR_MODEL_IO_H
#define EMULATOR_MODEL_IO_H

#include <uv.h>

#include "emulator/model.h"
#include "recorder/usb_io.h"

/*
 * The io frees itself and the model when it is closed.  A transfer with a
 * time-out that the model will never answer (MODEL_HANG) times out at once:
 * nothing but that can happen any more, so nobody need wait for it.
 */
int model_io_new(uv_loop_t *loop, struct model *m, struct usb_io **ret);

/* Something happened to the model from outside (model_event()): look whether a transfer can end. */
void model_io_wake(struct usb_io *io);

/* Another device behind the same seam, for those who script one byte by byte. */
struct model_io_device {
	/*
	 * Bring x to its end: set status and actual and return 0, or return
	 * -EAGAIN: not before something else moved.
	 */
	int (*transfer)(void *data, struct usb_xfer *x);
	/* Clear the halt of an endpoint, or reset when it is 0.  0 or a negative errno. */
	int (*act)(void *data, uint8_t endpoint);
	void (*free)(void *data);
	uint32_t delay_us;
};

/* shape: the io but for its ops.  What it returns < 0, data is still the caller's. */
int model_io_over(uv_loop_t *loop, const struct model_io_device *device, void *data,
		  const struct usb_io *shape, struct usb_io **ret);

#endif
