#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/util.h"
#include "custody/witness.h"
#include "tlog/courier_impl.h"
#include "tlog/heads.h"
#include "base/post.h"

/* One errand under way. */
struct errand {
	const struct courier_log *log;
	const struct courier_witness *w;
	struct courier_head h;
	struct post_answer answer;
};

static void errand_clear(struct errand *x)
{
	courier_head_clear(&x->h);
	buf_clear(&x->answer.body);
}

/* ------ asking ------ */

/*
 * A proof that the files give.  It is checked here, against what they give for the old tree, so
 * that files that are damaged are not taken for a witness that remembers another log.
 */
static int prove(struct errand *x, uint64_t old, struct merkle_proof *ret, struct err *e)
{
	const struct checkpoint *head = &x->h.head;
	struct merkle_hash root;
	int r;

	ret->n = 0;
	if (old == 0 || old == head->size)
		return 0;
	tlog_reader_size(x->h.reader, head->size);
	r = merkle_prove_consistency(old, head->size, tlog_reader_node, x->h.reader, ret, e);
	if (r == 0)
		r = merkle_root(old, tlog_reader_node, x->h.reader, &root, e);
	if (r == 0 && !merkle_check_consistency(old, head->size, ret, &root, &head->root))
		r = err_set(e, -EBADMSG, "the tiles of %s do not lead from %" PRIu64 " leaves to "
			    "the checkpoint of %" PRIu64 ": run vaultctl verify log", x->log->dir,
			    old, head->size);
	return r;
}

static int ask(struct errand *x, uint64_t old, struct err *e)
{
	AUTO(buf_clear) struct buf request = BUF_INIT(WITNESS_REQUEST_MAX);
	AUTO(buf_clear) struct buf url = BUF_INIT(4096);
	struct merkle_proof proof;
	size_t len = strlen(x->w->url);
	int r;

	while (len > 0 && x->w->url[len - 1] == '/')
		len--;
	buf_addf(&url, "%.*s" WITNESS_PATH, (int)len, x->w->url);
	r = prove(x, old, &proof, e);
	if (r == 0)
		r = witness_request_write(old, &proof, x->h.own.p, x->h.own.len, &request, e);
	if (r == 0)
		r = post(&(struct post){ .url = buf_str(&url), .body = request.p,
					 .len = request.len, .type = "text/plain",
					 .stop = x->log->stop }, &x->answer, e);
	return r;
}

/* ------ what it says ------ */

static enum courier_outcome take_cosignature(struct errand *x, struct courier_result *ret,
					     struct err *e)
{
	AUTO(buf_clear) struct buf line = BUF_INIT(NOTE_LINE_MAX);
	uint64_t time = 0;

	if (witness_answer_check(x->answer.body.p, x->answer.body.len, &x->h.head, x->h.text.p,
				 x->w->key, &line, &time) != CHECKPOINT_SIGNED)
		return COURIER_SAY(COURIER_LATER, e, "its answer is not a cosignature of the key "
				   "%s: is that the key of this witness?", x->w->key->name);
	ret->time_ms = time <= INT64_MAX / 1000 ? (int64_t)time * 1000 : 0;
	if (tlog_cosign(x->log->dir, x->log->key, x->w->key, buf_str(&x->h.own), buf_str(&line),
			e) < 0)
		return COURIER_LATER;
	return COURIER_DONE;
}

/* It has `told` leaves of this log, more than we had: unless the log has grown, nobody can. */
static enum courier_outcome judge_larger(const struct errand *x, uint64_t told, struct err *e)
{
	AUTO(courier_head_clear) struct courier_head newest;
	enum courier_outcome o = courier_head_load(x->log, &newest, e);

	if (o != COURIER_DONE)
		return COURIER_LATER;
	if (newest.head.size >= told)
		return COURIER_SAY(COURIER_LATER, e, "it has %" PRIu64 " leaves already", told);
	return COURIER_SAY(COURIER_REFUSED, e, "it has cosigned %" PRIu64 " leaves of %s, of which "
			   "there are only %" PRIu64 " here: this log was put back, or another has "
			   "its key", told, newest.head.origin, newest.head.size);
}

