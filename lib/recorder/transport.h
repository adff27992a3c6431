/*
 * One SCSI command at a time to a mass-storage recorder, over what its
 * interface speaks: bulk-only transport (bot.h) or USB Attached SCSI (uas.h).
 * Callers cannot tell which.
 *
 * Errors   see usb_io.h for callbacks.
 * Threads  the thread that runs the loop, and no other.
 */
#ifndef RECORDER_TRANSPORT_H
#define RECORDER_TRANSPORT_H

#include "recorder/bot.h"
#include "recorder/uas.h"

enum { TRANSPORT_RECOVERY_TIMEOUT_MS = 5000 };	/* of each step of a recovery */

/* How a command ended. */
enum transport_end {
	TRANSPORT_ANSWERED,	/* there is a valid status */
	TRANSPORT_RECOVERED,	/* the command is lost, the device was reset and is well */
	TRANSPORT_BROKEN,	/* two recoveries in a row failed */
	TRANSPORT_GONE,		/* unplugged */
	TRANSPORT_CANCELLED,	/* as asked */
};

typedef void (*transport_cb)(void *data, enum transport_end end);

/* What the device says of a command it answered. */
enum transport_status { TRANSPORT_PASSED, TRANSPORT_FAILED, TRANSPORT_BUSY };

struct transport_kind;

/* Bulk-only: transport_bot.c's own. */
struct transport_bot {
	enum bot_state state;
	bool status_asked;
	struct usb_xfer x_cbw, x_data, x_csw, x_control;
	struct bot_exchange seen;
	struct bot_csw csw, probe_csw;
	uint32_t tag;
	uint8_t cbw[BOT_CBW_LEN], csw_bytes[BOT_CSW_LEN], setup[8 + 1];
};

/* USB Attached SCSI: transport_uas.c's own. */
struct transport_uas {
	enum uas_state state;
	bool data_asked;
	struct usb_xfer x_command, x_status, x_data;
	struct uas_exchange seen;
	struct uas_iu sense;
	uint16_t tag;
	uint8_t command[UAS_COMMAND_LEN], iu[UAS_STATUS_MAX];
	uint8_t luns[SCSI_REPORT_LUNS_LEN];
	transport_cb units_cb;		/* of who asked for the units, and how often we did */
	void *units_data;
	unsigned units_asked;
};

struct transport {
	/* What became of the last command, for its callback: */
	enum transport_status status;	/* after TRANSPORT_ANSWERED, as the next three */
	enum bot_delivery delivered;
	uint32_t residue;		/* bytes that the device says are missing */
	uint8_t sense[UAS_SENSE_MAX];	/* that came with the status of a command that failed, */
	size_t sense_len;		/* 0 where it has to be asked for */
	uint32_t actual;		/* bytes of data that came */
	const char *why;		/* the first thing that went wrong, or NULL */
	bool timed_out;			/* it was that no answer came */
	bool no_memory;			/* it was that this computer had no memory for a transfer */
	unsigned units;			/* after transport_ask_units: 1 to BOT_LUN_MAX + 1 */
	bool running;			/* a command is on the wire */

	/* The rest is that of the transports. */
	const struct transport_kind *kind;
	struct usb_io *io;
	uint32_t timeout_ms;
	struct scsi_command command;
	uint8_t *data;
	transport_cb cb;
	void *cb_data;
	bool cancelled;
	unsigned flying;		/* transfers submitted and not yet back */
	union {
		struct transport_bot bot;
		struct transport_uas uas;
	};
};

/* timeout_ms: of each command. */
void transport_init(struct transport *t, struct usb_io *io, uint32_t timeout_ms);

/* The same for commands to come. */
void transport_set_timeout(struct transport *t, uint32_t timeout_ms);

/* Carry out c; its data goes into buf, which has room for c->data_len bytes. */
int transport_run(struct transport *t, const struct scsi_command *c, uint8_t *buf,
		  transport_cb cb, void *data);

/*
 * How many units there are, into t->units: one where the device does not say,
 * or nothing sensible.  It never ends with TRANSPORT_RECOVERED but for want of memory.
 */
int transport_ask_units(struct transport *t, transport_cb cb, void *data);

/* Have the command at hand, if any, end with TRANSPORT_CANCELLED (or TRANSPORT_GONE) soon. */
void transport_cancel(struct transport *t);

#endif
