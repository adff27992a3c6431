/* The MTP responder that fails as it is told, and what ends a transaction early. */
#include "base/util.h"
#include "unit/model_mtp_rig.h"
#include "unit/suite.h"

/* ------ faults ------ */

/* GetObject of the video: how the data phase and the response come out. */
static const struct {
	const char *faults;
	enum model_answer answer;
	size_t len;
	uint16_t response;		/* 0: none */
	uint32_t declared;
} reads[] = {
	{ "", MODEL_OK, 1512, OK, 1512 },
	{ "unplug-at=700", MODEL_UNPLUG, 712, 0, 1512 },
	{ "unplug-at=0", MODEL_UNPLUG, 12, 0, 1512 },
	{ "stall-at=700", MODEL_STALL, 512, 0, 1512 },
	{ "stall-at=0", MODEL_STALL, 0, 0, 0 },
	{ "stall-at=1500", MODEL_OK, 1512, OK, 1512 },
	{ "hang-at=1499", MODEL_HANG, 0, 0, 0 },
	{ "short-at=10", MODEL_OK, 1000, OK, 1512 },
	{ "container-length=0", MODEL_OK, 1512, OK, 0 },
	{ "container-length=11", MODEL_OK, 1512, OK, 11 },
	{ "container-length=4294967295", MODEL_OK, 1512, OK, 0xffffffff },
	{ "wrong-phase=1", MODEL_OK, 0, OK, 0 },
	{ "size-changes=1", MODEL_OK, 1511, OK, 1511 },
	{ "handle-gone=1", MODEL_OK, 0, 0x2009, 0 },
	{ "handle-gone=2", MODEL_OK, 1512, OK, 1512 },
	{ "busy=1", MODEL_OK, 0, 0x2019, 0 },
	{ "store-removed-at=500", MODEL_OK, 512, 0x2013, 1512 },
	{ "store-removed-at=1500", MODEL_OK, 1512, OK, 1512 },
	{ "mtp-ops=-1009", MODEL_OK, 0, 0x2005, 0 },
	{ "dataset-cut=3", MODEL_OK, 1512, OK, 1512 },		/* content is no dataset */
};

START_TEST(faults_come_as_scripted)
{
	rig_begin(reads[_i].faults);
	rig_next_tid = 0;
	ck_assert_int_eq(rig_command(0x1002, rig_next_tid++, 1, (const uint32_t[]){ 1 }), MODEL_OK);
	rig_collect(RIG_ROOM);
	ck_assert_int_eq(rig_command(0x1009, rig_next_tid++, 1, (const uint32_t[]){ 3 }), MODEL_OK);
	rig_collect(RIG_ROOM);
	ck_assert_msg(rig_got.answer == reads[_i].answer, "%s: %d", reads[_i].faults,
		      rig_got.answer);
	ck_assert_msg(rig_got.len == reads[_i].len, "%s: %zu bytes", reads[_i].faults, rig_got.len);
	ck_assert_msg(rig_got.response == reads[_i].response, "%s: %04x", reads[_i].faults,
		      rig_got.response);
	if (reads[_i].declared > 0)
		ck_assert_uint_eq(rig_get(rig_got.data, 4), reads[_i].declared);
	rig_end();
}
END_TEST

static const struct { const char *faults; uint16_t code; uint32_t param; const char *data; }
lies[] = {
	{ "dataset-cut=6", 0x1008, 2, "010001000430" },
	{ "dataset-cut=0", 0x1008, 2, "" },
	{ "array-bomb=1", 0x1004, 0, "ffffffff 01000100" },
	{ "string-open=1", 0x1015, 0x5011,
	  "10 3200 3000 3200 3600 3100 3100 3200 3300 5400 3200 3000 3400 3200 3500 3800 7800" },
	{ "battery=7", 0x1015, 0x5001, "07" },
	{ "clock-offset=60", 0x1015, 0x5011, "'20261123T204358'" },
	{ "clock-offset=-86400", 0x1015, 0x5011, "'20261122T204258'" },
	{ "free=1", 0x1005, 0x10001,
	  "0400 0200 0100 0000000010000000 0100000000000000 ffffffff 'Recorder card' 'DVCARD'" },
};

START_TEST(datasets_lie_as_scripted)
{
	rig_begin(lies[_i].faults);
	rig_open_session();
	ck_assert_uint_eq(rig_run1(lies[_i].code, lies[_i].param), OK);
	rig_expect_data(lies[_i].faults, lies[_i].code, lies[_i].data);
	rig_end();
}
END_TEST

START_TEST(the_wrong_transaction_is_named)
{
	rig_begin("wrong-tid=1");
	rig_next_tid = 0;
	ck_assert_uint_eq(rig_run1(0x1002, 1), OK);
	ck_assert_uint_eq(rig_got.tid, UINT32_MAX);
	ck_assert_uint_eq(rig_run(0x1004, 0, NULL), OK);
	ck_assert_uint_eq(rig_get(rig_got.data + 8, 4), ~UINT32_C(1));
	rig_end();
}
END_TEST

