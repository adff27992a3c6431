/*
 * The MTP responder, by hand: what is on the wire, from the layouts of
 * ISO 15740 (5.5), MTP 1.1 (appendices B to E) and PIMA 15740 (appendix D).
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utc.h"
#include "base/util.h"
#include "emulator/model_io.h"
#include "unit/suite.h"

enum { PACKET = 512, ROOM = 64 * 1024, VIDEO = 1500, OK = 0x2001 };

/*
 * The served folder:	handle 1	DCIM/
 *			2		a.txt		"hello"
 *			3		DCIM/v.mp4	1500 bytes
 */
static char folder[32];
static struct model *m;
static uint32_t next_tid;

static int64_t noon(void)
{
	return utc_from_civil(2026, 11, 23, 12, 42, 58) / 1000;
}

static void set_time(const char *path)
{
	const struct timespec times[2] = { { .tv_sec = noon() }, { .tv_sec = noon() } };

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void put_file(const char *name, const uint8_t *p, size_t len)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, p, len), (ssize_t)len);
	close(fd);
	set_time(path);
}

static uint8_t video_byte(size_t i)
{
	return (uint8_t)(i * 7 + i / 256);
}

static void make_folder(void)
{
	uint8_t video[VIDEO];
	char path[64];
	size_t i;

	snprintf(folder, sizeof(folder), "/tmp/check_mtp.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/DCIM", folder);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	for (i = 0; i < VIDEO; i++)
		video[i] = video_byte(i);
	put_file("a.txt", (const uint8_t *)"hello", 5);
	put_file("DCIM/v.mp4", video, VIDEO);
	set_time(path);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static struct model *model_of(const char *faults, const char *unlock)
{
	struct model_config c = {
		.protocol = MODEL_MTP, .vid = 0x3310, .pid = 0x0101, .serial = "S1",
		.manufacturer = "M", .product = "P", .now = noon,
	};
	struct model *ret;

	c.folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(c.folder_fd, 0);
	ck_assert_int_eq(model_faults_parse(faults, &c.faults), 0);
	if (unlock != NULL)
		ck_assert_int_eq(model_unlock_parse(unlock, &c.unlock), 0);
	ck_assert_int_eq(model_new(&c, &ret), 0);
	return ret;
}

static void begin(const char *faults)
{
	make_folder();
	m = model_of(faults, NULL);
	next_tid = 0;
}

static void end(void)
{
	close(model_config(m)->folder_fd);
	model_free(m);
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ------ containers ------ */

static void put(uint8_t *p, uint32_t n, int bytes)
{
	for (; bytes > 0; bytes--, n >>= 8)
		*p++ = (uint8_t)n;
}

static uint32_t get(const uint8_t *p, int bytes)
{
	uint32_t n = 0;

	while (bytes-- > 0)
		n = n << 8 | p[bytes];
	return n;
}

static size_t container(uint8_t *p, uint32_t len, uint16_t type, uint16_t code, uint32_t tid)
{
	put(p, len, 4);
	put(p + 4, type, 2);
	put(p + 6, code, 2);
	put(p + 8, tid, 4);
	return 12;
}

static enum model_answer command(uint16_t code, uint32_t tid, unsigned n, const uint32_t *params)
{
	uint8_t p[32];
	unsigned i;

	container(p, 12 + 4 * n, 1, code, tid);
	for (i = 0; i < n; i++)
		put(p + 12 + 4 * i, params[i], 4);
	return model_bulk_out(m, p, 12 + 4 * n);
}

/* What a transaction came to. */
static struct {
	enum model_answer answer;	/* of the transfer that was the last */
	uint8_t data[2 * ROOM];		/* with its header */
	size_t len;
	uint16_t response;		/* 0: there was none */
	uint32_t tid, params[5];
	unsigned n_params;
} got;

static void take_response(const uint8_t *p, size_t len)
{
	unsigned i;

	ck_assert_uint_eq(get(p, 4), len);
	got.response = (uint16_t)get(p + 6, 2);
	got.tid = get(p + 8, 4);
	got.n_params = (unsigned)(len - 12) / 4;
	for (i = 0; i < got.n_params; i++)
		got.params[i] = get(p + 12 + 4 * i, 4);
}

/* Data, if there is any, by transfers of `room` bytes, and the response. */
static void collect(size_t room)
{
	uint8_t p[ROOM];
	bool in_data = false;
	size_t len;

	got.len = 0;
	got.response = 0;
	do {
		got.answer = model_bulk_in(m, p, room, &len);
		if (in_data || (len >= 12 && get(p + 4, 2) == 2)) {
			ck_assert_uint_le(got.len + len, sizeof(got.data));
			memcpy(got.data + got.len, p, len);
			got.len += len;
			in_data = len == room && len % PACKET == 0;
		} else if (got.answer == MODEL_OK) {
			ck_assert_uint_eq(get(p + 4, 2), 3);
			take_response(p, len);
		}
	} while (got.answer == MODEL_OK && got.response == 0);
}

static uint16_t run(uint16_t code, unsigned n, const uint32_t *params)
{
	ck_assert_int_eq(command(code, next_tid++, n, params), MODEL_OK);
	collect(ROOM);
	return got.response;
}

static uint16_t run1(uint16_t code, uint32_t param)
{
	return run(code, 1, &param);
}

static void open_session(void)
{
	next_tid = 0;
	ck_assert_uint_eq(run1(0x1002, 1), OK);
}

/* An operation that the host has data for. */
static uint16_t run_out(uint16_t code, unsigned n, const uint32_t *params, const uint8_t *data,
			size_t len)
{
	uint8_t p[ROOM];

	ck_assert_int_eq(command(code, next_tid, n, params), MODEL_OK);
	container(p, 12 + (uint32_t)len, 2, code, next_tid++);
	memcpy(p + 12, data, len);
	ck_assert_int_eq(model_bulk_out(m, p, 12 + len), MODEL_OK);
	if ((12 + len) % PACKET == 0)
		ck_assert_int_eq(model_bulk_out(m, NULL, 0), MODEL_OK);
	collect(ROOM);
	return got.response;
}

/*
 * Bytes written as text: hexadecimal digits, and between apostrophes a string
 * as datasets have it: its length in units with the NUL, then UTF-16.
 */
static size_t bytes_of(const char *text, uint8_t *p)
{
	size_t n = 0, start, i;
	unsigned byte;

	for (; *text != '\0'; text++) {
		if (*text == ' ')
			continue;
		if (*text != '\'') {
			ck_assert_int_eq(sscanf(text++, "%2x", &byte), 1);
			p[n++] = (uint8_t)byte;
			continue;
		}
		start = n++;
		for (text++; *text != '\''; text++) {
			p[n++] = (uint8_t)*text;
			p[n++] = 0;
		}
		for (i = 0; n > start + 1 && i < 2; i++)
			p[n++] = 0;
		p[start] = (uint8_t)((n - start) / 2);
	}
	return n;
}

static void expect_data(const char *what, uint16_t code, const char *text)
{
	uint8_t want[4096];
	size_t n = bytes_of(text, want + 12), i;

	container(want, 12 + (uint32_t)n, 2, code, next_tid - 1);
	n += 12;
	for (i = 0; i < MIN(n, got.len); i++)
		ck_assert_msg(want[i] == got.data[i], "%s: byte %zu is %02x, not %02x", what, i,
			      got.data[i], want[i]);
	ck_assert_msg(n == got.len, "%s: %zu bytes, not %zu", what, got.len, n);
}

/* ------ datasets ------ */

#define T "'20261123T204258'"
#define INFO(format, size, parent, association, name) \
	"01000100" format "0100" size "0000" "00000000 00000000 00000000" \
	"00000000 00000000 00000000" parent association "00000000 00000000" name T T "''"
#define INFO_DCIM	INFO("0130", "00000000", "00000000", "0100", "'DCIM'")
#define INFO_A		INFO("0430", "05000000", "00000000", "0000", "'a.txt'")
#define INFO_V		INFO("82b9", "dc050000", "01000000", "0000", "'v.mp4'")
#define ID_V		"0300000000000000 0100010000000000"
#define FACTS_V \
	"03000000 01dc 0600 01000100" "03000000 02dc 0400 82b9" "03000000 03dc 0400 0100" \
	"03000000 04dc 0800 dc05000000000000"
#define ALL_V FACTS_V \
	"03000000 07dc ffff 'v.mp4'" "03000000 08dc ffff" T "03000000 09dc ffff" T \
	"03000000 0bdc 0600 01000000" "03000000 41dc 0a00" ID_V "03000000 44dc ffff 'v.mp4'"
#define ALL		0xffffffff

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
	  "1150 ffff 01 '20000101T000000'" T "00", 0, 0 },
	{ "battery", 0x1015, 1, { 0x5001 }, OK, "50", 0, 0 },
	{ "clock", 0x1015, 1, { 0x5011 }, OK, T, 0, 0 },
	{ "no such property", 0x1015, 1, { 0x5002 }, 0x200a, NULL, 0, 0 },
	{ "not writable: delete", 0x100b, 1, { 2 }, 0x2005, NULL, 0, 0 },
	{ "unheard of", 0x9abc, 0, { 0 }, 0x2005, NULL, 0, 0 },
	{ "session again", 0x1002, 1, { 7 }, 0x201e, NULL, 1, 1 },
	{ "reset", 0x1010, 0, { 0 }, OK, NULL, 0, 0 },
};

