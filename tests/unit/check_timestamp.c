#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/utc.h"
#include "base/util.h"
#include "unit/suite.h"
#include "unit/tsa_rig.h"

/* ------ openssl, that has to say the same ------ */

static char dir[] = "/tmp/check_timestamp.XXXXXX";

static void set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/check_timestamp.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static const char *path_of(const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned turn;
	char *path = paths[turn++ % COUNT(paths)];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void tear_down(void)
{
	static const char *const names[] = { "data", "answer.tsr", "request.tsq", "ca.pem" };

	for (size_t i = 0; i < COUNT(names); i++)
		unlink(path_of(names[i]));
	rmdir(dir);
}

static void keep(const char *name, const void *p, size_t len)
{
	struct err e;

	ck_assert_msg(file_replace(path_of(name), p, len, 0600, &e) == 0, "%s", e.msg);
}

/* `openssl ts -verify` at a time in seconds, against the data or the request. */
static bool openssl_says(const char *option, const char *file, int64_t at)
{
	extern char **environ;
	posix_spawn_file_actions_t quiet;
	char when[32];
	const char *argv[] = { "openssl", "ts", "-verify", option, path_of(file), "-in",
			       path_of("answer.tsr"), "-CAfile", path_of("ca.pem"), "-attime", when,
			       NULL };
	int status;
	pid_t pid;

	snprintf(when, sizeof(when), "%lld", (long long)at);
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&quiet, 1, 2);
	ck_assert_int_eq(posix_spawnp(&pid, "openssl", &quiet, NULL,
				      (char *const *)(uintptr_t)argv, environ), 0);
	posix_spawn_file_actions_destroy(&quiet);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) < 2, "openssl: %d", status);
	return WEXITSTATUS(status) == 0;
}

/* ------ both have their say ------ */

/* Judged by us and by openssl, which wants data and request one after the other. */
static void judge(const struct tsa_cast *c, enum timestamp_verdict want, const char *sentence,
		  const char *what)
{
	enum timestamp_verdict v;
	struct err e = { 0, "" };
	int64_t ms;

	ck_assert_msg(tsa_cast_check(c, &v, &ms, &e) == 0, "%s: %s", what, e.msg);
	ck_assert_msg(v == want, "%s: %s: %s", what, timestamp_verdict_text(v), e.msg);
	ck_assert_msg(strncmp(e.msg, sentence, strlen(sentence)) == 0, "%s: \"%s\"", what, e.msg);
	keep("data", tsa_data, strlen(tsa_data));
	keep("answer.tsr", c->answer.p, c->answer.len);
	keep("request.tsq", c->request.p, c->request.len);
	keep("ca.pem", c->ca.p, c->ca.len);
	ck_assert_msg((openssl_says("-data", "data", ms / 1000) &&
		       openssl_says("-queryfile", "request.tsq", ms / 1000)) ==
		      (want == TIMESTAMP_GOOD), "%s: openssl says otherwise", what);
}

/* ------ certificates: what is said of a token that is right in all else ------ */

#define NOT_ALONE	"the authority's certificate is not for time stamping alone"
#define THEN		"the authority's certificate does not count at the time of the time stamp, "
#define AT_TIME		THEN "2026-11-23T12:42:58.000Z: "
#define YEAR		(365 * (int64_t)86400)

