#include <errno.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "format/manifest.h"
#include "unit/suite.h"
#include "unit/text_rig.h"

#define ZEROS	"0000000000000000000000000000000000000000000000000000000000000000"
#define ONES	"1111111111111111111111111111111111111111111111111111111111111111"
#define HEX	"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char segment[] =
	"bwc-manifest/v1\n"
	"kind segment\n"
	"device REC-000123\n"
	"firmware 1.4.2\n"
	"rec 0b1e4c5d-9d2c-4e6f-8a3b-1c2d3e4f5a6b\n"
	"seq 17\n"
	"dseq 48213\n"
	"prev " ONES "\n"
	"start-utc 2026-11-23T12:42:58.123Z\n"
	"end-utc 2026-11-23T12:47:58.120Z\n"
	"clock gnss\n"
	"boot 42\n"
	"mono-start-ms 1234567\n"
	"mono-end-ms 1534564\n"
	"officer 019123\n"
	"mark 2026-11-23T12:44:10.000Z important\n"
	"size 104857600\n"
	"last 0\n"
	"end none\n"
	"BLAKE2b-256 (NAME.mp4) = " HEX "\n"
	"SHA256 (NAME.mp4) = " ONES "\n";

static const char inventory[] =
	"bwc-manifest/v1\n"
	"kind inventory\n"
	"device REC-000123\n"
	"firmware 1.4.2\n"
	"dseq 48214\n"
	"prev " ONES "\n"
	"nonce " HEX "\n";

static const char event[] =
	"bwc-manifest/v1\n"
	"kind event\n"
	"device REC-000123\n"
	"firmware 1.4.2\n"
	"dseq 0\n"
	"prev " ZEROS "\n"
	"what clock-set\n"
	"detail from 2026-11-23T12:42:58.123Z by the dock\n"
	"time 2026-11-23T12:43:00.000Z\n";

#define S150 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
	     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define S50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define MARK "mark 2026-11-23T12:44:10.000Z important\n"

