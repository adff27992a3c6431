#include <curl/curl.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "custody/witness.h"
#include "unit/courier_rig.h"
#include "unit/note_rig.h"
#include "unit/suite.h"
#include "unit/vault_rig.h"

enum { TIME_S = 1795437778 };

/* The log, and a witness that decides as ours does, unless it is told what to say. */
struct stage {
	const char *folder;
	struct courier_rig log;
	struct note_secret *key;
	struct note_key public;
	struct buf state;		/* the checkpoint that it cosigned last; "": none */
	struct http_rig *server;
	char url[HTTP_RIG_URL_SIZE];
	struct courier_witness witness;
	uint64_t asked_from;		/* `old` of the last request */
	struct buf asked_with;		/* the checkpoint in it */
	bool well_asked;
	/* How it answers; status 0: by itself. */
	unsigned status;
	const char *type, *body, *then;	/* then: the body of the next one */
	const struct note_secret *other_key;
	bool never;
	unsigned grow;			/* so many leaves come while it thinks */
	_Atomic bool stop;
};

/* What our witness does with a request: decide, and cosign. */
static unsigned decide(struct stage *s, const struct witness_request *q, struct buf *body,
		       const char **type)
{
	AUTO(buf_clear) struct buf state = BUF_INIT(CHECKPOINT_MAX);
	const struct note_secret *key = s->other_key != NULL ? s->other_key : s->key;
	struct checkpoint last;
	bool any = s->state.len > 0 && checkpoint_parse(s->state.p, s->state.len, &last, NULL) == 0;
	enum witness_verdict v = witness_decide(q, s->log.log.key, any ? &last : NULL);

	*type = "text/plain";
	if (v == WITNESS_CONFLICT || v == WITNESS_FORK) {
		*type = WITNESS_SIZE_TYPE;
		buf_addf(body, "%llu\n", any ? (unsigned long long)last.size : 0);
	}
	if (v != WITNESS_COSIGN)
		return witness_verdict_status(v);
	if (witness_cosign(&q->head, q->checkpoint, s->log.log.key, key, TIME_S, body, &state,
			   NULL) < 0)
		return 500;
	buf_reset(&s->state);
	buf_add(&s->state, state.p, state.len);
	return 200;
}

static void answer(void *data, const struct http_rig_request *q, struct http_rig_answer *ret)
{
	struct witness_request request;
	struct stage *s = data;

	s->well_asked = strcmp(q->path, "/witness/add-checkpoint") == 0 &&
		witness_request_parse(q->body->p, q->body->len, &request, NULL) == 0;
	if (!s->well_asked)
		return;
	s->asked_from = request.old;
	buf_reset(&s->asked_with);
	buf_add(&s->asked_with, request.checkpoint, request.checkpoint_len);
	if (s->grow > 0)
		courier_rig_grow(&s->log, s->grow, 0);
	s->grow = 0;
	if (s->status == 0) {
		ret->status = decide(s, &request, &ret->body, &ret->type);
	} else {
		ret->status = s->status;
		ret->type = s->type;
		buf_adds(&ret->body, s->body != NULL ? s->body : "");
		s->body = s->then != NULL ? s->then : s->body;
	}
	ret->never = s->never;
	atomic_store(&s->stop, s->never);
}

static void stage_begin(struct stage *s)
{
	ck_assert_int_eq(curl_global_init(CURL_GLOBAL_DEFAULT), 0);
	*s = (struct stage){ .state = BUF_INIT(CHECKPOINT_MAX),
			     .asked_with = BUF_INIT(CHECKPOINT_MAX) };
	s->folder = rig_dir();
	courier_rig_begin(&s->log, s->folder, "log");
	s->key = rig_note_key("prosecutor.example/witness-1", NOTE_COSIGNATURE, 2);
	s->public = *note_secret_public(s->key);
	s->server = http_rig_new(answer, s);
	http_rig_url(s->server, "/witness/", s->url);
	s->witness = (struct courier_witness){ .name = "prosecutor", .url = s->url,
					       .key = &s->public };
}

static void stage_end(struct stage *s)
{
	http_rig_free(s->server);
	courier_rig_end(&s->log);
	rig_clean();
	note_secret_free(s->key);
	buf_clear(&s->state);
	buf_clear(&s->asked_with);
	curl_global_cleanup();
}

