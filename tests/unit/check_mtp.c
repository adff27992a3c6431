/* The MTP session over a device scripted byte by byte (ptp_rig.h): what is asked and answered. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "unit/mtp_talk_rig.h"
#include "unit/suite.h"

enum { STEPS = 48 };

/* Parts of scripts. */
#define STILL_BUSY	BYTES(RIG_STATUS, "\4\0\x19\x20")
#define PROBE		CMD(0x1002, 0, 1, 1), RESP(ALREADY_OPEN, 0, 1, 1)
#define NEW_SESSION	CMD(0x1002, 0, 1, 1), RESP0(OK, 0)
#define RECOVERY(t)	CANCEL(t), SETTLED, SILENCE, PROBE
/* The first packet of data that promises so much. */
#define PROMISE(c, t, count)	{ RIG_DATA, c, t, .len = 500, .promised = (count) }
#define PART64(t, high)	CMD(0x95c1, t, 4, 7, 0, high, 2048)
#define PART32(t)	CMD(0x101b, t, 3, 7, 0, 2048)
#define PART64_OK(t)	PART64(t, 0), DATA(0x95c1, t, 2048), RESP(OK, t, 1, 2048)
#define WANT(result, says)	FETCH(0, result, says)

static const struct {
	const char *what;
	enum talk_can can;
	struct talk_request requests[TALK_REQUESTS];
	const char *changed;
	struct rig_step script[STEPS];
} sessions[] = {
	{ "nothing but open and close", CAN64, { { 0 } }, "", { OPEN, CLOSE(1) } },
	{ "a session was open", CAN64, { { 0 } }, "", { PROBE, RESET, NEW_SESSION, CLOSE(1) } },
	{ "and is so after a reset", CAN64, { { 0 } }, "", { PROBE, RESET, PROBE, CLOSE(1) } },
	{ "it is busy at first", CAN64, { { 0 } }, "",
	  { CMD(0x1002, 0, 1, 1), RESP0(BUSY, 0), OPEN, CLOSE(1) } },
	{ "somebody left it in mid-transaction", CAN64, { ASK(9, 0, NULL) }, "",
	  { CMD(0x1002, 0, 1, 1), BYTES(RIG_IN, "the rest of something else"),
	    CANCEL("\0"), STILL_BUSY, SETTLED, BYTES(RIG_IN, "more of it"), SILENCE, PROBE,
	    RESET, NEW_SESSION, SHOWN(1, 9), CLOSE(2) } },
	{ "it takes no command before a reset", CAN64, { ASK(9, 0, NULL) }, "",
	  { ENDS(RIG_OUT_ENDS, USB_TIMED_OUT), REFUSED, RESET, NEW_SESSION, SHOWN(1, 9),
	    CLOSE(2) } },
	{ "nor before one of the port", CAN64, { ASK(9, 0, NULL) }, "",
	  { ENDS(RIG_OUT_ENDS, USB_TIMED_OUT), REFUSED, REFUSED, PORT_RESET, NEW_SESSION,
	    SHOWN(1, 9), CLOSE(2) } },
	{ "a query", CAN64, { ASK(100, 0, NULL) }, "", { OPEN, SHOWN(1, 100), CLOSE(2) } },
	{ "of pieces, and a read behind it", CAN64, { ASK(10000, 0, NULL), WANT(0, NULL) }, "",
	  { OPEN, SHOWN(1, 10000), PART64_OK(2), CLOSE(3) } },
	{ "of unknown length", CAN64, { ASK(700, 0, NULL) }, "",
	  { OPEN, INFO(1), { RIG_DATA, 0x1001, 1, .len = 700, .how = RIG_UNKNOWN }, RESP0(OK, 1),
	    CLOSE(2) } },
	{ "without data", CAN64, { { QUERY, 0x1006, .response = OK } }, "",
	  { OPEN, CMD(0x1006, 1, 1, 0), RESP(OK, 1, 1, 12), CLOSE(2) } },
	{ "with empty data", CAN64, { ASK(0, 0, NULL) }, "", { OPEN, SHOWN(1, 0), CLOSE(2) } },
	{ "refused", CAN64, { { QUERY, 0x1008, .response = 0x200f } }, "",
	  { OPEN, CMD(0x1008, 1, 1, 0), RESP0(0x200f, 1), CLOSE(2) } },
	{ "busy, twice", CAN64, { ASK(9, 0, NULL) }, "",
	  { OPEN, INFO(1), RESP0(BUSY, 1), INFO(2), RESP0(BUSY, 2), SHOWN(3, 9), CLOSE(4) } },
	{ "cut short", CAN64, { ASK(0, -EIO, "100 bytes less") }, "",
	  { OPEN, INFO(1), { RIG_DATA, 0x1001, 1, .len = 100, .promised = 200 }, RESP0(OK, 1),
	    CLOSE(2) } },
	{ "an empty answer, then the answer", CAN64, { ASK(9, 0, NULL) }, "",
	  { OPEN, INFO(1), BYTES(RIG_IN, ""), DATA(0x1001, 1, 9), BYTES(RIG_IN, ""),
	    RESP0(OK, 1), CLOSE(2) } },
	{ "two empty answers", CAN64, { ASK(9, 0, NULL) }, "",
	  { OPEN, INFO(1), BYTES(RIG_IN, ""), BYTES(RIG_IN, ""), RECOVERY("\1"), SHOWN(2, 9),
	    CLOSE(3) } },

	{ "beyond 4 GiB", CAN64 | CAN32,
	  { { READ, .handle = 7, .size = 6ull << 30, .offset = 5ull << 30, .len = 2048 } }, "",
	  { OPEN, CMD(0x95c1, 1, 4, 7, 0x40000000, 1, 2048),
	    { RIG_DATA, 0x95c1, 1, .len = 2048, .from = 5ull << 30 }, RESP(OK, 1, 1, 2048),
	    CLOSE(2) } },
	{ "with 32 bits", CAN32, { WANT(0, NULL) }, "",
	  { OPEN, PART32(1), DATA(0x101b, 1, 2048), RESP0(OK, 1), CLOSE(2) } },
	{ "GetObject in one go", CAN_OBJECT,
	  { FETCH(0, 0, NULL), FETCH(2048, 0, NULL), FETCH(6144, 0, NULL) }, "",
	  { OPEN, CMD(0x1009, 1, 1, 7), DATA(0x1009, 1, 8192), RESP0(OK, 1), CLOSE(2) } },
	{ "GetObject of unknown length", CAN_OBJECT, { FETCH(0, 0, NULL), FETCH(6144, 0, NULL) },
	  "", { OPEN, CMD(0x1009, 1, 1, 7),
	    { RIG_DATA, 0x1009, 1, .len = 8192, .how = RIG_UNKNOWN }, RESP0(OK, 1), CLOSE(2) } },
	{ "GetObject backwards", CAN_OBJECT, { FETCH(2048, 0, NULL), FETCH(0, 0, NULL) }, "",
	  { OPEN, CMD(0x1009, 1, 1, 7), { RIG_DATA, 0x1009, 1, .len = 4596, .promised = 8192 },
	    RECOVERY("\1"),
	    CMD(0x1009, 2, 1, 7), { RIG_DATA, 0x1009, 2, .len = 2548, .promised = 8192 },
	    RECOVERY("\2"), CLOSE(3) } },
	{ "a query between", CAN_OBJECT, { FETCH(0, 0, NULL), ASK(9, 0, NULL) }, "",
	  { OPEN, CMD(0x1009, 1, 1, 7), { RIG_DATA, 0x1009, 1, .len = 2548, .promised = 8192 },
	    RECOVERY("\1"), SHOWN(2, 9), CLOSE(3) } },
	{ "an object that has shrunk", CAN_OBJECT, { FETCH(0, -EIO, "smaller than it was listed") },
	  "", { OPEN, CMD(0x1009, 1, 1, 7), PROMISE(0x1009, 1, 8000), RECOVERY("\1"), CLOSE(2) } },
	{ "an object that has grown", CAN_OBJECT, { FETCH(0, -EIO, "more than it was asked for") },
	  "", { OPEN, CMD(0x1009, 1, 1, 7), PROMISE(0x1009, 1, 8193), RECOVERY("\1"),
		CMD(0x1009, 2, 1, 7), PROMISE(0x1009, 2, 8193), RECOVERY("\2"), CLOSE(3) } },
	{ "an object whose end does not come", CAN_OBJECT,
	  { FETCH(4096, 0, NULL), FETCH(6144, -EIO, "sent only 1024 bytes") }, "",
	  { OPEN, CMD(0x1009, 1, 1, 7), { RIG_DATA, 0x1009, 1, .len = 7168, .promised = 8192 },
	    RESP0(OK, 1), CLOSE(2) } },

	{ "the device has no more", CAN64, { WANT(-EIO, "sent only 900 bytes"), WANT(0, NULL) },
	  "", { OPEN, PART64(1, 0), DATA(0x95c1, 1, 900), RESP(OK, 1, 1, 900), PART64_OK(2),
		CLOSE(3) } },
	{ "and lies about it", CAN64, { WANT(-EIO, "claims to have sent 900") }, "",
	  { OPEN, PART64(1, 0), DATA(0x95c1, 1, 2048), RESP(OK, 1, 1, 900), CLOSE(2) } },
	{ "the object is gone", CAN64, { WANT(-EIO, "invalid object handle"), WANT(0, NULL) }, "",
	  { OPEN, PART64(1, 0), RESP0(0x2009, 1), PART64_OK(2), CLOSE(3) } },
	{ "the response in place of the last packets", CAN64,
	  { WANT(-EIO, "incomplete transfer"), WANT(0, NULL) }, "",
	  { OPEN, PART64(1, 0),
	    { RIG_DATA, 0x95c1, 1, .len = 1012, .promised = 2048, .how = RIG_GLUED },
	    RESP0(0x2007, 1), PART64_OK(2), CLOSE(3) } },
	{ "the response behind data cut short", CAN64, { WANT(-EIO, "access denied") }, "",
	  { OPEN, PART64(1, 0), { RIG_DATA, 0x95c1, 1, .len = 1000, .promised = 2048 },
	    RESP0(0x200f, 1), CLOSE(2) } },
	{ "the data stalls, and once more", CAN64, { WANT(-EIO, "stalled"), WANT(0, NULL) }, "",
	  { OPEN, PART64(1, 0), ENDS(RIG_IN_ENDS, USB_STALLED), CANCEL("\1"), SETTLED,
	    { RIG_CLEAR, .code = 0x81 }, SILENCE, PROBE,
	    PART64(2, 0), ENDS(RIG_IN_ENDS, USB_STALLED), CANCEL("\2"), SETTLED,
	    { RIG_CLEAR, .code = 0x81 }, SILENCE, PROBE, PART64_OK(3), CLOSE(4) } },
	{ "a status that names what halted", CAN64, { WANT(0, NULL) }, "",
	  { OPEN, PART64(1, 0), ENDS(RIG_IN_ENDS, USB_FAILED), CANCEL("\1"),
	    BYTES(RIG_STATUS, "\x0c\0\x1f\x20\x81\0\0\0\2\0\0\0"),
	    { RIG_CLEAR, .code = 0x81 }, { RIG_CLEAR, .code = 0x02 }, SILENCE, PROBE,
	    PART64_OK(2), CLOSE(3) } },
	{ "the response of another", CAN64, { WANT(0, NULL) }, "",
	  { OPEN, PART64(1, 0), RESP0(OK, 9), RECOVERY("\1"), PART64_OK(2), CLOSE(3) } },
	{ "more than asked", CAN64, { WANT(-EIO, "more than it was asked for") }, "",
	  { OPEN, PART64(1, 0), PROMISE(0x95c1, 1, 2049), RECOVERY("\1"),
	    PART64(2, 0), PROMISE(0x95c1, 2, 2049), RECOVERY("\2"), CLOSE(3) } },
	{ "more than promised", CAN64, { WANT(0, NULL) }, "",
	  { OPEN, PART64(1, 0), { RIG_DATA, 0x95c1, 1, .len = 2036, .promised = 2030 },
	    RECOVERY("\1"), PART64_OK(2), CLOSE(3) } },
	{ "silence once", CAN64, { WANT(-EIO, "no answer in time"), WANT(0, NULL) }, "",
	  { OPEN, PART64(1, 0), SILENCE, RECOVERY("\1"), PART64_OK(2), CLOSE(3) } },
	{ "silence twice", CAN64, { WANT(-EIO, "no answer"), WANT(-ETIMEDOUT, "no answer"),
				    WANT(-ETIMEDOUT, "no answer") }, "",
	  { OPEN, PART64(1, 0), SILENCE, RECOVERY("\1"), PART64(2, 0), SILENCE,
	    RECOVERY("\2") } },
	{ "it forgets its session", CAN64, { WANT(-EPROTO, "dock it again"), WANT(-EPROTO, "") },
	  "", { OPEN, PART64(1, 0), SILENCE, CANCEL("\1"), SETTLED, SILENCE, NEW_SESSION } },
	{ "only a reset helps", CAN64, { WANT(-EPROTO, "dock it again") }, "",
	  { OPEN, PART64(1, 0), SILENCE, REFUSED, RESET, NEW_SESSION } },
	{ "nothing helps", CAN64, { WANT(-ETIMEDOUT, "two resets did not help") }, "",
	  { OPEN, PART64(1, 0), SILENCE, REFUSED, REFUSED, { RIG_PORT_RESET, .tid = EIO } } },

	{ "deleting is no alarm", CAN64, { { DELETE, .handle = 7, .response = OK }, ASK(9, 0, NULL) },
	  "", { OPEN, CMD(0x100b, 1, 2, 7, 0), RESP0(OK, 1),
		BYTES(RIG_EVENT, "\x10\0\0\0\4\0\3\x40\0\0\0\0\7\0\0\0"), SHOWN(2, 9), CLOSE(3) } },
	{ "a write is not tried again", CAN64, { { DELETE, .handle = 7, .r = -EIO } }, "",
	  { OPEN, CMD(0x100b, 1, 2, 7, 0), RESP0(OK, 2), RECOVERY("\1"), CLOSE(2) } },
	{ "but when it is busy", CAN64, { { DELETE, .handle = 7, .response = 0x200d } }, "",
	  { OPEN, CMD(0x100b, 1, 2, 7, 0), RESP0(BUSY, 1), CMD(0x100b, 2, 2, 7, 0),
	    RESP0(0x200d, 2), CLOSE(3) } },
	{ "the clock", CAN64, { { CLOCK, .response = OK } }, "",
	  { OPEN, CMD(0x1016, 1, 1, 0x5011),
	    BYTES(RIG_OUT, "\x2d\0\0\0\2\0\x16\x10\1\0\0\0\x10"
		  "2\0000\0002\0006\0001\0001\0002\0003\0T\0002\0000\0004\0002\0005\0008\0\0\0"),
	    RESP0(OK, 1), CLOSE(2) } },
	{ "a file", CAN64, { { SEND, .response = OK } }, "",
	  { OPEN, CMD(0x100c, 1, 2, 0x10001, UINT32_MAX),
	    FILE_INFO("\1"),
	    RESP(OK, 1, 3, 0x10001, 0, 9), CMD0(0x100d, 2),
	    FILE_BYTES("\2"), RESP0(OK, 2), CLOSE(3) } },
	{ "a file it has no room for", CAN64, { { SEND, .response = 0x200c } }, "",
	  { OPEN, CMD(0x100c, 1, 2, 0x10001, UINT32_MAX),
	    FILE_INFO("\1"),
	    RESP0(0x200c, 1), CLOSE(2) } },
	{ "an unlock", CAN64, { { VENDOR, 0x9201, .handle = 5, .response = OK } }, "",
	  { OPEN, CMD(0x9201, 1, 1, 5), RESP0(OK, 1), CLOSE(2) } },
	{ "an unlock after which it leaves", CAN64, { { VENDOR, 0x9201, .r = -ENODEV } }, "",
	  { OPEN, CMD(0x9201, 1, 1, 0) } },
	{ "data behind a write", CAN64, { { VENDOR, 0x9201, .r = -EIO } }, "",
	  { OPEN, CMD(0x9201, 1, 1, 0), DATA(0x9201, 1, 4), RECOVERY("\1"), CLOSE(2) } },

	{ "the card is taken out", CAN64, { ASK(9, 0, NULL) }, "card was taken out",
	  { OPEN, BYTES(RIG_EVENT, "\x10\0\0\0\4\0\5\x40\0\0\0\0\1\0\1\0"), SHOWN(1, 9),
	    CLOSE(2) } },
	{ "so, told in pieces and behind noise", CAN64, { ASK(9, 0, NULL) }, "card was taken out",
	  { OPEN, BYTES(RIG_EVENT, "\xff\xff\xff\xff\xff"), BYTES(RIG_EVENT, "\x10\0"),
	    BYTES(RIG_EVENT, "\0\0\4\0\5\x40\0\0\0\0\1\0\1\0"), SHOWN(1, 9), CLOSE(2) } },
	{ "another's file is removed", CAN64, { ASK(9, 0, NULL) }, "removed a file",
	  { OPEN, BYTES(RIG_EVENT, "\x10\0\0\0\4\0\3\x40\0\0\0\0\7\0\0\0"), SHOWN(1, 9),
	    CLOSE(2) } },
	{ "what is no alarm", CAN64, { ASK(9, 0, NULL) }, "",
	  { OPEN, BYTES(RIG_EVENT, "\x10\0\0\0\4\0\2\x40\0\0\0\0\7\0\0\0"), SHOWN(1, 9),
	    CLOSE(2) } },
};

