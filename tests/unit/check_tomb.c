/* Gone by right: every act that it takes, each missing, doubled, of another, too early, taken back. */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "custody/tomb.h"
#include "suite.h"

#define PLAN	"11111111-0000-4000-8000-000000000001"
#define OTHER	"11111111-0000-4000-8000-000000000002"
#define SEGMENT	"22222222-0000-4000-8000-000000000001"
#define BLOB	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BYTES	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

#define LEAF(source, at, role, row) \
	"{\"act\":\"x\",\"at\":\"" at ".123456+00:00\",\"event\":1,\"key\":\"k\",\"objects\":[],\"role\":\"" role \
	"\",\"row\":{" row "},\"source\":\"" source "\",\"v\":1}"
#define MADE		LEAF("disposal_plan", "2026-01-01T00:00:00", "maker", \
			     "\"plan\":\"" PLAN "\",\"digest\":\"\\\\x" BLOB "\",\"objects\":3")
#define DECISION(at, role, yes) \
	LEAF("disposal_decision", at, role, "\"plan\":\"" PLAN "\",\"approved\":" yes)
#define FIRST		DECISION("2026-01-02T00:00:00", "one", "true")
#define SECOND		DECISION("2026-01-03T00:00:00", "two", "true")
#define RECALL(at)	LEAF("disposal_recalled", at, "one", "\"plan\":\"" PLAN "\"")
#define BEGUN(at, plan, blob) \
	LEAF("disposal_begun", at, "dv_keep", "\"segment\":\"" SEGMENT "\",\"plan\":\"" plan "\",\"blob\":\"\\\\x" blob "\"")
#define TOMB(at, plan, blob, kept) \
	LEAF("tombstone", at, "dv_keep", "\"segment\":\"" SEGMENT "\",\"plan\":\"" plan "\",\"blob\":\"\\\\x" blob \
	     "\",\"blob_kept\":" kept)
#define SPARED		LEAF("disposal_spared", "2026-01-04T00:00:00", "dv_keep", \
			     "\"segment\":\"" SEGMENT "\",\"plan\":\"" PLAN "\"")
#define WELL		BEGUN("2026-01-17T00:00:00", PLAN, BLOB), TOMB("2026-01-17T00:00:01", PLAN, BLOB, "false")

