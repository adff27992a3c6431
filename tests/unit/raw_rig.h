/* Two reads of a disk behind a device that is scripted byte by byte (emulator/model_raw.h). */
#ifndef UNIT_RAW_RIG_H
#define UNIT_RAW_RIG_H

#include <uv.h>

#include "recorder/disk.h"

enum { RAW_LEN = 4096, RAW_READS = 2 };

struct raw_session {
	struct disk *disk;
	struct disk_read reads[RAW_READS];
	uint8_t bufs[RAW_READS][RAW_LEN];
	int opened, results[RAW_READS];
	unsigned ended;
	char why[240];		/* the first failure's sentence; "" */
};

/* Open, read one behind the other, close.  It runs the loop until nothing is left in it. */
void raw_run(struct raw_session *s, uv_loop_t *loop, struct usb_io *io);

#endif
