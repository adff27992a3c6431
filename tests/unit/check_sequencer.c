#include <errno.h>

#include "base/util.h"
#include "custodyd/couriers.h"
#include "custodyd/next.h"
#include "unit/suite.h"

/* ------ what is done next ------ */

#define NOW 100000
/* Open, nothing new, looked just now, next note far away. */
#define IDLE .connected = true, .locked = true, .open = true, .appended = 10, .published = 10, \
	.told = 10, .now_ms = NOW, .heard_ms = SEQ_NEVER, .unsigned_ms = NOW, .looked_ms = NOW, \
	.retry_ms = 0, .note_ms = NOW + 50000, .gather_ms = 1000
#define MOVE(what_, step_, wait_, ...) \
	{ .what = (what_), .step = (step_), .wait_ms = (wait_), .s = { __VA_ARGS__ } }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct {
	const char *what;
	struct seq_state s;
	enum seq_step step;
	int64_t wait_ms;
} moves[] = {
	MOVE("at the start", SEQ_CONNECT, 0, .heard_ms = SEQ_NEVER),
	MOVE("the catalog is away", SEQ_WAIT, 250, .now_ms = NOW, .retry_ms = NOW + 250),
	MOVE("and is asked again", SEQ_CONNECT, 0, .now_ms = NOW, .retry_ms = NOW),
	MOVE("connected", SEQ_LOCK, 0, .connected = true),
	MOVE("another is the sequencer", SEQ_WAIT, 500, .connected = true, .now_ms = NOW,
	     .retry_ms = NOW + 500),
	MOVE("the one sequencer", SEQ_OPEN, 0, .connected = true, .locked = true),
	MOVE("refused to sign", SEQ_WAIT, 5000, .connected = true, .locked = true, .now_ms = NOW,
	     .retry_ms = NOW + 5000),
	MOVE("nothing to do", SEQ_WAIT, 2000, IDLE),
	MOVE("nobody told of anything for long", SEQ_GATHER, 0, IDLE, .looked_ms = NOW - 2000),
	MOVE("roles are due sooner", SEQ_WAIT, 700, IDLE, .note_ms = NOW + 700),
	MOVE("roles are due", SEQ_NOTE, 0, IDLE, .note_ms = NOW),
	MOVE("an event was told of", SEQ_WAIT, 1000, IDLE, .heard_ms = NOW),
	MOVE("half a while ago", SEQ_WAIT, 400, IDLE, .heard_ms = NOW - 600),
	MOVE("gathered for long enough", SEQ_GATHER, 0, IDLE, .heard_ms = NOW - 1000),
	MOVE("leaves without checkpoint", SEQ_PUBLISH, 0, IDLE, .appended = 11),
	MOVE("more waits than was taken", SEQ_GATHER, 0, IDLE, .appended = 11, .more = true),
	MOVE("roles do not wait for a backlog", SEQ_NOTE, 0, IDLE, .appended = 11, .more = true,
	     .note_ms = NOW),
	MOVE("a backlog is signed on the way", SEQ_PUBLISH, 0, IDLE, .appended = 11, .more = true,
	     .unsigned_ms = NOW - 1000),
	MOVE("and goes on", SEQ_GATHER, 0, IDLE, .more = true, .unsigned_ms = NOW - 1000),
	MOVE("files were lost", SEQ_GATHER, 0, IDLE, .appended = 3, .published = 3),
	MOVE("they are not signed until all are there", SEQ_GATHER, 0, IDLE, .appended = 9,
	     .published = 3, .unsigned_ms = 0),
	MOVE("all are there", SEQ_PUBLISH, 0, IDLE, .appended = 10, .published = 3),
	MOVE("before anything new comes", SEQ_PUBLISH, 0, IDLE, .appended = 10, .published = 3,
	     .more = true, .note_ms = NOW),
	MOVE("SIGTERM with nothing to do", SEQ_END, 0, IDLE, .stopping = true),
	MOVE("SIGTERM without a catalog", SEQ_END, 0, .stopping = true),
	MOVE("SIGTERM finishes the round", SEQ_PUBLISH, 0, IDLE, .stopping = true, .appended = 11),
	MOVE("though more would wait", SEQ_PUBLISH, 0, IDLE, .stopping = true, .appended = 11,
	     .more = true),
	MOVE("SIGTERM while nothing can be signed", SEQ_END, 0, IDLE, .stopping = true,
	     .appended = 11, .retry_ms = NOW + 1),
	MOVE("SIGTERM while files are written again", SEQ_END, 0, IDLE, .stopping = true,
	     .appended = 9, .published = 3),
};
#pragma GCC diagnostic pop

