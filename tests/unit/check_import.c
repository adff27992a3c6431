/* The import socket: what can be asked, with what in hand, and when it ends. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/util.h"
#include "dockd/import.h"
#include "unit/suite.h"

#define REQUEST(kind, more) "{\"kind\":\"" kind "\",\"source\":\"/media/x\",\"by\":\"zhang\"," \
	"\"reason\":\"固定监控\"" more "}"

/* ------ requests ------ */

static const struct { const char *what, *text; bool good; } requests[] = {
	{ "a folder", REQUEST("folder", ""), true },
	{ "an image", REQUEST("image", ""), true },
	{ "a file", REQUEST("file", ",\"officer\":\"019001\",\"unit\":\"QH-01\",\"case\":\"C-7\""),
	  true },
	{ "of a recorder", REQUEST("folder", ",\"recorder\":\"REC-000001\""), true },
	{ "of a class", REQUEST("file", ",\"class\":\"trade_secret\""), true },
	{ "a state secret", REQUEST("file", ",\"class\":\"state_secret\""), false },
	{ "made public by one", REQUEST("file", ",\"class\":\"public\""), false },
	{ "a class that is none", REQUEST("file", ",\"class\":\"Personal\""), false },
	{ "a class that is a number", REQUEST("file", ",\"class\":1"), false },
	{ "a null officer", REQUEST("folder", ",\"officer\":null"), true },
	{ "a null reason", "{\"kind\":\"file\",\"source\":\"/x\",\"by\":\"z\",\"reason\":null}",
	  false },
	{ "another kind", REQUEST("tape", ""), false },
	{ "no kind", "{\"source\":\"/x\",\"by\":\"z\",\"reason\":\"r\"}", false },
	{ "no reason", "{\"kind\":\"file\",\"source\":\"/x\",\"by\":\"z\"}", false },
	{ "an empty reason", "{\"kind\":\"file\",\"source\":\"/x\",\"by\":\"z\",\"reason\":\"\"}",
	  false },
	{ "a blank reason", "{\"kind\":\"file\",\"source\":\"/x\",\"by\":\"z\",\"reason\":\" \"}",
	  false },
	{ "brought by a blank", "{\"kind\":\"file\",\"source\":\"/x\",\"by\":\" \",\"reason\":\"r\"}",
	  false },
	{ "a reason that is a number",
	  "{\"kind\":\"file\",\"source\":\"/x\",\"by\":\"z\",\"reason\":1}", false },
	{ "an officer with a space", REQUEST("file", ",\"officer\":\"a b\""), false },
	{ "a case that leads away", REQUEST("file", ",\"case\":\"../x\""), false },
	{ "a unit of 33 letters", REQUEST("file", ",\"unit\":\"123456789012345678901234567890123\""),
	  false },
	{ "a NUL in the source",
	  "{\"kind\":\"file\",\"source\":\"/x\\u0000y\",\"by\":\"z\",\"reason\":\"r\"}", false },
	{ "the same twice", REQUEST("file", ",\"by\":\"li\""), false },
	{ "a list", "[1]", false },
	{ "nothing", "", false },
};

START_TEST(parses)
{
	struct import_request q = { .fd = 7 };
	struct err e = { .code = 0 };
	int r = import_parse(requests[_i].text, strlen(requests[_i].text), &q, &e);

	ck_assert_msg(r == (requests[_i].good ? 0 : -EINVAL), "%s: %s", requests[_i].what, e.msg);
	ck_assert_int_eq(q.fd, 7);
	if (r == 0)
		ck_assert_str_eq(q.source, "/media/x");
	else
		ck_assert_str_ne(e.msg, "");
}
END_TEST

/* ------ the socket ------ */

static struct {
	uv_loop_t loop;
	struct import_server *server;
	char dir[40], path[64];
	struct import_request got;
	struct import_peer *peer;
	unsigned begun, left;
	bool refuses;
} k;

static int on_begin(void *data, struct import_peer *peer, const struct import_request *q,
		    const char **ret_session, const char **ret_slot, struct err *e)
{
	(void)data;
	if (k.refuses)
		return err_set(e, -EBUSY, "not now");
	k.begun++;
	k.peer = peer;
	k.got = *q;
	*ret_session = "uuid";
	*ret_slot = "import-1";
	return 0;
}

static void on_left(void *data, struct import_peer *peer)
{
	(void)data;
	ck_assert_ptr_eq(peer, k.peer);
	close(k.got.fd);
	k.left++;
}

static void begin(void)
{
	static const struct import_events events = { .begin = on_begin, .left = on_left };
	struct err e = { .code = 0 };

	memset(&k, 0, sizeof(k));
	snprintf(k.dir, sizeof(k.dir), "/tmp/check_import.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(k.dir));
	snprintf(k.path, sizeof(k.path), "%s/import", k.dir);
	ck_assert_int_eq(uv_loop_init(&k.loop), 0);
	ck_assert_msg(import_server_new(&k.loop, k.path, &events, &k, &k.server, &e) == 0, "%s",
		      e.msg);
}

static void end(void)
{
	struct stat st;

	import_server_free(k.server);
	uv_run(&k.loop, UV_RUN_DEFAULT);
	ck_assert_int_eq(uv_loop_close(&k.loop), 0);
	ck_assert_int_lt(lstat(k.path, &st), 0);
	ck_assert_int_eq(rmdir(k.dir), 0);
	ck_assert_uint_eq(k.left, k.begun);
}

static int dial(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	memcpy(a.sun_path, k.path, strlen(k.path) + 1);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* text with n descriptors. */
static void send_fds(int fd, const char *text, size_t len, const int *fds, size_t n)
{
	union { struct cmsghdr align; char bytes[CMSG_SPACE(4 * sizeof(int))]; } control;
	char copy[2 * IMPORT_REQUEST_MAX];
	struct iovec v = { copy, len };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	memcpy(copy, text, len);
	if (n > 0) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		CMSG_FIRSTHDR(&m)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&m)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&m)->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), fds, n * sizeof(int));
	}
	ck_assert_int_eq(sendmsg(fd, &m, MSG_NOSIGNAL), (ssize_t)len);
}