static const struct { const char *base, *from, *to, *sentence; } refused[] = {
	/* the text as a whole */
	{ segment, "bwc-manifest/v1", "bwc-manifest/v2", "line 1: must be bwc-manifest/v1" },
	{ segment, "bwc-manifest/v1", "bwc-manifest/v1 ", "line 1: must be" },
	{ segment, "bwc-manifest/v1\n", "", "line 1: must be" },
	{ segment, "kind segment\n", "kind segment\r\n", "line 2: a carriage return" },
	{ segment, "REC-000123", "REC\t000123", "line 3: byte 0x09" },
	{ segment, "REC-000123", "REC\x7f", "line 3: byte 0x7f" },
	{ segment, "NAME.mp4", "N\xc3\x84ME.mp4", "line 20: byte 0xc3" },
	{ segment, ONES "\nstart-utc", ONES "\n\nstart-utc", "line 9: start-utc belongs here" },
	{ segment, "SHA256 (NAME.mp4) = " ONES "\n", "SHA256 (NAME.mp4) = " ONES,
	  "line 21: the last line does not end" },
	{ segment, "SHA256 (NAME.mp4) = " ONES "\n", "", "line 21: the text ends before SHA256" },
	{ segment, "", "junk\n", "line 22: nothing may follow" },
	{ segment, "", "\n", "line 22: nothing may follow" },
	{ inventory, "", "nonce " HEX "\n", "line 8: nothing may follow" },
	/* keys */
	{ segment, "firmware 1.4.2\n", "", "line 4: rec where firmware belongs" },
	{ segment, "seq 17\n", "", "line 6: dseq where seq belongs" },
	{ segment, "officer 019123\n", "", "line 15: mark where officer belongs" },
	{ segment, "seq 17\n", "seq 17\nseq 17\n", "line 7: seq again, where dseq" },
	{ segment, "end none\n", "end none\nend none\n", "line 20: end again" },
	{ segment, "seq 17\ndseq 48213\n", "dseq 48213\nseq 17\n", "line 6: dseq where seq" },
	{ segment, "boot 42\n", "boots 42\n", "line 12: boot belongs here, not this" },
	{ segment, "boot 42\n", "Boot 42\n", "line 12: boot belongs here, not this" },
	{ segment, "boot 42\n", "note hello\nboot 42\n", "line 12: boot belongs here, not this" },
	{ segment, "size 104857600\n", MARK "size 104857600\nlast 0\n" MARK,
	  "line 20: mark again, where end" },
	{ segment, "kind segment", "kind inventory", "line 5: dseq belongs here, not this" },
	{ segment, "kind segment", "kind movie", "line 2: kind must be" },
	{ event, "detail", "nonce " HEX "\ndetail", "line 8: detail belongs here" },
	/* the one space */
	{ segment, "seq 17", "seq  17", "line 6: seq has a space too many" },
	{ segment, "seq 17", "seq 17 ", "line 6: seq has a space too many" },
	{ segment, "seq 17", "seq ", "line 6: seq has no value" },
	{ segment, "seq 17", "seq", "line 6: seq has no value" },
	{ segment, "seq 17", " seq 17", "line 6: seq belongs here" },
	{ event, "by the dock", "by  the dock", "line 8: detail must have single spaces" },
	/* names */
	{ segment, "REC-000123", "REC/000123", "line 3: device must be" },
	{ segment, "REC-000123", "REC 000123", "line 3: device must be" },
	{ segment, "REC-000123", "REC-45678901234567890123456789012", "line 3: device must be" },
	{ segment, "firmware 1.4.2", "firmware 1.4+2", "line 4: firmware must be" },
	{ segment, "officer 019123", "officer 019123 me", "line 15: officer must be" },
	{ segment, "0b1e4c5d-9", "0B1E4C5D-9", "line 5: rec must be a UUID in lower-case" },
	{ segment, "0b1e4c5d-9", "0b1e4c5d09", "line 5: rec must be a UUID in lower-case" },
	{ segment, "0b1e4c5d-9", "0b1e4c5-9", "line 5: rec must be a UUID of 36" },
	{ segment, "clock gnss", "clock gps", "line 11: clock must be" },
	{ segment, "clock gnss", "clock gnssx", "line 11: clock must be" },
	{ segment, "end none", "end nothing", "line 19: end must be" },
	/* numbers */
	{ segment, "seq 17", "seq 017", "line 6: seq must be a number without leading zeros" },
	{ segment, "seq 17", "seq 00", "line 6: seq must be a number without leading zeros" },
	{ segment, "seq 17", "seq +17", "line 6: seq must be a number of digits" },
	{ segment, "seq 17", "seq -1", "line 6: seq must be a number of digits" },
	{ segment, "seq 17", "seq 0x11", "line 6: seq must be a number without" },
	{ segment, "seq 17", "seq 1e3", "line 6: seq must be a number of digits" },
	{ segment, "seq 17", "seq 9223372036854775808", "line 6: seq is a number above" },
	{ segment, "seq 17", "seq 18446744073709551616", "line 6: seq is a number above" },
	{ segment, "seq 17", "seq 99999999999999999999999999", "line 6: seq is a number above" },
	{ segment, "last 0", "last 2", "line 18: last must be 0 or 1" },
	{ segment, "last 0", "last 00", "line 18: last must be 0 or 1" },
	/* times */
	{ segment, "2026-11-23T12:42:58.123Z", "1999-12-31T23:59:59.999Z",
	  "line 9: start-utc is a time outside the years" },
	{ segment, "2026-11-23T12:47:58.120Z", "2101-01-01T00:00:00.000Z",
	  "line 10: end-utc is a time outside the years" },
	{ segment, "2026-11-23T12:42:58.123Z", "2026-02-29T12:42:58.123Z", "line 9: start-utc must" },
	{ segment, "2026-11-23T12:42:58.123Z", "2026-11-23T12:42:58Z", "line 9: start-utc must" },
	{ segment, "2026-11-23T12:42:58.123Z", "2026-11-23T12:42:58.123+08:00",
	  "line 9: start-utc must" },
	{ segment, "10.000Z important", "10.000Z", "line 16: mark must be" },
	{ segment, "10.000Z important", "10.000Z trivial  ", "line 16: mark has a space too many" },
	{ segment, "10.000Z important", "10.000Z secretive", "line 16: mark must be" },
	{ segment, "12:44:10.000Z important", "12:44:60.000Z important", "line 16: mark must be" },
	/* digests */
	{ segment, "prev " ONES, "prev " ZEROS, "line 8: prev may be zeros only at dseq 0" },
	{ inventory, "prev " ONES, "prev " ZEROS, "line 6: prev may be zeros only at dseq 0" },
	{ segment, "prev 1111", "prev 11111", "line 8: prev must be 64" },
	{ segment, "prev 1111", "prev 111", "line 8: prev must be 64" },
	{ inventory, "aabbcc", "AABBCC", "line 7: nonce must be 64 lower-case" },
	{ segment, "aabbcc", "aabbCC", "line 20: BLAKE2b-256 must be 64 lower-case" },
	{ segment, "SHA256 (NAME.mp4) = 1", "SHA256 (NAME.mp4) = g", "line 21: SHA256 must be 64" },
	{ segment, "SHA256 (NAME.mp4) = 1", "SHA256 (NAME.mp4) = ", "line 21: SHA256 must be followed" },
	{ segment, "SHA256 (NAME.mp4) = 1", "SHA256 (NAME.mp4)= 1", "line 21: SHA256 must be followed" },
	{ segment, "SHA256 (NAME.mp4)", "SHA256 NAME.mp4)", "line 21: SHA256 must be followed" },
	{ segment, "SHA256 (NAME.mp4)", "SHA256 (NAME.mp5)", "line 21: SHA256 names another file" },
	{ segment, "SHA256 (NAME.mp4)", "SHA256 (NAME.mp)", "line 21: SHA256 names another file" },
	{ segment, "SHA256 (", "SHA1 (", "line 21: SHA256 belongs here" },
	/* file names */
	{ segment, "(NAME.mp4)", "(a/NAME.mp4)", "line 20: BLAKE2b-256 must name a file" },
	{ segment, "(NAME.mp4)", "()", "line 20: BLAKE2b-256 must name a file" },
	{ segment, "(NAME.mp4)", "(.)", "line 20: BLAKE2b-256 must name a file" },
	{ segment, "(NAME.mp4)", "(..)", "line 20: BLAKE2b-256 must name a file" },
	{ segment, "(NAME.mp4)", "(-)", "line 20: BLAKE2b-256 must name a file" },
	{ segment, "(NAME.mp4)", "(NA\x01ME.mp4)", "line 20: byte 0x01" },
	{ segment, "(NAME.mp4)", "(" S150 S50 S50 "123456)", "line 20: BLAKE2b-256 must name" },
	{ event, "from 2026", S150 S50 "2026", "line 8: detail must be 1 to 200" },
	{ event, "what clock-set", "what clock set", "line 7: what must be" },
	{ event, "12:43:00.000Z", "12:43:00.00Z", "line 9: time must be" },
};

