/*
 * A UAS device's descriptors and answers, any at all (emulator/model_raw.h):
 * every read ends once, nothing but reads goes onto the wire, and that in the
 * stream it belongs to; closing always comes to its end.
 *
 * The first byte: bit 0, it has streams.
 */
#include "emulator/model_raw.h"
#include "fuzz/disk_session.h"
#include "fuzz/fuzz.h"
#include "recorder/uas.h"

static void look(const struct usb_io *io, const struct usb_xfer *x)
{
	bool streams = io->superspeed != 0 && x->endpoint != io->endpoint_command;

	MUST(x->endpoint != 0 && x->endpoint != io->endpoint_out);
	MUST(x->stream == (streams ? UAS_STREAM : 0));
	if (x->endpoint == io->endpoint_command)
		MUST(x->len == UAS_COMMAND_LEN && x->buf[0] == 1 && scsi_is_read(x->buf[16]));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct usb_io *io;
	unsigned moves = 0;
	uv_loop_t loop;

	MUST(uas_pipe_of(bytes, len) <= UAS_PIPE_DATA_OUT);
	if (len == 0)
		return 0;
	MUST(uv_loop_init(&loop) == 0);
	MUST(model_raw_uas_new(&loop, bytes + 1, len - 1, (bytes[0] & 1) != 0, &moves, &io) == 0);
	disk_session(&loop, io, &moves, look);
	return 0;
}
