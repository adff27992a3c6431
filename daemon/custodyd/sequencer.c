#include "sequencer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "base/util.h"
#include "next.h"
#include "round.h"

enum { FINDINGS_MAX = 4 * CONF_PEERS_MAX, FACT_SIZE = 128, DETAIL_SIZE = 2048 };

struct waiting_finding {
	const char *code;
	char fact[FACT_SIZE], detail[DETAIL_SIZE];
};

struct sequencer {
	uv_loop_t *loop;
	const struct conf *conf;
	struct round *round;
	struct seq_state state;
	uv_timer_t timer;
	uv_poll_t *poll;	/* on its own: it closes later than the socket it watched */
	unsigned failures;	/* in a row */
	char said[700];		/* what is wrong, as it was logged; "": nothing is */
	struct waiting_finding findings[FINDINGS_MAX];
	size_t n_findings;
	sequencer_signed_cb on_signed;
	void *signed_data;
	void (*on_stopped)(void *data);
	void *stopped_data;
	bool ended;

	uv_work_t work;		/* the step under way */
	enum seq_step step;
	bool busy, flag;	/* flag: what the step answers, its lock or that there is more */
	int64_t began_ms;
	struct waiting_finding finding;	/* told by the step */
	enum seq_verdict verdict;
	int r;
	struct err e;
};

static void go(struct sequencer *s);

static int64_t now_ms(const struct sequencer *s)
{
	return (int64_t)uv_now(s->loop);
}

/* ------ what people see ------ */

/* What keeps it from signing, once, however often it is found again; "": nothing does. */
static void say(struct sequencer *s, enum log_level level, const char *text)
{
	if (strcmp(s->said, text) == 0)
		return;
	if (text[0] == '\0')
		log_info("custody log %s: goes on", s->conf->log_origin);
	else
		log_line(level, "%s", text);
	snprintf(s->said, sizeof(s->said), "%s", text);
	sd_notifyf(0, "STATUS=%s", text[0] != '\0' ? text : "signing");
}

/* The files' own sentence first, where there is one. */
static void say_refusal(struct sequencer *s)
{
	char text[sizeof(s->said)];

	snprintf(text, sizeof(text), "custody log %s: nothing is signed: %s%s%s", s->conf->log_origin,
		 s->r < 0 ? s->e.msg : "", s->r < 0 ? ": " : "", seq_verdict_text(s->verdict));
	say(s, LOG_LEVEL_ERR, text);
}

static void tell_signed(struct sequencer *s)
{
	if (s->on_signed != NULL)
		s->on_signed(s->signed_data, s->state.published);
}

/* ------ listening while nothing is done ------ */

static void on_poll_closed(uv_handle_t *h)
{
	free(h);
}

static void unwatch(struct sequencer *s)
{
	if (s->poll == NULL)
		return;
	uv_close((uv_handle_t *)s->poll, on_poll_closed);
	s->poll = NULL;
}

/* The connection, and the lock with it, is gone: another may be the sequencer by now. */
static void lose_all(struct sequencer *s)
{
	unwatch(s);
	round_close_all(s->round);
	s->state.connected = s->state.locked = s->state.open = false;
}

static void fail(struct sequencer *s, int code)
{
	if (seq_loss(code) == SEQ_LOST_CATALOG)
		lose_all(s);
	else
		round_close_log(s->round);
	s->state.open = false;
	s->state.more = false;
	s->state.retry_ms = now_ms(s) + seq_backoff_ms(++s->failures);
	s->state.published = 0;
	tell_signed(s);
}

static void hear(struct sequencer *s)
{
	struct err e = { .code = 0 };
	bool heard = false;

	if (!s->state.connected)
		return;
	if (round_heard(s->round, &heard, &e) < 0) {
		say(s, LOG_LEVEL_ERR, e.msg);
		fail(s, e.code);
	} else if (heard && s->state.heard_ms == SEQ_NEVER) {
		s->state.heard_ms = now_ms(s);
	}
}

