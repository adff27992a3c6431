/*
 * A growing byte buffer that is born with its maximum.
 *
 *	AUTO(buf_clear) struct buf b = BUF_INIT(64 * 1024);
 *	buf_addf(&b, "size %" PRIu64 "\n", size);
 *	if (b.failed) ...
 *
 * Additions never fail one by one: the first that would pass the maximum (or
 * finds no memory) sets `failed`, and all later ones do nothing.  Check once
 * at the end.  There is always a NUL behind the bytes once anything was added.
 *
 * Threads: a buf belongs to whoever declared it.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *p;		/* NULL while nothing was added */
	size_t len;		/* bytes in use, the NUL not counted */
	size_t max;		/* `len` never passes this */
	size_t room;		/* bytes allocated */
	bool failed;
};

#define BUF_INIT(max_) { .p = NULL, .len = 0, .max = (max_), .room = 0, .failed = false }

void buf_add(struct buf *b, const void *p, size_t len);
void buf_adds(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Make room for len more bytes and return where they go; NULL when that fails.  Then buf_grew(). */
uint8_t *buf_room(struct buf *b, size_t len);
void buf_grew(struct buf *b, size_t len);

/* Drop the first n bytes. */
void buf_shift(struct buf *b, size_t n);

/* The bytes as a C string, "" when empty.  Valid until the next addition. */
const char *buf_str(const struct buf *b);

/* Forget the bytes, keep the memory and the maximum. */
void buf_reset(struct buf *b);

/* Free the memory; the maximum stays, so that b can be used again. */
void buf_clear(struct buf *b);

#endif
