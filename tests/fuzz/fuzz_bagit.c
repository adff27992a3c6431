/*
 * The first line of the input, to its LF LF, is bagit.txt; the rest is read as every other tag file
 * in its encoding.  A path that is taken leads nowhere but into the bag.
 */
#include <string.h>

#include "format/bagit.h"
#include "fuzz/fuzz.h"

static void check_entry(enum bagit_line v, const struct bagit_entry *entry, bool payload)
{
	if (v == BAGIT_LINE_MALFORMED || v == BAGIT_LINE_CHECKSUM)
		return;
	MUST(entry->path_len <= BAGIT_PATH_MAX && entry->path[entry->path_len] == '\0');
	if (v == BAGIT_LINE_PATH)
		return;
	MUST(strlen(entry->path) == entry->path_len);
	MUST(bagit_check_path(entry->path, entry->path_len) == BAGIT_PATH_GOOD);
	MUST(strncmp(entry->path, "../", 3) != 0 && strstr(entry->path, "/../") == NULL);
	if (v == BAGIT_LINE_GOOD)
		MUST((strncmp(entry->path, "data/", 5) == 0) == payload);
}

static void read_lines(const struct bagit_declaration *d, const struct buf *text)
{
	static const enum bagit_algorithm some[] = { BAGIT_MD5, BAGIT_SHA512 };
	struct bagit_lines l = { buf_str(text), buf_str(text) + text->len, 0 };
	struct bagit_entry entry;
	const char *line;
	size_t len, i;

	while (bagit_next_line(&l, &line, &len)) {
		MUST(memchr(line, '\n', len) == NULL && memchr(line, '\r', len) == NULL);
		for (i = 0; i < COUNT(some); i++) {
			check_entry(bagit_parse_entry(d, BAGIT_MANIFEST, some[i], line, len, &entry),
				    &entry, true);
			check_entry(bagit_parse_entry(d, BAGIT_TAG_MANIFEST, some[i], line, len,
						      &entry), &entry, false);
		}
		check_entry(bagit_parse_fetch(d, line, len, &entry), &entry, true);
	}
	MUST(l.p == l.end && l.number <= text->len);
}

static void read_tags(const struct bagit_declaration *d, const struct buf *text)
{
	struct bagit_lines l = { buf_str(text), buf_str(text) + text->len, 0 };
	uint64_t octets, files;
	struct bagit_tag tag;

	while (bagit_next_tag(d, &l, &tag) > 0) {
		MUST(strlen(tag.label) > 0 && strlen(tag.value) <= BAGIT_VALUE_MAX);
		bagit_parse_oxum(tag.value, &octets, &files);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(4 * len + 16), folded = BUF_INIT(16 * len + 16);
	const uint8_t *cut = len > 0 ? memmem(bytes, len, "\n\n", 2) : NULL;
	size_t first = cut == NULL ? len : (size_t)(cut + 1 - bytes);
	struct bagit_declaration d = { 0, 97, BAGIT_UTF8 };
	enum bagit_algorithm a;
	struct err e = { 0, "" };

	if (bagit_parse_declaration(bytes, first, &d, &e) < 0)
		MUST(e.msg[0] != '\0');
	first += cut != NULL;
	if (bagit_to_utf8(d.encoding, bytes + first, len - first, &text, &e) < 0)
		return 0;
	read_lines(&d, &text);
	read_tags(&d, &text);
	bagit_fold_path(buf_str(&text), &folded);
	bagit_file_kind(buf_str(&text), &a);
	return 0;
}