/* NULL and 0: as it should be. */
static const struct {
	const char *what, *usage, *extended;
	int64_t from, until;
	enum timestamp_verdict verdict;
	const char *sentence;
} signers[] = {
	{ "as it should be", NULL, NULL, 0, 0, TIMESTAMP_GOOD, "" },
	{ "not critical", NULL, "timeStamping", 0, 0, TIMESTAMP_WRONG_USAGE,
	  "the authority's certificate is for time stamping, and not critically so" },
	{ "with another usage", NULL, "critical,timeStamping,emailProtection", 0, 0,
	  TIMESTAMP_WRONG_USAGE, NOT_ALONE },
	{ "with another usage before", NULL, "critical,serverAuth,timeStamping", 0, 0,
	  TIMESTAMP_WRONG_USAGE, NOT_ALONE },
	{ "with any usage", NULL, "critical,anyExtendedKeyUsage", 0, 0, TIMESTAMP_WRONG_USAGE,
	  NOT_ALONE },
	{ "for mail", NULL, "critical,emailProtection", 0, 0, TIMESTAMP_WRONG_USAGE, NOT_ALONE },
	{ "without extended usage", NULL, "", 0, 0, TIMESTAMP_WRONG_USAGE,
	  "the authority's certificate has no extended key usage" },
	{ "a key that encrypts", "critical,keyEncipherment", NULL, 0, 0, TIMESTAMP_WRONG_USAGE,
	  "the authority's certificate has a key usage that does not go" },
	{ "nonRepudiation", "critical,nonRepudiation", NULL, 0, 0, TIMESTAMP_GOOD, "" },
	{ "valid for that second", NULL, NULL, TSA_NOW, TSA_NOW + 1, TIMESTAMP_GOOD, "" },
	{ "expired long ago", NULL, NULL, TSA_NOW - 2 * YEAR, TSA_NOW - YEAR, TIMESTAMP_EXPIRED,
	  AT_TIME "certificate has expired" },
	/* Its last second is libcrypto's first without it. */
	{ "expired in that second", NULL, NULL, 0, TSA_NOW, TIMESTAMP_EXPIRED,
	  AT_TIME "certificate has expired" },
	{ "not valid for a second yet", NULL, NULL, TSA_NOW + 1, 0, TIMESTAMP_EXPIRED,
	  AT_TIME "certificate is not yet valid" },
};

START_TEST(judges_the_certificate)
{
	AUTO(tsa_cast_clear) struct tsa_cast c;
	struct tsa_kind kind = tsa_kind_signer;

	if (signers[_i].usage != NULL)
		kind.usage = signers[_i].usage;
	if (signers[_i].extended != NULL)
		kind.extended = signers[_i].extended[0] != '\0' ? signers[_i].extended : NULL;
	if (signers[_i].from != 0)
		kind.from = signers[_i].from;
	if (signers[_i].until != 0)
		kind.until = signers[_i].until;
	tsa_cast_make(&c, &tsa_kind_ca, &kind);
	tsa_cast_answer(&c);
	judge(&c, signers[_i].verdict, signers[_i].sentence, signers[_i].what);
}
END_TEST

/* Root and signer lived from 2001-09-09 to 2004-11-09: so did their words. */
static const struct { const char *time; enum timestamp_verdict verdict; } old[] = {
	{ "20010909014639Z", TIMESTAMP_EXPIRED }, { "20010909014640Z", TIMESTAMP_GOOD },
	{ "20041109113319Z", TIMESTAMP_GOOD }, { "20041109113320Z", TIMESTAMP_EXPIRED },
	{ TSA_TIME, TIMESTAMP_EXPIRED },
};

START_TEST(a_token_outlives_its_authority)
{
	AUTO(tsa_cast_clear) struct tsa_cast c;
	struct tsa_kind root = tsa_kind_ca, signer = tsa_kind_signer;

	root.from = signer.from = 1000000000;
	root.until = signer.until = 1100000000;
	tsa_cast_make(&c, &root, &signer);
	c.how.time = old[_i].time;
	tsa_cast_answer(&c);
	judge(&c, old[_i].verdict, "", old[_i].time);
}
END_TEST

/* ------ answers with a sin of their own ------ */

static void spoil_data(struct tsa_cast *c)
{
	c->how.data_len--;
	tsa_cast_answer(c);
}

static void spoil_digest(struct tsa_cast *c)
{
	c->how.digest = "SHA512";
	tsa_cast_answer(c);
}

