/*
 * One HTTP exchange, bounded in time and size: for couriers, which ask
 * time-stamp authorities and witnesses.  http and https, certificates checked
 * against the system's; no redirects (a 302 is an answer), cookies, proxies, .netrc or
 * names and passwords in URLs.
 *
 * Errors   0: the other side answered, whatever its status.  -ETIMEDOUT, -ECANCELED
 *          (stop), -EFBIG (the answer), -ENOMEM, -EIO (all else), and a sentence that
 *          names the URL.
 * Threads  any, side by side; blocking.  The program calls curl_global_init() before.
 * Memory   POST_HEADERS_MAX and the answer's maximum, beside libcurl's own.
 */
#ifndef TLOG_POST_H
#define TLOG_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	/* Where a request says nothing else: until the connection stands; until all is read. */
	POST_CONNECT_MS = 10 * 1000,
	POST_TOTAL_MS = 30 * 1000,
	POST_STOP_MS = 1500,		/* at most, from stop to -ECANCELED */
	POST_HEADERS_MAX = 64 * 1024,	/* bytes of the answer before its body */
	POST_TYPE_MAX = 128,
};

struct post {
	const char *url;
	const void *body;		/* NULL: GET */
	size_t len;
	const char *type, *accept;	/* Content-Type of the body; Accept, or NULL */
	uint32_t connect_ms, total_ms;	/* 0: as above */
	const _Atomic bool *stop;	/* gives up when it becomes true; NULL: never does */
};

struct post_answer {
	long status;			/* 200, ... */
	char type[POST_TYPE_MAX];	/* ASCII, lower case, no parameters; "": none was said */
	struct buf body;		/* the caller's: born with its maximum, cleared by him */
};

int post(const struct post *request, struct post_answer *ret, struct err *e);

#endif
