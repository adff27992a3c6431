/* The lister's walk of MTP devices in memory: sound ones, odd ones, hostile ones. */
#include "lister/walk_mtp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/util.h"
#include "format/mtp_data.h"
#include "unit/mtp_rig.h"
#include "unit/suite.h"

/* What a device does instead of what it should. */
struct quirk {
	uint16_t code;			/* of the operation; 0: no quirk */
	uint32_t param;			/* of those with this first parameter alone; 0: all */
	int r;				/* negative: it is not carried out */
	uint16_t response;		/* 0: as it should be */
	const char *bytes;		/* the dataset instead; NULL: as it should be */
	size_t len;
	size_t cut;			/* bytes that are left of it; 0: all */
};

static struct bench {
	struct peer peer;
	struct mtp_rig rig;
	struct quirk quirk;
	size_t step;
	struct listing_reader *reader;
	struct report report;
	bool complete;
	unsigned n, n_clock, n_info;	/* operations, of all and some kinds */
	uint16_t first[3];
	unsigned late_after;		/* operations until the time is up; 0: never */
} bench;

static bool quirky(const struct listing_operation *op)
{
	const struct quirk *q = &bench.quirk;

	return q->code == op->code && (q->param == 0 || q->param == op->params[0]);
}

static int carry_out(struct peer *p, const struct listing_operation *op,
		     void (*take)(void *data, const uint8_t *bytes, size_t len), void *data,
		     struct listing_operation *ret)
{
	struct buf b = BUF_INIT(LISTING_DATASET_MAX);
	const struct quirk *q = &bench.quirk;

	(void)p;
	ck_assert_msg(listing_is_mtp_read(op->code), "%04x", op->code);
	if (bench.late_after > 0 && bench.n >= bench.late_after)
		return -ETIME;
	if (bench.n < COUNT(bench.first))
		bench.first[bench.n] = op->code;
	bench.n++;
	bench.n_clock += op->code == MTP_OP_DEVICE_PROP_VALUE;
	bench.n_info += op->code == MTP_OP_OBJECT_INFO;
	*ret = (struct listing_operation){ .code = mtp_rig_answer(&bench.rig, op, &b) };
	ck_assert(!b.failed);
	if (quirky(op)) {
		if (q->bytes != NULL) {
			buf_reset(&b);
			buf_add(&b, q->bytes, q->len);
		}
		if (q->response != 0)
			ret->code = q->response;
		if (q->cut > 0)
			b.len = MIN(b.len, q->cut);
	}
	for (size_t at = 0, n; at < b.len; at += n) {
		n = MIN(bench.step, b.len - at);
		take(data, b.p + at, n);
	}
	buf_clear(&b);
	return quirky(op) ? q->r : 0;
}

static int take_messages(struct peer *p, const struct buf *messages)
{
	struct listing_event ev;
	struct err e;
	size_t used;

	(void)p;
	for (size_t at = 0; at < messages->len; at += used) {
		int r = listing_reader_feed(bench.reader, messages->p + at, messages->len - at,
					    &used, &ev, &e);

		ck_assert_msg(r >= 0, "%s", e.msg);
		bench.complete |= r == 1 && ev.what == LISTING_COMPLETE;
	}
	return 0;
}

static struct listing walked(const struct mtp_rig *rig, const struct quirk *quirk, size_t step)
{
	struct listing l;
	unsigned late_after = bench.late_after;

	bench = (struct bench){
		.peer = { .medium = { .kind = LISTING_MTP, .encoding = LISTING_UTF8 },
			  .operation = carry_out, .send = take_messages },
		.rig = *rig, .step = step, .late_after = late_after,
	};
	if (quirk != NULL)
		bench.quirk = *quirk;
	ck_assert_int_eq(listing_reader_new(&bench.peer.medium, &bench.reader), 0);
	report_init(&bench.report, &bench.peer);
	ck_assert_int_eq(walk_mtp(&bench.peer, &bench.report), 0);
	ck_assert_int_eq(report_end(&bench.report), 0);
	ck_assert(bench.complete);
	listing_reader_take(bench.reader, &l);
	report_fini(&bench.report);
	listing_reader_free(bench.reader);
	return l;
}

