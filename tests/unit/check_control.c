/* The control socket against peers that are polite, rude, silent and many. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/util.h"
#include "dockd/control.h"
#include "unit/suite.h"

static struct {
	uv_loop_t loop;
	struct control *control;
	char dir[64], path[96];
	int asked, filler;		/* states made; bytes of padding in each */
} k;

static json_t *state(void *data)
{
	static char padding[CONTROL_ANSWER_MAX];

	ck_assert_ptr_eq(data, &k);
	memset(padding, 'x', sizeof(padding));
	padding[k.filler] = '\0';
	return json_pack("{s:i, s:s}", "n", ++k.asked, "padding", padding);
}

static json_t *probe(void *data, const char *slot)
{
	(void)data;
	return strcmp(slot, "A1") == 0 ? json_pack("{s:s}", "probed", slot) : NULL;
}

static void begin(void)
{
	struct err e = { 0 };

	memset(&k, 0, sizeof(k));
	snprintf(k.dir, sizeof(k.dir), "/tmp/check_control.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(k.dir));
	snprintf(k.path, sizeof(k.path), "%s/control", k.dir);
	ck_assert_int_eq(uv_loop_init(&k.loop), 0);
	ck_assert_msg(control_new(&k.loop, k.path, state, probe, &k, &k.control, &e) == 0, "%s", e.msg);
}

static void end(void)
{
	struct stat st;

	control_free(k.control);
	uv_run(&k.loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&k.loop), 0);
	ck_assert_int_lt(lstat(k.path, &st), 0);	/* the socket went with it */
	rmdir(k.dir);
}

