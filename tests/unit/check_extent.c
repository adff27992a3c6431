#include <errno.h>

#include "base/util.h"
#include "dockd/extent.h"
#include "unit/suite.h"

static struct listing_extent extents[] = { { 4096, 1024 }, { 512, 512 }, { 8192, 2048 } };
static const struct listing_file file = {
	.size = 3500, .extents = extents, .n_extents = COUNT(extents),
};

static const struct { uint64_t at; int r; uint64_t offset, len; } places[] = {
	{ 0, 0, 4096, 1024 },
	{ 512, 0, 4608, 512 },
	{ 1024, 0, 512, 512 },
	{ 1536, 0, 8192, 2048 },
	{ 3072, 0, 9728, 512 },
	{ 3584, -ERANGE, 0, 0 },
	{ UINT64_MAX, -ERANGE, 0, 0 },
};

START_TEST(finds_from_the_beginning)
{
	struct extent_cursor c = { 0 };
	uint64_t offset = 0, len = 0;

	ck_assert_int_eq(extent_find(&file, &c, places[_i].at, &offset, &len), places[_i].r);
	ck_assert_uint_eq(offset, places[_i].offset);
	ck_assert_uint_eq(len, places[_i].len);
}
END_TEST

START_TEST(goes_on_from_where_it_was)
{
	struct extent_cursor c = { 0 };
	uint64_t offset, len;
	size_t i;

	for (i = 0; i < COUNT(places) && places[i].r == 0; i++) {
		ck_assert_int_eq(extent_find(&file, &c, places[i].at, &offset, &len), 0);
		ck_assert_uint_eq(offset, places[i].offset);
	}
	ck_assert_uint_eq(c.index, 2);
	ck_assert_int_eq(extent_find(&file, &c, 0, &offset, &len), -ERANGE);	/* never back */
}
END_TEST

START_TEST(a_file_without_extents_is_nowhere)
{
	const struct listing_file none = { .size = 1 };
	struct extent_cursor c = { 0 };
	uint64_t offset, len;

	ck_assert_int_eq(extent_find(&none, &c, 0, &offset, &len), -ERANGE);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, finds_from_the_beginning, 0, (int)COUNT(places));
	tcase_add_test(tc, goes_on_from_where_it_was);
	tcase_add_test(tc, a_file_without_extents_is_nowhere);
}

int main(void)
{
	return suite_main("extent", fill);
}
