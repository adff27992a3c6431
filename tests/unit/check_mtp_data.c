/* MTP's datasets, byte by byte from the standard's tables; and what devices make of them. */
#include "format/mtp_data.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/util.h"
#include "format/name.h"
#include "unit/suite.h"

#define RAW(s) (const uint8_t *)(s), sizeof(s) - 1
#define ALL32 "\xff\xff\xff\xff"
#define ALL64 ALL32 ALL32
#define STR_AB "\3A\0B\0\0\0"

static bool is(const struct mtp_string *s, const char *utf8)
{
	struct buf b = BUF_INIT(4096);
	bool same;

	name_add_text_utf16le(&b, s->p, s->len);
	same = strcmp(buf_str(&b), utf8) == 0;
	buf_clear(&b);
	return same;
}

/* ------ strings ------ */

static const struct { const char *what; const uint8_t *p; size_t len; int r; const char *text; }
strings[] = {
	{ "empty", RAW("\0"), 1, "" },
	{ "a NUL alone", RAW("\1\0\0"), 3, "" },
	{ "two letters", RAW(STR_AB), 7, "AB" },
	{ "what lies behind", RAW(STR_AB "x"), 7, "AB" },
	{ "no NUL", RAW("\2A\0B\0"), 5, "AB" },
	{ "a NUL within", RAW("\4A\0\0\0B\0\0\0"), 9, "A" },
	{ "Chinese", RAW("\3\x67\x62\xd5\x6c\0\0"), 7, "执法" },
	{ "half a pair", RAW("\2\0\xd8\0\0"), 5, "\\x00\\xd8" },
	{ "a unit too few", RAW("\3A\0B\0"), -EBADMSG, "" },
	{ "an odd byte", RAW("\2A\0B"), -EBADMSG, "" },
	{ "255 units of none", RAW("\xff"), -EBADMSG, "" },
	{ "nothing", RAW(""), -EBADMSG, "" },
};

START_TEST(reads_strings)
{
	struct mtp_value v;

	ck_assert_msg(mtp_value_read(strings[_i].p, strings[_i].len, MTP_TYPE_STRING, &v) ==
		      strings[_i].r, "%s", strings[_i].what);
	ck_assert_msg(strings[_i].r < 0 || is(&v.text, strings[_i].text), "%s", strings[_i].what);
}
END_TEST

/* ------ integers ------ */

static const struct { uint16_t type; const uint8_t *p; size_t len; int r; uint64_t low, high; }
integers[] = {
	{ 0x0001, RAW("\x80"), 1, UINT64_MAX - 127, UINT64_MAX },
	{ 0x0001, RAW("\x7f"), 1, 127, 0 },
	{ 0x0002, RAW("\xff"), 1, 255, 0 },
	{ 0x0003, RAW("\xff\xff"), 2, UINT64_MAX, UINT64_MAX },
	{ 0x0004, RAW("\1\2"), 2, 0x201, 0 },
	{ 0x0005, RAW("\0\0\0\x80"), 4, UINT64_C(0xffffffff80000000), UINT64_MAX },
	{ 0x0006, RAW(ALL32), 4, UINT32_MAX, 0 },
	{ 0x0007, RAW(ALL64), 8, UINT64_MAX, UINT64_MAX },
	{ 0x0008, RAW(ALL64), 8, UINT64_MAX, 0 },
	{ 0x0009, RAW("\1\0\0\0\0\0\0\0" ALL64), 16, 1, UINT64_MAX },
	{ 0x000a, RAW(ALL64 "\2\0\0\0\0\0\0\0"), 16, UINT64_MAX, 2 },
	{ 0x000a, RAW(ALL64 "\2\0\0\0\0\0\0"), -EBADMSG, 0, 0 },
	{ 0x0008, RAW("\1\2\3\4\5\6\7"), -EBADMSG, 0, 0 },
	{ 0x0000, RAW(ALL64), -EBADMSG, 0, 0 },
	{ 0x000b, RAW(ALL64), -EBADMSG, 0, 0 },
	{ 0x4000, RAW("\0\0\0\0"), -EBADMSG, 0, 0 },
	{ 0x400b, RAW("\0\0\0\0"), -EBADMSG, 0, 0 },
	{ 0x4002, RAW("\2\0\0\0ab"), 6, 0, 0 },
	{ 0x400a, RAW("\1\0\0\0" ALL64 ALL64), 20, 0, 0 },
	{ 0x400a, RAW(ALL32 ALL64 ALL64), -EBADMSG, 0, 0 },
	{ 0x4002, RAW("\3\0\0\0ab"), -EBADMSG, 0, 0 },
};

