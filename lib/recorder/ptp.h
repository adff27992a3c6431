/*
 * PTP and MTP over USB as values (ISO 15740; USB Still Image Capture Device
 * 1.0; MTP 1.1): containers, which operations may go onto the wire, and where
 * each outcome of a transaction leads.  transaction.c does what is decided
 * here, as transport.c does for bot.h.
 *
 * Pure; any thread.
 */
#ifndef RECORDER_PTP_H
#define RECORDER_PTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MTP_PARAMS_MAX = 5 };

struct mtp_operation {
	uint16_t code;
	uint8_t n_params;
	uint32_t params[MTP_PARAMS_MAX];
};

struct mtp_response {
	uint16_t code;
	uint8_t n_params;
	uint32_t params[MTP_PARAMS_MAX];
};

/* --- operations --- */

enum ptp_operation {
	PTP_GET_DEVICE_INFO = 0x1001,
	PTP_OPEN_SESSION = 0x1002,
	PTP_CLOSE_SESSION = 0x1003,
	PTP_GET_OBJECT = 0x1009,
	PTP_DELETE_OBJECT = 0x100b,
	PTP_SEND_OBJECT_INFO = 0x100c,
	PTP_SEND_OBJECT = 0x100d,
	PTP_SET_DEVICE_PROP_VALUE = 0x1016,
	PTP_GET_PARTIAL_OBJECT = 0x101b,
	PTP_GET_PARTIAL_OBJECT_64 = 0x95c1,	/* Android's */
};

enum { PTP_PROP_DATE_TIME = 0x5011 };

/* It changes nothing on the device: information and content. */
bool ptp_is_read(uint16_t code);

/* A maker's own, which may unlock a recorder; Android's, most of which write, are not. */
bool ptp_is_vendor(uint16_t code);

/* --- containers --- */

enum { PTP_HEADER_LEN = 12, PTP_CONTAINER_MAX = 12 + 4 * MTP_PARAMS_MAX };
enum ptp_type { PTP_TYPE_COMMAND = 1, PTP_TYPE_DATA = 2, PTP_TYPE_RESPONSE = 3,
		PTP_TYPE_EVENT = 4 };

enum { PTP_NAME_MAX = 254, PTP_OBJECT_INFO_MAX = 56 + 2 * (PTP_NAME_MAX + 1) };

/*
 * The ObjectInfo dataset of a new file of size bytes; returns its length, or 0
 * when name is no name: 1 to PTP_NAME_MAX printable ASCII characters, no '/'.
 */
size_t ptp_object_info(const char *name, uint32_t size, uint8_t ret[PTP_OBJECT_INFO_MAX]);

enum { PTP_CLOCK_LEN = 15, PTP_CLOCK_DATA_LEN = 1 + 2 * (PTP_CLOCK_LEN + 1) };

/* DateTime as a dataset; false when it is not "YYYYMMDDThhmmss". */
bool ptp_clock(const char *datetime, uint8_t ret[PTP_CLOCK_DATA_LEN]);

/* Class requests (Still Image Capture Device 1.0, section 5). */
enum { PTP_REQUEST_CANCEL = 0x64, PTP_REQUEST_RESET = 0x66, PTP_REQUEST_STATUS = 0x67 };
enum { PTP_CANCEL_LEN = 6, PTP_STATUS_MAX = 12 };

/* What goes with Cancel. */
void ptp_cancel_data(uint32_t tid, uint8_t ret[PTP_CANCEL_LEN]);

#define PTP_UNKNOWN	UINT64_MAX	/* a length that only the end of the data tells */

/*
 * The command container; returns its length.  What neither reads nor is one of
 * the session's own, a vendor's, or a named write is a BUG().
 */
size_t ptp_command(const struct mtp_operation *op, uint32_t tid,
		   uint8_t ret[PTP_CONTAINER_MAX]);

/* The header of len bytes that go to the device. */
void ptp_data_header(uint16_t code, uint32_t tid, uint32_t len, uint8_t ret[PTP_HEADER_LEN]);

/*
 * The first packet of an answer to `code`.  NULL, or what is wrong with it.
 * *ret_response: it is a response; else *ret_len is how many bytes of data
 * follow the header, or PTP_UNKNOWN.
 */
const char *ptp_answer(const uint8_t *p, size_t len, uint16_t code, uint32_t tid,
		       struct mtp_response *ret_response, bool *ret_is_response,
		       uint64_t *ret_len);

