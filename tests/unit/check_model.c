/* The model itself, by hand: what the bytes on the wire are. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/util.h"
#include "emulator/model.h"
#include "unit/suite.h"

enum { BLOCKS = 64, BLOCK = 512 };

static int image_of(int first)
{
	uint8_t block[BLOCK];
	int fd = memfd_create("image", MFD_CLOEXEC), i;

	ck_assert_int_ge(fd, 0);
	for (i = 0; i < BLOCKS; i++) {
		memset(block, first + i, sizeof(block));
		ck_assert_int_eq(write(fd, block, sizeof(block)), BLOCK);
	}
	return fd;
}

static struct model_config config_with(const char *faults)
{
	struct model_config c = {
		.vid = 0x0951, .pid = 0x1666, .serial = "DV0001", .manufacturer = "Dockvault",
		.product = "\xe6\x89\xa7\xe6\xb3\x95", .block_size = BLOCK,
		.image_fd = image_of(0), .image_size = BLOCKS * BLOCK,
	};

	ck_assert_int_eq(model_faults_parse(faults, &c.faults), 0);
	return c;
}

static struct model *model_with(const char *faults)
{
	struct model_config c = config_with(faults);
	struct model *m;

	ck_assert_int_eq(model_new(&c, &m), 0);
	return m;
}

static void done_with(struct model *m)
{
	unsigned i;

	close(model_config(m)->image_fd);
	for (i = 0; i < model_config(m)->n_more; i++)
		close(model_config(m)->more[i].image_fd);
	model_free(m);
}

static enum model_answer send_to(struct model *m, uint8_t lun, uint32_t expected, bool in,
				 const uint8_t *cdb, size_t cdb_len)
{
	uint8_t cbw[31] = { 'U', 'S', 'B', 'C', 0x11, 0x22, 0x33, 0x44 };

	memcpy(cbw + 8, &expected, 4);		/* the tests run on little-endian machines */
	cbw[12] = in ? 0x80 : 0;
	cbw[13] = lun;
	cbw[14] = (uint8_t)cdb_len;
	memcpy(cbw + 15, cdb, cdb_len);
	return model_bulk_out(m, cbw, sizeof(cbw));
}

static enum model_answer send(struct model *m, uint32_t expected, bool in, const uint8_t *cdb,
			      size_t cdb_len)
{
	return send_to(m, 0, expected, in, cdb, cdb_len);
}

/* Read a CSW: its status, or -1 when it is not one for our tag. */
static int status(struct model *m, uint32_t *ret_residue)
{
	uint8_t csw[13];
	size_t len;

	if (model_bulk_in(m, csw, sizeof(csw), &len) != MODEL_OK || len != sizeof(csw) ||
	    memcmp(csw, "USBS\x11\x22\x33\x44", 8) != 0)
		return -1;
	memcpy(ret_residue, csw + 8, 4);
	return csw[12];
}

/* The unit attention that follows power-on. */
static void settle(struct model *m)
{
	static const uint8_t ready[6] = { 0 };
	uint8_t csw[13];
	size_t len;

	ck_assert_int_eq(send(m, 0, false, ready, 6), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(m, csw, sizeof(csw), &len), MODEL_OK);
	ck_assert_uint_eq(csw[12], 1);
}

static const uint8_t read_two[10] = { 0x28, 0, 0, 0, 0, 3, 0, 0, 2, 0 };

START_TEST(reads_what_the_image_holds)
{
	struct model *m = model_with("");
	uint8_t buf[2 * BLOCK];
	uint32_t residue;
	size_t len;

	settle(m);
	ck_assert_int_eq(model_bulk_in(m, buf, sizeof(buf), &len), MODEL_NAK);
	ck_assert_int_eq(send(m, sizeof(buf), true, read_two, 10), MODEL_OK);
	ck_assert_int_eq(send(m, sizeof(buf), true, read_two, 10), MODEL_NAK);
	ck_assert_int_eq(model_bulk_in(m, buf, sizeof(buf), &len), MODEL_OK);
	ck_assert_uint_eq(len, sizeof(buf));
	ck_assert_uint_eq(buf[0], 3);
	ck_assert_uint_eq(buf[sizeof(buf) - 1], 4);
	ck_assert_int_eq(status(m, &residue), 0);
	ck_assert_uint_eq(residue, 0);
	ck_assert_uint_eq(model_content_bytes(m), sizeof(buf));
	done_with(m);
}
END_TEST

