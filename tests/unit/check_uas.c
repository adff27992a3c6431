#include <string.h>

#include "base/util.h"
#include "recorder/uas.h"
#include "unit/suite.h"

START_TEST(a_command_is_put_into_a_unit)
{
	static const uint8_t want[UAS_COMMAND_LEN] = {
		1, 0, 0x12, 0x34, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0,
		0x28, 0, 0, 0, 0, 9, 0, 0, 128, 0,
	};
	struct scsi_command c = scsi_read(9, 128, 512);
	uint8_t iu[UAS_COMMAND_LEN];

	c.lun = 7;
	memset(iu, 0xff, sizeof(iu));
	uas_command(&c, 0x1234, iu);
	ck_assert_mem_eq(iu, want, sizeof(want));
}
END_TEST

/* WRITE(10), WRITE(16), MODE SELECT, FORMAT UNIT, START STOP UNIT, UNMAP, vendor's own. */
static const uint8_t writes[] = { 0x2a, 0x8a, 0x55, 0x04, 0x1b, 0x42, 0xc0, 0x0a, 0x2e, 0x35 };

START_TEST(a_write_aborts_the_program)
{
	struct scsi_command c = { .cdb = { writes[_i] }, .cdb_len = 10 };
	uint8_t iu[UAS_COMMAND_LEN];

	uas_command(&c, 1, iu);		/* the test expects the signal of BUG() */
}
END_TEST

static const struct { const char *what; size_t len; uint8_t bytes[16]; uint8_t pipe; } extras[] = {
	{ "command", 4, { 4, 0x24, 1, 0 }, 1 },
	{ "data out", 4, { 4, 0x24, 4, 0 }, 4 },
	{ "behind the SuperSpeed companion", 10, { 6, 0x30, 15, 4, 0, 0, 4, 0x24, 3, 0 }, 3 },
	{ "longer than it need be", 6, { 6, 0x24, 2, 0, 9, 9 }, 2 },
	{ "a pipe nobody knows", 4, { 4, 0x24, 5, 0 }, 0 },
	{ "no pipe", 4, { 4, 0x24, 0, 0 }, 0 },
	{ "shorter than it must be", 4, { 3, 0x24, 1, 0 }, 0 },
	{ "cut short", 3, { 4, 0x24, 1 }, 0 },
	{ "of no length", 8, { 0, 0x24, 1, 0, 4, 0x24, 1, 0 }, 0 },
	{ "of length one", 8, { 1, 0x24, 1, 0, 4, 0x24, 1, 0 }, 0 },
	{ "reaching beyond the end", 8, { 9, 0x30, 0, 0, 4, 0x24, 1, 0 }, 0 },
	{ "only another descriptor", 6, { 6, 0x30, 15, 4, 0, 0 }, 0 },
	{ "one byte", 1, { 4 }, 0 },
	{ "nothing", 0, { 0 }, 0 },
};

START_TEST(an_endpoint_says_what_it_is)
{
	ck_assert_msg(uas_pipe_of(extras[_i].bytes, extras[_i].len) == extras[_i].pipe, "%s",
		      extras[_i].what);
}
END_TEST

#define CUT	"a status that is cut short"

static const struct {
	const char *what, *bytes;
	size_t len;
	const char *fault;
	uint8_t id, status, response;
	size_t sense_len;
} units[] = {
	{ "good", "\3\0\x12\x34\0\0\0\0\0\0\0\0\0\0\0\0", 16, NULL, 3, 0, 0, 0 },
	{ "a failure", "\3\0\x12\x34\0\0\2\0\0\0\0\0\0\0\0\4abcd", 20, NULL, 3, 2, 0, 4 },
	{ "more follows than it says", "\3\0\x12\x34\0\0\2\0\0\0\0\0\0\0\0\2abcd", 20, NULL, 3, 2,
	  0, 2 },
	{ "says more than follows", "\3\0\x12\x34\0\0\2\0\0\0\0\0\0\0\xff\xff" "ab", 18, NULL, 3,
	  2, 0, 2 },
	{ "a status of fifteen", "\3\0\x12\x34\0\0\0\0\0\0\0\0\0\0\0", 15, CUT, 0, 0, 0, 0 },
	{ "a status of four", "\3\0\x12\x34", 4, CUT, 0, 0, 0, 0 },
	{ "a status of three", "\3\0\x12", 3, CUT, 0, 0, 0, 0 },
	{ "nothing", "", 0, CUT, 0, 0, 0, 0 },
	{ "of another", "\3\0\x12\x35\0\0\0\0\0\0\0\0\0\0\0\0", 16, "the status of another command",
	  0, 0, 0, 0 },
	{ "of another, in the high byte", "\6\0\x13\x34", 4, "the status of another command",
	  0, 0, 0, 0 },
	{ "a response", "\4\0\x12\x34\0\0\0\x0a", 8, NULL, 4, 0, 0x0a, 0 },
	{ "half a response", "\4\0\x12\x34\0\0\0", 7, "a response that is cut short", 0, 0, 0, 0 },
	{ "read ready", "\6\0\x12\x34", 4, NULL, 6, 0, 0, 0 },
	{ "write ready", "\7\0\x12\x34", 4, NULL, 7, 0, 0, 0 },
	{ "a command", "\1\0\x12\x34\0\0\0\0\0\0\0\0\0\0\0\0", 16,
	  "a status that the standard does not know", 0, 0, 0, 0 },
	{ "task management", "\5\0\x12\x34\0\0\0\0\0\0\0\0\0\0\0\0", 16,
	  "a status that the standard does not know", 0, 0, 0, 0 },
};

