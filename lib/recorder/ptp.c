#include "recorder/ptp.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"

static void put16(uint8_t *p, uint16_t n)
{
	p[0] = (uint8_t)n;
	p[1] = (uint8_t)(n >> 8);
}

static void put32(uint8_t *p, uint32_t n)
{
	put16(p, (uint16_t)n);
	put16(p + 2, (uint16_t)(n >> 16));
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p + 2) << 16 | get16(p);
}

/* --- operations --- */

bool ptp_is_read(uint16_t code)
{
	switch (code) {
	case PTP_GET_DEVICE_INFO:
	case 0x1004:	/* GetStorageIDs */
	case 0x1005:	/* GetStorageInfo */
	case 0x1006:	/* GetNumObjects */
	case 0x1007:	/* GetObjectHandles */
	case 0x1008:	/* GetObjectInfo */
	case PTP_GET_OBJECT:
	case 0x100a:	/* GetThumb */
	case 0x1014:	/* GetDevicePropDesc */
	case 0x1015:	/* GetDevicePropValue */
	case PTP_GET_PARTIAL_OBJECT:
	case 0x9801:	/* GetObjectPropsSupported */
	case 0x9802:	/* GetObjectPropDesc */
	case 0x9803:	/* GetObjectPropValue */
	case 0x9805:	/* GetObjectPropList */
	case 0x9810:	/* GetObjectReferences */
	case PTP_GET_PARTIAL_OBJECT_64:
		return true;
	default:
		return false;
	}
}

bool ptp_is_vendor(uint16_t code)
{
	bool vendors = (code >= 0x9000 && code <= 0x97ff) || (code >= 0x9900 && code <= 0x9fff);

	return vendors && (code & 0xfff0) != 0x95c0;
}

/* The second look at what goes to a recorder, whoever asked for it. */
static bool may_go(const struct mtp_operation *op)
{
	switch (op->code) {
	case PTP_OPEN_SESSION:
	case PTP_CLOSE_SESSION:
	case PTP_SEND_OBJECT_INFO:
	case PTP_SEND_OBJECT:
		return true;
	case PTP_DELETE_OBJECT:		/* one object: all of them would be 0xffffffff */
		return op->n_params >= 1 && op->params[0] != 0 && op->params[0] != UINT32_MAX;
	case PTP_SET_DEVICE_PROP_VALUE:
		return op->n_params == 1 && op->params[0] == PTP_PROP_DATE_TIME;
	default:
		return ptp_is_read(op->code) || ptp_is_vendor(op->code);
	}
}

/* --- containers --- */

static void header(uint32_t len, enum ptp_type type, uint16_t code, uint32_t tid, uint8_t *ret)
{
	put32(ret, len);
	put16(ret + 4, (uint16_t)type);
	put16(ret + 6, code);
	put32(ret + 8, tid);
}

size_t ptp_command(const struct mtp_operation *op, uint32_t tid,
		   uint8_t ret[PTP_CONTAINER_MAX])
{
	uint32_t len = PTP_HEADER_LEN + 4u * op->n_params;
	unsigned i;

	if (op->n_params > MTP_PARAMS_MAX || !may_go(op))
		BUG("ptp: operation 0x%04x must not go to a recorder", op->code);
	header(len, PTP_TYPE_COMMAND, op->code, tid, ret);
	for (i = 0; i < op->n_params; i++)
		put32(ret + PTP_HEADER_LEN + 4 * i, op->params[i]);
	return len;
}

void ptp_data_header(uint16_t code, uint32_t tid, uint32_t len, uint8_t ret[PTP_HEADER_LEN])
{
	header(PTP_HEADER_LEN + len, PTP_TYPE_DATA, code, tid, ret);
}

const char *ptp_response_parse(const uint8_t *p, size_t len, uint32_t tid,
			       struct mtp_response *ret)
{
	struct mtp_response r = { 0 };
	unsigned i;