/* A whole response.  NULL, or what is wrong with it. */
const char *ptp_response_parse(const uint8_t *p, size_t len, uint32_t tid,
			       struct mtp_response *ret);

/*
 * An event, from the interrupt endpoint, where it may come in several packets:
 * 0, not all of it yet; 1, *ret_code and its first parameter (0: none);
 * -1, no event.
 */
int ptp_event_parse(const uint8_t *p, size_t len, uint16_t *ret_code, uint32_t *ret_param);

enum { PTP_EVENT_OBJECT_REMOVED = 0x4003 };

/* The sentence for an event after which the medium is not what it was, or NULL. */
const char *ptp_event_alarms(uint16_t code);

/*
 * The answer to Get Device Status: 1, it has settled; 0, it is busy; -1, it is
 * no such answer.  *ret_halted_*: it says that this endpoint is.
 */
int ptp_status_parse(const uint8_t *p, size_t len, uint8_t endpoint_in, uint8_t endpoint_out,
		     bool *ret_halted_in, bool *ret_halted_out);

/* --- responses --- */

enum ptp_response {
	PTP_OK = 0x2001,
	PTP_OPERATION_NOT_SUPPORTED = 0x2005,
	PTP_DEVICE_BUSY = 0x2019,
	PTP_SESSION_ALREADY_OPEN = 0x201e,
	PTP_TRANSACTION_CANCELLED = 0x201f,
};

/* "access denied", or "response 0x2abc" in room; for sentences. */
const char *ptp_response_name(uint16_t code, char *room, size_t size);

/* --- one transaction --- */

enum ptp_event {
	PTP_EV_OK,		/* the step at hand is done */
	PTP_EV_SEND,		/* so, and there is data for the device */
	PTP_EV_DATA,		/* the answer begins with data */
	PTP_EV_RESPONSE,	/* a valid response came; in recovery: the session is still open */
	PTP_EV_SESSION,		/* in recovery: a session was opened, there was none left */
	PTP_EV_FOREIGN,		/* the device is in a session that nobody here opened */
	PTP_EV_EMPTY,		/* an empty packet, as some send behind data that fills its last */
	PTP_EV_STALL,
	PTP_EV_FAULT,		/* what no device should send, or the bus failed */
	PTP_EV_TIMEOUT,
	PTP_EV_STOP,		/* nobody wants the rest */
	PTP_EV_NO_MEMORY,	/* this computer has none for transfers, and had none for long */
	PTP_EV_GONE,
	PTP_EVENTS
};

enum ptp_state {
	PTP_GREETING,		/* OpenSession to a device of which nothing is known */
	PTP_COMMAND,
	PTP_DATA_OUT,
	PTP_ANSWER,		/* the first packet: data or response */
	PTP_ANSWER_AGAIN,	/* after an empty one */
	PTP_DATA_IN,
	PTP_RESPONSE,
	PTP_RESPONSE_AGAIN,
	PTP_CANCEL,		/* recovery: the class request Cancel, */
	PTP_STATUS,		/* Get Device Status until it is no longer busy, */
	PTP_CLEAR_IN,		/* clear what halted, */
	PTP_CLEAR_OUT,
	PTP_DRAIN,		/* take what it still sends, */
	PTP_PROBE,		/* and see whether OpenSession gets an answer */
	PTP_RESET,		/* it does not: the class request Device Reset, */
	PTP_RESET_IN,		/* clear bulk IN, */
	PTP_RESET_OUT,		/* clear bulk OUT, */
	PTP_REOPEN,		/* OpenSession */
	PTP_PORT_RESET,		/* that did not help: reset the port, */
	PTP_REOPEN_AGAIN,	/* OpenSession */

	PTP_ANSWERED,		/* end: there is a response */
	PTP_RECOVERED,		/* end: the transaction is lost, the session lives */
	PTP_RENEWED,		/* end: so is the session; there is a new one */
	PTP_BROKEN,		/* end: nothing helped */
	PTP_STARVED,		/* end: no memory */
	PTP_GONE,		/* end: unplugged */
	PTP_CANCELLED,		/* end: as asked */
	PTP_STATES
};

enum ptp_state ptp_next(enum ptp_state s, enum ptp_event ev);
bool ptp_is_end(enum ptp_state s);
const char *ptp_state_name(enum ptp_state s);

#endif