START_TEST(operations_say_what_the_standard_has)
{
	begin("");
	open_session();
	ck_assert_msg(run(operations[_i].code, operations[_i].n, operations[_i].params) ==
		      operations[_i].response, "%s: %04x", operations[_i].what, got.response);
	ck_assert_uint_eq(got.tid, 1);
	ck_assert_msg(got.n_params == operations[_i].n_answers, "%s", operations[_i].what);
	if (operations[_i].n_answers > 0)
		ck_assert_uint_eq(got.params[0], operations[_i].answer);
	if (operations[_i].data != NULL)
		expect_data(operations[_i].what, operations[_i].code, operations[_i].data);
	else
		ck_assert_msg(got.len == 0, "%s: data", operations[_i].what);
	end();
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
	begin(infos[_i].faults);
	ck_assert_uint_eq(run(0x1001, 0, NULL), OK);	/* outside of a session, too */
	expect_data("device info", 0x1001, infos[_i].data);
	open_session();
	ck_assert_uint_eq(run(0x1001, 0, NULL), OK);
	expect_data("device info", 0x1001, infos[_i].data);
	end();
}
END_TEST

START_TEST(names_are_utf_16)
{
	begin("");
	put_file("\xe6\x89\xa7\xf0\x9f\x8e\xa5\xff", (const uint8_t *)"", 0);
	ck_assert_int_eq(model_event(m, "added", "\xe6\x89\xa7\xf0\x9f\x8e\xa5\xff"), 0);
	open_session();
	ck_assert_uint_eq(run(0x9803, 2, (const uint32_t[]){ 4, 0xdc07 }), OK);
	expect_data("name", 0x9803, "05 6762 3cd8 a5df fdff 0000");
	end();
}
END_TEST

