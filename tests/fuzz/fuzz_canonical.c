/*
 * Any bytes: refused with a place, or a canonical form that is its own, whose names are in order,
 * and whose walk gives all of it back.
 */
#include <errno.h>
#include <string.h>

#include "custody/canonical.h"
#include "fuzz/fuzz.h"

/* A canonical form is not longer than this times the text: a number gets two quotes. */
enum { ROOM = 65536, GROWTH = 3 };

static void walk(const char *value, size_t len, struct buf *to)
{
	const bool object = value[0] == '{';
	struct canonical_member m, before = { 0 };
	size_t at = 0, n;

	if (!object && value[0] != '[') {
		buf_add(to, value, len);
		return;
	}
	buf_add(to, value, 1);
	for (n = 0; object ? canonical_member(value, len, &at, &m) :
		     canonical_element(value, len, &at, &m); n++) {
		if (n > 0)
			buf_adds(to, ",");
		if (object) {
			MUST(n == 0 || canonical_compare(before.name, before.name_len, m.name,
							 m.name_len) < 0);
			buf_addf(to, "\"%.*s\":", (int)m.name_len, m.name);
		}
		before = m;
		walk(m.value, m.value_len, to);
	}
	buf_adds(to, object ? "}" : "]");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	AUTO(buf_clear) struct buf form = BUF_INIT(GROWTH * ROOM), again = BUF_INIT(GROWTH * ROOM);
	AUTO(buf_clear) struct buf walked = BUF_INIT(GROWTH * ROOM), text = BUF_INIT(GROWTH * ROOM);
	struct err e = { 0, "" };
	int r;

	if (len > ROOM)
		return 0;
	r = canonical_json((const char *)bytes, len, &form, &e);
	if (r < 0) {
		MUST(r == -EINVAL && strncmp(e.msg, "JSON, byte ", 11) == 0);
		MUST(form.len == 0);
		return 0;
	}
	MUST(canonical_json(buf_str(&form), form.len, &again, &e) == 0);
	MUST(again.len == form.len && memcmp(again.p, form.p, form.len) == 0);
	walk(buf_str(&form), form.len, &walked);
	MUST(walked.len == form.len && memcmp(walked.p, form.p, form.len) == 0);
	MUST(canonical_text(buf_str(&form), form.len, &text) == (form.p[0] == '"'));
	return 0;
}