static const struct listing_file *file_at(const struct listing *l, const char *path)
{
	for (uint32_t i = 0; i < l->n_files; i++) {
		if (strcmp(l->files[i].path, path) == 0)
			return &l->files[i];
	}
	return NULL;
}

static bool has_trouble(const struct listing *l, const char *text)
{
	for (uint32_t i = 0; i < l->n_troubles; i++) {
		if (strstr(l->troubles[i].text, text) != NULL)
			return true;
	}
	return false;
}

/* ------ a sound device, by every way to list it ------ */

static const uint16_t no_list[] = { MTP_OP_OBJECT_PROP_LIST, 0 };
static const uint16_t no_handles[] = { MTP_OP_OBJECT_HANDLES, 0 };
static const uint16_t no_way[] = { MTP_OP_OBJECT_PROP_LIST, MTP_OP_OBJECT_HANDLES, 0 };
static const uint16_t no_values[] = { MTP_OP_OBJECT_PROP_LIST, MTP_OP_OBJECT_PROP_VALUE, 0 };

static const struct { const uint16_t *lacks; size_t step; unsigned infos; bool flat; } ways[] = {
	{ NULL, 4096, 0, false }, { NULL, 1, 0, false }, { NULL, 7, 0, false },
	{ no_list, 4096, 6, false }, { no_list, 3, 6, false }, { no_handles, 4096, 0, false },
	{ NULL, 4096, 0, true }, { no_list, 4096, 6, true },
};

START_TEST(lists_a_device)
{
	static const struct { const char *path; uint32_t handle; uint64_t size; const char *at; }
	files[] = {
		{ "DCIM/100MEDIA/A.MP4", 3, 1400, "2026-11-23T20:42:58" },
		{ "DCIM/100MEDIA/B.MP4", 4, UINT64_C(5) << 30, "2026-11-23T21:42:58" },
		{ "EMPTY.TXT", 5, 0, "" },
		{ "storage-2/C.MP4", 6, 7, "2026-11-23T20:42:58" },
	};
	struct mtp_rig rig = mtp_rig_device;
	struct listing l;

	rig.lacks = ways[_i].lacks;
	rig.flat = ways[_i].flat;
	l = walked(&rig, NULL, ways[_i].step);
	ck_assert_uint_eq(l.n_troubles, 0);
	ck_assert_uint_eq(l.n_files, COUNT(files));
	for (size_t i = 0; i < COUNT(files); i++) {
		const struct listing_file *f = file_at(&l, files[i].path);

		ck_assert_msg(f != NULL, "%s", files[i].path);
		ck_assert_uint_eq(f->handle, files[i].handle);
		ck_assert_uint_eq(f->size, files[i].size);
		ck_assert_uint_eq(f->valid, files[i].size);
		ck_assert_str_eq(f->modified, files[i].at);
		ck_assert_str_eq(f->trouble, "");
	}
	ck_assert_mem_eq(file_at(&l, "EMPTY.TXT")->raw, "E\0M\0P\0T\0Y\0.\0T\0X\0T\0", 18);
	ck_assert_mem_eq(file_at(&l, "storage-2/C.MP4")->raw, "s\0t\0o\0", 6);
	ck_assert_uint_eq(l.n_volumes, 2);
	ck_assert_uint_eq(l.volumes[1].size, UINT64_C(64) << 30);
	ck_assert_uint_eq(l.volumes[1].free, UINT64_C(10) << 30);
	ck_assert_str_eq(l.volumes[0].filesystem, "MTP");
	ck_assert_str_eq(l.volumes[0].label, "Card");
	ck_assert_uint_eq(bench.n_info, ways[_i].infos);
	listing_clear(&l);
}
END_TEST

