/*
 * A directory of exFAT, the input as it is: entries are given within their
 * limits, and as many sets at most as there are entries.  A first byte that is
 * odd makes each set's checksum right, so that what is behind it is reached.
 */
#include <string.h>

#include "format/name.h"
#include "fuzz/fuzz.h"
#include "lister/exfat_dir.h"

enum { ROOM = 20000, LEN = EXFAT_ENTRY_LEN };

static void seal(uint8_t *p, size_t len)
{
	for (size_t at = 0; at + LEN <= len; at += LEN) {
		size_t n = ((size_t)p[at + 1] + 1) * LEN;
		unsigned sum = 0;

		if ((p[at] & 0x7f) != 0x05 || n > len - at)
			continue;
		for (size_t i = 0; i < n; i++) {
			uint8_t byte = i % LEN == 0 ? p[at + i] | 0x80 : p[at + i];

			if (i != 2 && i != 3)
				sum = ((sum << 15 | sum >> 1) + byte) & 0xffff;
		}
		p[at + 2] = (uint8_t)sum;
		p[at + 3] = (uint8_t)(sum >> 8);
	}
}

static void check(const struct exfat_dir_entry *e, struct buf *name)
{
	MUST(e->name_len <= EXFAT_NAME_MAX && e->name_len % 2 == 0 && e->name_len > 0);
	MUST(e->sound || !e->deleted);
	buf_reset(name);
	name_add_utf16le(name, e->name, e->name_len);
	MUST(!name->failed && name_is_path(name->p, name->len));
	MUST(strlen(e->created) == 0 || strlen(e->created) == LISTING_TIME_MAX);
	MUST(strlen(e->modified) == 0 || strlen(e->modified) == LISTING_TIME_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static uint8_t dir[ROOM];
	struct exfat_dir d = { .open = false };
	struct buf name = BUF_INIT(4096);
	struct exfat_dir_entry e;
	unsigned given = 0;

	if (len == 0)
		return 0;
	len = MIN(len - 1, (size_t)ROOM) / LEN * LEN;
	memcpy(dir, bytes + 1, len);
	if (bytes[0] % 2 == 1)
		seal(dir, len);
	for (size_t at = 0; at < len; at += LEN) {
		enum exfat_dir_what what = exfat_dir_next(&d, dir + at, &e);

		if (what == EXFAT_DIR_END)
			break;
		if (what == EXFAT_DIR_ENTRY) {
			given++;
			check(&e, &name);
		}
		MUST(what != EXFAT_DIR_LABEL || e.name_len <= EXFAT_LABEL_MAX);
	}
	if (exfat_dir_finish(&d, &e) == EXFAT_DIR_ENTRY) {
		given++;
		check(&e, &name);
	}
	MUST(given + d.cut <= len / LEN);
	buf_clear(&name);
	return 0;
}
