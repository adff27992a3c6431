#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/util.h"
#include "unit/suite.h"
#include "vaultctl/dock_client.h"

/* A dockd that takes one request, says this, in two pieces if there are two, and closes. */
struct peer {
	int listener;
	const char *says, *then;
	size_t repeat;			/* how often `says` */
	char asked[128];
};

static char dir[32], path[48];

static void *speak(void *data)
{
	struct peer *p = data;
	int fd = accept(p->listener, NULL, NULL);
	ssize_t n = recv(fd, p->asked, sizeof(p->asked) - 1, 0);
	size_t i;

	p->asked[MAX(n, 0)] = '\0';
	/* The client may have gone away by then: that is for its own test to notice. */
	for (i = 0; i < p->repeat; i++)
		if (send(fd, p->says, strlen(p->says), MSG_NOSIGNAL) < 0)
			break;
	if (p->then != NULL)
		send(fd, p->then, strlen(p->then), MSG_NOSIGNAL);
	close(fd);
	return NULL;
}

static void set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/check_dock.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/control", dir);
}

static void tear_down(void)
{
	unlink(path);
	rmdir(dir);
}

static void listen_at(struct peer *p)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	memcpy(a.sun_path, path, strlen(path) + 1);
	p->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(p->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(listen(p->listener, 1), 0);
}

/* What the first and the second dock_client_next() return, and the sentence of the last failure. */
static const struct {
	const char *says, *then;
	size_t repeat;
	int first, second;
	const char *sentence;
} talks[] = {
	{ "{\"slots\":[]}\n", NULL, 1, 1, 0, "Connection reset by peer" },
	{ "{\"slots\":[]}\n", NULL, 2, 1, 1, NULL },		/* both in one piece or not */
	{ "{\"slo", "ts\":[]}\n{}\n", 1, 1, 1, NULL },
	{ "", NULL, 1, 0, 0, "Connection reset by peer" },
	{ "{\"slots\":[]}", NULL, 1, 0, 0, "Connection reset by peer" },	/* half a line */
	{ "{\"error\":\"no such command\"}\n", NULL, 1, -EPROTO, 0, "no such command" },
	{ "nonsense\n", NULL, 1, -EPROTO, 0, NULL },
	{ "\n", NULL, 1, -EPROTO, 0, NULL },
	{ "[]\n", NULL, 1, -EPROTO, 0, "not an object" },
	{ "{\"a\":1,\"a\":2}\n", NULL, 1, -EPROTO, 0, NULL },
	{ "{\"a\":\"\xff\"}\n", NULL, 1, -EPROTO, 0, NULL },
	{ "0123456789abcdef0123456789abcdef", "\n", DOCK_LINE_MAX / 32 + 1, -EMSGSIZE, 0, NULL },
};

START_TEST(answers_are_lines)
{
	struct peer p = { .says = talks[_i].says, .then = talks[_i].then, .repeat = talks[_i].repeat };
	struct dock_client d;
	struct err e = { .code = 0 };
	json_t *answer = NULL;
	pthread_t thread;

	listen_at(&p);
	ck_assert_int_eq(pthread_create(&thread, NULL, speak, &p), 0);
	ck_assert_int_eq(dock_client_open(&d, path, "list", NULL, &e), 0);
	ck_assert_int_eq(dock_client_next(&d, &answer, &e), talks[_i].first);
	ck_assert((answer != NULL) == (talks[_i].first == 1));
	json_decref(answer);
	answer = NULL;
	if (talks[_i].first == 1)
		ck_assert_int_eq(dock_client_next(&d, &answer, &e), talks[_i].second);
	json_decref(answer);
	if (talks[_i].first != 1 || talks[_i].second != 1)
		ck_assert_str_ne(e.msg, "");
	if (talks[_i].sentence != NULL)
		ck_assert_str_eq(e.msg, talks[_i].sentence);
	dock_client_close(&d);
	pthread_join(thread, NULL);
	close(p.listener);
	ck_assert_str_eq(p.asked, "{\"cmd\":\"list\"}\n");
}
END_TEST

START_TEST(nobody_there_is_a_sentence)
{
	char longest[200];
	struct dock_client d;
	struct err e = { .code = 0 };
	struct peer p;

	ck_assert_int_eq(dock_client_open(&d, path, "list", NULL, &e), -ENOENT);
	ck_assert_str_ne(e.msg, "");
	dock_client_close(&d);

	listen_at(&p);
	close(p.listener);
	ck_assert_int_eq(dock_client_open(&d, path, "list", NULL, &e), -ECONNREFUSED);
	dock_client_close(&d);

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(dock_client_open(&d, longest, "list", NULL, &e), -ENAMETOOLONG);
	dock_client_close(&d);
	dock_client_close(&d);	/* twice is fine */
}
END_TEST

/* dockd closes what it has no room for, perhaps before the request is sent. */
static void *slam(void *data)
{
	const struct peer *p = data;

	close(accept(p->listener, NULL, NULL));
	return NULL;
}

START_TEST(a_closed_door_is_no_signal)
{
	struct peer p;
	struct dock_client d;
	struct err e = { .code = 0 };
	json_t *answer;
	pthread_t thread;
	int r, i;

	listen_at(&p);
	for (i = 0; i < 50; i++) {
		ck_assert_int_eq(pthread_create(&thread, NULL, slam, &p), 0);
		r = dock_client_open(&d, path, "list", NULL, &e);
		if (r == 0)
			r = dock_client_next(&d, &answer, &e);
		ck_assert(r == 0 || r == -EPIPE || r == -ECONNRESET);
		ck_assert_str_ne(e.msg, "");
		dock_client_close(&d);
		pthread_join(thread, NULL);
	}
	close(p.listener);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, answers_are_lines, 0, (int)COUNT(talks));
	tcase_add_test(tc, nobody_there_is_a_sentence);
	tcase_add_test(tc, a_closed_door_is_no_signal);
}

int main(void)
{
	return suite_main("dock_client", fill);
}
