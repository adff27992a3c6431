#include "leader.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "alert_next.h"
#include "base/log.h"
#include "base/util.h"
#include "catalog/sync.h"
#include "chores.h"
#include "wallclock.h"

struct leader {
	uv_loop_t *loop;
	const struct conf *conf;
	char conninfo[CONF_PATH_MAX + 32];
	struct catalog_sync *catalog;
	struct alert_state state;
	uv_timer_t timer;
	struct wallclock *clock;
	uv_poll_t *poll;	/* on its own: it closes later than the socket it watched */
	unsigned failures;	/* in a row */
	char said[400];		/* what is wrong, as it was logged; "": nothing is */
	void (*on_stopped)(void *data);
	void *stopped_data;
	bool ended;
	void (*on_lead)(void *data, bool leads);
	void *lead_data;

	uv_work_t work;		/* the step under way */
	enum alert_step step;
	bool busy, got, noted;	/* got: the lock.  noted: the catalog knows the configuration */
	int64_t began_ms, db_now_ms, local_now_ms;
	struct chore_result result;
	int r;
	struct err e;
};

static void go(struct leader *l);

static int64_t now_ms(const struct leader *l)
{
	return (int64_t)uv_now(l->loop);
}

/* What keeps it from working, once, however often it is so again; "": nothing does. */
static void say(struct leader *l, enum log_level level, const char *text)
{
	if (strcmp(l->said, text) == 0)
		return;
	if (text[0] == '\0')
		log_info("goes on");
	else
		log_line(level, "%s", text);
	snprintf(l->said, sizeof(l->said), "%s", text);
	sd_notifyf(0, "STATUS=%s", text[0] != '\0' ? text : "watching deadlines");
}

/* ------ listening while nothing is done ------ */

static void on_poll_closed(uv_handle_t *h)
{
	free(h);
}

static void unwatch(struct leader *l)
{
	if (l->poll == NULL)
		return;
	uv_close((uv_handle_t *)l->poll, on_poll_closed);
	l->poll = NULL;
}

static void tell(struct leader *l, bool leads)
{
	if (l->on_lead != NULL)
		l->on_lead(l->lead_data, leads);
}

/* The connection, and the lock with it, is gone: another may lead by now. */
static void lose(struct leader *l)
{
	unwatch(l);
	catalog_sync_close(TAKE(l->catalog));
	l->state.connected = l->state.locked = false;
	tell(l, false);
}

static void fail(struct leader *l, int code)
{
	if (code == -ENOTCONN || !l->state.locked)
		lose(l);
	l->state.retry_ms = now_ms(l) + alert_backoff_ms(++l->failures);
	l->state.wanted = true;
}

static void hear(struct leader *l)
{
	struct err e = { .code = 0 };
	bool heard = false;

	if (!l->state.connected)
		return;
	if (catalog_sync_heard(l->catalog, &heard, &e) < 0) {
		say(l, LOG_LEVEL_ERR, e.msg);
		fail(l, -ENOTCONN);
	} else if (heard) {
		l->state.wanted = true;
	}
}

static void on_timer(uv_timer_t *t)
{
	go(t->data);
}

/* It is time, or the clock was set: how long it is until the next is not what it was. */
static void on_wallclock(void *data)
{
	struct leader *l = data;

	l->state.wanted = true;
	go(l);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct leader *l = poll->data;

	(void)status;		/* what is wrong, reading tells */
	(void)events;
	hear(l);
	go(l);
}

static void watch(struct leader *l)
{
	if (!l->state.connected)
		return;
	if (l->poll == NULL) {
		l->poll = malloc(sizeof(*l->poll));
		if (l->poll == NULL)
			return;			/* the timers look, too */
		if (uv_poll_init(l->loop, l->poll, catalog_sync_socket(l->catalog)) < 0) {
			free(TAKE(l->poll));
			return;
		}
		l->poll->data = l;
	}
	uv_poll_start(l->poll, UV_READABLE, on_poll);
}

/* ------ one step ------ */

static int connect_and_listen(struct leader *l)
{
	int r = catalog_sync_open(l->conninfo, &l->catalog, &l->e);

	if (r == 0)
		r = catalog_sync_run(l->catalog, STATEMENT_LISTEN_DEADLINE, NULL, 0, NULL, &l->e);
	return r;
}

static int ask_for_lock(struct leader *l)
{
	const char *const params[] = { l->conf->station, "alertd", l->conf->sha256, "alertd" };
	int64_t got = 0;
	int r = chore_numbers(l->catalog, STATEMENT_ALERT_LOCK, NULL, 0, &got, 1, &l->e);

	l->got = r == 0 && got == 1;
	if (l->got && !l->noted)
		r = catalog_sync_run(l->catalog, STATEMENT_NOTE_CONFIG, params, COUNT(params), NULL, &l->e);
	l->noted |= l->got && r == 0;
	return r;
}

static void run_step(uv_work_t *w)
{
	struct leader *l = w->data;

	switch (l->step) {
	case ALERT_CONNECT:
		l->r = connect_and_listen(l);
		return;
	case ALERT_LOCK:
		l->r = ask_for_lock(l);
		return;
	case ALERT_WORK:
		l->r = chores_run(l->catalog, l->conf, &l->result, &l->db_now_ms, &l->e);
		l->local_now_ms = wallclock_now_ms();
		return;
	case ALERT_WAIT:
	case ALERT_END:
	case ALERT_STEPS:
		break;
	}
	BUG("alertd: no job is %d", (int)l->step);
}

