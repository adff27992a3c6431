#include "import.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/util.h"

enum { BACKLOG = 4 };

struct import_peer {
	struct import_server *server;
	uv_poll_t poll;
	int fd;
	bool begun;
	struct import_peer *next;
};

struct import_server {
	uv_loop_t *loop;
	uv_poll_t poll;
	int fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct import_events events;
	void *data;
	struct import_peer *peers;
	unsigned n_peers;
};

/* ------ the request ------ */

static const char *const kinds[IMPORT_KINDS] = {
	[IMPORT_FOLDER] = "folder", [IMPORT_IMAGE] = "image", [IMPORT_FILE] = "file",
};

const char *import_kind_name(enum import_kind k)
{
	return kinds[k];
}

static const struct { const char *key; size_t offset, size; bool name, needed; } fields[] = {
#define FIELD(key, member, name, needed) \
	{ key, offsetof(struct import_request, member), \
	  sizeof(((struct import_request *)0)->member), name, needed }
	FIELD("source", source, false, true),
	FIELD("by", by, false, true),
	FIELD("reason", reason, false, true),
	FIELD("officer", officer, true, false),
	FIELD("unit", unit, true, false),
	FIELD("case", case_id, true, false),
	FIELD("recorder", recorder, true, false),
	FIELD("class", class, true, false),
#undef FIELD
};

static bool is_name(const char *s)
{
	return s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")] ==
	       '\0';
}

static int take_fields(const json_t *j, struct import_request *q, struct err *e)
{
	const char *text;
	size_t i, len;

	for (i = 0; i < COUNT(fields); i++) {
		const json_t *v = json_object_get(j, fields[i].key);

		text = json_string_value(v);
		len = text != NULL ? json_string_length(v) : 0;
		/* The catalog takes no blank one, and would refuse the session for it. */
		if (fields[i].needed && (text == NULL || text[strspn(text, " \t")] == '\0'))
			return err_set(e, -EINVAL, "%s is missing", fields[i].key);
		if (v != NULL && !json_is_null(v) && text == NULL)
			return err_set(e, -EINVAL, "%s is no text", fields[i].key);
		if (len >= fields[i].size || (text != NULL && strlen(text) != len))
			return err_set(e, -EINVAL, "%s: at most %zu bytes are taken", fields[i].key,
				       fields[i].size - 1);
		if (text != NULL && fields[i].name && !is_name(text))
			return err_set(e, -EINVAL, "%s \"%s\": only A-Z a-z 0-9 . _ - are allowed",
				       fields[i].key, text);
		memcpy((char *)q + fields[i].offset, text != NULL ? text : "", len + 1);
	}
	return 0;
}

static int take_kind(const json_t *j, enum import_kind *ret, struct err *e)
{
	const char *kind = json_string_value(json_object_get(j, "kind"));
	unsigned i;

	for (i = 0; kind != NULL && i < IMPORT_KINDS; i++) {
		if (strcmp(kind, kinds[i]) == 0) {
			*ret = (enum import_kind)i;
			return 0;
		}
	}
	return err_set(e, -EINVAL, "kind: folder, image and file can be imported");
}

/* What the catalog would refuse later is refused before a byte is stored. */
static int check_class(const char *class, struct err *e)
{
	static const char *const taken[] = { "", "internal", "personal", "trade_secret" };
	size_t i;

	for (i = 0; i < COUNT(taken); i++)
		if (strcmp(class, taken[i]) == 0)
			return 0;
	if (strcmp(class, "state_secret") == 0)
		return err_set(e, -EINVAL, "state secrets are not taken in (Art. 37): bring it to the office for"
			       " secrets, and tell the supervision office");
	return err_set(e, -EINVAL, "class \"%s\": internal, personal or trade_secret", class);
}

int import_parse(const char *text, size_t len, struct import_request *ret, struct err *e)
{
	struct import_request q = { .fd = ret->fd };
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	int r;

	r = json_is_object(j) ? take_kind(j, &q.kind, e)
			      : err_set(e, -EINVAL, "not a request: a JSON object is");
	if (r == 0)
		r = take_fields(j, &q, e);
	if (r == 0)
		r = check_class(q.class, e);
	json_decref(j);
	if (r == 0)
		*ret = q;
	return r;
}

/* ------ a peer ------ */

static void on_peer_closed(uv_handle_t *h)
{
	struct import_peer *p = h->data;

	close(p->fd);
	free(p);
}

static void drop(struct import_peer *p)
{
	struct import_server *s = p->server;
	struct import_peer **at;

	for (at = &s->peers; *at != p; at = &(*at)->next)
		;
	*at = p->next;
	s->n_peers--;
	uv_poll_stop(&p->poll);
	uv_close((uv_handle_t *)&p->poll, on_peer_closed);
	if (p->begun)
		s->events.left(s->data, p);
}

/* One message, whole or not at all: a socket that has no room for it has no reader either. */
static void answer(struct import_peer *p, json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT);
	bool sent = text != NULL && send(p->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) > 0;

	json_decref(j);
	free(text);
	if (!sent)
		log_warn("import: an answer could not be sent");
}

static void refuse(struct import_peer *p, const char *why, int r)
{
	log_warn("import refused: %s", why);
	answer(p, json_pack("{s:s%, s:b}", "error", why, strlen(why), "again",
			    r == -EBUSY || r == -ENOMEM));
	drop(p);
}

