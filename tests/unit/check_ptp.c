#include <string.h>

#include "base/util.h"
#include "recorder/ptp.h"
#include "unit/suite.h"

START_TEST(a_command_is_built)
{
	const struct mtp_operation op = {
		.code = 0x95c1, .n_params = 4, .params = { 7, 0x80000000, 1, 4096 },
	};
	const uint8_t want[] = "\x1c\0\0\0\1\0\xc1\x95\4\3\2\1\7\0\0\0\0\0\0\x80\1\0\0\0\0\x10\0\0";
	uint8_t p[PTP_CONTAINER_MAX];

	ck_assert_uint_eq(ptp_command(&op, 0x01020304, p), sizeof(want) - 1);
	ck_assert_mem_eq(p, want, sizeof(want) - 1);
	ptp_data_header(0x100d, 2, 5, p);
	ck_assert_mem_eq(p, "\x11\0\0\0\2\0\x0d\x10\2\0\0\0", 12);
}
END_TEST

/* Deleting everything, formatting, setting anything but the clock, moving, Android's edits... */
static const struct mtp_operation forbidden[] = {
	{ 0x100b, 1, { UINT32_MAX } }, { 0x100b, 0, { 0 } }, { 0x100b, 1, { 0 } },
	{ 0x100f, 1, { 1 } }, { 0x1010, 0, { 0 } }, { 0x1012, 2, { 1, 1 } },
	{ 0x1016, 1, { 0x5001 } }, { 0x1016, 0, { 0 } }, { 0x1017, 1, { 0 } },
	{ 0x1019, 2, { 0 } }, { 0x101a, 2, { 0 } }, { 0x9804, 2, { 0 } }, { 0x9806, 0, { 0 } },
	{ 0x9808, 0, { 0 } }, { 0x9811, 1, { 0 } }, { 0x95c2, 4, { 0 } }, { 0x95c3, 3, { 0 } },
	{ 0x95c4, 1, { 0 } }, { 0x95c5, 1, { 0 } }, { 0x0000, 0, { 0 } }, { 0x2001, 0, { 0 } },
	{ 0x1001, 6, { 0 } },
};

START_TEST(what_must_not_go_aborts_the_program)
{
	uint8_t p[PTP_CONTAINER_MAX];

	ptp_command(&forbidden[_i], 1, p);	/* the test expects the signal of BUG() */
}
END_TEST

START_TEST(operations_are_told_apart)
{
	static const uint16_t reads[] = { 0x1001, 0x1007, 0x1008, 0x1009, 0x101b, 0x9805, 0x95c1 };
	static const uint16_t vendors[] = { 0x9000, 0x97ff, 0x9900, 0x9fff, 0x95bf, 0x95d0 };
	static const uint16_t neither[] = { 0x1002, 0x100b, 0x100c, 0x100f, 0x1016, 0x95c2, 0x9804,
					    0x9806, 0x8fff, 0x9800, 0x98ff, 0xa000 };
	size_t i;

	for (i = 0; i < COUNT(reads); i++)
		ck_assert(ptp_is_read(reads[i]) && !ptp_is_vendor(reads[i]));
	for (i = 0; i < COUNT(vendors); i++)
		ck_assert(!ptp_is_read(vendors[i]) && ptp_is_vendor(vendors[i]));
	for (i = 0; i < COUNT(neither); i++)
		ck_assert(!ptp_is_read(neither[i]) && !ptp_is_vendor(neither[i]));
}
END_TEST

#define TID	"\5\0\0\0"
#define RESP	"\3\0"
#define DATA	"\2\0"
#define CODE	"\1\x10"

