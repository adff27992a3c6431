#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "recorder/patience.h"
#include "recorder/scsi.h"
#include "unit/suite.h"

static const struct {
	const char *what;
	uint64_t lba;
	uint32_t blocks, block_size;
	uint8_t len;
	uint8_t cdb[16];
} reads[] = {
	{ "the first sector", 0, 1, 512, 10, { 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0 } },
	{ "64 KiB", 0x01020304, 128, 512, 10, { 0x28, 0, 1, 2, 3, 4, 0, 0, 128, 0 } },
	{ "the last that READ(10) reaches", UINT32_MAX, 65535, 512, 10,
	  { 0x28, 0, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0 } },
	{ "one further", UINT64_C(1) << 32, 256, 512, 16,
	  { 0x88, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0 } },
	{ "beyond 2 TiB", UINT64_C(0x0102030405), 65535, 512, 16,
	  { 0x88, 0, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0xff, 0xff, 0, 0 } },
	{ "large sectors, READ(16)", UINT64_C(0x0700000000), 16, 4096, 16,
	  { 0x88, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0 } },
	{ "large sectors", 7, 16, 4096, 10, { 0x28, 0, 0, 0, 0, 7, 0, 0, 16, 0 } },
};

START_TEST(reads_are_built)
{
	struct scsi_command c = scsi_read(reads[_i].lba, reads[_i].blocks, reads[_i].block_size);

	ck_assert_uint_eq(c.cdb_len, reads[_i].len);
	ck_assert_mem_eq(c.cdb, reads[_i].cdb, 16);
	ck_assert_uint_eq(c.data_len, reads[_i].blocks * reads[_i].block_size);
	ck_assert(scsi_is_read(c.cdb[0]));
}
END_TEST

static const struct {
	struct scsi_command (*build)(void);
	uint8_t len;
	uint32_t data_len;
	uint8_t cdb[16];
} commands[] = {
	{ scsi_test_unit_ready, 6, 0, { 0 } },
	{ scsi_request_sense, 6, 18, { 0x03, 0, 0, 0, 18, 0 } },
	{ scsi_inquiry, 6, 36, { 0x12, 0, 0, 0, 36, 0 } },
	{ scsi_report_luns, 12, 136, { 0xa0, [9] = 136 } },
	{ scsi_read_capacity_10, 10, 8, { 0x25 } },
	{ scsi_read_capacity_16, 16, 32, { 0x9e, 0x10, [13] = 32 } },
};

START_TEST(commands_are_built)
{
	struct scsi_command c = commands[_i].build();

	ck_assert_uint_eq(c.cdb_len, commands[_i].len);
	ck_assert_uint_eq(c.data_len, commands[_i].data_len);
	ck_assert_mem_eq(c.cdb, commands[_i].cdb, 16);
	ck_assert(scsi_is_read(c.cdb[0]));
}
END_TEST

/* Of the 256 operation codes these pass, and none that writes, formats or selects a mode. */
START_TEST(only_reads_pass)
{
	static const uint8_t pass[] = { 0x00, 0x03, 0x12, 0x25, 0x28, 0x88, 0x9e, 0xa0 };
	unsigned op;

	for (op = 0; op < 256; op++)
		ck_assert_msg(scsi_is_read((uint8_t)op) ==
			      (memchr(pass, (int)op, sizeof(pass)) != NULL), "0x%02x", op);
}
END_TEST

static const struct { const char *what; size_t len; uint8_t p[24]; unsigned units; } luns[] = {
	{ "one", 16, { [3] = 8 }, 1 },
	{ "two", 24, { [3] = 16, [17] = 1 }, 2 },
	{ "counted to the highest", 24, { [3] = 16, [9] = 5 }, 6 },
	{ "the highest there can be", 16, { [3] = 8, [9] = 15 }, 16 },
	{ "beyond it", 16, { [3] = 8, [9] = 16 }, 1 },
	{ "flat addressing", 16, { [3] = 8, [8] = 0x40, [9] = 3 }, 1 },
	{ "says less than it sends", 24, { [3] = 8, [17] = 1 }, 1 },
	{ "says more than it sends", 16, { 0xff, 0xff, 0xff, 0xff, [9] = 1 }, 2 },
	{ "half an entry", 23, { [3] = 16, [17] = 1 }, 1 },
	{ "no list", 7, { 0 }, 1 },
	{ "nothing", 0, { 0 }, 1 },
};

