#include <string.h>

#include "base/util.h"
#include "rules/card_deleted.h"
#include "unit/card_rig.h"
#include "unit/suite.h"

#define P	"{device}_{seq}_{YYYY}{MM}{DD}_{hh}{mm}.mp4"
#define F(path_)	{ .path = path_, .size = 5 }
#define AT(path_, modified_)	{ .path = path_, .modified = modified_, .size = 5 }
#define GONE(path_)	{ .path = path_, .size = 5, .deleted = true }
#define GONE_AT(path_, modified_) \
	{ .path = path_, .modified = modified_, .size = 5, .deleted = true }

enum { FULL = 1, ROOM, NOBODY_KNOWS };

static const struct {
	const char *what, *pattern;
	int space;
	struct rig_file card[RIG_FILES];
	struct card_stored stored[RIG_FILES];
	struct { const char *path, *cause; double confidence; } found[RIG_FILES];
} cards[] = {
	{ "a fresh card", P, ROOM, { F("A_1_20260804_1000.mp4") }, { { 0 } }, { { 0 } } },
	{ "a loop on a full card", P, FULL,
	  { GONE("A_1_20260801_1000.mp4"), GONE("A_2_20260802_1000.mp4"),
	    F("A_3_20260803_1000.mp4"), F("A_4_20260804_1000.mp4") }, { { 0 } },
	  { { "A_1_20260801_1000.mp4", "loop", 0.2 }, { "A_2_20260802_1000.mp4", "loop", 0.2 } } },
	{ "a loop, perhaps", P, NOBODY_KNOWS,
	  { GONE("A_1_20260801_1000.mp4"), F("A_3_20260803_1000.mp4") }, { { 0 } },
	  { { "A_1_20260801_1000.mp4", "loop", 0.4 } } },
	{ "the oldest, though there was room", P, ROOM,
	  { GONE("A_1_20260801_1000.mp4"), F("A_3_20260803_1000.mp4") }, { { 0 } },
	  { { "A_1_20260801_1000.mp4", "oldest", 0.7 } } },
	{ "one out of the middle of a loop", P, FULL,
	  { GONE("A_1_20260801_1000.mp4"), F("A_2_20260802_1000.mp4"),
	    GONE("A_3_20260803_1000.mp4"), F("A_4_20260804_1000.mp4") }, { { 0 } },
	  { { "A_1_20260801_1000.mp4", "loop", 0.2 },
	    { "A_3_20260803_1000.mp4", "selective", 0.9 } } },
	{ "the last", P, FULL,
	  { F("A_1_20260801_1000.mp4"), GONE("A_2_20260802_1000.mp4") }, { { 0 } },
	  { { "A_2_20260802_1000.mp4", "selective", 0.9 } } },
	{ "all of them", P, ROOM,
	  { GONE("A_1_20260801_1000.mp4"), GONE("A_2_20260802_1000.mp4"), F("system.log") },
	  { { 0 } },
	  { { "A_1_20260801_1000.mp4", "all", 0.9 }, { "A_2_20260802_1000.mp4", "all", 0.9 } } },
	{ "renamed", P, ROOM,
	  { GONE_AT("A_2_20260802_1000.mp4", "2026-08-02T10:15:00"),
	    AT("A_1_20260801_1000.mp4", "2026-08-01T10:15:00"), 
	    AT("HOLIDAY.mp4", "2026-08-02T10:15:00") }, { { 0 } },
	  { { "A_2_20260802_1000.mp4", "renamed", 0.3 } } },
	{ "cleaned after docking", P, ROOM,
	  { GONE("A_1_20260801_1000.mp4"), GONE("A_2_20260802_1000.mp4"),
	    F("A_3_20260803_1000.mp4") },
	  { { "A_2_20260802_1000.mp4", 5, true, "" }, { "A_1_20260801_1000.mp4", 5, false, "" } },
	  { { "A_1_20260801_1000.mp4", "stored", 0.1 } } },
	{ "stored was another of that name", P, ROOM,
	  { F("A_1_20260801_1000.mp4"), GONE("A_2_20260802_1000.mp4") },
	  { { "A_2_20260802_1000.mp4", 6, true, "" } },
	  { { "A_2_20260802_1000.mp4", "selective", 0.9 } } },
	{ "names used again at one size: the time of change tells", P, ROOM,
	  { AT("A_1_20260801_1000.mp4", "2026-08-01T10:15:00"),
	    GONE_AT("A_2_20260802_1000.mp4", "2026-08-09T10:15:00"),
	    GONE_AT("A_3_20260802_1000.mp4", "2026-08-02T10:15:00"),
	    GONE("A_4_20260802_1000.mp4") },
	  { { "A_2_20260802_1000.mp4", 5, true, "2026-08-02T10:15:00" },
	    { "A_3_20260802_1000.mp4", 5, false, "" },
	    { "A_3_20260802_1000.mp4", 5, true, "2026-08-02T10:15:00" },
	    { "A_4_20260802_1000.mp4", 5, false, "2026-08-02T10:15:00" } },
	  { { "A_2_20260802_1000.mp4", "selective", 0.9 },
	    { "A_4_20260802_1000.mp4", "stored", 0.1 } } },
	{ "the clock was reset: the number tells", P, FULL,
	  { GONE("A_2_19700101_0000.mp4"), F("A_1_20260801_1000.mp4"),
	    F("A_3_20260803_1000.mp4") }, { { 0 } },
	  { { "A_2_19700101_0000.mp4", "selective", 0.9 } } },
	{ "the clock was reset to a day that could be", P, FULL,
	  { GONE("A_2_20200101_0000.mp4"), F("A_1_20260801_1000.mp4") }, { { 0 } },
	  { { "A_2_20200101_0000.mp4", "unclear", 0.7 } } },
	{ "the counter started over", P, FULL,
	  { GONE("A_9999_20260801_1000.mp4"), F("A_1_20260802_1000.mp4") }, { { 0 } },
	  { { "A_9999_20260801_1000.mp4", "unclear", 0.7 } } },
	{ "another camera's numbers say nothing", P, FULL,
	  { GONE("B_9_20260801_1000.mp4"), F("A_1_20260802_1000.mp4") }, { { 0 } },
	  { { "B_9_20260801_1000.mp4", "loop", 0.2 } } },
	{ "no names are known: the entries' times", NULL, FULL,
	  { GONE_AT("B.mp4", "2026-08-02T10:00:00"), AT("A.mp4", "2026-08-01T10:00:00"),
	    GONE_AT("C.mp4", "2026-07-02T10:00:00") }, { { 0 } },
	  { { "B.mp4", "selective", 0.9 }, { "C.mp4", "loop", 0.2 } } },
	{ "no times either", NULL, FULL, { GONE("B.mp4"), F("A.mp4") }, { { 0 } },
	  { { "B.mp4", "unordered", 0.9 } } },
	{ "one act: the sidecars went with it", NULL, ROOM,
	  { GONE("D/A.bwm"), GONE("D/A.mp4"), GONE("D/a.bwm.minisig") }, { { 0 } },
	  { { "D/A.mp4", "all", 0.9 } } },
	{ "the short name lost its first letter", NULL, ROOM,
	  { GONE("D/_EC1.BWM"), GONE("D/_EC1.MP4"), GONE("D/REC1.bwm.minisig") }, { { 0 } },
	  { { "D/_EC1.MP4", "all", 0.9 } } },
	{ "a sidecar alone", NULL, ROOM, { F("D/A.mp4"), GONE("D/A.bwm") }, { { 0 } },
	  { { "D/A.bwm", "unordered", 0.9 } } },
	{ "little reason to suspect anyone", NULL, ROOM,
	  { GONE("D/.trash"), GONE("D/~a.mp4"), GONE("D/Tmp01.mp4"), GONE("D/x.TMP"),
	    { .path = "D/B.mp4", .deleted = true } }, { { 0 } },
	  { { "D/.trash", "temporary", 0.3 }, { "D/~a.mp4", "temporary", 0.3 },
	    { "D/Tmp01.mp4", "temporary", 0.3 }, { "D/x.TMP", "temporary", 0.3 },
	    { "D/B.mp4", "empty", 0.5 } } },
};

