#include "clear_client.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/util.h"
#include "timer.h"

struct clear_client {
	uv_pipe_t pipe;
	uv_connect_t connect;
	uv_write_t write;
	uv_shutdown_t shutdown;
	uv_timer_t *timer;
	const char *key;		/* of the answer that is awaited: "ready", "ok", "done" */
	clear_client_cb cb;		/* NULL: nothing is awaited */
	void *data;
	bool closing;
	bool last;			/* what is awaited is the end */
	int broken;			/* what everything gets from now on */
	char why[240];
	json_t *greeting;		/* said once it is connected */
	char *out;			/* being written */
	size_t held;
	char in[CLEAR_CLIENT_LINE_MAX];
};

_Static_assert(sizeof(struct clear_client) + CLEAR_CLIENT_LINE_MAX <= CLEAR_CLIENT_MEMORY,
	       "the client keeps its promise");

static void on_closed(uv_handle_t *h)
{
	struct clear_client *c = h->data;
	clear_client_cb cb = TAKE(c->cb);

	if (cb != NULL)
		cb(c->data, c->broken, c->why);
	json_decref(c->greeting);
	free(c->out);
	free(c);
}

static void close_all(struct clear_client *c)
{
	if (c->closing)
		return;
	c->closing = true;
	timer_free(TAKE(c->timer));
	uv_close((uv_handle_t *)&c->pipe, on_closed);
}

/* What was awaited has come. */
static void arrived(struct clear_client *c, int r, const char *why)
{
	clear_client_cb cb = TAKE(c->cb);

	uv_timer_stop(c->timer);
	if (c->last) {			/* tell when it is gone */
		c->cb = cb;
		c->broken = r;
		snprintf(c->why, sizeof(c->why), "%s", why);
		close_all(c);
	} else if (cb != NULL) {
		cb(c->data, r, why);
	}
}

/* The conversation is over. */
static void fail(struct clear_client *c, int r, const char *why)
{
	char text[sizeof(c->why)];

	if (c->closing || c->broken < 0)
		return;
	c->broken = r;
	snprintf(c->why, sizeof(c->why), "%s", why);
	memcpy(text, c->why, sizeof(text));
	uv_read_stop((uv_stream_t *)&c->pipe);
	if (c->cb != NULL)
		arrived(c, r, text);
}

/* ------ hearing ------ */

static void take_line(struct clear_client *c, const char *line, size_t len)
{
	json_t *j = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *good = json_object_get(j, c->key);
	const char *why = json_string_value(json_object_get(j, "why"));
	struct err said = { .msg = "" };	/* which outlives j, and is cut between characters */

	if (why != NULL)
		err_set(&said, -EREMOTEIO, "%s", why);
	if (c->cb == NULL || !json_is_boolean(good)) {
		json_decref(j);
		fail(c, -EPROTO, "dock-clear does not speak as it should");
		return;
	}
	arrived(c, json_is_true(good) ? 0 : -EREMOTEIO, said.msg);
	json_decref(j);
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *b)
{
	struct clear_client *c = h->data;

	(void)suggested;
	*b = uv_buf_init(c->in + c->held, (unsigned)(sizeof(c->in) - c->held));
}

static void on_data(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
	struct clear_client *c = stream->data;
	char line[CLEAR_CLIENT_LINE_MAX];
	const char *end;
	size_t len;

	(void)b;
	if (n < 0) {
		fail(c, -EPIPE, "dock-clear ended before its work did: see its journal");
		return;
	}
	c->held += (size_t)n;
	end = memchr(c->in, '\n', c->held);
	if (end == NULL && c->held == sizeof(c->in))
		fail(c, -EPROTO, "dock-clear says a line that has no end");
	if (end == NULL)
		return;
	len = (size_t)(end - c->in);
	if (len + 1 != c->held) {	/* it waits for us after each line */
		fail(c, -EPROTO, "dock-clear talks without being asked");
		return;
	}
	memcpy(line, c->in, len);
	c->held = 0;
	take_line(c, line, len);
}

/* ------ saying ------ */

static void on_timeout(uv_timer_t *t)
{
	fail(t->data, -ETIMEDOUT, "dock-clear gave no answer in time");
}

static void await(struct clear_client *c, const char *key, clear_client_cb cb, void *data,
		  unsigned ms)
{
	if (c->cb != NULL)
		BUG("clear: two questions at once");
	c->key = key;
	c->cb = cb;
	c->data = data;
	uv_timer_start(c->timer, on_timeout, ms, 0);
}

