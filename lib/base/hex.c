#include "base/hex.h"

#include <errno.h>

/* The digit's value plus one, so that what is not named here, 0, is no digit. */
static const uint8_t digits[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,	['6'] = 7,
	['7'] = 8,  ['8'] = 9,	['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14,
	['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15,
	['F'] = 16,
};

int hex_decode(const char *text, size_t len, uint8_t *to, size_t max, size_t *ret_len)
{
	unsigned high, low;
	size_t i;

	if (len % 2 != 0)
		return -EINVAL;
	if (len / 2 > max)
		return -ENOBUFS;
	for (i = 0; i < len / 2; i++) {
		high = digits[(uint8_t)text[2 * i]];
		low = digits[(uint8_t)text[2 * i + 1]];
		if (high == 0 || low == 0)
			return -EINVAL;
		to[i] = (uint8_t)((high - 1) << 4 | (low - 1));
	}
	*ret_len = len / 2;
	return 0;
}
