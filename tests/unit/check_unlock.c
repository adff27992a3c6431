/* The one command that is no read, over a device scripted byte by byte (emulator/model_raw.h). */
#include <errno.h>

#include "base/util.h"
#include "emulator/model_raw.h"
#include "recorder/unlock.h"
#include "unit/suite.h"

#define OK	"\0"
#define STALL	"\1"
#define SILENCE	"\2"
#define GONE	"\4"
#define STALL_IN	"\1\0"
#define STATUS(status)	"\x10\x0d" "USBS\0\0\0\0\0\0\0\0" status
#define SCRIPT(s)	s, sizeof(s) - 1

static const struct {
	const char *what;
	size_t data_len;
	const char *script;
	size_t len;
	int r;
} unlocks[] = {
	{ "it passes", 0, SCRIPT(OK STATUS("\0")), 0 },
	{ "it says no, which some do who go all the same", 0, SCRIPT(OK STATUS("\1")), 0 },
	{ "with data", 8, SCRIPT(OK OK STATUS("\0")), 0 },
	{ "it leaves at once", 0, SCRIPT(GONE), 0 },
	{ "it leaves after the command", 0, SCRIPT(OK GONE), 0 },
	{ "it leaves after the data", 8, SCRIPT(OK OK GONE), 0 },
	{ "it stalls the data, then says what it thinks", 8, SCRIPT(OK STALL OK STATUS("\1")), 0 },
	{ "it stalls the status once", 0, SCRIPT(OK STALL_IN OK STATUS("\0")), 0 },
	{ "it stalls the status, and leaves", 0, SCRIPT(OK STALL_IN GONE), 0 },
	{ "it stalls the status twice", 0, SCRIPT(OK STALL_IN OK STALL_IN), -EIO },
	{ "it refuses the command", 0, SCRIPT(STALL), -EIO },
	{ "the status of nobody", 0, SCRIPT(OK "\0\x0d" "USBS\0\0\0\0\0\0\0\0\0"), -EIO },
	{ "it says nothing", 0, SCRIPT(OK "\2\0"), -ETIMEDOUT },
	{ "it takes nothing", 0, SCRIPT(SILENCE), -ETIMEDOUT },
};

static void on_unlocked(void *data, int r)
{
	*(int *)data = r;
}

START_TEST(ends_as_listed)
{
	static const uint8_t cdb[6] = { 0xc1, 1 }, data[8] = "PASSWORD";
	struct usb_io *io;
	uv_loop_t loop;
	int r = 1;

	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(model_raw_new(&loop, (const uint8_t *)unlocks[_i].script,
				       unlocks[_i].len, NULL, &io), 0);
	ck_assert_int_eq(unlock_scsi(&loop, io, cdb, sizeof(cdb), data, unlocks[_i].data_len,
				     on_unlocked, &r), 0);
	ck_assert_int_eq(r, 1);			/* never from inside the call */
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	ck_assert_msg(r == unlocks[_i].r, "%s: %d", unlocks[_i].what, r);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, ends_as_listed, 0, (int)COUNT(unlocks));
}

int main(void)
{
	return suite_main("unlock", fill);
}
