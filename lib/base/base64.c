#include "base/base64.h"

#include <sodium.h>

/*
 * libsodium refuses stray bits, and padding that is missing or too much.  But up to 1.0.18 its
 * decoder takes every byte from 0x80 on for some digit, so that one value would have many texts.
 */
static bool is_ascii(const char *s, size_t len)
{
	unsigned char all = 0;
	size_t i;

	for (i = 0; i < len; i++)
		all |= (unsigned char)s[i];
	return all < 0x80;
}

static bool decode(const char *s, size_t len, uint8_t *ret, size_t n, int variant)
{
	size_t got;

	return len == sodium_base64_encoded_len(n, variant) - 1 && is_ascii(s, len) &&
		sodium_base642bin(ret, n, s, len, NULL, &got, NULL, variant) == 0 && got == n;
}

static void add(struct buf *to, const void *p, size_t n, int variant)
{
	const size_t size = sodium_base64_encoded_len(n, variant);
	uint8_t *room = buf_room(to, size - 1);

	if (room == NULL)
		return;
	/* There is always room for the NUL, too. */
	sodium_bin2base64((char *)room, size, p, n, variant);
	buf_grew(to, size - 1);
}

bool base64_decode(const char *s, size_t len, uint8_t *ret, size_t n)
{
	return decode(s, len, ret, n, sodium_base64_VARIANT_ORIGINAL);
}

void base64_add(struct buf *to, const void *p, size_t n)
{
	add(to, p, n, sodium_base64_VARIANT_ORIGINAL);
}

bool base64_raw_decode(const char *s, size_t len, uint8_t *ret, size_t n)
{
	return decode(s, len, ret, n, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

void base64_raw_add(struct buf *to, const void *p, size_t n)
{
	add(to, p, n, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}
