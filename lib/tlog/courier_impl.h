/* What the errands of lib/tlog/courier share. */
#ifndef TLOG_COURIER_IMPL_H
#define TLOG_COURIER_IMPL_H

#include "base/buf.h"
#include "custody/checkpoint.h"
#include "tlog/courier.h"
#include "tlog/tlog.h"

/* The newest checkpoint, as it is carried. */
struct courier_head {
	struct tlog_reader *reader;
	struct buf text;		/* as it lies there */
	struct checkpoint head;
	struct buf own;			/* its body with the log's signature alone */
};

/*
 * Load it: COURIER_DONE, and it is signed by the log; otherwise NOTHING (nothing is signed yet) or
 * LATER, and a sentence.  Cleared by the caller in any case.
 */
enum courier_outcome courier_head_load(const struct courier_log *log, struct courier_head *ret,
				       struct err *e);
void courier_head_clear(struct courier_head *h);	/* for AUTO() */

/* An outcome with its sentence. */
#define COURIER_SAY(outcome, e, ...)	(err_set(e, -EAGAIN, __VA_ARGS__), (outcome))

#endif
