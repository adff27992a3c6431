#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/util.h"
#include "custody/witness.h"
#include "unit/note_rig.h"
#include "unit/suite.h"
#include "unit/text_rig.h"

#define ORIGIN	"evidence.example/test"
#define OTHER	"evidence.example/other"
#define WITNESS	"prosecutor.example/witness"
#define DASH	"\xe2\x80\x94 "

static struct note_secret *log_key, *thief_key, *other_key, *witness_key;

static void set_up(void)
{
	log_key = rig_note_key(ORIGIN, NOTE_ED25519, 1);
	thief_key = rig_note_key(ORIGIN, NOTE_ED25519, 2);
	other_key = rig_note_key(OTHER, NOTE_ED25519, 1);
	witness_key = rig_note_key(WITNESS, NOTE_COSIGNATURE, 3);
}

static void tear_down(void)
{
	note_secret_free(log_key);
	note_secret_free(thief_key);
	note_secret_free(other_key);
	note_secret_free(witness_key);
}

/* ------ two logs that part ways at leaf FORK_AT ------ */

enum { FORK_AT = 5 };

/* data: NULL for the log itself, anything for what it tells somebody else. */
static int node(void *data, unsigned level, uint64_t index, struct merkle_hash *ret, struct err *e)
{
	struct merkle_hash left, right;
	uint64_t leaf[2] = { index, data != NULL && index >= FORK_AT };

	if (level == 0) {
		*ret = merkle_leaf(leaf, sizeof(leaf));
		return 0;
	}
	node(data, level - 1, 2 * index, &left, e);
	node(data, level - 1, 2 * index + 1, &right, e);
	*ret = merkle_node(&left, &right);
	return 0;
}

static char branch;	/* its address: the other log */

static void sign(void *of, uint64_t size, const struct note_secret *key, struct buf *to)
{
	struct merkle_hash root;
	struct err e = { 0, "" };

	ck_assert_int_eq(merkle_root(size, node, of, &root, &e), 0);
	ck_assert_msg(checkpoint_sign(note_secret_public(key)->name, size, &root, key, to, &e) == 0,
		      "%s", e.msg);
}

/* What somebody sends: the log's own story from `from` to `size`, with `old` on top. */
static void request(void *of, uint64_t old, uint64_t from, uint64_t size,
		    const struct note_secret *key, struct buf *to)
{
	AUTO(buf_clear) struct buf head = BUF_INIT(CHECKPOINT_MAX);
	struct merkle_proof proof = { .n = 0 };
	struct err e = { 0, "" };

	sign(of, size, key, &head);
	if (from > 0)
		ck_assert_int_eq(merkle_prove_consistency(from, size, node, of, &proof, &e), 0);
	ck_assert_msg(witness_request_write(old, &proof, head.p, head.len, to, &e) == 0, "%s",
		      e.msg);
}

/* ------ deciding ------ */

enum { NONE = -1 };