static struct courier_result run(struct stage *s, uint64_t has, struct err *e)
{
	struct courier_result r;

	*e = (struct err){ 0, "" };
	courier_witness(&s->log.log, &s->witness, has, &r, e);
	return r;
}

/* Whether LOG/checkpoint, or LOG/cosigned, is of that size and cosigned by the witness. */
static bool is_cosigned(const struct stage *s, const char *name, uint64_t size)
{
	AUTO(buf_clear) struct buf text;
	struct checkpoint c;
	uint64_t when = 0;

	courier_rig_read(&s->log, name, &text);
	return text.len > 0 && checkpoint_parse(text.p, text.len, &c, NULL) == 0 &&
	       c.size == size &&
	       checkpoint_check(&c, text.p, s->log.log.key) == CHECKPOINT_SIGNED &&
	       checkpoint_check_cosignature(&c, text.p, &s->public, &when) == CHECKPOINT_SIGNED &&
	       when == TIME_S;
}

START_TEST(brings_a_cosignature)
{
	AUTO(stage_end) struct stage s;
	struct courier_result r;
	struct err e;

	stage_begin(&s);
	courier_rig_grow(&s.log, 3, 0);
	r = run(&s, 0, &e);
	ck_assert_msg(r.outcome == COURIER_DONE, "%s", e.msg);
	ck_assert_uint_eq(r.size, 3);
	ck_assert_int_eq(r.time_ms, TIME_S * (int64_t)1000);
	ck_assert(s.well_asked && s.asked_from == 0);
	ck_assert_str_eq(buf_str(&s.asked_with), buf_str(&s.log.checkpoint));
	ck_assert(is_cosigned(&s, "checkpoint", 3));

	/* What is there is not asked for. */
	r = run(&s, 3, &e);
	ck_assert(r.outcome == COURIER_NOTHING && r.size == 3);
	ck_assert_str_eq(e.msg, "witness prosecutor: its cosignature is there");
	ck_assert_uint_eq(http_rig_asked(s.server), 1);

	/* Grown, it is proven from there. */
	courier_rig_grow(&s.log, 300, 0);
	r = run(&s, 3, &e);
	ck_assert_msg(r.outcome == COURIER_DONE && r.size == 303, "%s", e.msg);
	ck_assert(s.asked_from == 3 && http_rig_asked(s.server) == 2);
	ck_assert(is_cosigned(&s, "checkpoint", 303));
}
END_TEST

/* Sizes of which it was said, and is so, that the witness has them; and the log's. */
static const struct { unsigned said, has, size, asked; } sizes[] = {
	{ 0, 0, 1, 1 }, { 0, 1, 2, 2 }, { 1, 0, 2, 2 }, { 5, 200, 300, 2 }, { 200, 5, 300, 2 },
	{ 256, 256, 257, 1 }, { 255, 256, 512, 2 }, { 400, 7, 300, 2 }, { 7, 300, 300, 2 },
	{ 300, 300, 300, 1 },
};

START_TEST(proves_from_what_it_has)
{
	AUTO(stage_end) struct stage s;
	struct courier_result r;
	struct err e;

	stage_begin(&s);
	if (sizes[_i].has > 0) {
		courier_rig_grow(&s.log, sizes[_i].has, 0);
		buf_add(&s.state, s.log.checkpoint.p, s.log.checkpoint.len);
	}
	if (sizes[_i].has < sizes[_i].size)
		courier_rig_grow(&s.log, sizes[_i].size - sizes[_i].has, 0);
	r = run(&s, sizes[_i].said, &e);
	ck_assert_msg(r.outcome == COURIER_DONE && r.size == sizes[_i].size, "%s", e.msg);
	ck_assert_uint_eq(s.asked_from, sizes[_i].has);
	ck_assert_uint_eq(http_rig_asked(s.server), sizes[_i].asked);
	ck_assert(is_cosigned(&s, "checkpoint", sizes[_i].size));
}
END_TEST

