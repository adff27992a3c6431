#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "age/age.h"
#include "age/header.h"
#include "age/stream.h"
#include "age/wrap.h"
#include "base/util.h"

struct age_seal {
	struct age_stream *stream;
	struct age_stream *again;	/* opens what it sealed */
	uint64_t index;			/* of the next chunk */
	size_t held;			/* bytes of it in plain: maybe the last ones */
	uint8_t plain[AGE_CHUNK];
};

/* The MAC, the nonce, and the key for chunks, once the stanzas are in head. */
static int finish_head(const uint8_t file_key[AGE_FILE_KEY], size_t begin, struct buf *head,
		       struct age_seal **ret, struct err *e)
{
	uint8_t mac[AGE_MAC], nonce[AGE_NONCE], key[32];
	struct age_seal *s;

	age_header_end(head);
	if (!head->failed)
		age_mac(file_key, head->p + begin, head->len - begin, mac);
	age_header_mac(head, mac);
	randombytes_buf(nonce, sizeof(nonce));
	buf_add(head, nonce, sizeof(nonce));
	if (head->failed)
		return err_set(e, -ENOBUFS, "no room for an age header");
	s = malloc(sizeof(*s));
	if (s == NULL)
		return err_set(e, -ENOMEM, "no memory to seal with");
	s->index = 0;
	s->held = 0;
	age_payload_key(file_key, nonce, key);
	s->stream = age_stream_new(key, true);
	s->again = age_stream_new(key, false);
	sodium_memzero(key, sizeof(key));
	if (s->stream == NULL || s->again == NULL) {
		age_seal_free(s);
		return err_set(e, -ENOMEM, "no memory to seal with");
	}
	*ret = s;
	return 0;
}

/* recipients, or NULL and a passphrase */
static int begin(const struct age_recipient *recipients, size_t n, const void *passphrase,
		 unsigned work, struct buf *head, struct age_seal **ret, struct err *e)
{
	uint8_t *file_key = sodium_malloc(AGE_FILE_KEY);
	const size_t at = head->len;
	size_t i;
	int r = 0;

	if (file_key == NULL)
		return err_set(e, -ENOMEM, "no protected memory for a key");
	randombytes_buf(file_key, AGE_FILE_KEY);
	age_header_begin(head);
	if (recipients == NULL)
		r = age_wrap_passphrase(passphrase, n, work, file_key, head, e);
	for (i = 0; recipients != NULL && i < n && r == 0; i++)
		r = age_wrap_recipient(&recipients[i], file_key, head, e);
	if (r == 0)
		r = finish_head(file_key, at, head, ret, e);
	sodium_free(file_key);
	return r;
}

int age_seal_new(const struct age_recipient *recipients, size_t n, struct buf *head,
		 struct age_seal **ret, struct err *e)
{
	if (n == 0 || n > AGE_RECIPIENTS_MAX)
		return err_set(e, -EINVAL, "a file is sealed for 1 to %d recipients", AGE_RECIPIENTS_MAX);
	return begin(recipients, n, NULL, 0, head, ret, e);
}

int age_seal_new_passphrase(const void *passphrase, size_t len, unsigned work, struct buf *head,
			    struct age_seal **ret, struct err *e)
{
	return begin(NULL, len, passphrase, work, head, ret, e);
}

/* One chunk that is not the last. */
static uint8_t *seal_chunk(struct age_seal *s, const uint8_t *plain, uint8_t *to)
{
	age_stream_seal(s->stream, s->index++, false, plain, AGE_CHUNK, to);
	return to + AGE_CHUNK_SEALED;
}

size_t age_seal_put(struct age_seal *s, const uint8_t *plain, size_t len, uint8_t *to)
{
	uint8_t *end = to;

	while (len > 0) {
		size_t n;

		if (s->held == AGE_CHUNK) {
			end = seal_chunk(s, s->plain, end);
			s->held = 0;
		}
		if (s->held == 0 && len > AGE_CHUNK) {
			end = seal_chunk(s, plain, end);
			n = AGE_CHUNK;
		} else {
			n = MIN(len, AGE_CHUNK - s->held);
			memcpy(s->plain + s->held, plain, n);
			s->held += n;
		}
		plain += n;
		len -= n;
	}
	return (size_t)(end - to);
}

size_t age_seal_end(struct age_seal *s, uint8_t *to)
{
	age_stream_seal(s->stream, s->index++, true, s->plain, s->held, to);
	return s->held + AGE_CHUNK_SEALED - AGE_CHUNK;
}

bool age_seal_reopen(struct age_seal *s, uint64_t index, bool is_last, const uint8_t *sealed, size_t len,
		     uint8_t *to)
{
	return len >= AGE_CHUNK_SEALED - AGE_CHUNK && len <= AGE_CHUNK_SEALED &&
	       age_stream_open(s->again, index, is_last, sealed, len, to);
}

void age_seal_free(struct age_seal *s)
{
	if (s == NULL)
		return;
	age_stream_free(s->stream);
	age_stream_free(s->again);
	sodium_memzero(s->plain, sizeof(s->plain));
	free(s);
}

uint64_t age_sealed_len(uint64_t plain_len)
{
	const uint64_t chunks = plain_len == 0 ? 1 : (plain_len - 1) / AGE_CHUNK + 1;

	return plain_len + chunks * (AGE_CHUNK_SEALED - AGE_CHUNK);
}