static const struct {
	const char *what;
	int last;			/* size of what the witness has of the log, or NONE */
	uint64_t old, from, size;
	bool forked;			/* the request tells the other story */
	struct note_secret **key;
	enum witness_verdict verdict;
	unsigned status;
} cases[] = {
	{ "the first it sees", NONE, 0, 0, 7, false, &log_key, WITNESS_COSIGN, 200 },
	{ "the first is of an empty log", NONE, 0, 0, 0, false, &log_key, WITNESS_COSIGN, 200 },
	{ "the first comes with a proof", NONE, 0, 3, 7, false, &log_key, WITNESS_UNPROVEN, 422 },
	{ "old, and it has none", NONE, 3, 3, 7, false, &log_key, WITNESS_CONFLICT, 409 },
	{ "of nothing", 0, 0, 0, 7, false, &log_key, WITNESS_COSIGN, 200 },
	{ "of nothing, with a proof", 0, 0, 3, 7, false, &log_key, WITNESS_UNPROVEN, 422 },
	{ "grown by one", 3, 3, 3, 4, false, &log_key, WITNESS_COSIGN, 200 },
	{ "grown by many", 3, 3, 3, 100, false, &log_key, WITNESS_COSIGN, 200 },
	{ "the same again", 7, 7, 7, 7, false, &log_key, WITNESS_COSIGN, 200 },
	{ "the same, with a proof", 7, 7, 3, 7, false, &log_key, WITNESS_UNPROVEN, 422 },
	{ "old is too small", 7, 3, 3, 9, false, &log_key, WITNESS_CONFLICT, 409 },
	{ "old is zero", 7, 0, 0, 9, false, &log_key, WITNESS_CONFLICT, 409 },
	{ "old is too large", 7, 8, 8, 9, false, &log_key, WITNESS_CONFLICT, 409 },
	{ "old is more than the size", 7, 10, 3, 9, false, &log_key, WITNESS_MALFORMED, 400 },
	{ "it shrinks", 7, 7, 3, 4, false, &log_key, WITNESS_MALFORMED, 400 },
	{ "an older one", 7, 3, 3, 4, false, &log_key, WITNESS_CONFLICT, 409 },
	{ "without a proof", 7, 7, 0, 9, false, &log_key, WITNESS_UNPROVEN, 422 },
	{ "a proof from elsewhere", 7, 7, 6, 9, false, &log_key, WITNESS_UNPROVEN, 422 },
	{ "another story, before they parted", 4, 4, 4, 9, true, &log_key, WITNESS_COSIGN, 200 },
	{ "another story", 7, 7, 7, 9, true, &log_key, WITNESS_UNPROVEN, 422 },
	{ "another story of this size", 7, 7, 7, 7, true, &log_key, WITNESS_FORK, 409 },
	{ "the same with a wrong old", 7, 3, 3, 7, true, &log_key, WITNESS_FORK, 409 },
	{ "the same from nothing", 7, 0, 0, 7, true, &log_key, WITNESS_FORK, 409 },
	{ "the same with old too large", 7, 9, 7, 7, true, &log_key, WITNESS_FORK, 409 },
	{ "another story, told by no one", 7, 7, 7, 7, true, &thief_key, WITNESS_UNSIGNED, 403 },
	{ "another key", 3, 3, 3, 7, false, &thief_key, WITNESS_UNSIGNED, 403 },
	{ "another log", 3, 3, 3, 7, false, &other_key, WITNESS_OTHER_ORIGIN, 404 },
};

static enum witness_verdict decide(const struct buf *q, int last_size)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct witness_request parsed;
	struct checkpoint last;
	struct err e = { 0, "" };

	ck_assert_msg(witness_request_parse(q->p, q->len, &parsed, &e) == 0, "%s", e.msg);
	if (last_size == NONE)
		return witness_decide(&parsed, note_secret_public(log_key), NULL);
	sign(NULL, (uint64_t)last_size, log_key, &text);
	ck_assert_int_eq(checkpoint_parse(text.p, text.len, &last, &e), 0);
	return witness_decide(&parsed, note_secret_public(log_key), &last);
}

START_TEST(decides)
{
	AUTO(buf_clear) struct buf q = BUF_INIT(WITNESS_REQUEST_MAX);
	enum witness_verdict v;

	request(cases[_i].forked ? &branch : NULL, cases[_i].old, cases[_i].from, cases[_i].size,
		*cases[_i].key, &q);
	v = decide(&q, cases[_i].last);
	ck_assert_msg(v == cases[_i].verdict, "%s: %s", cases[_i].what, witness_verdict_text(v));
	ck_assert_uint_eq(witness_verdict_status(v), cases[_i].status);
}
END_TEST

/* An empty log has one root. */
START_TEST(knows_the_root_of_nothing)
{
	AUTO(buf_clear) struct buf head = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf q = BUF_INIT(WITNESS_REQUEST_MAX);
	const struct merkle_hash zeros = { { 0 } };
	struct merkle_proof none = { .n = 0 };

	ck_assert_int_eq(checkpoint_sign(ORIGIN, 0, &zeros, log_key, &head, NULL), 0);
	ck_assert_int_eq(witness_request_write(0, &none, head.p, head.len, &q, NULL), 0);
	ck_assert_int_eq(decide(&q, NONE), WITNESS_UNPROVEN);
	ck_assert_int_eq(decide(&q, 0), WITNESS_FORK);
}
END_TEST