START_TEST(units_are_counted)
{
	ck_assert_msg(scsi_parse_luns(luns[_i].p, luns[_i].len) == luns[_i].units, "%s",
		      luns[_i].what);
}
END_TEST

static const struct {
	const char *what;
	size_t len;
	uint8_t p[12];
	int r;
	uint64_t blocks;
	uint32_t block_size;
} tens[] = {
	{ "64 sectors", 8, { 0, 0, 0, 63, 0, 0, 2, 0 }, 0, 64, 512 },
	{ "large sectors", 8, { 0, 0, 0, 0, 0, 0, 16, 0 }, 0, 1, 4096 },
	{ "one byte too few", 7, { 0, 0, 0, 63, 0, 0, 2, 0 }, -EPROTO, 0, 0 },
	{ "nothing", 0, { 0 }, -EPROTO, 0, 0 },
	{ "sectors of a CD", 8, { 0, 0, 0, 63, 0, 0, 8, 0 }, -ENOTSUP, 0, 0 },
	{ "sectors of no bytes", 8, { 0, 0, 0, 63, 0, 0, 0, 0 }, -ENOTSUP, 0, 0 },
	{ "ask with 16", 8, { 255, 255, 255, 255, 0, 0, 2, 0 }, -EOVERFLOW, 0, 0 },
	{ "just not", 8, { 255, 255, 255, 254, 0, 0, 2, 0 }, 0, UINT32_MAX, 512 },
};

START_TEST(capacity_10)
{
	uint64_t blocks = 0;
	uint32_t block_size = 0;
	struct err e = { 0 };

	ck_assert_int_eq(scsi_parse_capacity_10(tens[_i].p, tens[_i].len, &blocks, &block_size, &e),
			 tens[_i].r);
	ck_assert_uint_eq(blocks, tens[_i].blocks);
	ck_assert_uint_eq(block_size, tens[_i].block_size);
}
END_TEST

static const struct {
	const char *what;
	size_t len;
	uint8_t p[12];
	int r;
	uint64_t blocks;
} sixteens[] = {
	{ "4 TiB", 32, { 0, 0, 0, 1, 255, 255, 255, 255, 0, 0, 2, 0 }, 0, UINT64_C(1) << 33 },
	{ "the most there can be", 32, { 0, 0, 0, 63, 255, 255, 255, 255, 0, 0, 2, 0 }, 0,
	  UINT64_C(1) << 38 },
	{ "one more", 32, { 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 2, 0 }, -ENOTSUP, 0 },
	{ "wraps to nothing", 32, { 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 2, 0 },
	  -ENOTSUP, 0 },
	{ "one byte too few", 11, { 0, 0, 0, 0, 0, 0, 0, 63, 0, 0, 2, 0 }, -EPROTO, 0 },
};

START_TEST(capacity_16)
{
	uint8_t p[32] = { 0 };
	uint64_t blocks = 0;
	uint32_t block_size = 0;
	struct err e = { 0 };

	memcpy(p, sixteens[_i].p, sizeof(sixteens[_i].p));
	ck_assert_int_eq(scsi_parse_capacity_16(p, sixteens[_i].len, &blocks, &block_size, &e),
			 sixteens[_i].r);
	ck_assert_uint_eq(blocks, sixteens[_i].blocks);
}
END_TEST

static const struct {
	char bytes[SCSI_INQUIRY_LEN + 1];
	size_t len;
	int r;
	const char *vendor, *product, *revision;
} inquiries[] = {
	{ "\0\x80\6\2\x1f\0\0\0Generic Mass-Storage    1.11", 36, 0, "Generic", "Mass-Storage",
	  "1.11" },
	{ "\0\x80\6\2\x1f\0\0\0Gen\n\xff  c \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0    ", 36, 0, "Gen    c",
	  "", "" },
	{ "\0\x80\6\2\x1f\0\0\0Gene", 12, 0, "Gene", "", "" },
	{ "\0\x80\6\2", 4, -EPROTO, "", "", "" },
	{ "", 0, -EPROTO, "", "", "" },
	{ "\5\x80\6\2\x1f\0\0\0Virtual CD", 36, -ENOTSUP, "", "", "" },
	{ "\x7f\x80\6\2\x1f\0\0\0no unit here", 36, -ENOTSUP, "", "", "" },
};

