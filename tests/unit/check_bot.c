#include <string.h>

#include "base/util.h"
#include "recorder/bot.h"
#include "unit/suite.h"

START_TEST(a_command_is_wrapped)
{
	static const uint8_t want[BOT_CBW_LEN] = {
		'U', 'S', 'B', 'C', 0x78, 0x56, 0x34, 0x12, 0, 0, 1, 0, 0x80, 0, 10,
		0x28, 0, 0, 0, 0, 9, 0, 0, 128, 0,
	};
	struct scsi_command c = scsi_read(9, 128, 512);
	uint8_t cbw[BOT_CBW_LEN];

	bot_cbw(&c, 0x12345678, cbw);
	ck_assert_mem_eq(cbw, want, sizeof(want));
	c = scsi_test_unit_ready();
	bot_cbw(&c, 1, cbw);
	ck_assert_mem_eq(cbw, "USBC\1\0\0\0\0\0\0\0\0\0\6\0", 16);
	c.lun = BOT_LUN_MAX;
	bot_cbw(&c, 1, cbw);
	ck_assert_mem_eq(cbw, "USBC\1\0\0\0\0\0\0\0\0\xf\6\0", 16);
}
END_TEST

/* WRITE(10), WRITE(16), MODE SELECT, FORMAT UNIT, START STOP UNIT, UNMAP, vendor's own. */
static const uint8_t writes[] = { 0x2a, 0x8a, 0x55, 0x04, 0x1b, 0x42, 0xc0, 0x0a, 0x2e, 0x35 };

START_TEST(a_write_aborts_the_program)
{
	struct scsi_command c = { .cdb = { writes[_i] }, .cdb_len = 10 };
	uint8_t cbw[BOT_CBW_LEN];

	bot_cbw(&c, 1, cbw);		/* the test expects the signal of BUG() */
}
END_TEST

START_TEST(a_unit_beyond_all_aborts_the_program)
{
	struct scsi_command c = scsi_test_unit_ready();
	uint8_t cbw[BOT_CBW_LEN];

	c.lun = BOT_LUN_MAX + 1;
	bot_cbw(&c, 1, cbw);
}
END_TEST

START_TEST(an_unlock_is_wrapped)
{
	static const uint8_t cdb[] = { 0xe4, 'K', 'D' };
	uint8_t cbw[BOT_CBW_LEN];

	bot_cbw_unlock(cdb, sizeof(cdb), 8, 0x01020304, cbw);
	ck_assert_mem_eq(cbw, "USBC\4\3\2\1\x08\0\0\0\0\0\3\xe4KD\0\0\0\0\0\0\0\0\0\0\0\0\0",
			 BOT_CBW_LEN);
}
END_TEST

static const struct { uint8_t op; size_t cdb_len, data_len; bool is; } unlocks[] = {
	{ 0xc0, 6, 0, true }, { 0xff, 16, 64, true }, { 0x1b, 6, 0, true }, { 0xc0, 0, 0, false },
	{ 0xc0, 17, 0, false }, { 0xc0, 6, 65, false }, { 0xbf, 12, 0, false },
	{ 0x28, 10, 0, false }, { 0x2a, 10, 0, false }, { 0x8a, 16, 0, false },
	{ 0x04, 6, 0, false }, { 0x00, 6, 0, false }, { 0x41, 10, 0, false },
};

START_TEST(what_passes_for_an_unlock)
{
	uint8_t cdb[16] = { unlocks[_i].op };

	ck_assert(bot_is_unlock(cdb, unlocks[_i].cdb_len, unlocks[_i].data_len) ==
		  unlocks[_i].is);
}
END_TEST

START_TEST(a_write_is_no_unlock)
{
	const uint8_t cdb[10] = { 0x2a };
	uint8_t cbw[BOT_CBW_LEN];

	bot_cbw_unlock(cdb, sizeof(cdb), 0, 1, cbw);
}
END_TEST

#define SIG	"USBS"
#define TAG	"\x04\x03\x02\x01"

