/*
 * The MTP responder, by hand: what is on the wire, from the layouts of
 * ISO 15740 (5.5), MTP 1.1 (appendices B to E) and PIMA 15740 (appendix D).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "unit/model_mtp_rig.h"
#include "unit/suite.h"

/* ------ datasets ------ */

#define INFO(format, size, parent, association, name) \
	"01000100" format "0100" size "0000" "00000000 00000000 00000000" \
	"00000000 00000000 00000000" parent association "00000000 00000000" name \
	RIG_NOON RIG_NOON "''"
#define INFO_DCIM	INFO("0130", "00000000", "00000000", "0100", "'DCIM'")
#define INFO_A		INFO("0430", "05000000", "00000000", "0000", "'a.txt'")
#define INFO_V		INFO("82b9", "dc050000", "01000000", "0000", "'v.mp4'")
#define ID_V		"0300000000000000 0100010000000000"
#define FACTS_V \
	"03000000 01dc 0600 01000100" "03000000 02dc 0400 82b9" "03000000 03dc 0400 0100" \
	"03000000 04dc 0800 dc05000000000000"
#define ALL_V FACTS_V \
	"03000000 07dc ffff 'v.mp4'" "03000000 08dc ffff" RIG_NOON "03000000 09dc ffff" RIG_NOON \
	"03000000 0bdc 0600 01000000" "03000000 41dc 0a00" ID_V "03000000 44dc ffff 'v.mp4'"