START_TEST(follows_the_table)
{
	int64_t wait_ms = 0;
	enum seq_step step = seq_next(&moves[_i].s, &wait_ms);

	ck_assert_msg(step == moves[_i].step, "%s: %s", moves[_i].what, seq_step_name(step));
	ck_assert_msg(wait_ms == moves[_i].wait_ms, "%s: %lld ms", moves[_i].what,
		      (long long)wait_ms);
}
END_TEST

/* A wait is never for nothing, or the loop would spin: whatever the state. */
START_TEST(never_waits_for_nothing)
{
	static const int64_t ago[] = { 0, 1, 999, 1000, 1999, 2000, 70000 };
	unsigned i;

	for (i = 0; i < 7 * 7 * 64; i++) {
		struct seq_state s = { IDLE };
		int64_t wait_ms = -1;

		s.looked_ms -= ago[i % 7];
		s.heard_ms = (i / 49) % 2 == 1 ? NOW - ago[i / 7 % 7] : SEQ_NEVER;
		s.note_ms += (i / 98) % 2 == 1 ? -60000 : 0;
		s.retry_ms = (i / 196) % 2 == 1 ? NOW + 1 : NOW;
		s.open = (i / 392) % 2 == 1;
		s.appended += (i / 784) % 2;
		s.stopping = (i / 1568) % 2 == 1;
		if (seq_next(&s, &wait_ms) == SEQ_WAIT)
			ck_assert_int_gt(wait_ms, 0);
	}
}
END_TEST

START_TEST(waits_longer_each_time)
{
	ck_assert_int_eq(seq_backoff_ms(1), SEQ_RETRY_MIN_MS);
	ck_assert_int_eq(seq_backoff_ms(2), 2 * SEQ_RETRY_MIN_MS);
	ck_assert_int_eq(seq_backoff_ms(5), 16 * SEQ_RETRY_MIN_MS);
	ck_assert_int_eq(seq_backoff_ms(6), SEQ_RETRY_MAX_MS);
	ck_assert_int_eq(seq_backoff_ms(UINT32_MAX), SEQ_RETRY_MAX_MS);
}
END_TEST

START_TEST(a_lost_connection_is_a_lost_lock)
{
	ck_assert_int_eq(seq_loss(-ENOTCONN), SEQ_LOST_CATALOG);
	ck_assert_int_eq(seq_loss(-ENOSPC), SEQ_LOST_LOG);
	ck_assert_int_eq(seq_loss(-EIO), SEQ_LOST_LOG);
	ck_assert_int_eq(seq_loss(-EBUSY), SEQ_LOST_LOG);
}
END_TEST

/* ------ what may be signed ------ */

#define A { .b = { 1 } }
#define B { .b = { 2 } }
#define SOUND .size = 10, .entries = 12, .told = 10, .last_leaf_same = true, .told_root = A, \
	.root_at_told = A, .told_key = CHECKPOINT_SIGNED
