#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "age/age.h"
#include "age/header.h"
#include "age/stream.h"
#include "age/wrap.h"
#include "base/util.h"

enum { TAG = AGE_CHUNK_SEALED - AGE_CHUNK };

struct age_open {
	struct age_stream *stream;
	uint64_t index;			/* of the next chunk */
	bool ended;			/* the last chunk was opened: nothing may follow */
	size_t held;			/* bytes of the next chunk in sealed */
	uint8_t sealed[AGE_CHUNK_SEALED];
};

const char *age_verdict_name(enum age_verdict v)
{
	switch (v) {
	case AGE_OK:		return "ok";
	case AGE_BAD_HEADER:	return "bad header";
	case AGE_NO_MATCH:	return "no match";
	case AGE_TOO_COSTLY:	return "too costly";
	case AGE_BAD_MAC:	return "bad mac";
	case AGE_BAD_PAYLOAD:	return "bad payload";
	case AGE_NO_MEMORY:	return "no memory";
	}
	BUG("age: verdict %d", (int)v);
}

static enum age_verdict no_memory(struct err *e)
{
	err_set(e, -ENOMEM, "no memory to open an age file with");
	return AGE_NO_MEMORY;
}

/* The file key is known: does the header belong to it, and what is the key of the chunks? */
static enum age_verdict begin(const struct age_header *h, const uint8_t *head, size_t len,
			      const uint8_t file_key[AGE_FILE_KEY], struct age_open **ret,
			      struct err *e)
{
	uint8_t mac[AGE_MAC], key[32];
	struct age_open *o;

	age_mac(file_key, head, h->signed_len, mac);
	if (sodium_memcmp(mac, h->mac, sizeof(mac)) != 0) {
		err_set(e, -EBADMSG, "age header: changed since it was sealed (its MAC is wrong)");
		return AGE_BAD_MAC;
	}
	if (len - h->len < AGE_NONCE) {
		err_set(e, -EINVAL, "age header: the file ends before its nonce, or the header is too long");
		return AGE_BAD_HEADER;
	}
	o = malloc(sizeof(*o));
	if (o == NULL)
		return no_memory(e);
	o->index = 0;
	o->ended = false;
	o->held = 0;
	age_payload_key(file_key, head + h->len, key);
	o->stream = age_stream_new(key, false);
	sodium_memzero(key, sizeof(key));
	if (o->stream == NULL) {
		age_open_free(o);
		return no_memory(e);
	}
	*ret = o;
	return AGE_OK;
}

enum age_verdict age_open_new(const uint8_t *head, size_t len, const struct age_keys *keys,
			      unsigned work_max, struct age_open **ret, size_t *ret_payload,
			      struct err *e)
{
	struct age_header *h = malloc(sizeof(*h));
	uint8_t *file_key = sodium_malloc(AGE_FILE_KEY);
	enum age_verdict v;

	if (h == NULL || file_key == NULL)
		v = no_memory(e);
	else if (age_header_parse(head, MIN(len, AGE_HEAD_MAX), h, e) < 0)
		v = AGE_BAD_HEADER;
	else
		v = age_unwrap(h, keys, MIN(work_max, AGE_WORK_MAX), file_key, e);
	if (v == AGE_OK)
		v = begin(h, head, len, file_key, ret, e);
	if (v == AGE_OK)
		*ret_payload = h->len + AGE_NONCE;
	sodium_free(file_key);
	free(h);
	return v;
}

/* A chunk of full length: the last one or not shows when it is opened. */
static enum age_verdict open_full(struct age_open *o, const uint8_t *sealed, uint8_t *to)
{
	if (o->ended)
		return AGE_BAD_PAYLOAD;
	if (!age_stream_open(o->stream, o->index, false, sealed, AGE_CHUNK_SEALED, to)) {
		if (!age_stream_open(o->stream, o->index, true, sealed, AGE_CHUNK_SEALED, to))
			return AGE_BAD_PAYLOAD;
		o->ended = true;
	}
	o->index++;
	return AGE_OK;
}

enum age_verdict age_open_put(struct age_open *o, const uint8_t *sealed, size_t len, uint8_t *to,
			      size_t *ret_len)
{
	enum age_verdict v = AGE_OK;

	*ret_len = 0;
	while (len > 0 && v == AGE_OK) {
		const uint8_t *chunk = sealed;
		size_t n = AGE_CHUNK_SEALED - o->held;

		if (o->ended)
			return AGE_BAD_PAYLOAD;
		if (o->held > 0 || len < AGE_CHUNK_SEALED) {
			n = MIN(n, len);
			memcpy(o->sealed + o->held, sealed, n);
			o->held += n;
			chunk = o->sealed;
		}
		sealed += n;
		len -= n;
		if (chunk == o->sealed && o->held < AGE_CHUNK_SEALED)
			break;
		o->held = 0;
		v = open_full(o, chunk, to + *ret_len);
		if (v == AGE_OK)
			*ret_len += AGE_CHUNK;
	}
	return v;
}

enum age_verdict age_open_end(struct age_open *o, uint8_t *to, size_t *ret_len)
{
	*ret_len = 0;
	if (o->ended)
		return AGE_OK;		/* put() refused what came behind */
	if (age_open_chunk(o, o->index, true, o->sealed, o->held, to, ret_len) != AGE_OK)
		return AGE_BAD_PAYLOAD;
	o->ended = true;
	return AGE_OK;
}

enum age_verdict age_open_chunk(struct age_open *o, uint64_t index, bool is_last,
				const uint8_t *sealed, size_t len, uint8_t *to, size_t *ret_len)
{
	*ret_len = 0;
	/* Only a file that is empty has an empty chunk, and only the last may be short. */
	if (len < TAG || len > AGE_CHUNK_SEALED || (len == TAG && index > 0) ||
	    (!is_last && len != AGE_CHUNK_SEALED) ||
	    !age_stream_open(o->stream, index, is_last, sealed, len, to))
		return AGE_BAD_PAYLOAD;
	*ret_len = len - TAG;
	return AGE_OK;
}

void age_open_free(struct age_open *o)
{
	if (o == NULL)
		return;
	age_stream_free(o->stream);
	free(o);
}
