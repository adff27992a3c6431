#include "emulator/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "emulator/model_impl.h"

enum { CBW_LEN = 31, CSW_LEN = 13 };

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void put32(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)n;
	p[1] = (uint8_t)(n >> 8);
	p[2] = (uint8_t)(n >> 16);
	p[3] = (uint8_t)(n >> 24);
}

static const char *copy(const char *s)
{
	return strdup(s != NULL ? s : "");
}

int model_new(const struct model_config *c, struct model **ret)
{
	const struct model_faults *f = &c->faults;
	struct model *m;

	if ((c->block_size != 512 && c->block_size != 4096) || c->image_size < c->block_size)
		return -EINVAL;
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return -ENOMEM;
	m->c = *c;
	m->c.serial = copy(c->serial);
	m->c.manufacturer = copy(c->manufacturer);
	m->c.product = copy(c->product);
	if (m->c.serial == NULL || m->c.manufacturer == NULL || m->c.product == NULL) {
		model_free(m);
		return -ENOMEM;
	}
	m->max_packet = c->superspeed ? 1024 : 512;
	m->blocks = c->image_size / c->block_size;
	if (f->shrink > 0)
		m->blocks = (uint64_t)f->shrink;
	if (f->grow)
		m->blocks *= 2;
	m->attention = true;
	*ret = m;
	return 0;
}

void model_free(struct model *m)
{
	if (m == NULL)
		return;
	free((void *)(uintptr_t)m->c.serial);
	free((void *)(uintptr_t)m->c.manufacturer);
	free((void *)(uintptr_t)m->c.product);
	free(m);
}

/* An invalid CBW: both pipes stay halted until reset recovery (BOT 1.0, 6.6.1). */
static void refuse(struct model *m)
{
	m->refuses = true;
	m->halt_in = true;
	m->halt_out = true;
}

/* Bring together what the host expects and what the device has (BOT 1.0, 6.7). */
static void agree(struct model *m, bool in, uint32_t expected)
{
	if (m->left > 0 && (!in || m->left > expected)) {
		m->left = in ? expected : 0;
		m->status = CSW_PHASE_ERROR;
	}
	m->residue = m->lies ? 0 : expected - (uint32_t)m->left;
	if (m->end == END_FULL && m->left < expected)
		m->end = m->left % m->max_packet == 0 ? END_STALL : END_SHORT;
	m->ended = false;
	m->phase = in && expected > 0 ? PHASE_DATA : PHASE_STATUS;
	if (!in && expected > 0)
		m->halt_out = true;	/* nothing is ever taken */
}

enum model_answer model_bulk_out(struct model *m, const uint8_t *buf, size_t len)
{
	if (m->gone)
		return MODEL_UNPLUG;
	if (m->hung || m->c.faults.no_answer)
		return MODEL_HANG;
	if (m->halt_out)
		return MODEL_STALL;
	if (m->phase != PHASE_COMMAND)
		return MODEL_NAK;
	if (len != CBW_LEN || memcmp(buf, "USBC", 4) != 0 || buf[13] != 0 ||
	    buf[14] == 0 || buf[14] > 16) {
		refuse(m);
		return MODEL_STALL;
	}
	m->tag = le32(buf + 4);
	model_scsi(m, buf + 15);
	agree(m, (buf[12] & 0x80) != 0, le32(buf + 8));
	return MODEL_OK;
}

/* Put n bytes of the data stage into buf; false: the image could not be read. */
static bool fetch(struct model *m, uint8_t *buf, size_t n)
{
	size_t got = 0;
	ssize_t r;

	if (!m->content) {
		memcpy(buf, m->reply + m->at, n);
		return true;
	}
	while (got < n) {
		r = pread(m->c.image_fd, buf + got, n - got, (off_t)(m->at + got));
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return false;
		got += (size_t)r;
	}
	return true;
}

