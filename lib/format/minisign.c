#include "format/minisign.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "base/base64.h"
#include "base/util.h"

#define UNTRUSTED	"untrusted comment: "
#define TRUSTED		"trusted comment: "

/* What base64 holds, and its length in characters. */
enum {
	PUBLIC_BYTES = 2 + 8 + 32,
	SIGNATURE_BYTES = 2 + 8 + 64,
	GLOBAL_BYTES = 64,
	SECRET_BYTES = 2 + 2 + 2 + 32 + 8 + 8 + 8 + 64 + 32,
	PREHASH_BYTES = 64,
};

/*
 * The secret key as in its file: algorithm, key derivation, checksum, what the
 * derivation takes, then id, Ed25519 seed and public half, and the checksum.
 */
struct secret_file {
	uint8_t algorithm[2], kdf[2], checksum_algorithm[2];
	uint8_t salt[32], opslimit[8], memlimit[8];
	uint8_t id[8], key[crypto_sign_SECRETKEYBYTES], checksum[32];
};
_Static_assert(sizeof(struct secret_file) == SECRET_BYTES, "a file of bytes has no padding");

struct minisign_secret_key {
	uint8_t id[8];
	uint8_t key[crypto_sign_SECRETKEYBYTES];
};

/* ------ lines ------ */

struct lines {
	const char *p, *end;
};

/*
 * Step over the line at p.  The last one may lack its LF, since nothing signed
 * depends on it.  False: nothing is left.
 */
static bool next_line(struct lines *l, const char **ret, size_t *ret_len)
{
	const char *lf;

	if (l->p == l->end)
		return false;
	lf = memchr(l->p, '\n', (size_t)(l->end - l->p));
	*ret = l->p;
	*ret_len = (size_t)((lf != NULL ? lf : l->end) - l->p);
	l->p = lf != NULL ? lf + 1 : l->end;
	return true;
}

/* One line of text: tabs (minisign's own comments have them), any UTF-8, no other control. */
static bool is_comment(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (((unsigned char)s[i] < ' ' && s[i] != '\t') || s[i] == 0x7f)
			return false;
	return len <= MINISIGN_COMMENT_MAX;
}

static int take_comment(struct lines *l, const char *prefix, const char **ret, size_t *ret_len,
			struct err *e)
{
	const size_t n = strlen(prefix);
	const char *s;
	size_t len;

	if (!next_line(l, &s, &len) || len < n || memcmp(s, prefix, n) != 0)
		return err_set(e, -EINVAL, "a line \"%s...\" is missing", prefix);
	if (!is_comment(s + n, len - n))
		return err_set(e, -EINVAL, "the line \"%s...\" is longer than %d bytes or has "
			       "control characters", prefix, MINISIGN_COMMENT_MAX);
	*ret = s + n;
	*ret_len = len - n;
	return 0;
}

/* A line that is base64 of exactly n bytes. */
static int take_base64(struct lines *l, const char *what, uint8_t *ret, size_t n, struct err *e)
{
	const char *s;
	size_t len;

	if (!next_line(l, &s, &len))
		return err_set(e, -EINVAL, "the line of the %s is missing", what);
	if (!base64_decode(s, len, ret, n))
		return err_set(e, -EINVAL, "the line of the %s is not base64 of %zu bytes", what, n);
	return 0;
}

static int begin(const uint8_t *text, size_t len, struct lines *l, struct err *e)
{
	const char *comment;
	size_t comment_len;

	if (len > MINISIGN_FILE_MAX)
		return err_set(e, -EINVAL, "a minisign file of %zu bytes; %d are allowed", len,
			       MINISIGN_FILE_MAX);
	*l = (struct lines){ (const char *)text, (const char *)text + len };
	return take_comment(l, UNTRUSTED, &comment, &comment_len, e);
}

static int finish(const struct lines *l, const char *what, struct err *e)
{
	if (l->p != l->end)
		return err_set(e, -EINVAL, "something follows the line of the %s", what);
	return 0;
}

/* ------ public keys, signatures ------ */

int minisign_parse_public_key(const uint8_t *text, size_t len, struct minisign_public_key *ret,
			      struct err *e)
{
	uint8_t raw[PUBLIC_BYTES];
	struct lines l;
	int r;

	if ((r = begin(text, len, &l, e)) < 0 ||
	    (r = take_base64(&l, "public key", raw, sizeof(raw), e)) < 0 ||
	    (r = finish(&l, "public key", e)) < 0)
		return r;
	if (memcmp(raw, "Ed", 2) != 0)
		return err_set(e, -EINVAL, "the public key is not of the kind Ed25519");
	memcpy(ret->id, raw + 2, sizeof(ret->id));
	memcpy(ret->key, raw + 10, sizeof(ret->key));
	return 0;
}

