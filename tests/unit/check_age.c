#include "age/age.h"

#include <errno.h>
#include <string.h>

#include "age/bech32.h"
#include "base/util.h"
#include "unit/suite.h"

/* The example of C2SP's page: an identity of 32 times 0x42. */
static const char identity[] =
	"AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
static const char recipient[] = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

/* ------ keys ------ */

START_TEST(keys_are_those_of_the_page)
{
	struct age_recipient r, parsed;
	struct age_keys *k = NULL;
	char text[AGE_RECIPIENT_SIZE];
	uint8_t value[BECH32_VALUE];
	size_t i;

	ck_assert_int_eq(age_keys_new(&k, NULL), 0);
	ck_assert_int_eq(age_keys_add_file(k, (const uint8_t *)identity, strlen(identity), NULL), 0);
	ck_assert_uint_eq(age_keys_count(k), 1);
	r = age_keys_recipient(k, 0);
	age_recipient_text(&r, text);
	ck_assert_str_eq(text, recipient);
	ck_assert_int_eq(age_recipient_parse(recipient, strlen(recipient), &parsed, NULL), 0);
	ck_assert_mem_eq(parsed.key, r.key, sizeof(r.key));
	ck_assert(bech32_decode("AGE-SECRET-KEY-", identity, strlen(identity), value));
	for (i = 0; i < sizeof(value); i++)
		ck_assert_uint_eq(value[i], 0x42);
	age_keys_free(k);
}
END_TEST

/* One character after the other made another one, or left out: none is a key. */
START_TEST(no_slip_of_the_pen_is_a_key)
{
	const size_t len = strlen(recipient);
	struct age_recipient r;
	char text[AGE_RECIPIENT_SIZE];
	struct err e;
	int c;

	for (c = 0; c < 256; c++) {
		memcpy(text, recipient, sizeof(text));
		text[_i] = (char)c;
		ck_assert_int_eq(age_recipient_parse(text, len, &r, &e), c == recipient[_i] ? 0 : -EINVAL);
	}
	memcpy(text, recipient, (size_t)_i);
	memcpy(text + _i, recipient + _i + 1, len - (size_t)_i);
	ck_assert_int_eq(age_recipient_parse(text, len - 1, &r, &e), -EINVAL);
}
END_TEST

static const struct { const char *what, *text; int status; size_t n; const char *says; } lists[] = {
	{ "one", "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj", 0, 1, NULL },
	{ "two, with comments",
	  "# head\n\nage1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\r\n"
	  "# x\nage1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\n", 0, 2, NULL },
	{ "three are too many",
	  "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\n"
	  "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\n"
	  "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\n", -E2BIG, 0, "line 3" },
	{ "none", "# nobody\n\n", -EINVAL, 0, "no recipient" },
	{ "empty", "", -EINVAL, 0, "no recipient" },
	{ "a space before", " age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj", -EINVAL, 0,
	  "line 1" },
	{ "capitals", "AGE1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S82HZRYE869XEEXVN73EQUNUJWJ", -EINVAL, 0,
	  "line 1" },
	{ "of the hybrid kind", "age1pq1x34nzsvr0rxjsgdn8zgyhfe8j7ceq5r9rdelkjuh3y235jzxshfg87pzf5", -EINVAL,
	  0, "line 1" },
	{ "a secret one",
	  "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX", -EINVAL, 0,
	  "line 1" },
};

START_TEST(lists_are_read_line_by_line)
{
	struct age_recipient r[2];
	struct err e = { 0, "" };
	size_t n = 0;

	ck_assert_msg(age_recipients_parse((const uint8_t *)lists[_i].text, strlen(lists[_i].text), 2, r,
					   &n, &e) == lists[_i].status, "%s", lists[_i].what);
	ck_assert_uint_eq(n, lists[_i].n);
	if (lists[_i].says != NULL)
		ck_assert_msg(strstr(e.msg, lists[_i].says) != NULL, "%s: %s", lists[_i].what, e.msg);
	/* A secret that was put in the wrong place is not told on. */
	ck_assert_ptr_null(strstr(e.msg, "SECRET"));
}
END_TEST