static enum model_answer send_status(struct model *m, uint8_t *buf, size_t room, size_t *len)
{
	uint8_t csw[CSW_LEN];

	memcpy(csw, m->c.faults.csw_sig ? "USBs" : "USBS", 4);
	put32(csw + 4, m->c.faults.csw_tag ? ~m->tag : m->tag);
	put32(csw + 8, m->residue);
	csw[12] = m->status;
	m->phase = PHASE_COMMAND;
	*len += MIN(room, sizeof(csw));
	memcpy(buf, csw, MIN(room, sizeof(csw)));
	return room < sizeof(csw) ? MODEL_OVERFLOW : MODEL_OK;
}

static enum model_answer stall_data(struct model *m)
{
	m->halt_in = true;
	m->phase = PHASE_STATUS;
	return MODEL_STALL;
}

/*
 * One transfer's worth of data stage.  What ends the stage is seen by the
 * transfer that has room left behind the last byte.
 */
static enum model_answer send_data(struct model *m, uint8_t *buf, size_t room, size_t *len)
{
	size_t n = (size_t)MIN(m->left, room);
	int64_t unplug = m->c.faults.unplug_at;
	bool last = false;

	if (m->content && unplug >= 0 && m->content_bytes + n >= (uint64_t)unplug) {
		n = (size_t)((uint64_t)unplug - MIN(m->content_bytes, (uint64_t)unplug));
		last = true;
	}
	if (!fetch(m, buf, n)) {
		model_sense(m, 0x3, 0x11, 0);
		m->residue += (uint32_t)m->left;
		return stall_data(m);
	}
	m->at += n;
	m->left -= n;
	*len = n;
	if (m->content)
		m->content_bytes += n;
	if (last) {
		m->gone = true;
		return MODEL_UNPLUG;
	}
	if (m->left > 0)
		return room % m->max_packet == 0 ? MODEL_OK : MODEL_OVERFLOW;
	m->ended = m->ended || n % m->max_packet != 0;
	if (n == room) {
		if (m->ended || m->end == END_FULL)
			m->phase = PHASE_STATUS;
		return MODEL_OK;
	}
	if (!m->ended && m->end == END_STALL)
		return stall_data(m);
	m->phase = PHASE_STATUS;
	if (!m->ended && m->end == END_FULL)	/* full packets only: the status follows on */
		return send_status(m, buf + n, room - n, len);
	return MODEL_OK;
}

enum model_answer model_bulk_in(struct model *m, uint8_t *buf, size_t room, size_t *len)
{
	*len = 0;
	if (m->gone)
		return MODEL_UNPLUG;
	if (m->hung || m->c.faults.no_answer)
		return MODEL_HANG;
	if (m->halt_in)
		return MODEL_STALL;
	switch (m->phase) {
	case PHASE_DATA:
		return send_data(m, buf, room, len);
	case PHASE_STATUS:
		return send_status(m, buf, room, len);
	case PHASE_COMMAND:
		break;
	}
	return MODEL_NAK;
}

void model_clear_halt(struct model *m, uint8_t endpoint)
{
	if (m->refuses)
		return;
	if (endpoint == MODEL_EP_IN)
		m->halt_in = false;
	else if (endpoint == MODEL_EP_OUT)
		m->halt_out = false;
}

/* The halts stay: reset recovery clears them next (BOT 1.0, 5.3.4). */
void model_bot_reset(struct model *m)
{
	m->refuses = false;
	m->hung = false;
	m->phase = PHASE_COMMAND;
	m->left = 0;
}

void model_reset(struct model *m)
{
	model_bot_reset(m);
	m->halt_in = false;
	m->halt_out = false;
	m->attention = true;
}

uint64_t model_content_bytes(const struct model *m)
{
	return m->content_bytes;
}

const struct model_config *model_config(const struct model *m)
{
	return &m->c;
}

uint16_t model_max_packet(const struct model *m)
{
	return m->max_packet;
}
