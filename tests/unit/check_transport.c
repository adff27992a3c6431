/* The transport and the disk over a device scripted byte by byte (emulator/model_raw.h). */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "emulator/model_raw.h"
#include "recorder/disk.h"
#include "unit/raw_rig.h"
#include "unit/suite.h"

/* Records: what ends well, the three parts of a command, and what goes wrong. */
#define OK	"\0"
#define STALL	"\1"
#define SILENCE	"\2"
#define GONE	"\4"
#define NOISE	"\6"
#define STALL_IN	"\1\0"		/* a transfer in that brings nothing */
#define NOISE_IN	"\6\0"
#define BABBLE_IN	"\5\0"
#define STATUS(residue, status)	"\x10\x0d" "USBS\0\0\0\0" residue status
#define NONE	"\0\0\0\0"
#define ALL	"\0\x10\0\0"		/* a residue of 4096 */
#define PASSED	STATUS(NONE, "\0")
#define FAILED	STATUS(NONE, "\1")
#define DATA	"\x08\xaa"		/* all that was asked for, of 0xaa */
#define READ	OK DATA PASSED
#define SENSE(key, asc)	OK "\0\x12" "\x70\0" key "\0\0\0\0\x0a\0\0\0\0" asc "\0\0\0\0\0" PASSED
#define MEDIUM_ERROR	SENSE("\3", "\x11")
#define RECOVERY	OK OK OK OK PASSED	/* reset, clear, clear, and the probe */

#define INQUIRY	OK "\0\x24" "\0\x80\6\2\x1f\0\0\0Maker   Model           1.00" PASSED
#define READY	OK PASSED
#define CAPACITY	OK "\0\x08" "\0\0\0\x7f\0\0\2\0" PASSED
#define ONE_UNIT	STALL		/* Get Max LUN */
#define BRING_UP	INQUIRY READY CAPACITY
#define OPEN	ONE_UNIT BRING_UP

#define SCRIPT(s)	s, sizeof(s) - 1

