#include "custody/note.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/base64.h"
#include "base/util.h"
#include "format/name.h"

#define PRIVATE		"PRIVATE+KEY+"
#define DASH		"\xe2\x80\x94 "

enum {
	KEY_BYTES = 1 + 32,		/* type, and public key or seed */
	ID_HEX = 8,
	RAW_MAX = NOTE_LINE_MAX / 4 * 3,
};

_Static_assert(NOTE_KEY_TEXT_MAX >= sizeof(PRIVATE) + NOTE_NAME_MAX + 1 + ID_HEX + 1 + 44,
	       "the longest key has room");

struct note_secret {
	struct note_key public;
	uint8_t raw[KEY_BYTES];		/* as its text has it; wiped once it was read */
	uint8_t key[crypto_sign_SECRETKEYBYTES];
};

/* ------ names ------ */

/* White space of other scripts that name_is_text() lets through, as unicode.IsSpace of Go has it. */
static bool has_space(const char *s, size_t len)
{
	static const char *const spaces[] = {
		" ", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
		"\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84",
		"\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89",
		"\xe2\x80\x8a",
	};
	size_t i;

	for (i = 0; i < COUNT(spaces); i++)
		if (memmem(s, len, spaces[i], strlen(spaces[i])) != NULL)
			return true;
	return false;
}

bool note_is_name(const char *s, size_t len)
{
	return len > 0 && len <= NOTE_NAME_MAX && name_is_text((const uint8_t *)s, len) &&
		!has_space(s, len) && memchr(s, '+', len) == NULL;
}

/* ------ keys ------ */

static void make_id(struct note_key *k)
{
	const uint8_t between[] = { '\n', (uint8_t)k->type };
	uint8_t hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state h;

	crypto_hash_sha256_init(&h);
	crypto_hash_sha256_update(&h, (const uint8_t *)k->name, strlen(k->name));
	crypto_hash_sha256_update(&h, between, sizeof(between));
	crypto_hash_sha256_update(&h, k->key, sizeof(k->key));
	crypto_hash_sha256_final(&h, hash);
	memcpy(k->id, hash, sizeof(k->id));
}

static const char *id_text(const struct note_key *k, char ret[ID_HEX + 1])
{
	return sodium_bin2hex(ret, ID_HEX + 1, k->id, sizeof(k->id));
}

/*
 * "name+hex+base64": the name, and type and key as they are in raw.  What the hex digits say is at
 * *ret_hex, for when the id can be computed.
 */
static int take_key(const char *s, size_t len, struct note_key *ret, uint8_t raw[KEY_BYTES],
		    const char **ret_hex, struct err *e)
{
	const char *plus = len > 0 ? memchr(s, '+', len) : NULL;
	const size_t name_len = plus != NULL ? (size_t)(plus - s) : len;
	const char *hex = s + name_len + 1, *end = s + len;

	if (plus == NULL || !note_is_name(s, name_len))
		return err_set(e, -EINVAL, "not a key: it begins with a name of at most %d bytes, "
			       "without spaces, and a '+'", NOTE_NAME_MAX);
	if (end - hex < ID_HEX + 1 || hex[ID_HEX] != '+')
		return err_set(e, -EINVAL, "not a key: the %d digits of its id are missing", ID_HEX);
	if (!base64_decode(hex + ID_HEX + 1, (size_t)(end - hex) - ID_HEX - 1, raw, KEY_BYTES))
		return err_set(e, -EINVAL, "not a key: the end is not base64 of %d bytes",
			       KEY_BYTES);
	if (raw[0] != NOTE_ED25519 && raw[0] != NOTE_COSIGNATURE)
		return err_set(e, -EINVAL, "a key of type %02x; 01 and 04 are known", raw[0]);
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->name, s, name_len);
	ret->type = raw[0];
	*ret_hex = hex;
	return 0;
}

static int check_id(const struct note_key *k, const char *hex, struct err *e)
{
	char text[ID_HEX + 1];

	if (memcmp(id_text(k, text), hex, ID_HEX) != 0)
		return err_set(e, -EINVAL, "the id of key %s is %s, not what is written there",
			       k->name, text);
	return 0;
}

int note_key_parse(const char *text, size_t len, struct note_key *ret, struct err *e)
{
	uint8_t raw[KEY_BYTES];
	struct note_key k;
	const char *hex;
	int r;

	r = take_key(text, len, &k, raw, &hex, e);
	if (r < 0)
		return r;
	memcpy(k.key, raw + 1, sizeof(k.key));
	make_id(&k);
	r = check_id(&k, hex, e);
	if (r == 0)
		*ret = k;
	return r;
}

static void write_key(const char *prefix, const struct note_key *k, const uint8_t raw[KEY_BYTES],
		      struct buf *to)
{
	char id[ID_HEX + 1];

	buf_addf(to, "%s%s+%s+", prefix, k->name, id_text(k, id));
	base64_add(to, raw, KEY_BYTES);
}

void note_key_write(const struct note_key *k, struct buf *to)
{
	uint8_t raw[KEY_BYTES] = { (uint8_t)k->type };

	memcpy(raw + 1, k->key, sizeof(k->key));
	write_key("", k, raw, to);
}

/* ------ secret keys ------ */

/* From type and seed in raw. */
static void derive(struct note_secret *k)
{
	crypto_sign_seed_keypair(k->public.key, k->key, k->raw + 1);
	make_id(&k->public);
}

static int take_secret(const char *s, size_t len, struct note_secret *k, struct err *e)
{
	const size_t n = strlen(PRIVATE);
	const char *hex;
	int r;

	if (len < n || memcmp(s, PRIVATE, n) != 0)
		return err_set(e, -EINVAL, "not a signing key: \"" PRIVATE "...\" is missing");
	r = take_key(s + n, len - n, &k->public, k->raw, &hex, e);
	if (r < 0)
		return r;
	derive(k);
	return check_id(&k->public, hex, e);
}

