#include <stdbool.h>
#include <string.h>

#include "base/util.h"
#include "package/verify_text.h"
#include "unit/suite.h"

static const struct { bool set, cosigned, stamped; } kinds[] = {
	{ false, false, false }, { true, false, false }, { false, true, false },
	{ false, false, true }, { true, true, true },
};

static void write_one(int i, struct buf *to)
{
	const struct verify_text v = { .id = "1a2b3c4d", .station = "QH-01", .set = kinds[i].set,
				       .cosigned = kinds[i].cosigned, .stamped = kinds[i].stamped };

	verify_text_write(&v, to);
	ck_assert(!to->failed);
}

START_TEST(says_what_the_package_has)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(VERIFY_TEXT_MAX);

	write_one(_i, &b);
	ck_assert_int_eq(strstr(buf_str(&b), "$ disc\n") != NULL, kinds[_i].set);
	ck_assert_int_eq(strstr(buf_str(&b), "$ for k in data/log/keys/witness-*") != NULL,
			 kinds[_i].cosigned);
	ck_assert_int_eq(strstr(buf_str(&b), "openssl ts -verify") != NULL, kinds[_i].stamped);
	ck_assert_ptr_nonnull(strstr(buf_str(&b), VERIFY_COMMAND
				     "minisign -Vm tagmanifest-sha512.txt -p data/log/keys/export.pub\n"));
}
END_TEST

/* The first word of a command, where one begins: not within quotes, as far as these texts go. */
static bool calls(const char *line, const char *program)
{
	const size_t len = strlen(program);
	const char *at = line;

	while ((at = strstr(at, program)) != NULL) {
		if ((at == line || strchr(" |({;$", at[-1]) != NULL) && strchr(" \n;", at[len]) != NULL)
			return true;
		at += len;
	}
	return false;
}

/* What POSIX has and this does not need: a stranger may have no more than coreutils. */
static const char *const absent[] = { "awk", "sed", "grep", "find", "cmp", "diff", "xxd", "bc", "tar",
				      "python3", "perl", "bash", "xargs", "curl" };

START_TEST(needs_no_other_programs)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(VERIFY_TEXT_MAX);
	const char *line, *end;
	char copy[512];

	write_one(COUNT(kinds) - 1, &b);
	for (line = buf_str(&b); *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		ck_assert_ptr_nonnull(end);
		ck_assert_int_lt(end - line, (int)sizeof(copy));
		snprintf(copy, sizeof(copy), "%.*s\n", (int)(end - line), line);
		if (strncmp(copy, VERIFY_COMMAND, sizeof(VERIFY_COMMAND) - 1) == 0)
			ck_assert_msg(!calls(copy + sizeof(VERIFY_COMMAND) - 1, absent[_i]), "%s", copy);
	}
}
END_TEST

/* What a person reads fits a terminal of 100 columns. */
START_TEST(lines_are_short)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(VERIFY_TEXT_MAX);
	const char *p;
	int bytes = 0;

	write_one(COUNT(kinds) - 1, &b);
	for (p = buf_str(&b); *p != '\0'; p++) {
		bytes = *p == '\n' ? 0 : bytes + 1;
		ck_assert_msg(bytes <= 140, "%.60s", p - bytes + 1);
	}
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, says_what_the_package_has, 0, (int)COUNT(kinds));
	tcase_add_loop_test(tc, needs_no_other_programs, 0, (int)COUNT(absent));
	tcase_add_test(tc, lines_are_short);
}

int main(void)
{
	return suite_main("verify_text", fill);
}
