/* Reports on their way out: to a terminal, or a file. */
#ifndef VAULTCTL_REPORT_OUT_H
#define VAULTCTL_REPORT_OUT_H

#include "ctl.h"
#include "report/report.h"

enum report_format { FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV, FORMAT_XLSX, FORMAT_PDF, FORMATS };

/* --format's value (NULL: a table) and --json as one of them; EXIT_GOOD, or EXIT_USAGE having said why. */
int report_format(struct ctl *c, const char *name, const char *out, enum report_format *ret);

/* In the language of this run. */
struct report_style report_style_now(const struct report_seal *seal);

/* The document's bytes, appended: FORMAT_CSV (of that table), _XLSX, _PDF.  EXIT_GOOD, EXIT_AWAY. */
int report_document(const json_t *report, enum report_format format, const char *table,
		    const struct report_seal *seal, struct buf *to);

/* To a file, whole or not at all, or (out NULL) to standard output.  EXIT_GOOD, EXIT_AWAY. */
int report_bytes_out(const void *p, size_t len, const char *out);

/* What print() prints of it, the same way; and JSON, one document. */
int report_stream_out(void (*print)(FILE *to, const json_t *report), const json_t *report, const char *out);
int report_json_out(const json_t *report, const char *out);

/* Its tables with these keys, as people read them. */
void report_print(FILE *to, const json_t *report, const char *const *tables, size_t n);

#endif
