#include "base/util.h"
#include "dockd/session.h"
#include "unit/suite.h"

static const struct {
	const char *what;
	enum session_state from;
	enum session_event event;
	enum session_state to;
} moves[] = {
	{ "strings read",
	  SESSION_IDENTIFY, SESSION_OK, SESSION_UNLOCK },
	{ "strings cannot be read",
	  SESSION_IDENTIFY, SESSION_FAULT, SESSION_BEGIN },
	{ "gone before it was identified",
	  SESSION_IDENTIFY, SESSION_STOPPED, SESSION_DONE },
	{ "it is not locked",
	  SESSION_UNLOCK, SESSION_SKIP, SESSION_MATCH },
	{ "it took the command",
	  SESSION_UNLOCK, SESSION_OK, SESSION_RETURN },
	{ "it refuses the command",
	  SESSION_UNLOCK, SESSION_FAULT, SESSION_BEGIN },
	{ "dockd ends while it is unlocked",
	  SESSION_UNLOCK, SESSION_STOPPED, SESSION_DONE },
	{ "it is back",
	  SESSION_RETURN, SESSION_OK, SESSION_IDENTIFY_AGAIN },
	{ "it never comes back",
	  SESSION_RETURN, SESSION_FAULT, SESSION_BEGIN },
	{ "dockd ends while it is away",
	  SESSION_RETURN, SESSION_STOPPED, SESSION_DONE },
	{ "strings of the unlocked read",
	  SESSION_IDENTIFY_AGAIN, SESSION_OK, SESSION_MATCH },
	{ "they cannot be read",
	  SESSION_IDENTIFY_AGAIN, SESSION_FAULT, SESSION_BEGIN },
	{ "enrolled",
	  SESSION_MATCH, SESSION_OK, SESSION_BEGIN },
	{ "not enrolled is recorded, too",
	  SESSION_MATCH, SESSION_REFUSED, SESSION_BEGIN },
	{ "gone before it was matched",
	  SESSION_MATCH, SESSION_STOPPED, SESSION_DONE },
	{ "recorded that it began",
	  SESSION_BEGIN, SESSION_OK, SESSION_OPEN },
	{ "a refused device is not opened",
	  SESSION_BEGIN, SESSION_REFUSED, SESSION_REPORT },
	{ "nor is a faulty one",
	  SESSION_BEGIN, SESSION_FAULT, SESSION_REPORT },
	{ "no journal, no session",
	  SESSION_BEGIN, SESSION_LOST, SESSION_CLOSE },
	{ "interface claimed",
	  SESSION_OPEN, SESSION_OK, SESSION_MEDIUM },
	{ "another program holds it",
	  SESSION_OPEN, SESSION_FAULT, SESSION_REPORT },
	{ "card is there",
	  SESSION_MEDIUM, SESSION_OK, SESSION_LIST },
	{ "no medium",
	  SESSION_MEDIUM, SESSION_FAULT, SESSION_REPORT },
	{ "listed",
	  SESSION_LIST, SESSION_OK, SESSION_ASK },
	{ "dock-lister crashed",
	  SESSION_LIST, SESSION_FAULT, SESSION_REPORT },
	{ "unplugged while listing",
	  SESSION_LIST, SESSION_STOPPED, SESSION_REPORT },
	{ "its past is known, or the catalog away",
	  SESSION_ASK, SESSION_OK, SESSION_PLAN },
	{ "unplugged while the catalog is asked",
	  SESSION_ASK, SESSION_STOPPED, SESSION_REPORT },
	{ "planned",
	  SESSION_PLAN, SESSION_OK, SESSION_PULL },
	{ "all items are in",
	  SESSION_PULL, SESSION_OK, SESSION_CLEAR },
	{ "unplugged while pulling",
	  SESSION_PULL, SESSION_STOPPED, SESSION_REPORT },
	{ "device fault while pulling",
	  SESSION_PULL, SESSION_FAULT, SESSION_REPORT },
	{ "journal lost while pulling",
	  SESSION_PULL, SESSION_LOST, SESSION_CLOSE },
	{ "cleared, or nothing to clear",
	  SESSION_CLEAR, SESSION_OK, SESSION_READY },
	{ "unplugged while clearing",
	  SESSION_CLEAR, SESSION_STOPPED, SESSION_REPORT },
	{ "device fault while clearing",
	  SESSION_CLEAR, SESSION_FAULT, SESSION_REPORT },
	{ "journal lost while clearing",
	  SESSION_CLEAR, SESSION_LOST, SESSION_CLOSE },
	{ "checked once more",
	  SESSION_READY, SESSION_OK, SESSION_LEDGER },
	{ "unplugged while its clock is set",
	  SESSION_READY, SESSION_STOPPED, SESSION_REPORT },
	{ "its card ledger is kept",
	  SESSION_LEDGER, SESSION_OK, SESSION_REPORT },
	{ "unplugged meanwhile",
	  SESSION_LEDGER, SESSION_STOPPED, SESSION_REPORT },
	{ "journal lost with the ledger",
	  SESSION_LEDGER, SESSION_LOST, SESSION_CLOSE },
	{ "findings written",
	  SESSION_REPORT, SESSION_OK, SESSION_CLOSE },
	{ "journal lost while reporting",
	  SESSION_REPORT, SESSION_LOST, SESSION_CLOSE },
	{ "device let go",
	  SESSION_CLOSE, SESSION_OK, SESSION_END },
	{ "end written",
	  SESSION_END, SESSION_OK, SESSION_FINISH },
	{ "end cannot be written",
	  SESSION_END, SESSION_LOST, SESSION_DONE },
	{ "recorded, or the catalog is away",
	  SESSION_FINISH, SESSION_OK, SESSION_DONE },
};

