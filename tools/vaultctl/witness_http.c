#include "witness_http.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"
#include "base/utc.h"

enum { TICK_MS = 1000, ANSWER_MAX = 2 * CHECKPOINT_MAX };

#define PLAIN	"text/plain; charset=utf-8"

/* A connection, and until when what it is sending must be there. */
struct slot {
	int fd;			/* -1: free */
	int64_t until_ms;	/* of the monotonic clock */
};

struct server {
	struct witness *witness;
	struct MHD_Daemon *daemon;
	struct slot slots[WITNESS_CONNECTIONS];
};

struct upload {
	struct buf body;
};

/* ------ answers ------ */

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *type,
			      const struct buf *body)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(body->len, body->p,
								 MHD_RESPMEM_MUST_COPY);
	enum MHD_Result done = MHD_NO;

	if (r == NULL)
		return MHD_NO;
	if (MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type) == MHD_YES &&
	    (status != MHD_HTTP_METHOD_NOT_ALLOWED ||
	     MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, HEAD, POST") == MHD_YES))
		done = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return done;
}

static enum MHD_Result answer_text(struct MHD_Connection *c, unsigned status, const char *text)
{
	AUTO(buf_clear) struct buf body = BUF_INIT(sizeof(((struct err *)NULL)->msg) + 1);

	buf_addf(&body, "%s\n", text);
	return answer(c, status, PLAIN, &body);
}

/* tlog-witness: the size that the log should have asked from. */
static enum MHD_Result answer_size(struct MHD_Connection *c, const struct witness *w)
{
	AUTO(buf_clear) struct buf body = BUF_INIT(32);

	buf_addf(&body, "%" PRIu64 "\n", w->any ? w->last.size : 0);
	return answer(c, MHD_HTTP_CONFLICT, WITNESS_SIZE_TYPE, &body);
}

static enum MHD_Result describe(struct MHD_Connection *c, const struct witness *w)
{
	AUTO(buf_clear) struct buf body = BUF_INIT(ANSWER_MAX);

	buf_adds(&body, "dockvault " VERSION ": a witness (c2sp.org/tlog-witness)\nwitness ");
	note_key_write(note_secret_public(w->key), &body);
	buf_adds(&body, "\nlog ");
	note_key_write(&w->log, &body);
	buf_adds(&body, "\n\n");
	if (w->any)
		buf_add(&body, w->last_text.p, w->last_text.len);
	else
		buf_adds(&body, "nothing was cosigned yet\n");
	return answer(c, MHD_HTTP_OK, PLAIN, &body);
}

/* ------ a checkpoint ------ */

static enum MHD_Result cosign(struct MHD_Connection *c, struct witness *w,
			      const struct witness_request *q)
{
	AUTO(buf_clear) struct buf line = BUF_INIT(NOTE_LINE_MAX);
	struct err e = { 0, "" };

	if (witness_sign(w, &q->head, q->checkpoint, (uint64_t)(utc_now() / 1000), &line, &e) < 0) {
		log_err("%s", e.msg);
		return answer_text(c, MHD_HTTP_INTERNAL_SERVER_ERROR,
				   "this witness cannot remember what it would cosign");
	}
	log_info("cosigned %s, size %" PRIu64, q->head.origin, q->head.size);
	return answer(c, MHD_HTTP_OK, PLAIN, &line);
}

static enum MHD_Result refuse(struct MHD_Connection *c, const struct witness *w,
			      const struct witness_request *q, enum witness_verdict v)
{
	char why[128];

	if (v == WITNESS_FORK || (v == WITNESS_UNPROVEN && w->any))
		witness_contradicted(w, v, &q->head, q->checkpoint, q->checkpoint_len, NULL);
	else
		log_warn("refused %s, size %" PRIu64 " from %" PRIu64 ": %s (here: %" PRIu64 ")",
			 q->head.origin, q->head.size, q->old, witness_verdict_text(v),
			 w->any ? w->last.size : 0);
	if (v == WITNESS_FORK || v == WITNESS_CONFLICT)
		return answer_size(c, w);
	snprintf(why, sizeof(why), "refused: %s", witness_verdict_text(v));
	return answer_text(c, witness_verdict_status(v), why);
}