START_TEST(a_new_identity_is_one)
{
	char *text = sodium_malloc(AGE_IDENTITY_SIZE);
	struct age_recipient made, read;
	struct age_keys *k = NULL;

	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(age_identity_new(text, &made, NULL), 0);
	ck_assert_int_eq(age_keys_new(&k, NULL), 0);
	ck_assert_int_eq(age_keys_add_file(k, (uint8_t *)text, strlen(text), NULL), 0);
	read = age_keys_recipient(k, 0);
	ck_assert_mem_eq(&read, &made, sizeof(made));
	ck_assert_int_eq(age_keys_add_file(k, (const uint8_t *)"# none\n", 7, NULL), -EINVAL);
	ck_assert_int_eq(age_keys_add_passphrase(k, "", 0, NULL), -EINVAL);
	ck_assert_int_eq(age_keys_add_passphrase(k, text, AGE_PASSPHRASE_MAX + 1, NULL), -EINVAL);
	ck_assert_uint_eq(age_keys_count(k), 1);
	age_keys_free(k);
	sodium_free(text);
}
END_TEST

/* ------ there and back ------ */

struct sealed {
	struct age_keys *keys;
	struct buf file;
	size_t head;			/* bytes of it before the first chunk */
	uint8_t *plain;
	size_t len;
};

/* len bytes, sealed in such pieces; for a passphrase when pieces are odd. */
static void seal(struct sealed *s, size_t len, size_t piece)
{
	uint8_t *to = malloc(AGE_SEAL_ROOM(piece));
	struct age_seal *seal = NULL;
	struct age_recipient r;
	size_t at, n;

	s->plain = malloc(len + 1);
	s->len = len;
	s->file = (struct buf)BUF_INIT(16 * 1024 * 1024);
	randombytes_buf(s->plain, len + 1);
	ck_assert_int_eq(age_keys_new(&s->keys, NULL), 0);
	ck_assert_int_eq(age_keys_add_file(s->keys, (const uint8_t *)identity, strlen(identity), NULL), 0);
	ck_assert_int_eq(age_keys_add_passphrase(s->keys, "correct horse", 13, NULL), 0);
	r = age_keys_recipient(s->keys, 0);
	if (piece % 2 == 0)
		ck_assert_int_eq(age_seal_new(&r, 1, &s->file, &seal, NULL), 0);
	else
		ck_assert_int_eq(age_seal_new_passphrase("correct horse", 13, 2, &s->file, &seal, NULL), 0);
	s->head = s->file.len;
	for (at = 0; at < len; at += piece) {
		n = age_seal_put(seal, s->plain + at, MIN(piece, len - at), to);
		ck_assert_uint_le(n, AGE_SEAL_ROOM(MIN(piece, len - at)));
		buf_add(&s->file, to, n);
	}
	buf_add(&s->file, to, age_seal_end(seal, to));
	ck_assert(!s->file.failed);
	ck_assert_uint_eq(s->file.len, s->head + age_sealed_len(len));
	age_seal_free(seal);
	free(to);
}

static void sealed_clear(struct sealed *s)
{
	age_keys_free(s->keys);
	buf_clear(&s->file);
	free(s->plain);
}

static struct age_open *opened(const struct sealed *s)
{
	struct age_open *o = NULL;
	struct err e = { 0, "" };
	size_t at = 0;

	ck_assert_msg(age_open_new(s->file.p, MIN(s->file.len, (size_t)AGE_HEAD_MAX), s->keys, 2, &o, &at,
				   &e) == AGE_OK, "%s", e.msg);
	ck_assert_uint_eq(at, s->head);
	return o;
}

