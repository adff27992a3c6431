#include "dock_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/util.h"

enum { REQUEST_MAX = 512 };

static void set_patience(int fd, int seconds)
{
	const struct timeval t = { .tv_sec = seconds };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

static int send_line(int fd, const char *line, struct err *e)
{
	ssize_t sent;

	/* A dockd that has too many peers closes at once: that is an error, no signal. */
	do
		sent = send(fd, line, strlen(line), MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return err_set(e, -errno, "%s", strerror(errno));
	if ((size_t)sent < strlen(line))	/* a short line always fits a socket just made */
		return err_set(e, -EIO, "%s", strerror(EIO));
	return 0;
}

static int send_request(int fd, const char *command, const char *slot, struct err *e)
{
	AUTO(buf_clear) struct buf line = BUF_INIT(REQUEST_MAX);
	json_t *j = json_pack("{s:s, s:s*}", "cmd", command, "slot", slot);
	char *text = json_dumps(j, JSON_COMPACT);

	json_decref(j);
	if (text != NULL) {
		buf_adds(&line, text);
		buf_adds(&line, "\n");
	}
	free(text);
	if (line.len == 0 || line.failed)
		return err_set(e, -EINVAL, "%s: no name of a slot", slot != NULL ? slot : command);
	return send_line(fd, buf_str(&line), e);
}

int dock_client_open(struct dock_client *d, const char *path, const char *command,
		     const char *slot, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	*d = (struct dock_client){ .fd = -1, .in = BUF_INIT(DOCK_LINE_MAX) };
	if (strlen(path) >= sizeof(a.sun_path))
		return err_set(e, -ENAMETOOLONG, "%s: too long for a socket's path", path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	d->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (d->fd < 0)
		return err_set(e, -errno, "%s", strerror(errno));
	set_patience(d->fd, DOCK_ANSWER_SECONDS);
	if (connect(d->fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
		return err_set(e, -errno, "%s", strerror(errno));
	return send_request(d->fd, command, slot, e);
}

int dock_client_next(struct dock_client *d, json_t **ret, struct err *e)
{
	uint8_t *newline, *room;
	const char *refusal;
	json_error_t je;
	json_t *answer;
	ssize_t n;

	for (;;) {
		newline = d->in.len == 0 ? NULL : memchr(d->in.p, '\n', d->in.len);
		if (newline != NULL)
			break;
		room = buf_room(&d->in, 4096);
		if (room == NULL)
			return err_set(e, -EMSGSIZE, "a line over %d bytes", DOCK_LINE_MAX);
		n = recv(d->fd, room, 4096, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, -errno, "%s", strerror(errno));
		if (n == 0) {
			err_set(e, -ECONNRESET, "%s", strerror(ECONNRESET));
			return 0;
		}
		buf_grew(&d->in, (size_t)n);
	}
	answer = json_loadb((const char *)d->in.p, (size_t)(newline - d->in.p),
			    JSON_REJECT_DUPLICATES, &je);
	buf_shift(&d->in, (size_t)(newline - d->in.p) + 1);
	if (answer == NULL)
		return err_set(e, -EPROTO, "%s", je.text);
	refusal = json_string_value(json_object_get(answer, "error"));
	if (refusal != NULL || !json_is_object(answer)) {
		err_set(e, -EPROTO, "%s", refusal != NULL ? refusal : "not an object");
		json_decref(answer);
		return -EPROTO;
	}
	*ret = answer;
	return 1;
}

json_t *dock_client_slot(const json_t *answer, const char *name)
{
	json_t *slots = json_object_get(answer, "slots"), *slot;
	const char *there;
	size_t i;

	json_array_foreach(slots, i, slot) {
		there = json_string_value(json_object_get(slot, "slot"));
		if (there != NULL && strcmp(there, name) == 0)
			return slot;
	}
	return NULL;
}

void dock_client_patient(struct dock_client *d)
{
	set_patience(d->fd, 0);
}

void dock_client_close(struct dock_client *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	buf_clear(&d->in);
}