static enum MHD_Result add_checkpoint(struct MHD_Connection *c, struct witness *w,
				      const struct upload *u)
{
	struct witness_request q;
	enum witness_verdict v;
	struct err e = { 0, "" };

	if (witness_request_parse(u->body.p, u->body.len, &q, &e) < 0) {
		log_warn("refused: %s", e.msg);
		return answer_text(c, MHD_HTTP_BAD_REQUEST, e.msg);
	}
	v = witness_judge(w, &q);
	return v == WITNESS_COSIGN ? cosign(c, w, &q) : refuse(c, w, &q, v);
}

/* ------ requests ------ */

struct framing {
	unsigned lengths, encodings;
	const char *length;
};

static enum MHD_Result on_header(void *data, enum MHD_ValueKind kind, const char *name,
				 const char *value)
{
	struct framing *f = data;

	(void)kind;
	if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
		f->lengths++;
		f->length = value;
	} else if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
		f->encodings++;
	}
	return MHD_YES;
}

/* How long the body is that a POST announces; 0, or the status of what is wrong with that. */
static unsigned check_length(struct MHD_Connection *c)
{
	struct framing f = { .length = "" };
	size_t digits;

	MHD_get_connection_values(c, MHD_HEADER_KIND, on_header, &f);
	if (f.encodings > 0 || f.lengths > 1)
		return MHD_HTTP_BAD_REQUEST;
	if (f.lengths == 0)
		return MHD_HTTP_LENGTH_REQUIRED;
	digits = strspn(f.length, "0123456789");
	if (digits == 0 || f.length[digits] != '\0')
		return MHD_HTTP_BAD_REQUEST;
	return digits > 9 || strtoul(f.length, NULL, 10) > WITNESS_REQUEST_MAX ?
		MHD_HTTP_CONTENT_TOO_LARGE : 0;
}

static enum MHD_Result begin_upload(struct MHD_Connection *c, void **request)
{
	const unsigned status = check_length(c);
	struct upload *u;

	if (status != 0)
		return answer_text(c, status, MHD_get_reason_phrase_for(status));
	u = malloc(sizeof(*u));
	if (u == NULL)
		return MHD_NO;
	u->body = (struct buf)BUF_INIT(WITNESS_REQUEST_MAX);
	*request = u;
	return MHD_YES;
}

static enum MHD_Result begin(struct MHD_Connection *c, const struct witness *w, const char *url,
			     const char *method, void **request)
{
	if (strcmp(url, WITNESS_PATH) == 0)
		return strcmp(method, MHD_HTTP_METHOD_POST) == 0 ? begin_upload(c, request) :
			answer_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "POST a checkpoint");
	if (strcmp(url, "/") != 0)
		return answer_text(c, MHD_HTTP_NOT_FOUND, "nothing is here but " WITNESS_PATH);
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "POST to " WITNESS_PATH);
	return describe(c, w);
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *piece,
				  size_t *len, void **request)
{
	struct server *s = data;
	struct upload *u = *request;

	(void)version;
	if (u == NULL)
		return begin(c, s->witness, url, method, request);
	if (*len == 0)
		return add_checkpoint(c, s->witness, u);
	buf_add(&u->body, piece, *len);
	*len = 0;
	return u->body.failed ? MHD_NO : MHD_YES;
}

/* ------ connections ------ */

static struct slot *slot_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

static int64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void restart(struct slot *slot)
{
	slot->until_ms = monotonic_ms() + WITNESS_REQUEST_S * 1000;
}

static void on_done(void *data, struct MHD_Connection *c, void **request,
		    enum MHD_RequestTerminationCode why)
{
	struct upload *u = *request;
	struct slot *slot = slot_of(c);

