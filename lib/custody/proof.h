/*
 * The text of a proof of inclusion: C2SP tlog-proof (c2sp.org/tlog-proof@v1).
 *
 *	c2sp.org/tlog-proof@v1
 *	index N
 *	base64 of each hash, a line each
 *	(empty line)
 *	the checkpoint it leads to, to the end
 *
 * A line "extra ..." before the index, which the standard allows, is refused: nothing
 * vouches for it, and this log never writes one.
 *
 * Pure; any thread.
 */
#ifndef CUSTODY_PROOF_H
#define CUSTODY_PROOF_H

#include "base/buf.h"
#include "custody/merkle.h"

enum { PROOF_TEXT_MAX = 32 * 1024 };

struct proof_text {
	uint64_t index;
	struct merkle_proof proof;
	const uint8_t *checkpoint;	/* into the text */
	size_t checkpoint_len;
};

void proof_write(uint64_t index, const struct merkle_proof *proof, const void *checkpoint,
		 size_t len, struct buf *to);

/* 0, or -EINVAL and a sentence that names the line.  The checkpoint is not looked into. */
int proof_parse(const uint8_t *text, size_t len, struct proof_text *ret, struct err *e);

#endif
