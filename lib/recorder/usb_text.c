#include "recorder/usb_text.h"

#include <string.h>

#include "base/util.h"

enum { DESC_STRING = 3, REPLACEMENT = 0xfffd };

static size_t put_utf8(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static uint32_t unit(const uint8_t *p, size_t i)
{
	return (uint32_t)(p[i] | p[i + 1] << 8);
}

/* The character at *i, which moves on. */
static uint32_t next_char(const uint8_t *p, size_t len, size_t *i)
{
	uint32_t c = unit(p, *i), low;

	*i += 2;
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0xdc00 && c < 0xe000))
		return REPLACEMENT;
	if (c < 0xd800 || c >= 0xe000)
		return c;
	low = *i + 1 < len ? unit(p, *i) : 0;
	if (low < 0xdc00 || low >= 0xe000)
		return REPLACEMENT;
	*i += 2;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

void usb_text_decode(const uint8_t *p, size_t len, char *ret_text, size_t room)
{
	size_t i = 2, n = 0, k;
	char utf8[4];

	if (len >= 2 && p[1] == DESC_STRING)
		len = MIN(len, p[0]);
	else
		len = 0;
	while (i + 1 < len && unit(p, i) != 0) {
		k = put_utf8(next_char(p, len, &i), utf8);
		if (n + k >= room)
			break;
		memcpy(ret_text + n, utf8, k);
		n += k;
	}
	while (n > 0 && ret_text[n - 1] == ' ')
		n--;
	ret_text[n] = '\0';
}
