#include <errno.h>
#include <string.h>

#include "base/hex.h"
#include "base/util.h"
#include "unit/suite.h"

static const struct {
	const char *text;
	int r;
	size_t len;
	uint8_t bytes[4];
} cases[] = {
	{ "",		0,		0, { 0 } },
	{ "00",		0,		1, { 0x00 } },
	{ "0123abcd",	0,		4, { 0x01, 0x23, 0xab, 0xcd } },
	{ "ABCDEFfe",	0,		4, { 0xab, 0xcd, 0xef, 0xfe } },
	{ "4567",	0,		2, { 0x45, 0x67 } },
	{ "89",		0,		1, { 0x89 } },
	{ "0",		-EINVAL,	0, { 0 } },
	{ "012",	-EINVAL,	0, { 0 } },
	{ "0g",		-EINVAL,	0, { 0 } },
	{ "/0",		-EINVAL,	0, { 0 } },
	{ ":0",		-EINVAL,	0, { 0 } },
	{ "0@",		-EINVAL,	0, { 0 } },
	{ "0`",		-EINVAL,	0, { 0 } },
	{ "00 11",	-EINVAL,	0, { 0 } },
	{ "\\x00",	-EINVAL,	0, { 0 } },
	{ "\xff\xff",	-EINVAL,	0, { 0 } },
	{ "0011223344",	-ENOBUFS,	0, { 0 } },
};

START_TEST(decodes_by_the_table)
{
	uint8_t to[4] = { 0 };
	size_t len = 99;

	ck_assert_msg(hex_decode(cases[_i].text, strlen(cases[_i].text), to, sizeof(to), &len) ==
		      cases[_i].r, "%s", cases[_i].text);
	if (cases[_i].r < 0) {
		ck_assert_uint_eq(len, 99);
		return;
	}
	ck_assert_uint_eq(len, cases[_i].len);
	ck_assert_mem_eq(to, cases[_i].bytes, len);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, decodes_by_the_table, 0, (int)COUNT(cases));
}

int main(void)
{
	return suite_main("hex", fill);
}
