/*
 * A bulk-only device's answers, any at all (emulator/model_raw.h): every read
 * ends once, nothing but reads goes onto the wire, closing always comes to its end.
 */
#include "emulator/model_raw.h"
#include "fuzz/disk_session.h"
#include "fuzz/fuzz.h"
#include "recorder/scsi.h"

static void look(const struct usb_io *io, const struct usb_xfer *x)
{
	if (x->endpoint == io->endpoint_out)
		MUST(x->len == 31 && scsi_is_read(x->buf[15]));
	else if (x->endpoint == 0)
		MUST((x->len == 8 && x->buf[0] == 0x21 && x->buf[1] == 0xff) ||
		     (x->len == 9 && x->buf[0] == 0xa1 && x->buf[1] == 0xfe));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct usb_io *io;
	unsigned moves = 0;
	uv_loop_t loop;

	MUST(uv_loop_init(&loop) == 0);
	MUST(model_raw_new(&loop, bytes, len, &moves, &io) == 0);
	disk_session(&loop, io, &moves, look);
	return 0;
}
