/*
 * A moment of the wall clock to be woken at.  It tells, too, that the clock was
 * set, and counts the time for which the machine slept: timers of the loop do
 * neither.
 *
 * Errors   negative errno.
 * Threads  the one that runs the loop.
 */
#ifndef ALERTD_WALLCLOCK_H
#define ALERTD_WALLCLOCK_H

#include <stdint.h>
#include <uv.h>

struct wallclock;

/* cb: it is that moment, or the clock was set meanwhile.  Once a wallclock_wake_at(). */
int wallclock_new(uv_loop_t *loop, void (*cb)(void *data), void *data, struct wallclock **ret);
void wallclock_close(struct wallclock *w);	/* frees it, once the loop has run; NULL is fine */

/* Milliseconds since 1970 by this machine's clock. */
int64_t wallclock_now_ms(void);

/* One that has passed wakes at once.  Replaces the one before. */
int wallclock_wake_at(struct wallclock *w, int64_t ms);
void wallclock_stop(struct wallclock *w);

#endif
