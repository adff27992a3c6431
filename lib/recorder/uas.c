#include "recorder/uas.h"

#include <string.h>

#include "base/util.h"

enum { IU_COMMAND = 0x01, IU_LEN = 4, SENSE_IU_LEN = 16, RESPONSE_IU_LEN = 8 };
enum { DESCRIPTOR_PIPE_USAGE = 0x24, PIPE_USAGE_LEN = 4 };

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint8_t uas_pipe_of(const uint8_t *extra, size_t len)
{
	size_t n;

	for (; len >= 2; extra += n, len -= n) {
		n = extra[0];
		if (n < 2 || n > len)
			return 0;
		if (extra[1] == DESCRIPTOR_PIPE_USAGE && n >= PIPE_USAGE_LEN)
			return extra[2] <= UAS_PIPE_DATA_OUT ? extra[2] : 0;
	}
	return 0;
}

void uas_command(const struct scsi_command *c, uint16_t tag, uint8_t ret_iu[UAS_COMMAND_LEN])
{
	if (!scsi_is_read(c->cdb[0]) || c->cdb_len == 0 || c->cdb_len > SCSI_CDB_MAX)
		BUG("uas: command 0x%02x must not go to a recorder", c->cdb[0]);
	memset(ret_iu, 0, UAS_COMMAND_LEN);
	ret_iu[0] = IU_COMMAND;
	ret_iu[2] = (uint8_t)(tag >> 8);
	ret_iu[3] = (uint8_t)tag;
	ret_iu[9] = c->lun;		/* SAM-5, 4.7.7.2: peripheral device addressing */
	memcpy(ret_iu + 16, c->cdb, c->cdb_len);
}

static const char *parse_sense(const uint8_t *p, size_t len, struct uas_iu *iu)
{
	size_t came;

	if (len < SENSE_IU_LEN)
		return "a status that is cut short";
	came = MIN(len - SENSE_IU_LEN, (size_t)get16(p + 14));
	iu->status = p[6];
	iu->sense = p + SENSE_IU_LEN;
	iu->sense_len = MIN(came, (size_t)UAS_SENSE_MAX);
	return NULL;
}

static const char *parse_response(const uint8_t *p, size_t len, struct uas_iu *iu)
{
	if (len < RESPONSE_IU_LEN)
		return "a response that is cut short";
	iu->response = p[7];
	return NULL;
}

const char *uas_parse(const uint8_t *p, size_t len, uint16_t tag, struct uas_iu *ret)
{
	struct uas_iu iu = { 0 };
	const char *fault;

	if (len < IU_LEN)
		return "a status that is cut short";
	iu.id = (enum uas_id)p[0];
	switch (p[0]) {
	case UAS_SENSE:
		fault = parse_sense(p, len, &iu);
		break;
	case UAS_RESPONSE:
		fault = parse_response(p, len, &iu);
		break;
	case UAS_READ_READY:
	case UAS_WRITE_READY:
		fault = NULL;
		break;
	default:
		return "a status that the standard does not know";
	}
	if (fault == NULL && get16(p + 2) != tag)
		fault = "the status of another command";
	if (fault == NULL)
		*ret = iu;
	return fault;
}

/* Table 20: a response to a command says why it was not carried out. */
static const char *response_text(uint8_t code)
{
	switch (code) {
	case 0x02:	return "the device calls the command invalid";
	case 0x09:	return "the device has no such unit";
	case 0x0a:	return "the device still has a command of that tag";
	default:	return "the device answers a command as if it were none";
	}
}

const char *uas_refuse(const struct uas_iu *iu, bool wants_data, bool announced)
{
	switch (iu->id) {
	case UAS_SENSE:
		return NULL;
	case UAS_READ_READY:
		if (!wants_data)
			return "the device has data for a command that has none";
		return announced ? "the device announces data that was asked for" : NULL;
	case UAS_WRITE_READY:
		return "the device wants data from a command that reads";
	case UAS_RESPONSE:
		return response_text(iu->response);
	}
	BUG("uas: a unit of kind %d", (int)iu->id);
}

static bool any(const struct uas_exchange *x, enum usb_status s)
{
	return x->command == s || x->status == s || x->data == s;
}

bool uas_is_lost(const struct uas_exchange *x)
{
	return x->fault != NULL || x->command != USB_DONE || x->status != USB_DONE ||
	       (x->data != USB_DONE && x->data != USB_STALLED);
}

enum uas_event uas_judge(const struct uas_exchange *x, const char **ret_why)
{
	if (any(x, USB_GONE)) {
		*ret_why = "unplugged";
		return UAS_EV_GONE;
	}
	if (x->fault != NULL) {
		*ret_why = x->fault;
		return UAS_EV_FAULT;
	}
	if (x->command == USB_STALLED) {
		*ret_why = "the device refused the command";
		return UAS_EV_FAULT;
	}
	if (x->status == USB_STALLED) {
		*ret_why = "the device stalled the status";
		return UAS_EV_FAULT;
	}
	if (any(x, USB_OVERFLOW)) {
		*ret_why = "the device sent more than it was asked for";
		return UAS_EV_FAULT;
	}
	if (any(x, USB_TIMED_OUT)) {
		*ret_why = "no answer in time";
		return UAS_EV_TIMEOUT;
	}
	if (any(x, USB_FAILED) || x->command != USB_DONE || !x->command_whole || !x->sensed) {
		*ret_why = "the transfer failed on the bus";
		return UAS_EV_FAULT;
	}
	if (x->data == USB_STALLED) {
		*ret_why = "the device stalled the data";
		return UAS_EV_STALL_DATA;
	}
	return UAS_EV_OK;
}

enum uas_state uas_next(enum uas_state s, enum uas_event ev)
{
	bool ok = ev == UAS_EV_OK;

	if (ev == UAS_EV_GONE)
		return UAS_GONE;
	switch (s) {
	case UAS_EXCHANGE:
		return ok ? UAS_ANSWERED : ev == UAS_EV_STALL_DATA ? UAS_CLEAR_DATA : UAS_RESET;
	case UAS_CLEAR_DATA:	return ok ? UAS_ANSWERED : UAS_RESET;
	case UAS_RESET:		return ok ? UAS_PROBE : UAS_RESET_AGAIN;
	case UAS_PROBE:		return ok ? UAS_RECOVERED : UAS_RESET_AGAIN;
	case UAS_RESET_AGAIN:	return ok ? UAS_PROBE_AGAIN : UAS_BROKEN;
	case UAS_PROBE_AGAIN:	return ok ? UAS_RECOVERED : UAS_BROKEN;
	case UAS_ANSWERED:
	case UAS_RECOVERED:
	case UAS_BROKEN:
	case UAS_GONE:
	case UAS_CANCELLED:
	case UAS_STATES:
		break;
	}
	BUG("uas: event %d after %s", ev, uas_state_name(s));
}

bool uas_is_end(enum uas_state s)
{
	return s >= UAS_ANSWERED;
}

const char *uas_state_name(enum uas_state s)
{
	static const char *const names[UAS_STATES] = {
		[UAS_EXCHANGE] = "exchange", [UAS_CLEAR_DATA] = "clear-data",
		[UAS_RESET] = "reset", [UAS_PROBE] = "probe",
		[UAS_RESET_AGAIN] = "reset-again", [UAS_PROBE_AGAIN] = "probe-again",
		[UAS_ANSWERED] = "answered", [UAS_RECOVERED] = "recovered",
		[UAS_BROKEN] = "broken", [UAS_GONE] = "gone", [UAS_CANCELLED] = "cancelled",
	};

	return s < UAS_STATES ? names[s] : "?";
}
