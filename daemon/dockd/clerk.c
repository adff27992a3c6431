/* Whose turn it is with the catalog.  What is in the journals: clerk_journal.c. */
#include "clerk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "clerk_impl.h"
#include "rules/chain.h"
#include "timer.h"

enum { RETRY_MS = 1000 };

static void turn(struct clerk *c);
static void settle(struct clerk *c);
static void later(struct clerk *c, uint64_t ms);
static void free_soon(struct clerk *c);

/* ------ the list ------ */

static struct clerk_session *add(struct clerk *c, const char *id)
{
	struct clerk_session *s = calloc(1, sizeof(*s)), **at;

	if (s == NULL)
		return NULL;
	s->clerk = c;
	s->age = c->ages++;
	snprintf(s->id, sizeof(s->id), "%s", id);
	for (at = &c->sessions; *at != NULL; at = &(*at)->next)
		;
	*at = s;
	return s;
}

static void take_out(struct clerk_session *s)
{
	struct clerk_session **at = &s->clerk->sessions;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->next = NULL;
}

static void move_last(struct clerk_session *s)
{
	struct clerk_session **at;

	take_out(s);
	for (at = &s->clerk->sessions; *at != NULL; at = &(*at)->next)
		;
	*at = s;
}

static void say_finished(struct clerk_session *s, enum clerk_recorded how)
{
	void (*cb)(void *data, enum clerk_recorded how) = TAKE(s->finished);

	if (cb != NULL)
		cb(s->data, how);
}

/* All of it is recorded and, a session's, judged: the journal goes. */
static void complete(struct clerk_session *s)
{
	struct clerk *c = s->clerk;

	log_debug("%s %s", s->id, s->is_note ? "noted" : "recorded and judged");
	clerk_journal_close(s, 1);
	take_out(s);
	say_finished(s, CLERK_RECORDED);
	free(s);
	c->changed(c->data);
}

/* Nothing of it is lost: the journal stays. */
static void get_stuck(struct clerk_session *s, const char *why)
{
	struct clerk *c = s->clerk;

	log_err("session %s cannot be recorded: %s; what it brought is safe in the vault and its"
		" records in %s/%s.journal; report this, and restart dockd to try again",
		s->id, why, c->dir, s->id);
	s->stuck = true;
	c->changed(c->data);
}

/* ------ appending ------ */

struct append {
	struct clerk_session *session;
	char *text;
	void (*cb)(void *data, int r);
	void *data;
};

static void on_appended(void *data, int r)
{
	struct append *a = data;
	struct clerk_session *s = a->session;
	struct clerk *c = s->clerk;
	void (*cb)(void *data, int r) = a->cb;
	void *cb_data = a->data;

	s->appending--;
	s->fresh |= r == 0;
	free(a->text);
	free(a);
	cb(cb_data, r);			/* may finish or leave s */
	if (c->freeing)
		free_soon(c);
	else
		turn(c);
}

static char *dump(const struct clerk_session *s, json_t *record)
{
	json_t *j = json_copy(record);
	char *text = NULL;

	/* A note says itself of which session it speaks. */
	if (j != NULL && json_object_set_new(j, "v", json_integer(1)) == 0 &&
	    (json_object_get(j, "session") != NULL ||
	     json_object_set_new(j, "session", json_string(s->id)) == 0) &&
	    json_object_set_new(j, "station", json_string(s->clerk->station)) == 0)
		text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	return text;
}

int clerk_append(struct clerk_session *s, json_t *record, void (*cb)(void *data, int r),
		 void *data)
{
	struct append *a = malloc(sizeof(*a));
	int r;

	if (a == NULL)
		return -ENOMEM;
	*a = (struct append){ .session = s, .text = dump(s, record), .cb = cb, .data = data };
	r = a->text == NULL ? -ENOMEM
			    : journal_append(s->journal, a->text, strlen(a->text), on_appended, a);
	if (r < 0) {
		free(a->text);
		free(a);
		return r;
	}
	s->appending++;
	return 0;
}

/* ------ the catalog's answers ------ */