/* How the READ of blocks 3 and 4 goes: the data stage, then the status. */
static const struct {
	const char *faults;
	size_t room;
	enum model_answer answer;
	size_t len;
	int status;		/* -1: none to be had */
	uint32_t residue;
} reads[] = {
	{ "", 1024, MODEL_OK, 1024, 0, 0 },
	{ "", 1000, MODEL_OVERFLOW, 1000, -1, 0 },
	{ "", 2048, MODEL_OK, 1024 + 13, -1, 0 },	/* the status came with the data */
	{ "stall-at=600", 1024, MODEL_STALL, 512, 1, 512 },
	{ "stall-at=0", 1024, MODEL_STALL, 0, 1, 1024 },
	{ "stall-at=1024", 1024, MODEL_OK, 1024, 0, 0 },
	{ "short-at=1023", 1024, MODEL_OK, 512, 0, 512 },
	{ "lie-at=0", 1024, MODEL_OK, 512, 0, 0 },
	{ "hang-at=5", 1024, MODEL_HANG, 0, -1, 0 },
	{ "unplug-at=700", 1024, MODEL_UNPLUG, 700, -1, 0 },
	{ "bad-sector=4", 1024, MODEL_STALL, 512, 1, 512 },
	{ "bad-sector=5", 1024, MODEL_OK, 1024, 0, 0 },
	{ "shrink=4", 1024, MODEL_STALL, 0, 1, 1024 },
	{ "csw-tag=1", 1024, MODEL_OK, 1024, -1, 0 },
	{ "csw-sig=1", 1024, MODEL_OK, 1024, -1, 0 },
	{ "phase-error=2", 1024, MODEL_OK, 1024, 2, 0 },
	{ "not-ready=1", 1024, MODEL_STALL, 0, 1, 1024 },
	{ "no-medium=1", 1024, MODEL_STALL, 0, 1, 1024 },
};

START_TEST(faults_come_as_scripted)
{
	struct model *m = model_with(reads[_i].faults);
	uint8_t buf[2048];
	uint32_t residue;
	size_t len;

	settle(m);
	ck_assert_int_eq(send(m, 1024, true, read_two, 10), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(m, buf, reads[_i].room, &len), reads[_i].answer);
	ck_assert_uint_eq(len, reads[_i].len);
	if (reads[_i].answer == MODEL_STALL) {
		ck_assert_int_eq(model_bulk_in(m, buf, 13, &len), MODEL_STALL);
		model_clear_halt(m, MODEL_EP_IN);
	}
	ck_assert_int_eq(status(m, &residue), reads[_i].status);
	if (reads[_i].status >= 0)
		ck_assert_uint_eq(residue, reads[_i].residue);
	done_with(m);
}
END_TEST

/* Commands whose length or direction does not agree with the device's (BOT 1.0, 6.7). */
static const struct {
	const char *what;
	uint8_t cdb[6];
	uint32_t expected;
	bool in;
	int status;
	uint32_t residue;
} disagreements[] = {
	{ "no data, none", { 0x00 }, 0, true, 0, 0 },
	{ "case 2: device has data, host expects none", { 0x12, 0, 0, 0, 36 }, 0, true, 2, 0 },
	{ "case 7: device has more", { 0x12, 0, 0, 0, 36 }, 8, true, 2, 0 },
	{ "case 10: host would send", { 0x12, 0, 0, 0, 36 }, 36, false, 2, 36 },
	{ "case 9: a write is refused", { 0x0a, 0, 0, 0, 1 }, 512, false, 1, 512 },
	{ "case 5: device has less", { 0x12, 0, 0, 0, 255 }, 255, true, 0, 255 - 36 },
};