START_TEST(sessions_go_as_listed)
{
	struct talk s = { .can = sessions[_i].can };

	talk_run(&s, sessions[_i].script, sessions[_i].requests);
	ck_assert_msg(s.opened == 0, "%s: %s", sessions[_i].what, s.why);
	ck_assert_msg(s.rig.step->kind == RIG_END, "%s: step %u was not reached",
		      sessions[_i].what, s.rig.steps);
	ck_assert_msg(strstr(s.changed, sessions[_i].changed) != NULL &&
		      (s.changed[0] == '\0') == (sessions[_i].changed[0] == '\0'), "%s: %s",
		      sessions[_i].what, s.changed);
}
END_TEST

static const uint32_t lengths[] = {
	1, 4, 20, 51, 52, 53, 116, 244, 499, 500, 501, 512, 1011, 1012, 1013, 4083, 4084, 4096,
	4097, 8180, 65524, 65536, 200000,
};

/* A dataset in all the ways in which header, data and end may be cut into packets. */
START_TEST(data_may_be_cut_anywhere)
{
	static const uint16_t packets[] = { 64, 512, 1024 };
	struct talk_request requests[] = { ASK(lengths[_i], 0, NULL), WANT(0, NULL), { 0 } };
	struct rig_step script[] = { OPEN, SHOWN(1, lengths[_i]), PART64_OK(2), CLOSE(3), { 0 } };
	struct talk *s;
	unsigned p, how;

	for (p = 0; p < COUNT(packets); p++)
		for (how = 0; how < RIG_GLUED; how++) {
			s = calloc(1, sizeof(*s));
			ck_assert_ptr_nonnull(s);
			s->can = CAN64;
			s->rig.max_packet = packets[p];
			s->slow = (how & RIG_ZLP) != 0;
			script[3].how = (enum rig_how)how;
			script[6].how = (enum rig_how)(how & (unsigned)~RIG_UNKNOWN);
			talk_run(s, script, requests);
			ck_assert_int_eq(s->opened, 0);
			ck_assert_msg(s->rig.step->kind == RIG_END, "%u bytes, packets of %u, %u",
				      lengths[_i], packets[p], how);
			free(s);
		}
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, sessions_go_as_listed, 0, (int)COUNT(sessions));
	tcase_add_loop_test(tc, data_may_be_cut_anywhere, 0, (int)COUNT(lengths));
}

int main(void)
{
	return suite_main("mtp", fill);
}