START_TEST(a_gone_handle_stays_gone)
{
	rig_begin("handle-gone=2");
	rig_open_session();
	ck_assert_uint_eq(rig_run(0x101b, 3, (const uint32_t[]){ 3, 0, 10 }), OK);
	ck_assert_uint_eq(rig_run(0x101b, 3, (const uint32_t[]){ 3, 10, 10 }), 0x2009);
	ck_assert_uint_eq(rig_run1(0x1008, 3), 0x2009);
	ck_assert_uint_eq(rig_run(0x1006, 3, (const uint32_t[]){ ALL, 0, 0 }), OK);
	ck_assert_uint_eq(rig_got.params[0], 2);
	rig_end();
}
END_TEST

START_TEST(a_card_that_is_out_has_nothing)
{
	uint8_t p[32];
	size_t len;

	rig_begin("store-removed-at=100");
	rig_open_session();
	ck_assert_uint_eq(rig_run1(0x1009, 3), 0x2013);
	ck_assert_int_eq(model_event_in(rig_model, p, sizeof(p), &len), MODEL_OK);
	ck_assert_uint_eq(rig_get(p + 6, 2), 0x4005);
	ck_assert_uint_eq(rig_run1(0x1008, 3), 0x2013);
	ck_assert_uint_eq(rig_run(0x1004, 0, NULL), OK);
	rig_expect_data("storages", 0x1004, "00000000");
	rig_end();
}
END_TEST

/* ------ cancel, reset ------ */

static uint16_t device_status(void)
{
	static const uint8_t setup[8] = { 0xa1, 0x67, 0, 0, 0, 0, 32, 0 };
	uint8_t p[32];
	size_t len = sizeof(p);

	ck_assert_int_eq(model_control(rig_model, setup, p, &len), MODEL_OK);
	ck_assert_uint_eq(rig_get(p, 2), len);
	return (uint16_t)rig_get(p + 2, 2);
}

START_TEST(a_transaction_is_cancelled)
{
	uint8_t p[RIG_PACKET];
	size_t len;

	rig_begin("");
	rig_open_session();
	ck_assert_int_eq(rig_command(0x1009, rig_next_tid, 1, (const uint32_t[]){ 3 }), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(rig_model, p, sizeof(p), &len), MODEL_OK);
	ck_assert_int_eq(rig_cancel(0x4002, rig_next_tid, 6), MODEL_STALL);	/* no such code */
	ck_assert_int_eq(rig_cancel(0x4001, rig_next_tid, 5), MODEL_STALL);
	ck_assert_int_eq(rig_cancel(0x4001, rig_next_tid + 1, 6), MODEL_OK); /* of another: nothing */
	ck_assert_int_eq(model_bulk_in(rig_model, p, sizeof(p), &len), MODEL_OK);
	ck_assert_int_eq(rig_cancel(0x4001, rig_next_tid, 6), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(rig_model, p, sizeof(p), &len), MODEL_NAK);
	ck_assert_uint_eq(device_status(), 0x2019);
	ck_assert_uint_eq(device_status(), OK);
	rig_next_tid++;
	ck_assert_uint_eq(rig_run(0x1004, 0, NULL), OK);
	rig_end();
}
END_TEST

START_TEST(a_reset_ends_the_session_and_a_hang)
{
	static const uint8_t reset[8] = { 0x21, 0x66 };
	size_t len = 0;
	uint8_t none[1];

	rig_begin("hang-at=0");
	rig_open_session();
	ck_assert_uint_eq(rig_run1(0x1009, 3), 0);
	ck_assert_int_eq(rig_got.answer, MODEL_HANG);
	ck_assert_int_eq(model_control(rig_model, reset, none, &len), MODEL_OK);
	ck_assert_uint_eq(rig_run(0x1004, 0, NULL), 0x2003);
	rig_open_session();
	model_reset(rig_model);
	ck_assert_uint_eq(rig_run(0x1004, 0, NULL), 0x2003);
	rig_end();
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, faults_come_as_scripted, 0, (int)COUNT(reads));
	tcase_add_loop_test(tc, datasets_lie_as_scripted, 0, (int)COUNT(lies));
	tcase_add_test(tc, the_wrong_transaction_is_named);
	tcase_add_test(tc, a_gone_handle_stays_gone);
	tcase_add_test(tc, a_transaction_is_cancelled);
	tcase_add_test(tc, a_reset_ends_the_session_and_a_hang);
	tcase_add_test(tc, a_card_that_is_out_has_nothing);
}

int main(void)
{
	return suite_main("model_mtp_faults", fill);
}
