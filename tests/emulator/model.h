/*
 * A USB recorder that exists only as a value: descriptors, bulk-only
 * transport, the SCSI of a card reader, over a card image.  No I/O but reading
 * the image, no loop, no clock, so that it serves the umockdev process, unit
 * tests, fuzzers and the bench alike.
 *
 * The image is only ever read.
 */
#ifndef EMULATOR_MODEL_H
#define EMULATOR_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Faults, as text "name=value,name=value":
 *	unplug-at=N	the device is gone once N content bytes (READ data) were sent
 *	stall-at=N	the READ that covers content byte N stalls its data stage, once
 *	hang-at=N	it never answers that READ, nor a later one
 *	short-at=N	that READ's data ends one packet early, residue honest, once
 *	lie-at=N	the same, residue 0
 *	bad-sector=LBA	READs that touch it fail with MEDIUM ERROR
 *	csw-tag=1	every CSW carries the wrong tag
 *	csw-sig=1	every CSW has the wrong signature
 *	phase-error=N	the Nth command ends with phase error (status 2)
 *	shrink=LBA	READ CAPACITY says LBA blocks, reads beyond fail
 *	grow=1		READ CAPACITY says twice what is there
 *	no-medium=1	NOT READY, MEDIUM NOT PRESENT
 *	no-answer=1	never answers anything after the descriptors, not even a string
 *	not-ready=N	the first N commands answer NOT READY, BECOMING READY (INQUIRY and
 *			REQUEST SENSE, which always work, do not count)
 *	delay-us=N	the face waits that long before each answer
 */
struct model_faults {
	int64_t unplug_at, stall_at, hang_at, short_at, lie_at, bad_sector, shrink;	/* -1: off */
	uint32_t phase_error, not_ready, delay_us;
	bool csw_tag, csw_sig, grow, no_medium, no_answer;
};
int model_faults_parse(const char *text, struct model_faults *ret);	/* 0 or -EINVAL */

struct model_config {
	uint16_t vid, pid;
	const char *serial, *manufacturer, *product;
	bool superspeed;
	uint32_t block_size;		/* 512 or 4096 */
	int image_fd;			/* of the caller; only pread */
	uint64_t image_size;
	struct model_faults faults;
};

enum { MODEL_EP_IN = 0x81, MODEL_EP_OUT = 0x02 };

/*
 * After power-on and every reset the first command that needs the medium ends
 * with UNIT ATTENTION, as those of real card readers do.  The strings are
 * copied; UTF-8, NULL or "": none.
 */
struct model;
int model_new(const struct model_config *c, struct model **ret);
void model_free(struct model *m);

/*
 * What a transfer comes to.  With all but NAK and HANG, *len says how many
 * bytes had moved by then.  NAK is for bulk alone: not now, ask again after the
 * next transfer the other way.
 */
enum model_answer {
	MODEL_OK,
	MODEL_STALL,
	MODEL_OVERFLOW,		/* a packet was larger than the room left for it */
	MODEL_UNPLUG,
	MODEL_NAK,
	MODEL_HANG,		/* no answer now or later, short of a reset */
};

/* The device and configuration descriptors as the kernel's `descriptors` file has them. */
size_t model_descriptors(const struct model *m, uint8_t *buf, size_t room);
/* Control transfer.  *len in: room; out: bytes in data (IN). */
enum model_answer model_control(struct model *m, const uint8_t setup[8], uint8_t *data,
				size_t *len);
enum model_answer model_bulk_out(struct model *m, const uint8_t *buf, size_t len);
enum model_answer model_bulk_in(struct model *m, uint8_t *buf, size_t room, size_t *len);
void model_clear_halt(struct model *m, uint8_t endpoint);
/* Port reset. */
void model_reset(struct model *m);

/* Content bytes (READ data) handed out so far. */
uint64_t model_content_bytes(const struct model *m);
const struct model_config *model_config(const struct model *m);
uint16_t model_max_packet(const struct model *m);

#endif
