/* A month's report as the catalog says it, with values that documents have to survive. */
#ifndef UNIT_REPORT_RIG_H
#define UNIT_REPORT_RIG_H

#include <jansson.h>

#include "base/buf.h"
#include "report/report.h"

/* With so many units, officers, recorders and findings. */
json_t *report_rig_month(size_t units, size_t recorders, size_t findings);
json_t *report_rig_integrity(void);

/* Its style, in a language, not signed. */
struct report_style report_rig_style(bool english);

/* What a command says when it is given these bytes as a file, whose name is put for "@": into ret. */
void report_rig_run(const struct buf *b, const char *command, struct buf *ret);

#endif
