#include "custodyd.h"

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "base/util.h"
#include "couriers.h"
#include "sequencer.h"
#include "tlog/keyfile.h"

struct program {
	uv_loop_t loop;
	struct note_secret *key;
	struct sequencer *sequencer;
	struct couriers *couriers;
	uv_signal_t signals[2];
	uv_timer_t watchdog, deadline;
	bool stopping;
	unsigned running;		/* of sequencer and couriers */
};

/* ------ the end ------ */

static void on_part_stopped(void *data)
{
	struct program *p = data;
	size_t i;

	if (--p->running > 0)
		return;
	for (i = 0; i < COUNT(p->signals); i++)
		uv_close((uv_handle_t *)&p->signals[i], NULL);
	uv_close((uv_handle_t *)&p->watchdog, NULL);
	uv_close((uv_handle_t *)&p->deadline, NULL);
}

/* What hangs must not keep the machine from going down: a crash loses nothing. */
static void on_deadline(uv_timer_t *t)
{
	(void)t;
	log_warn("not everything ended within %d s; what is not signed yet is signed at the next"
		 " start", CUSTODYD_STOP_MS / 1000);
	_exit(0);
}

static void stop(struct program *p)
{
	p->stopping = true;
	uv_timer_start(&p->deadline, on_deadline, CUSTODYD_STOP_MS, 0);
	couriers_stop(p->couriers, on_part_stopped, p);
	sequencer_stop(p->sequencer, on_part_stopped, p);
}

static void on_signal(uv_signal_t *s, int number)
{
	struct program *p = s->data;

	if (p->stopping)
		return;
	log_info("signal %d: ending", number);
	sd_notify(0, "STOPPING=1");
	stop(p);
}

/* ------ the beginning ------ */

/* A step that hangs for ever is ended with us: the next start goes on where it was. */
static void on_watchdog(uv_timer_t *t)
{
	struct program *p = t->data;

	if (sequencer_busy_ms(p->sequencer) < CUSTODYD_STEP_MS)
		sd_notify(0, "WATCHDOG=1");
}

static void watch(struct program *p)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	uint64_t usec = 0;
	size_t i;

	for (i = 0; i < COUNT(numbers); i++) {
		uv_signal_init(&p->loop, &p->signals[i]);
		p->signals[i].data = p;
		uv_signal_start(&p->signals[i], on_signal, numbers[i]);
	}
	uv_timer_init(&p->loop, &p->deadline);
	uv_timer_init(&p->loop, &p->watchdog);
	p->watchdog.data = p;
	if (sd_watchdog_enabled(0, &usec) > 0)
		uv_timer_start(&p->watchdog, on_watchdog, 0, usec / 2000);
}

void custodyd_size_up(void)
{
	char threads[16];

	snprintf(threads, sizeof(threads), "%d", CUSTODYD_THREADS);
	setenv("UV_THREADPOOL_SIZE", threads, 1);
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	mallopt(M_ARENA_MAX, 2);
}

static void on_signed(void *data, uint64_t size)
{
	struct program *p = data;

	couriers_carry(p->couriers, size);
}

static void on_finding(void *data, const struct courier_finding *f)
{
	struct program *p = data;
	json_t *detail = json_pack("{s:s, s:s}", "peer", f->name, "why", f->why);
	char *text = json_dumps(detail, JSON_COMPACT | JSON_SORT_KEYS);

	if (text != NULL)
		sequencer_find(p->sequencer, f->code, f->fact, text);
	free(text);
	json_decref(detail);
}

static int open_all(struct program *p, const struct conf *conf, struct err *e)
{
	int r;

	if (conf->log_origin[0] == '\0')
		return err_set(e, -EINVAL, "log_origin is missing: add log_origin ="
			       " \"example.cn/dockvault/%s\" to dockvault.conf, once for ever",
			       conf->station);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, -ENOMEM, "libcurl cannot be initialised");
	r = keyfile_secret(conf->log_key, &p->key, e);
	if (r == 0)
		r = couriers_new(&p->loop, conf, note_secret_public(p->key), &p->couriers, e);
	if (r == 0)
		r = sequencer_new(&p->loop, conf, p->key, &p->sequencer, e);
	return r;
}

static void close_handle(uv_handle_t *h, void *arg)
{
	(void)arg;
	uv_close(h, NULL);
}

int custodyd_run(const struct conf *conf)
{
	struct program p = { .key = NULL };
	struct err e = { .code = 0 };
	int r;

	r = uv_loop_init(&p.loop);
	if (r < 0) {
		log_err("no event loop: %s", uv_strerror(r));
		return r;
	}
	r = open_all(&p, conf, &e);
	if (r == 0) {
		p.running = 2;
		sequencer_on_signed(p.sequencer, on_signed, &p);
		couriers_on_finding(p.couriers, on_finding, &p);
		watch(&p);
		log_info("custody log %s in %s: %zu witnesses, %zu authorities", conf->log_origin,
			 conf->log, conf->n_witnesses, conf->n_authorities);
		sd_notify(0, "READY=1");
	} else {
		log_err("%s", e.msg);
		uv_walk(&p.loop, close_handle, NULL);	/* of what could be opened */
	}
	uv_run(&p.loop, UV_RUN_DEFAULT);
	sequencer_free(p.sequencer);
	couriers_free(p.couriers);
	note_secret_free(p.key);
	if (uv_loop_close(&p.loop) < 0)
		log_warn("something was left open in the loop");
	return r;
}
