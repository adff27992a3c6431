#include "unit/text_rig.h"

#include <check.h>
#include <string.h>

void rig_edited(struct buf *b, const char *base, const char *from, const char *to)
{
	const char *at = from[0] == '\0' ? base + strlen(base) : strstr(base, from);

	ck_assert_msg(at != NULL, "the test looks for \"%s\", which is not there", from);
	buf_add(b, base, (size_t)(at - base));
	buf_adds(b, to);
	buf_adds(b, at + strlen(from));
	ck_assert(!b->failed);
}
