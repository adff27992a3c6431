/* What timestamp_check() takes for no time stamp at all; its verdicts are in check_timestamp.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "unit/suite.h"
#include "unit/tsa_rig.h"

/* ms < 0: refused. */
static const struct { const char *text; int64_t ms; } times[] = {
	{ "20261123124258Z", TSA_TIME_MS }, { "20261123124258.1Z", TSA_TIME_MS + 100 },
	{ "20261123124258.120Z", TSA_TIME_MS + 120 },
	{ "20261123124258.1239999Z", TSA_TIME_MS + 123 },
	{ "202611231242Z", -1 }, { "20261123124258+0000", -1 }, { "20261123124258", -1 },
	{ "20261131124258Z", -1 }, { "20261123124260Z", -1 }, { "261123124258Z", -1 }, { "", -1 },
	{ "20261123124258,5Z", -1 }, { "20261123124258.Z", -1 },
};

START_TEST(reads_the_time)
{
	AUTO(tsa_cast_clear) struct tsa_cast c;
	enum timestamp_verdict v;
	struct err e = { 0, "" };
	int64_t ms = 1;
	int r;

	tsa_cast_make(&c, &tsa_kind_ca, &tsa_kind_signer);
	c.how.time = times[_i].text;
	tsa_cast_answer(&c);
	r = tsa_cast_check(&c, &v, &ms, &e);
	ck_assert_msg(r == (times[_i].ms < 0 ? -EINVAL : 0), "%s: %d", times[_i].text, r);
	if (r == 0)
		ck_assert_int_eq(v, TIMESTAMP_GOOD);
	ck_assert_int_eq(ms, r == 0 ? times[_i].ms : 1);
}
END_TEST

static void spoil_version(struct tsa_cast *c)
{
	c->how.version = 2;
	tsa_cast_answer(c);
}

static void spoil_signers(struct tsa_cast *c)
{
	AUTO(tsa_clear) struct tsa second;
	struct tsa_kind kind = tsa_kind_signer;

	kind.serial = 9;
	tsa_make(&kind, &c->root, NULL, &second);
	c->how.second = &second;
	tsa_cast_answer(c);
}

static void spoil_end(struct tsa_cast *c)
{
	tsa_cast_answer(c);
	buf_add(&c->answer, "", 1);
}

static void spoil_length(struct tsa_cast *c)
{
	tsa_cast_answer(c);
	while (c->answer.len <= TIMESTAMP_MAX)
		buf_add(&c->answer, "", 1);
}

static void spoil_kind(struct tsa_cast *c)
{
	buf_add(&c->answer, c->request.p, c->request.len);
}

static void spoil_text(struct tsa_cast *c)
{
	buf_adds(&c->answer, "<html>Service unavailable</html>");
}

static void spoil_all(struct tsa_cast *c)
{
	(void)c;
}

/* Granted, and nothing else. */
static void spoil_token(struct tsa_cast *c)
{
	buf_add(&c->answer, (const uint8_t[]){ 0x30, 5, 0x30, 3, 0x02, 1, 0 }, 7);
}

static void spoil_request(struct tsa_cast *c)
{
	tsa_cast_answer(c);
	buf_add(&c->request, "", 1);
}

static void spoil_ca(struct tsa_cast *c)
{
	tsa_cast_answer(c);
	buf_reset(&c->ca);
	buf_adds(&c->ca, "nobody\n");
}