static void spoil_nonce(struct tsa_cast *c)
{
	c->how.request = &c->other_request;
	tsa_cast_answer(c);
}

static void spoil_no_nonce(struct tsa_cast *c)
{
	c->how.request = NULL;
	tsa_cast_answer(c);
}

static void spoil_no_certificate(struct tsa_cast *c)
{
	c->how.without_certificate = true;
	tsa_cast_answer(c);
}

/* The signer, by whom and with what else in the token. */
static void answer_of(struct tsa_cast *c, const struct tsa_kind *kind, const struct tsa *by,
		      const struct tsa *inside)
{
	AUTO(tsa_clear) struct tsa signer;

	tsa_make(kind, by, NULL, &signer);
	c->how.inside = inside != NULL ? inside->cert : NULL;
	tsa_answer(&signer, &c->how, &c->answer);
}

static void spoil_root(struct tsa_cast *c)
{
	AUTO(tsa_clear) struct tsa other;

	tsa_make(&tsa_kind_ca, NULL, NULL, &other);	/* its name is the same */
	answer_of(c, &tsa_kind_signer, &other, &other);
}

static void spoil_self(struct tsa_cast *c)
{
	answer_of(c, &tsa_kind_signer, NULL, NULL);
}

static void take_between(struct tsa_cast *c)
{
	answer_of(c, &tsa_kind_signer, &c->between, &c->between);
}

static void spoil_between_missing(struct tsa_cast *c)
{
	answer_of(c, &tsa_kind_signer, &c->between, NULL);
}

/* Whoever has a certificate of the root's is no authority over others. */
static void spoil_between(struct tsa_cast *c)
{
	answer_of(c, &tsa_kind_signer, &c->signer, &c->signer);
}

static void spoil_signing_certificate(struct tsa_cast *c)
{
	c->how.without_signing_certificate = true;
	tsa_cast_answer(c);
}

/* Same issuer and number, of the same key or another: what is signed says which one it was. */
static void swap_certificate(struct tsa_cast *c, EVP_PKEY *key)
{
	AUTO(tsa_clear) struct tsa twin;
	struct tsa_kind kind = tsa_kind_signer;

	kind.until++;
	tsa_make(&kind, &c->root, key, &twin);
	c->how.in_its_place = twin.cert;
	tsa_cast_answer(c);
}

static void spoil_certificate(struct tsa_cast *c)
{
	swap_certificate(c, c->signer.key);
}

static void spoil_key(struct tsa_cast *c)
{
	swap_certificate(c, NULL);
}

static void take_name(struct tsa_cast *c)
{
	c->how.names = tsa_kind_signer.name;
	tsa_cast_answer(c);
}

static void spoil_name(struct tsa_cast *c)
{
	c->how.names = "Better Authority";
	tsa_cast_answer(c);
}

/* The last byte of all is one of the signature. */
static void spoil_signature(struct tsa_cast *c)
{
	tsa_cast_answer(c);
	c->answer.p[c->answer.len - 1] ^= 1;
}

static void spoil_time(struct tsa_cast *c)
{
	uint8_t *at;

	tsa_cast_answer(c);
	at = memmem(c->answer.p, c->answer.len, TSA_TIME, strlen(TSA_TIME));
	ck_assert_ptr_nonnull(at);
	at[strlen(TSA_TIME) - 2]++;
}

