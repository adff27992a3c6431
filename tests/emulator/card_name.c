/* Names on FAT: UTF-16 pieces and 8.3 names (Microsoft's FAT specification 1.03, sections 6, 7). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "emulator/card_priv.h"

/* One scalar value of UTF-8; 0 when it is none.  *p moves behind it. */
static uint32_t scalar(const char **p)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const uint8_t *s = (const uint8_t *)*p;
	unsigned more = s[0] < 0x80 ? 0 : s[0] >= 0xf0 ? 3 : s[0] >= 0xe0 ? 2 : 1;
	uint32_t v = more == 0 ? s[0] : s[0] & (0x3fu >> more);

	if (s[0] >= 0xf8 || (s[0] >= 0x80 && s[0] < 0xc0))
		return 0;
	for (unsigned i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (s[i] & 0x3f);
	}
	if (v < least[more] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return 0;
	*p += more + 1;
	return v;
}

int card_utf16(const char *text, uint16_t *ret, size_t max, size_t *ret_units)
{
	size_t n = 0;

	while (*text != '\0') {
		uint32_t v = scalar(&text);
		size_t need = v >= 0x10000 ? 2 : 1;

		if (v == 0 || n + need > max)
			return -EINVAL;
		if (need == 1) {
			ret[n++] = (uint16_t)v;
		} else {
			ret[n++] = (uint16_t)(0xd800 + ((v - 0x10000) >> 10));
			ret[n++] = (uint16_t)(0xdc00 + (v & 0x3ff));
		}
	}
	*ret_units = n;
	return 0;
}

/* What an 8.3 name is made of here; '~' is kept for made-up ones, so that none can clash. */
static bool plain(uint32_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool card_is_short(const char *name, uint8_t ret[11])
{
	const char *dot = strchr(name, '.');
	size_t base = dot != NULL ? (size_t)(dot - name) : strlen(name);
	size_t ext = dot != NULL ? strlen(dot + 1) : 0;

	if (base == 0 || base > 8 || ext > 3 || (dot != NULL && ext == 0))
		return false;
	memset(ret, ' ', 11);
	for (size_t i = 0; i < base; i++) {
		if (!plain((uint8_t)name[i]))
			return false;
		ret[i] = (uint8_t)name[i];
	}
	for (size_t i = 0; i < ext; i++) {
		if (!plain((uint8_t)dot[1 + i]))
			return false;
		ret[8 + i] = (uint8_t)dot[1 + i];
	}
	return true;
}

static uint8_t short_byte(uint16_t unit)
{
	if (unit >= 'a' && unit <= 'z')
		return (uint8_t)(unit - 'a' + 'A');
	return plain(unit) ? (uint8_t)unit : '_';
}

void card_short_from(const uint16_t *name, size_t units, uint32_t serial, uint8_t ret[11])
{
	char tail[12];
	size_t n_tail = (size_t)snprintf(tail, sizeof(tail), "~%u", serial % 10000000);
	size_t dot = units, base = 0;

	memset(ret, ' ', 11);
	for (size_t i = units; i > 0; i--) {
		if (name[i - 1] == '.') {
			dot = i - 1;
			break;
		}
	}
	for (size_t i = 0; i < dot && base < 8 - n_tail; i++) {
		if (name[i] != '.' && name[i] != ' ')
			ret[base++] = short_byte(name[i]);
	}
	memcpy(ret + base, tail, n_tail);
	for (size_t i = 0; i < 3 && dot + 1 + i < units; i++)
		ret[8 + i] = short_byte(name[dot + 1 + i]);
}

uint8_t card_short_sum(const uint8_t name[11])
{
	uint8_t sum = 0;

	for (size_t i = 0; i < 11; i++)
		sum = (uint8_t)((sum >> 1 | sum << 7) + name[i]);
	return sum;
}

void card_long_entry(const uint16_t *name, size_t units, unsigned piece, bool last, uint8_t sum,
		     uint8_t ret[CARD_ENTRY])
{
	static const uint8_t at[13] = { 1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30 };
	size_t first = (size_t)(piece - 1) * COUNT(at);

	memset(ret, 0, CARD_ENTRY);
	ret[0] = (uint8_t)(piece | (last ? 0x40u : 0u));
	ret[11] = CARD_ATTR_LONG;
	ret[13] = sum;
	for (size_t i = 0; i < COUNT(at); i++) {
		size_t k = first + i;

		/* A NUL behind the name, 0xffff behind that. */
		card_put16(ret + at[i], k < units ? name[k] : k == units ? 0 : 0xffff);
	}
}
