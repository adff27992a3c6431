/*
 * The certificate of a disposal: what went, by which rule, who wanted and who approved it, when, what is left
 * of it, and how anybody checks that (Art. 32, 33).  In Chinese and English side by side, since it is kept
 * longer than anybody's preference.
 *
 * in: what dv.disposal_certificate() says (sql/050), and of STATEMENT_DISPOSAL_OBJECTS the first rows, at
 * most DISPOSAL_OBJECTS_MAX; list_sha256: of the file that lists all of them; NULL: there is none.
 *
 * Errors, bytes, memory, threads: as report/report.h.
 */
#ifndef REPORT_DISPOSAL_H
#define REPORT_DISPOSAL_H

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"

enum { DISPOSAL_OBJECTS_MAX = 2000 };

int disposal_pdf(const json_t *certificate, const json_t *objects, const char *list_sha256, struct buf *to,
		 struct err *e);

#endif
