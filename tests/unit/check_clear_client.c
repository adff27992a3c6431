/* dockd's half of the conversation, against helpers that are polite, rude, dying and absent. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/util.h"
#include "dockd/clear_client.h"
#include "unit/suite.h"

static const struct usb_device_info usb = { .port = "1-1", .vid = 0x12ab, .pid = 1, .serial = "S" };

/* A dock-clear that answers each line it gets with the next of these, then closes. */
struct helper {
	int listener;
	const char *const *says;	/* NULL ends it; "": hang up without an answer */
	char asked[4][CLEAR_CLIENT_LINE_MAX];
	unsigned n;
	bool saw_end;
	pthread_t thread;
};

static struct {
	uv_loop_t loop;
	struct clear_client *client;
	struct helper helper;
	char dir[40], path[64];
	int results[4];
	char whys[4][240];
	unsigned n;
	bool finish, stop;
} k;

static size_t hear_line(int fd, char *to, size_t size)
{
	size_t len = 0;

	while (len < size - 1 && recv(fd, to + len, 1, 0) == 1)
		if (to[len++] == '\n')
			break;
	to[len] = '\0';
	return len;
}

static void *help(void *data)
{
	struct helper *h = data;
	int fd = accept(h->listener, NULL, NULL);

	for (; fd >= 0 && h->says[h->n] != NULL; h->n++) {
		h->saw_end = hear_line(fd, h->asked[h->n], sizeof(h->asked[0])) == 0;
		if (h->says[h->n][0] == '\0')
			break;
		if (send(fd, h->says[h->n], strlen(h->says[h->n]), MSG_NOSIGNAL) < 0)
			break;
	}
	close(fd);
	return NULL;
}

static void begin(const char *const *says)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	memset(&k, 0, sizeof(k));
	ck_assert_int_eq(uv_loop_init(&k.loop), 0);
	snprintf(k.dir, sizeof(k.dir), "/tmp/check_clearing.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(k.dir));
	snprintf(k.path, sizeof(k.path), "%s/socket", k.dir);
	if (says == NULL)
		return;
	k.helper.says = says;
	memcpy(a.sun_path, k.path, strlen(k.path) + 1);
	k.helper.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(k.helper.listener, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(k.helper.listener, 1), 0);
	ck_assert_int_eq(pthread_create(&k.helper.thread, NULL, help, &k.helper), 0);
}

static void end(void)
{
	uv_run(&k.loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&k.loop), 0);
	if (k.helper.says != NULL) {
		pthread_join(k.helper.thread, NULL);
		close(k.helper.listener);
		unlink(k.path);
	}
	rmdir(k.dir);
}

static void note(int r, const char *why)
{
	ck_assert_uint_lt(k.n, COUNT(k.results));
	k.results[k.n] = r;
	snprintf(k.whys[k.n], sizeof(k.whys[0]), "%s", why);
	k.n++;
}

static void on_done(void *data, int r, const char *why)
{
	(void)data;
	note(r, why);
}

static void on_file(void *data, int r, const char *why)
{
	note(r, why);
	if (k.stop)
		clear_client_stop(k.client);
	else
		clear_client_finish(k.client, on_done, data);
}

static void on_ready(void *data, int r, const char *why)
{
	static const struct digest blob = { .b = { 0xab } };

	note(r, why);
	if (r == -ECANCELED)		/* it is gone */
		return;
	if (k.finish)
		clear_client_finish(k.client, on_done, data);
	else
		clear_client_file(k.client, "DCIM/A.mp4", 123, &blob, on_file, data);
}

#define READY "{\"ready\":true}\n"
#define OK "{\"ok\":true}\n"
#define NOT_OK "{\"ok\":false,\"why\":\"another file\"}\n"
#define DONE "{\"done\":true}\n"
#define TEN "执法记录仪的视频文件"
#define LONG_WHY TEN TEN TEN TEN TEN TEN TEN "："	/* 213 bytes */