START_TEST(reads_integers_and_passes_over_arrays)
{
	struct mtp_value v;

	ck_assert_int_eq(mtp_value_read(integers[_i].p, integers[_i].len, integers[_i].type, &v),
			 integers[_i].r);
	if (integers[_i].r < 0)
		return;
	ck_assert_uint_eq(v.type, integers[_i].type);
	ck_assert_uint_eq(v.number, integers[_i].low);
	ck_assert_uint_eq(v.high, integers[_i].high);
}
END_TEST

/* ------ arrays ------ */

static const struct { const uint8_t *p; size_t len; uint8_t size; int r; uint32_t n; bool cut; }
arrays[] = {
	{ RAW("\0\0\0\0"), 4, 0, 0, false },
	{ RAW("\2\0\0\0\1\0\1\0\1\0\2\0"), 4, 0, 2, false },
	{ RAW("\2\0\0\0\1\0\1\0"), 2, 0, 2, false },
	{ RAW("\2\0\0\0\1\0\1\0\1\0\2"), 4, 0, 1, true },
	{ RAW(ALL32 "\1\0\1\0"), 4, 0, 1, true },
	{ RAW(ALL32), 2, 0, 0, true },
	{ RAW("\1\0\0"), 4, -EBADMSG, 0, false },
	{ RAW(""), 4, -EBADMSG, 0, false },
};

START_TEST(reads_arrays)
{
	struct mtp_array a = { .n = 0 };

	ck_assert_int_eq(mtp_array_read(arrays[_i].p, arrays[_i].len, arrays[_i].size, &a),
			 arrays[_i].r);
	if (arrays[_i].r < 0)
		return;
	ck_assert_uint_eq(a.n, arrays[_i].n);
	ck_assert_int_eq(a.cut, arrays[_i].cut);
	if (a.n > 0)
		ck_assert_uint_eq(mtp_array_at(&a, 0), a.size == 4 ? 0x10001 : 1);
	ck_assert(!mtp_array_has(&a, 7));
}
END_TEST

/* ------ datasets: as the standard has them, and cut anywhere ------ */

#define DEVICE_INFO \
	"\x64\0" "\6\0\0\0" "\x64\0" STR_AB "\0\0" \
	"\2\0\0\0\1\x10\x05\x98" "\1\0\0\0\2\x40" "\1\0\0\0\x11\x50" "\0\0\0\0" "\1\0\0\0\1\x30" \
	"\2M\0\0\0" STR_AB "\2V\0\0\0" "\2S\0\0\0"
#define STORAGE_INFO \
	"\3\0" "\2\0" "\0\0" "\0\0\0\0\1\0\0\0" "\0\x10\0\0\0\0\0\0" ALL32 STR_AB "\0"
#define OBJECT_INFO \
	"\1\0\2\0" "\x0b\x30" "\0\0" "\x78\5\0\0" "\1\x38" "\0\0\0\0\0\0\0\0\0\0\0\0" \
	"\1\0\0\0\2\0\0\0\3\0\0\0" "\7\0\0\0" "\1\0" "\0\0\0\0" "\0\0\0\0" \
	STR_AB "\2C\0\0\0" "\2M\0\0\0" "\0"

