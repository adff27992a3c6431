/*
 * stackproc - start and stop the processes of a private stack, by event: no
 * waiting for a while and hoping.
 *
 *	stackproc start --pidfile F --log F --ready notify|line [--timeout S] -- COMMAND...
 *		in a session of its own, not as its leader, input from /dev/null,
 *		output to the log; returns when it said READY=1 (sd_notify) or
 *		printed a first line, which is passed on.  When it does not in time,
 *		or ends, it is gone and the status is 1.
 *	stackproc stop --pidfile F [--signal NUMBER] [--timeout S]
 *		send the signal (SIGTERM) and return when it has ended; 0 also when it
 *		was not running, 1 when it had to be killed
 *	stackproc alive --pidfile F
 *		0: it runs; 1: not
 *
 * A pid file holds pid and start time, so that another process with the same
 * pid is never signalled.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"

static const char *pidfile, *logfile, *ready = "line";
static int timeout_s = 30, signal_number = SIGTERM;

/* ------ who is who ------ */

/* Clock ticks from boot to the start of pid (proc(5), field 22); 0: no such process, or a zombie. */
static unsigned long long start_time(pid_t pid)
{
	char path[64], text[1024], *p, state;
	unsigned long long when = 0;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	p = strrchr(text, ')');		/* the name may hold anything */
	if (p == NULL || sscanf(p, ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d"
				" %*d %*d %*d %llu", &state, &when) != 2 || state == 'Z')
		return 0;
	return when;
}

static void write_pidfile(pid_t pid)
{
	FILE *f = fopen(pidfile, "we");

	if (f == NULL || fprintf(f, "%d %llu\n", (int)pid, start_time(pid)) < 0 || fclose(f) == EOF)
		err(EXIT_FAILURE, "%s", pidfile);
}