int minisign_parse_signature(const uint8_t *text, size_t len, struct minisign_signature *ret,
			     struct err *e)
{
	struct minisign_signature s = { .prehashed = false };
	uint8_t raw[SIGNATURE_BYTES];
	const char *trusted = NULL;
	size_t trusted_len = 0;
	struct lines l;
	int r;

	if ((r = begin(text, len, &l, e)) < 0 ||
	    (r = take_base64(&l, "signature", raw, sizeof(raw), e)) < 0 ||
	    (r = take_comment(&l, TRUSTED, &trusted, &trusted_len, e)) < 0 ||
	    (r = take_base64(&l, "global signature", s.global, sizeof(s.global), e)) < 0 ||
	    (r = finish(&l, "global signature", e)) < 0)
		return r;
	if (memcmp(raw, "ED", 2) == 0)
		s.prehashed = true;
	else if (memcmp(raw, "Ed", 2) != 0)
		return err_set(e, -EINVAL, "the signature is neither of the kind ED nor Ed");
	memcpy(s.id, raw + 2, sizeof(s.id));
	memcpy(s.signature, raw + 10, sizeof(s.signature));
	memcpy(s.trusted, trusted, trusted_len);
	*ret = s;
	return 0;
}

/* What the second signature covers: the first, and the trusted comment. */
static size_t global_bytes(uint8_t ret[64 + MINISIGN_COMMENT_MAX], const uint8_t signature[64],
			   const char *trusted)
{
	size_t len = strlen(trusted);

	memcpy(ret, signature, 64);
	memcpy(ret + 64, trusted, len);
	return 64 + len;
}

bool minisign_verify(const struct minisign_public_key *key, const struct minisign_signature *sig,
		     const uint8_t *bytes, size_t len)
{
	uint8_t hash[PREHASH_BYTES], global[64 + MINISIGN_COMMENT_MAX];
	size_t n;

	if (sodium_memcmp(key->id, sig->id, sizeof(key->id)) != 0)
		return false;
	if (sig->prehashed) {
		crypto_generichash(hash, sizeof(hash), bytes, len, NULL, 0);
		bytes = hash;
		len = sizeof(hash);
	}
	if (crypto_sign_verify_detached(sig->signature, bytes, len, key->key) != 0)
		return false;
	n = global_bytes(global, sig->signature, sig->trusted);
	return crypto_sign_verify_detached(sig->global, global, n, key->key) == 0;
}

void minisign_id_text(const uint8_t id[8], char ret[17])
{
	uint64_t n = 0;
	size_t i;

	for (i = 8; i > 0; i--)
		n = n << 8 | id[i - 1];
	snprintf(ret, 17, "%016" PRIX64, n);
}

int minisign_id_parse(const char *text, uint8_t ret[8])
{
	uint8_t big[8];
	size_t got, i;

	if (strlen(text) != 16 || sodium_hex2bin(big, sizeof(big), text, 16, NULL, &got, NULL) != 0 ||
	    got != sizeof(big))
		return -EINVAL;
	for (i = 0; i < sizeof(big); i++)
		ret[i] = big[sizeof(big) - 1 - i];
	return 0;
}

