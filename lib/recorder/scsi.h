/*
 * The SCSI that a recorder's card needs (SPC-4, SBC-3): commands built and
 * answers parsed, as values.  Only reads exist here, and scsi_is_read() is
 * asked once more where commands go onto the wire (bot_cbw).
 *
 * Pure; any thread.
 */
#ifndef RECORDER_SCSI_H
#define RECORDER_SCSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	SCSI_CDB_MAX = 16,
	SCSI_INQUIRY_LEN = 36,
	SCSI_SENSE_LEN = 18,
	SCSI_CAPACITY_10_LEN = 8,
	SCSI_CAPACITY_16_LEN = 32,
	SCSI_LUNS_MAX = 16,		/* units that are asked for; more are not read */
	SCSI_REPORT_LUNS_LEN = 8 + 8 * SCSI_LUNS_MAX,
};

#define SCSI_DISK_MAX	(UINT64_C(1) << 47)	/* bytes: no SD card can be larger */

/* One command; data goes from device to host or not at all. */
struct scsi_command {
	uint8_t cdb[SCSI_CDB_MAX];
	uint8_t cdb_len;
	uint8_t lun;			/* of which unit; builders leave it 0 */
	uint32_t data_len;		/* bytes the device shall send */
};

struct scsi_command scsi_test_unit_ready(void);
struct scsi_command scsi_request_sense(void);
struct scsi_command scsi_inquiry(void);
struct scsi_command scsi_report_luns(void);
struct scsi_command scsi_read_capacity_10(void);
struct scsi_command scsi_read_capacity_16(void);
/* READ(10) where it reaches, READ(16) beyond.  1 <= blocks <= 65535. */
struct scsi_command scsi_read(uint64_t lba, uint32_t blocks, uint32_t block_size);

/* Whether this is the operation code of one of the commands above. */
bool scsi_is_read(uint8_t opcode);

struct scsi_identity {
	char vendor[9], product[17], revision[5];	/* trimmed, printable ASCII */
};

/* 0, -EPROTO (too short to be an answer) or -ENOTSUP (not a disk). */
int scsi_parse_inquiry(const uint8_t *p, size_t len, struct scsi_identity *ret, struct err *e);

/* How many units there are, counted to the highest: 1 to SCSI_LUNS_MAX; 1 for what makes no sense. */
unsigned scsi_parse_luns(const uint8_t *p, size_t len);

/*
 * How many blocks of which size.  0; -EPROTO too short or empty; -ENOTSUP a
 * block size or disk size that is not read here; -EOVERFLOW, from the first
 * alone: too many for 32 bits, ask with the second.
 */
int scsi_parse_capacity_10(const uint8_t *p, size_t len, uint64_t *ret_blocks,
			   uint32_t *ret_block_size, struct err *e);
int scsi_parse_capacity_16(const uint8_t *p, size_t len, uint64_t *ret_blocks,
			   uint32_t *ret_block_size, struct err *e);

struct scsi_sense {
	uint8_t key, asc, ascq;
};

/* Fixed or descriptor format.  What is not there stays 0, which means "no sense". */
struct scsi_sense scsi_parse_sense(const uint8_t *p, size_t len);

/* What to do about a command that ended with this sense. */
enum scsi_advice {
	SCSI_GOOD,		/* it was hard, but the data is right */
	SCSI_AGAIN,		/* nothing was wrong with the command: send it again */
	SCSI_WAIT,		/* not ready yet: send it again a little later */
	SCSI_NO_MEDIUM,
	SCSI_CHANGED,		/* another medium may be in it than before */
	SCSI_FAILED,		/* it will not succeed */
};

enum scsi_advice scsi_advise(struct scsi_sense s);

/* "medium error (3/11/00)"; buf is returned, for use in a printf. */
const char *scsi_sense_text(struct scsi_sense s, char *buf, size_t room);

#endif