/* Is it worth while to ask the same again? */
static bool asks_again(int r)
{
	return r == -ENOTCONN || r == -EAGAIN || r == -ENOMEM || r == -ECANCELED;
}

/* What every answer does first: whose it was, and what to do when it failed. */
static struct clerk_session *answered(struct clerk *c, int r, const struct err *e)
{
	struct clerk_session *s = TAKE(c->current);

	if (s->left) {
		take_out(s);
		free(s);
		return NULL;
	}
	if (r == 0)
		return s;
	if (asks_again(r))
		log_debug("session %s: the catalog did not take it now: %s", s->id, uv_strerror(r));
	else
		get_stuck(s, e != NULL ? e->msg : uv_strerror(r));
	return NULL;
}

static void on_timer(uv_timer_t *t)
{
	settle(t->data);
	turn(t->data);
}

/* Wake up then, unless that happens sooner anyway: everything is looked at then. */
static void later(struct clerk *c, uint64_t ms)
{
	if (c->freeing || (uv_is_active((uv_handle_t *)c->timer) &&
			   uv_timer_get_due_in(c->timer) <= ms))
		return;
	uv_timer_start(c->timer, on_timer, ms, 0);
}

static void on_ingested(void *data, int r, const struct err *e)
{
	struct clerk *c = data;
	struct clerk_session *s = answered(c, r, e);

	if (s != NULL)
		s->at = c->batch_end;
	if (r < 0)
		later(c, RETRY_MS);
	else
		turn(c);
}

static void on_judged(void *data, int r, const struct err *e)
{
	struct clerk *c = data;
	struct clerk_session *s = answered(c, r, e);

	if (s != NULL)
		complete(s);
	if (r < 0)
		later(c, RETRY_MS);
	else
		turn(c);
}

static int send_judgement(struct clerk_session *s, const struct findings *found)
{
	json_t *j = findings_json(found);
	char *text = json_dumps(j, JSON_COMPACT);
	int r = -ENOMEM;

	json_decref(j);
	if (text != NULL)
		r = catalog_judge(s->clerk->catalog, s->id, text, strlen(text), on_judged,
				  s->clerk);
	free(text);
	return r;
}

static void on_chain(void *data, int r, struct chain_item *items, size_t n,
		     const struct chain_unsigned *plain, size_t n_plain, const struct err *e)
{
	struct clerk *c = data;
	struct clerk_session *s = answered(c, r, e);
	struct findings found = { 0 };

	if (s != NULL) {
		r = chain_judge(s->recorder, s->released, items, n, plain, n_plain,
				&chain_limits_default, &found);
		if (r == 0)
			r = send_judgement(s, &found);
		if (r == 0)
			c->current = s;
		findings_clear(&found);
	}
	if (r < 0)
		later(c, RETRY_MS);
}

/* ------ whose turn it is ------ */

static bool wants(const struct clerk_session *s)
{
	const uint64_t now = uv_now(s->clerk->loop);

	if (s->stuck || s->appending > 0)
		return false;
	if (s->retry_at_ms > now) {
		later(s->clerk, s->retry_at_ms - now);
		return false;
	}
	return !s->live || s->fresh;
}

/*
 * Judged too early, what an older session of the same recorder brought would
 * look missing.  One that was left behind and not opened yet may be of any
 * recorder.
 */
static bool has_older(const struct clerk_session *s)
{
	const struct clerk_session *t;

	for (t = s->clerk->sessions; t != NULL; t = t->next)
		if (t->age < s->age && !t->stuck && !t->is_note &&
		    (t->recorder[0] == '\0' || strcmp(t->recorder, s->recorder) == 0))
			return true;
	return false;
}

/* What it speaks of should be there first; the catalog could do without. */
static bool has_session_before(const struct clerk_session *note)
{
	const struct clerk_session *t;

	for (t = note->clerk->sessions; t != NULL; t = t->next)
		if (t->age < note->age && !t->live && !t->stuck && !t->is_note)
			return true;
	return false;
}