static const struct {
	const char *bytes;
	size_t len;
	const char *fault;
	struct bot_csw csw;
} statuses[] = {
	{ SIG TAG "\0\0\0\0\0", 13, NULL, { 0, 0 } },
	{ SIG TAG "\0\2\0\0\1", 13, NULL, { 1, 512 } },
	{ SIG TAG "\xff\xff\xff\xff\2", 13, NULL, { 2, UINT32_MAX } },
	{ SIG TAG "\0\0\0\0\0", 12, "a status of the wrong length", { 0, 0 } },
	{ SIG TAG "\0\0\0\0\0\0", 14, "a status of the wrong length", { 0, 0 } },
	{ "", 0, "a status of the wrong length", { 0, 0 } },
	{ "USBC" TAG "\0\0\0\0\0", 13, "a status without signature", { 0, 0 } },
	{ SIG "\4\3\2\2\0\0\0\0\0", 13, "the status of another command", { 0, 0 } },
	{ SIG TAG "\0\0\0\0\3", 13, "a status that the standard does not know", { 0, 0 } },
	{ SIG TAG "\1\2\0\0\0", 13, "a residue larger than what was asked for", { 0, 0 } },
};

START_TEST(a_status_is_parsed)
{
	const uint8_t *p = (const uint8_t *)statuses[_i].bytes;
	struct bot_csw csw = { 0 };
	const char *fault = bot_csw_parse(p, statuses[_i].len, 0x01020304, 512, &csw);

	if (statuses[_i].fault == NULL)
		ck_assert_ptr_null(fault);
	else
		ck_assert_str_eq(fault, statuses[_i].fault);
	ck_assert_uint_eq(csw.status, statuses[_i].csw.status);
	ck_assert_uint_eq(csw.residue, statuses[_i].csw.residue);
}
END_TEST

static const struct {
	const char *what;
	uint32_t asked, actual, residue;
	enum bot_delivery is;
} deliveries[] = {
	{ "all", 512, 512, 0, BOT_WHOLE },
	{ "nothing asked", 0, 0, 0, BOT_WHOLE },
	{ "less, and says so", 1024, 512, 512, BOT_SHORT },
	{ "nothing, and says so", 512, 0, 512, BOT_SHORT },
	{ "less, and says all", 1024, 512, 0, BOT_LIE },
	{ "all, and says less", 1024, 1024, 512, BOT_LIE },
	{ "less, and says another less", 1024, 512, 1, BOT_LIE },
};

START_TEST(residues_are_believed_when_they_agree)
{
	struct bot_csw csw = { .residue = deliveries[_i].residue };

	ck_assert_int_eq(bot_delivered(deliveries[_i].asked, deliveries[_i].actual, &csw),
			 deliveries[_i].is);
}
END_TEST

#define SENT	.cbw_whole = true
#define WHOLE	SENT, .csw_len = 13

static const struct {
	const char *what;
	struct bot_exchange x;
	enum bot_event ev;
} judgements[] = {
	{ "well", { WHOLE }, BOT_EV_OK },
	{ "the command stalls", { .cbw = USB_STALLED, .data = USB_CANCELLED },
	  BOT_EV_FAULT },
	{ "half a command goes out", { .csw_len = 13 }, BOT_EV_FAULT },
	{ "the data stalls", { SENT, .data = USB_STALLED }, BOT_EV_STALL_DATA },
	{ "babble", { SENT, .data = USB_OVERFLOW }, BOT_EV_FAULT },
	{ "a status too long", { WHOLE, .csw = USB_OVERFLOW }, BOT_EV_FAULT },
	{ "the status stalls", { WHOLE, .csw = USB_STALLED }, BOT_EV_STALL_STATUS },
	{ "an empty status", { SENT }, BOT_EV_EMPTY_STATUS },
	{ "a wrong status", { WHOLE, .csw_fault = "x" }, BOT_EV_FAULT },
	{ "a phase error", { WHOLE, .phase_error = true }, BOT_EV_FAULT },
	{ "silence", { .cbw = USB_TIMED_OUT, .data = USB_CANCELLED }, BOT_EV_TIMEOUT },
	{ "silence after the command", { SENT, .data = USB_TIMED_OUT }, BOT_EV_TIMEOUT },
	{ "silence after the data", { WHOLE, .csw = USB_TIMED_OUT }, BOT_EV_TIMEOUT },
	{ "unplugged", { SENT, .data = USB_GONE }, BOT_EV_GONE },
	{ "unplugged at the end", { SENT, .csw = USB_GONE }, BOT_EV_GONE },
	{ "noise on the wire", { SENT, .data = USB_FAILED }, BOT_EV_FAULT },
};

START_TEST(exchanges_are_judged)
{
	const char *why = NULL;

	ck_assert_msg(bot_judge(&judgements[_i].x, &why) == judgements[_i].ev, "%s",
		      judgements[_i].what);
	ck_assert((why == NULL) == (judgements[_i].ev == BOT_EV_OK));
}
END_TEST