	if (len < PTP_HEADER_LEN)
		return "a response shorter than its header";
	if (get16(p + 4) != PTP_TYPE_RESPONSE)
		return "something else in place of a response";
	if (get32(p) != len || len > PTP_CONTAINER_MAX || len % 4 != 0)
		return "a response that lies about its length";
	if (get32(p + 8) != tid)
		return "the response of another transaction";
	r.code = get16(p + 6);
	r.n_params = (uint8_t)((len - PTP_HEADER_LEN) / 4);
	for (i = 0; i < r.n_params; i++)
		r.params[i] = get32(p + PTP_HEADER_LEN + 4 * i);
	*ret = r;
	return NULL;
}

/* The header of data: what it says of what follows. */
static const char *data_header(const uint8_t *p, size_t len, uint16_t code, uint32_t tid,
			       uint64_t *ret_len)
{
	uint32_t says = get32(p);

	if (says < PTP_HEADER_LEN || (says != UINT32_MAX && says < len))
		return "data that lies about its length";
	if (get16(p + 6) != code)
		return "the data of another operation";
	if (get32(p + 8) != tid)
		return "the data of another transaction";
	*ret_len = says == UINT32_MAX ? PTP_UNKNOWN : says - PTP_HEADER_LEN;
	return NULL;
}

const char *ptp_answer(const uint8_t *p, size_t len, uint16_t code, uint32_t tid,
		       struct mtp_response *ret_response, bool *ret_is_response,
		       uint64_t *ret_len)
{
	if (len < PTP_HEADER_LEN)
		return "an answer shorter than its header";
	*ret_is_response = get16(p + 4) == PTP_TYPE_RESPONSE;
	if (*ret_is_response)
		return ptp_response_parse(p, len, tid, ret_response);
	if (get16(p + 4) != PTP_TYPE_DATA)
		return "an answer that is neither data nor response";
	return data_header(p, len, code, tid, ret_len);
}

int ptp_event_parse(const uint8_t *p, size_t len, uint16_t *ret_code, uint32_t *ret_param)
{
	uint32_t says;

	if (len < 4)
		return 0;
	says = get32(p);
	if (says < PTP_HEADER_LEN || says > PTP_CONTAINER_MAX || len > says)
		return -1;
	if (len < says)
		return 0;
	if (get16(p + 4) != PTP_TYPE_EVENT)
		return -1;
	*ret_code = get16(p + 6);
	*ret_param = says >= PTP_HEADER_LEN + 4 ? get32(p + PTP_HEADER_LEN) : 0;
	return 1;
}

const char *ptp_event_alarms(uint16_t code)
{
	switch (code) {
	case PTP_EVENT_OBJECT_REMOVED:
		return "the recorder removed a file while it was docked";
	case 0x4005:	/* StoreRemoved */
		return "a card was taken out of the recorder while it was docked";
	case 0x400b:	/* DeviceReset */
		return "the recorder restarted while it was docked";
	default:
		return NULL;
	}
}

/* A string: how many characters with its NUL, then UTF-16LE.  Returns its length. */
static size_t put_text(uint8_t *p, const char *text)
{
	size_t n = strlen(text) + 1, i;

	p[0] = (uint8_t)n;
	for (i = 0; i < n; i++)
		put16(p + 1 + 2 * i, (uint8_t)text[i]);
	return 1 + 2 * n;
}

size_t ptp_object_info(const char *name, uint32_t size, uint8_t ret[PTP_OBJECT_INFO_MAX])
{
	enum { FORMAT = 4, SIZE = 8, FILENAME = 52, UNDEFINED = 0x3000 };
	size_t len = strlen(name), i;

	if (len == 0 || len > PTP_NAME_MAX)
		return 0;
	for (i = 0; i < len; i++)
		if (name[i] < ' ' || name[i] > '~' || name[i] == '/')
			return 0;
	memset(ret, 0, PTP_OBJECT_INFO_MAX);
	put16(ret + FORMAT, UNDEFINED);
	put32(ret + SIZE, size);
	/* Behind the name three strings that are empty: two dates and the keywords. */
	return FILENAME + put_text(ret + FILENAME, name) + 3;
}