static struct note_secret *secret_alloc(struct err *e)
{
	struct note_secret *k = sodium_malloc(sizeof(*k));

	if (k == NULL)
		err_set(e, -ENOMEM, "no protected memory for a signing key");
	return k;
}

/* Hand on a key that is complete, or forget it. */
static int secret_done(struct note_secret *k, int r, struct note_secret **ret, struct err *e)
{
	sodium_memzero(k->raw, sizeof(k->raw));
	if (r == 0 && sodium_mprotect_readonly(k) != 0)
		r = err_set(e, -ENOMEM, "cannot protect a signing key's memory");
	if (r == 0)
		*ret = k;
	else
		sodium_free(k);
	return r;
}

int note_secret_parse(const uint8_t *text, size_t len, struct note_secret **ret, struct err *e)
{
	struct note_secret *k = secret_alloc(e);

	if (k == NULL)
		return -ENOMEM;
	return secret_done(k, take_secret((const char *)text, len, k, e), ret, e);
}

int note_secret_new(const char *name, enum note_key_type type, struct buf *to,
		    struct note_secret **ret, struct err *e)
{
	struct note_secret *k;
	int r = 0;

	if (!note_is_name(name, strlen(name)))
		return err_set(e, -EINVAL, "a key's name has at most %d bytes, no spaces and no '+'",
			       NOTE_NAME_MAX);
	k = secret_alloc(e);
	if (k == NULL)
		return -ENOMEM;
	memset(k, 0, sizeof(*k));
	memcpy(k->public.name, name, strlen(name));
	k->public.type = type;
	k->raw[0] = (uint8_t)type;
	randombytes_buf(k->raw + 1, KEY_BYTES - 1);
	derive(k);
	/* All the room at once: a buffer that grows leaves its bytes where it was. */
	if (buf_room(to, NOTE_KEY_TEXT_MAX) != NULL)
		write_key(PRIVATE, &k->public, k->raw, to);
	if (to->failed)
		r = err_set(e, -ENOBUFS, "no room for a signing key");
	return secret_done(k, r, ret, e);
}

void note_secret_free(struct note_secret *k)
{
	sodium_free(k);
}

void note_secret_freep(struct note_secret **k)
{
	note_secret_free(*k);
}

const struct note_key *note_secret_public(const struct note_secret *k)
{
	return &k->public;
}

void note_sign(const struct note_secret *k, const void *p, size_t len,
	       uint8_t ret[NOTE_SIGNATURE_LEN])
{
	crypto_sign_detached(ret, NULL, p, len, k->key);
}

bool note_verify(const struct note_key *k, const void *p, size_t len,
		 const uint8_t sig[NOTE_SIGNATURE_LEN])
{
	return crypto_sign_verify_detached(sig, p, len, k->key) == 0;
}

/* ------ signature lines ------ */

/* Key id and signature of whatever length: notes may carry signatures of kinds to come. */
static bool take_signature(const char *s, size_t len, struct note_line *l)
{
	uint8_t raw[RAW_MAX];
	const size_t padding = len < 4 ? 0 : (size_t)(s[len - 1] == '=') + (s[len - 2] == '=');
	const size_t n = len / 4 * 3 - padding;

	if (n <= sizeof(l->id) || n > sizeof(raw) || !base64_decode(s, len, raw, n))
		return false;
	memcpy(l->id, raw, sizeof(l->id));
	l->sig_len = n - sizeof(l->id);
	if (l->sig_len <= sizeof(l->sig))
		memcpy(l->sig, raw + sizeof(l->id), l->sig_len);
	return true;
}

int note_line_parse(const char *s, size_t len, struct note_line *ret, struct err *e)
{
	const size_t n = strlen(DASH);
	struct note_line l = { .sig_len = 0 };
	const char *name = s + n, *space;
	size_t name_len;

	if (len < n || memcmp(s, DASH, n) != 0)
		return err_set(e, -EINVAL, "not a signature: it begins with U+2014 and a space");
	if (len > NOTE_LINE_MAX)
		return err_set(e, -EINVAL, "a signature of %zu bytes; %d are allowed", len,
			       NOTE_LINE_MAX);
	space = memchr(name, ' ', len - n);
	name_len = space != NULL ? (size_t)(space - name) : len - n;
	if (space == NULL || !note_is_name(name, name_len))
		return err_set(e, -EINVAL, "a signature without the name of its key");
	if (!take_signature(space + 1, len - n - name_len - 1, &l))
		return err_set(e, -EINVAL, "the signature is not base64 of a key id and more");
	memcpy(l.name, name, name_len);
	*ret = l;
	return 0;
}

void note_line_write(const struct note_key *k, const uint8_t *sig, size_t sig_len, struct buf *to)
{
	uint8_t raw[sizeof(k->id) + NOTE_SIGNATURE_MAX];

	if (sig_len > NOTE_SIGNATURE_MAX)
		BUG("a signature of %zu bytes", sig_len);
	memcpy(raw, k->id, sizeof(k->id));
	memcpy(raw + sizeof(k->id), sig, sig_len);
	buf_addf(to, DASH "%s ", k->name);
	base64_add(to, raw, sizeof(k->id) + sig_len);
	buf_adds(to, "\n");
}

bool note_line_is_of(const struct note_line *l, const struct note_key *k)
{
	return memcmp(l->id, k->id, sizeof(l->id)) == 0 && strcmp(l->name, k->name) == 0;
}
