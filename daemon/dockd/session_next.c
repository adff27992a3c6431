#include "base/util.h"
#include "session.h"

static const char *const names[SESSION_STATES] = {
	[SESSION_IDENTIFY] = "identify",	[SESSION_UNLOCK] = "unlock",
	[SESSION_RETURN] = "return",		[SESSION_IDENTIFY_AGAIN] = "identify-again",
	[SESSION_MATCH] = "match",
	[SESSION_BEGIN] = "begin",		[SESSION_OPEN] = "open",
	[SESSION_MEDIUM] = "medium",		[SESSION_LIST] = "list",
	[SESSION_ASK] = "ask",
	[SESSION_PLAN] = "plan",		[SESSION_PULL] = "pull",
	[SESSION_CLEAR] = "clear",		[SESSION_READY] = "ready",
	[SESSION_CHALLENGE] = "challenge",	[SESSION_LEDGER] = "ledger",
	[SESSION_REPORT] = "report",		[SESSION_CLOSE] = "close",
	[SESSION_END] = "end",			[SESSION_FINISH] = "finish",
	[SESSION_DONE] = "done",
};

const char *session_state_name(enum session_state s)
{
	return names[s];
}

/* What was not recorded at all yet, and is gone, was nothing. */
static enum session_state cut_short(enum session_state s)
{
	return s < SESSION_BEGIN ? SESSION_DONE : MAX(s + 1, SESSION_REPORT);
}

/*
 * Whatever happens, a session that began reports, closes the device, and ends
 * its journal; one whose journal is lost closes the device and is done.  A
 * refused or faulty device is recorded as such: from `identify` and `match`
 * that leads to `begin` all the same.
 */
enum session_state session_next(enum session_state s, enum session_event event)
{
	if (s >= SESSION_DONE)
		BUG("session: event %d after its end", (int)event);
	switch (event) {
	case SESSION_OK:
		return s + 1;
	case SESSION_SKIP:
		if (s == SESSION_UNLOCK)
			return SESSION_MATCH;
		break;
	case SESSION_REFUSED:
	case SESSION_FAULT:
		return s < SESSION_BEGIN ? SESSION_BEGIN : MAX(s + 1, SESSION_REPORT);
	case SESSION_STOPPED:
		return cut_short(s);
	case SESSION_LOST:
		return s < SESSION_CLOSE ? SESSION_CLOSE : SESSION_DONE;
	case SESSION_WAIT:
		break;
	}
	BUG("session: no event %d in state %s", (int)event, names[s]);
}