	(void)data;
	(void)why;
	if (u != NULL)
		buf_clear(&u->body);
	free(u);
	*request = NULL;
	if (slot != NULL)
		restart(slot);
}

static void on_connection(void *data, struct MHD_Connection *c, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info;
	struct server *s = data;
	struct slot *slot = *context;
	size_t i;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (slot != NULL)
			slot->fd = -1;
		return;
	}
	info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	for (i = 0; i < COUNT(s->slots) && info != NULL; i++)
		if (s->slots[i].fd < 0) {
			s->slots[i].fd = info->connect_fd;
			restart(&s->slots[i]);
			*context = &s->slots[i];
			return;
		}
}

/* A request that drips never lets the connection be idle: it ends all the same. */
static bool end_slow(struct server *s)
{
	const int64_t now = monotonic_ms();
	bool any = false;
	size_t i;

	for (i = 0; i < COUNT(s->slots); i++) {
		if (s->slots[i].fd < 0)
			continue;
		any = true;
		if (s->slots[i].until_ms < now)
			shutdown(s->slots[i].fd, SHUT_RDWR);	/* the daemon closes it */
	}
	return any;
}

/* ------ the loop ------ */

__attribute__((format(printf, 2, 0)))
static void on_log(void *data, const char *fmt, va_list ap)
{
	char line[256];
	int n = vsnprintf(line, sizeof(line), fmt, ap);

	(void)data;
	while (n > 0 && (size_t)n < sizeof(line) && line[n - 1] == '\n')
		line[--n] = '\0';
	log_debug("%s", line);
}

static struct MHD_Daemon *start(struct server *s, int listener)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, s,
				MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
				MHD_OPTION_LISTEN_SOCKET, listener,
				MHD_OPTION_CONNECTION_LIMIT, (unsigned)WITNESS_CONNECTIONS,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				(size_t)WITNESS_CONNECTION_MEMORY,
				MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)WITNESS_IDLE_S,
				MHD_OPTION_STRICT_FOR_CLIENT, 1,
				MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL,
				MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
				MHD_OPTION_END);
}

static int wait_ms(struct server *s, bool any)
{
	MHD_UNSIGNED_LONG_LONG ms = TICK_MS;

	if (MHD_get_timeout(s->daemon, &ms) != MHD_YES && !any)
		return -1;
	return (int)MIN(ms, (MHD_UNSIGNED_LONG_LONG)TICK_MS);
}

static int run(struct server *s, int stop, struct err *e)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon,
							       MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd fds[2] = { { .fd = stop, .events = POLLIN }, { .events = POLLIN } };
	bool any = false;

	if (info == NULL)
		return err_set(e, -EIO, "libmicrohttpd has nothing to wait for");
	fds[1].fd = info->epoll_fd;
	for (;;) {
		if (poll(fds, COUNT(fds), wait_ms(s, any)) < 0 && errno != EINTR)
			return err_set(e, -errno, "poll: %s", strerror(errno));
		if ((fds[0].revents & POLLIN) != 0)
			return 0;
		if (MHD_run(s->daemon) != MHD_YES)
			return err_set(e, -EIO, "libmicrohttpd cannot go on");
		any = end_slow(s);
	}
}

int witness_http_run(struct witness *w, int listener, int stop, void (*ready)(void *data),
		     void *data, struct err *e)
{
	struct server s = { .witness = w };
	size_t i;
	int r;

	for (i = 0; i < COUNT(s.slots); i++)
		s.slots[i].fd = -1;
	s.daemon = start(&s, listener);
	if (s.daemon == NULL) {
		close(listener);
		return err_set(e, -EIO, "libmicrohttpd cannot start");
	}
	ready(data);
	r = run(&s, stop, e);
	MHD_stop_daemon(s.daemon);	/* closes the listener, too */
	return r;
}
