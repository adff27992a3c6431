/* lib/package/index: lines of objects.tsv and set.tsv. */
#include <string.h>

#include "base/util.h"
#include "package/index.h"
#include "unit/suite.h"
#include "unit/text_rig.h"

#define HEX	"abababababababababababababababababababababababababababababababab"
#define SEGMENT	"segment:0b1e4c5d-9d2c-4e6f-8a3b-1c2d3e4f5a6b"

static const char object[] = "0001\t" SEGMENT "\tdata/media/0001-R-0.mp4\t3000\t" HEX "\t" HEX
	"\tdata/sidecar/0001-R-0.rec.bwm\tdata/log/keys/recorder-R-1.pub\t-\t-\t0,1,4096";
static const char disc[] = "disc\t02\tDV_1A2B3C4D_02\t" HEX HEX;

START_TEST(reads_an_object)
{
	struct index_object o;
	uint64_t leaf;
	size_t at = 0;

	ck_assert(index_parse_object(object, strlen(object), &o));
	ck_assert_str_eq(o.id, SEGMENT);
	ck_assert_str_eq(o.media, "data/media/0001-R-0.mp4");
	ck_assert_uint_eq(o.size, 3000);
	ck_assert_uint_eq(o.blob.b[31], 0xab);
	ck_assert_uint_eq(o.sha256[31], 0xab);
	ck_assert_str_eq(o.by_recorder.path, "data/sidecar/0001-R-0.rec.bwm");
	ck_assert_str_eq(o.by_recorder.key, "data/log/keys/recorder-R-1.pub");
	ck_assert_str_eq(o.by_dock.path, "");
	ck_assert_str_eq(o.by_dock.key, "");
	ck_assert(index_next_leaf(&o, &at, &leaf) && leaf == 0);
	ck_assert(index_next_leaf(&o, &at, &leaf) && leaf == 1);
	ck_assert(index_next_leaf(&o, &at, &leaf) && leaf == 4096);
	ck_assert(!index_next_leaf(&o, &at, &leaf));
	ck_assert(index_is_comment("#number", 7) && !index_is_comment(object, 10) && !index_is_comment("", 0));
}
END_TEST

static const struct { const char *from, *to; bool good; } objects[] = {
	{ "\t0,1,4096", "\t-", true },
	{ "\tdata/sidecar/0001-R-0.rec.bwm", "\t-", true },
	{ "0001\t", "\t", false },
	{ "0001\t", "x\t", false },
	{ SEGMENT, "a b", false },
	{ "data/media/", "data/log/", false },
	{ "data/media/", "data/media/../../", false },
	{ "data/media/", "/data/media/", false },
	{ "data/sidecar/", "data/media/", false },
	{ "data/log/keys/", "data/", false },
	{ "3000", "-1", false },
	{ "3000", "9999999999999999999", false },
	{ "\tab", "\tAB", false },
	{ "\tab", "\t", false },
	{ "0,1", "1,0", false },
	{ "0,1", "1,1", false },
	{ "0,1", ",1", false },
	{ "0,1", "0,,1", false },
	{ "4096", "", false },
	{ "4096", "4096,", false },
	{ "", "\t", false },
	{ "", "\tx", false },
};

START_TEST(judges_objects)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(4096);
	struct index_object o;

	rig_edited(&b, object, objects[_i].from, objects[_i].to);
	ck_assert_msg(index_parse_object(buf_str(&b), b.len, &o) == objects[_i].good, "%s -> %s",
		      objects[_i].from, objects[_i].to);
}
END_TEST

START_TEST(refuses_every_prefix)
{
	size_t len = (size_t)_i;
	char *cut = malloc(len + 1);
	struct index_object o;

	memcpy(cut, object, len);
	/* Behind the last tab a shorter number of a leaf is one, too. */
	ck_assert_int_eq(index_parse_object(cut, len, &o),
			 len > strlen(object) - strlen("0,1,4096") && cut[len - 1] != ',');
	free(cut);
}
END_TEST

static const struct { const char *from, *to; enum index_set_line v; } sets[] = {
	{ "", "", INDEX_DISC },
	{ disc, "file\t02\tdata/media/0001-R-0.mp4\t3000\t" HEX, INDEX_FILE },
	{ disc, "file\t02\tdata/log/checkpoint\t3000\t" HEX, INDEX_BAD },
	{ disc, "file\t02\tdata/media/0001-R-0.mp4\tx\t" HEX, INDEX_BAD },
	{ "02\t", "00\t", INDEX_BAD },
	{ "02\t", "100\t", INDEX_BAD },
	{ "DV_", "DV DV_", INDEX_BAD },
	{ "DV_", "DV_DV_", INDEX_BAD },
	{ "ab", "a", INDEX_BAD },
	{ "disc", "disk", INDEX_BAD },
	{ "", "\tx", INDEX_BAD },
	{ disc, "", INDEX_BAD },
};

START_TEST(judges_lines_of_sets)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(4096);
	struct index_disc d;

	rig_edited(&b, disc, sets[_i].from, sets[_i].to);
	ck_assert_int_eq(index_parse_set(buf_str(&b), b.len, &d), sets[_i].v);
	if (sets[_i].v != INDEX_DISC)
		return;
	ck_assert_uint_eq(d.number, 2);
	ck_assert_str_eq(d.label, "DV_1A2B3C4D_02");
	ck_assert_uint_eq(d.manifest[63], 0xab);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, reads_an_object);
	tcase_add_loop_test(tc, judges_objects, 0, (int)COUNT(objects));
	tcase_add_loop_test(tc, refuses_every_prefix, 0, (int)strlen(object));
	tcase_add_loop_test(tc, judges_lines_of_sets, 0, (int)COUNT(sets));
}

int main(void)
{
	return suite_main("package_index", fill);
}
