#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/util.h"
#include "package/discs.h"
#include "unit/suite.h"

enum { N = 6 };

static const struct {
	const char *what;
	uint64_t sizes[N];
	size_t n;
	uint64_t common, media_size;
	int r;
	unsigned discs, disc[N];
} plans[] = {
	{ "all on one", { 10, 20, 30 }, 3, 40, 100, 0, 1, { 1, 1, 1 } },
	{ "to the last byte, then one more", { 30, 30, 1 }, 3, 40, 100, 0, 2, { 1, 1, 2 } },
	{ "each its own", { 60, 60, 60 }, 3, 40, 100, 0, 3, { 1, 2, 3 } },
	{ "in order, though a later one would fit", { 50, 20, 10 }, 3, 40, 100, 0, 2, { 1, 2, 2 } },
	{ "larger than a disc", { 10, 61 }, 2, 40, 100, -EFBIG, 0, { 0 } },
	{ "a disc that only holds what all have", { 1 }, 1, 100, 100, -EFBIG, 0, { 0 } },
	{ "a disc that does not even hold that", { 1 }, 1, 100, 50, -EFBIG, 0, { 0 } },
	{ "no overflow", { UINT64_MAX, 1 }, 2, 0, UINT64_MAX, 0, 2, { 1, 2 } },
};

START_TEST(plans_as_the_table_says)
{
	unsigned disc[N] = { 0 }, discs = 0;
	struct err e = { 0 };
	size_t i;

	ck_assert_msg(package_discs(plans[_i].sizes, plans[_i].n, plans[_i].common,
				    plans[_i].media_size, disc, &discs, &e) == plans[_i].r,
		      "%s: %s", plans[_i].what, e.msg);
	if (plans[_i].r < 0)
		return;
	ck_assert_uint_eq(discs, plans[_i].discs);
	for (i = 0; i < plans[_i].n; i++)
		ck_assert_msg(disc[i] == plans[_i].disc[i], "%s: object %zu", plans[_i].what, i);
}
END_TEST

START_TEST(says_which_object_and_the_sizes)
{
	static const uint64_t sizes[] = { 10, 61 };
	unsigned disc[2], discs;
	struct err e = { 0 };

	ck_assert_int_eq(package_discs(sizes, 2, 40, 100, disc, &discs, &e), -EFBIG);
	ck_assert_ptr_nonnull(strstr(e.msg, "object 2 takes 61 bytes"));
	ck_assert_ptr_nonnull(strstr(e.msg, "of a disc of 100 bytes 60 are left"));
}
END_TEST

START_TEST(a_set_has_an_end)
{
	uint64_t sizes[PACKAGE_DISCS_MAX + 1];
	unsigned disc[PACKAGE_DISCS_MAX + 1], discs;
	struct err e = { 0 };
	size_t i;

	for (i = 0; i < COUNT(sizes); i++)
		sizes[i] = 60;
	ck_assert_int_eq(package_discs(sizes, PACKAGE_DISCS_MAX, 40, 100, disc, &discs, &e), 0);
	ck_assert_uint_eq(discs, PACKAGE_DISCS_MAX);
	ck_assert_int_eq(package_discs(sizes, PACKAGE_DISCS_MAX + 1, 40, 100, disc, &discs, &e),
			 -EFBIG);
}
END_TEST

START_TEST(counts_whole_sectors)
{
	ck_assert_uint_eq(package_image_bytes(0), PACKAGE_IMAGE_NAMES);
	ck_assert_uint_eq(package_image_bytes(1), PACKAGE_SECTOR + PACKAGE_IMAGE_NAMES);
	ck_assert_uint_eq(package_image_bytes(PACKAGE_SECTOR), PACKAGE_SECTOR + PACKAGE_IMAGE_NAMES);
	ck_assert_uint_eq(package_image_bytes(PACKAGE_SECTOR + 1),
			  2 * PACKAGE_SECTOR + PACKAGE_IMAGE_NAMES);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, plans_as_the_table_says, 0, (int)COUNT(plans));
	tcase_add_test(tc, says_which_object_and_the_sizes);
	tcase_add_test(tc, a_set_has_an_end);
	tcase_add_test(tc, counts_whole_sectors);
}

int main(void)
{
	return suite_main("discs", fill);
}
