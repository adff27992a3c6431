#include "control.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/socket.h"
#include "base/util.h"
#include "timer.h"

enum { BACKLOG = 8 };

struct peer {
	struct control *control;
	uv_pipe_t pipe;
	char line[CONTROL_LINE_MAX];
	size_t len;
	bool watches, behind;		/* behind: changed since the answer on its way was made */
	bool closing;
	uv_write_t write;
	char *answer;			/* being written; NULL: none */
	bool last;			/* close once it is written */
	struct peer *next;
};

struct control {
	uv_loop_t *loop;
	uv_pipe_t *listener;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	control_state_cb state;
	control_probe_cb probe;
	void *data;
	struct peer *peers;
	unsigned n_peers;
	uv_timer_t *timer;
};

/* ------ a peer ------ */

static void on_peer_closed(uv_handle_t *h)
{
	struct peer *p = h->data;

	free(p->answer);
	free(p);
}

static void drop(struct peer *p)
{
	struct peer **at;

	if (p->closing)
		return;
	p->closing = true;
	for (at = &p->control->peers; *at != p; at = &(*at)->next)
		;
	*at = p->next;
	p->control->n_peers--;
	uv_close((uv_handle_t *)&p->pipe, on_peer_closed);
}

static void answer_state(struct peer *p);

static void on_written(uv_write_t *w, int status)
{
	struct peer *p = w->data;

	free(TAKE(p->answer));
	if (p->closing)
		return;
	if (status < 0 || p->last)
		drop(p);
	else if (p->behind)
		answer_state(p);
}

/* Takes the object. */
static void answer(struct peer *p, json_t *j)
{
	static char newline[] = "\n";
	uv_buf_t b[2];
	size_t len;

	p->answer = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	len = p->answer != NULL ? strlen(p->answer) : 0;
	if (len == 0 || len + 1 > CONTROL_ANSWER_MAX) {
		log_warn("control: an answer of %zu bytes is not sent", len);
		drop(p);
		return;
	}
	p->behind = false;
	p->write.data = p;
	b[0] = uv_buf_init(p->answer, (unsigned)len);
	b[1] = uv_buf_init(newline, 1);
	if (uv_write(&p->write, (uv_stream_t *)&p->pipe, b, 2, on_written) < 0)
		drop(p);
}

/*
 * While an answer is on its way no other is made, so a peer that does not read
 * costs one answer and no more.
 */
static void answer_state(struct peer *p)
{
	if (p->answer != NULL)
		p->behind = true;
	else
		answer(p, p->control->state(p->control->data));
}

static void refuse(struct peer *p, const char *why)
{
	p->last = true;
	uv_read_stop((uv_stream_t *)&p->pipe);
	if (p->answer == NULL)
		answer(p, json_pack("{s:s}", "error", why));
}

static void answer_probe(struct peer *p, const char *slot)
{
	json_t *j = slot != NULL && p->answer == NULL ? p->control->probe(p->control->data, slot)
						      : NULL;

	if (j != NULL)
		answer(p, j);
	else
		refuse(p, "probe: there is no such slot, or another answer is on its way");
}

static void obey(struct peer *p, const char *line, size_t len)
{
	json_error_t je;
	json_t *j = json_loadb(line, len, JSON_REJECT_DUPLICATES, &je);
	const char *cmd = json_string_value(json_object_get(j, "cmd"));

	if (cmd != NULL && strcmp(cmd, "list") == 0) {
		answer_state(p);
	} else if (cmd != NULL && strcmp(cmd, "watch") == 0) {
		p->watches = true;
		answer_state(p);
	} else if (cmd != NULL && strcmp(cmd, "probe") == 0) {
		answer_probe(p, json_string_value(json_object_get(j, "slot")));
	} else {
		refuse(p, "not a request: {\"cmd\":\"list\"}, {\"cmd\":\"watch\"} and"
		       " {\"cmd\":\"probe\",\"slot\":NAME} are");
	}
	json_decref(j);
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *b)
{
	struct peer *p = h->data;

	(void)suggested;
	*b = uv_buf_init(p->line + p->len, (unsigned)(sizeof(p->line) - p->len));
}