static void on_timer(uv_timer_t *t)
{
	go(t->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct sequencer *s = poll->data;

	(void)status;		/* what is wrong, reading tells */
	(void)events;
	hear(s);
	go(s);
}

/* Once something was heard, that more was is of no account: its time is set. */
static void watch(struct sequencer *s)
{
	if (!s->state.connected || s->state.heard_ms != SEQ_NEVER)
		return;
	if (s->poll == NULL) {
		s->poll = malloc(sizeof(*s->poll));
		if (s->poll == NULL)
			return;			/* the timer looks, too */
		if (uv_poll_init(s->loop, s->poll, round_socket(s->round)) < 0) {
			free(TAKE(s->poll));
			return;
		}
		s->poll->data = s;
	}
	uv_poll_start(s->poll, UV_READABLE, on_poll);
}

/* ------ one step ------ */

static void run_step(uv_work_t *w)
{
	struct sequencer *s = w->data;

	switch (s->step) {
	case SEQ_CONNECT:
		s->r = round_connect(s->round, &s->e);
		return;
	case SEQ_LOCK:
		s->r = round_lock(s->round, &s->flag, &s->e);
		return;
	case SEQ_OPEN:
		s->r = round_open(s->round, &s->verdict, &s->e);
		return;
	case SEQ_GATHER:
		s->r = round_gather(s->round, &s->flag, &s->verdict, &s->e);
		return;
	case SEQ_PUBLISH:
		s->r = round_publish(s->round, &s->verdict, &s->e);
		return;
	case SEQ_NOTE:
		s->r = round_note(s->round, &s->e);
		if (s->r == 0 && s->finding.code != NULL)
			s->r = round_find(s->round, s->finding.code, s->finding.fact,
					  s->finding.detail, &s->e);
		return;
	case SEQ_WAIT:
	case SEQ_END:
	case SEQ_STEPS:
		break;
	}
	BUG("sequencer: no job is %d", (int)s->step);
}

/* The finding that the step took is in the catalog, or goes back to be told again. */
static void settle_finding(struct sequencer *s)
{
	if (s->finding.code == NULL)
		return;
	if (s->r < 0)
		s->findings[s->n_findings++] = s->finding;
	s->finding.code = NULL;
}

static void after_gather(struct sequencer *s)
{
	uint64_t before = s->state.appended;

	s->state.more = s->flag;
	s->state.looked_ms = now_ms(s);
	s->state.appended = round_appended(s->round);
	if (before <= s->state.published && s->state.appended > s->state.published)
		s->state.unsigned_ms = s->began_ms;
}

static void take_sizes(struct sequencer *s)
{
	s->state.appended = round_appended(s->round);
	s->state.published = round_published(s->round);
	s->state.told = round_told(s->round);
}

static void after_open(struct sequencer *s)
{
	take_sizes(s);
	s->state.open = true;
	s->state.more = true;		/* whoever was told of it, was not this */
	s->state.note_ms = now_ms(s);
	if (s->state.told > s->state.appended)
		log_warn("custody log %s: %llu of %llu entries are missing in %s: they are written"
			 " again", s->conf->log_origin,
			 (unsigned long long)(s->state.told - s->state.appended),
			 (unsigned long long)s->state.told, s->conf->log);
	tell_signed(s);
}

/* Nothing of a note keeps the log from going on but the loss of the catalog. */
static void after_note(struct sequencer *s)
{
	s->state.note_ms = now_ms(s) + (s->r == 0 && s->n_findings > 0 ? 0 : SEQ_NOTE_MS);
	if (s->r < 0)
		log_err("%s", s->e.msg);
}

static void after_lock(struct sequencer *s)
{
	s->state.locked = s->flag;
	if (s->flag) {
		log_info("custody log %s: this is the sequencer", s->conf->log_origin);
		return;
	}
	s->state.retry_ms = now_ms(s) + SEQ_LOCK_MS;
	say(s, LOG_LEVEL_INFO,
	    "another custodyd is the sequencer of this log: waiting to take over from it");
}

static void after_step(struct sequencer *s)
{
	switch (s->step) {
	case SEQ_CONNECT:
		s->state.connected = true;
		return;
	case SEQ_LOCK:
		after_lock(s);
		return;
	case SEQ_OPEN:
		after_open(s);
		break;
	case SEQ_GATHER:
		after_gather(s);
		break;
	case SEQ_PUBLISH:
		take_sizes(s);
		tell_signed(s);
		break;
	case SEQ_NOTE:
		after_note(s);
		return;
	case SEQ_WAIT:
	case SEQ_END:
	case SEQ_STEPS:
		BUG("sequencer: no step ends as %d", (int)s->step);
	}
	s->failures = 0;
	say(s, LOG_LEVEL_INFO, "");
}

static void on_step_done(uv_work_t *w, int status)
{
	struct sequencer *s = w->data;

	(void)status;			/* it is never cancelled */
	s->busy = false;
	uv_update_time(s->loop);
	log_debug("sequencer: %s: %s, %lld ms", seq_step_name(s->step),
		  s->r < 0 ? s->e.msg : "done", (long long)(now_ms(s) - s->began_ms));
	settle_finding(s);
	if (seq_verdict_text(s->verdict) != NULL) {
		say_refusal(s);
		fail(s, s->r < 0 ? s->r : -EBADMSG);
	} else if (s->r < 0 && (s->step != SEQ_NOTE || s->r == -ENOTCONN)) {
		say(s, LOG_LEVEL_ERR, s->e.msg);
		fail(s, s->r);
	} else {
		after_step(s);
	}
	hear(s);
	go(s);
}

static void begin(struct sequencer *s, enum seq_step step)
{
	if (s->poll != NULL)
		uv_poll_stop(s->poll);		/* the socket is the step's now */
	uv_timer_stop(&s->timer);
	s->step = step;
	s->busy = true;
	s->flag = false;
	s->verdict = SEQ_GOOD;
	s->r = 0;
	s->e.code = 0;
	s->began_ms = now_ms(s);
	if (step == SEQ_GATHER)
		s->state.heard_ms = SEQ_NEVER;	/* what is told of from here on may be too late for it */
	if (step == SEQ_NOTE && s->n_findings > 0)
		s->finding = s->findings[--s->n_findings];
	s->work.data = s;
	uv_queue_work(s->loop, &s->work, run_step, on_step_done);
}

/* ------ the end ------ */

static void on_timer_closed(uv_handle_t *h)
{
	struct sequencer *s = h->data;

	s->on_stopped(s->stopped_data);
}

static void end(struct sequencer *s)
{
	if (s->ended)
		return;
	s->ended = true;
	lose_all(s);
	uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}

/* Every callback in this file stores what it got and ends here. */
static void go(struct sequencer *s)
{
	int64_t wait_ms = 0;
	enum seq_step step;

	if (s->busy || s->ended)
		return;
	s->state.now_ms = now_ms(s);
	step = seq_next(&s->state, &wait_ms);
	if (step == SEQ_END) {
		end(s);
	} else if (step == SEQ_WAIT) {
		watch(s);
		uv_timer_start(&s->timer, on_timer, (uint64_t)wait_ms, 0);
	} else {
		begin(s, step);
	}
}

void sequencer_stop(struct sequencer *s, void (*cb)(void *data), void *data)
{
	s->on_stopped = cb;
	s->stopped_data = data;
	s->state.stopping = true;
	go(s);
}

/* ------ for the couriers ------ */

void sequencer_on_signed(struct sequencer *s, sequencer_signed_cb cb, void *data)
{
	s->on_signed = cb;
	s->signed_data = data;
}

/* One may be on its way, and come back: its place is kept. */
void sequencer_find(struct sequencer *s, const char *code, const char *fact, const char *detail)
{
	struct waiting_finding *f = s->findings;
	size_t i;

	for (i = 0; i < s->n_findings; i++)
		if (strcmp(f[i].code, code) == 0 && strcmp(f[i].fact, fact) == 0)
			return;
	if (s->n_findings + 1 >= FINDINGS_MAX)
		return;
	f += s->n_findings++;
	f->code = code;
	snprintf(f->fact, sizeof(f->fact), "%s", fact);
	snprintf(f->detail, sizeof(f->detail), "%s", detail);
	s->state.note_ms = MIN(s->state.note_ms, now_ms(s));
	go(s);
}

int64_t sequencer_busy_ms(const struct sequencer *s)
{
	return s->busy ? now_ms(s) - s->began_ms : 0;
}

/* ------ life ------ */

int sequencer_new(uv_loop_t *loop, const struct conf *conf, const struct note_secret *key,
		  struct sequencer **ret, struct err *e)
{
	struct sequencer *s = calloc(1, sizeof(*s));

	if (s != NULL)
		s->round = round_new(conf, key);
	if (s == NULL || s->round == NULL) {
		free(s);
		return err_set(e, -ENOMEM, "no memory for the sequencer");
	}
	s->loop = loop;
	s->conf = conf;
	s->state.heard_ms = SEQ_NEVER;
	s->state.gather_ms = conf->log_checkpoint_ms;
	uv_timer_init(loop, &s->timer);
	s->timer.data = s;
	uv_timer_start(&s->timer, on_timer, 0, 0);	/* the first step, from the loop */
	*ret = s;
	return 0;
}

void sequencer_free(struct sequencer *s)
{
	if (s == NULL)
		return;
	round_free(s->round);
	free(s);
}
