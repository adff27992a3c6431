/*
 * How fast a scrub reads: no faster than it may, slowly while the dock takes something in, and not
 * at all once it is to end.
 *
 * Threads  pace_wait() by any, several at once; pace_stop() also by a signal handler.
 */
#ifndef VAULTCTL_SCRUB_PACE_H
#define VAULTCTL_SCRUB_PACE_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PACE_BUSY_MIB = 16,		/* a second, while the dock takes something in */
	PACE_ASK_MS = 1000,		/* how often the dock is asked */
};

struct pace {
	pthread_mutex_t lock;
	uint64_t bytes_per_s;		/* 0: no limit */
	bool (*busy)(void *data);	/* is the dock at it? */
	void *data;
	/* ours */
	bool is_busy;
	int64_t free_ns;		/* CLOCK_MONOTONIC: what was asked for has been read by then */
	int64_t asked_ns;
};

void pace_init(struct pace *p, uint64_t bytes_per_s, bool (*busy)(void *data), void *data);

/* Wait until len bytes more may be read.  0, or -ECANCELED: it is to end.  vault_reading.pace. */
int pace_wait(void *pace, size_t len);

/* End whatever waits and all that begins later, in this process. */
void pace_stop(void);
bool pace_stopped(void);

/* When the next read may begin, and what the clock is set to by it.  Pure. */
int64_t pace_next(int64_t now_ns, int64_t free_ns, size_t len, uint64_t bytes_per_s,
		  int64_t *ret_free_ns);

#endif