static void after_lock(struct leader *l)
{
	l->state.locked = l->got;
	if (l->got) {
		log_info("station %s: this alertd leads", l->conf->station);
		l->state.wanted = true;
		l->state.idle = false;
		tell(l, true);
		return;
	}
	l->state.retry_ms = now_ms(l) + ALERT_LOCK_MS;
	say(l, LOG_LEVEL_INFO, "another alertd leads: waiting to take over from it");
}

static void after_work(struct leader *l)
{
	l->state.worked_ms = now_ms(l);
	l->state.idle = l->result.done == 0;
	l->state.wanted = l->result.more;
	l->state.ahead_ms = l->result.due_ms == ALERT_NEVER ? ALERT_NEVER
							     : l->result.due_ms - l->db_now_ms;
	l->failures = 0;
	say(l, LOG_LEVEL_INFO, "");
	if (!l->state.idle)
		tell(l, true);
}

static void on_step_done(uv_work_t *w, int status)
{
	struct leader *l = w->data;

	(void)status;			/* it is never cancelled */
	l->busy = false;
	uv_update_time(l->loop);
	log_debug("%s: %s, %lld ms", alert_step_name(l->step), l->r < 0 ? l->e.msg : "done",
		  (long long)(now_ms(l) - l->began_ms));
	if (l->r < 0) {
		say(l, LOG_LEVEL_ERR, l->e.msg);
		fail(l, l->r);
	} else if (l->step == ALERT_CONNECT) {
		l->state.connected = true;
	} else if (l->step == ALERT_LOCK) {
		after_lock(l);
	} else {
		after_work(l);
	}
	hear(l);
	go(l);
}

static void begin(struct leader *l, enum alert_step step)
{
	if (l->poll != NULL)
		uv_poll_stop(l->poll);		/* the socket is the step's now */
	uv_timer_stop(&l->timer);
	wallclock_stop(l->clock);
	l->step = step;
	l->busy = true;
	l->r = 0;
	l->e.code = 0;
	l->began_ms = now_ms(l);
	l->work.data = l;
	uv_queue_work(l->loop, &l->work, run_step, on_step_done);
}

/*
 * By two clocks: the loop's, which nobody sets, and the wall's, which goes on while the machine sleeps.
 * Whichever comes first makes it look; what is due, the database says.
 */
static void wait_for(struct leader *l, int64_t wait_ms)
{
	watch(l);
	uv_timer_start(&l->timer, on_timer, (uint64_t)wait_ms, 0);
	if (l->state.locked && l->state.ahead_ms != ALERT_NEVER && !l->state.wanted &&
	    l->state.ahead_ms > 0 && wallclock_wake_at(l->clock, l->local_now_ms + l->state.ahead_ms) < 0)
		log_debug("no timer of the wall clock");
}

/* ------ the end ------ */

static void on_timer_closed(uv_handle_t *h)
{
	struct leader *l = h->data;

	l->on_stopped(l->stopped_data);
}

static void end(struct leader *l)
{
	if (l->ended)
		return;
	l->ended = true;
	lose(l);
	wallclock_close(TAKE(l->clock));
	uv_close((uv_handle_t *)&l->timer, on_timer_closed);
}

/* Every callback in this file stores what it got and ends here. */
static void go(struct leader *l)
{
	int64_t wait_ms = 0;
	enum alert_step step;

	if (l->busy || l->ended)
		return;
	l->state.now_ms = now_ms(l);
	step = alert_next(&l->state, &wait_ms);
	if (step == ALERT_END)
		end(l);
	else if (step == ALERT_WAIT)
		wait_for(l, wait_ms);
	else
		begin(l, step);
}

void leader_watch(struct leader *l, void (*leads)(void *data, bool leads), void *data)
{
	l->on_lead = leads;
	l->lead_data = data;
}

void leader_stop(struct leader *l, void (*cb)(void *data), void *data)
{
	l->on_stopped = cb;
	l->stopped_data = data;
	l->state.stopping = true;
	go(l);
}

int64_t leader_busy_ms(const struct leader *l)
{
	return l->busy ? now_ms(l) - l->began_ms : 0;
}

/* ------ life ------ */

int leader_new(uv_loop_t *loop, const struct conf *conf, struct leader **ret, struct err *e)
{
	struct leader *l = calloc(1, sizeof(*l));
	int r;

	if (l == NULL)
		return err_set(e, -ENOMEM, "no memory to lead");
	r = wallclock_new(loop, on_wallclock, l, &l->clock);
	if (r < 0) {
		free(l);
		return err_set(e, r, "no timer of the wall clock: %s", strerror(-r));
	}
	l->loop = loop;
	l->conf = conf;
	snprintf(l->conninfo, sizeof(l->conninfo), "user=dv_alert %s", conf->database);
	uv_timer_init(loop, &l->timer);
	l->timer.data = l;
	uv_timer_start(&l->timer, on_timer, 0, 0);	/* the first step, from the loop */
	*ret = l;
	return 0;
}

void leader_free(struct leader *l)
{
	free(l);
}
