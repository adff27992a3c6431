/*
 * The records of one dock session on their way to the clerk, with patience: a
 * journal that cannot be written now (full, read-only, failing) is tried again
 * until it can, or until told to give up.
 *
 * Errors, Threads  as everywhere on the loop: see recorder/usb_io.h.
 * Memory   the records handed over, until they are durable.
 */
#ifndef DOCKD_LEDGER_H
#define DOCKD_LEDGER_H

#include <jansson.h>
#include <uv.h>

#include "clerk.h"

struct ledger;

/* changed: ledger_paused answers differently now. */
int ledger_new(uv_loop_t *loop, struct clerk *clerk, const char *session,
	       void (*changed)(void *data), void *data, struct ledger **ret);

/* No write may be under way; what the clerk has stays with it.  NULL is fine. */
void ledger_free(struct ledger *l);

/*
 * Make an array of records durable, in order; takes the array, NULL is -ENOMEM.
 * One write at a time.  cb: 0; -ECANCELED after ledger_give_up; anything else:
 * can never be written.  Less than 0: not begun, no cb.
 */
int ledger_write(struct ledger *l, json_t *records, void (*cb)(void *data, int r), void *data);

/* Why a write waits, for people; NULL when none does. */
const char *ledger_paused(const struct ledger *l);

/* Wait no longer, now and from now on. */
void ledger_give_up(struct ledger *l);

/*
 * `end` was written: as clerk_finish.  After ledger_free cb does not come any
 * more.
 */
int ledger_finish(struct ledger *l, void (*cb)(void *data, enum clerk_recorded how), void *data);

#endif