#define JUDGED(what_, verdict_, ...) \
	{ .what = (what_), .verdict = (verdict_), .f = { __VA_ARGS__ } }

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct {
	const char *what;
	struct seq_facts f;
	enum seq_verdict verdict;
} judged[] = {
	JUDGED("sound", SEQ_GOOD, SOUND),
	JUDGED("a new log", SEQ_GOOD, .told_key = CHECKPOINT_UNSIGNED),
	JUDGED("a new log, acts before it", SEQ_GOOD, .entries = 7),
	JUDGED("all entries are signed", SEQ_GOOD, SOUND, .entries = 10),
	JUDGED("signed, and the catalog not told before a power cut", SEQ_GOOD, SOUND, .told = 4),
	JUDGED("signed once, never told", SEQ_GOOD, SOUND, .told = 0, .told_root = B),
	JUDGED("files of an old backup", SEQ_BEHIND, SOUND, .told = 11, .root_at_told = B),
	JUDGED("files all lost", SEQ_BEHIND, SOUND, .size = 0, .last_leaf_same = false,
	       .root_at_told = B),
	JUDGED("another key, files all lost", SEQ_KEY_CHANGED, SOUND, .size = 0,
	       .told_key = CHECKPOINT_UNSIGNED),
	JUDGED("the catalog's checkpoint was tampered with", SEQ_KEY_CHANGED, SOUND, .told = 11,
	       .told_key = CHECKPOINT_FORGED),
	JUDGED("an entry is missing", SEQ_CATALOG_SHORT, SOUND, .entries = 9),
	JUDGED("all entries are missing", SEQ_CATALOG_SHORT, SOUND, .entries = 0, .told = 0,
	       .last_leaf_same = false),
	JUDGED("an old backup of both", SEQ_CATALOG_SHORT, SOUND, .told = 13),
	JUDGED("the last leaf is another", SEQ_LEAF_DIFFERS, SOUND, .last_leaf_same = false),
	JUDGED("behind, and the last leaf is another", SEQ_LEAF_DIFFERS, SOUND, .told = 11,
	       .last_leaf_same = false),
	JUDGED("the catalog was told of another tree", SEQ_ROOT_DIFFERS, SOUND, .root_at_told = B),
	JUDGED("of a smaller other tree", SEQ_ROOT_DIFFERS, SOUND, .told = 4, .root_at_told = B),
};
#pragma GCC diagnostic pop

START_TEST(judges_by_the_table)
{
	enum seq_verdict v = seq_judge(&judged[_i].f);

	ck_assert_msg(v == judged[_i].verdict, "%s: %s", judged[_i].what, seq_verdict_name(v));
}
END_TEST

START_TEST(judges_the_key)
{
	ck_assert_int_eq(seq_judge_key(true, CHECKPOINT_SIGNED), SEQ_GOOD);
	ck_assert_int_eq(seq_judge_key(false, CHECKPOINT_SIGNED), SEQ_KEY_OF_OTHER);
	ck_assert_int_eq(seq_judge_key(false, CHECKPOINT_OTHER_ORIGIN), SEQ_KEY_OF_OTHER);
	ck_assert_int_eq(seq_judge_key(true, CHECKPOINT_OTHER_ORIGIN), SEQ_KEY_CHANGED);
	ck_assert_int_eq(seq_judge_key(true, CHECKPOINT_UNSIGNED), SEQ_KEY_CHANGED);
	ck_assert_int_eq(seq_judge_key(true, CHECKPOINT_FORGED), SEQ_KEY_CHANGED);
}
END_TEST

/* ------ who is silent ------ */

START_TEST(silence_is_a_day_with_something_to_say)
{
	const int64_t day = COURIERS_SILENT_MS, now = 10 * day;

	ck_assert(!couriers_is_silent(0, 5, now - day, now));
	ck_assert(couriers_is_silent(0, 5, now - day - 1, now));
	ck_assert(couriers_is_silent(4, 5, 0, now));
	ck_assert(!couriers_is_silent(5, 5, 0, now));	/* it has all that there is */
	ck_assert(!couriers_is_silent(5, 0, 0, now));	/* this is not the sequencer */
}
END_TEST

START_TEST(each_refusal_says_what_to_do)
{
	enum seq_verdict v;

	for (v = 0; v < SEQ_VERDICTS; v++) {
		ck_assert_ptr_nonnull(seq_verdict_name(v));
		ck_assert((seq_verdict_text(v) == NULL) == (v == SEQ_GOOD || v == SEQ_BEHIND));
	}
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, follows_the_table, 0, (int)COUNT(moves));
	tcase_add_test(tc, never_waits_for_nothing);
	tcase_add_test(tc, waits_longer_each_time);
	tcase_add_test(tc, a_lost_connection_is_a_lost_lock);
	tcase_add_loop_test(tc, judges_by_the_table, 0, (int)COUNT(judged));
	tcase_add_test(tc, judges_the_key);
	tcase_add_test(tc, silence_is_a_day_with_something_to_say);
	tcase_add_test(tc, each_refusal_says_what_to_do);
}

int main(void)
{
	return suite_main("sequencer", fill);
}