/* The clock comes next to DeviceInfo, once; then what else the device says of itself. */
START_TEST(tells_what_the_device_is)
{
	struct listing l = walked(&mtp_rig_device, NULL, 4096);

	ck_assert_uint_eq(bench.first[0], MTP_OP_DEVICE_INFO);
	ck_assert_uint_eq(bench.first[1], MTP_OP_DEVICE_PROP_VALUE);
	ck_assert_uint_eq(bench.n_clock, 1);
	ck_assert(l.device.present);
	ck_assert_uint_eq(l.device.can, LISTING_CAN_ALL);
	ck_assert_uint_eq(l.device.battery, 71);
	ck_assert_str_eq(l.device.clock, "2026-11-23T20:42:58");
	ck_assert_uint_eq(l.device.clock_ms, 300);
	ck_assert_int_eq(l.device.zone_min, 480);
	ck_assert_str_eq(l.device.manufacturer, "Maker");
	ck_assert_str_eq(l.device.model, "DSJ/A1");
	ck_assert_str_eq(l.device.version, "2.1");
	ck_assert_str_eq(l.device.serial, "0042");
	listing_clear(&l);
}
END_TEST

START_TEST(asks_only_what_is_supported)
{
	static const uint16_t lacks[] = { 0x1009, 0x100b, 0x100d, 0x1016, 0x101b, 0x95c1, 0 };
	struct mtp_rig rig = mtp_rig_device;
	struct listing l;

	rig.lacks = lacks;
	rig.bare = true;
	l = walked(&rig, NULL, 4096);
	ck_assert_uint_eq(bench.n_clock, 0);
	ck_assert_uint_eq(l.device.can, 0);
	ck_assert_uint_eq(l.device.battery, LISTING_BATTERY_UNKNOWN);
	ck_assert_str_eq(l.device.clock, "");
	ck_assert_int_eq(l.device.zone_min, INT16_MIN);
	listing_clear(&l);
}
END_TEST

/* ------ devices that answer something else ------ */

#define RAW(s) s, sizeof(s) - 1
#define ALL32 "\xff\xff\xff\xff"

