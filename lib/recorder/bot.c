#include "recorder/bot.h"

#include <string.h>

#include "base/util.h"

static void put32(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)n;
	p[1] = (uint8_t)(n >> 8);
	p[2] = (uint8_t)(n >> 16);
	p[3] = (uint8_t)(n >> 24);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void wrap(const uint8_t *cdb, size_t cdb_len, uint8_t lun, uint32_t data_len, bool in,
		 uint32_t tag, uint8_t ret_cbw[BOT_CBW_LEN])
{
	memset(ret_cbw, 0, BOT_CBW_LEN);
	memcpy(ret_cbw, "USBC", 4);
	put32(ret_cbw + 4, tag);
	put32(ret_cbw + 8, data_len);
	ret_cbw[12] = in && data_len > 0 ? 0x80 : 0;	/* device to host */
	ret_cbw[13] = lun;
	ret_cbw[14] = (uint8_t)cdb_len;
	memcpy(ret_cbw + 15, cdb, cdb_len);
}

void bot_cbw(const struct scsi_command *c, uint32_t tag, uint8_t ret_cbw[BOT_CBW_LEN])
{
	if (!scsi_is_read(c->cdb[0]) || c->cdb_len == 0 || c->cdb_len > SCSI_CDB_MAX ||
	    c->lun > BOT_LUN_MAX)
		BUG("bot: command 0x%02x must not go to a recorder", c->cdb[0]);
	wrap(c->cdb, c->cdb_len, c->lun, c->data_len, true, tag, ret_cbw);
}

bool bot_is_unlock(const uint8_t *cdb, size_t cdb_len, size_t data_len)
{
	return cdb_len > 0 && cdb_len <= SCSI_CDB_MAX && data_len <= BOT_UNLOCK_DATA_MAX &&
	       (cdb[0] >= 0xc0 || cdb[0] == 0x1b);
}

void bot_cbw_unlock(const uint8_t *cdb, size_t cdb_len, size_t data_len, uint32_t tag,
		    uint8_t ret_cbw[BOT_CBW_LEN])
{
	if (!bot_is_unlock(cdb, cdb_len, data_len))
		BUG("bot: command 0x%02x is no unlock", cdb_len > 0 ? cdb[0] : 0);
	wrap(cdb, cdb_len, 0, (uint32_t)data_len, false, tag, ret_cbw);
}

const char *bot_csw_parse(const uint8_t *p, size_t len, uint32_t tag, uint32_t data_len,
			  struct bot_csw *ret)
{
	struct bot_csw csw;

	if (len != BOT_CSW_LEN)
		return "a status of the wrong length";
	if (memcmp(p, "USBS", 4) != 0)
		return "a status without signature";
	if (get32(p + 4) != tag)
		return "the status of another command";
	csw.residue = get32(p + 8);
	csw.status = p[12];
	if (csw.status > BOT_PHASE_ERROR)
		return "a status that the standard does not know";
	if (csw.residue > data_len && csw.status != BOT_PHASE_ERROR)
		return "a residue larger than what was asked for";
	*ret = csw;
	return NULL;
}

enum bot_delivery bot_delivered(uint32_t data_len, uint32_t actual, const struct bot_csw *csw)
{
	if (csw->residue != data_len - actual)
		return BOT_LIE;
	return csw->residue == 0 ? BOT_WHOLE : BOT_SHORT;
}

static bool any(const struct bot_exchange *x, enum usb_status s)
{
	return x->cbw == s || x->data == s || x->csw == s;
}

bool bot_status_due(const struct bot_exchange *x)
{
	return x->cbw == USB_DONE && x->cbw_whole && x->data == USB_DONE && x->csw_len == 0;
}

