#include "format/listing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "unit/suite.h"

enum { BLOCK = 512, DISK = 1024 * 1024 };

static const struct listing_medium blocks = {
	.kind = LISTING_BLOCKS, .encoding = LISTING_GB18030, .n_units = 3,
	.units = { { DISK, BLOCK }, { 0, 0 }, { 4096, 4096 } },
};
static const struct listing_medium mtp = { .kind = LISTING_MTP, .encoding = LISTING_UTF8 };

static struct listing_reader *reader_of(const struct listing_medium *m)
{
	struct listing_reader *r = NULL;

	ck_assert_int_eq(listing_reader_new(m, &r), 0);
	return r;
}

static struct listing_reader *reader_new(void)
{
	return reader_of(&blocks);
}

/* Feed all of b, `step` bytes at a time, up to the first event or error. */
static int feed(struct listing_reader *r, const struct buf *b, size_t step,
		struct listing_event *ev, struct err *e)
{
	size_t used;
	int ret = 0;

	ck_assert(!b->failed);
	for (size_t at = 0; at < b->len && ret == 0; at += used) {
		ret = listing_reader_feed(r, b->p + at, MIN(step, b->len - at), &used, ev, e);
		ck_assert(used > 0 || ret != 0);
	}
	return ret;
}

static struct listing_file a_file(const char *path, uint64_t size)
{
	static const uint8_t raw[] = { 'a', 0xd6, 0xb4, 0 };
	struct listing_file f = {
		.path = (char *)(uintptr_t)path, .raw = (uint8_t *)(uintptr_t)raw,
		.raw_len = sizeof(raw), .size = size, .valid = size,
		.modified = "2026-11-23T20:42:58", .accessed = "2026-11-23T00:00:00",
	};

	return f;
}

/* ------ what is said arrives, however the socket cuts it ------ */

static const size_t steps[] = { 1, 3, 8, 4096, 1 << 20 };

START_TEST(arrives)
{
	struct buf b = BUF_INIT(1 << 20);
	struct listing_extent where[] = { { 8192, 1024 }, { 9216, 512 }, { 4096, 512 } };
	struct listing_file f = a_file("DCIM/执法.mp4", 2000), gone = a_file("DCIM/\\x2e.", 77);
	const struct listing_volume volume = {
		.unit = 2, .size = 4096, .free = 512, .filesystem = "fat32", .label = "执法记录仪",
	};
	struct listing_reader *r = reader_new();
	struct listing_event ev;
	struct listing l;
	struct err e;

	f.valid = 600;
	f.extents = where;
	f.n_extents = COUNT(where);
	gone.deleted = true;
	listing_put_volume(&b, &volume);
	listing_put_file(&b, &f);
	listing_put_file(&b, &gone);
	listing_put_trouble(&b, "", "the second partition cannot be read");
	listing_put_end(&b);
	ck_assert_int_eq(feed(r, &b, steps[_i], &ev, &e), 1);
	ck_assert_int_eq(ev.what, LISTING_COMPLETE);
	listing_reader_take(r, &l);
	ck_assert(!l.device.present);
	ck_assert_uint_eq(l.n_volumes, 1);
	ck_assert_uint_eq(l.volumes[0].unit, 2);
	ck_assert_uint_eq(l.volumes[0].size, 4096);
	ck_assert_uint_eq(l.volumes[0].free, 512);
	ck_assert_str_eq(l.volumes[0].filesystem, "fat32");
	ck_assert_str_eq(l.volumes[0].label, "执法记录仪");
	ck_assert_uint_eq(l.n_files, 2);
	ck_assert_str_eq(l.files[0].path, "DCIM/执法.mp4");
	ck_assert_uint_eq(l.files[0].raw_len, 4);
	ck_assert_mem_eq(l.files[0].raw, "a\xd6\xb4", 4);
	ck_assert_uint_eq(l.files[0].size, 2000);
	ck_assert_uint_eq(l.files[0].valid, 600);
	ck_assert_str_eq(l.files[0].created, "");
	ck_assert_str_eq(l.files[0].modified, "2026-11-23T20:42:58");
	ck_assert_str_eq(l.files[0].trouble, "");
	ck_assert_uint_eq(l.files[0].n_extents, 2);	/* neighbours are one */
	ck_assert_uint_eq(l.files[0].extents[0].offset, 8192);
	ck_assert_uint_eq(l.files[0].extents[0].len, 1536);
	ck_assert_uint_eq(l.files[0].extents[1].offset, 4096);
	ck_assert(l.files[1].deleted);
	ck_assert_uint_eq(l.n_troubles, 1);
	ck_assert_str_eq(l.troubles[0].text, "the second partition cannot be read");
	listing_clear(&l);
	listing_reader_free(r);
	buf_clear(&b);
}
END_TEST

