#include <errno.h>
#include <string.h>

#include "base/utc.h"
#include "base/util.h"
#include "rules/inventory.h"
#include "unit/card_rig.h"
#include "unit/suite.h"

#define HEAD	"dockvault-inventory/v1\nstation QH-01\nrecorder REC-1\nsession s-1\n" \
		"at 2026-08-04T12:00:00.000Z\n"

static struct inventory parse(const char *text)
{
	struct inventory v;
	struct err e = { 0, "" };

	ck_assert_msg(inventory_parse((const uint8_t *)text, strlen(text), &v, &e) == 0, "%s",
		      e.msg);
	return v;
}

START_TEST(writes_what_it_reads)
{
	static const struct rig_file card[RIG_FILES] = {
		{ .path = "B.mp4", .size = UINT64_MAX }, { .path = "A b.mp4", .size = 5,
		  .modified = "2026-08-04T10:00:00" },
		{ .path = "gone", .size = 5, .deleted = true }, { .path = "B.mp4", .size = UINT64_MAX },
	};
	static const char want[] = HEAD "files 2\n5 2026-08-04T10:00:00 A b.mp4\n"
				   "18446744073709551615 - B.mp4\n";
	struct buf b = BUF_INIT(INVENTORY_MAX);
	struct inventory v, w;
	struct card_rig r;

	card_rig_make(&r, NULL, card, NULL);
	ck_assert_int_eq(inventory_of(&r.listing, &v), 0);
	memcpy(v.station, "QH-01", 6);
	memcpy(v.recorder, "REC-1", 6);
	memcpy(v.session, "s-1", 4);
	v.at_ms = utc_from_civil(2026, 8, 4, 12, 0, 0);
	inventory_write(&v, &b);
	ck_assert(!b.failed);
	ck_assert_str_eq(buf_str(&b), want);
	w = parse(buf_str(&b));
	ck_assert_uint_eq(w.n, 2);
	ck_assert_int_eq(w.at_ms, v.at_ms);
	ck_assert_str_eq(w.session, "s-1");
	ck_assert_str_eq(w.entries[0].path, "A b.mp4");
	ck_assert_str_eq(w.entries[1].modified, "");
	ck_assert(w.entries[1].size == UINT64_MAX);
	inventory_clear(&w);
	memcpy(v.station, "Q H", 4);
	inventory_write(&v, &b);
	ck_assert(b.failed);
	inventory_clear(&v);
	buf_clear(&b);
	card_rig_free(&r);
}
END_TEST

static const struct { const char *text, *says; } bad[] = {
	{ "", "line 1: \"dockvault-inventory/v1\" is needed" },
	{ "dockvault-inventory/v2\n", "line 1: " },
	{ "dockvault-inventory/v1", "line 1: " },
	{ "dockvault-inventory/v1\nstation\n", "line 2: \"station NAME\"" },
	{ "dockvault-inventory/v1\nstation a b\n", "line 2: \"station NAME\"" },
	{ "dockvault-inventory/v1\nstation 0123456789012345678901234567890123456\n", "line 2: " },
	{ "dockvault-inventory/v1\nrecorder a\n", "line 2: \"station NAME\"" },
	{ "dockvault-inventory/v1\nstation a\nrecorder b\nsession c\nat now\n", "line 5: \"at MOMENT\"" },
	{ HEAD "files -1\n", "line 6: \"files NUMBER\"" },
	{ HEAD "files 00\n", "line 6: \"files NUMBER\"" },
	{ HEAD "files 65537\n", "line 6: \"files NUMBER\"" },
	{ HEAD "files 1\n", "line 7: fewer files" },
	{ HEAD "files 1\n5 - a", "line 7: fewer files" },
	{ HEAD "files 1\n5 -\n", "line 7: \"SIZE TIME PATH\"" },
	{ HEAD "files 1\n05 - a\n", "line 7: not a size" },
	{ HEAD "files 1\n18446744073709551616 - a\n", "line 7: not a size" },
	{ HEAD "files 1\n+5 - a\n", "line 7: not a size" },
	{ HEAD "files 1\n5 2026-02-30T10:00:00 a\n", "line 7: not a time" },
	{ HEAD "files 1\n5  a\n", "line 7: not a time" },
	{ HEAD "files 1\n5 - ../a\n", "line 7: not a path" },
	{ HEAD "files 1\n5 - \n", "line 7: not a path" },
	{ HEAD "files 1\n5 - a\tb\n", "line 7: not a path" },
	{ HEAD "files 2\n5 - b\n5 - a\n", "line 8: not behind the one before" },
	{ HEAD "files 2\n5 - a\n5 - a\n", "line 8: not behind the one before" },
	{ HEAD "files 1\n5 - a\n5 - b\n", "line 8: more than the files" },
	{ HEAD "files 0\n\n", "line 7: more than the files" },
};

