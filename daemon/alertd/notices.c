#include "notices.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "catalog/sync.h"
#include "notify/send.h"

enum slot_state { SLOT_FREE, SLOT_SENDING, SLOT_DONE };

/* One notice on its way. */
struct slot {
	struct notices *all;
	enum slot_state state;		/* changed on the loop alone */
	json_t *row;			/* notice channel attempt body */
	struct notify what;
	struct notify_result result;
	uv_work_t work;
};

/* One visit to the catalog: what it is to do, set before; what came of it, read after. */
struct visit {
	uv_work_t work;
	bool only_answers;
	struct slot *answers[NOTICES_AT_ONCE];
	size_t n_answers;
	char *busy;			/* JSON: names of channels */
	size_t room;
	size_t n_answered;
	json_t *next;			/* rows to send */
	int64_t wait_ms;
	int r;
	struct err e;
};

struct notices {
	uv_loop_t *loop;
	const struct conf *conf;
	char conninfo[CONF_PATH_MAX + 32];
	char *channels;
	struct catalog_sync *catalog;	/* of the visit under way; none: to be opened */
	struct slot slots[NOTICES_AT_ONCE];
	struct visit visit;
	bool visiting, again, leads;
	uint64_t began_ms;		/* the visit */
	_Atomic bool stopping;
	char said[240];			/* what was in the way last */
	uint64_t pause_ms;
	uv_timer_t timer;
	void (*on_stopped)(void *data);
	void *stopped_data;
};

static void go(struct notices *n);

/* ------ in a thread: the catalog ------ */

static int answer(struct notices *n, const struct slot *s)
{
	struct visit *v = &n->visit;
	char wait[16];

	snprintf(wait, sizeof(wait), "%" PRIu32, s->result.wait_s);
	const char *const params[] = { s->what.id, notify_outcome_text(s->result.outcome), s->result.answer,
				       s->result.wait_s > 0 ? wait : NULL };

	return catalog_sync_run(n->catalog, STATEMENT_NOTICE_ANSWERED, params, COUNT(params), NULL, &v->e);
}

/* The rows of a statement; NULL and v->r: none came. */
static json_t *rows(struct notices *n, enum catalog_statement s, const char *const *params, size_t n_params)
{
	AUTO(catalog_rows_freep) struct catalog_rows *rows = NULL;
	struct visit *v = &n->visit;
	json_t *list;

	v->r = catalog_sync_run(n->catalog, s, params, n_params, &rows, &v->e);
	if (v->r < 0)
		return NULL;
	list = catalog_rows_list(rows);
	if (list == NULL)
		v->r = err_set(&v->e, -ENOMEM, "no memory for notices");
	return list;
}

static void make(struct notices *n)
{
	const char *const params[] = { n->channels };
	json_t *list = rows(n, STATEMENT_NOTICES_MAKE, params, COUNT(params));
	const json_t *wait = json_object_get(json_array_get(list, 0), "wait_ms");

	n->visit.wait_ms = json_is_integer(wait) ? json_integer_value(wait) : NOTICES_TURN_MS;
	json_decref(list);
}

static void visit(uv_work_t *w)
{
	struct notices *n = w->data;
	struct visit *v = &n->visit;
	char room[24];

	if (n->catalog == NULL)
		v->r = catalog_sync_open(n->conninfo, &n->catalog, &v->e);
	while (v->r == 0 && v->n_answered < v->n_answers) {
		v->r = answer(n, v->answers[v->n_answered]);
		v->n_answered += v->r == 0;
	}
	if (v->r == 0 && !v->only_answers)
		make(n);
	if (v->r == 0 && !v->only_answers && v->room > 0) {
		snprintf(room, sizeof(room), "%zu", v->room);
		const char *const params[] = { room, v->busy };

		v->next = rows(n, STATEMENT_NOTICE_NEXT, params, COUNT(params));
	}
	if (v->r < 0) {
		catalog_sync_close(n->catalog);
		n->catalog = NULL;
	}
}

/* ------ in a thread: sending ------ */