START_TEST(arrives_of_a_device)
{
	const struct listing_device device = {
		.can = LISTING_CAN_PARTIAL64 | LISTING_CAN_CLOCK, .battery = 71,
		.clock = "2026-11-23T20:42:58", .clock_ms = 300, .zone_min = -90,
		.manufacturer = "海康", .model = "DSJ-1", .version = "1.0", .serial = "0042",
	};
	const struct listing_volume volume = {
		.size = 64, .free = LISTING_FREE_UNKNOWN, .filesystem = "MTP", .label = "卡",
	};
	const struct listing_operation op = { 0x9805, 5, { 1, 0, UINT32_MAX, 7, 9 } };
	struct buf b = BUF_INIT(1 << 20);
	struct listing_file f = a_file("DCIM/a.mp4", UINT64_C(5) << 30);
	struct listing_reader *r = reader_of(&mtp);
	struct listing_event ev;
	struct listing l;
	struct err e;

	f.handle = 17;
	listing_put_operation(&b, &op);
	ck_assert_int_eq(feed(r, &b, b.len, &ev, &e), 1);
	ck_assert_int_eq(ev.what, LISTING_WANT_OPERATION);
	ck_assert_uint_eq(ev.op.code, 0x9805);
	ck_assert_uint_eq(ev.op.n_params, 5);
	ck_assert_mem_eq(ev.op.params, op.params, sizeof(op.params));
	buf_reset(&b);
	listing_put_device(&b, &device);
	listing_put_volume(&b, &volume);
	listing_put_file(&b, &f);
	listing_put_end(&b);
	ck_assert_int_eq(feed(r, &b, steps[_i], &ev, &e), 1);
	listing_reader_take(r, &l);
	ck_assert(l.device.present);
	ck_assert_uint_eq(l.device.can, device.can);
	ck_assert_uint_eq(l.device.battery, 71);
	ck_assert_str_eq(l.device.clock, device.clock);
	ck_assert_uint_eq(l.device.clock_ms, 300);
	ck_assert_int_eq(l.device.zone_min, -90);
	ck_assert_str_eq(l.device.manufacturer, "海康");
	ck_assert_str_eq(l.device.model, "DSJ-1");
	ck_assert_str_eq(l.device.version, "1.0");
	ck_assert_str_eq(l.device.serial, "0042");
	ck_assert_int_eq(l.device.clock_asked_ms, 0);
	ck_assert(l.volumes[0].free == LISTING_FREE_UNKNOWN);
	ck_assert_uint_eq(l.files[0].handle, 17);
	ck_assert_str_eq(l.files[0].trouble, "");
	ck_assert_uint_eq(l.files[0].n_extents, 0);
	listing_clear(&l);
	listing_reader_free(r);
	buf_clear(&b);
}
END_TEST

/* ------ what a card may get wrong is kept as trouble ------ */