static const struct {
	const char *what;
	const uint16_t *lacks;
	struct quirk quirk;
	uint32_t files;
	const char *trouble;		/* part of one; "": there is none */
} odds[] = {
	{ "no DeviceInfo", NULL, { 0x1001, 0, 0, 0x2002, NULL, 0, 0 }, 0, "(response 2002)" },
	{ "a cut one", NULL, { 0x1001, 0, 0, 0, NULL, 0, 90 }, 0, "makes no sense" },
	{ "an empty one", NULL, { 0x1001, 0, 0, 0, RAW(""), 0 }, 0, "does not say what it is" },
	{ "arrays of 2^32", NULL, { 0x1001, 0, 0, 0, RAW("d\0\6\0\0\0d\0\0\0\0" ALL32), 0 }, 0,
	  "does not say what it is" },
	{ "it fails", NULL, { 0x1001, 0, -EIO, 0, NULL, 0, 0 }, 0, "the operation failed" },
	{ "dockd goes", NULL, { 0x1005, 0, -EPIPE, 0, NULL, 0, 0 }, 0, "storage 1 is not" },
	{ "the clock is refused", NULL, { 0x1015, 0, 0, 0x2002, NULL, 0, 0 }, 4, "" },
	{ "the clock is rubbish", NULL, { 0x1015, 0, 0, 0, RAW("\xff\xd8"), 0 }, 4, "" },
	{ "the battery too", NULL, { 0x1014, 0, 0, 0, RAW("\1\x50\2\0\0"), 0 }, 4, "" },
	{ "no storages", NULL, { 0x1004, 0, 0, 0x2013, NULL, 0, 0 }, 4, "does not name its" },
	{ "none in its slots", no_list, { 0x1004, 0, 0, 0, RAW("\2\0\0\0\0\0\1\0\0\0\2\0"), 0 }, 0,
	  "shows no storage" },
	{ "storages of 2^32", NULL, { 0x1004, 0, 0, 0, RAW(ALL32 "\1\0\1\0\1\0\2\0"), 0 }, 4,
	  "cut short" },
	{ "the same twice", no_list, { 0x1004, 0, 0, 0, RAW("\2\0\0\0\1\0\1\0\1\0\1\0"), 0 }, 3, "" },
	{ "a storage is silent", NULL, { 0x1005, 0x20001, 0, 0x2008, NULL, 0, 0 }, 4,
	  "storage 2 is not described (response 2008)" },
	{ "a cut storage", NULL, { 0x1005, 0, 0, 0, NULL, 0, 21 }, 4, "makes no sense" },
	{ "no list", NULL, { 0x9805, 0, 0, 0xa808, RAW(""), 0 }, 4, "" },
	{ "a list and an error", NULL, { 0x9805, 0, 0, 0x2002, NULL, 0, 0 }, 4, "" },
	{ "half a list", NULL, { 0x9805, 0, 0, 0, NULL, 0, 300 }, 4, "" },
	{ "a list that fails", NULL, { 0x9805, 0, -EIO, 0, NULL, 0, 300 }, 4, "" },
	{ "an empty list", NULL, { 0x9805, 0, 0, 0, RAW("\0\0\0\0"), 0 }, 4, "" },
	{ "2^32 of nothing", NULL, { 0x9805, 0, 0, 0, RAW(ALL32), 0 }, 4, "" },
	{ "an unknown type", NULL, { 0x9805, 0, 0, 0, RAW("\2\0\0\0\1\0\0\0\1\xdc\x0b\0"), 0 }, 4, "" },
	{ "an array of 2^32", NULL, { 0x9805, 0, 0, 0,
	  RAW("\2\0\0\0\1\0\0\0\1\xdc\x0a\x40" ALL32 "\0\0\0\0"), 0 }, 4, "" },
	{ "only names", NULL, { 0x9805, 0, 0, 0,
	  RAW("\1\0\0\0\3\0\0\0\7\xdc\xff\xff\2A\0\0\0"), 0 }, 4, "" },
	{ "a name twice", NULL, { 0x9805, 0, 0, 0,
	  RAW("\2\0\0\0\3\0\0\0\7\xdc\xff\xff\2A\0\0\0\3\0\0\0\7\xdc\xff\xff\2B\0\0\0"), 0 }, 4,
	  "1 properties" },
	{ "a name of no type", NULL, { 0x9805, 0, 0, 0,
	  RAW("\1\0\0\0\3\0\0\0\7\xdc\6\0\1\2\3\4"), 0 }, 4, "" },
	{ "the handle 0", NULL, { 0x9805, 0, 0, 0,
	  RAW("\1\0\0\0\0\0\0\0\7\xdc\xff\xff\2A\0\0\0"), 0 }, 5, "" },
	{ "no way", no_way, { 0, 0, 0, 0, NULL, 0, 0 }, 0, "does not support what it takes" },
	{ "no handles", no_list, { 0x1007, 0x10001, 0, 0x2008, NULL, 0, 0 }, 1,
	  "what is on storage 1 (response 2008)" },
	{ "no handles, but a list", NULL, { 0x1007, 0, 0, 0x2008, NULL, 0, 0 }, 4, "" },
	{ "cut handles", no_list, { 0x1007, 0x10001, 0, 0, NULL, 0, 17 }, 2, "is cut short" },
	{ "2^32 handles", no_list, { 0x1007, 0x20001, 0, 0, RAW(ALL32 "\6\0\0\0"), 0 }, 4,
	  "is cut short" },
	{ "handles 0", no_list, { 0x1007, 0x20001, 0, 0, RAW("\2\0\0\0\0\0\0\0\6\0\0\0"), 0 }, 4,
	  "1 objects have the handle 0" },
	{ "one twice", no_list, { 0x1007, 0x20001, 0, 0, RAW("\2\0\0\0\6\0\0\0\6\0\0\0"), 0 }, 4,
	  "1 objects have a handle that another has" },
	{ "vanished", no_list, { 0x1008, 3, 0, 0x2009, NULL, 0, 0 }, 3,
	  "the object 00000003 cannot be listed (response 2009)" },
	{ "a vanished folder", no_list, { 0x1008, 2, 0, 0x2009, NULL, 0, 0 }, 4, "below lost/" },
	{ "one that fails", no_list, { 0x1008, 3, -EIO, 0, NULL, 0, 0 }, 3, "the operation failed" },
	{ "a cut one", no_list, { 0x1008, 3, 0, 0, NULL, 0, 52 }, 3, "makes no sense" },
	{ "no name", no_list, { 0x1008, 3, 0, 0, NULL, 0, 53 }, 3, "makes no sense" },
	{ "no dates", no_list, { 0x1008, 3, 0, 0, NULL, 0, 65 }, 4, "" },
	{ "no size", no_list, { 0x9803, 4, 0, 0xa801, NULL, 0, 0 }, 4, "" },
	{ "half a size", no_list, { 0x9803, 4, 0, 0, NULL, 0, 7 }, 4, "" },
	{ "a response of 0", no_list, { 0x1008, 3, 0, 0, NULL, 0, 1 }, 3, "makes no sense" },
};

