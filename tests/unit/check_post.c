#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/utc.h"
#include "base/util.h"
#include "base/post.h"
#include "unit/http_rig.h"
#include "unit/suite.h"
#include "unit/tsa_rig.h"

static void set_up(void)
{
	ck_assert_int_eq(curl_global_init(CURL_GLOBAL_DEFAULT), 0);
}

static void tear_down(void)
{
	curl_global_cleanup();
}

/* ------ what the server says ------ */

struct script {
	unsigned status;
	const char *type, *header, *value;
	size_t bytes;			/* of the body: 'x' as often */
	bool never;
	_Atomic bool stop;		/* becomes true when a request came */
	struct buf seen;		/* "POST /path type accept agent: body" */
};

static void follow(void *data, const struct http_rig_request *q, struct http_rig_answer *ret)
{
	struct script *s = data;

	buf_reset(&s->seen);
	buf_addf(&s->seen, "%s %s %s %s %s: %s", q->method, q->path, q->type ? q->type : "-",
		 q->accept ? q->accept : "-", q->agent ? q->agent : "-", buf_str(q->body));
	if (s->status != 0)
		ret->status = s->status;
	ret->type = s->type;
	ret->header = s->header;
	ret->value = s->value;
	ret->never = s->never;
	for (size_t i = 0; i < s->bytes; i++)
		buf_add(&ret->body, "x", 1);
	atomic_store(&s->stop, true);
}

#define SCRIPT(...)	{ .seen = BUF_INIT(1024), __VA_ARGS__ }
#define ANSWER(max)	{ .body = BUF_INIT(max) }

static void answer_clear(struct post_answer *a)
{
	buf_clear(&a->body);
}

static void rig_freep(struct http_rig **h)
{
	http_rig_free(*h);
}