static const struct {
	const char *what;
	uint16_t code;
	unsigned n;
	uint32_t params[5];
	uint16_t response;
	const char *data;		/* NULL: none */
	unsigned n_answers;
	uint32_t answer;
} operations[] = {
	{ "storage ids", 0x1004, 0, { 0 }, OK, "01000000 01000100", 0, 0 },
	{ "storage info", 0x1005, 1, { 0x10001 }, OK,
	  "0400 0200 0100 0000000010000000 1ffaffff0f000000 ffffffff 'Recorder card' 'DVCARD'", 0, 0 },
	{ "of no storage", 0x1005, 1, { 0x20001 }, 0x2008, NULL, 0, 0 },
	{ "how many", 0x1006, 3, { ALL, 0, 0 }, OK, NULL, 1, 3 },
	{ "how many, by default", 0x1006, 1, { ALL }, OK, NULL, 1, 3 },
	{ "how many in the root", 0x1006, 3, { 0x10001, 0, ALL }, OK, NULL, 1, 2 },
	{ "how many videos", 0x1006, 2, { 0x10001, 0xb982 }, OK, NULL, 1, 1 },
	{ "handles", 0x1007, 3, { ALL, 0, 0 }, OK, "03000000 01000000 02000000 03000000", 0, 0 },
	{ "handles in the root", 0x1007, 3, { ALL, 0, ALL }, OK, "02000000 01000000 02000000", 0, 0 },
	{ "handles in a folder", 0x1007, 3, { ALL, 0, 1 }, OK, "01000000 03000000", 0, 0 },
	{ "handles of texts", 0x1007, 3, { ALL, 0x3004, 0 }, OK, "01000000 02000000", 0, 0 },
	{ "handles of pictures", 0x1007, 3, { ALL, 0x3801, 0 }, OK, "00000000", 0, 0 },
	{ "in a file", 0x1007, 3, { ALL, 0, 2 }, 0x201a, NULL, 0, 0 },
	{ "in nothing", 0x1007, 3, { ALL, 0, 9 }, 0x201a, NULL, 0, 0 },
	{ "of no format", 0x1007, 3, { ALL, 0x1234, 0 }, 0x200b, NULL, 0, 0 },
	{ "in no storage", 0x1007, 3, { 0x10002, 0, 0 }, 0x2008, NULL, 0, 0 },
	{ "info of a folder", 0x1008, 1, { 1 }, OK, INFO_DCIM, 0, 0 },
	{ "info of a file", 0x1008, 1, { 2 }, OK, INFO_A, 0, 0 },
	{ "info in a folder", 0x1008, 1, { 3 }, OK, INFO_V, 0, 0 },
	{ "info of nothing", 0x1008, 1, { 4 }, 0x2009, NULL, 0, 0 },
	{ "info of handle 0", 0x1008, 1, { 0 }, 0x2009, NULL, 0, 0 },
	{ "object", 0x1009, 1, { 2 }, OK, "68656c6c6f", 0, 0 },
	{ "object that is a folder", 0x1009, 1, { 1 }, 0x2009, NULL, 0, 0 },
	{ "object that is not there", 0x1009, 1, { 77 }, 0x2009, NULL, 0, 0 },
	{ "a part", 0x101b, 3, { 2, 1, 3 }, OK, "656c6c", 1, 3 },
	{ "a part up to the end", 0x101b, 3, { 2, 3, ALL }, OK, "6c6f", 1, 2 },
	{ "a part behind the last", 0x101b, 3, { 2, 5, 8 }, OK, "", 1, 0 },
	{ "a part beyond", 0x101b, 3, { 2, 6, 8 }, 0x201d, NULL, 0, 0 },
	{ "a part by 64 bits", 0x95c1, 4, { 2, 4, 0, 9 }, OK, "6f", 1, 1 },
	{ "a part beyond 4 GiB", 0x95c1, 4, { 2, 0, 1, 9 }, 0x201d, NULL, 0, 0 },
	{ "properties", 0x9801, 1, { 0xb982 }, OK,
	  "0a000000 01dc 02dc 03dc 04dc 07dc 08dc 09dc 0bdc 41dc 44dc", 0, 0 },
	{ "properties of no format", 0x9801, 1, { 0 }, 0x200b, NULL, 0, 0 },
	{ "description of the size", 0x9802, 2, { 0xdc04, 0xb982 }, OK,
	  "04dc 0800 00 0000000000000000 01000000 00", 0, 0 },
	{ "description of the name", 0x9802, 2, { 0xdc07, 0x3000 }, OK,
	  "07dc ffff 00 '' 02000000 00", 0, 0 },
	{ "description of the format", 0x9802, 2, { 0xdc02, 0x3801 }, OK,
	  "02dc 0400 00 0138 01000000 00", 0, 0 },
	{ "of no property", 0x9802, 2, { 0xdc99, 0xb982 }, 0xa80a, NULL, 0, 0 },
	{ "value of the size", 0x9803, 2, { 3, 0xdc04 }, OK, "dc05000000000000", 0, 0 },
	{ "value of the name", 0x9803, 2, { 3, 0xdc07 }, OK, "'v.mp4'", 0, 0 },
	{ "value of the identity", 0x9803, 2, { 3, 0xdc41 }, OK, ID_V, 0, 0 },
	{ "value of no property", 0x9803, 2, { 3, 0xdc99 }, 0xa80a, NULL, 0, 0 },
	{ "value of no object", 0x9803, 2, { 9, 0xdc04 }, 0x2009, NULL, 0, 0 },
	{ "list of one object", 0x9805, 5, { 3, 0, ALL, 0, 0 }, OK, "0a000000" ALL_V, 0, 0 },
	{ "list of one property of all", 0x9805, 5, { ALL, 0, 0xdc0b, 0, 0 }, OK,
	  "03000000 01000000 0bdc 0600 00000000 02000000 0bdc 0600 00000000"
	  "03000000 0bdc 0600 01000000", 0, 0 },
	{ "list of the root", 0x9805, 5, { 0, 0, 0xdc02, 0, 1 }, OK,
	  "02000000 01000000 02dc 0400 0130 02000000 02dc 0400 0430", 0, 0 },
	{ "list of a folder and below", 0x9805, 5, { 1, 0, 0xdc02, 0, ALL }, OK,
	  "02000000 01000000 02dc 0400 0130 03000000 02dc 0400 82b9", 0, 0 },
	{ "list of a format", 0x9805, 5, { ALL, 0xb982, 0xdc44, 0, 0 }, OK,
	  "01000000 03000000 44dc ffff 'v.mp4'", 0, 0 },
	{ "list of a group", 0x9805, 5, { 3, 0, 0, 1, 0 }, OK,
	  "06000000" FACTS_V "03000000 0bdc 0600 01000000 03000000 41dc 0a00" ID_V, 0, 0 },
	{ "list of no group", 0x9805, 5, { 3, 0, 0, 9, 0 }, 0xa807, NULL, 0, 0 },
	{ "list of nothing", 0x9805, 5, { 3, 0, 0, 0, 0 }, 0x2006, NULL, 0, 0 },
	{ "list of no object", 0x9805, 5, { 9, 0, ALL, 0, 0 }, 0x2009, NULL, 0, 0 },
	{ "list of no property", 0x9805, 5, { 3, 0, 0xdc99, 0, 0 }, 0xa80a, NULL, 0, 0 },
	{ "battery described", 0x1014, 1, { 0x5001 }, OK, "0150 0200 00 64 50 01 00 64 01", 0, 0 },
	{ "clock described", 0x1014, 1, { 0x5011 }, OK,
	  "1150 ffff 01 '20000101T000000'" RIG_NOON "00", 0, 0 },
	{ "battery", 0x1015, 1, { 0x5001 }, OK, "50", 0, 0 },
	{ "clock", 0x1015, 1, { 0x5011 }, OK, RIG_NOON, 0, 0 },
	{ "no such property", 0x1015, 1, { 0x5002 }, 0x200a, NULL, 0, 0 },
	{ "not writable: delete", 0x100b, 1, { 2 }, 0x2005, NULL, 0, 0 },
	{ "unheard of", 0x9abc, 0, { 0 }, 0x2005, NULL, 0, 0 },
	{ "session again", 0x1002, 1, { 7 }, 0x201e, NULL, 1, 1 },
	{ "reset", 0x1010, 0, { 0 }, OK, NULL, 0, 0 },
};

