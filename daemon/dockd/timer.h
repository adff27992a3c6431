/*
 * Timers whose owner may vanish at any time, and waits that grow, built of one.
 *
 * Threads  the thread that runs the loop, and no other.
 */
#ifndef DOCKD_TIMER_H
#define DOCKD_TIMER_H

#include <stdbool.h>
#include <uv.h>

/* A timer that does not run yet; use uv_timer_start.  NULL: no memory. */
uv_timer_t *timer_new(uv_loop_t *loop, void *data);

/* Stop it and forget it; its memory goes as the loop runs on.  NULL is fine. */
void timer_free(uv_timer_t *t);

enum { BACKOFF_MIN_MS = 1000, BACKOFF_MAX_MS = 60000 };

/* Waits longer each time, from BACKOFF_MIN_MS up to BACKOFF_MAX_MS. */
struct backoff {
	uv_timer_t *timer;
	unsigned tries;		/* waits since the last reset */
};

/* 0 or -ENOMEM.  data is what the callbacks find in timer->data. */
int backoff_init(struct backoff *p, uv_loop_t *loop, void *data);
void backoff_fini(struct backoff *p);

void backoff_wait(struct backoff *p, uv_timer_cb cb);
/* It worked: the next wait is short again. */
void backoff_reset(struct backoff *p);
/* Wait no longer: true when a wait was cut short, whose cb does not come then. */
bool backoff_stop(struct backoff *p);

/* What the wait after that many others lasts.  Pure. */
unsigned backoff_ms(unsigned tries);

#endif
