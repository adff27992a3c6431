/*
 * What dockd has stored but the catalog has not yet recorded: one append-only
 * file a dock session, "DIR/<session>.journal".
 *
 * A record is opaque bytes here (a JSON object of lib/catalog/RECORDS.md).  On
 * disk each is a header of 64 bytes and the bytes; numbers are little-endian:
 *
 *	 0   4	"DVJ1"
 *	 4   4	length of the bytes, 1 to JOURNAL_RECORD_MAX
 *	 8   8	how much of the file was durable when this record was written
 *	16  32	BLAKE2b-256 of the bytes
 *	48  16	BLAKE2b-128 of: the offset of this header in the file (8 bytes), header bytes 0-47
 *
 * Appends that wait together are written together and end with one fdatasync:
 * when its callback sees 0, the record survives a power cut.
 *
 * Opening reads all of it.  Behind the last whole record there may be a torn
 * tail, what a power cut left of the records that were being written: it is
 * cut off.  It is damage, an error that names the file, when any later header
 * shows (bytes 8-15) that the bad place had been durable before: that record
 * was reported stored.  Damage within the very last write cannot be told from a
 * torn tail; the recorder still has what it spoke of.
 *
 * Errors   as in vault.h; -EUCLEAN: damaged; -EBUSY: open elsewhere.
 * Threads  as in vault.h.
 * Memory   JOURNAL_QUEUE small entries a journal; one record, at most
 *          JOURNAL_RECORD_MAX, while reading.
 */
#ifndef VAULT_JOURNAL_H
#define VAULT_JOURNAL_H

#include <stdint.h>
#include <uv.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	JOURNAL_RECORD_MAX = 1024 * 1024,
	JOURNAL_SESSION_MAX = 36,	/* characters of a session's name: A-Z a-z 0-9 _ - */
	JOURNAL_QUEUE = 64,		/* appends in flight */
	JOURNAL_LIST_MAX = 65536,	/* journals in one directory */
};

struct journal;			/* the file of one session, open */

/*
 * Call each(data, session) for the journals in dir, the one written to longest ago first.  What it
 * returns, when not 0, ends the listing and is returned.  A missing dir holds none.  Blocking.
 */
int journal_list(const char *dir, int (*each)(void *data, const char *session), void *data,
		 struct err *e);

/*
 * Open or create the journal of a session (a UUID as text); dir is made when missing.  Blocking,
 * for start-up and session start: checks every record, cuts a torn tail, syncs file and directory.
 */
int journal_open(uv_loop_t *loop, const char *dir, const char *session, struct journal **ret,
		 struct err *e);

/* How many bytes of torn tail journal_open cut off, for the log. */
uint64_t journal_cut(const struct journal *j);

/*
 * Append one record; buf stays valid until cb.  Appends queue in order and call back in order.
 * -EMSGSIZE: empty or too large; -EAGAIN: JOURNAL_QUEUE are in flight.  When one fails, all in
 * flight behind it fail with it, so that the order holds; the journal is as it was and they may
 * be tried again.  After a power cut they may be found in it all the same, so append only what is
 * true already.
 */
int journal_append(struct journal *j, const void *buf, size_t len,
		   void (*cb)(void *data, int r), void *data);

/*
 * Read the record at *at (0 is the first) into b, what was in it is forgotten, and move *at behind
 * the record.  1: a record; 0: none is behind it; negative: could not.  Sees only what is durable.
 * b's maximum should be JOURNAL_RECORD_MAX.  Blocking, small.
 */
int journal_read(struct journal *j, uint64_t *at, struct buf *b, struct err *e);

/*
 * Close; with remove, delete the file durably (everything in it is recorded).  No append may be in
 * flight.  j is gone whatever the outcome; NULL is fine.
 */
int journal_close(struct journal *j, int remove, struct err *e);

#endif
