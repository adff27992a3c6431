#include "base/digest.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

struct digest digest_of(const void *p, size_t len)
{
	struct digest d;

	crypto_generichash(d.b, sizeof(d.b), p, len, NULL, 0);
	return d;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool digest_is_zero(const struct digest *d)
{
	static const struct digest zero;

	return digest_equal(d, &zero);
}

const char *digest_hex(const struct digest *d, char ret_text[DIGEST_HEX_SIZE])
{
	return sodium_bin2hex(ret_text, DIGEST_HEX_SIZE, d->b, sizeof(d->b));
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int digest_parse(const char *text, size_t len, struct digest *ret)
{
	struct digest d;
	size_t i;
	int hi, lo;

	if (len != DIGEST_HEX_LEN)
		return -EINVAL;
	for (i = 0; i < DIGEST_LEN; i++) {
		hi = nibble(text[2 * i]);
		lo = nibble(text[2 * i + 1]);
		if (hi < 0 || lo < 0)
			return -EINVAL;
		d.b[i] = (uint8_t)(hi << 4 | lo);
	}
	*ret = d;
	return 0;
}