static const struct {
	const char *bytes;
	size_t len;
	const char *fault;		/* NULL: well */
	bool is_response;
	uint64_t data;			/* bytes that follow */
} answers[] = {
#define BYTES(s)	s, sizeof(s) - 1
	{ BYTES("\x0c\0\0\0" RESP "\1\x20" TID), NULL, true, 0 },
	{ BYTES("\x20\0\0\0" RESP "\1\x20" TID "aaaabbbbccccddddeeee"), NULL, true, 0 },
	{ BYTES("\x64\0\0\0" DATA CODE TID), NULL, false, 88 },
	{ BYTES("\x0e\0\0\0" DATA CODE TID "ab"), NULL, false, 2 },
	{ BYTES("\x0c\0\0\0" DATA CODE TID), NULL, false, 0 },
	{ BYTES("\xff\xff\xff\xff" DATA CODE TID "ab"), NULL, false, PTP_UNKNOWN },
	{ BYTES("\xfe\xff\xff\xff" DATA CODE TID "ab"), NULL, false, 0xfffffff2 },
	{ BYTES(""), "an answer shorter than its header", false, 0 },
	{ BYTES("\x0c\0\0\0" RESP "\1\x20" "\5\0\0"), "an answer shorter than its header", 0, 0 },
	{ BYTES("\0\0\0\0" DATA CODE TID), "data that lies about its length", false, 0 },
	{ BYTES("\x0b\0\0\0" DATA CODE TID), "data that lies about its length", false, 0 },
	{ BYTES("\x0d\0\0\0" DATA CODE TID "ab"), "data that lies about its length", false, 0 },
	{ BYTES("\x0c\0\0\0" DATA "\2\x10" TID), "the data of another operation", false, 0 },
	{ BYTES("\x0c\0\0\0" DATA CODE "\6\0\0\0"), "the data of another transaction", false, 0 },
	{ BYTES("\x0c\0\0\0\1\0" CODE TID), "an answer that is neither data nor response", 0, 0 },
	{ BYTES("\x0c\0\0\0\4\0" CODE TID), "an answer that is neither data nor response", 0, 0 },
	{ BYTES("\0\0\0\0" RESP "\1\x20" TID), "a response that lies about its length", 1, 0 },
	{ BYTES("\x0b\0\0\0" RESP "\1\x20" TID), "a response that lies about its length", 1, 0 },
	{ BYTES("\x10\0\0\0" RESP "\1\x20" TID), "a response that lies about its length", 1, 0 },
	{ BYTES("\xff\xff\xff\xff" RESP "\1\x20" TID), "a response that lies about its length", 1,
	  0 },
	{ BYTES("\x0e\0\0\0" RESP "\1\x20" TID "ab"), "a response that lies about its length", 1, 0 },
	{ BYTES("\x24\0\0\0" RESP "\1\x20" TID "aaaabbbbccccddddeeeeffff"),
	  "a response that lies about its length", true, 0 },
	{ BYTES("\x0c\0\0\0" RESP "\1\x20" "\6\0\0\0"), "the response of another transaction", 1,
	  0 },
};

START_TEST(answers_are_parsed)
{
	struct mtp_response r = { 0 };
	bool is_response = false;
	uint64_t data = 0;
	const char *fault;

	fault = ptp_answer((const uint8_t *)answers[_i].bytes, answers[_i].len, 0x1001, 5, &r,
			   &is_response, &data);
	ck_assert_msg((fault == NULL) == (answers[_i].fault == NULL), "%d: %s", _i, fault);
	if (fault != NULL) {
		ck_assert_str_eq(fault, answers[_i].fault);
		return;
	}
	ck_assert(is_response == answers[_i].is_response);
	ck_assert_uint_eq(data, answers[_i].data);
	if (is_response) {
		ck_assert_uint_eq(r.code, PTP_OK);
		ck_assert_uint_eq(r.n_params, (answers[_i].len - 12) / 4);
	}
}
END_TEST

static const struct { const char *bytes; size_t len; int r; uint16_t code; uint32_t param; }
events[] = {
	{ BYTES("\x10\0\0\0\4\0\3\x40\0\0\0\0\7\0\0\0"), 1, 0x4003, 7 },
	{ BYTES("\x0c\0\0\0\4\0\x0b\x40\0\0\0\0"), 1, 0x400b, 0 },
	{ BYTES("\x10\0\0"), 0, 0, 0 },
	{ BYTES("\x10\0\0\0\4\0\3\x40\0\0\0\0\7\0\0"), 0, 0, 0 },
	{ BYTES("\x0b\0\0\0"), -1, 0, 0 },
	{ BYTES("\0\0\0\0"), -1, 0, 0 },
	{ BYTES("\xff\xff\xff\xff"), -1, 0, 0 },
	{ BYTES("\x24\0\0\0"), -1, 0, 0 },
	{ BYTES("\x0c\0\0\0\4\0\3\x40\0\0\0\0\7"), -1, 0, 0 },
	{ BYTES("\x0c\0\0\0\3\0\3\x40\0\0\0\0"), -1, 0, 0 },
};