static const struct {
	const char *what;
	uint64_t size;
	struct listing_extent extents[3];
	uint32_t n;
	const char *trouble;		/* its beginning */
	uint64_t covers;
} cards[] = {
	{ "whole", 1024, { { 0, 1024 } }, 1, "", 1024 },
	{ "empty", 0, { { 0, 0 } }, 0, "", 0 },
	{ "empty with a cluster", 0, { { 512, 512 } }, 1, "", 0 },
	{ "slack is not content", 1, { { 0, 4096 }, { 8192, 4096 } }, 2, "", 512 },
	{ "to the last byte", 512, { { DISK - 512, 512 } }, 1, "", 512 },
	{ "all of the disk", DISK, { { 0, DISK } }, 1, "", DISK },
	{ "a chain too short", 1025, { { 0, 1024 } }, 1, "only 1024 of its 1025", 0 },
	{ "no chain", 5, { { 0, 0 } }, 0, "only 0 of its 5", 0 },
	{ "beyond the card", 512, { { DISK, 512 } }, 1, "its content is said to lie outside", 0 },
	{ "across its end", 1024, { { DISK - 512, 1024 } }, 1, "its content is said to lie", 0 },
	{ "sum overflows", 512, { { UINT64_MAX - 511, 512 } }, 1, "its content is said to lie", 0 },
	{ "long overflows", 512, { { 512, UINT64_MAX - 511 } }, 1, "its content is said to", 0 },
	{ "between blocks", 512, { { 100, 512 } }, 1, "its content is said to lie outside", 0 },
	{ "half a block", 100, { { 0, 100 } }, 1, "its content is said to lie outside", 0 },
	{ "good, bad, good", 1536, { { 0, 512 }, { DISK, 512 }, { 512, 1024 } }, 3, "its con", 0 },
	{ "the largest size", UINT64_MAX, { { 0, DISK } }, 1, "only 1048576 of its 184467", 0 },
};

START_TEST(keeps_what_a_card_got_wrong)
{
	struct buf b = BUF_INIT(1 << 20);
	struct listing_file f = a_file("a.mp4", cards[_i].size);
	struct listing_extent copy[3];
	struct listing_reader *r = reader_new();
	struct listing_event ev;
	struct listing l;
	uint64_t covers = 0;

	memcpy(copy, cards[_i].extents, sizeof(copy));
	f.extents = copy;
	f.n_extents = cards[_i].n;
	listing_put_file(&b, &f);
	listing_put_end(&b);
	ck_assert_int_eq(feed(r, &b, b.len, &ev, NULL), 1);
	listing_reader_take(r, &l);
	ck_assert_msg(strncmp(l.files[0].trouble, cards[_i].trouble,
			      strlen(cards[_i].trouble)) == 0 &&
		      (l.files[0].trouble[0] == '\0') == (cards[_i].trouble[0] == '\0'),
		      "%s: '%s'", cards[_i].what, l.files[0].trouble);
	for (uint32_t i = 0; i < l.files[0].n_extents; i++)
		covers += l.files[0].extents[i].len;
	ck_assert_msg(covers == cards[_i].covers, "%s", cards[_i].what);
	listing_clear(&l);
	listing_reader_free(r);
	buf_clear(&b);
}
END_TEST

/* ------ what the lister may not do ends it ------ */

#define NUL8 "\0\0\0\0\0\0\0\0"
#define UNIT0 "\0\0\0\0"
#define DEVICE(can, battery, ms) "\x09\0\0\0\x13\0\0\0" can battery "\0\0" ms "\0\0" NUL8
#define RAW(s) s, sizeof(s) - 1