START_TEST(survives_what_is_odd)
{
	struct mtp_rig rig = mtp_rig_device;
	struct listing l;

	rig.lacks = odds[_i].lacks;
	l = walked(&rig, &odds[_i].quirk, 5);
	ck_assert_msg(l.n_files == odds[_i].files, "%s: %u files", odds[_i].what, l.n_files);
	if (odds[_i].trouble[0] == '\0')
		ck_assert_msg(l.n_troubles == 0, "%s: %s", odds[_i].what,
			      l.n_troubles > 0 ? l.troubles[0].text : "");
	else
		ck_assert_msg(has_trouble(&l, odds[_i].trouble), "%s: %s", odds[_i].what,
			      l.n_troubles > 0 ? l.troubles[0].text : "no trouble");
	listing_clear(&l);
}
END_TEST

/* Cut anywhere, no dataset brings more than is there, or the walk to a fall. */
START_TEST(survives_every_cut)
{
	static const uint16_t codes[] = { 0x1001, 0x1004, 0x1005, 0x1007, 0x1008, 0x1014, 0x1015,
					  0x9803, 0x9805 };
	struct mtp_rig rig = mtp_rig_device;

	for (size_t cut = 1; cut < 700; cut++) {
		const struct quirk quirk = { .code = codes[_i], .cut = cut };
		struct listing l;

		rig.lacks = codes[_i] == 0x9805 ? NULL : no_list;
		l = walked(&rig, &quirk, 64);
		ck_assert_uint_le(l.n_files, 4);
		listing_clear(&l);
	}
}
END_TEST

/* A size that nobody knows is no size: the file is named, and not read. */
START_TEST(does_not_guess_a_size)
{
	struct mtp_rig rig = mtp_rig_device;
	const struct listing_file *f;
	struct listing l;

	rig.lacks = no_values;
	l = walked(&rig, NULL, 4096);
	f = file_at(&l, "DCIM/100MEDIA/B.MP4");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(strstr(f->trouble, "more than 4 GiB, of unknown size"));
	ck_assert_str_eq(file_at(&l, "DCIM/100MEDIA/A.MP4")->trouble, "");
	listing_clear(&l);
}
END_TEST

/* ------ folders that lie ------ */