/* The descriptor of the message, or -1; any other that came with it is closed. */
static int take_fd(struct msghdr *m)
{
	struct cmsghdr *c;
	int fds[4], fd = -1;
	size_t n, i;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = MIN((c->cmsg_len - CMSG_LEN(0)) / sizeof(fd), COUNT(fds));
		memcpy(fds, CMSG_DATA(c), n * sizeof(fd));
		for (i = 0; i < n; i++) {
			if (fd < 0)
				fd = fds[i];
			else
				close(fds[i]);
		}
	}
	return fd;
}

/* Is it what the request says, and open for reading alone? */
static int check_fd(const struct import_request *q, struct err *e)
{
	const bool folder = q->kind == IMPORT_FOLDER;
	struct stat st;
	int flags = fcntl(q->fd, F_GETFL);

	if (q->fd < 0)
		return err_set(e, -EBADF, "no descriptor came with the request");
	if (flags < 0 || fstat(q->fd, &st) < 0)
		return err_set(e, -errno, "%s: %s", q->source, strerror(errno));
	if ((flags & (O_ACCMODE | O_PATH)) != O_RDONLY)
		return err_set(e, -EBADF, "%s: not open for reading alone", q->source);
	if (folder ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode))
		return err_set(e, -EINVAL, "%s: not %s", q->source,
			       folder ? "a folder" : "an ordinary file");
	return 0;
}

/* The name is what the request says; the kernel says whose process it is. */
static int find_who(const struct import_peer *p, struct import_request *q, struct err *e)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	if (getsockopt(p->fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
		return err_set(e, -errno, "nobody knows who connected: %s", strerror(errno));
	snprintf(q->who, sizeof(q->who), "%s (uid %u)", q->by, who.uid);
	return 0;
}

static void begin(struct import_peer *p, const char *text, size_t len, int fd)
{
	struct import_server *s = p->server;
	struct import_request q = { .fd = fd };
	const char *session, *slot;
	struct err e = { .code = 0 };
	int r;

	r = import_parse(text, len, &q, &e);
	if (r == 0)
		r = check_fd(&q, &e);
	if (r == 0)
		r = find_who(p, &q, &e);
	if (r == 0)
		r = s->events.begin(s->data, p, &q, &session, &slot, &e);
	if (r < 0) {
		if (fd >= 0)
			close(fd);
		refuse(p, e.msg, r);
		return;
	}
	p->begun = true;
	answer(p, json_pack("{s:s, s:s}", "session", session, "slot", slot));
}

static void on_message(uv_poll_t *poll, int status, int events)
{
	struct import_peer *p = poll->data;
	union { struct cmsghdr align; char bytes[CMSG_SPACE(4 * sizeof(int))]; } control;
	char text[IMPORT_REQUEST_MAX + 1];
	struct iovec v = { text, sizeof(text) };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;
	int fd;

	(void)events;
	n = status < 0 ? status : recvmsg(p->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0 && status == 0 && (errno == EAGAIN || errno == EINTR))
		return;
	fd = n > 0 ? take_fd(&m) : -1;
	if (n > 0 && !p->begun && n <= IMPORT_REQUEST_MAX) {
		begin(p, text, (size_t)n, fd);
		return;
	}
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		drop(p);
	else if (!p->begun)
		refuse(p, "the request is too long", -EMSGSIZE);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct import_server *s = poll->data;
	struct import_peer *p;
	int fd;

	(void)events;
	fd = status < 0 ? -1 : accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	p = s->n_peers < IMPORT_PEERS_MAX ? calloc(1, sizeof(*p)) : NULL;
	if (p == NULL || uv_poll_init(s->loop, &p->poll, fd) < 0) {
		log_warn("import: more than %d at once", IMPORT_PEERS_MAX);
		free(p);
		close(fd);
		return;
	}
	p->server = s;
	p->fd = fd;
	p->poll.data = p;
	p->next = s->peers;
	s->peers = p;
	s->n_peers++;
	uv_poll_start(&p->poll, UV_READABLE | UV_DISCONNECT, on_message);
}

/* ------ life ------ */

static int listen_at(struct import_server *s, const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	mode_t old;
	int r;

	if (strlen(path) >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	memcpy(a.sun_path, path, strlen(path) + 1);
	memcpy(s->path, path, strlen(path) + 1);
	s->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return -errno;
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	old = umask(0117);		/* 0660 from its first moment on */
	r = bind(s->fd, (struct sockaddr *)&a, sizeof(a));
	umask(old);
	return r < 0 || listen(s->fd, BACKLOG) < 0 ? -errno : 0;
}

static void on_closed(uv_handle_t *h)
{
	struct import_server *s = h->data;

	close(s->fd);
	free(s);
}

void import_server_free(struct import_server *s)
{
	if (s == NULL)
		return;
	while (s->peers != NULL)
		drop(s->peers);
	unlink(s->path);
	uv_close((uv_handle_t *)&s->poll, on_closed);
}

int import_server_new(uv_loop_t *loop, const char *path, const struct import_events *events,
		      void *data, struct import_server **ret, struct err *e)
{
	struct import_server *s = calloc(1, sizeof(*s));
	int r;

	if (s == NULL)
		return err_set(e, -ENOMEM, "no memory for the import socket");
	s->loop = loop;
	s->events = *events;
	s->data = data;
	s->fd = -1;
	r = listen_at(s, path);
	if (r == 0)
		r = uv_poll_init(loop, &s->poll, s->fd);
	if (r < 0) {
		if (s->fd >= 0)
			close(s->fd);
		free(s);
		return err_set(e, r, "%s: cannot listen there: %s", path, uv_strerror(r));
	}
	s->poll.data = s;
	uv_poll_start(&s->poll, UV_READABLE, on_connection);
	*ret = s;
	return 0;
}
