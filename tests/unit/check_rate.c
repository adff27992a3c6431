#include "base/util.h"
#include "dockd/rate.h"
#include "unit/suite.h"

enum { MIB = 1024 * 1024, BLOCK = 256 * 1024 };

/* Ask at a moment, in ms, for so many bytes of 1 MiB/s: how long to wait, in ms. */
static const struct { const char *what; struct { uint64_t at, len, wait; } asks[5]; } slots[] = {
	{ "a block at a time", { { 1000, BLOCK, 0 }, { 1000, BLOCK, 150 }, { 1150, BLOCK, 250 },
				 { 1400, BLOCK, 250 }, { 1650, BLOCK, 250 } } },
	{ "what was not used is not made up for but a tenth of a second",
	  { { 1000, MIB, 0 }, { 9000, BLOCK, 0 }, { 9000, BLOCK, 150 }, { 9000, BLOCK, 400 } } },
	{ "more than a second's worth", { { 1000, 3 * MIB, 0 }, { 1000, BLOCK, 2900 } } },
	{ "from the clock's beginning", { { 0, BLOCK, 0 }, { 0, BLOCK, 250 } } },
};

START_TEST(a_slot_waits)
{
	struct rate r = rate_of(1);
	size_t i;

	for (i = 0; i < COUNT(slots[_i].asks) && slots[_i].asks[i].len > 0; i++)
		ck_assert_msg(rate_take(&r, NULL, slots[_i].asks[i].at * 1000,
					slots[_i].asks[i].len) == slots[_i].asks[i].wait * 1000,
			      "%s: %zu", slots[_i].what, i);
}
END_TEST

START_TEST(without_limit_nobody_waits)
{
	struct rate slot = rate_of(0), total = rate_of(0);
	int i;

	for (i = 0; i < 1000; i++)
		ck_assert_uint_eq(rate_take(&slot, &total, 1, UINT64_C(1) << 40), 0);
}
END_TEST

/* Slots that take a block as soon as they may, for ten seconds of a clock that only we move. */
struct run {
	uint32_t slot, total;		/* MiB/s */
	unsigned n;
	uint64_t each;			/* MiB that each slot shall get, give or take one */
};

static const struct run runs[] = {
	{ 0, 8, 4, 20 }, { 0, 9, 3, 30 }, { 2, 0, 4, 20 }, { 2, 4, 4, 10 }, { 1, 8, 4, 10 },
	{ 0, 8, 1, 80 },
};

START_TEST(all_get_the_same)
{
	const struct run *run = &runs[_i];
	struct rate slots_[8], total = rate_of(run->total);
	uint64_t next[8], got[8] = { 0 }, now = 1000000, end = now + 10000000;
	unsigned i, first;

	for (i = 0; i < run->n; i++) {
		slots_[i] = rate_of(run->slot);
		next[i] = now;
	}
	while (now < end) {
		for (first = 0, i = 1; i < run->n; i++)
			if (next[i] < next[first])
				first = i;
		now = next[first];
		next[first] += rate_take(&slots_[first], &total, now, BLOCK);
		got[first] += BLOCK;
	}
	for (i = 0; i < run->n; i++)
		ck_assert_msg(got[i] + 2 * MIB > run->each * MIB &&
			      got[i] < (run->each + 2) * MIB, "slot %u: %lu", i, got[i]);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, a_slot_waits, 0, (int)COUNT(slots));
	tcase_add_test(tc, without_limit_nobody_waits);
	tcase_add_loop_test(tc, all_get_the_same, 0, (int)COUNT(runs));
}

int main(void)
{
	return suite_main("rate", fill);
}