static const struct { const char *what; struct bot_exchange x; bool due; } dues[] = {
	{ "command and data went well", { SENT }, true },
	{ "it is there", { WHOLE }, false },
	{ "the data stalled", { SENT, .data = USB_STALLED }, false },
	{ "the command stalled", { .cbw = USB_STALLED }, false },
	{ "half a command", { .cbw_whole = false }, false },
};

START_TEST(a_status_is_asked_for_when_it_is_due)
{
	ck_assert_msg(bot_status_due(&dues[_i].x) == dues[_i].due, "%s", dues[_i].what);
}
END_TEST

#define EVENTS	(BOT_EV_GONE + 1)

/* The whole machine: from each state, where each event leads. */
static const struct { enum bot_state from, to[EVENTS]; } moves[] = {
#define ROW(from, ok, stall_data, stall_status, empty, fault, timeout) \
	{ BOT_##from, { BOT_##ok, BOT_##stall_data, BOT_##stall_status, BOT_##empty, \
			BOT_##fault, BOT_##timeout, BOT_GONE } }
	/*  from          ok           stall data  stall status  empty         fault  timeout */
	ROW(EXCHANGE,     ANSWERED,    CLEAR_DATA, CLEAR_STATUS, STATUS_AGAIN, RESET, RESET),
	ROW(CLEAR_DATA,   STATUS,      RESET,      RESET,        RESET,        RESET, RESET),
	ROW(STATUS,       ANSWERED,    RESET,      CLEAR_STATUS, STATUS_AGAIN, RESET, RESET),
	ROW(CLEAR_STATUS, STATUS_AGAIN, RESET,     RESET,        RESET,        RESET, RESET),
	ROW(STATUS_AGAIN, ANSWERED,    RESET,      RESET,        RESET,        RESET, RESET),
	ROW(RESET,        RESET_IN,    PORT_RESET, PORT_RESET, PORT_RESET, PORT_RESET, PORT_RESET),
	ROW(RESET_IN,     RESET_OUT,   PORT_RESET, PORT_RESET, PORT_RESET, PORT_RESET, PORT_RESET),
	ROW(RESET_OUT,    PROBE,       PORT_RESET, PORT_RESET, PORT_RESET, PORT_RESET, PORT_RESET),
	ROW(PROBE,        RECOVERED,   PORT_RESET, PORT_RESET, PORT_RESET, PORT_RESET, PORT_RESET),
	ROW(PORT_RESET,   PROBE_AGAIN, BROKEN,     BROKEN,       BROKEN,       BROKEN, BROKEN),
	ROW(PROBE_AGAIN,  RECOVERED,   BROKEN,     BROKEN,       BROKEN,       BROKEN, BROKEN),
#undef ROW
};

START_TEST(follows_the_table)
{
	int ev;

	for (ev = 0; ev < EVENTS; ev++)
		ck_assert_msg(bot_next(moves[_i].from, (enum bot_event)ev) == moves[_i].to[ev],
			      "event %d in %s", ev, bot_state_name(moves[_i].from));
}
END_TEST

/* Every move goes forward, so a command ends after as many moves as there are states. */
START_TEST(no_state_comes_twice)
{
	int from, ev;

	for (from = 0; !bot_is_end((enum bot_state)from); from++)
		for (ev = 0; ev < EVENTS; ev++)
			ck_assert_int_gt(bot_next((enum bot_state)from, (enum bot_event)ev), from);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, a_command_is_wrapped);
	tcase_add_test(tc, an_unlock_is_wrapped);
	tcase_add_loop_test(tc, what_passes_for_an_unlock, 0, (int)COUNT(unlocks));
	tcase_add_loop_test(tc, a_status_is_parsed, 0, (int)COUNT(statuses));
	tcase_add_loop_test(tc, residues_are_believed_when_they_agree, 0,
			    (int)COUNT(deliveries));
	tcase_add_loop_test(tc, exchanges_are_judged, 0, (int)COUNT(judgements));
	tcase_add_loop_test(tc, a_status_is_asked_for_when_it_is_due, 0, (int)COUNT(dues));
	tcase_add_loop_test(tc, follows_the_table, 0, (int)COUNT(moves));
	tcase_add_test(tc, no_state_comes_twice);
}

static void fill_alone(TCase *tc)
{
	tcase_add_loop_test_raise_signal(tc, a_write_aborts_the_program, 6, 0,
					 (int)COUNT(writes));
	tcase_add_test_raise_signal(tc, a_unit_beyond_all_aborts_the_program, 6);
	tcase_add_test_raise_signal(tc, a_write_is_no_unlock, 6);
}

int main(void)
{
	return suite_main_with("bot", fill, fill_alone);
}