START_TEST(says_what_is_wrong_and_where)
{
	struct inventory v = { .n = 7 };
	struct err e = { 0, "" };

	ck_assert_int_eq(inventory_parse((const uint8_t *)bad[_i].text, strlen(bad[_i].text), &v, &e),
			 -EINVAL);
	ck_assert_msg(strstr(e.msg, bad[_i].says) != NULL, "%s: %s", bad[_i].text, e.msg);
	ck_assert_uint_eq(v.n, 7);
}
END_TEST

START_TEST(a_nul_ends_nothing)
{
	static const char text[] = HEAD "files 0\n\0";
	struct inventory v;
	struct err e = { 0, "" };

	ck_assert_int_eq(inventory_parse((const uint8_t *)text, sizeof(text) - 1, &v, &e), -EINVAL);
	ck_assert_int_eq(inventory_parse((const uint8_t *)text, INVENTORY_MAX + 1, &v, &e), -EFBIG);
}
END_TEST

/* ------ comparing ------ */

#define T1	"2026-08-01T10:00:00"
#define T2	"2026-08-02T10:00:00"
#define T3	"2026-08-03T10:00:00"
#define T9	"2026-08-09T10:00:00"	/* after the last session */

struct change {
	const char *what, *before;
	struct rig_file now[RIG_FILES];
	struct card_stored stored[RIG_FILES];
	bool full;
	int64_t clock_error_ms;		/* < 0: not known */
	struct { const char *kind; unsigned files; double confidence; } found[4];
};