bool ptp_clock(const char *datetime, uint8_t ret[PTP_CLOCK_DATA_LEN])
{
	size_t i;

	if (strlen(datetime) != PTP_CLOCK_LEN)
		return false;
	for (i = 0; i < PTP_CLOCK_LEN; i++)
		if (i == 8 ? datetime[i] != 'T' : datetime[i] < '0' || datetime[i] > '9')
			return false;
	put_text(ret, datetime);
	return true;
}

void ptp_cancel_data(uint32_t tid, uint8_t ret[PTP_CANCEL_LEN])
{
	put16(ret, 0x4001);
	put32(ret + 2, tid);
}

int ptp_status_parse(const uint8_t *p, size_t len, uint8_t endpoint_in, uint8_t endpoint_out,
		     bool *ret_halted_in, bool *ret_halted_out)
{
	size_t at;

	if (len < 4 || get16(p) < 4 || get16(p) > len)
		return -1;
	if (get16(p + 2) == PTP_DEVICE_BUSY)
		return 0;
	if (get16(p + 2) != PTP_OK && get16(p + 2) != PTP_TRANSACTION_CANCELLED)
		return -1;
	for (at = 4; at + 4 <= get16(p); at += 4) {
		*ret_halted_in |= get32(p + at) == endpoint_in;
		*ret_halted_out |= get32(p + at) == endpoint_out;
	}
	return 1;
}

/* --- responses --- */

const char *ptp_response_name(uint16_t code, char *room, size_t size)
{
	static const char *const names[] = {
		"undefined", "ok", "general error", "session not open", "invalid transaction id",
		"operation not supported", "parameter not supported", "incomplete transfer",
		"invalid storage id", "invalid object handle", "device property not supported",
		"invalid object format code", "storage full", "object is write-protected",
		"store is read-only", "access denied", "no thumbnail present", "self-test failed",
		"partial deletion", "store not available", "specification by format unsupported",
		"no valid object info", "invalid code format", "unknown vendor code",
		"capture already terminated", "device busy", "invalid parent object",
		"invalid device property format", "invalid device property value",
		"invalid parameter", "session already open", "transaction cancelled",
		"specification of destination unsupported",
	};

	if (code >= 0x2000 && code - 0x2000u < COUNT(names))
		return names[code - 0x2000];
	snprintf(room, size, "response 0x%04x", code);
	return room;
}

/* --- one transaction --- */

static enum ptp_state after_answer(enum ptp_event ev, enum ptp_state empty)
{
	switch (ev) {
	case PTP_EV_RESPONSE:	return PTP_ANSWERED;
	case PTP_EV_DATA:	return PTP_DATA_IN;
	case PTP_EV_EMPTY:	return empty;
	default:		return PTP_CANCEL;
	}
}

static enum ptp_state after_response(enum ptp_event ev, enum ptp_state empty)
{
	switch (ev) {
	case PTP_EV_RESPONSE:	return PTP_ANSWERED;
	case PTP_EV_EMPTY:	return empty;
	default:		return PTP_CANCEL;
	}
}

static enum ptp_state after_command(enum ptp_event ev)
{
	switch (ev) {
	case PTP_EV_OK:		return PTP_ANSWER;
	case PTP_EV_SEND:	return PTP_DATA_OUT;
	default:		return PTP_CANCEL;
	}
}

static enum ptp_state after_data(enum ptp_event ev)
{
	switch (ev) {
	case PTP_EV_OK:		return PTP_RESPONSE;
	case PTP_EV_RESPONSE:	return PTP_ANSWERED;	/* it came in place of data */
	default:		return PTP_CANCEL;
	}
}

/* After an OpenSession that probes. */
static enum ptp_state after_probe(enum ptp_event ev, enum ptp_state otherwise)
{
	switch (ev) {
	case PTP_EV_RESPONSE:	return PTP_RECOVERED;
	case PTP_EV_SESSION:	return PTP_RENEWED;
	default:		return otherwise;
	}
}

enum ptp_state ptp_next(enum ptp_state s, enum ptp_event ev)
{
	bool ok = ev == PTP_EV_OK;