START_TEST(events_are_parsed)
{
	uint16_t code = 0;
	uint32_t param = 0;

	ck_assert_int_eq(ptp_event_parse((const uint8_t *)events[_i].bytes, events[_i].len, &code,
					 &param), events[_i].r);
	ck_assert_uint_eq(code, events[_i].code);
	ck_assert_uint_eq(param, events[_i].param);
}
END_TEST

static const struct { const char *bytes; size_t len; int r; bool in, out; } settlings[] = {
	{ BYTES("\4\0\1\x20"), 1, false, false },
	{ BYTES("\4\0\x19\x20"), 0, false, false },
	{ BYTES("\4\0\x1f\x20"), 1, false, false },
	{ BYTES("\x0c\0\x1f\x20\x81\0\0\0\2\0\0\0"), 1, true, true },
	{ BYTES("\x08\0\x1f\x20\x03\0\0\0"), 1, false, false },
	{ BYTES("\6\0\x1f\x20\x81\0"), 1, false, false },
	{ BYTES("\4\0\2\x20"), -1, false, false },
	{ BYTES("\4\0"), -1, false, false },
	{ BYTES("\3\0\1\x20"), -1, false, false },
	{ BYTES("\x0c\0\1\x20"), -1, false, false },
};

START_TEST(a_device_status_is_parsed)
{
	bool in = false, out = false;

	ck_assert_int_eq(ptp_status_parse((const uint8_t *)settlings[_i].bytes, settlings[_i].len,
					  0x81, 0x02, &in, &out), settlings[_i].r);
	ck_assert(in == settlings[_i].in && out == settlings[_i].out);
}
END_TEST

START_TEST(names_and_clocks_are_looked_at)
{
	uint8_t info[PTP_OBJECT_INFO_MAX], clock[PTP_CLOCK_DATA_LEN];
	char name[PTP_NAME_MAX + 2], room[24];

	memset(name, 'a', sizeof(name));
	name[PTP_NAME_MAX + 1] = '\0';
	ck_assert_uint_eq(ptp_object_info(name, 1, info), 0);
	ck_assert_uint_eq(ptp_object_info(name + 1, 1, info), PTP_OBJECT_INFO_MAX);
	ck_assert_uint_eq(ptp_object_info("", 1, info), 0);
	ck_assert_uint_eq(ptp_object_info("a\n", 1, info), 0);
	ck_assert_uint_eq(ptp_object_info("\xe4\xb8", 1, info), 0);
	ck_assert(ptp_clock("20261123T204258", clock));
	ck_assert(!ptp_clock("20261123T20425", clock));
	ck_assert(!ptp_clock("20261123T20425x", clock));
	ck_assert_str_eq(ptp_response_name(0x200f, room, sizeof(room)), "access denied");
	ck_assert_str_eq(ptp_response_name(0x2020, room, sizeof(room)),
			 "specification of destination unsupported");
	ck_assert_str_eq(ptp_response_name(0x2021, room, sizeof(room)), "response 0x2021");
	ck_assert_str_eq(ptp_response_name(0x0001, room, sizeof(room)), "response 0x0001");
	ck_assert_ptr_nonnull(ptp_event_alarms(0x4005));
	ck_assert_ptr_null(ptp_event_alarms(0x4002));
}
END_TEST

