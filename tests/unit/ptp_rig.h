/*
 * An MTP device that does what a script says, byte by byte, and fails the test
 * at whatever goes onto the wire that the script does not have next.
 *
 * Behind the end of its script it is unplugged, or, where `well` is set, it
 * answers everything with OK, and is silent where it owes nothing.
 */
#ifndef UNIT_PTP_RIG_H
#define UNIT_PTP_RIG_H

#include "emulator/model_io.h"
#include "recorder/mtp.h"

enum rig_kind {
	RIG_END,
	RIG_COMMAND,		/* this command container is sent */
	RIG_OUT,		/* these bytes are sent */
	RIG_OUT_ENDS,		/* a transfer to the device ends with status `code` */
	RIG_DATA,		/* a data container comes: len bytes of the object from `from` on */
	RIG_RESPONSE,		/* a response container comes */
	RIG_IN,			/* these bytes come */
	RIG_IN_ENDS,		/* a transfer from the device ends with status `code`, empty */
	RIG_CONTROL,		/* a control transfer of these bytes, SETUP first; nothing comes */
	RIG_STATUS,		/* Get Device Status is asked; these bytes come */
	RIG_CONTROL_ENDS,	/* a control transfer ends with status `code` */
	RIG_CLEAR,		/* the halt of endpoint `code` is cleared; tid: as errno, or 0 */
	RIG_PORT_RESET,		/* the same, of a port reset */
	RIG_EVENT,		/* these bytes come at the interrupt endpoint */
};

enum rig_how {			/* a data container, bits */
	RIG_ALONE = 1,		/* its header comes in a packet of its own */
	RIG_UNKNOWN = 2,	/* its length is given as 0xffffffff */
	RIG_ZLP = 4,		/* an empty packet follows */
	RIG_GLUED = 8,		/* the step behind comes in the same transfer */
};

struct rig_step {
	enum rig_kind kind;
	uint16_t code;
	uint32_t tid;
	uint8_t n;
	uint32_t params[MTP_PARAMS_MAX];
	const char *bytes;
	uint32_t len;
	uint64_t from;
	uint32_t promised;	/* bytes, when not len */
	enum rig_how how;
};

#define CMD0(c, t)		{ .kind = RIG_COMMAND, .code = (c), .tid = (t) }
#define CMD(c, t, count, ...)	{ .kind = RIG_COMMAND, .code = (c), .tid = (t), .n = (count), \
				  .params = { __VA_ARGS__ } }
#define RESP0(c, t)		{ .kind = RIG_RESPONSE, .code = (c), .tid = (t) }
#define RESP(c, t, count, ...)	{ .kind = RIG_RESPONSE, .code = (c), .tid = (t), .n = (count), \
				  .params = { __VA_ARGS__ } }
#define DATA(c, t, count)	{ .kind = RIG_DATA, .code = (c), .tid = (t), .len = (count) }
#define BYTES(k, s)		{ .kind = (k), .bytes = (s), .len = sizeof(s) - 1 }
#define ENDS(k, status)		{ .kind = (k), .code = (status) }

#define OK		0x2001
#define BUSY		0x2019
#define ALREADY_OPEN	0x201e
#define OPEN		CMD(0x1002, 0, 1, 1), RESP0(OK, 0)
#define CLOSE(t)	CMD0(0x1003, t), RESP0(OK, t)

struct rig {
	const struct rig_step *step;
	uint32_t at;			/* bytes of it that are over */
	uint16_t max_packet;
	bool well;
	void (*act)(void *data);	/* called when `act_at` steps are done */
	void *data;
	unsigned steps, act_at;		/* 0: not so */
	unsigned gone_at;		/* unplugged after that many steps; 0: not so */

	/* What it owes when `well`: */
	uint16_t code;
	uint32_t tid;
	bool owes;
	unsigned closes;		/* CloseSession that came, ever */
	uint8_t stage[256 * 1024];	/* the bytes of one step */
};

struct usb_io *rig_new(uv_loop_t *loop, struct rig *g);

/* The byte at offset `at` of every object and dataset there is here. */
uint8_t rig_byte(uint64_t at);

#endif
