/* What the MTP responder takes: another time, objects, and that one is deleted. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "unit/model_mtp_rig.h"
#include "unit/suite.h"

/* An operation that the host has data for. */
static uint16_t run_out(uint16_t code, unsigned n, const uint32_t *params, const uint8_t *data,
			size_t len)
{
	uint8_t p[RIG_ROOM];

	ck_assert_int_eq(rig_command(code, rig_next_tid, n, params), MODEL_OK);
	rig_container(p, 12 + (uint32_t)len, 2, code, rig_next_tid++);
	memcpy(p + 12, data, len);
	ck_assert_int_eq(model_bulk_out(rig_model, p, 12 + len), MODEL_OK);
	if ((12 + len) % RIG_PACKET == 0)
		ck_assert_int_eq(model_bulk_out(rig_model, NULL, 0), MODEL_OK);
	rig_collect(RIG_ROOM);
	return rig_got.response;
}

static uint16_t set_clock(const char *text)
{
	uint8_t p[128];

	return run_out(0x1016, 1, (const uint32_t[]){ 0x5011 }, p, rig_bytes_of(text, p));
}

static const struct { const char *text; uint16_t response; const char *then; } clocks[] = {
	{ "'20270101T000000'", OK, "'20270101T000000'" },
	{ "'20270101T000000.5'", OK, "'20270101T000000'" },
	{ "'20270101T000000Z'", 0x201c, RIG_NOON },
	{ "'20270230T000000'", 0x201c, RIG_NOON },
	{ "'2027-01-01'", 0x201c, RIG_NOON },
	{ "''", 0x201c, RIG_NOON },
	{ "", 0x201b, RIG_NOON },
	{ "05 3200", 0x201b, RIG_NOON },
	{ "01 3200", 0x201b, RIG_NOON },
	{ "'20270101T000000' 00", 0x201b, RIG_NOON },
};

START_TEST(the_clock_is_set)
{
	rig_begin("clock-offset=0");
	rig_open_session();
	ck_assert_msg(set_clock(clocks[_i].text) == clocks[_i].response, "%s: %04x",
		      clocks[_i].text, rig_got.response);
	ck_assert_uint_eq(rig_run1(0x1015, 0x5011), OK);
	rig_expect_data(clocks[_i].text, 0x1015, clocks[_i].then);
	rig_end();
}
END_TEST

START_TEST(not_everything_is_set)
{
	rig_begin("no-clock-set=1");
	rig_open_session();
	ck_assert_uint_eq(set_clock("'20270101T000000'"), 0x200f);
	ck_assert_uint_eq(run_out(0x1016, 1, (const uint32_t[]){ 0x5001 }, (const uint8_t *)"d", 1),
			  0x200f);
	ck_assert_uint_eq(run_out(0x1016, 1, (const uint32_t[]){ 0x5002 }, (const uint8_t *)"d", 1),
			  0x200a);
	ck_assert_uint_eq(rig_run1(0x1014, 0x5011), OK);
	ck_assert_uint_eq(rig_got.data[12 + 4], 0);		/* get only */
	rig_end();
}
END_TEST

static bool is_there(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", rig_folder, name);
	return access(path, F_OK) == 0;
}

START_TEST(objects_are_deleted)
{
	rig_begin("writable=1");
	rig_open_session();
	ck_assert_uint_eq(rig_run1(0x100b, 9), 0x2009);
	ck_assert_uint_eq(rig_run1(0x100b, ALL), 0x2006);
	ck_assert_uint_eq(rig_run1(0x100b, 2), OK);
	ck_assert(!is_there("a.txt"));
	ck_assert_uint_eq(rig_run1(0x1008, 2), 0x2009);
	ck_assert_uint_eq(rig_run1(0x100b, 1), OK);		/* a folder, with what is in it */
	ck_assert(!is_there("DCIM"));
	ck_assert_uint_eq(rig_run1(0x1008, 3), 0x2009);
	rig_end();
	rig_begin("writable=1,no-delete=1");
	rig_open_session();
	ck_assert_uint_eq(rig_run1(0x100b, 2), 0x200d);
	ck_assert(is_there("a.txt"));
	rig_end();
}
END_TEST

