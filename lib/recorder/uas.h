/*
 * USB Attached SCSI (T10 UAS r04, USB-IF UASP 1.0) as values: the information
 * units on its pipes, and where each outcome of a command leads.
 * transport_uas.c does what is decided here.
 *
 * Up to high speed the device says by a READ READY that data may be asked for;
 * at SuperSpeed status and data have streams, whose number is the tag.
 *
 * Pure; any thread.
 */
#ifndef RECORDER_UAS_H
#define RECORDER_UAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recorder/scsi.h"
#include "recorder/usb_io.h"

enum {
	UAS_COMMAND_LEN = 32,
	UAS_STATUS_MAX = 1024,	/* one packet at any speed, so that no unit is babble */
	UAS_SENSE_MAX = 252,	/* SPC-4, 4.5: no sense data is longer */
	UAS_TAG_MAX = 255,	/* tags count from 1 to that and begin again */
	UAS_STREAM = 1,		/* the one stream, hence the one tag where there are streams */
};

enum uas_pipe { UAS_PIPE_COMMAND = 1, UAS_PIPE_STATUS, UAS_PIPE_DATA_IN, UAS_PIPE_DATA_OUT };

/*
 * Which pipe an endpoint is, by the Pipe Usage descriptor among those behind
 * the endpoint's own (UASP 1.0, 4.2.2.5).  0: it does not say.
 */
uint8_t uas_pipe_of(const uint8_t *extra, size_t len);

/* Section 6.2.2.  A command that is no read is a BUG(). */
void uas_command(const struct scsi_command *c, uint16_t tag, uint8_t ret_iu[UAS_COMMAND_LEN]);

/* What comes on the status pipe (section 6.2.1). */
enum uas_id { UAS_SENSE = 0x03, UAS_RESPONSE = 0x04, UAS_READ_READY = 0x06, UAS_WRITE_READY = 0x07 };

/* SAM-5, 5.3.1: those that mean something here; any other is a failure. */
enum { UAS_GOOD = 0x00, UAS_CHECK_CONDITION = 0x02, UAS_BUSY = 0x08, UAS_TASK_SET_FULL = 0x28 };

struct uas_iu {
	enum uas_id id;
	uint8_t status;			/* UAS_SENSE: of the command */
	const uint8_t *sense;		/* UAS_SENSE: in the bytes parsed */
	size_t sense_len;		/* what came, at most UAS_SENSE_MAX; 0: none */
	uint8_t response;		/* UAS_RESPONSE: its code */
};

/* NULL, or what is wrong with it.  Sense data that was cut is no fault: what came is there. */
const char *uas_parse(const uint8_t *p, size_t len, uint16_t tag, struct uas_iu *ret);

/*
 * Whether this unit may come now: announced is whether data was asked for here
 * already, or need not be announced.  NULL, or what is wrong with it.
 */
const char *uas_refuse(const struct uas_iu *iu, bool wants_data, bool announced);

/* How the transfers of one command ended. */
struct uas_exchange {
	enum usb_status command, status, data;	/* USB_DONE for what was not part of it */
	bool command_whole;
	bool sensed;			/* the Sense IU is there: the command is over */
	const char *fault;		/* from uas_parse or uas_refuse */
};

/* What is still in flight will not come any more, or not matter. */
bool uas_is_lost(const struct uas_exchange *x);

enum uas_event {
	UAS_EV_OK,
	UAS_EV_STALL_DATA,	/* there is a Sense IU, and data-in is halted */
	UAS_EV_FAULT,		/* an invalid unit, a refused command, babble, noise */
	UAS_EV_TIMEOUT,
	UAS_EV_GONE,
};

/* *ret_why: what happened, when it is not UAS_EV_OK. */
enum uas_event uas_judge(const struct uas_exchange *x, const char **ret_why);

enum uas_state {
	UAS_EXCHANGE,		/* command, data, status */
	UAS_CLEAR_DATA,		/* the data stage stalled: clear, and the command is over */
	UAS_RESET,		/* all transfers are back: reset the port, */
	UAS_PROBE,		/* and see whether TEST UNIT READY gets an answer */
	UAS_RESET_AGAIN,	/* it did not: once more, */
	UAS_PROBE_AGAIN,	/* and see again */

	UAS_ANSWERED,		/* end: there is a Sense IU */
	UAS_RECOVERED,		/* end: the command is lost, the device is well */
	UAS_BROKEN,		/* end: two resets in a row did not help */
	UAS_GONE,		/* end: unplugged */
	UAS_CANCELLED,		/* end: as asked */
	UAS_STATES
};

enum uas_state uas_next(enum uas_state s, enum uas_event ev);
bool uas_is_end(enum uas_state s);
const char *uas_state_name(enum uas_state s);

#endif
