#include "age/bech32.h"

#include <sodium.h>
#include <string.h>

static const char digits[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static uint8_t lower(char c)
{
	return (uint8_t)(is_upper(c) ? c - 'A' + 'a' : c);
}

/* The checksum's register after one more value of 5 bits. */
static uint32_t fold(uint32_t sum, uint8_t value)
{
	static const uint32_t generator[] = {
		0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3,
	};
	const uint32_t top = sum >> 25;
	unsigned i;

	sum = (sum & 0x1ffffff) << 5 ^ value;
	for (i = 0; i < 5; i++)
		sum ^= generator[i] & (0 - (top >> i & 1));
	return sum;
}

static uint32_t fold_prefix(const char *prefix)
{
	uint32_t sum = 1;
	size_t i;

	for (i = 0; prefix[i] != '\0'; i++)
		sum = fold(sum, (uint8_t)(lower(prefix[i]) >> 5));
	sum = fold(sum, 0);
	for (i = 0; prefix[i] != '\0'; i++)
		sum = fold(sum, lower(prefix[i]) & 31);
	return sum;
}

/* The value of a digit in that case; 32: it is none. */
static uint8_t value_of(char c, bool upper)
{
	uint8_t value = 32, i;

	for (i = 0; i < 32; i++) {
		const char digit = upper && digits[i] >= 'a' ? (char)(digits[i] - 'a' + 'A') : digits[i];

		if (c == digit)
			value = i;
	}
	return value;
}

bool bech32_decode(const char *prefix, const char *text, size_t len, uint8_t ret[BECH32_VALUE])
{
	const size_t prefix_len = strlen(prefix);
	uint32_t sum = fold_prefix(prefix), bits = 0;
	unsigned held = 0, n = 0;
	size_t i;

	if (len != prefix_len + 1 + BECH32_DIGITS || memcmp(text, prefix, prefix_len) != 0 ||
	    text[prefix_len] != '1')
		return false;
	for (i = 0; i < BECH32_DIGITS; i++) {
		const uint8_t value = value_of(text[prefix_len + 1 + i], is_upper(prefix[0]));

		if (value == 32)
			return false;
		sum = fold(sum, value);
		if (i >= BECH32_DIGITS - 6)
			continue;
		bits = bits << 5 | value;
		held += 5;
		if (held >= 8 && n < BECH32_VALUE) {
			held -= 8;
			ret[n++] = (uint8_t)(bits >> held);
		}
	}
	/* 260 bits were read, 4 of them carry nothing. */
	return sum == 1 && (bits & 15) == 0;
}

void bech32_encode(const char *prefix, const uint8_t value[BECH32_VALUE], char *ret_text)
{
	const size_t prefix_len = strlen(prefix);
	const bool upper = is_upper(prefix[0]);
	uint8_t fives[BECH32_DIGITS];
	uint32_t sum = fold_prefix(prefix), bits = 0;
	unsigned held = 0, n = 0;
	size_t i;

	for (i = 0; i < BECH32_VALUE; i++) {
		bits = bits << 8 | value[i];
		for (held += 8; held >= 5; held -= 5)
			fives[n++] = bits >> (held - 5) & 31;
	}
	fives[n++] = (uint8_t)(bits << (5 - held) & 31);
	for (i = 0; i < n; i++)
		sum = fold(sum, fives[i]);
	for (i = 0; i < 6; i++)
		sum = fold(sum, 0);
	for (i = 0; i < 6; i++)
		fives[n++] = (sum ^ 1) >> 5 * (5 - i) & 31;

	memcpy(ret_text, prefix, prefix_len);
	ret_text[prefix_len] = '1';
	for (i = 0; i < BECH32_DIGITS; i++) {
		const char c = digits[fives[i]];

		ret_text[prefix_len + 1 + i] = upper && c >= 'a' ? (char)(c - 'a' + 'A') : c;
	}
	ret_text[prefix_len + 1 + BECH32_DIGITS] = '\0';
	sodium_memzero(fives, sizeof(fives));
}
