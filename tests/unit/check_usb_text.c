#include <string.h>

#include "base/util.h"
#include "recorder/usb_text.h"
#include "unit/suite.h"

static const struct {
	const char *what;
	const char *bytes;
	size_t len, room;
	const char *text;
} texts[] = {
	{ "plain", "\x08\x03" "D\0V\0" "1\0", 8, 128, "DV1" },
	{ "Chinese", "\x06\x03\x67\x62\xd5\x6c", 6, 128, "\xe6\x89\xa7\xe6\xb3\x95" },
	{ "two bytes of UTF-8", "\x06\x03\xe9\0\xff\x07", 6, 128, "\xc3\xa9\xdf\xbf" },
	{ "beyond the BMP", "\x06\x03\x3d\xd8\x00\xde", 6, 128, "\xf0\x9f\x98\x80" },
	{ "a high surrogate alone", "\x06\x03\x3d\xd8" "A\0", 6, 128, "\xef\xbf\xbd" "A" },
	{ "a high surrogate at the end", "\x04\x03\x3d\xd8", 4, 128, "\xef\xbf\xbd" },
	{ "a low surrogate alone", "\x04\x03\x00\xde", 4, 128, "\xef\xbf\xbd" },
	{ "control characters", "\x0a\x03\x0a\0\x1b\0\x7f\0\x85\0", 10, 128,
	  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
	{ "spaces and NULs behind", "\x0a\x03" "A\0 \0\0\0B\0", 10, 128, "A" },
	{ "claims more than came", "\xff\x03" "A\0", 4, 128, "A" },
	{ "claims less than came", "\x04\x03" "A\0B\0", 6, 128, "A" },
	{ "half a character", "\x05\x03" "A\0B", 5, 128, "A" },
	{ "too long: cut between characters", "\x08\x03" "A\0\x67\x62\xd5\x6c", 8, 6,
	  "A\xe6\x89\xa7" },
	{ "cut before the first", "\x04\x03\x67\x62", 4, 3, "" },
	{ "another descriptor", "\x04\x02" "A\0", 4, 128, "" },
	{ "one byte", "\x04", 1, 128, "" },
	{ "nothing", "", 0, 128, "" },
};

START_TEST(strings_become_text)
{
	char text[128];

	usb_text_decode((const uint8_t *)texts[_i].bytes, texts[_i].len, text, texts[_i].room);
	ck_assert_msg(strcmp(text, texts[_i].text) == 0, "%s: %s", texts[_i].what, text);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, strings_become_text, 0, (int)COUNT(texts));
}

int main(void)
{
	return suite_main("usb_text", fill);
}
