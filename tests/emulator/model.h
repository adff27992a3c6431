/*
 * A USB recorder that exists only as a value: its descriptors, and either
 * bulk-only transport with the SCSI of a card reader over card images, or an
 * MTP responder over a folder.  No I/O but reading those, no loop, so that it
 * serves the umockdev process, unit tests, fuzzers and the bench alike.
 *
 * Images are only ever read; so is the folder, unless the device is writable.
 */
#ifndef EMULATOR_MODEL_H
#define EMULATOR_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MODEL_UNITS_MAX = 8, MODEL_HIDDEN_MAX = 16, MODEL_UNLOCK_DATA_MAX = 64,
       MODEL_UNLOCK_PARAMS_MAX = 5 };

/*
 * Faults, as text "name=value,name=value".  Content bytes are those that READ
 * or GetObject and its kin hand out.
 *
 * Of both kinds of device:
 *	unplug-at=N	the device is gone once N content bytes were sent
 *	stall-at=N	the read that covers content byte N stalls its data stage, once
 *	hang-at=N	it never answers that read, nor a later one
 *	short-at=N	that read's data ends one packet early, once; a residue is honest
 *	no-answer=1	never answers anything after the descriptors, not even a string
 *	delay-us=N	the face waits that long before each answer
 *	unlock-fails=1	a locked one takes the command, leaves, and never comes back
 *
 * Of storage; the medium is that of unit 0:
 *	lie-at=N	as short-at, residue 0
 *	bad-sector=LBA	READs that touch it fail with MEDIUM ERROR
 *	csw-tag=1	every CSW carries the wrong tag
 *	csw-sig=1	every CSW has the wrong signature
 *	phase-error=N	the Nth command ends with phase error (status 2)
 *	shrink=LBA	READ CAPACITY says LBA blocks, reads beyond fail
 *	grow=1		READ CAPACITY says twice what is there
 *	no-medium=1	NOT READY, MEDIUM NOT PRESENT
 *	no-max-lun=1	stalls Get Max LUN
 *	not-ready=N	the first N commands answer NOT READY, BECOMING READY (INQUIRY,
 *			REPORT LUNS and REQUEST SENSE, which always work, do not count)
 *
 * Of MTP; some are no faults, but what such devices differ in:
 *	mtp-ops=-CODE-CODE	does without these operations (hexadecimal: -95C1-101B)
 *	writable=1	knows DeleteObject, SendObjectInfo and SendObject
 *	battery=PCT	(80)
 *	free=N		bytes free, as its storage says
 *	clock-offset=S	its clock is that many seconds ahead of ours, or, negative, behind
 *	no-clock-set=1	refuses to have its clock set
 *	no-delete=1	refuses to delete, though it knows how
 *	container-length=N	says so in the header of each data container
 *	wrong-tid=1	another transaction's number in each data and response container
 *	wrong-phase=1	answers OK where it owes data
 *	dataset-cut=N	each dataset ends after N bytes
 *	array-bomb=1	each array claims 2^32-1 elements
 *	string-open=1	no string ends in NUL
 *	size-changes=1	an object has one byte less than its ObjectInfo said
 *	handle-gone=N	the object of the Nth read (from 1) is gone by then
 *	busy=N		the first N operations in a session answer DeviceBusy
 *	store-removed-at=N	the card is gone once N content bytes were sent
 */
struct model_faults {
	int64_t unplug_at, stall_at, hang_at, short_at, lie_at, bad_sector, shrink;	/* -1: off */
	uint32_t phase_error, not_ready, delay_us;
	bool csw_tag, csw_sig, grow, no_medium, no_max_lun, no_answer, unlock_fails;

	int64_t container_length, dataset_cut, store_removed_at, free;		/* -1: off */
	int64_t clock_offset;		/* seconds */
	uint32_t battery, handle_gone, busy;
	bool writable, no_clock_set, no_delete, wrong_tid, wrong_phase, array_bomb, string_open,
	     size_changes;
	uint16_t hidden[MODEL_HIDDEN_MAX];	/* operations it does without; 0: no more */
};
int model_faults_parse(const char *text, struct model_faults *ret);	/* 0 or -EINVAL */

/*
 * What a locked recorder waits for: it is on the bus as vid:pid, without a
 * serial and without anything to read, until exactly that was said to it;
 * then it leaves, to come back as what the configuration describes.
 */
