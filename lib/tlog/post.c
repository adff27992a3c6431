#include "tlog/post.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/util.h"
#include "format/name.h"

struct exchange {
	CURL *curl;
	const struct post *request;
	struct curl_slist *headers;
	size_t header_bytes;
	struct buf *body;
	bool too_large;
	char said[CURL_ERROR_SIZE];
};

static void exchange_clear(struct exchange *x)
{
	curl_slist_free_all(x->headers);
	curl_easy_cleanup(x->curl);
}

/* ------ what libcurl calls ------ */

static size_t on_body(char *p, size_t size, size_t n, void *data)
{
	struct exchange *x = data;

	buf_add(x->body, p, size * n);
	x->too_large = x->body->failed;
	return x->too_large ? 0 : size * n;
}

/* libcurl keeps headers for whoever may ask: what is too much ends it. */
static size_t on_header(char *p, size_t size, size_t n, void *data)
{
	struct exchange *x = data;

	(void)p;
	x->header_bytes += size * n;
	x->too_large = x->header_bytes > POST_HEADERS_MAX;
	return x->too_large ? 0 : size * n;
}

/* Called at least once a second, also while nothing moves. */
static int on_progress(void *data, curl_off_t down, curl_off_t downed, curl_off_t up,
		       curl_off_t upped)
{
	const struct exchange *x = data;

	(void)down;
	(void)downed;
	(void)up;
	(void)upped;
	return x->request->stop != NULL && atomic_load(x->request->stop);
}

/* ------ what is asked ------ */

static bool add_header(struct exchange *x, const char *name, const char *value)
{
	AUTO(buf_clear) struct buf line = BUF_INIT(256);
	struct curl_slist *more;

	buf_addf(&line, "%s: %s", name, value);
	more = line.failed ? NULL : curl_slist_append(x->headers, buf_str(&line));
	if (more != NULL)
		x->headers = more;
	return more != NULL;
}

static bool set_request(struct exchange *x)
{
	const struct post *r = x->request;

	if (r->accept != NULL && !add_header(x, "Accept", r->accept))
		return false;
	if (r->body == NULL)
		return true;
	/* Nobody who is asked this waits for more than one packet: no 100-continue. */
	return add_header(x, "Content-Type", r->type) && add_header(x, "Expect", "") &&
	       curl_easy_setopt(x->curl, CURLOPT_POST, 1L) == CURLE_OK &&
	       curl_easy_setopt(x->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->len) ==
		       CURLE_OK &&
	       curl_easy_setopt(x->curl, CURLOPT_POSTFIELDS, r->body) == CURLE_OK;
}

static bool set_bounds(CURL *c, const struct post *r)
{
	long connect_ms = r->connect_ms != 0 ? (long)r->connect_ms : POST_CONNECT_MS;
	long total_ms = r->total_ms != 0 ? (long)r->total_ms : POST_TOTAL_MS;

	return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       /* A name server that does not answer holds up a thread of libcurl's, not us. */
	       curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, total_ms) == CURLE_OK;
}

static bool set_up(struct exchange *x)
{
	CURL *c = x->curl;

	return c != NULL && set_bounds(c, x->request) && set_request(x) &&
	       curl_easy_setopt(c, CURLOPT_URL, x->request->url) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_USERAGENT, "dockvault/" VERSION) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HTTPHEADER, x->headers) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_ERRORBUFFER, x->said) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEDATA, x) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HEADERDATA, x) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_XFERINFODATA, x) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK;
}

/* ------ what came of it ------ */

/* The sentence has room for this much of a URL, and for what is wrong. */
#define SHOWN	"%.100s: "

static int failure(const struct exchange *x, CURLcode code, struct err *e)
{
	const char *url = x->request->url;
	const char *said = x->said[0] != '\0' ? x->said : curl_easy_strerror(code);
	AUTO(buf_clear) struct buf clean = BUF_INIT(4 * CURL_ERROR_SIZE);

	/* It may quote the other side: a name in a certificate. */
	name_add_text(&clean, (const uint8_t *)said, strlen(said));
	said = buf_str(&clean);
	if (x->too_large)
		return err_set(e, -EFBIG, SHOWN "the answer is larger than %zu bytes, or its "
			       "headers than %d", url, x->body->max, POST_HEADERS_MAX);
	switch (code) {
	case CURLE_ABORTED_BY_CALLBACK:
		return err_set(e, -ECANCELED, SHOWN "given up, for the program ends", url);
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(e, -ETIMEDOUT, SHOWN "no answer in time: %s", url, said);
	case CURLE_OUT_OF_MEMORY:
		return err_set(e, -ENOMEM, SHOWN "no memory", url);
	default:
		return err_set(e, -EIO, SHOWN "%s", url, said);
	}
}

static void take_type(CURL *curl, char ret[POST_TYPE_MAX])
{
	const char *type = NULL;
	size_t n;

	curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	n = type != NULL ? strcspn(type, "; \t") : 0;
	if (n >= POST_TYPE_MAX)
		n = 0;		/* longer than any that is known */
	for (size_t i = 0; i < n; i++) {
		ret[i] = (char)tolower((unsigned char)type[i]);
		if (ret[i] <= ' ' || ret[i] > '~')
			n = 0;
	}
	ret[n] = '\0';
}

int post(const struct post *request, struct post_answer *ret, struct err *e)
{
	AUTO(exchange_clear) struct exchange x = {
		.curl = curl_easy_init(), .request = request, .body = &ret->body,
	};
	CURLcode code;

	buf_reset(&ret->body);
	if (!set_up(&x))
		return failure(&x, CURLE_OUT_OF_MEMORY, e);
	code = curl_easy_perform(x.curl);
	if (code != CURLE_OK)
		return failure(&x, code, e);
	curl_easy_getinfo(x.curl, CURLINFO_RESPONSE_CODE, &ret->status);
	take_type(x.curl, ret->type);
	return 0;
}
