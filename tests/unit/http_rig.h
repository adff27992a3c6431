/* A real HTTP server on a port of loopback, in a thread of its own, that answers as told. */
#ifndef UNIT_HTTP_RIG_H
#define UNIT_HTTP_RIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum { HTTP_RIG_BODY_MAX = 64 * 1024, HTTP_RIG_URL_SIZE = 64 };

struct http_rig_request {
	const char *method, *path;
	const char *type, *accept, *agent;	/* NULL: no such header */
	const struct buf *body;
};

struct http_rig_answer {
	unsigned status;		/* 200 when left as it is */
	const char *type;		/* NULL: none */
	const char *header, *value;	/* one more; NULL: none */
	bool never;			/* let the other side wait until it gives up */
	struct buf body;		/* born with HTTP_RIG_BODY_MAX * 8; cleared by the rig */
};

/* Called in the server's thread, one request at a time. */
typedef void (*http_rig_fn)(void *data, const struct http_rig_request *q,
			    struct http_rig_answer *ret);

struct http_rig;

struct http_rig *http_rig_new(http_rig_fn fn, void *data);
/* The same behind TLS. */
struct http_rig *http_rig_new_tls(const char *key_pem, const char *cert_pem, http_rig_fn fn,
				  void *data);
void http_rig_url(const struct http_rig *h, const char *path, char ret[HTTP_RIG_URL_SIZE]);
unsigned http_rig_asked(struct http_rig *h);	/* how many requests came */
void http_rig_free(struct http_rig *h);		/* NULL is fine */

/* A port of loopback where nobody listens, for as long as *ret_fd is open. */
unsigned http_rig_nobody(int *ret_fd);

#endif
