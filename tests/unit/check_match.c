#include <stdio.h>

#include "base/util.h"
#include "dockd/match.h"
#include "unit/suite.h"

static const struct catalog_recorder enrolled[] = {
	{ .id = "ANY-1", .vid = 0x3310, .pid = 0x0101, .serial = "" },
	{ .id = "ONE-1", .vid = 0x3310, .pid = 0x0101, .serial = "S1" },
	{ .id = "TWIN-1", .vid = 0x3310, .pid = 0x0102, .serial = "000000" },
	{ .id = "TWIN-2", .vid = 0x3310, .pid = 0x0102, .serial = "000000" },
	{ .id = "BOTH-1", .vid = 0x3310, .pid = 0x0103, .serial = "" },
	{ .id = "BOTH-2", .vid = 0x3310, .pid = 0x0103, .serial = "" },
	{ .id = "BOTH-3", .vid = 0x3310, .pid = 0x0103, .serial = "S3" },
	{ .id = "SERIAL", .vid = 0x3310, .pid = 0x0104, .serial = "S4" },
};

static const struct {
	const char *what;
	uint16_t vid, pid;
	const char *serial;
	enum match match;
	const char *id;			/* NULL: none, or either */
} cases[] = {
	{ "the serial wins over any", 0x3310, 0x0101, "S1", MATCH_FOUND, "ONE-1" },
	{ "any other serial", 0x3310, 0x0101, "S2", MATCH_FOUND, "ANY-1" },
	{ "no serial at all", 0x3310, 0x0101, "", MATCH_FOUND, "ANY-1" },
	{ "identical serials", 0x3310, 0x0102, "000000", MATCH_AMBIGUOUS, NULL },
	{ "the model of twins, another serial", 0x3310, 0x0102, "000001", MATCH_UNKNOWN, NULL },
	{ "two that ask for no serial", 0x3310, 0x0103, "S9", MATCH_AMBIGUOUS, NULL },
	{ "a serial settles what would be ambiguous", 0x3310, 0x0103, "S3", MATCH_FOUND, "BOTH-3" },
	{ "a serial is asked for, none is there", 0x3310, 0x0104, "", MATCH_UNKNOWN, NULL },
	{ "serials are compared whole", 0x3310, 0x0104, "S40", MATCH_UNKNOWN, NULL },
	{ "another vendor", 0x3311, 0x0101, "S1", MATCH_UNKNOWN, NULL },
	{ "another product", 0x3310, 0x0199, "S1", MATCH_UNKNOWN, NULL },
};

static void check(const struct catalog_recorder *list, size_t n, int i)
{
	const struct catalog_recorder *found = NULL;
	struct usb_device_info info = { .vid = cases[i].vid, .pid = cases[i].pid };

	snprintf(info.serial, sizeof(info.serial), "%s", cases[i].serial);
	ck_assert_msg(match_recorder(&info, list, n, &found) == cases[i].match, "%s",
		      cases[i].what);
	if (cases[i].match == MATCH_UNKNOWN)
		ck_assert_ptr_null(found);
	else
		ck_assert_ptr_nonnull(found);
	if (cases[i].id != NULL)
		ck_assert_str_eq(found->id, cases[i].id);
}

/* The order in which recorders were enrolled changes nothing. */
START_TEST(matches)
{
	struct catalog_recorder backwards[COUNT(enrolled)];
	size_t i;

	for (i = 0; i < COUNT(enrolled); i++)
		backwards[i] = enrolled[COUNT(enrolled) - 1 - i];
	check(enrolled, COUNT(enrolled), _i);
	check(backwards, COUNT(backwards), _i);
}
END_TEST

START_TEST(nobody_is_enrolled)
{
	const struct usb_device_info info = { .vid = 1, .pid = 2 };
	const struct catalog_recorder *found = NULL;

	ck_assert_int_eq(match_recorder(&info, NULL, 0, &found), MATCH_UNKNOWN);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, matches, 0, (int)COUNT(cases));
	tcase_add_test(tc, nobody_is_enrolled);
}

int main(void)
{
	return suite_main("match", fill);
}
