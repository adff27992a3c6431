/*
 * What the steps of the sequencer do: the catalog on one side, the log's files
 * on the other.  Everything here blocks and is for one job at a time on the
 * thread pool, but for what says that it does not.
 *
 * Errors   0 or a negative errno and a sentence.  What was found out and is bad
 *          is a verdict (next.h), and then nothing is signed.
 * Memory   ROUND_MEMORY, a writer of the log, a book.
 */
#ifndef CUSTODYD_ROUND_H
#define CUSTODYD_ROUND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/err.h"
#include "next.h"
#include "tlog/tlog.h"

enum {
	ROUND_EVENTS = 4 * TLOG_BATCH_LEAVES,	/* places given by one gathering */
	ROUND_MEMORY = TLOG_BATCH_BYTES + TLOG_BATCH_LEAVES * (int)sizeof(struct tlog_leaf),
};

struct round;

/* key and conf stay the caller's, and must outlive it.  NULL: no memory. */
struct round *round_new(const struct conf *conf, const struct note_secret *key);
void round_free(struct round *r);	/* NULL is fine */

int round_connect(struct round *r, struct err *e);
/* *ret_got: this is the sequencer, until the connection breaks. */
int round_lock(struct round *r, bool *ret_got, struct err *e);
/* -EBUSY: another has the directory. */
int round_open(struct round *r, enum seq_verdict *ret, struct err *e);
/* *ret_more: it was full, so that more may wait. */
int round_gather(struct round *r, bool *ret_more, enum seq_verdict *ret, struct err *e);
int round_publish(struct round *r, enum seq_verdict *ret, struct err *e);

/* Tell the catalog of a role that changed, and once of the configuration that is in force. */
int round_note(struct round *r, struct err *e);
int round_find(struct round *r, const char *code, const char *fact, const char *detail,
	       struct err *e);

/* Not blocking, for the loop, between two steps. */
void round_close_log(struct round *r);
void round_close_all(struct round *r);
uint64_t round_appended(const struct round *r);	/* 0 while the log is not open */
uint64_t round_published(const struct round *r);
uint64_t round_told(const struct round *r);
int round_socket(const struct round *r);
int round_heard(struct round *r, bool *ret_heard, struct err *e);

#endif