/* What was sealed comes out, in pieces of that length; or a verdict. */
static enum age_verdict reads(const struct sealed *s, size_t piece, bool *ret_same)
{
	struct age_open *o = opened(s);
	uint8_t *to = malloc(AGE_OPEN_ROOM(piece));
	enum age_verdict v = AGE_OK;
	size_t at, n, got = 0;

	*ret_same = true;
	for (at = s->head; at < s->file.len && v == AGE_OK; at += piece) {
		v = age_open_put(o, s->file.p + at, MIN(piece, s->file.len - at), to, &n);
		*ret_same = *ret_same && got + n <= s->len && memcmp(to, s->plain + got, n) == 0;
		got += n;
	}
	if (v == AGE_OK) {
		v = age_open_end(o, to, &n);
		*ret_same = *ret_same && (v != AGE_OK || got + n == s->len) &&
			memcmp(to, s->plain + got, n) == 0;
	}
	age_open_free(o);
	free(to);
	return v;
}

static const size_t sizes[] = {
	0, 1, 2, AGE_CHUNK - 1, AGE_CHUNK, AGE_CHUNK + 1, 2 * AGE_CHUNK - 1, 2 * AGE_CHUNK,
	2 * AGE_CHUNK + 1, 1024 * 1024 + 1,
};
static const size_t pieces[] = {
	1000, 4097, AGE_CHUNK, AGE_CHUNK + 1, AGE_CHUNK_SEALED, AGE_CHUNK_SEALED + 1, 300000, 2097152,
};

START_TEST(comes_back_in_any_pieces)
{
	struct sealed s;
	size_t i;
	bool same;

	seal(&s, sizes[_i / (int)COUNT(pieces)], pieces[_i % (int)COUNT(pieces)]);
	for (i = 0; i < COUNT(pieces); i++) {
		ck_assert_int_eq(reads(&s, pieces[i], &same), AGE_OK);
		ck_assert(same);
	}
	sealed_clear(&s);
}
END_TEST

START_TEST(any_chunk_opens_alone)
{
	uint8_t *to = malloc(AGE_CHUNK);
	struct age_open *o;
	struct sealed s;
	uint64_t i, chunks;
	size_t n, at, len;

	seal(&s, sizes[_i], 4096);
	o = opened(&s);
	chunks = (age_sealed_len(sizes[_i]) + AGE_CHUNK_SEALED - 1) / AGE_CHUNK_SEALED;
	for (i = chunks; i-- > 0;) {
		at = s.head + i * AGE_CHUNK_SEALED;
		len = MIN(s.file.len - at, (size_t)AGE_CHUNK_SEALED);
		ck_assert_int_eq(age_open_chunk(o, i, i == chunks - 1, s.file.p + at, len, to, &n), AGE_OK);
		ck_assert_uint_eq(n, MIN(s.len - i * AGE_CHUNK, (size_t)AGE_CHUNK));
		ck_assert_mem_eq(to, s.plain + i * AGE_CHUNK, n);
		/* Elsewhere, or at another end, it is not that chunk. */
		ck_assert_int_eq(age_open_chunk(o, i, i != chunks - 1, s.file.p + at, len, to, &n),
				 AGE_BAD_PAYLOAD);
		ck_assert_int_eq(age_open_chunk(o, i + 1, i == chunks - 1, s.file.p + at, len, to, &n),
				 AGE_BAD_PAYLOAD);
	}
	age_open_free(o);
	sealed_clear(&s);
	free(to);
}
END_TEST

/* ------ what is not as it was ------ */

