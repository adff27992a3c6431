#include "alertd.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdbool.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "base/util.h"
#include "leader.h"
#include "notices.h"

struct alertd {
	uv_loop_t loop;
	struct leader *leader;
	struct notices *notices;
	uv_signal_t signals[2];
	uv_timer_t watchdog, deadline;
	bool stopping;
};

static void on_leader_stopped(void *data)
{
	struct alertd *a = data;
	size_t i;

	for (i = 0; i < COUNT(a->signals); i++)
		uv_close((uv_handle_t *)&a->signals[i], NULL);
	uv_close((uv_handle_t *)&a->watchdog, NULL);
	uv_close((uv_handle_t *)&a->deadline, NULL);
}

/* What hangs must not keep the machine from going down: a sweep is whole or was not. */
static void on_deadline(uv_timer_t *t)
{
	(void)t;
	log_warn("a step did not end within %d s; it is done again at the next start",
		 ALERTD_STOP_MS / 1000);
	_exit(0);
}

static void on_notices_stopped(void *data)
{
	struct alertd *a = data;

	leader_stop(a->leader, on_leader_stopped, a);
}

static void on_lead(void *data, bool leads)
{
	struct alertd *a = data;

	if (!a->stopping)
		notices_lead(a->notices, leads);
}

static void on_signal(uv_signal_t *s, int number)
{
	struct alertd *a = s->data;

	if (a->stopping)
		return;
	a->stopping = true;
	log_info("signal %d: ending", number);
	sd_notify(0, "STOPPING=1");
	uv_timer_start(&a->deadline, on_deadline, ALERTD_STOP_MS, 0);
	notices_stop(a->notices, on_notices_stopped, a);
}

/* A step that hangs for ever is ended with us: the next start goes on where it was. */
static void on_watchdog(uv_timer_t *t)
{
	struct alertd *a = t->data;

	if (MAX(leader_busy_ms(a->leader), notices_busy_ms(a->notices)) < ALERTD_STEP_MS)
		sd_notify(0, "WATCHDOG=1");
}

static void watch(struct alertd *a)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	uint64_t usec = 0;
	size_t i;

	for (i = 0; i < COUNT(numbers); i++) {
		uv_signal_init(&a->loop, &a->signals[i]);
		a->signals[i].data = a;
		uv_signal_start(&a->signals[i], on_signal, numbers[i]);
	}
	uv_timer_init(&a->loop, &a->deadline);
	uv_timer_init(&a->loop, &a->watchdog);
	a->watchdog.data = a;
	if (sd_watchdog_enabled(0, &usec) > 0)
		uv_timer_start(&a->watchdog, on_watchdog, 0, usec / 2000);
}

static void forget(void *data)
{
	(void)data;
}

int alertd_run(const struct conf *conf)
{
	struct alertd a = { .leader = NULL };
	struct err e = { .code = 0 };
	int r;

	r = uv_loop_init(&a.loop);
	if (r < 0) {
		log_err("no event loop: %s", uv_strerror(r));
		return r;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	r = notices_new(&a.loop, conf, &a.notices, &e);
	if (r == 0)
		r = leader_new(&a.loop, conf, &a.leader, &e);
	if (r == 0) {
		leader_watch(a.leader, on_lead, &a);
		watch(&a);
		sd_notify(0, "READY=1");
	} else {
		log_err("%s", e.msg);
		if (a.notices != NULL)
			notices_stop(a.notices, forget, NULL);
	}
	uv_run(&a.loop, UV_RUN_DEFAULT);
	leader_free(a.leader);
	notices_free(a.notices);
	curl_global_cleanup();
	if (uv_loop_close(&a.loop) < 0)
		log_warn("something was left open in the loop");
	return r;
}
