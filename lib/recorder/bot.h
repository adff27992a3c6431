/*
 * Bulk-only transport (USB Mass Storage Class, Bulk-Only Transport 1.0) as
 * values: the wrappers around command and status, and where each outcome
 * leads.  transport.c does what is decided here.
 *
 * Pure; any thread.
 */
#ifndef RECORDER_BOT_H
#define RECORDER_BOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recorder/scsi.h"
#include "recorder/usb_io.h"

enum { BOT_CBW_LEN = 31, BOT_CSW_LEN = 13 };
enum { BOT_PASSED = 0, BOT_FAILED = 1, BOT_PHASE_ERROR = 2 };	/* bCSWStatus */

enum { BOT_LUN_MAX = 15, BOT_UNLOCK_DATA_MAX = 64 };

/* Section 5.1.  A command that is no read, or a unit beyond BOT_LUN_MAX, is a BUG(). */
void bot_cbw(const struct scsi_command *c, uint32_t tag, uint8_t ret_cbw[BOT_CBW_LEN]);

/*
 * The same for the one command that is no read: a maker's unlock (unlock.h), which an officer's
 * configuration names and whose data, if any, goes to the device.  Vendor-specific operation codes
 * (C0h to FFh) and START STOP UNIT (1Bh), which mode switches use, and at most BOT_UNLOCK_DATA_MAX
 * bytes: no write to a medium can be put into that by any standard.  Anything else is a BUG().
 */
bool bot_is_unlock(const uint8_t *cdb, size_t cdb_len, size_t data_len);
void bot_cbw_unlock(const uint8_t *cdb, size_t cdb_len, size_t data_len, uint32_t tag,
		    uint8_t ret_cbw[BOT_CBW_LEN]);

struct bot_csw {
	uint8_t status;
	uint32_t residue;
};

/* Sections 5.2 and 6.3.  NULL, or what is wrong with it. */
const char *bot_csw_parse(const uint8_t *p, size_t len, uint32_t tag, uint32_t data_len,
			  struct bot_csw *ret);

/* Whether what arrived is what was asked for, and the residue says the same. */
enum bot_delivery { BOT_WHOLE, BOT_SHORT, BOT_LIE };

enum bot_delivery bot_delivered(uint32_t data_len, uint32_t actual, const struct bot_csw *csw);

/* How command, data and status of one command ended. */
struct bot_exchange {
	enum usb_status cbw, data, csw;	/* USB_DONE for what was not part of it */
	bool cbw_whole;
	size_t csw_len;			/* bytes of status that came */
	const char *csw_fault;		/* from bot_csw_parse */
	bool phase_error;
};

/* Command and data ended so that a status will follow, and it is not there yet. */
bool bot_status_due(const struct bot_exchange *x);

enum bot_event {
	BOT_EV_OK,
	BOT_EV_STALL_DATA,
	BOT_EV_STALL_STATUS,
	BOT_EV_EMPTY_STATUS,	/* an empty packet where the status should be: some send one */
	BOT_EV_FAULT,		/* an invalid or phase-error status, a stalled command, babble */
	BOT_EV_TIMEOUT,
	BOT_EV_GONE,
};

/* *ret_why: what happened, when it is not BOT_EV_OK. */
enum bot_event bot_judge(const struct bot_exchange *x, const char **ret_why);

enum bot_state {
	BOT_EXCHANGE,		/* command, data, status */
	BOT_CLEAR_DATA,		/* the data stage stalled (6.7.2): clear, then */
	BOT_STATUS,		/* ask for the status alone */
	BOT_CLEAR_STATUS,	/* the status stalled (5.3.3): clear, then */
	BOT_STATUS_AGAIN,	/* ask once more */
	BOT_RESET,		/* reset recovery (5.3.4): the class request, */
	BOT_RESET_IN,		/* clear bulk IN, */
	BOT_RESET_OUT,		/* clear bulk OUT, */
	BOT_PROBE,		/* and see whether TEST UNIT READY gets an answer */
	BOT_PORT_RESET,		/* it did not: reset the port, */
	BOT_PROBE_AGAIN,	/* and see again */

	BOT_ANSWERED,		/* end: there is a valid status */
	BOT_RECOVERED,		/* end: the command is lost, the device is well */
	BOT_BROKEN,		/* end: two recoveries in a row failed */
	BOT_GONE,		/* end: unplugged */
	BOT_CANCELLED,		/* end: as asked */
	BOT_STATES
};

enum bot_state bot_next(enum bot_state s, enum bot_event ev);
bool bot_is_end(enum bot_state s);
const char *bot_state_name(enum bot_state s);

#endif