static const struct { const char *what, *bytes; size_t len; int ret; } wires[] = {
	{ "a file", RAW("\3\0\0\0\x26\0\0\0" "\1\0a" "\1\0a" NUL8 NUL8 NUL8 NUL8), 0 },
	{ "no path", RAW("\3\0\0\0\x25\0\0\0" "\0\0" "\1\0a" NUL8 NUL8 NUL8 NUL8), -EPROTO },
	{ "upwards", RAW("\3\0\0\0\x27\0\0\0" "\2\0.." "\1\0a" NUL8 NUL8 NUL8 NUL8), -EPROTO },
	{ "a slash in front", RAW("\3\0\0\0\x27\0\0\0" "\2\0/a" "\1\0a" NUL8 NUL8 NUL8 NUL8), -EPROTO },
	{ "a control", RAW("\3\0\0\0\x26\0\0\0" "\1\0\n" "\1\0a" NUL8 NUL8 NUL8 NUL8), -EPROTO },
	{ "a text past its body", RAW("\3\0\0\0\x26\0\0\0" "\1\0a" "\1\0a" NUL8 NUL8 NUL8
	      "\0\0\0\0\0\0\1\0"),
	  -EPROTO },
	{ "a body left over", RAW("\3\0\0\0\x27\0\0\0" "\1\0a" "\1\0a" NUL8 NUL8 NUL8 NUL8 "x"), -EPROTO },
	{ "a path of 1025", RAW("\3\0\0\0\2\0\0\0" "\1\4"), -EPROTO },
	{ "a path of 65535", RAW("\3\0\0\0\2\0\0\0" "\xff\xff"), -EPROTO },
	{ "an empty body", RAW("\3\0\0\0\0\0\0\0"), -EPROTO },
	{ "a time too short", RAW("\3\0\0\0\x27\0\0\0" "\1\0a" "\1\0a" NUL8 NUL8 NUL8
	      "\1\0" "2\0\0\0\0\0\0"),
	  -EPROTO },
	{ "no such type", RAW("\x0a\0\0\0\0\0\0\0"), -EPROTO },
	{ "type zero", RAW("\0\0\0\0\0\0\0\0"), -EPROTO },
	{ "dockd's own type", RAW("\x42\0\0\0\0\0\0\0"), -EPROTO },
	{ "padding", RAW("\7\0\1\0\0\0\0\0"), -EPROTO },
	{ "the longest body begins", RAW("\6\0\0\0\0\0\1\0"), 0 },
	{ "a longer one", RAW("\6\0\0\0\1\0\1\0"), -EPROTO },
	{ "a length of 2^32-1", RAW("\6\0\0\0\xff\xff\xff\xff"), -EPROTO },
	{ "extents without a file", RAW("\4\0\0\0\2\0\0\0\0\0"), -EPROTO },
	{ "more extents said than sent", RAW("\3\0\0\0\x26\0\0\0" "\1\0a" "\1\0a" NUL8 NUL8 NUL8 NUL8
					     "\4\0\0\0\2\0\0\0\1\0"), -EPROTO },
	{ "extents of a deleted file", RAW("\5\0\0\0\x26\0\0\0" "\1\0a" "\1\0a" NUL8 NUL8 NUL8 NUL8
					   "\4\0\0\0\2\0\0\0\0\0"), -EPROTO },
	{ "extents behind a trouble", RAW("\3\0\0\0\x26\0\0\0" "\1\0a" "\1\0a" NUL8 NUL8 NUL8 NUL8
					  "\6\0\0\0\4\0\0\0\0\0\0\0" "\4\0\0\0\2\0\0\0\0\0"),
	  -EPROTO },
	{ "a trouble that is no text", RAW("\6\0\0\0\5\0\0\0\0\0\1\0\xff"), -EPROTO },
	{ "a trouble with a bad path", RAW("\6\0\0\0\6\0\0\0\2\0..\0\0"), -EPROTO },
	{ "a read", RAW("\1\0\0\0\x10\0\0\0" UNIT0 NUL8 "\0\2\0\0"), 1 },
	{ "a read of nothing", RAW("\1\0\0\0\x10\0\0\0" UNIT0 NUL8 "\0\0\0\0"), -EPROTO },
	{ "the longest read", RAW("\1\0\0\0\x10\0\0\0" UNIT0 NUL8 "\0\0\1\0"), 1 },
	{ "a longer one", RAW("\1\0\0\0\x10\0\0\0" UNIT0 NUL8 "\0\2\1\0"), -EPROTO },
	{ "a read between blocks", RAW("\1\0\0\0\x10\0\0\0" UNIT0 "\1\0\0\0\0\0\0\0" "\0\2\0\0"), -EPROTO },
	{ "half a block", RAW("\1\0\0\0\x10\0\0\0" UNIT0 NUL8 "\0\1\0\0"), -EPROTO },
	{ "the last block", RAW("\1\0\0\0\x10\0\0\0" UNIT0 "\0\xfe\x0f\0\0\0\0\0" "\0\2\0\0"), 1 },
	{ "behind the disk", RAW("\1\0\0\0\x10\0\0\0" UNIT0 "\0\0\x10\0\0\0\0\0" "\0\2\0\0"), -EPROTO },
	{ "across its end", RAW("\1\0\0\0\x10\0\0\0" UNIT0 "\0\xfe\x0f\0\0\0\0\0" "\0\4\0\0"), -EPROTO },
	{ "an offset that overflows", RAW("\1\0\0\0\x10\0\0\0" UNIT0 "\0\xfe\xff\xff\xff\xff\xff\xff"
					  "\0\4\0\0"), -EPROTO },
	{ "a unit without a medium", RAW("\1\0\0\0\x10\0\0\0" "\1\0\0\0" NUL8 "\0\2\0\0"), -EPROTO },
	{ "a unit that is not there", RAW("\1\0\0\0\x10\0\0\0" "\3\0\0\0" NUL8 "\0\2\0\0"),
	  -EPROTO },
	{ "a unit of 256", RAW("\1\0\0\0\x10\0\0\0" "\0\1\0\0" NUL8 "\0\2\0\0"), -EPROTO },
	{ "another unit's blocks", RAW("\1\0\0\0\x10\0\0\0" "\2\0\0\0" NUL8 "\0\2\0\0"),
	  -EPROTO },
	{ "another unit", RAW("\1\0\0\0\x10\0\0\0" "\2\0\0\0" NUL8 "\0\x10\0\0"), 1 },
	{ "an operation on blocks", RAW("\x08\0\0\0\4\0\0\0" "\1\x10\0\0"), -EPROTO },
	{ "a device on blocks", RAW("\x09\0\0\0\x13\0\0\0" UNIT0 "\0" "\0\0" "\0\0" "\0\0" NUL8),
	  -EPROTO },
	{ "a file with a handle", RAW("\3\0\0\0\x26\0\0\0" "\1\0a" "\1\0a" UNIT0 "\1\0\0\0" NUL8
				      NUL8 NUL8), -EPROTO },
	{ "a file on no unit", RAW("\3\0\0\0\x26\0\0\0" "\1\0a" "\1\0a" "\1\0\0\0" UNIT0 NUL8
				   NUL8 NUL8), -EPROTO },
	{ "more valid than there is", RAW("\3\0\0\0\x26\0\0\0" "\1\0a" "\1\0a" NUL8 NUL8
					  "\1\0\0\0\0\0\0\0" NUL8), -EPROTO },
	{ "a volume", RAW("\2\0\0\0\x18\0\0\0" UNIT0 NUL8 NUL8 "\0\0\0\0"), 0 },
	{ "a volume on no unit", RAW("\2\0\0\0\x18\0\0\0" "\1\0\0\0" NUL8 NUL8 "\0\0\0\0"),
	  -EPROTO },
	{ "more free than there is", RAW("\2\0\0\0\x18\0\0\0" UNIT0 NUL8 "\1\0\0\0\0\0\0\0"
					 "\0\0\0\0"), -EPROTO },
	{ "a short read message", RAW("\1\0\0\0\x0f\0\0\0" UNIT0 NUL8 "\0\2\0"), -EPROTO },
	{ "the end", RAW("\7\0\0\0\0\0\0\0"), 1 },
	{ "an end with a body", RAW("\7\0\0\0\1\0\0\0\0"), -EPROTO },
};

