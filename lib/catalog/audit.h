/*
 * The catalog read for a check of the custody log: its rows against its events,
 * its events in the order of the log.  Decided by custody/audit.h.
 *
 * The transaction is the caller's, of catalog_audit_begin(): what comes in meanwhile is then not seen by
 * half.  Nothing is believed of the database but what its tables hold.
 *
 * Errors   as in sync.h, and what a callback returned, when that is not 0.
 * Threads  one at a time; blocking.
 * Memory   CATALOG_AUDIT_MEMORY, whatever the size of the catalog, as long as no row is longer than
 *          EVENT_ROW_MAX.
 */
#ifndef CATALOG_AUDIT_H
#define CATALOG_AUDIT_H

#include "catalog/sources.h"
#include "catalog/sync.h"
#include "custody/audit.h"

/* A row's text from libpq, twice in passing; its comparison; a leaf in hex and as it is. */
enum { CATALOG_AUDIT_MEMORY = 2 * EVENT_ROW_MAX + EVENT_MEMORY + 6 * EVENT_LEAF_MAX };

/*
 * Begin reading (catalog_sync_begin_reading), and hold every table that is read here as it is, so that
 * nobody can change meanwhile which of its rows are shown; catalog_audit_tables() says whether all are.
 * Neither writing nor a new month is in the way of that, nor it in theirs, for longer than reading would
 * be.  *ret_guarded: what catalog_source_guarded() is not for whoever is connected, and not read.  A
 * failure is followed by catalog_sync_rollback().
 */
int catalog_audit_begin(struct catalog_sync *c, bool *ret_guarded, struct err *e);

/* STATEMENT_AUDIT_TABLES, of all tables that are read here. */
int catalog_audit_tables(struct catalog_sync *c,
			 int (*row)(void *data, const char *const *values, size_t n_values),
			 void *data, struct err *e);

/* The same of blobs alone; -EPERM when a policy hides some of them. */
int catalog_audit_begin_blobs(struct catalog_sync *c, struct err *e);

/*
 * Call row() for each row of the join of a source's events with its table, with what was decided of
 * it.  What it gets is valid during the call.
 */
typedef int (*catalog_audit_row_cb)(void *data, const struct audit_row *row,
				    const struct audit_result *result);
int catalog_audit_rows(struct catalog_sync *c, const struct catalog_source *s,
		       catalog_audit_row_cb row, void *data, struct err *e);

/* The same for one event of that source, and its row: never called where there is no such event. */
int catalog_audit_event(struct catalog_sync *c, const struct catalog_source *s, uint64_t event,
			catalog_audit_row_cb row, void *data, struct err *e);

/* An event as the catalog has it; copy NULL: there is none. */
struct catalog_event {
	uint64_t index;			/* its place; of one that waits it means nothing */
	uint64_t event;
	const uint8_t *copy;
	size_t copy_len;
	const char *fields;		/* as audit_entry() takes them */
	bool late;			/* it waits, and should not any more */
};
typedef int (*catalog_event_cb)(void *data, const struct catalog_event *ev);

/* All of a source, in order of their numbers: of one that is guarded. */
int catalog_audit_events(struct catalog_sync *c, const struct catalog_source *s, catalog_event_cb event,
			 void *data, struct err *e);

/* Those that have a place from `from` on, below `below`, in order. */
int catalog_audit_entries(struct catalog_sync *c, uint64_t from, uint64_t below,
			  catalog_event_cb event, void *data, struct err *e);

/* Those that are not among the first `size` leaves, in order of their numbers. */
int catalog_audit_waiting(struct catalog_sync *c, uint64_t size, catalog_event_cb event,
			  void *data, struct err *e);

#endif
