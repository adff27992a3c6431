/*
 * age v1 (C2SP age): files sealed for the holders of keys, or for who knows a passphrase.
 * `age` opens what is sealed here, and what `age` sealed is opened here.
 *
 *	header		lines of text: a stanza for each recipient, and a MAC
 *	nonce		16 bytes
 *	chunks		64 KiB of plaintext in 65,552 bytes, the last one shorter or not
 *
 * Sealing, with buffers of the caller's:
 *
 *	r = age_seal_new(recipients, n, &head, &s, &e);		write head
 *	len = age_seal_put(s, plain, plain_len, to);		write len bytes of to; any number of times
 *	len = age_seal_end(s, to);				write len bytes; then age_seal_free(s)
 *
 * Opening: the first AGE_HEAD_MAX bytes of the file (all of it, when it is shorter) go to
 * age_open_new(), which says where chunks begin; all bytes from there on go to age_open_put().
 * What it gives out was authenticated, but that the file is whole is known after age_open_end() alone:
 * a caller that writes a file gives it its name then.
 *
 * Only X25519 and scrypt stanzas are known here; others are passed over, as the format asks.
 *
 * Units    bytes.  Work factors are the logarithm to base 2 that stands in the file.
 * Memory   a seal or open object has 64 KiB and some hundred bytes, whatever the file's size. scrypt takes
 *          2^factor KiB while it runs: 32 MiB for what we seal (AGE_WORK), 256 MiB for `age`'s own (18).
 * Errors   Calls that may fail return 0 or a negative errno and a sentence.  Whether a file opens is a
 *          verdict, and the sentence in e is for a person.
 * Secrets  Keys, passphrases and file keys are in memory of sodium_malloc(), wiped when freed.
 * Threads  Each object belongs to one caller at a time.  Nothing here blocks; scrypt takes
 *          0.1 s for AGE_WORK.  sodium_init() must have run.
 */
#ifndef AGE_AGE_H
#define AGE_AGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	AGE_CHUNK = 64 * 1024,
	AGE_CHUNK_SEALED = AGE_CHUNK + 16,
	AGE_NONCE = 16,
	AGE_HEAD_MAX = 64 * 1024,	/* header and nonce; a longer one is refused */
	AGE_STANZAS_MAX = 128,		/* of a header; more are refused */
	AGE_RECIPIENTS_MAX = 32,	/* that one file is sealed for here */
	AGE_IDENTITIES_MAX = 32,
	AGE_PASSPHRASE_MAX = 1024,
	AGE_RECIPIENT_SIZE = 63,	/* "age1..." and a NUL */
	AGE_IDENTITY_SIZE = 75,		/* "AGE-SECRET-KEY-1..." and a NUL */
	AGE_WORK = 15,			/* work factor of what is sealed here: 32 MiB (DESIGN.md says why) */
	AGE_WORK_MAX = 22,		/* a header that asks for more is no header, as with `age` */
};

/* ------------------------------------------------------------------ keys */

struct age_recipient {
	uint8_t key[32];
};

/* "age1...": 0, or -EINVAL and a sentence. */
int age_recipient_parse(const char *text, size_t len, struct age_recipient *ret, struct err *e);
void age_recipient_text(const struct age_recipient *r, char ret_text[AGE_RECIPIENT_SIZE]);

/*
 * A file of recipients, as `age -R` reads it: one a line, empty lines and lines that begin with '#' left out.
 * 0, or -EINVAL and a sentence that names the line; at most max, -E2BIG for more; none is -EINVAL.
 */
int age_recipients_parse(const uint8_t *text, size_t len, size_t max, struct age_recipient *ret,
			 size_t *ret_n, struct err *e);

/* What opens files: identities and passphrases. */
struct age_keys;

int age_keys_new(struct age_keys **ret, struct err *e);
void age_keys_free(struct age_keys *k);		/* NULL is fine */

/* Identities of a file as age-keygen writes it: "AGE-SECRET-KEY-1...", one a line; empty lines and '#' are left out.
 * The sentence names the line and shows nothing of it.  The caller wipes text. */
int age_keys_add_file(struct age_keys *k, const uint8_t *text, size_t len, struct err *e);

/* One passphrase, 1 to AGE_PASSPHRASE_MAX bytes.  The last one given counts. */
int age_keys_add_passphrase(struct age_keys *k, const void *passphrase, size_t len, struct err *e);

/* Identities in it, and the recipient of the i-th. */
size_t age_keys_count(const struct age_keys *k);
struct age_recipient age_keys_recipient(const struct age_keys *k, size_t i);