START_TEST(reads_device_info)
{
	struct mtp_device_info d;

	ck_assert_int_eq(mtp_device_info_read(RAW(DEVICE_INFO), &d), 0);
	ck_assert_uint_eq(d.operations.n, 2);
	ck_assert(mtp_array_has(&d.operations, MTP_OP_OBJECT_PROP_LIST));
	ck_assert(!mtp_array_has(&d.operations, MTP_PROP_CLOCK));
	ck_assert(mtp_array_has(&d.props, MTP_PROP_CLOCK));
	ck_assert(is(&d.manufacturer, "M"));
	ck_assert(is(&d.model, "AB"));
	ck_assert(is(&d.version, "V"));
	ck_assert(is(&d.serial, "S"));
}
END_TEST

START_TEST(reads_storage_info)
{
	struct mtp_storage_info s;

	ck_assert_int_eq(mtp_storage_info_read(RAW(STORAGE_INFO), &s), 0);
	ck_assert_uint_eq(s.size, UINT64_C(1) << 32);
	ck_assert_uint_eq(s.free, 4096);
	ck_assert(is(&s.description, "AB"));
}
END_TEST

START_TEST(reads_object_info)
{
	struct mtp_object_info o;

	ck_assert_int_eq(mtp_object_info_read(RAW(OBJECT_INFO), &o), 0);
	ck_assert_uint_eq(o.storage, 0x20001);
	ck_assert_uint_eq(o.format, 0x300b);
	ck_assert_uint_eq(o.size, 1400);
	ck_assert_uint_eq(o.parent, 7);
	ck_assert_uint_eq(o.association, 1);
	ck_assert(is(&o.name, "AB"));
	ck_assert(is(&o.created, "C"));
	ck_assert(is(&o.modified, "M"));
}
END_TEST

/* Refused inside a field; taken where only strings at the end are missing, at their borders. */
static unsigned cuts(const char *bytes, size_t len, int (*read)(const uint8_t *p, size_t len))
{
	unsigned taken = 0;

	for (size_t cut = 0; cut < len; cut++) {
		uint8_t copy[512];		/* so that a sanitizer sees a step too far */
		int r;

		memcpy(copy + sizeof(copy) - cut, bytes, cut);
		r = read(copy + sizeof(copy) - cut, cut);
		ck_assert(r == 0 || r == -EBADMSG);
		taken += r == 0;
	}
	return taken;
}

static int read_device(const uint8_t *p, size_t len)
{
	struct mtp_device_info d;

	return mtp_device_info_read(p, len, &d);
}

static int read_storage(const uint8_t *p, size_t len)
{
	struct mtp_storage_info s;

	return mtp_storage_info_read(p, len, &s);
}

static int read_object(const uint8_t *p, size_t len)
{
	struct mtp_object_info o;

	return mtp_object_info_read(p, len, &o);
}

START_TEST(survives_cuts)
{
	ck_assert_uint_eq(cuts(DEVICE_INFO, sizeof(DEVICE_INFO) - 1, read_device), 4);
	ck_assert_uint_eq(cuts(STORAGE_INFO, sizeof(STORAGE_INFO) - 1, read_storage), 2);
	ck_assert_uint_eq(cuts(OBJECT_INFO, sizeof(OBJECT_INFO) - 1, read_object), 3);
}
END_TEST

/* ------ properties of the device ------ */

