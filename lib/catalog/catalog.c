#include "catalog/catalog.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "catalog/call.h"
#include "catalog/pg.h"
#include "catalog/statements.h"

/* Statements that dockd runs: the first of the table. */
enum { PREPARED_FIRST = STATEMENT_RECORDERS, PREPARED_LAST = STATEMENT_NOTE_CONFIG };

enum state {
	STATE_PAUSE,		/* the timer ends it */
	STATE_CONNECT,		/* PQconnectPoll() */
	STATE_PREPARE,		/* the statements were sent, their sync is waited for */
	STATE_UP,
	STATE_CLOSING,
};

static const char *const state_names[] = {
	[STATE_PAUSE] = "pause", [STATE_CONNECT] = "connect", [STATE_PREPARE] = "prepare",
	[STATE_UP] = "up", [STATE_CLOSING] = "closing",
};

struct catalog {
	uv_loop_t *loop;
	char *conninfo;
	catalog_state_cb on_state;
	void *state_data;
	void (*on_recorders)(void *data);
	void *recorders_data;
	void (*on_free)(void *data);
	void *free_data;

	enum state state;
	PGconn *conn;
	uv_poll_t *poll;	/* on its own: it closes later than the socket it watched */
	uv_timer_t timer;	/* pause, connecting, answer: one at a time */
	uint32_t connect_ms, answer_ms;
	unsigned failures;	/* in a row, without an answer between */
	bool told, told_up;
	char why[200];		/* the connection is broken, and why; "": it is not */
	PGresult *prepare_failed;

	struct call *first, **last;
	size_t n_calls;
};

static void on_poll(uv_poll_t *poll, int status, int events);
static void on_timer(uv_timer_t *timer);

static void enter(struct catalog *c, enum state s)
{
	log_debug("catalog: %s -> %s", state_names[c->state], state_names[s]);
	c->state = s;
}

static void set_timer(struct catalog *c, uint64_t ms)
{
	uv_timer_start(&c->timer, on_timer, ms, 0);
}

/* ------ watching the socket ------ */

static void on_poll_closed(uv_handle_t *h)
{
	free(h);
}

static void unwatch(struct catalog *c)
{
	if (c->poll == NULL)
		return;
	uv_close((uv_handle_t *)c->poll, on_poll_closed);
	c->poll = NULL;
}

static int watch(struct catalog *c, int events)
{
	int r;

	if (c->poll == NULL) {
		c->poll = malloc(sizeof(*c->poll));
		if (c->poll == NULL)
			return -ENOMEM;
		r = uv_poll_init(c->loop, c->poll, PQsocket(c->conn));
		if (r < 0) {
			free(TAKE(c->poll));
			return r;
		}
		c->poll->data = c;
	}
	return uv_poll_start(c->poll, events, on_poll);
}

/* ------ ending calls ------ */

static struct call *take_first(struct catalog *c)
{
	struct call *call = c->first;

	c->first = call->next;
	if (c->first == NULL)
		c->last = &c->first;
	c->n_calls--;
	return call;
}

static void fail_all(struct catalog *c, int r, const char *why)
{
	struct call *call = c->first;
	struct err e = { 0 };

	err_set(&e, r, "catalog: %s", why);
	c->first = NULL;
	c->last = &c->first;
	c->n_calls = 0;
	while (call != NULL) {
		struct call *next = call->next;

		call_fail(call, r, &e);
		call = next;
	}
}

/* ------ coming and going ------ */

static void tell(struct catalog *c, bool up, const char *why)
{
	if (c->told && c->told_up == up)
		return;
	c->told = true;
	c->told_up = up;
	c->on_state(c->state_data, up, why);
}

static void drop(struct catalog *c)
{
	unwatch(c);		/* before libpq closes what it watches */
	PQfinish(TAKE(c->conn));
	PQclear(TAKE(c->prepare_failed));
}

