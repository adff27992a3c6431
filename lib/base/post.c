#include "base/post.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "base/utf8.h"
#include "base/util.h"

struct exchange {
	CURL *curl;
	const char *url;
	const _Atomic bool *stop;
	struct curl_slist *headers, *to;
	size_t header_bytes;
	const struct post_mail *mail;	/* NULL: HTTP */
	size_t mail_sent;
	struct buf *body;
	bool too_large;
	char said[CURL_ERROR_SIZE];
};

static void exchange_clear(struct exchange *x)
{
	curl_slist_free_all(x->headers);
	curl_slist_free_all(x->to);
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

	x->header_bytes += size * n;
	x->too_large = x->header_bytes > POST_HEADERS_MAX;
	if (x->mail != NULL) {		/* what an SMTP server says are such lines; the last counts */
		buf_reset(x->body);
		buf_add(x->body, p, MIN(size * n, x->body->max));
	}
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
	return x->stop != NULL && atomic_load(x->stop);
}

static size_t on_mail(char *p, size_t size, size_t n, void *data)
{
	struct exchange *x = data;
	size_t len = MIN(size * n, x->mail->len - x->mail_sent);

	memcpy(p, (const char *)x->mail->text + x->mail_sent, len);
	x->mail_sent += len;
	return len;
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

static bool set_request(struct exchange *x, const struct post *r)
{
	const char *const *line;
	struct curl_slist *more;

	if (r->accept != NULL && !add_header(x, "Accept", r->accept))
		return false;
	for (line = r->headers; line != NULL && *line != NULL; line++) {
		more = curl_slist_append(x->headers, *line);
		if (more == NULL)
			return false;
		x->headers = more;
	}
	if (r->body == NULL)
		return true;
	/* Nobody who is asked this waits for more than one packet: no 100-continue. */
	return add_header(x, "Content-Type", r->type) && add_header(x, "Expect", "") &&
	       curl_easy_setopt(x->curl, CURLOPT_POST, 1L) == CURLE_OK &&
	       curl_easy_setopt(x->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->len) ==
		       CURLE_OK &&
	       curl_easy_setopt(x->curl, CURLOPT_POSTFIELDS, r->body) == CURLE_OK;
}

static bool set_mail(struct exchange *x, const struct post_mail *m)
{
	CURL *c = x->curl;
	struct curl_slist *more;
	const char *const *to;

	for (to = m->to; *to != NULL; to++) {
		more = curl_slist_append(x->to, *to);
		if (more == NULL)
			return false;
		x->to = more;
	}
	return curl_easy_setopt(c, CURLOPT_USE_SSL,
				(long)(m->plain ? CURLUSESSL_TRY : CURLUSESSL_ALL)) == CURLE_OK &&
	       (m->user == NULL || curl_easy_setopt(c, CURLOPT_USERNAME, m->user) == CURLE_OK) &&
	       (m->password == NULL ||
		curl_easy_setopt(c, CURLOPT_PASSWORD, m->password) == CURLE_OK) &&
	       curl_easy_setopt(c, CURLOPT_MAIL_FROM, m->from) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_MAIL_RCPT, x->to) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)m->len) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_READFUNCTION, on_mail) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_READDATA, x) == CURLE_OK;
}

static bool set_bounds(CURL *c, uint32_t connect_ms, uint32_t total_ms, const char *protocols)
{
	const long connect = connect_ms != 0 ? (long)connect_ms : POST_CONNECT_MS;
	const long total = total_ms != 0 ? (long)total_ms : POST_TOTAL_MS;

	return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       /* A name server that does not answer holds up a thread of libcurl's, not us. */
	       curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, connect) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, total) == CURLE_OK;
}

static bool set_up(struct exchange *x, const char *ca)
{
	CURL *c = x->curl;

	return curl_easy_setopt(c, CURLOPT_URL, x->url) == CURLE_OK &&
	       (ca == NULL || curl_easy_setopt(c, CURLOPT_CAINFO, ca) == CURLE_OK) &&
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
#define SHOWN	"%.*s: "
enum { SHOWN_MAX = 100 };

/* It may quote the other side: a name in a certificate.  One line, of UTF-8. */
static void clean(char *text)
{
	const size_t len = strlen(text);
	size_t i, n;
	uint32_t c;

	for (i = 0; i < len; i += n) {
		n = utf8_char((const uint8_t *)text + i, len - i, &c);
		if (n == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0)) {
			memset(text + i, '?', MAX(n, (size_t)1));
			n = MAX(n, (size_t)1);
		}
	}
}

static int failure(struct exchange *x, CURLcode code, struct err *e)
{
	const int len = (int)MIN(strcspn(x->url, "?"), (size_t)SHOWN_MAX);
	const char *url = x->url, *said = x->said;

	if (said[0] == '\0')
		said = curl_easy_strerror(code);
	clean(x->said);
	if (x->too_large)
		return err_set(e, -EFBIG, SHOWN "the answer is larger than %zu bytes, or its "
			       "headers than %d", len, url, x->body->max, POST_HEADERS_MAX);
	switch (code) {
	case CURLE_ABORTED_BY_CALLBACK:
		return err_set(e, -ECANCELED, SHOWN "given up, for the program ends", len, url);
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(e, -ETIMEDOUT, SHOWN "no answer in time: %s", len, url, said);
	case CURLE_OUT_OF_MEMORY:
		return err_set(e, -ENOMEM, SHOWN "no memory", len, url);
	case CURLE_LOGIN_DENIED:
		return err_set(e, x->mail != NULL ? -EACCES : -EIO, SHOWN "%s", len, url, said);
	default:
		return err_set(e, -EIO, SHOWN "%s", len, url, said);
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

int post(const struct post *r, struct post_answer *ret, struct err *e)
{
	AUTO(exchange_clear) struct exchange x = {
		.curl = curl_easy_init(), .url = r->url, .stop = r->stop, .body = &ret->body,
	};
	CURLcode code;

	buf_reset(&ret->body);
	if (x.curl == NULL || !set_bounds(x.curl, r->connect_ms, r->total_ms, "http,https") ||
	    !set_request(&x, r) || !set_up(&x, r->ca))
		return failure(&x, CURLE_OUT_OF_MEMORY, e);
	code = curl_easy_perform(x.curl);
	if (code != CURLE_OK)
		return failure(&x, code, e);
	curl_easy_getinfo(x.curl, CURLINFO_RESPONSE_CODE, &ret->status);
	take_type(x.curl, ret->type);
	return 0;
}

int post_mail(const struct post_mail *m, struct post_answer *ret, struct err *e)
{
	AUTO(exchange_clear) struct exchange x = {
		.curl = curl_easy_init(), .url = m->url, .stop = m->stop, .body = &ret->body,
		.mail = m,
	};
	CURLcode code;

	buf_reset(&ret->body);
	ret->status = 0;
	ret->type[0] = '\0';
	if (x.curl == NULL || !set_bounds(x.curl, m->connect_ms, m->total_ms, "smtp,smtps") ||
	    !set_mail(&x, m) || !set_up(&x, m->ca))
		return failure(&x, CURLE_OUT_OF_MEMORY, e);
	code = curl_easy_perform(x.curl);
	curl_easy_getinfo(x.curl, CURLINFO_RESPONSE_CODE, &ret->status);
	return code != CURLE_OK ? failure(&x, code, e) : 0;
}
