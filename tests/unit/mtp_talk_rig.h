/*
 * A session of recorder/mtp.h with a scripted device (ptp_rig.h), from opening to
 * closing: what is asked in it, what must come of that, and the words of which
 * the scripts are made.
 */
#ifndef UNIT_MTP_TALK_RIG_H
#define UNIT_MTP_TALK_RIG_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "recorder/mtp.h"
#include "unit/ptp_rig.h"

enum { TALK_REQUESTS = 4, TALK_ROOM = 4096 };

enum talk_what { NOTHING, QUERY, READ, DELETE, CLOCK, SEND, VENDOR };

struct talk_request {
	enum talk_what what;
	uint16_t code;			/* of a query or a vendor's */
	uint32_t handle;
	uint64_t size, offset;
	uint32_t len;			/* of a read; of what a query brings in all */
	int r;
	uint16_t response;
	const char *why;		/* part of it */
};

enum talk_can { CAN64 = 1, CAN32 = 2, CAN_OBJECT = 4 };

struct talk;

struct talk_asked {
	struct talk *s;
	const struct talk_request *q;
	struct mtp_query query;
	struct mtp_read read;
	uint8_t *buf;
	uint32_t got;
	bool ended;
};

struct talk {
	struct rig rig;
	uv_loop_t loop;
	struct mtp *mtp;
	const struct talk_request *requests;
	enum talk_can can;
	struct talk_asked asked[TALK_REQUESTS];
	unsigned n, ended;
	int opened;
	bool closed, closing, slow;	/* slow: pieces are dealt with a turn later */
	uv_idle_t later;
	struct mtp_query *lent;
	void (*starve)(struct usb_io *io);
	char why[240], changed[240];
};

/* One session from beginning to end; the caller has filled in the rig. */
void talk_run(struct talk *s, const struct rig_step *steps, const struct talk_request *requests);

/* Callbacks for the caller who opens it by himself: it is closed, the card has changed. */
void talk_closed(void *data);
void talk_changed(void *data, const char *why);

/* Parts of scripts. */
#define Z10		"\0\0\0\0\0\0\0\0\0\0"
#define CANCEL(t)	BYTES(RIG_CONTROL, "\x21\x64\0\0\3\0\6\0\1\x40" t "\0\0\0")
#define SETTLED		BYTES(RIG_STATUS, "\4\0\1\x20")
#define SILENCE		ENDS(RIG_IN_ENDS, USB_TIMED_OUT)
#define RESET		BYTES(RIG_CONTROL, "\x21\x66\0\0\3\0\0\0"), \
			{ .kind = RIG_CLEAR, .code = 0x81 }, { .kind = RIG_CLEAR, .code = 0x02 }
#define PORT_RESET	{ .kind = RIG_PORT_RESET }
#define REFUSED		ENDS(RIG_CONTROL_ENDS, USB_STALLED)
#define FILE_INFO(t)	BYTES(RIG_OUT, "\x4a\0\0\0\2\0\x0c\x10" t "\0\0\0" \
		  "\0\0\0\0\0\x30\0\0\5\0\0\0" Z10 Z10 Z10 Z10 "\3a\0b\0\0\0\0\0\0")
#define FILE_BYTES(t)	BYTES(RIG_OUT, "\x11\0\0\0\2\0\x0d\x10" t "\0\0\0nonce")
#define INFO(t)		CMD(0x1001, t, 1, 0)
#define SHOWN(t, n)	INFO(t), DATA(0x1001, t, n), RESP0(OK, t)

#define ASK(n, result, says)	{ QUERY, 0x1001, .len = (n), .r = (result), .response = OK, \
				  .why = (says) }
#define FETCH(at, result, says)	{ READ, .handle = 7, .size = 8192, .offset = (at), .len = 2048, \
				  .r = (result), .why = (says) }

#endif