/* Two reads of 4096 bytes, one behind the other. */
static const struct {
	const char *what;
	const char *script;
	size_t len;
	int results[RAW_READS];
	const char *why;	/* part of the first failure's sentence */
} sessions[] = {
	{ "two good reads", SCRIPT(OPEN READ READ), { 0, 0 }, "" },
	{ "a recovered error with all data",
	  SCRIPT(OPEN OK DATA FAILED SENSE("\1", "\x17") READ), { 0, 0 }, "" },
	{ "a recovered error without data is tried again",
	  SCRIPT(OPEN OK STALL_IN OK STATUS(ALL, "\1") SENSE("\1", "\x17") READ READ),
	  { 0, 0 }, "" },
	{ "the bus was reset: again",
	  SCRIPT(OPEN OK DATA FAILED SENSE("\6", "\x29") READ READ), { 0, 0 }, "" },
	{ "the card was changed",
	  SCRIPT(OPEN OK DATA FAILED SENSE("\6", "\x28") READ READ),
	  { -ENOMEDIUM, -ENOMEDIUM }, "the card was changed" },
	{ "the card was taken out",
	  SCRIPT(OPEN OK DATA FAILED SENSE("\2", "\x3a") READ READ),
	  { -ENOMEDIUM, -ENOMEDIUM }, "no card" },
	{ "after our own reset a change is its echo",
	  SCRIPT(OPEN OK DATA STATUS(NONE, "\2") RECOVERY
		 OK DATA FAILED SENSE("\6", "\x28") READ), { -EIO, 0 }, "unit attention" },
	{ "a locked card", SCRIPT(OPEN OK DATA FAILED SENSE("\7", "\x27") READ), { -EIO, 0 },
	  "data protect (7/27/00)" },
	{ "a busy card is waited for",
	  SCRIPT(OPEN OK DATA FAILED SENSE("\2", "\4") READ READ), { 0, 0 }, "" },
	{ "a medium error, the next read is fine",
	  SCRIPT(OPEN OK DATA FAILED MEDIUM_ERROR READ), { -EIO, 0 }, "medium error" },
	{ "failed and does not say why, twice",
	  SCRIPT(OPEN OK DATA FAILED SENSE("\0", "\0") OK DATA FAILED SENSE("\0", "\0") READ),
	  { -EIO, 0 }, "no sense" },
	{ "the sense cannot be had",
	  SCRIPT(OPEN OK DATA FAILED OK "\0\0" STATUS(NONE, "\1") READ READ), { 0, 0 }, "" },
	{ "the status comes in place of the data",
	  SCRIPT(OPEN OK STATUS(ALL, "\1") MEDIUM_ERROR READ), { -EIO, 0 }, "medium error" },
	{ "no data, no failure",
	  SCRIPT(OPEN OK STATUS(ALL, "\0") OK STATUS(ALL, "\0") READ), { -EIO, 0 },
	  "sent only 0 bytes" },
	{ "an empty status, then the status", SCRIPT(OPEN OK DATA "\0\0" PASSED READ),
	  { 0, 0 }, "" },
	{ "a stalled status, then the status",
	  SCRIPT(OPEN OK DATA STALL_IN OK PASSED READ), { 0, 0 }, "" },
	{ "a stalled status, twice",
	  SCRIPT(OPEN OK DATA STALL_IN OK STALL_IN RECOVERY READ READ), { 0, 0 }, "" },
	{ "stalled data whose halt cannot be cleared",
	  SCRIPT(OPEN OK STALL_IN NOISE RECOVERY READ READ), { 0, 0 }, "" },
	{ "babble", SCRIPT(OPEN OK BABBLE_IN RECOVERY READ READ), { 0, 0 }, "" },
	{ "noise on the bus", SCRIPT(OPEN OK NOISE_IN RECOVERY READ READ), { 0, 0 }, "" },
	{ "the command is refused", SCRIPT(OPEN STALL RECOVERY READ READ), { 0, 0 }, "" },
	{ "a status of twelve bytes",
	  SCRIPT(OPEN OK DATA "\x10\x0c" "USBS\0\0\0\0\0\0\0\0" RECOVERY READ READ), { 0, 0 }, "" },
	{ "it breaks down twice over one read",
	  SCRIPT(OPEN OK BABBLE_IN RECOVERY OK BABBLE_IN RECOVERY READ), { -EIO, 0 },
	  "more than it was asked for" },
	{ "the reset is refused, a port reset helps",
	  SCRIPT(OPEN OK BABBLE_IN STALL OK OK PASSED READ READ), { 0, 0 }, "" },
	{ "the probe fails, a port reset helps",
	  SCRIPT(OPEN OK BABBLE_IN OK OK OK OK BABBLE_IN OK OK PASSED READ READ), { 0, 0 }, "" },
	{ "neither reset helps",
	  SCRIPT(OPEN OK BABBLE_IN STALL OK OK BABBLE_IN), { -EPROTO, -EPROTO },
	  "two resets did not help" },
	{ "silence, and neither reset helps", SCRIPT(OPEN SILENCE SILENCE NOISE),
	  { -ETIMEDOUT, -ETIMEDOUT }, "no answer in time" },
	{ "silence once", SCRIPT(OPEN SILENCE RECOVERY READ), { -EIO, 0 }, "no answer" },
	{ "a reader before us left a command unfinished", SCRIPT(ONE_UNIT SILENCE RECOVERY BRING_UP READ READ),
	  { 0, 0 }, "" },
	{ "silence twice", SCRIPT(OPEN SILENCE RECOVERY SILENCE RECOVERY READ),
	  { -EIO, -ETIMEDOUT }, "no answer" },
	{ "all data, and a residue", SCRIPT(OPEN OK DATA STATUS("\0\2\0\0", "\0") READ),
	  { -EIO, 0 }, "claims that 512 are missing" },
	{ "a short read, and no residue",
	  SCRIPT(OPEN OK "\0\x04" "abcd" PASSED READ), { -EIO, 0 }, "sent 4 bytes" },
	{ "a residue beyond what was asked",
	  SCRIPT(OPEN OK DATA STATUS("\1\x10\0\0", "\0") RECOVERY READ READ), { 0, 0 }, "" },
	{ "unplugged while a halt is cleared",
	  SCRIPT(OPEN OK STALL_IN GONE), { -ENODEV, -ENODEV }, "unplugged" },
	{ "unplugged in the data", SCRIPT(OPEN OK "\4\0"), { -ENODEV, -ENODEV }, "unplugged" },
	{ "another unit's change is this one's end too",
	  SCRIPT("\x20" BRING_UP BRING_UP OK DATA FAILED SENSE("\6", "\x28") READ),
	  { -ENOMEDIUM, -ENOMEDIUM }, "the card was changed" },
	{ "unplugged after one read", SCRIPT(OPEN READ), { 0, -ENODEV }, "unplugged" },
};