static int dial(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", k.path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Run the loop until fd has a line, or is closed: its length, 0 when closed. */
static size_t hear(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	for (;;) {
		uv_run(&k.loop, UV_RUN_NOWAIT);
		n = recv(fd, buf + len, size - 1 - len, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return 0;
		if (n > 0)
			len += (size_t)n;
		buf[len] = '\0';
		if (len > 0 && buf[len - 1] == '\n')
			return len;
		if (n < 0)
			uv_run(&k.loop, UV_RUN_ONCE);
	}
}

static int number(const char *line)
{
	json_error_t je;
	json_t *j = json_loads(line, 0, &je);
	int n = (int)json_integer_value(json_object_get(j, "n"));

	json_decref(j);
	return n;
}

START_TEST(answers_each_request)
{
	struct stat st;
	char buf[512];
	int fd;

	begin();
	ck_assert_int_eq(stat(k.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
	fd = dial();
	say(fd, "{\"cmd\":");
	say(fd, "\"list\"}\n");
	ck_assert_uint_gt(hear(fd, buf, sizeof(buf)), 0);
	ck_assert_int_eq(number(buf), 1);
	say(fd, "{\"cmd\":\"list\"}\n");
	ck_assert_uint_gt(hear(fd, buf, sizeof(buf)), 0);
	ck_assert_int_eq(number(buf), 2);
	close(fd);
	end();
}
END_TEST

START_TEST(tells_those_who_watch_of_changes_together)
{
	char buf[512];
	int fd, i;

	begin();
	fd = dial();
	say(fd, "{\"cmd\":\"watch\"}\n");
	ck_assert_uint_gt(hear(fd, buf, sizeof(buf)), 0);
	for (i = 0; i < 1000; i++)
		control_changed(k.control);
	ck_assert_uint_gt(hear(fd, buf, sizeof(buf)), 0);
	ck_assert_int_eq(number(buf), 2);	/* a thousand changes, one line */
	ck_assert_int_eq(k.asked, 2);
	close(fd);
	end();
}
END_TEST

static const char *const rude[] = {
	"list\n", "{}\n", "[]\n", "\n", "{\"cmd\":1}\n", "{\"cmd\":\"stop\"}\n",
	"{\"cmd\":\"list\",\"cmd\":\"watch\"}\n", "\xff\xfe\n", "{\"cmd\":\"probe\"}\n",
	"{\"cmd\":\"probe\",\"slot\":7}\n", "{\"cmd\":\"probe\",\"slot\":\"Z9\"}\n",
};

START_TEST(refuses_anything_else_and_hangs_up)
{
	char buf[512];
	int fd;

	begin();
	fd = dial();
	say(fd, rude[_i]);
	ck_assert_uint_gt(hear(fd, buf, sizeof(buf)), 0);
	ck_assert_ptr_nonnull(strstr(buf, "\"error\""));
	ck_assert_uint_eq(hear(fd, buf, sizeof(buf)), 0);
	ck_assert_int_eq(k.asked, 0);
	close(fd);
	end();
}
END_TEST

START_TEST(probes_a_slot)
{
	char buf[512];
	int fd;

	begin();
	fd = dial();
	say(fd, "{\"cmd\":\"probe\",\"slot\":\"A1\"}\n");
	ck_assert_uint_gt(hear(fd, buf, sizeof(buf)), 0);
	ck_assert_ptr_nonnull(strstr(buf, "{\"probed\":\"A1\"}"));
	ck_assert_int_eq(k.asked, 0);
	close(fd);
	end();
}
END_TEST

START_TEST(a_line_has_its_limit)
{
	char line[CONTROL_LINE_MAX + 1], buf[512];
	int fd;

	begin();
	fd = dial();
	memset(line, ' ', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	say(fd, line);
	ck_assert_uint_gt(hear(fd, buf, sizeof(buf)), 0);
	ck_assert_ptr_nonnull(strstr(buf, "too long"));
	ck_assert_uint_eq(hear(fd, buf, sizeof(buf)), 0);
	close(fd);
	end();
}
END_TEST

/* It asks and asks and never reads: no answer is made for what it does not take. */
START_TEST(who_does_not_read_costs_one_answer)
{
	char buf[512];
	int deaf, i, other;

	begin();
	k.filler = CONTROL_ANSWER_MAX / 2;
	deaf = dial();
	say(deaf, "{\"cmd\":\"watch\"}\n");
	for (i = 0; i < 400; i++) {
		send(deaf, "{\"cmd\":\"list\"}\n", 15, MSG_DONTWAIT | MSG_NOSIGNAL);
		uv_run(&k.loop, UV_RUN_NOWAIT);
	}
	ck_assert_int_lt(k.asked, 16);		/* what the socket's buffer took, and one more */
	k.filler = 0;
	other = dial();
	say(other, "{\"cmd\":\"list\"}\n");
	ck_assert_uint_gt(hear(other, buf, sizeof(buf)), 0);
	close(other);
	close(deaf);
	end();
}
END_TEST

START_TEST(peers_have_their_limit)
{
	int fds[CONTROL_PEERS_MAX + 1], i;
	char buf[512];

	begin();
	for (i = 0; i <= CONTROL_PEERS_MAX; i++) {
		fds[i] = dial();
		uv_run(&k.loop, UV_RUN_NOWAIT);
	}
	ck_assert_uint_eq(hear(fds[CONTROL_PEERS_MAX], buf, sizeof(buf)), 0);
	say(fds[0], "{\"cmd\":\"list\"}\n");
	ck_assert_uint_gt(hear(fds[0], buf, sizeof(buf)), 0);
	for (i = 0; i <= CONTROL_PEERS_MAX; i++)
		close(fds[i]);
	end();
}
END_TEST

START_TEST(takes_the_place_of_a_dead_dockd_only)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct control *second = NULL;
	struct err e = { 0 };
	int fd;

	begin();
	ck_assert_int_eq(control_new(&k.loop, k.path, state, probe, &k, &second, &e), -EADDRINUSE);
	ck_assert_ptr_null(second);
	ck_assert_ptr_nonnull(strstr(e.msg, k.path));
	control_free(k.control);
	uv_run(&k.loop, UV_RUN_DEFAULT);

	/* Bound, and nobody listens any more. */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", k.path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
	ck_assert_msg(control_new(&k.loop, k.path, state, probe, &k, &k.control, &e) == 0, "%s", e.msg);
	end();
}
END_TEST

START_TEST(touches_nothing_that_is_no_socket)
{
	struct control *c = NULL;
	struct err e = { 0 };
	struct stat st;
	FILE *f;

	begin();
	control_free(k.control);
	uv_run(&k.loop, UV_RUN_DEFAULT);
	f = fopen(k.path, "w");
	fclose(f);
	ck_assert_int_eq(control_new(&k.loop, k.path, state, probe, &k, &c, &e), -EEXIST);
	ck_assert_int_eq(stat(k.path, &st), 0);
	ck_assert_int_eq(unlink(k.path), 0);
	ck_assert_int_eq(control_new(&k.loop, k.path, state, probe, &k, &k.control, &e), 0);
	end();
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_test(tc, answers_each_request);
	tcase_add_test(tc, tells_those_who_watch_of_changes_together);
	tcase_add_test(tc, probes_a_slot);
	tcase_add_loop_test(tc, refuses_anything_else_and_hangs_up, 0, (int)COUNT(rude));
	tcase_add_test(tc, a_line_has_its_limit);
	tcase_add_test(tc, who_does_not_read_costs_one_answer);
	tcase_add_test(tc, peers_have_their_limit);
	tcase_add_test(tc, takes_the_place_of_a_dead_dockd_only);
	tcase_add_test(tc, touches_nothing_that_is_no_socket);
}

int main(void)
{
	return suite_main("control", fill);
}