static void on_written(uv_write_t *w, int status)
{
	struct clear_client *c = w->data;

	free(TAKE(c->out));
	if (status < 0)
		fail(c, -EPIPE, "dock-clear does not listen any more");
}

static void on_broken(uv_timer_t *t)
{
	struct clear_client *c = t->data;

	if (c->cb != NULL)
		arrived(c, c->broken, c->why);
}

/* It cannot be asked: what is awaited hears so from the loop. */
static void answer_later(struct clear_client *c, int r, const char *why)
{
	if (c->broken == 0) {
		c->broken = r;
		snprintf(c->why, sizeof(c->why), "%s", why);
	}
	uv_timer_start(c->timer, on_broken, 0, 0);
}

/* Takes the object. */
static void say(struct clear_client *c, json_t *j)
{
	uv_buf_t b;
	size_t len;

	c->out = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	len = c->out != NULL ? strlen(c->out) : 0;
	if (c->broken < 0 || len == 0) {
		free(TAKE(c->out));
		answer_later(c, -ENOMEM, "no memory to ask dock-clear");
		return;
	}
	c->out[len] = '\n';		/* in place of its NUL */
	b = uv_buf_init(c->out, (unsigned)len + 1);
	c->write.data = c;
	if (uv_write(&c->write, (uv_stream_t *)&c->pipe, &b, 1, on_written) < 0) {
		free(TAKE(c->out));
		answer_later(c, -EPIPE, "dock-clear does not listen any more");
	}
}

/* ------ life ------ */

static void on_connected(uv_connect_t *connect, int status)
{
	struct clear_client *c = connect->data;

	if (c->closing || c->broken < 0)
		return;
	if (status < 0)
		fail(c, status, "dock-clear.socket is not there: enable it with `systemctl enable"
				" --now dock-clear.socket`");
	else if (uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_data) < 0)
		fail(c, -EPIPE, "dock-clear's socket cannot be read");
	else
		say(c, TAKE(c->greeting));
}

int clear_client_new(uv_loop_t *loop, const char *path, const struct usb_device_info *usb,
		     clear_client_cb cb, void *data, struct clear_client **ret)
{
	struct clear_client *c = calloc(1, sizeof(*c));
	char vid[5], pid[5];

	if (c == NULL)
		return -ENOMEM;
	c->timer = timer_new(loop, c);
	if (c->timer == NULL) {
		free(c);
		return -ENOMEM;
	}
	snprintf(vid, sizeof(vid), "%04x", usb->vid);
	snprintf(pid, sizeof(pid), "%04x", usb->pid);
	c->greeting = json_pack("{s:s, s:s, s:s, s:s}", "port", usb->port, "vid", vid, "pid", pid,
				"serial", usb->serial);
	uv_pipe_init(loop, &c->pipe, 0);
	c->pipe.data = c->connect.data = c;
	await(c, "ready", cb, data, CLEAR_CLIENT_READY_MS);
	uv_pipe_connect(&c->connect, &c->pipe, path, on_connected);
	*ret = c;
	return 0;
}

void clear_client_file(struct clear_client *c, const char *path, uint64_t size,
		       const struct digest *blob, clear_client_cb cb, void *data)
{
	char hex[DIGEST_HEX_SIZE];

	await(c, "ok", cb, data, CLEAR_CLIENT_ANSWER_MS);
	say(c, json_pack("{s:s, s:I, s:s}", "path", path, "size", (json_int_t)size, "blob",
			 digest_hex(blob, hex)));
}

static void on_shut(uv_shutdown_t *s, int status)
{
	struct clear_client *c = s->data;

	if (status < 0 && !c->closing)
		fail(c, -EPIPE, "dock-clear ended before it unmounted the card");
}

void clear_client_finish(struct clear_client *c, clear_client_cb cb, void *data)
{
	await(c, "done", cb, data, CLEAR_CLIENT_READY_MS);
	c->last = true;
	c->shutdown.data = c;
	if (c->broken < 0 ||
	    uv_shutdown(&c->shutdown, (uv_stream_t *)&c->pipe, on_shut) < 0)
		answer_later(c, -EPIPE, "dock-clear does not listen any more");
}

void clear_client_stop(struct clear_client *c)
{
	c->broken = -ECANCELED;
	snprintf(c->why, sizeof(c->why), "stopped");
	close_all(c);
}