static void send_it(uv_work_t *w)
{
	struct slot *s = w->data;

	if (s->what.channel != NULL)
		notify_send(&s->what, &s->result);
}

static const char *channel_of(const struct slot *s)
{
	return json_string_value(json_object_get(s->row, "channel"));
}

static void on_sent(uv_work_t *w, int status)
{
	struct slot *s = w->data;
	const char *outcome = notify_outcome_text(s->result.outcome);

	(void)status;			/* it is never cancelled */
	s->state = SLOT_DONE;
	if (s->result.outcome == NOTIFY_SENT)
		log_info("notice %s to %s: %s: %s", s->what.id, channel_of(s), outcome, s->result.answer);
	else if (!s->all->stopping)
		log_line(s->result.outcome == NOTIFY_DEAD ? LOG_LEVEL_ERR : LOG_LEVEL_WARN,
			 "notice %s to %s: %s: %s", s->what.id, channel_of(s), outcome, s->result.answer);
	s->all->again = true;
	go(s->all);
}

static void begin(struct notices *n, struct slot *s, json_t *row)
{
	s->row = json_incref(row);
	s->state = SLOT_SENDING;
	s->work.data = s;
	s->what = (struct notify){
		.channel = notify_find(n->conf, channel_of(s)), .station = n->conf->station,
		.id = json_string_value(json_object_get(row, "notice")),
		.facts = json_object_get(row, "body"), .stop = &n->stopping,
	};
	s->result = (struct notify_result){ .outcome = NOTIFY_DEAD };
	if (s->what.channel == NULL)
		snprintf(s->result.answer, sizeof(s->result.answer), "there is no such channel in "
			 "dockvault.conf any more: put it back, or leave it");
	uv_queue_work(n->loop, &s->work, send_it, on_sent);
}

static void release(struct slot *s)
{
	json_decref(s->row);
	s->row = NULL;
	s->state = SLOT_FREE;
}

/* ------ on the loop: visits ------ */

static void on_timer(uv_timer_t *t)
{
	struct notices *n = t->data;

	n->again = true;
	go(n);
}

/* The same trouble is said once. */
static void visit_failed(struct notices *n)
{
	struct visit *v = &n->visit;

	if (strcmp(n->said, v->e.msg) != 0)
		log_warn("notices: %s", v->e.msg);
	snprintf(n->said, sizeof(n->said), "%s", v->e.msg);
	n->pause_ms = MIN(MAX(2 * n->pause_ms, (uint64_t)NOTICES_TURN_MS), (uint64_t)NOTICES_RETRY_MAX_MS);
	n->again = false;		/* not before the pause is over */
	uv_timer_start(&n->timer, on_timer, n->pause_ms, 0);
}

static void begin_all(struct notices *n)
{
	json_t *row;
	size_t i, k = 0;

	json_array_foreach(n->visit.next, i, row) {
		while (k < COUNT(n->slots) && n->slots[k].state != SLOT_FREE)
			k++;
		if (k < COUNT(n->slots) && json_is_string(json_object_get(row, "channel")) &&
		    json_is_string(json_object_get(row, "notice")))
			begin(n, &n->slots[k], row);
	}
}

/* When to ask again.  What is on its way is due for as long as that takes. */
static uint64_t turn_ms(const struct notices *n)
{
	int64_t least = NOTICES_SOON_MS;
	size_t i;

	for (i = 0; i < COUNT(n->slots); i++)
		if (n->slots[i].state == SLOT_SENDING)
			least = NOTICES_SENDING_MS;
	return (uint64_t)MAX(MIN(n->visit.wait_ms, (int64_t)NOTICES_TURN_MS), least);
}

static void on_visited(uv_work_t *w, int status)
{
	struct notices *n = w->data;
	struct visit *v = &n->visit;
	size_t i;

	(void)status;
	n->visiting = false;
	for (i = 0; i < v->n_answered; i++)
		release(v->answers[i]);
	if (v->r < 0) {
		visit_failed(n);
	} else {
		if (n->said[0] != '\0')
			log_info("notices: the catalog is back");
		n->said[0] = '\0';
		n->pause_ms = 0;
		if (!n->stopping && n->leads)
			begin_all(n);
		uv_timer_start(&n->timer, on_timer, turn_ms(n), 0);
	}
	json_decref(v->next);
	free(v->busy);
	v->next = NULL;
	v->busy = NULL;
	go(n);
}