/* All of s is with the catalog. */
static int judge(struct clerk_session *s)
{
	struct findings none = { 0 };

	if (s->recorder[0] == '\0')	/* nobody knows it: there is no chain */
		return send_judgement(s, &none);
	return catalog_chain(s->clerk->catalog, s->id, on_chain, s->clerk);
}

/* 1: a call to the catalog is under way; 0: nothing to do for s; negative: why not. */
static int act(struct clerk_session *s, struct err *e)
{
	AUTO(buf_clear) struct buf b = BUF_INIT(CLERK_BATCH_BYTES + 2);
	struct clerk *c = s->clerk;
	int r;

	if (s->journal == NULL) {
		r = clerk_journal_reopen(s, e);
		if (r == 1)
			complete(s);	/* made, and then nothing was written */
		if (r != 0 || s->appending > 0)
			return MIN(r, 0);
	}
	if (s->is_note && has_session_before(s))
		return 0;
	r = clerk_journal_batch(s, &b, &c->batch_end, e);
	if (r < 0)
		return r;
	if (r > 0) {
		r = catalog_ingest(c->catalog, (const char *)b.p, b.len, on_ingested, c);
	} else {
		s->fresh = false;
		if (s->is_note) {
			complete(s);
			return 0;
		}
		if (s->live || has_older(s))
			return 0;
		r = judge(s);
	}
	if (r < 0)
		return err_set(e, r, "%s", uv_strerror(r));
	return 1;
}

/* Give the first of those that wait at a slot, or of the others, its turn. */
static void take_turn(struct clerk *c, bool at_slot)
{
	struct clerk_session *s, *next;
	struct err e = { .code = 0 };
	int r;

	for (s = c->sessions; s != NULL && c->current == NULL; s = next) {
		next = s->next;
		if (!wants(s) || (s->live || s->finished != NULL) != at_slot)
			continue;
		r = act(s, &e);
		if (r == 1) {
			c->current = s;
			move_last(s);
		} else if (r < 0) {
			if (!asks_again(r))
				get_stuck(s, e.msg);
			later(c, RETRY_MS);
			return;
		}
	}
}

static void turn(struct clerk *c)
{
	if (c->freeing || !catalog_is_up(c->catalog))
		return;
	take_turn(c, true);
	take_turn(c, false);
}

/* Tell those who wait for a session that the catalog will not have soon. */
static void settle(struct clerk *c)
{
	const bool up = catalog_is_up(c->catalog);
	struct clerk_session *s;

	for (s = c->sessions; s != NULL; s = s->next) {
		if (s->live || s == c->current || s->appending > 0 || (up && !s->stuck))
			continue;
		clerk_journal_close(s, 0);	/* its turn opens it again */
		say_finished(s, CLERK_STORED_ONLY);
	}
}

void clerk_catalog_state(struct clerk *c, bool up)
{
	(void)up;			/* the timer asks the catalog itself */
	later(c, 0);
}

/* ------ sessions ------ */

unsigned clerk_backlog(const struct clerk *c)
{
	const struct clerk_session *s;
	unsigned n = 0;

	for (s = c->sessions; s != NULL; s = s->next)
		n += !s->live;
	return n;
}

bool clerk_pending(const struct clerk *c, const char *session)
{
	const struct clerk_session *s;

	for (s = c->sessions; s != NULL; s = s->next)
		if (strcmp(s->id, session) == 0)
			return true;
	return false;
}

int clerk_open(struct clerk *c, const char *session, struct clerk_session **ret, struct err *e)
{
	struct clerk_session *s = add(c, session);
	int r;

	if (s == NULL)
		return err_set(e, -ENOMEM, "no memory for session %s", session);
	r = journal_open(c->loop, c->dir, session, &s->journal, e);
	if (r < 0) {
		take_out(s);
		free(s);
		return r;
	}
	s->live = true;
	*ret = s;
	return 0;
}

void clerk_finish(struct clerk_session *s, void (*cb)(void *data, enum clerk_recorded how),
		  void *data)
{
	struct clerk *c = s->clerk;

	s->live = false;
	s->finished = cb;
	s->data = data;
	later(c, 0);
	c->changed(c->data);
}