static const struct change changes[] = {
	{ "nothing happened", "files 1\n5 " T1 " A\n", { { "A", T1, 5, false } }, { { 0 } }, false, 0,
	  { { 0 } } },
	{ "new ones", "files 1\n5 " T1 " A\n", { { "A", T1, 5, false }, { "B", T9, 6, false } },
	  { { 0 } }, false, 0, { { 0 } } },
	{ "gone", "files 2\n5 " T1 " A\n5 " T2 " B\n", { { "A", T1, 5, false } }, { { 0 } }, false,
	  0, { { "vanished", 1, 0.8 } } },
	{ "gone, its entry deleted", "files 2\n5 " T1 " A\n5 " T2 " B\n",
	  { { "A", T1, 5, false }, { "B", T2, 5, true } }, { { 0 } }, false, 0,
	  { { "vanished", 1, 0.8 } } },
	{ "gone, but stored", "files 2\n5 " T1 " A\n5 " T2 " B\n", { { "A", T1, 5, false } },
	  { { "B", 5, false, "" } }, false, 0, { { "vanished_stored", 1, 0.3 } } },
	{ "the dock removed it", "files 2\n5 " T1 " A\n5 " T2 " B\n", { { "A", T1, 5, false } },
	  { { "B", 5, true, "" } }, false, 0, { { 0 } } },
	{ "the dock removed that very one", "files 2\n5 " T1 " A\n5 " T2 " B\n",
	  { { "A", T1, 5, false } }, { { "B", 5, true, T2 } }, false, 0, { { 0 } } },
	{ "the dock removed an older one of that name", "files 2\n5 " T1 " A\n5 " T2 " B\n",
	  { { "A", T1, 5, false } }, { { "B", 5, true, T1 } }, false, 0, { { "vanished", 1, 0.8 } } },
	{ "the oldest of a full card", "files 3\n5 " T1 " A\n5 " T2 " B\n5 " T3 " C\n",
	  { { "C", T3, 5, false }, { "D", T9, 5, false } }, { { 0 } }, true, 0,
	  { { "vanished_loop", 2, 0.2 } } },
	{ "the oldest, and there is room", "files 2\n5 " T1 " A\n5 " T2 " B\n",
	  { { "B", T2, 5, false } }, { { 0 } }, false, 0, { { "vanished", 1, 0.8 } } },
	{ "one in the middle of a full card", "files 3\n5 " T1 " A\n5 " T2 " B\n5 " T3 " C\n",
	  { { "A", T1, 5, false }, { "C", T3, 5, false } }, { { 0 } }, true, 0,
	  { { "vanished", 1, 0.8 } } },
	{ "renamed", "files 1\n5 " T1 " A\n", { { "Z", T1, 5, false } }, { { 0 } }, false, 0,
	  { { "renamed", 1, 0.6 } } },
	{ "two of nothing are not one renamed", "files 1\n0 " T1 " A\n", { { "Z", T9, 0, false } },
	  { { 0 } }, false, 0, { { "vanished", 1, 0.8 } } },
	{ "longer and later", "files 1\n5 " T1 " A\n", { { "A", T2, 6, false } }, { { 0 } }, false,
	  0, { { "grown", 1, 0.3 } } },
	{ "shorter", "files 1\n5 " T1 " A\n", { { "A", T2, 4, false } }, { { 0 } }, false, 0,
	  { { "altered", 1, 0.8 } } },
	{ "other time", "files 1\n5 " T2 " A\n", { { "A", T1, 5, false } }, { { 0 } }, false, 0,
	  { { "altered", 1, 0.8 } } },
	{ "older than it can be", "files 0\n", { { "A", T1, 5, false } }, { { 0 } }, false, 1000,
	  { { "backdated", 1, 0.8 } } },
	{ "nobody knows its clock", "files 0\n", { { "A", T1, 5, false } }, { { 0 } }, false, -1,
	  { { "backdated", 1, 0.4 } } },
	{ "its clock was wrong", "files 0\n", { { "A", T1, 5, false } }, { { 0 } }, false,
	  INT64_C(7) * 24 * 3600 * 1000, { { 0 } } },
	{ "its clock was never set", "files 0\n", { { "A", "1980-01-01T00:00:00", 5, false } },
	  { { 0 } }, false, 0, { { 0 } } },
	{ "closed while it was docked", "files 0\n", { { "A", "2026-08-04T19:55:00", 5, false } },
	  { { 0 } }, false, 0, { { 0 } } },
	{ "a recording with its sidecars", "files 4\n5 " T1 " A.bwm\n1 " T1 " A.bwm.minisig\n9 " T1
	  " A.mp4\n9 " T1 " B.mp4\n", { { "B.mp4", T1, 9, false } }, { { "A.mp4", 9, false, "" } },
	  false, 0, { { "vanished_stored", 1, 0.3 } } },
	{ "the dock removed the media, its sidecar went", "files 2\n5 " T1 " A.BWM\n9 " T1 " A.mp4\n",
	  { { 0 } }, { { "A.mp4", 9, true, "" } }, false, 0, { { 0 } } },
	{ "a sidecar alone, of what is stored", "files 2\n5 " T1 " A.bwm\n9 " T1 " A.mp4\n",
	  { { "A.mp4", T1, 9, false } }, { { "A.mp4", 9, false, "" } }, false, 0,
	  { { "vanished_stored", 1, 0.3 } } },
	{ "a sidecar alone, of what is not", "files 3\n5 " T1 " A.bwm\n9 " T1 " A.mp4\n9 " T1
	  " A/A.bwm\n", { { "A.mp4", T1, 9, false } }, { { 0 } }, false, 0,
	  { { "vanished", 2, 0.8 } } },
	{ "all at once", "files 3\n5 " T1 " A\n5 " T2 " B\n5 " T3 " C\n",
	  { { "A", T1, 4, false }, { "C2", T3, 5, false } }, { { 0 } }, false, 0,
	  { { "altered", 1, 0.8 }, { "renamed", 1, 0.6 }, { "vanished", 1, 0.8 } } },
};

