#include "base/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX	"unix:"

enum { BACKLOG = 16, HOST_MAX = 64, PORT_MAX = 8 };

static int set_path(struct sockaddr_un *a, const char *path, struct err *e)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (path[0] == '\0' || strlen(path) >= sizeof(a->sun_path))
		return err_set(e, -ENAMETOOLONG, "%s: no path that a socket can have", path);
	memcpy(a->sun_path, path, strlen(path) + 1);
	return 0;
}

int socket_remove_stale(const char *path, struct err *e)
{
	struct sockaddr_un a;
	struct stat st;
	int fd, r;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_set(e, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, -EEXIST, "%s: something that is no socket is there", path);
	r = set_path(&a, path, e);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	r = connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 ? -errno : 0;
	close(fd);
	if (r == 0 || r == -EAGAIN)	/* it is there, and does not get round to answering */
		return err_set(e, -EADDRINUSE, "%s: another program answers there", path);
	if (r != -ECONNREFUSED && r != -ENOENT)
		return err_set(e, r, "%s: whether another program answers there cannot be found out: %s",
			       path, strerror(-r));
	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(e, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

/* Bind and listen; takes fd. */
static int listen_at(int fd, const struct sockaddr *a, socklen_t len, const char *at, int *ret_fd,
		     struct err *e)
{
	const int on = 1;
	int r;

	if (fd >= 0 && a->sa_family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, a, len) < 0 || listen(fd, BACKLOG) < 0) {
		r = err_set(e, -errno, "%s: cannot listen: %s", at, strerror(errno));
		if (fd >= 0)
			close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static int listen_unix(const char *at, int *ret_fd, struct buf *where, struct err *e)
{
	const char *path = at + strlen(UNIX);
	struct sockaddr_un a;
	mode_t old;
	int r;

	if ((r = set_path(&a, path, e)) < 0 || (r = socket_remove_stale(path, e)) < 0)
		return r;
	old = umask(0117);
	r = listen_at(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
		      (const struct sockaddr *)&a, sizeof(a), at, ret_fd, e);
	umask(old);
	if (r == 0)
		buf_adds(where, at);
	return r;
}

/* "ADDRESS:PORT" in its two parts; false: it is not. */
static bool split(const char *at, char host[HOST_MAX], char port[PORT_MAX])
{
	const char *colon = strrchr(at, ':');
	size_t len = colon != NULL ? (size_t)(colon - at) : 0;

	if (len > 2 && at[0] == '[' && at[len - 1] == ']') {
		at++;
		len -= 2;
	} else if (colon != strchr(at, ':')) {
		return false;
	}
	if (len == 0 || len >= HOST_MAX || strlen(colon + 1) >= PORT_MAX || colon[1] == '\0')
		return false;
	snprintf(host, HOST_MAX, "%.*s", (int)len, at);
	snprintf(port, PORT_MAX, "%s", colon + 1);
	return true;
}

static int tell(int fd, struct buf *where)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getsockname(fd, (struct sockaddr *)&a, &len) < 0 ||
	    getnameinfo((const struct sockaddr *)&a, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return -EIO;
	buf_addf(where, a.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	return 0;
}

int socket_listen(const char *at, int *ret_fd, struct buf *where, struct err *e)
{
	static const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
	};
	char host[HOST_MAX], port[PORT_MAX];
	struct addrinfo *a = NULL;
	int fd = -1, r;

	if (strncmp(at, UNIX, strlen(UNIX)) == 0)
		return listen_unix(at, ret_fd, where, e);
	if (!split(at, host, port) || getaddrinfo(host, port, &hints, &a) != 0)
		return err_set(e, -EINVAL, "%s: neither ADDRESS:PORT, of numbers alone, nor unix:PATH",
			       at);
	r = listen_at(socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
		      a->ai_addr, a->ai_addrlen, at, &fd, e);
	freeaddrinfo(a);
	if (r < 0)
		return r;
	r = tell(fd, where);
	if (r < 0) {
		close(fd);
		return err_set(e, r, "%s: where it listens cannot be found out", at);
	}
	*ret_fd = fd;
	return 0;
}
