/* What the files of the model share, and nobody else includes. */
#ifndef EMULATOR_MODEL_IMPL_H
#define EMULATOR_MODEL_IMPL_H

#include "emulator/model.h"

enum model_phase {
	PHASE_COMMAND,		/* waiting for a CBW */
	PHASE_DATA,		/* sending to the host */
	PHASE_STATUS,		/* a CSW waits to be read */
};

/* How a data stage ends once `left` bytes were sent. */
enum model_end {
	END_FULL,		/* it was all the host asked for */
	END_SHORT,		/* by a short packet, if need be an empty one */
	END_STALL,
};

enum { MODEL_REPLY_MAX = 64, CSW_PASSED = 0, CSW_FAILED = 1, CSW_PHASE_ERROR = 2 };

struct model {
	struct model_config c;		/* strings are ours */
	uint16_t max_packet;
	uint64_t blocks;		/* as READ CAPACITY claims */
	uint8_t configuration;
	bool gone, hung;

	/* bulk-only transport */
	enum model_phase phase;
	bool halt_in, halt_out;
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
	uint8_t sense_key, asc, ascq;
	uint32_t sense_lba;
	bool sense_has_lba;
	bool attention;
	uint32_t commands;
	uint64_t content_bytes;
};

/*
 * Carry out one command: sets status, and content, at and left or reply and
 * left for what it has to say; end when a fault wants a certain one.
 */
void model_scsi(struct model *m, const uint8_t cdb[16]);
void model_sense(struct model *m, uint8_t key, uint8_t asc, uint8_t ascq);

/* Forget the command at hand, as both kinds of reset do. */
void model_bot_reset(struct model *m);

#endif
