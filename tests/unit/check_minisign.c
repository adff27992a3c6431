#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "format/minisign.h"
#include "unit/suite.h"
#include "unit/text_rig.h"

/* Made by `minisign -G -W` 0.11; signs nothing but tests. */
static const char secret_text[] =
	"untrusted comment: minisign encrypted secret key\n"
	"RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"Nfpio15TVrKP3dlx/9p0gs6KoI/9RA5hNXJKR8DDCHcdo+kccjB6HmPSsz+8lV/O2w+CjenH"
	"ZPtZ74ebiv7iAYcUF7TBBAYSAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
static const char public_text[] =
	"untrusted comment: minisign public key B256535EA362FA35\n"
	"RWQ1+mKjXlNWsmPSsz+8lV/O2w+CjenHZPtZ74ebiv7iAYcUF7TBBAYS\n";
/* The nine bytes "evidence\n", signed by stock minisign, and again with -l. */
static const char prehashed_text[] =
	"untrusted comment: signature from minisign secret key\n"
	"RUQ1+mKjXlNWshr63JHiqN3aqfFaj+uv0KvqNwtQrG008hC1Gwu5JRLMsSeHZOc7gaQXQ74zLT9DZFU80ckS12IytBZSEqmBXgw=\n"
	"trusted comment: timestamp:1795462252\tfile:f\thashed\n"
	"MHqHcxlY6f1aPhIfeLlH2pB7SYG/lyEo9+KEDP2hzPNNxDXkq5k2a6Y/SNVJ+u0xsEJMyPtfGBRQxeEc1/CqCg==\n";
static const char legacy_text[] =
	"untrusted comment: signature from minisign secret key\n"
	"RWQ1+mKjXlNWsoJ/NA37NV/apdEbIPUVu0VzPe6IdH0VgcwRLG2nlQSnCMQbUcBeeETqKE7KyphQANZYdpwU5B4Rjm431DE+WAU=\n"
	"trusted comment: timestamp:1795462252\tfile:f\n"
	"Bw6V234vTOcCRQwZLXeVWEble6UkxknJVyVqIyehBjMtCPgLc4AlCYYrCQQ9r6KhJ3BHgoiVtHjuvVbMZEALBA==\n";
static const char evidence[] = "evidence\n";

static void load_public(struct minisign_public_key *ret)
{
	struct err e = { 0, "" };

	ck_assert_msg(minisign_parse_public_key((const uint8_t *)public_text, strlen(public_text),
						ret, &e) == 0, "%s", e.msg);
}

static struct minisign_secret_key *load_secret(void)
{
	struct minisign_secret_key *k = NULL;
	struct err e = { 0, "" };

	ck_assert_msg(minisign_parse_secret_key((const uint8_t *)secret_text, strlen(secret_text),
						&k, &e) == 0, "%s", e.msg);
	return k;
}

static bool verifies(const char *signature, const void *bytes, size_t len)
{
	struct minisign_public_key key;
	struct minisign_signature s;
	struct err e = { 0, "" };

	load_public(&key);
	ck_assert_msg(minisign_parse_signature((const uint8_t *)signature, strlen(signature), &s,
					       &e) == 0, "%s", e.msg);
	return minisign_verify(&key, &s, bytes, len);
}

START_TEST(verifies_what_stock_minisign_signed)
{
	ck_assert(verifies(prehashed_text, evidence, strlen(evidence)));
	ck_assert(verifies(legacy_text, evidence, strlen(evidence)));
	ck_assert(!verifies(prehashed_text, "evidenca\n", strlen(evidence)));
	ck_assert(!verifies(legacy_text, "evidenca\n", strlen(evidence)));
	ck_assert(!verifies(prehashed_text, evidence, strlen(evidence) - 1));
	ck_assert(!verifies(legacy_text, evidence, 0));
	ck_assert(!verifies(prehashed_text, NULL, 0));
}
END_TEST