static void run(struct raw_session *s, const char *script, size_t len)
{
	struct usb_io *io;
	uv_loop_t loop;

	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(model_raw_new(&loop, (const uint8_t *)script, len, NULL, &io), 0);
	raw_run(s, &loop, io);
}

START_TEST(sessions_end_as_listed)
{
	struct raw_session s = { 0 };
	int i;
	size_t n;

	run(&s, sessions[_i].script, sessions[_i].len);
	ck_assert_msg(s.opened == 0, "%s: %s", sessions[_i].what, s.why);
	ck_assert_msg(strstr(s.why, sessions[_i].why) != NULL, "%s: %s", sessions[_i].what, s.why);
	ck_assert_msg((s.why[0] == '\0') == (sessions[_i].why[0] == '\0'), "%s: %s",
		      sessions[_i].what, s.why);
	for (i = 0; i < RAW_READS; i++) {
		ck_assert_msg(s.results[i] == sessions[_i].results[i], "%s: read %d: %d",
			      sessions[_i].what, i, s.results[i]);
		for (n = 0; n < RAW_LEN && s.results[i] == 0; n++)
			ck_assert_uint_eq(s.bufs[i][n], 0xaa);
	}
}
END_TEST

/* A device of two units: what they are then, and where the second's content is read from. */
#define TWO_UNITS	"\x20"
#define EMPTY	INQUIRY OK FAILED SENSE("\2", "\x3a")
#define LARGE	INQUIRY READY OK "\0\x08\xff\xff\xff\xff\0\0\x10\0" PASSED \
		OK "\0\x20" "\0\0\0\1\0\0\0\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
		"\0\0\0\0" PASSED
#define NO_UNIT	OK "\0\5" "\x7f\0\0\0\x1f" STATUS("\x1f\0\0\0", "\0")
#define REFUSES	OK FAILED SENSE("\5", "\x25")

static const struct {
	const char *what;
	const char *script;
	size_t len;
	struct disk_unit units[2];
} units[] = {
	{ "two cards", SCRIPT(TWO_UNITS BRING_UP BRING_UP), { { 65536, 512 }, { 65536, 512 } } },
	{ "a card and an empty slot", SCRIPT(TWO_UNITS BRING_UP EMPTY), { { 65536, 512 } } },
	{ "an empty slot and a card", SCRIPT(TWO_UNITS EMPTY BRING_UP), { [1] = { 65536, 512 } } },
	{ "one unit that counts two", SCRIPT(TWO_UNITS BRING_UP NO_UNIT), { { 65536, 512 } } },
	{ "a second one that it refuses", SCRIPT(TWO_UNITS BRING_UP REFUSES), { { 65536, 512 } } },
	{ "a CD with the maker's driver first",
	  SCRIPT(TWO_UNITS OK "\0\5" "\5\x80\6\2\x1f" STATUS("\x1f\0\0\0", "\0") BRING_UP),
	  { [1] = { 65536, 512 } } },
	{ "a card of 16 TiB, in sectors of 4096", SCRIPT(TWO_UNITS BRING_UP LARGE),
	  { { 65536, 512 }, { (UINT64_C(1) << 44) + 4096, 4096 } } },
};

struct bringing_up {
	struct disk *disk;
	struct disk_info info;
	int opened;
};

static void on_units(void *data, int r, struct disk *d, const struct disk_info *info,
		     const struct err *e)
{
	struct bringing_up *b = data;

	ck_assert_msg(r == 0, "%s", r < 0 ? e->msg : "");
	b->info = *info;
	b->opened++;
	disk_close(d, NULL, NULL);
}

