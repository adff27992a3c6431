#include "base/blake2b.h"

#include <endian.h>
#include <string.h>

#include "base/util.h"

/* RFC 7693, section 2.6 */
static const uint64_t iv[8] = {
	UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b),
	UINT64_C(0x3c6ef372fe94f82b), UINT64_C(0xa54ff53a5f1d36f1),
	UINT64_C(0x510e527fade682d1), UINT64_C(0x9b05688c2b3e6c1f),
	UINT64_C(0x1f83d9abfb41bd6b), UINT64_C(0x5be0cd19137e2179),
};

/* Section 2.7: which word of the message goes where, round by round; 10 and 11 repeat 0 and 1. */
static const uint8_t sigma[12][16] = {
	{  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10,  4,  8,  9, 15, 13,  6,  1, 12,  0,  2, 11,  7,  5,  3 },
	{ 11,  8, 12,  0,  5,  2, 15, 13, 10, 14,  3,  6,  7,  1,  9,  4 },
	{  7,  9,  3,  1, 13, 12, 11, 14,  2,  6,  5, 10,  4,  0, 15,  8 },
	{  9,  0,  5,  7,  2,  4, 10, 15, 14,  1, 11, 12,  6,  8,  3, 13 },
	{  2, 12,  6, 10,  0, 11,  8,  3,  4, 13,  7,  5, 15, 14,  1,  9 },
	{ 12,  5,  1, 15, 14, 13,  4, 10,  0,  7,  6,  3,  9,  2,  8, 11 },
	{ 13, 11,  7, 14, 12,  1,  3,  9,  5,  0, 15,  4,  8,  6,  2, 10 },
	{  6, 15, 14,  9, 11,  3,  0,  8, 12,  2, 13,  7,  1,  4, 10,  5 },
	{ 10,  2,  8,  4,  7,  6,  1,  5, 15, 11,  9, 14,  3, 12, 13,  0 },
	{  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10,  4,  8,  9, 15, 13,  6,  1, 12,  0,  2, 11,  7,  5,  3 },
};

#define ROTATE(x, n)	(((x) >> (n)) | ((x) << (64 - (n))))

/* Section 3.1, the mixing of four words.  Macros, so that every index is known when compiling. */
#define MIX(r, i, a, b, c, d) do {				\
	v[a] += v[b] + m[sigma[r][2 * (i)]];			\
	v[d] = ROTATE(v[d] ^ v[a], 32);				\
	v[c] += v[d];						\
	v[b] = ROTATE(v[b] ^ v[c], 24);				\
	v[a] += v[b] + m[sigma[r][2 * (i) + 1]];		\
	v[d] = ROTATE(v[d] ^ v[a], 16);				\
	v[c] += v[d];						\
	v[b] = ROTATE(v[b] ^ v[c], 63);				\
} while (0)

#define ROUND(r) do {						\
	MIX(r, 0, 0, 4,  8, 12); MIX(r, 1, 1, 5,  9, 13);	\
	MIX(r, 2, 2, 6, 10, 14); MIX(r, 3, 3, 7, 11, 15);	\
	MIX(r, 4, 0, 5, 10, 15); MIX(r, 5, 1, 6, 11, 12);	\
	MIX(r, 6, 2, 7,  8, 13); MIX(r, 7, 3, 4,  9, 14);	\
} while (0)

/* Section 3.2.  hashed counts this block too; last is all ones for the last block. */
static void compress(uint64_t h[8], const uint8_t *p, uint64_t hashed, uint64_t last)
{
	uint64_t v[16], m[16];

	memcpy(m, p, sizeof(m));
	for (unsigned i = 0; i < 16; i++)
		m[i] = le64toh(m[i]);
	memcpy(v, h, 8 * sizeof(*h));
	memcpy(v + 8, iv, sizeof(iv));
	v[12] ^= hashed;		/* 2^64 bytes and more do not happen: v[13] stays */
	v[14] ^= last;
	ROUND(0); ROUND(1); ROUND(2); ROUND(3); ROUND(4); ROUND(5);
	ROUND(6); ROUND(7); ROUND(8); ROUND(9); ROUND(10); ROUND(11);
	for (unsigned i = 0; i < 8; i++)
		h[i] ^= v[i] ^ v[i + 8];
}

void blake2b_init(struct blake2b *s)
{
	memcpy(s->h, iv, sizeof(iv));
	s->h[0] ^= UINT64_C(0x01010000) ^ DIGEST_LEN;	/* section 2.5: no key, depth and fanout 1 */
	s->hashed = 0;
	s->held = 0;
}

void blake2b_add(struct blake2b *s, const void *p, size_t len)
{
	const uint8_t *at = p;
	size_t n = MIN(len, BLAKE2B_BLOCK - s->held);

	if (len == 0)
		return;
	/* A whole block is kept until more comes: it may be the last. */
	if (s->held > 0) {
		memcpy(s->block + s->held, at, n);
		s->held += n;
		at += n;
		len -= n;
		if (len == 0)
			return;
		s->hashed += BLAKE2B_BLOCK;
		compress(s->h, s->block, s->hashed, 0);
	}
	while (len > BLAKE2B_BLOCK) {
		s->hashed += BLAKE2B_BLOCK;
		compress(s->h, at, s->hashed, 0);
		at += BLAKE2B_BLOCK;
		len -= BLAKE2B_BLOCK;
	}
	memcpy(s->block, at, len);
	s->held = len;
}

struct digest blake2b_end(struct blake2b *s)
{
	uint64_t words[DIGEST_LEN / 8];
	struct digest d;

	memset(s->block + s->held, 0, BLAKE2B_BLOCK - s->held);
	compress(s->h, s->block, s->hashed + s->held, UINT64_MAX);
	for (unsigned i = 0; i < COUNT(words); i++)
		words[i] = htole64(s->h[i]);
	memcpy(d.b, words, DIGEST_LEN);
	return d;
}

struct digest blake2b_so_far(const struct blake2b *s)
{
	struct blake2b copy = *s;

	return blake2b_end(&copy);
}

uint64_t blake2b_total(const struct blake2b *s)
{
	return s->hashed + s->held;
}
