/* Any bytes: refused, or an inventory whose text is those very bytes. */
#include <errno.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "rules/inventory.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(INVENTORY_MAX);
	struct inventory v;
	struct err e = { 0, "" };
	int r;

	r = inventory_parse(bytes, len, &v, &e);
	if (r < 0) {
		MUST(r == -EINVAL && strncmp(e.msg, "line ", 5) == 0);
		return 0;
	}
	inventory_write(&v, &text);
	MUST(!text.failed && text.len == len && memcmp(text.p, bytes, len) == 0);
	inventory_clear(&v);
	return 0;
}