/* ------ requests ------ */

static const struct { const char *what, *from, *to, *sentence; } bad_requests[] = {
	{ "empty line first", "old 3\n", "\n", "line 1: not \"old \"" },
	{ "no old", "old 3\n", "", "line 1: not \"old \"" },
	{ "old of another case", "old 3\n", "Old 3\n", "line 1: not \"old \"" },
	{ "two spaces", "old 3\n", "old  3\n", "line 1: not \"old \"" },
	{ "a tab", "old 3\n", "old\t3\n", "line 1: not \"old \"" },
	{ "old without a number", "old 3\n", "old \n", "line 1: not \"old \"" },
	{ "a leading zero", "old 3\n", "old 03\n", "line 1: not \"old \"" },
	{ "negative", "old 3\n", "old -3\n", "line 1: not \"old \"" },
	{ "more than 2^64", "old 3\n", "old 18446744073709551619\n", "line 1: not \"old \"" },
	{ "2^63", "old 3\n", "old 9223372036854775808\n", "line 1: not \"old \"" },
	{ "a space behind", "old 3\n", "old 3 \n", "line 1: not \"old \"" },
	{ "carriage return", "old 3\n", "old 3\r\n", "line 1: a carriage return" },
	{ "a short hash", "old 3\n", "old 3\nAAAA\n", "line 2: the hash is not base64" },
	{ "junk in a hash", "old 3\n",
	  "old 3\n!hrFxlTnJ03QyI9RxIFznd7hxk/ZdUm5EdmjADrUEU4=\n", "line 2: the hash is not base64" },
	{ "stray bits in a hash", "old 3\n",
	  "old 3\n3hrFxlTnJ03QyI9RxIFznd7hxk/ZdUm5EdmjADrUEU5=\n", "line 2: the hash is not base64" },
	{ "a hash of 33 bytes", "old 3\n",
	  "old 3\n3hrFxlTnJ03QyI9RxIFznd7hxk/ZdUm5EdmjADrUEU5A\n", "line 2: the hash is not base64" },
	{ "no empty line", "\n\n" ORIGIN, "\n" ORIGIN, "line 6: the hash is not base64" },
	{ "two empty lines", "\n\n" ORIGIN, "\n\n\n" ORIGIN, "checkpoint: line 1: the origin" },
	{ "no checkpoint", "\n" DASH, "\n", "checkpoint: line 5: not a signature" },
	{ "an extension line", "\n\n" DASH, "\nmore\n\n" DASH, "checkpoint: line 4: an extension" },
	{ "trailing bytes", "", "x", "checkpoint: line 6: the line feed" },
};

START_TEST(refuses_a_request)
{
	AUTO(buf_clear) struct buf good = BUF_INIT(WITNESS_REQUEST_MAX);
	AUTO(buf_clear) struct buf b = BUF_INIT(WITNESS_REQUEST_MAX);
	const char *sentence = bad_requests[_i].sentence;
	struct witness_request q;
	struct err e = { 0, "" };

	request(NULL, 3, 3, 7, log_key, &good);
	rig_edited(&b, buf_str(&good), bad_requests[_i].from, bad_requests[_i].to);
	ck_assert_msg(witness_request_parse(b.p, b.len, &q, &e) == -EINVAL, "%s",
		      bad_requests[_i].what);
	ck_assert_msg(strncmp(e.msg, sentence, strlen(sentence)) == 0,
		      "%s: \"%s\" instead of \"%s...\"", bad_requests[_i].what, e.msg, sentence);
}
END_TEST