START_TEST(units_are_brought_up)
{
	struct bringing_up b = { .opened = 0 };
	struct usb_io *io;
	uv_loop_t loop;
	int i;

	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(model_raw_new(&loop, (const uint8_t *)units[_i].script, units[_i].len,
				       NULL, &io), 0);
	ck_assert_int_eq(disk_open(&loop, io, on_units, &b, &b.disk), 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	ck_assert_int_eq(b.opened, 1);
	ck_assert_uint_eq(b.info.n_units, 2);
	ck_assert_str_eq(b.info.vendor, "Maker");
	for (i = 0; i < 2; i++) {
		ck_assert_msg(b.info.units[i].size == units[_i].units[i].size, "%s: unit %d",
			      units[_i].what, i);
		if (units[_i].units[i].size > 0)
			ck_assert_uint_eq(b.info.units[i].block_size,
					  units[_i].units[i].block_size);
	}
}
END_TEST

static const struct {
	const char *what;
	const char *script;
	size_t len;
	int r;
	const char *why;
} openings[] = {
	{ "unplugged at once", SCRIPT(""), -ENODEV, "unplugged" },
	{ "two empty slots", SCRIPT(TWO_UNITS EMPTY EMPTY), -ENOMEDIUM, "no card" },
	{ "a CD and an empty slot", SCRIPT(TWO_UNITS NO_UNIT EMPTY), -ENOMEDIUM, "no card" },
	{ "a CD", SCRIPT(ONE_UNIT OK "\0\5" "\5\x80\6\2\x1f" STATUS("\x1f\0\0\0", "\0")), -ENOTSUP,
	  "not a disk" },
	{ "INQUIRY of three bytes", SCRIPT(ONE_UNIT OK "\0\3" "\0\x80\6" STATUS("\x21\0\0\0", "\0")),
	  -EPROTO, "INQUIRY was answered with 3 bytes" },
	{ "no capacity", SCRIPT(ONE_UNIT INQUIRY READY OK "\0\0" STATUS("\x08\0\0\0", "\0")), -EPROTO,
	  "READ CAPACITY(10) was answered with 0 bytes" },
	{ "sectors of a CD", SCRIPT(ONE_UNIT INQUIRY READY OK "\0\x08" "\0\0\0\x7f\0\0\x08\0" PASSED),
	  -ENOTSUP, "sectors are of 2048 bytes" },
	{ "a card of 16 EiB",
	  SCRIPT(ONE_UNIT INQUIRY READY OK "\0\x08\xff\xff\xff\xff\0\0\2\0" PASSED
		 OK "\0\x20\xff\xff\xff\xff\xff\xff\xff\xff\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		 "\0\0\0\0\0\0\0" PASSED), -ENOTSUP, "no card can have" },
	{ "unit attentions without end",
	  SCRIPT(ONE_UNIT INQUIRY
		 OK FAILED SENSE("\6", "\x29") OK FAILED SENSE("\6", "\x28")
		 OK FAILED SENSE("\6", "\x29") OK FAILED SENSE("\6", "\x28")
		 OK FAILED SENSE("\6", "\x29") OK FAILED SENSE("\6", "\x28") READY CAPACITY),
	  -EIO, "unit attention" },
	{ "silence twice", SCRIPT(ONE_UNIT SILENCE RECOVERY SILENCE RECOVERY BRING_UP), -ETIMEDOUT,
	  "no answer in time" },
	{ "silence later on", SCRIPT(ONE_UNIT INQUIRY SILENCE RECOVERY BRING_UP), -ETIMEDOUT,
	  "no answer in time" },
};

START_TEST(openings_that_fail)
{
	struct raw_session s = { 0 };

	run(&s, openings[_i].script, openings[_i].len);
	ck_assert_msg(s.opened == openings[_i].r, "%s: %d %s", openings[_i].what, s.opened, s.why);
	ck_assert_msg(strstr(s.why, openings[_i].why) != NULL, "%s: %s", openings[_i].what, s.why);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, sessions_end_as_listed, 0, (int)COUNT(sessions));
	tcase_add_loop_test(tc, units_are_brought_up, 0, (int)COUNT(units));
	tcase_add_loop_test(tc, openings_that_fail, 0, (int)COUNT(openings));
}

int main(void)
{
	return suite_main("transport", fill);
}