static const struct { const char *what; const uint8_t *p; size_t len; int r; bool set; int percent; }
descs[] = {
	{ "a range", RAW("\1\x50\2\0\0\x64\x32\1\0\x64\1"), 0, false, 50 },
	{ "from 20 to 120", RAW("\1\x50\2\0\1\x64\x2d\1\x14\x78\1"), 0, true, 25 },
	{ "of 16 bits", RAW("\1\x50\4\0\0\0\0\xff\0\1\0\0\xff\0\1\0"), 0, false, 100 },
	{ "beyond its range", RAW("\1\x50\2\0\0\x64\x65\1\0\x64\1"), 0, false, -1 },
	{ "below it", RAW("\1\x50\2\0\0\x64\1\1\2\x64\1"), 0, false, -1 },
	{ "a range of nothing", RAW("\1\x50\2\0\0\0\0\1\0\0\1"), 0, false, -1 },
	{ "a range upside down", RAW("\1\x50\2\0\0\0\x32\1\x64\0\1"), 0, false, -1 },
	{ "an enumeration", RAW("\1\x50\2\0\0\0\2\2\4\0\0\1\2\4"), 0, false, 50 },
	{ "in disorder", RAW("\1\x50\2\0\0\0\x4b\2\4\0\x64\x19\x4b\x32"), 0, false, 75 },
	{ "an empty one", RAW("\1\x50\2\0\0\0\x32\2\0\0"), 0, false, -1 },
	{ "65535 of none", RAW("\1\x50\2\0\0\0\x32\2\xff\xff\1"), 0, false, 50 },
	{ "no form", RAW("\1\x50\2\0\0\0\x49\0"), 0, false, 73 },
	{ "its end is missing", RAW("\1\x50\2\0\0\0\x49"), 0, false, 73 },
	{ "no form, no percent", RAW("\1\x50\2\0\0\0\xc8\0"), 0, false, -1 },
	{ "a form of 7", RAW("\1\x50\2\0\0\0\x49\7"), 0, false, 73 },
	{ "a range cut", RAW("\1\x50\2\0\0\0\x49\1\0"), 0, false, 73 },
	{ "signed and negative", RAW("\1\x50\1\0\0\0\xff\1\0\x64\1"), 0, false, -1 },
	{ "a string", RAW("\x11\x50\xff\xff\1\0" STR_AB "\0"), 0, true, -1 },
	{ "of 64 bits", RAW("\1\x50\x08\0\0" ALL64 ALL64 "\0"), 0, false, -1 },
	{ "no value", RAW("\1\x50\2\0\0\x64"), -EBADMSG, false, -1 },
	{ "of no type", RAW("\1\x50\0\0\0\x64\x64\0"), -EBADMSG, false, -1 },
	{ "nothing", RAW(""), -EBADMSG, false, -1 },
};

START_TEST(reads_property_descriptions)
{
	struct mtp_prop_desc d;

	ck_assert_msg(mtp_prop_desc_read(descs[_i].p, descs[_i].len, &d) == descs[_i].r, "%s",
		      descs[_i].what);
	if (descs[_i].r < 0)
		return;
	ck_assert_msg(d.settable == descs[_i].set, "%s", descs[_i].what);
	ck_assert_msg(mtp_percent(&d) == descs[_i].percent, "%s: %d", descs[_i].what,
		      mtp_percent(&d));
}
END_TEST

/* ------ moments ------ */

