#include <string.h>

#include "base/util.h"
#include "dockd/slot.h"
#include "unit/suite.h"

static const char *const names[] = {
	"empty", "identifying", "reading", "paused", "recording", "safe", "refused", "fault",
	"unassigned",
};

START_TEST(states_have_the_names_of_the_protocol)
{
	ck_assert_uint_eq(COUNT(names), SLOT_STATES);
	ck_assert_str_eq(slot_state_name((enum slot_state)_i), names[_i]);
}
END_TEST

START_TEST(an_empty_slot)
{
	const struct slot_view v = { .slot = "A1", .port = "1-1" };
	json_t *j = slot_json(&v);

	ck_assert_str_eq(json_string_value(json_object_get(j, "slot")), "A1");
	ck_assert(json_is_null(json_object_get(j, "usb")));
	ck_assert(json_is_null(json_object_get(j, "session")));
	ck_assert(json_is_null(json_object_get(j, "recorder")));
	ck_assert(json_is_null(json_object_get(j, "outcome")));
	ck_assert(json_is_false(json_object_get(j, "recorded")));
	json_decref(j);
}
END_TEST

START_TEST(what_a_device_calls_itself_may_be_anything)
{
	struct usb_device_info usb = { .vid = 0x12, .pid = 0xabcd };
	struct slot_view v = {
		.port = "1-2", .state = SLOT_REFUSED, .usb = &usb, .session = "s", .recorder = "",
		.outcome = "refused", .bytes_total = 7,
	};
	const json_t *shown;
	json_t *j;

	memcpy(usb.product, "\xff\xc3(", 4);
	memcpy(v.note, "\xe6\x9c", 3);	/* cut in the middle of a character */
	j = slot_json(&v);
	ck_assert_ptr_nonnull(j);
	shown = json_object_get(j, "usb");
	ck_assert_str_eq(json_string_value(json_object_get(shown, "vid")), "0012");
	ck_assert_str_eq(json_string_value(json_object_get(shown, "pid")), "abcd");
	ck_assert(json_is_string(json_object_get(shown, "product")));
	ck_assert(json_is_string(json_object_get(j, "note")));
	ck_assert(json_is_null(json_object_get(j, "slot")));
	ck_assert(json_is_null(json_object_get(j, "recorder")));
	ck_assert_int_eq(json_integer_value(json_object_get(j, "bytes_total")), 7);
	json_decref(j);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, states_have_the_names_of_the_protocol, 0, (int)COUNT(names));
	tcase_add_test(tc, an_empty_slot);
	tcase_add_test(tc, what_a_device_calls_itself_may_be_anything);
}

int main(void)
{
	return suite_main("slot", fill);
}
