#include "custody/witness.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/util.h"
#include "custody/lines.h"

#define OLD	"old "

/* ------ requests ------ */

int witness_request_parse(const uint8_t *text, size_t len, struct witness_request *ret,
			  struct err *e)
{
	const size_t n = strlen(OLD);
	struct witness_request q;
	struct lines l;
	const char *s = NULL;
	size_t s_len = 0;
	int r;

	if (len > WITNESS_REQUEST_MAX)
		return err_set(e, -EINVAL, "a request of %zu bytes; %d are allowed", len,
			       WITNESS_REQUEST_MAX);
	l = lines_of(text, len);
	r = lines_take(&l, &s, &s_len, e);
	if (r < 0)
		return r;
	if (s_len < n || memcmp(s, OLD, n) != 0 || !lines_number(s + n, s_len - n, &q.old))
		return err_set(e, -EINVAL, "line 1: not \"" OLD "\" and a number below 2^63 without "
			       "leading zeros");
	r = lines_take_proof(&l, WITNESS_PROOF_MAX, &q.proof, e);
	if (r < 0)
		return r;
	q.checkpoint = (const uint8_t *)l.p;
	q.checkpoint_len = (size_t)(l.end - l.p);
	r = checkpoint_parse(q.checkpoint, q.checkpoint_len, &q.head, e);
	if (r < 0) {
		err_prefix(e, "checkpoint");
		return r;
	}
	*ret = q;
	return 0;
}

int witness_request_write(uint64_t old, const struct merkle_proof *proof,
			  const uint8_t *checkpoint, size_t len, struct buf *to, struct err *e)
{
	if (proof->n > WITNESS_PROOF_MAX)
		return err_set(e, -EINVAL, "a proof of %zu hashes; %d are allowed", proof->n,
			       WITNESS_PROOF_MAX);
	buf_addf(to, OLD "%" PRIu64 "\n", old);
	lines_add_proof(proof, to);
	buf_add(to, checkpoint, len);
	return to->failed ? err_set(e, -ENOBUFS, "no room for a request to a witness") : 0;
}

/* ------ deciding ------ */

static const struct { const char *text; unsigned status; } verdicts[] = {
	[WITNESS_COSIGN]	= { "cosigned", 200 },
	[WITNESS_MALFORMED]	= { "malformed", 400 },
	[WITNESS_UNSIGNED]	= { "unsigned", 403 },
	[WITNESS_OTHER_ORIGIN]	= { "other_origin", 404 },
	[WITNESS_CONFLICT]	= { "conflict", 409 },
	[WITNESS_FORK]		= { "fork", 409 },
	[WITNESS_UNPROVEN]	= { "unproven", 422 },
};

const char *witness_verdict_text(enum witness_verdict v)
{
	return verdicts[v].text;
}

unsigned witness_verdict_status(enum witness_verdict v)
{
	return verdicts[v].status;
}

/* From nothing, everything goes on; it has one root, and takes no proof. */
static bool proven(const struct witness_request *q, const struct checkpoint *last)
{
	const struct merkle_hash empty = merkle_empty();

	if (q->head.size == 0 && !merkle_equal(&q->head.root, &empty))
		return false;
	if (last == NULL || last->size == 0)
		return q->proof.n == 0;
	return merkle_check_consistency(last->size, q->head.size, &q->proof, &last->root,
					&q->head.root);
}

/* In the order of tlog-witness, except that a fork is seen whatever `old` is. */
enum witness_verdict witness_decide(const struct witness_request *q, const struct note_key *log,
				    const struct checkpoint *last)
{
	switch (checkpoint_check(&q->head, q->checkpoint, log)) {
	case CHECKPOINT_SIGNED:		break;
	case CHECKPOINT_OTHER_ORIGIN:	return WITNESS_OTHER_ORIGIN;
	case CHECKPOINT_UNSIGNED:
	case CHECKPOINT_FORGED:		return WITNESS_UNSIGNED;
	}
	if (last != NULL && q->head.size == last->size &&
	    !merkle_equal(&q->head.root, &last->root))
		return WITNESS_FORK;
	if (q->old > q->head.size)
		return WITNESS_MALFORMED;
	if (q->old != (last != NULL ? last->size : 0))
		return WITNESS_CONFLICT;
	return proven(q, last) ? WITNESS_COSIGN : WITNESS_UNPROVEN;
}

int witness_cosign(const struct checkpoint *head, const uint8_t *text, const struct note_key *log,
		   const struct note_secret *witness, uint64_t time, struct buf *line,
		   struct buf *state, struct err *e)
{
	const struct note_line *signed_by = checkpoint_line(head, log);
	const size_t at = line->len;
	int r;

	if (signed_by == NULL)
		BUG("a checkpoint of %s was not judged", head->origin);
	r = checkpoint_cosign(head, text, witness, time, line, e);
	if (r < 0)
		return r;
	buf_add(state, text, head->body_len);
	buf_adds(state, "\n");
	note_line_write(log, signed_by->sig, signed_by->sig_len, state);
	buf_add(state, line->p + at, line->len - at);
	if (state->failed)
		return err_set(e, -ENOBUFS, "%s: no room for a checkpoint", head->origin);
	return 0;
}

int witness_state_parse(const uint8_t *text, size_t len, const struct note_key *log,
			const struct note_key *witness, struct checkpoint *ret, struct err *e)
{
	struct checkpoint c;
	uint64_t time;

	if (checkpoint_parse(text, len, &c, e) < 0)
		return err_set(e, -EBADMSG, "not a checkpoint");
	if (checkpoint_check(&c, text, log) != CHECKPOINT_SIGNED)
		return err_set(e, -EBADMSG, "not signed by the log %s", log->name);
	if (checkpoint_check_cosignature(&c, text, witness, &time) != CHECKPOINT_SIGNED)
		return err_set(e, -EBADMSG, "not cosigned by the witness %s", witness->name);
	*ret = c;
	return 0;
}

/* ------ answers ------ */

/* The checkpoint as the answer makes it: its body, and lines of the answer alone. */
enum checkpoint_verdict witness_answer_check(const uint8_t *answer, size_t len,
					     const struct checkpoint *c, const uint8_t *text,
					     const struct note_key *witness, struct buf *line,
					     uint64_t *ret_time)
{
	AUTO(buf_clear) struct buf both = BUF_INIT(CHECKPOINT_MAX);
	enum checkpoint_verdict v;
	struct checkpoint got;
	const struct note_line *of;

	buf_add(&both, text, c->body_len);
	buf_adds(&both, "\n");
	buf_add(&both, answer, len);
	if (both.failed || checkpoint_parse(both.p, both.len, &got, NULL) < 0)
		return CHECKPOINT_UNSIGNED;
	v = checkpoint_check_cosignature(&got, both.p, witness, ret_time);
	if (v == CHECKPOINT_SIGNED) {
		of = checkpoint_line(&got, witness);
		note_line_write(witness, of->sig, of->sig_len, line);
	}
	return v;
}

int witness_answer_size(const uint8_t *answer, size_t len, uint64_t *ret, struct err *e)
{
	struct lines l = lines_of(answer, len);
	const char *s = NULL;
	size_t s_len = 0;

	if (lines_take(&l, &s, &s_len, NULL) < 0 || l.p != l.end || !lines_number(s, s_len, ret))
		return err_set(e, -EINVAL, "not a size in decimal and a line feed");
	return 0;
}