START_TEST(refuses_every_prefix_of_a_request)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(WITNESS_REQUEST_MAX);
	struct witness_request q;
	uint8_t *cut;
	size_t len;

	request(NULL, 3, 3, 7, log_key, &b);
	for (len = 0; len < b.len; len++) {
		cut = malloc(len > 0 ? len : 1);
		ck_assert_ptr_nonnull(cut);
		if (len > 0)
			memcpy(cut, b.p, len);
		ck_assert_int_eq(witness_request_parse(cut, len, &q, NULL), -EINVAL);
		free(cut);
	}
}
END_TEST

START_TEST(bounds_a_request)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(4 * WITNESS_REQUEST_MAX);
	AUTO(buf_clear) struct buf head = BUF_INIT(CHECKPOINT_MAX);
	struct merkle_proof proof = { .n = WITNESS_PROOF_MAX };
	struct witness_request q;
	struct err e = { 0, "" };

	sign(NULL, 7, log_key, &head);
	ck_assert_int_eq(witness_request_write(INT64_MAX, &proof, head.p, head.len, &b, &e), 0);
	ck_assert_int_eq(witness_request_parse(b.p, b.len, &q, &e), 0);
	ck_assert_uint_eq(q.old, INT64_MAX);
	ck_assert_uint_eq(q.proof.n, WITNESS_PROOF_MAX);
	ck_assert_uint_eq(q.checkpoint_len, head.len);
	buf_reset(&b);
	proof.n++;
	ck_assert_int_eq(witness_request_write(1, &proof, head.p, head.len, &b, &e), -EINVAL);
	proof.n = 0;
	ck_assert_int_eq(witness_request_write(1, &proof, head.p, head.len, &b, &e), 0);
	while (b.len <= WITNESS_REQUEST_MAX)
		buf_adds(&b, "x");
	ck_assert_int_eq(witness_request_parse(b.p, b.len, &q, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "are allowed"));
	b.max = b.len + 1;
	ck_assert_int_eq(witness_request_write(1, &proof, head.p, head.len, &b, &e), -ENOBUFS);
}
END_TEST

/* The longest that the log itself may send is one that is taken. */
START_TEST(has_room_for_the_longest)
{
	ck_assert_uint_ge(WITNESS_REQUEST_MAX, strlen("old 9223372036854775807\n") +
			  WITNESS_PROOF_MAX * 45 + 1 + CHECKPOINT_MAX);
}
END_TEST

/* ------ cosigning, and what is kept ------ */

static void cosigned(uint64_t size, struct buf *line, struct buf *state, struct checkpoint *c,
		     struct buf *text)
{
	struct err e = { 0, "" };

	sign(NULL, size, log_key, text);
	/* Lines of others are signed by nobody we know. */
	buf_adds(text, DASH "somebody AQIDBAU=\n");
	ck_assert_int_eq(checkpoint_parse(text->p, text->len, c, &e), 0);
	ck_assert_msg(witness_cosign(c, text->p, note_secret_public(log_key), witness_key, 1795462252,
				     line, state, &e) == 0, "%s", e.msg);
}

START_TEST(keeps_what_it_cosigned)
{
	AUTO(buf_clear) struct buf line = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf state = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	struct checkpoint c, kept;
	struct err e = { 0, "" };

	cosigned(7, &line, &state, &c, &text);
	ck_assert_msg(witness_state_parse(state.p, state.len, note_secret_public(log_key),
					  note_secret_public(witness_key), &kept, &e) == 0, "%s",
		      e.msg);
	ck_assert_uint_eq(kept.size, 7);
	ck_assert_uint_eq(kept.n_lines, 2);
	ck_assert(merkle_equal(&kept.root, &c.root));
	ck_assert_ptr_nonnull(strstr(buf_str(&state), buf_str(&line)));
	ck_assert_ptr_eq(strchr(buf_str(&line), '\n') + 1, buf_str(&line) + line.len);
}
END_TEST