/* Longer each time, and never twice the same: stations should not come back in step. */
static uint64_t pause_ms(unsigned failures)
{
	uint64_t most = (uint64_t)CATALOG_RETRY_MIN_MS << MIN(failures, 16U);

	most = MIN(most, (uint64_t)CATALOG_RETRY_MAX_MS);
	return most / 2 + randombytes_uniform((uint32_t)(most / 2));
}

/* The connection is of no use any more.  Callbacks come from here. */
static void lost(struct catalog *c, const char *why)
{
	char copy[sizeof(c->why)];

	/* why may belong to the connection, or be c->why. */
	snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(why, "\n"), why);
	c->why[0] = '\0';
	drop(c);
	enter(c, STATE_PAUSE);
	set_timer(c, pause_ms(c->failures++));
	tell(c, false, copy);
	fail_all(c, -ENOTCONN, copy);
}

/* The same from inside a call of ours, whose caller does not expect callbacks. */
static void lost_later(struct catalog *c, const char *why)
{
	snprintf(c->why, sizeof(c->why), "%.*s", (int)strcspn(why, "\n"), why);
	set_timer(c, 0);
}

static void connecting(struct catalog *c, PostgresPollingStatusType status);

static void start_connect(struct catalog *c)
{
	struct pg_params p = pg_params(c->conninfo);

	enter(c, STATE_CONNECT);
	c->conn = PQconnectStartParams(p.keys, p.values, 1);
	if (c->conn == NULL) {
		lost(c, "out of memory");
		return;
	}
	if (PQstatus(c->conn) == CONNECTION_BAD) {
		lost(c, PQerrorMessage(c->conn));
		return;
	}
	set_timer(c, c->connect_ms);
	connecting(c, PGRES_POLLING_WRITING);	/* as PQconnectPoll()'s manual begins */
}

/* libpq would write it to standard error. */
static void on_notice(void *data, const char *message)
{
	(void)data;
	log_debug("catalog: %.*s", (int)strcspn(message, "\n"), message);
}

/* Send all statements to be prepared, ask for notices, one sync behind. */
static bool send_prepare(struct catalog *c)
{
	const struct catalog_statement_text *t;
	int s;

	PQsetNoticeProcessor(c->conn, on_notice, NULL);
	if (PQsetnonblocking(c->conn, 1) != 0 || PQenterPipelineMode(c->conn) != 1)
		return false;
	t = &catalog_statements[STATEMENT_LISTEN_RECORDER];
	if (PQsendQueryParams(c->conn, t->text, 0, NULL, NULL, NULL, NULL, 0) != 1)
		return false;
	for (s = PREPARED_FIRST; s <= PREPARED_LAST; s++) {
		t = &catalog_statements[s];
		if (PQsendPrepare(c->conn, t->name, t->text, (int)t->n_params, NULL) != 1)
			return false;
	}
	return PQpipelineSync(c->conn) == 1;
}

static void flush(struct catalog *c, bool inside_call)
{
	int left = PQflush(c->conn);
	int r = left < 0 ? -EPIPE : watch(c, UV_READABLE | (left > 0 ? UV_WRITABLE : 0));
	const char *why = left < 0 ? PQerrorMessage(c->conn) : r < 0 ? uv_strerror(r) : NULL;

	if (why != NULL && inside_call)
		lost_later(c, why);
	else if (why != NULL)
		lost(c, why);
}

static void connecting(struct catalog *c, PostgresPollingStatusType status)
{
	int r;

	switch (status) {
	case PGRES_POLLING_READING:
	case PGRES_POLLING_WRITING:
		r = watch(c, status == PGRES_POLLING_READING ? UV_READABLE : UV_WRITABLE);
		if (r < 0)
			lost(c, uv_strerror(r));
		break;
	case PGRES_POLLING_OK:
		enter(c, STATE_PREPARE);
		if (send_prepare(c))
			flush(c, false);
		else
			lost(c, PQerrorMessage(c->conn));
		break;
	default:
		lost(c, PQerrorMessage(c->conn));
		break;
	}
}