START_TEST(says_what_it_was_told_to)
{
	struct script s = SCRIPT(.type = "text/plain", .bytes = 3);
	AUTO(rig_freep) struct http_rig *h = http_rig_new(follow, &s);
	AUTO(answer_clear) struct post_answer a = ANSWER(100);
	char url[HTTP_RIG_URL_SIZE];
	struct err e = { 0, "" };

	http_rig_url(h, "/tsa?a=b", url);
	ck_assert_msg(post(&(struct post){ .url = url, .body = "question", .len = 8,
					   .type = "application/timestamp-query",
					   .accept = "application/timestamp-reply" },
			   &a, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(buf_str(&s.seen),
			 "POST /tsa application/timestamp-query application/timestamp-reply "
			 "dockvault/" VERSION ": question");
	ck_assert_int_eq(a.status, 200);
	ck_assert_str_eq(a.type, "text/plain");
	ck_assert_str_eq(buf_str(&a.body), "xxx");

	/* The same answer again, for a GET. */
	ck_assert_int_eq(post(&(struct post){ .url = url }, &a, &e), 0);
	ck_assert_str_eq(buf_str(&s.seen), "GET /tsa - */* dockvault/" VERSION ": ");
	ck_assert_str_eq(buf_str(&a.body), "xxx");
	buf_clear(&s.seen);
}
END_TEST

static const struct { unsigned status; const char *header, *value; } statuses[] = {
	{ 200, NULL, NULL }, { 204, NULL, NULL }, { 404, NULL, NULL }, { 409, NULL, NULL },
	{ 500, NULL, NULL }, { 302, "Location", "/elsewhere" }, { 307, "Location", "/elsewhere" },
	{ 307, "Location", "file:///etc/passwd" }, { 401, "WWW-Authenticate", "Basic realm=x" },
	{ 407, "Proxy-Authenticate", "Basic realm=x" },
};

START_TEST(every_status_is_an_answer)
{
	struct script s = SCRIPT(.status = statuses[_i].status, .header = statuses[_i].header,
				 .value = statuses[_i].value);
	AUTO(rig_freep) struct http_rig *h = http_rig_new(follow, &s);
	AUTO(answer_clear) struct post_answer a = ANSWER(100);
	char url[HTTP_RIG_URL_SIZE];

	http_rig_url(h, "/", url);
	ck_assert_int_eq(post(&(struct post){ .url = url, .body = "q", .len = 1, .type = "a/b" },
			      &a, NULL), 0);
	ck_assert_int_eq(a.status, statuses[_i].status);
	ck_assert_uint_eq(http_rig_asked(h), 1);
	buf_clear(&s.seen);
}
END_TEST

static const struct { const char *said, *taken; } types[] = {
	{ "application/timestamp-reply", "application/timestamp-reply" },
	{ "Application/Timestamp-Reply; charset=utf-8", "application/timestamp-reply" },
	{ "text/html ;x", "text/html" }, { NULL, "" },
	{ "text/123456789-123456789-123456789-123456789-123456789-123456789-123456789-123456789-"
	  "123456789-123456789-123456789-123456789-123456789-123456789-123456789-", "" },
};

START_TEST(takes_the_type)
{
	struct script s = SCRIPT(.type = types[_i].said);
	AUTO(rig_freep) struct http_rig *h = http_rig_new(follow, &s);
	AUTO(answer_clear) struct post_answer a = ANSWER(100);
	char url[HTTP_RIG_URL_SIZE];

	http_rig_url(h, "/", url);
	ck_assert_int_eq(post(&(struct post){ .url = url }, &a, NULL), 0);
	ck_assert_str_eq(a.type, types[_i].taken);
	buf_clear(&s.seen);
}
END_TEST

/* ------ bounds ------ */

static const struct { size_t bytes; int r; } sizes[] = {
	{ 0, 0 }, { 9999, 0 }, { 10000, 0 }, { 10001, -EFBIG }, { 400000, -EFBIG },
};

START_TEST(bounds_the_answer)
{
	struct script s = SCRIPT(.bytes = sizes[_i].bytes);
	AUTO(rig_freep) struct http_rig *h = http_rig_new(follow, &s);
	AUTO(answer_clear) struct post_answer a = ANSWER(10000);
	char url[HTTP_RIG_URL_SIZE];
	struct err e = { 0, "" };

	http_rig_url(h, "/", url);
	ck_assert_int_eq(post(&(struct post){ .url = url }, &a, &e), sizes[_i].r);
	if (sizes[_i].r == 0)
		ck_assert_uint_eq(a.body.len, sizes[_i].bytes);
	else
		ck_assert_ptr_nonnull(strstr(e.msg, "/: the answer is larger than 10000 bytes"));
	buf_clear(&s.seen);
}
END_TEST

START_TEST(waits_no_longer_than_it_says)
{
	struct script s = SCRIPT(.never = true);
	AUTO(rig_freep) struct http_rig *h = http_rig_new(follow, &s);
	AUTO(answer_clear) struct post_answer a = ANSWER(100);
	char url[HTTP_RIG_URL_SIZE];
	struct err e = { 0, "" };

	http_rig_url(h, "/", url);
	ck_assert_int_eq(post(&(struct post){ .url = url, .total_ms = 200 }, &a, &e), -ETIMEDOUT);
	ck_assert_ptr_nonnull(strstr(e.msg, "/: no answer in time: "));
	buf_clear(&s.seen);
}
END_TEST

/* Before it begins, and when the question was already put: the limit of time is far. */
START_TEST(gives_up_when_told)
{
	struct script s = SCRIPT(.never = true);
	AUTO(rig_freep) struct http_rig *h = http_rig_new(follow, &s);
	AUTO(answer_clear) struct post_answer a = ANSWER(100);
	int64_t begun = utc_now();
	char url[HTTP_RIG_URL_SIZE];
	struct err e = { 0, "" };

	http_rig_url(h, "/", url);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(post(&(struct post){ .url = url, .stop = &s.stop }, &a, &e),
				 -ECANCELED);
		ck_assert_ptr_nonnull(strstr(e.msg, "/: given up, for the program ends"));
		ck_assert_uint_eq(http_rig_asked(h), 1);
	}
	ck_assert_int_lt(utc_now() - begun, POST_TOTAL_MS);
	buf_clear(&s.seen);
}
END_TEST

/* ------ whom it asks, and whom not ------ */

static const char *const urls[] = {
	"", "no scheme", "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/",
	"http://user:word@127.0.0.1/", "http://user@127.0.0.1/", "http://",
	"http://127.0.0.1:99999/", "http://[::1/",
};

START_TEST(asks_no_such_url)
{
	AUTO(answer_clear) struct post_answer a = ANSWER(100);
	struct err e = { 0, "" };

	ck_assert_int_eq(post(&(struct post){ .url = urls[_i], .total_ms = 5000 }, &a, &e), -EIO);
	ck_assert_msg(strncmp(e.msg, urls[_i], strlen(urls[_i])) == 0, "%s", e.msg);
}
END_TEST

START_TEST(nobody_is_there)
{
	AUTO(answer_clear) struct post_answer a = ANSWER(100);
	char url[HTTP_RIG_URL_SIZE];
	struct err e = { 0, "" };
	int fd;

	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", http_rig_nobody(&fd));
	ck_assert_int_eq(post(&(struct post){ .url = url }, &a, &e), -EIO);
	ck_assert_msg(strstr(e.msg, "Failed to connect") != NULL ||
		      strstr(e.msg, "Couldn't connect") != NULL, "%s", e.msg);
	close(fd);
}
END_TEST

START_TEST(the_environment_has_no_say)
{
	struct script s = SCRIPT(.status = 0);
	AUTO(rig_freep) struct http_rig *h = http_rig_new(follow, &s);
	AUTO(answer_clear) struct post_answer a = ANSWER(100);
	char url[HTTP_RIG_URL_SIZE], proxy[HTTP_RIG_URL_SIZE];
	int fd;

	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u/", http_rig_nobody(&fd));
	setenv("http_proxy", proxy, 1);
	setenv("ALL_PROXY", proxy, 1);
	http_rig_url(h, "/", url);
	ck_assert_int_eq(post(&(struct post){ .url = url }, &a, NULL), 0);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	buf_clear(&s.seen);
	close(fd);
}
END_TEST

/* A certificate that is nobody's whom the system trusts. */
START_TEST(trusts_no_stranger)
{
	struct script s = SCRIPT(.status = 0);
	AUTO(answer_clear) struct post_answer a = ANSWER(100);
	AUTO(buf_clear) struct buf cert = BUF_INIT(4096);
	AUTO(tsa_clear) struct tsa t;
	const struct tsa_kind kind = { .name = "127.0.0.1", .from = (int64_t)TSA_NOW - TSA_LIFE,
				       .until = (int64_t)TSA_NOW + TSA_LIFE, .serial = 1 };
	struct http_rig *h;
	char url[HTTP_RIG_URL_SIZE], *key;
	struct err e = { 0, "" };
	BIO *bio = BIO_new(BIO_s_mem());

	tsa_make(&kind, NULL, NULL, &t);
	tsa_pem(&t, &cert);
	ck_assert_int_eq(PEM_write_bio_PrivateKey(bio, t.key, NULL, NULL, 0, NULL, NULL), 1);
	ck_assert_int_eq(BIO_write(bio, "", 1), 1);
	BIO_get_mem_data(bio, &key);
	h = http_rig_new_tls(key, buf_str(&cert), follow, &s);
	http_rig_url(h, "/", url);
	ck_assert_int_eq(post(&(struct post){ .url = url }, &a, &e), -EIO);
	ck_assert_msg(strstr(e.msg, "certificate") != NULL, "%s", e.msg);
	ck_assert_uint_eq(http_rig_asked(h), 0);
	http_rig_free(h);
	BIO_free(bio);
	buf_clear(&s.seen);
}
END_TEST

/* ------ what no library would say ------ */

struct raw {
	int listener;
	const char *first, *again;	/* NULL: nothing again */
};

/* One connection: say the first, then the other until nobody listens any more. */
static void *talk(void *data)
{
	const struct raw *r = data;
	int fd = accept(r->listener, NULL, NULL);
	char question[4096];

	if (fd < 0 || recv(fd, question, sizeof(question), 0) <= 0)
		return NULL;
	if (send(fd, r->first, strlen(r->first), MSG_NOSIGNAL) >= 0 && r->again != NULL)
		while (send(fd, r->again, strlen(r->again), MSG_NOSIGNAL) > 0)
			;
	close(fd);
	return NULL;
}

static const struct { const char *first, *again; int r; const char *sentence; } raws[] = {
	{ "SSH-2.0-OpenSSH_9.2\r\n", NULL, -EIO, "HTTP/0.9" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", NULL, -EIO, "remaining" },
	{ "", NULL, -EIO, "Empty reply" },
	{ "", "HTTP/1.1 100 Continue\r\n\r\n", -EFBIG, "the answer is larger than" },
	{ "HTTP/1.1 200 OK\r\n", "X: y\r\n", -EFBIG, "the answer is larger than" },
	{ "HTTP/1.1 200 OK\r\n\r\n", "page", -EFBIG, "the answer is larger than" },
};

START_TEST(bears_what_is_no_http)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	AUTO(answer_clear) struct post_answer a = ANSWER(100);
	struct raw raw = { socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), raws[_i].first,
			   raws[_i].again };
	socklen_t len = sizeof(at);
	char url[HTTP_RIG_URL_SIZE];
	struct err e = { 0, "" };
	pthread_t thread;

	ck_assert_int_eq(bind(raw.listener, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(raw.listener, 1), 0);
	ck_assert_int_eq(getsockname(raw.listener, (struct sockaddr *)&at, &len), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, talk, &raw), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", ntohs(at.sin_port));
	ck_assert_int_eq(post(&(struct post){ .url = url }, &a, &e), raws[_i].r);
	ck_assert_msg(strstr(e.msg, raws[_i].sentence) != NULL, "%s", e.msg);
	pthread_join(thread, NULL);
	close(raw.listener);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, says_what_it_was_told_to);
	tcase_add_loop_test(tc, every_status_is_an_answer, 0, (int)COUNT(statuses));
	tcase_add_loop_test(tc, takes_the_type, 0, (int)COUNT(types));
	tcase_add_loop_test(tc, bounds_the_answer, 0, (int)COUNT(sizes));
	tcase_add_test(tc, waits_no_longer_than_it_says);
	tcase_add_test(tc, gives_up_when_told);
	tcase_add_loop_test(tc, asks_no_such_url, 0, (int)COUNT(urls));
	tcase_add_test(tc, nobody_is_there);
	tcase_add_test(tc, the_environment_has_no_say);
	tcase_add_test(tc, trusts_no_stranger);
	tcase_add_loop_test(tc, bears_what_is_no_http, 0, (int)COUNT(raws));
}

int main(void)
{
	return suite_main("post", fill);
}
