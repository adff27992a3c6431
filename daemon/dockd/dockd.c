#include "dockd.h"

#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "dock.h"
#include "usb_source.h"

struct program {
	uv_loop_t loop;
	struct dock *dock;
	struct usb_host *usb;
	uv_signal_t signals[2];
	uv_timer_t watchdog, deadline;
	bool stopping;
};

/* ------ recorders ------ */

static void on_arrived(void *data, struct usb_device *device, const struct usb_device_info *info)
{
	struct program *p = data;

	dock_arrived(p->dock, &usb_source, device, info);
}

static void on_left(void *data, struct usb_device *device)
{
	struct program *p = data;

	dock_left(p->dock, device);
}

/* ------ the end ------ */

static void on_usb_freed(void *data)
{
	struct program *p = data;
	size_t i;

	for (i = 0; i < COUNT(p->signals); i++)
		uv_close((uv_handle_t *)&p->signals[i], NULL);
	uv_close((uv_handle_t *)&p->watchdog, NULL);
	uv_close((uv_handle_t *)&p->deadline, NULL);
}

static void on_stopped(void *data)
{
	struct program *p = data;

	usb_host_free(p->usb, on_usb_freed, p);
}

/*
 * A disk or a database that hangs must not keep the machine from going down.
 * Ending here is what a crash would do, and that loses nothing.
 */
static void on_deadline(uv_timer_t *t)
{
	(void)t;
	log_warn("not everything ended within %d s; what is not durable is read again at the next"
		 " docking", DOCKD_STOP_MS / 1000);
	_exit(0);
}

static void on_signal(uv_signal_t *s, int number)
{
	struct program *p = s->data;

	if (p->stopping)
		return;
	p->stopping = true;
	log_info("signal %d: ending", number);
	sd_notify(0, "STOPPING=1");
	uv_timer_start(&p->deadline, on_deadline, DOCKD_STOP_MS, 0);
	dock_stop(p->dock, on_stopped, p);
}

/* ------ the beginning ------ */

static void on_watchdog(uv_timer_t *t)
{
	(void)t;
	sd_notify(0, "WATCHDOG=1");
}

static void start_watchdog(struct program *p)
{
	uint64_t usec = 0;

	if (sd_watchdog_enabled(0, &usec) > 0)
		uv_timer_start(&p->watchdog, on_watchdog, 0, usec / 2000);
}

static void watch_signals(struct program *p)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	size_t i;

	for (i = 0; i < COUNT(numbers); i++) {
		uv_signal_init(&p->loop, &p->signals[i]);
		p->signals[i].data = p;
		uv_signal_start(&p->signals[i], on_signal, numbers[i]);
	}
}

void dockd_size_up(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	char threads[16];

	snprintf(threads, sizeof(threads), "%ld", MIN(MAX(4 * cores, 4L), 32L));
	setenv("UV_THREADPOOL_SIZE", threads, 0);
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	mallopt(M_ARENA_MAX, 2);
}

static void on_undone(void *data)
{
	(void)data;
}

/* What the loop runs until a signal ends it; or only until nothing is left, when that failed. */
static int open_all(struct program *p, const struct conf *conf)
{
	static const struct usb_host_events events = { .arrived = on_arrived, .left = on_left };
	struct err e = { .code = 0 };
	int r;

	r = dock_new(&p->loop, conf, &p->dock, &e);
	if (r == 0)
		r = usb_host_new(&p->loop, &events, p, &p->usb, &e);
	if (r < 0) {
		log_err("%s", e.msg);
		if (p->dock != NULL)
			dock_stop(p->dock, on_undone, NULL);
		return r;
	}
	watch_signals(p);
	uv_timer_init(&p->loop, &p->watchdog);
	uv_timer_init(&p->loop, &p->deadline);
	start_watchdog(p);
	log_info("station %s: %zu slots, vault %s", conf->station, conf->n_slots, conf->vault);
	sd_notify(0, "READY=1");
	return 0;
}

int dockd_run(const struct conf *conf)
{
	struct program p = { .dock = NULL };
	int r;

	r = uv_loop_init(&p.loop);
	if (r < 0) {
		log_err("no event loop: %s", uv_strerror(r));
		return r;
	}
	r = open_all(&p, conf);
	uv_run(&p.loop, UV_RUN_DEFAULT);
	dock_free(p.dock);
	if (uv_loop_close(&p.loop) < 0)
		log_warn("something was left open in the loop");
	return r;
}