START_TEST(follows_the_table)
{
	ck_assert_msg(session_next(moves[_i].from, moves[_i].event) == moves[_i].to, "%s",
		      moves[_i].what);
}
END_TEST

/* Unlocking alone may be skipped. */
static bool may_happen(enum session_state s, enum session_event event)
{
	return event != SESSION_SKIP || s == SESSION_UNLOCK;
}

/* Whatever happens, and in whatever order, it comes to its end: every move goes forward. */
START_TEST(always_ends)
{
	enum session_state s;
	enum session_event event;

	for (s = 0; s < SESSION_DONE; s++)
		for (event = 0; event < SESSION_EVENTS; event++)
			if (may_happen(s, event))
				ck_assert_int_gt(session_next(s, event), s);
}
END_TEST

/* Once it may hold the device, nothing leads past `close`. */
START_TEST(never_leaves_the_device_open)
{
	enum session_state s;
	enum session_event event;

	for (s = SESSION_OPEN; s < SESSION_CLOSE; s++)
		for (event = 0; event < SESSION_EVENTS; event++)
			if (may_happen(s, event))
				ck_assert_int_le(session_next(s, event), SESSION_CLOSE);
}
END_TEST

/* No sector of a refused device is read: no way from there leads to `open`. */
START_TEST(never_opens_what_is_refused)
{
	enum session_state s;

	for (s = SESSION_BEGIN; s < SESSION_DONE; s++)
		ck_assert_int_ge(session_next(s, SESSION_REFUSED), SESSION_REPORT);
}
END_TEST

/* What was not recorded yet, and is gone or at its end, leaves no trace; all else is reported. */
START_TEST(reports_what_began)
{
	enum session_state s;

	for (s = 0; s < SESSION_BEGIN; s++) {
		ck_assert_int_eq(session_next(s, SESSION_STOPPED), SESSION_DONE);
		ck_assert_int_eq(session_next(s, SESSION_FAULT), SESSION_BEGIN);
		ck_assert_int_eq(session_next(s, SESSION_REFUSED), SESSION_BEGIN);
	}
	for (s = SESSION_BEGIN; s < SESSION_REPORT; s++) {
		ck_assert_int_eq(session_next(s, SESSION_STOPPED), SESSION_REPORT);
		ck_assert_int_eq(session_next(s, SESSION_FAULT), SESSION_REPORT);
	}
}
END_TEST

/* A journal that takes nothing any more is not written to: the device is let go, and that is all. */
START_TEST(writes_nothing_once_the_journal_is_lost)
{
	enum session_state s;

	for (s = SESSION_BEGIN; s < SESSION_CLOSE; s++)
		ck_assert_int_eq(session_next(s, SESSION_LOST), SESSION_CLOSE);
	for (s = SESSION_CLOSE; s < SESSION_DONE; s++)
		ck_assert_int_eq(session_next(s, SESSION_LOST), SESSION_DONE);
}
END_TEST

/* Only what is locked is unlocked, once: the same device again is not told again. */
START_TEST(unlocks_once)
{
	enum session_state s;
	enum session_event event;

	for (s = SESSION_UNLOCK; s < SESSION_DONE; s++)
		for (event = 0; event < SESSION_EVENTS; event++)
			if (may_happen(s, event))
				ck_assert_int_gt(session_next(s, event), SESSION_UNLOCK);
}
END_TEST

START_TEST(every_state_has_a_name)
{
	enum session_state s;

	for (s = 0; s < SESSION_STATES; s++)
		ck_assert_ptr_nonnull(session_state_name(s));
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, follows_the_table, 0, (int)COUNT(moves));
	tcase_add_test(tc, always_ends);
	tcase_add_test(tc, never_leaves_the_device_open);
	tcase_add_test(tc, never_opens_what_is_refused);
	tcase_add_test(tc, reports_what_began);
	tcase_add_test(tc, writes_nothing_once_the_journal_is_lost);
	tcase_add_test(tc, unlocks_once);
	tcase_add_test(tc, every_state_has_a_name);
}

int main(void)
{
	return suite_main("session_next", fill);
}