START_TEST(objects_may_be_larger_than_4_gib)
{
	const uint64_t size = (UINT64_C(5) << 30) + 3;
	char path[64];
	uint8_t p[PACKET];
	size_t len;

	begin("");
	put_file("big.avi", (const uint8_t *)"", 0);
	snprintf(path, sizeof(path), "%s/big.avi", folder);
	ck_assert_int_eq(truncate(path, (off_t)size), 0);
	ck_assert_int_eq(model_event(m, "added", "big.avi"), 0);
	open_session();
	ck_assert_uint_eq(run1(0x1008, 4), OK);
	ck_assert_uint_eq(get(got.data + 12 + 8, 4), UINT32_MAX);
	ck_assert_uint_eq(run(0x9803, 2, (const uint32_t[]){ 4, 0xdc04 }), OK);
	expect_data("size", 0x9803, "0300004001000000");
	ck_assert_uint_eq(run(0x95c1, 4, (const uint32_t[]){ 4, 0x40000001, 1, 100 }), OK);
	ck_assert_uint_eq(got.params[0], 2);
	expect_data("its end", 0x95c1, "0000");
	ck_assert_int_eq(command(0x1009, next_tid, 1, (const uint32_t[]){ 4 }), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(m, p, sizeof(p), &len), MODEL_OK);
	ck_assert_uint_eq(get(p, 4), UINT32_MAX);
	end();
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
	uint8_t p[ROOM];
	size_t len, i;

	begin("");
	open_session();
	ck_assert_int_eq(command(0x101b, 1, 3, (const uint32_t[]){ 3, 0, phases[_i].n }), MODEL_OK);
	ck_assert_int_eq(command(0x1004, 2, 0, NULL), MODEL_NAK);	/* not before its end */
	for (i = 0; i < phases[_i].count; i++) {
		ck_assert_int_eq(model_bulk_in(m, p, phases[_i].room, &len), MODEL_OK);
		ck_assert_uint_eq(len, phases[_i].lens[i]);
	}
	collect(ROOM);
	ck_assert_uint_eq(got.response, OK);
	ck_assert_uint_eq(got.params[0], phases[_i].n);
	ck_assert_int_eq(model_bulk_in(m, p, ROOM, &len), MODEL_NAK);
	end();
}
END_TEST

