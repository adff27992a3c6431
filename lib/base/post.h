/*
 * One exchange with a server elsewhere, bounded in time and size: HTTP, for those who
 * ask time-stamp authorities and witnesses or tell a webhook, and SMTP, for a mail.
 * Certificates are checked; no redirects (a 302 is an answer), cookies, proxies, .netrc
 * or names and passwords in URLs.
 *
 * Errors   0: the other side answered, whatever its status.  -ETIMEDOUT, -ECANCELED
 *          (stop), -EFBIG (the answer), -EACCES (a name or password that was refused),
 *          -ENOMEM, -EIO (all else), and a sentence that names the URL, but nothing from
 *          its `?` on, where tokens are.
 * Threads  any, side by side; blocking.  The program calls curl_global_init() before.
 * Memory   POST_HEADERS_MAX and the answer's maximum, beside libcurl's own.  libcurl keeps copies
 *          of URL and password for as long as this lasts.
 */
#ifndef BASE_POST_H
#define BASE_POST_H

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
	const char *const *headers;	/* more of them, "Name: value", up to a NULL; or NULL */
	const char *ca;			/* PEM file of whom to trust; NULL: whom the system does */
	uint32_t connect_ms, total_ms;	/* 0: as above */
	const _Atomic bool *stop;	/* gives up when it becomes true; NULL: never does */
};

struct post_answer {
	long status;			/* 200, ...; of SMTP 250, ... */
	char type[POST_TYPE_MAX];	/* ASCII, lower case, no parameters; "": none was said */
	struct buf body;		/* the caller's: born with its maximum, cleared by him */
};

int post(const struct post *request, struct post_answer *ret, struct err *e);

/* A mail.  Nothing of it is looked into: addresses and text are as the caller made sure they are. */
struct post_mail {
	const char *url;		/* smtps://HOST[:PORT] or smtp://HOST[:PORT] */
	bool plain;			/* smtp:// may stay without TLS: to loopback alone */
	const char *user, *password;	/* NULL: none */
	const char *from;		/* addresses as they are, no angle brackets */
	const char *const *to;		/* up to a NULL */
	const void *text;		/* header and body, lines end in CRLF; dots are doubled here */
	size_t len;
	const char *ca;
	uint32_t connect_ms, total_ms;
	const _Atomic bool *stop;
};

/* 0 and 250: the server has taken the whole mail for all of them.  answer's body: the last line it
 * said, also of a refusal, which is -EIO with the status that it was refused with (0: none came). */
int post_mail(const struct post_mail *m, struct post_answer *ret, struct err *e);

#endif
