/*
 * What dockd has stored but the catalog has not yet recorded: one append-only
 * file a dock session, "DIR/<session>.journal".
 *
 * A record is opaque bytes here (a JSON object of lib/catalog/RECORDS.md).  On
 * disk: length (u32 LE), BLAKE2b-256 of the bytes, the bytes.  Appending ends
 * with fdatasync: when its callback sees 0, the record survives a power cut.
 * A torn last record (power cut while appending) is cut off at the next open;
 * a damaged record before the end is an error that names the file, since it
 * was reported durable once.
 *
 * Errors, Threads  as in vault.h.
 * Memory   one record, at most JOURNAL_RECORD_MAX, while appending or reading.
 */
#ifndef VAULT_JOURNAL_H
#define VAULT_JOURNAL_H

#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/err.h"

enum { JOURNAL_RECORD_MAX = 1024 * 1024, JOURNAL_SESSION_MAX = 36 };

struct journal;			/* the file of one session, open */

/* Names of the journals in dir, oldest first (by name of the first record's file time).  Blocking. */
int journal_list(const char *dir, int (*each)(void *data, const char *session), void *data,
		 struct err *e);

/*
 * Open or create the journal of a session (a UUID as text).  Blocking, for
 * start-up and session start: checks every record, cuts a torn tail, syncs the
 * directory when it creates.
 */
int journal_open(uv_loop_t *loop, const char *dir, const char *session, struct journal **ret,
		 struct err *e);

/* Append one record; buf stays valid until cb.  Appends queue in order.  -EMSGSIZE: too large. */
int journal_append(struct journal *j, const void *buf, size_t len,
		   void (*cb)(void *data, int r), void *data);

/*
 * Read the record at *at (0 is the first) into b and move *at behind it.
 * 1: a record; 0: the end for now; negative: could not.  Blocking, small.
 */
int journal_read(struct journal *j, uint64_t *at, struct buf *b, struct err *e);

/* Close; with remove, delete the file durably (everything in it is recorded).  No append in flight. */
int journal_close(struct journal *j, int remove, struct err *e);

#endif