/* Every byte, one bit of it: never taken for what was sealed. */
START_TEST(a_flipped_bit_is_found)
{
	struct sealed s;
	struct age_open *o;
	struct err e;
	size_t at, i, n;
	uint8_t to[AGE_CHUNK];

	seal(&s, 100, _i == 0 ? 4096 : 4097);
	for (i = 0; i < s.file.len; i++) {
		enum age_verdict v;

		s.file.p[i] ^= 1;
		o = NULL;
		v = age_open_new(s.file.p, s.file.len, s.keys, 2, &o, &at, &e);
		if (v == AGE_OK) {
			ck_assert_uint_ge(i, s.head - AGE_NONCE);
			ck_assert_int_eq(age_open_put(o, s.file.p + at, s.file.len - at, to, &n), AGE_OK);
			ck_assert_int_eq(age_open_end(o, to, &n), AGE_BAD_PAYLOAD);
			ck_assert_uint_eq(n, 0);
		} else {
			ck_assert(v == AGE_BAD_HEADER || v == AGE_NO_MATCH || v == AGE_BAD_MAC ||
				  v == AGE_TOO_COSTLY);
			ck_assert_ptr_null(o);
		}
		age_open_free(o);
		s.file.p[i] ^= 1;
	}
	sealed_clear(&s);
}
END_TEST

/* Whatever is cut off the end, or put behind it. */
START_TEST(a_cut_or_longer_file_is_found)
{
	static const size_t cuts[] = {
		1, 15, 16, 17, 100, AGE_CHUNK, AGE_CHUNK_SEALED, AGE_CHUNK_SEALED + 1, 2 * AGE_CHUNK_SEALED,
	};
	struct sealed s;
	size_t i, whole;
	bool same;

	seal(&s, sizes[_i], 65536);
	whole = s.file.len;
	for (i = 0; i < COUNT(cuts); i++) {
		if (whole - s.head < cuts[i])
			continue;
		s.file.len = whole - cuts[i];
		ck_assert_int_eq(reads(&s, 4097, &same), AGE_BAD_PAYLOAD);
		ck_assert(same);
	}
	s.file.len = whole;
	for (i = 0; i < AGE_CHUNK_SEALED + 20; i += AGE_CHUNK_SEALED / 2 - 7) {
		uint8_t *more = buf_room(&s.file, i + 1);

		ck_assert_ptr_nonnull(more);
		memset(more, 0, i + 1);
		buf_grew(&s.file, i + 1);
		ck_assert_int_eq(reads(&s, 300000, &same), AGE_BAD_PAYLOAD);
		ck_assert(same);
		s.file.len = whole;
	}
	sealed_clear(&s);
}
END_TEST

/* ------ who may ------ */

START_TEST(each_recipient_opens_and_nobody_else)
{
	char *text = sodium_malloc(AGE_IDENTITY_SIZE);
	struct age_recipient r[AGE_RECIPIENTS_MAX];
	struct age_keys *k[AGE_RECIPIENTS_MAX + 1];
	struct buf head = BUF_INIT(AGE_HEAD_MAX);
	struct age_seal *s = NULL;
	struct age_open *o = NULL;
	struct age_recipient unused;
	struct err e;
	size_t i, at;

	ck_assert_ptr_nonnull(text);
	for (i = 0; i <= AGE_RECIPIENTS_MAX; i++) {
		ck_assert_int_eq(age_identity_new(text, i < AGE_RECIPIENTS_MAX ? &r[i] : &unused, NULL), 0);
		ck_assert_int_eq(age_keys_new(&k[i], NULL), 0);
		ck_assert_int_eq(age_keys_add_file(k[i], (uint8_t *)text, strlen(text), NULL), 0);
	}
	ck_assert_int_eq(age_seal_new(r, AGE_RECIPIENTS_MAX + 1, &head, &s, &e), -EINVAL);
	ck_assert_int_eq(age_seal_new(r, 0, &head, &s, &e), -EINVAL);
	ck_assert_uint_eq(head.len, 0);
	ck_assert_int_eq(age_seal_new(r, AGE_RECIPIENTS_MAX, &head, &s, &e), 0);
	for (i = 0; i <= AGE_RECIPIENTS_MAX; i++) {
		ck_assert_int_eq(age_open_new(head.p, head.len, k[i], 0, &o, &at, &e),
				 i < AGE_RECIPIENTS_MAX ? AGE_OK : AGE_NO_MATCH);
		if (i < AGE_RECIPIENTS_MAX)
			age_open_free(o);
		age_keys_free(k[i]);
	}
	age_seal_free(s);
	buf_clear(&head);
	sodium_free(text);
}
END_TEST