START_TEST(prints_the_id_as_minisign_does)
{
	struct minisign_public_key key;
	char id[17];

	load_public(&key);
	minisign_id_text(key.id, id);
	ck_assert_str_eq(id, "B256535EA362FA35");
}
END_TEST

/* Whatever single bit of its values is turned over, a signature does not verify. */
START_TEST(every_bit_counts)
{
	struct minisign_public_key key, other;
	struct minisign_signature s, spoilt;
	uint8_t bit = (uint8_t)(1 << _i % 8);
	size_t at = (size_t)_i / 8;

	load_public(&key);
	ck_assert_int_eq(minisign_parse_signature((const uint8_t *)prehashed_text,
						  strlen(prehashed_text), &s, NULL), 0);
	if (at < sizeof(s.id)) {
		spoilt = s;
		spoilt.id[at] ^= bit;
		ck_assert(!minisign_verify(&key, &spoilt, (const uint8_t *)evidence, 9));
	}
	if (at < sizeof(key.key)) {
		other = key;
		other.key[at] ^= bit;
		ck_assert(!minisign_verify(&other, &s, (const uint8_t *)evidence, 9));
	}
	spoilt = s;
	spoilt.signature[at] ^= bit;
	ck_assert(!minisign_verify(&key, &spoilt, (const uint8_t *)evidence, 9));
	spoilt = s;
	spoilt.global[at] ^= bit;
	ck_assert(!minisign_verify(&key, &spoilt, (const uint8_t *)evidence, 9));
	spoilt = s;
	((uint8_t *)spoilt.trusted)[at % strlen(s.trusted)] ^= bit;
	ck_assert(!minisign_verify(&key, &spoilt, (const uint8_t *)evidence, 9));
	spoilt = s;
	spoilt.prehashed = false;
	ck_assert(!minisign_verify(&key, &spoilt, (const uint8_t *)evidence, 9));
}
END_TEST

/* ------ what is no file of minisign ------ */

#define BEGIN "untrusted comment: "
#define NO_COMMENT "a line \"untrusted comment: ...\" is missing"

static const struct { const char *base, *from, *to, *sentence; } refused[] = {
	{ public_text, BEGIN, "trusted comment: ", NO_COMMENT },
	{ public_text, BEGIN, "\n" BEGIN, NO_COMMENT },
	{ public_text, BEGIN, "untrusted comment\n", NO_COMMENT },
	{ public_text, "key B256535EA362FA35\n", "key B256535EA362FA35\r\n", "the line \"untrusted comment: ...\" is" },
	{ public_text, "key B256535EA362FA35\n", "\x1b[2J\n", "the line \"untrusted comment: ...\" is" },
	{ public_text, "key B256535EA362FA35\n", "\x7f\n", "the line \"untrusted comment: ...\" is" },
	{ public_text, "\nRWQ", "\nRWQRWQ", "the line of the public key is not base64" },
	{ public_text, "\nRWQ", "\nRW", "the line of the public key is not base64" },
	{ public_text, "\nRWQ", "\n RW", "the line of the public key is not base64" },
	{ public_text, "\nRWQ", "\nR-Q", "the line of the public key is not base64" },
	{ public_text, "\nRWQ", "\nR=Q", "the line of the public key is not base64" },
	{ public_text, "\nRWQ", "\nRW\xe9", "the line of the public key is not base64" },
	{ public_text, "\nRWQ", "\nRUQ", "the public key is not of the kind" },
	{ public_text, "", "\n", "something follows the line of the public key" },
	{ public_text, "", BEGIN, "something follows the line of the public key" },
	{ "", "", "", NO_COMMENT },
	{ BEGIN "x", "", "", "the line of the public key is missing" },
	{ BEGIN "x\n", "", "\n", "the line of the public key is not base64" },
};