START_TEST(tells_causes_apart)
{
	struct findings l = { 0 };
	const struct finding *f;
	struct card_rig r;
	size_t i;

	card_rig_make(&r, cards[_i].pattern, cards[_i].card, cards[_i].stored);
	if (cards[_i].space != NOBODY_KNOWS) {
		r.card.capacity = 1000;
		r.card.free = cards[_i].space == FULL ? 100 : 101;
	}
	ck_assert_int_eq(card_deleted(&r.card, &l), 0);
	for (i = 0; i < RIG_FILES && cards[_i].found[i].path != NULL; i++) {
		f = card_rig_find(&l, "path", cards[_i].found[i].path);
		ck_assert_msg(f != NULL, "%s: %s", cards[_i].what, cards[_i].found[i].path);
		ck_assert_str_eq(json_string_value(json_object_get(f->detail, "cause")),
				 cards[_i].found[i].cause);
		ck_assert_double_eq(f->confidence, cards[_i].found[i].confidence);
		ck_assert_int_eq(f->severity, f->confidence < 0.6 ? SEVERITY_NOTICE :
				 f->confidence < 0.9 ? SEVERITY_WARNING : SEVERITY_DEFAULT);
		ck_assert_int_eq(f->code, FINDING_DELETED_ON_RECORDER);
		ck_assert_str_eq(f->subject, "REC-1");
		ck_assert_int_eq(f->at_ms, 1000);
	}
	ck_assert_msg(l.n == i, "%s: %zu findings", cards[_i].what, l.n);
	findings_clear(&l);
	card_rig_free(&r);
}
END_TEST

