/*
 * The tables that custody events are made of (sources.def), by name.
 *
 * Pure; any thread.
 */
#ifndef CATALOG_SOURCES_H
#define CATALOG_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "catalog/statements.h"

struct catalog_source {
	const char *name;		/* the table, without schema */
	const char *key;		/* its key columns, parted by spaces */
	const char *personal;		/* columns that leaves have salted, parted by spaces */
	bool changes;			/* rows are changed and removed by right */
	const char *by, *reason;	/* columns; NULL: none */
	enum catalog_statement rows, row, lock;
};

extern const struct catalog_source catalog_sources[];
extern const size_t catalog_sources_n;

/* NULL: no such source. */
const struct catalog_source *catalog_source_find(const char *name);

/* It is not for all who check the log to read: parties (sql/032). */
bool catalog_source_guarded(const struct catalog_source *s);

#endif