static const struct {
	const char *what;
	struct mtp_rig_object objects[4];
	uint32_t n;
	const char *paths[3];
	bool lost;
} trees[] = {
	{ "an orphan", { { 3, 0x2a, 0, 0x300b, 1, "A", NULL } }, 1, { "lost/0000002a/A" }, true },
	{ "orphans stay together", { { 2, 0x2a, 0, 0x3001, 0, "D", NULL },
	  { 3, 2, 0, 0x300b, 1, "A", NULL }, { 4, 2, 0, 0x300b, 1, "A.bwm", NULL } }, 3,
	  { "lost/0000002a/D/A", "lost/0000002a/D/A.bwm" }, true },
	{ "its own folder", { { 3, 3, 0, 0x300b, 1, "A", NULL } }, 1, { "lost/00000003/A" }, true },
	{ "a ring", { { 1, 2, 0, 0x3001, 0, "D", NULL }, { 2, 1, 0, 0x3001, 0, "E", NULL },
	  { 3, 1, 0, 0x300b, 1, "A", NULL } }, 3, { "lost/00000001/A" }, true },
	{ "a ring without files", { { 1, 2, 0, 0x3001, 0, "D", NULL },
	  { 2, 1, 0, 0x3001, 0, "E", NULL } }, 2, { NULL }, false },
	{ "a root of ones", { { 3, UINT32_MAX, 0, 0x300b, 1, "A", NULL } }, 1, { "A" }, false },
	{ "the storage as root", { { 3, 0x10001, 0, 0x300b, 1, "A", NULL } }, 1, { "A" }, false },
	{ "on no storage", { { 3, 0, 0x990001, 0x300b, 1, "A", NULL } }, 1, { "A" }, false },
	{ "upwards", { { 1, 0, 0, 0x3001, 0, "..", NULL }, { 3, 1, 0, 0x300b, 1, "/a", NULL } }, 2,
	  { "\\x2e./\\x2fa" }, false },
	{ "no name", { { 3, 0, 0, 0x300b, 1, "", NULL } }, 1, { "\\x00" }, false },
	{ "the same name", { { 3, 0, 0, 0x300b, 1, "A", NULL }, { 4, 0, 0, 0x300b, 1, "A", NULL } }, 2,
	  { "A", "A" }, false },
	{ "within a file", { { 3, 0, 0, 0x300b, 1, "A", NULL }, { 4, 3, 0, 0x300b, 1, "B", NULL } }, 2,
	  { "A", "A/B" }, false },
	{ "larger than its storage", { { 3, 0, 0, 0x300b, UINT64_C(65) << 30, "A", NULL } }, 1,
	  { "A" }, false },
};

START_TEST(gives_every_file_one_path)
{
	const struct mtp_rig rig = {
		.n_storages = 1, .objects = trees[_i].objects, .n_objects = trees[_i].n,
	};
	struct listing l = walked(&rig, NULL, 4096);
	uint32_t n = 0;

	for (; n < COUNT(trees[_i].paths) && trees[_i].paths[n] != NULL; n++) {
		ck_assert_msg(n < l.n_files, "%s", trees[_i].what);
		ck_assert_str_eq(l.files[n].path, trees[_i].paths[n]);
		ck_assert_int_eq(l.files[n].trouble[0] != '\0', l.files[n].size > UINT64_C(64) << 30);
	}
	ck_assert_msg(l.n_files == n, "%s", trees[_i].what);
	ck_assert_msg(has_trouble(&l, "below lost/") == trees[_i].lost, "%s", trees[_i].what);
	listing_clear(&l);
}
END_TEST

/* 100 folders within each other, of long names: a path within the protocol all the same. */
START_TEST(bounds_depth_and_length)
{
	enum { DEPTH = 100 };
	static struct mtp_rig_object objects[DEPTH + 2];
	static char name[201];
	const struct mtp_rig rig = { .n_storages = 1, .objects = objects, .n_objects = DEPTH + 2 };
	struct listing l;

	memset(name, 'n', sizeof(name) - 1);
	for (uint32_t i = 0; i < DEPTH; i++)
		objects[i] = (struct mtp_rig_object){ i + 1, i, 0, 0x3001, 0, name, NULL };
	objects[DEPTH] = (struct mtp_rig_object){ 1000, DEPTH, 0, 0x300b, 1, "DEEP", NULL };
	objects[DEPTH + 1] = (struct mtp_rig_object){ 1001, 20, 0, 0x300b, 1, "LONG", NULL };
	l = walked(&rig, NULL, 4096);
	ck_assert_uint_eq(l.n_files, 2);
	ck_assert_str_eq(l.files[0].path, "lost/00000064/DEEP");
	ck_assert_uint_eq(strlen(l.files[1].path), 17 + 5);
	ck_assert_int_eq(l.files[1].path[0], '~');
	ck_assert_str_eq(l.files[1].path + 17, "/LONG");
	ck_assert_uint_eq(l.files[1].raw_len, 2 * (17 + 5));
	ck_assert_mem_eq(l.files[1].raw + 34, "/\0L\0O\0N\0G\0", 10);
	listing_clear(&l);
}
END_TEST

