/*
 * One SCSI command at a time over bulk-only transport: does what bot.h
 * decides.  Command and data are queued together; the status is asked for when
 * the data is there, as every other host does: there are devices that lose a
 * request for it that came before.
 *
 * Errors   see usb_io.h for callbacks.
 * Threads  the thread that runs the loop, and no other.
 */
#ifndef RECORDER_TRANSPORT_H
#define RECORDER_TRANSPORT_H

#include "recorder/bot.h"

enum { TRANSPORT_RECOVERY_TIMEOUT_MS = 5000 };	/* of each step of a recovery */

struct transport {
	/* What became of the last command, for its callback: */
	struct bot_csw csw;		/* after BOT_ANSWERED */
	uint32_t actual;		/* bytes of data that came */
	const char *why;		/* the first thing that went wrong, or NULL */
	bool timed_out;			/* it was that no answer came */
	bool no_memory;			/* it was that this computer had no memory for a transfer */
	unsigned units;			/* after transport_ask_units: 1 to BOT_LUN_MAX + 1 */

	/* The rest is transport.c's. */
	struct usb_io *io;
	uint32_t timeout_ms;
	struct scsi_command command;
	uint8_t *data;
	void (*cb)(void *cb_data, enum bot_state end);
	void *cb_data;
	enum bot_state state;
	bool running, cancelled, status_asked;

	struct usb_xfer x_cbw, x_data, x_csw, x_control;
	unsigned flying;		/* transfers submitted and not yet back */
	struct bot_exchange seen;
	struct bot_csw probe_csw;
	uint32_t tag;
	uint8_t cbw[BOT_CBW_LEN], csw_bytes[BOT_CSW_LEN], setup[8 + 1];
};

/* timeout_ms: of each command. */
void transport_init(struct transport *t, struct usb_io *io, uint32_t timeout_ms);

/* The same for commands to come. */
void transport_set_timeout(struct transport *t, uint32_t timeout_ms);

/*
 * Carry out c; its data goes into buf, which has room for c->data_len bytes.
 * cb gets one of the end states of bot.h.
 */
int transport_run(struct transport *t, const struct scsi_command *c, uint8_t *buf,
		  void (*cb)(void *data, enum bot_state end), void *data);

/*
 * Get Max LUN, section 3.2: how many units there are, into t->units.  A device that stalls it, or
 * answers it in no sensible way, has one.  cb gets BOT_ANSWERED, BOT_GONE or BOT_CANCELLED.
 */
int transport_ask_units(struct transport *t, void (*cb)(void *data, enum bot_state end),
			void *data);

/* Have the command at hand, if any, end with BOT_CANCELLED (or BOT_GONE) soon. */
void transport_cancel(struct transport *t);

#endif
