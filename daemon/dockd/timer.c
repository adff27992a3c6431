#include "timer.h"

#include <errno.h>
#include <stdlib.h>

#include "base/util.h"

uv_timer_t *timer_new(uv_loop_t *loop, void *data)
{
	uv_timer_t *t = malloc(sizeof(*t));

	if (t == NULL)
		return NULL;
	if (uv_timer_init(loop, t) < 0) {
		free(t);
		return NULL;
	}
	t->data = data;
	return t;
}

static void on_closed(uv_handle_t *h)
{
	free(h);
}

void timer_free(uv_timer_t *t)
{
	if (t != NULL)
		uv_close((uv_handle_t *)t, on_closed);
}

int backoff_init(struct backoff *p, uv_loop_t *loop, void *data)
{
	p->tries = 0;
	p->timer = timer_new(loop, data);
	return p->timer != NULL ? 0 : -ENOMEM;
}

void backoff_fini(struct backoff *p)
{
	timer_free(TAKE(p->timer));
}

unsigned backoff_ms(unsigned tries)
{
	unsigned ms = (unsigned)BACKOFF_MIN_MS << MIN(tries, 8u);

	return MIN(ms, (unsigned)BACKOFF_MAX_MS);
}

void backoff_wait(struct backoff *p, uv_timer_cb cb)
{
	unsigned ms = backoff_ms(p->tries);

	p->tries++;
	uv_timer_start(p->timer, cb, ms, 0);	/* fails only without a cb or while closing */
}

void backoff_reset(struct backoff *p)
{
	p->tries = 0;
}

bool backoff_stop(struct backoff *p)
{
	bool waiting = p->timer != NULL && uv_is_active((uv_handle_t *)p->timer);

	if (waiting)
		uv_timer_stop(p->timer);
	return waiting;
}