START_TEST(a_key_of_low_order_is_refused)
{
	static const struct age_recipient low = { { 1 } };
	struct buf head = BUF_INIT(AGE_HEAD_MAX);
	struct age_seal *s = NULL;
	struct err e;

	ck_assert_int_eq(age_seal_new(&low, 1, &head, &s, &e), -EINVAL);
	ck_assert_ptr_null(s);
	buf_clear(&head);
}
END_TEST

START_TEST(a_passphrase_costs_what_is_allowed)
{
	struct buf head = BUF_INIT(AGE_HEAD_MAX);
	struct age_keys *k = NULL;
	struct age_seal *s = NULL;
	struct age_open *o = NULL;
	struct err e;
	size_t at;

	ck_assert_int_eq(age_seal_new_passphrase("word", 4, 0, &head, &s, &e), -EINVAL);
	ck_assert_int_eq(age_seal_new_passphrase("word", 4, AGE_WORK_MAX + 1, &head, &s, &e), -EINVAL);
	ck_assert_int_eq(age_seal_new_passphrase("word", 0, 1, &head, &s, &e), -EINVAL);
	buf_reset(&head);
	ck_assert_int_eq(age_seal_new_passphrase("word", 4, AGE_WORK, &head, &s, &e), 0);
	ck_assert_int_eq(age_keys_new(&k, NULL), 0);
	ck_assert_int_eq(age_open_new(head.p, head.len, k, AGE_WORK_MAX, &o, &at, &e), AGE_NO_MATCH);
	ck_assert_int_eq(age_keys_add_passphrase(k, "word", 4, NULL), 0);
	ck_assert_int_eq(age_open_new(head.p, head.len, k, AGE_WORK - 1, &o, &at, &e), AGE_TOO_COSTLY);
	ck_assert_ptr_nonnull(strstr(e.msg, "32 MiB"));
	ck_assert_ptr_null(o);
	ck_assert_int_eq(age_open_new(head.p, head.len, k, AGE_WORK, &o, &at, &e), AGE_OK);
	ck_assert_int_eq(age_keys_add_passphrase(k, "Word", 4, NULL), 0);
	age_open_free(o);
	ck_assert_int_eq(age_open_new(head.p, head.len, k, AGE_WORK, &o, &at, &e), AGE_NO_MATCH);
	age_seal_free(s);
	age_keys_free(k);
	buf_clear(&head);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, keys_are_those_of_the_page);
	tcase_add_loop_test(tc, no_slip_of_the_pen_is_a_key, 0, AGE_RECIPIENT_SIZE - 1);
	tcase_add_loop_test(tc, lists_are_read_line_by_line, 0, (int)COUNT(lists));
	tcase_add_test(tc, a_new_identity_is_one);
	tcase_add_loop_test(tc, comes_back_in_any_pieces, 0, (int)(COUNT(sizes) * COUNT(pieces)));
	tcase_add_loop_test(tc, any_chunk_opens_alone, 0, (int)COUNT(sizes));
	tcase_add_loop_test(tc, a_flipped_bit_is_found, 0, 2);
	tcase_add_loop_test(tc, a_cut_or_longer_file_is_found, 0, (int)COUNT(sizes));
	tcase_add_test(tc, each_recipient_opens_and_nobody_else);
	tcase_add_test(tc, a_key_of_low_order_is_refused);
	tcase_add_test(tc, a_passphrase_costs_what_is_allowed);
}

int main(void)
{
	return suite_main("age", fill);
}
