/* vaultctl import: brings dockd a folder, the image of a card, or a file. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/util.h"
#include "ctl.h"
#include "dock_client.h"
#include "table.h"

/* See daemon/dockd/import.h for what is said on this socket. */
#define IMPORT_SUFFIX	".import"

enum { ANSWER_MAX = 2048 };

struct import {
	const char *path, *recorder, *officer, *unit, *case_id, *reason;
	bool image;
	char source[PATH_MAX];
	const char *kind;
	int file, socket;
};

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Open what is to be imported, and say what it is. */
static int open_source(struct import *m)
{
	struct stat st;

	m->file = open(m->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (m->file < 0 || fstat(m->file, &st) < 0 || realpath(m->path, m->source) == NULL) {
		say(stderr, T_IMPORT_CANNOT, m->path, strerror(errno));
		return EXIT_USAGE;
	}
	if (!S_ISREG(st.st_mode) && (!S_ISDIR(st.st_mode) || m->image))
		return ctl_usage(T_IMPORT_KIND, m->path);
	m->kind = m->image ? "image" : S_ISDIR(st.st_mode) ? "folder" : "file";
	return EXIT_GOOD;
}

static json_t *request(const struct import *m)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?}", "kind", m->kind,
			 "source", m->source, "by", ctl_person(), "reason", m->reason,
			 "officer", m->officer, "unit", m->unit, "case", m->case_id,
			 "recorder", m->recorder);
}

static int dial(const char *control)
{
	const struct timeval patience = { .tv_sec = DOCK_ANSWER_SECONDS };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd, r;

	if ((size_t)snprintf(a.sun_path, sizeof(a.sun_path), "%s" IMPORT_SUFFIX, control) >=
	    sizeof(a.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

/* One message with the descriptor in its hand. */
static int send_with(int fd, const char *text, int file)
{
	union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(int))]; } control = { .bytes = "" };
	struct iovec v = { .iov_len = strlen(text) };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	char *copy = strdup(text);	/* an iovec's memory is not const */
	int r;

	if (copy == NULL)
		return -ENOMEM;
	v.iov_base = copy;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(file));
	memcpy(CMSG_DATA(c), &file, sizeof(file));
	r = sendmsg(fd, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
	free(copy);
	return r;
}

/* Hand it over; *ret is dockd's answer. */
static int hand_over(struct ctl *c, struct import *m, json_t **ret)
{
	char answer[ANSWER_MAX], *text;
	json_t *j = request(m);
	ssize_t n = -1;
	int r;

	text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	m->socket = text != NULL ? dial(c->conf.control) : -ENOMEM;
	r = m->socket < 0 ? m->socket : send_with(m->socket, text, m->file);
	free(text);
	if (r == 0)
		n = recv(m->socket, answer, sizeof(answer), 0);
	if (r == 0 && n <= 0)
		r = n < 0 ? -errno : -ECONNRESET;
	*ret = r == 0 ? json_loadb(answer, (size_t)n, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (r == 0 && !json_is_object(*ret)) {
		json_decref(*ret);
		r = -EPROTO;
	}
	if (r == 0)
		return EXIT_GOOD;
	say(stderr, T_NO_DOCKD, c->conf.control, strerror(-r));
	return EXIT_AWAY;
}

/* ------ following it ------ */

static long long number(const json_t *slot, const char *key)
{
	return json_integer_value(json_object_get(slot, key));
}

static void show_progress(const json_t *slot)
{
	char done[32], all[32];

	say(stderr, T_IMPORT_PROGRESS, number(slot, "files_done"), number(slot, "files_total"),
	    bytes_text(number(slot, "bytes_done"), done),
	    bytes_text(number(slot, "bytes_total"), all));
}

/* It is over: how it came out. */
static int conclude(struct ctl *c, const struct import *m, const json_t *slot)
{
	const char *outcome = json_string_value(json_object_get(slot, "outcome"));
	const char *note = json_string_value(json_object_get(slot, "note"));
	const char *session = json_string_value(json_object_get(slot, "session"));
	bool good = strcmp(outcome, "released") == 0;
	char bytes[32];

	if (c->json)
		ctl_print_json(slot);
	else if (good)
		say(stdout, T_IMPORT_DONE, m->path, number(slot, "files_total"),
		    bytes_text(number(slot, "bytes_total"), bytes),
		    session != NULL ? session : "?");
	if (!good || (note != NULL && note[0] != '\0'))
		say(stderr, T_IMPORT_NOT_ALL, m->path, note != NULL ? note : outcome);
	return good ? EXIT_GOOD : EXIT_FINDINGS;
}

/* Until dockd says that it is over, as long as that takes. */
static int follow(struct ctl *c, const struct import *m, const char *name)
{
	const json_t *slot;
	struct dock_client d;
	struct err e = { 0 };
	json_t *state;
	bool over = false;
	int code = EXIT_AWAY, r;

	r = dock_client_open(&d, c->conf.control, "watch", NULL, &e);
	if (r == 0)
		dock_client_patient(&d);
	while (r >= 0 && !over && (r = dock_client_next(&d, &state, &e)) > 0) {
		slot = dock_client_slot(state, name);
		over = slot != NULL && json_is_string(json_object_get(slot, "outcome"));
		if (over)
			code = conclude(c, m, slot);
		else if (slot != NULL && isatty(STDERR_FILENO))
			show_progress(slot);
		json_decref(state);
	}
	dock_client_close(&d);
	if (!over)
		say(stderr, T_NO_DOCKD, c->conf.control, e.msg);
	return code;
}

static int import(struct ctl *c, struct import *m)
{
	const char *why, *slot;
	json_t *answer = NULL;
	int r = open_source(m);

	if (r == EXIT_GOOD)
		r = hand_over(c, m, &answer);
	if (r != EXIT_GOOD)
		return r;
	why = json_string_value(json_object_get(answer, "error"));
	slot = json_string_value(json_object_get(answer, "slot"));
	if (slot != NULL)
		r = follow(c, m, slot);
	else
		r = ctl_usage(T_IMPORT_REFUSED, why != NULL ? why : "?");
	json_decref(answer);
	return r;
}

int cmd_import(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "PATH" };
	struct import m = { .file = -1, .socket = -1 };
	const struct option_spec options[] = {
		{ "--image", NULL, &m.image }, { "--recorder", &m.recorder, NULL },
		{ "--officer", &m.officer, NULL }, { "--unit", &m.unit, NULL },
		{ "--case", &m.case_id, NULL }, { "--reason", &m.reason, NULL },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &m.path, names, 1, 1);

	if (r != EXIT_GOOD || (r = ctl_check_id(m.recorder)) != EXIT_GOOD ||
	    (r = ctl_check_id(m.officer)) != EXIT_GOOD || (r = ctl_check_id(m.unit)) != EXIT_GOOD ||
	    (r = ctl_check_id(m.case_id)) != EXIT_GOOD ||
	    (r = ctl_check_reason(m.reason)) != EXIT_GOOD || (r = ctl_open_conf(c)) != EXIT_GOOD)
		return r;
	r = import(c, &m);
	close_fd(m.file);
	close_fd(m.socket);		/* until here: the connection is the import's cable */
	return r;
}