START_TEST(a_unit_is_parsed)
{
	const uint8_t *p = (const uint8_t *)units[_i].bytes;
	struct uas_iu iu = { 0 };
	const char *fault = uas_parse(p, units[_i].len, 0x1234, &iu);

	if (units[_i].fault == NULL)
		ck_assert_msg(fault == NULL, "%s: %s", units[_i].what, fault);
	else
		ck_assert_str_eq(fault, units[_i].fault);
	ck_assert_uint_eq(iu.id, units[_i].id);
	ck_assert_uint_eq(iu.status, units[_i].status);
	ck_assert_uint_eq(iu.response, units[_i].response);
	ck_assert_uint_eq(iu.sense_len, units[_i].sense_len);
	ck_assert(iu.sense_len == 0 || iu.sense == p + 16);
}
END_TEST

START_TEST(sense_data_has_an_end)
{
	uint8_t p[UAS_STATUS_MAX] = { 3, [6] = 2, [14] = 0xff, [15] = 0xff };
	struct uas_iu iu;

	ck_assert_ptr_null(uas_parse(p, sizeof(p), 0, &iu));
	ck_assert_uint_eq(iu.sense_len, UAS_SENSE_MAX);
}
END_TEST

static const struct { const char *what; enum uas_id id; bool wants, announced, fine; } turns[] = {
	{ "a status, always", UAS_SENSE, true, false, true },
	{ "a status without data", UAS_SENSE, false, true, true },
	{ "data that is waited for", UAS_READ_READY, true, false, true },
	{ "data announced twice", UAS_READ_READY, true, true, false },
	{ "data of a command without", UAS_READ_READY, false, false, false },
	{ "it wants to be written to", UAS_WRITE_READY, true, false, false },
	{ "a response", UAS_RESPONSE, true, false, false },
};

START_TEST(a_unit_comes_in_its_turn)
{
	struct uas_iu iu = { .id = turns[_i].id };

	ck_assert_msg((uas_refuse(&iu, turns[_i].wants, turns[_i].announced) == NULL) ==
		      turns[_i].fine, "%s", turns[_i].what);
}
END_TEST

#define SENT	.command_whole = true
#define OVER	SENT, .sensed = true

