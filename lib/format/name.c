#include "format/name.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/util.h"

/* What could hide, break or reorder a line that a person reads. */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* ------ making the form ------ */

static void add_escaped(struct buf *b, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_addf(b, "\\x%02x", p[i]);
}

static void add_utf8(struct buf *b, const uint8_t *raw, size_t len, bool keep_slash)
{
	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c = 0;

		n = utf8_char(raw + i, len - i, &c);
		if (n == 0)
			add_escaped(b, raw + i, n = 1);
		else if (is_control(c) || c == '\\' || (c == '/' && !keep_slash))
			add_escaped(b, raw + i, n);
		else
			buf_add(b, raw + i, n);
	}
}

/* A name that means a directory itself or its parent, or that is none, was added at start. */
static void fix_special(struct buf *b, size_t start)
{
	size_t len = b->len - start;

	if (b->failed || len > 2)
		return;
	if (len == 0) {
		buf_adds(b, "\\x00");
	} else if (b->p[start] == '.' && b->p[b->len - 1] == '.') {
		b->len = start;
		buf_adds(b, len == 1 ? "\\x2e" : "\\x2e.");
	}
}

void name_add_text(struct buf *b, const uint8_t *raw, size_t len)
{
	add_utf8(b, raw, len, true);
}

void name_add_utf8(struct buf *b, const uint8_t *raw, size_t len)
{
	size_t start = b->len;

	add_utf8(b, raw, len, false);
	fix_special(b, start);
}

/* ------ UTF-16LE ------ */

static bool is_surrogate(uint32_t unit, uint32_t first)
{
	return (unit & 0xfc00) == first;
}

/* Length of the well-formed character at p, its code point in *ret; 0: malformed. */
static size_t utf16_char(const uint8_t *p, size_t len, uint32_t *ret)
{
	uint32_t unit, second;

	if (len < 2)
		return 0;
	unit = (uint32_t)(p[0] | p[1] << 8);
	*ret = unit;
	if (!is_surrogate(unit, 0xd800))
		return is_surrogate(unit, 0xdc00) ? 0 : 2;
	if (len < 4)
		return 0;
	second = (uint32_t)(p[2] | p[3] << 8);
	*ret = 0x10000 + ((unit & 0x3ff) << 10) + (second & 0x3ff);
	return is_surrogate(second, 0xdc00) ? 4 : 0;
}

static void add_utf16le(struct buf *b, const uint8_t *raw, size_t len, bool keep_slash)
{
	for (size_t i = 0, n; i < len; i += n) {
		uint8_t utf8[4];
		uint32_t c = 0;

		n = utf16_char(raw + i, len - i, &c);
		if (n == 0)
			add_escaped(b, raw + i, n = MIN(len - i, 2));
		else
			add_utf8(b, utf8, utf8_encode(c, utf8), keep_slash);
	}
}

void name_add_text_utf16le(struct buf *b, const uint8_t *raw, size_t len)
{
	add_utf16le(b, raw, len, true);
}

void name_add_utf16le(struct buf *b, const uint8_t *raw, size_t len)
{
	size_t start = b->len;

	add_utf16le(b, raw, len, false);
	fix_special(b, start);
}

/* ------ GB18030 ------ */

struct name_gbk {
	iconv_t cd;
};

int name_gbk_new(struct name_gbk **ret, struct err *e)
{
	struct name_gbk *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return err_set(e, -ENOMEM, "no memory for a name decoder");
	g->cd = iconv_open("UTF-8", "GB18030");
	if (g->cd == (iconv_t)-1) {
		free(g);
		return err_set(e, -ENOENT,
			       "the C library cannot decode GB18030: install its gconv modules "
			       "(Debian: libc6 has them)");
	}
	*ret = g;
	return 0;
}

void name_gbk_free(struct name_gbk *g)
{
	if (g == NULL)
		return;
	iconv_close(g->cd);
	free(g);
}

/* Decode the n bytes of one character; 0 when they are not exactly one. */
static size_t decode(struct name_gbk *g, const uint8_t *p, size_t n, uint8_t out[8])
{
	char copy[4], *from = copy, *to = (char *)out;
	size_t left = n, room = 8;

	memcpy(copy, p, n);
	iconv(g->cd, NULL, NULL, NULL, NULL);
	if (iconv(g->cd, &from, &left, &to, &room) == (size_t)-1 || left > 0)
		return 0;
	return 8 - room;
}

void name_add_gbk(struct name_gbk *g, struct buf *b, const uint8_t *raw, size_t len)
{
	size_t start = b->len;

	for (size_t i = 0, n; i < len; i += n) {
		uint8_t out[8];
		size_t got = 0;

		n = 1;
		if (raw[i] >= 0x80) {
			/* One, two or four bytes: the shortest that is a character. */
			for (n = 2; n <= 4 && n <= len - i && got == 0; n += 2)
				got = decode(g, raw + i, n, out);
			n = got > 0 ? n - 2 : 1;
		}
		if (got > 0)
			add_utf8(b, out, got, false);
		else
			add_utf8(b, raw + i, 1, false);
	}
	fix_special(b, start);
}

/* ------ checking the form ------ */

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool name_is_text(const uint8_t *p, size_t len)
{
	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c = 0;

		n = utf8_char(p + i, len - i, &c);
		if (n == 0 || is_control(c))
			return false;
		if (c != '\\')
			continue;
		n = 4;
		if (len - i < n || p[i + 1] != 'x' || !is_hex(p[i + 2]) || !is_hex(p[i + 3]))
			return false;
	}
	return true;
}

bool name_is_path(const uint8_t *p, size_t len)
{
	size_t from = 0;

	if (!name_is_text(p, len))
		return false;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && p[i] != '/')
			continue;
		if (i == from || (i - from <= 2 && p[from] == '.' && p[i - 1] == '.'))
			return false;
		from = i + 1;
	}
	return true;
}

const char *name_last(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}
