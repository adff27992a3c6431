#include "lister_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/util.h"
#include "timer.h"

enum { OP_GET_PROPERTY = 0x1015 };	/* GetDevicePropValue */

struct lister {
	struct lister_job job;
	uv_process_t process;
	uv_pipe_t pipe;
	uv_timer_t *timer;
	uint64_t begun_ms;		/* of the loop's clock */
	bool process_closed, pipe_closed;
	bool exited, at_eof;
	int64_t exit_status;
	int term_signal;
	bool ending;
	int r;
	struct err e;

	struct listing_reader *reader;
	struct listing listing;
	uint8_t in[LISTER_IN];
	struct buf out;
	uv_write_t write;
	struct medium_serving serving;
	bool is_serving;
	bool too_much;			/* the dataset is larger than a lister is given */
	uint32_t dataset;		/* bytes of it so far */
	uint64_t served;		/* bytes */
	int64_t clock_asked_ms, clock_answered_ms;
	uint8_t data[LISTING_READ_MAX];
};

/* Free it once nobody comes back to it any more. */
static void leave(struct lister *l)
{
	struct listing listing = l->listing;
	const struct err e = l->e;
	const struct lister_job job = l->job;
	const int r = l->r;

	if (!l->process_closed || !l->pipe_closed || l->is_serving)
		return;
	listing_reader_free(l->reader);
	buf_clear(&l->out);
	free(l);
	job.cb(job.data, r, r == 0 ? &listing : NULL, &e);
}

static void on_process_closed(uv_handle_t *h)
{
	struct lister *l = h->data;

	l->process_closed = true;
	leave(l);
}

static void on_pipe_closed(uv_handle_t *h)
{
	struct lister *l = h->data;

	l->pipe_closed = true;
	leave(l);
}

/* It is over: r, and the sentence in l->e when that is negative. */
static void end(struct lister *l, int r)
{
	if (l->ending)
		return;
	l->ending = true;
	l->r = r;
	timer_free(TAKE(l->timer));
	uv_close((uv_handle_t *)&l->pipe, on_pipe_closed);
	if (!l->exited)
		uv_process_kill(&l->process, SIGKILL);	/* on_child_exit closes the handle */
	else
		uv_close((uv_handle_t *)&l->process, on_process_closed);
}

/* ------ the child ------ */

static void died(struct lister *l)
{
	if (l->term_signal != 0)
		err_set(&l->e, -ECHILD, "dock-lister was ended by signal %d", l->term_signal);
	else
		err_set(&l->e, -ECHILD, "dock-lister ended with status %d before its listing did",
			(int)l->exit_status);
	end(l, -ECHILD);
}

static void on_child_exit(uv_process_t *process, int64_t exit_status, int term_signal)
{
	struct lister *l = process->data;

	l->exited = true;
	l->exit_status = exit_status;
	l->term_signal = term_signal;
	if (l->ending)
		uv_close((uv_handle_t *)&l->process, on_process_closed);
	else if (l->at_eof)		/* otherwise its last words are still in the socket */
		died(l);
}

/* Its end of the socket is closed.  How it ended we hear next; if not, the silence ends it. */
static void at_eof(struct lister *l)
{
	l->at_eof = true;
	if (l->exited)
		died(l);
}

static void on_silence(uv_timer_t *t)
{
	struct lister *l = t->data;

	end(l, err_set(&l->e, -ETIMEDOUT, "dock-lister gave no answer for %u s",
		       (l->job.silence_ms + 999) / 1000));
}

/* It said something, or was told something. */
static void hear(struct lister *l)
{
	if (uv_now(l->job.loop) - l->begun_ms > LISTER_TOTAL_MS)
		end(l, err_set(&l->e, -ETIMEDOUT, "dock-lister was not done after %d min",
			       LISTER_TOTAL_MS / 60000));
	else
		uv_timer_start(l->timer, on_silence, l->job.silence_ms, 0);
}

/* ------ answering ------ */

static void listen_on(struct lister *l);

