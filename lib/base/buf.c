#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

uint8_t *buf_room(struct buf *b, size_t len)
{
	size_t want, room;
	uint8_t *p;

	if (b->failed || len > b->max - b->len) {
		b->failed = true;
		return NULL;
	}
	want = b->len + len + 1;
	if (want > b->room) {
		room = MAX(want, MIN(b->room * 2, b->max + 1));
		p = realloc(b->p, room);
		if (p == NULL) {
			b->failed = true;
			return NULL;
		}
		b->p = p;
		b->room = room;
		b->p[b->len] = '\0';	/* buf_str() may come before buf_grew() */
	}
	return b->p + b->len;
}

void buf_grew(struct buf *b, size_t len)
{
	if (b->p == NULL || len > b->room - 1 - b->len)
		BUG("buf_grew: %zu bytes were not asked for", len);
	b->len += len;
	b->p[b->len] = '\0';
}

void buf_add(struct buf *b, const void *p, size_t len)
{
	uint8_t *to = buf_room(b, len);

	if (to == NULL)
		return;
	if (len > 0)
		memcpy(to, p, len);
	buf_grew(b, len);
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	uint8_t *to;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
		return;
	}
	to = buf_room(b, (size_t)n);
	if (to == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf((char *)to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_grew(b, (size_t)n);
}

void buf_shift(struct buf *b, size_t n)
{
	if (n > b->len)
		BUG("buf_shift: %zu of %zu bytes", n, b->len);
	if (n == 0)
		return;
	memmove(b->p, b->p + n, b->len - n + 1);
	b->len -= n;
}

const char *buf_str(const struct buf *b)
{
	return b->p == NULL ? "" : (const char *)b->p;
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->p != NULL)
		b->p[0] = '\0';
}

void buf_clear(struct buf *b)
{
	free(b->p);
	*b = (struct buf)BUF_INIT(b->max);
}
