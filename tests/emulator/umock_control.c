#include "emulator/umock_control.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/util.h"

enum { WORDS_MAX = 32 };

struct client {
	struct umock_control *control;
	int fd;				/* -1: none */
	guint source;
	struct buf line;
};

struct umock_control {
	struct umock_bus *bus;
	char *path;
	int fd;
	guint source;
	void (*quit)(void *data);
	void *data;
	struct client clients[UMOCK_CLIENTS_MAX];
};

/* ------ commands ------ */

/* Split at spaces and decode %XX in place; -1: too many words or a bad %. */
static int split(char *line, char *words[WORDS_MAX])
{
	int n = 0;

	for (char *word; (word = strsep(&line, " ")) != NULL;) {
		char *to = word;

		if (n == WORDS_MAX)
			return -1;
		words[n++] = word;
		for (char *p = word; *p != '\0'; p++) {
			if (*p != '%') {
				*to++ = *p;
				continue;
			}
			if (!g_ascii_isxdigit(p[1]) || !g_ascii_isxdigit(p[2]))
				return -1;
			*to++ = (char)(g_ascii_xdigit_value(p[1]) << 4 |
				       g_ascii_xdigit_value(p[2]));
			p += 2;
		}
		*to = '\0';
	}
	return n;
}

static void add_status(void *data, const char *port, uint64_t bytes)
{
	buf_addf(data, " %s=%llu", port, (unsigned long long)bytes);
}

/* Carry out one line; the answer goes into reply. */
static void command(struct umock_control *c, char *line, struct buf *reply)
{
	char *words[WORDS_MAX] = { NULL };
	struct err e = { 0 };
	int n = split(line, words), r = 0;

	buf_adds(reply, "ok");
	if (n < 1)
		r = err_set(&e, -EINVAL, "too many words, or a %% without two hex digits");
	else if (strcmp(words[0], "dock") == 0)
		r = umock_dock(c->bus, words, n, &e);
	else if (strcmp(words[0], "undock") == 0 && n == 2)
		r = umock_unplug(c->bus, words[1], &e);
	else if (strcmp(words[0], "event") == 0 && (n == 3 || n == 4))
		r = umock_event(c->bus, words[1], words[2], words[3], &e);
	else if (strcmp(words[0], "status") == 0 && n == 1)
		umock_each(c->bus, add_status, reply);
	else if (strcmp(words[0], "quit") == 0 && n == 1)
		c->quit(c->data);
	else
		r = err_set(&e, -EINVAL, "dock, undock PORT, event PORT WHAT [ARG], status or quit");
	if (r < 0) {
		buf_reset(reply);
		buf_addf(reply, "error %s", e.msg);
	}
	buf_adds(reply, "\n");
}

/* ------ clients ------ */

static void drop(struct client *cl)
{
	g_source_remove(cl->source);
	close(cl->fd);
	cl->fd = -1;
	buf_clear(&cl->line);
}

/* Answer the lines that are complete; false: the client is to go. */
static bool answer_lines(struct client *cl)
{
	char *end;

	while (cl->line.len > 0 && (end = memchr(cl->line.p, '\n', cl->line.len)) != NULL) {
		AUTO(buf_clear) struct buf reply = BUF_INIT(UMOCK_LINE_MAX);
		size_t len = (size_t)(end - (char *)cl->line.p);

		*end = '\0';
		command(cl->control, (char *)cl->line.p, &reply);
		buf_shift(&cl->line, len + 1);
		/* A reply fits the socket's buffer: a client reads each before it asks again. */
		if (file_write_all(cl->fd, reply.p, reply.len) < 0)
			return false;
	}
	return true;
}

static gboolean on_client(gint fd, GIOCondition condition, void *data)
{
	struct client *cl = data;
	uint8_t *room = buf_room(&cl->line, 1024);
	ssize_t n = room == NULL ? 0 : read(fd, room, 1024);

	(void)condition;
	if (n > 0) {
		buf_grew(&cl->line, (size_t)n);
		if (answer_lines(cl))
			return G_SOURCE_CONTINUE;
	} else if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
		return G_SOURCE_CONTINUE;
	}
	drop(cl);
	return G_SOURCE_REMOVE;
}

