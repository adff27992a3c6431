#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/post.h"
#include "base/utc.h"
#include "base/util.h"
#include "notify/send.h"
#include "notify/syslog.h"
#include "unit/http_rig.h"
#include "unit/suite.h"

#define ID	"11111111-2222-4333-8444-555555555555"

/* ------ a mail server without TLS, that notes what it was told ------ */

struct plain_smtp {
	int listener;
	char url[64];
	pthread_t thread;
	struct buf heard;
	_Atomic bool *stop;		/* becomes true once somebody is there; then nothing is said */
	const char *login;		/* what is said to one who logs in; NULL: nobody can */
};

static void *talk(void *data)
{
	struct plain_smtp *s = data;
	int fd = accept(s->listener, NULL, NULL);
	char line[512];
	ssize_t n;

	if (s->stop != NULL)
		atomic_store(s->stop, true);
	else
		(void)!write(fd, "220 test\r\n", 10);
	while ((n = read(fd, line, sizeof(line))) > 0) {
		buf_add(&s->heard, line, (size_t)n);
		if (s->stop == NULL && strncmp(line, "QUIT", 4) == 0)
			break;
		if (s->login != NULL && strncmp(line, "EHLO", 4) == 0)
			(void)!write(fd, "250-test\r\n250 AUTH LOGIN\r\n", 26);
		else if (s->login != NULL && strncmp(line, "AUTH", 4) == 0)
			(void)!write(fd, s->login, strlen(s->login));
		else if (s->stop == NULL)
			(void)!write(fd, "250 ok\r\n", 8);
	}
	close(fd);
	return NULL;
}

static void plain_smtp_begin(struct plain_smtp *s, _Atomic bool *stop, const char *login)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);

	*s = (struct plain_smtp){ .heard = BUF_INIT(64 * 1024), .stop = stop, .login = login };
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(s->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(s->listener, 1), 0);
	ck_assert_int_eq(getsockname(s->listener, (struct sockaddr *)&a, &len), 0);
	snprintf(s->url, sizeof(s->url), "smtp://127.0.0.1:%u", (unsigned)ntohs(a.sin_port));
	ck_assert_int_eq(pthread_create(&s->thread, NULL, talk, s), 0);
}

static void plain_smtp_end(struct plain_smtp *s)
{
	pthread_join(s->thread, NULL);
	close(s->listener);
	buf_clear(&s->heard);
}

START_TEST(says_nothing_without_tls)
{
	static const char *const to[] = { "a@b", NULL };
	struct post_answer a = { .body = BUF_INIT(512) };
	struct err e = { 0, "" };
	struct plain_smtp s;

	plain_smtp_begin(&s, NULL, NULL);
	ck_assert_int_eq(post_mail(&(struct post_mail){ .url = s.url, .from = "c@d", .to = to, .user = "u",
							.password = "topsecret", .text = "x\r\n", .len = 3 }, &a, &e),
			 -EIO);
	pthread_join(s.thread, NULL);
	ck_assert_ptr_nonnull(strstr(buf_str(&s.heard), "EHLO"));
	ck_assert_ptr_null(strstr(buf_str(&s.heard), "MAIL"));
	ck_assert_ptr_null(strstr(buf_str(&s.heard), "AUTH"));
	close(s.listener);
	buf_clear(&s.heard);
	buf_clear(&a.body);
}
END_TEST

START_TEST(gives_up_when_the_program_ends)
{
	struct conf_channel c = { .name = "mail", .kind = CHANNEL_MAIL, .from = "a@b", .to = "c@d" };
	json_t *facts = json_pack("{s:s}", "kind", "test");
	int64_t begun = utc_now();
	_Atomic bool stop = false;
	struct notify_result r;
	struct plain_smtp s;

	plain_smtp_begin(&s, &stop, NULL);
	snprintf(c.url, sizeof(c.url), "%s", s.url);
	notify_send(&(struct notify){ .channel = &c, .station = "QH-01", .id = ID, .facts = facts, .stop = &stop }, &r);
	ck_assert_int_eq(r.outcome, NOTIFY_LATER);
	ck_assert_ptr_nonnull(strstr(r.answer, "given up"));
	ck_assert_int_lt(utc_now() - begun, NOTIFY_MS);
	plain_smtp_end(&s);
	json_decref(facts);
}
END_TEST

/* Who may not log in now may later; who may not at all has to be told.  None is told the password. */
START_TEST(tells_who_may_not_log_in)
{
	static const struct { const char *says; enum notify_outcome outcome; } cases[] = {
		{ "535 5.7.8 topsecret is no password\r\n", NOTIFY_DEAD },
		{ "454 4.7.0 topsecret: ask again later\r\n", NOTIFY_LATER },
		{ "421 4.3.2 shutting down\r\n", NOTIFY_LATER },
	};
	struct conf_channel c = { .name = "mail", .kind = CHANNEL_MAIL, .from = "a@b", .to = "c@d", .user = "u",
				  .secret = "/tmp/check_notify.XXXXXX" };
	json_t *facts = json_pack("{s:s}", "kind", "test");
	int fd = mkstemp(c.secret);
	struct notify_result r;
	struct plain_smtp s;

	ck_assert_int_eq(write(fd, "topsecret\n", 10), 10);
	close(fd);
	plain_smtp_begin(&s, NULL, cases[_i].says);
	snprintf(c.url, sizeof(c.url), "%s", s.url);
	notify_send(&(struct notify){ .channel = &c, .station = "QH-01", .id = ID, .facts = facts }, &r);
	ck_assert_msg(r.outcome == cases[_i].outcome, "%s", r.answer);
	ck_assert_msg(strncmp(cases[_i].says, "421", 3) == 0 || strstr(r.answer, " *") != NULL, "%s", r.answer);
	ck_assert_ptr_null(strstr(r.answer, "topsecret"));
	plain_smtp_end(&s);
	unlink(c.secret);
	json_decref(facts);
}
END_TEST