static const struct {
	const char *what;
	struct uas_exchange x;
	bool lost;
	enum uas_event ev;
} judgements[] = {
	{ "well", { OVER }, false, UAS_EV_OK },
	{ "the data stalls, and why", { OVER, .data = USB_STALLED }, false, UAS_EV_STALL_DATA },
	{ "the data stalls, and nothing", { SENT, .data = USB_STALLED }, false, UAS_EV_FAULT },
	{ "the command stalls", { .command = USB_STALLED, .status = USB_CANCELLED }, true,
	  UAS_EV_FAULT },
	{ "half a command goes out", { .sensed = true }, false, UAS_EV_FAULT },
	{ "the status stalls", { SENT, .status = USB_STALLED }, true, UAS_EV_FAULT },
	{ "babble in the data", { OVER, .data = USB_OVERFLOW }, true, UAS_EV_FAULT },
	{ "babble in the status", { SENT, .status = USB_OVERFLOW }, true, UAS_EV_FAULT },
	{ "a wrong unit", { SENT, .fault = "x" }, true, UAS_EV_FAULT },
	{ "a wrong unit, then silence", { SENT, .fault = "x", .data = USB_TIMED_OUT }, true,
	  UAS_EV_FAULT },
	{ "silence", { .command = USB_TIMED_OUT, .status = USB_CANCELLED }, true, UAS_EV_TIMEOUT },
	{ "silence in the data", { SENT, .data = USB_TIMED_OUT, .status = USB_CANCELLED }, true,
	  UAS_EV_TIMEOUT },
	{ "silence in the status", { SENT, .status = USB_TIMED_OUT }, true, UAS_EV_TIMEOUT },
	{ "noise", { OVER, .data = USB_FAILED }, true, UAS_EV_FAULT },
	{ "cancelled before it was over", { SENT, .status = USB_CANCELLED }, true, UAS_EV_FAULT },
	{ "unplugged", { SENT, .data = USB_GONE, .status = USB_TIMED_OUT }, true, UAS_EV_GONE },
	{ "unplugged after a wrong unit", { SENT, .fault = "x", .command = USB_GONE }, true,
	  UAS_EV_GONE },
};

START_TEST(exchanges_are_judged)
{
	const struct uas_exchange *x = &judgements[_i].x;
	const char *why = NULL;

	ck_assert_msg(uas_is_lost(x) == judgements[_i].lost, "%s", judgements[_i].what);
	ck_assert_msg(uas_judge(x, &why) == judgements[_i].ev, "%s: %s", judgements[_i].what, why);
	ck_assert((why == NULL) == (judgements[_i].ev == UAS_EV_OK));
}
END_TEST

#define EVENTS	(UAS_EV_GONE + 1)

/* The whole machine: from each state, where each event leads. */
static const struct { enum uas_state from, to[EVENTS]; } moves[] = {
#define ROW(from, ok, stall_data, fault, timeout) \
	{ UAS_##from, { UAS_##ok, UAS_##stall_data, UAS_##fault, UAS_##timeout, UAS_GONE } }
	/*  from         ok           stall data   fault        timeout */
	ROW(EXCHANGE,    ANSWERED,    CLEAR_DATA,  RESET,       RESET),
	ROW(CLEAR_DATA,  ANSWERED,    RESET,       RESET,       RESET),
	ROW(RESET,       PROBE,       RESET_AGAIN, RESET_AGAIN, RESET_AGAIN),
	ROW(PROBE,       RECOVERED,   RESET_AGAIN, RESET_AGAIN, RESET_AGAIN),
	ROW(RESET_AGAIN, PROBE_AGAIN, BROKEN,      BROKEN,      BROKEN),
	ROW(PROBE_AGAIN, RECOVERED,   BROKEN,      BROKEN,      BROKEN),
#undef ROW
};

START_TEST(follows_the_table)
{
	int ev;

	for (ev = 0; ev < EVENTS; ev++)
		ck_assert_msg(uas_next(moves[_i].from, (enum uas_event)ev) == moves[_i].to[ev],
			      "event %d in %s", ev, uas_state_name(moves[_i].from));
}
END_TEST

/* Every move goes forward, so a command ends after as many moves as there are states. */
START_TEST(no_state_comes_twice)
{
	int from, ev;

	for (from = 0; !uas_is_end((enum uas_state)from); from++)
		for (ev = 0; ev < EVENTS; ev++)
			ck_assert_int_gt(uas_next((enum uas_state)from, (enum uas_event)ev), from);
	ck_assert_int_eq(from, (int)COUNT(moves));
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, a_command_is_put_into_a_unit);
	tcase_add_loop_test(tc, an_endpoint_says_what_it_is, 0, (int)COUNT(extras));
	tcase_add_loop_test(tc, a_unit_is_parsed, 0, (int)COUNT(units));
	tcase_add_test(tc, sense_data_has_an_end);
	tcase_add_loop_test(tc, a_unit_comes_in_its_turn, 0, (int)COUNT(turns));
	tcase_add_loop_test(tc, exchanges_are_judged, 0, (int)COUNT(judgements));
	tcase_add_loop_test(tc, follows_the_table, 0, (int)COUNT(moves));
	tcase_add_test(tc, no_state_comes_twice);
}

static void fill_alone(TCase *tc)
{
	tcase_add_loop_test_raise_signal(tc, a_write_aborts_the_program, 6, 0,
					 (int)COUNT(writes));
}

int main(void)
{
	return suite_main_with("uas", fill, fill_alone);
}