void clerk_leave(struct clerk_session *s)
{
	if (s->appending > 0)
		BUG("clerk: session %s left while it is appended to", s->id);
	clerk_journal_close(s, 0);
	s->stuck = s->left = true;
	if (s->clerk->current == s)
		return;
	take_out(s);
	free(s);
}

/* ------ notes ------ */

struct note {
	struct clerk_session *journal;
	void (*cb)(void *data, int r);
	void *data;
};

/* Nothing is in it, and nothing will be. */
static void drop_note(struct clerk_session *s)
{
	clerk_journal_close(s, 1);
	take_out(s);
	free(s);
}

static void on_noted(void *data, int r)
{
	struct note *n = data;
	struct clerk *c = n->journal->clerk;
	void (*cb)(void *data, int r) = n->cb;
	void *cb_data = n->data;

	if (r < 0)
		drop_note(n->journal);
	free(n);
	cb(cb_data, r);
	c->changed(c->data);
}

int clerk_note(struct clerk *c, json_t *record, void (*cb)(void *data, int r), void *data)
{
	char id[RECORD_UUID_SIZE];
	struct clerk_session *s;
	struct err e = { .code = 0 };
	struct note *n = malloc(sizeof(*n));
	int r;

	if (n == NULL)
		return -ENOMEM;
	record_uuid_random(id);
	r = clerk_open(c, id, &s, &e);
	if (r < 0) {
		log_warn("note %s: %s", id, e.msg);
		free(n);
		return r;
	}
	s->live = false;
	s->is_note = true;
	*n = (struct note){ .journal = s, .cb = cb, .data = data };
	r = clerk_append(s, record, on_noted, n);
	if (r < 0) {
		drop_note(s);
		free(n);
	}
	return r;
}

/* ------ life ------ */

static void destroy(struct clerk *c)
{
	struct clerk_session *s;

	while ((s = c->sessions) != NULL) {
		if (s->live)
			BUG("clerk: freed while session %s is live", s->id);
		clerk_journal_close(s, 0);
		take_out(s);
		say_finished(s, CLERK_STORED_ONLY);
		free(s);
	}
	timer_free(c->timer);
	free(c);
}

static void on_free_timer(uv_timer_t *t)
{
	struct clerk *c = t->data;
	void (*cb)(void *data) = c->freed;
	void *data = c->freed_data;
	struct clerk_session *s;

	for (s = c->sessions; s != NULL; s = s->next)
		if (s->appending > 0)
			return;		/* its callback comes here again */
	destroy(c);
	cb(data);
}

static void free_soon(struct clerk *c)
{
	uv_timer_start(c->timer, on_free_timer, 0, 0);
}

void clerk_free(struct clerk *c, void (*cb)(void *data), void *data)
{
	c->freeing = true;
	c->freed = cb;
	c->freed_data = data;
	free_soon(c);
}

static int add_left_behind(void *data, const char *session)
{
	return add(data, session) != NULL ? 0 : -ENOMEM;
}

int clerk_new(uv_loop_t *loop, const char *journal_dir, const char *station,
	      struct catalog *catalog, void (*changed)(void *data), void *data,
	      struct clerk **ret, struct err *e)
{
	struct clerk *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return err_set(e, -ENOMEM, "no memory for the clerk");
	c->loop = loop;
	c->catalog = catalog;
	c->changed = changed;
	c->data = data;
	snprintf(c->dir, sizeof(c->dir), "%s", journal_dir);
	snprintf(c->station, sizeof(c->station), "%s", station);
	c->timer = timer_new(loop, c);
	r = c->timer == NULL ? err_set(e, -ENOMEM, "no memory for a timer")
			     : journal_list(journal_dir, add_left_behind, c, e);
	if (r < 0) {
		destroy(c);
		return r;
	}
	if (c->sessions != NULL)
		log_info("%u sessions were left behind that the catalog does not have yet",
			 clerk_backlog(c));
	*ret = c;
	return 0;
}
