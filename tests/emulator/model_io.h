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

#endif
