#include "base/util.h"
#include "dockd/session.h"
#include "unit/suite.h"

static const struct {
	const char *what;
	enum session_state from;
	enum session_event event;
	enum session_state to;
} moves[] = {
	{ "strings read",			SESSION_IDENTIFY, SESSION_OK,	   SESSION_MATCH },
	{ "strings cannot be read",		SESSION_IDENTIFY, SESSION_FAULT,   SESSION_BEGIN },
	{ "gone before it was identified",	SESSION_IDENTIFY, SESSION_STOPPED, SESSION_DONE },
	{ "enrolled",				SESSION_MATCH,	  SESSION_OK,	   SESSION_BEGIN },
	{ "not enrolled is recorded, too",	SESSION_MATCH,	  SESSION_REFUSED, SESSION_BEGIN },
	{ "gone before it was matched",		SESSION_MATCH,	  SESSION_STOPPED, SESSION_DONE },
	{ "recorded that it began",		SESSION_BEGIN,	  SESSION_OK,	   SESSION_OPEN },
	{ "a refused device is not opened",	SESSION_BEGIN,	  SESSION_REFUSED, SESSION_REPORT },
	{ "nor is a faulty one",		SESSION_BEGIN,	  SESSION_FAULT,   SESSION_REPORT },
	{ "no journal, no session",		SESSION_BEGIN,	  SESSION_LOST,	   SESSION_CLOSE },
	{ "interface claimed",			SESSION_OPEN,	  SESSION_OK,	   SESSION_MEDIUM },
	{ "another program holds it",		SESSION_OPEN,	  SESSION_FAULT,   SESSION_REPORT },
	{ "card is there",			SESSION_MEDIUM,	  SESSION_OK,	   SESSION_LIST },
	{ "no medium",				SESSION_MEDIUM,	  SESSION_FAULT,   SESSION_REPORT },
	{ "listed",				SESSION_LIST,	  SESSION_OK,	   SESSION_PLAN },
	{ "dock-lister crashed",		SESSION_LIST,	  SESSION_FAULT,   SESSION_REPORT },
	{ "unplugged while listing",		SESSION_LIST,	  SESSION_STOPPED, SESSION_REPORT },
	{ "planned",				SESSION_PLAN,	  SESSION_OK,	   SESSION_PULL },
	{ "all items are in",			SESSION_PULL,	  SESSION_OK,	   SESSION_REPORT },
	{ "unplugged while pulling",		SESSION_PULL,	  SESSION_STOPPED, SESSION_REPORT },
	{ "device fault while pulling",		SESSION_PULL,	  SESSION_FAULT,   SESSION_REPORT },
	{ "journal lost while pulling",		SESSION_PULL,	  SESSION_LOST,	   SESSION_CLOSE },
	{ "findings written",			SESSION_REPORT,	  SESSION_OK,	   SESSION_CLOSE },
	{ "journal lost while reporting",	SESSION_REPORT,	  SESSION_LOST,	   SESSION_CLOSE },
	{ "device let go",			SESSION_CLOSE,	  SESSION_OK,	   SESSION_END },
	{ "end written",			SESSION_END,	  SESSION_OK,	   SESSION_FINISH },
	{ "end cannot be written",		SESSION_END,	  SESSION_LOST,	   SESSION_DONE },
	{ "recorded, or the catalog is away",	SESSION_FINISH,	  SESSION_OK,	   SESSION_DONE },
};

START_TEST(follows_the_table)
{
	ck_assert_msg(session_next(moves[_i].from, moves[_i].event) == moves[_i].to, "%s",
		      moves[_i].what);
}
END_TEST

/* Whatever happens, and in whatever order, it comes to its end: every move goes forward. */
START_TEST(always_ends)
{
	enum session_state s;
	enum session_event event;

	for (s = 0; s < SESSION_DONE; s++)
		for (event = 0; event < SESSION_EVENTS; event++)
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

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, follows_the_table, 0, (int)COUNT(moves));
	tcase_add_test(tc, always_ends);
	tcase_add_test(tc, never_leaves_the_device_open);
	tcase_add_test(tc, never_opens_what_is_refused);
}

int main(void)
{
	return suite_main("session_next", fill);
}