static const struct { const char *said; const char *text; int ms, zone; } times[] = {
	{ "20261123T204258", "2026-11-23T20:42:58", 0, INT16_MIN },
	{ "20261123T204258.3", "2026-11-23T20:42:58", 300, INT16_MIN },
	{ "20261123T204258.0", "2026-11-23T20:42:58", 0, INT16_MIN },
	{ "20261123T204258.123456789", "2026-11-23T20:42:58", 123, INT16_MIN },
	{ "20261123T204258Z", "2026-11-23T20:42:58", 0, 0 },
	{ "20261123T204258.5Z", "2026-11-23T20:42:58", 500, 0 },
	{ "20261123T204258+0800", "2026-11-23T20:42:58", 0, 480 },
	{ "20261123T204258.9-0330", "2026-11-23T20:42:58", 900, -210 },
	{ "20261123T204258+08:00", "2026-11-23T20:42:58", 0, 480 },
	{ "20261123T204258+08", "2026-11-23T20:42:58", 0, 480 },
	{ "20261123T204258+9900", "2026-11-23T20:42:58", 0, INT16_MIN },
	{ "20261123T204258+0", "2026-11-23T20:42:58", 0, INT16_MIN },
	{ "20261123T204258 CST", "2026-11-23T20:42:58", 0, INT16_MIN },
	{ "20261123t204258", "2026-11-23T20:42:58", 0, INT16_MIN },
	{ "20261123 204258", "2026-11-23T20:42:58", 0, INT16_MIN },
	{ "20261123204258", "2026-11-23T20:42:58", 0, INT16_MIN },
	{ "2026-11-23T20:42:58", "2026-11-23T20:42:58", 0, INT16_MIN },
	{ "2026:11:23 20:42:58", "2026-11-23T20:42:58", 0, INT16_MIN },
	{ "2026/11/23 20:42:58", "2026-11-23T20:42:58", 0, INT16_MIN },
	{ "20261123T2042", "2026-11-23T20:42:00", 0, INT16_MIN },
	{ "19800101T000000", "1980-01-01T00:00:00", 0, INT16_MIN },
	{ "20280229T235959", "2028-02-29T23:59:59", 0, INT16_MIN },
	{ "20260229T000000", NULL, 0, 0 },
	{ "00000000T000000", NULL, 0, 0 },
	{ "20261123T240000", NULL, 0, 0 },
	{ "20261323T204258", NULL, 0, 0 },
	{ "20261123", NULL, 0, 0 },
	{ "20261123T20", NULL, 0, 0 },
	{ "2026", NULL, 0, 0 },
	{ "-0261123T204258", NULL, 0, 0 },
	{ "yesterday", NULL, 0, 0 },
	{ "", NULL, 0, 0 },
};

START_TEST(reads_moments)
{
	uint8_t units[128];
	const size_t len = strlen(times[_i].said);
	const struct mtp_string s = { units, 2 * len };
	struct mtp_time t;

	for (size_t i = 0; i < len; i++) {
		units[2 * i] = (uint8_t)times[_i].said[i];
		units[2 * i + 1] = 0;
	}
	ck_assert_msg(mtp_time_read(&s, &t) == (times[_i].text != NULL), "%s", times[_i].said);
	if (times[_i].text == NULL)
		return;
	ck_assert_str_eq(t.text, times[_i].text);
	ck_assert_msg(t.ms == times[_i].ms && t.zone_min == times[_i].zone, "%s: %d %d",
		      times[_i].said, t.ms, t.zone_min);
}
END_TEST

/* Longer than any moment, and not of ASCII. */
START_TEST(moments_are_bounded)
{
	uint8_t units[510];
	struct mtp_string s = { units, sizeof(units) };
	struct mtp_time t;

	memset(units, '1', sizeof(units));
	ck_assert(!mtp_time_read(&s, &t));
	for (size_t i = 1; i < sizeof(units); i += 2)
		units[i] = 0;
	ck_assert(mtp_time_read(&s, &t));
	ck_assert_str_eq(t.text, "1111-11-11T11:11:11");
	s = (struct mtp_string){ NULL, 0 };
	ck_assert(!mtp_time_read(&s, &t));
}
END_TEST

/* ------ lists of properties ------ */

#define E(handle, prop, type) handle "\0\0\0" prop "\xdc" type
static const char list[] =
	"\6\0\0\0"
	E("\1", "\4", "\x08\0") "\1\0\0\0\2\0\0\0"
	E("\1", "\x86", "\2\x40") "\5\0\0\0abcde"
	E("\1", "\7", "\xff\xff") STR_AB
	E("\2", "\x41", "\x0a\0") "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"
	E("\2", "\x87", "\x0a\x40") "\0\0\0\0"
	E("\2", "\x0b", "\6\0") "\7\0\0\0"
	"what follows";