static const struct {
	const char *what;
	enum tomb_verdict want;
	const char *leaves[8];
} cases[] = {
	{ "all that it takes", TOMB_RIGHT, { MADE, FIRST, SECOND, WELL } },
	{ "in another order", TOMB_RIGHT, { SECOND, WELL, FIRST, MADE } },
	{ "no tombstone", TOMB_NONE, { MADE, FIRST, SECOND, BEGUN("2026-01-17T00:00:00", PLAN, BLOB) } },
	{ "a tombstone alone", TOMB_NOT_BEGUN, { TOMB("2026-01-17T00:00:01", PLAN, BLOB, "false") } },
	{ "nothing was begun", TOMB_NOT_BEGUN,
	  { MADE, FIRST, SECOND, TOMB("2026-01-17T00:00:01", PLAN, BLOB, "false") } },
	{ "begun by another plan", TOMB_NOT_BEGUN,
	  { MADE, FIRST, SECOND, BEGUN("2026-01-17T00:00:00", OTHER, BLOB), TOMB("2026-01-17T00:00:01", PLAN, BLOB, "false") } },
	{ "other bytes were begun", TOMB_NOT_BEGUN,
	  { MADE, FIRST, SECOND, BEGUN("2026-01-17T00:00:00", PLAN, BYTES), TOMB("2026-01-17T00:00:01", PLAN, BLOB, "false") } },
	{ "of other bytes", TOMB_NONE,
	  { MADE, FIRST, SECOND, BEGUN("2026-01-17T00:00:00", PLAN, BLOB), TOMB("2026-01-17T00:00:01", PLAN, BYTES, "false") } },
	{ "begun after its tombstone", TOMB_NOT_BEGUN,
	  { MADE, FIRST, SECOND, BEGUN("2026-01-18T00:00:00", PLAN, BLOB), TOMB("2026-01-17T00:00:01", PLAN, BLOB, "false") } },
	{ "no plan", TOMB_NO_PLAN, { FIRST, SECOND, WELL } },
	{ "one approved it", TOMB_NOT_APPROVED, { MADE, FIRST, WELL } },
	{ "one approved it twice", TOMB_NOT_APPROVED, { MADE, FIRST, DECISION("2026-01-03T00:00:00", "one", "true"), WELL } },
	{ "who made it approved it", TOMB_NOT_APPROVED, { MADE, FIRST, DECISION("2026-01-03T00:00:00", "maker", "true"), WELL } },
	{ "approved before it was made", TOMB_NOT_APPROVED, { MADE, FIRST, DECISION("2025-12-31T00:00:00", "two", "true"), WELL } },
	{ "a third rejected it", TOMB_TAKEN_BACK, { MADE, FIRST, SECOND, DECISION("2026-01-03T00:00:00", "three", "false"), WELL } },
	{ "approved, in some other word", TOMB_TAKEN_BACK, { MADE, FIRST, DECISION("2026-01-03T00:00:00", "two", "\"true\""), WELL } },
	{ "a second too early", TOMB_TOO_EARLY,
	  { MADE, FIRST, SECOND, BEGUN("2026-01-16T23:59:59", PLAN, BLOB), TOMB("2026-01-17T00:00:01", PLAN, BLOB, "false") } },
	{ "recalled before", TOMB_TAKEN_BACK, { MADE, FIRST, SECOND, RECALL("2026-01-16T00:00:00"), WELL } },
	{ "recalled after it was begun", TOMB_RIGHT, { MADE, FIRST, SECOND, RECALL("2026-01-18T00:00:00"), WELL } },
	{ "spared", TOMB_TAKEN_BACK, { MADE, FIRST, SECOND, SPARED, WELL } },
	{ "two plans of one name", TOMB_TWICE, { MADE, MADE, FIRST, SECOND, WELL } },
	{ "two tombstones", TOMB_TWICE, { MADE, FIRST, SECOND, WELL, TOMB("2026-01-19T00:00:01", PLAN, BLOB, "false") } },
	{ "no moment", TOMB_NOT_BEGUN,
	  { MADE, FIRST, SECOND, LEAF("disposal_begun", "yesterday", "dv_keep", "\"segment\":\"" SEGMENT "\",\"plan\":\"" PLAN
				      "\",\"blob\":\"\\\\x" BLOB "\""), TOMB("2026-01-17T00:00:01", PLAN, BLOB, "false") } },
	{ "leaves that are none", TOMB_NOT_BEGUN, { "{", "[]", "{\"row\":[]}", "{\"row\":{},\"row\":{}}", MADE, FIRST, SECOND,
						    TOMB("2026-01-17T00:00:01", PLAN, BLOB, "false") } },
};

START_TEST(takes_every_act)
{
	struct tomb_segment s;
	struct tomb_plan p;
	size_t i;

	tomb_plan_begin(&p, PLAN);
	tomb_segment_begin(&s, SEGMENT, BLOB);
	for (i = 0; i < COUNT(cases[_i].leaves) && cases[_i].leaves[i] != NULL; i++) {
		const char *leaf = cases[_i].leaves[i];

		tomb_plan_add(&p, (const uint8_t *)leaf, strlen(leaf));
		tomb_segment_add(&s, (const uint8_t *)leaf, strlen(leaf));
	}
	ck_assert_msg(tomb_judge(&p, &s) == cases[_i].want, "%s: %d, not %d", cases[_i].what, (int)tomb_judge(&p, &s),
		      (int)cases[_i].want);
}
END_TEST

START_TEST(says_what_was_left)
{
	static const char gone[] = TOMB("2026-01-17T00:00:01", PLAN, BLOB, "false");
	static const char kept[] = TOMB("2026-01-17T00:00:01", PLAN, BLOB, "true");
	struct tomb_segment s;

	tomb_segment_begin(&s, SEGMENT, BLOB);
	ck_assert(s.kept);		/* until something says otherwise */
	tomb_segment_add(&s, (const uint8_t *)gone, sizeof(gone) - 1);
	ck_assert(!s.kept);
	tomb_segment_add(&s, (const uint8_t *)kept, sizeof(kept) - 1);
	ck_assert(s.kept);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, takes_every_act, 0, (int)COUNT(cases));
	tcase_add_test(tc, says_what_was_left);
}

int main(void)
{
	return suite_main("tomb", fill);
}