START_TEST(a_packet_needs_its_room)
{
	uint8_t p[ROOM];
	size_t len;

	begin("");
	open_session();
	ck_assert_int_eq(command(0x1009, 1, 1, (const uint32_t[]){ 3 }), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(m, p, 100, &len), MODEL_OVERFLOW);
	end();
}
END_TEST

START_TEST(content_is_that_of_the_file)
{
	size_t i;

	begin("");
	open_session();
	ck_assert_uint_eq(run1(0x1009, 3), OK);
	ck_assert_uint_eq(got.len, 12 + VIDEO);
	for (i = 0; i < VIDEO; i++)
		ck_assert_uint_eq(got.data[12 + i], video_byte(i));
	ck_assert_uint_eq(model_content_bytes(m), VIDEO);
	end();
}
END_TEST

/* ------ strictness ------ */

START_TEST(sessions_and_transactions_are_kept)
{
	begin("");
	ck_assert_uint_eq(run(0x1004, 0, NULL), 0x2003);	/* no session */
	ck_assert_uint_eq(run(0x1003, 0, NULL), 0x2003);
	ck_assert_uint_eq(run1(0x1002, 1), 0x2004);		/* opens with transaction 0 alone */
	next_tid = 0;
	ck_assert_uint_eq(run1(0x1002, 0), 0x201d);
	open_session();
	next_tid = 3;						/* 1 is next */
	ck_assert_uint_eq(run(0x1004, 0, NULL), 0x2004);
	ck_assert_uint_eq(got.tid, 3);
	next_tid = 1;
	ck_assert_uint_eq(run(0x1004, 0, NULL), OK);
	next_tid = 1;
	ck_assert_uint_eq(run(0x1004, 0, NULL), 0x2004);
	next_tid = 2;
	ck_assert_uint_eq(run(0x1003, 0, NULL), OK);
	ck_assert_uint_eq(run(0x1004, 0, NULL), 0x2003);
	open_session();
	end();
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

	begin("");
	open_session();
	ck_assert_int_eq(model_bulk_out(m, p, bytes_of(nonsense[_i].bytes, p)), MODEL_STALL);
	ck_assert_int_eq(model_bulk_in(m, p, sizeof(p), &len), MODEL_STALL);
	len = sizeof(p);
	ck_assert_int_eq(model_control(m, status, p, &len), MODEL_OK);
	ck_assert_uint_eq(len, 12);
	ck_assert_mem_eq(p, "\x0c\x00\x1f\x20\x81\x00\x00\x00\x02\x00\x00\x00", 12);
	model_clear_halt(m, MODEL_EP_IN);
	model_clear_halt(m, MODEL_EP_OUT);
	len = sizeof(p);
	ck_assert_int_eq(model_control(m, status, p, &len), MODEL_OK);
	ck_assert(len == 4 && memcmp(p, "\x04\x00\x01\x20", 4) == 0);
	ck_assert_uint_eq(run(0x1004, 0, NULL), OK);
	end();
}
END_TEST

