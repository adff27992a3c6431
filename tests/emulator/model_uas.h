/*
 * A storage model that speaks USB Attached SCSI alone, behind the seam of
 * lib/recorder in this process: with one stream at SuperSpeed, without any up
 * to high speed, one command at a time.
 *
 * Faults as in model.h; lie-at is short-at here, since there is no residue to
 * lie in, phase-error is a Response IU, csw-sig a unit that nobody knows.
 */
#ifndef EMULATOR_MODEL_UAS_H
#define EMULATOR_MODEL_UAS_H

#include "emulator/model_io.h"

/* The io frees itself and the model when it is closed. */
int model_uas_new(uv_loop_t *loop, struct model *m, struct usb_io **ret);

#endif