/* A descriptor of the process the pid file means; -1: it is not there. */
static int open_process(void)
{
	unsigned long long when;
	int pid, fd = -1;
	FILE *f = fopen(pidfile, "re");

	if (f == NULL)
		return -1;
	if (fscanf(f, "%d %llu", &pid, &when) == 2 && pid > 1)
		fd = pidfd_open(pid, 0);
	fclose(f);
	/* The descriptor first, then the look: what it means cannot change any more. */
	if (fd >= 0 && (when == 0 || start_time(pid) != when)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Wait until one of fds is readable; -1: none was, before the deadline. */
static int wait_for(const int *fds, nfds_t n, int64_t deadline_ms)
{
	struct pollfd p[2];

	for (nfds_t i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	for (;;) {
		int64_t left = deadline_ms - now_ms();
		int r = poll(p, n, left > 0 ? (int)left : 0);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return -1;
		for (nfds_t i = 0; i < n; i++) {
			if (p[i].revents != 0)
				return (int)i;
		}
	}
}

/* ------ start ------ */

/* A socket for sd_notify(3) at an address the kernel chooses; its name goes into the environment. */
static int notify_socket(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(a.sun_family);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char name[sizeof(a.sun_path) + 1];

	if (fd < 0 || bind(fd, (const struct sockaddr *)&a, len) < 0)
		err(EXIT_FAILURE, "notification socket");
	len = sizeof(a);
	if (getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		err(EXIT_FAILURE, "notification socket");
	snprintf(name, sizeof(name), "@%.*s", (int)(len - sizeof(a.sun_family) - 1), a.sun_path + 1);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

_Noreturn static void run_command(char **command, int out, int failed)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int log = open(logfile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (null < 0 || log < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out >= 0 ? out : log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0 ||
	    execvp(command[0], command) < 0) {
		int why = errno;

		if (write(failed, &why, sizeof(why)) < 0)
			_exit(126);
		_exit(127);
	}
	_exit(127);
}

/*
 * Fork twice: the child between leads the new session and ends, so that the
 * process has no terminal and can never get one by opening it.
 */
static pid_t spawn(char **command, int out)
{
	int pids[2], failed[2], why;
	pid_t between, pid;

	if (pipe2(pids, O_CLOEXEC) < 0 || pipe2(failed, O_CLOEXEC) < 0)
		err(EXIT_FAILURE, "pipe");
	between = fork();
	if (between < 0)
		err(EXIT_FAILURE, "fork");
	if (between == 0) {
		if (setsid() < 0)
			_exit(1);
		pid = fork();
		if (pid == 0)
			run_command(command, out, failed[1]);
		_exit(pid < 0 || write(pids[1], &pid, sizeof(pid)) != sizeof(pid));
	}
	close(pids[1]);
	close(failed[1]);
	if (read(pids[0], &pid, sizeof(pid)) != sizeof(pid))
		err(EXIT_FAILURE, "fork");
	waitpid(between, NULL, 0);
	write_pidfile(pid);
	if (read(failed[0], &why, sizeof(why)) > 0) {
		unlink(pidfile);
		errx(EXIT_FAILURE, "%s: %s", command[0], strerror(why));
	}
	close(pids[0]);
	close(failed[0]);
	return pid;
}

/* Has it said what we wait for?  Reads a datagram, or more of the first line. */
static bool is_ready(int fd, bool notify, char *text, size_t room, size_t *len)
{
	ssize_t n = read(fd, text + *len, room - 1 - *len);

	if (n <= 0)
		return false;
	text[*len + (size_t)n] = '\0';
	if (notify)
		return strstr(text, "READY=1") != NULL;
	*len += (size_t)n;
	return strchr(text, '\n') != NULL;
}

static int start(char **command)
{
	bool notify = strcmp(ready, "notify") == 0;
	int64_t deadline_ms = now_ms() + (int64_t)timeout_s * 1000;
	int out[2] = { -1, -1 }, fds[2], which;
	char text[4096];
	size_t len = 0;

	if (notify)
		out[0] = notify_socket();
	else if (pipe2(out, O_CLOEXEC) < 0)
		err(EXIT_FAILURE, "pipe");
	fds[0] = out[0];
	fds[1] = pidfd_open(spawn(command, notify ? -1 : out[1]), 0);
	if (out[1] >= 0)
		close(out[1]);
	/* What it said just before it ended counts first. */
	while (fds[1] >= 0 && (which = wait_for(fds, COUNT(fds), deadline_ms)) == 0) {
		if (is_ready(fds[0], notify, text, sizeof(text), &len)) {
			if (!notify)
				fputs(text, stdout);
			return EXIT_SUCCESS;
		}
		if (!notify && len == 0)
			break;			/* it closed its output */
	}
	if (fds[1] >= 0)
		pidfd_send_signal(fds[1], SIGKILL, NULL, 0);
	unlink(pidfile);
	errx(EXIT_FAILURE, "%s was not ready%s; see %s", command[0],
	     fds[1] >= 0 && now_ms() >= deadline_ms ? " in time" : ", it ended", logfile);
}

/* ------ stop ------ */

static int stop(void)
{
	int fd = open_process(), r = EXIT_SUCCESS;

	if (fd >= 0) {
		pidfd_send_signal(fd, signal_number, NULL, 0);
		if (wait_for(&fd, 1, now_ms() + (int64_t)timeout_s * 1000) < 0) {
			fprintf(stderr, "stackproc: %s: did not end in %d s and was killed\n", pidfile,
				timeout_s);
			pidfd_send_signal(fd, SIGKILL, NULL, 0);
			wait_for(&fd, 1, now_ms() + 10000);
			r = EXIT_FAILURE;
		}
		close(fd);
	}
	unlink(pidfile);
	return r;
}

static int number(const char *text, int max)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end != '\0' || n < 1 || n > max)
		errx(EXIT_FAILURE, "%s: a number from 1 to %d", text, max);
	return (int)n;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pidfile", required_argument, NULL, 'p' },
		{ "log", required_argument, NULL, 'l' },
		{ "ready", required_argument, NULL, 'r' },
		{ "timeout", required_argument, NULL, 't' },
		{ "signal", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	const char *act = argc > 1 ? argv[1] : "";
	int option;

	optind = 2;
	while (argc > 1 && (option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (option) {
		case 'p':	pidfile = optarg; break;
		case 'l':	logfile = optarg; break;
		case 'r':	ready = optarg; break;
		case 't':	timeout_s = number(optarg, 3600); break;
		case 's':	signal_number = number(optarg, 64); break;
		default:	return 2;
		}
	}
	if (pidfile == NULL)
		errx(EXIT_FAILURE, "start, stop or alive, with --pidfile");
	if (strcmp(act, "start") == 0 && logfile != NULL && optind < argc)
		return start(argv + optind);
	if (strcmp(act, "stop") == 0)
		return stop();
	if (strcmp(act, "alive") == 0)
		return open_process() >= 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	errx(EXIT_FAILURE, "start --log F -- COMMAND, stop, or alive");
}
