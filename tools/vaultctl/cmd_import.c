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
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "ctl.h"
#include "dock_client.h"
#include "export.h"
#include "import.h"
#include "table.h"

/* See daemon/dockd/import.h for what is said on this socket. */
#define IMPORT_SUFFIX	".import"

/* How long the catalog is waited for once dockd has a file; and how often it is asked. */
enum { ANSWER_MAX = 2048, RECORDED_MS = 60 * 1000, RECORDED_PAUSE_MS = 100 };

struct import {
	const struct import_what *what;
	struct import_result *ret;	/* NULL: how it came out is told */
	char source[PATH_MAX + 64];
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
	char path[PATH_MAX];

	if (m->what->file != NULL)
		m->file = fcntl(*m->what->file, F_DUPFD_CLOEXEC, 0);
	else
		m->file = open(m->what->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (m->what->file != NULL)
		snprintf(path, sizeof(path), "%s", m->what->path);
	if (m->file < 0 || fstat(m->file, &st) < 0 ||
	    (m->what->file == NULL && realpath(m->what->path, path) == NULL)) {
		say(stderr, T_IMPORT_CANNOT, m->what->path, strerror(errno));
		return EXIT_USAGE;
	}
	if (!S_ISREG(st.st_mode) && (!S_ISDIR(st.st_mode) || m->what->image))
		return ctl_usage(T_IMPORT_KIND, m->what->path);
	/* Where it lies, as the record has it: of a fixed camera, which one. */
	snprintf(m->source, sizeof(m->source), "%s%s%s%s", m->what->camera != NULL ? "camera " : "",
		 m->what->camera != NULL ? m->what->camera : "", m->what->camera != NULL ? ": " : "", path);
	m->kind = m->what->image ? "image" : S_ISDIR(st.st_mode) ? "folder" : "file";
	return EXIT_GOOD;
}

static json_t *request(const struct import *m)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?}", "kind", m->kind,
			 "source", m->source, "by", ctl_person(), "reason", m->what->reason,
			 "officer", m->what->officer, "unit", m->what->unit, "case",
			 m->what->case_id, "recorder", m->what->recorder, "class", m->what->class);
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

	if (m->ret != NULL) {
		/* Stored alone is not recorded: the same again makes sure of it. */
		m->ret->again = !json_is_true(json_object_get(slot, "recorded")) ||
				strcmp(outcome, "interrupted") == 0;
		snprintf(m->ret->session, sizeof(m->ret->session), "%s", session != NULL ? session : "");
		snprintf(m->ret->why, sizeof(m->ret->why), "%s", note != NULL ? note : good ? "" : outcome);
	}
	if (m->ret == NULL && c->json)
		ctl_print_json(slot);
	else if (m->ret == NULL && good)
		say(stdout, T_IMPORT_DONE, m->what->path, number(slot, "files_total"),
		    bytes_text(number(slot, "bytes_total"), bytes),
		    session != NULL ? session : "?");
	if (!good || (note != NULL && note[0] != '\0'))
		say(stderr, T_IMPORT_NOT_ALL, m->what->path, note != NULL ? note : outcome);
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
	if (slot == NULL && m->ret != NULL) {
		snprintf(m->ret->why, sizeof(m->ret->why), "%s", why != NULL ? why : "?");
		m->ret->again = json_is_true(json_object_get(answer, "again"));
	}
	json_decref(answer);
	return r;
}

int import_path(struct ctl *c, const struct import_what *what, struct import_result *ret)
{
	struct import m = { .what = what, .ret = ret, .file = -1, .socket = -1 };
	int r;

	if ((r = ctl_check_id(what->recorder)) != EXIT_GOOD ||
	    (r = ctl_check_id(what->officer)) != EXIT_GOOD || (r = ctl_check_id(what->unit)) != EXIT_GOOD ||
	    (r = ctl_check_id(what->case_id)) != EXIT_GOOD ||
	    (r = ctl_check_id(what->camera)) != EXIT_GOOD ||
	    (r = class_check_import(what->class)) != EXIT_GOOD ||
	    (r = ctl_check_reason(what->reason)) != EXIT_GOOD || (r = ctl_open_conf(c)) != EXIT_GOOD)
		return r;
	r = import(c, &m);
	close_fd(m.file);
	close_fd(m.socket);		/* until here: the connection is the import's cable */
	return r;
}

int import_await(struct ctl *c, enum catalog_statement s, const char *const *params, size_t n,
		 char ret_segment[40])
{
	const struct timespec pause = { .tv_nsec = RECORDED_PAUSE_MS * 1000L * 1000 };
	int64_t begun = export_now_ms();
	json_t *rows = NULL;
	size_t found = 0;
	int r;

	while ((r = ctl_query(c, s, params, n, &rows)) == EXIT_GOOD) {
		found = json_array_size(rows);
		if (found > 0 || export_now_ms() - begun > RECORDED_MS)
			break;
		json_decref(rows);
		rows = NULL;
		nanosleep(&pause, NULL);
	}
	if (r == EXIT_GOOD && found == 1)
		snprintf(ret_segment, 40, "%s",
			 json_string_value(json_object_get(json_array_get(rows, 0), "segment")));
	json_decref(rows);
	return r == EXIT_GOOD && found != 1 ? EXIT_AWAY : r;
}

int cmd_import(struct ctl *c, int argc, char **argv)
{
	static const char *const names[] = { "PATH" };
	struct import_what w = { .image = false };
	const struct option_spec options[] = {
		{ "--image", NULL, &w.image }, { "--recorder", &w.recorder, NULL },
		{ "--officer", &w.officer, NULL }, { "--unit", &w.unit, NULL },
		{ "--case", &w.case_id, NULL }, { "--reason", &w.reason, NULL },
		{ "--fixed-camera", &w.camera, NULL }, { "--class", &w.class, NULL },
	};
	int r = ctl_arguments(c, argc, argv, options, COUNT(options), &w.path, names, 1, 1);

	/* A camera on a wall is nobody's recorder, and no officer held it. */
	if (r == EXIT_GOOD && w.camera != NULL && (w.recorder != NULL || w.officer != NULL || w.image))
		r = ctl_usage(T_IMPORT_CAMERA, w.camera);
	return r == EXIT_GOOD ? import_path(c, &w, NULL) : r;
}
