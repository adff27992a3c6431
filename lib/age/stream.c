#include "age/stream.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/util.h"

enum { NONCE = 12, TAG = 16 };

struct age_stream {
	EVP_CIPHER_CTX *ctx;
	bool seals;
};

struct age_stream *age_stream_new(const uint8_t key[32], bool seals)
{
	struct age_stream *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->seals = seals;
	s->ctx = EVP_CIPHER_CTX_new();
	if (s->ctx == NULL ||
	    EVP_CipherInit_ex(s->ctx, EVP_chacha20_poly1305(), NULL, key, NULL, seals) != 1) {
		age_stream_free(s);
		return NULL;
	}
	return s;
}

void age_stream_free(struct age_stream *s)
{
	if (s == NULL)
		return;
	EVP_CIPHER_CTX_free(s->ctx);
	free(s);
}

static void begin(struct age_stream *s, uint64_t index, bool is_last)
{
	uint8_t nonce[NONCE] = { 0 };
	unsigned i;

	for (i = 0; i < 8; i++)
		nonce[3 + i] = (uint8_t)(index >> 8 * (7 - i));
	nonce[NONCE - 1] = is_last;
	if (EVP_CipherInit_ex(s->ctx, NULL, NULL, NULL, nonce, s->seals) != 1)
		BUG("age: no nonce for chunk %llu", (unsigned long long)index);
}

void age_stream_seal(struct age_stream *s, uint64_t index, bool is_last, const uint8_t *plain,
		     size_t len, uint8_t *to)
{
	int n = 0, rest = 0;

	begin(s, index, is_last);
	if ((len > 0 && EVP_EncryptUpdate(s->ctx, to, &n, plain, (int)len) != 1) ||
	    EVP_EncryptFinal_ex(s->ctx, to + n, &rest) != 1 || (size_t)(n + rest) != len ||
	    EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_GET_TAG, TAG, to + len) != 1)
		BUG("age: chunk %llu was not sealed", (unsigned long long)index);
}

bool age_stream_open(struct age_stream *s, uint64_t index, bool is_last, const uint8_t *sealed,
		     size_t len, uint8_t *to)
{
	uint8_t tag[TAG];
	const size_t plain = len - TAG;
	int n = 0, rest = 0;
	size_t i;

	for (i = 0; i < TAG; i++)
		tag[i] = sealed[plain + i];
	begin(s, index, is_last);
	if ((plain > 0 && EVP_DecryptUpdate(s->ctx, to, &n, sealed, (int)plain) != 1) ||
	    EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag) != 1)
		BUG("age: chunk %llu was not opened", (unsigned long long)index);
	if (EVP_DecryptFinal_ex(s->ctx, to + n, &rest) != 1) {
		sodium_memzero(to, plain);
		return false;
	}
	return true;
}