START_TEST(refuses_a_public_key)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(MINISIGN_FILE_MAX);
	struct minisign_public_key key;
	struct err e = { 0, "" };

	rig_edited(&b, refused[_i].base, refused[_i].from, refused[_i].to);
	ck_assert_int_eq(minisign_parse_public_key(b.p, b.len, &key, &e), -EINVAL);
	ck_assert_msg(strncmp(e.msg, refused[_i].sentence, strlen(refused[_i].sentence)) == 0,
		      "\"%s\" instead of \"%s...\"", e.msg, refused[_i].sentence);
}
END_TEST

static const struct { const char *from, *to, *sentence; } bad_signatures[] = {
	{ BEGIN, "untrusted_comment: ", NO_COMMENT },
	{ "\nRUQ", "\nRVQ", "the signature is neither of the kind ED nor Ed" },
	{ "\nRUQ", "\nRU", "the line of the signature is not base64 of 74 bytes" },
	{ "=\ntrusted", "A\ntrusted", "the line of the signature is not base64 of 74 bytes" },
	{ "=\ntrusted", "=\r\ntrusted", "the line of the signature is not base64 of 74 bytes" },
	{ "=\ntrusted", "=\n\ntrusted", "a line \"trusted comment: ...\" is missing" },
	{ "\ntrusted comment: ", "\nTrusted comment: ", "a line \"trusted comment: ...\" is missing" },
	{ "\ntrusted comment: ", "\ntrusted comment: \x01", "the line \"trusted comment: ...\" is" },
	{ "==\n", "", "the line of the global signature is not base64 of 64 bytes" },
	{ "==\n", "==\nmore\n", "something follows the line of the global signature" },
	{ "==\n", "==\n\n", "something follows the line of the global signature" },
};

START_TEST(refuses_a_signature)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(MINISIGN_FILE_MAX);
	const char *sentence = bad_signatures[_i].sentence;
	struct minisign_signature s;
	struct err e = { 0, "" };

	rig_edited(&b, prehashed_text, bad_signatures[_i].from, bad_signatures[_i].to);
	ck_assert_int_eq(minisign_parse_signature(b.p, b.len, &s, &e), -EINVAL);
	ck_assert_msg(strncmp(e.msg, sentence, strlen(sentence)) == 0,
		      "\"%s\" instead of \"%s...\"", e.msg, sentence);
}
END_TEST

/* The last character before the padding has bits that carry nothing: they must be zero. */
START_TEST(knows_one_base64_of_each_value)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(MINISIGN_FILE_MAX);
	struct minisign_signature s;
	uint8_t *last;

	buf_adds(&b, prehashed_text);
	last = (uint8_t *)strstr((char *)b.p, "==\n") - 1;
	ck_assert_int_eq(minisign_parse_signature(b.p, b.len, &s, NULL), 0);
	*last = (uint8_t)(*last + 1);
	ck_assert_int_eq(minisign_parse_signature(b.p, b.len, &s, NULL), -EINVAL);
}
END_TEST

START_TEST(takes_a_file_without_its_last_line_feed)
{
	struct minisign_signature s;
	struct minisign_public_key key;

	ck_assert_int_eq(minisign_parse_signature((const uint8_t *)prehashed_text,
						  strlen(prehashed_text) - 1, &s, NULL), 0);
	ck_assert_int_eq(minisign_parse_public_key((const uint8_t *)public_text,
						   strlen(public_text) - 1, &key, NULL), 0);
}
END_TEST

/* In a block of exactly that size, so that a sanitizer sees a read beyond it. */
START_TEST(refuses_every_prefix)
{
	size_t len = (size_t)_i;
	struct minisign_signature s;
	uint8_t *cut = malloc(len > 0 ? len : 1);

	ck_assert_ptr_nonnull(cut);
	memcpy(cut, prehashed_text, len);
	ck_assert_int_eq(minisign_parse_signature(cut, len, &s, NULL), -EINVAL);
	free(cut);
}
END_TEST

static int parse_commented(const char *key_line, size_t comment_len)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(2 * MINISIGN_FILE_MAX);
	struct minisign_public_key key;
	size_t i;

	buf_adds(&b, BEGIN);
	for (i = 0; i < comment_len; i++)
		buf_adds(&b, "x");
	buf_adds(&b, key_line);
	return minisign_parse_public_key(b.p, b.len, &key, NULL);
}