START_TEST(disagreements_end_as_the_standard_says)
{
	struct model *m = model_with("");
	uint8_t buf[512];
	uint32_t residue;
	size_t len;

	settle(m);
	ck_assert_int_eq(send(m, disagreements[_i].expected, disagreements[_i].in,
			      disagreements[_i].cdb, 6), MODEL_OK);
	if (disagreements[_i].in && disagreements[_i].expected > 0)
		ck_assert_int_eq(model_bulk_in(m, buf, disagreements[_i].expected, &len),
				 MODEL_OK);
	ck_assert_int_eq(status(m, &residue), disagreements[_i].status);
	ck_assert_uint_eq(residue, disagreements[_i].residue);
	if (!disagreements[_i].in)
		ck_assert_int_eq(send(m, 0, true, disagreements[_i].cdb, 6), MODEL_STALL);
	done_with(m);
}
END_TEST

START_TEST(an_invalid_command_needs_reset_recovery)
{
	static const uint8_t reset[8] = { 0x21, 0xff };
	struct model *m = model_with("");
	uint8_t cbw[31] = { 'U', 'S', 'B', 'X' };
	size_t len = 0;

	ck_assert_int_eq(model_bulk_out(m, cbw, sizeof(cbw)), MODEL_STALL);
	model_clear_halt(m, MODEL_EP_IN);
	ck_assert_int_eq(model_bulk_in(m, cbw, 13, &len), MODEL_STALL);
	ck_assert_int_eq(model_control(m, reset, cbw, &len), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(m, cbw, 13, &len), MODEL_STALL);
	model_clear_halt(m, MODEL_EP_IN);
	model_clear_halt(m, MODEL_EP_OUT);
	settle(m);
	done_with(m);
}
END_TEST

START_TEST(describes_itself)
{
	static const uint8_t string[8] = { 0x80, 6, 2, 3, 0x04, 0x08, 255, 0 };
	static const uint8_t max_lun[8] = { 0xa1, 0xfe, 0, 0, 0, 0, 1, 0 };
	static const uint8_t nonsense[8] = { 0xc0, 0x42, 0, 0, 0, 0, 1, 0 };
	struct model *m = model_with("");
	uint8_t buf[255];
	size_t len;

	ck_assert_uint_eq(model_descriptors(m, buf, sizeof(buf)), 18 + 9 + 9 + 7 + 7);
	ck_assert_mem_eq(buf + 8, "\x51\x09\x66\x16", 4);
	ck_assert_mem_eq(buf + 18 + 9 + 5, "\x08\x06\x50", 3);
	len = sizeof(buf);
	ck_assert_int_eq(model_control(m, string, buf, &len), MODEL_OK);
	ck_assert_uint_eq(len, 6);
	ck_assert_mem_eq(buf, "\x06\x03\x67\x62\xd5\x6c", 6);	/* U+6267 U+6CD5 */
	len = sizeof(buf);
	ck_assert_int_eq(model_control(m, max_lun, buf, &len), MODEL_OK);
	ck_assert(len == 1 && buf[0] == 0);
	len = sizeof(buf);
	ck_assert_int_eq(model_control(m, nonsense, buf, &len), MODEL_STALL);
	done_with(m);
}
END_TEST

/* ------ several units ------ */

static struct model *model_of_three(void)
{
	struct model_config c = config_with("");
	struct model *m;

	c.more[0] = (struct model_unit){ image_of(100), BLOCKS * BLOCK, 4096 };
	c.more[1] = (struct model_unit){ .image_fd = -1, .block_size = BLOCK };
	c.n_more = 2;
	ck_assert_int_eq(model_new(&c, &m), 0);
	return m;
}

/* Sense key and code, by REQUEST SENSE. */
static void expect_sense(struct model *m, uint8_t lun, uint8_t key, uint8_t asc)
{
	static const uint8_t request_sense[6] = { 0x03, 0, 0, 0, 18 };
	uint8_t sense[18];
	uint32_t residue;
	size_t len;

	ck_assert_int_eq(send_to(m, lun, 18, true, request_sense, 6), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(m, sense, 18, &len), MODEL_OK);
	ck_assert_uint_eq(sense[2], key);
	ck_assert_uint_eq(sense[12], asc);
	ck_assert_int_eq(status(m, &residue), 0);
}

