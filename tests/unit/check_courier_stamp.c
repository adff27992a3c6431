#include <curl/curl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "custody/timestamp.h"
#include "unit/courier_rig.h"
#include "unit/suite.h"
#include "unit/tsa_rig.h"
#include "unit/vault_rig.h"

#define REPLY	"application/timestamp-reply"

/* The log, and an authority that answers over what the log published last. */
struct stage {
	struct courier_rig log;
	struct tsa_cast cast;
	struct http_rig *server;
	char url[HTTP_RIG_URL_SIZE], ca[300];
	struct courier_authority authority;
	/* How it answers. */
	unsigned status;
	const char *type;
	bool refuses, forges, of_another, forgets, never;
	_Atomic bool stop;
	struct buf seen_type, seen_accept;
};

/* A real authority knows the imprint alone; this one knows what was published. */
static void answer(void *data, const struct http_rig_request *q, struct http_rig_answer *ret)
{
	struct stage *s = data;

	buf_adds(&s->seen_type, q->type);
	buf_adds(&s->seen_accept, q->accept);
	s->cast.how.data = s->log.checkpoint.p;
	s->cast.how.data_len = s->log.checkpoint.len;
	s->cast.how.request = s->of_another ? &s->cast.other_request : q->body;
	buf_reset(&s->cast.answer);
	if (s->refuses)
		tsa_refuse("closed", &s->cast.answer);
	else
		tsa_cast_answer(&s->cast);
	if (s->forges)
		s->cast.answer.p[s->cast.answer.len - 1] ^= 1;
	if (!s->forgets)
		buf_add(&ret->body, s->cast.answer.p, s->cast.answer.len);
	ret->status = s->status;
	ret->type = s->type;
	ret->never = s->never;
	atomic_store(&s->stop, s->never);
}

static void stage_begin(struct stage *s)
{
	ck_assert_int_eq(curl_global_init(CURL_GLOBAL_DEFAULT), 0);
	*s = (struct stage){ .status = 200, .type = REPLY, .seen_type = BUF_INIT(256),
			     .seen_accept = BUF_INIT(256) };
	courier_rig_begin(&s->log, rig_dir(), "log");
	tsa_cast_make(&s->cast, &tsa_kind_ca, &tsa_kind_signer);
	courier_rig_write(&s->log, "ca.pem", s->cast.ca.p, s->cast.ca.len);
	snprintf(s->ca, sizeof(s->ca), "%s/ca.pem", s->log.dir);
	s->server = http_rig_new(answer, s);
	http_rig_url(s->server, "/tsa", s->url);
	s->authority = (struct courier_authority){ .name = "city", .url = s->url, .ca = s->ca };
}

static void stage_end(struct stage *s)
{
	http_rig_free(s->server);
	tsa_cast_clear(&s->cast);
	courier_rig_end(&s->log);
	rig_clean();
	buf_clear(&s->seen_type);
	buf_clear(&s->seen_accept);
	curl_global_cleanup();
}

static struct courier_result stamp(struct stage *s, struct err *e)
{
	struct courier_result r;

	*e = (struct err){ 0, "" };
	courier_stamp(&s->log.log, &s->authority, &r, e);
	return r;
}

/* What is kept of size 3 is the checkpoint with the log's line alone, and the answer. */
static void must_be_kept(struct stage *s)
{
	AUTO(buf_clear) struct buf text, token;

	courier_rig_read(&s->log, "time/3/checkpoint", &text);
	courier_rig_read(&s->log, "time/3/city.tsr", &token);
	ck_assert_str_eq(buf_str(&text), buf_str(&s->log.checkpoint));
	ck_assert_uint_eq(token.len, s->cast.answer.len);
	ck_assert_mem_eq(token.p, s->cast.answer.p, token.len);
}

START_TEST(keeps_a_token)
{
	AUTO(stage_end) struct stage s;
	struct courier_result r;
	struct err e;

	stage_begin(&s);
	courier_rig_grow(&s.log, 3, 0);
	r = stamp(&s, &e);
	ck_assert_msg(r.outcome == COURIER_DONE, "%s", e.msg);
	ck_assert_uint_eq(r.size, 3);
	ck_assert_int_eq(r.time_ms, TSA_TIME_MS);
	ck_assert_str_eq(buf_str(&s.seen_type), "application/timestamp-query");
	ck_assert_str_eq(buf_str(&s.seen_accept), REPLY);
	must_be_kept(&s);

	/* Once is enough, until the log grows. */
	r = stamp(&s, &e);
	ck_assert(r.outcome == COURIER_NOTHING && r.size == 3);
	ck_assert_str_eq(e.msg, "authority city: its newest checkpoint is stamped");
	ck_assert_uint_eq(http_rig_asked(s.server), 1);
	courier_rig_grow(&s.log, 300, 0);
	r = stamp(&s, &e);
	ck_assert(r.outcome == COURIER_DONE && r.size == 303);

	/* Another authority's is another file. */
	s.authority.name = "court";
	r = stamp(&s, &e);
	ck_assert(r.outcome == COURIER_DONE && r.size == 303);
}
END_TEST