/* The whole machine: from each state, where each event leads; GONE and NO_MEMORY are everywhere. */
static const struct { enum ptp_state from, to[PTP_EV_NO_MEMORY]; } moves[] = {
/* A session of somebody else's is seen when greeting, and a fault everywhere else. */
#define WITH(from, ok, send, data, response, session, foreign, empty, stall, fault) \
	{ PTP_##from, { PTP_##ok, PTP_##send, PTP_##data, PTP_##response, PTP_##session, \
			PTP_##foreign, PTP_##empty, PTP_##stall, PTP_##fault, PTP_##fault, \
			PTP_##fault } }
#define ROW(from, ok, send, data, response, session, empty, stall, fault) \
	WITH(from, ok, send, data, response, session, fault, empty, stall, fault)
#define REST(from, ok, stall, bad)	ROW(from, ok, bad, bad, bad, bad, bad, stall, bad)
#define PROBES(from, bad)	ROW(from, bad, bad, bad, RECOVERED, RENEWED, bad, bad, bad)
	WITH(GREETING, CANCEL, CANCEL, CANCEL, ANSWERED, CANCEL, RESET, CANCEL, CANCEL, CANCEL),
	ROW(COMMAND, ANSWER, DATA_OUT, CANCEL, CANCEL, CANCEL, CANCEL, CANCEL, CANCEL),
	ROW(DATA_OUT, ANSWER, CANCEL, CANCEL, CANCEL, CANCEL, CANCEL, CANCEL, CANCEL),
	ROW(ANSWER, CANCEL, CANCEL, DATA_IN, ANSWERED, CANCEL, ANSWER_AGAIN, CANCEL, CANCEL),
	ROW(ANSWER_AGAIN, CANCEL, CANCEL, DATA_IN, ANSWERED, CANCEL, CANCEL, CANCEL, CANCEL),
	ROW(DATA_IN, RESPONSE, CANCEL, CANCEL, ANSWERED, CANCEL, CANCEL, CANCEL, CANCEL),
	ROW(RESPONSE, CANCEL, CANCEL, CANCEL, ANSWERED, CANCEL, RESPONSE_AGAIN, CANCEL, CANCEL),
	ROW(RESPONSE_AGAIN, CANCEL, CANCEL, CANCEL, ANSWERED, CANCEL, CANCEL, CANCEL, CANCEL),
	REST(CANCEL, STATUS, RESET, RESET),
	REST(STATUS, CLEAR_IN, CLEAR_IN, RESET),
	REST(CLEAR_IN, CLEAR_OUT, RESET, RESET),
	REST(CLEAR_OUT, DRAIN, RESET, RESET),
	REST(DRAIN, PROBE, RESET, RESET),
	PROBES(PROBE, RESET),
	REST(RESET, RESET_IN, PORT_RESET, PORT_RESET),
	REST(RESET_IN, RESET_OUT, PORT_RESET, PORT_RESET),
	REST(RESET_OUT, REOPEN, PORT_RESET, PORT_RESET),
	PROBES(REOPEN, PORT_RESET),
	REST(PORT_RESET, REOPEN_AGAIN, BROKEN, BROKEN),
	PROBES(REOPEN_AGAIN, BROKEN),
};

START_TEST(follows_the_table)
{
	enum ptp_state from = moves[_i].from;
	int ev;

	ck_assert_uint_eq(COUNT(moves), PTP_ANSWERED);
	for (ev = 0; ev < PTP_EV_NO_MEMORY; ev++)
		ck_assert_msg(ptp_next(from, (enum ptp_event)ev) == moves[_i].to[ev],
			      "event %d in %s", ev, ptp_state_name(from));
	ck_assert_int_eq(ptp_next(from, PTP_EV_GONE), PTP_GONE);
	ck_assert_int_eq(ptp_next(from, PTP_EV_NO_MEMORY), PTP_STARVED);
}
END_TEST

/* Every move goes forward, so a transaction ends after as many moves as there are states. */
START_TEST(no_state_comes_twice)
{
	int from, ev;

	for (from = 0; !ptp_is_end((enum ptp_state)from); from++)
		for (ev = 0; ev < PTP_EVENTS; ev++)
			ck_assert_int_gt(ptp_next((enum ptp_state)from, (enum ptp_event)ev), from);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, a_command_is_built);
	tcase_add_test(tc, operations_are_told_apart);
	tcase_add_loop_test(tc, answers_are_parsed, 0, (int)COUNT(answers));
	tcase_add_loop_test(tc, events_are_parsed, 0, (int)COUNT(events));
	tcase_add_loop_test(tc, a_device_status_is_parsed, 0, (int)COUNT(settlings));
	tcase_add_test(tc, names_and_clocks_are_looked_at);
	tcase_add_loop_test(tc, follows_the_table, 0, (int)COUNT(moves));
	tcase_add_test(tc, no_state_comes_twice);
}

static void fill_alone(TCase *tc)
{
	tcase_add_loop_test_raise_signal(tc, what_must_not_go_aborts_the_program, 6, 0,
					 (int)COUNT(forbidden));
}

int main(void)
{
	return suite_main_with("ptp", fill, fill_alone);
}
