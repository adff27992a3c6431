/* The text that a dock leaves on a recorder. */
#include <string.h>

#include "base/utc.h"
#include "format/challenge.h"
#include "unit/suite.h"

static const char expected[] =
	"dockvault-challenge/v1\n"
	"station QH-01\n"
	"recorder REC-000123\n"
	"session 0b1e4c5d-9d2c-4e6f-8a3b-1c2d3e4f5a6b\n"
	"at 2026-11-23T12:42:58.123Z\n"
	"nonce 0101010101010101010101010101010101010101010101010101010101010101\n";

static struct challenge sample(void)
{
	struct challenge c = {
		.station = "QH-01", .recorder = "REC-000123",
		.session = "0b1e4c5d-9d2c-4e6f-8a3b-1c2d3e4f5a6b", .at_ms = INT64_C(1795437778123),
	};

	memset(c.nonce.b, 1, sizeof(c.nonce.b));
	return c;
}

START_TEST(is_as_described)
{
	const struct challenge c = sample();
	char text[CHALLENGE_TEXT_SIZE];

	ck_assert_uint_eq(challenge_write(&c, text), strlen(expected));
	ck_assert_str_eq(text, expected);
}
END_TEST

/* By its length one knows an old one again, and the longest has room. */
START_TEST(lengths_depend_on_the_ids_alone)
{
	struct challenge c = sample();
	char text[CHALLENGE_TEXT_SIZE];
	size_t len = challenge_write(&c, text);

	memset(c.nonce.b, 0xff, sizeof(c.nonce.b));
	c.at_ms = 0;
	ck_assert_uint_eq(challenge_write(&c, text), len);
	memset(c.station, 'S', CHALLENGE_ID_MAX);
	memset(c.recorder, 'R', CHALLENGE_ID_MAX);
	len = challenge_write(&c, text);
	ck_assert_uint_lt(len, CHALLENGE_TEXT_SIZE);
	ck_assert_uint_eq(strlen(text), len);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, is_as_described);
	tcase_add_test(tc, lengths_depend_on_the_ids_alone);
}

int main(void)
{
	return suite_main("challenge", fill);
}