START_TEST(ends_a_lister_that_breaks_the_rules)
{
	struct listing_reader *r = reader_new();
	struct buf b = BUF_INIT(4096);
	struct listing_event ev;
	struct err e = { 0 };

	buf_add(&b, wires[_i].bytes, wires[_i].len);
	ck_assert_msg(feed(r, &b, 5, &ev, &e) == wires[_i].ret, "%s: %s", wires[_i].what, e.msg);
	ck_assert_msg(wires[_i].ret >= 0 || strncmp(e.msg, "dock-lister broke", 17) == 0, "%s",
		      wires[_i].what);
	buf_clear(&b);
	listing_reader_free(r);
}
END_TEST

static const struct { const char *what, *bytes; size_t len; int ret; } mtp_wires[] = {
	{ "an operation", RAW("\x08\0\0\0\x08\0\0\0" "\5\x10\1\0" "\1\0\1\0"), 1 },
	{ "of no parameters", RAW("\x08\0\0\0\4\0\0\0" "\1\x10\0\0"), 1 },
	{ "that says too many", RAW("\x08\0\0\0\x08\0\0\0" "\5\x10\2\0" "\1\0\1\0"), -EPROTO },
	{ "of six", RAW("\x08\0\0\0\x1c\0\0\0" "\5\x10\6\0" NUL8 NUL8 NUL8), -EPROTO },
	{ "that deletes", RAW("\x08\0\0\0\x08\0\0\0" "\x0b\x10\1\0" "\1\0\1\0"), -EPROTO },
	{ "cut", RAW("\x08\0\0\0\3\0\0\0" "\1\x10\0"), -EPROTO },
	{ "a read", RAW("\1\0\0\0\x10\0\0\0" UNIT0 NUL8 "\0\2\0\0"), -EPROTO },
	{ "a device", RAW(DEVICE("\xff\0\0\0", "\x64", "\xe7\3")), 0 },
	{ "of 101 percent", RAW(DEVICE("\xff\0\0\0", "\x65", "\xe7\3")), -EPROTO },
	{ "of 1000 milliseconds", RAW(DEVICE("\xff\0\0\0", "\xff", "\xe8\3")), -EPROTO },
	{ "that can what is not known", RAW(DEVICE("\0\1\0\0", "\xff", "\0\0")), -EPROTO },
	{ "two devices", RAW(DEVICE(UNIT0, "\0", "\0\0") DEVICE(UNIT0, "\0", "\0\0")), -EPROTO },
	{ "a device behind a volume", RAW("\2\0\0\0\x18\0\0\0" UNIT0 NUL8 NUL8 "\0\0\0\0"
					  DEVICE(UNIT0, "\0", "\0\0")), -EPROTO },
	{ "a file", RAW("\3\0\0\0\x26\0\0\0" "\1\0a" "\1\0a" UNIT0 "\1\0\0\0" NUL8 NUL8 NUL8), 0 },
	{ "without a handle", RAW("\3\0\0\0\x26\0\0\0" "\1\0a" "\1\0a" NUL8 NUL8 NUL8 NUL8),
	  -EPROTO },
	{ "without one, and it says so", RAW("\3\0\0\0\x27\0\0\0" "\1\0a" "\1\0a" NUL8 NUL8 NUL8
					     "\0\0\0\0\0\0\1\0?"), 0 },
	{ "in pieces", RAW("\3\0\0\0\x26\0\0\0" "\1\0a" "\1\0a" UNIT0 "\1\0\0\0" NUL8 NUL8 NUL8
			   "\4\0\0\0\2\0\0\0\0\0"), -EPROTO },
	{ "on a unit", RAW("\3\0\0\0\x26\0\0\0" "\1\0a" "\1\0a" "\1\0\0\0\1\0\0\0" NUL8 NUL8
			   NUL8), -EPROTO },
};