enum bot_event bot_judge(const struct bot_exchange *x, const char **ret_why)
{
	if (any(x, USB_GONE)) {
		*ret_why = "unplugged";
		return BOT_EV_GONE;
	}
	if (x->cbw == USB_STALLED) {
		*ret_why = "the device refused the command's wrapper";
		return BOT_EV_FAULT;
	}
	if (x->data == USB_OVERFLOW || x->csw == USB_OVERFLOW) {
		*ret_why = "the device sent more than it was asked for";
		return BOT_EV_FAULT;
	}
	if (any(x, USB_TIMED_OUT)) {
		*ret_why = "no answer in time";
		return BOT_EV_TIMEOUT;
	}
	if (any(x, USB_FAILED) || x->cbw != USB_DONE || !x->cbw_whole) {
		*ret_why = "the transfer failed on the bus";
		return BOT_EV_FAULT;
	}
	if (x->data != USB_DONE) {
		*ret_why = "the device stalled the data";
		return BOT_EV_STALL_DATA;
	}
	if (x->csw != USB_DONE) {
		*ret_why = "the device stalled the status";
		return BOT_EV_STALL_STATUS;
	}
	if (x->csw_len == 0) {
		*ret_why = "an empty status";
		return BOT_EV_EMPTY_STATUS;
	}
	if (x->csw_fault != NULL || x->phase_error) {
		*ret_why = x->csw_fault != NULL ? x->csw_fault : "the device reports a phase error";
		return BOT_EV_FAULT;
	}
	return BOT_EV_OK;
}

static enum bot_state after_status(enum bot_event ev)
{
	switch (ev) {
	case BOT_EV_OK:			return BOT_ANSWERED;
	case BOT_EV_STALL_STATUS:	return BOT_CLEAR_STATUS;
	case BOT_EV_EMPTY_STATUS:	return BOT_STATUS_AGAIN;
	default:			return BOT_RESET;
	}
}

enum bot_state bot_next(enum bot_state s, enum bot_event ev)
{
	bool ok = ev == BOT_EV_OK;

	if (ev == BOT_EV_GONE)
		return BOT_GONE;
	switch (s) {
	case BOT_EXCHANGE:
		return ev == BOT_EV_STALL_DATA ? BOT_CLEAR_DATA : after_status(ev);
	case BOT_CLEAR_DATA:	return ok ? BOT_STATUS : BOT_RESET;
	case BOT_STATUS:	return after_status(ev);
	case BOT_CLEAR_STATUS:	return ok ? BOT_STATUS_AGAIN : BOT_RESET;
	case BOT_STATUS_AGAIN:	return ok ? BOT_ANSWERED : BOT_RESET;
	case BOT_RESET:		return ok ? BOT_RESET_IN : BOT_PORT_RESET;
	case BOT_RESET_IN:	return ok ? BOT_RESET_OUT : BOT_PORT_RESET;
	case BOT_RESET_OUT:	return ok ? BOT_PROBE : BOT_PORT_RESET;
	case BOT_PROBE:		return ok ? BOT_RECOVERED : BOT_PORT_RESET;
	case BOT_PORT_RESET:	return ok ? BOT_PROBE_AGAIN : BOT_BROKEN;
	case BOT_PROBE_AGAIN:	return ok ? BOT_RECOVERED : BOT_BROKEN;
	case BOT_ANSWERED:
	case BOT_RECOVERED:
	case BOT_BROKEN:
	case BOT_GONE:
	case BOT_CANCELLED:
	case BOT_STATES:
		break;
	}
	BUG("bot: event %d after %s", ev, bot_state_name(s));
}

bool bot_is_end(enum bot_state s)
{
	return s >= BOT_ANSWERED;
}

const char *bot_state_name(enum bot_state s)
{
	static const char *const names[BOT_STATES] = {
		[BOT_EXCHANGE] = "exchange", [BOT_CLEAR_DATA] = "clear-data",
		[BOT_STATUS] = "status", [BOT_CLEAR_STATUS] = "clear-status",
		[BOT_STATUS_AGAIN] = "status-again", [BOT_RESET] = "reset",
		[BOT_RESET_IN] = "reset-in", [BOT_RESET_OUT] = "reset-out",
		[BOT_PROBE] = "probe", [BOT_PORT_RESET] = "port-reset",
		[BOT_PROBE_AGAIN] = "probe-again", [BOT_ANSWERED] = "answered",
		[BOT_RECOVERED] = "recovered", [BOT_BROKEN] = "broken", [BOT_GONE] = "gone",
		[BOT_CANCELLED] = "cancelled",
	};

	return s < BOT_STATES ? names[s] : "?";
}