/* A dataset goes on when the lister took the last of it; after all else it may speak. */
static void on_sent(uv_write_t *w, int status)
{
	struct lister *l = w->data;

	if (l->is_serving)
		medium_serve_more(l->job.medium, &l->serving);
	else if (l->ending || status == UV_ECANCELED)
		return;
	else if (status < 0)
		at_eof(l);
	else
		listen_on(l);
}

static int send_out(struct lister *l)
{
	uv_buf_t b;
	int r;

	if (l->out.failed)
		BUG("lister: an answer of more than %zu bytes", l->out.max);
	b = uv_buf_init((char *)l->out.p, (unsigned)l->out.len);
	hear(l);
	if (l->ending)
		return -ECANCELED;
	l->write.data = l;
	r = uv_write(&l->write, (uv_stream_t *)&l->pipe, &b, 1, on_sent);
	if (r < 0)
		at_eof(l);
	return r;
}

/* What was read or asked counts, too much ends it. */
static bool is_too_much(struct lister *l, uint32_t len)
{
	l->served += len;
	if (l->served <= LISTER_READ_TOTAL_MAX)
		return false;
	end(l, err_set(&l->e, -E2BIG, "dock-lister has read %" PRIu64 " MiB of the card"
		       " and goes on", LISTER_READ_TOTAL_MAX >> 20));
	return true;
}

static void put_response(struct lister *l)
{
	const struct medium_serving *s = &l->serving;

	if (s->want.op.code == OP_GET_PROPERTY && s->want.op.params[0] == PTP_PROP_DATE_TIME) {
		l->clock_asked_ms = s->asked_ms;
		l->clock_answered_ms = s->answered_ms;
	}
	if (l->too_much)
		listing_put_failed(&l->out, EFBIG);
	else
		listing_put_response(&l->out, &s->response);
}

static void answer(struct lister *l, int r)
{
	if (r < 0 && !medium_is_local(r)) {
		end(l, err_set(&l->e, r, "the card cannot be read: %s", uv_strerror(r)));
		return;
	}
	buf_reset(&l->out);
	if (r < 0)
		listing_put_failed(&l->out, EIO);
	else if (l->serving.want.what == LISTING_WANT_READ)
		listing_put_data(&l->out, l->data, l->serving.want.len);
	else
		put_response(l);
	send_out(l);
}

/* Nobody takes it, but the device has begun to send it, and no operation can be taken back. */
static bool is_for_nobody(struct lister *l, uint32_t len)
{
	if (l->ending || is_too_much(l, len))
		return true;
	if (!l->too_much)
		l->dataset += len;
	l->too_much = l->dataset > LISTING_DATASET_MAX;
	return l->too_much;
}

static void on_piece(struct medium_serving *s, uint32_t len)
{
	struct lister *l = s->data;

	if (!is_for_nobody(l, len)) {
		buf_reset(&l->out);
		listing_put_dataset(&l->out, l->data, len);
		if (send_out(l) == 0)
			return;
	}
	medium_serve_more(l->job.medium, s);
}

static void on_served(struct medium_serving *s, int r)
{
	struct lister *l = s->data;

	l->is_serving = false;
	if (l->ending)
		leave(l);
	else
		answer(l, r);
}

static void serve(struct lister *l, const struct listing_event *want)
{
	int r;

	if (want->what == LISTING_WANT_READ && is_too_much(l, want->len))
		return;
	l->dataset = 0;
	l->too_much = false;
	l->serving = (struct medium_serving){
		.want = *want, .buf = l->data, .piece = on_piece, .cb = on_served, .data = l,
	};
	uv_timer_stop(l->timer);	/* the medium has time-outs of its own */
	r = medium_serve(l->job.medium, &l->serving);
	l->is_serving = r == 0;
	if (r < 0)
		answer(l, r);
}

/* ------ listening ------ */

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *b)
{
	struct lister *l = h->data;

	(void)suggested;
	*b = uv_buf_init((char *)l->in, sizeof(l->in));
}

