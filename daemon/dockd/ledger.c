#include "ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/util.h"
#include "timer.h"
#include "vault/journal.h"

/* What waits for the clerk's last word; outlives the ledger when that is freed first. */
struct finish {
	struct ledger *ledger;		/* NULL: freed */
	void (*cb)(void *data, enum clerk_recorded how);
	void *data;
};

struct ledger {
	struct clerk *clerk;
	struct clerk_session *open;	/* NULL until the first write, and once finished */
	char session[JOURNAL_SESSION_MAX + 1];
	json_t *records;		/* being written; NULL: none */
	size_t at;			/* the first that is not durable */
	void (*cb)(void *data, int r);
	void *cb_data;
	struct finish *finish;
	struct backoff backoff;
	char why[sizeof(((struct err *)0)->msg)];	/* "" while nothing waits */
	bool given_up;
	void (*changed)(void *data);
	void *data;
};

static int append(struct ledger *l);

/* Conditions of the disk or of memory, which pass. */
static bool may_pass(int r)
{
	return r == -ENOSPC || r == -EDQUOT || r == -EIO || r == -EROFS || r == -ENOMEM ||
	       r == -EMFILE || r == -ENFILE || r == -EAGAIN || r == -EACCES || r == -EPERM;
}

static void done(struct ledger *l, int r)
{
	void (*cb)(void *data, int r) = l->cb;
	const bool was_paused = l->why[0] != '\0';

	json_decref(TAKE(l->records));
	l->why[0] = '\0';
	backoff_reset(&l->backoff);
	if (was_paused)
		l->changed(l->data);
	cb(l->cb_data, r);		/* may free l */
}

static void on_waited(uv_timer_t *t)
{
	struct ledger *l = t->data;
	int r = append(l);

	if (r < 0)
		done(l, r);
}

/* 0: tries again later.  < 0: it is over. */
static int failed(struct ledger *l, int r, const char *why)
{
	if (l->given_up)
		return -ECANCELED;
	if (!may_pass(r)) {
		log_err("session %s: its records cannot be kept: %s", l->session, why);
		return r;
	}
	if (l->why[0] == '\0')
		log_warn("session %s pauses: %s", l->session, why);
	snprintf(l->why, sizeof(l->why), "%s", why);
	backoff_wait(&l->backoff, on_waited);
	l->changed(l->data);
	return 0;
}

static void on_appended(void *data, int r)
{
	struct ledger *l = data;
	char why[96];

	if (r == 0) {
		l->at++;
		r = l->at < json_array_size(l->records) ? append(l) : 1;
	} else {
		snprintf(why, sizeof(why), "cannot write its journal: %s", uv_strerror(r));
		r = failed(l, r, why);
	}
	if (r != 0)
		done(l, MIN(r, 0));
}

/* 0: under way or waiting. */
static int append(struct ledger *l)
{
	struct err e = { .code = 0 };
	int r;

	if (l->open == NULL) {
		r = clerk_open(l->clerk, l->session, &l->open, &e);
		if (r < 0)
			return failed(l, r, e.msg);
	}
	r = clerk_append(l->open, json_array_get(l->records, l->at), on_appended, l);
	return r < 0 ? failed(l, r, uv_strerror(r)) : 0;
}

int ledger_write(struct ledger *l, json_t *records, void (*cb)(void *data, int r), void *data)
{
	int r;

	if (l->records != NULL)
		BUG("ledger: two writes at once");
	if (records == NULL)
		return -ENOMEM;
	if (json_array_size(records) == 0)
		BUG("ledger: nothing to write");
	l->records = records;
	l->at = 0;
	l->cb = cb;
	l->cb_data = data;
	r = append(l);
	if (r < 0)
		json_decref(TAKE(l->records));
	return r;
}

const char *ledger_paused(const struct ledger *l)
{
	return l->why[0] != '\0' ? l->why : NULL;
}

static void on_given_up(uv_timer_t *t)
{
	done(t->data, -ECANCELED);
}

void ledger_give_up(struct ledger *l)
{
	l->given_up = true;
	if (backoff_stop(&l->backoff))
		uv_timer_start(l->backoff.timer, on_given_up, 0, 0);
}

static void on_finished(void *data, enum clerk_recorded how)
{
	struct finish *f = data;
	struct ledger *l = f->ledger;

	if (l != NULL) {
		l->finish = NULL;
		f->cb(f->data, how);		/* may free l */
	}
	free(f);
}

int ledger_finish(struct ledger *l, void (*cb)(void *data, enum clerk_recorded how), void *data)
{
	struct finish *f;

	if (l->open == NULL)
		BUG("ledger: finished without a record");
	f = malloc(sizeof(*f));
	if (f == NULL)
		return -ENOMEM;
	*f = (struct finish){ .ledger = l, .cb = cb, .data = data };
	l->finish = f;
	clerk_finish(TAKE(l->open), on_finished, f);
	return 0;
}

int ledger_new(uv_loop_t *loop, struct clerk *clerk, const char *session,
	       void (*changed)(void *data), void *data, struct ledger **ret)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (l == NULL || backoff_init(&l->backoff, loop, l) < 0) {
		free(l);
		return -ENOMEM;
	}
	l->clerk = clerk;
	l->changed = changed;
	l->data = data;
	snprintf(l->session, sizeof(l->session), "%s", session);
	*ret = l;
	return 0;
}

void ledger_free(struct ledger *l)
{
	if (l == NULL)
		return;
	if (l->records != NULL)
		BUG("ledger: freed while it writes");
	if (l->finish != NULL)
		l->finish->ledger = NULL;
	if (l->open != NULL)
		clerk_leave(l->open);
	backoff_fini(&l->backoff);
	free(l);
}