/* ------ answers ------ */

static void prepared(struct catalog *c)
{
	struct err e = { 0 };

	if (c->prepare_failed != NULL) {
		if (pg_err(&e, c->conn, c->prepare_failed, "preparing") == -EIO)
			err_prefix(&e, "the schema needs `vaultctl db migrate`");
		lost(c, e.msg);
		return;
	}
	enter(c, STATE_UP);
	uv_timer_stop(&c->timer);
	tell(c, true, "");
}

/*
 * Only what is wrong with the question itself is the caller's to know.  All else
 * passes, if an operator helps: a server that is full or stopping, a schema that
 * is being migrated, a right that was forgotten.
 */
static bool is_refusal(int r)
{
	return r == -EINVAL || r == -EEXIST || r == -ENOENT;
}

/* The sync behind the first call came: it is answered. */
static void finish_first(struct catalog *c)
{
	struct call *call = c->first;
	ExecStatusType status = PQresultStatus(call->res);	/* of NULL: a fatal error */
	struct err e = { 0 };
	int r = 0;

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		r = pg_err(&e, c->conn, call->res, "catalog");
	if (r < 0 && !is_refusal(r)) {	/* wait as for a broken connection */
		lost(c, pg_message(c->conn, call->res));
		return;
	}
	c->failures = 0;
	take_first(c);
	if (c->first != NULL)
		set_timer(c, c->answer_ms);
	else
		uv_timer_stop(&c->timer);
	if (r < 0)
		call_fail(call, r, &e);
	else
		call_answer(call);
}

static void take_result(struct catalog *c, PGresult *res)
{
	ExecStatusType status = PQresultStatus(res);

	if (status == PGRES_PIPELINE_SYNC) {
		PQclear(res);
		if (c->state == STATE_PREPARE)
			prepared(c);
		else
			finish_first(c);
		return;
	}
	if (c->state == STATE_UP && c->first->res == NULL) {
		c->first->res = res;
		return;
	}
	/* Those behind the first that fails are only aborted: it is the one that says why. */
	if (c->state == STATE_PREPARE && status == PGRES_FATAL_ERROR && c->prepare_failed == NULL) {
		c->prepare_failed = res;
		return;
	}
	PQclear(res);
}

static bool expects_result(const struct catalog *c)
{
	return c->state == STATE_PREPARE || (c->state == STATE_UP && c->first != NULL);
}

/* Take what has come. */
static void take_results(struct catalog *c)
{
	unsigned nothing = 0;
	PGresult *res;

	/* One NULL ends each statement's results; two in a row: libpq has no more. */
	while (c->conn != NULL && expects_result(c) && nothing < 2 && !PQisBusy(c->conn)) {
		res = PQgetResult(c->conn);
		nothing = res == NULL ? nothing + 1 : 0;
		if (res != NULL)
			take_result(c, res);
	}
}

