#include "wallclock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"

struct wallclock {
	uv_poll_t poll;
	int fd;
	void (*cb)(void *data);
	void *data;
};

static void on_closed(uv_handle_t *h)
{
	struct wallclock *w = h->data;

	close(w->fd);
	free(w);
}

/* It expired, or (ECANCELED) the clock was set: either way somebody is to look. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct wallclock *w = poll->data;
	uint64_t times;

	(void)status;
	(void)events;
	if (read(w->fd, &times, sizeof(times)) < 0 && errno == EAGAIN)
		return;
	wallclock_stop(w);
	w->cb(w->data);
}

int wallclock_new(uv_loop_t *loop, void (*cb)(void *data), void *data, struct wallclock **ret)
{
	struct wallclock *w = calloc(1, sizeof(*w));
	int r;

	if (w == NULL)
		return -ENOMEM;
	w->cb = cb;
	w->data = data;
	w->fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (w->fd < 0) {
		r = -errno;
		free(w);
		return r;
	}
	r = uv_poll_init(loop, &w->poll, w->fd);
	if (r < 0) {
		close(w->fd);
		free(w);
		return r;
	}
	w->poll.data = w;
	*ret = w;
	return 0;
}

void wallclock_close(struct wallclock *w)
{
	if (w != NULL)
		uv_close((uv_handle_t *)&w->poll, on_closed);
}

int64_t wallclock_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int wallclock_wake_at(struct wallclock *w, int64_t ms)
{
	struct itimerspec at = { .it_value = { .tv_nsec = 1 } };	/* all zeros would disarm it */

	if (ms > 0) {
		at.it_value.tv_sec = (time_t)(ms / 1000);
		at.it_value.tv_nsec = MAX(ms % 1000 * 1000000, (int64_t)1);
	}
	/* ECANCELED: it is set, and so was the clock, before this. */
	if (timerfd_settime(w->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL) < 0 &&
	    errno != ECANCELED)
		return -errno;
	return uv_poll_start(&w->poll, UV_READABLE, on_poll);
}

void wallclock_stop(struct wallclock *w)
{
	const struct itimerspec never = { .it_value = { .tv_sec = 0 } };

	uv_poll_stop(&w->poll);
	timerfd_settime(w->fd, 0, &never, NULL);
}
