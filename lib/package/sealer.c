#include "package/sealer.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/util.h"

enum {
	GATHER = 4 * AGE_CHUNK,		/* libarchive hands on 10 KiB at a time */
	BLOCK = 256 * 1024,
	NO_CHUNK = -1,
};

struct sealer {
	struct age_seal *seal;
	struct buf head;		/* written before the first chunk */
	EVP_MD_CTX *sha256;
	uint64_t size, file_size;
	uint8_t digest[32];
	bool begun, ended;
	size_t filled;
	int64_t opened;			/* the chunk that is in plain; NO_CHUNK */
	size_t opened_len;
	uint8_t plain[GATHER];
	uint8_t sealed[AGE_SEAL_ROOM(GATHER)];
};

int sealer_new(const struct sealer_for *who, struct sealer **ret, struct err *e)
{
	struct sealer *s = calloc(1, sizeof(*s));
	int r = 0;

	if (s == NULL)
		return err_set(e, -ENOMEM, "no memory to seal a package");
	s->head.max = AGE_HEAD_MAX;
	s->opened = NO_CHUNK;
	s->sha256 = EVP_MD_CTX_new();
	if (s->sha256 == NULL || EVP_DigestInit_ex(s->sha256, EVP_sha256(), NULL) != 1)
		r = err_set(e, -ENOMEM, "no memory to seal a package");
	else if (who->recipient != NULL)
		r = age_seal_new(who->recipient, 1, &s->head, &s->seal, e);
	else
		r = age_seal_new_passphrase(who->passphrase, who->passphrase_len, AGE_WORK, &s->head, &s->seal, e);
	if (r < 0)
		sealer_free(s);
	else
		*ret = s;
	return r;
}

void sealer_free(struct sealer *s)
{
	if (s == NULL)
		return;
	age_seal_free(s->seal);
	EVP_MD_CTX_free(s->sha256);
	buf_clear(&s->head);
	sodium_memzero(s->plain, sizeof(s->plain));
	free(s);
}

/* ------ writing ------ */

static int put(struct sealer *s, int fd, const void *p, size_t len)
{
	int r = file_write_all(fd, p, len);

	if (r == 0 && EVP_DigestUpdate(s->sha256, p, len) != 1)
		r = -EIO;
	s->file_size += len;
	return r;
}

static int flush(struct sealer *s, int fd)
{
	size_t len;
	int r = s->begun ? 0 : put(s, fd, s->head.p, s->head.len);

	s->begun = true;
	if (r < 0)
		return r;
	len = age_seal_put(s->seal, s->plain, s->filled, s->sealed);
	s->filled = 0;
	return put(s, fd, s->sealed, len);
}

int sealer_write(struct sealer *s, int fd, const void *p, size_t len)
{
	const uint8_t *from = p;
	size_t n;
	int r = 0;

	if (s->ended)
		BUG("sealer: written to behind its end");
	for (; len > 0 && r == 0; from += n, len -= n) {
		n = MIN(len, GATHER - s->filled);
		memcpy(s->plain + s->filled, from, n);
		s->filled += n;
		s->size += n;
		if (s->filled == GATHER)
			r = flush(s, fd);
	}
	return r;
}

int sealer_end(struct sealer *s, int fd)
{
	int r = flush(s, fd);

	s->ended = true;
	if (r == 0)
		r = put(s, fd, s->sealed, age_seal_end(s->seal, s->sealed));
	if (r == 0 && EVP_DigestFinal_ex(s->sha256, s->digest, NULL) != 1)
		r = -EIO;
	return r;
}

uint64_t sealer_file_size(const struct sealer *s)
{
	return s->file_size;
}

uint64_t sealer_size(const struct sealer *s)
{
	return s->size;
}

const uint8_t *sealer_sha256(const struct sealer *s)
{
	return s->digest;
}

/* ------ reading it again ------ */

/* Up to len bytes, fewer at the file's end alone. */
static ssize_t read_at(int fd, void *to, size_t len, uint64_t at)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = pread(fd, (char *)to + got, len - got, (off_t)(at + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

int sealer_digest(int fd, uint8_t ret_sha256[32], uint64_t *ret_size)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t *block = malloc(BLOCK);
	uint64_t at = 0;
	ssize_t n = -ENOMEM;

	if (md != NULL && block != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1)
		while ((n = read_at(fd, block, BLOCK, at)) > 0) {
			if (EVP_DigestUpdate(md, block, (size_t)n) != 1) {
				n = -EIO;
				break;
			}
			at += (uint64_t)n;
		}
	if (n == 0 && EVP_DigestFinal_ex(md, ret_sha256, NULL) != 1)
		n = -EIO;
	*ret_size = at;
	EVP_MD_CTX_free(md);
	free(block);
	return n < 0 ? (int)n : 0;
}

int sealer_compare(struct sealer *s, int fd, struct err *e)
{
	uint8_t sha256[32];
	uint64_t size;
	int r = sealer_digest(fd, sha256, &size);

	if (r < 0)
		return err_set(e, r, "the sealed file cannot be read again: %s", strerror(-r));
	if (size != s->file_size || memcmp(sha256, s->digest, sizeof(sha256)) != 0)
		return err_set(e, -EIO, "the sealed file, read again, is not what was written: the medium is"
			       " not sound, write to another");
	return 0;
}

/* Open the chunk that `at` is in. */
static int open_chunk(struct sealer *s, int fd, uint64_t at)
{
	const uint64_t index = at / AGE_CHUNK, place = s->head.len + index * AGE_CHUNK_SEALED;
	const size_t len = (size_t)MIN(s->file_size - place, AGE_CHUNK_SEALED);
	ssize_t n = read_at(fd, s->sealed, len, place);

	s->opened = NO_CHUNK;
	if (n < 0)
		return (int)n;
	if ((size_t)n != len || !age_seal_reopen(s->seal, index, place + len == s->file_size, s->sealed, len, s->plain))
		return -EIO;
	s->opened = (int64_t)index;
	s->opened_len = len - (AGE_CHUNK_SEALED - AGE_CHUNK);
	return 0;
}

ssize_t sealer_read(struct sealer *s, int fd, void *to, size_t len, uint64_t at)
{
	size_t from, n;
	int r;

	if (!s->ended)
		BUG("sealer: read before its end");
	if (at >= s->size)
		return 0;
	if (s->opened != (int64_t)(at / AGE_CHUNK) && (r = open_chunk(s, fd, at)) < 0)
		return r;
	from = (size_t)(at % AGE_CHUNK);
	n = MIN(len, s->opened_len - from);
	memcpy(to, s->plain + from, n);
	return (ssize_t)n;
}