START_TEST(operations_say_what_the_standard_has)
{
	rig_begin("");
	rig_open_session();
	ck_assert_msg(rig_run(operations[_i].code, operations[_i].n, operations[_i].params) ==
		      operations[_i].response, "%s: %04x", operations[_i].what, rig_got.response);
	ck_assert_uint_eq(rig_got.tid, 1);
	ck_assert_msg(rig_got.n_params == operations[_i].n_answers, "%s", operations[_i].what);
	if (operations[_i].n_answers > 0)
		ck_assert_uint_eq(rig_got.params[0], operations[_i].answer);
	if (operations[_i].data != NULL)
		rig_expect_data(operations[_i].what, operations[_i].code, operations[_i].data);
	else
		ck_assert_msg(rig_got.len == 0, "%s: data", operations[_i].what);
	rig_end();
}
END_TEST

#define HEAD "6400 06000000 6400"
#define TAIL "04000000 0240 0340 0540 0640" "02000000 0150 1150" "00000000" \
	"0a000000 0030 0130 0430 0830 0930 0a30 0d30 0138 0b38 82b9" "'M' 'P' '1.0' 'S1'"

static const struct { const char *faults, *data; } infos[] = {
	{ "", HEAD "'microsoft.com: 1.0; android.com: 1.0;' 0000 13000000"
	  "0110 0210 0310 0410 0510 0610 0710 0810 0910 1010 1410 1510 1610 1b10"
	  "c195 0198 0298 0398 0598" TAIL },
	{ "writable=1,mtp-ops=-95C1-101b-9805", HEAD "'microsoft.com: 1.0;' 0000 13000000"
	  "0110 0210 0310 0410 0510 0610 0710 0810 0910 0b10 0c10 0d10 1010 1410 1510 1610"
	  "0198 0298 0398" TAIL },
};