/* A new identity, as text: ret_text is the caller's, of sodium_malloc(AGE_IDENTITY_SIZE). */
int age_identity_new(char ret_text[AGE_IDENTITY_SIZE], struct age_recipient *ret, struct err *e);

/* --------------------------------------------------------------- sealing */

struct age_seal;

/* For n (1 to AGE_RECIPIENTS_MAX) recipients.  Appends header and nonce to head, whose maximum is AGE_HEAD_MAX or more.
 * -EINVAL: a recipient's key is of low order, and anybody could open the file. */
int age_seal_new(const struct age_recipient *recipients, size_t n, struct buf *head,
		 struct age_seal **ret, struct err *e);

/* For who knows the passphrase.  work is AGE_WORK, or another from 1 to AGE_WORK_MAX. */
int age_seal_new_passphrase(const void *passphrase, size_t len, unsigned work, struct buf *head,
			    struct age_seal **ret, struct err *e);

/* The most that age_seal_put() of len bytes gives out.  As many chunks as are begun, and one. */
#define AGE_SEAL_ROOM(len)	(((len) / AGE_CHUNK + 1) * (size_t)AGE_CHUNK_SEALED)

/* Pieces of any length; multiples of AGE_CHUNK are quickest.  The number of bytes in to, which has AGE_SEAL_ROOM(len)
 * and does not overlap plain.  A chunk that may be the last stays inside. */
size_t age_seal_put(struct age_seal *s, const uint8_t *plain, size_t len, uint8_t *to);

/* The last chunk, at most AGE_CHUNK_SEALED bytes.  After it s is only freed. */
size_t age_seal_end(struct age_seal *s, uint8_t *to);
void age_seal_free(struct age_seal *s);		/* NULL is fine */

/*
 * What was sealed, opened again with the key it was sealed with, for who reads back what was written: the chunk
 * `index`, of len bytes, in any order, before s is freed; to has AGE_CHUNK.  False: it is not that chunk.
 */
bool age_seal_reopen(struct age_seal *s, uint64_t index, bool is_last, const uint8_t *sealed, size_t len,
		     uint8_t *to);

/* How many bytes plain_len bytes become behind the header and its nonce. */
uint64_t age_sealed_len(uint64_t plain_len);

/* --------------------------------------------------------------- opening */

enum age_verdict {
	AGE_OK,
	AGE_BAD_HEADER,		/* not age v1, or a header that the format forbids */
	AGE_NO_MATCH,		/* none of the keys opens it: another key, or a wrong passphrase */
	AGE_TOO_COSTLY,		/* the passphrase's work factor is above what the caller allows */
	AGE_BAD_MAC,		/* a key opens it, and the header was changed since */
	AGE_BAD_PAYLOAD,	/* changed, cut or continued behind the header */
	AGE_NO_MEMORY,		/* could not find out: not a verdict on the file */
};

/* "ok", "bad header", ... */
const char *age_verdict_name(enum age_verdict v);

struct age_open;

/*
 * head: the beginning of the file, len is AGE_HEAD_MAX or the whole file's length.  work_max: the dearest work factor to
 * spend on a passphrase, at most AGE_WORK_MAX.  AGE_OK: *ret is the caller's, and chunks begin at *ret_payload.
 */
enum age_verdict age_open_new(const uint8_t *head, size_t len, const struct age_keys *keys,
			      unsigned work_max, struct age_open **ret, size_t *ret_payload,
			      struct err *e);

/* The most that age_open_put() of len bytes gives out. */
#define AGE_OPEN_ROOM(len)	(((len) / AGE_CHUNK_SEALED + 1) * (size_t)AGE_CHUNK)

/*
 * Pieces of any length, in order.  *ret_len bytes are in to, which has AGE_OPEN_ROOM(len) and does not overlap
 * sealed; bytes that were given out before a refusal are in it, too.  After a refusal o is only freed.
 */
enum age_verdict age_open_put(struct age_open *o, const uint8_t *sealed, size_t len, uint8_t *to,
			      size_t *ret_len);

/* The file's end.  to has AGE_CHUNK. */
enum age_verdict age_open_end(struct age_open *o, uint8_t *to, size_t *ret_len);

/*
 * The chunk `index` alone, which begins at payload + index * AGE_CHUNK_SEALED; is_last: it is the file's last one.
 * In any order, also beside age_open_put().  to has AGE_CHUNK.  That a file ends where it should is
 * known once its last chunk was opened as the last.
 */
enum age_verdict age_open_chunk(struct age_open *o, uint64_t index, bool is_last,
				const uint8_t *sealed, size_t len, uint8_t *to, size_t *ret_len);
void age_open_free(struct age_open *o);		/* NULL is fine */

#endif
