/*
 * The one sequencer: gives events their places in the log, writes the log, and
 * signs it.  What it does next is decided in next.h; each step is one job on
 * the thread pool (round.h), one at a time.  There is one connection, and with
 * it the lock that makes it the only sequencer: who loses one loses both, and
 * lets go of the files.
 *
 * Threads  the thread that runs the loop.
 */
#ifndef CUSTODYD_SEQUENCER_H
#define CUSTODYD_SEQUENCER_H

#include <uv.h>

#include "base/conf.h"
#include "base/err.h"
#include "custody/checkpoint.h"

struct sequencer;

/* key and conf stay the caller's, and must outlive it.  0 or a negative errno. */
int sequencer_new(uv_loop_t *loop, const struct conf *conf, const struct note_secret *key,
		  struct sequencer **ret, struct err *e);

/* The newest checkpoint is of this size; 0: this is not the sequencer, now or any more. */
typedef void (*sequencer_signed_cb)(void *data, uint64_t size);
void sequencer_on_signed(struct sequencer *s, sequencer_signed_cb cb, void *data);

/*
 * A finding about the log, kept until the catalog has it.  Of one fact there is one finding.
 * detail: a JSON object.
 */
void sequencer_find(struct sequencer *s, const char *code, const char *fact, const char *detail);

/* How long the step under way has lasted; 0: none is. */
int64_t sequencer_busy_ms(const struct sequencer *s);

/* Finish the round and let go of everything; cb once, later. */
void sequencer_stop(struct sequencer *s, void (*cb)(void *data), void *data);
void sequencer_free(struct sequencer *s);	/* after cb; NULL is fine */

#endif