void minisign_write_public_key(const struct minisign_public_key *k, const char *name,
			       struct buf *to)
{
	uint8_t raw[PUBLIC_BYTES] = "Ed";
	char base64[sodium_base64_ENCODED_LEN(PUBLIC_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	char id[17];

	memcpy(raw + 2, k->id, sizeof(k->id));
	memcpy(raw + 10, k->key, sizeof(k->key));
	sodium_bin2base64(base64, sizeof(base64), raw, sizeof(raw), sodium_base64_VARIANT_ORIGINAL);
	minisign_id_text(k->id, id);
	buf_addf(to, UNTRUSTED "public key of %s, %s\n%s\n", name, id, base64);
}

/* ------ secret keys ------ */

/*
 * minisign 0.11 leaves the checksum of an unencrypted key zero, so zeros pass;
 * the public half is compared with the seed in any case.
 */
static bool checksum_fits(const struct secret_file *f)
{
	uint8_t sum[sizeof(f->checksum)];
	crypto_generichash_state h;
	bool fits;

	if (sodium_is_zero(f->checksum, sizeof(f->checksum)))
		return true;
	crypto_generichash_init(&h, NULL, 0, sizeof(sum));
	crypto_generichash_update(&h, f->algorithm, sizeof(f->algorithm));
	crypto_generichash_update(&h, f->id, sizeof(f->id));
	crypto_generichash_update(&h, f->key, sizeof(f->key));
	crypto_generichash_final(&h, sum, sizeof(sum));
	fits = sodium_memcmp(sum, f->checksum, sizeof(sum)) == 0;
	sodium_memzero(&h, sizeof(h));
	return fits;
}

/*
 * Make the key of the seed in f.  False: f's own copy of the public half is
 * another one, and signing with that would leak the seed.
 */
static bool derive_key(const struct secret_file *f, uint8_t ret[crypto_sign_SECRETKEYBYTES])
{
	uint8_t public[crypto_sign_PUBLICKEYBYTES];

	crypto_sign_seed_keypair(public, ret, f->key);
	return sodium_memcmp(ret, f->key, sizeof(f->key)) == 0;
}

static int take_secret(struct lines *l, struct secret_file *f, struct minisign_secret_key *k,
		       struct err *e)
{
	int r;

	if ((r = take_base64(l, "secret key", (uint8_t *)f, sizeof(*f), e)) < 0 ||
	    (r = finish(l, "secret key", e)) < 0)
		return r;
	if (memcmp(f->algorithm, "Ed", 2) != 0 || memcmp(f->checksum_algorithm, "B2", 2) != 0)
		return err_set(e, -EINVAL, "the secret key is not of the kind Ed25519");
	if (memcmp(f->kdf, "Sc", 2) == 0)
		return err_set(e, -ENOTSUP, "the secret key is protected by a password, which no "
			       "daemon can type: remove it with minisign -C -W");
	if (memcmp(f->kdf, "\0\0", 2) != 0)
		return err_set(e, -EINVAL, "the secret key has an unknown key derivation");
	if (!checksum_fits(f) || !derive_key(f, k->key))
		return err_set(e, -EINVAL, "the secret key is damaged");
	memcpy(k->id, f->id, sizeof(k->id));
	return 0;
}

int minisign_parse_secret_key(const uint8_t *text, size_t len, struct minisign_secret_key **ret,
			      struct err *e)
{
	struct minisign_secret_key *k;
	struct secret_file *f;
	struct lines l;
	int r;

	r = begin(text, len, &l, e);
	if (r < 0)
		return r;
	k = sodium_malloc(sizeof(*k));
	f = sodium_malloc(sizeof(*f));
	if (k == NULL || f == NULL)
		r = err_set(e, -ENOMEM, "no protected memory for a secret key");
	else
		r = take_secret(&l, f, k, e);
	sodium_free(f);
	if (r < 0 || sodium_mprotect_readonly(k) != 0) {
		sodium_free(k);
		return r < 0 ? r : err_set(e, -ENOMEM, "cannot protect the secret key's memory");
	}
	*ret = k;
	return 0;
}

void minisign_secret_key_free(struct minisign_secret_key *k)
{
	sodium_free(k);
}

void minisign_secret_key_public(const struct minisign_secret_key *k,
				struct minisign_public_key *ret)
{
	memcpy(ret->id, k->id, sizeof(ret->id));
	crypto_sign_ed25519_sk_to_pk(ret->key, k->key);
}

int minisign_sign(const struct minisign_secret_key *k, const uint8_t *bytes, size_t len,
		  const char *trusted, struct buf *to, struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(MINISIGN_FILE_MAX);
	uint8_t hash[PREHASH_BYTES], raw[SIGNATURE_BYTES] = "ED", global[GLOBAL_BYTES];
	uint8_t covered[64 + MINISIGN_COMMENT_MAX];
	char first[sodium_base64_ENCODED_LEN(SIGNATURE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	char second[sodium_base64_ENCODED_LEN(GLOBAL_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	char id[17];

	if (!is_comment(trusted, strlen(trusted)))
		return err_set(e, -EINVAL, "a trusted comment must be one line of at most %d bytes",
			       MINISIGN_COMMENT_MAX);
	crypto_generichash(hash, sizeof(hash), bytes, len, NULL, 0);
	memcpy(raw + 2, k->id, sizeof(k->id));
	crypto_sign_detached(raw + 10, NULL, hash, sizeof(hash), k->key);
	crypto_sign_detached(global, NULL, covered, global_bytes(covered, raw + 10, trusted),
			     k->key);
	sodium_bin2base64(first, sizeof(first), raw, sizeof(raw), sodium_base64_VARIANT_ORIGINAL);
	sodium_bin2base64(second, sizeof(second), global, sizeof(global),
			  sodium_base64_VARIANT_ORIGINAL);
	minisign_id_text(k->id, id);
	buf_addf(&text, UNTRUSTED "signature by minisign key %s\n%s\n" TRUSTED "%s\n%s\n", id,
		 first, trusted, second);
	if (!text.failed)
		buf_add(to, text.p, text.len);
	if (text.failed || to->failed)
		return err_set(e, -ENOBUFS, "no room for a signature of %zu bytes", text.len);
	return 0;
}