/* Run the loop until fd has a message, or is closed: then "". */
static const char *hear(int fd)
{
	static char text[1024];
	ssize_t n = -1;

	while (n < 0) {
		uv_run(&k.loop, UV_RUN_NOWAIT);
		n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN)
			n = 0;
	}
	text[n] = '\0';
	return text;
}

static int open_count(void)
{
	int n = 0, fd;

	for (fd = 0; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

START_TEST(begins_and_ends_with_the_connection)
{
	const char *text = REQUEST("folder", "");
	char who[40];
	int folder, fd;

	begin();
	folder = open(k.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = dial();
	send_fds(fd, text, strlen(text), &folder, 1);
	ck_assert_str_eq(hear(fd), "{\"session\":\"uuid\",\"slot\":\"import-1\"}");
	ck_assert_uint_eq(k.begun, 1);
	ck_assert_int_eq(k.got.kind, IMPORT_FOLDER);
	snprintf(who, sizeof(who), "zhang (uid %u)", geteuid());
	ck_assert_str_eq(k.got.who, who);
	ck_assert_int_ge(k.got.fd, 0);
	ck_assert_int_ne(fcntl(k.got.fd, F_GETFD) & FD_CLOEXEC, 0);
	close(fd);
	while (k.left == 0)
		uv_run(&k.loop, UV_RUN_ONCE);
	close(folder);
	end();
}
END_TEST

START_TEST(ends_with_the_server)
{
	const char *text = REQUEST("folder", "");
	int folder, fd;

	begin();
	folder = open(k.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = dial();
	send_fds(fd, text, strlen(text), &folder, 1);
	hear(fd);
	close(folder);
	end();
	close(fd);
}
END_TEST

/* What it refuses, it says, and keeps no descriptor of. */
static const struct {
	const char *what, *text;
	enum { NOTHING, FOLDER, WRITABLE, PLAIN, PIPE, MANY } with;
	bool refuses;
} refusals[] = {
	{ "no descriptor", REQUEST("folder", ""), NOTHING, false },
	{ "a folder as a file", REQUEST("file", ""), FOLDER, false },
	{ "a file as a folder", REQUEST("folder", ""), PLAIN, false },
	{ "a file that could be written to", REQUEST("file", ""), WRITABLE, false },
	{ "a pipe", REQUEST("file", ""), PIPE, false },
	{ "no request", "hello", PLAIN, false },
	{ "several, the first of them not it", REQUEST("file", ""), MANY, false },
	{ "what the dock refuses", REQUEST("file", ""), PLAIN, true },
};

START_TEST(refuses)
{
	char path[80];
	int fds[3] = { -1, -1, -1 }, fd, n = 1, before;

	begin();
	k.refuses = refusals[_i].refuses;
	snprintf(path, sizeof(path), "%s/plain", k.dir);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	switch (refusals[_i].with) {
	case NOTHING:	n = 0; break;
	case MANY:	n = 2; fds[1] = open(path, O_RDONLY); /* fall through */
	case FOLDER:	fds[0] = open(k.dir, O_RDONLY | O_DIRECTORY); break;
	case WRITABLE:	fds[0] = open(path, O_RDWR); break;
	case PLAIN:	fds[0] = open(path, O_RDONLY); break;
	case PIPE:	ck_assert_int_eq(pipe(fds), 0); break;
	}
	before = open_count();
	fd = dial();
	send_fds(fd, refusals[_i].text, strlen(refusals[_i].text), fds, (size_t)n);
	ck_assert_msg(strncmp(hear(fd), "{\"error\":\"", 10) == 0, "%s", refusals[_i].what);
	ck_assert_str_eq(hear(fd), "");
	close(fd);
	uv_run(&k.loop, UV_RUN_NOWAIT);
	ck_assert_msg(open_count() == before, "%s: a descriptor was kept", refusals[_i].what);
	ck_assert_uint_eq(k.begun, 0);
	for (n = 0; n < 3; n++)
		close(fds[n]);
	unlink(path);
	end();
}
END_TEST

START_TEST(too_long_and_too_many)
{
	static char text[IMPORT_REQUEST_MAX + 100];
	int fds[IMPORT_PEERS_MAX + 1];
	size_t i;

	begin();
	memset(text, ' ', sizeof(text));
	for (i = 0; i < COUNT(fds); i++) {
		fds[i] = dial();
		uv_run(&k.loop, UV_RUN_NOWAIT);
	}
	ck_assert_str_eq(hear(fds[IMPORT_PEERS_MAX]), "");
	send_fds(fds[0], text, sizeof(text), NULL, 0);
	ck_assert_ptr_nonnull(strstr(hear(fds[0]), "too long"));
	for (i = 0; i < COUNT(fds); i++)
		close(fds[i]);
	end();
}
END_TEST

static void fill(TCase *tc)
{
	tcase_add_loop_test(tc, parses, 0, (int)COUNT(requests));
	tcase_add_test(tc, begins_and_ends_with_the_connection);
	tcase_add_test(tc, ends_with_the_server);
	tcase_add_loop_test(tc, refuses, 0, (int)COUNT(refusals));
	tcase_add_test(tc, too_long_and_too_many);
}

int main(void)
{
	return suite_main("import", fill);
}
