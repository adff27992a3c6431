/* Any bytes: refused with a line, or a manifest whose text is those very bytes. */
#include <errno.h>
#include <string.h>

#include "format/manifest.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(MANIFEST_MAX);
	struct manifest m;
	struct err e = { 0, "" };
	int r;

	r = manifest_parse(bytes, len, &m, &e);
	if (r < 0) {
		MUST(r == (len > MANIFEST_MAX ? -EFBIG : -EINVAL));
		MUST(r == -EFBIG || strncmp(e.msg, "line ", 5) == 0);
		return 0;
	}
	MUST(manifest_write(&m, &text, &e) == 0);
	MUST(text.len == len && memcmp(text.p, bytes, len) == 0);
	return 0;
}