/*
 * 409: *old is not what it has (then ask again from there, COURIER_NOTHING), or is, and it knows
 * another root for it.
 */
static enum courier_outcome judge_conflict(const struct errand *x, uint64_t *old, struct err *e)
{
	uint64_t told;

	if (strcmp(x->answer.type, WITNESS_SIZE_TYPE) != 0 ||
	    witness_answer_size(x->answer.body.p, x->answer.body.len, &told, NULL) < 0)
		return COURIER_SAY(COURIER_LATER, e, "it says that it has another checkpoint, and "
				   "not of which size");
	if (told > x->h.head.size)
		return judge_larger(x, told, e);
	if (told == *old && told == x->h.head.size)
		return COURIER_SAY(COURIER_REFUSED, e, "it has cosigned another log of %" PRIu64
				   " leaves in the name of %s", told, x->h.head.origin);
	if (told == *old)
		return COURIER_SAY(COURIER_LATER, e, "it has %" PRIu64 " leaves, and will not go "
				   "on from there", told);
	*old = told;
	return COURIER_NOTHING;
}

static enum courier_outcome judge_answer(struct errand *x, struct courier_result *ret,
					 struct err *e)
{
	const struct checkpoint *head = &x->h.head;

	switch (x->answer.status) {
	case 200:
		return take_cosignature(x, ret, e);
	case 403:
		return COURIER_SAY(COURIER_LATER, e, "it does not take the signature of %s: give "
				   "it %s/log.vkey", head->origin, x->log->dir);
	case 404:
		return COURIER_SAY(COURIER_LATER, e, "it does not know the log %s: give it "
				   "%s/log.vkey", head->origin, x->log->dir);
	case 422:
		return COURIER_SAY(COURIER_REFUSED, e, "what it has cosigned of %s is not the "
				   "beginning of the %" PRIu64 " leaves here", head->origin,
				   head->size);
	default:
		return COURIER_SAY(COURIER_LATER, e, "its answer has HTTP status %ld",
				   x->answer.status);
	}
}

/* ------ the errand ------ */

static enum courier_outcome run(struct errand *x, uint64_t has, struct courier_result *ret,
				struct err *e)
{
	enum courier_outcome o = courier_head_load(x->log, &x->h, e);
	uint64_t old = has <= x->h.head.size ? has : 0, time;

	if (o != COURIER_DONE)
		return o;
	if (checkpoint_check_cosignature(&x->h.head, x->h.text.p, x->w->key, &time) ==
	    CHECKPOINT_SIGNED)
		return COURIER_SAY(COURIER_NOTHING, e, "its cosignature is there");
	for (int i = 0; i < 2; i++) {
		if (ask(x, old, e) < 0)
			return COURIER_LATER;
		if (x->answer.status != 409)
			return judge_answer(x, ret, e);
		o = judge_conflict(x, &old, e);
		if (o != COURIER_NOTHING)
			return o;
	}
	return COURIER_SAY(COURIER_LATER, e, "it has %" PRIu64 " leaves now, and had others before",
			   old);
}

void courier_witness(const struct courier_log *log, const struct courier_witness *w, uint64_t has,
		     struct courier_result *ret, struct err *e)
{
	AUTO(errand_clear) struct errand x = {
		.log = log, .w = w, .answer = { .body = BUF_INIT(WITNESS_ANSWER_MAX) },
	};

	*ret = (struct courier_result){ .outcome = COURIER_LATER };
	ret->outcome = run(&x, has, ret, e);
	if (ret->outcome == COURIER_DONE || ret->outcome == COURIER_NOTHING)
		ret->size = x.h.head.size;
	if (ret->outcome != COURIER_DONE)
		err_prefix(e, "witness %s", w->name);
}
