/* Months that were signed: what `report month`, `sign` and `verify` share (cmd_report_sign.c). */
#ifndef VAULTCTL_REPORT_MONTH_H
#define VAULTCTL_REPORT_MONTH_H

#include "report_out.h"

/* "2026-11" as its first day, "2026-11-01"; NULL: the last month that is over.  EXIT_GOOD or EXIT_USAGE. */
int report_take_month(const char *month, char ret_day[11]);

/*
 * The row of dv.report_signed of that month and unit: *ret_rows is a new list, empty where none was
 * signed.  An exit status.
 */
int report_signed(struct ctl *c, const char *day, const char *unit, json_t **ret_rows);

/* Its figures as the report they were, made when it was signed: a new reference, NULL: it is none. */
json_t *report_of_signed(const json_t *row);

/* Its document as it was stored, out of the vault.  EXIT_GOOD; EXIT_DAMAGE, it is not whole; EXIT_AWAY. */
int report_stored(struct ctl *c, const json_t *row, enum report_format format, struct buf *to);

#endif
