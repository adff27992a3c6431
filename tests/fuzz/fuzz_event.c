/*
 * A leaf, a NUL, a row of a database, a NUL, salts: each of them any bytes.  A leaf that is taken
 * is what its own row is compared with, and the same.
 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "custody/event.h"
#include "fuzz/fuzz.h"

static void compare(const struct event *ev, const char *row, size_t len, const char *salts_text)
{
	char column[EVENT_WORD_MAX + 1] = "";
	enum event_verdict v = EVENT_CHANGED;
	struct event_salts salts = { .erased = "" };
	struct err e = { 0, "" };
	int r;

	(void)event_salts_parse(salts_text, "path", &salts, NULL);
	r = event_compare(ev, row, len, "officer path", &salts, &v, column, &e);
	MUST(r == 0 || (r == -EINVAL && e.msg[0] != '\0'));
	MUST(r < 0 || v == EVENT_SAME || strlen(column) <= EVENT_WORD_MAX);
	r = event_compare_fields(ev, row, len, &v, column, &e);
	MUST(r == 0 || r == -EINVAL);
	/* Its own fields are its own. */
	MUST(event_compare_fields(ev, ev->leaf.p, ev->leaf.len, &v, column, &e) == 0 &&
	     v == EVENT_SAME);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(4 * EVENT_LEAF_MAX);
	const char *row, *salts;
	struct event ev;
	struct err e = { 0, "" };

	if (len > 3 * (size_t)EVENT_LEAF_MAX)
		return 0;
	buf_add(&text, bytes, len);
	buf_add(&text, "\0\0", 2);
	row = (const char *)memchr(text.p, '\0', text.len) + 1;
	salts = (const char *)memchr(row, '\0', (size_t)((const char *)text.p + text.len - row)) + 1;
	if (event_parse(text.p, (size_t)(row - 1 - (const char *)text.p), &ev, &e) < 0) {
		MUST(e.code == -EINVAL && e.msg[0] != '\0');
		return 0;
	}
	MUST(strlen(ev.act) > 0 && strlen(ev.source) > 0 && strlen(ev.role) > 0);
	compare(&ev, row, (size_t)(salts - 1 - row), salts);
	return 0;
}
