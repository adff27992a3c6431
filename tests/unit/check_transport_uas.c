/*
 * The transport and the disk over UAS devices scripted byte by byte
 * (emulator/model_raw.h), without streams and with.
 */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "emulator/model_raw.h"
#include "unit/raw_rig.h"
#include "unit/suite.h"

/* Records: what ends well, the parts of a command, and what goes wrong. */
#define OK	"\0"
#define STALL	"\1"
#define SILENCE	"\2"
#define GONE	"\4"
#define NOISE	"\6"
#define EMPTY_IN	"\0\0"
#define STALL_IN	"\1\0"
#define SILENCE_IN	"\2\0"
#define GONE_IN		"\4\0"
#define BABBLE_IN	"\5\0"
#define NOISE_IN	"\6\0"
#define DATA	"\x08\xaa"		/* all that was asked for, of 0xaa */
#define IU_STATUS(status)	"\3\0\0\0\0\0" status "\0\0\0\0\0\0\0\0\0"
#define STATUS(status)	"\x10\x10" IU_STATUS(status)
#define GOOD	STATUS("\0")
#define SENSE_DATA(key, asc)	"\x70\0" key "\0\0\0\0\x0a\0\0\0\0" asc "\0\0\0\0\0"
#define IU_SENSE	"\3\0\0\0\0\0\2\0\0\0\0\0\0\0\0\x12"
#define SENSE(key, asc)	"\x10\x22" IU_SENSE SENSE_DATA(key, asc)
#define MEDIUM_ERROR	SENSE("\3", "\x11")
#define READ_READY	"\x10\4" "\6\0\0\0"
#define WRITE_READY	"\x10\4" "\7\0\0\0"
#define RESPONSE(code)	"\x10\x08" "\4\0\0\0\0\0\0" code
#define OTHERS	"\0\x10" "\3\0\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0"
#define RECOVERY	OK OK GOOD		/* reset, and the probe */

/* A command that brings data in, up to its data: announced, or asked for at once. */
#define WITHOUT	OK READ_READY
#define STREAMS	OK

#define LUNS(in)	in "\0\x10" "\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0" GOOD
#define INQUIRY(in)	in "\0\x24" "\0\x80\6\2\x1f\0\0\0Maker   Model           1.00" GOOD
#define READY	OK GOOD
#define CAPACITY(in)	in "\0\x08" "\0\0\0\x7f\0\0\2\0" GOOD
#define BRING_UP(in)	INQUIRY(in) READY CAPACITY(in)
#define OPEN(in)	LUNS(in) BRING_UP(in)
#define READ(in)	in DATA GOOD

#define SCRIPT(s)	s, sizeof(s) - 1
#define BOTH_GONE	{ -ENODEV, -ENODEV }, "unplugged"

/* Two reads of 4096 bytes, one behind the other. */
struct row {
	const char *what;
	const char *script;
	size_t len;
	int results[RAW_READS];
	const char *why;	/* part of the first failure's sentence */
};

/* A fault that costs the command and a reset, after which it is sent again. */
#define COSTS_A_RESET(what, in, fault) \
	{ what, SCRIPT(OPEN(in) fault RECOVERY READ(in) READ(in)), { 0, 0 }, "" }