static const struct { const char *from, *to, *sentence; } bad_states[] = {
	{ "\n7\n", "\n8\n", "not signed by the log " ORIGIN },
	{ DASH ORIGIN, DASH OTHER, "not signed by the log " ORIGIN },
	{ ORIGIN "\n", OTHER "\n", "not signed by the log " ORIGIN },
	{ DASH WITNESS, DASH OTHER, "not cosigned by the witness " WITNESS },
	{ "", "x", "not a checkpoint" },
};

START_TEST(refuses_a_state)
{
	AUTO(buf_clear) struct buf line = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf state = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf b = BUF_INIT(2 * CHECKPOINT_MAX);
	struct checkpoint c;
	struct err e = { 0, "" };

	cosigned(7, &line, &state, &c, &text);
	rig_edited(&b, buf_str(&state), bad_states[_i].from, bad_states[_i].to);
	ck_assert_int_eq(witness_state_parse(b.p, b.len, note_secret_public(log_key),
					     note_secret_public(witness_key), &c, &e), -EBADMSG);
	ck_assert_str_eq(e.msg, bad_states[_i].sentence);
}
END_TEST

START_TEST(needs_room_and_a_witness)
{
	AUTO(buf_clear) struct buf line = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf state = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf small = BUF_INIT(20);
	struct checkpoint c;

	cosigned(7, &line, &state, &c, &text);
	ck_assert_int_eq(witness_cosign(&c, text.p, note_secret_public(log_key), log_key, 1, &line,
					&state, NULL), -EINVAL);
	ck_assert_int_eq(witness_cosign(&c, text.p, note_secret_public(log_key), witness_key, 1,
					&line, &small, NULL), -ENOBUFS);
	buf_clear(&small);
	ck_assert_int_eq(witness_cosign(&c, text.p, note_secret_public(log_key), witness_key, 1,
					&small, &state, NULL), -ENOBUFS);
}
END_TEST

/* ------ answers ------ */

static enum checkpoint_verdict check_answer(const char *answer, const struct checkpoint *c,
					    const struct buf *text, struct buf *line,
					    uint64_t *time)
{
	return witness_answer_check((const uint8_t *)answer, strlen(answer), c, text->p,
				    note_secret_public(witness_key), line, time);
}