/* However it is cut in pieces, the elements are the same. */
START_TEST(reads_lists_in_pieces)
{
	for (size_t step = 1; step < sizeof(list); step++) {
		struct mtp_props s = { .n_held = 0 };
		struct mtp_prop e;
		unsigned n = 0;

		for (size_t at = 0; at < sizeof(list) - 1; at += step) {
			const uint8_t *p = (const uint8_t *)list + at;
			size_t len = MIN(step, sizeof(list) - 1 - at);
			int r;

			while ((r = mtp_props_next(&s, &p, &len, &e)) > 0) {
				n++;
				ck_assert_uint_eq(e.handle, n < 4 ? 1 : 2);
				if (e.code == MTP_PROP_SIZE)
					ck_assert_uint_eq(e.value.number, UINT64_C(0x200000001));
				else if (e.code == MTP_PROP_NAME)
					ck_assert(is(&e.value.text, "AB"));
				else if (e.code == MTP_PROP_PARENT)
					ck_assert_uint_eq(e.value.number, 7);
				else
					ck_assert(e.value.type >= MTP_TYPE_UINT128);
			}
			ck_assert_int_eq(r, 0);
			ck_assert_uint_eq(len, 0);
		}
		ck_assert_uint_eq(n, 6);
		ck_assert(mtp_props_complete(&s));
	}
}
END_TEST

START_TEST(knows_when_a_list_is_cut)
{
	for (size_t cut = 0; cut < sizeof(list) - 13; cut++) {
		struct mtp_props s = { .n_held = 0 };
		const uint8_t *p = (const uint8_t *)list;
		struct mtp_prop e;
		size_t len = cut;

		while (mtp_props_next(&s, &p, &len, &e) > 0)
			;
		ck_assert_msg(!mtp_props_complete(&s), "%zu", cut);
	}
}
END_TEST

static const struct { const char *what; const uint8_t *p; size_t len; unsigned n; int r; bool all; }
lists[] = {
	{ "empty", RAW("\0\0\0\0"), 0, 0, true },
	{ "nothing", RAW(""), 0, 0, false },
	{ "2^32 of nothing", RAW(ALL32), 0, 0, false },
	{ "no such type", RAW("\1\0\0\0" E("\1", "\1", "\x0b\0") "\0\0\0\0"), 0, -EBADMSG, false },
	{ "the second's", RAW("\2\0\0\0" E("\1", "\1", "\2\0") "\0" E("\1", "\1", "\0\0")), 1,
	  -EBADMSG, false },
	{ "an array of 2^32", RAW("\2\0\0\0" E("\1", "\1", "\x0a\x40") ALL32 "abc"), 1, 0, false },
	{ "a string without end", RAW("\1\0\0\0" E("\1", "\7", "\xff\xff") "\xff" "A\0"), 0, 0, false },
};

START_TEST(survives_lists_that_lie)
{
	struct mtp_props s = { .n_held = 0 };
	const uint8_t *p = lists[_i].p;
	size_t len = lists[_i].len;
	struct mtp_prop e;
	unsigned n = 0;
	int r;

	while ((r = mtp_props_next(&s, &p, &len, &e)) > 0)
		n++;
	ck_assert_msg(n == lists[_i].n && r == lists[_i].r, "%s: %u, %d", lists[_i].what, n, r);
	ck_assert_msg(mtp_props_complete(&s) == lists[_i].all, "%s", lists[_i].what);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, reads_strings, 0, (int)COUNT(strings));
	tcase_add_loop_test(tc, reads_integers_and_passes_over_arrays, 0, (int)COUNT(integers));
	tcase_add_loop_test(tc, reads_arrays, 0, (int)COUNT(arrays));
	tcase_add_test(tc, reads_device_info);
	tcase_add_test(tc, reads_storage_info);
	tcase_add_test(tc, reads_object_info);
	tcase_add_test(tc, survives_cuts);
	tcase_add_loop_test(tc, reads_property_descriptions, 0, (int)COUNT(descs));
	tcase_add_loop_test(tc, reads_moments, 0, (int)COUNT(times));
	tcase_add_test(tc, moments_are_bounded);
	tcase_add_test(tc, reads_lists_in_pieces);
	tcase_add_test(tc, knows_when_a_list_is_cut);
	tcase_add_loop_test(tc, survives_lists_that_lie, 0, (int)COUNT(lists));
}

int main(void)
{
	return suite_main("mtp_data", fill);
}
