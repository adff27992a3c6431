/* What the files of the model share, and nobody else includes. */
#ifndef EMULATOR_MODEL_IMPL_H
#define EMULATOR_MODEL_IMPL_H

#include "emulator/model.h"

/* What a kind of device does of its own; model.c and model_usb.c do the rest for all. */
struct model_kind {
	uint8_t interface[3];		/* class, subclass, protocol */
	const char *name;		/* of the interface; NULL: none */
	bool has_events;		/* an interrupt endpoint */

	/* Not called while the device is gone, hung or silent, or the endpoint halted. */
	enum model_answer (*bulk_out)(struct model *m, const uint8_t *buf, size_t len);
	enum model_answer (*bulk_in)(struct model *m, uint8_t *buf, size_t room, size_t *len);
	enum model_answer (*event_in)(struct model *m, uint8_t *buf, size_t room, size_t *len);

	/* Class requests to the interface: bytes to say, or whether it was understood. */
	size_t (*class_in)(struct model *m, const uint8_t setup[8], uint8_t buf[255]);
	bool (*class_out)(struct model *m, const uint8_t setup[8], const uint8_t *data, size_t len);

	void (*reset)(struct model *m);
	void (*free)(struct model *m);
};
extern const struct model_kind model_storage, model_mtp;
int model_storage_new(struct model *m);
int model_mtp_new(struct model *m);

/* ------ mass storage ------ */

enum model_phase {
	PHASE_COMMAND,		/* waiting for a CBW */
	PHASE_TAKE,		/* taking what an unlocking command sends along */
	PHASE_DATA,		/* sending to the host */
	PHASE_STATUS,		/* a CSW waits to be read */
};

/* How a data stage ends once `left` bytes were sent. */
enum model_end {
	END_FULL,		/* it was all the host asked for */
	END_SHORT,		/* by a short packet, if need be an empty one */
	END_STALL,
};

enum { MODEL_REPLY_MAX = 8 + 8 * MODEL_UNITS_MAX, CSW_PASSED = 0, CSW_FAILED = 1, CSW_PHASE_ERROR = 2 };

/* A logical unit: what a card slot remembers. */
struct model_lun {
	struct model_unit unit;
	uint64_t blocks;		/* as READ CAPACITY claims */
	uint8_t sense_key, asc, ascq;
	uint32_t sense_lba;
	bool sense_has_lba;
	bool attention;
};

struct model_mtp;

struct model {
	struct model_config c;		/* strings are ours */
	const struct model_kind *kind;
	uint16_t max_packet;
	uint8_t configuration;
	bool gone, hung, unlocked;
	bool halt_in, halt_out;
	uint64_t content_bytes;
	struct model_mtp *mtp;		/* MTP: all of it (model_mtp.h); the rest is bulk-only */

	enum model_phase phase;
	bool refuses;			/* had an invalid CBW: halted until reset recovery */
	uint32_t tag, residue;
	uint8_t status;

	/* the data stage: `left` bytes of the reply or of the image */
	uint8_t reply[MODEL_REPLY_MAX];
	bool content;
	uint64_t at;
	uint64_t left;
	enum model_end end;
	bool ended;			/* by a short last packet: nothing more is owed */
	bool lies;			/* says residue 0, whatever it is */

	/* SCSI */
	struct model_lun luns[MODEL_UNITS_MAX], *lun;
	unsigned n_luns;
	uint32_t commands;
	bool opens;			/* this command unlocks, once its status was read */
};

static inline bool model_is_locked(const struct model *m)
{
	return m->c.unlock.kind != MODEL_UNLOCK_NONE;
}

/* Is content byte `place` among the next n? */
bool model_covers(const struct model *m, int64_t place, uint64_t n);
/*
 * n content bytes are about to be sent: how many may be, before unplug-at
 * pulls the cable.  Counts them.
 */
size_t model_spend(struct model *m, size_t n, bool *ret_last);
/* Read n bytes at an offset, or say that they are not to be had. */
bool model_pread(int fd, uint8_t *buf, size_t n, uint64_t at);
/* One character of UTF-8; U+FFFD for what is not UTF-8. */
uint32_t model_next_char(const uint8_t **s);
/* It goes off the bus, to come back as what it was locked from. */
void model_open_up(struct model *m);

/*
 * Carry out one command: sets status, and content, at and left or reply and
 * left for what it has to say; end when a fault wants a certain one.
 */
void model_scsi(struct model *m, const uint8_t cdb[16]);
void model_sense(struct model *m, uint8_t key, uint8_t asc, uint8_t ascq);

#endif
