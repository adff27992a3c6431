#include "age/wrap.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "age/keys.h"
#include "base/base64.h"
#include "base/util.h"

static const char kind_x25519[] = "X25519", kind_scrypt[] = "scrypt";
static const char info_x25519[] = "age-encryption.org/v1/X25519";
static const char salt_scrypt[] = "age-encryption.org/v1/scrypt";

enum { SALT = 16, BLOCK = 8, SALTED = sizeof(salt_scrypt) - 1 + SALT };

/* A wrap key is used for one file key alone, so its nonce says nothing. */
static const uint8_t zeros[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

/* HKDF-SHA-256 (RFC 5869), 32 bytes of it: one round of expanding. */
static void hkdf(const uint8_t *key, size_t key_len, const uint8_t *salt, size_t salt_len,
		 const char *info, uint8_t ret[32])
{
	static const uint8_t one = 1;
	crypto_auth_hmacsha256_state st;
	uint8_t extracted[32];

	crypto_auth_hmacsha256_init(&st, salt_len > 0 ? salt : &one, salt_len);	/* which takes no NULL */
	crypto_auth_hmacsha256_update(&st, key, key_len);
	crypto_auth_hmacsha256_final(&st, extracted);
	crypto_auth_hmacsha256_init(&st, extracted, sizeof(extracted));
	crypto_auth_hmacsha256_update(&st, (const uint8_t *)info, strlen(info));
	crypto_auth_hmacsha256_update(&st, &one, 1);
	crypto_auth_hmacsha256_final(&st, ret);
	sodium_memzero(extracted, sizeof(extracted));
	sodium_memzero(&st, sizeof(st));
}

void age_mac(const uint8_t file_key[AGE_FILE_KEY], const void *text, size_t len,
	     uint8_t ret[AGE_MAC])
{
	crypto_auth_hmacsha256_state st;
	uint8_t key[32];

	hkdf(file_key, AGE_FILE_KEY, zeros, 0, "header", key);	/* no salt */
	crypto_auth_hmacsha256_init(&st, key, sizeof(key));
	crypto_auth_hmacsha256_update(&st, text, len);
	crypto_auth_hmacsha256_final(&st, ret);
	sodium_memzero(key, sizeof(key));
	sodium_memzero(&st, sizeof(st));
}

void age_payload_key(const uint8_t file_key[AGE_FILE_KEY], const uint8_t nonce[AGE_NONCE],
		     uint8_t ret[32])
{
	hkdf(file_key, AGE_FILE_KEY, nonce, AGE_NONCE, "payload", ret);
}

/* What wraps for one pair: the share in the stanza and the recipient's own key. */
static void x25519_key(const uint8_t shared[32], const uint8_t share[32],
		       const uint8_t recipient[32], uint8_t ret[32])
{
	uint8_t salt[64];

	memcpy(salt, share, 32);
	memcpy(salt + 32, recipient, 32);
	hkdf(shared, 32, salt, sizeof(salt), info_x25519, ret);
}

static void wrap(const uint8_t key[32], const uint8_t file_key[AGE_FILE_KEY],
		 uint8_t ret[AGE_WRAPPED])
{
	crypto_aead_chacha20poly1305_ietf_encrypt(ret, NULL, file_key, AGE_FILE_KEY, NULL, 0, NULL,
						  zeros, key);
}

static bool unwrap(const uint8_t key[32], const uint8_t body[AGE_WRAPPED],
		   uint8_t ret[AGE_FILE_KEY])
{
	return crypto_aead_chacha20poly1305_ietf_decrypt(ret, NULL, NULL, body, AGE_WRAPPED, NULL, 0,
							 zeros, key) == 0;
}

int age_wrap_recipient(const struct age_recipient *r, const uint8_t file_key[AGE_FILE_KEY],
		       struct buf *to, struct err *e)
{
	AUTO(buf_clear) struct buf args = BUF_INIT(128);
	uint8_t secret[32], share[32], shared[32], key[32], body[AGE_WRAPPED];
	bool usable;

	randombytes_buf(secret, sizeof(secret));
	crypto_scalarmult_curve25519_base(share, secret);
	usable = crypto_scalarmult_curve25519(shared, secret, r->key) == 0;
	if (usable) {
		x25519_key(shared, share, r->key, key);
		wrap(key, file_key, body);
		buf_addf(&args, "%s ", kind_x25519);
		base64_raw_add(&args, share, sizeof(share));
		age_header_stanza(to, buf_str(&args), body);
	}
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(shared, sizeof(shared));
	sodium_memzero(key, sizeof(key));
	if (!usable)
		return err_set(e, -EINVAL, "a recipient's key is a point of low order, which anybody opens");
	return 0;
}

/* 0, or -ENOMEM. */
static int scrypt_key(const uint8_t *passphrase, size_t len, const uint8_t salt[SALT],
		      unsigned work, uint8_t ret[32])
{
	uint8_t salted[SALTED];

	memcpy(salted, salt_scrypt, sizeof(salt_scrypt) - 1);
	memcpy(salted + sizeof(salt_scrypt) - 1, salt, SALT);
	return crypto_pwhash_scryptsalsa208sha256_ll(passphrase, len, salted, sizeof(salted),
						     UINT64_C(1) << work, BLOCK, 1, ret, 32) == 0 ?
		0 : -ENOMEM;
}

static int no_memory(unsigned work, struct err *e)
{
	return err_set(e, -ENOMEM, "a passphrase of work factor %u takes %u MiB of memory, which is not "
		       "there", work, work > 10 ? 1U << (work - 10) : 1);
}

int age_wrap_passphrase(const void *passphrase, size_t len, unsigned work,
			const uint8_t file_key[AGE_FILE_KEY], struct buf *to, struct err *e)
{
	AUTO(buf_clear) struct buf args = BUF_INIT(128);
	uint8_t salt[SALT], key[32], body[AGE_WRAPPED];

	if (len == 0 || len > AGE_PASSPHRASE_MAX || work == 0 || work > AGE_WORK_MAX)
		return err_set(e, -EINVAL, "a passphrase has 1 to %d bytes", AGE_PASSPHRASE_MAX);
	randombytes_buf(salt, sizeof(salt));
	if (scrypt_key(passphrase, len, salt, work, key) < 0)
		return no_memory(work, e);
	wrap(key, file_key, body);
	sodium_memzero(key, sizeof(key));
	buf_addf(&args, "%s ", kind_scrypt);
	base64_raw_add(&args, salt, sizeof(salt));
	buf_addf(&args, " %u", work);
	age_header_stanza(to, buf_str(&args), body);
	return 0;
}

static enum age_verdict bad(struct err *e, const char *why)
{
	err_set(e, -EINVAL, "age header: %s", why);
	return AGE_BAD_HEADER;
}

/* "1" to "22"; 0: anything else. */
static unsigned work_of(const struct age_arg *a)
{
	unsigned work = 0;
	size_t i;

	if (a->len == 0 || a->len > 2 || a->p[0] == '0')
		return 0;
	for (i = 0; i < a->len; i++) {
		if (a->p[i] < '0' || a->p[i] > '9')
			return 0;
		work = work * 10 + (unsigned)(a->p[i] - '0');
	}
	return work <= AGE_WORK_MAX ? work : 0;
}

static enum age_verdict unwrap_scrypt(const struct age_stanza *s, const struct age_keys *k,
				      unsigned work_max, uint8_t ret_file_key[AGE_FILE_KEY],
				      struct err *e)
{
	uint8_t salt[SALT], key[32];
	unsigned work;
	bool right;

	if (s->args != 3 || !base64_raw_decode(s->arg[1].p, s->arg[1].len, salt, sizeof(salt)))
		return bad(e, "a passphrase's stanza has a salt of 16 bytes and a work factor");
	work = work_of(&s->arg[2]);
	if (work == 0)
		return bad(e, "the passphrase's work factor is no number from 1 to 22");
	if (s->body_len != AGE_WRAPPED)
		return bad(e, "the file key is not of 16 bytes");
	if (k->passphrase_len == 0)
		return AGE_NO_MATCH;
	if (work > work_max) {
		err_set(e, -E2BIG, "the passphrase's work factor is %u, and %u is the most that is allowed "
			"here (%u would take %u MiB)", work, work_max, work, 1U << MAX(work, 10U) >> 10);
		return AGE_TOO_COSTLY;
	}
	if (scrypt_key(k->passphrase, k->passphrase_len, salt, work, key) < 0) {
		no_memory(work, e);
		return AGE_NO_MEMORY;
	}
	right = unwrap(key, s->body, ret_file_key);
	sodium_memzero(key, sizeof(key));
	return right ? AGE_OK : AGE_NO_MATCH;
}

static enum age_verdict unwrap_x25519(const struct age_stanza *s, const struct age_keys *k,
				      uint8_t ret_file_key[AGE_FILE_KEY], struct err *e)
{
	uint8_t share[32], shared[32], key[32];
	bool right = false, usable = true;
	size_t i;

	if (s->args != 2 || !base64_raw_decode(s->arg[1].p, s->arg[1].len, share, sizeof(share)))
		return bad(e, "an X25519 stanza has a share of 32 bytes and nothing else");
	if (s->body_len != AGE_WRAPPED)
		return bad(e, "the file key is not of 16 bytes");
	for (i = 0; i < k->n && usable && !right; i++) {
		usable = crypto_scalarmult_curve25519(shared, k->secret[i], share) == 0;
		if (!usable)
			break;
		x25519_key(shared, share, k->recipient[i].key, key);
		right = unwrap(key, s->body, ret_file_key);
	}
	sodium_memzero(shared, sizeof(shared));
	sodium_memzero(key, sizeof(key));
	if (!usable)
		return bad(e, "an X25519 share is a point of low order");
	return right ? AGE_OK : AGE_NO_MATCH;
}

enum age_verdict age_unwrap(const struct age_header *h, const struct age_keys *k, unsigned work_max,
			    uint8_t ret_file_key[AGE_FILE_KEY], struct err *e)
{
	enum age_verdict found = AGE_NO_MATCH, v;
	uint8_t key[AGE_FILE_KEY];
	size_t i;

	for (i = 0; i < h->n; i++) {
		if (age_stanza_is(&h->stanza[i], kind_scrypt) && h->n > 1)
			return bad(e, "a passphrase's stanza is alone in its header");
	}
	err_set(e, -EACCES, "no key that was given opens it");
	for (i = 0; i < h->n; i++) {
		if (age_stanza_is(&h->stanza[i], kind_scrypt))
			v = unwrap_scrypt(&h->stanza[i], k, work_max, key, e);
		else if (age_stanza_is(&h->stanza[i], kind_x25519))
			v = unwrap_x25519(&h->stanza[i], k, key, e);
		else
			continue;
		if (v == AGE_OK && found != AGE_OK)
			memcpy(ret_file_key, key, sizeof(key));
		else if (v != AGE_OK && v != AGE_NO_MATCH)
			return v;
		if (v == AGE_OK)
			found = AGE_OK;
	}
	sodium_memzero(key, sizeof(key));
	return found;
}