/* What was not sent because the program ends is no attempt. */
static void collect(struct notices *n, struct visit *v)
{
	json_t *busy = json_array();
	struct slot *s;
	size_t i;

	for (i = 0; i < COUNT(n->slots); i++) {
		s = &n->slots[i];
		if (s->state == SLOT_DONE && n->stopping && s->result.outcome != NOTIFY_SENT)
			release(s);
		if (s->state == SLOT_DONE)
			v->answers[v->n_answers++] = s;
		if (s->state == SLOT_SENDING)
			json_array_append_new(busy, json_string(channel_of(s)));
	}
	v->room = COUNT(n->slots) - json_array_size(busy);
	v->busy = json_dumps(busy, JSON_COMPACT);
	json_decref(busy);
}

static void begin_visit(struct notices *n)
{
	struct visit *v = &n->visit;

	n->again = false;
	*v = (struct visit){ .only_answers = n->stopping || !n->leads, .wait_ms = NOTICES_TURN_MS };
	collect(n, v);
	if (v->only_answers && v->n_answers == 0) {
		free(v->busy);
		v->busy = NULL;
		return;
	}
	n->visiting = true;
	n->began_ms = uv_now(n->loop);
	v->work.data = n;
	uv_queue_work(n->loop, &v->work, visit, on_visited);
}

static void on_timer_closed(uv_handle_t *h)
{
	struct notices *n = h->data;

	n->on_stopped(n->stopped_data);
}

/* Nothing is under way any more; what the catalog could not be told, the next alertd sends again. */
static void end(struct notices *n)
{
	size_t i;

	if (uv_is_closing((uv_handle_t *)&n->timer))
		return;
	for (i = 0; i < COUNT(n->slots); i++)
		if (n->slots[i].state == SLOT_SENDING)
			return;
	for (i = 0; i < COUNT(n->slots); i++)
		release(&n->slots[i]);
	uv_close((uv_handle_t *)&n->timer, on_timer_closed);
}

/* Every callback in this file stores what it got and ends here. */
static void go(struct notices *n)
{
	if (n->visiting)
		return;
	if (n->again)
		begin_visit(n);
	if (n->stopping && !n->visiting)
		end(n);
}

/* ------ life ------ */

int64_t notices_busy_ms(const struct notices *n)
{
	return n->visiting ? (int64_t)(uv_now(n->loop) - n->began_ms) : 0;
}

void notices_round(struct notices *n)
{
	n->again = n->leads;
	go(n);
}

void notices_lead(struct notices *n, bool leads)
{
	n->leads = leads;
	notices_round(n);
}

void notices_stop(struct notices *n, void (*cb)(void *data), void *data)
{
	n->on_stopped = cb;
	n->stopped_data = data;
	n->stopping = true;
	n->again = true;
	uv_timer_stop(&n->timer);
	go(n);
}

int notices_new(uv_loop_t *loop, const struct conf *conf, struct notices **ret, struct err *e)
{
	struct notices *n = calloc(1, sizeof(*n));
	json_t *channels = notify_channels(conf);
	size_t i;

	if (n != NULL && channels != NULL)
		n->channels = json_dumps(channels, JSON_COMPACT);
	json_decref(channels);
	if (n == NULL || n->channels == NULL) {
		free(n);
		return err_set(e, -ENOMEM, "no memory for notices");
	}
	n->loop = loop;
	n->conf = conf;
	snprintf(n->conninfo, sizeof(n->conninfo), "user=dv_alert %s", conf->database);
	for (i = 0; i < COUNT(n->slots); i++)
		n->slots[i].all = n;
	uv_timer_init(loop, &n->timer);
	n->timer.data = n;
	*ret = n;
	return 0;
}

void notices_free(struct notices *n)
{
	if (n == NULL)
		return;
	catalog_sync_close(n->catalog);
	free(n->channels);
	free(n);
}