/* The log does not wait: what was cosigned is kept beside the newer one. */
START_TEST(the_log_moves_on_meanwhile)
{
	AUTO(stage_end) struct stage s;
	AUTO(buf_clear) struct buf newest;
	struct courier_result r;
	struct err e;

	stage_begin(&s);
	courier_rig_grow(&s.log, 3, 0);
	s.grow = 4;
	r = run(&s, 0, &e);
	ck_assert_msg(r.outcome == COURIER_DONE && r.size == 3, "%s", e.msg);
	courier_rig_read(&s.log, "checkpoint", &newest);
	ck_assert_str_eq(buf_str(&newest), buf_str(&s.log.checkpoint));
	ck_assert(is_cosigned(&s, "cosigned", 3));
	r = run(&s, 3, &e);
	ck_assert_msg(r.outcome == COURIER_DONE && r.size == 7, "%s", e.msg);
	ck_assert(is_cosigned(&s, "checkpoint", 7));
}
END_TEST

/* ------ another history ------ */

/* What the witness has cosigned of another log with the same key, and what there is here. */
static const struct { unsigned there, here; const char *sentence; } forks[] = {
	{ 3, 3, "witness prosecutor: it has cosigned another log of 3 leaves in the name of "
	  COURIER_RIG_ORIGIN },
	{ 3, 9, "witness prosecutor: what it has cosigned of " COURIER_RIG_ORIGIN " is not the "
	  "beginning of the 9 leaves here" },
	{ 9, 3, "witness prosecutor: it has cosigned 9 leaves of " COURIER_RIG_ORIGIN ", of which "
	  "there are only 3 here" },
};

START_TEST(a_fork_is_refused)
{
	AUTO(stage_end) struct stage s;
	struct courier_rig other;
	struct courier_result r;
	struct err e;

	stage_begin(&s);
	courier_rig_grow(&s.log, forks[_i].here, 0);
	courier_rig_begin(&other, s.folder, "other");
	courier_rig_grow(&other, forks[_i].there, 1);
	buf_add(&s.state, other.checkpoint.p, other.checkpoint.len);
	courier_rig_end(&other);
	for (uint64_t has = 0; has <= forks[_i].there; has += forks[_i].there) {
		r = run(&s, has, &e);
		ck_assert_msg(r.outcome == COURIER_REFUSED && r.size == 0, "%s", e.msg);
		ck_assert_msg(strncmp(e.msg, forks[_i].sentence, strlen(forks[_i].sentence)) == 0,
			      "\"%s\"", e.msg);
		ck_assert(!is_cosigned(&s, "checkpoint", forks[_i].here));
	}
}
END_TEST

/* Somebody brought it a newer one than we read: that is no other history. */
START_TEST(a_newer_one_is_no_fork)
{
	AUTO(stage_end) struct stage s;
	struct courier_result r;
	struct err e;

	stage_begin(&s);
	courier_rig_grow(&s.log, 3, 0);
	s.grow = 4;
	s.status = 409;
	s.type = WITNESS_SIZE_TYPE;
	s.body = "7\n";
	r = run(&s, 0, &e);
	ck_assert_msg(r.outcome == COURIER_LATER, "%s", e.msg);
	ck_assert_str_eq(e.msg, "witness prosecutor: it has 7 leaves already");
	r = run(&s, 0, &e);
	ck_assert_str_eq(e.msg, "witness prosecutor: it has cosigned another log of 7 leaves in "
				"the name of " COURIER_RIG_ORIGIN);
}
END_TEST

/* ------ later ------ */

#define SIZE_TYPE	WITNESS_SIZE_TYPE

static const struct {
	unsigned status;
	const char *type, *body, *sentence, *then;
} answers[] = {
	{ 200, "text/plain", "", "its answer is not a cosignature of the key ", NULL },
	{ 200, "text/html", "<html>\n", "its answer is not a cosignature of the key ", NULL },
	{ 400, "text/plain", "", "its answer has HTTP status 400", NULL },
	{ 403, "text/plain", "", "it does not take the signature of ", NULL },
	{ 404, "text/plain", "", "it does not know the log ", NULL },
	{ 409, SIZE_TYPE, "", "it says that it has another checkpoint, and ", NULL },
	{ 409, SIZE_TYPE, "-1\n", "it says that it has another checkpoint, and ", NULL },
	{ 409, "text/plain", "2\n", "it says that it has another checkpoint, and ", NULL },
	{ 409, SIZE_TYPE, "0\n", "it has 0 leaves, and will not go on from there", NULL },
	{ 409, SIZE_TYPE, "2\n", "it has 2 leaves, and will not go on from there", "2\n" },
	{ 409, SIZE_TYPE, "2\n", "it has 1 leaves now, and had others before", "1\n" },
	{ 500, NULL, NULL, "its answer has HTTP status 500", NULL },
	{ 302, NULL, NULL, "its answer has HTTP status 302", NULL },
};

