/*
 * lister_peak - in dock-lister's place: starts the real one, and keeps the most memory that it had
 * in RAM, in KiB, as a line of lister_peak.kib beside itself.
 *
 * The kernel counts what a process had before its exec, too, which is all of who forked it: dockd's
 * own children tell dockd's memory.  This has next to none.  dockd ends a lister that has said all: that is
 * this process, while a child of its own waits for the real one.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "dockd/lister_proc.h"

extern char **environ;

enum { CANNOT = 127 };

static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* build/bench/lister_peak -> build/bench/lister_peak.kib, build/dock-lister */
static int observe(char **argv)
{
	char self[4000], path[sizeof(self) + 16];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct rusage used;
	int status, out;
	pid_t pid;

	if (n < 0)
		return CANNOT;
	self[n] = '\0';
	snprintf(path, sizeof(path), "%s.kib", self);
	out = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	*strrchr(self, '/') = '\0';
	snprintf(path, sizeof(path), "%s/../dock-lister", self);
	if (out < 0 || posix_spawn(&pid, path, NULL, NULL, argv, environ) != 0)
		return CANNOT;
	close(LISTER_FD);		/* or dockd would not see the end of the other's */
	if (wait4(pid, &status, 0, &used) < 0 || dprintf(out, "%ld\n", used.ru_maxrss) < 0)
		return CANNOT;
	return status_of(status);
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid = fork();

	(void)argc;
	if (pid == 0)
		return observe(argv);
	close(LISTER_FD);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return CANNOT;
	return status_of(status);
}
