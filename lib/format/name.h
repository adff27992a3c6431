/*
 * Names as a stranger's device wrote them, made fit to be shown and compared.
 *
 * The form: UTF-8; every control character (C0, DEL, C1, and those of Unicode
 * that reorder or break a line of text: U+061C, U+200E-200F, U+2028-202E,
 * U+2066-2069, U+FEFF), every backslash, and every byte of a malformed
 * sequence is written as \xNN per byte, two lower-case hex digits.  In a path
 * the components are parted by '/'; a '/' inside a name is \x2f, a name that
 * is "." or ".." starts with \x2e, and an empty one is \x00.  So two
 * names that differ stay different, and no path of this form leads upwards.
 *
 * Pure, once name_gbk_new has loaded the tables of the C library's iconv,
 * which reads files: call it before a jail closes.  A struct name_gbk belongs
 * to one thread at a time, all else is for any thread.
 */
#ifndef FORMAT_NAME_H
#define FORMAT_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Text that is UTF-8 by its own account: the whole of it, '/' kept. */
void name_add_text(struct buf *b, const uint8_t *raw, size_t len);

/* The same of text in UTF-16LE; half a surrogate pair is malformed, and so is an odd byte. */
void name_add_text_utf16le(struct buf *b, const uint8_t *raw, size_t len);

/* One component of a path, the same. */
void name_add_utf8(struct buf *b, const uint8_t *raw, size_t len);

/* One component in UTF-16LE, malformed as above. */
void name_add_utf16le(struct buf *b, const uint8_t *raw, size_t len);

/* One component in GB18030, of which GBK and GB 2312 are subsets. */
struct name_gbk;
int name_gbk_new(struct name_gbk **ret, struct err *e);
void name_gbk_free(struct name_gbk *g);
void name_add_gbk(struct name_gbk *g, struct buf *b, const uint8_t *raw, size_t len);

/* Whether these bytes are of the form: any text, or a path of one component or more. */
bool name_is_text(const uint8_t *p, size_t len);
bool name_is_path(const uint8_t *p, size_t len);

/* The last component of a path: points into it. */
const char *name_last(const char *path);

#endif