static int parse(const struct buf *b, struct manifest *m, struct err *e)
{
	return manifest_parse(b->p, b->len, m, e);
}

START_TEST(refuses_with_the_line)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(MANIFEST_MAX);
	struct manifest m, before;
	struct err e = { 0, "" };

	memset(&m, 0xa5, sizeof(m));
	memcpy(&before, &m, sizeof(m));
	rig_edited(&b, refused[_i].base, refused[_i].from, refused[_i].to);
	ck_assert_msg(parse(&b, &m, &e) == -EINVAL, "accepted instead of \"%s\"",
		      refused[_i].sentence);
	ck_assert_msg(strncmp(e.msg, refused[_i].sentence, strlen(refused[_i].sentence)) == 0,
		      "\"%s\" instead of \"%s...\"", e.msg, refused[_i].sentence);
	ck_assert_msg(memcmp(&m, &before, sizeof(m)) == 0, "touched what it was to return");
}
END_TEST

/* What is odd, but a manifest. */
static const struct { const char *base, *from, *to; } accepted[] = {
	{ segment, "", "" },
	{ inventory, "", "" },
	{ event, "", "" },
	{ segment, MARK, "" },
	{ segment, "officer 019123", "officer -" },
	{ segment, "seq 17", "seq 0" },
	{ segment, "seq 17", "seq 9223372036854775807" },
	{ segment, "dseq 48213", "dseq 0" },	/* a prev there is a broken chain, not bad shape */
	{ segment, "dseq 48213\nprev " ONES, "dseq 0\nprev " ZEROS },
	{ segment, "2026-11-23T12:42:58.123Z", "2000-01-01T00:00:00.000Z" },
	{ segment, "2026-11-23T12:47:58.120Z", "2100-12-31T23:59:59.999Z" },
	{ segment, "2026-11-23T12:42:58.123Z", "2027-11-23T12:42:58.123Z" },	/* ends before */
	{ segment, "REC-000123", "..-_Zz9012345678901234567890123." },
	{ event, "from 2026-11-23T12:42:58.123Z by the dock", "-" },
	{ event, "from 2026-11-23T12:42:58.123Z by the dock", S150 S50 },
};