START_TEST(the_device_tells_what_it_knows)
{
	rig_begin(infos[_i].faults);
	ck_assert_uint_eq(rig_run(0x1001, 0, NULL), OK);	/* outside of a session, too */
	rig_expect_data("device info", 0x1001, infos[_i].data);
	rig_open_session();
	ck_assert_uint_eq(rig_run(0x1001, 0, NULL), OK);
	rig_expect_data("device info", 0x1001, infos[_i].data);
	rig_end();
}
END_TEST

START_TEST(names_are_utf_16)
{
	rig_begin("");
	rig_put_file("\xe6\x89\xa7\xf0\x9f\x8e\xa5\xff", (const uint8_t *)"", 0);
	ck_assert_int_eq(model_event(rig_model, "added", "\xe6\x89\xa7\xf0\x9f\x8e\xa5\xff"), 0);
	rig_open_session();
	ck_assert_uint_eq(rig_run(0x9803, 2, (const uint32_t[]){ 4, 0xdc07 }), OK);
	rig_expect_data("name", 0x9803, "05 6762 3cd8 a5df fdff 0000");
	rig_end();
}
END_TEST

START_TEST(objects_may_be_larger_than_4_gib)
{
	const uint64_t size = (UINT64_C(5) << 30) + 3;
	char path[64];
	uint8_t p[RIG_PACKET];
	size_t len;

	rig_begin("");
	rig_put_file("big.avi", (const uint8_t *)"", 0);
	snprintf(path, sizeof(path), "%s/big.avi", rig_folder);
	ck_assert_int_eq(truncate(path, (off_t)size), 0);
	ck_assert_int_eq(model_event(rig_model, "added", "big.avi"), 0);
	rig_open_session();
	ck_assert_uint_eq(rig_run1(0x1008, 4), OK);
	ck_assert_uint_eq(rig_get(rig_got.data + 12 + 8, 4), UINT32_MAX);
	ck_assert_uint_eq(rig_run(0x9803, 2, (const uint32_t[]){ 4, 0xdc04 }), OK);
	rig_expect_data("size", 0x9803, "0300004001000000");
	ck_assert_uint_eq(rig_run(0x95c1, 4, (const uint32_t[]){ 4, 0x40000001, 1, 100 }), OK);
	ck_assert_uint_eq(rig_got.params[0], 2);
	rig_expect_data("its end", 0x95c1, "0000");
	ck_assert_int_eq(rig_command(0x1009, rig_next_tid, 1, (const uint32_t[]){ 4 }), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(rig_model, p, sizeof(p), &len), MODEL_OK);
	ck_assert_uint_eq(rig_get(p, 4), UINT32_MAX);
	rig_end();
}
END_TEST

/* ------ packets ------ */

/* A data phase of 12 + n bytes, read by transfers of `room`: what each of them brings. */
static const struct { uint32_t n; size_t room; size_t lens[5]; size_t count; } phases[] = {
	{ 0, 512, { 12 }, 1 },
	{ 499, 512, { 511 }, 1 },
	{ 500, 512, { 512, 0 }, 2 },		/* an empty packet ends it */
	{ 500, 1024, { 512 }, 1 },		/* within the same transfer */
	{ 501, 512, { 512, 1 }, 2 },
	{ 1012, 512, { 512, 512, 0 }, 3 },
	{ 1012, 1024, { 1024, 0 }, 2 },
	{ 1499, 1024, { 1024, 487 }, 2 },
	{ 1500, 65536, { 1512 }, 1 },
};