static void spoil_second_ca(struct tsa_cast *c)
{
	tsa_cast_answer(c);
	buf_adds(&c->ca, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
}

/* libcrypto would ask for its password at the terminal. */
static void spoil_ca_password(struct tsa_cast *c)
{
	tsa_cast_answer(c);
	buf_reset(&c->ca);
	buf_adds(&c->ca, "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
			 "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
			 "AAAAAAAAAAAAAAAAAAAAAA==\n-----END CERTIFICATE-----\n");
}

static const struct {
	const char *sentence;
	void (*spoil)(struct tsa_cast *c);
} nothings[] = {
	{ "the time stamp is not of version 1", spoil_version },
	{ "a time stamp is signed once, by its authority alone", spoil_signers },
	{ "1 bytes follow the time stamp", spoil_end },
	{ "a time stamp of 65537 bytes; 65536 are allowed", spoil_length },
	{ "the answer is not a time stamp (RFC 3161)", spoil_kind },
	{ "the answer is not a time stamp (RFC 3161)", spoil_text },
	{ "the answer is not a time stamp (RFC 3161)", spoil_all },
	{ "the answer is not a time stamp (RFC 3161)", spoil_token },
	{ "the request is not one for a time stamp (RFC 3161)", spoil_request },
	{ "no certificate is trusted for time stamps: ", spoil_ca },
	{ "certificate 2 of those trusted for time stamps cannot be read", spoil_second_ca },
	{ "certificate 1 of those trusted for time stamps cannot be read", spoil_ca_password },
};

START_TEST(refuses_what_is_none)
{
	AUTO(tsa_cast_clear) struct tsa_cast c;
	enum timestamp_verdict v = TIMESTAMP_REFUSED;
	struct err e = { 0, "" };
	int64_t ms = 1;

	tsa_cast_make(&c, &tsa_kind_ca, &tsa_kind_signer);
	nothings[_i].spoil(&c);
	ck_assert_int_eq(tsa_cast_check(&c, &v, &ms, &e), -EINVAL);
	ck_assert_msg(strncmp(e.msg, nothings[_i].sentence, strlen(nothings[_i].sentence)) == 0,
		      "\"%s\" instead of \"%s\"", e.msg, nothings[_i].sentence);
	ck_assert(v == TIMESTAMP_REFUSED && ms == 1);
}
END_TEST

/* In a block of exactly that size, so that a sanitizer sees a read beyond it. */
START_TEST(refuses_every_prefix)
{
	AUTO(tsa_cast_clear) struct tsa_cast c;
	struct buf whole;

	tsa_cast_make(&c, &tsa_kind_ca, &tsa_kind_signer);
	tsa_cast_answer(&c);
	whole = c.answer;
	for (size_t len = 1; len < whole.len; len++) {
		enum timestamp_verdict v;
		int64_t ms;

		c.answer.p = malloc(len);
		ck_assert_ptr_nonnull(c.answer.p);
		memcpy(c.answer.p, whole.p, len);
		c.answer.len = len;
		ck_assert_int_eq(tsa_cast_check(&c, &v, &ms, NULL), -EINVAL);
		free(c.answer.p);
	}
	c.answer = whole;
}
END_TEST

/* Policy, imprint, serial number, time and nonce: flipped, none leaves a good token. */
START_TEST(no_bit_of_the_signed_part_may_change)
{
	AUTO(tsa_cast_clear) struct tsa_cast c;
	const uint8_t *info;
	size_t from;

	tsa_cast_make(&c, &tsa_kind_ca, &tsa_kind_signer);
	tsa_cast_answer(&c);
	info = memmem(c.answer.p, c.answer.len, TSA_TIME, strlen(TSA_TIME));
	from = (size_t)(info - c.answer.p) - 64;	/* policy and imprint are before the time */
	for (size_t at = from; at < from + 100; at++) {
		enum timestamp_verdict v = TIMESTAMP_FORGED;
		int64_t ms;

		c.answer.p[at] ^= 1;
		ck_assert_msg(tsa_cast_check(&c, &v, &ms, NULL) < 0 || v != TIMESTAMP_GOOD,
			      "byte %zu", at);
		c.answer.p[at] ^= 1;
	}
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, reads_the_time, 0, (int)COUNT(times));
	tcase_add_loop_test(tc, refuses_what_is_none, 0, (int)COUNT(nothings));
	tcase_add_test(tc, refuses_every_prefix);
	tcase_add_test(tc, no_bit_of_the_signed_part_may_change);
}

int main(void)
{
	return suite_main("timestamp_refused", fill);
}