static const struct {
	const char *what;
	const char *says[5];
	int results[3];
} talks[] = {
	{ "all is well", { READY, OK, DONE, NULL }, { 0, 0, 0 } },
	{ "a file is skipped", { READY, NOT_OK, DONE, NULL }, { 0, -EREMOTEIO, 0 } },
	{ "not ready", { "{\"ready\":false,\"why\":\"no card\"}\n", "", NULL },
	  { -EREMOTEIO, -EPIPE, -EPIPE } },
	{ "it dies at once", { "", NULL }, { -EPIPE, -EPIPE, -EPIPE } },
	{ "it dies before the answer", { READY, "", NULL }, { 0, -EPIPE, -EPIPE } },
	{ "it dies before it unmounted", { READY, OK, "", NULL }, { 0, 0, -EPIPE } },
	{ "it could not unmount", { READY, OK, "{\"done\":false}\n", NULL },
	  { 0, 0, -EREMOTEIO } },
	{ "no JSON", { "hello\n", NULL }, { -EPROTO, -EPROTO, -EPROTO } },
	{ "another answer", { READY, DONE, NULL }, { 0, -EPROTO, -EPROTO } },
	{ "no truth value", { "{\"ready\":1}\n", NULL }, { -EPROTO, -EPROTO, -EPROTO } },
	{ "two answers to one question", { READY OK, NULL }, { -EPROTO, -EPROTO, -EPROTO } },
};

START_TEST(converses)
{
	unsigned i;

	begin(talks[_i].says);
	ck_assert_int_eq(clear_client_new(&k.loop, k.path, &usb, on_ready, &k, &k.client), 0);
	ck_assert_uint_eq(k.n, 0);
	end();
	ck_assert_msg(k.n == 3, "%s: %u answers", talks[_i].what, k.n);
	for (i = 0; i < 3; i++)
		ck_assert_msg(k.results[i] == talks[_i].results[i], "%s: answer %u is %d",
			      talks[_i].what, i, k.results[i]);
}
END_TEST

START_TEST(says_what_is_meant)
{
	begin(talks[0].says);
	ck_assert_int_eq(clear_client_new(&k.loop, k.path, &usb, on_ready, &k, &k.client), 0);
	end();
	ck_assert_str_eq(k.helper.asked[0],
			 "{\"port\":\"1-1\",\"vid\":\"12ab\",\"pid\":\"0001\",\"serial\":\"S\"}\n");
	ck_assert_str_eq(k.helper.asked[1], "{\"path\":\"DCIM/A.mp4\",\"size\":123,\"blob\":\"ab"
			 "00000000000000000000000000000000000000000000000000000000000000\"}\n");
	ck_assert(k.helper.saw_end);
}
END_TEST

/* A sentence as long as dock-clear's are is passed on whole. */
START_TEST(passes_on_why)
{
	static const char *const says[] = {
		READY, "{\"ok\":false,\"why\":\"" LONG_WHY "\"}\n", DONE, NULL,
	};

	begin(says);
	ck_assert_int_eq(clear_client_new(&k.loop, k.path, &usb, on_ready, &k, &k.client), 0);
	end();
	ck_assert_uint_eq(k.n, 3);
	ck_assert_str_eq(k.whys[1], LONG_WHY);
}
END_TEST

START_TEST(nobody_listens)
{
	begin(NULL);
	k.finish = true;
	ck_assert_int_eq(clear_client_new(&k.loop, k.path, &usb, on_ready, &k, &k.client), 0);
	end();
	ck_assert_uint_eq(k.n, 2);
	ck_assert_int_eq(k.results[0], -ENOENT);
	ck_assert_int_eq(k.results[1], -ENOENT);
	ck_assert_ptr_nonnull(strstr(k.whys[0], "systemctl enable"));
}
END_TEST

START_TEST(is_stopped)
{
	begin(talks[0].says);
	k.stop = true;
	ck_assert_int_eq(clear_client_new(&k.loop, k.path, &usb, on_ready, &k, &k.client), 0);
	if (_i == 0)
		clear_client_stop(k.client);
	end();
	ck_assert_uint_eq(k.n, _i == 0 ? 1 : 2);
	ck_assert_int_eq(k.results[0], _i == 0 ? -ECANCELED : 0);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, converses, 0, (int)COUNT(talks));
	tcase_add_test(tc, says_what_is_meant);
	tcase_add_test(tc, passes_on_why);
	tcase_add_test(tc, nobody_listens);
	tcase_add_loop_test(tc, is_stopped, 0, 2);
}

int main(void)
{
	return suite_main("clear_client", fill);
}