START_TEST(data_of_another_operation_stall)
{
	uint8_t p[64];

	begin("");
	open_session();
	ck_assert_int_eq(command(0x1016, 1, 1, (const uint32_t[]){ 0x5011 }), MODEL_OK);
	container(p, 12, 2, 0x1016, 2);
	ck_assert_int_eq(model_bulk_out(m, p, 12), MODEL_STALL);
	end();
}
END_TEST

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
	begin(reads[_i].faults);
	next_tid = 0;
	ck_assert_int_eq(command(0x1002, next_tid++, 1, (const uint32_t[]){ 1 }), MODEL_OK);
	collect(ROOM);
	ck_assert_int_eq(command(0x1009, next_tid++, 1, (const uint32_t[]){ 3 }), MODEL_OK);
	collect(ROOM);
	ck_assert_msg(got.answer == reads[_i].answer, "%s: %d", reads[_i].faults, got.answer);
	ck_assert_msg(got.len == reads[_i].len, "%s: %zu bytes", reads[_i].faults, got.len);
	ck_assert_msg(got.response == reads[_i].response, "%s: %04x", reads[_i].faults,
		      got.response);
	if (reads[_i].declared > 0)
		ck_assert_uint_eq(get(got.data, 4), reads[_i].declared);
	end();
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
	begin(lies[_i].faults);
	open_session();
	ck_assert_uint_eq(run1(lies[_i].code, lies[_i].param), OK);
	expect_data(lies[_i].faults, lies[_i].code, lies[_i].data);
	end();
}
END_TEST

START_TEST(the_wrong_transaction_is_named)
{
	begin("wrong-tid=1");
	next_tid = 0;
	ck_assert_uint_eq(run1(0x1002, 1), OK);
	ck_assert_uint_eq(got.tid, UINT32_MAX);
	ck_assert_uint_eq(run(0x1004, 0, NULL), OK);
	ck_assert_uint_eq(get(got.data + 8, 4), ~UINT32_C(1));
	end();
}
END_TEST

START_TEST(a_gone_handle_stays_gone)
{
	begin("handle-gone=2");
	open_session();
	ck_assert_uint_eq(run(0x101b, 3, (const uint32_t[]){ 3, 0, 10 }), OK);
	ck_assert_uint_eq(run(0x101b, 3, (const uint32_t[]){ 3, 10, 10 }), 0x2009);
	ck_assert_uint_eq(run1(0x1008, 3), 0x2009);
	ck_assert_uint_eq(run(0x1006, 3, (const uint32_t[]){ ALL, 0, 0 }), OK);
	ck_assert_uint_eq(got.params[0], 2);
	end();
}
END_TEST

/* ------ cancel, reset, events ------ */

static enum model_answer cancel(uint16_t code, uint32_t tid, uint16_t len)
{
	uint8_t setup[8] = { 0x21, 0x64, 0, 0, 0, 0, (uint8_t)len, 0 }, p[8];
	size_t n = len;

	put(p, code, 2);
	put(p + 2, tid, 4);
	return model_control(m, setup, p, &n);
}

static uint16_t device_status(void)
{
	static const uint8_t setup[8] = { 0xa1, 0x67, 0, 0, 0, 0, 32, 0 };
	uint8_t p[32];
	size_t len = sizeof(p);

	ck_assert_int_eq(model_control(m, setup, p, &len), MODEL_OK);
	ck_assert_uint_eq(get(p, 2), len);
	return (uint16_t)get(p + 2, 2);
}