START_TEST(bounds_comments_and_files)
{
	const char *line = strchr(public_text, '\n');

	ck_assert_int_eq(parse_commented(line, 0), 0);
	ck_assert_int_eq(parse_commented(line, MINISIGN_COMMENT_MAX), 0);
	ck_assert_int_eq(parse_commented(line, MINISIGN_COMMENT_MAX + 1), -EINVAL);
	ck_assert_int_eq(parse_commented(line, MINISIGN_FILE_MAX), -EINVAL);
}
END_TEST

/* ------ signing ------ */

static const char *const comments[] = {
	"", "device=REC-000123 dseq=7", "timestamp:1\tfile:f\thashed", "\xe6\x89\xa7\xe6\xb3\x95",
};

START_TEST(signs_what_it_verifies)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(MINISIGN_FILE_MAX);
	struct minisign_secret_key *k = load_secret();
	struct minisign_public_key key, stock;
	struct minisign_signature s;
	struct err e = { 0, "" };

	minisign_secret_key_public(k, &key);
	load_public(&stock);
	ck_assert_mem_eq(&key, &stock, sizeof(key));
	ck_assert_msg(minisign_sign(k, (const uint8_t *)evidence, strlen(evidence), comments[_i],
				    &b, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(minisign_parse_signature(b.p, b.len, &s, &e), 0);
	ck_assert(s.prehashed);
	ck_assert_str_eq(s.trusted, comments[_i]);
	ck_assert(minisign_verify(&key, &s, (const uint8_t *)evidence, strlen(evidence)));
	ck_assert(!minisign_verify(&key, &s, (const uint8_t *)evidence, strlen(evidence) - 1));
	minisign_secret_key_free(k);
}
END_TEST

START_TEST(refuses_to_sign_a_comment_of_two_lines)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(MINISIGN_FILE_MAX);
	AUTO(buf_clear) struct buf small = BUF_INIT(100);
	struct minisign_secret_key *k = load_secret();
	char longest[MINISIGN_COMMENT_MAX + 2];
	const uint8_t *p = (const uint8_t *)evidence;

	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(minisign_sign(k, p, 9, "a\nb", &b, NULL), -EINVAL);
	ck_assert_int_eq(minisign_sign(k, p, 9, longest, &b, NULL), -EINVAL);
	ck_assert_uint_eq(b.len, 0);
	longest[sizeof(longest) - 2] = '\0';
	ck_assert_int_eq(minisign_sign(k, p, 9, longest, &b, NULL), 0);
	ck_assert_int_eq(minisign_sign(k, p, 9, "", &small, NULL), -ENOBUFS);
	minisign_secret_key_free(k);
	minisign_secret_key_free(NULL);
}
END_TEST

/* ------ secret keys: the file's bytes, spoilt before base64 ------ */

enum { SECRET_LEN = 158, KDF_AT = 2, CHECKSUM_KIND_AT = 4, ID_AT = 54, SEED_AT = 62,
       PUBLIC_AT = 94, CHECKSUM_AT = 126 };

static const struct { const char *what; size_t at; const char *bytes; int r; } secrets[] = {
	{ "as it is",				0,	"Ed",	0 },
	{ "another algorithm",			0,	"ED",	-EINVAL },
	{ "with a password",			KDF_AT,	"Sc",	-ENOTSUP },
	{ "an unknown derivation",		KDF_AT,	"ab",	-EINVAL },
	{ "an unknown kind of checksum",	CHECKSUM_KIND_AT, "S2", -EINVAL },
	{ "a wrong checksum",			CHECKSUM_AT, "no", -EINVAL },
	{ "another seed",			SEED_AT, "no",	-EINVAL },
	{ "another public half",		PUBLIC_AT, "no", -EINVAL },
	{ "another id, which nothing guards",	ID_AT,	"no",	0 },
};