/* In a listing with troubles: what is missing there may be on the card all the same. */
static const struct change troubled[] = {
	{ "not listed, and not all could be", "files 2\n5 " T1 " A\n5 " T2 " B\n", { { "A", T1, 5, false } },
	  { { "B", 5, false, "" } }, false, 0, { { 0 } } },
	{ "what could be listed is judged", "files 4\n5 " T1 " A\n5 " T2 " B\n5 " T3 " C\n7 " T3 " D\n",
	  { { "A", T1, 4, false }, { "C2", T3, 5, false } }, { { 0 } }, false, 0,
	  { { "altered", 1, 0.8 }, { "renamed", 1, 0.6 } } },
	{ "nothing could be listed of a full card", "files 1\n5 " T1 " A\n", { { 0 } }, { { 0 } }, true, 0,
	  { { 0 } } },
};

static void tells(const struct change *g, unsigned troubles)
{
	struct inventory_context x = { .has_clock_error = g->clock_error_ms >= 0,
				       .clock_error_ms = g->clock_error_ms };
	struct buf b = BUF_INIT(4096);
	const struct finding *f;
	struct findings l = { 0 };
	struct inventory before;
	struct card_rig r;
	size_t i;

	buf_addf(&b, HEAD "%s", g->before);
	before = parse(buf_str(&b));
	card_rig_make(&r, NULL, g->now, g->stored);
	r.listing.n_troubles = troubles;
	r.card.capacity = 1000;
	r.card.free = g->full ? 10 : 500;
	x.card = &r.card;
	ck_assert_int_eq(inventory_compare(&before, &x, &l), 0);
	for (i = 0; i < COUNT(g->found) && g->found[i].kind != NULL; i++) {
		f = card_rig_find(&l, "kind", g->found[i].kind);
		ck_assert_msg(f != NULL, "%s: %s", g->what, g->found[i].kind);
		ck_assert_int_eq(f->code, FINDING_CARD_CHANGED);
		ck_assert_int_eq(json_integer_value(json_object_get(f->detail, "files")),
				 g->found[i].files);
		ck_assert_double_eq(f->confidence, g->found[i].confidence);
		ck_assert_int_eq(f->severity, f->confidence < 0.6 ? SEVERITY_NOTICE :
				 SEVERITY_DEFAULT);
		ck_assert_ptr_nonnull(strstr(f->fact, " since s-1"));
	}
	ck_assert_msg(l.n == i, "%s: %zu findings", g->what, l.n);
	findings_clear(&l);
	inventory_clear(&before);
	buf_clear(&b);
	r.listing.n_troubles = 0;	/* they are only counted */
	card_rig_free(&r);
}

START_TEST(tells_what_changed)
{
	tells(&changes[_i], 0);
}
END_TEST

START_TEST(tells_of_what_could_be_listed)
{
	tells(&troubled[_i], 1);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, writes_what_it_reads);
	tcase_add_loop_test(tc, says_what_is_wrong_and_where, 0, (int)COUNT(bad));
	tcase_add_test(tc, a_nul_ends_nothing);
	tcase_add_loop_test(tc, tells_what_changed, 0, (int)COUNT(changes));
	tcase_add_loop_test(tc, tells_of_what_could_be_listed, 0, (int)COUNT(troubled));
}

int main(void)
{
	return suite_main("inventory", fill);
}
