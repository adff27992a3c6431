#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

enum { LINE_MAX_BYTES = 1024 };

static const char *log_program = "dockvault";
static enum log_level log_least = LOG_LEVEL_INFO;
static int log_journal;

void log_init(const char *program, enum log_level level)
{
	log_program = program;
	log_least = level;
	log_journal = getenv("JOURNAL_STREAM") != NULL;
}

/*
 * C0, DEL, and C1 as UTF-8 has it (two bytes), which terminals obey as well.  Length of the
 * control character at s, or 0.
 */
static size_t control_len(const char *s, size_t left)
{
	unsigned char c = (unsigned char)s[0];

	if (c < 0x20 || c == 0x7f)
		return 1;
	return c == 0xc2 && left > 1 && (unsigned char)s[1] < 0xa0 ? 2 : 0;
}

__attribute__((format(printf, 2, 0)))
static void vlog(enum log_level level, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES];
	int n, m;
	size_t len, i, control;

	if (log_journal)
		n = snprintf(line, sizeof(line), "<%d>", (int)level);
	else
		n = snprintf(line, sizeof(line), "%s: ", log_program);
	m = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	if (m < 0)
		return;
	len = MIN((size_t)n + (size_t)m, sizeof(line) - 2);
	for (i = (size_t)n; i < len; i += MAX(control, 1)) {
		control = control_len(line + i, len - i);
		memset(line + i, '?', control);
	}
	line[len++] = '\n';
	/* Nobody could be told that standard error is gone. */
	if (write(STDERR_FILENO, line, len) < 0)
		return;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level > log_least)
		return;
	va_start(ap, fmt);
	vlog(level, fmt, ap);
	va_end(ap);
}

void bug_at(const char *file, int line, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	log_err("bug at %s:%d: %s", file, line, what);
	abort();
}
