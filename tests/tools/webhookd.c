/*
 * webhookd DIR - a server for webhooks on a port of loopback, for scenarios.  Prints the port, as soon as it
 * is listened to.  Ends with SIGTERM.
 *
 * Each request is DIR/request.N, N from 1 on: the URL as it was asked for, the X-Dockvault headers, an empty
 * line, the body.  What is answered is in DIR/answer, read for each request: "STATUS BODY", or "BYTES BIG"
 * for a 200 of so many bytes of junk, or "hang"; no such file: 200 with errcode 0.
 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/util.h"

enum { BODY_MAX = 4 * 1024 * 1024 };

static const char *dir;
static unsigned n_requests;


/* What was asked, in the order of MHD's list: the query is decoded there, so it is taken from the URL. */
static void *on_uri(void *data, const char *uri, struct MHD_Connection *c)
{
	struct buf *b = calloc(1, sizeof(*b));

	(void)data;
	(void)c;
	if (b == NULL)
		return NULL;
	b->max = BODY_MAX;
	buf_addf(b, "%s\n", uri);
	return b;
}

static enum MHD_Result on_header(void *data, enum MHD_ValueKind kind, const char *key, const char *value)
{
	(void)kind;
	if (strncasecmp(key, "X-Dockvault", 11) == 0)
		buf_addf(data, "%s: %s\n", key, value);
	return MHD_YES;
}

static enum MHD_Result respond(struct MHD_Connection *c)
{
	AUTO(buf_clear) struct buf answer = BUF_INIT(BODY_MAX);
	struct MHD_Response *r;
	enum MHD_Result done;
	char path[4096], *body;
	unsigned long n = 200;
	void *junk;

	snprintf(path, sizeof(path), "%s/answer", dir);
	if (file_read(path, &answer, NULL) < 0) {
		buf_reset(&answer);
		buf_adds(&answer, "200 {\"errcode\":0,\"errmsg\":\"ok\"}");
	}
	if (strncmp(buf_str(&answer), "hang", 4) == 0) {
		MHD_suspend_connection(c);
		return MHD_YES;
	}
	n = strtoul(buf_str(&answer), &body, 10);
	if (strncmp(body, " BIG", 4) == 0) {
		junk = malloc(n);
		if (junk == NULL)
			return MHD_NO;
		memset(junk, ' ', n);
		r = MHD_create_response_from_buffer(n, junk, MHD_RESPMEM_MUST_FREE);
		n = 200;
	} else {
		body += *body == ' ';
		r = MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_MUST_COPY);
	}
	done = MHD_queue_response(c, (unsigned)n, r);
	MHD_destroy_response(r);
	return done;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *c, const char *url, const char *method,
				  const char *version, const char *piece, size_t *len, void **request)
{
	struct buf *b = *request;
	char path[4096];

	(void)data;
	(void)url;
	(void)method;
	(void)version;
	if (*len == 0 && memmem(b->p, b->len, "\n\n", 2) == NULL) {	/* the first call, or there is no body */
		MHD_get_connection_values(c, MHD_HEADER_KIND, on_header, b);
		buf_adds(b, "\n");
		return MHD_YES;
	}
	if (*len > 0) {
		buf_add(b, piece, *len);
		*len = 0;
		return MHD_YES;
	}
	snprintf(path, sizeof(path), "%s/request.%u", dir, ++n_requests);
	if (file_replace(path, b->p, b->len, 0644, NULL) < 0)
		return MHD_NO;
	return respond(c);
}

static void on_done(void *data, struct MHD_Connection *c, void **request, enum MHD_RequestTerminationCode how)
{
	(void)data;
	(void)c;
	(void)how;
	if (*request != NULL)
		buf_clear(*request);
	free(*request);
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	const union MHD_DaemonInfo *info;
	struct MHD_Daemon *d;
	sigset_t set;
	int got;

	if (argc != 2)
		return 2;
	dir = argv[1];
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	d = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request,
			     NULL, MHD_OPTION_SOCK_ADDR, &a, MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL,
			     MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_END);
	info = d != NULL ? MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT) : NULL;
	if (info == NULL)
		return 1;
	printf("%u\n", (unsigned)info->port);
	fflush(stdout);
	sigwait(&set, &got);
	_exit(0);		/* with what hangs */
}