static const struct {
	const char *what;
	void (*spoil)(struct tsa_cast *c);
	enum timestamp_verdict verdict;
	const char *sentence;
} answers[] = {
	{ "as it should be", tsa_cast_answer, TIMESTAMP_GOOD, "" },
	{ "other data", spoil_data, TIMESTAMP_OTHER_DATA, "the time stamp is over other bytes" },
	{ "another digest", spoil_digest, TIMESTAMP_OTHER_DATA,
	  "the time stamp is over a digest that is not SHA-256" },
	{ "another's nonce", spoil_nonce, TIMESTAMP_OTHER_NONCE,
	  "the time stamp answers another request: its nonce is not ours" },
	{ "no nonce", spoil_no_nonce, TIMESTAMP_OTHER_NONCE,
	  "the time stamp answers another request: its nonce is missing" },
	{ "no certificate", spoil_no_certificate, TIMESTAMP_UNTRUSTED,
	  "the time stamp does not hold the certificate that signed it" },
	{ "another root", spoil_root, TIMESTAMP_UNTRUSTED,
	  "the authority is not one that is trusted: " },
	{ "its own issuer", spoil_self, TIMESTAMP_UNTRUSTED,
	  "the authority is not one that is trusted: self-signed certificate" },
	{ "an intermediate", take_between, TIMESTAMP_GOOD, "" },
	{ "an intermediate that is missing", spoil_between_missing, TIMESTAMP_UNTRUSTED,
	  "the authority is not one that is trusted: unable to get local issuer certificate" },
	{ "an intermediate that is none", spoil_between, TIMESTAMP_UNTRUSTED,
	  "the authority is not one that is trusted: " },
	{ "no signing certificate", spoil_signing_certificate, TIMESTAMP_FORGED,
	  "the signature of the time stamp is not right: " },
	{ "another certificate of the key", spoil_certificate, TIMESTAMP_FORGED,
	  "the signature of the time stamp is not right: " },
	{ "another key's certificate", spoil_key, TIMESTAMP_FORGED,
	  "the signature of the time stamp is not right: " },
	{ "its name", take_name, TIMESTAMP_GOOD, "" },
	{ "another's name", spoil_name, TIMESTAMP_FORGED,
	  "the signature of the time stamp is not right: " },
	{ "a bit of the signature", spoil_signature, TIMESTAMP_FORGED,
	  "the signature of the time stamp is not right: " },
	{ "a second later", spoil_time, TIMESTAMP_FORGED,
	  "the signature of the time stamp is not right: " },
};

START_TEST(judges_the_answer)
{
	AUTO(tsa_cast_clear) struct tsa_cast c;

	tsa_cast_make(&c, &tsa_kind_ca, &tsa_kind_signer);
	answers[_i].spoil(&c);
	judge(&c, answers[_i].verdict, answers[_i].sentence, answers[_i].what);
}
END_TEST

/* When the request is long gone, nobody asks for a nonce; all else is asked for. */
START_TEST(judges_without_the_request)
{
	AUTO(tsa_cast_clear) struct tsa_cast c;
	enum timestamp_verdict v;
	int64_t ms;

	tsa_cast_make(&c, &tsa_kind_ca, &tsa_kind_signer);
	spoil_no_nonce(&c);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(timestamp_check(c.answer.p, c.answer.len, tsa_data,
						 strlen(tsa_data) - i, NULL, 0, buf_str(&c.ca),
						 c.ca.len, &v, &ms, NULL), 0);
		ck_assert_int_eq(v, i == 0 ? TIMESTAMP_GOOD : TIMESTAMP_OTHER_DATA);
		ck_assert_int_eq(ms, TSA_TIME_MS);
	}
}
END_TEST

static const struct { const char *text, *sentence; } refusals[] = {
	{ "unknown algorithm",
	  "the authority refuses, status 2: bad algorithm: unknown algorithm" },
	{ "\033[2Jno", "the authority refuses, status 2: bad algorithm: \\x1b[2Jno" },
	{ "\xe4\xb8\x8d", "the authority refuses, status 2: bad algorithm: \xe4\xb8\x8d" },
};

START_TEST(a_refusal_is_a_verdict)
{
	AUTO(tsa_cast_clear) struct tsa_cast c;

	tsa_cast_make(&c, &tsa_kind_ca, &tsa_kind_signer);
	tsa_refuse(refusals[_i].text, &c.answer);
	judge(&c, TIMESTAMP_REFUSED, refusals[_i].sentence, refusals[_i].text);
}
END_TEST