enum model_unlock_kind { MODEL_UNLOCK_NONE, MODEL_UNLOCK_SCSI, MODEL_UNLOCK_MTP };
struct model_unlock {
	enum model_unlock_kind kind;
	uint16_t vid, pid;		/* while it is locked */
	uint8_t cdb[16], cdb_len;
	uint8_t data[MODEL_UNLOCK_DATA_MAX], data_len;	/* sent along; 0: none */
	uint16_t operation;
	uint32_t params[MODEL_UNLOCK_PARAMS_MAX];
	uint8_t n_params;
};
/*
 * "scsi:HEXCDB", "scsi:HEXCDB:HEXDATA" or "mtp:OP[:PARAM...]", hexadecimal, OP
 * a vendor's (9000 to 9FFF).  ret's vid and pid stay.  0 or -EINVAL.
 */
int model_unlock_parse(const char *text, struct model_unlock *ret);

struct model_unit {
	int image_fd;			/* of the caller; only pread */
	uint64_t image_size;		/* 0: no medium in it */
	uint32_t block_size;		/* 512 or 4096 */
};

enum model_protocol { MODEL_STORAGE, MODEL_MTP };

struct model_config {
	enum model_protocol protocol;
	uint16_t vid, pid;
	const char *serial, *manufacturer, *product;
	bool superspeed;

	/* storage: unit 0 as in struct model_unit, and those behind it */
	uint32_t block_size;
	int image_fd;
	uint64_t image_size;
	struct model_unit more[MODEL_UNITS_MAX - 1];
	unsigned n_more;

	int folder_fd;			/* MTP: of the caller, an open folder */
	int64_t (*now)(void);		/* MTP: UTC in seconds; NULL: the real clock */

	struct model_unlock unlock;
	struct model_faults faults;
};

enum { MODEL_EP_IN = 0x81, MODEL_EP_OUT = 0x02, MODEL_EP_EVENT = 0x83,
       MODEL_EVENT_PACKET = 28 };

/*
 * Storage: after power-on and every reset the first command that needs the
 * medium ends with UNIT ATTENTION, as those of real card readers do.  MTP: the
 * folder is looked through here, and not again.  The strings are copied;
 * UTF-8, NULL or "": none.
 */
struct model;
int model_new(const struct model_config *c, struct model **ret);
void model_free(struct model *m);

/*
 * What a transfer comes to.  With all but NAK and HANG, *len says how many
 * bytes had moved by then.  NAK is not for control: not now, ask again after
 * the next transfer of another endpoint.
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
/* Control transfer.  *len in: room, or bytes in data (OUT); out: bytes in data (IN). */
enum model_answer model_control(struct model *m, const uint8_t setup[8], uint8_t *data,
				size_t *len);
enum model_answer model_bulk_out(struct model *m, const uint8_t *buf, size_t len);
enum model_answer model_bulk_in(struct model *m, uint8_t *buf, size_t room, size_t *len);
bool model_has_events(const struct model *m);
/* Interrupt IN; MODEL_STALL from a device without that endpoint. */
enum model_answer model_event_in(struct model *m, uint8_t *buf, size_t room, size_t *len);
void model_clear_halt(struct model *m, uint8_t endpoint);
/* Port reset. */
void model_reset(struct model *m);

/*
 * Something happens to an MTP recorder, and it tells of it:
 *	added PATH		a file or folder came into the served folder
 *	removed PATH		the object is gone; the file itself is left alone
 *	store-removed		the card is out
 *	changed CODE		a device property (hexadecimal) has another value
 *	send CODE [PARAM]	this event, whatever it means (hexadecimal)
 * -EINVAL, -ENOENT: no such object.
 */
int model_event(struct model *m, const char *what, const char *arg);

/* It left the bus of its own: by unplug-at, or to come back unlocked. */
bool model_has_left(const struct model *m);
bool model_was_unlocked(const struct model *m);
/* How it is on the bus now; the configuration's, unless it is locked. */
const char *model_serial(const struct model *m);

/* Content bytes handed out so far. */
uint64_t model_content_bytes(const struct model *m);
const struct model_config *model_config(const struct model *m);
uint16_t model_max_packet(const struct model *m);

#endif
