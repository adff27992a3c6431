/*
 * A witness that listens: c2sp.org/tlog-witness over HTTP/1.1 (libmicrohttpd).
 *
 *	POST /add-checkpoint	custody/witness.h
 *	GET /			what this is, its key, the log's, and the last checkpoint
 *
 * A request must say how long its body is: 411 without Content-Length, 413 above
 * WITNESS_REQUEST_MAX, 400 with more than one or with Transfer-Encoding.  Requests are answered
 * one at a time, so that judging and remembering are one step.
 *
 * Errors   0 or a negative errno and a sentence.
 * Threads  one, which runs it all.
 * Memory   WITNESS_CONNECTIONS * (WITNESS_CONNECTION_MEMORY + WITNESS_REQUEST_MAX).
 */
#ifndef VAULTCTL_WITNESS_HTTP_H
#define VAULTCTL_WITNESS_HTTP_H

#include "base/err.h"
#include "witness.h"

enum {
	WITNESS_CONNECTIONS = 16,		/* more of them wait to be accepted */
	WITNESS_CONNECTION_MEMORY = 16 * 1024,	/* bytes of headers and answer */
	WITNESS_IDLE_S = 10,			/* nothing came: closed */
	WITNESS_REQUEST_S = 20,			/* a request that is not whole by then: closed */
};

/*
 * Answer at this socket, which is taken, until `stop` (a signalfd) is readable.  ready() is called
 * once requests are answered.
 */
int witness_http_run(struct witness *w, int listener, int stop, void (*ready)(void *data),
		     void *data, struct err *e);

#endif