/* ------ asking ------ */

START_TEST(asks_for_something_new_each_time)
{
	AUTO(buf_clear) struct buf a = BUF_INIT(1024);
	AUTO(buf_clear) struct buf b = BUF_INIT(1024);
	AUTO(buf_clear) struct buf small = BUF_INIT(20);

	ck_assert_int_eq(timestamp_request(tsa_data, strlen(tsa_data), &a, NULL), 0);
	ck_assert_int_eq(timestamp_request(tsa_data, strlen(tsa_data), &b, NULL), 0);
	ck_assert(a.len != b.len || memcmp(a.p, b.p, a.len) != 0);
	ck_assert_int_eq(timestamp_request(tsa_data, strlen(tsa_data), &small, NULL), -ENOBUFS);
	ck_assert_uint_eq(small.len, 0);
}
END_TEST

START_TEST(verdicts_have_names)
{
	for (int v = TIMESTAMP_GOOD; v <= TIMESTAMP_FORGED; v++)
		for (int w = TIMESTAMP_GOOD; w < v; w++)
			ck_assert_str_ne(timestamp_verdict_text((enum timestamp_verdict)v),
					 timestamp_verdict_text((enum timestamp_verdict)w));
}
END_TEST

/* ------ a token made by others ------ */

/* A file of the fixtures; false, said aloud, when they are not there. */
static bool fixture(const char *name, struct buf *b)
{
	const char *at = getenv("DV_FIXTURES");
	char path[PATH_MAX];
	struct err e;

	snprintf(path, sizeof(path), "%s/%s", at != NULL ? at : "../shared/fixtures", name);
	if (file_read(path, b, &e) == 0)
		return true;
	ck_assert_msg(e.code == -ENOENT, "%s", e.msg);
	fprintf(stderr, "check_timestamp: SKIPPED: %s is not there (set DV_FIXTURES)\n", path);
	return false;
}

static const struct { const char *data; enum timestamp_verdict verdict; } stamped[] = {
	{ "tlog/checkpoint.70003", TIMESTAMP_GOOD },
	{ "tlog/checkpoint.51234", TIMESTAMP_OTHER_DATA },
};

START_TEST(agrees_with_the_fixtures)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(65536);
	AUTO(buf_clear) struct buf query = BUF_INIT(65536);
	AUTO(buf_clear) struct buf reply = BUF_INIT(65536);
	AUTO(buf_clear) struct buf ca = BUF_INIT(65536);
	enum timestamp_verdict v;
	struct err e = { 0, "" };
	int64_t ms;

	if (!fixture(stamped[_i].data, &text) || !fixture("timestamp/cp.tsq", &query) ||
	    !fixture("timestamp/cp.tsr", &reply) || !fixture("timestamp/ca.pem", &ca))
		return;
	ck_assert_msg(timestamp_check(reply.p, reply.len, text.p, text.len, query.p, query.len,
				      buf_str(&ca), ca.len, &v, &ms, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(v, stamped[_i].verdict);
	ck_assert_int_eq(ms, TSA_TIME_MS);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, judges_the_certificate, 0, (int)COUNT(signers));
	tcase_add_loop_test(tc, a_token_outlives_its_authority, 0, (int)COUNT(old));
	tcase_add_loop_test(tc, judges_the_answer, 0, (int)COUNT(answers));
	tcase_add_test(tc, judges_without_the_request);
	tcase_add_loop_test(tc, a_refusal_is_a_verdict, 0, (int)COUNT(refusals));
	tcase_add_test(tc, asks_for_something_new_each_time);
	tcase_add_test(tc, verdicts_have_names);
	tcase_add_loop_test(tc, agrees_with_the_fixtures, 0, (int)COUNT(stamped));
}

int main(void)
{
	return suite_main("timestamp", fill);
}