START_TEST(a_transaction_is_cancelled)
{
	uint8_t p[PACKET];
	size_t len;

	begin("");
	open_session();
	ck_assert_int_eq(command(0x1009, next_tid, 1, (const uint32_t[]){ 3 }), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(m, p, sizeof(p), &len), MODEL_OK);
	ck_assert_int_eq(cancel(0x4002, next_tid, 6), MODEL_STALL);	/* no such code */
	ck_assert_int_eq(cancel(0x4001, next_tid, 5), MODEL_STALL);
	ck_assert_int_eq(cancel(0x4001, next_tid + 1, 6), MODEL_OK);	/* of another: nothing */
	ck_assert_int_eq(model_bulk_in(m, p, sizeof(p), &len), MODEL_OK);
	ck_assert_int_eq(cancel(0x4001, next_tid, 6), MODEL_OK);
	ck_assert_int_eq(model_bulk_in(m, p, sizeof(p), &len), MODEL_NAK);
	ck_assert_uint_eq(device_status(), 0x2019);
	ck_assert_uint_eq(device_status(), OK);
	next_tid++;
	ck_assert_uint_eq(run(0x1004, 0, NULL), OK);
	end();
}
END_TEST

START_TEST(a_reset_ends_the_session_and_a_hang)
{
	static const uint8_t reset[8] = { 0x21, 0x66 };
	size_t len = 0;
	uint8_t none[1];

	begin("hang-at=0");
	open_session();
	ck_assert_uint_eq(run1(0x1009, 3), 0);
	ck_assert_int_eq(got.answer, MODEL_HANG);
	ck_assert_int_eq(model_control(m, reset, none, &len), MODEL_OK);
	ck_assert_uint_eq(run(0x1004, 0, NULL), 0x2003);
	open_session();
	model_reset(m);
	ck_assert_uint_eq(run(0x1004, 0, NULL), 0x2003);
	end();
}
END_TEST

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

	begin("");
	put_file("b.txt", (const uint8_t *)"b", 1);
	ck_assert_int_eq(model_event_in(m, p, sizeof(p), &len), MODEL_NAK);
	ck_assert_msg(model_event(m, events[_i].what, events[_i].arg) == events[_i].r, "%s",
		      events[_i].what);
	if (events[_i].event == NULL) {
		ck_assert_int_eq(model_event_in(m, p, sizeof(p), &len), MODEL_NAK);
		end();
		return;
	}
	n = bytes_of(events[_i].event, want);
	ck_assert_int_eq(model_event_in(m, p, sizeof(p), &len), MODEL_OK);
	ck_assert_uint_eq(len, n);
	ck_assert_mem_eq(p, want, n);
	ck_assert_int_eq(model_event_in(m, p, sizeof(p), &len), MODEL_NAK);
	len = sizeof(p);
	ck_assert_int_eq(model_control(m, more, p, &len), MODEL_OK);
	ck_assert_uint_eq(len, 8);
	ck_assert_mem_eq(p, want + 6, 6);
	end();
}
END_TEST

START_TEST(a_card_that_is_out_has_nothing)
{
	uint8_t p[32];
	size_t len;

	begin("store-removed-at=100");
	open_session();
	ck_assert_uint_eq(run1(0x1009, 3), 0x2013);
	ck_assert_int_eq(model_event_in(m, p, sizeof(p), &len), MODEL_OK);
	ck_assert_uint_eq(get(p + 6, 2), 0x4005);
	ck_assert_uint_eq(run1(0x1008, 3), 0x2013);
	ck_assert_uint_eq(run(0x1004, 0, NULL), OK);
	expect_data("storages", 0x1004, "00000000");
	end();
}
END_TEST

/* ------ what it takes ------ */

static uint16_t set_clock(const char *text)
{
	uint8_t p[128];

	return run_out(0x1016, 1, (const uint32_t[]){ 0x5011 }, p, bytes_of(text, p));
}