/* ------ webhooks ------ */

static void follow(void *data, const struct http_rig_request *q, struct http_rig_answer *ret)
{
	(void)q;
	buf_adds(&ret->body, data);
}

START_TEST(reads_the_errcode)
{
	static const struct { const char *says; enum notify_outcome outcome; } cases[] = {
		{ "{\"errcode\":0}", NOTIFY_SENT }, { "{\"errcode\":1}", NOTIFY_LATER },
		{ "{\"errcode\":93000}", NOTIFY_DEAD }, { "", NOTIFY_LATER },
		{ "{\"errcode\":7,\"errmsg\":\"no route /send?key=KEY-KEY KEY-KEYKEY-KEY\"}", NOTIFY_LATER },
	};
	struct conf_channel c = { .name = "w", .kind = CHANNEL_WECOM, .secret = "/tmp/check_notify.XXXXXX" };
	struct http_rig *h = http_rig_new(follow, (void *)(uintptr_t)cases[_i].says);
	json_t *facts = json_pack("{s:s}", "kind", "test");
	int fd = mkstemp(c.secret);
	struct notify_result r;

	ck_assert_int_eq(write(fd, "KEY-KEY\n", 8), 8);
	close(fd);
	http_rig_url(h, "/send", c.url);
	notify_send(&(struct notify){ .channel = &c, .station = "QH-01", .id = ID, .facts = facts }, &r);
	ck_assert_msg(r.outcome == cases[_i].outcome, "%s", r.answer);
	ck_assert_ptr_null(strstr(r.answer, "KEY"));
	unlink(c.secret);
	json_decref(facts);
	http_rig_free(h);
}
END_TEST

/* ------ the log ------ */

START_TEST(the_log_takes_it)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/check_notify.XXXXXX", got[SYSLOG_MAX + 1];
	struct conf_channel c = { .name = "log", .kind = CHANNEL_SYSLOG };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	json_t *facts = json_pack("{s:s}", "kind", "test");
	struct notify_result r;
	ssize_t n;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(a.sun_path, sizeof(a.sun_path), "%s/log", dir);
	snprintf(c.url, sizeof(c.url), "unix:%s/log", dir);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	notify_send(&(struct notify){ .channel = &c, .station = "QH-01", .id = ID, .facts = facts }, &r);
	ck_assert_msg(r.outcome == NOTIFY_SENT, "%s", r.answer);
	n = recv(fd, got, SYSLOG_MAX, MSG_DONTWAIT);
	ck_assert_int_gt(n, 0);
	got[n] = '\0';
	ck_assert_ptr_nonnull(strstr(got, "dockvault-notice[" ID "]: "));
	close(fd);
	notify_send(&(struct notify){ .channel = &c, .station = "QH-01", .id = ID, .facts = facts }, &r);
	ck_assert_int_eq(r.outcome, NOTIFY_LATER);
	unlink(a.sun_path);
	rmdir(dir);
	json_decref(facts);
}
END_TEST

START_TEST(channels_as_the_catalog_takes_them)
{
	static struct conf c = { .n_channels = 2, .channels = {
		{ .name = "m", .kind = CHANNEL_MAIL, .unit = "QH-2", .english = true, .at_once = CHANNEL_WARNING,
		  .digest_minute = 510 },
		{ .name = "d", .kind = CHANNEL_DINGTALK, .at_once = CHANNEL_NOTHING, .digest_minute = -1 } } };
	json_t *list = notify_channels(&c);
	json_t *want = json_loads("[{\"channel\": \"m\", \"unit\": \"QH-2\", \"language\": \"en\", \"at_once\": "
				  "\"warning\", \"digest\": 510, \"full\": true}, {\"channel\": \"d\", \"unit\": null, "
				  "\"language\": \"zh\", \"at_once\": \"none\", \"digest\": null, \"full\": false}]", 0, NULL);

	ck_assert(json_equal(list, want));
	ck_assert_ptr_eq(notify_find(&c, "d"), &c.channels[1]);
	ck_assert_ptr_null(notify_find(&c, "x"));
	json_decref(list);
	json_decref(want);
}
END_TEST

static void fill(TCase *tc)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	tcase_add_test(tc, says_nothing_without_tls);
	tcase_add_test(tc, gives_up_when_the_program_ends);
	tcase_add_loop_test(tc, reads_the_errcode, 0, 5);
	tcase_add_loop_test(tc, tells_who_may_not_log_in, 0, 3);
	tcase_add_test(tc, the_log_takes_it);
	tcase_add_test(tc, channels_as_the_catalog_takes_them);
}

int main(void)
{
	return suite_main("notify_send", fill);
}