START_TEST(reads_an_answer)
{
	AUTO(buf_clear) struct buf line = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf state = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf text = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf answer = BUF_INIT(2 * CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf got = BUF_INIT(CHECKPOINT_MAX);
	struct checkpoint c;
	uint64_t time = 0;

	cosigned(7, &line, &state, &c, &text);
	ck_assert_int_eq(check_answer(buf_str(&line), &c, &text, &got, &time), CHECKPOINT_SIGNED);
	ck_assert_uint_eq(time, 1795462252);
	ck_assert_str_eq(buf_str(&got), buf_str(&line));

	buf_reset(&got);
	buf_addf(&answer, DASH "w2 AQIDBAU=\n%s" DASH "w3 AQIDBAU=\n", buf_str(&line));
	ck_assert_int_eq(check_answer(buf_str(&answer), &c, &text, &got, &time), CHECKPOINT_SIGNED);
	ck_assert_str_eq(buf_str(&got), buf_str(&line));

	buf_reset(&got);
	ck_assert_int_eq(check_answer("", &c, &text, &got, &time), CHECKPOINT_UNSIGNED);
	ck_assert_int_eq(check_answer("\n", &c, &text, &got, &time), CHECKPOINT_UNSIGNED);
	ck_assert_int_eq(check_answer("<html>\n", &c, &text, &got, &time), CHECKPOINT_UNSIGNED);
	ck_assert_int_eq(check_answer(DASH "w2 AQIDBAU=\n", &c, &text, &got, &time),
			 CHECKPOINT_UNSIGNED);
	buf_reset(&answer);
	buf_addf(&answer, "%sx", buf_str(&line));
	ck_assert_int_eq(check_answer(buf_str(&answer), &c, &text, &got, &time),
			 CHECKPOINT_UNSIGNED);
	buf_reset(&answer);
	while (answer.len <= CHECKPOINT_MAX)
		buf_adds(&answer, buf_str(&line));
	ck_assert_int_eq(check_answer(buf_str(&answer), &c, &text, &got, &time),
			 CHECKPOINT_UNSIGNED);

	/* What it says of another checkpoint is not said of this one. */
	text.p[0] ^= 1;
	ck_assert_int_eq(check_answer(buf_str(&line), &c, &text, &got, &time), CHECKPOINT_FORGED);
	ck_assert_uint_eq(got.len, 0);
}
END_TEST

static const struct { const char *text; int r; uint64_t size; } answers[] = {
	{ "7\n", 0, 7 }, { "0\n", 0, 0 }, { "9223372036854775807\n", 0, INT64_MAX },
	{ "7", -EINVAL, 0 }, { "", -EINVAL, 0 }, { "\n", -EINVAL, 0 }, { "07\n", -EINVAL, 0 },
	{ "7\r\n", -EINVAL, 0 }, { "7\n\n", -EINVAL, 0 }, { " 7\n", -EINVAL, 0 },
	{ "9223372036854775808\n", -EINVAL, 0 }, { "conflict\n", -EINVAL, 0 },
};

START_TEST(reads_the_size_of_a_conflict)
{
	uint64_t size = 0;

	ck_assert_int_eq(witness_answer_size((const uint8_t *)answers[_i].text,
					     strlen(answers[_i].text), &size, NULL), answers[_i].r);
	ck_assert_uint_eq(size, answers[_i].size);
}
END_TEST

/* ------ made by others ------ */

/* A log that others made grew from 51234 to 70003, and its proof is there. */
START_TEST(agrees_with_the_fixtures)
{
	AUTO(buf_clear) struct buf vkey = BUF_INIT(NOTE_KEY_TEXT_MAX);
	AUTO(buf_clear) struct buf before = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf after = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf proof = BUF_INIT(CHECKPOINT_MAX);
	AUTO(buf_clear) struct buf q = BUF_INIT(WITNESS_REQUEST_MAX);
	struct witness_request parsed;
	struct checkpoint last;
	struct note_key log;

	if (!rig_tlog_fixture("log.vkey", &vkey) || !rig_tlog_fixture("checkpoint.51234", &before) ||
	    !rig_tlog_fixture("checkpoint.70003", &after) || !rig_tlog_fixture("consistency", &proof))
		return;
	ck_assert_int_eq(note_key_parse(buf_str(&vkey), strcspn(buf_str(&vkey), "\n"), &log, NULL),
			 0);
	ck_assert_int_eq(checkpoint_parse(before.p, before.len, &last, NULL), 0);
	ck_assert_int_eq(strncmp(buf_str(&proof), "51234 70003\n", 12), 0);
	buf_addf(&q, "old 51234\n%s\n%s", buf_str(&proof) + 12, buf_str(&after));
	ck_assert_int_eq(witness_request_parse(q.p, q.len, &parsed, NULL), 0);
	ck_assert_int_eq(witness_decide(&parsed, &log, &last), WITNESS_COSIGN);
	parsed.proof.hashes[3].b[0] ^= 1;
	ck_assert_int_eq(witness_decide(&parsed, &log, &last), WITNESS_UNPROVEN);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, decides, 0, (int)COUNT(cases));
	tcase_add_test(tc, knows_the_root_of_nothing);
	tcase_add_loop_test(tc, refuses_a_request, 0, (int)COUNT(bad_requests));
	tcase_add_test(tc, refuses_every_prefix_of_a_request);
	tcase_add_test(tc, bounds_a_request);
	tcase_add_test(tc, has_room_for_the_longest);
	tcase_add_test(tc, keeps_what_it_cosigned);
	tcase_add_loop_test(tc, refuses_a_state, 0, (int)COUNT(bad_states));
	tcase_add_test(tc, needs_room_and_a_witness);
	tcase_add_test(tc, reads_an_answer);
	tcase_add_loop_test(tc, reads_the_size_of_a_conflict, 0, (int)COUNT(answers));
	tcase_add_test(tc, agrees_with_the_fixtures);
}

int main(void)
{
	return suite_main("witness", fill);
}
