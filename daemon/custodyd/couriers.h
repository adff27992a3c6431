/*
 * Carries the newest checkpoint to the witnesses and authorities of the
 * configuration, each at its own pace (tlog/courier.h decides when).  Nobody
 * waits for them: an errand is a job on the thread pool, and never are as many
 * under way as there are threads, so that the sequencer always has one.
 *
 * When a peer was last heard is kept in LOG/heard, written now and then, so
 * that a station that is switched off each night learns of a peer that is silent,
 * too.  A power cut leaves the old file or the new one; lost, a peer is silent
 * from today on.
 *
 * Threads  the thread that runs the loop.
 * Memory   COURIERS_AT_ONCE * COURIER_MEMORY.
 */
#ifndef CUSTODYD_COURIERS_H
#define CUSTODYD_COURIERS_H

#include <stdint.h>
#include <uv.h>

#include "base/conf.h"
#include "base/err.h"
#include "tlog/courier.h"

enum {
	COURIERS_AT_ONCE = 3,
	COURIERS_SILENT_MS = 24 * 60 * 60 * 1000,	/* rules witness_silent, timestamp_missing */
	COURIERS_HEARD_MS = 10 * 60 * 1000,		/* how often LOG/heard is written, at most */
	COURIERS_FACT_SIZE = 128,
};

struct couriers;

/*
 * A peer that refuses our log as a fork, or was not heard for too long.  fact: the same for the
 * same trouble, so that it is one finding.
 */
struct courier_finding {
	const char *code;
	char fact[COURIERS_FACT_SIZE];
	char name[CONF_NAME_MAX + 1];
	char why[240];
};
typedef void (*couriers_finding_cb)(void *data, const struct courier_finding *f);

/* log: the log's key.  conf and log stay the caller's.  -EINVAL: a witness's key is none. */
int couriers_new(uv_loop_t *loop, const struct conf *conf, const struct note_key *log,
		 struct couriers **ret, struct err *e);
void couriers_on_finding(struct couriers *c, couriers_finding_cb cb, void *data);

/* The newest checkpoint has so many leaves; 0: this is not the sequencer, so it carries nothing. */
void couriers_carry(struct couriers *c, uint64_t size);

/* Give up what is under way; cb once, later. */
void couriers_stop(struct couriers *c, void (*cb)(void *data), void *data);
void couriers_free(struct couriers *c);		/* after cb, or never begun; NULL is fine */

/* Was a peer that has so many leaves of a log of `size` not heard for too long?  Pure. */
bool couriers_is_silent(uint64_t has, uint64_t size, int64_t heard_ms, int64_t now_ms);

#endif