static const struct { const char *text; uint16_t response; const char *then; } clocks[] = {
	{ "'20270101T000000'", OK, "'20270101T000000'" },
	{ "'20270101T000000.5'", OK, "'20270101T000000'" },
	{ "'20270101T000000Z'", 0x201c, T },
	{ "'20270230T000000'", 0x201c, T },
	{ "'2027-01-01'", 0x201c, T },
	{ "''", 0x201c, T },
	{ "", 0x201b, T },
	{ "05 3200", 0x201b, T },
	{ "01 3200", 0x201b, T },
	{ "'20270101T000000' 00", 0x201b, T },
};

START_TEST(the_clock_is_set)
{
	begin("clock-offset=0");
	open_session();
	ck_assert_msg(set_clock(clocks[_i].text) == clocks[_i].response, "%s: %04x",
		      clocks[_i].text, got.response);
	ck_assert_uint_eq(run1(0x1015, 0x5011), OK);
	expect_data(clocks[_i].text, 0x1015, clocks[_i].then);
	end();
}
END_TEST

START_TEST(not_everything_is_set)
{
	begin("no-clock-set=1");
	open_session();
	ck_assert_uint_eq(set_clock("'20270101T000000'"), 0x200f);
	ck_assert_uint_eq(run_out(0x1016, 1, (const uint32_t[]){ 0x5001 }, (const uint8_t *)"d", 1),
			  0x200f);
	ck_assert_uint_eq(run_out(0x1016, 1, (const uint32_t[]){ 0x5002 }, (const uint8_t *)"d", 1),
			  0x200a);
	ck_assert_uint_eq(run1(0x1014, 0x5011), OK);
	ck_assert_uint_eq(got.data[12 + 4], 0);		/* get only */
	end();
}
END_TEST

