/* The name of a folder or a file in the watched folder: an id that the catalog takes, or none. */
#include <string.h>

#include "format/inbox.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct inbox_folder f = inbox_folder(bytes, len), again;
	size_t n = strlen(f.id);

	MUST(n <= INBOX_ID_MAX && (n > 0) == (f.kind == INBOX_CASE || f.kind == INBOX_CAMERA));
	if (f.kind == INBOX_CASE) {
		again = inbox_folder((const uint8_t *)f.id, n);
		MUST(again.kind == INBOX_CASE && strcmp(again.id, f.id) == 0 && n == len);
	}
	if (f.kind == INBOX_OURS)
		MUST(inbox_is_partial(bytes, len));
	else
		(void)inbox_is_partial(bytes, len);
	return 0;
}
