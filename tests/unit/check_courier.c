#include <limits.h>

#include "base/util.h"
#include "tlog/courier.h"
#include "unit/suite.h"

enum { TEN_MIN = 10 * 60 * 1000 };

/* A peer, the size of the newest checkpoint, and when it is due. */
static const struct {
	const char *what;
	struct courier_peer p;
	uint64_t size;
	int64_t due;
} dues[] = {
	{ "nothing is signed", { .interval_ms = TEN_MIN }, 0, COURIER_NEVER },
	{ "the first checkpoint", { .interval_ms = TEN_MIN }, 1, INT64_MIN },
	{ "it has the newest", { TEN_MIN, true, 5000, 0, 0, 70 }, 70, COURIER_NEVER },
	{ "it has a larger one", { TEN_MIN, true, 5000, 0, 0, 71 }, 70, COURIER_NEVER },
	{ "grown by a leaf", { TEN_MIN, true, 5000, 0, 0, 70 }, 71, 5000 + TEN_MIN },
	{ "a witness", { COURIER_WITNESS_MS, true, 5000, 0, 0, 70 }, 71, 6000 },
	{ "a witness that failed", { COURIER_WITNESS_MS, true, 5000, 1, 0, 70 }, 71, 10000 },
	{ "an authority that failed", { TEN_MIN, true, 5000, 1, 0, 70 }, 71, 10000 },
	{ "failed when there was no other", { TEN_MIN, true, 5000, 1, 0, 0 }, 71, 10000 },
	{ "twice", { TEN_MIN, true, 0, 2, 0, 70 }, 71, 10000 },
	{ "three times", { TEN_MIN, true, 0, 3, 0, 70 }, 71, 20000 },
	{ "seven times", { TEN_MIN, true, 0, 7, 0, 70 }, 71, 320000 },
	{ "eight times", { TEN_MIN, true, 0, 8, 0, 70 }, 71, 600000 },
	{ "for ever", { TEN_MIN, true, 0, UINT_MAX, 0, 70 }, 71, 600000 },
	{ "all of the jitter", { TEN_MIN, true, 0, 1, 255, 70 }, 71, 3750 },
	{ "half of it", { TEN_MIN, true, 0, 8, 128, 70 }, 71, 600000 - 75294 },
	{ "jitter without a failure", { TEN_MIN, true, 0, 0, 255, 70 }, 71, 600000 },
	{ "failed, and has the newest", { TEN_MIN, true, 0, 3, 0, 70 }, 70, COURIER_NEVER },
};

START_TEST(knows_when)
{
	ck_assert_msg(courier_next(&dues[_i].p, dues[_i].size) == dues[_i].due, "%s: %lld",
		      dues[_i].what, (long long)courier_next(&dues[_i].p, dues[_i].size));
}
END_TEST

static const struct {
	enum courier_outcome outcome;
	unsigned before, after;
	uint64_t size;
} outcomes[] = {
	{ COURIER_DONE, 0, 0, 71 }, { COURIER_DONE, 9, 0, 71 }, { COURIER_NOTHING, 9, 0, 71 },
	{ COURIER_LATER, 0, 1, 70 }, { COURIER_LATER, 9, 10, 70 },
	{ COURIER_LATER, UINT_MAX, UINT_MAX, 70 }, { COURIER_REFUSED, 0, 1, 70 },
};

START_TEST(remembers_what_came_of_it)
{
	struct courier_peer p = { .interval_ms = TEN_MIN, .failures = outcomes[_i].before,
				  .size = 70 };
	const struct courier_result r = { .outcome = outcomes[_i].outcome, .size = 71 };

	courier_remember(&p, &r, 1234, 9);
	ck_assert(p.asked && p.asked_ms == 1234 && p.jitter == 9 && p.interval_ms == TEN_MIN);
	ck_assert_uint_eq(p.failures, outcomes[_i].after);
	ck_assert_uint_eq(p.size, outcomes[_i].size);
}
END_TEST

START_TEST(outcomes_have_names)
{
	ck_assert_str_eq(courier_outcome_text(COURIER_DONE), "done");
	ck_assert_str_eq(courier_outcome_text(COURIER_NOTHING), "nothing");
	ck_assert_str_eq(courier_outcome_text(COURIER_LATER), "later");
	ck_assert_str_eq(courier_outcome_text(COURIER_REFUSED), "refused");
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, knows_when, 0, (int)COUNT(dues));
	tcase_add_loop_test(tc, remembers_what_came_of_it, 0, (int)COUNT(outcomes));
	tcase_add_test(tc, outcomes_have_names);
}

int main(void)
{
	return suite_main("courier", fill);
}
