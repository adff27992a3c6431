/*
 * dock-clear: removes files that are safely kept from one docked recorder, when
 * its model says so.  systemd starts one for each request of dockd's, with the
 * socket as standard input and output; see request.h and dock-clear(8).
 */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/util.h"
#include "device.h"
#include "remove.h"
#include "request.h"
#include "volume.h"

enum { LINE_TIMEOUT_MS = 600000 };	/* dockd writes its journal between two files */

struct job {
	struct device *device;
	char in[REQUEST_LINE_MAX];
	size_t held;			/* bytes in `in` */
	size_t taken;			/* of them, the line that was returned last */
	bool mounted, writable;
	unsigned unit, partition;	/* that is mounted */
	int root;
	unsigned removed;
};

/* ------ lines ------ */

static bool say(json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT);
	bool good = false;

	json_decref(j);
	if (text != NULL)
		good = file_write_all(STDOUT_FILENO, text, strlen(text)) == 0 &&
		       file_write_all(STDOUT_FILENO, "\n", 1) == 0;
	free(text);
	return good;
}

/* What came of something, in the words of request.h. */
static bool answer(const char *what, int r, const struct err *e)
{
	if (r == 0)
		return say(json_pack("{s:b}", what, 1));
	log_warn("%s", e->msg);
	return say(json_pack("{s:b, s:s}", what, 0, "why", e->msg));
}

/* 1: *ret_line is the next, without its end; 0: there is none any more; negative: broken. */
static int next_line(struct job *j, const char **ret_line, size_t *ret_len, struct err *e)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	const char *end;
	ssize_t n;

	j->held -= j->taken;
	memmove(j->in, j->in + j->taken, j->held);
	j->taken = 0;
	while ((end = memchr(j->in, '\n', j->held)) == NULL) {
		if (j->held == sizeof(j->in))
			return err_set(e, -EMSGSIZE, "a line of more than %d bytes",
				       REQUEST_LINE_MAX);
		if (poll(&fd, 1, LINE_TIMEOUT_MS) == 0)
			return err_set(e, -ETIMEDOUT, "dockd said nothing for %d s",
				       LINE_TIMEOUT_MS / 1000);
		n = read(STDIN_FILENO, j->in + j->held, sizeof(j->in) - j->held);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, -errno, "dockd's socket: %s", strerror(errno));
		if (n == 0)
			return 0;
		j->held += (size_t)n;
	}
	*ret_line = j->in;
	*ret_len = (size_t)(end - j->in);
	j->taken = *ret_len + 1;
	return 1;
}

/* ------ files ------ */

static int unmount(struct job *j, struct err *e)
{
	if (!j->mounted)
		return 0;
	j->mounted = false;
	return volume_unmount(j->root, e);
}

/* Have that volume mounted. */
static int go_to(struct job *j, unsigned unit, unsigned partition, struct err *e)
{
	char node[DEVICE_NODE_MAX + 1];
	int r;

	if (j->mounted && j->unit == unit && j->partition == partition)
		return 0;
	r = unmount(j, e);
	if (r == 0 && (!j->writable || j->unit != unit))
		r = device_make_writable(j->device, unit, e);
	j->writable = r == 0;
	j->unit = unit;
	j->partition = partition;
	if (r == 0)
		r = device_volume(j->device, unit, partition, node, e);
	if (r == 0)
		r = volume_mount(node, &j->root, e);
	j->mounted = r == 0;
	return r;
}

static int clear_one(struct job *j, const char *line, size_t len, struct err *e)
{
	struct request_file f;
	int r;

	r = request_parse_file(line, len, &f, e);
	if (r == 0)
		r = go_to(j, f.unit, f.partition, e);
	if (r == 0)
		r = remove_file(j->root, &f, e);
	j->removed += r == 0;
	return r;
}

/* One file after the other, as dockd names them.  What fails is skipped. */
static int clear_all(struct job *j, struct err *e)
{
	const char *line;
	size_t len;
	int r;

	while ((r = next_line(j, &line, &len, e)) == 1)
		if (!answer("ok", clear_one(j, line, len, e), e))
			return err_set(e, -EPIPE, "dockd does not listen any more");
	return r;
}

static int open_device(struct job *j, struct err *e)
{
	struct request_device device;
	const char *line;
	size_t len;
	int r;

	r = next_line(j, &line, &len, e);
	if (r == 0)
		r = err_set(e, -EPIPE, "dockd asked for nothing");
	if (r == 1)
		r = request_parse_device(line, len, &device, e);
	if (r == 0)
		r = volume_prepare(e);
	if (r == 0)
		r = device_attach(&device, &j->device, e);
	return r;
}

static int run(struct job *j, struct err *e)
{
	struct err last = { .code = 0 };
	int r, left;

	r = open_device(j, e);
	answer("ready", r, e);
	if (r < 0)
		return r;
	r = clear_all(j, e);
	left = unmount(j, &last);
	device_detach(TAKE(j->device));
	if (left < 0 && r >= 0) {
		*e = last;
		r = left;
	}
	answer("done", r, e);
	log_info("%u files removed", j->removed);
	return r;
}

int main(void)
{
	const struct rlimit none = { 0, 0 };
	static struct job j;
	struct err e = { .code = 0 };
	int type;
	socklen_t len = sizeof(type);

	log_init("dock-clear", LOG_LEVEL_INFO);
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_CORE, &none);
	if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &type, &len) < 0) {
		log_err("standard input is no socket: systemd starts this program for dockd, it is"
			" not for a terminal");
		return EXIT_FAILURE;
	}
	if (sodium_init() < 0) {
		log_err("libsodium cannot be initialised");
		return EXIT_FAILURE;
	}
	return run(&j, &e) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