START_TEST(data_end_by_a_short_packet)
{
	uint8_t p[RIG_ROOM];
	size_t len, i;

	rig_begin("");
	rig_open_session();
	ck_assert_int_eq(rig_command(0x101b, 1, 3, (const uint32_t[]){ 3, 0, phases[_i].n }),
			 MODEL_OK);
	ck_assert_int_eq(rig_command(0x1004, 2, 0, NULL), MODEL_NAK);	/* not before its end */
	for (i = 0; i < phases[_i].count; i++) {
		ck_assert_int_eq(model_bulk_in(rig_model, p, phases[_i].room, &len), MODEL_OK);
		ck_assert_uint_eq(len, phases[_i].lens[i]);
	}
	rig_collect(RIG_ROOM);
	ck_assert_uint_eq(rig_got.response, OK);
	ck_assert_uint_eq(rig_got.params[0], phases[_i].n);
	ck_assert_int_eq(model_bulk_in(rig_model, p, RIG_ROOM, &len), MODEL_NAK);
	rig_end();
}
END_TEST

START_TEST(a_packet_needs_its_room)
{
	uint8_t p[RIG_ROOM];
	size_t len;

	rig_begin("");
	rig_open_session();
	ck_assert_int_eq(rig_command(0x1009, 1, 1, (const uint32_t[]){ 3 }), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(rig_model, p, 100, &len), MODEL_OVERFLOW);
	rig_end();
}
END_TEST

START_TEST(content_is_that_of_the_file)
{
	size_t i;

	rig_begin("");
	rig_open_session();
	ck_assert_uint_eq(rig_run1(0x1009, 3), OK);
	ck_assert_uint_eq(rig_got.len, 12 + RIG_VIDEO);
	for (i = 0; i < RIG_VIDEO; i++)
		ck_assert_uint_eq(rig_got.data[12 + i], rig_video_byte(i));
	ck_assert_uint_eq(model_content_bytes(rig_model), RIG_VIDEO);
	rig_end();
}
END_TEST

/* ------ strictness ------ */

START_TEST(sessions_and_transactions_are_kept)
{
	rig_begin("");
	ck_assert_uint_eq(rig_run(0x1004, 0, NULL), 0x2003);	/* no session */
	ck_assert_uint_eq(rig_run(0x1003, 0, NULL), 0x2003);
	ck_assert_uint_eq(rig_run1(0x1002, 1), 0x2004);		/* opens with transaction 0 alone */
	rig_next_tid = 0;
	ck_assert_uint_eq(rig_run1(0x1002, 0), 0x201d);
	rig_open_session();
	rig_next_tid = 3;						/* 1 is next */
	ck_assert_uint_eq(rig_run(0x1004, 0, NULL), 0x2004);
	ck_assert_uint_eq(rig_got.tid, 3);
	rig_next_tid = 1;
	ck_assert_uint_eq(rig_run(0x1004, 0, NULL), OK);
	rig_next_tid = 1;
	ck_assert_uint_eq(rig_run(0x1004, 0, NULL), 0x2004);
	rig_next_tid = 2;
	ck_assert_uint_eq(rig_run(0x1003, 0, NULL), OK);
	ck_assert_uint_eq(rig_run(0x1004, 0, NULL), 0x2003);
	rig_open_session();
	rig_end();
}
END_TEST

/* What is no command makes it stall both pipes until they were cleared. */
static const struct { const char *what; const char *bytes; } nonsense[] = {
	{ "too short", "0c000000 0100" },
	{ "a length that is not", "10000000 0100 0410 01000000" },
	{ "not of whole parameters", "0d000000 0100 0410 01000000 00" },
	{ "a data container", "0c000000 0200 0410 01000000" },
	{ "six parameters", "24000000 0100 0410 01000000 00000000 00000000 00000000 00000000"
	  "00000000 00000000" },
	{ "nothing", "" },
};

