/* USB mass storage, bulk-only transport 1.0, over card images. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "emulator/model_impl.h"

enum { CBW_LEN = 31, CSW_LEN = 13, BOT_RESET = 0xff, GET_MAX_LUN = 0xfe };

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

static int add_lun(struct model *m, const struct model_unit *unit)
{
	struct model_lun *lun = &m->luns[m->n_luns];

	if ((unit->block_size != 512 && unit->block_size != 4096) ||
	    (unit->image_size > 0 && unit->image_size < unit->block_size))
		return -EINVAL;
	lun->unit = *unit;
	lun->blocks = unit->image_size / unit->block_size;
	lun->attention = true;
	m->n_luns++;
	return 0;
}

/* While it is locked: one unit, and no medium in it. */
static int add_luns(struct model *m)
{
	const struct model_config *c = &m->c;
	struct model_unit first = { c->image_fd, c->image_size, c->block_size };
	unsigned i;
	int r;

	if (model_is_locked(m))
		first = (struct model_unit){ .image_fd = -1, .block_size = 512 };
	r = add_lun(m, &first);
	for (i = 0; r == 0 && !model_is_locked(m) && i < c->n_more; i++)
		r = add_lun(m, &c->more[i]);
	return r;
}

int model_storage_new(struct model *m)
{
	const struct model_faults *f = &m->c.faults;
	int r = m->c.n_more < MODEL_UNITS_MAX ? add_luns(m) : -EINVAL;

	if (r < 0)
		return r;
	m->lun = &m->luns[0];
	if (f->shrink > 0)
		m->lun->blocks = (uint64_t)f->shrink;
	if (f->grow)
		m->lun->blocks *= 2;
	return 0;
}

/* An invalid CBW: both pipes stay halted until reset recovery (BOT 1.0, 6.6.1). */
static void refuse(struct model *m)
{
	m->refuses = true;
	m->halt_in = true;
	m->halt_out = true;
}

/* The unlocking command may bring data along, exactly those; nothing else is ever taken. */
static bool takes_data(const struct model *m, uint32_t expected)
{
	return m->opens && expected > 0 && expected == m->c.unlock.data_len;
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
	if (!in && takes_data(m, expected))
		m->phase = PHASE_TAKE;
	else if (!in && expected > 0)
		m->halt_out = true;
	if (m->opens && m->phase != PHASE_TAKE && m->c.unlock.data_len > 0)
		model_sense(m, 0x5, 0x24, 0);
}

static enum model_answer take(struct model *m, const uint8_t *buf, size_t len)
{
	m->phase = PHASE_STATUS;
	if (len != m->c.unlock.data_len || memcmp(buf, m->c.unlock.data, len) != 0)
		model_sense(m, 0x5, 0x26, 0);
	else
		m->residue = 0;
	return MODEL_OK;
}

static bool is_command(const struct model *m, const uint8_t *buf, size_t len)
{
	return len == CBW_LEN && memcmp(buf, "USBC", 4) == 0 && buf[13] < m->n_luns &&
	       buf[14] > 0 && buf[14] <= 16;
}

static bool is_unlock(const struct model *m, const uint8_t *buf)
{
	const struct model_unlock *u = &m->c.unlock;

	return u->kind == MODEL_UNLOCK_SCSI && buf[14] == u->cdb_len &&
	       memcmp(buf + 15, u->cdb, u->cdb_len) == 0;
}

static enum model_answer bot_out(struct model *m, const uint8_t *buf, size_t len)
{
	if (m->phase == PHASE_TAKE)
		return take(m, buf, len);
	if (m->phase != PHASE_COMMAND)
		return MODEL_NAK;
	if (!is_command(m, buf, len)) {
		refuse(m);
		return MODEL_STALL;
	}
	m->tag = le32(buf + 4);
	m->lun = &m->luns[buf[13]];
	m->opens = is_unlock(m, buf);
	model_scsi(m, buf + 15);
	agree(m, (buf[12] & 0x80) != 0, le32(buf + 8));
	return MODEL_OK;
}

/* Put n bytes of the data stage into buf; false: the image could not be read. */
static bool fetch(struct model *m, uint8_t *buf, size_t n)
{
	if (m->content)
		return model_pread(m->lun->unit.image_fd, buf, n, m->at);
	memcpy(buf, m->reply + m->at, n);
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
	if (m->opens && m->status == CSW_PASSED)
		model_open_up(m);
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
	bool last = false;

	if (m->content)
		n = model_spend(m, n, &last);
	if (!fetch(m, buf, n)) {
		model_sense(m, 0x3, 0x11, 0);
		m->residue += (uint32_t)m->left;
		return stall_data(m);
	}
	m->at += n;
	m->left -= n;
	*len = n;
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

static enum model_answer bot_in(struct model *m, uint8_t *buf, size_t room, size_t *len)
{
	switch (m->phase) {
	case PHASE_DATA:
		return send_data(m, buf, room, len);
	case PHASE_STATUS:
		return send_status(m, buf, room, len);
	case PHASE_COMMAND:
	case PHASE_TAKE:
		break;
	}
	return MODEL_NAK;
}

/* The halts stay: reset recovery clears them next (BOT 1.0, 5.3.4). */
static void bot_reset(struct model *m)
{
	m->refuses = false;
	m->hung = false;
	m->phase = PHASE_COMMAND;
	m->left = 0;
}

static void port_reset(struct model *m)
{
	unsigned i;

	bot_reset(m);
	for (i = 0; i < m->n_luns; i++)
		m->luns[i].attention = true;
}

static size_t class_in(struct model *m, const uint8_t setup[8], uint8_t buf[255])
{
	if (setup[1] != GET_MAX_LUN || m->c.faults.no_max_lun)
		return 0;
	buf[0] = (uint8_t)(m->n_luns - 1);
	return 1;
}

static bool class_out(struct model *m, const uint8_t setup[8], const uint8_t *data, size_t len)
{
	(void)data;
	(void)len;
	if (setup[1] != BOT_RESET)
		return false;
	bot_reset(m);
	return true;
}

const struct model_kind model_storage = {
	.interface = { 0x08, 0x06, 0x50 },	/* mass storage, SCSI, bulk-only */
	.bulk_out = bot_out,
	.bulk_in = bot_in,
	.class_in = class_in,
	.class_out = class_out,
	.reset = port_reset,
};