START_TEST(stamps_the_logs_own_line_alone)
{
	AUTO(stage_end) struct stage s;
	AUTO(buf_clear) struct buf both = BUF_INIT(CHECKPOINT_MAX);
	struct err e;

	stage_begin(&s);
	courier_rig_grow(&s.log, 3, 0);
	buf_add(&both, s.log.checkpoint.p, s.log.checkpoint.len);
	buf_adds(&both, "\xe2\x80\x94 witness.example AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
			"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
	courier_rig_write(&s.log, "checkpoint", both.p, both.len);
	ck_assert_msg(stamp(&s, &e).outcome == COURIER_DONE, "%s", e.msg);
	must_be_kept(&s);
}
END_TEST

/* ------ what is not kept ------ */

static void be_refused(struct stage *s)
{
	s->refuses = true;
}

static void be_forged(struct stage *s)
{
	s->forges = true;
}

static void be_of_another(struct stage *s)
{
	s->of_another = true;
}

static void be_empty(struct stage *s)
{
	s->forgets = true;
}

static void be_ill(struct stage *s)
{
	s->status = 500;
}

static void be_elsewhere(struct stage *s)
{
	s->status = 302;
}

static void be_a_page(struct stage *s)
{
	s->type = "text/html";
}

static void be_silent(struct stage *s)
{
	s->never = true;
	s->log.log.stop = &s->stop;
}

static void be_of_others(struct stage *s)
{
	struct tsa_cast other;

	tsa_cast_make(&other, &tsa_kind_ca, &tsa_kind_signer);
	courier_rig_write(&s->log, "ca.pem", other.ca.p, other.ca.len);
	tsa_cast_clear(&other);
}

static void be_without_ca(struct stage *s)
{
	unlink(s->ca);
}

static void be_away(struct stage *s)
{
	int fd;

	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u/", http_rig_nobody(&fd));
	close(fd);
}

/* A file is where the folder should be. */
static void be_in_the_way(struct stage *s)
{
	courier_rig_write(&s->log, "time", "", 0);
}

static const struct { void (*be)(struct stage *s); const char *sentence; } laters[] = {
	{ be_refused, "authority city: the authority refuses, status 2: bad algorithm: closed" },
	{ be_forged, "authority city: the signature of the time stamp is not right: " },
	{ be_of_another, "authority city: the time stamp answers another request" },
	{ be_empty, "authority city: the answer is not a time stamp" },
	{ be_ill, "authority city: http://127.0.0.1:" },
	{ be_elsewhere, "authority city: http://127.0.0.1:" },
	{ be_a_page, "authority city: http://127.0.0.1:" },
	{ be_silent, "authority city: http://127.0.0.1:" },
	{ be_of_others, "authority city: the authority is not one that is trusted" },
	{ be_without_ca, "authority city: /" },
	{ be_away, "authority city: http://127.0.0.1:" },
	{ be_in_the_way, "authority city: /" },
};

START_TEST(asks_again_later)
{
	AUTO(stage_end) struct stage s;
	AUTO(buf_clear) struct buf token;
	struct courier_result r;
	struct err e;

	stage_begin(&s);
	courier_rig_grow(&s.log, 3, 0);
	laters[_i].be(&s);
	r = stamp(&s, &e);
	ck_assert_msg(r.outcome == COURIER_LATER, "%s", e.msg);
	ck_assert_uint_eq(r.size, 0);
	ck_assert_msg(strncmp(e.msg, laters[_i].sentence, strlen(laters[_i].sentence)) == 0,
		      "\"%s\" instead of \"%s\"", e.msg, laters[_i].sentence);
	courier_rig_read(&s.log, "time/3/city.tsr", &token);
	ck_assert_uint_eq(token.len, 0);
}
END_TEST

START_TEST(asks_nobody)
{
	AUTO(stage_end) struct stage s;
	struct note_key another;
	struct courier_result r;
	struct err e;

	stage_begin(&s);
	r = stamp(&s, &e);
	ck_assert(r.outcome == COURIER_NOTHING && r.size == 0);
	ck_assert_str_eq(e.msg, "authority city: nothing is signed yet");
	courier_rig_grow(&s.log, 3, 0);
	another = *s.log.log.key;
	another.key[0] ^= 1;
	s.log.log.key = &another;
	r = stamp(&s, &e);
	ck_assert(r.outcome == COURIER_LATER && r.size == 0);
	ck_assert_msg(strstr(e.msg, "/checkpoint is not signed by the key of " COURIER_RIG_ORIGIN
				    ": run vaultctl verify log") != NULL, "%s", e.msg);
	ck_assert_uint_eq(http_rig_asked(s.server), 0);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, keeps_a_token);
	tcase_add_test(tc, stamps_the_logs_own_line_alone);
	tcase_add_loop_test(tc, asks_again_later, 0, (int)COUNT(laters));
	tcase_add_test(tc, asks_nobody);
}

int main(void)
{
	return suite_main("courier_stamp", fill);
}
