#include "unit/http_rig.h"

#include <arpa/inet.h>
#include <check.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/util.h"

enum { WAITING_MAX = 8 };

struct http_rig {
	struct MHD_Daemon *daemon;
	http_rig_fn fn;
	void *data;
	bool tls;
	atomic_uint asked, n_waiting;
	struct MHD_Connection *waiting[WAITING_MAX];	/* never answered, until the end */
	atomic_bool ending;
};

static enum MHD_Result answer(struct http_rig *h, struct MHD_Connection *c, const char *method,
			      const char *path, const struct buf *body)
{
	struct http_rig_request q = {
		.method = method, .path = path, .body = body,
		.type = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Type"),
		.accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Accept"),
		.agent = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "User-Agent"),
	};
	struct http_rig_answer a = { .status = 200, .body = BUF_INIT(HTTP_RIG_BODY_MAX * 8) };
	struct MHD_Response *r;
	unsigned n = atomic_load(&h->n_waiting);
	enum MHD_Result done;

	if (atomic_load(&h->ending))
		return MHD_NO;
	atomic_fetch_add(&h->asked, 1);
	h->fn(h->data, &q, &a);
	if (a.never && n < WAITING_MAX) {
		MHD_suspend_connection(c);
		h->waiting[n] = c;
		atomic_store(&h->n_waiting, n + 1);
		buf_clear(&a.body);
		return MHD_YES;
	}
	r = MHD_create_response_from_buffer(a.body.len, a.body.p, MHD_RESPMEM_MUST_COPY);
	if (a.type != NULL)
		MHD_add_response_header(r, "Content-Type", a.type);
	if (a.header != NULL)
		MHD_add_response_header(r, a.header, a.value);
	done = MHD_queue_response(c, a.status, r);
	MHD_destroy_response(r);
	buf_clear(&a.body);
	return done;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version, const char *upload,
				  size_t *len, void **state)
{
	struct http_rig *h = data;
	struct buf *body = *state;

	(void)version;
	if (body == NULL) {
		body = malloc(sizeof(*body));
		if (body == NULL)
			return MHD_NO;
		*body = (struct buf)BUF_INIT(HTTP_RIG_BODY_MAX);
		*state = body;
		return MHD_YES;
	}
	if (*len > 0) {
		buf_add(body, upload, *len);
		*len = 0;
		return body->failed ? MHD_NO : MHD_YES;
	}
	return answer(h, c, method, path, body);
}

static void on_end(void *data, struct MHD_Connection *c, void **state,
		   enum MHD_RequestTerminationCode how)
{
	struct buf *body = *state;

	(void)data;
	(void)c;
	(void)how;
	if (body != NULL)
		buf_clear(body);
	free(body);
	*state = NULL;
}

static struct http_rig *start(const char *key, const char *cert, http_rig_fn fn, void *data)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert },
		{ MHD_OPTION_END, 0, NULL },
	};
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME;
	struct http_rig *h = calloc(1, sizeof(*h));

	ck_assert_ptr_nonnull(h);
	h->fn = fn;
	h->data = data;
	h->tls = key != NULL;
	/* Its memory for a connection bounds the headers it can say. */
	h->daemon = MHD_start_daemon(flags | (h->tls ? MHD_USE_TLS : 0), 0, NULL, NULL, on_request,
				     h, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at,
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)1024 * 1024,
				     MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL,
				     MHD_OPTION_ARRAY, h->tls ? tls : &tls[2], MHD_OPTION_END);
	ck_assert_ptr_nonnull(h->daemon);
	return h;
}

struct http_rig *http_rig_new(http_rig_fn fn, void *data)
{
	return start(NULL, NULL, fn, data);
}

struct http_rig *http_rig_new_tls(const char *key_pem, const char *cert_pem, http_rig_fn fn,
				  void *data)
{
	return start(key_pem, cert_pem, fn, data);
}

void http_rig_url(const struct http_rig *h, const char *path, char ret[HTTP_RIG_URL_SIZE])
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon,
							       MHD_DAEMON_INFO_BIND_PORT);

	ck_assert_ptr_nonnull(info);
	snprintf(ret, HTTP_RIG_URL_SIZE, "%s://127.0.0.1:%u%s", h->tls ? "https" : "http",
		 (unsigned)info->port, path);
}

unsigned http_rig_asked(struct http_rig *h)
{
	return atomic_load(&h->asked);
}

void http_rig_free(struct http_rig *h)
{
	if (h == NULL)
		return;
	/* Those that wait must go on before the server can end: then they are closed. */
	atomic_store(&h->ending, true);
	for (unsigned i = 0; i < atomic_load(&h->n_waiting); i++)
		MHD_resume_connection(h->waiting[i]);
	MHD_stop_daemon(h->daemon);
	free(h);
}

unsigned http_rig_nobody(int *ret_fd)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	*ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(*ret_fd, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(getsockname(*ret_fd, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}
