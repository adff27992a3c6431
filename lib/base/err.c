#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"

/* A sentence cut inside a UTF-8 character would not be UTF-8 any more. */
static void trim_utf8(char *s)
{
	size_t len = strlen(s), back = 0;
	unsigned char c;

	while (back < 4 && back < len) {
		c = (unsigned char)s[len - 1 - back];
		back++;
		if (c < 0x80)
			return;
		if (c >= 0xc0) {
			size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

			if (back < want)
				s[len - back] = '\0';
			return;
		}
	}
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (code >= 0)
		BUG("err_set: code %d is not an error", code);
	if (e == NULL)
		return code;
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	trim_utf8(e->msg);
	return code;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->msg)];
	va_list ap;
	size_t n;

	if (e == NULL)
		return -EIO;
	memcpy(old, e->msg, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", old);
	trim_utf8(e->msg);
	return e->code;
}