static bool is_there(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

START_TEST(objects_are_deleted)
{
	begin("writable=1");
	open_session();
	ck_assert_uint_eq(run1(0x100b, 9), 0x2009);
	ck_assert_uint_eq(run1(0x100b, ALL), 0x2006);
	ck_assert_uint_eq(run1(0x100b, 2), OK);
	ck_assert(!is_there("a.txt"));
	ck_assert_uint_eq(run1(0x1008, 2), 0x2009);
	ck_assert_uint_eq(run1(0x100b, 1), OK);		/* a folder, with what is in it */
	ck_assert(!is_there("DCIM"));
	ck_assert_uint_eq(run1(0x1008, 3), 0x2009);
	end();
	begin("writable=1,no-delete=1");
	open_session();
	ck_assert_uint_eq(run1(0x100b, 2), 0x200d);
	ck_assert(is_there("a.txt"));
	end();
}
END_TEST

static uint16_t send_info(const char *text, uint32_t parent)
{
	uint8_t p[512];

	return run_out(0x100c, 2, (const uint32_t[]){ 0x10001, parent }, p, bytes_of(text, p));
}

#define SENT(format, size, name) "00000000" format "0000" size \
	"0000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 0000 00000000" \
	"00000000" name "'' '' ''"

START_TEST(objects_are_sent)
{
	uint8_t data[1012];

	memset(data, 'd', sizeof(data));
	begin("writable=1");
	open_session();
	ck_assert_uint_eq(run_out(0x100d, 0, NULL, data, 3), 0x2015);
	ck_assert_uint_eq(send_info(SENT("0030", "f4010000", "'x.bin'"), 1), OK);
	ck_assert_uint_eq(got.n_params, 3);
	ck_assert_uint_eq(got.params[0], 0x10001);
	ck_assert_uint_eq(got.params[1], 1);
	ck_assert_uint_eq(got.params[2], 4);
	ck_assert_uint_eq(run_out(0x100d, 0, NULL, data, 500), OK);	/* ends on a packet */
	ck_assert(is_there("DCIM/x.bin"));
	ck_assert_uint_eq(run1(0x1009, 4), OK);
	ck_assert_uint_eq(got.len, 512);
	ck_assert_mem_eq(got.data + 12, data, 500);

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
	end();
}
END_TEST

START_TEST(a_cancelled_object_is_not_kept)
{
	uint8_t p[PACKET];

	begin("writable=1");
	open_session();
	ck_assert_uint_eq(send_info(SENT("0030", "f4010000", "'x.bin'"), 0), OK);
	ck_assert_int_eq(command(0x100d, next_tid, 0, NULL), MODEL_OK);
	memset(p, 0, sizeof(p));
	container(p, 1200, 2, 0x100d, next_tid);
	ck_assert_int_eq(model_bulk_out(m, p, sizeof(p)), MODEL_OK);
	ck_assert(is_there("x.bin"));
	ck_assert_int_eq(cancel(0x4001, next_tid, 6), MODEL_OK);
	ck_assert(!is_there("x.bin"));
	end();
}
END_TEST

/* ------ locked ------ */

START_TEST(a_vendor_operation_unlocks)
{
	uint8_t d[64];

	begin("");
	close(model_config(m)->folder_fd);
	model_free(m);
	m = model_of("", "mtp:9F01:12345678:1");
	ck_assert_uint_gt(model_descriptors(m, d, sizeof(d)), 18);
	ck_assert_uint_eq(d[16], 0);				/* no serial */
	open_session();
	ck_assert_uint_eq(run(0x1004, 0, NULL), OK);
	expect_data("storages", 0x1004, "00000000");
	ck_assert_uint_eq(run(0x9f01, 2, (const uint32_t[]){ 0x12345678, 2 }), 0x201d);
	ck_assert_uint_eq(run1(0x9f01, 0x12345678), 0x201d);
	ck_assert(!model_has_left(m));
	ck_assert_uint_eq(run(0x9f01, 2, (const uint32_t[]){ 0x12345678, 1 }), OK);
	ck_assert(model_has_left(m) && model_was_unlocked(m));
	ck_assert_int_eq(command(0x1004, 9, 0, NULL), MODEL_UNPLUG);
	end();
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

	begin("");
	ck_assert_int_eq(uv_loop_init(&loop), 0);
	ck_assert_int_eq(model_io_new(&loop, m, &io), 0);
	ck_assert_uint_eq(io->endpoint_event, MODEL_EP_EVENT);
	ck_assert_int_eq(io->protocol, USB_PROTOCOL_MTP);
	ck_assert_int_eq(io->ops->submit(io, &x), 0);
	uv_run(&loop, UV_RUN_NOWAIT);
	ck_assert(!done);
	ck_assert_int_eq(model_event(m, "changed", "5001"), 0);
	model_io_wake(io);
	while (!done)
		uv_run(&loop, UV_RUN_ONCE);
	ck_assert_int_eq(x.status, USB_DONE);
	ck_assert_uint_eq(x.actual, 16);
	close(model_config(m)->folder_fd);
	io->ops->close(io, NULL, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&loop), 0);
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
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
	tcase_add_loop_test(tc, faults_come_as_scripted, 0, (int)COUNT(reads));
	tcase_add_loop_test(tc, datasets_lie_as_scripted, 0, (int)COUNT(lies));
	tcase_add_test(tc, the_wrong_transaction_is_named);
	tcase_add_test(tc, a_gone_handle_stays_gone);
	tcase_add_test(tc, a_transaction_is_cancelled);
	tcase_add_test(tc, a_reset_ends_the_session_and_a_hang);
	tcase_add_loop_test(tc, it_tells_what_happens, 0, (int)COUNT(events));
	tcase_add_test(tc, a_card_that_is_out_has_nothing);
	tcase_add_loop_test(tc, the_clock_is_set, 0, (int)COUNT(clocks));
	tcase_add_test(tc, not_everything_is_set);
	tcase_add_test(tc, objects_are_deleted);
	tcase_add_test(tc, objects_are_sent);
	tcase_add_test(tc, a_cancelled_object_is_not_kept);
	tcase_add_test(tc, a_vendor_operation_unlocks);
	tcase_add_test(tc, events_come_through_the_seam);
}

int main(void)
{
	return suite_main("model_mtp", fill);
}