START_TEST(what_is_no_command_stalls)
{
	static const uint8_t status[8] = { 0xa1, 0x67, 0, 0, 0, 0, 32, 0 };
	uint8_t p[64];
	size_t len;

	rig_begin("");
	rig_open_session();
	ck_assert_int_eq(model_bulk_out(rig_model, p, rig_bytes_of(nonsense[_i].bytes, p)),
			 MODEL_STALL);
	ck_assert_int_eq(model_bulk_in(rig_model, p, sizeof(p), &len), MODEL_STALL);
	len = sizeof(p);
	ck_assert_int_eq(model_control(rig_model, status, p, &len), MODEL_OK);
	ck_assert_uint_eq(len, 12);
	ck_assert_mem_eq(p, "\x0c\x00\x1f\x20\x81\x00\x00\x00\x02\x00\x00\x00", 12);
	model_clear_halt(rig_model, MODEL_EP_IN);
	model_clear_halt(rig_model, MODEL_EP_OUT);
	len = sizeof(p);
	ck_assert_int_eq(model_control(rig_model, status, p, &len), MODEL_OK);
	ck_assert(len == 4 && memcmp(p, "\x04\x00\x01\x20", 4) == 0);
	ck_assert_uint_eq(rig_run(0x1004, 0, NULL), OK);
	rig_end();
}
END_TEST

START_TEST(data_of_another_operation_stall)
{
	uint8_t p[64];

	rig_begin("");
	rig_open_session();
	ck_assert_int_eq(rig_command(0x1016, 1, 1, (const uint32_t[]){ 0x5011 }), MODEL_OK);
	rig_container(p, 12, 2, 0x1016, 2);
	ck_assert_int_eq(model_bulk_out(rig_model, p, 12), MODEL_STALL);
	rig_end();
}
END_TEST

/* ------ events ------ */

static const struct { const char *what, *arg; int r; const char *event; } events[] = {
	{ "added", "b.txt", 0, "10000000 0400 0240 ffffffff 04000000" },
	{ "added", "none", -ENOENT, NULL },
	{ "added", "a.txt", -ENOENT, NULL },
	{ "added", NULL, -EINVAL, NULL },
	{ "removed", "DCIM/v.mp4", 0, "10000000 0400 0340 ffffffff 03000000" },
	{ "removed", "none", -ENOENT, NULL },
	{ "store-removed", NULL, 0, "10000000 0400 0540 ffffffff 01000100" },
	{ "changed", "5001", 0, "10000000 0400 0640 ffffffff 01500000" },
	{ "changed", "x", -EINVAL, NULL },
	{ "send", "400B", 0, "0c000000 0400 0b40 ffffffff" },
	{ "send", "4008 7", 0, "10000000 0400 0840 ffffffff 07000000" },
	{ "send", "", -EINVAL, NULL },
	{ "wished for", "1", -EINVAL, NULL },
};

START_TEST(it_tells_what_happens)
{
	static const uint8_t more[8] = { 0xa1, 0x65, 0, 0, 0, 0, 32, 0 };
	uint8_t want[32], p[32];
	size_t len, n;

	rig_begin("");
	rig_put_file("b.txt", (const uint8_t *)"b", 1);
	ck_assert_int_eq(model_event_in(rig_model, p, sizeof(p), &len), MODEL_NAK);
	ck_assert_msg(model_event(rig_model, events[_i].what, events[_i].arg) == events[_i].r, "%s",
		      events[_i].what);
	if (events[_i].event == NULL) {
		ck_assert_int_eq(model_event_in(rig_model, p, sizeof(p), &len), MODEL_NAK);
		rig_end();
		return;
	}
	n = rig_bytes_of(events[_i].event, want);
	ck_assert_int_eq(model_event_in(rig_model, p, sizeof(p), &len), MODEL_OK);
	ck_assert_uint_eq(len, n);
	ck_assert_mem_eq(p, want, n);
	ck_assert_int_eq(model_event_in(rig_model, p, sizeof(p), &len), MODEL_NAK);
	len = sizeof(p);
	ck_assert_int_eq(model_control(rig_model, more, p, &len), MODEL_OK);
	ck_assert_uint_eq(len, 8);
	ck_assert_mem_eq(p, want + 6, 6);
	rig_end();
}
END_TEST