START_TEST(a_deleted_file_is_one_fact_over_dockings)
{
	static const struct rig_file one[RIG_FILES] = {
		GONE_AT("D/A.mp4", "2026-11-23T10:00:00"),
	}, other[3][RIG_FILES] = {
		{ GONE_AT("D/B.mp4", "2026-11-23T10:00:00") },
		{ GONE_AT("D/A.mp4", "2026-11-23T10:00:02") },
		{ { .path = "D/A.mp4", .modified = "2026-11-23T10:00:00", .size = 6,
		    .deleted = true } },
	};
	struct findings l = { 0 };
	struct card_rig r;
	size_t i;

	card_rig_make(&r, NULL, one, NULL);
	ck_assert_int_eq(card_deleted(&r.card, &l), 0);
	ck_assert_int_eq(card_deleted(&r.card, &l), 0);
	ck_assert_str_eq(l.items[0].fact, l.items[1].fact);
	card_rig_free(&r);
	for (i = 0; i < COUNT(other); i++) {
		card_rig_make(&r, NULL, other[i], NULL);
		ck_assert_int_eq(card_deleted(&r.card, &l), 0);
		ck_assert_str_ne(l.items[0].fact, l.items[2 + i].fact);
		card_rig_free(&r);
	}
	findings_clear(&l);
}
END_TEST

START_TEST(the_space_of_all_volumes)
{
	struct listing l = { .n_volumes = 0 };
	uint64_t capacity, left;

	card_space(&l, &capacity, &left);
	ck_assert(capacity == UINT64_MAX && left == UINT64_MAX);
	l.n_volumes = 2;
	l.volumes[0] = (struct listing_volume){ .size = 100, .free = 10 };
	l.volumes[1] = (struct listing_volume){ .size = 200, .free = 30 };
	card_space(&l, &capacity, &left);
	ck_assert(capacity == 300 && left == 40);
	l.volumes[1].free = LISTING_FREE_UNKNOWN;
	card_space(&l, &capacity, &left);
	ck_assert(capacity == 300 && left == UINT64_MAX);
	l.volumes[1].size = UINT64_MAX - 1;
	card_space(&l, &capacity, &left);
	ck_assert_uint_eq(capacity, UINT64_MAX);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, tells_causes_apart, 0, (int)COUNT(cards));
	tcase_add_test(tc, a_deleted_file_is_one_fact_over_dockings);
	tcase_add_test(tc, the_space_of_all_volumes);
}

int main(void)
{
	return suite_main("card_deleted", fill);
}