START_TEST(units_are_apart)
{
	static const uint8_t max_lun[8] = { 0xa1, 0xfe, 0, 0, 0, 0, 1, 0 };
	static const uint8_t ready[6] = { 0 };
	static const uint8_t capacity[10] = { 0x25 };
	static const uint8_t read_last[16] = { 0x88, [9] = 7, [13] = 1 };
	struct model *m = model_of_three();
	uint8_t buf[4096];
	uint32_t residue;
	size_t len = 1;

	ck_assert_int_eq(model_control(m, max_lun, buf, &len), MODEL_OK);
	ck_assert(len == 1 && buf[0] == 2);
	settle(m);				/* the attention of unit 0 is its own */
	ck_assert_int_eq(send_to(m, 1, 0, false, ready, 6), MODEL_OK);
	ck_assert_int_eq(status(m, &residue), 1);
	expect_sense(m, 1, 6, 0x29);
	expect_sense(m, 0, 6, 0x29);		/* and waits for it */
	ck_assert_int_eq(send_to(m, 1, 8, true, capacity, 10), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(m, buf, 8, &len), MODEL_OK);
	ck_assert_mem_eq(buf, "\0\0\0\x07\0\0\x10\0", 8);	/* the last of 8 blocks of 4096 */
	ck_assert_int_eq(status(m, &residue), 0);
	ck_assert_int_eq(send_to(m, 1, 4096, true, read_last, 16), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(m, buf, sizeof(buf), &len), MODEL_OK);
	ck_assert_uint_eq(buf[0], 100 + 56);
	ck_assert_int_eq(status(m, &residue), 0);
	ck_assert_int_eq(send_to(m, 2, 0, false, ready, 6), MODEL_OK);
	ck_assert_int_eq(status(m, &residue), 1);
	ck_assert_int_eq(send_to(m, 2, 0, false, ready, 6), MODEL_OK);
	ck_assert_int_eq(status(m, &residue), 1);
	expect_sense(m, 2, 2, 0x3a);
	ck_assert_int_eq(send_to(m, 3, 0, false, ready, 6), MODEL_STALL);	/* no such unit */
	done_with(m);
}
END_TEST

START_TEST(max_lun_may_be_stalled)
{
	static const uint8_t max_lun[8] = { 0xa1, 0xfe, 0, 0, 0, 0, 1, 0 };
	struct model *m = model_with("no-max-lun=1");
	uint8_t buf[1];
	size_t len = 1;

	ck_assert_int_eq(model_control(m, max_lun, buf, &len), MODEL_STALL);
	done_with(m);
}
END_TEST

/* ------ locked ------ */

/* A command to a device that waits for another: the status, and whether it leaves. */
static const struct {
	const char *unlock, *faults;
	uint8_t cdb[6];
	size_t cdb_len;
	const char *data;
	int status;
	bool leaves, returns;
} unlocks[] = {
	{ "scsi:d01122", "", { 0xd0, 0x11, 0x22 }, 3, NULL, 0, true, true },
	{ "scsi:d01122", "", { 0xd0, 0x11, 0x23 }, 3, NULL, 1, false, false },
	{ "scsi:d01122", "", { 0xd0, 0x11, 0x22, 0x00 }, 4, NULL, 1, false, false },
	{ "scsi:d01122", "unlock-fails=1", { 0xd0, 0x11, 0x22 }, 3, NULL, 0, true, false },
	{ "scsi:d0:313233", "", { 0xd0 }, 1, "123", 0, true, true },
	{ "scsi:d0:313233", "", { 0xd0 }, 1, "124", 1, false, false },
	{ "scsi:d0:313233", "", { 0xd0 }, 1, "1234", 1, false, false },
	{ "scsi:d0:313233", "", { 0xd0 }, 1, NULL, 1, false, false },
};

START_TEST(one_command_unlocks)
{
	static const uint8_t ready[6] = { 0 };
	struct model_config c = config_with(unlocks[_i].faults);
	size_t len = unlocks[_i].data != NULL ? strlen(unlocks[_i].data) : 0;
	uint8_t d[64];
	uint32_t residue;
	struct model *m;

	c.unlock.vid = 0x1111;
	c.unlock.pid = 0x2222;
	ck_assert_int_eq(model_unlock_parse(unlocks[_i].unlock, &c.unlock), 0);
	ck_assert_int_eq(model_new(&c, &m), 0);
	model_descriptors(m, d, sizeof(d));
	ck_assert_mem_eq(d + 8, "\x11\x11\x22\x22", 4);
	ck_assert_uint_eq(d[16], 0);			/* no serial */
	settle(m);
	ck_assert_int_eq(send(m, 0, false, ready, 6), MODEL_OK);
	ck_assert_int_eq(status(m, &residue), 1);
	expect_sense(m, 0, 2, 0x3a);			/* no medium */
	ck_assert_int_eq(send(m, (uint32_t)len, false, unlocks[_i].cdb, unlocks[_i].cdb_len),
			 MODEL_OK);
	if (len > 0)
		ck_assert_int_eq(model_bulk_out(m, (const uint8_t *)unlocks[_i].data, len),
				 len == 3 ? MODEL_OK : MODEL_STALL);
	ck_assert_int_eq(status(m, &residue), unlocks[_i].status);
	ck_assert(model_has_left(m) == unlocks[_i].leaves);
	ck_assert(model_was_unlocked(m) == unlocks[_i].returns);
	done_with(m);
}
END_TEST

