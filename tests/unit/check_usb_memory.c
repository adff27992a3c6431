#include <stdlib.h>

#include "base/util.h"
#include "recorder/usb_memory.h"
#include "unit/suite.h"

enum { SIZE = USB_MEMORY_GRAINS * 1024 };	/* a grain is 1 KiB */

static uint8_t bytes[SIZE];

/* How much is taken, and where it then is (-1: nowhere); or which of those taken is given back, negative. */
static const struct {
	const char *what;
	struct { int len; long at; } steps[8];
} cases[] = {
	{ "a byte has a grain of its own", { { 1, 0 }, { 1, 1024 }, { 1025, 2048 }, { 1, 4096 } } },
	{ "all of it, once", { { SIZE, 0 }, { 1, -1 }, { -1, 0 }, { SIZE, 0 } } },
	{ "no more than there is", { { SIZE + 1, -1 }, { 0, -1 }, { SIZE - 1023, 0 }, { 1, -1 } } },
	{ "neighbours only", { { SIZE / 4, 0 }, { SIZE / 4, SIZE / 4 }, { SIZE / 4, SIZE / 2 },
			       { SIZE / 4, SIZE * 3 / 4 }, { -1, 0 }, { -3, 0 }, { SIZE / 2, -1 },
			       { SIZE / 4, 0 } } },
	{ "the last grain", { { SIZE - 1024, 0 }, { 1024, SIZE - 1024 }, { 1024, -1 }, { -2, 0 },
			      { 1025, -1 }, { 1024, SIZE - 1024 } } },
	{ "in any order", { { 4096, 0 }, { 4096, 4096 }, { 4096, 8192 }, { -2, 0 }, { 8192, 16384 },
			    { 4096, 4096 } } },
	{ "a small one leaves the halves whole", { { SIZE / 4, 0 }, { SIZE / 2, SIZE / 2 }, { -1, 0 },
						   { SIZE / 2, 0 }, { 1, -1 } } },
	{ "three parts of four", { { SIZE * 3 / 4, 0 }, { SIZE / 4, SIZE * 3 / 4 }, { -1, 0 },
				   { SIZE / 2 + 1, 0 } } },
};

START_TEST(pieces_do_not_overlap)
{
	struct usb_memory m = { .bytes = bytes, .size = SIZE };
	struct { uint8_t *at; size_t len; } had[8];
	size_t i, n = 0;

	for (i = 0; i < COUNT(cases[_i].steps) &&
		    (cases[_i].steps[i].len != 0 || cases[_i].steps[i].at != 0); i++) {
		int len = cases[_i].steps[i].len;
		uint8_t *got;

		if (len < 0) {
			usb_memory_give(&m, had[-len - 1].at, had[-len - 1].len);
			continue;
		}
		got = usb_memory_take(&m, (size_t)len);
		ck_assert_msg((got == NULL ? -1 : got - bytes) == cases[_i].steps[i].at,
			      "%s: step %zu is at %td", cases[_i].what, i, got == NULL ? -1 : got - bytes);
		had[n].at = got;
		had[n++].len = (size_t)len;
	}
	for (i = 0; i < n; i++)
		ck_assert(had[i].at == NULL || (usb_memory_has(&m, had[i].at) &&
						usb_memory_has(&m, had[i].at + had[i].len - 1)));
	ck_assert(!usb_memory_has(&m, bytes + SIZE));
}
END_TEST

START_TEST(without_a_region_there_is_nothing)
{
	struct usb_memory none = { 0 };

	ck_assert_ptr_null(usb_memory_take(&none, 0));
	ck_assert_ptr_null(usb_memory_take(&none, 1));
	ck_assert(!usb_memory_has(&none, NULL));
}
END_TEST

static const struct { const char *text; size_t mib; } budgets[] = {
	{ NULL, 8 }, { "", 8 }, { "16\n", 8 }, { "16", 8 }, { "0\n", 8 }, { "2\n", 1 }, { "1000\n", 500 },
	{ "4294967295\n", 512 }, { "99999999999999999999\n", 512 }, { "-1\n", 8 }, { " 4\n", 8 }, { "4x", 8 },
};

START_TEST(a_region_holds_what_is_in_flight)
{
	ck_assert_uint_eq(usb_memory_size(USB_PROTOCOL_BOT, false), 128 * 1024);
	ck_assert_uint_eq(usb_memory_size(USB_PROTOCOL_UAS, true), 1024 * 1024);
	ck_assert_uint_eq(usb_memory_size(USB_PROTOCOL_MTP, false), 256 * 1024);
}
END_TEST

START_TEST(half_is_for_regions)
{
	ck_assert_uint_eq(usb_memory_budget(budgets[_i].text), budgets[_i].mib * 1024 * 1024);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, pieces_do_not_overlap, 0, (int)COUNT(cases));
	tcase_add_test(tc, without_a_region_there_is_nothing);
	tcase_add_test(tc, a_region_holds_what_is_in_flight);
	tcase_add_loop_test(tc, half_is_for_regions, 0, (int)COUNT(budgets));
}

int main(void)
{
	return suite_main("usb_memory", fill);
}
