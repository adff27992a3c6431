#include "age/keys.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "age/bech32.h"

static const char recipient_prefix[] = "age", identity_prefix[] = "AGE-SECRET-KEY-";

_Static_assert(AGE_RECIPIENT_SIZE == sizeof(recipient_prefix) + 1 + BECH32_DIGITS, "age1...");
_Static_assert(AGE_IDENTITY_SIZE == sizeof(identity_prefix) + 1 + BECH32_DIGITS, "AGE-SECRET-KEY-1...");

int age_recipient_parse(const char *text, size_t len, struct age_recipient *ret, struct err *e)
{
	struct age_recipient r;

	/* A secret key put where the public one belongs must not show up in a message. */
	if (!bech32_decode(recipient_prefix, text, len, r.key))
		return err_set(e, -EINVAL, "not an age recipient: age1 and %d characters, whole and "
			       "as age-keygen wrote it", BECH32_DIGITS);
	*ret = r;
	return 0;
}

void age_recipient_text(const struct age_recipient *r, char ret_text[AGE_RECIPIENT_SIZE])
{
	bech32_encode(recipient_prefix, r->key, ret_text);
}

/* The next line that says something: *at and *len, without its end.  False: there is none. */
static bool next_key_line(const char **p, const char *end, unsigned *number, const char **ret,
			  size_t *ret_len)
{
	while (*p < end) {
		const char *feed = memchr(*p, '\n', (size_t)(end - *p));
		const char *stop = feed != NULL ? feed : end;

		*ret = *p;
		*ret_len = (size_t)(stop - *p);
		*p = feed != NULL ? feed + 1 : end;
		++*number;
		if (*ret_len > 0 && (*ret)[*ret_len - 1] == '\r')
			--*ret_len;
		if (*ret_len > 0 && **ret != '#')
			return true;
	}
	return false;
}

int age_recipients_parse(const uint8_t *text, size_t len, size_t max, struct age_recipient *ret,
			 size_t *ret_n, struct err *e)
{
	const char *p = (const char *)text, *end = p + len, *line;
	unsigned number = 0;
	size_t line_len, n = 0;

	while (next_key_line(&p, end, &number, &line, &line_len)) {
		if (n == max)
			return err_set(e, -E2BIG, "line %u: more than %zu recipients", number, max);
		if (age_recipient_parse(line, line_len, &ret[n++], e) < 0)
			return err_prefix(e, "line %u", number);
	}
	if (n == 0)
		return err_set(e, -EINVAL, "no recipient is in it");
	*ret_n = n;
	return 0;
}

int age_keys_new(struct age_keys **ret, struct err *e)
{
	struct age_keys *k = sodium_malloc(sizeof(*k));

	if (k == NULL)
		return err_set(e, -ENOMEM, "no protected memory for a key");
	sodium_memzero(k, sizeof(*k));
	*ret = k;
	return 0;
}

void age_keys_free(struct age_keys *k)
{
	sodium_free(k);
}

static int add_identity(struct age_keys *k, const char *text, size_t len, unsigned line,
			struct err *e)
{
	if (k->n == AGE_IDENTITIES_MAX)
		return err_set(e, -E2BIG, "line %u: more than %d identities", line, AGE_IDENTITIES_MAX);
	if (!bech32_decode(identity_prefix, text, len, k->secret[k->n]))
		return err_set(e, -EINVAL, "line %u: not an identity as age-keygen writes it", line);
	if (crypto_scalarmult_curve25519_base(k->recipient[k->n].key, k->secret[k->n]) != 0)
		return err_set(e, -EINVAL, "line %u: an identity without a public key", line);
	k->n++;
	return 0;
}

int age_keys_add_file(struct age_keys *k, const uint8_t *text, size_t len, struct err *e)
{
	const char *p = (const char *)text, *end = p + len, *line;
	const size_t before = k->n;
	unsigned number = 0;
	size_t line_len;
	int r;

	while (next_key_line(&p, end, &number, &line, &line_len)) {
		r = add_identity(k, line, line_len, number, e);
		if (r < 0) {
			k->n = before;
			return r;
		}
	}
	if (k->n == before)
		return err_set(e, -EINVAL, "no identity is in it");
	return 0;
}

int age_keys_add_passphrase(struct age_keys *k, const void *passphrase, size_t len, struct err *e)
{
	if (len == 0 || len > AGE_PASSPHRASE_MAX)
		return err_set(e, -EINVAL, "a passphrase has 1 to %d bytes", AGE_PASSPHRASE_MAX);
	memcpy(k->passphrase, passphrase, len);
	k->passphrase_len = len;
	return 0;
}

size_t age_keys_count(const struct age_keys *k)
{
	return k->n;
}

struct age_recipient age_keys_recipient(const struct age_keys *k, size_t i)
{
	return k->recipient[i];
}

int age_identity_new(char ret_text[AGE_IDENTITY_SIZE], struct age_recipient *ret, struct err *e)
{
	uint8_t *secret = sodium_malloc(32);

	if (secret == NULL)
		return err_set(e, -ENOMEM, "no protected memory for a key");
	randombytes_buf(secret, 32);
	bech32_encode(identity_prefix, secret, ret_text);
	crypto_scalarmult_curve25519_base(ret->key, secret);
	sodium_free(secret);
	return 0;
}