static void decode_secret(uint8_t raw[SECRET_LEN])
{
	const char *line = strchr(secret_text, '\n') + 1;
	size_t len;

	ck_assert_int_eq(sodium_base642bin(raw, SECRET_LEN, line, strlen(line), "\n", &len, NULL,
					   sodium_base64_VARIANT_ORIGINAL), 0);
	ck_assert_uint_eq(len, SECRET_LEN);
}

static int parse_secret(const uint8_t raw[SECRET_LEN])
{
	char line[sodium_base64_ENCODED_LEN(SECRET_LEN, sodium_base64_VARIANT_ORIGINAL)];
	AUTO(buf_clear) struct buf b = BUF_INIT(MINISIGN_FILE_MAX);
	struct minisign_secret_key *k = NULL;
	int r;

	sodium_bin2base64(line, sizeof(line), raw, SECRET_LEN, sodium_base64_VARIANT_ORIGINAL);
	buf_addf(&b, BEGIN "x\n%s\n", line);
	r = minisign_parse_secret_key(b.p, b.len, &k, NULL);
	ck_assert_int_eq(k != NULL, r == 0);
	minisign_secret_key_free(k);
	return r;
}

START_TEST(judges_a_secret_key)
{
	uint8_t raw[SECRET_LEN];

	decode_secret(raw);
	memcpy(raw + secrets[_i].at, secrets[_i].bytes, 2);
	ck_assert_msg(parse_secret(raw) == secrets[_i].r, "%s", secrets[_i].what);
}
END_TEST

/* Versions of minisign that fill in the checksum of an unencrypted key. */
START_TEST(takes_a_checksum_that_fits)
{
	crypto_generichash_state h;
	uint8_t raw[SECRET_LEN];

	decode_secret(raw);
	crypto_generichash_init(&h, NULL, 0, 32);
	crypto_generichash_update(&h, raw, 2);
	crypto_generichash_update(&h, raw + ID_AT, CHECKSUM_AT - ID_AT);
	crypto_generichash_final(&h, raw + CHECKSUM_AT, 32);
	ck_assert_int_eq(parse_secret(raw), 0);
	raw[ID_AT] ^= 1;
	ck_assert_int_eq(parse_secret(raw), -EINVAL);
}
END_TEST