static gboolean on_listen(gint fd, GIOCondition condition, void *data)
{
	struct umock_control *c = data;
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	(void)condition;
	for (size_t i = 0; client >= 0 && i < COUNT(c->clients); i++) {
		struct client *cl = &c->clients[i];

		if (cl->fd >= 0)
			continue;
		cl->control = c;
		cl->fd = client;
		cl->source = g_unix_fd_add(client, G_IO_IN | G_IO_HUP, on_client, cl);
		return G_SOURCE_CONTINUE;
	}
	if (client >= 0)
		close(client);
	return G_SOURCE_CONTINUE;
}

static int address(const char *path, struct sockaddr_un *ret, struct err *e)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (g_strlcpy(ret->sun_path, path, sizeof(ret->sun_path)) >= sizeof(ret->sun_path))
		return err_set(e, -ENAMETOOLONG, "%s: a socket's path has at most %zu bytes", path,
			       sizeof(ret->sun_path) - 1);
	return 0;
}

int umock_control_new(const char *path, struct umock_bus *b, void (*quit)(void *data), void *data,
		      struct umock_control **ret, struct err *e)
{
	struct sockaddr_un a;
	struct umock_control *c = g_new0(struct umock_control, 1);

	c->bus = b;
	c->quit = quit;
	c->data = data;
	c->fd = -1;
	for (size_t i = 0; i < COUNT(c->clients); i++) {
		c->clients[i].fd = -1;
		c->clients[i].line.max = UMOCK_LINE_MAX;
	}
	if (address(path, &a, e) < 0)
		goto fail;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || bind(c->fd, (const struct sockaddr *)&a, sizeof(a)) < 0) {
		err_set(e, -errno, "%s: %s", path, strerror(errno));
		goto fail;
	}
	c->path = g_strdup(path);
	if (listen(c->fd, UMOCK_CLIENTS_MAX) < 0) {
		err_set(e, -errno, "%s: %s", path, strerror(errno));
		goto fail;
	}
	c->source = g_unix_fd_add(c->fd, G_IO_IN, on_listen, c);
	*ret = c;
	return 0;
fail:
	umock_control_free(c);
	return e->code;
}

void umock_control_free(struct umock_control *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < COUNT(c->clients); i++) {
		if (c->clients[i].fd >= 0)
			drop(&c->clients[i]);
	}
	if (c->source != 0)
		g_source_remove(c->source);
	if (c->fd >= 0)
		close(c->fd);
	if (c->path != NULL)
		unlink(c->path);
	g_free(c->path);
	g_free(c);
}

int umock_control_send(const char *path, const char *line, FILE *to, struct err *e)
{
	AUTO(buf_clear) struct buf text = BUF_INIT(UMOCK_LINE_MAX);
	struct sockaddr_un a;
	int r = address(path, &a, e), fd;
	uint8_t *room;
	ssize_t n;

	if (r < 0)
		return r;
	buf_addf(&text, "%s\n", line);
	if (text.failed)
		return err_set(e, -EINVAL, "a line has at most %d bytes", UMOCK_LINE_MAX);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 ||
	    file_write_all(fd, text.p, text.len) < 0 || shutdown(fd, SHUT_WR) < 0)
		r = err_set(e, -errno, "%s: %s", path, strerror(errno));
	buf_reset(&text);
	while (r == 0 && (room = buf_room(&text, 1024)) != NULL && (n = read(fd, room, 1024)) > 0)
		buf_grew(&text, (size_t)n);
	if (fd >= 0)
		close(fd);
	if (r < 0)
		return r;
	if (text.len == 0)
		return err_set(e, -EPROTO, "%s: no answer", path);
	if (strncmp(buf_str(&text), "ok", 2) != 0)
		return err_set(e, -EREMOTEIO, "%.*s", (int)strcspn(buf_str(&text), "\n"),
			       buf_str(&text));
	fputs(buf_str(&text), to);
	return 0;
}
