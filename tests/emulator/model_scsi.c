/* The SCSI of a card reader: what SPC-4 and SBC-3 say of the few commands it knows. */
#include <string.h>

#include "base/util.h"
#include "emulator/model_impl.h"

enum {
	TEST_UNIT_READY = 0x00, REQUEST_SENSE = 0x03, INQUIRY = 0x12,
	READ_CAPACITY_10 = 0x25, READ_10 = 0x28, READ_16 = 0x88, SERVICE_ACTION_IN = 0x9e,
	READ_CAPACITY_16 = 0x10, REPORT_LUNS = 0xa0,
	NOT_READY = 2, MEDIUM_ERROR = 3, ILLEGAL_REQUEST = 5, UNIT_ATTENTION = 6,
	ABORTED_COMMAND = 0xb,
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)(n >> 24);
	p[1] = (uint8_t)(n >> 16);
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
}

void model_sense(struct model *m, uint8_t key, uint8_t asc, uint8_t ascq)
{
	m->status = CSW_FAILED;
	m->lun->sense_key = key;
	m->lun->asc = asc;
	m->lun->ascq = ascq;
	m->lun->sense_has_lba = false;
}

static void say(struct model *m, size_t len, size_t allocated)
{
	m->left = MIN(len, allocated);
	m->at = 0;
}

static void inquiry(struct model *m, const uint8_t *cdb)
{
	static const uint8_t head[8] = { 0x00, 0x80 /* removable */, 0x06, 0x02, 31 };

	if ((cdb[1] & 1) != 0) {		/* vital product data: none */
		model_sense(m, ILLEGAL_REQUEST, 0x24, 0);
		return;
	}
	memcpy(m->reply, head, sizeof(head));
	memcpy(m->reply + 8, "DVMODEL Recorder card   1.0 ", 28);
	say(m, 36, (size_t)(cdb[3] << 8 | cdb[4]));
}

static void request_sense(struct model *m, const uint8_t *cdb)
{
	memset(m->reply, 0, 18);
	m->reply[0] = m->lun->sense_has_lba ? 0xf0 : 0x70;
	m->reply[2] = m->lun->sense_key;
	put32(m->reply + 3, m->lun->sense_has_lba ? m->lun->sense_lba : 0);
	m->reply[7] = 10;
	m->reply[12] = m->lun->asc;
	m->reply[13] = m->lun->ascq;
	model_sense(m, 0, 0, 0);
	m->status = CSW_PASSED;
	say(m, 18, cdb[4]);
}

static void report_luns(struct model *m, const uint8_t *cdb)
{
	unsigned i;

	memset(m->reply, 0, sizeof(m->reply));
	put32(m->reply, 8 * m->n_luns);
	for (i = 0; i < m->n_luns; i++)
		m->reply[8 + 8 * i + 1] = (uint8_t)i;
	say(m, 8 + 8 * m->n_luns, be32(cdb + 6));
}

static void read_capacity_10(struct model *m)
{
	put32(m->reply, (uint32_t)MIN(m->lun->blocks - 1, UINT32_MAX));
	put32(m->reply + 4, m->lun->unit.block_size);
	say(m, 8, 8);
}

static void read_capacity_16(struct model *m, const uint8_t *cdb)
{
	memset(m->reply, 0, 32);
	put32(m->reply, (uint32_t)((m->lun->blocks - 1) >> 32));
	put32(m->reply + 4, (uint32_t)(m->lun->blocks - 1));
	put32(m->reply + 8, m->lun->unit.block_size);
	say(m, 32, be32(cdb + 10));
}

/* The scripted faults that hit the READ just prepared. */
static void spoil(struct model *m, uint64_t lba, uint64_t blocks)
{
	struct model_faults *f = &m->c.faults;

	if (model_covers(m, f->hang_at, m->left))
		m->hung = true;
	if (model_covers(m, f->stall_at, m->left)) {
		m->left = ((uint64_t)f->stall_at - m->content_bytes) / m->max_packet *
			  m->max_packet;
		m->end = END_STALL;
		model_sense(m, ABORTED_COMMAND, 0, 0);
		f->stall_at = -1;
	} else if (model_covers(m, f->short_at, m->left) || model_covers(m, f->lie_at, m->left)) {
		m->lies = !model_covers(m, f->short_at, m->left);
		m->left -= MIN(m->left, m->max_packet);
		m->end = END_SHORT;
		*(m->lies ? &f->lie_at : &f->short_at) = -1;
	}
	if (f->bad_sector >= 0 && m->lun == &m->luns[0] &&
	    (uint64_t)f->bad_sector - lba < blocks) {
		m->left = MIN(m->left, ((uint64_t)f->bad_sector - lba) * m->lun->unit.block_size);
		m->end = END_STALL;
		model_sense(m, MEDIUM_ERROR, 0x11, 0);
		m->lun->sense_lba = (uint32_t)f->bad_sector;
		m->lun->sense_has_lba = true;
	}
}

static void read_blocks(struct model *m, uint64_t lba, uint32_t blocks)
{
	uint64_t present = MIN(m->lun->blocks, m->lun->unit.image_size / m->lun->unit.block_size);

	if (lba > present || blocks > present - lba) {
		model_sense(m, ILLEGAL_REQUEST, 0x21, 0);
		return;
	}
	m->content = true;
	m->at = lba * m->lun->unit.block_size;
	m->left = (uint64_t)blocks * m->lun->unit.block_size;
	spoil(m, lba, blocks);
}

/* Something to say before a command that needs the medium can be carried out. */
static bool not_now(struct model *m)
{
	if (m->lun->attention) {
		m->lun->attention = false;
		model_sense(m, UNIT_ATTENTION, 0x29, 0);
	} else if (m->lun->unit.image_size == 0 ||
		   (m->c.faults.no_medium && m->lun == &m->luns[0])) {
		model_sense(m, NOT_READY, 0x3a, 0);
	} else if (m->c.faults.not_ready > 0) {
		m->c.faults.not_ready--;
		model_sense(m, NOT_READY, 0x04, 0x01);
	} else {
		return false;
	}
	return true;
}

void model_scsi(struct model *m, const uint8_t cdb[16])
{
	m->status = CSW_PASSED;
	m->content = false;
	m->left = 0;
	m->end = END_FULL;
	m->lies = false;
	m->commands++;

	if (cdb[0] == INQUIRY) {
		inquiry(m, cdb);
	} else if (cdb[0] == REQUEST_SENSE) {
		request_sense(m, cdb);
	} else if (cdb[0] == REPORT_LUNS) {
		report_luns(m, cdb);
	} else if (m->opens) {
		;		/* what it says is that it leaves */
	} else if (!not_now(m)) {
		switch (cdb[0]) {
		case TEST_UNIT_READY:
			break;
		case READ_CAPACITY_10:
			read_capacity_10(m);
			break;
		case READ_10:
			read_blocks(m, be32(cdb + 2), (uint32_t)(cdb[7] << 8 | cdb[8]));
			break;
		case READ_16:
			read_blocks(m, (uint64_t)be32(cdb + 2) << 32 | be32(cdb + 6),
				    be32(cdb + 10));
			break;
		case SERVICE_ACTION_IN:
			if ((cdb[1] & 0x1f) == READ_CAPACITY_16) {
				read_capacity_16(m, cdb);
				break;
			}
			/* fall through */
		default:
			model_sense(m, ILLEGAL_REQUEST, 0x20, 0);
		}
	}
	if (m->commands == m->c.faults.phase_error)
		m->status = CSW_PHASE_ERROR;
}
