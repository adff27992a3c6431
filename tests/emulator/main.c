/*
 * dock-emulator - recorders for machines without USB.
 *
 *	umockdev-wrapper dock-emulator --control SOCKET [--tied]
 *	dock-emulator --control SOCKET --send LINE
 *
 * Prints the testbed's folder, the UMOCKDEV_DIR of programs that shall see the
 * recorders, on one line once it is ready.  Ends on SIGTERM, SIGINT, "quit"
 * and, with --tied, when its standard input ends.  Programs that have a
 * recorder open when it ends are aborted by umockdev's preload.
 *
 * --send passes a line of umock_control.h to the one that listens there.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "emulator/umock_control.h"

static void quit(void *data)
{
	g_main_loop_quit(data);
}

static gboolean on_signal(void *data)
{
	quit(data);
	return G_SOURCE_CONTINUE;
}

static gboolean on_stdin(gint fd, GIOCondition condition, void *data)
{
	char discard[256];

	(void)condition;
	if (read(fd, discard, sizeof(discard)) > 0)
		return G_SOURCE_CONTINUE;
	quit(data);
	return G_SOURCE_REMOVE;
}

/* Say that we are ready, and let go of standard output, so that a reader sees its end. */
static int announce(const char *root, struct err *e)
{
	int fd;

	if (printf("%s\n", root) < 0 || fflush(stdout) == EOF)
		return err_set(e, -errno, "standard output: %s", strerror(errno));
	fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		return err_set(e, -errno, "/dev/null: %s", strerror(errno));
	close(fd);
	return 0;
}

static int serve(const char *socket_path, bool tied, struct err *e)
{
	GMainLoop *loop = g_main_loop_new(NULL, FALSE);
	struct umock_control *control = NULL;
	static struct umock_bus *bus;	/* umockdev's thread has it until the process ends */
	int r;

	/* Transfers are short sleeps of the client; 50 us of slack on each would be half of all. */
	prctl(PR_SET_TIMERSLACK, 1UL);
	signal(SIGPIPE, SIG_IGN);
	g_unix_signal_add(SIGTERM, on_signal, loop);
	g_unix_signal_add(SIGINT, on_signal, loop);
	if (tied)
		g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_stdin, loop);
	r = umock_bus_new(&bus, e);
	if (r == 0)
		r = umock_control_new(socket_path, bus, quit, loop, &control, e);
	if (r == 0)
		r = announce(umock_bus_root(bus), e);
	if (r == 0)
		g_main_loop_run(loop);
	umock_control_free(control);
	umock_bus_free(bus);
	g_main_loop_unref(loop);
	return r;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "control", required_argument, NULL, 'c' },
		{ "tied", no_argument, NULL, 't' },
		{ "send", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	const char *socket_path = NULL, *line = NULL;
	struct err e = { 0 };
	bool tied = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c') {
			socket_path = optarg;
		} else if (option == 't') {
			tied = true;
		} else if (option == 's') {
			line = optarg;
		} else {
			socket_path = NULL;
			break;
		}
	}
	if (socket_path == NULL || optind != argc) {
		fputs("usage: umockdev-wrapper dock-emulator --control SOCKET [--tied]\n"
		      "       dock-emulator --control SOCKET --send LINE\n", stderr);
		return 2;
	}
	if (line != NULL)
		umock_control_send(socket_path, line, stdout, &e);
	else
		serve(socket_path, tied, &e);
	if (e.code < 0) {
		fprintf(stderr, "dock-emulator: %s\n", e.msg);
		return 1;
	}
	return 0;
}
