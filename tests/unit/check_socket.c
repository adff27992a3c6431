#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/socket.h"
#include "base/util.h"
#include "unit/suite.h"

static char dir[64], path[80], at[96];

static void set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/check_socket.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(at, sizeof(at), "unix:%s", path);
}

static void tear_down(void)
{
	unlink(path);
	rmdir(dir);
}

static int connect_unix(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), r;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	r = connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
	close(fd);
	return r;
}

START_TEST(listens_at_a_path)
{
	AUTO(buf_clear) struct buf where = BUF_INIT(256);
	struct err e = { 0, "" };
	struct stat st;
	int fd, second;

	ck_assert_msg(socket_listen(at, &fd, &where, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(buf_str(&where), at);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
	ck_assert_int_eq(connect_unix(), 0);
	ck_assert_int_eq(socket_listen(at, &second, &where, &e), -EADDRINUSE);
	close(fd);
	/* What a program that died left behind. */
	ck_assert_int_eq(connect_unix(), -ECONNREFUSED);
	ck_assert_int_eq(socket_listen(at, &fd, &where, &e), 0);
	ck_assert_int_eq(connect_unix(), 0);
	close(fd);
	ck_assert_int_eq(socket_remove_stale(path, &e), 0);
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_eq(socket_remove_stale(path, &e), 0);
}
END_TEST

/* Nobody may connect, or nobody is let in while others wait: that is no program that died. */
START_TEST(removes_no_socket_that_may_be_alive)
{
	AUTO(buf_clear) struct buf where = BUF_INIT(256);
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct err e = { 0, "" };
	int fd, waiting[64];
	size_t i, n;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	ck_assert_msg(socket_listen(at, &fd, &where, &e) == 0, "%s", e.msg);
	for (n = 0; n < COUNT(waiting); n++) {
		waiting[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(waiting[n], (const struct sockaddr *)&a, sizeof(a)) < 0)
			break;
	}
	ck_assert_uint_lt(n, COUNT(waiting));
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(socket_remove_stale(path, &e), -EADDRINUSE);
	for (i = 0; i <= n; i++)
		close(waiting[i]);
	close(fd);

	/* Another kind of socket, with which no stream is to be had. */
	ck_assert_int_eq(unlink(path), 0);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	ck_assert_int_eq(socket_remove_stale(path, &e), -EPROTOTYPE);
	ck_assert_int_eq(access(path, F_OK), 0);
	close(fd);
}
END_TEST

START_TEST(removes_no_file)
{
	AUTO(buf_clear) struct buf where = BUF_INIT(256);
	struct err e = { 0, "" };
	int fd;

	ck_assert_int_eq(file_replace(path, "x", 1, 0600, &e), 0);
	ck_assert_int_eq(socket_listen(at, &fd, &where, &e), -EEXIST);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

static const struct { const char *at; int r; const char *begins; } addresses[] = {
	{ "127.0.0.1:0", 0, "127.0.0.1:" },
	{ "[::1]:0", 0, "[::1]:" },
	{ "", -EINVAL, NULL },
	{ "127.0.0.1", -EINVAL, NULL },
	{ "127.0.0.1:", -EINVAL, NULL },
	{ ":80", -EINVAL, NULL },
	{ "::1:80", -EINVAL, NULL },
	{ "[]:80", -EINVAL, NULL },
	{ "127.0.0.1:http", -EINVAL, NULL },
	{ "127.0.0.1:123456789", -EINVAL, NULL },
	{ "localhost:80", -EINVAL, NULL },
	{ "127.0.0.256:80", -EINVAL, NULL },
	{ "192.0.2.1:1", -EADDRNOTAVAIL, NULL },
	{ "unix:", -ENAMETOOLONG, NULL },
	{ "unix:/nowhere/s", -ENOENT, NULL },
	{ "unix:/tmp/a-path-that-is-longer-than-what-a-socket-of-linux-may-have-as-its-name-which-is-"
	  "one-hundred-and-eight-bytes-long", -ENAMETOOLONG, NULL },
};

/* Where there is no IPv6, there is none to listen at. */
static bool no_such_family(const struct err *e)
{
	return e->code == -EAFNOSUPPORT || e->code == -EADDRNOTAVAIL;
}

START_TEST(listens_at_an_address)
{
	AUTO(buf_clear) struct buf where = BUF_INIT(256);
	const char *begins = addresses[_i].begins;
	struct err e = { 0, "" };
	int fd = -1, r = socket_listen(addresses[_i].at, &fd, &where, &e);

	if (begins != NULL && begins[0] == '[' && r < 0 && no_such_family(&e))
		return;
	ck_assert_msg(r == addresses[_i].r, "%s: %d %s", addresses[_i].at, r, e.msg);
	if (r < 0) {
		ck_assert_str_ne(e.msg, "");
		return;
	}
	ck_assert_int_eq(strncmp(buf_str(&where), begins, strlen(begins)), 0);
	ck_assert_str_ne(buf_str(&where) + strlen(begins), "0");
	close(fd);
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, listens_at_a_path);
	tcase_add_test(tc, removes_no_socket_that_may_be_alive);
	tcase_add_test(tc, removes_no_file);
	tcase_add_loop_test(tc, listens_at_an_address, 0, (int)COUNT(addresses));
}

int main(void)
{
	return suite_main("socket", fill);
}