START_TEST(ends_a_lister_of_a_device_that_breaks_them)
{
	struct listing_reader *r = reader_of(&mtp);
	struct buf b = BUF_INIT(4096);
	struct listing_event ev;
	struct err e = { 0 };

	buf_add(&b, mtp_wires[_i].bytes, mtp_wires[_i].len);
	ck_assert_msg(feed(r, &b, 5, &ev, &e) == mtp_wires[_i].ret, "%s: %s", mtp_wires[_i].what,
		      e.msg);
	buf_clear(&b);
	listing_reader_free(r);
}
END_TEST

/* The list that both halves know; nothing that writes, and not what reads content. */
START_TEST(knows_what_a_lister_may_ask)
{
	static const uint16_t reads[] = { 0x1001, 0x1004, 0x1005, 0x1006, 0x1007, 0x1008, 0x1014,
					  0x1015, 0x9801, 0x9802, 0x9803, 0x9805 };
	unsigned n = 0;

	for (uint32_t code = 0; code <= UINT16_MAX; code++)
		n += listing_is_mtp_read((uint16_t)code);
	ck_assert_uint_eq(n, COUNT(reads));
	for (size_t i = 0; i < COUNT(reads); i++)
		ck_assert(listing_is_mtp_read(reads[i]));
}
END_TEST