START_TEST(writes_what_it_read)
{
	AUTO(buf_clear) struct buf in = BUF_INIT(MANIFEST_MAX);
	AUTO(buf_clear) struct buf out = BUF_INIT(MANIFEST_MAX);
	struct manifest m;
	struct err e = { 0, "" };

	rig_edited(&in, accepted[_i].base, accepted[_i].from, accepted[_i].to);
	ck_assert_msg(parse(&in, &m, &e) == 0, "%s", e.msg);
	ck_assert_msg(manifest_write(&m, &out, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(buf_str(&in), buf_str(&out));
}
END_TEST

START_TEST(reads_every_field)
{
	struct manifest m;
	char hex[DIGEST_HEX_SIZE];
	int64_t ms;

	ck_assert_int_eq(manifest_parse((const uint8_t *)segment, strlen(segment), &m, NULL), 0);
	ck_assert_str_eq(manifest_kind_name(m.kind), "segment");
	ck_assert_str_eq(m.device, "REC-000123");
	ck_assert_str_eq(m.firmware, "1.4.2");
	ck_assert_str_eq(m.rec, "0b1e4c5d-9d2c-4e6f-8a3b-1c2d3e4f5a6b");
	ck_assert_uint_eq(m.seq, 17);
	ck_assert_uint_eq(m.dseq, 48213);
	ck_assert_str_eq(digest_hex(&m.prev, hex), ONES);
	ck_assert_int_eq(utc_parse("2026-11-23T12:42:58.123Z", UTC_TEXT_LEN, &ms), 0);
	ck_assert_int_eq(m.start_ms, ms);
	ck_assert_int_eq(m.end_ms - m.start_ms, 299997);
	ck_assert_str_eq(manifest_clock_name(m.clock), "gnss");
	ck_assert_uint_eq(m.boot, 42);
	ck_assert_uint_eq(m.mono_start_ms, 1234567);
	ck_assert_uint_eq(m.mono_end_ms, 1534564);
	ck_assert_str_eq(m.officer, "019123");
	ck_assert_uint_eq(m.n_marks, 1);
	ck_assert_int_eq(m.marks[0] - m.start_ms, 71877);
	ck_assert_uint_eq(m.size, 104857600);
	ck_assert(!m.last);
	ck_assert_str_eq(manifest_end_name(m.end), "none");
	ck_assert_str_eq(m.name, "NAME.mp4");
	ck_assert_str_eq(digest_hex(&m.blake2b, hex), HEX);
	ck_assert_int_eq(m.sha256[0], 0x11);
}
END_TEST

/* The name of a file ends where the digest begins, whatever brackets it holds. */
static const char *const names[] = {
	"a", "...", "..a", "a b.mp4", "a  b.mp4", "(a) = b.mp4", ") = ", "-v", "a)", "\\n",
	S150 S50 S50 "12345",
};

START_TEST(takes_any_name_of_a_file)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(MANIFEST_MAX);
	struct manifest m, back;
	struct err e = { 0, "" };

	ck_assert_int_eq(manifest_parse((const uint8_t *)segment, strlen(segment), &m, NULL), 0);
	memset(m.name, 0, sizeof(m.name));
	memcpy(m.name, names[_i], strlen(names[_i]));
	ck_assert_msg(manifest_write(&m, &text, &e) == 0, "%s", e.msg);
	ck_assert_msg(parse(&text, &back, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(back.name, names[_i]);
}
END_TEST

START_TEST(takes_64_marks_and_no_more)
{
	AUTO(buf_clear) struct buf marks = BUF_INIT(MANIFEST_MAX);
	AUTO(buf_clear) struct buf text = BUF_INIT(MANIFEST_MAX);
	struct manifest m;
	struct err e = { 0, "" };
	int i;

	for (i = 0; i < MANIFEST_MARKS_MAX; i++)
		buf_adds(&marks, MARK);
	rig_edited(&text, segment, MARK, buf_str(&marks));
	ck_assert_msg(parse(&text, &m, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(m.n_marks, MANIFEST_MARKS_MAX);
	buf_adds(&marks, MARK);
	buf_reset(&text);
	rig_edited(&text, segment, MARK, buf_str(&marks));
	ck_assert_int_eq(parse(&text, &m, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "line 80: mark comes more than 64 times");
}
END_TEST

START_TEST(refuses_what_is_too_large_or_nothing)
{
	static uint8_t large[MANIFEST_MAX + 1];
	struct manifest m;
	struct err e = { 0, "" };

	memset(large, '\n', sizeof(large));
	memcpy(large, segment, strlen(segment));
	ck_assert_int_eq(manifest_parse(large, sizeof(large), &m, &e), -EFBIG);
	ck_assert_str_eq(e.msg, "a manifest of 16385 bytes; 16384 are allowed");
	ck_assert_int_eq(manifest_parse(large, sizeof(large) - 1, &m, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "line 22: nothing may follow the last key");
	ck_assert_int_eq(manifest_parse(large, 0, &m, &e), -EINVAL);
	ck_assert_str_eq(e.msg, "line 1: the manifest is empty");
}
END_TEST

/* The same in a block of exactly that size, so that a sanitizer sees a read beyond it. */
START_TEST(refuses_every_prefix)
{
	size_t len = (size_t)_i;
	struct manifest m;
	uint8_t *cut = malloc(len + 1);

	ck_assert_ptr_nonnull(cut);
	cut = realloc(cut, len > 0 ? len : 1);
	memcpy(cut, segment, len);
	ck_assert_int_eq(manifest_parse(cut, len, &m, NULL), -EINVAL);
	free(cut);
}
END_TEST

START_TEST(refuses_nul_everywhere)
{
	uint8_t text[sizeof(segment) - 1];
	struct manifest m;
	struct err e;

	memcpy(text, segment, sizeof(text));
	text[_i] = '\0';
	ck_assert_int_eq(manifest_parse(text, sizeof(text), &m, &e), -EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "byte 0x00 is not printable ASCII"));
}
END_TEST

/* ------ the writer ------ */

static void bad_kind(struct manifest *m)	{ m->kind = (enum manifest_kind)3; }
static void bad_clock(struct manifest *m)	{ m->clock = (enum manifest_clock)4; }
static void bad_end(struct manifest *m)		{ m->end = (enum manifest_end)6; }
static void no_device(struct manifest *m)	{ m->device[0] = '\0'; }
static void endless_device(struct manifest *m)	{ memset(m->device, 'a', sizeof(m->device)); }
static void endless_name(struct manifest *m)	{ memset(m->name, 'a', sizeof(m->name)); }
static void large_number(struct manifest *m)	{ m->size = UINT64_MAX; }
static void early(struct manifest *m)		{ m->start_ms = INT64_MIN; }
static void late(struct manifest *m)		{ m->end_ms = INT64_MAX; }
static void bad_mark(struct manifest *m)	{ m->marks[0] = 0; }
static void many_marks(struct manifest *m)	{ m->n_marks = MANIFEST_MARKS_MAX + 1; }
static void no_prev(struct manifest *m)		{ memset(&m->prev, 0, sizeof(m->prev)); }
static void path_as_name(struct manifest *m)	{ m->name[0] = '/'; }
static void line_in_name(struct manifest *m)	{ m->name[0] = '\n'; }

/* Were it written, it would be two lines. */
static void smuggle(struct manifest *m)
{
	static const char text[] = "-\nlast 1";

	memcpy(m->officer, text, sizeof(text));
}

static const struct { void (*spoil)(struct manifest *m); const char *sentence; } unfit[] = {
	{ bad_kind, "manifest: kind is out of range" },
	{ bad_clock, "manifest: clock is out of range" },
	{ bad_end, "manifest: end is out of range" },
	{ no_device, "manifest: device must be 1 to 32" },
	{ endless_device, "manifest: device is out of range" },
	{ endless_name, "manifest: BLAKE2b-256 is out of range" },
	{ large_number, "manifest: size is a number above" },
	{ early, "manifest: start-utc is out of range" },
	{ late, "manifest: end-utc is out of range" },
	{ bad_mark, "manifest: mark is out of range" },
	{ many_marks, "manifest: mark comes more than 64 times" },
	{ no_prev, "manifest: prev may be zeros only at dseq 0" },
	{ path_as_name, "manifest: BLAKE2b-256 must name a file" },
	{ line_in_name, "manifest: BLAKE2b-256 must name a file" },
	{ smuggle, "manifest: officer must be 1 to 32" },
};

START_TEST(does_not_write_what_it_would_not_read)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(MANIFEST_MAX);
	struct manifest m;
	struct err e = { 0, "" };

	ck_assert_int_eq(manifest_parse((const uint8_t *)segment, strlen(segment), &m, NULL), 0);
	unfit[_i].spoil(&m);
	ck_assert_int_eq(manifest_write(&m, &b, &e), -EINVAL);
	ck_assert_msg(strncmp(e.msg, unfit[_i].sentence, strlen(unfit[_i].sentence)) == 0,
		      "\"%s\" instead of \"%s...\"", e.msg, unfit[_i].sentence);
	ck_assert_uint_eq(b.len, 0);
}
END_TEST

START_TEST(says_when_there_is_no_room)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(sizeof(segment) - 2);
	struct manifest m;

	ck_assert_int_eq(manifest_parse((const uint8_t *)segment, strlen(segment), &m, NULL), 0);
	ck_assert_int_eq(manifest_write(&m, &b, NULL), -ENOBUFS);
}
END_TEST

/* ------ any manifest survives the way through its text ------ */

static uint32_t below(uint32_t n)
{
	return randombytes_uniform(n);
}

static void random_id(char *ret)
{
	static const char chars[] = "ABCXYZabcxyz019._-";
	size_t len = 1 + below(MANIFEST_ID_MAX), i;

	for (i = 0; i < len; i++)
		ret[i] = chars[below(sizeof(chars) - 1)];
}

static int64_t random_time(void)
{
	return INT64_C(946684800000) + (int64_t)below(3187296) * 1000000 + (int64_t)below(1000000);
}

static uint64_t random_number(void)
{
	uint64_t n;

	randombytes_buf(&n, sizeof(n));
	return n >> (1 + below(63));
}

static void random_digest(struct digest *ret)
{
	randombytes_buf(ret->b, sizeof(ret->b));
}

static void random_segment(struct manifest *m)
{
	size_t i, len = 1 + below(MANIFEST_NAME_MAX);

	for (i = 0; i < 36; i++)
		m->rec[i] = "0123456789abcdef"[below(16)];
	m->rec[8] = m->rec[13] = m->rec[18] = m->rec[23] = '-';
	m->seq = random_number();
	m->start_ms = random_time();
	m->end_ms = random_time();
	m->clock = (enum manifest_clock)below(4);
	m->boot = random_number();
	m->mono_start_ms = random_number();
	m->mono_end_ms = random_number();
	random_id(m->officer);
	m->n_marks = below(MANIFEST_MARKS_MAX + 1);
	for (i = 0; i < m->n_marks; i++)
		m->marks[i] = random_time();
	m->size = random_number();
	m->last = below(2) == 1;
	m->end = (enum manifest_end)below(6);
	m->name[0] = 'n';
	for (i = 1; i < len; i++)
		m->name[i] = "ab ()= .-"[below(9)];
	random_digest(&m->blake2b);
	randombytes_buf(m->sha256, sizeof(m->sha256));
}

static void random_event(struct manifest *m)
{
	size_t i, len = 1 + below(MANIFEST_TEXT_MAX);

	random_id(m->what);
	for (i = 0; i < len; i++)
		m->detail[i] = i % 7 == 6 && i + 1 < len ? ' ' : (char)('!' + below(94));
	m->at_ms = random_time();
}

START_TEST(survives_its_text)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(MANIFEST_MAX);
	struct manifest m, back;
	struct err e = { 0, "" };

	memset(&m, 0, sizeof(m));
	memset(&back, 0, sizeof(back));
	m.kind = (enum manifest_kind)(_i % 3);
	random_id(m.device);
	random_id(m.firmware);
	m.dseq = random_number();
	random_digest(&m.prev);
	if (m.kind == MANIFEST_SEGMENT)
		random_segment(&m);
	else if (m.kind == MANIFEST_INVENTORY)
		random_digest(&m.nonce);
	else
		random_event(&m);
	ck_assert_msg(manifest_write(&m, &b, &e) == 0, "%s", e.msg);
	ck_assert_msg(parse(&b, &back, &e) == 0, "%s\n%s", e.msg, buf_str(&b));
	ck_assert_str_eq(m.device, back.device);
	ck_assert_str_eq(m.firmware, back.firmware);
	ck_assert_uint_eq(m.dseq, back.dseq);
	ck_assert(digest_equal(&m.prev, &back.prev));
	ck_assert_int_eq(m.kind, back.kind);
	ck_assert_mem_eq(m.rec, back.rec, sizeof(m.rec));
	ck_assert_uint_eq(m.seq, back.seq);
	ck_assert_int_eq(m.start_ms, back.start_ms);
	ck_assert_int_eq(m.end_ms, back.end_ms);
	ck_assert_int_eq(m.clock, back.clock);
	ck_assert_uint_eq(m.boot, back.boot);
	ck_assert_uint_eq(m.mono_start_ms, back.mono_start_ms);
	ck_assert_uint_eq(m.mono_end_ms, back.mono_end_ms);
	ck_assert_str_eq(m.officer, back.officer);
	ck_assert_uint_eq(m.n_marks, back.n_marks);
	ck_assert_mem_eq(m.marks, back.marks, sizeof(m.marks));
	ck_assert_uint_eq(m.size, back.size);
	ck_assert_int_eq(m.last, back.last);
	ck_assert_int_eq(m.end, back.end);
	ck_assert_str_eq(m.name, back.name);
	ck_assert(digest_equal(&m.blake2b, &back.blake2b));
	ck_assert_mem_eq(m.sha256, back.sha256, sizeof(m.sha256));
	ck_assert(digest_equal(&m.nonce, &back.nonce));
	ck_assert_str_eq(m.what, back.what);
	ck_assert_str_eq(m.detail, back.detail);
	ck_assert_int_eq(m.at_ms, back.at_ms);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, refuses_with_the_line, 0, (int)COUNT(refused));
	tcase_add_loop_test(tc, writes_what_it_read, 0, (int)COUNT(accepted));
	tcase_add_test(tc, reads_every_field);
	tcase_add_loop_test(tc, takes_any_name_of_a_file, 0, (int)COUNT(names));
	tcase_add_test(tc, takes_64_marks_and_no_more);
	tcase_add_test(tc, refuses_what_is_too_large_or_nothing);
	tcase_add_loop_test(tc, refuses_every_prefix, 0, (int)strlen(segment));
	tcase_add_loop_test(tc, refuses_nul_everywhere, 0, (int)strlen(segment));
	tcase_add_loop_test(tc, does_not_write_what_it_would_not_read, 0, (int)COUNT(unfit));
	tcase_add_test(tc, says_when_there_is_no_room);
	tcase_add_loop_test(tc, survives_its_text, 0, 200);
}

int main(void)
{
	return suite_main("manifest", fill);
}