START_TEST(refuses_a_secret_key_that_is_none)
{
	struct minisign_secret_key *k = NULL;
	struct err e = { 0, "" };

	ck_assert_int_eq(minisign_parse_secret_key((const uint8_t *)public_text,
						   strlen(public_text), &k, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "the line of the secret key is not base64 of 158 bytes");
	ck_assert_int_eq(minisign_parse_secret_key(NULL, 0, &k, &e), -EINVAL);
	ck_assert_ptr_null(k);
}
END_TEST

/* ------ signatures made by others ------ */

/* A file of the fixtures; false, said aloud, when they are not there. */
static bool fixture(const char *name, struct buf *b)
{
	const char *dir = getenv("DV_FIXTURES");
	char path[4096];
	struct err e;

	snprintf(path, sizeof(path), "%s/minisign/%s", dir != NULL ? dir : "../shared/fixtures",
		 name);
	if (file_read(path, b, &e) == 0)
		return true;
	ck_assert_msg(e.code == -ENOENT, "%s", e.msg);
	fprintf(stderr, "check_minisign: SKIPPED: %s is not there (set DV_FIXTURES)\n", path);
	return false;
}

START_TEST(agrees_with_the_fixtures)
{
	static const struct { const char *name; bool prehashed; } signatures[] = {
		{ "seg17.manifest.minisig", true }, { "seg17.manifest.sig", false },
	};
	AUTO(buf_clear) struct buf pub = BUF_INIT(MINISIGN_FILE_MAX);
	AUTO(buf_clear) struct buf text = BUF_INIT(MINISIGN_FILE_MAX);
	AUTO(buf_clear) struct buf sig = BUF_INIT(MINISIGN_FILE_MAX);
	struct minisign_public_key key;
	struct minisign_signature s;
	struct err e = { 0, "" };

	if (!fixture("device.pub", &pub) || !fixture("seg17.manifest", &text) ||
	    !fixture(signatures[_i].name, &sig))
		return;
	ck_assert_msg(minisign_parse_public_key(pub.p, pub.len, &key, &e) == 0, "%s", e.msg);
	ck_assert_msg(minisign_parse_signature(sig.p, sig.len, &s, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(s.prehashed, signatures[_i].prehashed);
	ck_assert_str_eq(s.trusted, "recording=9f2c seq=17 b2=short");
	ck_assert(minisign_verify(&key, &s, text.p, text.len));
	text.p[0] ^= 1;
	ck_assert(!minisign_verify(&key, &s, text.p, text.len));
}
END_TEST

/* OpenBSD's signify has no trusted comment; a signature without one is refused. */
START_TEST(refuses_signify)
{
	AUTO(buf_clear) struct buf sig = BUF_INIT(MINISIGN_FILE_MAX);
	struct minisign_signature s;
	struct err e = { 0, "" };

	if (!fixture("seg17.manifest.signify", &sig))
		return;
	ck_assert_int_eq(minisign_parse_signature(sig.p, sig.len, &s, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "a line \"trusted comment: ...\" is missing");
}
END_TEST

START_TEST(writes_the_public_key_that_it_reads)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(MINISIGN_FILE_MAX);
	struct minisign_public_key key, again;
	struct err e = { 0, "" };
	char id[17];
	uint8_t raw[8];

	load_public(&key);
	minisign_write_public_key(&key, "REC-1", &text);
	ck_assert_ptr_nonnull(strstr(buf_str(&text), "public key of REC-1, B256535EA362FA35\n"));
	ck_assert_ptr_nonnull(strstr(buf_str(&text), strchr(public_text, '\n')));
	ck_assert_msg(minisign_parse_public_key(text.p, text.len, &again, &e) == 0, "%s", e.msg);
	ck_assert_mem_eq(&key, &again, sizeof(key));
	minisign_id_text(key.id, id);
	ck_assert_int_eq(minisign_id_parse(id, raw), 0);
	ck_assert_mem_eq(raw, key.id, sizeof(raw));
	ck_assert_int_eq(minisign_id_parse("B256535EA362FA3", raw), -EINVAL);
	ck_assert_int_eq(minisign_id_parse("B256535EA362FA3x", raw), -EINVAL);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, writes_the_public_key_that_it_reads);
	tcase_add_test(tc, verifies_what_stock_minisign_signed);
	tcase_add_test(tc, prints_the_id_as_minisign_does);
	tcase_add_loop_test(tc, every_bit_counts, 0, 64 * 8);
	tcase_add_loop_test(tc, refuses_a_public_key, 0, (int)COUNT(refused));
	tcase_add_loop_test(tc, refuses_a_signature, 0, (int)COUNT(bad_signatures));
	tcase_add_test(tc, knows_one_base64_of_each_value);
	tcase_add_test(tc, takes_a_file_without_its_last_line_feed);
	tcase_add_loop_test(tc, refuses_every_prefix, 0, (int)strlen(prehashed_text) - 1);
	tcase_add_test(tc, bounds_comments_and_files);
	tcase_add_loop_test(tc, signs_what_it_verifies, 0, (int)COUNT(comments));
	tcase_add_test(tc, refuses_to_sign_a_comment_of_two_lines);
	tcase_add_loop_test(tc, judges_a_secret_key, 0, (int)COUNT(secrets));
	tcase_add_test(tc, takes_a_checksum_that_fits);
	tcase_add_test(tc, refuses_a_secret_key_that_is_none);
	tcase_add_loop_test(tc, agrees_with_the_fixtures, 0, 2);
	tcase_add_test(tc, refuses_signify);
}

int main(void)
{
	return suite_main("minisign", fill);
}