START_TEST(nothing_may_follow_the_end)
{
	struct listing_reader *r = reader_new();
	struct buf b = BUF_INIT(4096);
	struct listing_event ev;

	listing_put_end(&b);
	ck_assert_int_eq(feed(r, &b, b.len, &ev, NULL), 1);
	ck_assert_int_eq(feed(r, &b, b.len, &ev, NULL), -EPROTO);
	buf_clear(&b);
	listing_reader_free(r);
}
END_TEST

/* ------ floods ------ */

enum flood { FILES, LONG_FILES, EXTENTS, KEPT_EXTENTS, TROUBLES, VOLUMES, OPERATIONS };

static const struct { enum flood what; unsigned least, most; } floods[] = {
	/* How many are taken in before the lister is ended. */
	{ FILES, 16000, LISTING_FILES_MAX },
	{ LONG_FILES, 3000, 4000 },
	{ EXTENTS, LISTING_EXTENTS_MAX / 1000, LISTING_EXTENTS_MAX / 1000 },
	{ KEPT_EXTENTS, LISTING_EXTENTS_MAX / 1000, LISTING_EXTENTS_MAX / 1000 },
	{ TROUBLES, LISTING_TROUBLES_MAX, LISTING_TROUBLES_MAX },
	{ VOLUMES, LISTING_VOLUMES_MAX, LISTING_VOLUMES_MAX },
	{ OPERATIONS, LISTING_OPERATIONS_MAX, LISTING_OPERATIONS_MAX },
};

static void put_flood(struct buf *b, enum flood what, unsigned n)
{
	static char longest[LISTING_PATH_MAX + 1];
	static struct listing_extent apart[1000];
	struct listing_file f = a_file("a", what == EXTENTS ? 0 : UINT32_MAX);

	memset(longest, 'a', LISTING_PATH_MAX);
	for (size_t i = 0; i < COUNT(apart); i++)
		apart[i] = (struct listing_extent){ (i & 1) * 4096, 512 };
	switch (what) {
	case LONG_FILES:
		f.path = longest;
		f.raw = (uint8_t *)longest;
		f.raw_len = LISTING_PATH_MAX;
		break;
	case EXTENTS:
	case KEPT_EXTENTS:
		f.extents = apart;
		f.n_extents = COUNT(apart);
		break;
	case TROUBLES:
		listing_put_trouble(b, n % 2 == 0 ? "" : "a/b", "no");
		return;
	case VOLUMES:
		listing_put_volume(b, &(struct listing_volume){ .filesystem = "fat" });
		return;
	case OPERATIONS:
		listing_put_operation(b, &(struct listing_operation){ .code = 0x1001 });
		return;
	case FILES:
		break;
	}
	listing_put_file(b, &f);
}

START_TEST(floods_end)
{
	struct listing_reader *r = reader_of(floods[_i].what == OPERATIONS ? &mtp : &blocks);
	struct buf b = BUF_INIT(LISTING_HEADER + LISTING_MESSAGE_MAX);
	struct listing_event ev;
	struct err e = { 0 };
	unsigned n;
	int ret = 0;

	for (n = 0; ret >= 0; n++) {
		ck_assert_uint_le(n, floods[_i].most);
		buf_reset(&b);
		put_flood(&b, floods[_i].what, n);
		ret = feed(r, &b, b.len, &ev, &e);
	}
	ck_assert_int_eq(ret, -EPROTO);
	ck_assert_msg(strstr(e.msg, "more than") != NULL, "%s", e.msg);
	ck_assert_uint_gt(n, floods[_i].least);
	buf_clear(&b);
	listing_reader_free(r);
}
END_TEST