START_TEST(lists_a_hundred_storages_in_part)
{
	struct mtp_rig rig = mtp_rig_device;
	struct listing l;

	rig.n_storages = 100;
	rig.lacks = no_list;
	l = walked(&rig, NULL, 4096);
	ck_assert_uint_eq(l.n_volumes, LISTING_VOLUMES_MAX);
	ck_assert_uint_eq(l.n_files, 4);
	ck_assert(has_trouble(&l, "only the first 16 storages"));
	listing_clear(&l);
}
END_TEST

/* ------ limits ------ */

/* A device that fails at every object is given up; what was found stays. */
START_TEST(gives_up_in_the_end)
{
	enum { N = 200 };
	static struct mtp_rig_object objects[N];
	const struct quirk quirk = { .code = MTP_OP_OBJECT_INFO, .r = -EIO };
	const struct mtp_rig rig = {
		.n_storages = 1, .objects = objects, .n_objects = N, .lacks = no_list,
	};
	struct listing l;

	for (uint32_t i = 0; i < N; i++)
		objects[i] = (struct mtp_rig_object){ i + 1, 0, 0, 0x300b, 1, "A", NULL };
	l = walked(&rig, &quirk, 4096);
	ck_assert(has_trouble(&l, "failed 32 times in a row"));
	ck_assert_uint_eq(bench.n_info, 32);
	ck_assert_uint_eq(l.n_files, 0);
	listing_clear(&l);
}
END_TEST

/* When the time is up, what was described is listed. */
START_TEST(ends_with_what_was_found)
{
	struct mtp_rig rig = mtp_rig_device;
	struct listing l;

	rig.lacks = no_list;
	bench.late_after = 12;		/* after the third of the objects, a file */
	l = walked(&rig, NULL, 4096);
	ck_assert_uint_eq(l.n_files, 1);
	ck_assert_str_eq(l.files[0].path, "DCIM/100MEDIA/A.MP4");
	listing_clear(&l);
	bench.late_after = 0;
}
END_TEST

/* A full device: within dockd's limits, and within 24 MiB for the walk itself. */
START_TEST(stays_within_its_memory)
{
	enum { N = 20000 };
	static struct mtp_rig_object objects[N];
	static char names[N][16];
	struct mtp_rig rig = { .n_storages = 1, .objects = objects, .n_objects = N };
	struct listing l;

	rig.lacks = _i == 0 ? NULL : no_list;
	objects[0] = (struct mtp_rig_object){ 1, 0, 0, 0x3001, 0, "DCIM", NULL };
	for (uint32_t i = 1; i < N; i++) {
		snprintf(names[i], sizeof(names[i]), "F%06u.MP4", i);
		objects[i] = (struct mtp_rig_object){ i + 1, 1, 0, 0x300b, 1, names[i], NULL };
	}
	if (_i == 1)
		rig.n_objects = 2000;	/* the device in memory looks through all for each */
	l = walked(&rig, NULL, 65536);
	ck_assert_uint_eq(l.n_files, rig.n_objects - 1);
	ck_assert_uint_eq(l.n_troubles, 0);
	listing_clear(&l);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, lists_a_device, 0, (int)COUNT(ways));
	tcase_add_test(tc, tells_what_the_device_is);
	tcase_add_test(tc, asks_only_what_is_supported);
	tcase_add_loop_test(tc, survives_what_is_odd, 0, (int)COUNT(odds));
	tcase_add_loop_test(tc, survives_every_cut, 0, 9);
	tcase_add_test(tc, does_not_guess_a_size);
	tcase_add_loop_test(tc, gives_every_file_one_path, 0, (int)COUNT(trees));
	tcase_add_test(tc, bounds_depth_and_length);
	tcase_add_test(tc, lists_a_hundred_storages_in_part);
	tcase_add_test(tc, gives_up_in_the_end);
	tcase_add_test(tc, ends_with_what_was_found);
	tcase_add_loop_test(tc, stays_within_its_memory, 0, 2);
}

int main(void)
{
	return suite_main("walk_mtp", fill);
}
