#include "recorder/scsi.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

enum {
	OP_TEST_UNIT_READY = 0x00,
	OP_REQUEST_SENSE = 0x03,
	OP_INQUIRY = 0x12,
	OP_READ_CAPACITY_10 = 0x25,
	OP_READ_10 = 0x28,
	OP_READ_16 = 0x88,
	OP_SERVICE_ACTION_IN_16 = 0x9e,
	OP_REPORT_LUNS = 0xa0,
	SERVICE_READ_CAPACITY_16 = 0x10,
};

static void put16(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
}

static void put32(uint8_t *p, uint32_t n)
{
	put16(p, n >> 16);
	put16(p + 2, n);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

struct scsi_command scsi_test_unit_ready(void)
{
	return (struct scsi_command){ .cdb = { OP_TEST_UNIT_READY }, .cdb_len = 6 };
}

struct scsi_command scsi_request_sense(void)
{
	return (struct scsi_command){
		.cdb = { OP_REQUEST_SENSE, [4] = SCSI_SENSE_LEN },
		.cdb_len = 6, .data_len = SCSI_SENSE_LEN,
	};
}

struct scsi_command scsi_inquiry(void)
{
	return (struct scsi_command){
		.cdb = { OP_INQUIRY, [4] = SCSI_INQUIRY_LEN },
		.cdb_len = 6, .data_len = SCSI_INQUIRY_LEN,
	};
}

struct scsi_command scsi_report_luns(void)
{
	return (struct scsi_command){
		.cdb = { OP_REPORT_LUNS, [9] = SCSI_REPORT_LUNS_LEN },
		.cdb_len = 12, .data_len = SCSI_REPORT_LUNS_LEN,
	};
}

struct scsi_command scsi_read_capacity_10(void)
{
	return (struct scsi_command){
		.cdb = { OP_READ_CAPACITY_10 },
		.cdb_len = 10, .data_len = SCSI_CAPACITY_10_LEN,
	};
}

struct scsi_command scsi_read_capacity_16(void)
{
	return (struct scsi_command){
		.cdb = { OP_SERVICE_ACTION_IN_16, SERVICE_READ_CAPACITY_16,
			 [13] = SCSI_CAPACITY_16_LEN },
		.cdb_len = 16, .data_len = SCSI_CAPACITY_16_LEN,
	};
}

struct scsi_command scsi_read(uint64_t lba, uint32_t blocks, uint32_t block_size)
{
	struct scsi_command c = { .data_len = blocks * block_size };

	if (blocks == 0 || blocks > UINT16_MAX)
		BUG("scsi: a read of %" PRIu32 " blocks", blocks);
	if (lba <= UINT32_MAX) {
		c.cdb[0] = OP_READ_10;
		put32(c.cdb + 2, (uint32_t)lba);
		put16(c.cdb + 7, blocks);
		c.cdb_len = 10;
	} else {
		c.cdb[0] = OP_READ_16;
		put32(c.cdb + 2, (uint32_t)(lba >> 32));
		put32(c.cdb + 6, (uint32_t)lba);
		put32(c.cdb + 10, blocks);
		c.cdb_len = 16;
	}
	return c;
}

bool scsi_is_read(uint8_t opcode)
{
	switch (opcode) {
	case OP_TEST_UNIT_READY:
	case OP_REQUEST_SENSE:
	case OP_INQUIRY:
	case OP_READ_CAPACITY_10:
	case OP_READ_10:
	case OP_READ_16:
	case OP_SERVICE_ACTION_IN_16:
	case OP_REPORT_LUNS:
		return true;
	default:
		return false;
	}
}

/* A fixed field of INQUIRY: padded with spaces, and with whatever a firmware thinks of. */
static void copy_text(char *to, const uint8_t *p, size_t from, size_t n, size_t len)
{
	size_t i;

	for (i = 0; i < n && from + i < len; i++)
		to[i] = p[from + i] >= 0x20 && p[from + i] < 0x7f ? (char)p[from + i] : ' ';
	while (i > 0 && to[i - 1] == ' ')
		i--;
	to[i] = '\0';
}

int scsi_parse_inquiry(const uint8_t *p, size_t len, struct scsi_identity *ret, struct err *e)
{
	if (len < 5)
		return err_set(e, -EPROTO, "INQUIRY was answered with %zu bytes", len);
	if (p[0] != 0)		/* a disk, and connected */
		return err_set(e, -ENOTSUP, "it is not a disk (SCSI peripheral type 0x%02x)",
			       p[0]);
	copy_text(ret->vendor, p, 8, 8, len);
	copy_text(ret->product, p, 16, 16, len);
	copy_text(ret->revision, p, 32, 4, len);
	return 0;
}

unsigned scsi_parse_luns(const uint8_t *p, size_t len)
{
	unsigned units = 1;
	size_t i, end;

	if (len < 8)
		return 1;
	end = 8 + MIN(len - 8, (size_t)get32(p));
	for (i = 8; i + 8 <= end; i += 8)
		if (p[i] == 0 && p[i + 1] < SCSI_LUNS_MAX)	/* peripheral addressing */
			units = MAX(units, p[i + 1] + 1U);
	return units;
}

static int take_capacity(uint64_t last, uint32_t block_size, uint64_t *ret_blocks,
			 uint32_t *ret_block_size, struct err *e)
{
	if (block_size != 512 && block_size != 4096)
		return err_set(e, -ENOTSUP, "its sectors are of %" PRIu32
			       " bytes; only 512 and 4096 are read here", block_size);
	if (last >= SCSI_DISK_MAX / block_size)
		return err_set(e, -ENOTSUP, "it claims %" PRIu64 " sectors and one more, "
			       "which no card can have", last);
	*ret_blocks = last + 1;
	*ret_block_size = block_size;
	return 0;
}

int scsi_parse_capacity_10(const uint8_t *p, size_t len, uint64_t *ret_blocks,
			   uint32_t *ret_block_size, struct err *e)
{
	if (len < SCSI_CAPACITY_10_LEN)
		return err_set(e, -EPROTO, "READ CAPACITY(10) was answered with %zu bytes", len);
	if (get32(p) == UINT32_MAX)
		return -EOVERFLOW;
	return take_capacity(get32(p), get32(p + 4), ret_blocks, ret_block_size, e);
}

int scsi_parse_capacity_16(const uint8_t *p, size_t len, uint64_t *ret_blocks,
			   uint32_t *ret_block_size, struct err *e)
{
	if (len < 12)
		return err_set(e, -EPROTO, "READ CAPACITY(16) was answered with %zu bytes", len);
	return take_capacity((uint64_t)get32(p) << 32 | get32(p + 4), get32(p + 8),
			     ret_blocks, ret_block_size, e);
}

struct scsi_sense scsi_parse_sense(const uint8_t *p, size_t len)
{
	struct scsi_sense s = { 0 };
	uint8_t code = len > 0 ? p[0] & 0x7f : 0;

	if ((code == 0x70 || code == 0x71) && len > 2) {
		s.key = p[2] & 0x0f;
		s.asc = len > 12 ? p[12] : 0;
		s.ascq = len > 13 ? p[13] : 0;
	} else if ((code == 0x72 || code == 0x73) && len > 3) {
		s.key = p[1] & 0x0f;
		s.asc = p[2];
		s.ascq = p[3];
	}
	return s;
}

enum scsi_advice scsi_advise(struct scsi_sense s)
{
	switch (s.key) {
	case 0x1:		/* recovered error */
		return SCSI_GOOD;
	case 0x0:		/* failed, and does not say why */
	case 0xb:		/* aborted command */
		return SCSI_AGAIN;
	case 0x2:		/* not ready */
		return s.asc == 0x3a ? SCSI_NO_MEDIUM : s.asc == 0x04 ? SCSI_WAIT : SCSI_FAILED;
	case 0x6:		/* unit attention */
		return s.asc == 0x28 ? SCSI_CHANGED : SCSI_AGAIN;
	default:
		return SCSI_FAILED;
	}
}

const char *scsi_sense_text(struct scsi_sense s, char *buf, size_t room)
{
	static const char *const keys[16] = {
		"no sense", "recovered error", "not ready", "medium error", "hardware error",
		"illegal request", "unit attention", "data protect", "blank check",
		"vendor specific", "copy aborted", "aborted command", "reserved",
		"volume overflow", "miscompare", "completed",
	};

	snprintf(buf, room, "%s (%x/%02x/%02x)", keys[s.key & 0x0f], s.key, s.asc, s.ascq);
	return buf;
}