/* ------ dockd's own words ------ */

START_TEST(dockd_speaks)
{
	static const uint8_t want[] = {
		65, 0, 0, 0, 40, 0, 0, 0, 0, 0, 3, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 2, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0,
		65, 0, 0, 0, 4, 0, 0, 0, 1, 1, 0, 0,
		66, 0, 0, 0, 2, 0, 0, 0, 'o', 'k',
		67, 0, 0, 0, 4, 0, 0, 0, EIO, 0, 0, 0,
		68, 0, 0, 0, 1, 0, 0, 0, 'd',
		69, 0, 0, 0, 8, 0, 0, 0, 1, 0x20, 1, 0, 7, 0, 0, 0,
	};
	const struct listing_operation response = { 0x2001, 1, { 7 } };
	struct buf b = BUF_INIT(256);
	enum listing_type type;
	uint32_t len;

	listing_put_medium(&b, &blocks);
	listing_put_medium(&b, &mtp);
	listing_put_data(&b, (const uint8_t *)"ok", 2);
	listing_put_failed(&b, EIO);
	listing_put_dataset(&b, (const uint8_t *)"d", 1);
	listing_put_response(&b, &response);
	ck_assert_uint_eq(b.len, sizeof(want));
	ck_assert_mem_eq(b.p, want, sizeof(want));
	ck_assert_int_eq(listing_head(b.p, &type, &len), 0);
	ck_assert_int_eq(type, LISTING_MEDIUM);
	ck_assert_uint_eq(len, 40);
	buf_clear(&b);
}
END_TEST

static const struct { const char *what, *bytes; size_t len; bool sound; } media[] = {
	{ "blocks", RAW("\0\0\1\0" "\0\2\0\0\0\0\0\0" "\0\2\0\0"), true },
	{ "a device", RAW("\1\1\0\0"), true },
	{ "a device with units", RAW("\1\0\1\0" "\0\2\0\0\0\0\0\0" "\0\2\0\0"), false },
	{ "blocks without units", RAW("\0\0\0\0"), false },
	{ "a device once more", RAW("\2\0\0\0"), true },
	{ "a fourth kind", RAW("\3\0\0\0"), false },
	{ "a third encoding", RAW("\1\2\0\0"), false },
	{ "nine units", RAW("\0\0\x09\0"), false },
	{ "padding", RAW("\1\0\0\1"), false },
	{ "cut", RAW("\0\0\1\0" "\0\2\0\0\0\0\0\0" "\0\2\0"), false },
	{ "too long", RAW("\1\0\0\0" "\0"), false },
	{ "nothing", RAW(""), false },
};

START_TEST(is_told_the_medium)
{
	struct listing_medium m;

	ck_assert_msg(listing_medium_read((const uint8_t *)media[_i].bytes, media[_i].len, &m) ==
		      (media[_i].sound ? 0 : -EPROTO), "%s", media[_i].what);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, arrives, 0, (int)COUNT(steps));
	tcase_add_loop_test(tc, arrives_of_a_device, 0, (int)COUNT(steps));
	tcase_add_loop_test(tc, keeps_what_a_card_got_wrong, 0, (int)COUNT(cards));
	tcase_add_loop_test(tc, ends_a_lister_that_breaks_the_rules, 0, (int)COUNT(wires));
	tcase_add_loop_test(tc, ends_a_lister_of_a_device_that_breaks_them, 0,
			    (int)COUNT(mtp_wires));
	tcase_add_test(tc, knows_what_a_lister_may_ask);
	tcase_add_test(tc, nothing_may_follow_the_end);
	tcase_add_loop_test(tc, floods_end, 0, (int)COUNT(floods));
	tcase_add_test(tc, dockd_speaks);
	tcase_add_loop_test(tc, is_told_the_medium, 0, (int)COUNT(media));
}

int main(void)
{
	return suite_main("listing", fill);
}