static void on_data(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
	struct peer *p = stream->data;
	char *newline;
	size_t used;

	(void)b;
	if (n < 0) {
		drop(p);
		return;
	}
	p->len += (size_t)n;
	while (!p->closing && !p->last && (newline = memchr(p->line, '\n', p->len)) != NULL) {
		used = (size_t)(newline - p->line) + 1;
		obey(p, p->line, used - 1);
		p->len -= used;
		memmove(p->line, p->line + used, p->len);
	}
	if (!p->closing && !p->last && p->len == sizeof(p->line))
		refuse(p, "the line is too long");
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct control *c = listener->data;
	struct peer *p;

	if (status < 0)
		return;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return;			/* without memory there are no peers any more */
	p->control = c;
	uv_pipe_init(c->loop, &p->pipe, 0);
	p->pipe.data = p;
	p->next = c->peers;
	c->peers = p;
	c->n_peers++;
	if (uv_accept(listener, (uv_stream_t *)&p->pipe) < 0 || c->n_peers > CONTROL_PEERS_MAX ||
	    uv_read_start((uv_stream_t *)&p->pipe, on_alloc, on_data) < 0)
		drop(p);
}

/* ------ changes ------ */

static void on_timer(uv_timer_t *t)
{
	struct control *c = t->data;
	struct peer *p, *next;

	for (p = c->peers; p != NULL; p = next) {
		next = p->next;
		if (p->watches && !p->last)
			answer_state(p);
	}
}

void control_changed(struct control *c)
{
	if (c->peers != NULL && !uv_is_active((uv_handle_t *)c->timer))
		uv_timer_start(c->timer, on_timer, CONTROL_WATCH_MS, 0);
}

/* ------ life ------ */

static int listen_at(struct control *c, struct err *e)
{
	mode_t old;
	int r;

	r = socket_remove_stale(c->path, e);
	if (r < 0)
		return r;
	old = umask(0117);		/* 0660 from its first moment on */
	r = uv_pipe_bind(c->listener, c->path);
	umask(old);
	if (r == 0)
		r = uv_listen((uv_stream_t *)c->listener, BACKLOG, on_connection);
	if (r < 0)
		return err_set(e, r, "%s: %s", c->path, uv_strerror(r));
	return 0;
}

static void on_listener_closed(uv_handle_t *h)
{
	free(h);
}

int control_new(uv_loop_t *loop, const char *path, control_state_cb state,
		control_probe_cb probe, void *data, struct control **ret, struct err *e)
{
	struct control *c = calloc(1, sizeof(*c));
	int r;

	if (c == NULL)
		return err_set(e, -ENOMEM, "no memory for the control socket");
	c->loop = loop;
	c->state = state;
	c->probe = probe;
	c->data = data;
	c->listener = calloc(1, sizeof(*c->listener));
	c->timer = timer_new(loop, c);
	if (c->listener == NULL || c->timer == NULL) {
		free(TAKE(c->listener));
		r = err_set(e, -ENOMEM, "no memory for the control socket");
	} else {
		uv_pipe_init(loop, c->listener, 0);
		c->listener->data = c;
		r = strlen(path) < sizeof(c->path)
			? 0 : err_set(e, -ENAMETOOLONG, "%s: too long for a socket's path", path);
	}
	if (r == 0) {
		snprintf(c->path, sizeof(c->path), "%s", path);
		r = listen_at(c, e);
	}
	if (r < 0) {
		control_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

void control_free(struct control *c)
{
	if (c == NULL)
		return;
	while (c->peers != NULL)
		drop(c->peers);
	if (c->listener != NULL)	/* libuv removes the socket that it bound */
		uv_close((uv_handle_t *)c->listener, on_listener_closed);
	timer_free(c->timer);
	free(c);
}