START_TEST(inquiry)
{
	struct scsi_identity id = { 0 };
	struct err e = { 0 };

	ck_assert_int_eq(scsi_parse_inquiry((const uint8_t *)inquiries[_i].bytes,
					    inquiries[_i].len, &id, &e), inquiries[_i].r);
	ck_assert_str_eq(id.vendor, inquiries[_i].vendor);
	ck_assert_str_eq(id.product, inquiries[_i].product);
	ck_assert_str_eq(id.revision, inquiries[_i].revision);
}
END_TEST

static const struct {
	size_t len;
	uint8_t p[18];
	enum scsi_advice advice;
	const char *text;
} senses[] = {
	{ 18, { 0x70, 0, 3, [12] = 0x11 }, SCSI_FAILED, "medium error (3/11/00)" },
	{ 18, { 0xf0, 0, 3, [12] = 0x11 }, SCSI_FAILED, "medium error (3/11/00)" },
	{ 18, { 0x70, 0, 2, [12] = 0x04, 0x01 }, SCSI_WAIT, "not ready (2/04/01)" },
	{ 18, { 0x70, 0, 2, [12] = 0x3a }, SCSI_NO_MEDIUM, "not ready (2/3a/00)" },
	{ 18, { 0x70, 0, 2, [12] = 0x30 }, SCSI_FAILED, "not ready (2/30/00)" },
	{ 18, { 0x70, 0, 6, [12] = 0x28 }, SCSI_CHANGED, "unit attention (6/28/00)" },
	{ 18, { 0x70, 0, 6, [12] = 0x29 }, SCSI_AGAIN, "unit attention (6/29/00)" },
	{ 18, { 0x70, 0, 1, [12] = 0x17 }, SCSI_GOOD, "recovered error (1/17/00)" },
	{ 18, { 0x70, 0, 0xb }, SCSI_AGAIN, "aborted command (b/00/00)" },
	{ 18, { 0x70, 0, 5, [12] = 0x21 }, SCSI_FAILED, "illegal request (5/21/00)" },
	{ 18, { 0x70, 0, 7, [12] = 0x27 }, SCSI_FAILED, "data protect (7/27/00)" },
	{ 8, { 0x72, 3, 0x11, 1 }, SCSI_FAILED, "medium error (3/11/01)" },
	{ 3, { 0x70, 0, 4 }, SCSI_FAILED, "hardware error (4/00/00)" },
	{ 2, { 0x70, 0 }, SCSI_AGAIN, "no sense (0/00/00)" },
	{ 0, { 0 }, SCSI_AGAIN, "no sense (0/00/00)" },
	{ 18, { 0x00, 3, 3, 3 }, SCSI_AGAIN, "no sense (0/00/00)" },
};

START_TEST(sense)
{
	struct scsi_sense s = scsi_parse_sense(senses[_i].p, senses[_i].len);
	char text[48];

	ck_assert_str_eq(scsi_sense_text(s, text, sizeof(text)), senses[_i].text);
	ck_assert_int_eq(scsi_advise(s), senses[_i].advice);
}
END_TEST

START_TEST(patience_ends)
{
	static const uint32_t first[] = { 100, 100, 200, 400, 800, 1600, 2000, 2000 };
	uint32_t waited = 0, ms;
	unsigned n = 0;

	while ((ms = patience_next(waited)) > 0) {
		if (n < COUNT(first))
			ck_assert_uint_eq(ms, first[n]);
		waited += ms;
		n++;
	}
	ck_assert_uint_eq(waited, PATIENCE_MAX_MS);
	ck_assert_uint_le(n, 25);
	ck_assert_uint_eq(patience_next(UINT32_MAX), 0);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, reads_are_built, 0, (int)COUNT(reads));
	tcase_add_loop_test(tc, commands_are_built, 0, (int)COUNT(commands));
	tcase_add_test(tc, only_reads_pass);
	tcase_add_loop_test(tc, units_are_counted, 0, (int)COUNT(luns));
	tcase_add_loop_test(tc, capacity_10, 0, (int)COUNT(tens));
	tcase_add_loop_test(tc, capacity_16, 0, (int)COUNT(sixteens));
	tcase_add_loop_test(tc, inquiry, 0, (int)COUNT(inquiries));
	tcase_add_loop_test(tc, sense, 0, (int)COUNT(senses));
	tcase_add_test(tc, patience_ends);
}

int main(void)
{
	return suite_main("scsi", fill);
}