/* ------ behind the seam ------ */

static void on_event(struct usb_xfer *x)
{
	*(bool *)x->data = true;
}

START_TEST(events_come_through_the_seam)
{
	bool done = false;
	uint8_t p[64];
	struct usb_xfer x = { .endpoint = MODEL_EP_EVENT, .buf = p, .len = sizeof(p),
			      .cb = on_event, .data = &done };
	struct usb_io *io;
	uv_loop_t loop;

	rig_begin("");
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(model_io_new(&loop, rig_model, &io), 0);
	ck_assert_uint_eq(io->endpoint_event, MODEL_EP_EVENT);
	ck_assert_int_eq(io->protocol, USB_PROTOCOL_MTP);
	ck_assert_int_eq(io->ops->submit(io, &x), 0);
	uv_run(&loop, UV_RUN_NOWAIT);
	ck_assert(!done);
	ck_assert_int_eq(model_event(rig_model, "changed", "5001"), 0);
	model_io_wake(io);
	while (!done)
		uv_run(&loop, UV_RUN_ONCE);
	ck_assert_int_eq(x.status, USB_DONE);
	ck_assert_uint_eq(x.actual, 16);
	close(model_config(rig_model)->folder_fd);
	io->ops->close(io, NULL, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	rig_remove_folder();
}
END_TEST

/* ------ locked ------ */

START_TEST(a_vendor_operation_unlocks)
{
	uint8_t d[64];

	rig_begin("");
	close(model_config(rig_model)->folder_fd);
	model_free(rig_model);
	rig_model = rig_model_of("", "mtp:9F01:12345678:1");
	ck_assert_uint_gt(model_descriptors(rig_model, d, sizeof(d)), 18);
	ck_assert_uint_eq(d[16], 0);				/* no serial */
	rig_open_session();
	ck_assert_uint_eq(rig_run(0x1004, 0, NULL), OK);
	rig_expect_data("storages", 0x1004, "00000000");
	ck_assert_uint_eq(rig_run(0x9f01, 2, (const uint32_t[]){ 0x12345678, 2 }), 0x201d);
	ck_assert_uint_eq(rig_run1(0x9f01, 0x12345678), 0x201d);
	ck_assert(!model_has_left(rig_model));
	ck_assert_uint_eq(rig_run(0x9f01, 2, (const uint32_t[]){ 0x12345678, 1 }), OK);
	ck_assert(model_has_left(rig_model) && model_was_unlocked(rig_model));
	ck_assert_int_eq(rig_command(0x1004, 9, 0, NULL), MODEL_UNPLUG);
	rig_end();
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, operations_say_what_the_standard_has, 0, (int)COUNT(operations));
	tcase_add_loop_test(tc, the_device_tells_what_it_knows, 0, (int)COUNT(infos));
	tcase_add_test(tc, names_are_utf_16);
	tcase_add_test(tc, objects_may_be_larger_than_4_gib);
	tcase_add_loop_test(tc, data_end_by_a_short_packet, 0, (int)COUNT(phases));
	tcase_add_test(tc, a_packet_needs_its_room);
	tcase_add_test(tc, content_is_that_of_the_file);
	tcase_add_test(tc, sessions_and_transactions_are_kept);
	tcase_add_loop_test(tc, what_is_no_command_stalls, 0, (int)COUNT(nonsense));
	tcase_add_test(tc, data_of_another_operation_stall);
	tcase_add_loop_test(tc, it_tells_what_happens, 0, (int)COUNT(events));
	tcase_add_test(tc, a_vendor_operation_unlocks);
	tcase_add_test(tc, events_come_through_the_seam);
}

int main(void)
{
	return suite_main("model_mtp", fill);
}
