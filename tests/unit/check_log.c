#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "unit/suite.h"

/* What one message of this text puts on standard error. */
static const char *logged(enum log_level least, enum log_level level, const char *text)
{
	static char line[4096];
	int kept = dup(STDERR_FILENO), pipes[2];
	ssize_t n;

	ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
	ck_assert_int_ge(dup2(pipes[1], STDERR_FILENO), 0);
	close(pipes[1]);
	log_init("check", least);
	log_line(level, "%s", text);
	dup2(kept, STDERR_FILENO);	/* and with it the last writer is gone */
	close(kept);
	n = read(pipes[0], line, sizeof(line) - 1);
	close(pipes[0]);
	ck_assert_int_ge(n, 0);
	line[n] = '\0';
	return line;
}

static const struct { const char *text, *shown; } messages[] = {
	{ "plain", "check: plain\n" },
	{ "", "check: \n" },
	{ "a\nforged: line", "check: a?forged: line\n" },
	{ "\x1b[2Jgone\r\t\x07\x7f", "check: ?[2Jgone????\n" },
	{ "\xc2\x9b" "2J", "check: ??2J\n" },		/* CSI, as UTF-8 has it */
	{ "\xc2\x80\xc2\x9f\xc2\xa0", "check: ????\xc2\xa0\n" },
	{ "卡 \xc3\x9b", "check: 卡 \xc3\x9b\n" },	/* 0x9b inside a letter is none */
	{ "\xc2", "check: \xc2\n" },
};

START_TEST(no_name_forges_a_line)
{
	unsetenv("JOURNAL_STREAM");
	ck_assert_str_eq(logged(LOG_LEVEL_INFO, LOG_LEVEL_INFO, messages[_i].text),
			 messages[_i].shown);
}
END_TEST

START_TEST(the_journal_gets_the_priority)
{
	setenv("JOURNAL_STREAM", "8:1", 1);
	ck_assert_str_eq(logged(LOG_LEVEL_INFO, LOG_LEVEL_WARN, "x"), "<4>x\n");
}
END_TEST

START_TEST(the_less_urgent_is_not_shown)
{
	unsetenv("JOURNAL_STREAM");
	ck_assert_str_eq(logged(LOG_LEVEL_WARN, LOG_LEVEL_INFO, "x"), "");
	ck_assert_str_eq(logged(LOG_LEVEL_WARN, LOG_LEVEL_WARN, "x"), "check: x\n");
	ck_assert_str_eq(logged(LOG_LEVEL_WARN, LOG_LEVEL_ERR, "x"), "check: x\n");
}
END_TEST

START_TEST(a_line_has_an_end)
{
	char text[3000];
	const char *line;

	unsetenv("JOURNAL_STREAM");
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	line = logged(LOG_LEVEL_INFO, LOG_LEVEL_INFO, text);
	ck_assert_uint_lt(strlen(line), 1024);
	ck_assert_int_eq(line[strlen(line) - 1], '\n');
	ck_assert_int_eq(line[strlen(line) - 2], 'a');
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, no_name_forges_a_line, 0, (int)COUNT(messages));
	tcase_add_test(tc, the_journal_gets_the_priority);
	tcase_add_test(tc, the_less_urgent_is_not_shown);
	tcase_add_test(tc, a_line_has_an_end);
}

int main(void)
{
	return suite_main("log", fill);
}
