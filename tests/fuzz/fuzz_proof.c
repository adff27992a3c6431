/* Any bytes as a proof's text.  Each proof has one text: what is taken writes itself again. */
#include <errno.h>
#include <string.h>

#include "custody/proof.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct buf again = BUF_INIT(PROOF_TEXT_MAX);
	struct err e = { 0, "" };
	struct proof_text p;

	if (proof_parse(bytes, len, &p, &e) < 0) {
		MUST(e.code == -EINVAL && e.msg[0] != '\0');
		return 0;
	}
	MUST(p.index <= INT64_MAX && p.proof.n <= MERKLE_PROOF_MAX);
	MUST(p.checkpoint_len > 0 && p.checkpoint + p.checkpoint_len == bytes + len);
	proof_write(p.index, &p.proof, p.checkpoint, p.checkpoint_len, &again);
	MUST(!again.failed && again.len == len && memcmp(again.p, bytes, len) == 0);
	buf_clear(&again);
	return 0;
}