static void take_notices(struct catalog *c)
{
	bool changed = false;
	PGnotify *n;

	while ((n = PQnotifies(c->conn)) != NULL) {	/* we listen to one channel alone */
		changed = true;
		PQfreemem(n);
	}
	if (changed && c->on_recorders != NULL)
		c->on_recorders(c->recorders_data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct catalog *c = poll->data;

	if (c->state == STATE_CONNECT) {
		/* The next step may be on another socket, even one with the same number. */
		unwatch(c);
		connecting(c, PQconnectPoll(c->conn));
		return;
	}
	/* A socket whose other end is gone is an error to libuv; libpq has the words for it. */
	if ((status < 0 || (events & UV_READABLE) != 0) && PQconsumeInput(c->conn) != 1) {
		lost(c, PQerrorMessage(c->conn));
		return;
	}
	/* Any callback may end the connection: by catalog_free(), or by a call that fails. */
	take_results(c);
	if (c->conn != NULL)
		take_notices(c);
	if (c->conn == NULL)
		return;
	if (c->why[0] != '\0')
		lost(c, c->why);
	else if (status < 0)
		lost(c, "server closed the connection");	/* libuv calls it a bad descriptor */
	else if (PQstatus(c->conn) != CONNECTION_OK)
		lost(c, PQerrorMessage(c->conn));
	else
		flush(c, false);
}

static void on_timer(uv_timer_t *timer)
{
	struct catalog *c = timer->data;

	if (c->why[0] != '\0')
		lost(c, c->why);
	else if (c->state == STATE_PAUSE)
		start_connect(c);
	else if (c->state == STATE_UP)
		lost(c, "the server gives no answer");
	else
		lost(c, "the server does not finish connecting");
}

/* ------ calls ------ */

int call_send(struct catalog *c, struct call proto, const char *const *params)
{
	const struct catalog_statement_text *t = &catalog_statements[proto.statement];
	struct call *call;

	if (c->state != STATE_UP || c->why[0] != '\0')
		return -ENOTCONN;
	if (c->n_calls == CATALOG_QUEUE_MAX)
		return -EAGAIN;
	call = malloc(sizeof(*call));
	if (call == NULL)
		return -ENOMEM;
	if (PQsendQueryPrepared(c->conn, t->name, (int)t->n_params, params, NULL, NULL, 0) != 1 ||
	    PQpipelineSync(c->conn) != 1) {
		free(call);
		lost_later(c, PQerrorMessage(c->conn));
		return -ENOTCONN;
	}
	*call = proto;
	*c->last = call;
	c->last = &call->next;
	if (c->n_calls++ == 0)
		set_timer(c, c->answer_ms);
	flush(c, true);
	return 0;
}

/* ------ birth and end ------ */

int catalog_new(uv_loop_t *loop, const char *conninfo, catalog_state_cb state, void *data,
		struct catalog **ret, struct err *e)
{
	PQconninfoOption *parsed;
	struct catalog *c;
	char *why = NULL;
	int r;

	parsed = PQconninfoParse(conninfo, &why);
	if (parsed == NULL) {
		r = err_set(e, -EINVAL, "database: %.*s",
			    (int)strcspn(why != NULL ? why : "out of memory", "\n"),
			    why != NULL ? why : "out of memory");
		PQfreemem(why);
		return r;
	}
	PQconninfoFree(parsed);
	c = calloc(1, sizeof(*c));
	if (c == NULL || (c->conninfo = strdup(conninfo)) == NULL) {
		free(c);
		return err_set(e, -ENOMEM, "catalog: out of memory");
	}
	c->loop = loop;
	c->on_state = state;
	c->state_data = data;
	c->last = &c->first;
	c->connect_ms = CATALOG_CONNECT_TIMEOUT_MS;
	c->answer_ms = CATALOG_ANSWER_TIMEOUT_MS;
	uv_timer_init(loop, &c->timer);
	c->timer.data = c;
	set_timer(c, 0);	/* the first callback comes from the loop, like all others */
	*ret = c;
	return 0;
}

bool catalog_is_up(const struct catalog *c)
{
	return c->state == STATE_UP && c->why[0] == '\0';
}

void catalog_watch_recorders(struct catalog *c, void (*changed)(void *data), void *data)
{
	c->on_recorders = changed;
	c->recorders_data = data;
}

static void on_closed(uv_handle_t *h)
{
	struct catalog *c = h->data;
	void (*cb)(void *data) = c->on_free;
	void *data = c->free_data;

	fail_all(c, -ECANCELED, "stopping");
	free(c->conninfo);
	free(c);
	cb(data);
}

void catalog_patience(struct catalog *c, uint32_t connect_ms, uint32_t answer_ms)
{
	c->connect_ms = connect_ms;
	c->answer_ms = answer_ms;
}

void catalog_free(struct catalog *c, void (*cb)(void *data), void *data)
{
	c->on_free = cb;
	c->free_data = data;
	drop(c);
	enter(c, STATE_CLOSING);
	uv_close((uv_handle_t *)&c->timer, on_closed);
}