#define IN_BOTH(in) \
	{ "two good reads", SCRIPT(OPEN(in) READ(in) READ(in)), { 0, 0 }, "" }, \
	{ "a medium error, the next read is fine", \
	  SCRIPT(OPEN(in) in EMPTY_IN MEDIUM_ERROR READ(in)), { -EIO, 0 }, \
	  "medium error (3/11/00)" }, \
	{ "a recovered error with all data", \
	  SCRIPT(OPEN(in) in DATA SENSE("\1", "\x17") READ(in)), { 0, 0 }, "" }, \
	{ "a recovered error without is tried again", \
	  SCRIPT(OPEN(in) in EMPTY_IN SENSE("\1", "\x17") READ(in) READ(in)), { 0, 0 }, "" }, \
	{ "the bus was reset: again", \
	  SCRIPT(OPEN(in) in DATA SENSE("\6", "\x29") READ(in) READ(in)), { 0, 0 }, "" }, \
	{ "the card was changed", \
	  SCRIPT(OPEN(in) in DATA SENSE("\6", "\x28") READ(in)), \
	  { -ENOMEDIUM, -ENOMEDIUM }, "the card was changed" }, \
	{ "after our own reset a change is its echo", \
	  SCRIPT(OPEN(in) in DATA OTHERS RECOVERY in DATA SENSE("\6", "\x28") READ(in)), \
	  { -EIO, 0 }, "unit attention" }, \
	{ "busy, then not", \
	  SCRIPT(OPEN(in) in DATA STATUS("\x08") READ(in) READ(in)), { 0, 0 }, "" }, \
	{ "full of tasks, then not", \
	  SCRIPT(OPEN(in) in DATA STATUS("\x28") READ(in) READ(in)), { 0, 0 }, "" }, \
	{ "a failure without sense data is asked for", \
	  SCRIPT(OPEN(in) in EMPTY_IN STATUS("\2") \
		 in "\0\x12" SENSE_DATA("\3", "\x11") GOOD READ(in)), { -EIO, 0 }, "medium error" }, \
	{ "sense data that was cut behind what counts", \
	  SCRIPT(OPEN(in) in EMPTY_IN "\x10\x1e" IU_SENSE "\x70\0\3\0\0\0\0\x0a\0\0\0\0\x11\0" \
		 READ(in)), { -EIO, 0 }, "medium error (3/11/00)" }, \
	{ "data that stalls, and why", \
	  SCRIPT(OPEN(in) in STALL_IN MEDIUM_ERROR OK READ(in)), { -EIO, 0 }, "medium error" }, \
	{ "data that stalls, and no failure", \
	  SCRIPT(OPEN(in) in STALL_IN GOOD OK READ(in) READ(in)), { 0, 0 }, "" }, \
	COSTS_A_RESET("data that stalls for ever", in, in STALL_IN MEDIUM_ERROR NOISE), \
	COSTS_A_RESET("data that stalls, and silence", in, in STALL_IN BABBLE_IN), \
	{ "a short read, twice", \
	  SCRIPT(OPEN(in) in "\0\4" "abcd" GOOD in "\0\4" "abcd" GOOD READ(in)), { -EIO, 0 }, \
	  "sent only 4 bytes" }, \
	COSTS_A_RESET("the status of another", in, in DATA OTHERS), \
	COSTS_A_RESET("a status of three bytes", in, in DATA "\x10\3" "\3\0\0"), \
	COSTS_A_RESET("a status of fifteen", in, in DATA "\x10\xf" "\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), \
	COSTS_A_RESET("an empty status", in, in DATA EMPTY_IN), \
	COSTS_A_RESET("a unit nobody knows", in, in DATA "\x10\4" "\x55\0\0\0"), \
	COSTS_A_RESET("half a response", in, in DATA "\x10\7" "\4\0\0\0\0\0\0"), \
	COSTS_A_RESET("data announced again", in, in DATA READ_READY), \
	COSTS_A_RESET("it wants data", in, in DATA WRITE_READY), \
	COSTS_A_RESET("an invalid command", in, in DATA RESPONSE("\2")), \
	COSTS_A_RESET("a wrong unit", in, in DATA RESPONSE("\x09")), \
	COSTS_A_RESET("an overlapped tag", in, in DATA RESPONSE("\x0a")), \
	COSTS_A_RESET("a task that is done", in, in DATA RESPONSE("\0")), \
	COSTS_A_RESET("a stalled status", in, in DATA STALL_IN), \
	COSTS_A_RESET("a stalled command", in, STALL), \
	COSTS_A_RESET("a status that babbles", in, in DATA BABBLE_IN), \
	COSTS_A_RESET("data that babbles", in, in BABBLE_IN), \
	COSTS_A_RESET("noise in the data", in, in NOISE_IN), \
	COSTS_A_RESET("noise in the status", in, in DATA NOISE_IN), \
	COSTS_A_RESET("noise in the command", in, NOISE), \
	{ "it breaks down twice over one read", \
	  SCRIPT(OPEN(in) in BABBLE_IN RECOVERY in BABBLE_IN RECOVERY READ(in)), { -EIO, 0 }, \
	  "more than it was asked for" }, \
	{ "the reset fails, another helps", \
	  SCRIPT(OPEN(in) in BABBLE_IN NOISE OK OK GOOD READ(in) READ(in)), { 0, 0 }, "" }, \
	{ "the probe fails, another reset helps", \
	  SCRIPT(OPEN(in) in BABBLE_IN OK OK OTHERS OK OK GOOD READ(in) READ(in)), { 0, 0 }, "" }, \
	{ "the probe is well by any status", \
	  SCRIPT(OPEN(in) in BABBLE_IN OK OK SENSE("\6", "\x29") READ(in) READ(in)), { 0, 0 }, "" }, \
	{ "a probe that announces data", \
	  SCRIPT(OPEN(in) in BABBLE_IN OK OK READ_READY OK OK GOOD READ(in) READ(in)), \
	  { 0, 0 }, "" }, \
	{ "neither reset helps", SCRIPT(OPEN(in) in BABBLE_IN NOISE NOISE), \
	  { -EPROTO, -EPROTO }, "two resets did not help" }, \
	{ "neither probe is answered", \
	  SCRIPT(OPEN(in) in BABBLE_IN OK SILENCE OK SILENCE), { -EPROTO, -EPROTO }, \
	  "two resets did not help" }, \
	{ "silence, and neither reset helps", SCRIPT(OPEN(in) SILENCE NOISE NOISE), \
	  { -ETIMEDOUT, -ETIMEDOUT }, "no answer in time" }, \
	{ "silence in place of the data", SCRIPT(OPEN(in) in SILENCE_IN RECOVERY READ(in)), \
	  { -EIO, 0 }, "no answer in time" }, \
	{ "silence in place of the status", \
	  SCRIPT(OPEN(in) in DATA SILENCE_IN RECOVERY READ(in)), { -EIO, 0 }, "no answer" }, \
	{ "silence twice", SCRIPT(OPEN(in) SILENCE RECOVERY SILENCE RECOVERY READ(in)), \
	  { -EIO, -ETIMEDOUT }, "no answer" }, \
	{ "it does not know how many units", \
	  SCRIPT(in EMPTY_IN SENSE("\5", "\x20") in EMPTY_IN SENSE("\5", "\x20") BRING_UP(in) \
		 READ(in) READ(in)), \
	  { 0, 0 }, "" }, \
	{ "it chokes on that question", \
	  SCRIPT(SILENCE RECOVERY SILENCE RECOVERY BRING_UP(in) READ(in) READ(in)), \
	  { 0, 0 }, "" }, \
	{ "a reader before us left a command unfinished", \
	  SCRIPT(SILENCE RECOVERY OPEN(in) READ(in) READ(in)), { 0, 0 }, "" }, \
	{ "unplugged in the command", SCRIPT(OPEN(in) GONE), BOTH_GONE }, \
	{ "unplugged in the data", SCRIPT(OPEN(in) in GONE_IN), BOTH_GONE }, \
	{ "unplugged in the status", SCRIPT(OPEN(in) in DATA GONE_IN), BOTH_GONE }, \
	{ "unplugged while a halt is cleared", \
	  SCRIPT(OPEN(in) in STALL_IN MEDIUM_ERROR GONE), BOTH_GONE }, \
	{ "unplugged in the reset", SCRIPT(OPEN(in) in BABBLE_IN GONE), BOTH_GONE }, \
	{ "unplugged in the probe", SCRIPT(OPEN(in) in BABBLE_IN OK GONE), BOTH_GONE }, \
	{ "unplugged in the second reset", SCRIPT(OPEN(in) in BABBLE_IN NOISE GONE), BOTH_GONE }, \
	{ "unplugged after one read", SCRIPT(OPEN(in) READ(in)), { 0, -ENODEV }, "unplugged" }

static const struct row with_streams[] = {
	IN_BOTH(STREAMS),
};

static const struct row without_streams[] = {
	IN_BOTH(WITHOUT),
	{ "a medium error before data is announced",
	  SCRIPT(OPEN(WITHOUT) OK MEDIUM_ERROR READ(WITHOUT)), { -EIO, 0 }, "medium error" },
	{ "no data, no failure",
	  SCRIPT(OPEN(WITHOUT) OK GOOD OK GOOD READ(WITHOUT)), { -EIO, 0 }, "sent only 0 bytes" },
	COSTS_A_RESET("it wants data at once", WITHOUT, OK WRITE_READY),
	COSTS_A_RESET("a response at once", WITHOUT, OK RESPONSE("\2")),
	{ "unplugged when data was announced", SCRIPT(OPEN(WITHOUT) OK READ_READY), BOTH_GONE },
};

/* A read that succeeded has the device's bytes. */
static void is_whole(const struct raw_session *s, int read, const char *what)
{
	size_t n;

	for (n = 0; n < RAW_LEN; n++)
		ck_assert_msg(s->bufs[read][n] == 0xaa, "%s: byte %zu", what, n);
}

static void run(struct raw_session *s, const char *script, size_t len, bool superspeed)
{
	struct usb_io *io;
	uv_loop_t loop;

	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(model_raw_uas_new(&loop, (const uint8_t *)script, len, superspeed, NULL,
					   &io), 0);
	raw_run(s, &loop, io);
}

static void ends_as_listed(const struct row *w, bool superspeed)
{
	struct raw_session s = { 0 };
	int i;

	run(&s, w->script, w->len, superspeed);
	ck_assert_msg(s.opened == 0, "%s: %s", w->what, s.why);
	ck_assert_msg(strstr(s.why, w->why) != NULL, "%s: %s", w->what, s.why);
	ck_assert_msg((s.why[0] == '\0') == (w->why[0] == '\0'), "%s: %s", w->what, s.why);
	for (i = 0; i < RAW_READS; i++) {
		ck_assert_msg(s.results[i] == w->results[i], "%s: read %d: %d", w->what, i,
			      s.results[i]);
		if (s.results[i] == 0)
			is_whole(&s, i, w->what);
	}
}

START_TEST(sessions_without_streams)
{
	ends_as_listed(&without_streams[_i], false);
}
END_TEST

START_TEST(sessions_with_streams)
{
	ends_as_listed(&with_streams[_i], true);
}
END_TEST

/* However much of a good session there is: it ends, and no wrong bytes come of it. */
START_TEST(the_cable_is_pulled_anywhere)
{
	const struct row *w = _i == 1 ? &with_streams[0] : &without_streams[0];
	size_t len;
	int i;

	for (len = 0; len < w->len; len++) {
		struct raw_session s = { 0 };

		run(&s, w->script, len, _i == 1);
		ck_assert(s.opened <= 0);
		ck_assert(s.opened == 0 || s.ended == 0);
		for (i = 0; i < RAW_READS && s.opened == 0; i++)
			if (s.results[i] == 0)
				is_whole(&s, i, w->what);
		ck_assert(s.opened < 0 || s.results[1] < 0);
	}
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, sessions_without_streams, 0, (int)COUNT(without_streams));
	tcase_add_loop_test(tc, sessions_with_streams, 0, (int)COUNT(with_streams));
	tcase_add_loop_test(tc, the_cable_is_pulled_anywhere, 0, 2);
}

int main(void)
{
	return suite_main("transport_uas", fill);
}