static uint16_t send_info(const char *text, uint32_t parent)
{
	uint8_t p[512];

	return run_out(0x100c, 2, (const uint32_t[]){ 0x10001, parent }, p, rig_bytes_of(text, p));
}

#define SENT(format, size, name) "00000000" format "0000" size \
	"0000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 0000 00000000" \
	"00000000" name "'' '' ''"

START_TEST(objects_are_sent)
{
	uint8_t data[1012];

	memset(data, 'd', sizeof(data));
	rig_begin("writable=1");
	rig_open_session();
	ck_assert_uint_eq(run_out(0x100d, 0, NULL, data, 3), 0x2015);
	ck_assert_uint_eq(send_info(SENT("0030", "f4010000", "'x.bin'"), 1), OK);
	ck_assert_uint_eq(rig_got.n_params, 3);
	ck_assert_uint_eq(rig_got.params[0], 0x10001);
	ck_assert_uint_eq(rig_got.params[1], 1);
	ck_assert_uint_eq(rig_got.params[2], 4);
	ck_assert_uint_eq(run_out(0x100d, 0, NULL, data, 500), OK);	/* ends on a packet */
	ck_assert(is_there("DCIM/x.bin"));
	ck_assert_uint_eq(rig_run1(0x1009, 4), OK);
	ck_assert_uint_eq(rig_got.len, 512);
	ck_assert_mem_eq(rig_got.data + 12, data, 500);

	ck_assert_uint_eq(send_info(SENT("0030", "f4010000", "'y.bin'"), ALL), OK);
	ck_assert_uint_eq(run_out(0x100d, 0, NULL, data, 499), 0x2007);
	ck_assert(!is_there("y.bin"));
	ck_assert_uint_eq(send_info(SENT("0130", "00000000", "'sub'"), 0), OK);
	ck_assert(is_there("sub"));
	ck_assert_uint_eq(send_info(SENT("0030", "00000000", "'a.txt'"), 0), 0x200f);
	ck_assert_uint_eq(send_info(SENT("0030", "00000000", "'../x'"), 0), 0xa806);
	ck_assert_uint_eq(send_info(SENT("0030", "00000000", "''"), 0), 0xa806);
	ck_assert_uint_eq(send_info("00", 0), 0xa806);
	ck_assert_uint_eq(send_info(SENT("0030", "00000000", "'z'"), 2), 0x201a);
	rig_end();
}
END_TEST

START_TEST(a_cancelled_object_is_not_kept)
{
	uint8_t p[RIG_PACKET];

	rig_begin("writable=1");
	rig_open_session();
	ck_assert_uint_eq(send_info(SENT("0030", "f4010000", "'x.bin'"), 0), OK);
	ck_assert_int_eq(rig_command(0x100d, rig_next_tid, 0, NULL), MODEL_OK);
	memset(p, 0, sizeof(p));
	rig_container(p, 1200, 2, 0x100d, rig_next_tid);
	ck_assert_int_eq(model_bulk_out(rig_model, p, sizeof(p)), MODEL_OK);
	ck_assert(is_there("x.bin"));
	ck_assert_int_eq(rig_cancel(0x4001, rig_next_tid, 6), MODEL_OK);
	ck_assert(!is_there("x.bin"));
	rig_end();
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, the_clock_is_set, 0, (int)COUNT(clocks));
	tcase_add_test(tc, not_everything_is_set);
	tcase_add_test(tc, objects_are_deleted);
	tcase_add_test(tc, objects_are_sent);
	tcase_add_test(tc, a_cancelled_object_is_not_kept);
}

int main(void)
{
	return suite_main("model_mtp_write", fill);
}