START_TEST(asks_again_later)
{
	AUTO(stage_end) struct stage s;
	struct courier_result r;
	char sentence[240];
	struct err e;

	stage_begin(&s);
	courier_rig_grow(&s.log, 3, 0);
	s.status = answers[_i].status;
	s.type = answers[_i].type;
	s.body = answers[_i].body;
	s.then = answers[_i].then;
	r = run(&s, 0, &e);
	ck_assert_msg(r.outcome == COURIER_LATER && r.size == 0, "%s", e.msg);
	snprintf(sentence, sizeof(sentence), "witness prosecutor: %s", answers[_i].sentence);
	ck_assert_msg(strncmp(e.msg, sentence, strlen(sentence)) == 0, "\"%s\"", e.msg);
	ck_assert_uint_eq(http_rig_asked(s.server), answers[_i].then != NULL ? 2 : 1);
	ck_assert(!is_cosigned(&s, "checkpoint", 3));
}
END_TEST

START_TEST(takes_nobody_elses_cosignature)
{
	AUTO(stage_end) struct stage s;
	struct note_secret *other;
	struct err e;

	stage_begin(&s);
	courier_rig_grow(&s.log, 3, 0);
	other = rig_note_key("prosecutor.example/witness-1", NOTE_COSIGNATURE, 3);
	s.other_key = other;
	ck_assert_int_eq(run(&s, 0, &e).outcome, COURIER_LATER);
	ck_assert_str_eq(e.msg, "witness prosecutor: its answer is not a cosignature of the key "
				"prosecutor.example/witness-1: is that the key of this witness?");
	note_secret_free(other);
}
END_TEST

START_TEST(gives_up_when_told)
{
	AUTO(stage_end) struct stage s;
	struct err e;

	stage_begin(&s);
	courier_rig_grow(&s.log, 3, 0);
	s.never = true;
	s.log.log.stop = &s.stop;
	ck_assert_int_eq(run(&s, 0, &e).outcome, COURIER_LATER);
	ck_assert_int_eq(e.code, -ECANCELED);
}
END_TEST

START_TEST(asks_nobody)
{
	AUTO(stage_end) struct stage s;
	AUTO(buf_clear) struct buf tile;
	struct err e;

	stage_begin(&s);
	ck_assert_int_eq(run(&s, 0, &e).outcome, COURIER_NOTHING);
	ck_assert_str_eq(e.msg, "witness prosecutor: nothing is signed yet");

	/* Tiles that do not lead there are ours to find, not the witness's. */
	courier_rig_grow(&s.log, 9, 0);
	courier_rig_read(&s.log, "tile/0/000.p/9", &tile);
	ck_assert_uint_eq(tile.len, 9 * MERKLE_HASH_LEN);
	tile.p[8 * MERKLE_HASH_LEN] ^= 1;
	courier_rig_write(&s.log, "tile/0/000.p/9", tile.p, tile.len);
	ck_assert_int_eq(run(&s, 8, &e).outcome, COURIER_LATER);
	ck_assert_msg(strstr(e.msg, "do not lead from 8 leaves to the checkpoint of 9: run "
				    "vaultctl verify log") != NULL, "%s", e.msg);
	ck_assert_uint_eq(http_rig_asked(s.server), 0);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, brings_a_cosignature);
	tcase_add_loop_test(tc, proves_from_what_it_has, 0, (int)COUNT(sizes));
	tcase_add_test(tc, the_log_moves_on_meanwhile);
	tcase_add_loop_test(tc, a_fork_is_refused, 0, (int)COUNT(forks));
	tcase_add_test(tc, a_newer_one_is_no_fork);
	tcase_add_loop_test(tc, asks_again_later, 0, (int)COUNT(answers));
	tcase_add_test(tc, takes_nobody_elses_cosignature);
	tcase_add_test(tc, gives_up_when_told);
	tcase_add_test(tc, asks_nobody);
}

int main(void)
{
	return suite_main("courier_witness", fill);
}
