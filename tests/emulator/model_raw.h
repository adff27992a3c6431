/*
 * A device that answers what a script says, whatever it is asked: for fuzzers,
 * and for tests of answers that no model would give.
 *
 * The script is a string of records, one for each thing that ends, in the
 * order in which the seam ends them (usb_io.h): a transfer out, a control
 * transfer, a halt cleared, a reset are one byte,
 *
 *	bits 0-2	enum usb_status; 7 is 0 too
 *	bits 5-7	what a control transfer in brings: one byte; 0: nothing
 *
 * and a transfer in is that byte and what comes in,
 *
 *	bit 3 set	one byte follows, and fills the whole transfer
 *	bit 3 clear	a length byte and that many bytes follow
 *	bit 4 set	the tag becomes that of the last command: bytes 4-7, UAS: 2-3
 *
 * Behind its end the device is unplugged.
 */
#ifndef EMULATOR_MODEL_RAW_H
#define EMULATOR_MODEL_RAW_H

#include "emulator/model_io.h"

/* The script must outlive the io.  *moves counts what ended; NULL: nobody asks. */
int model_raw_new(uv_loop_t *loop, const uint8_t *script, size_t len, unsigned *moves,
		  struct usb_io **ret);

/* A UAS device; of its transfers in, those of data end before those of the status. */
int model_raw_uas_new(uv_loop_t *loop, const uint8_t *script, size_t len, bool superspeed,
		      unsigned *moves, struct usb_io **ret);

#endif
