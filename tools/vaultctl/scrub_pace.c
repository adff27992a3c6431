#include "scrub_pace.h"

#include <errno.h>
#include <time.h>

#include "base/util.h"

#define SECOND_NS INT64_C(1000000000)

/* Nobody waits longer than this without seeing whether it is to end. */
enum { SLICE_NS = 100 * 1000 * 1000 };

static volatile sig_atomic_t stopped;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND_NS + t.tv_nsec;
}

void pace_init(struct pace *p, uint64_t bytes_per_s, bool (*busy)(void *data), void *data)
{
	*p = (struct pace){ .bytes_per_s = bytes_per_s, .busy = busy, .data = data };
	pthread_mutex_init(&p->lock, NULL);
}

void pace_stop(void)
{
	stopped = 1;
}

bool pace_stopped(void)
{
	return stopped != 0;
}

/* What was not used up does not count: a second without reading is not made up for. */
int64_t pace_next(int64_t now, int64_t free_ns, size_t len, uint64_t bytes_per_s,
		  int64_t *ret_free_ns)
{
	int64_t at = MAX(now, free_ns);

	*ret_free_ns = bytes_per_s == 0 ? now :
		at + (int64_t)((double)len * (double)SECOND_NS / (double)bytes_per_s);
	return bytes_per_s == 0 ? now : at;
}

static uint64_t rate(const struct pace *p)
{
	const uint64_t busy = (uint64_t)PACE_BUSY_MIB * 1024 * 1024;

	if (!p->is_busy)
		return p->bytes_per_s;
	return p->bytes_per_s == 0 ? busy : MIN(p->bytes_per_s, busy);
}

static int64_t take_turn(struct pace *p, size_t len)
{
	int64_t now = now_ns(), at;

	pthread_mutex_lock(&p->lock);
	if (p->busy != NULL && (p->asked_ns == 0 || now - p->asked_ns >= PACE_ASK_MS * SECOND_NS / 1000)) {
		p->is_busy = p->busy(p->data);
		now = now_ns();
		p->asked_ns = now;
	}
	at = pace_next(now, p->free_ns, len, rate(p), &p->free_ns);
	pthread_mutex_unlock(&p->lock);
	return at;
}

int pace_wait(void *pace, size_t len)
{
	int64_t at = take_turn(pace, len), now;
	struct timespec t = { 0 };

	while (!pace_stopped() && (now = now_ns()) < at) {
		t.tv_nsec = (long)MIN(at - now, (int64_t)SLICE_NS);
		nanosleep(&t, NULL);
	}
	return pace_stopped() ? -ECANCELED : 0;
}