static const struct { const char *text; int r; } keys[] = {
	{ "scsi:00", 0 }, { "scsi:d0112233445566778899aabbccddeeff", 0 }, { "scsi:d0:00", 0 },
	{ "mtp:9F01", 0 }, { "mtp:9f01:1:2:3:4:ffffffff", 0 },
	{ "", -EINVAL }, { "scsi:", -EINVAL }, { "scsi:d", -EINVAL }, { "scsi:d0:", -EINVAL },
	{ "scsi:d0 1", -EINVAL }, { "scsi:d0112233445566778899aabbccddeeff00", -EINVAL },
	{ "scsi:d0:00:00", -EINVAL }, { "mtp:", -EINVAL }, { "mtp:1001", -EINVAL },
	{ "mtp:9f01:", -EINVAL }, { "mtp:9f01:1:2:3:4:5:6", -EINVAL }, { "mtp:9f01 ", -EINVAL },
	{ "mtp:9f01:123456789", -EINVAL }, { "ata:00", -EINVAL },
};

START_TEST(keys_are_strict)
{
	struct model_unlock u = { 0 };

	ck_assert_msg(model_unlock_parse(keys[_i].text, &u) == keys[_i].r, "%s", keys[_i].text);
}
END_TEST

static const struct { const char *text; int r; } specs[] = {
	{ "mtp-ops=-95C1-101b,writable=1", 0 }, { "clock-offset=-3600", 0 }, { "battery=5", 0 },
	{ "mtp-ops=", -EINVAL }, { "mtp-ops=95C1", -EINVAL }, { "mtp-ops=-95C", -EINVAL },
	{ "mtp-ops=-95CX", -EINVAL }, { "battery=-5", -EINVAL }, { "clock-offset=--1", -EINVAL },
	{ "clock-offset=", -EINVAL },
	{ "", 0 }, { "unplug-at=0", 0 }, { "csw-tag=1,delay-us=50", 0 }, { "grow=0", 0 },
	{ "unplug-at", -EINVAL }, { "unplug-at=", -EINVAL }, { "unplug-at=-1", -EINVAL },
	{ "unplug=1", -EINVAL }, { "grow=2", -EINVAL }, { "grow=1,", -EINVAL },
	{ ",grow=1", -EINVAL }, { "grow=1 ", -EINVAL }, { "not-ready=4294967296", -EINVAL },
	{ "bad-sector=9999999999999999999", -EINVAL },
};

START_TEST(fault_specs_are_strict)
{
	struct model_faults f;

	ck_assert_int_eq(model_faults_parse(specs[_i].text, &f), specs[_i].r);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, reads_what_the_image_holds);
	tcase_add_loop_test(tc, faults_come_as_scripted, 0, (int)COUNT(reads));
	tcase_add_loop_test(tc, disagreements_end_as_the_standard_says, 0,
			    (int)COUNT(disagreements));
	tcase_add_test(tc, an_invalid_command_needs_reset_recovery);
	tcase_add_test(tc, describes_itself);
	tcase_add_test(tc, units_are_apart);
	tcase_add_test(tc, max_lun_may_be_stalled);
	tcase_add_loop_test(tc, one_command_unlocks, 0, (int)COUNT(unlocks));
	tcase_add_loop_test(tc, keys_are_strict, 0, (int)COUNT(keys));
	tcase_add_loop_test(tc, fault_specs_are_strict, 0, (int)COUNT(specs));
}

int main(void)
{
	return suite_main("model", fill);
}