	if (ptp_is_end(s))
		BUG("ptp: event %d after %s", ev, ptp_state_name(s));
	if (ev == PTP_EV_GONE)
		return PTP_GONE;
	if (ev == PTP_EV_NO_MEMORY)
		return PTP_STARVED;
	switch (s) {
	/* Whoever opened that session counted transactions, and nobody knows how far. */
	case PTP_GREETING:	return ev == PTP_EV_RESPONSE ? PTP_ANSWERED :
				       ev == PTP_EV_FOREIGN ? PTP_RESET : PTP_CANCEL;
	case PTP_COMMAND:	return after_command(ev);
	case PTP_DATA_OUT:	return ok ? PTP_ANSWER : PTP_CANCEL;
	case PTP_ANSWER:	return after_answer(ev, PTP_ANSWER_AGAIN);
	case PTP_ANSWER_AGAIN:	return after_answer(ev, PTP_CANCEL);
	case PTP_DATA_IN:	return after_data(ev);
	case PTP_RESPONSE:	return after_response(ev, PTP_RESPONSE_AGAIN);
	case PTP_RESPONSE_AGAIN: return after_response(ev, PTP_CANCEL);
	case PTP_CANCEL:	return ok ? PTP_STATUS : PTP_RESET;
	/* Some devices know Cancel and not this: the pipe will show. */
	case PTP_STATUS:	return ok || ev == PTP_EV_STALL ? PTP_CLEAR_IN : PTP_RESET;
	case PTP_CLEAR_IN:	return ok ? PTP_CLEAR_OUT : PTP_RESET;
	case PTP_CLEAR_OUT:	return ok ? PTP_DRAIN : PTP_RESET;
	case PTP_DRAIN:		return ok ? PTP_PROBE : PTP_RESET;
	case PTP_PROBE:		return after_probe(ev, PTP_RESET);
	case PTP_RESET:		return ok ? PTP_RESET_IN : PTP_PORT_RESET;
	case PTP_RESET_IN:	return ok ? PTP_RESET_OUT : PTP_PORT_RESET;
	case PTP_RESET_OUT:	return ok ? PTP_REOPEN : PTP_PORT_RESET;
	case PTP_REOPEN:	return after_probe(ev, PTP_PORT_RESET);
	case PTP_PORT_RESET:	return ok ? PTP_REOPEN_AGAIN : PTP_BROKEN;
	default:		return after_probe(ev, PTP_BROKEN);	/* PTP_REOPEN_AGAIN */
	}
}

bool ptp_is_end(enum ptp_state s)
{
	return s >= PTP_ANSWERED;
}

const char *ptp_state_name(enum ptp_state s)
{
	static const char *const names[PTP_STATES] = {
		[PTP_GREETING] = "greeting", [PTP_COMMAND] = "command",
		[PTP_DATA_OUT] = "data-out", [PTP_ANSWER] = "answer",
		[PTP_ANSWER_AGAIN] = "answer-again", [PTP_DATA_IN] = "data-in",
		[PTP_RESPONSE] = "response", [PTP_RESPONSE_AGAIN] = "response-again",
		[PTP_CANCEL] = "cancel", [PTP_STATUS] = "status",
		[PTP_CLEAR_IN] = "clear-in", [PTP_CLEAR_OUT] = "clear-out",
		[PTP_DRAIN] = "drain", [PTP_PROBE] = "probe", [PTP_RESET] = "reset",
		[PTP_RESET_IN] = "reset-in", [PTP_RESET_OUT] = "reset-out",
		[PTP_REOPEN] = "reopen", [PTP_PORT_RESET] = "port-reset",
		[PTP_REOPEN_AGAIN] = "reopen-again", [PTP_ANSWERED] = "answered",
		[PTP_RECOVERED] = "recovered", [PTP_RENEWED] = "renewed",
		[PTP_BROKEN] = "broken", [PTP_STARVED] = "starved", [PTP_GONE] = "gone",
		[PTP_CANCELLED] = "cancelled",
	};

	return s < PTP_STATES ? names[s] : "?";
}
