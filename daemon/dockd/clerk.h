/*
 * The clerk takes the records of dock sessions (lib/catalog/RECORDS.md), makes
 * each durable in the session's journal, and hands journals to the catalog, in
 * order, whenever it is there: live, after an outage, after a crash, by the
 * same path.  When a session's end is recorded it judges the chain, and only
 * then lets the journal go.
 *
 * At start every journal left behind is taken up; one without `end` belongs to
 * a session that died and is ended as "interrupted" first.  A note, whose first
 * record is no `session`, has no end and is not judged: it goes once recorded.
 *
 * Errors, Threads  as everywhere on the loop: see recorder/usb_io.h.
 * Memory   one batch of records at a time, CLERK_BATCH_BYTES, for all sessions.
 */
#ifndef DOCKD_CLERK_H
#define DOCKD_CLERK_H

#include <jansson.h>
#include <stdbool.h>
#include <uv.h>

#include "base/err.h"
#include "catalog/catalog.h"

enum { CLERK_BATCH_BYTES = 2 * 1024 * 1024, CLERK_BATCH_RECORDS = 64 };

struct clerk;
struct clerk_session;

/*
 * changed: clerk_backlog or clerk_pending may answer differently now.  The
 * catalog must be freed before the clerk.
 */
int clerk_new(uv_loop_t *loop, const char *journal_dir, const char *station,
	      struct catalog *catalog, void (*changed)(void *data), void *data,
	      struct clerk **ret, struct err *e);

/* The catalog came back or went; wakes the clerk. */
void clerk_catalog_state(struct clerk *c, bool up);

/* Sessions and notes whose records the catalog does not have yet (live ones not counted). */
unsigned clerk_backlog(const struct clerk *c);

/* Is this finished session one of them? */
bool clerk_pending(const struct clerk *c, const char *session);

/* A new dock session. */
int clerk_open(struct clerk *c, const char *session, struct clerk_session **ret, struct err *e);

/*
 * Take one record (borrowed; v, station, and session unless it names one, are
 * added).  cb: 0 when it is durable; after a failure the same record may be
 * tried again.
 */
int clerk_append(struct clerk_session *s, json_t *record, void (*cb)(void *data, int r),
		 void *data);

/*
 * Take one record, borrowed, that became true when the session it names was
 * over: a journal of its own, recorded behind what waits already.  cb: 0 when
 * it is durable; otherwise nothing of it is left.
 */
int clerk_note(struct clerk *c, json_t *record, void (*cb)(void *data, int r), void *data);

enum clerk_recorded { CLERK_RECORDED, CLERK_STORED_ONLY /* the catalog is away, or refuses it */ };

/*
 * The `end` record was appended: no more will come.  cb comes once, later, when
 * all of it is recorded and judged, or as soon as it is known that the catalog
 * is away.  s is the clerk's from now on.
 */
void clerk_finish(struct clerk_session *s, void (*cb)(void *data, enum clerk_recorded how),
		  void *data);

/*
 * No more will come and there is no `end` (dockd itself ends, or the journal
 * can no longer be written): the next start ends the session as interrupted.
 * No append may be in flight.  s is gone.
 */
void clerk_leave(struct clerk_session *s);

/* Every session must be finished or left.  Who still waits for one hears that it is stored only.
 * cb comes last. */
void clerk_free(struct clerk *c, void (*cb)(void *data), void *data);

#endif
