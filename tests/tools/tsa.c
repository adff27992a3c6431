/*
 * tsa DIR - a time-stamp authority on a port of loopback, for scenarios: RFC 3161 over HTTP,
 * by `openssl ts -reply` with DIR/tsa.cnf (tests/tsa.sh makes all of DIR).  Prints the
 * port, as soon as it is listened to.  Ends with SIGTERM.
 *
 * How it behaves is in DIR/mode, read for each question; no such file: as it should.
 *
 *	refuse		500, and a page of HTML
 *	reject		the request is altered, so that openssl answers with a refusal
 *	slow MS		answers as it should, later
 *	other		what it answered the first time
 *	page		a page of HTML, as captive portals have it
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/util.h"

enum { QUESTION_MAX = 64 * 1024, ANSWER_MAX = 1024 * 1024 };
#define REPLY	"application/timestamp-reply"

/* One thread serves all: one question at a time, as openssl's file of serial numbers wants it. */
static const char *dir;
static struct buf first = BUF_INIT(ANSWER_MAX);

_Noreturn static void die(const char *what)
{
	fprintf(stderr, "tsa: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static const char *path_of(const char *name, char ret[PATH_MAX])
{
	if (snprintf(ret, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
		die("the path");
	return ret;
}

/* What `openssl ts -reply` says to the question; false: nothing. */
static bool reply(const struct buf *question, struct buf *to)
{
	extern char **environ;
	char query[PATH_MAX], answer[PATH_MAX], config[PATH_MAX];
	const char *argv[] = { "openssl", "ts", "-reply", "-config", path_of("tsa.cnf", config),
			       "-queryfile", path_of("question.tsq", query), "-out",
			       path_of("answer.tsr", answer), NULL };
	int status;
	pid_t pid;

	return file_replace(query, question->p, question->len, 0600, NULL) == 0 &&
	       posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ) ==
		       0 &&
	       waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
	       file_read(answer, to, NULL) == 0;
}

static unsigned page(struct buf *to, const char **type, unsigned status)
{
	buf_adds(to, "<html>Dear user, please log in.</html>\n");
	*type = "text/html";
	return status;
}

/* The status; *type and `to` are what is answered with it. */
static unsigned answer(const struct buf *question, struct buf *to, const char **type)
{
	AUTO(buf_clear) struct buf mode = BUF_INIT(64);
	char path[PATH_MAX];
	unsigned long ms = 0;

	file_read(path_of("mode", path), &mode, NULL);
	if (strncmp(buf_str(&mode), "refuse", 6) == 0)
		return page(to, type, MHD_HTTP_INTERNAL_SERVER_ERROR);
	if (strncmp(buf_str(&mode), "page", 4) == 0)
		return page(to, type, MHD_HTTP_OK);
	if (strncmp(buf_str(&mode), "reject", 6) == 0 && question->len > 0)
		question->p[0] ^= 1;
	if (sscanf(buf_str(&mode), "slow %lu", &ms) == 1)
		nanosleep(&(struct timespec){ .tv_sec = (time_t)(ms / 1000),
					      .tv_nsec = (long)(ms % 1000) * 1000000 }, NULL);
	*type = REPLY;
	if (strncmp(buf_str(&mode), "other", 5) == 0 && first.len > 0)
		buf_add(to, first.p, first.len);
	else if (!reply(question, to))
		return page(to, type, MHD_HTTP_INTERNAL_SERVER_ERROR);
	if (first.len == 0)
		buf_add(&first, to->p, to->len);
	return MHD_HTTP_OK;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *c, const char *path,
				  const char *method, const char *version, const char *upload,
				  size_t *len, void **state)
{
	AUTO(buf_clear) struct buf body = BUF_INIT(ANSWER_MAX);
	struct buf *question = *state;
	const char *type = NULL;
	struct MHD_Response *r;
	enum MHD_Result done;
	unsigned status;

	(void)data;
	(void)path;
	(void)version;
	if (question == NULL) {
		question = calloc(1, sizeof(*question));
		if (question == NULL)
			return MHD_NO;
		question->max = QUESTION_MAX;
		*state = question;
		return MHD_YES;
	}
	if (*len > 0) {
		buf_add(question, upload, *len);
		*len = 0;
		return question->failed ? MHD_NO : MHD_YES;
	}
	status = strcmp(method, "POST") == 0 ? answer(question, &body, &type) :
		 page(&body, &type, MHD_HTTP_METHOD_NOT_ALLOWED);
	r = MHD_create_response_from_buffer(body.len, body.p, MHD_RESPMEM_MUST_COPY);
	MHD_add_response_header(r, "Content-Type", type);
	done = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return done;
}

static void on_end(void *data, struct MHD_Connection *c, void **state,
		   enum MHD_RequestTerminationCode how)
{
	struct buf *question = *state;

	(void)data;
	(void)c;
	(void)how;
	if (question != NULL)
		buf_clear(question);
	free(question);
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct MHD_Daemon *daemon;
	sigset_t ends;
	int got;

	if (argc != 2) {
		fputs("usage: tsa DIR\n", stderr);
		return 2;
	}
	dir = argv[1];
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, NULL,
				  MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at,
				  MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_END);
	if (daemon == NULL)
		die("no server");
	printf("%u\n", (unsigned)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
	fflush(stdout);
	sigwait(&ends, &got);
	MHD_stop_daemon(daemon);
	buf_clear(&first);
	return EXIT_SUCCESS;
}