/* n bytes came.  Behind a question there is nothing: the lister waits for the answer. */
static void feed(struct lister *l, size_t n)
{
	struct listing_event ev;
	size_t used;
	int r;

	r = listing_reader_feed(l->reader, l->in, n, &used, &ev, &l->e);
	if (r == 1 && used < n)
		r = err_set(&l->e, -EPROTO, "dock-lister talks while it waits for an answer");
	if (r < 0) {
		end(l, r);
	} else if (r == 1 && ev.what == LISTING_COMPLETE) {
		listing_reader_take(l->reader, &l->listing);
		l->listing.device.clock_asked_ms = l->clock_asked_ms;
		l->listing.device.clock_answered_ms = l->clock_answered_ms;
		end(l, 0);
	} else if (r == 1) {
		uv_read_stop((uv_stream_t *)&l->pipe);
		serve(l, &ev);
	} else {
		hear(l);
	}
}

static void on_data(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
	struct lister *l = stream->data;

	(void)b;
	if (n > 0) {
		feed(l, (size_t)n);
	} else if (n < 0) {
		uv_read_stop(stream);
		at_eof(l);
	}
}

static void listen_on(struct lister *l)
{
	int r = uv_read_start((uv_stream_t *)&l->pipe, on_alloc, on_data);

	if (r < 0)
		end(l, err_set(&l->e, r, "dock-lister's socket: %s", uv_strerror(r)));
}

/* ------ start and stop ------ */

/*
 * Between fork and exec a lock that another thread held stays taken for good, as
 * umockdev's stand-ins for open() and chdir() have one.  So its standard input
 * and output are opened here, not by UV_IGNORE, and it leaves our working
 * directory by itself.
 */
static int spawn(struct lister *l, struct err *e)
{
	char name[] = "dock-lister", *args[] = { name, NULL }, *env[] = { NULL };
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC), no_null = null < 0 ? -errno : 0;
	uv_stdio_container_t stdio[] = {
		[0] = { .flags = UV_INHERIT_FD, .data.fd = null },
		[1] = { .flags = UV_INHERIT_FD, .data.fd = null },
		[2] = { .flags = UV_INHERIT_FD, .data.fd = 2 },
		[LISTER_FD] = {
			.flags = UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE,
			.data.stream = (uv_stream_t *)&l->pipe,
		},
	};
	const uv_process_options_t options = {
		.exit_cb = on_child_exit, .file = l->job.path, .args = args, .env = env,
		.stdio_count = COUNT(stdio), .stdio = stdio,
	};
	int r;

	uv_pipe_init(l->job.loop, &l->pipe, 0);
	l->pipe.data = l->process.data = l;
	r = uv_spawn(l->job.loop, &l->process, &options);	/* -EINVAL without null */
	if (no_null < 0)
		r = no_null;
	else
		close(null);
	if (r < 0)
		return err_set(e, r, "%s: cannot be started: %s; check `lister` in the"
			       " configuration", l->job.path, uv_strerror(r));
	return 0;
}

static void greet(struct lister *l)
{
	listing_put_medium(&l->out, &l->job.what);
	send_out(l);
}

/* It could not be started: the same end as any other, told from the loop. */
static void not_started(struct lister *l, const struct err *e)
{
	l->e = *e;
	l->exited = true;
	end(l, e->code);
}

int lister_start(const struct lister_job *job, struct lister **ret, struct err *e)
{
	struct lister *l = calloc(1, sizeof(*l));
	struct err why = { .code = 0 };

	if (l == NULL)
		return err_set(e, -ENOMEM, "no memory for dock-lister");
	l->job = *job;
	l->out.max = LISTING_HEADER + LISTING_MESSAGE_MAX;
	l->begun_ms = uv_now(job->loop);
	l->timer = timer_new(job->loop, l);
	if (l->timer == NULL || listing_reader_new(&l->job.what, &l->reader) < 0) {
		timer_free(l->timer);
		free(l);
		return err_set(e, -ENOMEM, "no memory for dock-lister");
	}
	*ret = l;
	if (spawn(l, &why) < 0)		/* libuv made the handles all the same */
		not_started(l, &why);
	else
		greet(l);
	return 0;
}

void lister_stop(struct lister *l)
{
	if (!l->ending)
		end(l, err_set(&l->e, -ECANCELED, "stopped"));
}
