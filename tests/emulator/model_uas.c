#include "emulator/model_uas.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "emulator/model_impl.h"

enum {
	EP_COMMAND = 0x04, EP_STATUS = 0x82,
	IU_COMMAND = 1, IU_SENSE = 3, IU_RESPONSE = 4, IU_READ_READY = 6, IU_NOBODYS = 0x55,
	COMMAND_LEN = 32, READY_LEN = 4, RESPONSE_LEN = 8, SENSE_IU_LEN = 16, SENSE_LEN = 18,
	CHECK_CONDITION = 2, INVALID_UNIT = 2, WRONG_LUN = 9,
};

enum phase { IDLE, ANNOUNCES, SENDS, ENDS };

struct model_uas {
	struct model *m;
	bool streams;
	uint16_t tag;
	enum phase phase;
	uint8_t response;	/* not 0: it answers with that in place of a status */
};

static int done(struct usb_xfer *x, enum usb_status status, size_t actual)
{
	x->status = status;
	x->actual = (uint32_t)actual;
	return 0;
}

/* --- the command pipe --- */

static void carry_out(struct model_uas *u, const uint8_t *iu)
{
	struct model *m = u->m;

	m->lun = &m->luns[iu[9]];
	model_scsi(m, iu + 16);
	if (m->status == CSW_PHASE_ERROR)
		u->response = INVALID_UNIT;
	if (u->response == 0 && (m->left > 0 || m->end == END_STALL))
		u->phase = u->streams ? SENDS : ANNOUNCES;
}

static int take_command(struct model_uas *u, struct usb_xfer *x)
{
	const uint8_t *iu = x->buf;

	if (u->phase != IDLE)
		return -EAGAIN;
	if (x->len != COMMAND_LEN || iu[0] != IU_COMMAND || x->stream != 0)
		return done(x, USB_STALLED, 0);
	u->tag = (uint16_t)(iu[2] << 8 | iu[3]);
	u->phase = ENDS;
	u->response = 0;
	if (iu[8] != 0 || iu[9] >= u->m->n_luns)
		u->response = WRONG_LUN;
	else
		carry_out(u, iu);
	return done(x, USB_DONE, COMMAND_LEN);
}

/* --- data-in --- */

static bool fetch(struct model *m, uint8_t *buf, size_t n)
{
	if (m->content)
		return model_pread(m->lun->unit.image_fd, buf, n, m->at);
	memcpy(buf, m->reply + m->at, n);
	return true;
}

static int send_data(struct model_uas *u, struct usb_xfer *x)
{
	struct model *m = u->m;
	size_t n = (size_t)MIN(m->left, x->len);
	bool last = false;

	if (m->halt_in)
		return done(x, USB_STALLED, 0);
	if (u->phase != SENDS)
		return -EAGAIN;
	if (m->content)
		n = model_spend(m, n, &last);
	if (!fetch(m, x->buf, n))
		return done(x, USB_FAILED, 0);
	if (last) {
		m->gone = true;
		return done(x, USB_GONE, n);
	}
	u->phase = ENDS;
	if (m->left > x->len)
		return done(x, USB_OVERFLOW, n);
	m->halt_in = m->end == END_STALL;
	return done(x, m->halt_in ? USB_STALLED : USB_DONE, n);
}

/* --- the status pipe --- */

static size_t put_sense(struct model *m, uint8_t *iu)
{
	uint8_t *sense = iu + SENSE_IU_LEN;

	iu[0] = m->c.faults.csw_sig ? IU_NOBODYS : IU_SENSE;
	if (m->status == CSW_PASSED)
		return SENSE_IU_LEN;
	iu[6] = CHECK_CONDITION;
	iu[15] = SENSE_LEN;
	sense[0] = 0x70;
	sense[2] = m->lun->sense_key;
	sense[7] = SENSE_LEN - 8;
	sense[12] = m->lun->asc;
	sense[13] = m->lun->ascq;
	model_sense(m, 0, 0, 0);
	return SENSE_IU_LEN + SENSE_LEN;
}

static size_t put_unit(struct model_uas *u, uint8_t *iu)
{
	uint16_t tag = u->m->c.faults.csw_tag ? (uint16_t)~u->tag : u->tag;

	iu[2] = (uint8_t)(tag >> 8);
	iu[3] = (uint8_t)tag;
	if (u->phase == ANNOUNCES) {
		u->phase = SENDS;
		iu[0] = IU_READ_READY;
		return READY_LEN;
	}
	u->phase = IDLE;
	if (u->response == 0)
		return put_sense(u->m, iu);
	iu[0] = IU_RESPONSE;
	iu[7] = u->response;
	return RESPONSE_LEN;
}

static int send_status(struct model_uas *u, struct usb_xfer *x)
{
	uint8_t iu[SENSE_IU_LEN + SENSE_LEN] = { 0 };
	size_t len;

	if (u->phase != ANNOUNCES && u->phase != ENDS)
		return -EAGAIN;
	len = put_unit(u, iu);
	memcpy(x->buf, iu, MIN(len, (size_t)x->len));
	return done(x, len > x->len ? USB_OVERFLOW : USB_DONE, MIN(len, (size_t)x->len));
}

static int transfer(void *data, struct usb_xfer *x)
{
	struct model_uas *u = data;

	if (u->m->gone)
		return done(x, USB_GONE, 0);
	if (u->m->hung || u->m->c.faults.no_answer)
		return x->timeout_ms == 0 ? -EAGAIN : done(x, USB_TIMED_OUT, 0);
	if (x->endpoint == EP_COMMAND)
		return take_command(u, x);
	if (u->phase != IDLE && x->stream != (u->streams ? u->tag : 0))
		return done(x, USB_FAILED, 0);
	return x->endpoint == EP_STATUS ? send_status(u, x) : send_data(u, x);
}

static int act(void *data, uint8_t endpoint)
{
	struct model_uas *u = data;

	if (endpoint != 0) {
		model_clear_halt(u->m, endpoint);
		return 0;
	}
	model_reset(u->m);
	u->phase = IDLE;
	return 0;
}

static void forget(void *data)
{
	struct model_uas *u = data;

	model_free(u->m);
	free(u);
}

int model_uas_new(uv_loop_t *loop, struct model *m, struct usb_io **ret)
{
	const struct model_io_device device = {
		.transfer = transfer, .act = act, .free = forget,
		.delay_us = m->c.faults.delay_us,
	};
	const struct usb_io shape = {
		.protocol = USB_PROTOCOL_UAS,
		.endpoint_command = EP_COMMAND, .endpoint_status = EP_STATUS,
		.endpoint_in = MODEL_EP_IN, .endpoint_out = MODEL_EP_OUT,
		.max_packet = m->max_packet,
		.superspeed = m->c.superspeed,
	};
	struct model_uas *u = calloc(1, sizeof(*u));
	int r;

	if (u == NULL)
		return -ENOMEM;
	u->m = m;
	u->streams = m->c.superspeed;
	r = model_io_over(loop, &device, u, &shape, ret);
	if (r < 0)
		free(u);
	return r;
}
