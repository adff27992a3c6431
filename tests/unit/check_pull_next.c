#include "base/util.h"
#include "dockd/pull.h"
#include "unit/suite.h"

static const struct {
	const char *what;
	enum pull_state from;
	enum pull_event event;
	enum pull_state to;
} moves[] = {
	{ "sidecar judged",			PULL_SIDECAR,	PULL_OK,	PULL_PROBE },
	{ "unplugged at the sidecar",		PULL_SIDECAR,	PULL_STOP,	PULL_END },
	{ "fingerprint taken",			PULL_PROBE,	PULL_OK,	PULL_ASK },
	{ "a sidecar alone",			PULL_PROBE,	PULL_SKIP,	PULL_KEEP },
	{ "bad sector in head or tail",		PULL_PROBE,	PULL_LOCAL,	PULL_KEEP },
	{ "unplugged while probing",		PULL_PROBE,	PULL_STOP,	PULL_END },
	{ "not recorded yet",			PULL_ASK,	PULL_OK,	PULL_RESUME },
	{ "recorded before",			PULL_ASK,	PULL_SKIP,	PULL_KEEP },
	{ "all bytes written",			PULL_CONTENT,	PULL_OK,	PULL_SEAL },
	{ "an empty file",			PULL_CONTENT,	PULL_SKIP,	PULL_SEAL },
	{ "bad sector in the middle",		PULL_CONTENT,	PULL_LOCAL,	PULL_KEEP },
	{ "disk full while writing",		PULL_CONTENT,	PULL_NO_ROOM,	PULL_PAUSE },
	{ "unplugged while reading",		PULL_CONTENT,	PULL_STOP,	PULL_END },
	{ "durable",				PULL_SEAL,	PULL_OK,	PULL_DIGEST },
	{ "disk full while sealing",		PULL_SEAL,	PULL_NO_ROOM,	PULL_PAUSE },
	{ "hashed again",			PULL_DIGEST,	PULL_OK,	PULL_KEEP },
	{ "no digest needed",			PULL_DIGEST,	PULL_SKIP,	PULL_KEEP },
	{ "the blob cannot be read now",	PULL_DIGEST,	PULL_NO_ROOM,	PULL_PAUSE },
	{ "sidecar kept",			PULL_KEEP,	PULL_OK,	PULL_SIGN },
	{ "no sidecar",				PULL_KEEP,	PULL_SKIP,	PULL_SIGN },
	{ "where to go on is known",		PULL_RESUME,	PULL_OK,	PULL_CONTENT },
	{ "all of it is there",			PULL_RESUME,	PULL_SKIP,	PULL_SEAL },
	{ "disk full for what was kept",	PULL_RESUME,	PULL_NO_ROOM,	PULL_PAUSE },
	{ "disk full for the sidecar",		PULL_KEEP,	PULL_NO_ROOM,	PULL_PAUSE },
	{ "sealed by the dock",			PULL_SIGN,	PULL_OK,	PULL_RECORD },
	{ "signed by the recorder",		PULL_SIGN,	PULL_SKIP,	PULL_RECORD },
	{ "disk full for the seal",		PULL_SIGN,	PULL_NO_ROOM,	PULL_PAUSE },
	{ "in the journal",			PULL_RECORD,	PULL_OK,	PULL_END },
	{ "room again, nothing sealed",		PULL_PAUSE,	PULL_OK,	PULL_RESUME },
	{ "room again, content sealed",		PULL_PAUSE,	PULL_SKIP,	PULL_DIGEST },
	{ "given up while it waited",		PULL_PAUSE,	PULL_STOP,	PULL_END },
};

START_TEST(follows_the_table)
{
	ck_assert_msg(pull_next(moves[_i].from, moves[_i].event) == moves[_i].to, "%s",
		      moves[_i].what);
}
END_TEST

/* From every state, by every event: a stop always ends it, and a full disk always pauses it. */
START_TEST(stops_and_pauses_from_everywhere)
{
	enum pull_state s;

	for (s = 0; s < PULL_END; s++) {
		ck_assert_int_eq(pull_next(s, PULL_STOP), PULL_END);
		ck_assert_int_eq(pull_next(s, PULL_NO_ROOM), PULL_PAUSE);
		ck_assert_ptr_nonnull(pull_state_name(s));
	}
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, follows_the_table, 0, (int)COUNT(moves));
	tcase_add_test(tc, stops_and_pauses_from_everywhere);
}

int main(void)
{
	return suite_main("pull_next", fill);
}
